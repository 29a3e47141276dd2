/** Several tensors as one, one as several, and one that is larger than it was. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { isTensor, type Pullback, record, viewOf } from "./autograd.ts";
import { dtypeOf, type Scalar } from "./dtype.ts";
import { copy, fill } from "./kernels.ts";
import { checkAxis, checkShape, type Shape, shapeText } from "./layout.ts";
import { resultType } from "./promotion.ts";
import { narrow, select, take } from "./indexing.ts";
import { reshape, stretched, unsqueeze } from "./shaping.ts";
import { View } from "./view.ts";

/** A stretch along an axis of a view. */
function stretch(view: View, axis: number, start: number, length: number): View {
  return view.with(view.shape.with(axis, length), view.strides, view.offset + start * view.strides[axis]);
}

function checkTensors(task: string, tensors: readonly Tensor[]): void {
  const list: unknown = tensors;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isTensor)) {
    const found = Array.isArray(list) ? list.find((item) => !isTensor(item)) ?? "an empty list" : list;
    throw new GradusError(
      "argument",
      `Cannot ${task}: ${typeof found === "string" ? found : shown(found)} was given, a list of tensors is needed`,
    );
  }
}

/** Tensors one after the other along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const task = "concat tensors";
  checkTensors(task, tensors);
  const views = tensors.map(viewOf), [first] = views, place = checkAxis(task, axis, first.shape.length);
  for (const { shape } of views) {
    if (shape.length === first.shape.length && shape.every((size, i) => i === place || size === first.shape[i])) {
      continue;
    }
    throw new GradusError(
      "shape",
      `Cannot ${task} along axis ${axis}: there are the shapes ${shapeText(first.shape)} and ${
        shapeText(shape)
      }, all other axes have to be of the same size`,
    );
  }
  const total = views.reduce((sum, { shape }) => sum + shape[place], 0);
  const y = View.allocate(resultType(tensors), checkShape(task, first.shape.with(place, total)));
  const pullbacks: Pullback[] = [];
  let start = 0;
  for (const view of views) {
    const length = view.shape[place];
    copy(stretch(y, place, start, length), view);
    pullbacks.push(narrowing(place, start, length));
    start += length;
  }
  return record("concat", y, tensors, pullbacks);
}

function narrowing(axis: number, start: number, length: number): Pullback {
  return (gradient) => narrow(gradient, axis, start, length);
}

/** Tensors of one shape along an axis of their own. */
export function stack(tensors: readonly Tensor[], axis: number): Tensor {
  checkTensors("stack tensors", tensors);
  const [first] = tensors, place = checkAxis("stack tensors", axis, viewOf(first).shape.length + 1);
  const odd = tensors.find(({ shape }) => shapeText(shape) !== shapeText(first.shape));
  if (odd !== undefined) {
    throw new GradusError(
      "shape",
      `Cannot stack tensors: there are the shapes ${shapeText(first.shape)} and ${shapeText(odd.shape)}, one is needed`,
    );
  }
  return concat(tensors.map((tensor) => unsqueeze(tensor, place)), place);
}

/** Parts along an axis: of one size, the last one smaller maybe, or of the given sizes. */
export function split(x: Tensor, sizes: number | readonly number[], axis: number): Tensor[] {
  const { shape } = viewOf(x), place = checkAxis("split a tensor", axis, shape.length), whole = shape[place];
  const list = Array.isArray(sizes) ? [...sizes] : equalParts(sizes as number, whole);
  const total = list.reduce((a, b) => a + b, 0);
  if (!list.every((size) => Number.isInteger(size) && size >= 0) || total !== whole) {
    throw new GradusError(
      "shape",
      `Cannot split axis ${axis} of a tensor of shape ${shapeText(shape)} into (${
        list.join(", ")
      }): whole numbers that add up to ${whole} are needed`,
    );
  }
  let start = 0;
  return list.map((length) => {
    start += length;
    return narrow(x, place, start - length, length);
  });
}

function equalParts(size: number, whole: number): number[] {
  if (!Number.isInteger(size) || size < 1) {
    throw new GradusError(
      "argument",
      `Cannot split a tensor into parts of ${shown(size)}: a whole number from 1 on is needed`,
    );
  }
  if (whole === 0) return [0];
  return Array.from({ length: Math.ceil(whole / size) }, (_, i) => Math.min(size, whole - i * size));
}

/** What stands at each place of an axis. */
export function unbind(x: Tensor, axis: number): Tensor[] {
  const { shape } = viewOf(x), place = checkAxis("unbind a tensor", axis, shape.length);
  return Array.from({ length: shape[place] }, (_, i) => select(x, place, i));
}

/** At most that many parts along an axis, of one size but for the last. */
export function chunk(x: Tensor, count: number, axis: number): Tensor[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new GradusError(
      "argument",
      `Cannot cut a tensor into ${shown(count)} chunks: a whole number from 1 on is needed`,
    );
  }
  const { shape } = viewOf(x), place = checkAxis("cut a tensor into chunks", axis, shape.length);
  if (shape[place] === 0) return split(x, new Array<number>(count).fill(0), place);
  return split(x, Math.ceil(shape[place] / count), place);
}

/** How elements that are put around others come about. */
export type PadMode = "constant" | "reflect" | "replicate";

