/**
 * Opens and verifies the native library: the only file that knows `Deno.dlopen`; and where there is none that may be used,
 * WebAssembly. Where they are, `library.ts` finds out; what the functions do is told in c/gradus.h; what to say when arguments
 * are wrong is left to the callers, who know what was asked.
 */
import { fingerprint, Level, Status, statusMessages, symbols } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { environment, findModule, isDeno, Search, thisHost, Unavailable } from "./library.ts";
import { openWasm } from "./wasm.ts";

/** The library, its functions typed by the generated bindings. */
export type Native = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** What a library says it was built from, or nothing if it is no library of gradus. */
function fingerprintIn(path: string): number | undefined {
  try {
    const { gradus_fingerprint } = symbols;
    return Deno.dlopen(path, { gradus_fingerprint }).symbols.gradus_fingerprint();
  } catch {
    return undefined;
  }
}

function isLibrary(path: string): boolean {
  try {
    return Deno.dlopen(path, {}) !== undefined;
  } catch {
    return false;
  }
}

/** Whether there is such a file, as far as we may look. */
function isThere(path: string): boolean {
  try {
    return thisHost.permitted({ name: "read", path }) && Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Whether the end of a library is missing, as far as we may look: Linux does not refuse it but kills the process. */
function isCutOff(path: string): boolean {
  if (Deno.build.os !== "linux" || !isThere(path)) return false;
  const header = new DataView(new ArrayBuffer(64)), file = Deno.openSync(path);
  const read = file.readSync(new Uint8Array(header.buffer));
  file.close();
  if (read !== 64 || header.getUint32(0) !== 0x7f454c46) return false;
  // What stands last in an ELF file is the table of its sections: where, of how many bytes each, and how many they are.
  const end = Number(header.getBigUint64(40, true)) + header.getUint16(58, true) * header.getUint16(60, true);
  return Deno.statSync(path).size < end;
}

/** Systems say of a library for another processor that there is none, or nothing that helps. */
function reasonWith(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !isThere(path)) return error;
  const needed = `it is there, but a whole library for ${Deno.build.target} is needed`;
  return new Error(`${error.message.replace(/\s+$/, "")}: ${needed}`, { cause: error });
}

function refuseStale(thing: string, found: number, remedy: string): void {
  if (found === fingerprint) return;
  throw new GradusError(
    "library",
    `Cannot use ${thing}: it was built from other sources (fingerprint ${found.toString(16)}, needed ${
      fingerprint.toString(16)
    }), ${remedy}`,
  );
}

function open(path: string, remedy: string): Native {
  if (isCutOff(path)) throw new Error(`its end is missing, a whole library for ${Deno.build.target} is needed`);
  try {
    const native = Deno.dlopen(path, symbols).symbols;
    refuseStale(`the library ${path}`, native.gradus_fingerprint(), remedy);
    return native;
  } catch (error) {
    if (error instanceof GradusError) throw error;
    // A library of other sources may lack a function; only then is it opened once more, to say so.
    const found = fingerprintIn(path);
    if (found !== undefined) refuseStale(`the library ${path}`, found, remedy);
    else if (isLibrary(path)) throw new Error("it is a library, but not that of gradus", { cause: error });
    throw reasonWith(error, path);
  }
}

/** What computes: the native library, or the same in WebAssembly. */
export type Backend = "native" | "wasm";

const backends: readonly string[] = ["native", "wasm"] satisfies Backend[];

async function openNative(): Promise<Native> {
  if (!isDeno) throw new Unavailable("the native library", "this is not Deno, GRADUS_BACKEND=wasm is needed");
  const search = new Search(open);
  return search.nearby() ?? await search.embedded();
}

async function openModule(): Promise<Native> {
  const native = await openWasm(() => findModule("wasm32"), () => findModule("wasm32-simd128"));
  refuseStale("the WebAssembly module", native.gradus_fingerprint(), 'build it again with "deno task build --wasm"');
  return native;
}

/** The native library, and where nothing but its absence or a permission forbids that, WebAssembly. */
async function choose(wanted: string | undefined): Promise<{ native: Native; backend: Backend }> {
  if (wanted !== undefined && !backends.includes(wanted)) {
    throw new GradusError("argument", `Cannot use the backend "${wanted}": GRADUS_BACKEND has to be native or wasm`);
  }
  let refusal: Unavailable | undefined;
  if (wanted !== "wasm") {
    try {
      return { native: await openNative(), backend: "native" };
    } catch (error) {
      if (wanted === "native" || !(error instanceof Unavailable)) throw error;
      refusal = error;
    }
  }
  try {
    return { native: await openModule(), backend: "wasm" };
  } catch (error) {
    if (refusal === undefined || !(error instanceof Unavailable)) throw error;
    throw new GradusError("library", `${refusal.message}; or WebAssembly: ${error.reason}`, { cause: refusal.cause });
  }
}

const chosen = await choose(environment("GRADUS_BACKEND"));

/** The functions of c/gradus.h in this process, opened once and never closed. */
export const native: Native = chosen.native;

/**
 * What computes: `"native"`, the library, or `"wasm"`, the same in WebAssembly, where Deno may not open libraries
 * (`--allow-ffi`), the library may be kept nowhere, there is none for the platform, or this is not Deno. The environment
 * variable `GRADUS_BACKEND` forces one; `native` gives an error that tells why it cannot be.
 *
 * @example
 * ```ts
 * import { backend } from "@gradus/gradus";
 * import { assert } from "@std/assert";
 *
 * assert(backend === "native" || backend === "wasm");
 * ```
 */
export const backend: Backend = chosen.backend;

/** Throws what a status other than 0 means; `task` completes "Cannot …". */
export function unwrap(status: number, task: string): void {
  if (status === Status.ok) return;
  throw new GradusError(
    "argument",
    `Cannot ${task}: ${statusMessages.get(status) ?? `the library answered ${status}`}`,
  );
}

/**
 * The name of a SIMD level: `"avx2"` and `"avx512"` are levels of x64, `"neon"` is one of arm64, `"simd128"` or `"relaxed"` of
 * WebAssembly, whichever the engine has, and `"plain"` is everywhere.
 */
export type LevelName = "plain" | "neon" | "avx2" | "avx512" | "simd128" | "relaxed";

function levelInUse(): LevelName {
  const level = native.gradus_level(-1);
  return (Object.keys(Level) as LevelName[]).find((name) => Level[name] === level)!;
}

function levelsHere(): LevelName[] {
  if (backend === "wasm") return ["plain", levelInUse()];
  return Deno.build.arch === "aarch64" ? ["plain", "neon"] : ["plain", "avx2", "avx512"];
}

/** The levels that the library for this machine, or the module, was compiled for, the best one last; processors may lack some. */
export const levels: readonly LevelName[] = levelsHere();

/**
 * The SIMD level in use. Given a name, the best level of this machine that is not above it is used from now on: so `"avx512"`
 * gives `"avx2"` on a processor without AVX-512. The results are the same bits at every level but `"simd128"`: that is for
 * engines that cannot round a·b + c once, and `"plain"` gives the bits there, slowly.
 *
 * @throws {GradusError} If it is no level of what computes here: the message tells those that there are.
 *
 * @example
 * ```ts
 * import { MLP, simdLevel } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const best = simdLevel();
 * const predict = () => new MLP(2, [8, 1], { seed: 1 }).predict([[0.5, -1]]);
 * const expected = predict();
 * assertEquals(simdLevel("plain"), "plain"); // slow, and on every processor
 * assertEquals(predict(), expected);
 * simdLevel(best);
 * ```
 */
export function simdLevel(limit?: LevelName): LevelName {
  if (limit === undefined) return levelInUse();
  if (!levels.includes(limit)) {
    throw new GradusError(
      "argument",
      `Cannot choose the SIMD level "${limit}": there is none of that name here, one of ${levels.join(", ")} is needed`,
    );
  }
  native.gradus_level(Level[limit]);
  return levelInUse();
}

/** The most threads that the library takes. */
const MOST_THREADS = 32;

/**
 * How many threads compute together; given a number, it becomes that many. They share large products and updates; the results
 * are the same bits for every number.
 */
export function threads(count?: number): number {
  if (count !== undefined) native.gradus_threads(checkThreads(count, String(count)));
  return native.gradus_threads(0);
}

function checkThreads(count: number, given: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= MOST_THREADS) return count;
  throw new GradusError(
    "argument",
    `Cannot choose the number of threads: it is ${given}, a whole number from 1 to ${MOST_THREADS} is needed`,
  );
}

const wantedLevel = environment("GRADUS_SIMD");
if (wantedLevel) simdLevel(wantedLevel as LevelName);

const wantedThreads = environment("GRADUS_THREADS");
const count = wantedThreads && checkThreads(Number(wantedThreads), `"${wantedThreads}"`);
// The library is that of all workers of a process: the first has chosen for those that come later.
if (threads() === 0) native.gradus_threads(count || Math.min(navigator.hardwareConcurrency, MOST_THREADS));
