/** Made-up data: shapes by formula, order, noise, seeds. */

import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { makeCircles, makeMoons, makeRegression, makeSpirals, type ToyData, xor } from "../../src/data/toy.ts";
import { GradusError } from "../../src/error.ts";

function assertPoints(actual: number[][], expected: number[][]): void {
  assertEquals(actual.length, expected.length);
  for (const [i, point] of expected.entries()) {
    for (const [j, x] of point.entries()) {
      assertAlmostEquals(actual[i][j], x, 1e-15, `point ${i}`);
    }
  }
}

const makers: [
  string,
  (options: { noise?: number; seed?: number }) => ToyData,
][] = [
  ["makeMoons", (options) => makeMoons(400, options)],
  ["makeCircles", (options) => makeCircles(400, options)],
  ["makeSpirals", (options) => makeSpirals(400, options)],
];

Deno.test("makeMoons() has scikit-learn's half circles", () => {
  const { inputs, targets } = makeMoons(7, { shuffle: false });
  assertEquals(targets, [0, 0, 0, 1, 1, 1, 1]);
  const h = Math.sqrt(3) / 2;
  assertPoints(inputs, [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, 0.5],
    [0.5, 0.5 - h],
    [1.5, 0.5 - h],
    [2, 0.5],
  ]);
});

Deno.test("makeMoons() makes one point of each class from n = 2", () => {
  const { inputs, targets } = makeMoons(2, { shuffle: false });
  assertEquals(targets, [0, 1]);
  assertPoints(inputs, [[1, 0], [0, 0.5]]);
});

Deno.test("makeCircles() has scikit-learn's circles", () => {
  const { inputs, targets } = makeCircles(8, { factor: 0.5, shuffle: false });
  assertEquals(targets, [0, 0, 0, 0, 1, 1, 1, 1]);
  const circle = [[1, 0], [0, 1], [-1, 0], [0, -1]];
  assertPoints(inputs, [...circle, ...circle.map(([x, y]) => [x / 2, y / 2])]);
});

Deno.test("makeSpirals() turns each arm by its share of the circle", () => {
  const options = { classes: 2, rotations: 0.5, shuffle: false };
  const { inputs, targets } = makeSpirals(4, options);
  assertEquals(targets, [0, 0, 1, 1]);
  assertPoints(inputs, [[0, 0.5], [-1, 0], [0, -0.5], [1, 0]]);
});

Deno.test("makeRegression() is w·x + bias without noise", () => {
  const { inputs, targets, weights, bias } = makeRegression(50, {
    features: 3,
    bias: 2,
    seed: 5,
  });
  assertEquals([weights.length, bias], [3, 2]);
  for (const [i, row] of inputs.entries()) {
    const y = row[0] * weights[0] + row[1] * weights[1] + row[2] * weights[2];
    assertEquals(targets[i], y + 2);
  }
});

Deno.test("makeRegression() adds noise of the deviation asked for", () => {
  const options = { weights: [0], noise: 3, seed: 1 };
  const { targets } = makeRegression(4000, options);
  const variance = targets.reduce((sum, y) => sum + y * y, 0) / 4000;
  // The deviation of a sample of 4000 is itself within 1.1 % (one standard error).
  assertAlmostEquals(Math.sqrt(variance), 3, 0.15);
});

Deno.test("xor() is new for every call", () => {
  xor().inputs[0][0] = 5;
  assertEquals(xor().inputs[0][0], 0);
});

for (const [name, make] of makers) {
  Deno.test(`${name}() is the same for the same seed, and another for another`, () => {
    const once = make({ noise: 0.1, seed: 3 });
    assertEquals(make({ noise: 0.1, seed: 3 }), once);
    assertNotEquals(make({ noise: 0.1, seed: 4 }), once);
  });

  Deno.test(`${name}() mixes the classes`, () => {
    const { targets } = make({ seed: 1 });
    const changes = targets.filter((t, i) => i > 0 && t !== targets[i - 1]);
    // About half of 399 neighbours differ in a random order; 1 would in order of class.
    assert(changes.length > 150 && changes.length < 250, `${changes.length}`);
  });

  Deno.test(`${name}() moves points by noise of the deviation asked for`, () => {
    const plain = make({ seed: 1 }).inputs.flat();
    const noisy = make({ seed: 1, noise: 0.2 }).inputs.flat();
    const squares = plain.reduce((sum, x, i) => sum + (noisy[i] - x) ** 2, 0);
    // 800 draws: within 2.5 % (one standard error).
    assertAlmostEquals(Math.sqrt(squares / plain.length), 0.2, 0.02);
  });
}

Deno.test("Makers of toy data refuse arguments out of range", () => {
  const cases: [() => unknown, string][] = [
    [() => makeMoons(1), "n is 1"],
    [() => makeMoons(2.5), "n is 2.5"],
    [() => makeMoons(10, { noise: -1 }), "noise is -1"],
    [() => makeMoons(10, { noise: NaN }), "noise is NaN"],
    [() => makeCircles(10, { factor: 1 }), "factor is 1"],
    [() => makeSpirals(2, { classes: 3 }), "n is 2, a whole number from 3"],
    [() => makeSpirals(9, { rotations: Infinity }), "rotations is Infinity"],
    [() => makeRegression(0), "n is 0"],
    [() => makeRegression(5, { features: 2, weights: [1] }), "weights is [1]"],
    [() => makeRegression(5, { bias: NaN }), "bias is NaN"],
    // @ts-expect-error: the name is misspelt on purpose
    [() => makeMoons(10, { noize: 0.1 }), 'no option "noize"'],
  ];
  for (const [fn, message] of cases) {
    const error = assertThrows(fn, GradusError, message);
    assertEquals(error.code, "argument");
  }
});
