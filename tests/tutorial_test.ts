/**
 * docs/tutorial.md: what its programs print is what stands in their comments and pictures, and its links lead somewhere.
 * `deno test --doc` runs the same programs for their types and assertions.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";

/** A program of the page, and the pictures between it and the next one. */
interface Program {
  /** The heading of its chapter, and its number there. */
  name: string;
  source: string;
  pictures: string[];
}

const page = new URL("../docs/tutorial.md", import.meta.url);
const markdown = Deno.readTextFileSync(page).replaceAll("\r\n", "\n");
const programs = programsIn(markdown);

function programsIn(markdown: string): Program[] {
  const programs: Program[] = [];
  let chapter = "", count = 0;
  for (const [, heading, kind, text] of markdown.matchAll(/^## (.*)$|^```(.*)\n([^]*?)^```$/gm)) {
    if (heading) [chapter, count] = [heading, 0];
    else if (kind === "ts") programs.push({ name: `${chapter}, program ${++count}`, source: text, pictures: [] });
    else if (kind === "mermaid") programs[programs.length - 1].pictures.push(text);
    else if (kind !== "sh") throw new Error(`Cannot test a block of the kind "${kind}": ts, mermaid or sh is needed`);
  }
  return programs;
}

/** What a program prints: one text for each console.log. */
async function outputOf(source: string): Promise<string[]> {
  const program = source
    .replaceAll('"@gradus/gradus"', JSON.stringify(import.meta.resolve("../mod.ts")))
    .replaceAll('"@std/assert"', JSON.stringify(import.meta.resolve("@std/assert")));
  const output: string[] = [], { log } = console;
  console.log = (...items: unknown[]) => {
    output.push(items.map((item) => typeof item === "string" ? item : Deno.inspect(item)).join(" "));
  };
  try {
    await import(`data:application/typescript,${encodeURIComponent(program)}`);
  } finally {
    console.log = log;
  }
  return output;
}

/** Throws unless every line that a program has printed is one of its comments, in the same order. */
function assertShown(lines: readonly string[], source: string): void {
  const comments = [...source.matchAll(/(?:^|\s)\/\/ (.*)$/gm)].map(([, comment]) => comment);
  let next = 0;
  for (const line of lines) {
    const found = comments.indexOf(line, next);
    assert(
      found >= 0,
      `It prints "${line}", and no comment from there on says so:\n${comments.slice(next).join("\n")}`,
    );
    next = found + 1;
  }
}

for (const { name, source, pictures } of programs) {
  Deno.test(`${name}, prints what the page shows`, async () => {
    const output = await outputOf(source), isPicture = (text: string) => text.startsWith("flowchart ");
    assertShown(output.filter((text) => !isPicture(text)).flatMap((text) => text.split("\n")), source);
    assertEquals(pictures, output.filter(isPicture));
  });
}

Deno.test("Links in the tutorial lead to files and chapters that are there", async () => {
  const prose = markdown.replaceAll(/^```.*\n[^]*?^```$|``.*?``|`[^`]*`/gm, "");
  const chapters = [...prose.matchAll(/^## (.*)$/gm)].map(([, heading]) =>
    "#" + heading.toLowerCase().replaceAll(/[^\p{L}\p{N} -]/gu, "").replaceAll(" ", "-")
  );
  const links = [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
  assertEquals(links.filter((link) => link.startsWith("#")), chapters);
  for (const link of links) {
    if (!/^(#|https:)/.test(link)) await Deno.stat(new URL(link, page));
  }
});

Deno.test("The tutorial quotes c/ops.h as it is", async () => {
  const table = await Deno.readTextFile(new URL("../c/ops.h", page)), [, quoted] = markdown.match(/`(X\(.*?)`/)!;
  assert(table.includes(quoted), quoted);
});

Deno.test("A printed line that no comment shows, and a block that no test runs, are found", () => {
  assertShown(["1", "2"], "console.log(1); // 1\n// 2\n");
  assertThrows(() => assertShown(["1"], "console.log(1); // 2\n"), Error, 'It prints "1"');
  assertThrows(() => assertShown(["2", "1"], "// 1\n// 2\n"), Error, 'It prints "1"');
  assertThrows(() => programsIn("```ts ignore\n```\n"), Error, 'the kind "ts ignore"');
});
