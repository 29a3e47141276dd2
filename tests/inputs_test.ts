/** Inputs of every type: what goes to C as it is gives the bits of what is converted before. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type Dtype,
  Engine,
  GradusError,
  meanAbsoluteError,
  MLP,
  Random,
  type Rows,
  SGD,
  type Shaped,
  simdLevel,
  Value,
} from "../mod.ts";
import { levels } from "../src/ffi.ts";

const random = new Random(5);
const ROWS = 37;

/** Rows of bytes, and the numbers that they stand for, in the type of the network. */
function bytesOf(nin: number, dtype: Dtype): { bytes: Uint8Array; numbers: Float32Array | Float64Array } {
  const bytes = Uint8Array.from({ length: ROWS * nin }, () => Math.floor(256 * random.uniform()));
  const numbers = dtype === "float32"
    ? Float32Array.from(bytes, (byte) => byte * Math.fround(1 / 255))
    : Float64Array.from(bytes, (byte) => byte * (1 / 255));
  return { bytes, numbers };
}

function networkOf(nin: number, dtype: Dtype): MLP {
  return new MLP(nin, [9, 3], { seed: 4, dtype, activation: "tanh" });
}

const classes = Array.from({ length: ROWS }, (_, i) => i % 3);

/** Everything that inputs go through: outputs, a loss, and the parameters after training in several ways. */
async function results(nin: number, dtype: Dtype, inputs: Rows): Promise<unknown[]> {
  const model = networkOf(nin, dtype),
    found: unknown[] = [
      [...model.predict(inputs)].flat(),
      Engine.evaluate(model, inputs, classes, Engine.crossEntropy),
    ];
  const custom = (y: Value[], [t]: number[]) => Value.logSumExp(y).sub(y[t]);
  for (const lossFn of [Engine.crossEntropy, custom]) {
    for (const memoryEfficient of [false, true]) {
      const trained = networkOf(nin, dtype);
      const { trainLoss, valLoss } = await Engine.train({
        ...{ model: trained, trainInputs: inputs, trainTargets: classes, validationData: [inputs, classes] },
        ...{ epochs: 2, batchSize: 11, seed: 2, lossFn, ...memoryEfficient && { memoryEfficient, miniBatchSize: 4 } },
      });
      found.push(trainLoss, valLoss, [...trained.parameters.data]);
    }
  }
  const optimizer = new SGD(model.parameters, { learningRate: 0.1 });
  for (let i = 0; i < 3; i++) found.push(Engine.trainStep(model, inputs, classes, Engine.crossEntropy, optimizer));
  return found;
}

for (const dtype of ["float32", "float64"] as const) {
  for (const nin of [1, 5, 64, 65, 130]) {
    Deno.test(`${nin} inputs of bytes with a scale, and of the other type, have the bits of ${dtype} numbers`, async () => {
      const { bytes, numbers } = bytesOf(nin, dtype), shape = [ROWS, nin], scale = 1 / 255;
      const expected = await results(nin, dtype, { data: numbers, shape });
      const best = simdLevel();
      for (const level of levels) {
        if (simdLevel(level) === level) {
          assertEquals(await results(nin, dtype, { data: bytes, shape, scale }), expected, level);
        }
      }
      simdLevel(best);
      const clamped = new Uint8ClampedArray(bytes);
      assertEquals(await results(nin, dtype, { data: clamped, shape, scale }), expected, "clamped bytes");
      const whole = dtype === "float32" ? Float32Array.from(bytes) : Float64Array.from(bytes);
      assertEquals(await results(nin, dtype, bytes), await results(nin, dtype, whole), "bytes as they are");
      const other = dtype === "float32" ? Float64Array.from(numbers) : Float32Array.from(numbers);
      const same = dtype === "float32" ? numbers : Float64Array.from(other);
      assertEquals(
        await results(nin, dtype, { data: other, shape }),
        await results(nin, dtype, { data: same, shape }),
        "the other type",
      );
    });
  }
}

