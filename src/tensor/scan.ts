/** Running sums and products of tensors along an axis, and their gradients. */
import { Reduction } from "../bindings.ts";
import { native, unwrap } from "../ffi.ts";
import type { Tensor } from "../tensor.ts";
import { record, viewOf } from "./autograd.ts";
import { dtypeOf, int64, Kind } from "./dtype.ts";
import { contiguous, converted, copy, fill } from "./kernels.ts";
import { checkRowAxis, sizeOf } from "./layout.ts";
import { View } from "./view.ts";

/** The plan of the call that is being made. */
const plan = new Int32Array(6);

/** y[i] of x[0] … x[i] along an axis; of integers and bool as int64. */
function scanned(task: string, reduction: number, x: View, axis: number): View {
  const { shape, dtype } = x, source = contiguous(converted(x, dtypeOf(dtype.compute)));
  const y = View.allocate(source.dtype, shape);
  const outer = sizeOf(shape.slice(0, axis)), inner = sizeOf(shape.slice(axis + 1));
  plan.set([reduction, source.dtype.code, source.offset, outer, shape[axis], inner]);
  unwrap(native.gradus_tensor_scan(y.storage.array, source.storage.array, plan), task);
  return converted(y, dtype.kind === Kind.float ? dtype : int64);
}

/** y[i] = x[0] + … + x[i] along an axis. */
export function cumsum(x: Tensor, axis: number): Tensor {
  const view = viewOf(x), along = checkRowAxis("cumsum", axis, view.shape.length);
  if (view.shape.length === 0) return cumsum(x.reshape([1]), along).reshape([]);
  return record("cumsum", scanned("cumsum", Reduction.sum, view, along), [x], [
    (gradient) => cumsum(gradient.flip(along), along).flip(along),
  ]);
}

/** y[i] = x[0]·…·x[i] along an axis. */
export function cumprod(x: Tensor, axis: number): Tensor {
  const view = viewOf(x), along = checkRowAxis("cumprod", axis, view.shape.length);
  if (view.shape.length === 0) return cumprod(x.reshape([1]), along).reshape([]);
  const y = scanned("cumprod", Reduction.prod, view, along);
  const result: Tensor = record("cumprod", y, [x], [
    (gradient) => shifted(result, along, 1, 1).mul(recurrence(gradient, shifted(x, along, -1, 0), along)),
  ], [view, y]);
  return result;
}

/**
 * s[i] = b[i] + a[i]·s[i + 1] along an axis, from the last one, which is b, backwards. Every step doubles how many elements ahead
 * have come in, so that there are as many steps as the size has binary digits.
 */
function recurrence(b: Tensor, a: Tensor, axis: number): Tensor {
  let s = b, factor = a;
  for (let ahead = 1; ahead < b.shape[axis]; ahead *= 2) {
    s = s.add(factor.mul(shifted(s, axis, -ahead, 0)));
    factor = factor.mul(shifted(factor, axis, -ahead, 0));
  }
  return s;
}

/** y[i] = x[i − by] along an axis, and `value` where there is no such element. */
export function shifted(x: Tensor, axis: number, by: number, value: number): Tensor {
  const view = viewOf(x), y = View.allocate(view.dtype, view.shape), size = view.shape[axis];
  const free = Math.min(Math.abs(by), size), rest = size - free;
  fill(part(y, axis, by > 0 ? 0 : rest, free), value);
  copy(part(y, axis, by > 0 ? free : 0, rest), part(view, axis, by > 0 ? 0 : free, rest));
  return record("shift", y, [x], [(gradient) => shifted(gradient, axis, -by, 0)]);
}

/** `length` elements along an axis, from `start` on. */
function part(x: View, axis: number, start: number, length: number): View {
  const shape = x.shape.with(axis, length);
  return x.with(shape, x.strides, x.offset + start * x.strides[axis]);
}
