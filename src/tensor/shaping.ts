/** Views of the same elements in other shapes and orders, and how gradients go back through them. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { type Pullback, record, viewOf } from "./autograd.ts";
import { copied, copy, fill } from "./kernels.ts";
import {
  allAxes,
  broadcastShape,
  checkAxes,
  checkAxis,
  checkShape,
  isSameShape,
  type Shape,
  shapeText,
  sizeOf,
} from "./layout.ts";
import { sumTo } from "./reduction.ts";
import { View } from "./view.ts";

/** Which part of a view is looked at; it asks for nothing but shape and strides. */
export type Part = (view: View) => View;

/** Some of the elements, as a view; the gradient of the others is 0. */
export function part(name: string, x: Tensor, of: Part): Tensor {
  const { shape } = viewOf(x);
  return record(name, of(viewOf(x)), [x], [(gradient) => placed(name, gradient, shape, of)]);
}

/** Zeros of a shape, but for a part, which has these elements. */
function placed(name: string, x: Tensor, shape: Shape, of: Part): Tensor {
  const view = viewOf(x), y = View.allocate(view.dtype, shape);
  fill(y, 0);
  copy(of(y), view);
  return record(name, y, [x], [(gradient) => part(name, gradient, of)]);
}

/** The elements in another shape: a view where strides allow that, else a copy. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const view = viewOf(x), sizes = completed("reshape", shape, view.size);
  return reshaped("reshape", x, sizes, stridesFor(view, sizes) === undefined ? copied(view) : view);
}

/** The same, but only as a view. */
export function asShape(x: Tensor, shape: Shape): Tensor {
  const view = viewOf(x), sizes = completed("view", shape, view.size);
  if (stridesFor(view, sizes) !== undefined) return reshaped("view", x, sizes, view);
  throw new GradusError(
    "shape",
    `Cannot view a tensor of shape ${shapeText(view.shape)} as ${shapeText(sizes)}: its strides are ${
      shapeText(view.strides)
    }, elements would have to be copied, which reshape() does`,
  );
}

function reshaped(name: string, x: Tensor, shape: Shape, source: View): Tensor {
  const own = viewOf(x).shape;
  return record(name, source.with(shape, stridesFor(source, shape)!), [x], [(gradient) => reshape(gradient, own)]);
}

/** A shape in which one size may be −1: what is left for it. */
function completed(task: string, shape: Shape, size: number): number[] {
  const open = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  const sizes = checkShape(`${task} a tensor`, open < 0 ? shape : shape.with(open, 1)), others = sizeOf(sizes);
  if (open >= 0) sizes[open] = size / others;
  if (sizes.every(Number.isInteger) && sizeOf(sizes) === size) return sizes;
  throw new GradusError(
    "shape",
    `Cannot ${task} a tensor of ${size} elements as ${shapeText(shape)}: that is ${
      open < 0 ? others : `a multiple of ${others}`
    }, as many are needed`,
  );
}

/**
 * The strides that a view has in another shape; undefined if there are none. Axes whose elements follow one another are a run,
 * and each run has to be cut into axes of the new shape.
 */
function stridesFor({ shape, strides, size }: View, to: Shape): number[] | undefined {
  const result = new Array<number>(to.length).fill(1);
  if (size === 0) return result;
  let axis = shape.length - 1, run = 1, stride = 1;
  const nextRun = () => {
    run = 1;
    while (axis >= 0 && shape[axis] === 1) axis--;
    if (axis < 0) return;
    stride = strides[axis];
    for (; axis >= 0 && (shape[axis] === 1 || strides[axis] === stride * run); axis--) run *= shape[axis];
  };
  for (let i = to.length - 1; i >= 0; i--) {
    if (to[i] === 1) continue;
    if (run === 1) nextRun();
    if (run % to[i] !== 0) return undefined;
    result[i] = stride;
    stride *= to[i];
    run /= to[i];
  }
  return result;
}

/** The axes from `start` to `end`, both included, as one. */
export function flatten(x: Tensor, start: number, end: number): Tensor {
  const { shape } = viewOf(x), count = Math.max(shape.length, 1);
  const from = checkAxis("flatten a tensor", start, count), to = checkAxis("flatten a tensor", end, count);
  if (shape.length === 0) return reshape(x, [1]);
  if (from > to) {
    throw new GradusError(
      "shape",
      `Cannot flatten axes ${start} to ${end} of a tensor of shape ${shapeText(shape)}: the first lies behind the last`,
    );
  }
  return reshape(x, [...shape.slice(0, from), sizeOf(shape.slice(from, to + 1)), ...shape.slice(to + 1)]);
}

/** The axes in another order: axis i of the result is axis order[i]. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  const view = viewOf(x), task = "permute a tensor";
  if (!Array.isArray(order)) {
    throw new GradusError("shape", `Cannot ${task}: the order is ${shown(order)}, an array of axes is needed`);
  }
  const axes = order.map((axis) => checkAxis(task, axis, view.shape.length));
  if (axes.length !== view.shape.length || new Set(axes).size !== axes.length) {
    throw new GradusError(
      "shape",
      `Cannot permute a tensor of shape ${shapeText(view.shape)} by (${order.join(", ")}): each axis is needed once`,
    );
  }
  return permuted("permute", x, axes);
}

function permuted(name: string, x: Tensor, axes: readonly number[]): Tensor {
  const back = axes.map((_, axis) => axes.indexOf(axis));
  return record(name, viewOf(x).permuted(axes), [x], [(gradient) => permuted(name, gradient, back)]);
}

/** Throws unless the offset of a diagonal is a whole number. `task` completes "Cannot …". */
export function checkWhole(task: string, offset: unknown): void {
  if (Number.isInteger(offset)) return;
  throw new GradusError("argument", `Cannot ${task}: the diagonal is ${shown(offset)}, a whole number is needed`);
}

