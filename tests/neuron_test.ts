import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  activationNames,
  Adam,
  AdamW,
  Engine,
  GradusError,
  type InitMethod,
  Langevin,
  Layer,
  MLP,
  type NativeOptimizer,
  Neuron,
  type NeuronActivation,
  type Optimizable,
  RMSprop,
  SGD,
  toDot,
  Value,
  ValueLayer,
  ValueMLP,
} from "../mod.ts";
import { fromNeuronOrder, neuronOrder } from "../src/formats/model_json.ts";
import { assertClose, float32, type Tolerance } from "./_reference.ts";

/**
 * Both compute in float64; sums of up to some dozen terms of size 1 are added in another order and without fused
 * multiply-adds, so they differ by some units in the last place, and what is near 0 by as much as its terms.
 */
const rounding: Tolerance = { relative: 1e-12, absolute: 1e-13 };

/** Numbers in −1 to 1 that have no pattern, the same at every call. */
function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.sin(1 + 7 * i ** 2));
}

function dataOf(values: readonly Value[]): number[] {
  return values.map((value) => value.data);
}

function gradOf(values: readonly Value[]): number[] {
  return values.map((value) => value.grad);
}

/** Parameters or gradients of an MLP in the order of `ValueMLP.parameters`. */
function inOrder(model: MLP, data: ArrayLike<number>): number[] {
  return neuronOrder(model.layers, data);
}

/** Outputs and all gradients of the two, for five samples and a loss that weighs every output differently. */
function assertSame(model: MLP): void {
  const values = ValueMLP.from(model), target = numbers(model.nout);
  for (let k = 0; k < 5; k++) {
    const sample = numbers(5 * model.nin).slice(k * model.nin, (k + 1) * model.nin);
    const x = sample.map((number) => new Value(number)), ownX = sample.map((number) => new Value(number));
    const expected = model.forward(x), actual = values.forward(ownX);
    assertClose(dataOf(actual), dataOf(expected), rounding, "outputs");
    Engine.mseLoss(expected, target).backward();
    Engine.mseLoss(actual, target).backward();
    assertClose(gradOf(ownX), gradOf(x), rounding, "input gradient");
  }
  assertClose(gradOf(values.parameters), inOrder(model, model.parameters.grad), rounding, "gradient");
  assert(values.layers.every((layer) => layer.parameters.some((p) => p.grad !== 0)), "every layer has a gradient");
}

for (const activation of activationNames) {
  const hidden = activation === "softmax" ? "tanh" : activation;

  Deno.test(`ValueMLP gives the outputs and gradients of MLP: ${activation}`, () => {
    // Biases drawn, too: with 0 they could be left out unnoticed.
    const layers = [new Layer(3, 6, hidden), new Layer(6, 5, hidden), new Layer(5, 4, activation)];
    assertSame(new MLP(3, layers, { dtype: "float64", init: "uniform", seed: 3 }));
  });
}

for (const [nin, ...nouts] of [[1, 1], [1, 3, 1], [7, 2], [2, 16, 16, 1], [5, 4, 3, 2, 3], [30, 20, 10]]) {
  Deno.test(`ValueMLP gives the outputs and gradients of MLP: ${[nin, ...nouts].join("-")}`, () => {
    const options = { dtype: "float64", activation: "gelu", outputActivation: "sigmoid", seed: 5 } as const;
    assertSame(new MLP(nin, nouts, options));
  });
}

Deno.test("ValueMLP is a graph of values: networks after networks, both kinds together", () => {
  const options = { activation: "tanh", seed: 1 } as const;
  const first = new ValueMLP(2, [3, 2], options), second = new MLP(2, [3, 1], { ...options, dtype: "float64" });
  const fast = first.toMLP(), slow = ValueMLP.from(second);
  const x = new Value(0.4), ownX = new Value(0.4);
  const [actual] = slow.forward(first.forward([x.square(), 0.5])), expected = fast.forward([ownX.square(), 0.5]);
  const [y] = second.forward(expected);
  actual.backward();
  y.backward();
  assertClose([actual.data, x.grad], [y.data, ownX.grad], rounding, "output and gradient");
  assertClose(gradOf(first.parameters), inOrder(fast, fast.parameters.grad), rounding, "first network");
  assertClose(gradOf(slow.parameters), inOrder(second, second.parameters.grad), rounding, "second network");
});

