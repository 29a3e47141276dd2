import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Adam,
  type BuiltInLoss,
  Engine,
  GradusError,
  Langevin,
  Layer,
  MLP,
  Optimizer,
  type OptimizerType,
  Random,
  SGD,
  simdLevel,
  type TrainOptions,
  Value,
} from "../mod.ts";
import { testNeeding } from "./_machine.ts";
import { toDataset } from "../src/dataset.ts";
import { levels } from "../src/ffi.ts";
import { Run, wholeBatch } from "../src/run.ts";

const testWithSpeed = testNeeding("speed");

/** y = x0 + 2·x1 − x2 with noise. */
function linearData(rows: number, seed = 1): { inputs: number[][]; targets: number[][] } {
  const random = new Random(seed);
  const inputs = Array.from({ length: rows }, () => [random.normal(), random.normal(), random.normal()]);
  const targets = inputs.map(([a, b, c]) => [a + 2 * b - c + random.normal(0, 0.1)]);
  return { inputs, targets };
}

const { inputs, targets } = linearData(100);

function options(model: MLP, more: Partial<TrainOptions> = {}): TrainOptions {
  return { model, trainInputs: inputs, trainTargets: targets, epochs: 3, ...more };
}

async function trained(more: Partial<TrainOptions> = {}, settings: ConstructorParameters<typeof MLP>[2] = {}) {
  const model = new MLP(3, [8, 4, 1], { seed: 5, ...settings });
  const history = await Engine.train(options(model, more));
  return { model, history, parameters: model.parameters.data };
}

Deno.test("Engine.train() learns, and its history has a loss for each epoch", async () => {
  const validation = linearData(50, 2);
  const { model, history } = await trained({
    epochs: 60,
    learningRate: 0.05,
    optimizerType: "adam",
    validationData: [validation.inputs, validation.targets],
  });
  assertEquals([history.trainLoss.length, history.valLoss.length, history.epochs], [60, 60, 60]);
  assertEquals(history.stopped, "finished");
  assert(history.trainLoss.at(-1)! < 0.1 && history.valLoss.at(-1)! < 0.15, String(history.valLoss.at(-1)));
  assertEquals(Engine.evaluate(model, validation.inputs, validation.targets), history.valLoss.at(-1));
});

Deno.test("Engine.train() gives the same bits for the same seed, at every SIMD level", async () => {
  const level = simdLevel();
  const results: Awaited<ReturnType<typeof trained>>[] = [];
  for (const limit of levels) {
    simdLevel(limit);
    results.push(await trained({ optimizerType: "langevin", seed: 3 }));
  }
  simdLevel(level);
  for (const { parameters, history } of results) {
    assertEquals(parameters, results[0].parameters);
    assertEquals(history.trainLoss, results[0].history.trainLoss);
  }
  const other = await trained({ optimizerType: "langevin", seed: 4 });
  assert(other.parameters.some((x, i) => x !== results[0].parameters[i]));
});

Deno.test("D18: Engine.train() shuffles by its seed, and not at all where shuffle is false", async () => {
  const first = await trained({ seed: 1 }), again = await trained({ seed: 1 }), other = await trained({ seed: 2 });
  assertEquals(first.parameters, again.parameters);
  assert(first.parameters.some((x, i) => x !== other.parameters[i]));
  const still = await trained({ shuffle: false, seed: 1 });
  const model = new MLP(3, [8, 4, 1], { seed: 5 });
  const optimizer = new SGD(model.parameters);
  for (let epoch = 0; epoch < 3; epoch++) {
    for (let i = 0; i < 100; i += 32) {
      Engine.trainStep(model, inputs.slice(i, i + 32), targets.slice(i, i + 32), Engine.mseLoss, optimizer);
    }
  }
  assertEquals(model.parameters.data, still.parameters);
});

