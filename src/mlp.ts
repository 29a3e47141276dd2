/**
 * `MLP`: a network of fully connected layers without a graph. It holds the parameters; c/mlp.c computes. Training it is
 * left to engine.ts.
 */
import { GradusError } from "./error.ts";
import { native, unwrap } from "./ffi.ts";
import { obstacleOf, readText, whyNotWritten, writeTextAtomically } from "./files.ts";
import { decodeModel, encodeModel, fromNeuronOrder, type ModelJSON } from "./formats/model_json.ts";
import { type InputRows, setInputs, toInputs } from "./inputs.ts";
import { Job } from "./job.ts";
import { type ActivationName, activationNames, Layer } from "./layer.ts";
import { checkName, checkNumber, checkOptions, countRange, nonNegativeRange, seedRange, shown } from "./options.ts";
import { Parameters } from "./parameters.ts";
import { Random, Stream } from "./random.ts";
import { type Dtype, isNumberArray, newReals, type NumberArray, type Reals, type Rows } from "./shape.ts";
import { callOf, Value } from "./value.ts";

/**
 * How weights are drawn, with biases 0: U(−r, r) with r = √(6/(nin + nout)) for `"xavier"` (X. Glorot, Y. Bengio, 2010),
 * √(6/nin) for `"he"` (K. He et al., 2015), √(3/nin) for `"lecun"` (Y. LeCun et al., 1998); `"uniform"`: everything,
 * biases too, from U(−1, 1); `"zero"`: everything 0.
 */
export type InitMethod = "xavier" | "he" | "lecun" | "uniform" | "zero";

const initMethods: readonly InitMethod[] = ["xavier", "he", "lecun", "uniform", "zero"];

/** Options of `initializeParameters`. */
export interface InitOptions {
  /** Default `"xavier"`. */
  method?: InitMethod;
  /** Default 0. The same seed gives the same numbers everywhere. */
  seed?: number;
}

/** Options of `new MLP`. */
export interface MLPOptions {
  /** Of the initial parameters; default 0. */
  seed?: number;
  /** How they are drawn; default `"xavier"`. */
  init?: InitMethod;
  /** Of parameters and computation; default `"float32"`. */
  dtype?: Dtype;
  /** Of the hidden layers, where sizes were given; default `"relu"`. */
  activation?: ActivationName;
  /** Of the last layer, where sizes were given; default `"linear"`. */
  outputActivation?: ActivationName;
}

/** One layer in `MLP.getParameterInfo`. */
export interface LayerInfo {
  /** Counting from 0. */
  index: number;
  /** Numbers that go in. */
  nin: number;
  /** Numbers that come out. */
  nout: number;
  /** What is applied to w·x + b. */
  activation: ActivationName;
  /** Weights and biases together. */
  parameterCount: number;
  /** nin · nout */
  weightParameters: number;
  /** nout */
  biasParameters: number;
  /** First index of the weights in `parameters.data`, and the one after the last. */
  weightIndices: [number, number];
  /** Likewise of the biases. */
  biasIndices: [number, number];
}

/** What `MLP.getParameterInfo` returns. */
export interface ParameterInfo {
  /** Of all layers. */
  totalParameters: number;
  /** Each layer. */
  layers: LayerInfo[];
}

/** One layer in `MLP.getWeightsAndBiases`: writable views. */
export interface WeightsAndBiases {
  /** Numbers that go in. */
  nin: number;
  /** Numbers that come out. */
  nout: number;
  /** What is applied to w·x + b. */
  activation: ActivationName;
  /** One row of nin numbers for each output. */
  weights: Reals[];
  /** One number for each output. */
  biases: Reals;
}

/** Mean, standard deviation (of the population), smallest and largest. */
export interface Stats {
  /** Σx / n */
  mean: number;
  /** √(Σ(x − mean)² / n) */
  std: number;
  /** The smallest. */
  min: number;
  /** The largest. */
  max: number;
}

/** What `MLP.getParameterStats` returns. */
export interface ParameterStats {
  /** Of the parameters. */
  data: Stats;
  /** Of their gradients. */
  grad: Stats;
  /** How many there are. */
  parameterCount: number;
}

/** Rows that go through a network at once when it predicts. */
const PREDICT_CHUNK = 256;

