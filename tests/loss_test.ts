import { assert, assertEquals, assertThrows } from "@std/assert";
import { type BuiltInLoss, Engine, GradusError, Layer, MLP, Optimizer, Value } from "../mod.ts";
import { assertClose, isClose, reference, type Tolerance } from "./_reference.ts";

interface LossRecord {
  name: string;
  case: string;
  predictions: number[][];
  targets: number[] | number[][];
  loss: number;
  gradient: number[][];
}

const { records } = await reference<{ records: LossRecord[] }>("losses");

/** The loss of a record's name; one-hot rows go to the same function as class numbers. */
function lossNamed(name: string): BuiltInLoss {
  return (Engine as unknown as Record<string, BuiltInLoss>)[name.replace("OneHot", "")];
}

/** PyTorch divides by max(p(1 − p), 1e-12) with 1e-12 as a float32: off by 4e-9 where that acts. */
function toleranceOf(name: string): Tolerance {
  return { relative: name === "binaryCrossEntropy" ? 1e-8 : 1e-12, absolute: 1e-15 };
}

/** An optimizer that leaves everything as it is. */
class Still extends Optimizer {
  step(): void {}
}

/** A network that hands its inputs on: w = 1, b = 0. */
function identity(width: number): MLP {
  const model = new MLP(width, [new Layer(width, width, "linear")], { init: "zero", dtype: "float64" });
  const { weights } = model.getWeightsAndBiases()[0];
  weights.forEach((row, i) => row[i] = 1);
  return model;
}

for (const { name, case: which, predictions, targets, loss, gradient } of records) {
  const lossFn = lossNamed(name), tolerance = toleranceOf(name);

  Deno.test(`Engine.${name} of values matches PyTorch: ${which}`, () => {
    const values = predictions.map((row) => row.map((x) => new Value(x)));
    const result = lossFn(values, targets);
    assert(isClose(result.data, loss, tolerance), `${result.data} instead of ${loss}`);
    result.backward();
    assertClose(values.flat().map((v) => v.grad), gradient.flat(), tolerance, "gradient");
    assertEquals(lossFn(predictions, targets), result.data);
  });

  Deno.test(`Engine.${name} in a network matches PyTorch: ${which}`, () => {
    const model = identity(predictions[0].length);
    const result = Engine.trainStep(model, predictions, targets, lossFn, new Still(model.parameters, 0));
    assert(isClose(result, loss, tolerance), `${result} instead of ${loss}`);
    assertEquals(Engine.evaluate(model, predictions, targets, lossFn), result);
    // The gradient of the bias is the sum over the batch; that of the weights tells the samples apart.
    const bias = gradient[0].map((_, o) => gradient.reduce((sum, row) => sum + row[o], 0));
    const size = Math.max(...gradient.flat().map(Math.abs));
    assertClose(
      model.parameters.get("layers.0.bias")!.grad,
      bias,
      { ...tolerance, absolute: 1e-15 + size * 1e-15 },
      "bias",
    );
    const weight = gradient[0].flatMap((_, o) =>
      predictions[0].map((_, i) => gradient.reduce((sum, row, s) => sum + row[o] * predictions[s][i], 0))
    );
    const scale = size * Math.max(1, ...predictions.flat().map(Math.abs));
    const actual = model.parameters.get("layers.0.weight")!.grad;
    assertClose(actual, weight, { ...tolerance, absolute: scale * 1e-14 }, "weight");
  });
}

Deno.test("A loss of one sample is that of a batch of one", () => {
  const p = [0.2, -1, 3].map((x) => new Value(x));
  assertEquals(Engine.mseLoss(p, [0, 0, 1]).data, Engine.mseLoss([p], [[0, 0, 1]]).data);
  assertEquals(Engine.crossEntropy(p, 2).data, Engine.crossEntropy([p], [2]).data);
  assertEquals(Engine.crossEntropy(p, 2).data, Engine.crossEntropy([p], [[0, 0, 1]]).data);
});

Deno.test("A loss refuses (n, 1) against (n), and other shapes that differ", () => {
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  wrong(
    () => Engine.mseLoss([[1], [2]], [1, 2]),
    "Cannot compute mseLoss: predictions of shape (2, 1) meet targets of shape (2), the same shape is needed",
  );
  wrong(() => Engine.mseLoss([1, 2], [[1], [2]]), "predictions of shape (2) meet targets of shape (2, 1)");
  wrong(() => Engine.maeLoss([[1, 2]], [[1]]), "predictions of shape (1, 2) meet targets of shape (1, 1)");
  wrong(() => Engine.huberLoss([], []), "predictions of shape (0) meet targets of shape (0)");
  wrong(() => Engine.crossEntropy([[1, 2], [3, 4]], [0]), "Cannot compute crossEntropy");
  wrong(() => Engine.crossEntropy([[1, 2]], [2]), "the target 2 is no class, a whole number from 0 to 1 is needed");
  wrong(() => Engine.crossEntropy([[1, 2]], [0.5]), "the target 0.5 is no class");
  wrong(
    () => Engine.mseLoss(3 as unknown as number[], 3),
    "Cannot compute mseLoss of 3: an array of outputs is needed",
  );
});

Deno.test("Losses of numbers take typed arrays", () => {
  assertEquals(Engine.mseLoss(Float32Array.of(1, 2), Float64Array.of(1, 4)), 2);
  assertEquals(Engine.mseLoss([Float32Array.of(1, 2)] as unknown as number[][], [[1, 4]]), 2);
});
