/**
 * The seeded generator: Philox4x32-10, and the numbers, orders and streams drawn from it.
 * It needs no native code; c/rng.c is its twin and gives the same bits.
 *
 * Sources: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011;
 * Wichura, Algorithm AS 241, Applied Statistics 37 (1988); Lemire, ACM TOMACS 29 (2019).
 *
 * @module
 */

import { GradusError } from "./error.ts";

const TWO_32 = 2 ** 32;

/**
 * Numbers of the streams that one seed is divided into, each a range of 2^32, so that drawing more
 * from one never changes another. A stream of a range is its first number plus 0..2^32-1.
 *
 * @example Initial weights and noise from one seed, independent of each other
 * ```ts
 * import { Random, Stream } from "@gradus/gradus";
 * import { assertNotEquals } from "@std/assert";
 *
 * const weights = new Random(42, Stream.init);
 * const noise = new Random(42, Stream.noise);
 * assertNotEquals(weights.normal(), noise.normal());
 * ```
 */
export const Stream: {
  /** Initial parameters. */
  readonly init: number;
  /** Dividing data into training and validation parts. */
  readonly split: number;
  /** Made-up data. */
  readonly data: number;
  /** Noise during training (Langevin, dropout). */
  readonly noise: number;
  /** Random tensors: the first with a seed of their own, the n-th draw without one the n-th after it. */
  readonly tensor: number;
} = { init: 0, split: TWO_32, data: 2 * TWO_32, noise: 3 * TWO_32, tensor: 5 * TWO_32 };

/**
 * The stream that shuffles one epoch: 4·2^32 + `epoch`. Training that resumes at an epoch thus sees
 * the order it would have seen without the pause.
 *
 * @example Two epochs, two orders
 * ```ts
 * import { Random, shuffleStream } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const first = new Random(42, shuffleStream(0)).permutation(4);
 * const second = new Random(42, shuffleStream(1)).permutation(4);
 * assertEquals([...first].sort(), [...second].sort());
 * ```
 *
 * @param epoch A whole number from 0 to 2^32 - 1.
 * @throws {GradusError} If `epoch` is anything else.
 */
export function shuffleStream(epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= TWO_32) {
    throw new GradusError(
      "argument",
      `Cannot shuffle epoch ${epoch}: a whole number from 0 to 4294967295 is needed`,
    );
  }
  return 4 * TWO_32 + epoch;
}

/**
 * A sequence of random numbers that depends on a seed and a stream alone: equal on every platform,
 * to the bit, and in C.
 *
 * Philox encrypts a counter under the seed: block i of stream s is four 32-bit words,
 * philox(key = seed, counter = (i, s)). All seeds and streams give independent sequences.
 *
 * @example The same seed gives the same numbers
 * ```ts
 * import { Random } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const random = new Random(42);
 * assertEquals(random.uint32(), new Random(42).uint32());
 * ```
 */
export class Random {
  readonly #keyLow: number;
  readonly #keyHigh: number;
  readonly #streamLow: number;
  readonly #streamHigh: number;
  #indexLow = 0;
  #indexHigh = 0;
  readonly #block = new Uint32Array(4);
  #used = 4;

  /**
   * Starts at the beginning of a stream.
   *
   * @param seed A whole number from 0 to 2^53 - 1.
   * @param stream A whole number from 0 to 2^53 - 1: see {@linkcode Stream}.
   * @throws {GradusError} If either is anything else.
   */
  constructor(seed: number, stream = 0) {
    for (const number of [seed, stream]) {
      if (!Number.isSafeInteger(number) || number < 0) {
        throw new GradusError(
          "argument",
          `Cannot seed a generator with ${number}: a whole number from 0 to 9007199254740991 is needed`,
        );
      }
    }
    this.#keyLow = seed >>> 0;
    this.#keyHigh = Math.floor(seed / TWO_32);
    this.#streamLow = stream >>> 0;
    this.#streamHigh = Math.floor(stream / TWO_32);
  }

