/** Runs every program in examples/ with the task `example`, or `example:c`, and compares what it prints with what its head promises. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import settings from "../deno.json" with { type: "json" };
import { testNeeding } from "./_machine.ts";

const root = new URL("../", import.meta.url);
const examples = [...Deno.readDirSync(new URL("examples/", root))]
  .filter(({ name }) => name !== "README.md")
  .map(({ name }) => name)
  .sort();

/** What the head comment of a program says about it. */
interface Head {
  /** The first line that is indented. */
  command: string | undefined;
  /** What stands in its ```text block, without white space at the ends of lines. */
  output: string;
}

function headOf(source: string): Head {
  const comment = source.replaceAll("\r\n", "\n").match(/^\/\*\*?[ \n]([^]*?)\n \*\/\n/)?.[1] ?? "";
  const text = comment.replaceAll(/^ \* ?/gm, "");
  const output = text.match(/^```text\n([^]*?)\n```$/m)?.[1] ?? "";
  if (output.trim() === "") {
    throw new Error("Cannot test this example: its head has no expected output, a ```text block is needed");
  }
  return { command: text.match(/^ {4}(.+)$/m)?.[1], output: trimLines(output) };
}

function trimLines(text: string): string {
  return text.split("\n").map((line) => line.trimEnd()).join("\n").trimEnd();
}

for (const name of examples) {
  const test = testNeeding(name.endsWith(".c") ? "compiler" : "processes");
  test(`examples/${name} prints what its head comment says`, async () => {
    const { command, output } = headOf(await Deno.readTextFile(new URL(`examples/${name}`, root)));
    const task = name.endsWith(".c") ? "example:c" : "example";
    assertEquals(command, `deno task ${task} examples/${name}`);

    const [deno, ...args] = settings.tasks[task].command.split(" ");
    assertEquals(deno, "deno");
    const run = await new Deno.Command(Deno.execPath(), { args: [...args, `examples/${name}`], cwd: root }).output();
    const decoder = new TextDecoder();
    assert(run.success, decoder.decode(run.stderr));
    assertEquals(trimLines(decoder.decode(run.stdout)), output);
  });
}

Deno.test("An example without expected output in its head is refused", () => {
  const heads = [
    "",
    "/**\n * Adds.\n */\n",
    "/**\n * Adds.\n *\n * ```text\n * ```\n */\n",
    "/**\n * ```text\n *\n * ```\n */\n",
  ];
  for (const head of heads) assertThrows(() => headOf(`${head}console.log(1 + 1);\n`), Error, "no expected output");
});

Deno.test("examples/README.md names every example once", async () => {
  const readme = await Deno.readTextFile(new URL("examples/README.md", root));
  const named = [...readme.matchAll(/\]\((\w+\.(?:ts|c))\)/g)].map(([, name]) => name);
  assertEquals(named.sort(), examples);
});
