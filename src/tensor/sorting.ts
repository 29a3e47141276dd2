/** Sorting tensors along an axis: the order is found by `gradus_tensor_sort`, the elements are picked by it. */
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { plain, record, viewOf } from "./autograd.ts";
import { progression } from "./creation.ts";
import { dtypeOf, int32 } from "./dtype.ts";
import { contiguous, converted, copied, fill } from "./kernels.ts";
import { checkAxis, type Shape } from "./layout.ts";
import { axesLast, rearranged } from "./reduction.ts";
import { part } from "./scan.ts";
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
  const along = checkAxis("sort", axis, x.ndim), rows = rearranged(x, axesLast(x.ndim, [along]));
  return pickedBy(rows, orderOf("sort", viewOf(rows), descending), along);
}

/** The numbers of the elements along an axis, in that order. */
export function argsort(x: Tensor, axis: number, descending: boolean): Tensor {
  const along = checkAxis("argsort", axis, x.ndim), rows = rearranged(x, axesLast(x.ndim, [along]));
  return axisBack(plain(orderOf("argsort", viewOf(rows), descending)), along);
}

/** The k largest or smallest elements along an axis, from the first to the last in that order. */
export function topk(x: Tensor, k: number, axis: number, largest: boolean): Sorted {
  const along = checkAxis("topk", axis, x.ndim), size = x.shape[along];
  if (!Number.isInteger(k) || k < 0 || k > size) {
    throw new GradusError(
      "argument",
      `Cannot take the top ${
        shown(k)
      } along axis ${along}: it has ${size} elements, a whole number from 0 to ${size} is needed`,
    );
  }
  const rows = rearranged(x, axesLast(x.ndim, [along])), order = orderOf("topk", viewOf(rows), largest);
  return pickedBy(rows, copied(part(order, x.ndim - 1, 0, k)), along);
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

/** The elements of rows at columns, with the axis at its place again. */
function pickedBy(rows: Tensor, columns: View, axis: number): Sorted {
  return {
    values: axisBack(picked(rows, placesOf(columns, rows.shape)), axis),
    indices: axisBack(plain(columns), axis),
  };
}

/** The last axis as number `axis`. */
function axisBack(x: Tensor, axis: number): Tensor {
  const order = axesLast(x.ndim, [axis]);
  return rearranged(x, order.map((_, i) => order.indexOf(i)));
}

/** The numbers of elements in a row-major shape, of which the columns are given. */
function placesOf(columns: View, shape: Shape): View {
  const n = shape.at(-1)!, starts = shape.slice(0, -1), count = starts.reduce((count, size) => count * size, 1);
  const rows = new View(progression(0, n, count, int32).storage, int32, [...starts, 1]);
  return viewOf(plain(columns).add(plain(rows)));
}

/** The elements at places, numbers in row-major order; the gradient goes there. */
function picked(x: Tensor, places: View): Tensor {
  const view = viewOf(x), source = contiguous(view), y = View.allocate(view.dtype, places.shape);
  if (y.size > 0) {
    const plan = Int32Array.of(view.dtype.bytes, y.size, 1), from = source.storage.array.subarray(source.offset);
    unwrap(native.gradus_tensor_gather(y.storage.array, from, places.storage.array as Int32Array, plan), "sort");
  }
  return record("gather", y, [x], [(gradient) => placed(gradient, places, view.shape)]);
}

/** The elements put at places, each of which is another one, of a tensor of zeros. */
function placed(x: Tensor, places: View, shape: Shape): Tensor {
  const view = viewOf(x), source = contiguous(view), y = View.allocate(view.dtype, shape);
  fill(y, 0);
  if (view.size > 0) {
    const plan = Int32Array.of(view.dtype.code, view.size, 1, 0), from = source.storage.array.subarray(source.offset);
    unwrap(native.gradus_tensor_scatter(y.storage.array, from, places.storage.array as Int32Array, plan), "sort");
  }
  return record("scatter", y, [x], [(gradient) => picked(gradient, places)]);
}
