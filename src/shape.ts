/**
 * Tables of numbers as people have them, turned into one flat typed array of rows. What the numbers mean is left to the
 * callers.
 */
import { numberFromBfloat16 } from "./bfloat16.ts";
import { GradusError } from "./error.ts";
import { shown } from "./options.ts";

/** The element type of parameters and of what is computed with them. */
export type Dtype = "float32" | "float64";

/**
 * A `Float32Array` or a `Float64Array`, by what they have in common: of their union, TypeScript would not let anybody call
 * `reduce`. What the methods do is told where those types are.
 */
export interface Reals extends Iterable<number> {
  /** A number. */
  [index: number]: number;
  /** The memory. */
  readonly buffer: ArrayBuffer;
  /** Its bytes. */
  readonly byteLength: number;
  /** Where it begins in the buffer. */
  readonly byteOffset: number;
  /** How many numbers there are. */
  readonly length: number;
  /** The number there, counting from the end where negative. */
  at(index: number): number | undefined;
  /** Pairs of index and number. */
  entries(): ArrayIterator<[number, number]>;
  /** Whether all numbers satisfy it. */
  every(predicate: (value: number, index: number) => unknown): boolean;
  /** Sets a range of numbers. */
  fill(value: number, start?: number, end?: number): Reals;
  /** A copy of those that satisfy it. */
  filter(predicate: (value: number, index: number) => unknown): Reals;
  /** The first that satisfies it. */
  find(predicate: (value: number, index: number) => unknown): number | undefined;
  /** Where the first is that satisfies it, or -1. */
  findIndex(predicate: (value: number, index: number) => unknown): number;
  /** Calls it with every number. */
  forEach(callback: (value: number, index: number) => void): void;
  /** Whether a number is there. */
  includes(value: number): boolean;
  /** Where a number is first, or -1. */
  indexOf(value: number): number;
  /** All numbers as text. */
  join(separator?: string): string;
  /** A copy of what it gives for every number. */
  map(callback: (value: number, index: number) => number): Reals;
  /** Folds all numbers into one. */
  reduce(callback: (previous: number, value: number, index: number) => number, initial?: number): number;
  /** Folds all numbers into something. */
  reduce<T>(callback: (previous: T, value: number, index: number) => T, initial: T): T;
  /** Copies numbers into it. */
  set(numbers: ArrayLike<number>, offset?: number): void;
  /** A copy of a range. */
  slice(start?: number, end?: number): Reals;
  /** Whether one number satisfies it. */
  some(predicate: (value: number, index: number) => unknown): boolean;
  /** Sorts the numbers in place. */
  sort(compare?: (a: number, b: number) => number): Reals;
  /** A view of a range: the same memory. */
  subarray(start?: number, end?: number): Reals;
}

/** Any typed array of plain numbers. */
export type NumberArray =
  | Reals
  | Float32Array
  | Float64Array
  | Float16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** A flat typed array with its shape, rows first: a `Tensor`, for one. */
export interface Shaped {
  /** The numbers, row after row. */
  readonly data: NumberArray | BigInt64Array;
  /** Rows and columns; `[rows]` alone means one column. */
  readonly shape: readonly number[];
  /** Their type, where the array does not say it: `"bfloat16"` are 16 bits each. */
  readonly dtype?: string;
  /** What each number is multiplied by; default 1. Pictures of bytes become numbers from 0 to 1 with 1 / 255. */
  readonly scale?: number;
}

/**
 * A table of numbers: an array of rows; an array of numbers, where a row has just one; one typed array, row after row; or
 * such an array with its shape.
 */
export type Rows =
  | readonly (readonly number[] | NumberArray)[]
  | readonly number[]
  | NumberArray
  | Shaped;

/** Rows of one width in one typed array. */
export interface Table<Data = Reals> {
  /** The numbers, row after row. */
  readonly data: Data;
  /** How many rows there are. */
  readonly rows: number;
}

/** A new typed array of zeros. */
export function newReals(dtype: Dtype, length: number): Reals {
  return dtype === "float64" ? new Float64Array(length) : new Float32Array(length);
}

/** Whether something is a typed array of plain numbers. */
export function isNumberArray(x: unknown): x is NumberArray {
  return ArrayBuffer.isView(x) && !(x instanceof DataView) &&
    !(x instanceof BigInt64Array) && !(x instanceof BigUint64Array);
}

function isShaped(x: Rows): x is Shaped {
  return typeof x === "object" && x !== null && "data" in x && "shape" in x;
}

/** What a table is of, for messages: `task` completes "Cannot …", `name` names the table: "the inputs". */
export interface TableName {
  readonly task: string;
  readonly name: string;
}