const losses: [BuiltInLoss, number, (y: number[]) => number | number[]][] = [
  [Engine.mseLoss, 1, (y) => y],
  [Engine.huberLoss, 1, (y) => y],
  [Engine.binaryCrossEntropyWithLogits, 1, ([y]) => y > 0 ? 1 : 0],
  [Engine.hingeLoss, 1, ([y]) => y > 0 ? 1 : -1],
  [Engine.crossEntropy, 3, ([y]) => y > 1 ? 2 : y > -1 ? 1 : 0],
];

for (const [loss, nout, target] of losses) {
  Deno.test(`D2, D3: chunked gradients of ${loss.name} are those of the whole batch, to the bit`, async () => {
    const goals = targets.map(target) as number[];
    const make = () => new MLP(3, [8, nout], { seed: 1, activation: "gelu" });
    const whole = make(), wholeLoss = Engine.trainStep(whole, inputs, goals, loss, new SGD(whole.parameters));
    for (const size of [1, 7, 50, 100, 1000]) {
      const chunked = make();
      const result = Engine.trainStepMemoryEfficient(chunked, inputs, goals, loss, new SGD(chunked.parameters), size);
      assertEquals([result, chunked.parameters.grad], [wholeLoss, whole.parameters.grad]);
      const { parameters } = chunked;
      assertEquals(parameters.data, whole.parameters.data);
    }
    const one = make(), other = make(), same = { trainTargets: goals, lossFn: loss, batchSize: 64 };
    await Engine.train(options(one, same));
    await Engine.train(options(other, { ...same, memoryEfficient: true, miniBatchSize: 20 }));
    assertEquals(one.parameters.data, other.parameters.data);
  });
}

/** The same function as Engine.mseLoss, which the engine cannot recognise. */
function ownMse(p: Value[], t: number[]): Value {
  return Value.sum(p.map((x, i) => x.sub(t[i]).square())).div(p.length);
}

Deno.test("A loss written with values trains like the built-in one", async () => {
  for (
    const more of [{}, { memoryEfficient: true, miniBatchSize: 9 }, { clipNorm: 0.1 }, {
      optimizerType: "adam" as OptimizerType,
    }]
  ) {
    const native = await trained({ ...more }, { dtype: "float64" });
    const custom = await trained({ ...more, lossFn: ownMse }, { dtype: "float64" });
    native.parameters.forEach((x, i) =>
      assert(Math.abs(x - custom.parameters[i]) < 1e-12, `${x} ${custom.parameters[i]}`)
    );
    native.history.trainLoss.forEach((x, i) => assert(Math.abs(x - custom.history.trainLoss[i]) < 1e-12));
  }
  const { model } = await trained();
  assert(Math.abs(Engine.evaluate(model, inputs, targets, ownMse) - Engine.evaluate(model, inputs, targets)) < 1e-6);
});

Deno.test("D2: chunked gradients of a loss of one's own are those of the whole batch, to the bit", () => {
  const run = (size: number) => {
    const model = new MLP(3, [8, 1], { seed: 1 });
    const loss = Engine.trainStepMemoryEfficient(model, inputs, targets, ownMse, new SGD(model.parameters), {
      miniBatchSize: size,
    });
    return [loss, model.parameters.grad];
  };
  assertEquals(run(7), run(100));
});

Deno.test("A loss of one's own gets the outputs and the target row of one sample", () => {
  const seen: [number, number[]][] = [];
  const model = new MLP(1, [2], { init: "zero" });
  const optimizer = new SGD(model.parameters);
  const loss = (p: Value[], t: number[]) => {
    seen.push([p.length, t]);
    return p[0].mul(t[0]).add(p[1].mul(t[1])).add(t[2]);
  };
  // Target rows may be wider than the output: here a weight comes with each sample.
  assertEquals(Engine.trainStep(model, [1, 2], [[1, 2, 3], [4, 5, 6]], loss, optimizer), 4.5);
  assertEquals(seen, [[2, [1, 2, 3]], [2, [4, 5, 6]]]);
  // Typed arrays have as many numbers for each row as there are.
  Engine.trainStep(model, [1, 2], Int32Array.of(1, 2, 3, 4, 5, 6), loss, optimizer);
  Engine.trainStep(model, [1, 2], { data: Int32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }, loss, optimizer);
  assertEquals(seen.slice(2), [...seen.slice(0, 2), ...seen.slice(0, 2)]);
  assertThrows(
    () => Engine.trainStep(model, [1], [[1]], () => 3 as unknown as Value, optimizer),
    GradusError,
    "Cannot use the loss function: it returned 3, a Value computed from the predictions is needed",
  );
});

