/**
 * The JSON file of a network: what is in it and how it is checked. It is the file of the first C system with a version and
 * a type added:
 *
 * `{"version": 1, "dtype": "float32", "nin": 2, "nouts": [4, 1], "layers": [{"nin", "nout", "activation"}, …],
 * "parameters": [numbers]}`, the numbers in the order layer, neuron, its weights, its bias.
 */
import { GradusError } from "../error.ts";
import type { Dtype } from "../shape.ts";

/** The version that is written. A file without one is of the first C system. */
const VERSION = 1;

/** The layers of a model file. */
export interface LayerJSON {
  /** Numbers that go in. */
  nin: number;
  /** Numbers that come out. */
  nout: number;
  /** What is applied to w·x + b. */
  activation: string;
}

/** What a model file holds. */
export interface ModelJSON {
  /** Of the file's layout. */
  version: number;
  /** Of the parameters. */
  dtype: Dtype;
  /** Numbers that go in. */
  nin: number;
  /** Numbers that come out of each layer. */
  nouts: number[];
  /** The layers. */
  layers: LayerJSON[];
  /** Layer, neuron, its weights, its bias. */
  parameters: number[];
}

/** Flat parameters in the order of `Parameters` (weights of a layer, then its biases) as those of a file. */
export function neuronOrder(layers: readonly { nin: number; nout: number }[], data: ArrayLike<number>): number[] {
  const result: number[] = [];
  let weight = 0;
  for (const { nin, nout } of layers) {
    const bias = weight + nin * nout;
    for (let o = 0; o < nout; o++) {
      for (let i = 0; i < nin; i++) result.push(data[weight + o * nin + i]);
      result.push(data[bias + o]);
    }
    weight = bias + nout;
  }
  return result;
}

/** The other way: writes the parameters of a file into `data`. */
export function fromNeuronOrder(
  layers: readonly { nin: number; nout: number }[],
  parameters: ArrayLike<number>,
  data: { [index: number]: number },
): void {
  let weight = 0, next = 0;
  for (const { nin, nout } of layers) {
    const bias = weight + nin * nout;
    for (let o = 0; o < nout; o++) {
      for (let i = 0; i < nin; i++) data[weight + o * nin + i] = parameters[next++];
      data[bias + o] = parameters[next++];
    }
    weight = bias + nout;
  }
}

/** The shortest decimals that give the same float32 again; float64 has them by itself. */
function shortest(x: number, dtype: Dtype): number {
  if (dtype === "float64") return x;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return short;
  }
  return Number(x.toPrecision(9));
}

/** A model as the object that is written. */
export function encodeModel(
  dtype: Dtype,
  layers: readonly LayerJSON[],
  data: ArrayLike<number>,
): ModelJSON {
  const parameters = neuronOrder(layers, data);
  const bad = parameters.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new GradusError(
      "numeric",
      `Cannot save the model: parameter ${bad} is ${parameters[bad]}, finite numbers are needed`,
    );
  }
  return {
    version: VERSION,
    dtype,
    nin: layers[0].nin,
    nouts: layers.map(({ nout }) => nout),
    layers: layers.map(({ nin, nout, activation }) => ({ nin, nout, activation })),
    parameters: parameters.map((x) => shortest(x, dtype)),
  };
}

function isSize(x: unknown): x is number {
  return typeof x === "number" && Number.isInteger(x) && x >= 1 && x < 2 ** 31;
}

/**
 * Checks what was read, before anything of its size is made.
 *
 * @param json What `JSON.parse` gave.
 * @param source The file, for messages.
 * @param activationNames What a layer can have.
 * @throws {GradusError} If it is no model, of a later version, or its sizes do not fit its numbers.
 */
export function decodeModel(json: unknown, source: string, activationNames: readonly string[]): ModelJSON {
  const refuse = (text: string): never => {
    throw new GradusError("data", `Cannot load a model from ${source}: ${text}`);
  };
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return refuse("it holds no object, a model saved by saveParameters() is needed");
  }
  const { version, dtype, nin, nouts, layers, parameters } = json as Partial<Record<string, unknown>>;
  if (version !== undefined && version !== VERSION) {
    refuse(`its version is ${String(version)}, ${VERSION} is the newest that this gradus reads`);
  }
  if (dtype !== undefined && dtype !== "float32" && dtype !== "float64") {
    refuse(`its dtype is ${String(dtype)}, float32 or float64 is needed`);
  }
  if (!Array.isArray(layers) || layers.length === 0) return refuse("it has no layers");
  if (!Array.isArray(parameters)) return refuse("it has no parameters");
  if (!isSize(nin)) return refuse(`its nin is ${String(nin)}, a whole number from 1 on is needed`);
  let width: number = nin, needed = 0;
  layers.forEach((layer, i) => {
    if (typeof layer !== "object" || layer === null || !isSize(layer.nin) || !isSize(layer.nout)) {
      refuse(`layer ${i} has no sizes, nin and nout from 1 on are needed`);
    }
    if (layer.activation !== undefined && !activationNames.includes(layer.activation)) {
      refuse(
        `layer ${i} has the activation ${JSON.stringify(layer.activation)}, one of ${
          activationNames.join(", ")
        } is needed`,
      );
    }
    if (layer.activation === "softmax" && i < layers.length - 1) {
      refuse(`layer ${i} has softmax, which is for the last layer`);
    }
    if (layer.nin !== width) refuse(`layer ${i} takes ${layer.nin} numbers, the one before it gives ${width}`);
    width = layer.nout;
    needed += (layer.nin + 1) * layer.nout;
  });
  if (Array.isArray(nouts) && (nouts.length !== layers.length || layers.some(({ nout }, i) => nout !== nouts[i]))) {
    refuse("its nouts and its layers tell different sizes");
  }
  if (parameters.length !== needed) {
    refuse(`it has ${parameters.length} parameters, its layers need ${needed}`);
  }
  const round = dtype === "float64" ? (x: number) => x : Math.fround;
  const bad = parameters.findIndex((x) => typeof x !== "number" || !Number.isFinite(round(x)));
  if (bad >= 0) refuse(`parameter ${bad} is ${JSON.stringify(parameters[bad])}, a number of its dtype is needed`);
  return {
    version: VERSION,
    dtype: (dtype ?? "float32") as Dtype,
    nin,
    nouts: layers.map(({ nout }) => nout),
    layers: layers.map(({ nin, nout, activation }) => ({ nin, nout, activation: activation ?? "linear" })),
    parameters: parameters as number[],
  };
}
