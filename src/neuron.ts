/**
 * `Neuron`, `ValueLayer` and `ValueMLP`: networks made of values, to learn from. Every weight is a `Value`, and every
 * output a formula of values that can be read, drawn and differentiated. Speed is left to `MLP` (mlp.ts), which computes
 * the same without a graph; initial weights come from there, too.
 *
 * After nn.py of micrograd (A. Karpathy, 2020).
 */
import { GradusError } from "./error.ts";
import { fromNeuronOrder, neuronOrder } from "./formats/model_json.ts";
import { type ActivationName, activationNames, Layer } from "./layer.ts";
import { MLP, type MLPOptions } from "./mlp.ts";
import { checkName, checkNumber, checkOptions, countRange, shown } from "./options.ts";
import type { Dtype } from "./shape.ts";
import { Value } from "./value.ts";

/** What a single neuron can do to w·x + b: softmax needs all neurons of a layer. */
export type NeuronActivation = Exclude<ActivationName, "softmax">;

const neuronActivations = activationNames.filter((name): name is NeuronActivation => name !== "softmax");

/** Options of `new ValueLayer`. */
export type ValueLayerOptions = Pick<MLPOptions, "seed" | "init">;

/** Options of `new Neuron`. */
export interface NeuronOptions extends ValueLayerOptions {
  /** What is applied to w·x + b; default `"relu"`. */
  activation?: NeuronActivation;
}

/** Options of `new ValueMLP`: those of `new MLP` but the type of the numbers, which is always float64. */
export type ValueMLPOptions = Omit<MLPOptions, "dtype">;

/**
 * One neuron: activation(Σ wᵢ·xᵢ + b).
 *
 * @example A neuron with weights of one's own
 * ```ts
 * import { Neuron } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const neuron = new Neuron(2);
 * neuron.weights[0].data = 3;
 * neuron.weights[1].data = -1;
 * neuron.bias.data = 0.5;
 * const y = neuron.forward([2, 4]);
 * assertEquals(y.data, 2.5); // relu(3·2 − 1·4 + 0.5)
 * y.backward();
 * assertEquals(neuron.parameters.map((p) => p.grad), [2, 4, 1]);
 * ```
 */
export class Neuron {
  /** What is applied to w·x + b. */
  readonly activation: NeuronActivation;
  /** One weight for each input, persistent values with the labels w0, w1, …. */
  readonly weights: readonly Value[];
  /** The bias b, a persistent value. */
  readonly bias: Value;
  /** The weights, then the bias: a list that optimizers take. */
  readonly parameters: readonly Value[];

  /**
   * Makes a neuron with the initial weights and bias of `new MLP(nin, [new Layer(nin, 1, activation)])`.
   *
   * @param nin Numbers that go in.
   * @param options Activation, seed (default 0) and initialisation (default `"xavier"`, with bias 0).
   * @throws {GradusError} If `nin` is not a whole number from 1 on, or an option is unknown or out of range.
   */
  constructor(nin: number, options: NeuronOptions = {}) {
    checkOptions("the settings of a neuron", options, ["activation", "seed", "init"]);
    checkNumber("the neuron input size", nin, countRange);
    const { activation = "relu", seed, init } = options;
    this.activation = checkName("the activation", activation, neuronActivations);
    const drawn = new MLP(nin, [1], { seed, init, dtype: "float64" });
    this.weights = Array.from({ length: nin }, (_, i) => Value.persistent(0, `w${i}`));
    this.bias = Value.persistent(0, "b");
    this.parameters = [...this.weights, this.bias];
    copyParameters(drawn, this.parameters);
  }

  /**
   * activation(Σ wᵢ·xᵢ + b) for the inputs x.
   *
   * @throws {GradusError} If there are not as many inputs as weights, or one is neither a number nor a value.
   */
  forward(inputs: readonly (Value | number)[]): Value {
    checkInputs("the neuron", inputs, this.weights.length);
    const z = Value.dot(this.weights, inputs).add(this.bias);
    return this.activation === "linear" ? z : z[this.activation]();
  }

