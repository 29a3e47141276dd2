/**
 * Inputs of a network as the native side takes them: float32, float64 and bytes with a scale go there as they are, and are
 * converted row by row as they are used; everything else becomes an array of the network's type first.
 */
import { Inputs as Kind } from "./bindings.ts";
import type { Job } from "./job.ts";
import { type Dtype, flatRows, newReals, type Reals, type Rows, type TableName, toReals, toTable } from "./shape.ts";

/** Rows of inputs. */
export interface InputRows {
  readonly rows: number;
  /** The numbers of a row. */
  readonly width: number;
  /** The numbers, row after row, each to be multiplied by the scale. */
  readonly data: Reals | Uint8Array | Uint8ClampedArray;
  readonly scale: number;
}

/**
 * Rows of `width` inputs.
 *
 * @throws {GradusError} If a row has another width, a cell is not a number, or the sizes do not fit.
 */
export function toInputs(rows: Rows, width: number, dtype: Dtype, what: TableName): InputRows {
  const flat = flatRows(rows, width, what);
  if (flat === undefined) return { ...toTable(rows, width, dtype, what), width, scale: 1 };
  const { data, scale } = flat, count = data.length / width;
  if (isBytes(data)) return { rows: count, width, data, scale };
  const isReal = data instanceof Float32Array || data instanceof Float64Array;
  return { rows: count, width, data: isReal && scale === 1 ? data as Reals : toReals(flat, dtype), scale: 1 };
}

function isBytes(data: unknown): data is Uint8Array | Uint8ClampedArray {
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
}

/** Tells a job how its inputs are given. */
export function setInputs(job: Job, { data, scale }: InputRows): void {
  job.set("inputsKind", isBytes(data) ? Kind.uint8 : data instanceof Float64Array ? Kind.float64 : Kind.float32);
  job.set("inputScale", scale);
}

/** Some of the rows, in an array of the network's type. */
export function selectRows(inputs: InputRows, chosen: readonly number[], dtype: Dtype): InputRows {
  const { width, data, scale } = inputs, reals = newReals(dtype, chosen.length * width);
  const factor = dtype === "float32" ? Math.fround(scale) : scale; // as in c/mlp.c
  chosen.forEach((row, i) => {
    for (let j = 0; j < width; j++) reals[i * width + j] = data[row * width + j] * factor;
  });
  return { rows: chosen.length, width, data: reals, scale: 1 };
}
