/**
 * The homes that compute, tapes and calls of networks: what is recorded here is computed by c/value.c. The operations themselves, and what people see
 * of them, are left to value.ts.
 *
 * A tape is a growing list of records. Recording goes to one current tape; when someone reads a value or asks for
 * gradients, its records are evaluated, and a tape that has grown past a few hundred records is then sealed and left to its
 * values: it is collected together with them. A value that is used on a later tape enters it as a number whose gradient is
 * handed back. So graphs are typed arrays that nobody has to free. A value keeps alive the records of its tape and, of what
 * had entered there, what it depends on itself, as far as that can be told at little cost (`restrictedTo`).
 */
import { Op, opNames } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { native, unwrap } from "./ffi.ts";
import { Home, LatestFirst, Leaf, type Operand, Pass, type Place, type Stage } from "./pass.ts";

/** Bit 7 of an operation: reached by the running backward pass (c/gradus.h). */
const REACHED = 0x80;

/** The operation of a record whose graph was freed. */
const FREED = 0x7f;

/** The second operand of a number that is a constant (c/gradus.h). */
const CONSTANT = 0xffffffff;

/** A tape of at least this many records is sealed when it is evaluated. */
const SEAL_AT = 256;

/** A tape holds at most this many records: longer graphs span several. */
const LONGEST = 1 << 18;

/** The arrays of a tape: operations and their operands, values, gradients. */
class Records {
  op: Uint8Array<ArrayBuffer>;
  /** Two for each record; of a number that entered the tape, the second is its index among the inputs. */
  operand: Uint32Array<ArrayBuffer>;
  data: Float64Array<ArrayBuffer>;
  grad: Float64Array<ArrayBuffer> | null = null;
  length = 0;
  evaluated = 0;
  /** Operations that are not freed. */
  live = 0;
  /** The backward pass that they take part in: its roots and the highest of them, then the chain of reached numbers. */
  pass: Pass | null = null;
  roots = 0;
  top = 0;
  reached = 0;

  constructor(capacity: number) {
    this.op = new Uint8Array(capacity);
    this.operand = new Uint32Array(2 * capacity);
    this.data = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    const { op, operand, data } = this;
    (this.op = new Uint8Array(capacity)).set(op);
    (this.operand = new Uint32Array(2 * capacity)).set(operand);
    (this.data = new Float64Array(capacity)).set(data);
  }

  /** Computes what was recorded since the last time. */
  evaluate(): void {
    const { evaluated: from, length: to } = this;
    if (from === to) return;
    unwrap(native.gradus_value_forward(this.data, this.op, this.operand, from, to), "evaluate values");
    this.evaluated = to;
  }

  /** Gradients for all records, as they were. */
  gradients(): Float64Array<ArrayBuffer> {
    if (this.grad === null || this.grad.length < this.length) {
      const before = this.grad;
      this.grad = new Float64Array(this.op.length);
      if (before) this.grad.set(before);
    }
    return this.grad;
  }

  /** Takes part in a pass: `gradient` is added to that of a root. */
  receive(slot: number, gradient: number, pass: Pass): void {
    if (this.pass !== pass) {
      this.evaluate();
      this.pass = pass;
      this.roots = this.top = this.reached = 0;
    }
    const grad = this.gradients();
    if (this.op[slot] & REACHED) grad[slot] += gradient;
    else {
      grad[slot] = gradient;
      this.op[slot] |= REACHED;
      this.roots++;
    }
    this.top = Math.max(this.top, slot);
  }

  /** Differentiates the roots with respect to all that they depend on here. */
  sweep(): void {
    if (this.roots === 0) return;
    const { op, operand, data, top, roots } = this;
    const reached = native.gradus_value_backward(this.grad!, op, data, operand, top, roots);
    if (reached < 0) throw freedError();
    this.reached = reached;
    this.roots = 0;
  }

  /** Clears all marks, after a pass that failed. */
  abandon(): void {
    for (let i = 0; i < this.op.length; i++) this.op[i] &= ~REACHED;
    this.pass = null;
  }

