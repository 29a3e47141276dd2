/** Sorting tensors along an axis: the order is found by `gradus_tensor_sort`, the elements are gathered by it. */
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { plain, record, viewOf } from "./autograd.ts";
import { bool, dtypeOf, int32 } from "./dtype.ts";
import { gathered } from "./indexing.ts";
import { contiguous, converted, fill } from "./kernels.ts";
import { checkRowAxis } from "./layout.ts";
import { Storage } from "./storage.ts";
import { View } from "./view.ts";

/** Elements in order, and where they were. */
export interface Sorted {
  /** The elements. */
  readonly values: Tensor;
  /** Their numbers along the axis, as int32. */
  readonly indices: Tensor;
}

/** The elements along an axis from the smallest to the largest, or the other way round. */
export function sort(x: Tensor, axis: number, descending: boolean): Sorted {
  const along = checkRowAxis("sort", axis, x.ndim);
  return first("sort", x, sizeAlong(x, along), along, descending);
}

/** The numbers of the elements along an axis, in that order. */
export function argsort(x: Tensor, axis: number, descending: boolean): Tensor {
  const along = checkRowAxis("argsort", axis, x.ndim);
  if (x.ndim === 0) return argsort(x.reshape([1]), along, descending).reshape([]);
  return plain(orderOf("argsort", viewOf(x.moveaxis(along, -1)), descending)).moveaxis(-1, along);
}

/** The k largest or smallest elements along an axis, from the first to the last in that order. */
export function topk(x: Tensor, k: number, axis: number, largest: boolean): Sorted {
  const along = checkRowAxis("topk", axis, x.ndim), size = sizeAlong(x, along);
  if (!Number.isInteger(k) || k < 0 || k > size) {
    throw new GradusError(
      "argument",
      `Cannot take the top ${
        shown(k)
      } along axis ${along}: it has ${size} elements, a whole number from 0 to ${size} is needed`,
    );
  }
  return first("topk", x, k, along, largest);
}

/** The different elements, and how to get back to all. */
export interface Unique {
  /** The different elements, from the smallest to the largest. */
  readonly values: Tensor;
  /** For each element its number among them, as int32, in the shape of the tensor. */
  readonly inverse: Tensor;
  /** How often each is there, as int32. */
  readonly counts: Tensor;
}

/** The different elements; each NaN is one of its own, as it is equal to none. */
export function unique(x: Tensor): Unique {
  const flat = plain(contiguous(viewOf(x))).reshape([-1]), { values, indices } = sort(flat, 0, false), { size } = flat;
  const isFirst = plain(bools(size)), order = viewOf(indices), inverse = View.allocate(int32, viewOf(x).shape);
  if (size > 1) isFirst.narrow(0, 1, size - 1).copy_(values.narrow(0, 1, size - 1).ne(values.narrow(0, 0, size - 1)));
  const flags = viewOf(isFirst).storage.array as Uint8Array, from = order.storage.array as Int32Array;
  const to = inverse.storage.array as Int32Array, starts: number[] = [];
  for (let i = 0; i < size; i++) {
    if (flags[i] !== 0) starts.push(i);
    to[from[order.offset + i]] = starts.length - 1;
  }
  const counts = Int32Array.from(starts, (start, i) => (starts[i + 1] ?? size) - start);
  const result = record("unique", viewOf(values.masked(isFirst)), [x], [refuseGradient]);
  return {
    values: result,
    inverse: plain(inverse),
    counts: plain(new View(new Storage(counts), int32, [counts.length])),
  };
}

/** True everywhere. */
function bools(size: number): View {
  const y = View.allocate(bool, [size]);
  fill(y, true);
  return y;
}

function refuseGradient(): never {
  throw new GradusError(
    "state",
    "Cannot differentiate unique(): its values have no gradient, sort() or detach() before it is needed",
  );
}

/** How many elements there are along an axis; a single element is a row of one. */
function sizeAlong({ shape }: Tensor, axis: number): number {
  return shape.length === 0 ? 1 : shape[axis];
}

/** The first k elements along an axis, in order. */
function first(name: string, x: Tensor, k: number, axis: number, descending: boolean): Sorted {
  if (x.ndim === 0) {
    const { values, indices } = first(name, x.reshape([1]), k, axis, descending), shape = k === 1 ? [] : [k];
    return { values: values.reshape(shape), indices: indices.reshape(shape) };
  }
  const rows = x.moveaxis(axis, -1), order = plain(orderOf(name, viewOf(rows), descending));
  const columns = order.narrow(-1, 0, k).contiguous();
  const values = gathered(name, rows, offsetsOf(viewOf(columns), x.shape[axis]), 1, columns.shape);
  return { values: values.moveaxis(-1, axis), indices: columns.moveaxis(-1, axis) };
}

/** The columns of the elements of each row, the last axis, in order. */
function orderOf(task: string, x: View, descending: boolean): View {
  const order = View.allocate(int32, x.shape), source = contiguous(converted(x, dtypeOf(x.dtype.compute)));
  if (x.size === 0) return order;
  const n = x.shape.at(-1)!, scratch = new Float64Array(3 * n + 1);
  const plan = Int32Array.of(source.dtype.code, x.size / n, n, source.offset, descending ? 1 : 0);
  unwrap(native.gradus_tensor_sort(order.storage.array, source.storage.array, scratch, plan), task);
  return order;
}

/** Where the elements in columns of rows of n are, row after row. */
function offsetsOf(columns: View, n: number): Int32Array<ArrayBuffer> {
  const { storage, offset, size, shape } = columns, array = storage.array as Int32Array, k = shape.at(-1)!;
  const offsets = new Int32Array(size);
  for (let i = 0, row = 0; i < size; row += n) {
    for (const end = i + k; i < end; i++) offsets[i] = row + array[offset + i];
  }
  return offsets;
}
