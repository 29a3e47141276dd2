import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ActivationName,
  activationNames,
  Adam,
  type BuiltInLoss,
  type Dtype,
  Engine,
  GradusError,
  Layer,
  MLP,
  Random,
  SGD,
  Value,
} from "../mod.ts";
import { testNeeding } from "./_machine.ts";
import { assertClose, float32, float64, reference } from "./_reference.ts";

interface NetworkRecord {
  hidden: ActivationName;
  output: ActivationName;
  loss: string;
  optimizer: "SGD" | "Adam";
  options: object;
  clipNorm?: number;
  targets: number[] | number[][];
  outputs: number[][];
  gradient: number[];
  losses: number[];
  parameters: number[];
}

const { inputs, initial, records } = await reference<{
  inputs: number[][];
  initial: number[];
  records: NetworkRecord[];
}>("networks");

function networkOf({ hidden, output }: NetworkRecord, dtype: Dtype): MLP {
  const model = new MLP(3, [new Layer(3, 5, hidden), new Layer(5, 4, hidden), new Layer(4, 2, output)], { dtype });
  model.parameters.data.set(initial);
  return model;
}

for (const record of records) {
  const { hidden, output, loss, optimizer, clipNorm } = record;
  const lossFn = (Engine as unknown as Record<string, BuiltInLoss>)[loss.replace("OneHot", "")];
  for (const dtype of ["float64", "float32"] as const) {
    const tolerance = dtype === "float64" ? float64 : float32;
    const name = `${hidden}, ${output}, ${loss}, ${optimizer}${clipNorm ? ", clipped" : ""}, ${dtype}`;

    Deno.test(`MLP follows PyTorch over 10 steps: ${name}`, async () => {
      const model = networkOf(record, dtype);
      assertClose(model.predict(inputs).flat(), record.outputs.flat(), tolerance, "outputs");
      const make = { SGD, Adam }[optimizer];
      const stepped = new SGD(model.parameters, { learningRate: 0 });
      const first = Engine.trainStep(model, inputs, record.targets, lossFn, stepped);
      assertClose([first], record.losses.slice(0, 1), tolerance, "loss");
      assertClose(model.parameters.grad, record.gradient, tolerance, "gradient");
      const history = await Engine.train({
        model,
        trainInputs: inputs,
        trainTargets: record.targets,
        epochs: 10,
        batchSize: 7,
        shuffle: false,
        lossFn,
        optimizer: new make(model.parameters, record.options),
        clipNorm,
      });
      assertClose(history.trainLoss, record.losses, tolerance, "losses");
      assertClose(model.parameters.data, record.parameters, tolerance, "parameters");
    });
  }
}

/** The same network written with values: w·x + b, then the activation, layer by layer. */
function forwardOfValues(model: MLP, weights: Value[], x: (Value | number)[]): Value[] {
  let at = 0;
  return model.layers.reduce<(Value | number)[]>((x, { nin, nout, activation }) => {
    const w = at, b = at + nin * nout;
    at = b + nout;
    const z = Array.from(
      { length: nout },
      (_, o) => Value.dot(weights.slice(w + o * nin, w + (o + 1) * nin), x).add(weights[b + o]),
    );
    if (activation === "linear") return z;
    return activation === "softmax" ? Value.softmax(z) : z.map((value) => value[activation]());
  }, x) as Value[];
}

for (const activation of activationNames) {
  Deno.test(`MLP gives the outputs and gradients of the same network of values: ${activation}`, () => {
    const last = activation === "softmax" ? "softmax" : "linear",
      hidden = activation === "softmax" ? "tanh" : activation;
    const model = new MLP(3, [new Layer(3, 5, hidden), new Layer(5, 2, last)], { dtype: "float64", seed: 3 });
    const sample = [0.3, -0.7, 1.1], target = [0.2, -0.4];
    const weights = Array.from(model.parameters.data, (x) => new Value(x));
    const x = sample.map((number) => new Value(number)), ownX = sample.map((number) => new Value(number));
    const expected = forwardOfValues(model, weights, ownX), actual = model.forward(x);
    const tolerance = { relative: 1e-13, absolute: 1e-15 };
    assertClose(actual.map(Number), expected.map(Number), tolerance, "outputs");
    Engine.mseLoss(expected, target).backward();
    Engine.mseLoss(actual, target).backward();
    assertClose(model.parameters.grad, weights.map((w) => w.grad), tolerance, "gradient");
    assertClose(x.map((v) => v.grad), ownX.map((v) => v.grad), tolerance, "input gradient");
  });
}

