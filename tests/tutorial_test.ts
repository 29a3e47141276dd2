/**
 * docs/tutorial.md: what its programs print is what stands in their comments and pictures, and its links lead somewhere.
 * `deno test --doc` runs the same programs for their types and assertions.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";

/** A fenced block: what stands after the opening fence, and what stands between. */
interface Block {
  info: string;
  text: string;
}

const page = new URL("../docs/tutorial.md", import.meta.url);
const markdown = Deno.readTextFileSync(page).replaceAll("\r\n", "\n");
const blocks = [...markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, info, text]): Block => ({ info, text }));
const prose = markdown.replaceAll(/^```.*\n[^]*?^```$/gm, "").replaceAll(/``.*?``|`[^`]*`/g, "");

/** What a program prints, one text for each console.log. */
async function outputOf(program: string): Promise<string[]> {
  const source = program
    .replaceAll('"@gradus/gradus"', JSON.stringify(import.meta.resolve("../mod.ts")))
    .replaceAll('"@std/assert"', JSON.stringify(import.meta.resolve("@std/assert")));
  const output: string[] = [], log = console.log;
  console.log = (...items: unknown[]) => {
    output.push(items.map((item) => typeof item === "string" ? item : Deno.inspect(item)).join(" "));
  };
  try {
    await import(`data:application/typescript,${encodeURIComponent(source)}`);
  } finally {
    console.log = log;
  }
  return output;
}

/** Throws unless every line that a program prints is a comment of it, in this order. */
function assertCommented(lines: readonly string[], program: string): void {
  const comments = [...program.matchAll(/(?:^|\s)\/\/ (.*)$/gm)].map(([, comment]) => comment);
  let next = 0;
  for (const line of lines) {
    const found = comments.indexOf(line, next);
    assert(found >= 0, `It prints "${line}", and no comment from here on says so:\n${comments.slice(next).join("\n")}`);
    next = found + 1;
  }
}

let title = "";
for (const [, heading, info, text] of markdown.matchAll(/^## (.*)$|^```(.*)\n([^]*?)^```$/gm)) {
  if (heading) title = heading;
  if (info !== "ts") continue;
  const pictures = blocks.slice(blocks.findIndex((block) => block.text === text) + 1);
  Deno.test(`${title}: the program that begins with ${text.split("\n")[3]} prints what the page shows`, async () => {
    const output = await outputOf(text), isPicture = (text: string) => text.startsWith("flowchart ");
    assertCommented(output.filter((text) => !isPicture(text)).flatMap((text) => text.split("\n")), text);
    output.filter(isPicture).forEach((picture, i) => assertEquals(pictures[i], { info: "mermaid", text: picture }));
  });
}

Deno.test("Each picture in the tutorial is printed by the program before it", () => {
  blocks.forEach(({ info }, i) => {
    if (info === "mermaid") assert(blocks[i - 1].info === "ts" && blocks[i - 1].text.includes("toMermaid("));
  });
  assert(blocks.some(({ info }) => info === "mermaid"));
});

Deno.test("Every program in the tutorial is run", () => {
  const kinds = new Set(blocks.map(({ info }) => info));
  assertEquals([...kinds].filter((kind) => !["ts", "mermaid", "sh"].includes(kind)), []);
});

Deno.test("Links in the tutorial lead to files and chapters that are there", async () => {
  const chapters = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    "#" + heading.toLowerCase().replaceAll(/[^\p{L}\p{N} -]/gu, "").replaceAll(" ", "-")
  );
  const links = [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
  assert(links.length > 20);
  for (const link of links) {
    if (link.startsWith("#")) assert(chapters.includes(link), `There is no chapter ${link}`);
    else if (!link.startsWith("https://")) await Deno.stat(new URL(link, page));
  }
});

Deno.test("A printed line that no comment shows is found", () => {
  assertCommented(["1", "2"], "console.log(1); // 1\n// 2\n");
  assertThrows(() => assertCommented(["1"], "console.log(1); // 2\n"), Error, 'It prints "1"');
  assertThrows(() => assertCommented(["2", "1"], "// 1\n// 2\n"), Error, 'It prints "1"');
});
