/**
 * Elementwise operations of tensors. Those of the table c/ops.h have their derivatives from there: as one program where gradients
 * are only computed, as operations of tensors where they are recorded.
 */
import { derivatives, type Formula, Op, opNames, TensorOp } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { isGradEnabled, needsGrad, nodeOf, plain, type Pullback, record, viewOf } from "./autograd.ts";
import { bool, defaultFloat, type DtypeInfo, dtypeOf, float64, int64, Kind, type Scalar } from "./dtype.ts";
import { compile, copied, type Expression, fill, type Program, run } from "./kernels.ts";
import { broadcastShape, isSameShape, type Shape } from "./layout.ts";
import { isScalar, type Operand, resultType } from "./promotion.ts";
import { sum, sumTo } from "./reduction.ts";
import { View } from "./view.ts";

const tensorOpNames = Object.keys(TensorOp), firstTensorOp = TensorOp.floor;

function nameOf(op: number): string {
  return op < firstTensorOp ? opNames[op] : tensorOpNames[op - firstTensorOp];
}

/** Operations of the table that integers have, too; of the others the results are floating point. */
const ofIntegers = new Set<number>(
  [Op.neg, Op.square, Op.abs, Op.sign, Op.step, Op.add, Op.sub, Op.mul, Op.pow, Op.max, Op.min],
);

/** The type that an operation of the table computes in and gives, for operands of a type. */
function typeFor(op: number, dtype: DtypeInfo): DtypeInfo {
  if (dtype.kind === Kind.float) return dtype;
  if (!ofIntegers.has(op)) return defaultFloat;
  if (dtype.kind === Kind.bool && op === Op.square) return int64;
  if (dtype.kind === Kind.bool && (op === Op.neg || op === Op.sub)) {
    throw new GradusError(
      "argument",
      `Cannot ${nameOf(op)} tensors of bool: logicalNot() and logicalXor() are what they have`,
    );
  }
  return dtype;
}

/** Programs of one operation by its number, and by which operands are numbers. */
const programs = new Map<number, Program>();

/** Whether an operation is of two operands. */
function takesTwo(op: number): boolean {
  return op < firstTensorOp ? derivatives[op].length === 2 : op > TensorOp.logicalNot && op !== TensorOp.bitNot;
}

function programOf(op: number, a: View | Scalar, b: View | Scalar | undefined): Program {
  const key = op * 4 + (b === undefined ? 3 : a instanceof View ? b instanceof View ? 0 : 1 : 2);
  let program = programs.get(key);
  if (program === undefined) {
    if (takesTwo(op) && b === undefined) {
      throw new GradusError(
        "argument",
        `Cannot ${nameOf(op)}: the other operand is missing, a tensor or a number is needed`,
      );
    }
    const part = (operand: View | Scalar, name: string) => operand instanceof View ? name : 0;
    program = compile(b === undefined ? [op, "a"] : [op, part(a, "a"), part(b, "b")]);
    programs.set(key, program);
  }
  return program;
}

/** op(a, b) of views and numbers, computed in one type and given in another. */
function compute(
  op: number,
  a: View | Scalar,
  b: View | Scalar | undefined,
  type: DtypeInfo,
  dtype: DtypeInfo,
): View {
  const views: View[] = [], numbers: Scalar[] = [];
  if (a instanceof View) views.push(a);
  else numbers.push(a);
  if (b instanceof View) views.push(b);
  else if (b !== undefined) numbers.push(b);
  const shape = views.length === 1 ? views[0].shape : broadcastShape(nameOf(op), views[0].shape, views[1].shape);
  const y = View.allocate(dtype, shape);
  run(nameOf(op), programOf(op, a, b), numbers, y, views, dtypeOf(type.compute));
  return y;
}

/** A number as a view of a single element. */
function viewOfNumber(value: Scalar, dtype: DtypeInfo): View {
  const view = View.allocate(dtype, []);
  fill(view, value);
  return view;
}

const viewOrNumber = (operand: Operand) => isScalar(operand) ? operand : viewOf(operand);

/** The programs that compute gradients of operands: that of the result times the derivative. */
const slopes = derivatives.map((formulas, op) => formulas.map((formula) => compile(slopeOf(op, formula))));

