/**
 * The arrays of a tape: records of operations, their values and gradients. What is recorded here is computed by c/value.c, and
 * its layout is that of c/gradus.h. Who is asked for what, and what entered from elsewhere, is left to tape.ts.
 */
import { firstBinaryOp, Mark, Op } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { native, unwrap } from "./ffi.ts";
import { Account } from "./memory.ts";
import { forgetGradients, type Pass, slotsWithGradients } from "./pass.ts";

/** The operation of a record whose graph was freed. */
const FREED = 0x7f;

/** A gradient that none is: it shows which gradients a sweep has not replaced. */
const UNTOUCHED = 1.2345678901234567e-300;

/** The second word of a number that is a constant. */
const CONSTANT = -1;

/** The records of a tape, two words for each, and one number for each: its value and, after a backward pass, its gradient. */
export class Records {
  words: Int32Array<ArrayBuffer>;
  data: Float64Array<ArrayBuffer>;
  /** What the running backward pass has reached. */
  marks: Uint8Array<ArrayBuffer>;
  grad: Float64Array<ArrayBuffer> | null = null;
  /** How many there are, how many may be, and how many have been evaluated. */
  length = 0;
  capacity: number;
  evaluated = 0;
  /** Operations that are not freed; counted when the first is. */
  #live: number | undefined;
  /** How many numbers are inputs. */
  #inputs = 0;
  /** The backward pass that they take part in: its roots and the highest of them, then the numbers that it has reached. */
  #pass: Pass | null = null;
  #roots = 0;
  #top = 0;
  #reached = new Uint32Array(1);
  #reachedCount = 0;
  readonly #account = Account.of(this);

  constructor(capacity: number) {
    this.capacity = capacity;
    this.words = new Int32Array(2 * capacity);
    this.data = new Float64Array(capacity);
    this.marks = new Uint8Array(capacity);
    this.book();
  }

  /** Writes down how much there is, for Value.memory(). */
  book(): void {
    const { words, data, marks, grad } = this;
    this.#account?.set(this.length, words.byteLength + data.byteLength + marks.byteLength + (grad?.byteLength ?? 0));
  }

  grow(capacity: number): void {
    const { words, data, marks } = this;
    this.capacity = capacity;
    (this.words = new Int32Array(2 * capacity)).set(words);
    (this.data = new Float64Array(capacity)).set(data);
    (this.marks = new Uint8Array(capacity)).set(marks);
    this.book();
  }

  /** Records an operation on two slots; room was reserved. */
  record(op: number, left: number, right: number): number {
    const slot = this.length++, words = this.words;
    words[2 * slot] = op | left << 8;
    words[2 * slot + 1] = right;
    return slot;
  }

  /** Records a number: a constant, or one that entered as the input of that index; room was reserved. */
  number(number: number, input = CONSTANT): number {
    const slot = this.length++;
    this.data[slot] = number;
    this.words[2 * slot + 1] = input;
    this.marks[slot] = input === CONSTANT ? Mark.constant : Mark.number;
    if (input !== CONSTANT) this.#inputs++;
    return slot;
  }

  opAt(slot: number): number {
    return this.words[2 * slot] & 0xff;
  }

  /** The slots that an operation was applied to. */
  operandsAt(slot: number): number[] {
    const op = this.opAt(slot), left = this.words[2 * slot] >>> 8;
    if (op === Op.leaf) return [];
    return op < firstBinaryOp ? [left] : [left, this.words[2 * slot + 1]];
  }

  /** The index of the input as which a number entered; undefined for constants. */
  inputAt(slot: number): number | undefined {
    const input = this.words[2 * slot + 1];
    return input === CONSTANT ? undefined : input;
  }

  refuseFreed(slot: number): void {
    if (slot >= this.capacity || this.opAt(slot) === FREED) throw freedError();
  }

  /** Computes what was recorded since the last time. */
  evaluate(): void {
    const { evaluated: from, length: to } = this;
    if (from === to) return;
    unwrap(native.gradus_value_forward(this.data, this.words, from, to), "evaluate values");
    this.evaluated = to;
    this.book();
  }

  /** Gradients for all records, as they were. */
  gradients(): Float64Array<ArrayBuffer> {
    if (this.grad === null || this.grad.length < this.length) {
      const before = this.grad;
      this.grad = new Float64Array(this.capacity);
      if (before) this.grad.set(before);
      this.book();
    }
    return this.grad;
  }

  /** Takes part in a pass: `gradient` is added to that of a root. */
  receive(slot: number, gradient: number, pass: Pass): void {
    if (this.#pass !== pass) {
      this.evaluate();
      this.#pass = pass;
      this.#roots = this.#top = this.#reachedCount = 0;
    }
    const grad = this.gradients();
    if (this.marks[slot] === Mark.reached) grad[slot] += gradient;
    else {
      forgetGradients(this, slot);
      grad[slot] = gradient;
      this.marks[slot] = Mark.reached;
      this.#roots++;
    }
    this.#top = Math.max(this.#top, slot);
  }

