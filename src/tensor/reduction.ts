/**
 * Reductions of tensors along axes: sums, means, products, extremes; and their gradients. Elements are gone through in the order in
 * which they lie in memory, by `gradus_tensor_reduce`.
 */
import { Reduction } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import type { Tensor } from "../tensor.ts";
import { plain, type Pullback, record, viewOf } from "./autograd.ts";
import { defaultFloat, type DtypeInfo, dtypeOf, float64, int32, int64, Kind } from "./dtype.ts";
import { converted, copied } from "./kernels.ts";
import { allAxes, checkAxes, checkRowAxis, isSameShape, type Shape, shapeText } from "./layout.ts";
import { cumprod, shifted } from "./scan.ts";
import { View } from "./view.ts";

/** The axes that something is computed along: one, several, or all where none are given. */
export type Axes = number | readonly number[] | undefined;

/** The elements of a view as they lie in memory, row-major as (outer, count, inner), the middle axis to be reduced. */
interface Passage {
  readonly source: View;
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
  /** All axes of the view, in the order in which they lie; those that are reduced are among them. */
  readonly order: readonly number[];
}

/** Without a copy where the elements are dense and the reduced axes lie side by side; else the reduced axes come last in a copy. */
function passage(x: View, axes: readonly number[]): Passage {
  if (x.isContiguous) return grouped(x, x.shape, axes, allAxes(x.shape.length)) ?? reducedLast(x, axes);
  const order = byStride(x), source = x.permuted(order);
  return (source.isContiguous ? grouped(source, x.shape, axes, order) : undefined) ?? reducedLast(x, axes);
}

/** The axes from the largest stride to the smallest. */
function byStride({ shape, strides }: View): number[] {
  return shape.map((_, axis) => axis).sort((a, b) => strides[b] - strides[a]);
}

/** The passage in that order of the axes, or undefined where kept axes lie between reduced ones. */
function grouped(source: View, shape: Shape, axes: readonly number[], order: readonly number[]): Passage | undefined {
  let outer = 1, count = 1, inner = 1, hasReduced = false, isBehind = false;
  for (const axis of order) {
    const size = shape[axis];
    if (size === 1) continue;
    if (axes.includes(axis)) {
      if (isBehind) return undefined;
      hasReduced = true;
      count *= size;
    } else if (hasReduced) {
      isBehind = true;
      inner *= size;
    } else outer *= size;
  }
  return { source, outer, count, inner, order };
}

/** All axes, those among `axes` as the last ones. */
export function axesLast(count: number, axes: readonly number[]): number[] {
  return allAxes(count).filter((axis) => !axes.includes(axis)).concat(axes);
}

function reducedLast(x: View, axes: readonly number[]): Passage {
  const order = axesLast(x.shape.length, axes);
  const source = copied(x.permuted(order));
  return grouped(source, x.shape, axes, order)!;
}

/** The plan of the call that is being made. */
const plan = new Int32Array(6);

/** What is reduced, and how: in the type of `compute`, to one of `dtype`. */
interface Task {
  readonly name: string;
  readonly reduction: number;
  readonly compute: DtypeInfo;
  /** What the native side gives. */
  readonly gives: DtypeInfo;
  readonly dtype: DtypeInfo;
}

/** The reduction of a view along axes. Where elements lie in another order than the axes, those of the result do, too. */
function reduced(
  { name, reduction, compute, gives, dtype }: Task,
  x: View,
  axes: readonly number[],
  keepDims: boolean,
): View {
  const { source, outer, count, inner, order } = passage(converted(x, compute), axes);
  if (count === 0 && reduction >= Reduction.max) refuseNothing(name, x.shape, axes);
  const y = room(gives, x.shape, axes, keepDims, order);
  plan[0] = reduction;
  plan[1] = compute.code;
  plan[2] = source.offset;
  plan[3] = outer;
  plan[4] = count;
  plan[5] = inner;
  const status = native.gradus_tensor_reduce(y.storage.array, source.storage.array, plan);
  if (status !== 0) unwrap(status, name);
  return converted(y, dtype);
}

