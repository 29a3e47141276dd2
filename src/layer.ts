/** `Layer`: the description of one layer of a network. The numbers belong to the network (mlp.ts). */
import { activationOps } from "./bindings.ts";
import { checkName, checkNumber, countRange } from "./options.ts";

/**
 * What a layer does to w·x + b: one of the activations of c/ops.h, `"linear"`, which is nothing, or, for the last layer,
 * `"softmax"`.
 */
export type ActivationName =
  | "linear"
  | "relu"
  | "leakyRelu"
  | "tanh"
  | "sigmoid"
  | "gelu"
  | "silu"
  | "softplus"
  | "softmax";

/** The names of all activations. The compiler sees to it that c/ops.h has no other ones. */
export const activationNames: readonly ActivationName[] = ["linear", ...activationOps, "softmax"];

/**
 * One fully connected layer, y = activation(w·x + b) with w (nout, nin) and b (nout): its sizes and its activation.
 *
 * @example A network with an activation for each layer
 * ```ts
 * import { Layer, MLP } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new MLP(3, [new Layer(3, 16, "relu"), new Layer(16, 1, "sigmoid")]);
 * assertEquals(model.layers.map((layer) => layer.activation), ["relu", "sigmoid"]);
 * ```
 */
export class Layer {
  /** Numbers that go in. */
  readonly nin: number;
  /** Numbers that come out. */
  readonly nout: number;
  /** What is applied to w·x + b. */
  readonly activation: ActivationName;

  /**
   * Describes a layer.
   *
   * @param nin Numbers that go in.
   * @param nout Numbers that come out.
   * @param activation What is applied to w·x + b.
   * @throws {GradusError} If a size is not a whole number from 1 on, or the activation is not known.
   */
  constructor(nin: number, nout: number, activation: ActivationName = "linear") {
    this.nin = checkNumber("the layer size", nin, countRange);
    this.nout = checkNumber("the layer size", nout, countRange);
    this.activation = checkName("the activation", activation, activationNames);
  }

  /** nin · nout weights and nout biases. */
  get parameterCount(): number {
    return (this.nin + 1) * this.nout;
  }

  /** `"Layer(3 → 16, relu)"` */
  toString(): string {
    return `Layer(${this.nin} → ${this.nout}, ${this.activation})`;
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
