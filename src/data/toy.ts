/**
 * Small made-up data sets, the same for the same seed; training on them is left to the examples.
 *
 * Moons, circles and their order of classes follow scikit-learn's `make_moons` and `make_circles` (their
 * documentation), with a random generator of our own: the same shapes, not the same points.
 */

import { GradusError } from "../error.ts";
import { Random, Stream } from "../random.ts";
import { checkOptions } from "../options.ts";

/** Rows of inputs, and a class number or a number for each. */
export interface ToyData {
  /** The inputs (n, features). */
  inputs: number[][];
  /** The class number from 0, or the number, of each row. */
  targets: number[];
}

/** {@linkcode ToyData} of a straight line, plane, …, and what it was made from. */
export interface RegressionData extends ToyData {
  /** The weight w of each feature. */
  weights: number[];
  /** The number b added to each w·x. */
  bias: number;
}

/** How {@linkcode makeMoons} makes points. */
export interface MoonsOptions {
  /** The standard deviation of the normal noise added to both coordinates. Default: 0. */
  noise?: number;
  /** Whether the points come in random order; otherwise class after class. Default: true. */
  shuffle?: boolean;
  /** The seed of noise and order. Default: 0. */
  seed?: number;
}

/** How {@linkcode makeCircles} makes points. */
export interface CirclesOptions extends MoonsOptions {
  /** The radius of the inner circle, from 0 to below 1; the outer has 1. Default: 0.8. */
  factor?: number;
}

/** How {@linkcode makeSpirals} makes points. */
export interface SpiralsOptions extends MoonsOptions {
  /** The number of arms, one class each. Default: 2. */
  classes?: number;
  /** How often each arm turns around the centre. Default: 1. */
  rotations?: number;
}

/** How {@linkcode makeRegression} makes rows. */
export interface RegressionOptions {
  /** The number of features. Default: 1, or as many as there are weights. */
  features?: number;
  /** The weight of each feature. Default: drawn from N(0, 1). */
  weights?: number[];
  /** The number added to each w·x. Default: 0. */
  bias?: number;
  /** The standard deviation of the normal noise added to each target. Default: 0. */
  noise?: number;
  /** The seed of inputs, weights and noise. Default: 0. */
  seed?: number;
}

const planeOptions = ["noise", "shuffle", "seed"];

/**
 * Two half circles that interlock: ⌊n/2⌋ points (cos t, sin t) of class 0, the others
 * (1 − cos t, 0.5 − sin t) of class 1, with t evenly from 0 to π.
 *
 * @example Four points without noise
 * ```ts
 * import { makeMoons } from "@gradus/gradus";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const { inputs, targets } = makeMoons(4, { shuffle: false });
 * assertEquals(targets, [0, 0, 1, 1]);
 * assertEquals(inputs[0], [1, 0]);
 * assertAlmostEquals(inputs[1][0], -1);
 * ```
 *
 * @throws {GradusError} With code `"argument"` if n or an option is out of range.
 */
export function makeMoons(n: number, options: MoonsOptions = {}): ToyData {
  checkOptions("makeMoons()", options, planeOptions);
  checkCount("n", n, 2);
  const outer = Math.floor(n / 2);
  const inner = n - outer;
  const angle = (i: number, count: number): number => count === 1 ? 0 : Math.PI * i / (count - 1);
  const points: [number, number, number][] = [];
  for (let i = 0; i < outer; i++) {
    const t = angle(i, outer);
    points.push([Math.cos(t), Math.sin(t), 0]);
  }
  for (let i = 0; i < inner; i++) {
    const t = angle(i, inner);
    points.push([1 - Math.cos(t), 0.5 - Math.sin(t), 1]);
  }
  return finish(points, options);
}

/**
 * Two circles around 0: ⌊n/2⌋ points of class 0 with radius 1, the others of class 1 with radius `factor`,
 * evenly around.
 *
 * @example Radii
 * ```ts
 * import { makeCircles } from "@gradus/gradus";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const { inputs, targets } = makeCircles(10, { factor: 0.5 });
 * for (const [i, [x, y]] of inputs.entries()) {
 *   assertAlmostEquals(Math.hypot(x, y), targets[i] === 0 ? 1 : 0.5);
 * }
 * ```
 *
 * @throws {GradusError} With code `"argument"` if n or an option is out of range.
 */
export function makeCircles(n: number, options: CirclesOptions = {}): ToyData {
  checkOptions("makeCircles()", options, [...planeOptions, "factor"]);
  const { factor = 0.8 } = options;
  checkCount("n", n, 2);
  check(
    factor >= 0 && factor < 1,
    "factor",
    factor,
    "a number from 0 to below 1",
  );
  const outer = Math.floor(n / 2);
  const points: [number, number, number][] = [];
  for (let i = 0; i < n; i++) {
    const isOuter = i < outer;
    const t = 2 * Math.PI *
      (isOuter ? i / outer : (i - outer) / (n - outer));
    const radius = isOuter ? 1 : factor;
    points.push([radius * Math.cos(t), radius * Math.sin(t), isOuter ? 0 : 1]);
  }
  return finish(points, options);
}

