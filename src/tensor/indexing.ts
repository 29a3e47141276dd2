/**
 * Reading some of the elements: by numbers and slices, which give views; by arrays of numbers and by masks, which gather. Setting
 * them is left to assigning.ts.
 */
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import { checkOptions, shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { checkTensor, isTensor, plain, record, viewOf } from "./autograd.ts";
import { fromNested, type Nested } from "./creation.ts";
import { bool, dtypeOf, float32, float64, int32, int64, Kind } from "./dtype.ts";
import { contiguous, converted, copied, fill } from "./kernels.ts";
import {
  broadcastShape,
  checkAxis,
  isSameShape,
  MOST_AXES,
  type Shape,
  shapeText,
  sizeOf,
  stridesOf,
} from "./layout.ts";
import { type Part, part } from "./shaping.ts";
import { Storage } from "./storage.ts";
import { View } from "./view.ts";

/** A stretch of an axis, as Python's start:stop:step: from the end where negative, as far as there is something. */
export interface Slice {
  /** The first; default: the beginning, or the end where the step is negative. */
  readonly start?: number;
  /** Where it ends, not included; default: where the axis does. */
  readonly stop?: number;
  /** How far it is from one to the next; default: 1. */
  readonly step?: number;
}

/**
 * What is looked at along an axis: one place, all (`":"`), a slice; `null` is an axis of size 1 more, `"..."` stands for as many
 * `":"` as are missing.
 */
export type PlainIndex = number | null | ":" | "..." | Slice;

/** Places by their numbers, or a mask, which is bool and has the shape of the axes that it is for. */
export type IndexArray = Tensor | Nested;

/** What elements are looked for along an axis. */
export type Index = PlainIndex | IndexArray;

function refuse(task: string, shape: Shape, what: string): never {
  throw new GradusError("shape", `Cannot ${task} a tensor of shape ${shapeText(shape)}: ${what}`);
}

/** A place along an axis, counted from the end where it is negative. */
export function checkPlace(task: string, place: number, axis: number, shape: Shape): number {
  const size = shape[axis];
  if (Number.isInteger(place) && place >= -size && place < size) return place < 0 ? place + size : place;
  const needed = size === 0 ? "there are none" : `${-size} to ${size - 1} is needed`;
  return refuse(task, shape, `axis ${axis} has no place ${shown(place)}, ${needed}`);
}

function isSlice(index: Index): index is Slice {
  return typeof index === "object" && index !== null && !isTensor(index) && !("length" in index);
}

function isArrayIndex(index: Index): index is IndexArray {
  return index !== ":" && index !== "..." && typeof index === "object" && index !== null && !isSlice(index);
}

/** One axis of a view cut down to a slice. */
function sliced(task: string, view: View, axis: number, slice: Slice): View {
  checkOptions("a slice", slice, ["start", "stop", "step"]);
  const { start, stop, step = 1 } = slice;
  for (const number of [start ?? 0, stop ?? 0, step]) {
    if (!Number.isInteger(number)) refuse(task, view.shape, `a slice has ${shown(number)}, whole numbers are needed`);
  }
  if (step === 0) refuse(task, view.shape, "a slice has the step 0, another one is needed");
  const size = view.shape[axis], last = step > 0 ? size : size - 1, lowest = step > 0 ? 0 : -1;
  const within = (place: number) => Math.min(Math.max(place < 0 ? place + size : place, lowest), last);
  const from = start === undefined ? (step > 0 ? 0 : last) : within(start);
  const to = stop === undefined ? (step > 0 ? last : -1) : within(stop);
  const count = Math.max(0, Math.ceil((to - from) / step));
  const offset = count === 0 ? view.offset : view.offset + from * view.strides[axis];
  return view.with(view.shape.with(axis, count), view.strides.with(axis, view.strides[axis] * step), offset);
}

/** The indices with "..." written out; arrays stand for one axis, masks for as many as they have. */
function writtenOut(task: string, indices: readonly Index[], shape: Shape): Index[] {
  if (!Array.isArray(indices)) refuse(task, shape, `the indices are ${shown(indices)}, an array of them is needed`);
  const axesOf = (index: Index) => index === null || index === "..." ? 0 : isArrayIndex(index) ? axesOfArray(index) : 1;
  const used = indices.reduce<number>((sum, index) => sum + axesOf(index), 0), missing = shape.length - used;
  if (missing < 0) refuse(task, shape, `there are indices for ${used} axes`);
  const dots = indices.filter((index) => index === "...").length;
  if (dots > 1) refuse(task, shape, 'there are several "...", one is enough');
  const all = new Array<":">(missing).fill(":");
  return dots === 0 ? [...indices, ...all] : indices.flatMap((index) => index === "..." ? all : [index]);
}

/** The part of a view that plain indices say. */
export function partOf(task: string, indices: readonly PlainIndex[], shape: Shape): Part {
  const list = writtenOut(task, indices, shape) as PlainIndex[];
  return (view) => {
    let axis = 0, result = view;
    for (const index of list) {
      if (index === null) {
        result = result.with(result.shape.toSpliced(axis, 0, 1), result.strides.toSpliced(axis, 0, 0));
        axis++;
      } else if (typeof index === "number") {
        const place = checkPlace(task, index, axis, result.shape);
        const offset = result.offset + place * result.strides[axis];
        result = result.with(result.shape.toSpliced(axis, 1), result.strides.toSpliced(axis, 1), offset);
      } else {
        if (index !== ":" && !isSlice(index)) {
          refuse(task, shape, `there is the index ${shown(index)}, a number, slice, null, ":" or "..." is needed`);
        }
        if (index !== ":") result = sliced(task, result, axis, index as Slice);
        axis++;
      }
    }
    if (result.shape.length > MOST_AXES) refuse(task, shape, `the result has more than ${MOST_AXES} axes`);
    return result;
  };
}

/** The elements that plain indices say, as a view. */
export function slice(x: Tensor, indices: readonly PlainIndex[]): Tensor {
  return part("slice", x, partOf("slice", indices, viewOf(x).shape));
}

/** One place of an axis. */
export function select(x: Tensor, axis: number, place: number): Tensor {
  const { shape } = viewOf(x), at = checkAxis("select from a tensor", axis, shape.length);
  const indices = new Array<PlainIndex>(at).fill(":");
  return part("select", x, partOf("select from", [...indices, place], shape));
}

/** A stretch of an axis. */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const { shape } = viewOf(x), at = checkAxis("narrow a tensor", axis, shape.length), size = shape[at];
  const from = start < 0 ? start + size : start;
  if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > size) {
    refuse("narrow", shape, `axis ${axis} has no ${shown(length)} places from ${shown(start)} on, it has ${size}`);
  }
  return part(
    "narrow",
    x,
    (view) =>
      view.with(
        view.shape.with(at, length),
        view.strides,
        length === 0 ? view.offset : view.offset + from * view.strides[at],
      ),
  );
}