function refuseNothing(name: string, shape: Shape, axes: readonly number[]): never {
  const axis = axes.find((axis) => shape[axis] === 0);
  throw new GradusError(
    "shape",
    `Cannot ${name} a tensor of shape ${shapeText(shape)}: axis ${axis} has no elements, one is needed at least`,
  );
}

/** Room for the result along axes: its elements follow one another in the order of the axes of the operand. */
function room(
  dtype: DtypeInfo,
  shape: Shape,
  axes: readonly number[],
  keepDims: boolean,
  order: readonly number[],
): View {
  const sizes: number[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    if (!axes.includes(axis)) sizes.push(shape[axis]);
    else if (keepDims) sizes.push(1);
  }
  const y = View.allocate(dtype, sizes);
  if (order === allAxes(shape.length)) return y;
  const strides = new Array<number>(shape.length).fill(0);
  for (let i = order.length - 1, stride = 1; i >= 0; i--) {
    if (axes.includes(order[i])) continue;
    strides[order[i]] = stride;
    stride *= shape[order[i]];
  }
  return y.with(sizes, keepDims ? strides : strides.filter((_, axis) => !axes.includes(axis)));
}

/** What a reduction computes in and gives: floating point gives its own type, other types that of `others`. */
function taskOf(name: string, reduction: number, dtype: DtypeInfo, others: DtypeInfo = dtype): Task {
  const compute = dtypeOf(dtype.compute);
  return { name, reduction, compute, gives: compute, dtype: dtype.kind === Kind.float ? dtype : others };
}

/** The tasks of a reduction by the type of the operand. */
function tasksOf(name: string, reduction: number, others?: DtypeInfo): (dtype: DtypeInfo) => Task {
  const tasks: Task[] = [];
  return (dtype) => tasks[dtype.code] ??= taskOf(name, reduction, dtype, others);
}

const sums = tasksOf("sum", Reduction.sum, int64), products = tasksOf("prod", Reduction.prod, int64);
const squares = tasksOf("sum", Reduction.sumSquares), maxima = tasksOf("max", Reduction.max);
const minima = tasksOf("min", Reduction.min), means = tasksOf("mean", Reduction.mean);
const meanOfIntegers: Task = { ...means(float64), dtype: defaultFloat };

/** Σ x along axes. */
export function sum(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const { dtype, shape } = viewOf(x), list = checkAxes("sum", axes, shape.length);
  return record("sum", reduced(sums(dtype), viewOf(x), list, keepDims), [x], [
    (gradient) => spread(gradient, list, shape),
  ]);
}

/** Σ x² along axes. */
export function sumOfSquares(x: Tensor, axes: Axes, keepDims: boolean): Tensor {
  const view = viewOf(x), list = checkAxes("sum", axes, view.shape.length);
  return record("sum", reduced(squares(view.dtype), view, list, keepDims), [x], [
    (gradient) => spread(gradient.mul(2), list, view.shape).mul(x),
  ], [view]);
}

/** Elements again and again along axes, which are of size 1 or not there at all; the sum along them goes back. */
export function spread(x: Tensor, axes: readonly number[], shape: Shape): Tensor {
  const view = viewOf(x), hasAxes = view.shape.length === shape.length;
  let next = 0;
  const strides = shape.map((_, axis) => {
    const stride = hasAxes || !axes.includes(axis) ? view.strides[next++] : 0;
    return axes.includes(axis) ? 0 : stride;
  });
  return record("expand", view.with(shape, strides), [x], [(gradient) => sum(gradient, axes, hasAxes)]);
}

/** A gradient of a shape that an operand was stretched to, summed up to the operand's shape. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  const { shape: from } = viewOf(gradient);
  if (isSameShape(from, shape)) return gradient;
  const added = from.length - shape.length;
  const axes = allAxes(from.length).filter((i) => i < added || (shape[i - added] === 1 && from[i] !== 1));
  if (added === 0 || axes.length === added) return sum(gradient, axes, added === 0);
  return sum(gradient, axes, true).reshape(shape);
}

/** How many elements come together. */
export function countOf(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((count, axis) => count * shape[axis], 1);
}