function slopeOf(op: number, formula: Formula): Expression {
  if (formula === -1) return [Op.neg, "g"];
  return isGate(op) ? [Op.times, formula, "g"] : [Op.mul, "g", formula];
}

/** Whether an operation lets one operand through: what it does not let through has no part in the result, be that infinite. */
function isGate(op: number): boolean {
  return op === Op.relu || op === Op.max || op === Op.min;
}

/** The gradient of what a result does not depend on: 0, whatever that of the result is. */
function nothingOf(gradient: Tensor, shape: Shape = viewOf(gradient).shape): Tensor {
  const zeros = View.allocate(viewOf(gradient).dtype, shape);
  fill(zeros, 0);
  return plain(zeros);
}

/** The operands of an operation and its result, by their names in formulas. */
type Operands = Readonly<Record<"a" | "b" | "y", Operand>>;

/** A derivative as operations of tensors. */
function evaluated(formula: Formula, operands: Operands): Operand {
  if (typeof formula === "number") return formula;
  if (typeof formula === "string") return operands[formula];
  const [op, left, right] = formula, a = evaluated(left, operands);
  const b = right === undefined ? undefined : evaluated(right, operands);
  if (!isScalar(a) || (b !== undefined && !isScalar(b))) return operation(op, a, b);
  return Number(compute(op, viewOfNumber(a, float64), b, float64, float64).read(0));
}

/** The gradient of operand k: by one program, or by operations where these are recorded. */
function slope(op: number, k: number, gradient: Tensor, operands: Operands): Tensor {
  const formula = derivatives[op][k], { dtype, shape } = viewOf(gradient);
  if (formula === 1) return gradient;
  if (formula === 0) return nothingOf(gradient);
  if (isGradEnabled()) {
    if (formula === -1) return operation(Op.neg, gradient);
    // In the type of the gradient, since an operand may be of a narrower one.
    const inType = (x: Operand) => isScalar(x) ? x : x.to(dtype.name);
    const { a, b, y } = operands;
    const derivative = evaluated(formula, { a: inType(a), b: inType(b), y: inType(y) });
    return isGate(op) ? operation(Op.times, derivative, gradient) : operation(Op.mul, gradient, derivative);
  }
  const program = slopes[op][k], y = View.allocate(dtype, shape);
  const views = program.inputs.map((name) => {
    const operand = name === "g" ? gradient : operands[name as keyof Operands];
    return isScalar(operand) ? viewOfNumber(operand, dtype) : viewOf(operand);
  });
  run(`differentiate ${nameOf(op)}`, program, program.uniforms, y, views, dtypeOf(dtype.compute));
  return plain(y);
}

/** Which of a, b and y the gradients of some operands read. */
interface Reads {
  readonly a: boolean;
  readonly b: boolean;
  readonly y: boolean;
}

/** That, by the operation and by the operands whose gradients are wanted: 1 for a, 2 for b, 3 for both. */
const reads: readonly (readonly Reads[])[] = slopes.map((programs) =>
  [0, 1, 2, 3].map((wanted) => {
    const inputs = programs.flatMap(({ inputs }, k) => (wanted >> k) & 1 ? inputs : []);
    return { a: inputs.includes("a"), b: inputs.includes("b"), y: inputs.includes("y") };
  })
);

/** An operation of the table c/ops.h on a tensor, or on two operands of which one is a tensor at least. */
export function operation(op: number, a: Operand, b?: Operand): Tensor {
  const type = typeFor(op, resultType(b === undefined ? [a] : [a, b]));
  const y = compute(op, viewOrNumber(a), b === undefined ? undefined : viewOrNumber(b), type, type);
  const tensors: Tensor[] = [], places: number[] = [];
  if (!isScalar(a)) {
    tensors.push(a);
    places.push(0);
  }
  if (b !== undefined && !isScalar(b)) {
    tensors.push(b);
    places.push(1);
  }
  return needsGrad(tensors) ? recorded(op, y, { a, b: b ?? 0 }, tensors, places) : plain(y);
}

