/** Functions that are recorded before their inputs have numbers. What becomes of the recording is left to compile.ts. */
import { GradusError } from "./error.ts";
import { type Home, Leaf, type Place } from "./pass.ts";
import { recordOn, Tape } from "./tape.ts";

/** The longest trace: operands have 24 bits (c/gradus.h). */
const LONGEST = 1 << 24;

/** The tape of a function that is recorded to be computed later, for inputs that have no numbers yet. */
export class Trace extends Tape {
  /** The inputs. */
  readonly unknowns: readonly Unknown[];

  /** @param count How many inputs the function has. */
  constructor(count: number) {
    super(256);
    this.unknowns = Array.from({ length: count }, () => new Unknown(this));
  }

  /** Records what a function does. Leaves that get gradients on the way have those that they had before in the end. */
  record<T>(f: () => T): T {
    const touched = new Map<Leaf, [gradient: Place | undefined, grad: number]>();
    const owner = {
      adopt: () => {},
      touch: (leaf: Leaf) => touched.has(leaf) || touched.set(leaf, [leaf.gradientAt(0), leaf.grad]),
    };
    try {
      return recordOn(this, owner, f);
    } finally {
      for (const [leaf, [gradient, grad]] of touched) {
        leaf.grad = grad;
        leaf.setGradientAt(0, gradient);
      }
    }
  }

  override get longest(): number {
    return LONGEST;
  }

  override get isOneOfMany(): boolean {
    return false;
  }

  override isKnownAt(slot: number): boolean {
    return !this.records.descendantsOf((input) => this.inputs[input]?.home instanceof Unknown)[slot];
  }

  override dataAt(slot: number): number {
    return this.isKnownAt(slot) ? super.dataAt(slot) : unknownNumber();
  }

  override receive(): void {
    throw new GradusError(
      "argument",
      "Cannot compute gradients while a function is recorded: its inputs have no numbers yet, grad() or " +
        "backward({ createGraph: true }) is needed, which record",
    );
  }
}

/** The home of an input that has no number yet: it can be used on its own trace only. */
export class Unknown extends Leaf {
  readonly #trace: Trace;

  constructor(trace: Trace) {
    super(NaN, false);
    this.#trace = trace;
  }

  override isKnownAt(): boolean {
    return false;
  }

  override get data(): number {
    return unknownNumber();
  }

  override set data(_data: number) {
    unknownNumber();
  }

  override numberFor(home: Home): number {
    return home === this.#trace ? NaN : unknownNumber();
  }
}

function unknownNumber(): never {
  throw new GradusError(
    "argument",
    "Cannot read a value that depends on the inputs of a function which is recorded for all inputs: it has no number, and " +
      "what is recorded must not depend on one; max(), min(), relu(), abs() and their like decide without being read",
  );
}