function refuse(code: "shape" | "argument", { task }: TableName, text: string): never {
  throw new GradusError(code, `Cannot ${task}: ${text}`);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/**
 * Rows of `width` numbers as one typed array, which is the given one where that already is of the right type.
 *
 * @throws {GradusError} If a row has another width, a cell is not a number, or the sizes do not fit.
 */
export function toTable(rows: Rows, width: number, dtype: Dtype, what: TableName): Table {
  const flat = flatRows(rows, width, what);
  if (flat) return { data: toReals(flat, dtype), rows: flat.data.length / width };
  const list = rows as readonly unknown[], data = newReals(dtype, list.length * width);
  for (let i = 0; i < list.length; i++) copyRow(data, list[i], i, width, what);
  return { data, rows: list.length };
}

/** Numbers in one array, each to be multiplied by the scale. */
export interface Flat {
  readonly data: NumberArray;
  readonly scale: number;
}

/**
 * Rows that are given as one typed array, with or without a shape; undefined for an array of rows.
 *
 * @throws {GradusError} If the sizes do not fit, the scale is no number, or it is no table at all.
 */
export function flatRows(rows: Rows, width: number, what: TableName): Flat | undefined {
  if (Array.isArray(rows)) return undefined;
  if (isNumberArray(rows)) {
    if (rows.length % width === 0) return { data: rows, scale: 1 };
    refuse(
      "shape",
      what,
      `${what.name} are ${plural(rows.length, "number")} in one array, a multiple of ${width} is needed`,
    );
  }
  const data = isShaped(rows) ? plainNumbers(rows) : undefined;
  if (!isShaped(rows) || data === undefined) {
    refuse("argument", what, `${what.name} are ${shown(rows)}, an array of rows or a typed array is needed`);
  }
  const { shape, scale = 1 } = rows;
  const columns = shape.length === 1 ? 1 : shape[1];
  if (shape.length < 1 || shape.length > 2 || columns !== width || shape[0] * width !== data.length) {
    refuse(
      "shape",
      what,
      `${what.name} have the shape (${shape.join(", ")}) and ${
        plural(data.length, "number")
      }, (rows, ${width}) is needed`,
    );
  }
  if (!Number.isFinite(scale)) {
    refuse("argument", what, `the scale of ${what.name} is ${shown(scale)}, a number is needed`);
  }
  return { data, scale };
}

/** The numbers of an array with its shape, each multiplied by the scale. */
export function numbersOf(shaped: Shaped): NumberArray {
  const data = plainNumbers(shaped) ?? shaped.data as NumberArray, { scale = 1 } = shaped;
  return scale === 1 ? data : Float64Array.from(data, (x) => x * scale);
}

/** Numbers as JavaScript has them, also of bfloat16 and of 64 bits; undefined of what holds none. */
function plainNumbers({ data, dtype }: Shaped): NumberArray | undefined {
  if (data instanceof BigInt64Array) return Float64Array.from(data, Number);
  if (!isNumberArray(data)) return undefined;
  return dtype === "bfloat16" ? Float32Array.from(data, numberFromBfloat16) : data;
}

/** The numbers as reals: the very array where it is of that type and the scale is 1. */
export function toReals({ data, scale }: Flat, dtype: Dtype): Reals {
  const right = dtype === "float64" ? data instanceof Float64Array : data instanceof Float32Array;
  if (right && scale === 1) return data as Reals;
  const reals = newReals(dtype, data.length);
  if (scale === 1) reals.set(data);
  else for (let i = 0; i < data.length; i++) reals[i] = data[i] * scale;
  return reals;
}

function copyRow(data: Reals, row: unknown, i: number, width: number, what: TableName): void {
  const cells = width === 1 && typeof row === "number" ? [row] : row as ArrayLike<unknown>;
  if (!Array.isArray(cells) && !isNumberArray(cells)) {
    refuse(
      "shape",
      what,
      `row ${i} of ${what.name} is ${shown(row)}, an array of ${plural(width, "number")} is needed`,
    );
  }
  if (cells.length !== width) {
    refuse(
      "shape",
      what,
      `row ${i} of ${what.name} has ${plural(cells.length, "number")}, ${width} ${width === 1 ? "is" : "are"} needed`,
    );
  }
  for (let j = 0; j < width; j++) {
    const cell = cells[j];
    if (typeof cell !== "number") {
      refuse("argument", what, `row ${i} of ${what.name} holds ${shown(cell)}, a number is needed`);
    }
    data[i * width + j] = cell;
  }
}