Deno.test("An optimizer of one's own trains, with clipping", async () => {
  class PlainSGD extends Optimizer {
    step(): void {
      const { data, grad } = this.parameters as MLP["parameters"];
      for (let i = 0; i < data.length; i++) data[i] -= this.learningRate * grad[i];
    }
  }
  const run = async (Make: typeof PlainSGD | typeof SGD) => {
    const model = new MLP(3, [8, 1], { seed: 1, dtype: "float64" });
    const optimizer = Make === SGD
      ? new SGD(model.parameters, { learningRate: 0.01 })
      : new PlainSGD(model.parameters, 0.01);
    const history = await Engine.train(options(model, { optimizer, clipNorm: 0.5 }));
    return { losses: history.trainLoss, parameters: model.parameters.data };
  };
  const own = await run(PlainSGD), builtIn = await run(SGD);
  builtIn.parameters.forEach((x, i) => assert(Math.abs(x - own.parameters[i]) < 1e-13));
  builtIn.losses.forEach((x, i) => assert(Math.abs(x - own.losses[i]) < 1e-12));
});

Deno.test("D16: clipNorm acts between backward and step, and the gradient can be looked at afterwards", async () => {
  const model = new MLP(3, [1], { seed: 1, dtype: "float64" });
  const before = model.parameters.data.slice();
  await Engine.train(options(model, { epochs: 1, batchSize: 100, learningRate: 1, clipNorm: 0.01 }));
  const norm = model.getGradientNorm();
  assert(norm > 0.0099 && norm <= 0.01, String(norm));
  const step = Math.hypot(...model.parameters.data.map((x, i) => x - before[i]));
  assert(Math.abs(step - norm) < 1e-12, `a step of ${step}`);
});

Deno.test("Engine.trainStep() returns the loss before the update and leaves its gradient", () => {
  const model = new MLP(1, [1], { init: "zero", dtype: "float64" });
  const optimizer = new SGD(model.parameters, { learningRate: 0.1 });
  // y = 0, t = 2: loss 4, dloss/dw = 2·(0 − 2)·3 = −12, dloss/db = −4.
  assertEquals(Engine.trainStep(model, [[3]], [[2]], Engine.mseLoss, optimizer), 4);
  assertEquals([...model.parameters.grad], [-12, -4]);
  assertEquals([...model.parameters.data].map((x) => Number(x.toFixed(12))), [1.2, 0.4]);
  assertEquals(optimizer.steps, 1);
});

Deno.test("Engine takes single numbers, typed arrays and arrays with a shape", () => {
  const run = (x: TrainOptions["trainInputs"], y: TrainOptions["trainTargets"]) => {
    const model = new MLP(2, [4, 1], { seed: 1 });
    return Engine.trainStep(model, x, y, Engine.mseLoss, new Adam(model.parameters));
  };
  const x = [[1, 2], [3, 4], [5, 6]], expected = run(x, [[1], [2], [3]]);
  assertEquals(run(x, [1, 2, 3]), expected);
  assertEquals(run(Float32Array.of(1, 2, 3, 4, 5, 6), Float64Array.of(1, 2, 3)), expected);
  assertEquals(
    run({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] }, { data: Int8Array.of(1, 2, 3), shape: [3] }),
    expected,
  );
  const classes = new MLP(2, [3], { seed: 1 });
  const evaluate = (y: TrainOptions["trainTargets"]) => Engine.evaluate(classes, x, y, Engine.crossEntropy);
  assertEquals(evaluate([2, 0, 1]), evaluate([[0, 0, 1], [1, 0, 0], [0, 1, 0]]));
  assertEquals(evaluate(Int32Array.of(2, 0, 1)), evaluate([2, 0, 1]));
  assertEquals(evaluate({ data: Uint8Array.of(2, 0, 1), shape: [3] }), evaluate([2, 0, 1]));
  assertEquals(evaluate(Float32Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0)), evaluate([2, 0, 1]));
});

