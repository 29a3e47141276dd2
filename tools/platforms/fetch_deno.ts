/** Copies the executable out of an npm package of Deno for another system: `fetch_deno.ts <npm:package@version> <file>`. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const [specifier, file] = Deno.args;
// Deno fetches a package, and checks its hash, when something in it is imported.
await import(`${specifier}/package.json`, { with: { type: "json" } });
const folder = dirname(fileURLToPath(import.meta.resolve(`${specifier}/package.json`)));
const name = Array.from(Deno.readDirSync(folder), ({ name }) => name).find((name) => /^deno(\.exe)?$/.test(name));
Deno.copyFileSync(`${folder}/${name}`, `${file}.new`);
Deno.chmodSync(`${file}.new`, 0o755);
Deno.renameSync(`${file}.new`, file);
