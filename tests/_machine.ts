/** Tests that need what not every machine has, nor one that tools/platforms/run only plays. */

import { environment } from "../src/library.ts";

/**
 * To start processes, a compiler, the speed of a real processor, that the level `plain`, which emulates fma, takes no minutes, or
 * that a file can be replaced while it is open.
 */
export type Need = "processes" | "compiler" | "speed" | "plain" | "replacing";

/** From the environment, as in `processes: why there are none; speed: why it is slow`. */
const lacking = new Map(
  (environment("GRADUS_TESTS_WITHOUT") ?? "").split(";").map((entry) => {
    const [need, reason = ""] = entry.split(":");
    return [need.trim(), reason.trim()];
  }),
);

/** `Deno.test` for tests that need something: they run unless that is said to be lacking, and then their names say why. */
export function testNeeding(need: Need): typeof Deno.test {
  const reason = lacking.get(need);
  return ((test: string | Deno.TestDefinition, fn?: Deno.TestDefinition["fn"]) => {
    const { name, ...definition } = typeof test === "string" ? { name: test, fn: fn! } : test;
    Deno.test({
      ...definition,
      name: reason === undefined ? name : `${name}: NOT RUN, ${reason}`,
      ignore: definition.ignore || reason !== undefined,
    });
  }) as typeof Deno.test;
}
