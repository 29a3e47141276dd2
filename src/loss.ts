/**
 * The losses on `Value`s and numbers. Networks do not go through here: a built-in loss given to `Engine` is recognised and
 * computed by c/loss.c, which a test holds equal to these formulas.
 */
import type { Loss as LossCode } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { isNumberArray, type NumberArray } from "./shape.ts";
import { shown } from "./options.ts";
import { Value } from "./value.ts";

/** What a network answered: the outputs of one sample, or those of each sample of a batch. */
export type Predictions<T> = readonly T[] | readonly (readonly T[])[] | (T extends number ? NumberArray : never);

/** What was expected, in the same shape; for `crossEntropy` also class numbers. */
export type TargetNumbers = number | readonly number[] | readonly (readonly number[])[] | NumberArray;

/** A built-in loss: values give a value that can be differentiated, numbers give a number. */
export interface BuiltInLoss {
  /** The mean loss of plain numbers. */
  (predictions: Predictions<number>, targets: TargetNumbers): number;
  /** The mean loss as a value. */
  (predictions: Predictions<Value>, targets: TargetNumbers): Value;
}

/**
 * A loss of one's own: the loss of one sample, of its outputs and its target row. The loss of a batch is the mean over its
 * samples.
 */
export type CustomLoss = (predictions: Value[], targets: number[]) => Value;

/** What `Engine` trains with. */
export type LossFunction = BuiltInLoss | CustomLoss;

type Kind = Exclude<keyof typeof LossCode, "none">;
type Scalar = Value | number;

/** Below this, p·(1 − p) is taken for this by the derivative of the binary cross-entropy, here and in c/loss.c. */
const CERTAIN = 1e-12;

/** The loss of one output against its target, for the losses that add up over the outputs. */
const perOutput: { readonly [kind in Exclude<Kind, "crossEntropy">]: (p: Value, t: number) => Value } = {
  mse: (p, t) => p.sub(t).square(),
  mae: (p, t) => p.sub(t).abs(),
  // With c = |d| limited to 1, c·(|d| − c/2) is d²/2 inside and |d| − 1/2 outside.
  huber: (p, t) => {
    const d = p.sub(t).abs(), c = d.min(1);
    return c.mul(d.sub(c.mul(0.5)));
  },
  binaryCrossEntropy: (p, t) => {
    const x = p.data, spread = x * (1 - x);
    if (!(spread < CERTAIN)) return p.log().mul(-t).sub(p.neg().log1p().mul(1 - t));
    // Where p is 0 or 1 but for rounding, PyTorch limits the logarithms, and the derivative (p − t) / (p·(1 − p)).
    const loss = -t * Math.max(Math.log(x), -100) - (1 - t) * Math.max(Math.log1p(-x), -100);
    return p.sub(x).mul((x - t) / CERTAIN).add(loss);
  },
  binaryCrossEntropyWithLogits: (p, t) => p.softplus().sub(p.mul(t)),
  hinge: (p, t) => Value.sub(1, p.mul(t)).relu(),
};

/** −Σ t·log softmax(p), for a row of probabilities t. */
function crossEntropyOfRow(p: readonly Scalar[], t: readonly number[]): Value {
  const logSum = Value.logSumExp(p);
  return Value.sum(p.map((logit, i) => logSum.sub(logit).mul(t[i])));
}

function shapeOf(x: unknown): string {
  if (!Array.isArray(x)) return "()";
  return Array.isArray(x[0]) ? `(${x.length}, ${x[0].length})` : `(${x.length})`;
}

function refuseShapes(name: string, predictions: unknown, targets: unknown, needed: string): never {
  throw new GradusError(
    "shape",
    `Cannot compute ${name}: predictions of shape ${shapeOf(predictions)} meet targets of shape ${
      shapeOf(targets)
    }, ${needed}`,
  );
}

/** Predictions and targets as lists of equal length, after their shapes were found equal. */
function pairs(name: string, predictions: Predictions<Scalar>, targets: TargetNumbers): [Scalar[], number[]] {
  const needed = "the same shape is needed";
  const isBatch = Array.isArray(predictions[0]);
  if (!Array.isArray(targets) || targets.length !== predictions.length || predictions.length === 0) {
    refuseShapes(name, predictions, targets, needed);
  }
  if (!isBatch) {
    if (targets.some(Array.isArray)) refuseShapes(name, predictions, targets, needed);
    return [[...predictions as Scalar[]], [...targets as number[]]];
  }
  const rows = predictions as readonly (readonly Scalar[])[];
  rows.forEach((row, i) => {
    if (!Array.isArray(targets[i]) || targets[i].length !== row.length) {
      refuseShapes(name, predictions, targets, needed);
    }
  });
  return [rows.flat(), (targets as number[][]).flat()];
}

