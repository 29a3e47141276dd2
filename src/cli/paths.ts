/** Paths as users give them: where they lead, and whether a file can be written there. */
import { GradusError } from "../error.ts";
import { writeTextAtomically } from "../files.ts";

/** A path from the command line, made absolute. */
export function resolvePath(path: string, folder: string): string {
  const isWindows = Deno.build.os === "windows";
  const isAbsolute = isWindows ? /^([a-z]:)?[\\/]/i.test(path) : path.startsWith("/");
  return isAbsolute ? path : `${folder}${isWindows ? "\\" : "/"}${path}`;
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.split(Deno.build.os === "windows" ? /[\\/]/ : "/").at(-1)!;
}

/** A file that is going to be written. */
export interface Destination {
  /** As the user gave it, for messages. */
  readonly name: string;
  /** Where it is; links are followed. */
  readonly path: string;
}

/**
 * Finds out whether a file can be written, before work is done for it. Nothing is changed.
 *
 * @param inputs The files that are read, which it must not be.
 * @throws {GradusError} If it cannot.
 */
export async function checkDestination(name: string, folder: string, inputs: readonly string[]): Promise<Destination> {
  const refuse = (text: string, cause?: unknown): never => {
    throw new GradusError("argument", `Cannot write ${name === "" ? '""' : name}: ${text} is needed`, { cause });
  };
  if (name === "") refuse("it is no name, the name of a file");
  let path = resolvePath(name, folder);
  try {
    const info = await Deno.stat(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
    if (info?.isDirectory) refuse("it is a directory, the name of a file");
    if (info !== null && !info.isFile) refuse("it is a device, the name of a file");
    if (info !== null) {
      path = await Deno.realPath(path);
      for (const input of inputs) {
        if (await Deno.realPath(input).catch(() => null) === path) refuse("it is the file that is read, another one");
      }
      (await Deno.open(path, { write: true })).close();
    }
    const beside = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
    (await Deno.open(beside, { write: true, createNew: true })).close();
    await Deno.remove(beside);
  } catch (error) {
    if (error instanceof GradusError) throw error;
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      refuse("there is no such folder, one that exists", error);
    }
    if (error instanceof Deno.errors.NotCapable) refuse("Deno may not write it, the permission --allow-write", error);
    refuse(`the system refuses (${messageOf(error)}), a file that may be written`, error);
  }
  return { name, path };
}

/** Writes the whole file, or leaves what was there. */
export async function writeDestination({ name, path }: Destination, text: string): Promise<void> {
  try {
    await writeTextAtomically(path, text);
  } catch (cause) {
    throw new GradusError("data", `Cannot write ${name}: the system refuses (${messageOf(cause)})`, { cause });
  }
}

/** Without the path that Deno appends, which is not the one that the user gave. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/: (open|rename|stat|remove|realpath|write) '.*$/s, "");
}