// ---------------------------------------------------------------- by arrays

/** An index array as a view: of integers or bool. */
function arrayView(task: string, index: IndexArray): View {
  const view = isTensor(index) ? viewOf(index) : fromNested(index as Nested);
  if (view.dtype.kind !== Kind.float) return view;
  if (!isTensor(index)) {
    // Plain numbers and typed arrays of floats are taken as they are meant, if they are whole.
    const numbers = fromNested(index as Nested, float64), { array } = numbers.storage;
    if ((array as Float64Array).every(Number.isSafeInteger)) return converted(numbers, int64);
  }
  throw new GradusError("argument", `Cannot ${task} by an index of ${view.dtype.name}: integers or bool are needed`);
}

function axesOfArray(index: IndexArray): number {
  const view = arrayView("index", index);
  return view.dtype === bool ? view.shape.length : 1;
}

/** The elements of a view of integers as numbers, in order; what 32 bits cannot hold, as near as a number is. */
function integersOf(view: View): Int32Array | Float64Array {
  const isWide = view.dtype === int64 || view.dtype.name === "uint32";
  return copied(view, isWide ? float64 : int32).storage.array as Int32Array | Float64Array;
}

/** The numbers of the elements that are not 0, in order. */
function numbersOf(view: View): Int32Array<ArrayBuffer> {
  const flags = copied(view, bool).storage.array as Uint8Array, numbers = new Int32Array(view.size);
  let count = 0;
  for (let k = 0; k < numbers.length; k++) {
    numbers[count] = k;
    count += flags[k];
  }
  return numbers.slice(0, count);
}