Deno.test("MLP.forward() is a step of a graph: networks after networks, shared inputs, sums of losses", () => {
  const first = new MLP(2, [3, 2], { dtype: "float64", seed: 1, activation: "tanh" });
  const second = new MLP(2, [3, 1], { dtype: "float64", seed: 2, activation: "sigmoid" });
  const x = [new Value(0.5), new Value(-1)];
  const run = (one: (x: Value[]) => Value[], two: (x: Value[]) => Value[]) => {
    const [y] = two(one(x.map((v) => v.square()))), [z] = two(x);
    return y.mul(z).add(x[0].mul(z));
  };
  run((x) => first.forward(x), (x) => second.forward(x)).backward();
  const gradients = x.map((v) => v.grad);
  x.forEach((v) => v.zeroGrad());
  const weights = [first, second].map((model) => Array.from(model.parameters.data, (w) => new Value(w)));
  run((x) => forwardOfValues(first, weights[0], x), (x) => forwardOfValues(second, weights[1], x)).backward();
  const tolerance = { relative: 1e-12, absolute: 1e-15 };
  assertClose(gradients, x.map((v) => v.grad), tolerance, "input gradient");
  assertClose(first.parameters.grad, weights[0].map((w) => w.grad), tolerance, "first network");
  assertClose(second.parameters.grad, weights[1].map((w) => w.grad), tolerance, "second network");
});

Deno.test("MLP gradients accumulate over backward calls until zeroGrad()", () => {
  const model = new MLP(1, [1], { init: "zero" });
  const [y] = model.forward([3]);
  y.backward();
  y.backward();
  assertEquals([...model.parameters.grad], [6, 2]);
  model.zeroGrad();
  model.forward([4])[0].backward();
  assertEquals([...model.parameters.grad], [4, 1]);
});

Deno.test("D4: xavier, he and lecun initialise each layer within its own bounds, biases 0", () => {
  const bounds = {
    xavier: (nin: number, nout: number) => Math.sqrt(6 / (nin + nout)),
    he: (nin: number) => Math.sqrt(6 / nin),
    lecun: (nin: number) => Math.sqrt(3 / nin),
  };
  for (const method of ["xavier", "he", "lecun"] as const) {
    const model = new MLP(50, [10, 200, 3], { init: method, seed: 1 });
    for (const { weights, biases, nin, nout } of model.getWeightsAndBiases()) {
      const bound = bounds[method](nin, nout);
      const largest = Math.max(...weights.flatMap((row) => [...row].map(Math.abs)));
      assert(largest <= bound * (1 + 1e-7) && largest > 0.97 * bound, `${method}: ${largest} against ${bound}`);
      assertEquals(biases.findIndex((b) => b !== 0), -1);
    }
  }
  const uniform = new MLP(50, [100], { init: "uniform" }).parameters.data;
  assert(uniform.every((x) => Math.abs(x) <= 1) && Math.max(...uniform) > 0.99 && uniform[5000] !== 0);
  assert(new MLP(5, [5], { init: "zero" }).parameters.data.every((x) => x === 0));
});

Deno.test("D18: the same seed gives the same parameters, another seed others", () => {
  const make = (seed?: number) => new MLP(4, [5, 1], { seed }).parameters.data;
  assertEquals(make(42), make(42));
  assert(make(42).some((x, i) => x !== make(43)[i]));
  assertEquals(make(), make(0));
  const model = new MLP(4, [5, 1]);
  model.initializeParameters({ seed: 42 });
  assertEquals(model.parameters.data, make(42));
});