  /**
   * The next 32 random bits, as a number from 0 to 2^32 - 1.
   *
   * @example Bits
   * ```ts
   * import { Random } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(new Random(0).uint32(), 0x6627e8d5);
   * ```
   */
  uint32(): number {
    if (this.#used === 4) this.#nextBlock();
    return this.#block[this.#used++];
  }

  /**
   * A number from [`low`, `high`): low + (high - low)·u, with u a multiple of 2^-53 in [0, 1), from
   * 53 of the next 64 bits. (Rounding may give `high` itself where the interval is no wider than a few
   * units in its last place.)
   *
   * @example A throw of a coin
   * ```ts
   * import { Random } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const heads = new Random(42).uniform() < 0.5;
   * assertEquals(heads, new Random(42).uniform(-1, 1) < 0);
   * ```
   */
  uniform(low = 0, high = 1): number {
    const a = this.uint32() >>> 5, b = this.uint32() >>> 6;
    return low + (high - low) * ((a * 2 ** 26 + b) * 2 ** -53);
  }

  /**
   * A normal number with the given mean and standard deviation: mean + std·Φ⁻¹(u), u uniform. One
   * uniform gives one normal, so it can be reproduced and counted.
   *
   * @example Mean and standard deviation
   * ```ts
   * import { Random } from "@gradus/gradus";
   * import { assertAlmostEquals } from "@std/assert";
   *
   * const random = new Random(42);
   * let sum = 0;
   * for (let i = 0; i < 10_000; i++) sum += random.normal(5, 2);
   * assertAlmostEquals(sum / 10_000, 5, 0.1);
   * ```
   */
  normal(mean = 0, std = 1): number {
    // The middle of the uniform's cell, less 1/2: exact and symmetric about 0.
    return mean + std * normalQuantile((this.uniform() - 0.5) + 2 ** -54);
  }

  /**
   * A whole number from 0 to `n` - 1, each equally likely.
   *
   * @example A die
   * ```ts
   * import { Random } from "@gradus/gradus";
   * import { assert } from "@std/assert";
   *
   * const pips = new Random(42).integer(6) + 1;
   * assert(pips >= 1 && pips <= 6);
   * ```
   *
   * @param n A whole number from 1 to 2^32 - 1.
   * @throws {GradusError} If `n` is anything else.
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n >= TWO_32) {
      throw new GradusError(
        "argument",
        `Cannot draw a number below ${n}: a whole number from 1 to 4294967295 is needed`,
      );
    }
    // The high half of x·n is unbiased once the lowest 2^32 mod n of the low halves are refused.
    let x = this.uint32();
    if (Math.imul(x, n) >>> 0 < n) {
      const refused = (TWO_32 - n) % n;
      while (Math.imul(x, n) >>> 0 < refused) x = this.uint32();
    }
    return multiplyHigh(x, n);
  }

  /**
   * The numbers 0 to `n` - 1 in a random order, all orders equally likely (Fisher and Yates).
   *
   * @example Every number once
   * ```ts
   * import { Random } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const order = new Random(42).permutation(5);
   * assertEquals([...order].sort(), [0, 1, 2, 3, 4]);
   * ```
   *
   * @param n A whole number from 0 to 2^32 - 1.
   * @throws {GradusError} If `n` is anything else.
   */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    if (!Number.isInteger(n) || n < 0 || n >= TWO_32) {
      throw new GradusError(
        "argument",
        `Cannot permute ${n} numbers: a whole number from 0 to 4294967295 is needed`,
      );
    }
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1), swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    return order;
  }

  /**
   * Puts `array` into a random order, in place, and returns it. The order is the one that
   * {@linkcode Random.permutation} gives: `shuffled[i] = array[permutation[i]]`.
   *
   * @example Cards
   * ```ts
   * import { Random } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const cards = ["ace", "king", "queen"];
   * assertEquals(new Random(42).shuffle(cards), cards);
   * ```
   */
  shuffle<T>(array: T[]): T[] {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.integer(i + 1), swap = array[i];
      array[i] = array[j];
      array[j] = swap;
    }
    return array;
  }

  #nextBlock(): void {
    // Words and keys are 32-bit integers of either sign: V8 keeps those in registers.
    let x0 = this.#indexLow | 0, x1 = this.#indexHigh | 0;
    let x2 = this.#streamLow | 0, x3 = this.#streamHigh | 0;
    let k0 = this.#keyLow | 0, k1 = this.#keyHigh | 0;
    for (let round = 0; round < 10; round++) {
      const high0 = multiplyHigh(x0, 0xD2511F53);
      const high1 = multiplyHigh(x2, 0xCD9E8D57);
      const low0 = Math.imul(x0, 0xD2511F53), low1 = Math.imul(x2, 0xCD9E8D57);
      x0 = high1 ^ x1 ^ k0;
      x1 = low1;
      x2 = high0 ^ x3 ^ k1;
      x3 = low0;
      k0 = (k0 + 0x9E3779B9) | 0;
      k1 = (k1 + 0xBB67AE85) | 0;
    }
    this.#block[0] = x0;
    this.#block[1] = x1;
    this.#block[2] = x2;
    this.#block[3] = x3;
    this.#used = 0;
    this.#indexLow = (this.#indexLow + 1) >>> 0;
    if (this.#indexLow === 0) this.#indexHigh++;
  }
}