/** The places along each axis of the elements of a shape that have these numbers. */
function placesOf(numbers: Int32Array<ArrayBuffer>, shape: Shape): Int32Array<ArrayBuffer>[] {
  if (shape.length === 1) return [numbers];
  const strides = stridesOf(shape);
  return shape.map((size, axis) => numbers.map((number) => Math.floor(number / strides[axis]) % size));
}

/** Where elements are gathered from, and how the result lies. */
export interface Gathering {
  /** Offsets in elements, one for each block. */
  readonly offsets: Int32Array<ArrayBuffer>;
  /** The shape of the offsets. */
  readonly shape: Shape;
  /** What stands at each: the axes that are not indexed. */
  readonly rest: { readonly shape: Shape; readonly strides: readonly number[] };
  /** At which of the axes of the rest those of the offsets stand. */
  readonly place: number;
}

/** Offsets of the elements that arrays say, in something of a shape and strides; undefined stands for an axis that is not indexed. */
export function gathering(
  task: string,
  arrays: readonly (IndexArray | undefined)[],
  shape: Shape,
  strides: readonly number[],
): Gathering {
  const indices: { axis: number; view: View }[] = [], rest: number[] = [];
  let axis = 0;
  for (const array of arrays) {
    if (array === undefined) rest.push(axis++);
    else {
      const view = arrayView(task, array);
      if (view.dtype !== bool) indices.push({ axis: axis++, view });
      else {
        const covered = shape.slice(axis, axis + view.shape.length);
        if (!isSameShape(covered, view.shape)) {
          refuse(task, shape, `a mask has the shape ${shapeText(view.shape)}, ${shapeText(covered)} is needed there`);
        }
        for (const places of placesOf(numbersOf(view), view.shape)) {
          indices.push({ axis: axis++, view: new View(new Storage(places), int32, [places.length]) });
        }
      }
    }
  }
  const whole = indices.reduce<Shape>((all, { view }) => broadcastShape(`${task} by index`, all, view.shape), []);
  const offsets = new Int32Array(sizeOf(whole));
  for (const { axis, view } of indices) {
    const places = integersOf(view.stretched(whole));
    for (let i = 0; i < places.length; i++) {
      const place = places[i], size = shape[axis];
      if (place < -size || place >= size) checkPlace(task, place, axis, shape);
      offsets[i] += (place < 0 ? place + size : place) * strides[axis];
    }
  }
  const areTogether = indices.every(({ axis }, i) => i === 0 || axis === indices[i - 1].axis + 1);
  return {
    offsets,
    shape: whole,
    rest: { shape: rest.map((axis) => shape[axis]), strides: rest.map((axis) => strides[axis]) },
    place: areTogether ? rest.filter((axis) => axis < indices[0].axis).length : 0,
  };
}

/** Offsets of single elements or, where the rest lies in one piece, of blocks. */
export function blocksOf({ offsets, rest }: Gathering): { offsets: Int32Array<ArrayBuffer>; block: number } {
  const block = sizeOf(rest.shape),
    isWhole = stridesOf(rest.shape).every((stride, i) => rest.shape[i] === 1 || stride === rest.strides[i]);
  if (isWhole || block === 0) return { offsets, block };
  const single = new Int32Array(offsets.length * block);
  const within = new View(undefined as never, float32, rest.shape, rest.strides);
  const inner = Int32Array.from(within.indices());
  for (let i = 0; i < offsets.length; i++) {
    for (let j = 0; j < block; j++) single[i * block + j] = offsets[i] + inner[j];
  }
  return { offsets: single, block: 1 };
}

const plan = new Int32Array(4);

/** Blocks of a contiguous tensor, from offsets in it. */
export function gathered(
  name: string,
  x: Tensor,
  offsets: Int32Array<ArrayBuffer>,
  block: number,
  shape: Shape,
): Tensor {
  const view = contiguous(viewOf(x)), y = View.allocate(view.dtype, shape), from = moved(offsets, view.offset);
  plan.set([view.dtype.bytes, offsets.length, block]);
  unwrap(native.gradus_tensor_gather(y.storage.array, view.storage.array, from, plan), name);
  const own = view.shape;
  return record(name, y, [x], [(gradient) => scattered(name, gradient, offsets, block, own)]);
}