Deno.test("D5: each layer has its own activation, forward and backward", () => {
  const layers = [new Layer(1, 1, "relu"), new Layer(1, 1, "tanh"), new Layer(1, 1, "sigmoid")];
  const model = new MLP(1, layers, { dtype: "float64", init: "zero" });
  for (const { weights } of model.getWeightsAndBiases()) weights[0][0] = 1;
  const x = new Value(0.7), y = model.forward([x])[0];
  const s = (z: number) => 1 / (1 + Math.exp(-z));
  const expected = s(Math.tanh(0.7));
  assertClose([y.data], [expected], float64, "output");
  y.backward();
  assertClose([x.grad], [expected * (1 - expected) * (1 - Math.tanh(0.7) ** 2)], float64, "gradient");
});

Deno.test("D11: the output activation is a choice of its own", () => {
  const model = new MLP(2, [4, 1], { activation: "tanh", outputActivation: "sigmoid" });
  assertEquals(model.layers.map((layer) => layer.activation), ["tanh", "sigmoid"]);
  assertEquals(new MLP(2, [4, 1], { activation: "tanh" }).layers[1].activation, "linear");
  const y = new MLP(2, [4, 1], { seed: 2, activation: "relu" }).predict([[100, -50], [-100, 50]]).flat();
  assert(y.some((value) => Math.abs(value) > 1), "a linear output is not limited");
});

Deno.test("D8: every parameter of a network of 30 layers moves", () => {
  const model = new MLP(4, [...new Array(29).fill(8), 2], { activation: "leakyRelu", init: "he", dtype: "float64" });
  const before = model.parameters.data.slice();
  Engine.trainStep(model, [[1, -2, 3, 0.5]], [[1, -1]], Engine.mseLoss, new Adam(model.parameters));
  assertEquals(model.parameters.data.findIndex((x, i) => x === before[i]), -1);
});

Deno.test("MLP.parameters are named, zero-copy and in order", () => {
  const model = new MLP(2, [3, 1], { seed: 1 });
  const { parameters } = model;
  const weight = parameters.get("layers.0.weight")!;
  assertEquals([weight.shape, parameters.get("layers.1.bias")!.shape, parameters.get("nothing")], [
    [3, 2],
    [1],
    undefined,
  ]);
  weight.data[0] = 7;
  assertEquals([parameters.data[0], model.getWeightsAndBiases()[0].weights[0][0]], [7, 7]);
  const [y] = model.predict([[1, 0]]);
  weight.data.fill(0);
  assert(model.predict([[1, 0]])[0][0] !== y[0]);
});

Deno.test("MLP.predict() takes and gives arrays, typed arrays and shaped arrays", () => {
  const model = new MLP(2, [4, 3], { seed: 5 });
  const rows = Array.from({ length: 600 }, (_, i) => [i / 100, Math.sin(i)]);
  const expected = model.predict(rows);
  assertEquals([expected.length, expected[0].length], [600, 3]);
  const flat = model.predict(Float64Array.from(rows.flat()));
  assertEquals(flat, Float64Array.from(expected.flat()));
  assertEquals(model.predict(Float32Array.from(rows.flat())), Float32Array.from(expected.flat()));
  assertEquals(model.predict(Uint8Array.of(1, 2)), Float32Array.from(model.predict([[1, 2]])[0]));
  assertEquals(model.predict({ data: Float32Array.from(rows.flat()), shape: [600, 2] }), expected);
  assertEquals(model.predict(rows.map((row) => Float32Array.from(row))), expected);
  assertEquals(model.predict([]), []);
  assertEquals(model.predict(new Float32Array(0)).length, 0);
  assertEquals(new MLP(1, [1], { init: "zero" }).predict([1, 2, 3]), [[0], [0], [0]]);
  // The bits do not depend on which rows come together.
  assertEquals(model.predict(rows.slice(17, 18))[0], expected[17]);
});

