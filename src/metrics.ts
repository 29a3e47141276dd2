/** Measures of predictions against targets, for people; losses to train on are left to loss.ts. */

import { GradusError } from "./error.ts";
import { checkOptions } from "./options.ts";
import { numbersOf, type Rows, type Shaped } from "./shape.ts";

/** How scores of one output become class 0 or 1. */
export interface ThresholdOptions {
  /**
   * A single score above this is class 1. Use 0 for logits. Default: 0.5, for probabilities; 0 where the
   * targets of {@linkcode accuracy} are −1 and 1.
   */
  threshold?: number;
}

/**
 * The class each row of `scores` predicts: the number of its largest score (the first of equals), or for
 * rows of one score, and for a flat array of scores, 1 if the score is above `threshold` and 0 if not.
 *
 * @example Three classes, and two
 * ```ts
 * import { predictedClasses } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(predictedClasses([[0.1, 2, -1], [3, 0, 0]]), [1, 0]);
 * assertEquals(predictedClasses([0.9, 0.2]), [1, 0]);
 * ```
 *
 * @throws {GradusError} With code `"shape"` if there are no rows or rows of different lengths; with code
 * `"numeric"` if a score is NaN.
 */
export function predictedClasses(
  scores: Rows,
  options: ThresholdOptions = {},
): number[] {
  const threshold = thresholdOf(options) ?? 0.5;
  const { rows, width } = table("predicted classes", "scores", scores);
  checkNumbers("predicted classes", "scores", rows);
  return rows.map((row) => width === 1 ? Number(row[0] > threshold) : argmax(row));
}

/**
 * The part of the rows whose predicted class ({@linkcode predictedClasses}) is the target, from 0 to 1.
 *
 * `predictions` are rows of scores (n, classes), or one score per row as (n, 1) or a flat array. `targets` are
 * class numbers (n), or one-hot rows (n, classes); for one score per row they are 0 and 1, or −1 and 1, flat or
 * as (n, 1).
 *
 * @example Class numbers, and signs
 * ```ts
 * import { accuracy } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(accuracy([[0.1, 2, -1], [3, 0, 0]], [1, 2]), 0.5);
 * assertEquals(accuracy([0.3, -2], [1, -1]), 1);
 * ```
 *
 * @throws {GradusError} With code `"shape"` if sizes do not fit; with code `"argument"` if a target is no class;
 * with code `"numeric"` if a score is NaN.
 */
export function accuracy(
  predictions: Rows,
  targets: Rows,
  options: ThresholdOptions = {},
): number {
  const scores = table("accuracy", "predictions", predictions);
  const answers = table("accuracy", "targets", targets);
  checkCounts("accuracy", scores.rows, answers.rows);
  const { width } = scores;
  let threshold = thresholdOf(options);
  let classes: number[];
  if (width === 1) {
    if (answers.width !== 1) {
      throw cannot(
        "accuracy",
        `predictions are (n, 1) and targets (n, ${answers.width})`,
        "targets of the same shape or in a flat array are needed",
      );
    }
    const numbers = answers.rows.map((row) => row[0]);
    const hasMinus = numbers.includes(-1);
    const low = hasMinus ? -1 : 0;
    for (const [row, number] of numbers.entries()) {
      if (number !== low && number !== 1) {
        throw notAClass("targets", row, number, `${low} or 1`);
      }
    }
    threshold ??= hasMinus ? 0 : 0.5;
    classes = numbers.map((number) => number === 1 ? 1 : 0);
  } else if (answers.flat) {
    classes = answers.rows.map((row) => row[0]);
    for (const [row, number] of classes.entries()) {
      checkClass("targets", row, number, width);
    }
  } else {
    if (answers.width !== width) {
      const flatten = answers.width === 1 ? " (targets.flat() makes rows of one number flat)" : "";
      throw cannot(
        "accuracy",
        `predictions are (n, ${width}) and targets (n, ${answers.width})`,
        `class numbers in a flat array${flatten} or one-hot rows of ${width} are needed`,
      );
    }
    classes = answers.rows.map((row, index) => {
      const ones = Array.from(row).filter((x) => x === 1).length;
      const zeros = Array.from(row).filter((x) => x === 0).length;
      if (ones === 1 && zeros === width - 1) return argmax(row);
      throw notAClass(
        "targets",
        index,
        `[${Array.from(row)}]`,
        "one 1 among 0s",
      );
    });
  }
  const predicted = predictedClasses(predictions, { threshold });
  const right = predicted.filter((number, row) => number === classes[row]);
  return right.length / predicted.length;
}