/**
 * A multilayer perceptron: each layer is y = activation(w·x + b).
 *
 * @example Predicting
 * ```ts
 * import { MLP } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new MLP(2, [4, 4, 1], { seed: 42 }); // relu hidden, linear output
 * assertEquals(model.parameterCount(), 37);
 * assertEquals(model.predict([[1, 2], [3, 4], [5, 6]]).length, 3);
 * ```
 */
export class MLP {
  /** Numbers that go in. */
  readonly nin: number;
  /** Numbers that come out of each layer. */
  readonly nouts: readonly number[];
  /** The layers. */
  readonly layers: readonly Layer[];
  /** All weights and biases and their gradients, iterable by name. */
  readonly parameters: Parameters;

  /**
   * Makes a network with initialised parameters.
   *
   * @param nin Numbers that go in.
   * @param layers The number of outputs of each layer, or the layers themselves.
   * @param options Seed, initialisation, type, activations.
   * @throws {GradusError} If sizes do not fit, an option is unknown or out of range, or softmax is not in the last layer.
   */
  constructor(nin: number, layers: readonly number[] | readonly Layer[], options: MLPOptions = {}) {
    checkOptions("the settings of a network", options, ["seed", "init", "dtype", "activation", "outputActivation"]);
    this.nin = checkNumber("the network input size", nin, countRange);
    this.layers = layersFrom(nin, layers, options);
    this.nouts = this.layers.map((layer) => layer.nout);
    const shapes = new Map<string, readonly number[]>();
    this.layers.forEach(({ nin, nout }, i) => {
      shapes.set(`layers.${i}.weight`, [nout, nin]);
      shapes.set(`layers.${i}.bias`, [nout]);
    });
    this.parameters = new Parameters(
      shapes,
      checkName("the dtype", options.dtype ?? "float32", ["float32", "float64"]),
    );
    this.initializeParameters({ method: options.init ?? "xavier", seed: options.seed ?? 0 });
  }

  /** The type of the parameters. */
  get dtype(): Dtype {
    return this.parameters.dtype;
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
   * Draws all parameters anew, and sets the gradients to 0.
   *
   * @example
   * ```ts
   * import { MLP } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const model = new MLP(3, [4, 1]);
   * model.initializeParameters({ method: "he", seed: 42 });
   * assertEquals([...model.parameters.get("layers.0.bias")!.data], [0, 0, 0, 0]);
   * ```
   */
  initializeParameters(options: InitOptions = {}): void {
    checkOptions("the settings of an initialisation", options, ["method", "seed"]);
    const method = checkName("the initialisation", options.method ?? "xavier", initMethods);
    const random = new Random(checkNumber("the seed", options.seed ?? 0, seedRange), Stream.init);
    for (const part of this.parameters) {
      if (part.shape.length === 2) {
        const [nout, nin] = part.shape;
        const bound = boundOf(method, nin, nout);
        for (let i = 0; i < part.data.length; i++) part.data[i] = random.uniform(-bound, bound);
      } else if (method === "uniform") {
        for (let i = 0; i < part.data.length; i++) part.data[i] = random.uniform(-1, 1);
      } else part.data.fill(0);
    }
    this.parameters.zeroGrad();
  }

  /**
   * The outputs for one sample, as values: one step of a graph, through which gradients reach `parameters.grad` and the
   * inputs that are values. For many samples without a graph there is `predict`.
   *
   * The weights must not change between this and the backward pass, as they would not be those that gave the outputs.
   *
   * @throws {GradusError} If there are not nin inputs, or one is neither a number nor a value.
   * @example A loss of one's own
   * ```ts
   * import { MLP } from "@gradus/gradus";
   * import { assert } from "@std/assert";
   *
   * const model = new MLP(2, [3, 1], { seed: 1 });
   * const [y] = model.forward([0.5, -1]);
   * y.sub(1).square().backward();
   * assert(model.getGradientNorm() > 0);
   * ```
   */
  forward(inputs: readonly (number | Value)[]): Value[] {
    const x = this.#sample(inputs);
    const pass = new MLPPass(this, 1);
    const y = pass.forward({ rows: 1, width: this.nin, data: x, scale: 1 });
    const differentiable = inputs.some((input) => typeof input !== "number");
    return callOf("mlp", inputs, y, (gradient) => pass.backward(gradient, differentiable));
  }

  /** The numbers of one sample, in the type of the network. */
  #sample(inputs: readonly (number | Value)[]): Reals {
    const refuse = (code: "shape" | "argument", text: string): never => {
      throw new GradusError(code, `Cannot run the network: ${text}`);
    };
    if (!Array.isArray(inputs) && !isNumberArray(inputs)) {
      refuse("argument", `the inputs are ${shown(inputs)}, a list of ${this.nin} numbers or values is needed`);
    }
    if (inputs.length !== this.nin) refuse("shape", `there are ${inputs.length} inputs, ${this.nin} are needed`);
    const x = newReals(this.dtype, this.nin);
    // Not forEach, which passes over holes.
    for (let i = 0; i < this.nin; i++) {
      const input = inputs[i];
      if (typeof input !== "number" && !(input instanceof Value)) {
        refuse("argument", `input ${i} is ${shown(input)}, a number or a value is needed`);
      }
      x[i] = Number(input);
    }
    return x;
  }