Deno.test("MLP.forward() refuses lists with holes", () => {
  // deno-lint-ignore no-sparse-arrays
  assertThrows(() => new MLP(2, [1]).forward([1, ,] as number[]), GradusError, "input 1 is undefined");
});

Deno.test("MLP refuses inputs that do not fit, with the row", () => {
  const model = new MLP(2, [1]);
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  wrong(() => model.predict([[1, 2], [3]]), "Cannot predict: row 1 of the inputs has 1 number, 2 are needed");
  wrong(
    () => model.predict([["1", 2]] as unknown as number[][]),
    'Cannot predict: row 0 of the inputs holds "1", a number is needed',
  );
  wrong(() => model.predict([1, 2]), "Cannot predict: row 0 of the inputs is 1, an array of 2 numbers is needed");
  wrong(
    () => model.predict(new Float32Array(3)),
    "Cannot predict: the inputs are 3 numbers in one array, a multiple of 2 is needed",
  );
  wrong(
    () => model.predict({ data: new Float32Array(6), shape: [2, 3] }),
    "Cannot predict: the inputs have the shape (2, 3) and 6 numbers, (rows, 2) is needed",
  );
  wrong(() => model.predict("x" as unknown as number[][]), 'Cannot predict: the inputs are "x", an array of rows');
  wrong(() => model.forward([1]), "Cannot run the network: there are 1 inputs, 2 are needed");
  wrong(
    () => model.forward([1, "2" as unknown as number]),
    'Cannot run the network: input 1 is "2", a number or a value is needed',
  );
});

Deno.test("MLP and Layer refuse sizes, activations and options that make no network", () => {
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  wrong(() => new MLP(2, []), "Cannot make a network without layers");
  wrong(
    () => new MLP(2, [1], 42 as unknown as object),
    "Cannot use the settings of a network: they are 42, an object is needed",
  );
  wrong(() => new MLP(2, [1], { activation: "ReLU" as "relu" }), 'Cannot use the activation "ReLU"');
  wrong(() => new MLP(1e5, [1e5]), "Cannot make a network of 10000100000 parameters");
  wrong(() => new MLP(2, [2, new Layer(2, 1)] as number[]), "Cannot make a network of sizes and layers");
  wrong(() => new MLP(0, [1]), "Cannot use the network input size 0: a whole number from 1 to 2147483647 is needed");
  wrong(() => new MLP(2, [1.5]), "Cannot use the layer size 1.5");
  wrong(() => new Layer(2, 1, "swish" as "silu"), 'Cannot use the activation "swish": one of linear, relu');
  wrong(() => new MLP(3, [new Layer(2, 1)]), "Cannot make a network: layer 0 takes 2 numbers, the input has 3");
  wrong(
    () => new MLP(2, [new Layer(2, 4), new Layer(3, 1)]),
    "Cannot make a network: layer 1 takes 3 numbers, layer 0 gives 4",
  );
  wrong(() => new MLP(2, [new Layer(2, 2, "softmax"), new Layer(2, 1)]), "Cannot use softmax in layer 0");
  wrong(
    () => new MLP(2, [1], { sede: 1 } as object),
    'Cannot use the settings of a network: there is no option "sede"',
  );
  wrong(() => new MLP(2, [1], { dtype: "float16" as Dtype }), 'Cannot use the dtype "float16"');
  wrong(
    () => new MLP(2, [new Layer(2, 1)], { activation: "tanh" }),
    "Cannot use an activation for layers that have their own",
  );
  wrong(
    () => new MLP(2, [1]).initializeParameters({ method: "zeros" as "zero" }),
    'Cannot use the initialisation "zeros"',
  );
});