/** Elements put in front and behind along the last axes: two widths for each, the last axis first, as in PyTorch. */
export function pad(x: Tensor, widths: readonly number[], mode: PadMode, value: Scalar): Tensor {
  const { shape } = viewOf(x), axes = Array.isArray(widths) ? widths.length / 2 : NaN;
  if (
    !Number.isInteger(axes) || axes > shape.length ||
    !widths.every((w) => Number.isInteger(w) && w >= 0)
  ) {
    throw new GradusError(
      "shape",
      `Cannot pad a tensor of shape ${shapeText(shape)} by ${
        Array.isArray(widths) ? shapeText(widths) : shown(widths)
      }: two whole numbers from 0 on are needed for each axis, the last one first`,
    );
  }
  const pairs = Array.from({ length: axes }, (_, i) => [shape.length - 1 - i, widths[2 * i], widths[2 * i + 1]]);
  if (!["number", "bigint", "boolean"].includes(typeof value)) {
    throw new GradusError("argument", `Cannot pad a tensor with ${shown(value)}: a number is needed`);
  }
  if (mode === "constant") return padWith(x, pairs, value);
  return pairs.reduce((y, [axis, before, after]) => take(y, sources(shape, axis, before, after, mode), axis), x);
}

function padWith(x: Tensor, pairs: readonly number[][], value: Scalar): Tensor {
  const { shape: own } = viewOf(x), shape = [...own];
  for (const [axis, before, after] of pairs) shape[axis] += before + after;
  const y = View.allocate(dtypeOf(x.dtype), checkShape("pad a tensor", shape));
  fill(y, value);
  copy(pairs.reduce((part, [axis, before]) => stretch(part, axis, before, own[axis]), y), viewOf(x));
  return record("pad", y, [x], [
    (gradient) => pairs.reduce((part, [axis, before]) => narrow(part, axis, before, own[axis]), gradient),
  ]);
}

/** Which elements along an axis stand at the places of a padded one. */
function sources(shape: Shape, axis: number, before: number, after: number, mode: PadMode): Int32Array {
  const size = shape[axis], most = mode === "reflect" ? size - 1 : size === 0 ? 0 : Infinity;
  if (before > most || after > most) {
    throw new GradusError(
      "shape",
      `Cannot pad axis ${axis} of a tensor of shape ${
        shapeText(shape)
      } by ${before} and ${after}: in the mode "${mode}" at most ${Math.max(most, 0)} can be put there`,
    );
  }
  return Int32Array.from({ length: before + size + after }, (_, i) => {
    const place = i - before, inside = Math.min(Math.max(place, 0), size - 1);
    return mode === "replicate" ? inside : 2 * inside - place;
  });
}

/** The tensor again and again along its axes; axes are put in front where there are more counts. */
export function repeat(x: Tensor, counts: readonly number[]): Tensor {
  const { shape } = viewOf(x), times = checkShape("repeat a tensor", counts);
  if (times.length < shape.length) {
    throw new GradusError(
      "shape",
      `Cannot repeat a tensor of shape ${shapeText(shape)} by ${
        shapeText(counts)
      }: a count for each axis is needed, tile() takes fewer`,
    );
  }
  const sizes = [...new Array<number>(times.length - shape.length).fill(1), ...shape];
  // Only what is repeated needs an axis for that, as there are only so many.
  const isOne = (size: number, i: number) => size === 1 || times[i] === 1;
  const apart = reshape(x, sizes.flatMap((size, i) => isOne(size, i) ? [size] : [1, size]));
  const whole = sizes.flatMap((size, i) => isOne(size, i) ? [size * times[i]] : [times[i], size]);
  const again = reshape(stretched("repeat", apart, whole), sizes.map((size, i) => size * times[i]));
  return viewOf(again).storage === viewOf(x).storage ? again.clone() : again;
}

/** As `repeat`; where there are fewer counts than axes, the first axes are left as they are. */
export function tile(x: Tensor, counts: readonly number[]): Tensor {
  const times = checkShape("tile a tensor", counts), missing = Math.max(viewOf(x).shape.length - times.length, 0);
  return repeat(x, [...new Array<number>(missing).fill(1), ...times]);
}

/** The elements moved along axes, those that leave one at the end coming in at its beginning; of all as one, without axes. */
export function roll(x: Tensor, shifts: number | readonly number[], axes?: number | readonly number[]): Tensor {
  const { shape } = viewOf(x), by = [shifts].flat(), wrong = by.findIndex((shift) => !Number.isInteger(shift));
  if (wrong >= 0) {
    throw new GradusError("argument", `Cannot roll a tensor by ${shown(by[wrong])}: a whole number is needed`);
  }
  if (axes === undefined && by.length === 1) return reshape(rolled(reshape(x, [-1]), by[0], 0), shape);
  const along = axes === undefined ? [] : [axes].flat();
  if (along.length !== by.length) {
    throw new GradusError(
      "argument",
      `Cannot roll a tensor: there are ${by.length} shifts and ${along.length} axes, one for each is needed`,
    );
  }
  const places = along.map((axis) => checkAxis("roll a tensor", axis, shape.length));
  return places.reduce((y, place, i) => rolled(y, by[i], place), places.length === 0 ? x.clone() : x);
}

function rolled(x: Tensor, shift: number, axis: number): Tensor {
  const size = viewOf(x).shape[axis], start = size === 0 ? 0 : ((shift % size) + size) % size;
  return concat([narrow(x, axis, size - start, start), narrow(x, axis, 0, size - start)], axis);
}