Deno.test("Neuron.forward() is activation(w·x + b), its derivatives those of the formula", () => {
  const s = 1 / (1 + Math.exp(-1.5));
  const expected: Record<NeuronActivation, [number, number]> = {
    linear: [1.5, 1],
    relu: [1.5, 1],
    leakyRelu: [1.5, 1],
    tanh: [Math.tanh(1.5), 1 - Math.tanh(1.5) ** 2],
    sigmoid: [s, s * (1 - s)],
    // Φ(1.5) = 0.93319279873114191, φ(1.5) = 0.12951759566589174: tables of the normal distribution.
    gelu: [1.5 * 0.93319279873114191, 0.93319279873114191 + 1.5 * 0.12951759566589174],
    silu: [1.5 * s, s * (1 + 1.5 * (1 - s))],
    softplus: [Math.log1p(Math.exp(1.5)), s],
  };
  for (const [activation, [y, slope]] of Object.entries(expected)) {
    const neuron = new Neuron(2, { activation: activation as NeuronActivation });
    [0.5, -2, 3].forEach((number, i) => neuron.parameters[i].data = number);
    const x = new Value(1), output = neuron.forward([x, 1]);
    output.backward();
    assertClose([output.data], [y], rounding, activation);
    assertClose([...gradOf(neuron.parameters), x.grad], [slope, slope, slope, 0.5 * slope], rounding, activation);
  }
});

Deno.test("Neuron takes values and numbers, has labels, and is relu by default", () => {
  const neuron = new Neuron(3);
  assertEquals(neuron.activation, "relu");
  assertEquals(neuron.parameters, [...neuron.weights, neuron.bias]);
  assertEquals(neuron.parameters.map((p) => p.label), ["w0", "w1", "w2", "b"]);
  assert(neuron.parameters.every((p) => p.isPersistent));
  const sample = numbers(3);
  assertEquals(neuron.forward(sample).data, neuron.forward(sample.map((x) => new Value(x))).data);
  assertEquals([String(neuron), Deno.inspect(neuron)], ["Neuron(3, relu)", "Neuron(3, relu)"]);
});

Deno.test("ValueLayer.forward() is each neuron's output, and softmax of all of them", () => {
  const x = numbers(3), linear = new ValueLayer(3, 4), softmax = new ValueLayer(3, 4, "softmax");
  assertEquals(dataOf(linear.forward(x)), dataOf(linear.neurons.map((neuron) => neuron.forward(x))));
  assertEquals(dataOf(softmax.forward(x)), dataOf(Value.softmax(linear.forward(x))));
  assertEquals([linear.nin, linear.nout, linear.activation, linear.neurons.length], [3, 4, "linear", 4]);
  assertEquals(softmax.neurons.map((neuron) => neuron.activation), new Array(4).fill("linear"));
  assertEquals(linear.parameters, linear.neurons.flatMap((neuron) => neuron.parameters));
  assertEquals(linear.parameters[6].label, "neurons.1.w2");
  assertEquals([String(softmax), Deno.inspect(linear)], ["ValueLayer(3 → 4, softmax)", "ValueLayer(3 → 4, linear)"]);
});

Deno.test("Neuron, ValueLayer and ValueMLP start with the weights of MLP, for every seed and initialisation", () => {
  const initialOf = (nin: number, nouts: number[], options: { seed?: number; init?: InitMethod }) => {
    const model = new MLP(nin, nouts, { ...options, dtype: "float64" });
    return inOrder(model, model.parameters.data);
  };
  const inits = [undefined, "xavier", "he", "lecun", "uniform", "zero"] as const;
  for (const seed of [undefined, 0, 42, Number.MAX_SAFE_INTEGER]) {
    for (const init of inits) {
      const options = { seed, init };
      assertEquals(dataOf(new Neuron(5, options).parameters), initialOf(5, [1], options));
      assertEquals(dataOf(new ValueLayer(5, 4, "tanh", options).parameters), initialOf(5, [4], options));
      assertEquals(dataOf(new ValueMLP(5, [4, 3, 2], options).parameters), initialOf(5, [4, 3, 2], options));
    }
  }
  assertEquals(new Neuron(5).bias.data, 0);
  assert(new Neuron(5).weights.every((w) => w.data !== 0));
});

Deno.test("ValueMLP has the layers of MLP for the same arguments", () => {
  const activationsOf = (model: MLP | ValueMLP) => model.layers.map((layer) => layer.activation);
  for (const options of [{}, { activation: "tanh" }, { outputActivation: "softmax" }] as const) {
    assertEquals(activationsOf(new ValueMLP(2, [4, 3, 2], options)), activationsOf(new MLP(2, [4, 3, 2], options)));
  }
  const layers = [new Layer(3, 4, "silu"), new Layer(4, 2, "softmax")];
  const model = new ValueMLP(3, layers, { seed: 7 });
  assertEquals(activationsOf(model), ["silu", "softmax"]);
  assertEquals([model.nin, model.nouts, model.nout, model.parameterCount()], [3, [4, 2], 2, 26]);
  assertEquals(model.parameters, model.layers.flatMap((layer) => layer.parameters));
});