/**
 * How often each class was taken for each: row t, column p of the result counts the rows of class t that
 * were predicted as class p. The right answers are on the diagonal.
 *
 * @example A cat taken for a dog
 * ```ts
 * import { confusionMatrix } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(confusionMatrix([0, 1, 1], [0, 0, 1], 2), [[1, 1], [0, 1]]);
 * ```
 *
 * @throws {GradusError} With code `"shape"` if the lengths differ; with code `"argument"` if a number is not a
 * class from 0 to classCount − 1.
 */
export function confusionMatrix(
  predictedClasses: ArrayLike<number>,
  targetClasses: ArrayLike<number>,
  classCount: number,
): number[][] {
  if (!(Number.isInteger(classCount) && classCount >= 1)) {
    throw new GradusError(
      "argument",
      `Cannot compute the confusion matrix: classCount is ${classCount}, a whole number above 0 is needed`,
    );
  }
  checkCounts("the confusion matrix", predictedClasses, targetClasses);
  const matrix = Array.from(
    { length: classCount },
    () => new Array<number>(classCount).fill(0),
  );
  for (let row = 0; row < targetClasses.length; row++) {
    const target = targetClasses[row];
    const predicted = predictedClasses[row];
    checkClass("targetClasses", row, target, classCount);
    checkClass("predictedClasses", row, predicted, classCount);
    matrix[target][predicted]++;
  }
  return matrix;
}

/**
 * Σ|p − t| / N over all N numbers: (n) against (n), or (n, outputs) against (n, outputs).
 *
 * @example Two rows
 * ```ts
 * import { meanAbsoluteError } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(meanAbsoluteError([1, 4], [2, 2]), 1.5);
 * ```
 *
 * @throws {GradusError} With code `"shape"` if the shapes differ or there is nothing to compare.
 */
export function meanAbsoluteError(
  predictions: Rows,
  targets: Rows,
): number {
  const errors = differences("the mean absolute error", predictions, targets);
  return mean(errors.flat().map(Math.abs));
}

/**
 * √(Σ(p − t)² / N) over all N numbers: (n) against (n), or (n, outputs) against (n, outputs). It is the root
 * of the mean squared error loss; for several outputs scikit-learn averages a root for each instead.
 *
 * @example Two rows
 * ```ts
 * import { rootMeanSquaredError } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rootMeanSquaredError([1, 4, 3], [2, 4, 1]), Math.sqrt(5 / 3));
 * ```
 *
 * @throws {GradusError} With code `"shape"` if the shapes differ or there is nothing to compare.
 */
export function rootMeanSquaredError(
  predictions: Rows,
  targets: Rows,
): number {
  const what = "the root mean squared error";
  const errors = differences(what, predictions, targets);
  return Math.sqrt(mean(errors.flat().map((x) => x * x)));
}

/**
 * The coefficient of determination R² = 1 − Σ(p − t)² / Σ(t − mean t)²: 1 is perfect, 0 as good as the mean
 * of the targets, and it may be negative. For several outputs the mean of the R² of each. Where all
 * targets are equal it is 1 if the predictions equal them and 0 if not; NaN for a single row.
 *
 * @example Between the mean and perfect
 * ```ts
 * import { r2Score } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(r2Score([1, 2, 5], [1, 3, 5]), 0.875);
 * ```
 *
 * @throws {GradusError} With code `"shape"` if the shapes differ or there is nothing to compare.
 */
export function r2Score(
  predictions: Rows,
  targets: Rows,
): number {
  const errors = differences("R²", predictions, targets);
  const { rows, width } = table("R²", "targets", targets);
  if (rows.length < 2) return NaN;
  const scores: number[] = [];
  for (let column = 0; column < width; column++) {
    const values = rows.map((row) => row[column]);
    const residual = sum(errors.map((row) => row[column] ** 2));
    const isConstant = values.every((value) => value === values[0]);
    const average = mean(values);
    const total = sum(values.map((value) => (value - average) ** 2));
    // A rounded mean can leave equal targets a total above 0, hence isConstant.
    scores.push(
      isConstant ? (residual === 0 ? 1 : 0) : 1 - residual / total,
    );
  }
  return mean(scores);
}