  /** Differentiates the roots with respect to all that they depend on here. */
  sweep(): void {
    if (this.#roots === 0) return;
    if (this.#reached.length < this.#inputs) this.#reached = new Uint32Array(2 * this.#inputs);
    this.#reached[0] = this.#top;
    const { marks, data, words } = this, grad = this.grad!, slots = slotsWithGradients(this);
    const before = slots.map((slot) => grad[slot]);
    for (const slot of slots) grad[slot] = UNTOUCHED;
    const count = native.gradus_value_backward(grad, marks, this.#reached, data, words, this.#roots);
    slots.forEach((slot, i) => {
      if (grad[slot] !== UNTOUCHED) forgetGradients(this, slot);
      else grad[slot] = before[i];
    });
    if (count < 0) throw freedError();
    this.#reachedCount = count;
    this.#roots = 0;
  }

  /** Takes the numbers that the sweep has reached; those for which `take` is false stay for another one. */
  takeReached(take: (input: number, gradient: number) => boolean): void {
    const reached = this.#reached, count = this.#reachedCount;
    this.#reachedCount = 0;
    for (let i = 0; i < count; i++) {
      const slot = reached[i];
      if (!take(this.words[2 * slot + 1], this.grad![slot])) reached[this.#reachedCount++] = slot;
    }
  }

  /** Clears all marks, after a pass that failed. */
  abandon(): void {
    for (let i = 0; i < this.length; i++) {
      if (this.opAt(i) !== Op.leaf) this.marks[i] = 0;
      else this.marks[i] = this.inputAt(i) === undefined ? Mark.constant : Mark.number;
    }
    this.#pass = null;
  }

  /** Which records a slot depends on, itself included. */
  ancestorsOf(slot: number): Uint8Array {
    const reached = new Uint8Array(slot + 1);
    reached[slot] = 1;
    for (let i = slot; i >= 0; i--) {
      const op = reached[i] ? this.opAt(i) : Op.leaf;
      if (op === Op.leaf || op === FREED) continue;
      reached[this.words[2 * i] >>> 8] = 1;
      if (op >= firstBinaryOp) reached[this.words[2 * i + 1]] = 1;
    }
    return reached;
  }

  /** Which records depend on one of the numbers that `isSource` tells by the index of their input. */
  descendantsOf(isSource: (input: number) => boolean): Uint8Array {
    const depends = new Uint8Array(this.length);
    for (let i = 0; i < this.length; i++) {
      const op = this.opAt(i), left = this.words[2 * i] >>> 8, right = this.words[2 * i + 1];
      if (op === Op.leaf) depends[i] = right !== CONSTANT && isSource(right) ? 1 : 0;
      else if (op !== FREED) depends[i] = depends[left] | (op >= firstBinaryOp ? depends[right] : 0);
    }
    return depends;
  }

  /** Marks as freed what the given slots depend on; returns the inputs among that. */
  free(slots: number[]): number[] {
    this.#live ??= this.#countOperations();
    const inputs: number[] = [];
    for (let slot = slots.pop(); slot !== undefined; slot = slots.pop()) {
      const op = this.opAt(slot);
      if (op === FREED) continue;
      if (op === Op.leaf) {
        const input = this.inputAt(slot);
        if (input !== undefined) inputs.push(input);
        continue;
      }
      slots.push(...this.operandsAt(slot));
      this.words[2 * slot] = FREED;
      this.#live--;
    }
    if (this.#live === 0) this.#release();
    return inputs;
  }

  #countOperations(): number {
    let count = 0;
    for (let i = 0; i < this.length; i++) if (this.opAt(i) !== Op.leaf && this.opAt(i) !== FREED) count++;
    return count;
  }

  /** Frees all operations but these slots, and the memory behind the last of them; without any, everything. */
  keepOnly(slots?: ReadonlySet<number>): void {
    if (slots === undefined) return this.#release();
    let length = 0;
    for (const slot of slots) length = Math.max(length, slot + 1);
    for (let slot = 0; slot < length; slot++) {
      if (!slots.has(slot) && this.opAt(slot) !== Op.leaf) this.words[2 * slot] = FREED;
    }
    this.words = this.words.slice(0, 2 * length);
    this.data = this.data.slice(0, length);
    this.marks = this.marks.slice(0, length);
    this.grad = this.grad && this.grad.slice(0, length);
    this.capacity = this.length = this.evaluated = length;
    this.#live = undefined;
    this.book();
  }

  /** Gives the memory back at once. */
  #release(): void {
    for (const array of [this.words, this.data, this.marks, this.grad]) array?.buffer.transfer(0);
    this.capacity = this.length = this.evaluated = 0;
    this.words = new Int32Array(0);
    this.data = new Float64Array(0);
    this.marks = new Uint8Array(0);
    this.grad = null;
    this.book();
  }
}

export function freedError(): GradusError {
  return new GradusError(
    "freed",
    "Cannot use a value whose graph was freed: backwardAndFree() or the end of a scope released it; read it before, keep it, " +
      "or make a persistent value",
  );
}