Deno.test("The last batch may be smaller, and every row counts once", async () => {
  const run = async (batchSize: number) => {
    const model = new MLP(3, [1], { seed: 1, dtype: "float64" });
    const history = await Engine.train(options(model, { batchSize, learningRate: 0, epochs: 1 }));
    return history.trainLoss[0];
  };
  const all = await run(100);
  for (const batchSize of [1, 33, 64, 99, 500]) assert(Math.abs(await run(batchSize) - all) < 1e-12);
});

Deno.test("D3: Engine.train() refuses options that it does not know or cannot use together", async () => {
  const model = new MLP(3, [1]);
  const wrong = (more: object, message: string) =>
    assertRejects(() => Engine.train({ ...options(model), ...more }), GradusError, message);
  await wrong({ lr: 1 }, 'Cannot use the settings of training: there is no option "lr"');
  await wrong({ epochs: 0 }, "Cannot use the number of epochs 0: a whole number from 1 to 2147483647 is needed");
  await wrong({ batchSize: 1.5 }, "Cannot use the batchSize 1.5");
  await wrong({ seed: -1 }, "Cannot use the seed -1");
  await wrong(
    { optimizerType: "adm" },
    'Cannot use the optimizer "adm": one of sgd, rmsprop, adam, adamw, langevin is needed',
  );
  await wrong(
    { optimizerType: "adam", momentum: 0.9 },
    'Cannot use the settings of Adam: there is no option "momentum"',
  );
  await wrong({ memoryEfficient: false, miniBatchSize: 5 }, "Cannot use a miniBatchSize: memoryEfficient is false");
  await wrong({ miniBatchSize: 0 }, "Cannot use the miniBatchSize 0");
  await wrong({ optimizer: new SGD(model.parameters), learningRate: 1 }, "Cannot use learningRate beside an optimizer");
  await wrong({ optimizer: new SGD(new MLP(3, [1]).parameters) }, "the optimizer was made for other parameters");
  await wrong({ optimizer: 3 }, "the optimizer is 3, one like new SGD(model.parameters) is needed");
  await wrong({ lossFn: "mse" }, 'the loss is "mse", a function like Engine.mseLoss is needed');
  await wrong({ model: {} }, "an MLP is needed");
  await wrong({ validationData: [[1]] }, "the validationData are no pair");
  await wrong({ clipNorm: -1 }, "Cannot use the clipNorm -1");
});

Deno.test("Engine refuses data that do not fit", async () => {
  const model = new MLP(3, [2]);
  const wrong = (x: unknown, y: unknown, message: string, lossFn = Engine.mseLoss) =>
    assertRejects(
      () => Engine.train({ model, trainInputs: x as number[], trainTargets: y as number[], epochs: 1, lossFn }),
      GradusError,
      message,
    );
  const x = [[1, 2, 3], [4, 5, 6]];
  await wrong(x, [[1, 2]], "there are 2 inputs and 1 targets, ");
  await wrong(x, [[1], [2]], "Cannot train: row 0 of the targets has 1 number, 2 are needed");
  await wrong(x, [1, 2], "Cannot train: row 0 of the targets is 1, an array of 2 numbers is needed");
  await wrong([], [], "there are no inputs, at least one row is needed");
  await wrong(x, [0, 2], "target 1 is 2, a class number from 0 to 1 is needed", Engine.crossEntropy);
  await wrong(x, undefined, "the targets are undefined, an array of rows or a typed array is needed");
  const softmax = new MLP(3, [new Layer(3, 2, "softmax")]);
  assertThrows(
    () => Engine.evaluate(softmax, x, [0, 1], Engine.crossEntropy),
    GradusError,
    "crossEntropy takes logits and applies softmax itself, a last layer that is linear instead of softmax is needed",
  );
});

