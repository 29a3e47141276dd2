/** Reductions of tensors along axes: sums, means, products, extremes; and their gradients. */
import { Reduction } from "../bindings.ts";
import { native, unwrap } from "../ffi.ts";
import type { Tensor } from "../tensor.ts";
import { plain, record, viewOf } from "./autograd.ts";
import { type DtypeInfo, dtypeOf } from "./dtype.ts";
import { contiguous, converted } from "./kernels.ts";
import { checkAxes, isSameShape, type Shape, sizeOf } from "./layout.ts";
import { View } from "./view.ts";

/** The plan of the call that is being made. */
const plan = new Int32Array(6);

/**
 * The reduction of a view along axes, as a view of the other axes. Where elements lie in another order than the axes, the result
 * does, too, instead of copying them.
 */
function reduced(task: string, reduction: number, x: View, axes: readonly number[], dtype: DtypeInfo): View {
  const others = x.shape.map((_, i) => i).filter((axis) => !axes.includes(axis));
  const source = contiguous(converted(permuted(x, [...others, ...axes]), dtypeOf(x.dtype.compute)));
  const shape = others.map((axis) => x.shape[axis]), y = View.allocate(dtype, shape);
  plan.set([reduction, source.dtype.code, source.offset, y.size, sizeOf(axes.map((axis) => x.shape[axis])), 1]);
  unwrap(native.gradus_tensor_reduce(y.storage.array, source.storage.array, plan), task);
  return y;
}

/** The axes in another order. */
function permuted(x: View, order: readonly number[]): View {
  return x.with(order.map((axis) => x.shape[axis]), order.map((axis) => x.strides[axis]));
}

/** Σ x along axes. */
export function sum(x: Tensor, axes?: number | readonly number[], keepDims = false): Tensor {
  const view = viewOf(x), list = checkAxes("sum", axes, view.shape.length);
  const y = reduced("sum", Reduction.sum, view, list, view.dtype);
  const kept = view.shape.map((size, i) => list.includes(i) ? 1 : size);
  return record("sum", keepDims ? new View(y.storage, y.dtype, kept) : y, [x], [
    (gradient) => plain(new View(viewOf(gradient).storage, y.dtype, kept).stretched(view.shape)),
  ]);
}

/** A gradient of a shape that an operand was stretched to, summed up to the operand's shape. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  const { shape: from } = viewOf(gradient);
  if (isSameShape(from, shape)) return gradient;
  const added = from.length - shape.length;
  const axes = from.map((_, i) => i).filter((i) => i < added || (shape[i - added] === 1 && from[i] !== 1));
  return sum(gradient, axes, true).reshape(shape);
}