  /**
   * The outputs for many samples, without a graph.
   *
   * @param rows Rows of nin numbers each. A typed array holds them one after the other.
   * @returns Rows of nout numbers: arrays for arrays; one typed array for a typed array, a `Float32Array` for a
   * `Float32Array` and a `Float64Array` for a `Float64Array`.
   * @throws {GradusError} If a row has not nin numbers.
   * @example Arrays in, arrays out; typed array in, typed array out
   * ```ts
   * import { MLP } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const model = new MLP(2, [1], { init: "zero" });
   * assertEquals(model.predict([[1, 2], [3, 4]]), [[0], [0]]);
   * assertEquals(model.predict(Float32Array.of(1, 2, 3, 4)), Float32Array.of(0, 0));
   * ```
   */
  predict(rows: Float32Array): Float32Array<ArrayBuffer>;
  /** A `Float64Array` for a `Float64Array`. */
  predict(rows: Float64Array): Float64Array<ArrayBuffer>;
  /** A typed array of the network's type for any other one. */
  predict(rows: NumberArray): Reals;
  /** Arrays for arrays. */
  predict(rows: Exclude<Rows, NumberArray>): number[][];
  /** Either, where the type of the rows is not known. */
  predict(rows: Rows): Reals | number[][];
  predict(rows: Rows): Reals | number[][] {
    const inputs = toInputs(rows, this.nin, this.dtype, { task: "predict", name: "the inputs" });
    const outputs = newReals(this.dtype, inputs.rows * this.nout);
    if (inputs.rows > 0) {
      const job = new Job(this.dtype, this);
      job.set("rows", inputs.rows);
      job.set("chunk", Math.min(PREDICT_CHUNK, inputs.rows));
      setInputs(job, inputs);
      const scratch = scratchFor(job);
      unwrap(
        native.gradus_mlp_predict(job.bytes, outputs, Parameters.memoryOf(this.parameters), inputs.data, scratch),
        "predict",
      );
    }
    if (!isNumberArray(rows)) return rowsOf(outputs, this.nout);
    const wanted = rows instanceof Float64Array ? "float64" : rows instanceof Float32Array ? "float32" : this.dtype;
    if (wanted === this.dtype) return outputs;
    const converted = newReals(wanted, outputs.length);
    converted.set(outputs);
    return converted;
  }

  /** Sets all gradients to 0. */
  zeroGrad(): void {
    this.parameters.zeroGrad();
  }

  /** √Σ g² over all parameters. */
  getGradientNorm(): number {
    const { grad, length } = this.parameters;
    return native.gradus_norm(grad, length, this.dtype === "float64" ? 1 : 0);
  }

  /**
   * Scales the gradients by maxNorm / (norm + 1e-6) if that is below 1, as PyTorch's `clip_grad_norm_` does.
   *
   * @returns The norm before.
   */
  clipGradients(maxNorm: number): number {
    checkNumber("the largest norm", maxNorm, nonNegativeRange);
    const norm = this.getGradientNorm();
    const factor = maxNorm / (norm + 1e-6);
    const { grad, length } = this.parameters;
    if (factor < 1) {
      unwrap(native.gradus_scale(grad, factor, length, this.dtype === "float64" ? 1 : 0), "clip gradients");
    }
    return norm;
  }

