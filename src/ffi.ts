/**
 * Finds, opens and verifies the native library: the only file that knows `Deno.dlopen`. What the functions do is told in
 * c/gradus.h; what to say when arguments are wrong is left to the callers, who know what was asked.
 */
import { fingerprint, Level, Status, statusMessages, symbols } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { pathOf } from "./files.ts";

/** The library, its functions typed by the generated bindings. */
export type Native = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** The file name of the library on an operating system. */
function libraryName(): string {
  if (Deno.build.os === "windows") return "gradus.dll";
  return Deno.build.os === "darwin" ? "libgradus.dylib" : "libgradus.so";
}

/** An environment variable, or undefined where it is unset or may not be read; never asks for permission. */
function environment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Where the library is looked for: what GRADUS_LIB names, or else the folder that the build fills. */
function candidates(): (string | URL)[] {
  const named = environment("GRADUS_LIB");
  if (named) return [named];
  if (!import.meta.url.startsWith("file:")) return [];
  return [new URL(`../lib/${Deno.build.target}/${libraryName()}`, import.meta.url)];
}

/** Why a place did not give the library, in words. */
function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "permission is missing, --allow-ffi (or --allow-ffi=<that file>) is needed";
  }
  return error instanceof Error ? error.message : String(error);
}

function verified(native: Native, path: string): Native {
  const found = native.gradus_fingerprint();
  if (found === fingerprint) return native;
  throw new GradusError(
    "library",
    `Cannot use the library ${path}: it was built from other sources (fingerprint ${found.toString(16)}, needed ${
      fingerprint.toString(16)
    }), build it again with "deno task build"`,
  );
}

function open(): Native {
  const failures: string[] = [];
  let cause: unknown;
  for (const place of candidates()) {
    const path = pathOf(place);
    try {
      return verified(Deno.dlopen(path, symbols).symbols, path);
    } catch (error) {
      if (error instanceof GradusError) throw error;
      failures.push(`${path} (${reason(error)})`);
      cause ??= error;
    }
  }
  throw new GradusError(
    "library",
    `Cannot open the native library: ${
      failures.length > 0 ? `tried ${failures.join("; ")}` : "this module was not loaded from a checkout"
    }; in a checkout "deno task build" makes it, elsewhere GRADUS_LIB names it`,
    { cause },
  );
}

/** The native library of this process, opened once and never closed. */
export const native: Native = open();

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
export type LevelName = "plain" | "neon" | "avx2" | "avx512";

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
