/** Calls, the homes of values that something else than an operation has computed: the outputs of a network, say. */
import { forgetGradients, Home, type Operand, type Pass, type Place, type Stage } from "./pass.ts";
import { freedError } from "./records.ts";
import { belong, lasting, orderBetweenTapes } from "./tape.ts";

/** A group of values that something else than an operation has computed: the outputs of a network, say. */
export class Call extends Home implements Stage {
  readonly order: number;
  readonly #name: string;
  #inputs: readonly Operand[];
  #data: ArrayLike<number>;
  #grad: Float64Array<ArrayBuffer>;
  #backward: ((gradient: Float64Array) => ArrayLike<number> | null) | null;
  #pass: Pass | null = null;
  readonly #freed = new Set<number>();

  /**
   * @param name What computed them.
   * @param inputs What they were computed from.
   * @param data The values.
   * @param backward Is given the gradient of the values, once in each backward pass that reaches one of them; returns that
   * of the inputs, or null where these are all numbers.
   */
  constructor(
    name: string,
    inputs: readonly Operand[],
    data: ArrayLike<number>,
    backward: (gradient: Float64Array) => ArrayLike<number> | null,
  ) {
    super();
    // Its order lies between those of the tapes that it depends on and those that will depend on it.
    this.order = inputs.some((input) => typeof input !== "number") ? orderBetweenTapes(`call ${name}()`) : 0;
    this.#name = name;
    this.#inputs = inputs.map((input) => typeof input === "number" ? input : lasting(input));
    this.#data = data;
    this.#grad = new Float64Array(data.length);
    this.#backward = backward;
    belong(this);
  }

  dataAt(slot: number): number {
    this.#refuseFreed(slot);
    return this.#data[slot];
  }

  protected numericGradAt(slot: number): number {
    this.#refuseFreed(slot);
    return this.#grad[slot];
  }

  protected setNumericGradAt(slot: number, gradient: number): void {
    this.#refuseFreed(slot);
    this.#grad[slot] = gradient;
  }

  opAt(slot: number): string {
    this.#refuseFreed(slot);
    return this.#name;
  }

  operandsAt(slot: number): Operand[] {
    this.#refuseFreed(slot);
    return [...this.#inputs];
  }

  receive(slot: number, gradient: number, pass: Pass): void {
    this.#refuseFreed(slot);
    if (this.#pass !== pass) {
      forgetGradients(this);
      this.#grad.fill(0);
      this.#pass = pass;
      pass.push(this);
    }
    this.#grad[slot] += gradient;
  }

  propagate(pass: Pass): void {
    this.#pass = null;
    const gradients = this.#backward!(this.#grad);
    if (gradients === null) return;
    this.#inputs.forEach((input, i) => {
      if (typeof input !== "number") input.home.receive(input.slot, gradients[i], pass);
    });
  }

  abandon(): void {
    this.#pass = null;
  }

  /** What the call holds is given back when all of its values are freed. */
  free(slots: number[]): Place[] {
    for (const slot of slots) this.#freed.add(slot);
    const inputs = this.#inputs.filter((input) => typeof input !== "number");
    if (this.#freed.size === this.#data.length) this.#release();
    return inputs;
  }

  keepOnly(slots?: ReadonlySet<number>): void {
    if (slots === undefined) this.#release();
  }

  /** Gives back all that the call holds. */
  #release(): void {
    this.#backward = null;
    this.#inputs = [];
    this.#data = this.#grad = new Float64Array(0);
  }

  #refuseFreed(slot: number): void {
    if (this.#backward === null || this.#freed.has(slot)) throw freedError();
  }
}