function moved(offsets: Int32Array<ArrayBuffer>, by: number): Int32Array<ArrayBuffer> {
  return by === 0 ? offsets : offsets.map((offset) => offset + by);
}

/** Zeros of a shape, to which blocks are added at offsets; repeated ones add up. */
export function scattered(
  name: string,
  x: Tensor,
  offsets: Int32Array<ArrayBuffer>,
  block: number,
  shape: Shape,
): Tensor {
  const own = viewOf(x), isHalf = own.dtype.kind === Kind.float && own.dtype.bytes === 2;
  const view = contiguous(isHalf ? copied(own, float32) : own), y = View.allocate(view.dtype, shape);
  fill(y, 0);
  plan.set([view.dtype.code, offsets.length, block, 1]);
  const { array } = view.storage, from = array.subarray(view.offset, view.offset + view.size) as typeof array;
  unwrap(native.gradus_tensor_scatter(y.storage.array, from, offsets, plan), name);
  return record(name, converted(y, own.dtype), [x], [
    (gradient) => gathered(name, gradient, offsets, block, own.shape),
  ]);
}

/** A single element as an index: an integer is a number, a mask chooses all or nothing of an axis of its own. */
function single(task: string, index: Tensor, arrays: (IndexArray | undefined)[]): PlainIndex[] {
  const view = arrayView(task, index), value = Number(view.read(view.offset));
  if (view.dtype !== bool) return [value];
  arrays.push(new Int32Array(value));
  return [null];
}

/** Indices as plain ones, with ":" in the place of arrays, and the array of each axis that is left by these. */
export function splitIndices(
  task: string,
  indices: readonly Index[],
  shape: Shape,
): { plainIndices: PlainIndex[]; arrays: (IndexArray | undefined)[] } {
  const arrays: (IndexArray | undefined)[] = [];
  const plainIndices = writtenOut(task, indices, shape).flatMap((index): PlainIndex[] => {
    if (isTensor(index) && index.ndim === 0) return single(task, index, arrays);
    if (isArrayIndex(index)) {
      arrays.push(index);
      return new Array<":">(axesOfArray(index)).fill(":");
    }
    if (typeof index !== "number") arrays.push(undefined);
    return [index as PlainIndex];
  });
  return { plainIndices, arrays };
}

/** The elements that indices say, some of which may be arrays. */
export function index(x: Tensor, indices: readonly Index[]): Tensor {
  const { shape } = viewOf(x), { plainIndices, arrays } = splitIndices("index", indices, shape);
  const y = plainIndices.every((one) => one === ":") ? x : part("index", x, partOf("index", plainIndices, shape));
  return arrays.some((array) => array !== undefined) ? byArrays("index", y, arrays) : y;
}

/** The elements where a mask is true. */
export function masked(x: Tensor, mask: Tensor): Tensor {
  checkTensor("choose by a mask", mask);
  if (viewOf(mask).dtype === bool) return index(x, [mask]);
  throw new GradusError("argument", `Cannot choose by a mask of ${mask.dtype}: bool is needed, as ne(0) gives`);
}

/** The elements that arrays say. */
function byArrays(name: string, x: Tensor, arrays: readonly (IndexArray | undefined)[]): Tensor {
  const { shape } = viewOf(x), found = gathering(name, arrays, shape, stridesOf(shape));
  const { offsets, block } = blocksOf(found),
    y = gathered(name, x, offsets, block, [...found.shape, ...found.rest.shape]);
  const added = found.shape.length, { place } = found;
  if (place === 0) return y;
  // The axes of the index stand where those were that it is for.
  const front = Array.from({ length: place }, (_, i) => added + i), index = Array.from({ length: added }, (_, i) => i);
  const behind = Array.from({ length: found.rest.shape.length - place }, (_, i) => added + place + i);
  return y.permute([...front, ...index, ...behind]);
}

