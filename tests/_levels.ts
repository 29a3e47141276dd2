/** Tests at one SIMD level after another: at those of this processor, and at `plain` where its emulation takes no minutes. */

import { simdLevel } from "../mod.ts";
import { levels } from "../src/ffi.ts";
import { testNeeding } from "./_machine.ts";

type Level = typeof levels[number];

/** Whether this processor has that level. */
function isHere(level: Level): boolean {
  const before = simdLevel(), found = simdLevel(level);
  simdLevel(before);
  return found === level;
}

/** A test for each level, which is the level in use while it runs; levels that this processor has not are ignored. */
export function testAtEachLevel(name: string, fn: (level: Level) => Promise<void>): void {
  for (const level of levels) {
    const test = level === "plain" ? testNeeding("plain") : Deno.test;
    test({
      name: `${name}, at level ${level}`,
      ignore: !isHere(level),
      async fn() {
        const before = simdLevel();
        try {
          simdLevel(level);
          await fn(level);
        } finally {
          simdLevel(before);
        }
      },
    });
  }
}
