/**
 * Compiles `program.c` in a folder, which has of gradus what it finds there, in a given standard of C or C++ for a given
 * platform, and on that platform links it with the library, as C, and runs it. For header_test.ts, with permissions that
 * tests do not have.
 */
import { basename } from "node:path";
import { compile, libraryPath, targets } from "../build.ts";

const [folder, standard, target] = Deno.args;
const language = standard.startsWith("c++") ? "c++" : "c";
const platform = ["-target", targets[target].zig];
const warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"];
const object = `${folder}/program.o`;
await compile(`a program in ${standard} for ${target}`, [
  ...[language === "c" ? "cc" : "c++", ...platform, `-std=${standard}`, ...warnings, `-I${folder}`],
  ...["-x", language, "-c", `${folder}/program.c`, "-o", object],
]);

if (target === Deno.build.target) {
  // Beside the program, where it looks for the library.
  const library = `${folder}/${basename(libraryPath())}`;
  await Deno.copyFile(libraryPath(), library);
  const program = `${Deno.cwd()}/${folder}/program.exe`;
  const place = Deno.build.os === "windows" ? [] : [`-Wl,-rpath,${Deno.cwd()}/${folder}`];
  await compile("a program", ["cc", ...platform, object, library, ...place, "-o", program]);
  const { code } = await new Deno.Command(program).spawn().status;
  Deno.exit(code);
}