/** Rows of numbers from rows, an array with its shape, or a flat array, which becomes rows of one. */
function table(
  what: string,
  name: string,
  given: Rows,
): { rows: ArrayLike<number>[]; width: number; flat: boolean } {
  const value = "shape" in given ? rowsOfShaped(what, name, given) : given;
  if (value.length === 0) {
    throw cannot(what, `${name} are empty`, "one row or more is needed");
  }
  if (typeof value[0] === "number") {
    const rows = Array.from(value as ArrayLike<number>, (number) => [number]);
    return { rows, width: 1, flat: true };
  }
  const rows = Array.from(value as readonly ArrayLike<number>[]);
  const width = rows[0].length;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0) {
    throw cannot(
      what,
      `row ${odd} of ${name} has the length ${rows[odd].length} and row 0 ${width}`,
      "rows of one length are needed",
    );
  }
  if (width === 0) {
    throw cannot(
      what,
      `${name} have no columns`,
      "one column or more is needed",
    );
  }
  return { rows, width, flat: false };
}

function rowsOfShaped(what: string, name: string, given: Shaped): Exclude<Rows, Shaped> {
  const { shape } = given, data = numbersOf(given);
  if (shape.length === 1 && shape[0] === data.length) return data;
  if (shape.length !== 2 || shape[0] * shape[1] !== data.length) {
    throw cannot(
      what,
      `${name} have the shape (${shape.join(", ")}) and ${data.length} numbers`,
      "(rows, columns) is needed",
    );
  }
  return Array.from({ length: shape[0] }, (_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}

/** p − t, by rows. */
function differences(
  what: string,
  predictions: Rows,
  targets: Rows,
): number[][] {
  const p = table(what, "predictions", predictions);
  const t = table(what, "targets", targets);
  checkCounts(what, p.rows, t.rows);
  if (p.flat !== t.flat) {
    const [rows, name] = p.flat ? [t, "targets"] : [p, "predictions"];
    throw cannot(
      what,
      `${name} are rows of ${rows.width} and the other a flat array`,
      rows.width === 1
        ? `the same shape is needed for both (${name}.flat() makes rows of one number flat)`
        : "the same shape is needed for both",
    );
  }
  if (p.width !== t.width) {
    throw cannot(
      what,
      `predictions are (n, ${p.width}) and targets (n, ${t.width})`,
      "the same shape is needed",
    );
  }
  return p.rows.map((row, i) => Array.from(row, (value, j) => value - t.rows[i][j]));
}

function checkCounts(
  what: string,
  predictions: ArrayLike<unknown>,
  targets: ArrayLike<unknown>,
): void {
  if (predictions.length !== targets.length) {
    throw cannot(
      what,
      `the number of predictions is ${predictions.length} and of targets ${targets.length}`,
      "as many of both are needed",
    );
  }
}

function checkNumbers(
  what: string,
  name: string,
  rows: ArrayLike<number>[],
): void {
  for (const [index, row] of rows.entries()) {
    for (let column = 0; column < row.length; column++) {
      if (Number.isNaN(row[column])) {
        throw new GradusError(
          "numeric",
          `Cannot compute ${what}: row ${index} of ${name} holds NaN, numbers are needed`,
        );
      }
    }
  }
}

function checkClass(
  name: string,
  row: number,
  number: number,
  count: number,
): void {
  if (!(Number.isInteger(number) && number >= 0 && number < count)) {
    throw notAClass(name, row, number, `a class from 0 to ${count - 1}`);
  }
}

function notAClass(
  name: string,
  row: number,
  value: number | string,
  need: string,
): GradusError {
  return new GradusError(
    "argument",
    `Cannot compare classes: row ${row} of ${name} is ${value}, ${need} is needed`,
  );
}

function cannot(what: string, is: string, need: string): GradusError {
  return new GradusError(
    "shape",
    `Cannot compute ${what}: ${is}, ${need}`,
  );
}

function thresholdOf(options: ThresholdOptions): number | undefined {
  checkOptions("the settings of a metric", options, ["threshold"]);
  const { threshold } = options;
  if (threshold !== undefined && !Number.isFinite(threshold)) {
    throw new GradusError(
      "argument",
      `Cannot use the threshold ${threshold}: it is not finite, a finite number is needed`,
    );
  }
  return threshold;
}

function argmax(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) {
    if (row[i] > row[best]) best = i;
  }
  return best;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, x) => total + x, 0);
}

function mean(numbers: number[]): number {
  return sum(numbers) / numbers.length;
}