/**
 * Spiral arms around 0, one class each: point i of m in arm k of K is at radius r = (i + 1)/m and angle
 * 2π(k/K + rotations · r). The first classes have a point more if K does not divide n.
 *
 * @example Three arms
 * ```ts
 * import { makeSpirals } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const { targets } = makeSpirals(7, { classes: 3, shuffle: false });
 * assertEquals(targets, [0, 0, 0, 1, 1, 2, 2]);
 * ```
 *
 * @throws {GradusError} With code `"argument"` if n or an option is out of range.
 */
export function makeSpirals(n: number, options: SpiralsOptions = {}): ToyData {
  checkOptions("makeSpirals()", options, [
    ...planeOptions,
    "classes",
    "rotations",
  ]);
  const { classes = 2, rotations = 1 } = options;
  checkCount("classes", classes, 1);
  checkCount("n", n, classes);
  check(Number.isFinite(rotations), "rotations", rotations, "a finite number");
  const points: [number, number, number][] = [];
  for (let k = 0; k < classes; k++) {
    const count = Math.floor(n / classes) + (k < n % classes ? 1 : 0);
    for (let i = 0; i < count; i++) {
      const radius = (i + 1) / count;
      const t = 2 * Math.PI * (k / classes + rotations * radius);
      points.push([radius * Math.cos(t), radius * Math.sin(t), k]);
    }
  }
  return finish(points, options);
}

/**
 * A linear relation with noise: x ~ N(0, 1) for each feature, y = w·x + bias + N(0, noise).
 *
 * @example y = 2x − 1
 * ```ts
 * import { makeRegression } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const { inputs, targets } = makeRegression(5, { weights: [2], bias: -1 });
 * assertEquals(targets, inputs.map(([x]) => 2 * x - 1));
 * ```
 *
 * @throws {GradusError} With code `"argument"` if n or an option is out of range.
 */
export function makeRegression(
  n: number,
  options: RegressionOptions = {},
): RegressionData {
  const known = ["features", "weights", "bias", "noise", "seed"];
  checkOptions("makeRegression()", options, known);
  const { bias = 0, noise = 0, seed = 0 } = options;
  const { features = options.weights?.length ?? 1 } = options;
  checkCount("n", n, 1);
  checkCount("features", features, 1);
  checkNoise(noise);
  check(Number.isFinite(bias), "bias", bias, "a finite number");
  const random = new Random(seed, Stream.data);
  const draw = (): number[] => Array.from({ length: features }, () => random.normal());
  const weights = [...options.weights ?? draw()];
  check(
    weights.length === features && weights.every(Number.isFinite),
    "weights",
    `[${weights}]`,
    `a finite number for each of ${features} features`,
  );
  const inputs = Array.from({ length: n }, draw);
  const targets = inputs.map((row) => {
    const y = row.reduce((sum, x, i) => sum + weights[i] * x, 0) + bias;
    return noise > 0 ? y + random.normal(0, noise) : y;
  });
  return { inputs, targets, weights, bias };
}

/**
 * Exclusive or: the four pairs of 0 and 1, and 1 where they differ. No straight line divides its classes.
 *
 * @example All of it
 * ```ts
 * import { xor } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(xor().inputs, [[0, 0], [0, 1], [1, 0], [1, 1]]);
 * assertEquals(xor().targets, [0, 1, 1, 0]);
 * ```
 */
export function xor(): ToyData {
  return { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [0, 1, 1, 0] };
}

/** Shuffles points (x, y, class) and adds noise. */
function finish(
  points: [number, number, number][],
  options: MoonsOptions,
): ToyData {
  const { noise = 0, shuffle = true, seed = 0 } = options;
  checkNoise(noise);
  const random = new Random(seed, Stream.data);
  const order = shuffle ? random.permutation(points.length) : points.keys();
  const inputs: number[][] = [];
  const targets: number[] = [];
  for (const i of order) {
    const [x, y, target] = points[i];
    inputs.push(
      noise > 0 ? [x + random.normal(0, noise), y + random.normal(0, noise)] : [x, y],
    );
    targets.push(target);
  }
  return { inputs, targets };
}

function checkCount(name: string, value: number, least: number): void {
  check(
    Number.isInteger(value) && value >= least && value < 2 ** 32,
    name,
    value,
    `a whole number from ${least}`,
  );
}

function checkNoise(noise: number): void {
  check(
    noise >= 0 && noise < Infinity,
    "noise",
    noise,
    "a finite number from 0",
  );
}

function check(
  holds: boolean,
  name: string,
  value: unknown,
  need: string,
): void {
  if (!holds) {
    throw new GradusError(
      "argument",
      `Cannot make data: ${name} is ${value}, ${need} is needed`,
    );
  }
}
