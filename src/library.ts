/**
 * Finds the native library: what GRADUS_LIB names, what a checkout has built, or what is embedded in the package, which
 * is kept in the user's cache; and modules of WebAssembly, which need no file. Opening is left to `ffi.ts`; filling
 * `src/embedded/`, to `tools/release.ts`.
 *
 * Nothing here asks for a permission: what is not granted is skipped and named in the error. The only thing trusted in
 * the cache is a file's hash, which is compared before every load; so writers need no lock, and damage is repaired.
 */

import { GradusError } from "./error.ts";
import { obstacleOf, pathOf, readBytes } from "./files.ts";

/** A library as it lies in the package. */
export interface Embedded {
  /** The library, deflated, in base64; empty in a checkout. */
  readonly data: string;
  /** Its SHA-256, in hexadecimal. */
  readonly sha256: string;
  /** Its length, in bytes. */
  readonly size: number;
}

/** What a process is and may do. */
export interface Host {
  /** As in `Deno.build.target`. */
  readonly target: string;
  /** The URL of a module in `src/`. */
  readonly base: string;
  permitted(descriptor: Deno.PermissionDescriptor): boolean;
  /** Called only for a variable that may be read. */
  environment(variable: string): string | undefined;
  /** The library for the target, if there is one for it. */
  embedded(target: string): Promise<Embedded> | undefined;
}

/** Opens a library or throws why not; a `GradusError`, which may end in `remedy`, ends the search. */
export type Open<T> = (path: string, remedy: string) => T;

/** Nothing is wrong, but there is nothing here that may be opened. */
export class Unavailable extends GradusError {
  /** Why; the message without its beginning. */
  readonly reason: string;

  constructor(thing: string, reason: string, options?: ErrorOptions) {
    super("library", `Cannot open ${thing}: ${reason}`, options);
    this.reason = reason;
  }
}

/** Whether this is Deno: elsewhere nothing opens a library. */
export const isDeno = "Deno" in globalThis;

/** This process. */
export const thisHost: Host = {
  target: isDeno ? Deno.build.target : "none",
  base: import.meta.url,
  permitted: (descriptor) =>
    isDeno ? Deno.permissions.querySync(descriptor).state === "granted" : descriptor.name !== "ffi",
  environment: (variable) => {
    // Deno's own `process` is 8 MB of memory to those who look at it.
    if (isDeno) return Deno.env.get(variable);
    const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
    return process?.env[variable];
  },
  embedded: embeddedFor,
};

/** Literal imports: the package and `deno compile` carry only what they can read. */
function embeddedFor(target: string): Promise<Embedded> | undefined {
  switch (target) {
    case "x86_64-unknown-linux-gnu":
      return import("./embedded/x86_64-unknown-linux-gnu.ts");
    case "aarch64-unknown-linux-gnu":
      return import("./embedded/aarch64-unknown-linux-gnu.ts");
    case "x86_64-pc-windows-msvc":
      return import("./embedded/x86_64-pc-windows-msvc.ts");
    case "aarch64-pc-windows-msvc":
      return import("./embedded/aarch64-pc-windows-msvc.ts");
    case "x86_64-apple-darwin":
      return import("./embedded/x86_64-apple-darwin.ts");
    case "aarch64-apple-darwin":
      return import("./embedded/aarch64-apple-darwin.ts");
    case "wasm32":
      return import("./embedded/wasm32.ts");
    case "wasm32-simd128":
      return import("./embedded/wasm32-simd128.ts");
  }
}

/** The file name of the library on a platform. */
export function libraryName(target: string): string {
  if (target.startsWith("wasm32")) return "gradus.wasm";
  if (target.includes("windows")) return "gradus.dll";
  return target.includes("darwin") ? "libgradus.dylib" : "libgradus.so";
}

/** An environment variable, or undefined where it is unset, empty or may not be read. */
export function environment(variable: string, host: Host = thisHost): string | undefined {
  return host.permitted({ name: "env", variable }) ? host.environment(variable) || undefined : undefined;
}