/** floor(a·b / 2^32) for 32-bit words of either sign, read as unsigned; by halves, as on paper. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xFFFF, a1 = a >>> 16, b0 = b & 0xFFFF, b1 = b >>> 16;
  const middle = Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16) | 0;
  const cross = Math.imul(a0, b1) + (middle & 0xFFFF) | 0;
  return (Math.imul(a1, b1) + (middle >>> 16) + (cross >>> 16)) >>> 0;
}

const bits = new DataView(new ArrayBuffer(8));

/** The natural logarithm for 0 < x < 1/2, normal: the operations of c/rng.c, in the same order. */
function logarithm(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let e = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xFFFFF) | 0x3FF00000);
  let m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m = m / 2;
    e = e + 1;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let q = 1 / 21;
  for (let n = 19; n >= 3; n -= 2) q = q * z + 1 / n;
  let r = s * z;
  r = r * q;
  r = r + s;
  r = r + r;
  return e * LN2_HIGH + (r + e * LN2_LOW);
}

/** ln 2 in two parts: 0x1.62e42fefa3800p-1 and 0x1.ef35793c76730p-45. */
const LN2_HIGH = 0x162E42FEFA38 * 2 ** -45;
const LN2_LOW = 0x1EF35793C76730 * 2 ** -97;

/** The z with Φ(z) = 1/2 + q, for |q| < 1/2: Wichura's PPND16. */
function normalQuantile(q: number): number {
  const size = Math.abs(q);
  if (size <= 0.425) return q * ratio(A, B, 0.180625 - q * q);
  const r = Math.sqrt(-logarithm(0.5 - size));
  const z = r <= 5 ? ratio(C, D, r - 1.6) : ratio(E, F, r - 5);
  return q < 0 ? -z : z;
}

function ratio(
  numerator: readonly number[],
  denominator: readonly number[],
  r: number,
): number {
  let p = numerator[7], q = denominator[7];
  for (let i = 6; i >= 0; i--) {
    p = p * r + numerator[i];
    q = q * r + denominator[i];
  }
  return p / q;
}

// deno-fmt-ignore
const A = [
  3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
  4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
];
// deno-fmt-ignore
const B = [
  1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
  2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
];
// deno-fmt-ignore
const C = [
  1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
  1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
];
// deno-fmt-ignore
const D = [
  1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
  1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
];
// deno-fmt-ignore
const E = [
  6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
  2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
// deno-fmt-ignore
const F = [
  1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
  7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
];