  /** Which records a slot depends on, itself included. */
  ancestorsOf(slot: number): Uint8Array {
    const { op, operand } = this;
    const reached = new Uint8Array(slot + 1);
    reached[slot] = 1;
    for (let i = slot; i >= 0; i--) {
      if (!reached[i] || op[i] === Op.leaf || op[i] === FREED) continue;
      reached[operand[2 * i]] = 1;
      if (op[i] >= Op.add) reached[operand[2 * i + 1]] = 1;
    }
    return reached;
  }

  /** Which records depend on one of the numbers that `isSource` tells by the index of their input. */
  descendantsOf(isSource: (input: number) => boolean): Uint8Array {
    const { op, operand } = this;
    const depends = new Uint8Array(this.length);
    for (let i = 0; i < this.length; i++) {
      const left = operand[2 * i], right = operand[2 * i + 1];
      if (op[i] === Op.leaf) depends[i] = right !== CONSTANT && isSource(right) ? 1 : 0;
      else if (op[i] !== FREED) depends[i] = depends[left] | (op[i] >= Op.add ? depends[right] : 0);
    }
    return depends;
  }

  /** Marks as freed what the given slots depend on; returns the numbers among that. */
  free(slots: number[]): number[] {
    const { op, operand } = this;
    const numbers: number[] = [];
    for (let slot = slots.pop(); slot !== undefined; slot = slots.pop()) {
      const code = op[slot];
      if (code === Op.leaf) numbers.push(slot);
      if (code === Op.leaf || code === FREED) continue;
      op[slot] = FREED;
      this.live--;
      slots.push(operand[2 * slot]);
      if (code >= Op.add) slots.push(operand[2 * slot + 1]);
    }
    return numbers;
  }

  /** Gives the memory back at once. */
  release(): void {
    this.op = new Uint8Array(0);
    this.operand = new Uint32Array(0);
    this.data = new Float64Array(0);
    this.grad = null;
  }
}

function freedError(): GradusError {
  return new GradusError(
    "freed",
    "Cannot use a value whose graph was freed: backwardAndFree() released it, read it before or make a persistent value",
  );
}

let stagesSoFar = 0;

/** Records of operations, their values and, after a backward pass, their gradients; and what entered from elsewhere. */
export class Tape extends Home implements Stage {
  readonly order: number;
  readonly #records: Records;
  /** What entered; undefined where a restriction of the tape left it out. */
  #inputs: (Place | undefined)[] = [];
  /** Whether something else than leaves has entered. */
  #hasOlder = false;
  /** The slot that this restriction was made for, or −1. */
  #madeFor = -1;
  /** How many records may still be looked at to make restrictions for single slots. */
  #effort: number | undefined;
  /** Which records depend on older values, and the restriction for those that do not. */
  #dependsOnOlder: Uint8Array | undefined;
  #withoutOlder: Tape | undefined;
  #pass: Pass | null = null;

  constructor(capacity: number, original?: Tape) {
    super();
    this.order = original?.order ?? ++stagesSoFar;
    this.#records = original ? original.#records : new Records(capacity);
  }

  get length(): number {
    return this.#records.length;
  }

  override get identity(): object {
    return this.#records;
  }

  /** Room for `more` records: true, or false where the tape would become too long. */
  reserve(more: number): boolean {
    const records = this.#records, needed = records.length + more, capacity = records.op.length;
    if (needed <= capacity) return true;
    if (needed > LONGEST) return false;
    records.grow(Math.min(LONGEST, Math.max(needed, 2 * capacity)));
    return true;
  }

  /** Records an operation on two slots of this tape; room was reserved. */
  record(op: number, left: number, right: number): number {
    const records = this.#records, slot = records.length++;
    records.op[slot] = op;
    records.operand[2 * slot] = left;
    records.operand[2 * slot + 1] = right;
    records.live++;
    return slot;
  }

  /** Records a number without a gradient; room was reserved. */
  constant(number: number): number {
    const records = this.#records, slot = records.length++;
    records.data[slot] = number;
    records.operand[2 * slot + 1] = CONSTANT;
    return slot;
  }

