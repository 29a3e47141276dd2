/**
 * Functions of whole rows: softmax, normalization and dropout. Rows lie along an axis, or several, that the native side has as the
 * last one; what is measured by rows is in losses.ts.
 */
import { Op, Rows, TensorOp } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import { checkBoolean, checkNumber, checkOptions, nonNegativeRange, unitRange } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { checkTensor, isGradEnabled, plain, record, viewOf } from "./autograd.ts";
import { defaultFloat, type DtypeInfo, dtypeOf, Kind } from "./dtype.ts";
import { compile, contiguous, type Expression, run } from "./kernels.ts";
import { checkAxes, checkRowAxis, type Shape, shapeText, sizeOf } from "./layout.ts";
import { uniform } from "./randomness.ts";
import { axesLast, sumTo } from "./reduction.ts";
import { View } from "./view.ts";

/** The plan of the call that is being made. */
const plan = new Int32Array(6);

/** A function of a tensor computed in the type that the native side has for it; the result is of the tensor's type, if that is a float. */
export function inItsType(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const { dtype } = viewOf(x), type = dtype.kind === Kind.float ? dtypeOf(dtype.compute) : defaultFloat;
  if (type === dtype) return f(x);
  const y = f(x.to(type.name));
  return dtype.kind === Kind.float ? y.to(dtype.name) : y;
}

/** Where rows are in a tensor: along which axes, last ones or not. */
export class RowAxes {
  /** The rows' axes last; undefined where they are that. */
  readonly #order: readonly number[] | undefined;
  /** The sizes of the other axes. */
  readonly others: Shape;
  /** How many rows there are. */
  readonly count: number;
  /** How long each is. */
  readonly length: number;

  constructor(shape: Shape, axes: readonly number[]) {
    const first = shape.length - axes.length;
    if (axes.some((axis, i) => axis !== first + i)) this.#order = axesLast(shape.length, axes);
    this.others = shape.filter((_, axis) => !axes.includes(axis));
    this.count = sizeOf(this.others);
    this.length = sizeOf(axes.map((axis) => shape[axis]));
  }

