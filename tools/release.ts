/**
 * Puts the native libraries of all platforms into the package: builds them, packs each into its module in
 * `src/embedded/`, unpacks and compares them, and uses a copy of the package outside the checkout. Compiling is left to
 * `build.ts`; finding the library, to `src/library.ts`; using the package, to `consumer.ts`.
 */

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { libraryPath, targets } from "../build.ts";
import { GradusError } from "../src/error.ts";
import { type Embedded, unpack } from "../src/library.ts";
import { consume } from "./consumer.ts";

const usage = `Puts the native libraries of all platforms into the package.

Usage: deno task release [options]

  (no option)  build, pack, verify, use the package in another project, and write the modules in src/embedded/
  --dry-run    the same, but write nothing outside lib/, .scratch/ and a temporary folder
  --check      build all anew, in another folder, and compare with the modules as they are
  --clear      empty the modules again, as they are in git
  --bundle <file>  instead, all of gradus as one JavaScript file for browsers, Node and Bun, with WebAssembly in it
  --help       print this`;

/** More would mean that something is in the package that does not belong there. */
const largestTotal = 5_000_000;

/** Where --check builds; it is empty before and gone afterwards. */
const workshop = ".scratch/release";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * The text of the module that embeds a library.
 *
 * @param target A name as in `Deno.build.target`.
 * @param bytes The library; none gives the module as it is in git.
 */
export function embeddedModule(target: string, bytes: Uint8Array = new Uint8Array()): string {
  const [data, sha256] = bytes.length === 0
    ? [' ""', ""]
    // On a line of its own, where the formatter wants long strings.
    : [`\n  "${deflateRawSync(bytes, { level: 9 }).toString("base64")}"`, sha256Of(bytes)];
  return `/** Written by tools/release.ts: the library for ${target}, deflated, in base64; empty in git. */
export const data =${data} as string;

/** Its SHA-256, in hexadecimal. */
export const sha256 = "${sha256}" as string;

/** Its length, in bytes. */
export const size = ${bytes.length} as number;
`;
}

/** The module of a platform, relative to the project. */
export function modulePath(target: string): string {
  return `src/embedded/${target}.ts`;
}

/**
 * Copies the package, with other modules in `src/embedded/`.
 *
 * @param folder Where to; what is there is replaced.
 * @param modules The texts of the modules, by target; the others are empty.
 * @param paths What to copy; by default what a program needs.
 */
export async function stage(
  folder: string,
  modules: ReadonlyMap<string, string>,
  paths: readonly string[] = ["mod.ts", "src"],
): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  for (const path of paths) await copy(path, folder);
  for (const target of Object.keys(targets)) {
    await Deno.writeTextFile(`${folder}/${modulePath(target)}`, modules.get(target) ?? embeddedModule(target));
  }
}

async function copy(path: string, folder: string): Promise<void> {
  if ((await Deno.stat(`${root}${path}`)).isDirectory) {
    for await (const { name } of Deno.readDir(`${root}${path}`)) await copy(`${path}/${name}`, folder);
    return;
  }
  const to = `${folder}/${path}`;
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(to, await Deno.readTextFile(`${root}${path}`));
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function runBuild(options: string[], env: Record<string, string> = {}): Promise<void> {
  const args = ["run", "-A", "--no-lock", "build.ts", ...options];
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: root, env, stdin: "null" }).spawn().status;
  if (!success) throw new GradusError("library", "Cannot release: not all libraries could be built");
}

/** Builds the libraries of all platforms in a folder of the project. */
async function build(folder: string, env: Record<string, string> = {}): Promise<Map<string, Uint8Array>> {
  await runBuild(["--all", "--out", folder], env);
  const libraries = new Map<string, Uint8Array>();
  for (const target of Object.keys(targets)) {
    libraries.set(target, await Deno.readFile(`${root}${libraryPath(target).replace(/^lib/, folder)}`));
  }
  return libraries;
}

