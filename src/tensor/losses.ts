/** Losses: how far predictions are from targets, as PyTorch defines them. */
import { Op } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import { checkName, checkNumber, checkOptions, positiveRange, type Range, unitRange } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { checkTensor, isGradEnabled, isTensor, needsGrad, plain, record, viewOf } from "./autograd.ts";
import { fromNested, type Nested } from "./creation.ts";
import { dtypeOf, float64, int32, Kind, type Scalar, type TensorData } from "./dtype.ts";
import { operation } from "./elementwise.ts";
import { compile, contiguous, fill, run } from "./kernels.ts";
import { isSameShape, type Shape, shapeText } from "./layout.ts";
import { isScalar, type Operand } from "./promotion.ts";
import { inItsType, RowAxes } from "./rows.ts";
import { Storage } from "./storage.ts";
import { View } from "./view.ts";

/** What all losses take. */
export interface LossOptions {
  /** `"mean"` or `"sum"` of the losses of rows or elements, or `"none"`: all of them. Default: `"mean"`. */
  reduction?: "mean" | "sum" | "none";
}

/** What `crossEntropy` takes. */
export interface CrossEntropyOptions extends LossOptions {
  /** What stands in the place of a class number for rows that do not count, whose losses are 0. Default: −100. */
  ignoreIndex?: number;
  /** From 0 to 1: how much of each target is spread over all classes equally. Default: 0. */
  labelSmoothing?: number;
}

const wholeRange: Range = { allows: Number.isInteger, words: "a whole number" };

/** Targets by row: class numbers, or probabilities of the classes. */
export type ClassTargets = Tensor | Nested;

type Reduction = "mean" | "sum" | "none";

const reductions: readonly Reduction[] = ["mean", "sum", "none"];

const usual: LossOptions = {};

function reductionIn(name: string, options: LossOptions, known: readonly string[] = []): Reduction {
  if (options === usual) return "mean";
  checkOptions(`the options of ${name}()`, options, ["reduction", ...known]);
  return checkName("the reduction", options.reduction ?? "mean", reductions);
}

/** What is asked for of all losses. */
function reduced(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return losses;
  return reduction === "sum" ? losses.sum() : losses.mean();
}

// ---------------------------------------------------------------- of classes

/** The axis of classes: of (N, C, …) the second, of (C,) the only one. */
function classAxis(name: string, { length }: Shape): number {
  if (length > 0) return Math.min(1, length - 1);
  throw new GradusError("shape", `Cannot compute ${name}() of a single element: an axis of classes is needed`);
}

/** Targets as a tensor: of int32, or of whole numbers and probabilities in float64. */
function targetsOf(targets: ClassTargets): Tensor {
  if (isTensor(targets)) return targets;
  if (targets instanceof Int32Array) {
    return plain(new View(new Storage(targets as TensorData), int32, [targets.length]));
  }
  return plain(fromNested(targets, float64));
}

/** What int32 cannot hold is no class anyway. */
const limiting = compile([Op.max, [Op.min, "x", 2 ** 31 - 1], -(2 ** 31)]);

/** Class numbers of a shape, as int32 whose elements follow one another. */
function classesOf(name: string, targets: ClassTargets, logits: Shape, shape: Shape): View {
  const view = viewOf(targetsOf(targets)), isWhole = isTensor(targets) ? view.dtype.kind < Kind.float : hasWhole(view);
  if (!isWhole || !isSameShape(view.shape, shape)) {
    throw new GradusError(
      "shape",
      `Cannot compute ${name}() of a tensor of shape ${shapeText(logits)}: the targets are ${
        isTensor(targets) ? view.dtype.name : isWhole ? "whole numbers" : "fractions"
      } of shape ${shapeText(view.shape)}, class numbers of shape ${shapeText(shape)} are needed${
        name === "crossEntropy" ? `, or probabilities of shape ${shapeText(logits)}` : ""
      }`,
    );
  }
  if (view.dtype === int32) return contiguous(view);
  const classes = View.allocate(int32, shape);
  run(name, limiting, limiting.uniforms, classes, [view], dtypeOf(view.dtype.compute));
  return classes;
}

const hasWhole = ({ storage, size }: View) =>
  (storage.array.subarray(0, size) as Float64Array).every((x) => Number.isInteger(x));

/** Throws if a number is no class. */
function checkRange(name: string, { storage, offset, size }: View, count: number): void {
  const numbers = storage.array.subarray(offset, offset + size) as Int32Array;
  const row = numbers.findIndex((number) => number < 0 || number >= count);
  if (row < 0) return;
  throw new GradusError(
    "argument",
    `Cannot compute ${name}(): target ${row} is no class, a number from 0 to below ${count} is needed`,
  );
}

