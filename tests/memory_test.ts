/** Resident memory stays flat in synchronous loops, where nothing is freed by hand and no finalizer ever runs. */
import { assert } from "@std/assert";
import { testNeeding } from "./_machine.ts";
import { loopLimits } from "./_memory_loops.ts";

const test = testNeeding("processes");

for (const [name, limit] of loopLimits) {
  test(`Memory stays flat in a synchronous loop that ${name}`, async () => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", "--allow-ffi=lib/", "tests/_memory_loops.ts", name],
      cwd: new URL("../", import.meta.url),
    }).output();
    const growth = new TextDecoder().decode(stdout).trim();
    assert(growth !== "", new TextDecoder().decode(stderr));
    assert(Number(growth) < limit, `grew by ${growth} MB`);
  });
}
