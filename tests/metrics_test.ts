/** Metrics against values computed by hand, and the shapes they refuse. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { GradusError } from "../src/error.ts";
import {
  accuracy,
  confusionMatrix,
  meanAbsoluteError,
  predictedClasses,
  r2Score,
  rootMeanSquaredError,
} from "../src/metrics.ts";

const regressionMetrics = [meanAbsoluteError, rootMeanSquaredError, r2Score];

function refused(fn: () => unknown, message: string, code = "shape"): void {
  const error = assertThrows(fn, GradusError);
  assertEquals(error.message, message);
  assertEquals(error.code, code);
}

Deno.test("accuracy() compares the largest score with class numbers", () => {
  const scores = [[0.1, 0.7, 0.2], [3, -1, 2], [-5, -6, -4], [1, 2, 0]];
  assertEquals(accuracy(scores, [1, 0, 2, 0]), 0.75);
});

Deno.test("accuracy() compares the largest score with one-hot rows", () => {
  const scores = [[0.1, 0.7], [3, -1]];
  assertEquals(accuracy(scores, [[0, 1], [0, 1]]), 0.5);
});

Deno.test("accuracy() takes typed arrays", () => {
  const scores = [Float32Array.of(0, 1), Float32Array.of(1, 0)];
  assertEquals(accuracy(scores, Int32Array.of(1, 0)), 1);
  assertEquals(accuracy(Float64Array.of(0.9, 0.1), Uint8Array.of(1, 1)), 0.5);
});

Deno.test("accuracy() takes one score against 0 and 1 above one half", () => {
  const targets = [1, 1, 0, 0];
  assertEquals(accuracy([0.6, 0.5, 0.4, -3], targets), 0.75);
  assertEquals(accuracy([[0.6], [0.5], [0.4], [-3]], targets), 0.75);
  assertEquals(
    accuracy([[0.6], [0.5], [0.4], [-3]], targets.map((t) => [t])),
    0.75,
  );
});

Deno.test("accuracy() takes one score against -1 and 1 by its sign", () => {
  assertEquals(accuracy([0.2, -0.2, 0, 9], [1, -1, -1, -1]), 0.75);
});

Deno.test("accuracy() takes the threshold it is given", () => {
  assertEquals(accuracy([0.2, -0.2], [1, 0], { threshold: 0 }), 1);
  assertEquals(accuracy([0.2, 2], [-1, 1], { threshold: 1 }), 1);
});

Deno.test("accuracy() refuses targets that are no classes", () => {
  const scores = [[1, 0], [0, 1]];
  refused(
    () => accuracy(scores, [0, 2]),
    "Cannot compare classes: row 1 of targets is 2, a class from 0 to 1 is needed",
    "argument",
  );
  refused(
    () => accuracy(scores, [[0, 1], [1, 1]]),
    "Cannot compare classes: row 1 of targets is [1,1], one 1 among 0s is needed",
    "argument",
  );
  refused(
    () => accuracy([0.1, 0.2], [1, 2]),
    "Cannot compare classes: row 1 of targets is 2, 0 or 1 is needed",
    "argument",
  );
  refused(
    () => accuracy([0.1, 0.2], [-1, 0]),
    "Cannot compare classes: row 1 of targets is 0, -1 or 1 is needed",
    "argument",
  );
});

Deno.test("accuracy() refuses sizes that do not fit", () => {
  refused(
    () => accuracy([[1, 0]], [0, 1]),
    "Cannot compute accuracy: the number of predictions is 1 and of targets 2, as many of both are needed",
  );
  refused(
    () => accuracy([[1, 0, 0]], [[2]]),
    "Cannot compute accuracy: predictions are (n, 3) and targets (n, 1), class numbers in a flat array " +
      "(targets.flat() makes rows of one number flat) or one-hot rows of 3 are needed",
  );
  refused(
    () => accuracy([0.5], [[0, 1]]),
    "Cannot compute accuracy: predictions are (n, 1) and targets (n, 2), " +
      "targets of the same shape or in a flat array are needed",
  );
  refused(
    () => accuracy([[1, 0], [1]], [0, 1]),
    "Cannot compute accuracy: row 1 of predictions has the length 1 and row 0 2, rows of one length are needed",
  );
  refused(
    () => accuracy([], []),
    "Cannot compute accuracy: predictions are empty, one row or more is needed",
  );
});

Deno.test("accuracy() refuses NaN, which is no prediction", () => {
  refused(
    () => accuracy([[0, 1], [NaN, 0]], [1, 1]),
    "Cannot compute predicted classes: row 1 of scores holds NaN, numbers are needed",
    "numeric",
  );
});

Deno.test("accuracy() refuses unknown options and a threshold that is not finite", () => {
  // @ts-expect-error: the name is misspelt on purpose
  assertThrows(() => accuracy([1], [1], { treshold: 0 }), GradusError);
  assertThrows(() => accuracy([1], [1], { threshold: NaN }), GradusError);
});

Deno.test("predictedClasses() takes the first of equal scores", () => {
  assertEquals(predictedClasses([[1, 1, 0], [0, 2, 2]]), [0, 1]);
});

Deno.test("predictedClasses() takes infinite scores", () => {
  assertEquals(predictedClasses([[-Infinity, 5], [Infinity, 5]]), [1, 0]);
});

Deno.test("confusionMatrix() has a row per target and a column per prediction", () => {
  assertEquals(confusionMatrix([0, 1, 1, 2, 0], [0, 1, 0, 2, 0], 4), [
    [2, 1, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 0],
  ]);
});

Deno.test("confusionMatrix() of nothing is 0", () => {
  assertEquals(confusionMatrix([], [], 2), [[0, 0], [0, 0]]);
});

Deno.test("confusionMatrix() refuses numbers that are no classes", () => {
  refused(
    () => confusionMatrix([0, 2], [0, 1], 2),
    "Cannot compare classes: row 1 of predictedClasses is 2, a class from 0 to 1 is needed",
    "argument",
  );
  assertThrows(() => confusionMatrix([0], [NaN], 2), GradusError);
  assertThrows(() => confusionMatrix([0], [0, 1], 2), GradusError);
  assertThrows(() => confusionMatrix([0], [0], 0), GradusError);
});

Deno.test("meanAbsoluteError() is the mean over all numbers", () => {
  assertEquals(meanAbsoluteError([1, 4, -2], [2, 2, -2]), 1);
  assertEquals(meanAbsoluteError([[1, 4], [0, 0]], [[2, 2], [-3, 4]]), 2.5);
});

Deno.test("rootMeanSquaredError() is the root of the mean over all numbers", () => {
  assertEquals(rootMeanSquaredError([1, 4, -2], [2, 2, -2]), Math.sqrt(5 / 3));
  const value = rootMeanSquaredError([[1, 4], [0, 0]], [[2, 2], [-3, 4]]);
  assertEquals(value, Math.sqrt(30 / 4));
});

Deno.test("r2Score() is 1 - residual / total", () => {
  // scikit-learn's documentation: r2_score([3, -0.5, 2, 7], [2.5, 0.0, 2, 8]) is 0.948…
  // By hand: residual 1.5, mean 2.875, total 29.1875.
  const score = r2Score([2.5, 0, 2, 8], [3, -0.5, 2, 7]);
  assertAlmostEquals(score, 1 - 1.5 / 29.1875, 1e-15);
});

Deno.test("r2Score() is 1 for perfect, 0 for the mean, negative for worse", () => {
  assertEquals(r2Score([1, 2, 3], [1, 2, 3]), 1);
  assertEquals(r2Score([2, 2, 2], [1, 2, 3]), 0);
  assertEquals(r2Score([3, 2, 1], [1, 2, 3]), -3);
});

Deno.test("r2Score() is the mean over the outputs", () => {
  const targets = [[1, 1], [2, 2], [3, 3]];
  assertEquals(r2Score([[1, 2], [2, 2], [3, 2]], targets), 0.5);
});

Deno.test("r2Score() of constant targets is 1 if they are met and 0 if not", () => {
  const constant = [0.1, 0.1, 0.1];
  assertEquals(r2Score(constant, constant), 1);
  assertEquals(r2Score([0.1, 0.1, 0.2], constant), 0);
});

Deno.test("r2Score() of one row is NaN", () => {
  assertEquals(r2Score([1], [1]), NaN);
});

Deno.test("Metrics of numbers let NaN through, so that it is seen", () => {
  for (const metric of regressionMetrics) {
    assertEquals(metric([NaN, 1], [0, 1]), NaN, metric.name);
  }
});

Deno.test("Metrics of numbers refuse (n, 1) against (n)", () => {
  refused(
    () => rootMeanSquaredError([[1], [2]], [1, 2]),
    "Cannot compute the root mean squared error: predictions are rows of 1 and the other a flat array, " +
      "the same shape is needed for both (predictions.flat() makes rows of one number flat)",
  );
  for (const metric of regressionMetrics) {
    assertThrows(
      () => metric([1, 2], [[1], [2]]),
      GradusError,
      "targets.flat()",
    );
  }
});

Deno.test("Metrics of numbers refuse other shapes and nothing", () => {
  for (const metric of regressionMetrics) {
    assertThrows(
      () => metric([[1, 2]], [[1]]),
      GradusError,
      "(n, 2) and targets (n, 1)",
    );
    assertThrows(() => metric([1], [1, 2]), GradusError, "predictions is 1");
    assertThrows(() => metric([], []), GradusError, "empty");
  }
});