Deno.test("A loss that is not finite stops training, tells where, and changes no parameter", async () => {
  const model = new MLP(1, [4, 1], { init: "uniform", seed: 1 });
  const x = Array.from({ length: 64 }, (_, i) => [i * 250]);
  await assertRejects(
    () => Engine.train({ model, trainInputs: x, trainTargets: x, epochs: 100, learningRate: 1 }),
    GradusError,
    "the inputs range from 0 to 15750",
  );
  const before = model.parameters.data.slice();
  assertThrows(
    () => Engine.trainStep(model, [[NaN]], [[1]], Engine.mseLoss, new SGD(model.parameters)),
    GradusError,
    "the loss became NaN or infinite; row 0 of the inputs holds NaN",
  );
  assertEquals(model.parameters.data, before);
  const broken = new MLP(1, [4, 4, 1], { init: "uniform", seed: 1, activation: "tanh" });
  broken.parameters.get("layers.1.weight")!.data[3] = NaN;
  for (const loss of [Engine.mseLoss, ownMse]) {
    assertThrows(
      () => Engine.trainStep(broken, [[1]], [[1]], loss, new SGD(broken.parameters)),
      GradusError,
      "the output of layers.1 is the first that is not finite; the inputs range from 1 to 1",
    );
  }
  const fine = new MLP(1, [1]);
  const bad = (target: number, loss: BuiltInLoss, message: string) =>
    assertThrows(() => Engine.trainStep(fine, [[1]], [[target]], loss, new SGD(fine.parameters)), GradusError, message);
  bad(NaN, Engine.mseLoss, "target 0 is NaN; the inputs range from 1 to 1; a number is needed");
  fine.parameters.get("layers.0.bias")!.data[0] = 3;
  bad(1, Engine.binaryCrossEntropy, "the outputs are no probabilities");
});

Deno.test("A loss that is not finite during training is told with its batch and epoch", async () => {
  const model = new MLP(1, [1], { init: "zero" });
  const x = Array.from({ length: 64 }, (_, i) => [i * 250]);
  const error = await assertRejects(
    () => Engine.train({ model, trainInputs: x, trainTargets: x, epochs: 100, learningRate: 1 }),
    GradusError,
  );
  assert(
    /^Cannot go on training: the loss of batch [12] in epoch \d became NaN or infinite; /.test(error.message),
    error.message,
  );
});

Deno.test("Parameters that the last update made infinite are told at the end of training", async () => {
  const model = new MLP(1, [1], { init: "zero" });
  await assertRejects(
    () => Engine.train({ model, trainInputs: [[1e30]], trainTargets: [[1e15]], epochs: 1, learningRate: 0.01 }),
    GradusError,
    "Cannot finish training: its last updates made parameters infinite",
  );
});

Deno.test("D18: the seed of Engine.train() is that of the optimizer's noise", async () => {
  const run = (seed: number) => trained({ optimizerType: "langevin", temperature: 0.1, shuffle: false, seed });
  const [one, two] = [await run(1), await run(2)];
  assert(one.parameters.some((x, i) => x !== two.parameters[i]));
  const model = new MLP(3, [8, 4, 1], { seed: 5 });
  const optimizer = new Langevin(model.parameters, { temperature: 0.1, seed: 2 });
  await Engine.train(options(model, { optimizer, shuffle: false }));
  assertEquals(model.parameters.data, two.parameters);
});

Deno.test("D3: miniBatchSize decides how much memory a step takes", () => {
  const model = new MLP(3, [64, 1]);
  const data = toDataset(model, inputs, targets, Engine.mseLoss, "measure");
  const bytes = (chunk: number) => new Run(model, data, Engine.mseLoss, wholeBatch(data, chunk)).scratchBytes;
  assert(bytes(10) * 4 < bytes(100), `${bytes(10)} and ${bytes(100)} bytes`);
  assertEquals(bytes(100), bytes(1000));
});

