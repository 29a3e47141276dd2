/** Divides rows into those to train on and those held out; what the rows hold is left to preprocessing.ts. */

import { GradusError } from "../error.ts";
import { Random, Stream } from "../random.ts";
import { checkOptions } from "../options.ts";

/** How {@linkcode holdOut} divides. */
export interface HoldOutOptions {
  /** The part of the rows to hold out, from 0 (none) to below 1. Default: 0.2. */
  fraction?: number;
  /** The seed of the random choice. Default: 0. */
  seed?: number;
  /** The class number of each row; each class then gives its share. Default: none, rows are all alike. */
  classes?: ArrayLike<number>;
}

/** The rows to train on and the rows held out, by number from 0; every row is in one of them. */
export interface HoldOut {
  /** The rows to train on, in random order, never empty. */
  train: Uint32Array;
  /** The rows held out, in random order; empty if the fraction of the rows rounds to 0. */
  test: Uint32Array;
}

/**
 * Chooses round(fraction · count) of `count` rows to hold out, the same for the same seed. Both parts are
 * in random order, so that training in the order given sees the classes mixed.
 *
 * With `classes`, class c with n_c rows gives fraction · n_c of them, rounded down; the rows that are still
 * due go one each to the classes with the largest remainder (the lower class number first). Every class
 * keeps at least one row to train on, so that fewer may be held out where classes are small.
 *
 * @example A fifth of three classes
 * ```ts
 * import { holdOut } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const classes = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2];
 * const { train, test } = holdOut(classes.length, { seed: 42, classes });
 * assertEquals(train.length, 12);
 * assertEquals(Array.from(test, (row) => classes[row]).sort(), [0, 1, 2]);
 * ```
 *
 * @throws {GradusError} With code `"argument"` if `count` is not a whole number above 0, the fraction is outside
 * 0 ≤ fraction < 1, or `classes` does not hold one whole number from 0 per row.
 */
export function holdOut(count: number, options: HoldOutOptions = {}): HoldOut {
  checkOptions("holdOut()", options, ["fraction", "seed", "classes"]);
  const { fraction = 0.2, seed = 0, classes } = options;
  if (!(Number.isInteger(count) && count >= 1 && count < 2 ** 32)) {
    throw cannotHoldOut(`count is ${count}, a whole number above 0`);
  }
  if (!(fraction >= 0 && fraction < 1)) {
    throw cannotHoldOut(
      `fraction is ${fraction}, a number from 0 to below 1`,
    );
  }
  const due = Math.round(fraction * count);
  const quotas = classes === undefined
    ? new Map([[0, Math.min(due, count - 1)]])
    : quotasOf(countClasses(classes, count), fraction, due);
  const train: number[] = [];
  const test: number[] = [];
  for (const row of new Random(seed, Stream.split).permutation(count)) {
    const number = classes?.[row] ?? 0;
    const quota = quotas.get(number)!;
    if (quota > 0) {
      test.push(row);
      quotas.set(number, quota - 1);
    } else {
      train.push(row);
    }
  }
  return { train: Uint32Array.from(train), test: Uint32Array.from(test) };
}

function countClasses(
  classes: ArrayLike<number>,
  count: number,
): Map<number, number> {
  if (classes.length !== count) {
    throw cannotHoldOut(
      `there are ${classes.length} class numbers for ${count} rows, one per row`,
    );
  }
  const counts = new Map<number, number>();
  for (let row = 0; row < count; row++) {
    const number = classes[row];
    if (!(Number.isInteger(number) && number >= 0)) {
      throw cannotHoldOut(
        `the class of row ${row} is ${number}, a whole number from 0`,
      );
    }
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

/** How many rows each class gives: `due` in all by largest remainder, but never its last row. */
function quotasOf(
  counts: Map<number, number>,
  fraction: number,
  due: number,
): Map<number, number> {
  const shares = [...counts].map(([number, size]) => {
    const exact = fraction * size;
    const quota = Math.min(Math.floor(exact), size - 1);
    return { number, size, quota, remainder: exact - quota };
  });
  shares.sort((a, b) => b.remainder - a.remainder || a.number - b.number);
  let left = due - shares.reduce((sum, { quota }) => sum + quota, 0);
  for (const share of shares) {
    if (left <= 0) break;
    if (share.quota === share.size - 1) continue;
    share.quota++;
    left--;
  }
  return new Map(shares.map(({ number, quota }) => [number, quota]));
}

function cannotHoldOut(what: string): GradusError {
  return new GradusError("argument", `Cannot hold out rows: ${what} is needed`);
}