Deno.test("ValueMLP tells its layers as text, and its parameters by labels", () => {
  const model = new ValueMLP(3, [4, 2]);
  const text = "ValueMLP(3 → 4 relu → 2 linear), 26 parameters\n" +
    "  layers.0  neurons (4) of weights (3) and bias  16 parameters\n" +
    "  layers.1  neurons (2) of weights (4) and bias  10 parameters";
  assertEquals([String(model), Deno.inspect(model)], [text, text]);
  assertEquals(model.layers[0].neurons[2].weights[1].label, "layers.0.neurons.2.w1");
  assertEquals(model.layers[1].neurons[1].bias.label, "layers.1.neurons.1.b");
  assertEquals(new Set(model.parameters.map((p) => p.label)).size, 26);
  assert(toDot(model.forward([1, 2, 3])[0]).includes("layers.1.neurons.0.w3"));
});

Deno.test("ValueMLP.zeroGrad() ends what has added up", () => {
  const model = new ValueMLP(1, [1], { init: "zero" });
  const [y] = model.forward([3]);
  y.backward();
  y.backward();
  assertEquals(gradOf(model.parameters), [6, 2]);
  model.zeroGrad();
  assertEquals(gradOf(model.parameters), [0, 0]);
});

Deno.test("ValueMLP.from() and toMLP() carry every weight to the bit, and copy", () => {
  for (const dtype of ["float32", "float64"] as const) {
    const layers = [new Layer(3, 5, "tanh"), new Layer(5, 4, "leakyRelu"), new Layer(4, 2, "softmax")];
    const model = new MLP(3, layers, { dtype, init: "uniform", seed: 11 });
    const values = ValueMLP.from(model);
    assertEquals(dataOf(values.parameters), inOrder(model, model.parameters.data));
    const back = values.toMLP({ dtype });
    assertEquals(back.parameters.data, model.parameters.data);
    assertEquals(JSON.stringify(back), JSON.stringify(model));
    values.parameters[0].data = 100;
    assert(model.parameters.data[0] !== 100 && back.parameters.data[0] !== 100);
  }
});

Deno.test("ValueMLP.from() and toMLP() pass on NaN and infinity, and leave gradients behind", () => {
  const model = new MLP(2, [1], { dtype: "float64" });
  model.parameters.data.set([NaN, -Infinity, -0]);
  model.parameters.grad.fill(1);
  const values = ValueMLP.from(model);
  assertEquals(dataOf(values.parameters), [NaN, -Infinity, -0]);
  assertEquals(gradOf(values.parameters), [0, 0, 0]);
  values.parameters.forEach((p) => p.grad = 2);
  const back = values.toMLP();
  assertEquals([back.dtype, ...back.parameters.data, ...back.parameters.grad], [
    "float64",
    NaN,
    -Infinity,
    -0,
    0,
    0,
    0,
  ]);
});