  /** Where the parameters of each layer are. */
  getParameterInfo(): ParameterInfo {
    let offset = 0;
    const layers = this.layers.map(({ nin, nout, activation, parameterCount }, index): LayerInfo => {
      const weight = offset, bias = weight + nin * nout;
      offset = bias + nout;
      return {
        index,
        nin,
        nout,
        activation,
        parameterCount,
        weightParameters: nin * nout,
        biasParameters: nout,
        weightIndices: [weight, bias],
        biasIndices: [bias, offset],
      };
    });
    return { totalParameters: this.parameters.length, layers };
  }

  /** The weights and biases of each layer, as views into `parameters.data`. */
  getWeightsAndBiases(): WeightsAndBiases[] {
    const { data } = this.parameters;
    return this.getParameterInfo().layers.map(({ nin, nout, activation, weightIndices, biasIndices }) => ({
      nin,
      nout,
      activation,
      weights: Array.from({ length: nout }, (_, o) => {
        const start = weightIndices[0] + o * nin;
        return data.subarray(start, start + nin);
      }),
      biases: data.subarray(...biasIndices),
    }));
  }

  /** Mean, standard deviation, smallest and largest of the parameters and of their gradients. */
  getParameterStats(): ParameterStats {
    const { data, grad, length } = this.parameters;
    return { data: statsOf(data), grad: statsOf(grad), parameterCount: length };
  }

  /** The network as a JSON object; see the head of formats/model_json.ts. */
  toJSON(): ModelJSON {
    return encodeModel(this.dtype, this.layers, this.parameters.data);
  }

  /**
   * A network from what `toJSON` gave, or from the parsed file of the first C system.
   *
   * @param json The object.
   * @param source Where it is from, for messages.
   * @throws {GradusError} If it is no such object; then nothing was made.
   */
  static fromJSON(json: unknown, source = "JSON"): MLP {
    const { dtype, nin, layers, parameters } = decodeModel(json, source, activationNames);
    const model = new MLP(
      nin,
      layers.map((layer) => new Layer(layer.nin, layer.nout, layer.activation as ActivationName)),
      { dtype, init: "zero" },
    );
    fromNeuronOrder(layers, parameters, model.parameters.data);
    return model;
  }

  /**
   * Saves the network as JSON. The file is written beside and renamed, so that an interrupted save leaves the old one.
   *
   * @throws {GradusError} If a parameter is NaN or infinite, which JSON cannot hold, or the file cannot be written.
   */
  async saveParameters(path: string | URL): Promise<void> {
    const text = JSON.stringify(this.toJSON()) + "\n";
    try {
      await writeTextAtomically(path, text);
    } catch (cause) {
      if (cause instanceof GradusError) throw cause;
      throw new GradusError("data", `Cannot save the model to ${path}: ${whyNotWritten(cause, path)}`, { cause });
    }
  }

  /**
   * Loads a network that `saveParameters` saved, or the first C system's `save_parameters`.
   *
   * @throws {GradusError} If the file cannot be read as a model: nothing is half loaded.
   */
  static async loadParameters(path: string | URL): Promise<MLP> {
    return MLP.fromJSON(await readJson(path), String(path));
  }