/** The plan of the call that is being made. */
const plan = new Int32Array(5);

/** −Σ p·log softmax(x) along the classes: p is 1 for the class that is the target, else 0, or it is the target. */
export function crossEntropy(x: Tensor, targets: ClassTargets, options: CrossEntropyOptions = usual): Tensor {
  const reduction = reductionIn("crossEntropy", options, ["ignoreIndex", "labelSmoothing"]), { shape } = viewOf(x);
  const { ignoreIndex = -100, labelSmoothing = 0 } = options;
  checkNumber("labelSmoothing", labelSmoothing, unitRange);
  checkNumber("ignoreIndex", ignoreIndex, wholeRange);
  const axis = classAxis("crossEntropy", shape), target = targetsOf(targets), view = viewOf(target);
  if (view.dtype.kind === Kind.float && isSameShape(view.shape, shape)) {
    return inItsType(x, (x) => {
      const p = smoothed(target.to(x.dtype), 1 / shape[axis], labelSmoothing);
      return reduced(x.logSoftmax(axis).mul(p).sum(axis).neg(), reduction);
    });
  }
  const axes = new RowAxes(shape, [axis]), classes = classesOf("crossEntropy", targets, shape, axes.others);
  if (labelSmoothing === 0 && !hasClass(classes, ignoreIndex)) {
    return inItsType(x, (x) => ofClasses(x, classes, axis, axes, reduction));
  }
  return inItsType(x, (x) => {
    const ignored = plain(classes).eq(ignoreIndex), counted = viewOf(plain(classes).maskedFill(ignored, 0));
    const all = labelSmoothing === 0 ? 0 : x.logSoftmax(axis).mean(axis).neg();
    const losses = smoothed(ofClasses(x, counted, axis, axes, "none"), all, labelSmoothing).maskedFill(ignored, 0);
    return reduction === "mean" ? losses.sum().div(ignored.logicalNot().sum()) : reduced(losses, reduction);
  });
}

/** (1 − s)·x + s·other */
function smoothed(x: Tensor, other: Operand, s: number): Tensor {
  return s === 0 ? x : x.mul(1 - s).add(isScalar(other) ? Number(other) * s : other.mul(s));
}

function hasClass({ storage, offset, size }: View, number: number): boolean {
  return (storage.array.subarray(offset, offset + size) as Int32Array).includes(number);
}

const weighting = compile([Op.mul, "slope", [Op.mul, "g", 1]]);

/** The losses of rows and their slopes at once. */
function ofClasses(x: Tensor, classes: View, axis: number, axes: RowAxes, reduction: Reduction): Tensor {
  const view = viewOf(x), { dtype, shape } = view, rows = axes.rowsOf(view), losses = View.allocate(dtype, axes.others);
  const slopes = needsGrad([x]) ? axes.newRows(view) : undefined;
  plan[0] = dtype.code;
  plan[1] = axes.count;
  plan[2] = axes.length;
  plan[3] = rows.offset;
  plan[4] = classes.offset;
  const status = native.gradus_tensor_cross_entropy(
    losses.storage.array,
    slopes === undefined ? null : slopes.storage.array,
    rows.storage.array,
    classes.storage.array as Int32Array<ArrayBuffer>,
    plan,
  );
  if (status !== 0) {
    checkRange("crossEntropy", classes, axes.length);
    unwrap(status, "crossEntropy");
  }
  const loss = reduced(plain(losses), reduction);
  if (slopes === undefined) return loss;
  const slope = axes.placed(slopes), weight = reduction === "mean" ? 1 / axes.count : 1;
  const pullback = (gradient: Tensor) => {
    const g = reduction === "none" ? gradient.unsqueeze(axis) : gradient;
    if (isGradEnabled()) {
      const certain = plain(classes).oneHot(axes.length).to(dtype.name).moveaxis(-1, axis);
      return x.softmax(axis).sub(certain).mul(g.mul(weight));
    }
    const dx = View.allocate(dtype, shape);
    run("crossEntropy", weighting, [weight], dx, [slope, viewOf(g)], dtype);
    return plain(dx);
  };
  return record("crossEntropy", viewOf(loss), [x], [pullback], [view, slope, classes]);
}