/** The result of an operation of the table with the gradients of those operands that are tensors. */
export function recorded(
  op: number,
  y: View,
  { a, b }: Readonly<Record<"a" | "b", Operand>>,
  tensors: readonly Tensor[],
  places: readonly number[],
): Tensor {
  let wanted = 0;
  for (let i = 0; i < places.length; i++) if (nodeOf(tensors[i]) !== undefined) wanted |= 1 << places[i];
  // What no gradient reads is not held: chains of sums would keep every array.
  const read = reads[op][wanted], operands = { a: read.a ? a : 0, b: read.b ? b : 0, y: 0 as Operand };
  const saved: View[] = [];
  if (read.a && !isScalar(a)) saved.push(viewOf(a));
  if (read.b && !isScalar(b)) saved.push(viewOf(b));
  if (read.y) saved.push(y);
  const pullbacks = tensors.map((tensor, i) => pullbackTo(viewOf(tensor).shape, y, op, places[i], operands));
  const result = record(nameOf(op), y, tensors, pullbacks, saved.length === 0 ? undefined : saved);
  if (read.y) operands.y = result;
  return result;
}

const unchanged: Pullback = (gradient) => gradient;

/** The gradient of operand k, of a shape. */
function pullbackTo(shape: Shape, y: View, op: number, k: number, operands: Operands): Pullback {
  if (derivatives[op][k] === 1 && isSameShape(shape, y.shape)) return unchanged;
  return pullback(shape, op, k, operands);
}

function pullback(shape: Shape, op: number, k: number, operands: Operands): Pullback {
  return (gradient) => sumTo(slope(op, k, gradient, operands), shape);
}

/** Comparisons and logical operations: of any operands, giving bool; the type of the operands is theirs together. */
export function comparison(op: number, a: Operand, b?: Operand): Tensor {
  const type = resultType(b === undefined ? [a] : [a, b]);
  return plain(compute(op, viewOrNumber(a), b === undefined ? undefined : viewOrNumber(b), type, bool));
}

/** How near to each other elements have to be. */
export interface Closeness {
  /** How far apart, as a part of the second. */
  readonly rtol: number;
  /** How far apart, beside that. */
  readonly atol: number;
  /** Whether two NaN are. */
  readonly equalNaN: boolean;
}

/** Whether a = b or |a − b| ≤ atol + rtol·|b|, which is finite; element by element, as bool. */
export function close(a: Tensor, b: Operand, { rtol, atol, equalNaN }: Closeness): Tensor {
  const type = resultType([a, b]), floating = type.kind === Kind.float ? type : float64;
  if (type.kind !== Kind.float && rtol === 0 && atol === 0) return comparison(TensorOp.equal, a, b); // exact, of int64, too
  const left = viewOf(a), right = isScalar(b) ? viewOfNumber(b, dtypeOf(floating.compute)) : viewOf(b);
  const { logicalAnd, logicalOr, isFinite, isNan, equal, lessEqual } = TensorOp;
  const distance: Expression = [Op.abs, [Op.sub, "a", "b"]];
  const allowed: Expression = [Op.add, [Op.mul, [Op.abs, "b"], rtol], atol];
  let formula: Expression = [logicalAnd, [isFinite, distance], [lessEqual, distance, allowed]];
  formula = [logicalOr, [equal, "a", "b"], formula];
  if (equalNaN) formula = [logicalOr, formula, [logicalAnd, [isNan, "a"], [isNan, "b"]]];
  const program = compile(formula), y = View.allocate(bool, broadcastShape("compare", left.shape, right.shape));
  run("compare", program, program.uniforms, y, [left, right], dtypeOf(floating.compute));
  return plain(y);
}

/** Operations that are flat nearly everywhere, as floor() is: their gradient is 0. */
export function flatOperation(op: number, x: Tensor): Tensor {
  const view = viewOf(x);
  if (view.dtype.kind !== Kind.float) return plain(copied(view));
  const y = compute(op, view, undefined, view.dtype, view.dtype);
  return record(nameOf(op), y, [x], [(gradient) => nothingOf(gradient)]);
}

/** Operations on integers bit by bit. */
export function bitOperation(op: number, a: Operand, b?: Operand): Tensor {
  const type = resultType(b === undefined ? [a] : [a, b]);
  if (type.kind === Kind.float) {
    throw new GradusError("argument", `Cannot ${nameOf(op)} tensors of ${type.name}: integers or bool are needed`);
  }
  return plain(compute(op, viewOrNumber(a), b === undefined ? undefined : viewOrNumber(b), int64, type));
}

