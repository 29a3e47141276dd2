/** Inputs and targets of a network as the native side takes them. */
import { Targets } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { type InputRows, toInputs } from "./inputs.ts";
import { type LossFunction, nativeLoss } from "./loss.ts";
import type { MLP } from "./mlp.ts";
import { isNumberArray, numbersOf, type Reals, type Rows, type Shaped, toTable } from "./shape.ts";

/** Samples: an input row and a target each. */
export interface Dataset {
  readonly rows: number;
  /** (rows, nin) */
  readonly inputs: InputRows;
  /** (rows, nout), or a class number for each row. */
  readonly targets: Reals | Int32Array<ArrayBuffer>;
  /** How the targets are given: a number of `Targets`. */
  readonly targetsKind: number;
  /** Numbers in one target. */
  readonly targetWidth: number;
}

/**
 * Checks inputs and targets against the network and the loss, and turns them into typed arrays.
 *
 * @param task Completes "Cannot …" in messages.
 * @throws {GradusError} If sizes do not fit, there are no rows, or a class number is out of range.
 */
export function toDataset(model: MLP, inputs: Rows, targets: Rows, loss: LossFunction, task: string): Dataset {
  const kind = nativeLoss(loss);
  checkLastLayer(model, kind, task);
  const x = toInputs(inputs, model.nin, model.dtype, { task, name: "the inputs" });
  if (x.rows === 0) throw new GradusError("shape", `Cannot ${task}: there are no inputs, at least one row is needed`);
  const classes = kind === "crossEntropy" ? classNumbers(targets, x.rows) : undefined;
  const y = classes
    ? classTargets(classes, model.nout, task)
    : toTable(targets, targetWidth(model, targets, kind, x.rows), model.dtype, { task, name: "the targets" });
  if (y.rows !== x.rows) {
    throw new GradusError(
      "shape",
      `Cannot ${task}: there are ${x.rows} inputs and ${y.rows} targets, one for each is needed`,
    );
  }
  if (kind !== undefined) checkTargets(y.data, kind, task);
  return {
    rows: x.rows,
    inputs: x,
    targets: y.data,
    targetsKind: classes ? Targets.classes : Targets.rows,
    targetWidth: classes ? 1 : y.data.length / y.rows,
  };
}

/** Losses on logits apply softmax or sigmoid themselves: twice is a mistake that trains, badly. */
function checkLastLayer(model: MLP, kind: string | undefined, task: string): void {
  const { activation } = model.layers[model.layers.length - 1];
  const own = { crossEntropy: "softmax", binaryCrossEntropyWithLogits: "sigmoid" }[kind ?? ""];
  if (own === undefined || (activation !== "softmax" && activation !== "sigmoid")) return;
  throw new GradusError(
    "argument",
    `Cannot ${task}: ${kind} takes logits and applies ${own} itself, a last layer that is linear instead of ${activation} is needed`,
  );
}

/** What a loss asks of each target, where it does. NaN is let through: the sentence for a bad loss tells it. */
const targetRules: Readonly<Record<string, { allows: (t: number) => boolean; words: string }>> = {
  hinge: { allows: (t) => t === 1 || t === -1, words: "-1 or 1" },
  binaryCrossEntropy: { allows: (t) => t >= 0 && t <= 1, words: "a number from 0 to 1" },
  binaryCrossEntropyWithLogits: { allows: (t) => t >= 0 && t <= 1, words: "a number from 0 to 1" },
};

function checkTargets(targets: ArrayLike<number>, kind: string, task: string): void {
  const rule = targetRules[kind];
  if (!rule) return;
  for (let i = 0; i < targets.length; i++) {
    if (rule.allows(targets[i]) || Number.isNaN(targets[i])) continue;
    throw new GradusError("argument", `Cannot ${task}: target ${i} is ${targets[i]}, ${kind} needs ${rule.words}`);
  }
}

/** The targets where they are one number for each row, undefined where they are rows. */
function classNumbers(targets: Rows, rows: number): ArrayLike<number> | undefined {
  if (isNumberArray(targets)) return targets.length === rows ? targets : undefined;
  if (Array.isArray(targets)) return typeof targets[0] === "number" ? targets : undefined;
  return (targets as Shaped).shape.length === 1 ? numbersOf(targets as Shaped) : undefined;
}

/** Native losses compare target and output number by number; a loss of one's own may take target rows of any width. */
function targetWidth(model: MLP, targets: Rows, kind: string | undefined, rows: number): number {
  if (kind !== undefined) return model.nout;
  if (isNumberArray(targets)) return targets.length % rows === 0 ? targets.length / rows : model.nout;
  if (!Array.isArray(targets)) return (targets as Shaped | undefined)?.shape?.[1] ?? 1;
  return targets.length === 0 || typeof targets[0] === "number" ? 1 : (targets[0] as ArrayLike<number>).length;
}

function classTargets(
  targets: ArrayLike<number>,
  classes: number,
  task: string,
): { data: Int32Array<ArrayBuffer>; rows: number } {
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i];
    if (Number.isInteger(target) && target >= 0 && target < classes) continue;
    throw new GradusError(
      "argument",
      `Cannot ${task}: target ${i} is ${target}, a class number from 0 to ${classes - 1} is needed`,
    );
  }
  return { data: Int32Array.from(targets), rows: targets.length };
}
