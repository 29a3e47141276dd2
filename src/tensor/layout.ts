/** Shapes, strides and axes: the arithmetic of views, without their elements. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";

/** Sizes along the axes; () is a single element. */
export type Shape = readonly number[];

/** As many axes as the native side takes. */
export const MOST_AXES = 16;

/** The native side counts elements in 32 bits. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** How a shape is written in messages: `(2, 3)`, `(2,)`, `()`. */
export function shapeText(shape: Shape): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/** How many elements a shape has. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

/** The strides of a shape whose elements follow one another, the last axis fastest. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= Math.max(shape[i], 1);
  }
  return strides;
}

/** Whether elements follow one another, the last axis fastest. */
export function isRowMajor(shape: Shape, strides: readonly number[]): boolean {
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    if (shape[i] === 0) return true;
    if (shape[i] !== 1 && strides[i] !== stride) return false;
    stride *= shape[i];
  }
  return true;
}

/**
 * A shape that was given by somebody, checked. `task` completes "Cannot …".
 *
 * @throws {GradusError} If it is no array of whole numbers from 0 on, or it has too many axes or elements.
 */
export function checkShape(task: string, shape: unknown): number[] {
  if (!Array.isArray(shape)) {
    throw new GradusError("shape", `Cannot ${task}: the shape is ${shown(shape)}, an array of sizes is needed`);
  }
  for (const size of shape) {
    if (Number.isInteger(size) && size >= 0) continue;
    throw new GradusError(
      "shape",
      `Cannot ${task}: the shape has the size ${shown(size)}, whole numbers from 0 on are needed`,
    );
  }
  if (shape.length > MOST_AXES) {
    throw new GradusError("shape", `Cannot ${task}: the shape has ${shape.length} axes, at most ${MOST_AXES} can be`);
  }
  if (sizeOf(shape) > MOST_ELEMENTS) {
    throw new GradusError("shape", `Cannot ${task}: ${shapeText(shape)} are more than ${MOST_ELEMENTS} elements`);
  }
  return [...shape];
}

/**
 * The number of an axis, counted from the end where it is negative. `task` completes "Cannot …".
 *
 * @throws {GradusError} If there is no such axis.
 */
export function checkAxis(task: string, axis: number, axes: number): number {
  if (Number.isInteger(axis) && axis >= -axes && axis < axes) return axis < 0 ? axis + axes : axis;
  if (typeof axis !== "number") {
    throw new GradusError(
      "shape",
      `Cannot ${task}: the axis is ${shown(axis)}, a number is needed; options come after it`,
    );
  }
  const range = axes === 0 ? "a single element has none" : `${-axes} to ${axes - 1} is needed`;
  throw new GradusError("shape", `Cannot ${task}: there is no axis ${shown(axis)}, ${range}`);
}

/** The same of an axis along which something is computed: a single element is a row of one, as in PyTorch. */
export function checkRowAxis(task: string, axis: number, axes: number): number {
  return checkAxis(task, axis, Math.max(axes, 1));
}

const axesByCount = Array.from({ length: MOST_AXES + 1 }, (_, count) => Object.freeze([...Array(count).keys()]));

/** 0, 1, … count − 1: always the same array for a count. */
export function allAxes(count: number): readonly number[] {
  return axesByCount[count];
}

/**
 * Several axes, each once, in ascending order; all where none are given, none of an empty list. Those of a single element, 0 and −1,
 * are none.
 *
 * @throws {GradusError} If one does not exist or is given twice.
 */
export function checkAxes(
  task: string,
  axes: number | readonly number[] | undefined,
  count: number,
): readonly number[] {
  if (axes === undefined) return allAxes(count);
  if (!Array.isArray(axes)) {
    const axis = checkRowAxis(task, axes as number, count);
    return count === 0 ? allAxes(0) : [axis];
  }
  const list = axes.map((axis) => checkRowAxis(task, axis, count));
  const twice = list.find((axis, i) => list.indexOf(axis) !== i);
  if (twice === undefined) return count === 0 ? allAxes(0) : list.sort((a, b) => a - b);
  throw new GradusError("shape", `Cannot ${task}: axis ${twice} is given twice`);
}

/**
 * The shape that two shapes are stretched to: from the last axis on, sizes are equal or one of them is 1.
 *
 * @throws {GradusError} If there is none. `task` completes "Cannot …".
 */
export function broadcastShape(task: string, a: Shape, b: Shape): Shape {
  if (isSameShape(a, b)) return a;
  const length = Math.max(a.length, b.length), shape = new Array<number>(length);
  for (let i = 1; i <= length; i++) {
    const m = a[a.length - i] ?? 1, n = b[b.length - i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new GradusError(
        "shape",
        `Cannot ${task} tensors of shapes ${shapeText(a)} and ${
          shapeText(b)
        }: from the last axis on, sizes have to be ` +
          `equal or 1, axis -${i} has ${m} and ${n}`,
      );
    }
    shape[length - i] = m === 1 ? n : m;
  }
  return shape;
}

/** Whether two shapes are the same. */
export function isSameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