  /** `"Neuron(2, relu)"` */
  toString(): string {
    return `Neuron(${this.weights.length}, ${this.activation})`;
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/**
 * Neurons side by side, which all see the same inputs.
 *
 * @example Softmax makes of three numbers three shares
 * ```ts
 * import { Value, ValueLayer } from "@gradus/gradus";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const layer = new ValueLayer(2, 3, "softmax", { seed: 1 });
 * const shares = layer.forward([0.5, -1]);
 * assertEquals(shares.length, 3);
 * assertAlmostEquals(Value.sum(shares).data, 1);
 * ```
 */
export class ValueLayer {
  /** Numbers that go in. */
  readonly nin: number;
  /** Numbers that come out: one for each neuron. */
  readonly nout: number;
  /** What is applied to w·x + b. */
  readonly activation: ActivationName;
  /** The neurons. Those of a softmax layer are linear: the layer does the rest. */
  readonly neurons: readonly Neuron[];
  /** The parameters of neuron after neuron, with labels such as neurons.2.w1. */
  readonly parameters: readonly Value[];

  /**
   * Makes a layer with the initial weights and biases of `new MLP(nin, [new Layer(nin, nout, activation)])`.
   *
   * @param nin Numbers that go in.
   * @param nout Numbers that come out.
   * @param activation What is applied to w·x + b.
   * @param options Seed (default 0) and initialisation (default `"xavier"`, with biases 0).
   * @throws {GradusError} If a size is not a whole number from 1 on, the activation is not known, or an option is unknown
   * or out of range.
   */
  constructor(nin: number, nout: number, activation: ActivationName = "linear", options: ValueLayerOptions = {}) {
    checkOptions("the settings of a layer", options, ["seed", "init"]);
    // Drawn for all neurons together: how large the weights are depends on nout, too.
    const drawn = new MLP(nin, [new Layer(nin, nout, activation)], { ...options, dtype: "float64" });
    this.nin = nin;
    this.nout = nout;
    this.activation = activation;
    const own = activation === "softmax" ? "linear" : activation;
    this.neurons = Array.from({ length: nout }, () => new Neuron(nin, { activation: own }));
    this.parameters = namedParameters("neurons", this.neurons);
    copyParameters(drawn, this.parameters);
  }

  /**
   * The output of each neuron for the same inputs; with softmax, e^output / Σ e^outputs.
   *
   * @throws {GradusError} If there are not nin inputs, or one is neither a number nor a value.
   */
  forward(inputs: readonly (Value | number)[]): Value[] {
    checkInputs("the layer", inputs, this.nin);
    const outputs = this.neurons.map((neuron) => neuron.forward(inputs));
    return this.activation === "softmax" ? Value.softmax(outputs) : outputs;
  }

  /** `"ValueLayer(3 → 16, relu)"` */
  toString(): string {
    return `ValueLayer(${this.nin} → ${this.nout}, ${this.activation})`;
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/**
 * A multilayer perceptron made of values: layers one after the other, each given the outputs of the one before.
 *
 * It computes what `MLP` computes, has the same initial weights for the same seed, and the same gradients up to rounding.
 * Every sample is a graph of its own, of about two operations for each weight; so this is to look at and to experiment
 * with, and `MLP` is for training that takes long. `from` and `toMLP` carry the weights from one to the other.
 *
 * @example Training, with every step in sight
 * ```ts
 * import { SGD, Value, ValueMLP, xor } from "@gradus/gradus";
 * import { assert } from "@std/assert";
 *
 * const { inputs, targets } = xor();
 * const model = new ValueMLP(2, [8, 1], { activation: "tanh", seed: 42 });
 * const optimizer = new SGD(model.parameters, { learningRate: 0.2 });
 * let loss = new Value(Infinity);
 * for (let step = 0; step < 300; step++) {
 *   const outputs = inputs.map((input) => model.forward(input)[0]);
 *   loss = Value.sum(outputs.map((output, i) => output.sub(targets[i]).square())).div(inputs.length);
 *   model.zeroGrad();
 *   loss.backward();
 *   optimizer.step();
 * }
 * assert(loss.data < 0.01);
 * ```
 */
export class ValueMLP {
  /** Numbers that go in. */
  readonly nin: number;
  /** Numbers that come out of each layer. */
  readonly nouts: readonly number[];
  /** The layers. */
  readonly layers: readonly ValueLayer[];
  /**
   * All weights and biases in the order layer, neuron, its weights, its bias: that of the JSON file of a network, not that
   * of `MLP.parameters`. Their labels are such as layers.0.neurons.2.w1. Optimizers take this list.
   */
  readonly parameters: readonly Value[];

  /**
   * Makes a network with the initial weights and biases of `new MLP(nin, layers, { ...options, dtype: "float64" })`.
   *
   * @param nin Numbers that go in.
   * @param layers The number of outputs of each layer, or the layers themselves.
   * @param options Seed, initialisation, activations.
   * @throws {GradusError} If sizes do not fit, an option is unknown or out of range, or softmax is not in the last layer.
   */
  constructor(nin: number, layers: readonly number[] | readonly Layer[], options: ValueMLPOptions = {}) {
    checkOptions("the settings of a network of values", options, ["seed", "init", "activation", "outputActivation"]);
    const model = new MLP(nin, layers, { ...options, dtype: "float64" });
    this.nin = nin;
    this.nouts = model.nouts;
    this.layers = model.layers.map(({ nin, nout, activation }) => new ValueLayer(nin, nout, activation));
    this.parameters = namedParameters("layers", this.layers);
    copyParameters(model, this.parameters);
  }

  /**
   * A network of values with the weights and biases of `model`; gradients start at 0. Later changes of one do not change
   * the other.
   *
   * @throws {GradusError} If `model` is not an `MLP`.
   */
  static from(model: MLP): ValueMLP {
    if (!(model instanceof MLP)) {
      throw new GradusError("argument", `Cannot make values of a network: it is ${shown(model)}, an MLP is needed`);
    }
    const copy = new ValueMLP(model.nin, model.layers, { init: "zero" });
    copyParameters(model, copy.parameters);
    return copy;
  }

  /**
   * A network without a graph, with these weights and biases; gradients start at 0.
   *
   * @param options The type of its numbers: `"float64"`, the default, keeps the parameters to the bit, `"float32"` rounds.
   * @throws {GradusError} If there is no such type.
   *
   * @example From one to the other and back
   * ```ts
   * import { MLP, ValueMLP } from "@gradus/gradus";
   * import { assertAlmostEquals, assertEquals } from "@std/assert";
   *
   * const model = new MLP(2, [4, 1], { seed: 3 });
   * const copy = ValueMLP.from(model);
   * assertAlmostEquals(copy.forward([0.5, -1])[0].data, model.predict([[0.5, -1]])[0][0], 1e-6);
   * assertEquals(copy.toMLP({ dtype: "float32" }).parameters.data, model.parameters.data);
   * ```
   */
  toMLP(options: { dtype?: Dtype } = {}): MLP {
    checkOptions("the settings of toMLP()", options, ["dtype"]);
    const layers = this.layers.map(({ nin, nout, activation }) => new Layer(nin, nout, activation));
    const model = new MLP(this.nin, layers, { dtype: options.dtype ?? "float64", init: "zero" });
    fromNeuronOrder(layers, this.parameters.map((parameter) => parameter.data), model.parameters.data);
    return model;
  }

  /** How many numbers come out. */
  get nout(): number {
    return this.nouts[this.nouts.length - 1];
  }

  /** How many weights and biases there are. */
  parameterCount(): number {
    return this.parameters.length;
  }

  /**
   * The outputs for one sample, through which gradients reach the parameters and the inputs that are values.
   *
   * @throws {GradusError} If there are not nin inputs, or one is neither a number nor a value.
   */
  forward(inputs: readonly (Value | number)[]): Value[] {
    checkInputs("the network", inputs, this.nin);
    let x = inputs;
    for (const layer of this.layers) x = layer.forward(x);
    return x as Value[];
  }

  /** Sets all gradients to 0. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.zeroGrad();
  }

  /** One line for the network and one for each layer. */
  toString(): string {
    const sizes = [this.nin, ...this.layers.map(({ nout, activation }) => `${nout} ${activation}`)].join(" → ");
    const lines = this.layers.map(({ nin, nout, parameters }, i) =>
      `  layers.${i}  neurons (${nout}) of weights (${nin}) and bias  ${parameters.length} parameters`
    );
    return [`ValueMLP(${sizes}), ${this.parameters.length} parameters`, ...lines].join("\n");
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/** The parameters of part after part, after their labels have been given the name and number of the part. */
function namedParameters(name: string, parts: readonly { parameters: readonly Value[] }[]): Value[] {
  return parts.flatMap(({ parameters }, i) => {
    for (const parameter of parameters) parameter.label = `${name}.${i}.${parameter.label}`;
    return parameters;
  });
}

/** Gives `parameters`, in the order layer, neuron, its weights, its bias, the numbers of a network of the same sizes. */
function copyParameters(from: MLP, parameters: readonly Value[]): void {
  neuronOrder(from.layers, from.parameters.data).forEach((number, i) => parameters[i].data = number);
}

function checkInputs(what: string, inputs: readonly (Value | number)[], nin: number): void {
  const refuse = (code: "shape" | "argument", text: string): never => {
    throw new GradusError(code, `Cannot run ${what}: ${text}`);
  };
  if (!Array.isArray(inputs)) {
    refuse("argument", `the inputs are ${shown(inputs)}, a list of ${nin} numbers or values is needed`);
  }
  if (inputs.length !== nin) refuse("shape", `there are ${inputs.length} inputs, ${nin} are needed`);
  const wrong = inputs.findIndex((input) => typeof input !== "number" && !(input instanceof Value));
  if (wrong >= 0) refuse("argument", `input ${wrong} is ${shown(inputs[wrong])}, a number or a value is needed`);
}
