/**
 * Derivatives as values: a backward pass that records what it computes, so that its results can be differentiated again. The
 * derivative of each operation is the tree that bindings.ts has from c/ops.h; passes that only compute are left to tape.ts.
 */
import { derivatives, firstBinaryOp, type Formula, Op } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { type Home, LatestFirst, Leaf, type Operand, type Place } from "./pass.ts";
import { simplified } from "./simplify.ts";
import { constant, lasting, record, Tape, writableTape } from "./tape.ts";

/** By the identity of a home and the slot. */
type Slots<T> = Map<object, Map<number, T>>;

function slotsOf<T>(slots: Slots<T>, { identity }: Home): Map<number, T> {
  const known = slots.get(identity);
  if (known !== undefined) return known;
  const fresh = new Map<number, T>();
  slots.set(identity, fresh);
  return fresh;
}

/** A tape that has received gradients which it has not handed on: of several restrictions, all. */
interface TapeInPass {
  readonly order: number;
  readonly tapes: Tape[];
  /** How many operations have received a gradient, and the highest of them. */
  waiting: number;
  top: number;
}

/**
 * What an operation gives where derivatives are added up. There a number 0 is what does not depend on an input, so that 0·∞ is
 * 0 and 0 + −0 is −0; apart from that, what it gives exactly.
 */
function simplifiedSlope(op: number, left: Operand, right: Operand): Operand | undefined {
  if (op === Op.mul && (left === 0 || right === 0)) return 0;
  if (op === Op.add && (left === 0 || right === 0)) return left === 0 ? right : left;
  return simplified(op, left, right);
}

/** One backward pass that records. */
class RecordingPass {
  readonly #gradients: Slots<Operand> = new Map();
  readonly #homes: Home[] = [];
  readonly #stages = new LatestFirst<TapeInPass>();
  readonly #inPass = new Map<object, TapeInPass>();
  readonly #sources: Slots<true> = new Map();
  /** Where operands from elsewhere have entered the tape that is recorded on. */
  #entered: Slots<number> = new Map();
  #enteredTape: Tape | undefined;