const optimizers: Record<string, (parameters: Optimizable) => NativeOptimizer> = {
  SGD: (parameters) => new SGD(parameters, { learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
  RMSprop: (parameters) => new RMSprop(parameters),
  Adam: (parameters) => new Adam(parameters, { learningRate: 0.01 }),
  AdamW: (parameters) => new AdamW(parameters, { learningRate: 0.01 }),
  Langevin: (parameters) => new Langevin(parameters, { learningRate: 0.01, seed: 4 }),
};

for (const [name, make] of Object.entries(optimizers)) {
  Deno.test(`ValueMLP and MLP stay together over 20 steps of ${name}`, () => {
    const options = { activation: "tanh", seed: 9 } as const;
    const model = new MLP(2, [6, 2], { ...options, dtype: "float64" }), values = new ValueMLP(2, [6, 2], options);
    const inputs = Array.from({ length: 8 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
    const targets = inputs.map(([x, y]) => [x * y, x - y]);
    // Number k of the noise of Langevin goes to parameter k: here the values are listed as MLP orders its parameters.
    const order: number[] = [];
    fromNeuronOrder(model.layers, [...values.parameters.keys()], order);
    const listed = order.map((i) => values.parameters[i]);
    const optimizer = make(model.parameters), own = make(name === "Langevin" ? listed : values.parameters);
    const start = dataOf(values.parameters);
    for (let step = 0; step < 20; step++) {
      const expected = Engine.trainStep(model, inputs, targets, Engine.mseLoss, optimizer);
      const losses = inputs.map((input, i) => Engine.mseLoss(values.forward(input), targets[i]));
      const loss = Value.sum(losses).div(inputs.length);
      own.zeroGrad();
      loss.backward();
      own.step();
      // 20 steps carry the rounding of the gradients on; RMSprop and Adam, which divide by their size, enlarge that of
      // small ones.
      const tolerance = { relative: 1e-10, absolute: 1e-10 };
      assertClose([loss.data], [expected], tolerance, `loss of step ${step + 1}`);
      assertClose(
        dataOf(values.parameters),
        inOrder(model, model.parameters.data),
        tolerance,
        `parameters, step ${step + 1}`,
      );
    }
    assertEquals(start.findIndex((x, i) => x === values.parameters[i].data), -1);
  });
}

Deno.test("A network trained as values predicts as MLP, and one trained as MLP goes on as values", () => {
  const model = new MLP(2, [8, 3], { outputActivation: "softmax", seed: 2 });
  const values = ValueMLP.from(model);
  const rows = [[0.5, -1], [2, 0.1]];
  assertClose(rows.flatMap((row) => dataOf(values.forward(row))), model.predict(rows).flat(), float32, "outputs");
  assertClose(
    values.toMLP().predict(rows).flat(),
    rows.flatMap((row) => dataOf(values.forward(row))),
    rounding,
    "back",
  );
});

Deno.test("Neuron, ValueLayer and ValueMLP refuse inputs that do not fit", () => {
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  const neuron = new Neuron(2), layer = new ValueLayer(2, 3), model = new ValueMLP(2, [3, 1]);
  wrong(() => neuron.forward([1]), "Cannot run the neuron: there are 1 inputs, 2 are needed");
  wrong(() => layer.forward([]), "Cannot run the layer: there are 0 inputs, 2 are needed");
  wrong(() => model.forward([1, 2, 3]), "Cannot run the network: there are 3 inputs, 2 are needed");
  wrong(
    () => model.forward([1, "2" as unknown as number]),
    'Cannot run the network: input 1 is "2", a number or a value is needed',
  );
  wrong(
    () => neuron.forward(new Array(2)),
    "Cannot run the neuron: input 0 is undefined, a number or a value is needed",
  );
  wrong(
    () => layer.forward(7 as unknown as number[]),
    "Cannot run the layer: the inputs are 7, a list of 2 numbers or values is needed",
  );
});

Deno.test("Neuron, ValueLayer and ValueMLP refuse sizes, activations and options that make none", () => {
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  wrong(() => new Neuron(0), "Cannot use the neuron input size 0: a whole number from 1 to 2147483647 is needed");
  wrong(() => new Neuron(1.5), "Cannot use the neuron input size 1.5");
  wrong(
    () => new Neuron(2, { activation: "softmax" as "relu" }),
    'Cannot use the activation "softmax": one of linear, relu, leakyRelu, tanh, sigmoid, gelu, silu, softplus is needed',
  );
  wrong(
    () => new Neuron(2, { nonlin: false } as object),
    'Cannot use the settings of a neuron: there is no option "nonlin", one of activation, seed, init is needed',
  );
  wrong(() => new Neuron(2, { seed: -1 }), "Cannot use the seed -1: a whole number from 0");
  wrong(() => new ValueLayer(0, 1), "Cannot use the layer size 0: a whole number from 1 to 2147483647 is needed");
  wrong(() => new ValueLayer(1, 0), "Cannot use the layer size 0");
  wrong(() => new ValueLayer(2, 1, "swish" as "silu"), 'Cannot use the activation "swish": one of linear, relu');
  wrong(
    () => new ValueLayer(2, 1, "tanh", { activation: "relu" } as object),
    'Cannot use the settings of a layer: there is no option "activation", one of seed, init is needed',
  );
  wrong(() => new ValueLayer(1e5, 1e5), "Cannot make a network of 10000100000 parameters");
  wrong(() => new ValueMLP(0, [1]), "Cannot use the network input size 0: a whole number from 1");
  wrong(() => new ValueMLP(2, []), "Cannot make a network without layers");
  wrong(() => new ValueMLP(2, [1.5]), "Cannot use the layer size 1.5");
  wrong(() => new ValueMLP(2, [new ValueLayer(2, 1)] as unknown as Layer[]), "Cannot use the layer size an object");
  wrong(() => new ValueMLP(3, [new Layer(2, 1)]), "Cannot make a network: layer 0 takes 2 numbers, the input has 3");
  wrong(() => new ValueMLP(2, [2, 1], { activation: "softmax" }), "Cannot use softmax in layer 0");
  wrong(
    () => new ValueMLP(2, [1], { dtype: "float32" } as object),
    'Cannot use the settings of a network of values: there is no option "dtype", one of seed, init, activation, ' +
      "outputActivation is needed",
  );
  wrong(
    () => new ValueMLP(2, [1], null as unknown as object),
    "Cannot use the settings of a network of values: they are null, an object is needed",
  );
  wrong(
    () => ValueMLP.from({} as unknown as MLP),
    "Cannot make values of a network: it is an object (Object), an MLP is needed",
  );
  const model = new ValueMLP(2, [1]);
  wrong(
    () => model.toMLP({ type: "float32" } as object),
    'Cannot use the settings of toMLP(): there is no option "type"',
  );
  wrong(() => model.toMLP({ dtype: "float16" as "float32" }), 'Cannot use the dtype "float16"');
});