/** The elements at places of an axis; of all elements in a row, without an axis. */
export function take(x: Tensor, places: IndexArray, axis?: number): Tensor {
  const { shape } = viewOf(x), index = arrayView("take from a tensor", places);
  if (index.dtype === bool && index.shape.length === 0) {
    refuse("take from", shape, "one truth is no place, numbers are needed");
  }
  if (axis === undefined) return byArrays("take", x.reshape([-1]), [plain(index)]);
  const at = checkAxis("take from a tensor", axis, shape.length);
  return byArrays("take", x, shape.map((_, i) => i === at ? plain(index) : undefined));
}

/** Offsets of y[i, j, …] = x[i, …, index[i, j, …], …], the index standing for one axis. */
function offsetsAlong(task: string, shape: Shape, axis: number, index: View): Int32Array<ArrayBuffer> {
  const isWithin = index.shape.length === shape.length &&
    index.shape.every((size, i) => i === axis || size <= shape[i]);
  if (!isWithin || index.dtype.kind !== Kind.integer) {
    refuse(
      task,
      shape,
      `the index is of ${index.dtype.name} and of shape ${
        shapeText(index.shape)
      }, integers are needed, and no axis but ${axis} larger`,
    );
  }
  const strides = stridesOf(shape), places = integersOf(index), offsets = new Int32Array(places.length);
  const others = new View(undefined as never, float32, index.shape, strides.with(axis, 0)).indices();
  for (let i = 0; i < places.length; i++) {
    offsets[i] = others.next().value! + checkPlace(task, places[i], axis, shape) * strides[axis];
  }
  return offsets;
}

/** y[i, j, …] = x[i, …, index[i, j, …], …], the index standing for one axis. */
export function gather(x: Tensor, axis: number, index: IndexArray): Tensor {
  const { shape } = viewOf(x), at = checkAxis("gather from a tensor", axis, shape.length);
  const places = arrayView("gather from a tensor", index);
  return gathered("gather", x, offsetsAlong("gather from", shape, at, places), 1, places.shape);
}

/** x[i, …, index[i, j, …], …] + source[i, j, …]; repeated ones add up. */
export function scatterAdd(x: Tensor, axis: number, index: IndexArray, source: Tensor): Tensor {
  const { shape, dtype } = viewOf(x), at = checkAxis("scatter to a tensor", axis, shape.length);
  const places = arrayView("scatter to a tensor", index);
  if (dtype === bool) refuse("scatter to", shape, "bool is not added up, numbers are needed");
  checkTensor("scatter to a tensor", source);
  if (!places.shape.every((size, i) => size <= source.shape[i]) || source.shape.length !== places.shape.length) {
    refuse(
      "scatter to",
      shape,
      `the source has the shape ${shapeText(source.shape)}, the index ${
        shapeText(places.shape)
      }, no axis of it may be larger`,
    );
  }
  const used = source.slice(...places.shape.map((stop) => ({ stop }))).to(dtype.name);
  return x.add(scattered("scatterAdd", used, offsetsAlong("scatter to", shape, at, places), 1, shape));
}

/** The indices of the elements that are not 0: (count, axes). */
export function nonzero(x: Tensor): Tensor {
  const view = viewOf(x), { shape } = view, numbers = numbersOf(view), axes = shape.length;
  const y = View.allocate(int32, [numbers.length, axes]), array = y.storage.array as Int32Array;
  placesOf(numbers, shape).forEach((places, axis) => {
    for (let i = 0; i < places.length; i++) array[i * axes + axis] = places[i];
  });
  return plain(y);
}

/** Rows of 0 with a 1 at the place that each element says. */
export function oneHot(x: Tensor, classes: number, dtype: "float32" | "float64" | "int64" | "int32"): Tensor {
  const view = viewOf(x), places = integersOf(arrayView("make one-hot rows", x)), shape = [...view.shape, classes];
  if (!Number.isInteger(classes) || classes < 1) {
    throw new GradusError(
      "argument",
      `Cannot make one-hot rows of ${shown(classes)} classes: a whole number from 1 on is needed`,
    );
  }
  const y = View.allocate(dtypeOf(dtype), shape), one = dtype === "int64" ? 1n : 1;
  fill(y, 0);
  places.forEach((place, i) => {
    if (place < 0 || place >= classes) {
      throw new GradusError(
        "argument",
        `Cannot make one-hot rows: there is the class ${place}, 0 to ${classes - 1} is needed`,
      );
    }
    y.storage.array[i * classes + place] = one as never;
  });
  return plain(y);
}
