/** The native side's `struct gradus_job` (c/gradus.h) as an object: what a network is and what is to be done with it. */
import { Activation, Dtype as DtypeCode, Job as layout } from "./bindings.ts";
import type { ActivationName } from "./layer.ts";
import type { Dtype } from "./shape.ts";

type Field = keyof typeof layout.fields;

/** The size and activation of each layer, with the size of the input. */
export interface Network {
  readonly nin: number;
  readonly layers: readonly { readonly nout: number; readonly activation: ActivationName }[];
}

/** A job; fields that are not set are 0. */
export class Job {
  /** What the native functions take. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The rows in the order of use, where the job is ordered. */
  readonly order: Uint32Array<ArrayBuffer>;
  readonly #f64: Float64Array;
  readonly #i32: Int32Array;
  readonly #u32: Uint32Array;

  /**
   * @param dtype Of everything that is computed.
   * @param network The network, where there is one.
   * @param orderedRows How many rows have an order; 0: rows are used as they come.
   */
  constructor(dtype: Dtype, network?: Network, orderedRows = 0) {
    const layers = network?.layers ?? [];
    const buffer = new ArrayBuffer(layout.size + 8 * layers.length + 4 * orderedRows);
    this.bytes = new Uint8Array(buffer);
    this.#f64 = new Float64Array(buffer, 0, layout.size / 8);
    this.#i32 = new Int32Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.order = new Uint32Array(buffer, layout.size + 8 * layers.length, orderedRows);
    this.set("dtype", DtypeCode[dtype]);
    this.set("ordered", orderedRows > 0 ? 1 : 0);
    this.set("nin", network?.nin ?? 0);
    this.set("layers", layers.length);
    layers.forEach(({ nout, activation }, i) => {
      this.#i32[layout.size / 4 + 2 * i] = nout;
      this.#i32[layout.size / 4 + 2 * i + 1] = Activation[activation];
    });
  }

  /** A number of the job. */
  get(field: Field): number {
    const { type, index } = layout.fields[field];
    return type === "f64" ? this.#f64[index] : this.#i32[index];
  }

  /** Sets a number of the job. */
  set(field: Field, value: number): void {
    const { type, index } = layout.fields[field];
    if (type === "f64") this.#f64[index] = value;
    else this.#i32[index] = value;
  }

  /** Sets the seed of the optimizer's noise. */
  setSeed(seed: number): void {
    const { index } = layout.fields.seed;
    this.#u32[index] = seed % 2 ** 32;
    this.#u32[index + 1] = Math.floor(seed / 2 ** 32);
  }

  /** Takes over the settings of an optimizer: the fields from the learning rate to the clipping, its kind and its seed. */
  takeOptimizer(optimizer: Job): void {
    for (const index of optimizerDoubles) this.#f64[index] = optimizer.#f64[index];
    for (const index of optimizerWords) this.#u32[index] = optimizer.#u32[index];
  }
}

const optimizerFields = ([
  "learningRate",
  "momentum",
  "weightDecay",
  "alpha",
  "beta1",
  "beta2",
  "eps",
  "damping",
  "temperature",
  "step",
  "optimizer",
  "nesterov",
  "centered",
  "seed",
] as const satisfies readonly Field[]).map((field) => layout.fields[field]);

/** Where these are in the job, one by one: a step of a small network is not much longer than looking them up. */
const optimizerDoubles = optimizerFields.filter(({ type }) => type === "f64").map(({ index }) => index);
const optimizerWords = optimizerFields.filter(({ type }) => type !== "f64")
  .flatMap(({ index, length }) => Array.from({ length }, (_, i) => index + i));
