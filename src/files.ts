/** Paths, and writing files so that a killed process leaves either the old file or the new one. */

/** A file URL as the path that this system uses; a path stays what it is. */
export function pathOf(place: string | URL): string {
  if (typeof place === "string") return place;
  const path = decodeURIComponent(place.pathname);
  return Deno.build.os === "windows" ? path.slice(1).replaceAll("/", "\\") : path;
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
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}

/** Likewise a text. */
export async function writeTextAtomically(path: string | URL, text: string): Promise<void> {
  await writeAtomically(path, new TextEncoder().encode(text));
}
