/** Compiles the C and C++ peers, with all that the compiler has for this machine, into a folder that is removed afterwards. */

const folder = ".scratch";

/** The first compiler that is there: the one that `variable` names, or else one of the usual names. */
async function compilerOf(variable: string, usual: string[]): Promise<string[] | undefined> {
  const named = Deno.env.get(variable);
  for (const command of named ? [named.split(" ")] : usual.map((name) => [name])) {
    try {
      const [program, ...args] = command;
      const { success } = await new Deno.Command(program, { args: [...args, "--version"], stdout: "null" }).output();
      if (success) return command;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Hands the path of what was compiled to `use`. Undefined without a compiler, or where it fails, having said why. */
export async function compiled<T>(
  source: string,
  args: string[],
  use: (path: string) => T | Promise<T>,
): Promise<T | undefined> {
  const isC = source.endsWith(".c");
  const compiler =
    await (isC ? compilerOf("CC", ["cc", "clang", "gcc"]) : compilerOf("CXX", ["c++", "clang++", "g++"]));
  if (!compiler) return undefined;
  const temporary = await Deno.makeTempDir({ dir: folder });
  try {
    const path = `${temporary}/peer`, [program, ...first] = compiler;
    const { success } = await new Deno.Command(program, {
      args: [...first, "-O3", "-march=native", source, ...args, "-o", path, "-lm"],
      stdout: "null",
      stderr: "inherit",
    }).output();
    return success ? await use(path) : undefined;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}
