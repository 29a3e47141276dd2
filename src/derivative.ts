/**
 * Derivatives as values: a backward pass that records what it computes, so that its results can be differentiated again. The
 * derivative of each operation is the tree that bindings.ts has from c/ops.h; passes that only compute are left to tape.ts.
 */
import { derivatives, firstBinaryOp, type Formula, Op } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { LatestFirst, Leaf, type Operand, type Place } from "./pass.ts";
import { simplified } from "./simplify.ts";
import { constant, lasting, record, Tape, touch, writableTape } from "./tape.ts";

/** A tape that takes part in a pass: of several restrictions of one, all together. */
interface TapeInPass {
  readonly order: number;
  readonly tapes: Set<Tape>;
  /** Where the pass ends. */
  readonly sources: Set<number>;
  /** By slot. */
  readonly gradients: (Operand | undefined)[];
  /** How many operations have received a gradient and not handed it on, and the highest of them. */
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
  readonly #tapes = new Map<object, TapeInPass>();
  readonly #leaves = new Map<Leaf, Operand>();
  readonly #stages = new LatestFirst<TapeInPass>();
  /** Where operands from elsewhere have entered the tape that is recorded on, by the identity of their home and the slot. */
  #entered = new Map<object, Map<number, number>>();
  #enteredTape: Tape | undefined;

  /** @param sources Where the pass ends, beside leaves. */
  constructor(sources: readonly Place[]) {
    for (const { home, slot } of sources) if (home instanceof Tape) this.#stageOf(home).sources.add(slot);
  }

  /** What a place has received, as a value of its own or a number. */
  gradientOf({ home, slot }: Place): Operand {
    const gradient = home instanceof Leaf ? this.#leaves.get(home) : this.#tapes.get(home.identity)?.gradients[slot];
    return this.#asResult(gradient ?? 0);
  }

  /** All that has received a gradient. */
  *reached(): Iterable<[Place, Operand]> {
    for (const [home, gradient] of this.#leaves) yield [{ home, slot: 0 }, this.#asResult(gradient)];
    for (const { tapes: [home], gradients } of this.#tapes.values()) {
      for (const [slot, gradient] of gradients.entries()) {
        if (gradient !== undefined) yield [{ home, slot }, this.#asResult(gradient)];
      }
    }
  }

  run(roots: readonly (readonly [root: Place, gradient: Operand])[]): void {
    for (const [root, gradient] of roots) this.#receive(root, gradient);
    for (let stage = this.#stages.pop(); stage; stage = this.#stages.pop()) this.#propagate(stage);
  }

  /** Records an operation, unless it is plain what it gives. */
  apply(op: number, left: Operand, right: Operand): Operand {
    const plain = simplifiedSlope(op, left, right);
    if (plain !== undefined) return plain;
    if (op === Op.mul && (left === -1 || right === -1)) return this.apply(Op.neg, left === -1 ? right : left, 0);
    return this.#record(op, left, right);
  }

  #receive({ home, slot }: Place, gradient: Operand): void {
    if (gradient === 0) return;
    if (home instanceof Tape) this.#receiveOn(home, slot, gradient);
    else if (home instanceof Leaf) this.#leaves.set(home, this.#sum(this.#leaves.get(home), gradient));
    else {
      throw new GradusError(
        "argument",
        `Cannot record the derivative of ${home.opAt(slot)}(): only numbers are known of it, a network of values ` +
          "(ValueMLP) is needed for derivatives of higher order",
      );
    }
  }

  #receiveOn(tape: Tape, slot: number, gradient: Operand): void {
    tape.records.refuseFreed(slot);
    const stage = this.#stageOf(tape), isSource = stage.sources.has(slot);
    if (!isSource && tape.records.opAt(slot) === Op.leaf) {
      const input = tape.inputAt(slot);
      if (input !== undefined) this.#receive(input, gradient);
      return;
    }
    const before = stage.gradients[slot];
    stage.gradients[slot] = this.#sum(before, gradient);
    stage.tapes.add(tape);
    if (isSource) return;
    if (before === undefined && stage.waiting++ === 0) {
      stage.top = 0;
      this.#stages.push(stage);
    }
    stage.top = Math.max(stage.top, slot);
  }

  #sum(before: Operand | undefined, gradient: Operand): Operand {
    return before === undefined ? gradient : this.apply(Op.add, before, gradient);
  }

  #stageOf(tape: Tape): TapeInPass {
    let stage = this.#tapes.get(tape.identity);
    if (stage === undefined) {
      stage = { order: tape.order, tapes: new Set(), sources: new Set(), gradients: [], waiting: 0, top: 0 };
      this.#tapes.set(tape.identity, stage);
    }
    return stage;
  }

  #propagate(stage: TapeInPass): void {
    const [first, ...others] = stage.tapes, tape = first.joinedWith(others), { records } = tape, { gradients } = stage;
    // What the gradients are formed of is to have all that any of the restrictions has.
    stage.tapes.clear();
    stage.tapes.add(tape);
    for (let slot = stage.top; stage.waiting > 0; slot--) {
      const gradient = gradients[slot];
      if (gradient === undefined || stage.sources.has(slot)) continue;
      const operands = records.operandsAt(slot), a = operandOn(tape, operands[0]);
      const b = operands.length === 1 ? 0 : operandOn(tape, operands[1]);
      derivatives[records.opAt(slot)].forEach((formula, k) => {
        const operand = k === 0 ? a : b;
        if (typeof operand === "number") return;
        const derivative = this.#build(formula, a, b, { home: tape, slot });
        this.#receive(operand, this.apply(Op.mul, gradient, derivative));
      });
      stage.waiting--;
    }
  }

  #build(formula: Formula, a: Operand, b: Operand, y: Operand): Operand {
    if (typeof formula === "number") return formula;
    if (typeof formula === "string") return formula === "a" ? a : formula === "b" ? b : y;
    const [op, left, right = 0] = formula;
    return this.apply(op, this.#build(left, a, b, y), this.#build(right, a, b, y));
  }

  /** A gradient may be a number on a tape, which is no result of its own: once it leaves the pass, it has to be one. */
  #asResult(gradient: Operand): Operand {
    const isNumber = typeof gradient !== "number" && gradient.home instanceof Tape &&
      gradient.home.records.opAt(gradient.slot) === Op.leaf;
    return isNumber ? this.#record(Op.mul, gradient, 1) : gradient;
  }

  #record(op: number, left: Operand, right: Operand): Place {
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
    const entered = this.#entered.get(operand.home.identity) ?? new Map<number, number>();
    this.#entered.set(operand.home.identity, entered);
    const slot = entered.get(operand.slot) ?? tape.enter(lasting(operand));
    entered.set(operand.slot, slot);
    return slot;
  }
}

/** What a slot of a tape holds: a number where it is a constant. */
function operandOn(tape: Tape, slot: number): Operand {
  const { records } = tape;
  const isConstant = records.opAt(slot) === Op.leaf && records.inputAt(slot) === undefined;
  return isConstant ? records.data[slot] : { home: tape, slot };
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
    if (home instanceof Leaf) touch(home);
    const before = home instanceof Leaf ? home.gradientAt(slot) ?? home.gradAt(slot) : 0;
    const sum = pass.apply(Op.add, before, gradient);
    home.setGradientAt(slot, typeof sum === "number" ? { home: new Leaf(sum, false), slot: 0 } : sum);
  }
}
