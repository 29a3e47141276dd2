/** Options objects: a misspelt or unusable option is refused in one sentence instead of being ignored. */
import { GradusError } from "./error.ts";

/** How a value is shown in a message. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return `an object (${value.constructor?.name ?? "plain"})`;
  return typeof value === "function" ? "a function" : String(value);
}

/** Throws when `options` is no plain object or has a name that is not among `known`. `what` completes "Cannot use …". */
export function checkOptions(
  what: string,
  options: object,
  known: readonly string[],
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new GradusError("argument", `Cannot use ${what}: they are ${shown(options)}, an object is needed`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new GradusError(
      "argument",
      `Cannot use ${what}: there is no option "${name}", one of ${known.join(", ")} is needed`,
    );
  }
}

/** Bounds of a number, with the words that tell them. */
export interface Range {
  /** Whether a number is allowed. */
  readonly allows: (x: number) => boolean;
  /** What is allowed: "a number above 0". */
  readonly words: string;
}

/** 0, 1, 2, … up to the largest whole number that is exact. */
export const seedRange: Range = {
  allows: (x) => Number.isSafeInteger(x) && x >= 0,
  words: `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
};

/** 1, 2, 3, … as far as the native side counts. */
export const countRange: Range = {
  allows: (x) => Number.isInteger(x) && x >= 1 && x < 2 ** 31,
  words: "a whole number from 1 to 2147483647",
};

/** Any number above 0. */
export const positiveRange: Range = {
  allows: (x) => x > 0 && x < Infinity,
  words: "a number above 0",
};

/** Any number from 0 on. */
export const nonNegativeRange: Range = {
  allows: (x) => x >= 0 && x < Infinity,
  words: "a number of at least 0",
};

/** 0 ≤ x < 1. */
export const fractionRange: Range = {
  allows: (x) => x >= 0 && x < 1,
  words: "a number of at least 0 and below 1",
};

/** 0 ≤ x ≤ 1. */
export const unitRange: Range = {
  allows: (x) => x >= 0 && x <= 1,
  words: "a number from 0 to 1",
};

/** Returns `value` if it is a number in the range; throws otherwise. `what` completes "Cannot use …". */
export function checkNumber(what: string, value: unknown, range: Range): number {
  if (typeof value === "number" && range.allows(value)) return value;
  throw new GradusError("argument", `Cannot use ${what} ${shown(value)}: ${range.words} is needed`);
}

/** Returns `value` if it is true or false; throws otherwise. `what` completes "Cannot use …". */
export function checkBoolean(what: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new GradusError("argument", `Cannot use ${what} ${shown(value)}: true or false is needed`);
}

/** Returns `value` if it is one of the names; throws otherwise. `what` completes "Cannot use …". */
export function checkName<Name extends string>(
  what: string,
  value: unknown,
  names: readonly Name[],
): Name {
  if (names.includes(value as Name)) return value as Name;
  throw new GradusError(
    "argument",
    `Cannot use ${what} ${shown(value)}: one of ${names.join(", ")} is needed`,
  );
}
