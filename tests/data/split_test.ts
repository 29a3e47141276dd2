/** Holding rows out: sizes, shares of the classes, the same choice for the same seed. */

import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { holdOut } from "../../src/data/split.ts";
import { GradusError } from "../../src/error.ts";

function repeated(counts: number[]): number[] {
  return counts.flatMap((count, number) => new Array(count).fill(number));
}

/** The test rows of each class. */
function heldOut(
  counts: number[],
  fraction: number,
): number[] {
  const classes = repeated(counts);
  const { test } = holdOut(classes.length, { fraction, seed: 7, classes });
  const result = counts.map(() => 0);
  for (const row of test) result[classes[row]]++;
  return result;
}

Deno.test("holdOut() puts every row in one part", () => {
  for (const classes of [undefined, repeated([3, 50, 47])]) {
    const { train, test } = holdOut(100, { fraction: 0.3, seed: 1, classes });
    assertEquals([train.length, test.length], [70, 30]);
    const rows = [...train, ...test].sort((a, b) => a - b);
    assertEquals(rows, Array.from({ length: 100 }, (_, i) => i));
  }
});

Deno.test("holdOut() chooses the same for the same seed, and another for another", () => {
  const classes = repeated([50, 50]);
  const once = holdOut(100, { seed: 3, classes });
  assertEquals(holdOut(100, { seed: 3, classes }), once);
  assertNotEquals(holdOut(100, { seed: 4, classes }), once);
});

Deno.test("holdOut() gives both parts in random order", () => {
  const { train, test } = holdOut(100, { fraction: 0.5, seed: 1 });
  for (const part of [train, test]) {
    assertNotEquals([...part], [...part].sort((a, b) => a - b));
  }
});

Deno.test("holdOut() holds out a fifth by default", () => {
  assertEquals(holdOut(100).test.length, 20);
});

Deno.test("holdOut() holds out nothing with fraction 0", () => {
  const { train, test } = holdOut(10, { fraction: 0 });
  assertEquals([train.length, test.length], [10, 0]);
});

Deno.test("holdOut() keeps a training row, whatever the fraction", () => {
  for (const count of [1, 2, 5]) {
    assertEquals(holdOut(count, { fraction: 0.999 }).train.length, 1);
  }
});

Deno.test("holdOut() takes the same share of every class", () => {
  assertEquals(heldOut([50, 50, 50], 0.2), [10, 10, 10]);
  assertEquals(heldOut([100, 10, 1000], 0.1), [10, 1, 100]);
});

Deno.test("holdOut() gives rows that are due to the largest remainders", () => {
  // 0.25 · (6, 7, 7) = (1.5, 1.75, 1.75): 3 whole and 2 of 5 left.
  assertEquals(heldOut([6, 7, 7], 0.25), [1, 2, 2]);
  // 0.25 · (2, 2, 2) = (0.5, 0.5, 0.5): 2 are due, the first classes give them.
  assertEquals(heldOut([2, 2, 2], 0.25), [1, 1, 0]);
});

Deno.test("holdOut() keeps a training row of every class", () => {
  assertEquals(heldOut([1, 1, 1, 20], 0.5), [0, 0, 0, 11]);
  assertEquals(heldOut([2, 3], 0.9), [1, 2]);
});

Deno.test("holdOut() takes class numbers with gaps, in a typed array", () => {
  const classes = Int32Array.from({ length: 20 }, (_, i) => (i % 2) * 1e9);
  const { test } = holdOut(20, { classes });
  assertEquals([...test].filter((row) => row % 2 === 1).length, 2);
});

Deno.test("holdOut() refuses arguments out of range", () => {
  const cases: [() => unknown, string][] = [
    [() => holdOut(0), "count is 0"],
    [() => holdOut(2.5), "count is 2.5"],
    [() => holdOut(5, { fraction: 1 }), "fraction is 1"],
    [() => holdOut(5, { fraction: -0.1 }), "fraction is -0.1"],
    [() => holdOut(5, { fraction: NaN }), "fraction is NaN"],
    [() => holdOut(5, { classes: [0, 1] }), "2 class numbers for 5 rows"],
    [() => holdOut(2, { classes: [0, -1] }), "the class of row 1 is -1"],
    [() => holdOut(2, { classes: [0, 0.5] }), "the class of row 1 is 0.5"],
    // @ts-expect-error: the name is misspelt on purpose
    [() => holdOut(2, { part: 0.5 }), 'no option "part"'],
  ];
  for (const [fn, message] of cases) {
    const error = assertThrows(fn, GradusError, message);
    assertEquals(error.code, "argument");
  }
});
