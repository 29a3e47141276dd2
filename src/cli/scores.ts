/**
 * How good outputs of a network are. For every epoch, so without a copy of the outputs; the measures for a report are those
 * of metrics.ts.
 */
import type { Reals } from "../shape.ts";

/** The number of the largest of `count` numbers from `first` on, the first of equals. */
function largest(outputs: Reals, first: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (outputs[first + k] > outputs[first + best]) best = k;
  return best;
}

/** The class numbers that logits (rows, classes) predict. */
export function classesOf(logits: Reals, classes: number): Int32Array {
  return Int32Array.from({ length: logits.length / classes }, (_, i) => largest(logits, i * classes, classes));
}

/** The share of rows of logits (rows, classes) whose largest is that of the target. */
export function accuracyOf(logits: Reals, targets: ArrayLike<number>, classes: number): number {
  const rows = logits.length / classes;
  let right = 0;
  for (let i = 0; i < rows; i++) if (largest(logits, i * classes, classes) === targets[i]) right++;
  return right / rows;
}

/** √(mean (p − t)²) */
export function rmseOf(predictions: ArrayLike<number>, targets: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < predictions.length; i++) sum += (predictions[i] - targets[i]) ** 2;
  return Math.sqrt(sum / predictions.length);
}

/** softmax(z)[k] = e^(z[k] − max z) / Σ e^(z − max z) for one row of logits. */
export function softmax(logits: ArrayLike<number>): number[] {
  const row = Array.from(logits);
  const most = row.reduce((a, b) => Math.max(a, b));
  const powers = row.map((z) => Math.exp(z - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