Deno.test("MLP tells its parameters: count, info, weights and biases, statistics, text", () => {
  const model = new MLP(3, [4, 2], { seed: 1 });
  assertEquals(model.parameterCount(), 26);
  const info = model.getParameterInfo();
  assertEquals(info.totalParameters, 26);
  assertEquals(info.layers[1], {
    index: 1,
    nin: 4,
    nout: 2,
    activation: "linear",
    parameterCount: 10,
    weightParameters: 8,
    biasParameters: 2,
    weightIndices: [16, 24],
    biasIndices: [24, 26],
  });
  model.parameters.data.fill(0);
  model.parameters.data.set([1, 2, 3, 4]);
  model.parameters.grad.set([3, 4]);
  const { data, grad, parameterCount } = model.getParameterStats();
  assertClose([data.mean, data.std], [10 / 26, Math.sqrt(30 / 26 - (10 / 26) ** 2)], float64, "statistics");
  assertEquals([data.min, data.max, grad.max, parameterCount], [0, 4, 4, 26]);
  assertEquals(model.getGradientNorm(), 5);
  assertEquals(
    String(model),
    "MLP(3 → 4 relu → 2 linear), float32, 26 parameters\n" +
      "  layers.0  weight (4, 3)  bias (4)  16 parameters\n" +
      "  layers.1  weight (2, 4)  bias (2)  10 parameters",
  );
  assertEquals([String(model.layers[0]), Deno.inspect(model.layers[1])], [
    "Layer(3 → 4, relu)",
    "Layer(4 → 2, linear)",
  ]);
  assertEquals(String(new MLP(2, [3]).parameters), "Parameters(layers.0.weight (3, 2), layers.0.bias (3))");
});

Deno.test("MLP.clipGradients() scales as PyTorch's clip_grad_norm_ does, and returns the norm before", () => {
  const model = new MLP(1, [1], { dtype: "float64" });
  model.parameters.grad.set([3, 4]);
  assertEquals(model.clipGradients(10), 5);
  assertEquals([...model.parameters.grad], [3, 4]);
  assertEquals(model.clipGradients(0.5), 5);
  assertClose([model.getGradientNorm()], [0.4999999], { relative: 1e-8, absolute: 0 }, "norm");
  assertThrows(() => model.clipGradients(-1), GradusError, "Cannot use the largest norm -1");
});

Deno.test("MLP.saveParameters() and loadParameters() give the same network, to the bit", async () => {
  const path = ".scratch/mlp_test_model.json";
  for (const dtype of ["float32", "float64"] as const) {
    const model = new MLP(3, [new Layer(3, 4, "gelu"), new Layer(4, 2, "softmax")], { dtype, seed: 9 });
    await model.saveParameters(path);
    const again = await MLP.loadParameters(path);
    assertEquals([again.dtype, again.layers, again.parameters.data], [dtype, model.layers, model.parameters.data]);
  }
  const { version, nin, nouts, layers, parameters } = JSON.parse(await Deno.readTextFile(path));
  assertEquals([version, nin, nouts, parameters.length], [1, 3, [4, 2], 26]);
  assertEquals(layers[0], { nin: 3, nout: 4, activation: "gelu" });
  await Deno.remove(path);
});

Deno.test("MLP.loadParameters() reads the files of the first C system: neuron by neuron", async () => {
  const path = ".scratch/mlp_test_first.json";
  const file = {
    nin: 2,
    nouts: [2, 1],
    layers: [{ nin: 2, nout: 2, activation: "relu" }, { nin: 2, nout: 1, activation: "linear" }],
    parameters: [1, 2, 0.5, 3, 4, -0.5, 5, 6, 0.25],
  };
  await Deno.writeTextFile(path, JSON.stringify(file, null, 2));
  const model = await MLP.loadParameters(path);
  await Deno.remove(path);
  // 5·relu(1 + 2·2 + 0.5) + 6·relu(3 + 4·2 − 0.5) + 0.25
  assertEquals(model.predict([[1, 2]]), [[5 * 5.5 + 6 * 10.5 + 0.25]]);
});

