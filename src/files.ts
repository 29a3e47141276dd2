/**
 * Files, by `node:fs`, which Deno, Node and Bun have and a browser has not; paths; and writing files so that a killed process
 * leaves either the old file or the new one.
 */
import { GradusError } from "./error.ts";

/** A module that belongs to Deno, Node and Bun; undefined in a browser. Not imported, so that bundlers leave it alone. */
export function builtin(name: "node:fs/promises"): typeof import("node:fs/promises") | undefined;
export function builtin(name: "node:zlib"): typeof import("node:zlib") | undefined;
export function builtin(name: string): unknown {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.(name);
}

function files(): typeof import("node:fs/promises") {
  const found = builtin("node:fs/promises");
  if (found) return found;
  throw new GradusError("state", "Cannot open a file: there are none here, Deno, Node or Bun is needed");
}

/** What kept a file from being read, as far as there is more to say than the system does. */
export type Obstacle = "missing" | "forbidden" | "directory" | "other";

/** Why a file could not be read. */
export function obstacleOf(error: unknown): Obstacle {
  const { code, name } = error as { code?: string; name?: string };
  if (code === "ENOENT") return "missing";
  if (name === "NotCapable") return "forbidden";
  return code === "EISDIR" ? "directory" : "other";
}

/** The path of the folder that a file is in, with what separates them; empty for the folder in which the process is. */
export function folderOf(place: string | URL): string {
  return pathOf(place).replace(/[^/\\]*$/, "");
}

/** Why a file could not be written by `writeAtomically`, as the end of a sentence. */
export function whyNotWritten(error: unknown, path: string | URL): string {
  const folder = folderOf(path) || ".";
  switch (obstacleOf(error)) {
    case "missing":
      return `there is no folder ${folder}`;
    case "forbidden":
      return `permission is missing, --allow-read=${folder} --allow-write=${folder} are needed, for it is written beside and renamed`;
    default:
      return (error as Error).message;
  }
}

/** A file URL as the path that this system uses; a path stays what it is. */
export function pathOf(place: string | URL): string {
  if (typeof place === "string") return place;
  const path = decodeURIComponent(place.pathname);
  return isWindows() ? path.slice(1).replaceAll("/", "\\") : path;
}

/** Deno is asked for itself: in Deno, `process` is a megabyte of Node that is loaded when it is first touched. */
function isWindows(): boolean {
  if ("Deno" in globalThis) return Deno.build.os === "windows";
  const { process } = globalThis as { process?: { platform?: string } };
  return process?.platform === "win32";
}

/** The bytes of a file. */
export async function readBytes(path: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await files().readFile(path));
}

/** The text of a file. */
export async function readText(path: string | URL): Promise<string> {
  return await files().readFile(path, "utf8");
}

/** Whether a path leads to a directory, as far as that may be known. */
export async function isDirectory(path: string | URL): Promise<boolean> {
  return await files().stat(path).then((info) => info.isDirectory(), () => false);
}

/**
 * Renames and replaces. On Windows a file that somebody has open, as virus scanners have for a moment, may refuse to be replaced;
 * so there it is tried again for a second.
 */
async function replace(from: string | URL, to: string | URL): Promise<void> {
  for (let wait = 10;; wait *= 2) {
    try {
      return await files().rename(from, to);
    } catch (error) {
      const refused = ["EPERM", "EACCES", "EBUSY"].includes((error as { code?: string }).code ?? "");
      if (!isWindows() || !refused || wait > 640) throw error;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

/** Writes beside `path` and renames, so that nobody ever sees half a file. */
export async function writeAtomically(path: string | URL, bytes: Uint8Array): Promise<void> {
  const ending = `.${crypto.randomUUID().slice(0, 8)}.part`;
  const beside = path instanceof URL ? new URL(path.href + ending) : path + ending;
  const { open, unlink } = files();
  try {
    const file = await open(beside, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await replace(beside, path);
  } catch (error) {
    // Which needs no permission to read, as rm() does.
    await unlink(beside).catch(() => {});
    throw error;
  }
}

/** Likewise a text. */
export async function writeTextAtomically(path: string | URL, text: string): Promise<void> {
  await writeAtomically(path, new TextEncoder().encode(text));
}