/** aᵇ */
export function power(a: Tensor, b: Operand): Tensor {
  checkPower(a, b);
  return b === 2 ? operation(Op.square, a) : operation(Op.pow, a, b);
}

/** Throws if integers are to be raised to a number below 0: that of most would be 0. */
export function checkPower(a: Tensor, b: Operand): void {
  const isBelow = (typeof b === "number" || typeof b === "bigint") && b < 0;
  if (!isBelow || resultType([a, b]).kind === Kind.float) return;
  throw new GradusError(
    "argument",
    `Cannot pow integers by ${b}: a number from 0 on is needed, or to("float32") of the integers before`,
  );
}

/** max(x, 0), of integers, too. */
export function rectified(x: Tensor): Tensor {
  return viewOf(x).dtype.kind === Kind.float ? operation(Op.relu, x) : operation(Op.max, x, 0);
}

/** x within bounds: where it is outside, the gradient is 0. */
export function clamped(x: Tensor, min?: number, max?: number): Tensor {
  if (min === undefined && max === undefined) {
    throw new GradusError("argument", "Cannot clamp a tensor: no bound is given, min or max is needed");
  }
  for (const bound of [min, max]) {
    if (bound === undefined || typeof bound === "number") continue;
    throw new GradusError(
      "argument",
      `Cannot clamp a tensor: a bound is ${shown(bound)}, a number is needed; maximum() and minimum() take tensors`,
    );
  }
  const { dtype, shape } = viewOf(x), type = resultType([x, min ?? max!, max ?? min!]);
  let part: Expression = "x";
  if (min !== undefined) part = [Op.max, part, min];
  if (max !== undefined) part = [Op.min, part, max];
  const y = View.allocate(type, shape), program = compile(part);
  run("clamp", program, program.uniforms, y, [viewOf(x)], dtypeOf(type.compute));
  const pullback = (gradient: Tensor) => operation(Op.times, within(x, min, max).to(dtype.name), gradient);
  return record("clamp", y, [x], [pullback], [viewOf(x)]);
}

/** Where x is within its bounds, and not at them. */
function within(x: Tensor, min = -Infinity, max = Infinity): Tensor {
  return comparison(
    TensorOp.logicalAnd,
    comparison(TensorOp.less, min, x),
    comparison(TensorOp.less, x, max),
  );
}

/** Whole quotients and what remains of them. Remainders have the derivatives 1 and −⌊a / b⌋ or −trunc(a / b), quotients 0. */
export function quotient(op: number, a: Tensor, b: Operand): Tensor {
  const type = resultType(b === undefined ? [a] : [a, b]);
  if (type.kind !== Kind.float) refuseZeros(op, b);
  const y = compute(op, viewOf(a), viewOrNumber(b), type, type);
  const isFlat = op === TensorOp.floorDivide, byDividend = isFlat ? vanishing : summing;
  if (isScalar(b)) return record(nameOf(op), y, [a], [byDividend(viewOf(a).shape)]);
  const { shape } = viewOf(b), isRead = !isFlat && nodeOf(b) !== undefined;
  const byDivisor = isRead ? takingAway(op, a, b) : vanishing(shape);
  return record(nameOf(op), y, [a, b], [byDividend(viewOf(a).shape), byDivisor], isRead ? [viewOf(a), viewOf(b)] : []);
}

const summing = (shape: Shape): Pullback => (gradient) => sumTo(gradient, shape);
const vanishing = (shape: Shape): Pullback => (gradient) => nothingOf(gradient, shape);

/** The gradient of the divisor of a remainder. */
function takingAway(op: number, a: Tensor, b: Tensor): Pullback {
  return (gradient) => {
    const times = op === TensorOp.remainder
      ? quotient(TensorOp.floorDivide, a, b)
      : flatOperation(TensorOp.trunc, operation(Op.div, a.detach(), b.detach()));
    return sumTo(operation(Op.neg, operation(Op.mul, gradient, times)), viewOf(b).shape);
  };
}

function refuseZeros(op: number, b: Operand): void {
  const hasZero = isScalar(b) ? Number(b) === 0 : viewOf(sum(comparison(TensorOp.equal, b, 0))).read(0) !== 0n;
  if (!hasZero) return;
  throw new GradusError(
    "argument",
    `Cannot ${nameOf(op)} integers: there is a 0 among the divisors, other numbers are needed`,
  );
}
