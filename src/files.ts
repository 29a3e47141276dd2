/** Writing files so that a killed process leaves either the old file or the new one. */

/** Writes beside `path` and renames, so that nobody ever sees half a file. */
export async function writeTextAtomically(path: string | URL, text: string): Promise<void> {
  const beside = `${path instanceof URL ? decodeURIComponent(path.pathname) : path}.${
    crypto.randomUUID().slice(0, 8)
  }.part`;
  try {
    const file = await Deno.open(beside, { write: true, createNew: true });
    try {
      const bytes = new TextEncoder().encode(text);
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