  /** Records a value that lives elsewhere; room was reserved. */
  enter(place: Place): number {
    const slot = this.constant(place.home.dataAt(place.slot));
    this.#records.operand[2 * slot + 1] = this.#inputs.length;
    this.#inputs.push(place);
    if (!(place.home instanceof Leaf)) this.#hasOlder = true;
    return slot;
  }

  evaluate(): void {
    this.#records.evaluate();
  }

  dataAt(slot: number): number {
    this.#refuseFreed(slot);
    if (slot >= this.#records.evaluated) {
      this.evaluate();
      sealIfLong(this);
    }
    return this.#records.data[slot];
  }

  gradAt(slot: number): number {
    this.#refuseFreed(slot);
    return this.#records.grad?.[slot] ?? 0;
  }

  setGradAt(slot: number, gradient: number): void {
    this.#refuseFreed(slot);
    this.#records.gradients()[slot] = gradient;
  }

  opAt(slot: number): string {
    this.#refuseFreed(slot);
    const op = this.#records.op[slot];
    return op === Op.leaf ? "" : opNames[op];
  }

  operandsAt(slot: number): Operand[] {
    this.#refuseFreed(slot);
    const { op, operand, data } = this.#records;
    const slots = Array.from(operand.subarray(2 * slot, 2 * slot + (op[slot] < Op.add ? 1 : 2)));
    return slots.map((slot) => {
      if (op[slot] !== Op.leaf) return { home: this, slot };
      return this.#inputs[operand[2 * slot + 1]] ?? data[slot];
    });
  }

