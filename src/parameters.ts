/**
 * The parameters of a network and their gradients: one flat pair of arrays, with a view for each named part. Who changes
 * them is left to networks and optimizers.
 */
import { GradusError } from "./error.ts";
import { type Dtype, newReals, type Reals } from "./shape.ts";

/** The native side counts in 32 bits. */
const LARGEST = 2 ** 31 - 2;

/** Room for the parameters and their gradients. */
function allocate(dtype: Dtype, count: number): Reals {
  const refuse = (cause?: unknown): never => {
    throw new GradusError(
      "argument",
      `Cannot make a network of ${count} parameters: they do not fit into memory, smaller layers are needed`,
      { cause },
    );
  };
  if (2 * count > LARGEST) refuse();
  try {
    return newReals(dtype, 2 * count);
  } catch (error) {
    return refuse(error);
  }
}

/** One named part of a network's parameters. */
export interface Parameter {
  /** `"layers.0.weight"`, `"layers.0.bias"`, … as PyTorch names them. */
  readonly name: string;
  /** (nout, nin) for a weight, (nout) for a bias. */
  readonly shape: readonly number[];
  /** The numbers: a writable view, row after row. */
  readonly data: Reals;
  /** Their gradients, a view likewise. */
  readonly grad: Reals;
}

/**
 * All parameters of a network, in the order layers.0.weight, layers.0.bias, layers.1.weight, …; iterating gives the named
 * parts. The arrays are the network's own: what is written into them is what it computes with.
 *
 * @example
 * ```ts
 * import { MLP } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new MLP(2, [3, 1]);
 * const names = [...model.parameters].map(({ name, shape }) => `${name} ${shape}`);
 * assertEquals(names, ["layers.0.weight 3,2", "layers.0.bias 3", "layers.1.weight 1,3", "layers.1.bias 1"]);
 * assertEquals(model.parameters.length, 13);
 * ```
 */
export class Parameters implements Iterable<Parameter> {
  /** All numbers. */
  readonly data: Reals;
  /** All gradients, in the same order. */
  readonly grad: Reals;
  /** Their type. */
  readonly dtype: Dtype;
  /** How many there are. */
  readonly length: number;
  readonly #memory: Reals;
  readonly #parts: readonly Parameter[];

  /**
   * Makes parameters that are all 0.
   *
   * @param shapes The shape of each part by its name, in order.
   * @param dtype The type of all of them.
   */
  constructor(shapes: ReadonlyMap<string, readonly number[]>, dtype: Dtype) {
    const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
    this.dtype = dtype;
    this.length = [...shapes.values()].reduce((sum, shape) => sum + size(shape), 0);
    this.#memory = allocate(dtype, this.length);
    this.data = this.#memory.subarray(0, this.length);
    this.grad = this.#memory.subarray(this.length);
    const parts: Parameter[] = [];
    let offset = 0;
    for (const [name, shape] of shapes) {
      const end = offset + size(shape);
      parts.push({
        name,
        shape,
        data: this.data.subarray(offset, end),
        grad: this.grad.subarray(offset, end),
      });
      offset = end;
    }
    this.#parts = parts;
  }

  /** The named parts, in order. */
  [Symbol.iterator](): Iterator<Parameter> {
    return this.#parts[Symbol.iterator]();
  }

  /** The part of that name, or undefined. */
  get(name: string): Parameter | undefined {
    return this.#parts.find((part) => part.name === name);
  }

  /** Sets all gradients to 0. */
  zeroGrad(): void {
    this.grad.fill(0);
  }

  /** `"Parameters(layers.0.weight (3, 2), layers.0.bias (3))"` */
  toString(): string {
    return `Parameters(${this.#parts.map(({ name, shape }) => `${name} (${shape.join(", ")})`).join(", ")})`;
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** `data` and `grad` as the one array that the native side takes. */
  static memoryOf(parameters: Parameters): Reals {
    return parameters.#memory;
  }
}