function oneHot(name: string, target: number, classes: number): number[] {
  if (!Number.isInteger(target) || target < 0 || target >= classes) {
    throw new GradusError(
      "argument",
      `Cannot compute ${name}: the target ${target} is no class, a whole number from 0 to ${classes - 1} is needed`,
    );
  }
  return Array.from({ length: classes }, (_, i) => i === target ? 1 : 0);
}

function crossEntropyValue(predictions: Predictions<Scalar>, targets: TargetNumbers): Value {
  const name = "crossEntropy";
  const needed = "a class number for each row, or rows of the same shape, are needed";
  const isBatch = Array.isArray(predictions[0]);
  const rows = (isBatch ? predictions : [predictions]) as readonly (readonly Scalar[])[];
  const goals = (isBatch ? targets : [targets]) as readonly (number | readonly number[])[];
  if (!Array.isArray(goals) || goals.length !== rows.length || rows[0].length === 0) {
    refuseShapes(name, predictions, targets, needed);
  }
  const losses = rows.map((row, i) => {
    const goal = goals[i];
    const t = typeof goal === "number" ? oneHot(name, goal, row.length) : goal;
    if (row.length !== rows[0].length || !Array.isArray(t) || t.length !== row.length) {
      refuseShapes(name, predictions, targets, needed);
    }
    return crossEntropyOfRow(row, t);
  });
  return Value.sum(losses).div(losses.length);
}

/** Typed arrays, and rows that are such, as arrays. */
function plain(x: unknown): unknown {
  if (isNumberArray(x)) return Array.from(x);
  return Array.isArray(x) ? x.map((row) => isNumberArray(row) ? Array.from(row) : row) : x;
}

function checkScalars(name: string, predictions: readonly unknown[]): void {
  for (const x of predictions.flat()) {
    if (typeof x === "number" || x instanceof Value) continue;
    throw new GradusError(
      "argument",
      `Cannot compute ${name}: a prediction is ${shown(x)}, a number or a value is needed`,
    );
  }
}

const kinds = new Map<LossFunction, Kind>();

/** Makes the public function of a loss, and remembers that c/loss.c has it. */
function builtIn(
  name: string,
  kind: Kind,
  loss: (predictions: Predictions<Scalar>, targets: TargetNumbers) => Value,
): BuiltInLoss {
  const both = {
    // The function carries its name, for messages and for toString().
    [name](predictions: Predictions<Scalar>, targets: TargetNumbers): Scalar {
      const p = plain(predictions);
      if (!Array.isArray(p)) {
        throw new GradusError("argument", `Cannot compute ${name} of ${shown(p)}: an array of outputs is needed`);
      }
      checkScalars(name, p);
      const value = loss(p, plain(targets) as TargetNumbers);
      return p.flat().some((x) => x instanceof Value) ? value : value.data;
    },
  }[name] as BuiltInLoss;
  kinds.set(both, kind);
  return both;
}

function mean(name: string, kind: Exclude<Kind, "crossEntropy">): BuiltInLoss {
  return builtIn(name, kind, (predictions, targets) => {
    const [p, t] = pairs(name, predictions, targets);
    const losses = p.map((x, i) => perOutput[kind](typeof x === "number" ? new Value(x) : x, t[i]));
    return Value.sum(losses).div(losses.length);
  });
}

/** The native loss that a function stands for, or undefined if it is one of the user's. */
export function nativeLoss(loss: LossFunction): Kind | undefined {
  return kinds.get(loss);
}

/** Mean of (p − t)². */
export const mseLoss: BuiltInLoss = mean("mseLoss", "mse");

/** Mean of |p − t|. */
export const maeLoss: BuiltInLoss = mean("maeLoss", "mae");

/** Mean of d²/2 where |d| = |p − t| ≤ 1, |d| − 1/2 elsewhere. */
export const huberLoss: BuiltInLoss = mean("huberLoss", "huber");

/** Mean of −t·log p − (1 − t)·log(1 − p), for probabilities p; the logarithms are at least −100. */
export const binaryCrossEntropy: BuiltInLoss = mean("binaryCrossEntropy", "binaryCrossEntropy");

/** Binary cross-entropy of sigmoid(p): log(1 + e^p) − p·t, exact for logits of any size. */
export const binaryCrossEntropyWithLogits: BuiltInLoss = mean(
  "binaryCrossEntropyWithLogits",
  "binaryCrossEntropyWithLogits",
);

/** Mean of max(0, 1 − t·p), for targets −1 and 1: the max-margin loss of support vector machines. */
export const hingeLoss: BuiltInLoss = mean("hingeLoss", "hinge");

/** Mean over the samples of −log softmax(p)[t], for logits p and class numbers t, or −Σ t·log softmax(p) for rows t. */
export const crossEntropy: BuiltInLoss = builtIn("crossEntropy", "crossEntropy", crossEntropyValue);