/** The library out of its module. */
export async function unpack({ data, sha256, size }: Embedded): Promise<Uint8Array<ArrayBuffer>> {
  let cause: unknown;
  try {
    const deflated = new Blob([Uint8Array.from(atob(data), (character) => character.charCodeAt(0))]).stream();
    const inflated = new Response(deflated.pipeThrough(new DecompressionStream("deflate-raw")));
    const bytes = new Uint8Array(await inflated.arrayBuffer());
    // A page that did not come by https has no crypto.subtle; but what it unpacks, it does not leave in a file.
    const isWhole = crypto.subtle === undefined || await hashOf(bytes) === sha256;
    if (bytes.length === size && isWhole) return bytes;
  } catch (error) {
    cause = error;
  }
  throw new GradusError(
    "library",
    "Cannot unpack what is embedded in this package: it does not have its hash, the package has to be " +
      "installed again",
    { cause },
  );
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---------------------------------------------------------------- WebAssembly

/**
 * A module of WebAssembly: what was built in this checkout, or what is embedded in the package, or for a page, outside of a
 * bundle, what lies beside the sources.
 *
 * @param target As in `build.ts`.
 * @throws {Unavailable} If there is none.
 */
export async function findModule(
  target: "wasm32" | "wasm32-simd128",
  host: Host = thisHost,
): Promise<Uint8Array<ArrayBuffer>> {
  const tried: string[] = [], path = `../lib/${target}/${libraryName(target)}`;
  // The URL of a worker may be one in which there are no folders.
  const built = URL.canParse(path, host.base) ? new URL(path, host.base) : undefined;
  const file = built?.protocol === "file:" && await moduleAt(built, (url) => readPermitted(url, host), tried);
  if (file) return file;
  const embedded = await host.embedded(target)!;
  if (embedded.data !== "") return await unpack(embedded);
  const page = built?.protocol.startsWith("http") && !isDeno && await moduleAt(built, download, tried);
  if (page) return page;
  throw new Unavailable(
    "a WebAssembly module",
    `${tried.map((place) => `tried ${place}; `).join("")}nothing is embedded in these sources, a released package or ` +
      '"deno task build --wasm" is needed',
  );
}

/** The module that is read there; if there is none, `tried` gets the reason. */
async function moduleAt(
  url: URL,
  read: (url: URL) => Promise<Uint8Array<ArrayBuffer>>,
  tried: string[],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const bytes = await read(url);
    if (bytes[0] === 0 && bytes[1] === 0x61) return bytes; // "\0asm"
    throw new Error("it is no WebAssembly module");
  } catch (error) {
    const why = obstacleOf(error) === "missing" ? "there is no such file" : (error as Error).message;
    tried.push(`${url.protocol === "file:" ? pathOf(url) : url} (${why})`);
  }
}

async function readPermitted(url: URL, host: Host): Promise<Uint8Array<ArrayBuffer>> {
  if (host.permitted({ name: "read", path: pathOf(url) })) return await readBytes(url);
  throw new Error(`permission is missing, --allow-read=${pathOf(new URL("../", url))} is needed`);
}

async function download(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new Error(`${response.status} ${response.statusText}`);
}

// ---------------------------------------------------------------- files

type State = "whole" | "damaged" | "not there yet";

async function stateOf(path: string, { sha256, size }: Embedded): Promise<State> {
  try {
    const info = await Deno.stat(path);
    const whole = info.isFile && info.size === size && await hashOf(await Deno.readFile(path)) === sha256;
    return whole ? "whole" : "damaged";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "not there yet";
    throw error;
  }
}

/** Writes beside and renames, so that whoever opens `path` finds a whole library; others may be doing the same. */
async function keep(path: string, bytes: Uint8Array, library: Embedded): Promise<void> {
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  try {
    await Deno.writeFile(beside, bytes, { createNew: true, mode: 0o600 });
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    // Windows does not replace a library that somebody has opened; who has, has written it.
    if (await stateOf(path, library) !== "whole") throw error;
  }
}

// ---------------------------------------------------------------- the search

/** A search of one process for its library; remembers why places did not give it. */
export class Search<T extends object> {
  readonly #open: Open<T>;
  readonly #host: Host;
  readonly #windows: boolean;
  readonly #failures: string[] = [];
  #cause: unknown;
  /** Whether a library is there that should work. */
  #damaged = false;
  /** Whether a library in the places of a package may be opened. */
  #mayOpen = false;