  /** One line for the network and one for each layer. */
  toString(): string {
    const sizes = [this.nin, ...this.layers.map(({ nout, activation }) => `${nout} ${activation}`)].join(" → ");
    const lines = this.layers.map((layer, i) =>
      `  layers.${i}  weight (${layer.nout}, ${layer.nin})  bias (${layer.nout})  ${layer.parameterCount} parameters`
    );
    return [`MLP(${sizes}), ${this.dtype}, ${this.parameters.length} parameters`, ...lines].join("\n");
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/** Reads a JSON file; errors name it. */
async function readJson(path: string | URL): Promise<unknown> {
  let text: string;
  try {
    text = await readText(path);
  } catch (cause) {
    if (cause instanceof GradusError) throw cause;
    const why = obstacleOf(cause) === "missing" ? "there is no such file" : (cause as Error).message;
    throw new GradusError("data", `Cannot load a model from ${path}: ${why}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GradusError("data", `Cannot load a model from ${path}: it is not JSON (${(cause as Error).message})`, {
      cause,
    });
  }
}

function layersFrom(nin: number, layers: readonly number[] | readonly Layer[], options: MLPOptions): Layer[] {
  if (options.activation !== undefined) checkName("the activation", options.activation, activationNames);
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new GradusError("argument", "Cannot make a network without layers: sizes like [4, 4, 1] are needed");
  }
  const made = layers.map((layer, i) => {
    if (layer instanceof Layer) {
      if (layers.some((other) => !(other instanceof Layer))) {
        throw new GradusError("argument", "Cannot make a network of sizes and layers: either is needed");
      }
      if (options.activation === undefined && options.outputActivation === undefined) return layer;
      throw new GradusError(
        "argument",
        "Cannot use an activation for layers that have their own: sizes instead of layers are needed",
      );
    }
    const before = i === 0 ? nin : layers[i - 1] as number;
    const isLast = i === layers.length - 1;
    return new Layer(
      before,
      layer as number,
      (isLast ? options.outputActivation : options.activation) ?? (isLast ? "linear" : "relu"),
    );
  });
  made.forEach((layer, i) => {
    const width = i === 0 ? nin : made[i - 1].nout;
    if (layer.nin !== width) {
      throw new GradusError(
        "shape",
        `Cannot make a network: layer ${i} takes ${layer.nin} numbers, ${
          i === 0 ? "the input has" : `layer ${i - 1} gives`
        } ${width}`,
      );
    }
    if (layer.activation === "softmax" && i < made.length - 1) {
      throw new GradusError("argument", `Cannot use softmax in layer ${i}: it is for the last layer`);
    }
  });
  return made;
}

/** The r of U(−r, r). */
function boundOf(method: InitMethod, nin: number, nout: number): number {
  switch (method) {
    case "xavier":
      return Math.sqrt(6 / (nin + nout));
    case "he":
      return Math.sqrt(6 / nin);
    case "lecun":
      return Math.sqrt(3 / nin);
    case "uniform":
      return 1;
    case "zero":
      return 0;
  }
}

function statsOf(x: Reals): Stats {
  let sum = 0, min = Infinity, max = -Infinity;
  for (const value of x) {
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / x.length;
  let squares = 0;
  for (const value of x) squares += (value - mean) ** 2;
  return { mean, std: Math.sqrt(squares / x.length), min, max };
}

function rowsOf(data: Reals, width: number): number[][] {
  const rows: number[][] = new Array(data.length / width);
  for (let i = 0; i < rows.length; i++) {
    const row: number[] = rows[i] = new Array(width);
    for (let j = 0; j < width; j++) row[j] = data[i * width + j];
  }
  return rows;
}

/** The memory that a job computes in. */
export function scratchFor(job: Job): Uint8Array<ArrayBuffer> {
  return new Uint8Array(native.gradus_mlp_scratch(job.bytes));
}

/** Forward and backward through a network for one chunk of rows, for losses that are not native. */
export class MLPPass {
  readonly #model: MLP;
  readonly #job: Job;
  readonly #scratch: Uint8Array<ArrayBuffer>;

  constructor(model: MLP, chunk: number) {
    this.#model = model;
    this.#job = new Job(model.dtype, model);
    this.#job.set("chunk", chunk);
    this.#scratch = scratchFor(this.#job);
  }

  /** The outputs (rows, nout) of inputs (rows, nin). */
  forward(inputs: InputRows): Reals {
    const { dtype, nout, parameters } = this.#model;
    const outputs = newReals(dtype, inputs.rows * nout);
    this.#job.set("rows", inputs.rows);
    setInputs(this.#job, inputs);
    unwrap(
      native.gradus_mlp_forward(this.#job.bytes, outputs, Parameters.memoryOf(parameters), inputs.data, this.#scratch),
      "run the network",
    );
    return outputs;
  }

  /** Adds to the gradients of the parameters those of the last forward; returns those of its inputs if wanted. */
  backward(outputGradient: ArrayLike<number>, wanted: boolean): Reals | null {
    const { dtype, nin, parameters } = this.#model;
    const gradient = newReals(dtype, outputGradient.length);
    gradient.set(outputGradient);
    const inputGradient = wanted ? newReals(dtype, this.#job.get("rows") * nin) : null;
    unwrap(
      native.gradus_mlp_backward(
        this.#job.bytes,
        inputGradient,
        Parameters.memoryOf(parameters),
        gradient,
        this.#scratch,
      ),
      "differentiate the network",
    );
    return inputGradient;
  }
}