  /** The rows of a view, one after the other. */
  rowsOf(x: View): View {
    return contiguous(this.#order === undefined ? x : x.permuted(this.#order));
  }

  /** New rows for a tensor of a type, to be written and then seen by `placed`. */
  newRows(like: View): View {
    return View.allocate(like.dtype, this.#order === undefined ? like.shape : this.#order.map((i) => like.shape[i]));
  }

  /** Rows as the tensor has them. */
  placed(rows: View): View {
    const order = this.#order;
    return order === undefined ? rows : rows.permuted(order.map((_, axis) => order.indexOf(axis)));
  }
}

/** y ← a function of each row of x and, for gradients, of z. */
function ofRows(task: string, f: number, axes: RowAxes, x: View, z?: View): View {
  const rows = axes.rowsOf(x), others = z && axes.rowsOf(z), y = axes.newRows(x);
  plan[0] = f;
  plan[1] = rows.dtype.code;
  plan[2] = axes.count;
  plan[3] = axes.length;
  plan[4] = rows.offset;
  plan[5] = others?.offset ?? 0;
  const status = native.gradus_tensor_rows(y.storage.array, rows.storage.array, others?.storage.array ?? null, plan);
  if (status !== 0) unwrap(status, task);
  return axes.placed(y);
}

/** exp(x) / Σ exp(x) along an axis. */
export function softmax(x: Tensor, axis: number): Tensor {
  return alongAxis("softmax", x, axis, softmaxOfRows);
}

function softmaxOfRows(x: Tensor, axis: number): Tensor {
  const axes = new RowAxes(viewOf(x).shape, [axis]), y = ofRows("softmax", Rows.softmax, axes, viewOf(x));
  const pullback = (gradient: Tensor) => {
    if (!isGradEnabled()) return plain(ofRows("softmax", Rows.softmaxGradient, axes, y, viewOf(gradient)));
    return result.mul(gradient.sub(result.mul(gradient).sum(axis, { keepDims: true })));
  };
  const result: Tensor = record("softmax", y, [x], [pullback], [y]);
  return result;
}

/** x − log Σ exp(x) along an axis. */
export function logSoftmax(x: Tensor, axis: number): Tensor {
  return alongAxis("logSoftmax", x, axis, logSoftmaxOfRows);
}

function logSoftmaxOfRows(x: Tensor, axis: number): Tensor {
  const axes = new RowAxes(viewOf(x).shape, [axis]), y = ofRows("logSoftmax", Rows.logSoftmax, axes, viewOf(x));
  const pullback = (gradient: Tensor) => {
    if (!isGradEnabled()) return plain(ofRows("logSoftmax", Rows.logSoftmaxGradient, axes, y, viewOf(gradient)));
    return gradient.sub(result.exp().mul(gradient.sum(axis, { keepDims: true })));
  };
  const result: Tensor = record("logSoftmax", y, [x], [pullback], [y]);
  return result;
}

/** A function along an axis; a single element is a row of its own, as in PyTorch. */
function alongAxis(task: string, x: Tensor, axis: number, f: (x: Tensor, axis: number) => Tensor): Tensor {
  const { shape } = viewOf(x), checked = checkRowAxis(task, axis, shape.length);
  return inItsType(x, (x) => shape.length > 0 ? f(x, checked) : f(x.reshape([1]), checked).reshape([]));
}

/** What `layerNorm` takes beside its tensors. */
export interface LayerNormOptions {
  /** What is added to the variance. Default: 1e-5. */
  eps?: number;
  /** The axes along which it normalizes. Default: the last one. */
  axes?: number | readonly number[];
}

/** (x − mean)/√(variance + eps)·weight + bias. */
export function layerNorm(
  x: Tensor,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  options: LayerNormOptions,
): Tensor {
  checkOptions("the options of layerNorm()", options, ["eps", "axes"]);
  const { eps = 1e-5, axes = -1 } = options;
  const { shape } = viewOf(x), list = checkAxes("layerNorm", axes, shape.length);
  checkNumber("eps", eps, nonNegativeRange);
  for (const parameter of [weight, bias]) if (parameter !== undefined) checkParameter(shape, list, parameter);
  return inItsType(x, (x) => {
    const y = normalized(x, list, eps);
    if (weight === undefined && bias === undefined) return y;
    // Along the axes between those that are normalized, and behind them, the parameters are stretched.
    const beside = shape.slice(list[0]).map((size, i) => list.includes(list[0] + i) ? size : 1);
    const { name } = viewOf(y).dtype;
    return scaled(y, weight?.reshape(beside).to(name), bias?.reshape(beside).to(name));
  });
}

function checkParameter(shape: Shape, axes: readonly number[], parameter: Tensor): void {
  checkTensor("apply layerNorm(), whose axes are an option", parameter);
  const needed = axes.map((axis) => shape[axis]), own = viewOf(parameter).shape;
  if (own.length === needed.length && own.every((size, i) => size === needed[i])) return;
  throw new GradusError(
    "shape",
    `Cannot apply layerNorm() to a tensor of shape ${shapeText(shape)}: the weight or the bias has the shape ${
      shapeText(own)
    }, that of the normalized axes, ${shapeText(needed)}, is needed`,
  );
}

const scaling = compile([Op.mul, "g", "scale"]);

/** (x − mean)/√(variance + eps) along axes. */
function normalized(x: Tensor, list: readonly number[], eps: number): Tensor {
  const view = viewOf(x), { dtype, shape } = view, axes = new RowAxes(shape, list), rows = axes.rowsOf(view);
  const kept = shape.map((size, i) => list.includes(i) ? 1 : size);
  const y = axes.newRows(view), scale = View.allocate(dtype, kept);
  plan[0] = dtype.code;
  plan[1] = axes.count;
  plan[2] = axes.length;
  plan[3] = rows.offset;
  unwrap(
    native.gradus_tensor_normalize(y.storage.array, scale.storage.array, rows.storage.array, plan, eps),
    "layerNorm",
  );
  const placed = axes.placed(y);
  const mean = (z: Tensor) => z.mean(list, { keepDims: true });
  const pullback = (gradient: Tensor) => {
    if (isGradEnabled()) {
      const slope = gradient.sub(mean(gradient)).sub(result.mul(mean(result.mul(gradient))));
      return slope.mul(mean(x.sub(mean(x)).square()).add(eps).rsqrt());
    }
    const slope = ofRows("layerNorm", Rows.normalizeGradient, axes, placed, viewOf(gradient));
    const dx = View.allocate(dtype, shape);
    run("layerNorm", scaling, [], dx, [slope, scale], dtype);
    return plain(dx);
  };
  const result: Tensor = record("layerNorm", placed, [x], [pullback], [view, placed, scale]);
  return result;
}

const affine = compile([Op.add, [Op.mul, "x", "weight"], "bias"]);

/** x·weight + bias, stretched. */
function scaled(x: Tensor, weight: Tensor | undefined, bias: Tensor | undefined): Tensor {
  if (weight === undefined) return x.add(bias!);
  if (bias === undefined) return x.mul(weight);
  const view = viewOf(x), w = viewOf(weight), b = viewOf(bias), y = View.allocate(view.dtype, view.shape);
  run("layerNorm", affine, [], y, [view, w, b], view.dtype);
  return record("scale", y, [x, weight, bias], [
    (gradient) => gradient.mul(weight),
    (gradient) => sumTo(gradient.mul(x), w.shape),
    (gradient) => sumTo(gradient, b.shape),
  ], [view, w]);
}

/** Which elements stay, as 0 or the factor that makes up for the others. */
function maskOf(shape: Shape, p: number, seed: number | undefined, dtype: DtypeInfo): View {
  const mask = uniform(shape, seed, dtypeOf(dtype.compute));
  const stays: Expression = [TensorOp.lessEqual, p, "u"];
  const program = compile([Op.mul, stays, p < 1 ? 1 / (1 - p) : 0]), y = View.allocate(dtype, mask.shape);
  run("dropout", program, program.uniforms, y, [mask], mask.dtype);
  return y;
}

/** How `dropout` chooses. */
export interface DropoutOptions {
  /** Which elements go: the same seed, the same ones. Default: others at every call. */
  seed?: number;
  /** Whether anything is done at all: a network that predicts keeps all elements. Default: true. */
  training?: boolean;
}

/** Some elements 0, each with probability p, the others divided by 1 − p. */
export function dropout(x: Tensor, p: number, options: DropoutOptions): Tensor {
  checkOptions("the options of dropout()", options, ["seed", "training"]);
  const { seed, training = true } = options;
  checkNumber("the probability", p, unitRange);
  if (!checkBoolean("training", training)) return x;
  const { shape, dtype } = viewOf(x), type = dtype.kind === Kind.float ? dtype : defaultFloat;
  return x.mul(plain(maskOf(shape, p, seed, type)));
}