  constructor(open: Open<T>, host: Host = thisHost) {
    this.#open = open;
    this.#host = host;
    this.#windows = host.target.includes("windows");
  }

  /** The library that GRADUS_LIB names, or else the one that was built in this checkout, if there is one. */
  nearby(): T | undefined {
    const named = environment("GRADUS_LIB", this.#host);
    if (named) {
      // One that is named is meant: no other is taken in its place.
      const remedy = "GRADUS_LIB has to name one that fits all copies of gradus in this process, or to be unset";
      const found = this.#attempt(named, named, remedy);
      if (found) return found;
      throw this.#error("no other place is tried while GRADUS_LIB names this one");
    }
    const { target, base } = this.#host;
    if (!base.startsWith("file:")) return undefined;
    const path = pathOf(new URL(`../lib/${target}/${libraryName(target)}`, base));
    const found = this.#attempt(path, pathOf(new URL("../lib/", base)), 'build it again with "deno task build"');
    this.#damaged = this.#cause !== undefined && !this.#isAbsent(path);
    return found;
  }

  /**
   * Whether a library that could not be opened is not there. Deno tells it in nothing but words, on Windows those of the user's
   * language, and it need not be permitted to look. So they are compared with the words for what would lie in a folder of that
   * name: nothing does.
   */
  #isAbsent(path: string): boolean {
    const nothing = this.#join(path, "nothing");
    try {
      this.#open(nothing, "");
      return false;
    } catch (error) {
      return String(error).replaceAll(nothing, path) === String(this.#cause);
    }
  }

  /** The library that is embedded in the package, from the user's cache or, where that cannot be, a temporary file. */
  async embedded(): Promise<T> {
    const { target, base } = this.#host;
    const library = await this.#host.embedded(target);
    if (library === undefined) {
      throw this.#error(`there is none for ${target}, one that you compile from c/ and name in GRADUS_LIB is needed`);
    }
    if (library.data === "") throw this.#error(this.#advice(base.startsWith("file:")));
    // That a package has no lib/ is told, but it is not why.
    this.#cause = undefined;
    const unpacked = unpackOnce(library);
    const found = await this.#cached(library, unpacked) ?? await this.#temporary(unpacked);
    if (found) return found;
    const needed = "one of these places, or a library that GRADUS_LIB names, is needed";
    throw this.#error(this.#mayOpen ? `${needed}, or GRADUS_BACKEND=wasm` : needed);
  }

  /** Who permits libraries in a folder wants one: that something else is in the way is told, and nothing slower takes its place. */
  #noteFor(folder: string | undefined): void {
    this.#mayOpen ||= this.#host.permitted({ name: "ffi", path: folder });
  }

  /** What is needed where nothing is embedded. */
  #advice(checkout: boolean): string {
    if (!checkout) return "nothing is embedded in these sources, a released package is needed";
    // Without permission nobody knows what lies in lib/.
    if (this.#cause === undefined) return 'in a checkout "deno task build" makes it, and GRADUS_LIB names another';
    return 'this module was loaded from a checkout in which nothing that works was built, "deno task build" is needed';
  }

