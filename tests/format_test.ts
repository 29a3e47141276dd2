/** What `deno fmt` does not see: the C sources, which are formatted by hand. */
import { assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);

function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* filesIn(`${folder}${name}/`);
    else if (/\.(c|h|cpp)$/.test(name)) yield `${folder}${name}`;
  }
}

/** The lines of all C sources that `isWrong` finds, by file and number. */
function linesThat(isWrong: (line: string) => boolean): string[] {
  return ["c/", "tests/c/", "bench/", "examples/", "tools/"].flatMap((folder) => [...filesIn(folder)]).flatMap(
    (file) => {
      const lines = Deno.readTextFileSync(new URL(file, root)).split("\n");
      return lines.flatMap((line, i) => isWrong(line) ? [`${file}:${i + 1}`] : []);
    },
  );
}

Deno.test("C sources keep within 120 columns", () => {
  assertEquals(linesThat((line) => [...line].length > 120), []);
});

Deno.test("C sources have neither tabs nor spaces at the end of a line", () => {
  assertEquals(linesThat((line) => line.includes("\t") || line.endsWith(" ")), []);
});