/** Two axes exchanged. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  const { shape } = viewOf(x), axes = shape.map((_, i) => i);
  const first = checkAxis("transpose a tensor", a, axes.length),
    second = checkAxis("transpose a tensor", b, axes.length);
  [axes[first], axes[second]] = [second, first];
  return permuted("transpose", x, axes);
}

/** All axes in reverse order. */
export function reversedAxes(x: Tensor): Tensor {
  return permuted("T", x, viewOf(x).shape.map((_, i) => i).reverse());
}

/** Axes at other places; the others stay in their order. */
export function moveaxis(x: Tensor, from: number | readonly number[], to: number | readonly number[]): Tensor {
  const count = viewOf(x).shape.length, sources = distinctAxes(from, count), places = distinctAxes(to, count);
  if (sources.length !== places.length) {
    throw new GradusError(
      "shape",
      `Cannot move axes of a tensor: there are ${sources.length} axes and ${places.length} places, one for each is needed`,
    );
  }
  const axes = new Array<number>(count), others = allAxes(count).filter((axis) => !sources.includes(axis)).values();
  places.forEach((place, i) => axes[place] = sources[i]);
  for (let i = 0; i < count; i++) axes[i] ??= others.next().value!;
  return permuted("moveaxis", x, axes);
}

/** One axis or several, in the order in which they are given. */
function distinctAxes(given: number | readonly number[], count: number): number[] {
  const task = "move axes of a tensor", axes = [given].flat().map((axis) => checkAxis(task, axis, count));
  const twice = axes.find((axis, i) => axes.indexOf(axis) !== i);
  if (twice === undefined) return axes;
  throw new GradusError("shape", `Cannot ${task}: axis ${twice} is given twice`);
}

/** Without the axes of size 1 among the given ones; without any of that size, if none are given. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const { shape } = viewOf(x), list = checkAxes("squeeze a tensor", axes, shape.length);
  return reshape(x, shape.filter((size, i) => size !== 1 || !list.includes(i)));
}

/** With an axis of size 1 more. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const { shape } = viewOf(x), place = checkAxis("unsqueeze a tensor", axis, shape.length + 1);
  return reshape(x, shape.toSpliced(place, 0, 1));
}

/** Axes of size 1 stretched; −1 leaves an axis as it is. */
export function expand(x: Tensor, shape: Shape): Tensor {
  const own = viewOf(x).shape, added = Array.isArray(shape) ? shape.length - own.length : 0;
  const sizes = Array.isArray(shape)
    ? shape.map((size, i) => size === -1 && i >= added ? own[i - added] : size)
    : shape;
  return stretched("expand", x, checkShape("expand a tensor", sizes));
}

/** Stretched to a shape, as operands are. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return stretched("broadcastTo", x, checkShape("broadcast a tensor", shape));
}

/** A tensor stretched to a shape, whose gradient is summed back. */
export function stretched(name: string, x: Tensor, shape: Shape): Tensor {
  const view = viewOf(x);
  if (isSameShape(view.shape, shape)) return x;
  if (!isSameShape(broadcastShape(name, view.shape, shape), shape)) {
    throw new GradusError(
      "shape",
      `Cannot ${name} a tensor of shape ${shapeText(view.shape)} to ${
        shapeText(shape)
      }: only axes of size 1 can be stretched`,
    );
  }
  return record(name, view.stretched(shape), [x], [summingTo(view.shape)]);
}

function summingTo(shape: Shape): Pullback {
  return (gradient) => sumTo(gradient, shape);
}

/** The elements in reverse order along axes. */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  const view = viewOf(x), list = checkAxes("flip a tensor", axes, view.shape.length);
  const strides = view.strides.map((stride, i) => list.includes(i) ? -stride : stride);
  const end = list.reduce((offset, i) => offset + Math.max(view.shape[i] - 1, 0) * view.strides[i], view.offset);
  return record("flip", view.with(view.shape, strides, end), [x], [(gradient) => flip(gradient, list)]);
}

/** The same elements, one after the other in memory. */
export function contiguousTensor(x: Tensor): Tensor {
  const view = viewOf(x);
  return view.isContiguous ? x : record("contiguous", copied(view), [x], [(gradient) => gradient]);
}

/** The elements whose indices along two axes differ by `offset`, as a last axis. */
export function diagonal(x: Tensor, offset: number, axes: readonly [number, number]): Tensor {
  const task = "take a diagonal of a tensor", { shape: { length } } = viewOf(x);
  if (!Array.isArray(axes) || axes.length !== 2) {
    throw new GradusError("shape", `Cannot ${task}: the axes are ${shown(axes)}, an array of two is needed`);
  }
  const [a, b] = axes.map((axis) => checkAxis(task, axis, length));
  checkWhole(task, offset);
  if (a === b) throw new GradusError("shape", `Cannot ${task}: axis ${a} is given twice, two axes are needed`);
  return part("diagonal", x, (view) => {
    const others = view.shape.map((_, i) => i).filter((i) => i !== a && i !== b);
    const [down, right] = [Math.max(-offset, 0), Math.max(offset, 0)];
    const size = Math.max(Math.min(view.shape[a] - down, view.shape[b] - right), 0);
    const start = size === 0 ? 0 : down * view.strides[a] + right * view.strides[b];
    return view.with(
      [...others.map((i) => view.shape[i]), size],
      [...others.map((i) => view.strides[i]), view.strides[a] + view.strides[b]],
      view.offset + start,
    );
  });
}