Deno.test("D17: MLP.loadParameters() refuses files that do not fit, and allocates nothing large first", async () => {
  const good = new MLP(2, [2, 1]).toJSON();
  const cases: [object | string, string][] = [
    [{ ...good, parameters: good.parameters.slice(1) }, "it has 8 parameters, its layers need 9"],
    [{ ...good, parameters: [...good.parameters, 1] }, "it has 10 parameters, its layers need 9"],
    [
      { ...good, parameters: [null, ...good.parameters.slice(1)] },
      "parameter 0 is null, a number of its dtype is needed",
    ],
    [{ ...good, parameters: "1,2" }, "it has no parameters"],
    [{ ...good, layers: [{ nin: 2e9, nout: 2e9, activation: "relu" }], nin: 2e9, nouts: [2e9] }, "its layers need 4"],
    [
      { ...good, layers: [good.layers[0], { nin: 3, nout: 1, activation: "linear" }] },
      "layer 1 takes 3 numbers, the one before it gives 2",
    ],
    [{ ...good, layers: [{ nin: 2, nout: -1, activation: "relu" }] }, "layer 0 has no sizes"],
    [{ ...good, layers: [] }, "it has no layers"],
    [{ ...good, nin: "2" }, "its nin is 2, a whole number from 1 on is needed"],
    [{ ...good, nouts: [2, 2] }, "its nouts and its layers tell different sizes"],
    [{ ...good, version: 99 }, "its version is 99, 1 is the newest that this gradus reads"],
    [{ ...good, dtype: "int8" }, "its dtype is int8"],
    [[1, 2], "it holds no object"],
    ["null", "it holds no object"],
    ["{", "it is not JSON"],
  ];
  const path = ".scratch/mlp_test_bad.json";
  for (const [file, message] of cases) {
    await Deno.writeTextFile(path, typeof file === "string" ? file : JSON.stringify(file));
    const error = await assertRejects(() => MLP.loadParameters(path), GradusError, message);
    assert(error.message.startsWith(`Cannot load a model from ${path}: `), error.message);
  }
  await Deno.writeTextFile(
    path,
    JSON.stringify({ ...good, layers: good.layers.map((l) => ({ ...l, activation: "swish" })) }),
  );
  await assertRejects(
    () => MLP.loadParameters(path),
    GradusError,
    `${path}: layer 0 has the activation "swish", one of`,
  );
  const huge = { ...good, parameters: [1e300, ...good.parameters.slice(1)] };
  await Deno.writeTextFile(path, JSON.stringify(huge));
  await assertRejects(
    () => MLP.loadParameters(path),
    GradusError,
    "parameter 0 is 1e+300, a number of its dtype is needed",
  );
  assertEquals(MLP.fromJSON({ ...huge, dtype: "float64" }).parameters.data[0], 1e300);
  assertThrows(
    () => MLP.fromJSON({ ...good, layers: [{ ...good.layers[0], activation: "softmax" }, good.layers[1]] }, "x.json"),
    GradusError,
    "Cannot load a model from x.json: layer 0 has softmax",
  );
  await Deno.remove(path);
  await assertRejects(() => MLP.loadParameters(path), GradusError, "there is no such file");
});

Deno.test("MLP.saveParameters() leaves the old file where it cannot write a whole new one", async () => {
  const path = ".scratch/mlp_test_kept.json";
  const model = new MLP(1, [1]);
  await model.saveParameters(path);
  const before = await Deno.readTextFile(path);
  model.parameters.data[0] = NaN;
  await assertRejects(() => model.saveParameters(path), GradusError, "Cannot save the model: parameter 0 is NaN");
  assertEquals(await Deno.readTextFile(path), before);
  await Deno.remove(path);
  await assertRejects(
    () => new MLP(1, [1]).saveParameters(".scratch/none/x.json"),
    GradusError,
    "Cannot save the model to .scratch/none/x.json: there is no folder .scratch/none/",
  );
  const left = [...Deno.readDirSync(".scratch")].map(({ name }) => name).filter((name) => name.endsWith(".part"));
  assertEquals(left, []);
});

