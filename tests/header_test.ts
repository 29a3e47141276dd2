/** The header alone: what a program in C or C++ has that gets c/gradus.h and the library, and nothing else of gradus. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { targets } from "../build.ts";
import { Job } from "../src/bindings.ts";
import { testNeeding } from "./_machine.ts";

const testWithCompiler = testNeeding("compiler");

const root = new URL("../", import.meta.url);
const header = Deno.readTextFileSync(new URL("c/gradus.h", root)).replaceAll("\r\n", "\n");

/** The program in the comment above the networks. */
function programInHeader(): string {
  const [, lines] = header.match(/^( \* {5}#include <gradus\.h>\n[^]*?^ \* {5}\}) \*\/$/m)!;
  return lines.replaceAll(/^ \*(?: {5})?/gm, "") + "\n";
}

/** Declarations that no compiler takes where the job is not laid out as in src/bindings.ts. */
function layoutChecks(): string {
  const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const check = (name: string, condition: string): string => `typedef char ${name}_is_there[${condition} ? 1 : -1];\n`;
  const fields = Object.entries(Job.fields).map(([name, { offset }]) => {
    const field = snakeCase(name);
    return check(field, `offsetof(struct gradus_job, ${field}) == ${offset}`);
  });
  return `#include <stddef.h>\n${check("job", `sizeof(struct gradus_job) == ${Job.size}`)}${fields.join("")}`;
}

/** Compiles it beside a copy of the header, and runs it if the target is this machine; returns what it prints. */
async function run(program: string, standard: string, target: string): Promise<string> {
  const folder = `.scratch/header-${crypto.randomUUID().slice(0, 8)}`;
  await Deno.mkdir(folder, { recursive: true });
  try {
    await Deno.writeTextFile(`${folder}/gradus.h`, header);
    await Deno.writeTextFile(`${folder}/program.c`, program);
    const args = ["run", "-A", "--no-lock", "tests/_c_program.ts", folder, standard, target];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const standard of ["c99", "c11", "c++11", "c++17"]) {
  testWithCompiler(`gradus.h alone is enough for the program in its comment, in ${standard}`, async () => {
    const printed = await run(programInHeader() + layoutChecks(), standard, Deno.build.target);
    assertEquals(printed, "y = 2.00 x + 1.00, status 0");
  });
}

Deno.test("gradus.h says how large a job is", () => {
  assertStringIncludes(
    header,
    `/* ${Job.size} bytes without padding, the same on every platform. */\nstruct gradus_job {`,
  );
});

testWithCompiler("gradus.h lays out a job as src/bindings.ts does on every other platform", async () => {
  for (const target of Object.keys(targets)) {
    if (target !== Deno.build.target) await run(programInHeader() + layoutChecks(), "c11", target);
  }
});