  async #cached(library: Embedded, unpacked: () => Promise<Uint8Array>): Promise<T | undefined> {
    const folder = this.#cacheFolder();
    if (folder === undefined) return undefined;
    this.#noteFor(folder);
    const path = this.#join(folder, `${library.sha256.slice(0, 16)}-${libraryName(this.#host.target)}`);
    if (this.#missing(["ffi", "read"], folder, path)) {
      this.#fail(path, this.#missing(["ffi", "read", "write"], folder)!);
      return undefined;
    }
    try {
      const state = await stateOf(path, library);
      if (state !== "whole") {
        const missing = this.#missing(["write"], folder);
        if (missing) {
          this.#fail(path, `it is ${state}, and ${missing}`);
          return undefined;
        }
        const bytes = await unpacked();
        await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
        await keep(path, bytes, library);
      }
    } catch (error) {
      this.#failWith(path, error);
      return undefined;
    }
    return this.#attempt(path, folder, "the package has to be installed again");
  }

  async #temporary(unpacked: () => Promise<Uint8Array>): Promise<T | undefined> {
    const parent = this.#temporaryFolder();
    const place = `a temporary file in ${parent ?? "the system's folder"}`;
    this.#noteFor(parent);
    const missing = this.#missing(["ffi", "write"], parent);
    if (missing) {
      this.#fail(place, missing);
      return undefined;
    }
    let folder: string | undefined;
    try {
      const bytes = await unpacked();
      folder = await Deno.makeTempDir({ dir: parent, prefix: "gradus-" });
      const path = this.#join(folder, libraryName(this.#host.target));
      await Deno.writeFile(path, bytes, { createNew: true, mode: 0o600 });
      return this.#attempt(path, parent ?? folder, "the package has to be installed again");
    } catch (error) {
      this.#failWith(place, error);
      return undefined;
    } finally {
      // What is open stays usable without a name; on Windows the file cannot go and is left behind.
      if (folder !== undefined) await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
  }

  /** The folder of gradus in the user's cache. */
  #cacheFolder(): string | undefined {
    const own: [string, ...string[]][] = this.#windows
      ? [["LOCALAPPDATA", "gradus"]]
      : this.#host.target.includes("darwin")
      ? [["HOME", "Library", "Caches", "gradus"]]
      : [["XDG_CACHE_HOME", "gradus"], ["HOME", ".cache", "gradus"]];
    const places: [string, ...string[]][] = [["GRADUS_CACHE"], ...own];
    for (const [variable, ...below] of places) {
      const value = environment(variable, this.#host);
      // The XDG specification: a relative path is to be ignored.
      if (value && (variable !== "XDG_CACHE_HOME" || value.startsWith("/"))) return this.#join(value, ...below);
    }
    const [last] = places.at(-1)!;
    this.#fail(
      "the user's cache",
      this.#host.permitted({ name: "env", variable: last })
        ? `neither GRADUS_CACHE nor ${last} is set`
        : `permission is missing, --allow-env=GRADUS_CACHE or --allow-env=${last} is needed`,
    );
    return undefined;
  }

  /** Where temporary files belong; undefined where the system knows and we may not ask. */
  #temporaryFolder(): string | undefined {
    if (this.#windows) return environment("TEMP", this.#host) ?? environment("TMP", this.#host);
    return environment("TMPDIR", this.#host) ?? "/tmp";
  }

  #join(...parts: string[]): string {
    return parts.join(this.#windows ? "\\" : "/");
  }

  #attempt(path: string, folder: string, remedy: string): T | undefined {
    const missing = this.#missing(["ffi"], folder, path);
    if (missing) {
      this.#fail(path, missing);
      return undefined;
    }
    try {
      return this.#open(path, remedy);
    } catch (error) {
      this.#failWith(path, error);
      return undefined;
    }
  }

  /** Which permissions for `path` are missing, in words that ask for `folder`; undefined if none. */
  #missing(names: readonly ("ffi" | "read" | "write")[], folder?: string, path = folder): string | undefined {
    const flags = names.filter((name) => !this.#host.permitted({ name, path }))
      .map((name) => `--allow-${name}${folder === undefined ? "" : `=${folder}`}`);
    if (flags.length === 0) return undefined;
    return `permission is missing, ${flags.join(" ")} ${flags.length > 1 ? "are" : "is"} needed`;
  }

  #fail(place: string, reason: string): void {
    this.#failures.push(`${place} (${reason})`);
  }

  #failWith(place: string, error: unknown): void {
    if (error instanceof GradusError) throw error;
    this.#cause ??= error;
    const message = error instanceof Error ? error.message : String(error);
    // Deno says the same twice, and the path is there already.
    this.#fail(place, message.replace(/^(?:Could not open library: )+/, "").replace(`${place}: `, ""));
  }

  #error(needed: string): GradusError {
    const tried = this.#failures.length > 0 ? `tried ${this.#failures.join("; ")}; ` : "";
    const error = new Unavailable("the native library", `${tried}${needed}`, { cause: this.#cause });
    const isWrong = this.#damaged || this.#mayOpen || environment("GRADUS_LIB", this.#host) !== undefined;
    return isWrong ? new GradusError("library", error.message, { cause: this.#cause }) : error;
  }
}

function unpackOnce(library: Embedded): () => Promise<Uint8Array> {
  let bytes: Promise<Uint8Array> | undefined;
  return () => bytes ??= unpack(library);
}