testNeeding("replacing")(
  "MLP.saveParameters() replaces the file: whoever has opened the old one still reads it whole",
  async () => {
    const path = ".scratch/mlp_test_atomic.json";
    const model = new MLP(1, [1], { seed: 1 });
    await model.saveParameters(path);
    const before = await Deno.readTextFile(path);
    const file = await Deno.open(path);
    model.initializeParameters({ seed: 2 });
    await model.saveParameters(path);
    assertEquals(await new Response(file.readable).text(), before);
    assert(await Deno.readTextFile(path) !== before);
    await Deno.remove(path);
  },
);

Deno.test({
  name: "MLP.saveParameters() waits for a file that somebody has open on Windows",
  ignore: Deno.build.os !== "windows",
  async fn() {
    const path = ".scratch/mlp_test_open.json";
    await new MLP(1, [1]).saveParameters(path);
    const file = await Deno.open(path);
    setTimeout(() => file.close(), 100);
    await new MLP(2, [1]).saveParameters(path);
    assertEquals((await MLP.loadParameters(path)).nin, 2);
    await Deno.remove(path);
  },
});

const unreadable = ".scratch/unreadable";
/** There Deno takes ".scratch", as a permission of a test, for another folder than as one of the command. */
const isWindows = Deno.build.os === "windows";

Deno.test({
  name: "MLP.saveParameters() names the permissions that are missing",
  ignore: isWindows,
  permissions: { write: [".scratch"], read: false },
  async fn() {
    await Deno.mkdir(unreadable, { recursive: true });
    await assertRejects(
      () => new MLP(1, [1]).saveParameters(`${unreadable}/x.json`),
      GradusError,
      `Cannot save the model to ${unreadable}/x.json: permission is missing, --allow-read=${unreadable}/ ` +
        `--allow-write=${unreadable}/ are needed, for it is written beside and renamed`,
    );
  },
});

Deno.test({
  name: "MLP.saveParameters() leaves no half file where it may not rename",
  ignore: isWindows,
  async fn() {
    assertEquals(await Array.fromAsync(Deno.readDir(unreadable)), []);
    await Deno.remove(unreadable);
  },
});

Deno.test("MLP.saveParameters() leaves no half file where renaming fails, and takes URLs", async () => {
  const folder = ".scratch/mlp_test_folder";
  await Deno.mkdir(`${folder}/full`, { recursive: true });
  await assertRejects(() => new MLP(1, [1]).saveParameters(folder), GradusError, `Cannot save the model to ${folder}`);
  assertEquals([...Deno.readDirSync(".scratch")].filter(({ name }) => name.endsWith(".part")), []);
  const url = new URL(`../${folder}/a b%25.json`, import.meta.url);
  await new MLP(1, [1]).saveParameters(url);
  assertEquals((await MLP.loadParameters(url)).nin, 1);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["a b%.json", "full"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("softmax is right to 2 ulps, however far apart the numbers are", () => {
  const width = 10, random = new Random(1);
  for (const spread of [0.1, 1, 4, 10, 30]) {
    const model = new MLP(width, [new Layer(width, width, "softmax")], { init: "zero" });
    for (let i = 0; i < width; i++) model.parameters.get("layers.0.weight")!.data[i * width + i] = 1;
    const x = Float32Array.from({ length: 2000 * width }, () => spread * random.normal()), y = model.predict(x);
    for (let first = 0; first < x.length; first += width) {
      const row = x.subarray(first, first + width), top = Math.max(...row);
      const exponentials = Array.from(row, (x) => Math.exp(x - top)), sum = exponentials.reduce((a, b) => a + b);
      exponentials.forEach((e, i) => {
        const p = e / sum, ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(p))) - 23);
        assert(Math.abs(y[first + i] - p) <= 2 * ulp, `${y[first + i]} instead of ${p}, spread ${spread}`);
      });
    }
  }
  const model = new MLP(3, [new Layer(3, 3, "softmax")], { init: "zero", dtype: "float64" });
  for (let i = 0; i < 3; i++) model.parameters.get("layers.0.weight")!.data[4 * i] = 1;
  model.parameters.get("layers.0.bias")!.data.set([-Infinity, 0, 0]);
  assertEquals(model.predict([[0, 1, 1]]), [[0, 0.5, 0.5]]);
});
