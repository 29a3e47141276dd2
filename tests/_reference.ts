/** The reference values of tests/reference, and how numbers are compared with them. */
import { assert } from "@std/assert";

/** Operations of the table that are no methods: what derivatives, and methods of several operations, are made of. */
export const internalOps: readonly string[] = ["leaf", "sign", "step", "finite", "above", "times", "zeroBase"];

/** A file of tests/reference; the words NaN, Infinity and -Infinity become the numbers. */
export async function reference<T>(name: string): Promise<T> {
  const text = await Deno.readTextFile(new URL(`./reference/${name}.json`, import.meta.url));
  return JSON.parse(
    text,
    (_, value) => typeof value === "string" && /^(NaN|-?Infinity)$/.test(value) ? Number(value) : value,
  );
}

/** How far a number may be from the expected one: `relative`·|expected| + `absolute`. */
export interface Tolerance {
  relative: number;
  absolute: number;
}

/** float64 results of some dozen operations each: a few units in the last place. */
export const float64: Tolerance = { relative: 1e-12, absolute: 1e-13 };

/** float32 results after sums of some dozen terms of size 1 and 10 steps: some 50 units in the last place. */
export const float32: Tolerance = { relative: 3e-6, absolute: 3e-6 };

/** Equal, both NaN, or within the tolerance. */
export function isClose(actual: number, expected: number, { relative, absolute }: Tolerance): boolean {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return true;
  return Math.abs(actual - expected) <= relative * Math.abs(expected) + absolute;
}

/** Every number is within the tolerance of the expected one; the message names the first that is not. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what: string,
): void {
  assert(actual.length === expected.length, `${what}: ${actual.length} numbers instead of ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    assert(
      isClose(actual[i], expected[i], tolerance),
      `${what}[${i}] is ${actual[i]} instead of ${expected[i]}, off by ${actual[i] - expected[i]}`,
    );
  }
}