/** Compares the modules in a copy of the package with what they shall embed; says in a line what each is. */
async function verify(folder: string, libraries: ReadonlyMap<string, Uint8Array>): Promise<void> {
  let total = 0;
  for (const [target, library] of libraries) {
    const path = modulePath(target);
    const embedded: Embedded = await import(pathToFileURL(`${folder}/${path}`).href);
    if (embedded.data === "") {
      throw new GradusError("library", `Cannot release ${path}: it is empty, "deno task release" fills it`);
    }
    const bytes = await unpack(embedded).catch((cause) => {
      throw new GradusError("library", `Cannot release ${path}: it is damaged, "deno task release" is needed`, {
        cause,
      });
    });
    const sha256 = sha256Of(bytes);
    if (sha256 !== sha256Of(library)) {
      throw new GradusError(
        "library",
        `Cannot release ${path}: it embeds ${sha256}, the sources give ${
          sha256Of(library)
        }, "deno task release" is needed`,
      );
    }
    total += embedded.data.length;
    console.log(`${sha256}  ${target}  ${library.length} bytes, packed ${embedded.data.length}`);
  }
  if (total > largestTotal) {
    throw new GradusError(
      "library",
      `Cannot release: the modules take ${total} bytes, at most ${largestTotal} are good`,
    );
  }
}

/** The files that `deno publish` would carry, relative to the project. */
async function publishedFiles(): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  const files = Array.from(output.matchAll(/^ {3}(file:.*) \(.*\)$/gm), ([, url]) => fileURLToPath(url));
  if (!success || files.length === 0) {
    throw new GradusError("library", `Cannot release: deno publish --dry-run names no files\n${output}`);
  }
  return files.map((path) => path.slice(root.length).replaceAll("\\", "/"));
}

interface Options {
  "dry-run": boolean;
  check: boolean;
  clear: boolean;
  bundle?: string;
  help: boolean;
}

function parseOptions(args: string[]): Options {
  const flag = { type: "boolean", default: false } as const;
  try {
    const options = { "dry-run": flag, check: flag, clear: flag, bundle: { type: "string" }, help: flag } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new GradusError("argument", `Cannot read the options: ${(error as Error).message}`);
  }
}

/** Builds everything anew, in another folder and without what zig remembers of these sources. */
async function rebuild(): Promise<Map<string, Uint8Array>> {
  return await build(`${workshop}/lib`, { ZIG_LOCAL_CACHE_DIR: `${root}${workshop}/zig` });
}

async function write(modules: ReadonlyMap<string, string>): Promise<void> {
  for (const [target, text] of modules) await Deno.writeTextFile(`${root}${modulePath(target)}`, text);
}

async function main(args: string[]): Promise<void> {
  const { check, clear, bundle, help, "dry-run": dryRun } = parseOptions(args);
  if (help) return console.log(usage);
  const names = Object.keys(targets);
  if (clear) return await write(new Map(names.map((target) => [target, embeddedModule(target)])));

  await Deno.remove(`${root}${workshop}`, { recursive: true }).catch(() => {});
  try {
    await (bundle === undefined ? release(check, check || dryRun) : writeBundle(bundle));
  } finally {
    await Deno.remove(`${root}${workshop}`, { recursive: true }).catch(() => {});
  }
}

/** Writes the package as one file, in which the modules of WebAssembly are filled and those of the platforms empty. */
async function writeBundle(file: string): Promise<void> {
  const folder = `${root}${workshop}/package`, modules = new Map<string, string>();
  await runBuild(["--wasm"]);
  for (const target of Object.keys(targets).filter((name) => name.startsWith("wasm32"))) {
    modules.set(target, embeddedModule(target, await Deno.readFile(`${root}${libraryPath(target)}`)));
  }
  await stage(folder, modules);
  const args = ["bundle", "--quiet", "--no-config", "--no-lock", "--platform", "browser", "-o", resolve(file)];
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...args, `${folder}/mod.ts`], stdin: "null" })
    .spawn().status;
  if (!success) throw new GradusError("library", `Cannot write ${file}: deno bundle has failed`);
  console.log(`${file}: ${(await Deno.stat(file)).size.toLocaleString("en")} bytes`);
}

async function release(check: boolean, dryRun: boolean): Promise<void> {
  const libraries = await (check ? rebuild() : build("lib"));
  const modules = new Map<string, string>();
  for (const [target, library] of libraries) {
    modules.set(
      target,
      check ? await Deno.readTextFile(`${root}${modulePath(target)}`) : embeddedModule(target, library),
    );
  }
  const elsewhere = await Deno.makeTempDir({ prefix: "gradus-release-" });
  try {
    await stage(`${elsewhere}/package`, modules, await publishedFiles());
    await verify(`${elsewhere}/package`, libraries);
    await consume(elsewhere);
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
  if (dryRun) return;
  await write(modules);
  console.log('Written to src/embedded/; "deno publish --allow-dirty" publishes it, --clear empties it again');
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