/** The mean along axes; of integers as float32. */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const { dtype, shape } = viewOf(x), list = checkAxes("mean", axes, shape.length);
  const task = dtype.kind === Kind.float ? means(dtype) : meanOfIntegers;
  return record("mean", reduced(task, viewOf(x), list, keepDims), [x], [
    (gradient) => spread(gradient.div(countOf(shape, list)), list, shape),
  ]);
}

/** The largest elements along axes. */
export function max(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return extreme(maxima, x, axes, keepDims);
}

/** The smallest elements along axes. */
export function min(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return extreme(minima, x, axes, keepDims);
}

/** The gradient of an extreme is shared equally by the elements that are equal to it. */
function extreme(tasks: typeof maxima, x: Tensor, axes: Axes, keepDims: boolean): Tensor {
  const view = viewOf(x), task = tasks(view.dtype), list = checkAxes(task.name, axes, view.shape.length);
  const y = reduced(task, view, list, keepDims);
  const pullback: Pullback = (gradient) => {
    const isExtreme = x.eq(spread(plain(y), list, view.shape)).to(x.dtype);
    return isExtreme.mul(spread(gradient.div(sum(isExtreme, list, keepDims)), list, view.shape));
  };
  return record(task.name, y, [x], [pullback], [view, y]);
}

/** The number of the first largest element along an axis, or among all, the last axis counting fastest. */
export function argmax(x: Tensor, axis?: number, keepDims = false): Tensor {
  return argExtreme("argmax", Reduction.argmax, x, axis, keepDims);
}

/** The number of the first smallest element. */
export function argmin(x: Tensor, axis?: number, keepDims = false): Tensor {
  return argExtreme("argmin", Reduction.argmin, x, axis, keepDims);
}

function argExtreme(name: string, reduction: number, x: Tensor, axis: number | undefined, keepDims: boolean): Tensor {
  const view = viewOf(x), axes = view.shape.length, compute = dtypeOf(view.dtype.compute);
  // Numbers among all elements count in the order of the axes, not of memory.
  const source = axis === undefined && !view.isContiguous ? copied(view, compute) : view;
  const list = axis === undefined ? allAxes(axes) : [checkRowAxis(name, axis, axes)];
  return plain(reduced({ name, reduction, compute, gives: int32, dtype: int32 }, source, list, keepDims));
}

/** The product along axes; of integers and bool as int64. The gradient is made without dividing, so that zeros do no harm. */
export function prod(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const view = viewOf(x), list = checkAxes("prod", axes, view.shape.length);
  return record("prod", reduced(products(view.dtype), view, list, keepDims), [x], [
    (gradient) => spread(gradient, list, view.shape).mul(productOfOthers(x, list)),
  ], [view]);
}

/** For each element the product of the other ones along axes: of all before it and of all behind it. */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const { shape } = x, order = axesLast(shape.length, axes), sizes = order.map((axis) => shape[axis]);
  const last = shape.length - axes.length,
    rows = x.permute(order).reshape(sizes.toSpliced(last, axes.length, countOf(shape, axes)));
  const before = productBefore(rows, last), behind = productBefore(rows.flip(last), last).flip(last);
  return before.mul(behind).reshape(sizes).permute(order.map((_, axis) => order.indexOf(axis)));
}

function productBefore(x: Tensor, axis: number): Tensor {
  return shifted(cumprod(x, axis), axis, 1, 1);
}

/** Whether any element is not 0, along axes; of no elements false. */
export function any(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return sum(x.ne(0), axes, keepDims).ne(0);
}

/** Whether all elements are not 0, along axes; of no elements true. */
export function all(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return sum(x.eq(0), axes, keepDims).eq(0);
}