Deno.test("Losses refuse targets and last layers that are not theirs", () => {
  const model = new MLP(3, [new Layer(3, 1, "sigmoid")]), optimizer = new SGD(model.parameters);
  const wrong = (target: number, loss: BuiltInLoss, message: string) =>
    assertThrows(() => Engine.trainStep(model, [[1, 2, 3]], [target], loss, optimizer), GradusError, message);
  wrong(0, Engine.hingeLoss, "Cannot make a training step: target 0 is 0, hinge needs -1 or 1");
  wrong(2, Engine.binaryCrossEntropy, "target 0 is 2, binaryCrossEntropy needs a number from 0 to 1");
  wrong(1, Engine.binaryCrossEntropyWithLogits, "a last layer that is linear instead of sigmoid is needed");
  wrong(0, Engine.crossEntropy, "crossEntropy takes logits and applies softmax itself");
  const softmax = new MLP(1, [new Layer(1, 2, "softmax")]);
  assertThrows(
    () => Engine.evaluate(softmax, [[1]], [[0, 1]], Engine.binaryCrossEntropyWithLogits),
    GradusError,
    "applies sigmoid itself, a last layer that is linear instead of softmax is needed",
  );
});

testWithSpeed("Memory is flat over 3,000 steps with a loss of one's own", () => {
  const model = new MLP(3, [8, 1], { seed: 1 }), optimizer = new SGD(model.parameters);
  const run = (times: number) => {
    for (let i = 0; i < times; i++) Engine.trainStep(model, inputs, targets, ownMse, optimizer);
  };
  run(1000);
  const before = Deno.memoryUsage().rss;
  run(3000);
  const growth = (Deno.memoryUsage().rss - before) / 1e6;
  assert(growth < 60, `grew by ${growth} MB`);
});

Deno.test("Steps of one model that follow each other, whatever their data and losses, are those of fresh models", () => {
  const x = [[1, 2], [3, 4], [5, 6]],
    steps: [BuiltInLoss, number[] | number[][]][] = [
      [Engine.crossEntropy, [0, 2, 1]],
      [Engine.crossEntropy, [[0, 1, 0], [1, 0, 0], [0.5, 0.5, 0]]],
      [Engine.crossEntropy, [2, 2, 0]],
      [Engine.mseLoss, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]],
    ];
  const model = new MLP(2, [3], { seed: 1 }), optimizer = new SGD(model.parameters, { learningRate: 0 });
  for (const [loss, goals] of steps) {
    const fresh = new MLP(2, [3], { seed: 1 });
    const expected = Engine.trainStep(fresh, x, goals, loss, new SGD(fresh.parameters, { learningRate: 0 }));
    assertEquals(Engine.trainStep(model, x, goals, loss, optimizer), expected);
    assertEquals(model.parameters.grad, fresh.parameters.grad);
  }
});

Deno.test("A step inside of a loss of one's own does not disturb the step around it", () => {
  const model = new MLP(1, [1], { seed: 1, dtype: "float64" }), still = new SGD(model.parameters, { learningRate: 0 });
  let isInner = false;
  const loss = (p: Value[], t: number[]): Value => {
    if (!isInner) {
      isInner = true;
      Engine.trainStepMemoryEfficient(model, [100, 200], [5, 6], loss, still, 1);
      isInner = false;
    }
    return ownMse(p, t);
  };
  const nested = Engine.trainStepMemoryEfficient(model, [1, 2], [3, 4], loss, still, 1);
  assertEquals(nested, Engine.trainStep(model, [1, 2], [3, 4], ownMse, still));
});

