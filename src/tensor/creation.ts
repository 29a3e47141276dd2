/** New tensors: from arrays and numbers, and by rule. Those of random numbers are in randomness.ts. */
import { Op } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import {
  bool,
  defaultFloat,
  type DtypeInfo,
  dtypeOfArray,
  float64,
  int64,
  type Scalar,
  type TensorData,
} from "./dtype.ts";
import { compile, converted, copy, fill, run } from "./kernels.ts";
import { checkShape, MOST_AXES, type Shape, shapeText, sizeOf } from "./layout.ts";
import { allocate, Storage } from "./storage.ts";
import { View } from "./view.ts";

/** Numbers in arrays of arrays …; the innermost may be typed. */
export type Nested = Scalar | ArrayLike<number> | ArrayLike<bigint> | readonly Nested[];

const task = "make a tensor";

/** A view of new memory with the elements of nested arrays, in a type or in the one that they have by themselves. */
export function fromNested(nested: Nested, dtype?: DtypeInfo): View {
  const shape: number[] = [], flat: Scalar[] = [];
  let innermost: DtypeInfo | undefined;
  for (let part: unknown = nested; isArray(part) && shape.length <= MOST_AXES; part = part[0]) {
    shape.push(part.length);
    innermost = dtypeOfArray(part);
  }
  const visit = (part: unknown, axis: number): void => {
    if (isArray(part) && part.length === shape[axis]) {
      for (let i = 0; i < part.length; i++) {
        visit(part[i], axis + 1);
      }
    } else if (!isArray(part) && axis === shape.length) flat.push(checkScalar(part));
    else {refuse(
        `${isArray(part) ? `an array of ${part.length}` : shown(part)} stands where ${
          axis === shape.length ? "a number" : `an array of ${shape[axis]}`
        } is needed, as in the first of the arrays`,
      );}
  };
  const sizes = checkShape(task, shape);
  visit(nested, 0);
  const type = dtype ?? innermost ?? typeOf(flat);
  const storage = allocate(type, flat.length), { array } = storage;
  for (let i = 0; i < flat.length; i++) type.write(array, i, flat[i]);
  return new View(storage, type, sizes);
}

function isArray(part: unknown): part is ArrayLike<unknown> {
  return Array.isArray(part) || dtypeOfArray(part) !== undefined;
}

function refuse(what: string): never {
  throw new GradusError("shape", `Cannot ${task}: ${what}`);
}

function checkScalar(value: unknown): Scalar {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return value;
  throw new GradusError("argument", `Cannot ${task} of ${shown(value)}: numbers, or arrays of them, are needed`);
}

/** The type of elements that come without one: as in PyTorch, but that whole numbers are not told from others. */
function typeOf(flat: readonly Scalar[]): DtypeInfo {
  if (flat.length === 0) return defaultFloat;
  if (flat.every((value) => typeof value === "boolean")) return bool;
  return flat.every((value) => typeof value === "bigint") ? int64 : defaultFloat;
}

/** A view of the elements of a typed array: of a copy, or of the very memory. */
export function fromTypedArray(data: TensorData, shape: Shape, dtype: DtypeInfo | undefined, copies: boolean): View {
  const own = dtypeOfArray(data);
  if (own === undefined) {
    throw new GradusError("argument", `Cannot ${task} of ${shown(data)}: it holds elements of no known type`);
  }
  const sizes = checkShape(task, shape);
  if (sizeOf(sizes) !== data.length) {
    refuse(`there are ${data.length} elements, the shape ${shapeText(sizes)} needs ${sizeOf(sizes)}`);
  }
  // The bits of bfloat16 and the 0 and 1 of bool come in arrays of other types.
  const holdsBits = dtype !== undefined && data instanceof dtype.array;
  const source = new Storage(data);
  source.isShared = true;
  if (!copies) {
    if (dtype === undefined || holdsBits) return new View(source, dtype ?? own, sizes);
    throw new GradusError(
      "argument",
      `Cannot ${task} of ${dtype.name} in place: the array holds ${own.name}, the option copy: true is needed`,
    );
  }
  const type = dtype ?? own;
  const view = new View(source, holdsBits && type.name === "bfloat16" ? type : own, sizes),
    y = View.allocate(type, sizes);
  copy(y, view);
  return y;
}

/** The same element everywhere. */
export function full(shape: Shape, value: Scalar, dtype: DtypeInfo): View {
  checkScalar(value);
  const y = View.allocate(dtype, checkShape(task, shape));
  fill(y, value);
  return y;
}

/** 1 on the diagonal, else 0. */
export function eye(rows: number, columns: number, dtype: DtypeInfo): View {
  const y = full([rows, columns], 0, dtype), diagonal = Math.min(rows, columns);
  if (diagonal > 0) fill(y.with([diagonal], [columns + 1]), 1);
  return y;
}

/** start, start + step, … : count numbers, each computed in double precision by itself. */
export function progression(start: number, step: number, count: number, dtype: DtypeInfo): View {
  const indices = View.allocate(float64, checkShape(task, [count])), { array } = indices.storage;
  for (let i = 0; i < count; i++) array[i] = i;
  const y = View.allocate(float64, [count]);
  const program = compile([Op.add, [Op.mul, "i", step], start]);
  run(task, program, program.uniforms, y, [indices], float64);
  return converted(y, dtype);
}

/** `count` numbers from start to stop, both exactly. */
export function evenly(start: number, stop: number, count: number, dtype: DtypeInfo): View {
  if (![start, stop].every(Number.isFinite)) {
    throw new GradusError("argument", `Cannot make numbers from ${start} to ${stop}: two numbers are needed`);
  }
  const y = progression(start, count > 1 ? (stop - start) / (count - 1) : 0, count, dtype);
  if (count > 1) dtype.write(y.storage.array, count - 1, stop);
  return y;
}

/** How many numbers arange() has. */
export function countOf(start: number, stop: number, step: number): number {
  if (![start, stop, step].every(Number.isFinite) || step === 0) {
    throw new GradusError(
      "argument",
      `Cannot make a range from ${start} to ${stop} by ${step}: numbers, and a step that is not 0, are needed`,
    );
  }
  return Math.max(0, Math.ceil((stop - start) / step));
}