  /**
   * The same records, but of what entered only that which `slot` depends on: where a value of this tape enters a later one,
   * that one refers to this, and so does not keep alive what it has no use for. Exact as long as the effort stays within a
   * few times the length of the tape; from then on just this: what depends on no older value keeps none alive.
   */
  restrictedTo(slot: number): Tape {
    if (!this.#hasOlder || this.#madeFor === slot) return this;
    this.#effort = (this.#effort ?? 64 * SEAL_AT + 4 * this.length) - slot - this.#inputs.length;
    if (this.#effort >= 0) return this.#restrictedExactly(slot);
    this.#dependsOnOlder ??= this.#records.descendantsOf((input) => isOlder(this.#inputs[input]));
    if (this.#dependsOnOlder[slot]) return this;
    return this.#withoutOlder ??= this.#with(this.#inputs.map((place) => isOlder(place) ? undefined : place));
  }

  #restrictedExactly(slot: number): Tape {
    const { op, operand } = this.#records;
    const reached = this.#records.ancestorsOf(slot);
    const inputs: (Place | undefined)[] = new Array(this.#inputs.length).fill(undefined);
    for (let i = 0; i <= slot; i++) {
      const input = operand[2 * i + 1];
      if (reached[i] && op[i] === Op.leaf && input !== CONSTANT) inputs[input] = this.#inputs[input];
    }
    const restricted = this.#with(inputs);
    restricted.#madeFor = slot;
    return restricted;
  }

  #with(inputs: (Place | undefined)[]): Tape {
    const restricted = new Tape(0, this);
    restricted.#inputs = inputs;
    restricted.#hasOlder = inputs.some(isOlder);
    return restricted;
  }

  receive(slot: number, gradient: number, pass: Pass): void {
    this.#refuseFreed(slot);
    this.#records.receive(slot, gradient, pass);
    if (this.#pass === pass) return;
    this.#pass = pass;
    pass.push(this);
  }

  /** Where several restrictions of one tape take part, the first sweeps for all, and each serves its own inputs. */
  propagate(pass: Pass): void {
    const records = this.#records, { op, operand, grad } = records;
    this.#pass = null;
    records.sweep();
    let others = 0;
    for (let next = records.reached; next !== 0;) {
      const slot = next - 1, input = this.#inputs[operand[2 * slot + 1]];
      next = operand[2 * slot];
      if (input === undefined) {
        operand[2 * slot] = others;
        others = slot + 1;
      } else {
        op[slot] = Op.leaf;
        input.home.receive(input.slot, grad![slot], pass);
      }
    }
    records.reached = others;
  }

  abandon(): void {
    this.#pass = null;
    this.#records.abandon();
  }

  /** Frees the records that the given ones depend on; returns what these used from elsewhere. */
  free(slots: number[]): Place[] {
    const records = this.#records;
    const inputs = records.free(slots).flatMap((slot) => this.#inputs[records.operand[2 * slot + 1]] ?? []);
    if (records.live === 0) records.release();
    return inputs;
  }

  #refuseFreed(slot: number): void {
    const { op } = this.#records;
    if (slot >= op.length || op[slot] === FREED) throw freedError();
  }
}

function isOlder(place: Place | undefined): boolean {
  return place !== undefined && !(place.home instanceof Leaf);
}

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
    const dependsOnValues = inputs.some((input) => typeof input !== "number");
    // Its order lies between those of the tapes that it depends on and those that will depend on it.
    if (dependsOnValues) closeTape();
    this.order = dependsOnValues ? ++stagesSoFar : 0;
    if (dependsOnValues) openTape();
    this.#name = name;
    this.#inputs = inputs.map((input) => typeof input === "number" ? input : lasting(input));
    this.#data = data;
    this.#grad = new Float64Array(data.length);
    this.#backward = backward;
  }

  dataAt(slot: number): number {
    this.#refuseFreed(slot);
    return this.#data[slot];
  }

  gradAt(slot: number): number {
    this.#refuseFreed(slot);
    return this.#grad[slot];
  }

  setGradAt(slot: number, gradient: number): void {
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
    if (this.#freed.size === this.#data.length) {
      this.#backward = null;
      this.#inputs = [];
      this.#data = this.#grad = new Float64Array(0);
    }
    return inputs;
  }

  #refuseFreed(slot: number): void {
    if (this.#backward === null || this.#freed.has(slot)) throw freedError();
  }
}

/** A place as something that lasts may refer to it: keeping alive no more than that value needs. */
export function lasting({ home, slot, value }: Place): Place {
  return home instanceof Tape ? { home: home.restrictedTo(slot), slot } : { home, slot, value };
}

let current = new Tape(SEAL_AT);

/** The tape to record on, with room for one operation and two operands from elsewhere. */
export function writableTape(): Tape {
  if (!current.reserve(3)) renewTape();
  return current;
}

function closeTape(): void {
  current.evaluate();
}

/** Begins a tape of about the size that the last one had. */
function openTape(): void {
  const size = Math.max(SEAL_AT, current.length);
  current = new Tape(size > LONGEST / 2 ? SEAL_AT : size);
}

function renewTape(): void {
  closeTape();
  openTape();
}

function sealIfLong(tape: Tape): void {
  if (tape === current && tape.length >= SEAL_AT) renewTape();
}

/** Differentiates the value in `slot` of `home` with respect to everything that it depends on. */
export function differentiate(home: Home, slot: number): void {
  const pass = new Pass();
  home.receive(slot, 1, pass);
  pass.run();
  if (home instanceof Tape) sealIfLong(home);
}

/** Frees the results that a value depends on: using one of them afterwards is an error. Leaves stay. */
export function free(home: Home, slot: number): void {
  if (home === current) renewTape();
  const stages = new LatestFirst<Stage>(), slotsOf = new Map<Stage, number[]>();
  const add = ({ home, slot }: Place) => {
    if (!(home instanceof Tape || home instanceof Call)) return;
    const slots = slotsOf.get(home);
    if (slots) slots.push(slot);
    else {
      slotsOf.set(home, [slot]);
      stages.push(home);
    }
  };
  add({ home, slot });
  for (let stage = stages.pop(); stage; stage = stages.pop()) {
    const slots = slotsOf.get(stage)!;
    slotsOf.delete(stage);
    stage.free(slots).forEach(add);
  }
}
