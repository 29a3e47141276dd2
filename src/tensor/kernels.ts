/**
 * Elementwise functions of views, by `gradus_tensor_apply`: formulas become programs once, and a call writes a plan. What the
 * native function does is told in c/gradus.h; what is recorded is left to others.
 */
import { native, unwrap } from "../ffi.ts";
import { checkScalar, type DtypeInfo, dtypeOf, type Scalar, toInteger } from "./dtype.ts";
import { isSameShape, type Shape } from "./layout.ts";
import { View } from "./view.ts";

/** What is computed of operands: one of them, by its name, a number, or an operation on such. */
export type Expression = number | string | readonly [op: number, left: Expression, right?: Expression];

/** Operations in the order in which they run, for operands that are views. */
export interface Program {
  /** The operands that it reads, in the order of their registers. */
  readonly inputs: readonly string[];
  /** Registers, those of the operands first. */
  readonly registers: number;
  /** Three words for each operation. */
  readonly operations: readonly number[];
  readonly uniforms: readonly Scalar[];
}

/** What says of an operand that it is a number among the uniforms, as the native side has it in 32 bits. */
const UNIFORM = 0x80000000 | 0;

/** The program of an expression; what stands twice is computed once. */
export function compile(expression: Expression): Program {
  const inputs: string[] = [], uniforms: Scalar[] = [], operations: number[] = [];
  const collect = (part: Expression): void => {
    if (typeof part === "number") return;
    if (typeof part !== "string") (part.slice(1) as Expression[]).forEach(collect);
    else if (!inputs.includes(part)) inputs.push(part);
  };
  collect(expression);
  const known = new Map<string, number>();
  let registers = inputs.length;
  const operandOf = (part: Expression): number => {
    if (typeof part === "string") return inputs.indexOf(part);
    if (typeof part === "number") {
      const index = uniforms.findIndex((uniform) => Object.is(uniform, part));
      return UNIFORM | (index >= 0 ? index : uniforms.push(part) - 1);
    }
    const [op, left, right] = part;
    const operation = [op, operandOf(left), right === undefined ? 0 : operandOf(right)], key = String(operation);
    const before = known.get(key);
    if (before !== undefined) return before;
    known.set(key, registers);
    operations.push(op | (registers << 8), operation[1], operation[2]);
    return registers++;
  };
  operandOf(expression);
  return { inputs, registers, operations, uniforms };
}

/** The plan of the call that is being made; long enough for 5 views of 16 axes and 32 operations with their numbers. */
const plan = new Int32Array(512), doubles = new Float64Array(plan.buffer), integers = new BigInt64Array(plan.buffer);

/** Writes {type, offset, strides} of a view stretched to a shape; returns where the plan goes on. */
function writeView(at: number, view: View, shape: Shape): number {
  plan[at++] = view.dtype.code;
  plan[at++] = view.offset;
  const added = shape.length - view.shape.length;
  for (let i = 0; i < shape.length; i++) {
    plan[at++] = i < added || view.shape[i - added] !== shape[i] ? 0 : view.strides[i - added];
  }
  return at;
}

function writeUniforms(at: number, uniforms: readonly Scalar[], compute: DtypeInfo): void {
  let index = (at + 1) >> 1;
  for (const uniform of uniforms) {
    if (compute.name === "int64") integers[index++] = toInteger(uniform);
    else doubles[index++] = Number(uniform);
  }
}

const isOneRun = (view: View, shape: Shape) => view.isContiguous && view.shape.length === shape.length;

/**
 * Runs a program over views that are stretched to a shape; computes in the type of `compute`.
 *
 * @param y What is written: of that very shape.
 * @param inputs The operands, in the program's order.
 */
export function run(
  task: string,
  { registers, operations }: Program,
  uniforms: readonly Scalar[],
  y: View,
  inputs: readonly View[],
  compute: DtypeInfo,
): void {
  const { shape } = y, count = inputs.length;
  if (y.size === 0) return;
  const isFlat = y.isContiguous && inputs.every((x) => x.size === y.size && isOneRun(x, shape));
  const axes = isFlat ? 1 : shape.length;
  plan[0] = axes;
  plan[1] = count;
  plan[2] = operations.length / 3;
  plan[3] = registers;
  plan[4] = uniforms.length;
  plan[5] = compute.code;
  let at = 6;
  if (isFlat) {
    plan[at++] = y.size;
    for (let i = -1; i < count; i++) {
      const view = i < 0 ? y : inputs[i];
      plan[at++] = view.dtype.code;
      plan[at++] = view.offset;
      plan[at++] = 1;
    }
  } else {
    for (let i = 0; i < axes; i++) plan[at++] = shape[i];
    at = writeView(at, y, shape);
    for (let i = 0; i < count; i++) at = writeView(at, inputs[i], shape);
  }
  for (let i = 0; i < operations.length; i++) plan[at++] = operations[i];
  if (uniforms.length > 0) writeUniforms(at, uniforms, compute);
  const [x0, x1, x2, x3] = inputs;
  const status = native.gradus_tensor_apply(
    y.storage.array,
    x0 === undefined ? null : x0.storage.array,
    x1 === undefined ? null : x1.storage.array,
    x2 === undefined ? null : x2.storage.array,
    x3 === undefined ? null : x3.storage.array,
    plan,
  );
  if (status !== 0) unwrap(status, task);
}

const copying: Program = { inputs: ["x"], registers: 1, operations: [], uniforms: [] };

/** The type that a copy between two types goes through, so that nothing is rounded on the way. */
function between(from: DtypeInfo, to: DtypeInfo): DtypeInfo {
  if (from.compute === to.compute) return dtypeOf(from.compute);
  // Float64 does not hold every integer of 64 bits.
  if (from.name === "int64" && to.name === "float32") return to;
  if (from.compute === "int64") return dtypeOf(to.compute === "int64" ? "int64" : "float64");
  return dtypeOf("float64");
}

/** y ← x, stretched and converted. */
export function copy(y: View, x: View): void {
  if (y.size === 0) return;
  run("copy a tensor", copying, [], y, [x], between(x.dtype, y.dtype));
}

/** The same elements in a storage of their own, one after the other, of another type maybe. */
export function copied(x: View, dtype: DtypeInfo = x.dtype): View {
  const y = View.allocate(dtype, x.shape);
  copy(y, x);
  return y;
}

/** The view itself where its elements follow one another, else a copy. */
export function contiguous(x: View): View {
  return x.isContiguous ? x : copied(x);
}

/** The view itself where it has that type, else a copy. */
export function converted(x: View, dtype: DtypeInfo): View {
  return x.dtype === dtype ? x : copied(x, dtype);
}

/** What can be read of x while y is written: x itself, or a copy where both share memory and are not the same view of it. */
export function apart(x: View, y: View): View {
  const a = x.storage.array, b = y.storage.array;
  if (a.buffer !== b.buffer) return x;
  if (a.byteOffset >= b.byteOffset + b.byteLength || b.byteOffset >= a.byteOffset + a.byteLength) return x;
  const isSame = a.byteOffset === b.byteOffset && x.dtype === y.dtype && x.offset === y.offset &&
    isSameShape(x.shape, y.shape) && isSameShape(x.strides, y.strides);
  return isSame ? x : copied(x);
}

/** y ← a number, everywhere. */
export function fill(y: View, value: Scalar): void {
  const { dtype, storage, offset, size } = y;
  checkScalar(value);
  if (size === 0) return;
  dtype.write(storage.array, offset, value);
  if (y.isContiguous) storage.array.fill(storage.array[offset] as never, offset, offset + size);
  else copy(y, new View(storage, dtype, [], [], offset));
}
