/** What JSR and readers ask of the package: every entry point and export is explained, and shown at work where it does something. */
import { assert, assertEquals } from "@std/assert";
import settings from "../deno.json" with { type: "json" };
import { testNeeding } from "./_machine.ts";

const root = new URL("../", import.meta.url);
const test = testNeeding("processes");

/** As `deno doc --json` writes it. */
interface Documentation {
  doc?: string;
  tags?: { kind: string }[];
}

interface Module {
  module_doc?: Documentation;
  symbols: { name: string; declarations: { kind: string; jsDoc?: Documentation }[] }[];
}

async function read(entry: string): Promise<Module> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", entry],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const { nodes }: { nodes: Record<string, Module> } = JSON.parse(new TextDecoder().decode(stdout));
  const [module] = Object.values(nodes);
  return module;
}

const isExplained = (documentation?: Documentation): boolean => (documentation?.doc ?? "").trim() !== "";
const isShown = (documentation?: Documentation): boolean =>
  (documentation?.tags ?? []).some(({ kind }) => kind === "example");

for (const [name, entry] of Object.entries(settings.exports)) {
  test(`Every export of "${name}" is explained, and functions and classes have examples`, async () => {
    const { module_doc, symbols } = await read(entry);
    assert(isExplained(module_doc) && isShown(module_doc), "the module itself");
    assert(symbols.length > 0);
    const wanting = (kinds: RegExp, has: (documentation?: Documentation) => boolean) =>
      symbols.filter(({ declarations }) => kinds.test(declarations[0].kind))
        .filter(({ declarations }) => !declarations.some(({ jsDoc }) => has(jsDoc)))
        .map(({ name }) => name);
    assertEquals(wanting(/./, isExplained), []);
    assertEquals(wanting(/^(function|class)$/, isShown), []);
  });
}

Deno.test("The package says what it is, and where the license and the text for its page are", () => {
  assert(settings.description.length > 20 && settings.description.length <= 250);
  assert(Deno.readTextFileSync(new URL("README.md", root)).replaceAll(/\s+/g, " ").includes(settings.description));
  for (const file of ["README.md", "LICENSE", "CHANGELOG.md"]) {
    assert(settings.publish.include.includes(file), file);
    assert(Deno.statSync(new URL(file, root)).isFile);
  }
});