  /** @param sources Where the pass ends, beside leaves. */
  constructor(sources: readonly Place[]) {
    for (const { home, slot } of sources) slotsOf(this.#sources, home).set(slot, true);
  }

  gradientOf({ home, slot }: Place): Operand {
    return this.#gradients.get(home.identity)?.get(slot) ?? 0;
  }

  /** All that has received a gradient. */
  *reached(): Iterable<[Place, Operand]> {
    for (const home of this.#homes) {
      for (const [slot, gradient] of this.#gradients.get(home.identity)!) yield [{ home, slot }, gradient];
    }
  }

  run(roots: readonly (readonly [root: Place, gradient: Operand])[]): void {
    for (const [root, gradient] of roots) this.#receive(root, gradient);
    for (let stage = this.#stages.pop(); stage; stage = this.#stages.pop()) this.#propagate(stage);
  }

  #receive({ home, slot }: Place, gradient: Operand): void {
    if (gradient === 0) return;
    if (home instanceof Tape) home.records.refuseFreed(slot);
    const isSource = this.#sources.get(home.identity)?.has(slot) ?? false;
    if (home instanceof Tape && !isSource && home.records.opAt(slot) === Op.leaf) {
      const input = home.inputAt(slot);
      if (input !== undefined) this.#receive(input, gradient);
      return;
    }
    if (!this.#gradients.has(home.identity)) this.#homes.push(home);
    const gradients = slotsOf(this.#gradients, home), before = gradients.get(slot);
    gradients.set(slot, before === undefined ? gradient : this.apply(Op.add, before, gradient));
    if (home instanceof Leaf || isSource) return;
    if (!(home instanceof Tape)) {
      throw new GradusError(
        "argument",
        `Cannot record the derivative of ${home.opAt(slot)}(): only numbers are known of it, a network of values ` +
          "(ValueMLP) is needed for derivatives of higher order",
      );
    }
    const stage = this.#stageOf(home);
    if (before === undefined) stage.waiting++;
    stage.top = Math.max(stage.top, slot);
  }

  #stageOf(tape: Tape): TapeInPass {
    let stage = this.#inPass.get(tape.identity);
    if (stage === undefined) {
      stage = { order: tape.order, tapes: [], waiting: 0, top: 0 };
      this.#inPass.set(tape.identity, stage);
    }
    if (stage.waiting === 0) {
      stage.top = 0;
      this.#stages.push(stage);
    }
    if (!stage.tapes.includes(tape)) stage.tapes.push(tape);
    return stage;
  }

  #propagate(stage: TapeInPass): void {
    const [tape] = stage.tapes, { records } = tape;
    const gradients = slotsOf(this.#gradients, tape), sources = this.#sources.get(records);
    for (let slot = stage.top; stage.waiting > 0; slot--) {
      const gradient = gradients.get(slot);
      if (gradient === undefined || sources?.has(slot)) continue;
      const op = records.opAt(slot);
      const [a, b] = records.operandsAt(slot).map((operand) => this.#operand(stage.tapes, operand));
      derivatives[op].forEach((formula, k) => {
        const operand = k === 0 ? a : b;
        if (typeof operand === "number") return;
        const derivative = this.#build(formula, a, b, { home: tape, slot });
        this.#receive(operand, this.apply(Op.mul, gradient, derivative));
      });
      stage.waiting--;
    }
  }

  /** What a slot holds: a number where it is a constant. */
  #operand(tapes: Tape[], slot: number): Operand {
    const { records } = tapes[0];
    if (records.opAt(slot) !== Op.leaf) return { home: tapes[0], slot };
    if (records.inputAt(slot) === undefined) return records.data[slot];
    return { home: tapes.find((tape) => tape.inputAt(slot) !== undefined) ?? tapes[0], slot };
  }

  #build(formula: Formula, a: Operand, b: Operand, y: Operand): Operand {
    if (typeof formula === "number") return formula;
    if (typeof formula === "string") return formula === "a" ? a : formula === "b" ? b : y;
    const [op, left, right = 0] = formula;
    return this.apply(op, this.#build(left, a, b, y), this.#build(right, a, b, y));
  }

  /** Records an operation, unless it is plain what it gives. */
  apply(op: number, left: Operand, right: Operand): Operand {
    const plain = simplifiedSlope(op, left, right);
    if (plain !== undefined) return plain;
    if (op === Op.mul && (left === -1 || right === -1)) return this.apply(Op.neg, left === -1 ? right : left, 0);
    const tape = writableTape(), l = this.#slotOn(tape, left), r = op < firstBinaryOp ? 0 : this.#slotOn(tape, right);
    return { home: tape, slot: record(op, l, r) };
  }

  #slotOn(tape: Tape, operand: Operand): number {
    if (typeof operand === "number") return constant(operand);
    if (operand.home.identity === tape.identity) return operand.slot;
    if (tape !== this.#enteredTape) {
      this.#enteredTape = tape;
      this.#entered = new Map();
    }
    const entered = slotsOf(this.#entered, operand.home);
    const slot = entered.get(operand.slot) ?? tape.enter(lasting(operand));
    entered.set(operand.slot, slot);
    return slot;
  }
}

/**
 * The derivatives of Σ gradient·root with respect to `sources`, as values or numbers.
 *
 * @param roots What is differentiated, each with the gradient that it is given.
 */
export function recordDerivatives(
  roots: readonly (readonly [root: Place, gradient: Operand])[],
  sources: readonly Place[],
): Operand[] {
  const pass = new RecordingPass(sources);
  pass.run(roots);
  return sources.map((source) => pass.gradientOf(source));
}

/** Differentiates a value: what it depends on gets its gradient as a value, added to what it had where it is a leaf. */
export function recordGradients(root: Place): void {
  const pass = new RecordingPass([]);
  pass.run([[root, 1]]);
  for (const [{ home, slot }, gradient] of pass.reached()) {
    const before = home instanceof Leaf ? home.gradientAt(slot) ?? home.gradAt(slot) : 0;
    const sum = pass.apply(Op.add, before, gradient);
    home.setGradientAt(slot, typeof sum === "number" ? { home: new Leaf(sum, false), slot: 0 } : sum);
  }
}
