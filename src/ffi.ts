/**
 * Opens and verifies the native library: the only file that knows `Deno.dlopen`. Where it is, `library.ts` finds out; what
 * the functions do is told in c/gradus.h; what to say when arguments are wrong is left to the callers, who know what was
 * asked.
 */
import { fingerprint, Level, Status, statusMessages, symbols } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { environment, Search } from "./library.ts";

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

function refuseStale(path: string, found: number, remedy: string): void {
  if (found === fingerprint) return;
  throw new GradusError(
    "library",
    `Cannot use the library ${path}: it was built from other sources (fingerprint ${found.toString(16)}, needed ${
      fingerprint.toString(16)
    }), ${remedy}`,
  );
}

function open(path: string, remedy: string): Native {
  try {
    const native = Deno.dlopen(path, symbols).symbols;
    refuseStale(path, native.gradus_fingerprint(), remedy);
    return native;
  } catch (error) {
    if (error instanceof GradusError) throw error;
    // A library of other sources may lack a function; only then is it opened once more, to say so.
    const found = fingerprintIn(path);
    if (found !== undefined) refuseStale(path, found, remedy);
    else if (isLibrary(path)) throw new Error("it is a library, but not that of gradus", { cause: error });
    throw error;
  }
}

const search = new Search(open);

/** The native library of this process, opened once and never closed. */
export const native: Native = search.nearby() ?? await search.embedded();

/** Throws what a status other than 0 means; `task` completes "Cannot …". */
export function unwrap(status: number, task: string): void {
  if (status === Status.ok) return;
  throw new GradusError(
    "argument",
    `Cannot ${task}: ${statusMessages.get(status) ?? `the library answered ${status}`}`,
  );
}

const levelNames = Object.keys(Level) as LevelName[];

/** The name of a SIMD level. */
export type LevelName = "plain" | "neon" | "avx2" | "avx512" | "simd128" | "relaxed";

/**
 * The SIMD level in use: `"plain"`, `"neon"`, `"avx2"` or `"avx512"`. Given a name, the best level of this machine that is
 * not above it is used from now on. The results are the same bits at every level.
 */
export function simdLevel(limit?: LevelName): LevelName {
  if (limit !== undefined && !levelNames.includes(limit)) {
    throw new GradusError(
      "argument",
      `Cannot choose the SIMD level "${limit}": it is one of ${levelNames.join(", ")}`,
    );
  }
  const level = native.gradus_level(limit === undefined ? -1 : Level[limit]);
  return levelNames.find((name) => Level[name] === level)!;
}

const wanted = environment("GRADUS_SIMD");
if (wanted) simdLevel(wanted as LevelName);