testWithSpeed("Engine.train() keeps the event loop alive", async () => {
  const big = linearData(2000);
  for (const lossFn of [Engine.mseLoss, ownMse]) {
    const model = new MLP(3, [32, 32, 1], { seed: 1 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const { seconds } = await Engine.train({
      model,
      trainInputs: big.inputs,
      trainTargets: big.targets,
      epochs: lossFn === ownMse ? 8 : 300,
      learningRate: 0.001,
      lossFn,
    });
    clearInterval(timer);
    // A turn in every tenth of a second at least, on a busy machine.
    assert(ticks >= Math.max(1, Math.floor(seconds * 10)), `${ticks} ticks in ${seconds} s`);
  }
});

Deno.test("Engine.train() ends where onEpoch says so, and on abort after the batch it is at", async () => {
  const seen: number[] = [];
  const { history } = await trained({
    epochs: 50,
    onEpoch: ({ epoch, epochs, trainLoss, valLoss }) => {
      assert(epochs === 50 && trainLoss > 0 && valLoss === undefined);
      seen.push(epoch);
      return epoch < 4;
    },
  });
  assertEquals([seen, history.epochs, history.stopped], [[1, 2, 3, 4], 4, "onEpoch"]);
  const big = linearData(20_000), controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const { history: aborted } = await trained({
    trainInputs: big.inputs,
    trainTargets: big.targets,
    epochs: 100_000,
    signal: controller.signal,
  });
  assertEquals(aborted.stopped, "aborted");
  assert(aborted.seconds < 5 && aborted.trainLoss.every(Number.isFinite), `${aborted.seconds} s`);
  assertEquals((await trained({ signal: AbortSignal.abort() })).history.epochs, 0);
});

testWithSpeed("Engine.train() of a network that is being trained is refused", async () => {
  const model = new MLP(3, [64, 64, 1]);
  const big = linearData(5000);
  const first = Engine.train({ model, trainInputs: big.inputs, trainTargets: big.targets, epochs: 300 });
  await assertRejects(() => Engine.train(options(model)), GradusError, "this network is already being trained");
  assertThrows(
    () => Engine.trainStep(model, inputs, targets, Engine.mseLoss, new SGD(model.parameters)),
    GradusError,
    "this network is being trained",
  );
  assertEquals(model.predict(inputs).length, 100);
  await first;
  Engine.trainStep(model, inputs, targets, Engine.mseLoss, new SGD(model.parameters));
});

Deno.test("Engine.train() prints a line for each epoch where verbose is true", async () => {
  const lines: string[] = [], log = console.log;
  console.log = (line: string) => lines.push(line);
  try {
    await trained({ epochs: 2, verbose: true, validationData: [inputs, targets] });
  } finally {
    console.log = log;
  }
  assertEquals(lines.length, 2);
  assert(/^Epoch 2\/2, trainLoss: [\d.]+, valLoss: [\d.]+$/.test(lines[1]), lines[1]);
});

testWithSpeed("D6: resident memory is flat over 10,000 epochs", async () => {
  const model = new MLP(3, [16, 8, 1], { seed: 1 });
  const run = (epochs: number) =>
    Engine.train(options(model, { epochs, learningRate: 1e-4, validationData: [inputs, targets] }));
  await run(2000);
  const before = Deno.memoryUsage().rss;
  await run(10_000);
  const growth = (Deno.memoryUsage().rss - before) / 1e6;
  assert(growth < 50, `grew by ${growth} MB`);
});

testWithSpeed("Memory is flat over 100,000 training steps in a synchronous loop", () => {
  const model = new MLP(2, [4, 1], { seed: 1 }), optimizer = new Adam(model.parameters);
  const run = (times: number) => {
    for (let i = 0; i < times; i++) Engine.trainStep(model, [[1, 2], [3, 4]], [1, 2], Engine.mseLoss, optimizer);
  };
  run(30_000);
  const before = Deno.memoryUsage().rss;
  run(100_000);
  const growth = (Deno.memoryUsage().rss - before) / 1e6;
  assert(growth < 100, `grew by ${growth} MB`);
});