Deno.test("A scale is a factor of numbers of any type, targets among them", () => {
  const model = new MLP(2, [1], { seed: 1 }), data = Int16Array.of(2, 4, 6, 8), half = [[1, 2], [3, 4]];
  assertEquals(model.predict({ data, shape: [2, 2], scale: 0.5 }), model.predict(half));
  assertEquals(model.predict({ data: Float32Array.from(data), shape: [2, 2], scale: 0.5 }), model.predict(half));
  assertEquals(
    Engine.evaluate(model, half, { data: Uint8Array.of(20, 30), shape: [2, 1], scale: 0.1 }),
    Engine.evaluate(model, half, [[20 * 0.1], [30 * 0.1]]),
  );
});

Deno.test("A scale is a factor of class numbers, and of what metrics take", () => {
  const model = new MLP(2, [3], { seed: 1 }), inputs = [[1, 2], [3, 4]];
  const evaluate = (targets: Rows) => Engine.evaluate(model, inputs, targets, Engine.crossEntropy);
  assertEquals(evaluate({ data: Uint8Array.of(0, 2), shape: [2], scale: 0.5 }), evaluate([0, 1]));
  const data = Uint8Array.of(51, 102), numbers = [51 / 255, 102 / 255];
  for (const shape of [[2], [2, 1]]) {
    assert(
      meanAbsoluteError({ data, shape, scale: 1 / 255 }, shape.length === 1 ? numbers : numbers.map((x) => [x])) <
        1e-15,
    );
  }
});

Deno.test("Inputs that are numbers, but beyond float32, are told", () => {
  const wrong = (inputs: Rows, message: string) => {
    const model = new MLP(2, [3], { seed: 1 }), optimizer = new SGD(model.parameters);
    const step = () => Engine.trainStep(model, inputs, [0, 1], Engine.crossEntropy, optimizer);
    assertThrows(step, GradusError, message);
  };
  wrong(Float64Array.of(1, 2, 3, 1e39), "; row 1 of the inputs holds 1e+39, beyond what float32 holds; ");
  wrong(Float64Array.of(1, NaN, 3, 1e39), "; row 0 of the inputs holds NaN; ");
  wrong(
    { data: Uint8Array.of(0, 1, 1, 255), shape: [2, 2], scale: -(2 ** 127) },
    "beyond what float32 holds; the inputs range from -4.3386001782419654e+40 to 0; ",
  );
});

Deno.test("One step after another takes inputs of another type and scale", () => {
  const step = (kinds: readonly Rows[]) => {
    const model = networkOf(2, "float32"), optimizer = new SGD(model.parameters, { learningRate: 0.1 });
    return kinds.map((inputs) => Engine.trainStep(model, inputs, [0, 1], Engine.crossEntropy, optimizer));
  };
  const bytes = Uint8Array.of(1, 2, 3, 4), shape = [2, 2], numbers = [[1, 2], [3, 4]];
  const doubled = numbers.map((row) => row.map((x) => 2 * x));
  assertEquals(
    step([bytes, { data: bytes, shape, scale: 2 }, Float64Array.from(bytes), numbers]),
    step([numbers, doubled, numbers, numbers]),
  );
});

Deno.test("A scale that is no number is refused, and bytes that do not fit", () => {
  const model = networkOf(3, "float32"), data = new Uint8Array(6);
  for (const scale of [NaN, Infinity, "1"]) {
    assertThrows(
      () => model.predict({ data, shape: [2, 3], scale } as Shaped),
      GradusError,
      "Cannot predict: the scale of the inputs is",
    );
  }
  assertThrows(
    () => model.predict(new Uint8Array(7)),
    GradusError,
    "7 numbers in one array, a multiple of 3 is needed",
  );
});

Deno.test("A loss that becomes infinite is told with the range of the inputs, not of the bytes", async () => {
  const model = networkOf(2, "float32"), data = Uint8Array.of(0, 255, 51, 102);
  model.parameters.data.fill(Infinity);
  const training = Engine.train({
    ...{ model, trainInputs: { data, shape: [2, 2], scale: 1 / 255 }, trainTargets: [0, 1], epochs: 1 },
    lossFn: Engine.crossEntropy,
  });
  const error = await training.then(() => undefined, (error: unknown) => error);
  assertEquals(
    error instanceof GradusError && /the inputs range from 0 to 1;/.test(error.message),
    true,
    String(error),
  );
});
