/** Paths, and writing files so that a killed process leaves either the old file or the new one. */

/** A file URL as the path that this system uses; a path stays what it is. */
export function pathOf(place: string | URL): string {
  if (typeof place === "string") return place;
  const path = decodeURIComponent(place.pathname);
  return Deno.build.os === "windows" ? path.slice(1).replaceAll("/", "\\") : path;
}

/**
 * Renames and replaces. On Windows a file that somebody has open, as virus scanners have for a moment, may refuse to be replaced;
 * so there it is tried again for a second.
 */
async function rename(from: string | URL, to: string | URL): Promise<void> {
  for (let wait = 10;; wait *= 2) {
    try {
      return await Deno.rename(from, to);
    } catch (error) {
      const refused = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.Busy;
      if (Deno.build.os !== "windows" || !refused || wait > 640) throw error;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

/** Writes beside `path` and renames, so that nobody ever sees half a file. */
export async function writeAtomically(path: string | URL, bytes: Uint8Array): Promise<void> {
  const ending = `.${crypto.randomUUID().slice(0, 8)}.part`;
  const beside = path instanceof URL ? new URL(path.href + ending) : path + ending;
  try {
    const file = await Deno.open(beside, { write: true, createNew: true });
    try {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      await file.sync();
    } finally {
      file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}

/** Likewise a text. */
export async function writeTextAtomically(path: string | URL, text: string): Promise<void> {
  await writeAtomically(path, new TextEncoder().encode(text));
}