/** −x of the class that is the target: x are logarithms of probabilities. */
export function nllLoss(x: Tensor, targets: ClassTargets, options: LossOptions = usual): Tensor {
  const reduction = reductionIn("nllLoss", options), { shape } = viewOf(x), axis = classAxis("nllLoss", shape);
  const classes = classesOf("nllLoss", targets, shape, shape.toSpliced(axis, 1));
  checkRange("nllLoss", classes, shape[axis]);
  return reduced(x.gather(axis, plain(classes).unsqueeze(axis)).squeeze(axis).neg(), reduction);
}

// ---------------------------------------------------------------- of elements

/** A target of the very shape of the predictions: (N, 1) beside (N,) would be stretched to (N, N). */
function targetOf(name: string, x: Tensor, target: Operand): Operand {
  const { shape } = viewOf(x);
  if (!isScalar(target)) checkTensor(`compute ${name}()`, target);
  if (isScalar(target) || isSameShape(viewOf(target).shape, shape)) return target;
  throw new GradusError(
    "shape",
    `Cannot compute ${name}() of a tensor of shape ${shapeText(shape)}: the targets have the shape ${
      shapeText(viewOf(target).shape)
    }, the same one is needed`,
  );
}

/** (x − t)² */
export function mseLoss(x: Tensor, target: Operand, options: LossOptions = usual): Tensor {
  const reduction = reductionIn("mseLoss", options);
  return reduced(x.sub(targetOf("mseLoss", x, target)).square(), reduction);
}

/** |x − t| */
export function l1Loss(x: Tensor, target: Operand, options: LossOptions = usual): Tensor {
  const reduction = reductionIn("l1Loss", options);
  return reduced(x.sub(targetOf("l1Loss", x, target)).abs(), reduction);
}

/** What `huberLoss` takes. */
export interface HuberOptions extends LossOptions {
  /** From which distance on the loss is linear. Default: 1. */
  delta?: number;
}

/** With d = x − t: d²/2 where |d| ≤ delta, else delta·(|d| − delta/2), which is c·(d − c/2) with d cut off at ±delta as c. */
export function huberLoss(x: Tensor, target: Operand, options: HuberOptions = usual): Tensor {
  const reduction = reductionIn("huberLoss", options, ["delta"]);
  const delta = checkNumber("delta", options.delta ?? 1, positiveRange);
  const d = x.sub(targetOf("huberLoss", x, target)), c = d.clamp(-delta, delta);
  return reduced(c.mul(d.sub(c.mul(0.5))), reduction);
}

/** −t·log x − (1 − t)·log(1 − x), the logarithms not below −100. */
const binary = compile([
  Op.sub,
  [Op.mul, [Op.sub, "t", 1], [Op.max, [Op.log1p, [Op.neg, "x"]], -100]],
  [Op.mul, "t", [Op.max, [Op.log, "x"], -100]],
]);

/** −t·log x − (1 − t)·log(1 − x) of probabilities x. */
export function binaryCrossEntropy(x: Tensor, target: Operand, options: LossOptions = usual): Tensor {
  const name = "binaryCrossEntropy", reduction = reductionIn(name, options), given = targetOf(name, x, target);
  checkProbabilities(name, x);
  const t = isScalar(given) ? single(given) : given;
  return inItsType(x, (x) => reduced(binaryLosses(x, t.to(x.dtype)), reduction));
}

function single(value: Scalar): Tensor {
  const view = View.allocate(float64, []);
  fill(view, value);
  return plain(view);
}

function checkProbabilities(name: string, x: Tensor): void {
  if (x.ge(0).logicalAnd(x.le(1)).all().item()) return;
  throw new GradusError(
    "argument",
    `Cannot compute ${name}(): there are numbers outside of 0 to 1, probabilities are needed, or ${name}WithLogits()`,
  );
}

function binaryLosses(x: Tensor, t: Tensor): Tensor {
  const view = viewOf(x), { dtype } = view, y = View.allocate(dtype, view.shape);
  run("binaryCrossEntropy", binary, binary.uniforms, y, [viewOf(t), view], dtype);
  return record("binaryCrossEntropy", y, [x, t], [
    // x·(1 − x) is 0 at certain answers.
    (gradient) => gradient.mul(x.sub(t)).div(x.mul(operation(Op.sub, 1, x)).clamp(1e-12)),
    (gradient) => gradient.mul(x.neg().log1p().clamp(-100).sub(x.log().clamp(-100))),
  ], [view, viewOf(t)]);
}

/** −t·log σ(x) − (1 − t)·log(1 − σ(x)), which is log(1 + exp x) − t·x. */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Operand, options: LossOptions = usual): Tensor {
  const name = "binaryCrossEntropyWithLogits", reduction = reductionIn(name, options);
  return reduced(x.softplus().sub(x.mul(targetOf(name, x, target))), reduction);
}
