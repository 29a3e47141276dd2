/**
 * Where scalar values live: what is recorded here is computed by c/value.c. The operations themselves, and what people see
 * of them, are left to value.ts.
 *
 * A tape is a growing list of records. Recording goes to one current tape; when someone reads a value or asks for
 * gradients, its records are evaluated, and a tape that has grown past a few hundred records is then sealed and left to its
 * values: it is collected together with them. A value that is used on a later tape enters it as a number whose gradient is
 * handed back. So graphs are typed arrays that nobody has to free. A value keeps alive the records of its tape and, of what
 * had entered there, only what it depends on itself.
 */
import { Op, opNames } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { native, unwrap } from "./ffi.ts";

/** Bit 7 of an operation: reached by the running backward pass (c/gradus.h). */
const REACHED = 0x80;

/** The operation of a record whose graph was freed. */
const FREED = 0x7f;

/** A tape of at least this many records is sealed when it is evaluated. */
const SEAL_AT = 256;

/** A tape holds at most this many records: longer graphs span several. */
const LONGEST = 1 << 18;

/** A place where values live: each under a slot. */
export abstract class Home {
  #labels: Map<number, string> | undefined;

  /** The number in a slot. */
  abstract dataAt(slot: number): number;
  /** Its gradient, 0 before the first backward pass. */
  abstract gradAt(slot: number): number;
  /** Replaces its gradient. */
  abstract setGradAt(slot: number, gradient: number): void;
  /** Hands a gradient to a slot during a backward pass. */
  abstract receive(slot: number, gradient: number, pass: Pass): void;
  /** The name of the operation that computed it, "" if none did. */
  abstract opAt(slot: number): string;
  /** What the operation was applied to: values, numbers, and slots of this very home. */
  abstract operandsAt(slot: number): Operand[];

  /** The name that someone has given to a value. */
  labelAt(slot: number): string | undefined {
    return this.#labels?.get(slot);
  }

  setLabelAt(slot: number, label: string | undefined): void {
    if (label === undefined) this.#labels?.delete(slot);
    else (this.#labels ??= new Map()).set(slot, label);
  }
}

/** One operand of an operation. */
export type Operand = Place | number;

/** A value, by where it lives; `value` is the object that people hold, where that keeps nothing else alive. */
export interface Place {
  readonly home: Home;
  readonly slot: number;
  readonly value?: unknown;
}

/** A home that hands gradients on to others, after all homes of a later order have done so. */
export interface Stage {
  /** Gradients flow from higher orders to lower ones. */
  readonly order: number;
  /** Hands on what it has received. */
  propagate(pass: Pass): void;
}

/** One backward pass: the stages that have received a gradient, as a heap with the latest on top. */
export class Pass {
  readonly #heap: Stage[] = [];

  /** Runs until no stage is left. */
  run(): void {
    for (let stage = this.#pop(); stage; stage = this.#pop()) {
      stage.propagate(this);
    }
  }

  /** To be called once for each stage, when it receives its first gradient. */
  push(stage: Stage): void {
    const heap = this.#heap;
    let i = heap.length;
    for (; i > 0; i = (i - 1) >> 1) {
      const parent = heap[(i - 1) >> 1];
      if (parent.order >= stage.order) break;
      heap[i] = parent;
    }
    heap[i] = stage;
  }

  #pop(): Stage | undefined {
    const heap = this.#heap;
    const top = heap[0], last = heap.pop();
    if (last === undefined || heap.length === 0) return last;
    let i = 0;
    while (true) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length && heap[child + 1].order > heap[child].order
      ) child++;
      if (heap[child].order <= last.order) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

/** The home of one number that nobody computes: a leaf of every graph that uses it. Its gradients add up. */
export class Leaf extends Home {
  data: number;
  grad = 0;
  readonly isPersistent: boolean;

  constructor(data: number, isPersistent: boolean) {
    super();
    this.data = data;
    this.isPersistent = isPersistent;
  }

  dataAt(): number {
    return this.data;
  }

  gradAt(): number {
    return this.grad;
  }

  setGradAt(_slot: number, gradient: number): void {
    this.grad = gradient;
  }

  receive(_slot: number, gradient: number): void {
    this.grad += gradient;
  }

  opAt(): string {
    return "";
  }

  operandsAt(): Operand[] {
    return [];
  }
}

/** The arrays of a tape: operations and their operands, values, gradients. */
class Records {
  op: Uint8Array<ArrayBuffer>;
  left: Uint32Array<ArrayBuffer>;
  right: Uint32Array<ArrayBuffer>;
  data: Float64Array<ArrayBuffer>;
  grad: Float64Array<ArrayBuffer> | null = null;
  length = 0;
  evaluated = 0;
  /** The backward pass that they take part in, and its highest root. */
  pass: Pass | null = null;
  top = 0;

  constructor(capacity: number) {
    this.op = new Uint8Array(capacity);
    this.left = new Uint32Array(capacity);
    this.right = new Uint32Array(capacity);
    this.data = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    const { op, left, right, data } = this;
    (this.op = new Uint8Array(capacity)).set(op);
    (this.left = new Uint32Array(capacity)).set(left);
    (this.right = new Uint32Array(capacity)).set(right);
    (this.data = new Float64Array(capacity)).set(data);
  }

  /** Computes what was recorded since the last time. */
  evaluate(): void {
    const { evaluated: from, length: to } = this;
    if (from === to) return;
    unwrap(native.gradus_value_forward(this.data, this.op, this.left, this.right, from, to), "evaluate values");
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

  /** Which records the given ones depend on, themselves included, by slot. */
  ancestorsOf(slots: readonly number[]): Uint8Array {
    const reached = new Uint8Array(this.length);
    for (const slot of slots) reached[slot] = 1;
    for (let i = Math.max(...slots); i >= 0; i--) {
      if (!reached[i] || this.op[i] === Op.leaf || this.op[i] === FREED) continue;
      reached[this.left[i]] = 1;
      if (this.op[i] >= Op.add) reached[this.right[i]] = 1;
    }
    return reached;
  }

  /**
   * Marks the reached records as freed, and those that depend on them; gives the memory back at once if none is left.
   */
  free(reached: Uint8Array): void {
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      const op = this.op[i];
      if (op === Op.leaf || op === FREED) continue;
      const isLost = this.op[this.left[i]] === FREED || (op >= Op.add && this.op[this.right[i]] === FREED);
      if (reached[i] || isLost) this.op[i] = FREED;
      else kept++;
    }
    if (kept > 0) return;
    this.op = new Uint8Array(0);
    this.left = this.right = new Uint32Array(0);
    this.data = new Float64Array(0);
    this.grad = null;
  }
}

let stagesSoFar = 0;

/** Records of operations, their values and, after a backward pass, their gradients; and what entered from elsewhere. */
export class Tape extends Home implements Stage {
  readonly order: number;
  readonly #records: Records;
  /** What entered, by ascending slots. */
  #inputs: Place[] = [];
  #inputSlots: number[] = [];
  /** Whether something else than leaves has entered. */
  #hasOlder = false;
  #pass: Pass | null = null;

  constructor(capacity: number, original?: Tape) {
    super();
    this.order = original?.order ?? ++stagesSoFar;
    this.#records = original ? original.#records : new Records(capacity);
  }

  get length(): number {
    return this.#records.length;
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
    records.left[slot] = left;
    records.right[slot] = right;
    return slot;
  }

  /** Records a number without a gradient; room was reserved. */
  constant(number: number): number {
    const records = this.#records, slot = records.length++;
    records.data[slot] = number;
    return slot;
  }

  /** Records a value that lives elsewhere; room was reserved. */
  enter(place: Place): number {
    const slot = this.constant(place.home.dataAt(place.slot));
    this.#inputs.push(place);
    this.#inputSlots.push(slot);
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
    const { op, left, right } = this.#records;
    const slots = op[slot] < Op.add ? [left[slot]] : [left[slot], right[slot]];
    return slots.map((operand) => {
      if (op[operand] !== Op.leaf) return { home: this, slot: operand };
      return this.#inputAt(operand) ?? this.#records.data[operand];
    });
  }

  /** What entered in a slot, or undefined where an operation or a constant stands. */
  #inputAt(slot: number): Place | undefined {
    const slots = this.#inputSlots;
    let low = 0, high = slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (slots[middle] < slot) low = middle + 1;
      else high = middle;
    }
    return slots[low] === slot ? this.#inputs[low] : undefined;
  }

  /**
   * The same records, but of what entered only that which `slot` depends on: where a value of this tape enters a later one,
   * that one refers to this, and so does not keep alive what it has no use for.
   */
  restrictedTo(slot: number): Tape {
    if (!this.#hasOlder) return this;
    const reached = this.#records.ancestorsOf([slot]);
    const needed = this.#inputSlots.map((inputSlot, i) => ({ inputSlot, input: this.#inputs[i] }))
      .filter(({ inputSlot }) => reached[inputSlot]);
    if (needed.length === this.#inputs.length) return this;
    const restricted = new Tape(0, this);
    restricted.#inputs = needed.map(({ input }) => input);
    restricted.#inputSlots = needed.map(({ inputSlot }) => inputSlot);
    restricted.#hasOlder = restricted.#inputs.some(({ home }) => !(home instanceof Leaf));
    return restricted;
  }

  receive(slot: number, gradient: number, pass: Pass): void {
    this.#refuseFreed(slot);
    const records = this.#records;
    if (records.pass !== pass) {
      records.evaluate();
      records.grad?.fill(0);
      records.pass = pass;
      records.top = slot;
    }
    records.gradients()[slot] += gradient;
    records.op[slot] |= REACHED;
    records.top = Math.max(records.top, slot);
    if (this.#pass === pass) return;
    this.#pass = pass;
    pass.push(this);
  }

  /** Where several restrictions of one tape take part, the first sweeps for all, and each serves its own inputs. */
  propagate(pass: Pass): void {
    const { op, left, right, data, grad, top } = this.#records, slots = this.#inputSlots;
    unwrap(native.gradus_value_backward(grad!, op, data, left, right, top), "differentiate values");
    this.#pass = null;
    for (let i = 0; i < slots.length && slots[i] <= top; i++) {
      const slot = slots[i];
      if (op[slot] !== REACHED) continue;
      op[slot] = Op.leaf;
      const input = this.#inputs[i];
      input.home.receive(input.slot, grad![slot], pass);
    }
  }

  /** Frees the records that the given ones depend on; returns what these used from elsewhere. */
  free(slots: readonly number[]): Place[] {
    const reached = this.#records.ancestorsOf(slots);
    const inputs = this.#inputs.filter((_, i) => reached[this.#inputSlots[i]]);
    this.#records.free(reached);
    return inputs;
  }

  #refuseFreed(slot: number): void {
    const { op } = this.#records;
    if (slot < op.length && op[slot] !== FREED) return;
    throw new GradusError(
      "freed",
      "Cannot use a value whose graph was freed: backwardAndFree() released it, read it before or make a persistent value",
    );
  }
}

/** A group of values that something else than an operation has computed: the outputs of a network, say. */
export class Call extends Home implements Stage {
  readonly order: number;
  readonly #name: string;
  readonly #inputs: readonly Operand[];
  readonly #data: ArrayLike<number>;
  readonly #grad: Float64Array<ArrayBuffer>;
  readonly #backward: (gradient: Float64Array) => ArrayLike<number> | null;
  #pass: Pass | null = null;

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
    return this.#data[slot];
  }

  gradAt(slot: number): number {
    return this.#grad[slot];
  }

  setGradAt(slot: number, gradient: number): void {
    this.#grad[slot] = gradient;
  }

  opAt(): string {
    return this.#name;
  }

  operandsAt(): Operand[] {
    return [...this.#inputs];
  }

  receive(slot: number, gradient: number, pass: Pass): void {
    if (this.#pass !== pass) {
      this.#grad.fill(0);
      this.#pass = pass;
      pass.push(this);
    }
    this.#grad[slot] += gradient;
  }

  propagate(pass: Pass): void {
    this.#pass = null;
    const gradients = this.#backward(this.#grad);
    if (gradients === null) return;
    this.#inputs.forEach((input, i) => {
      if (typeof input !== "number") input.home.receive(input.slot, gradients[i], pass);
    });
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

/** Frees the records that a value depends on: using one of them afterwards is an error. Leaves stay. */
export function free(home: Home, slot: number): void {
  if (home === current) renewTape();
  const pending = new Map<Tape, number[]>();
  const add = ({ home, slot }: Place) => {
    if (!(home instanceof Tape)) return;
    const slots = pending.get(home);
    if (slots) slots.push(slot);
    else pending.set(home, [slot]);
  };
  add({ home, slot });
  while (pending.size > 0) {
    const latest = [...pending.keys()].reduce((a, b) => a.order > b.order ? a : b);
    const slots = pending.get(latest)!;
    pending.delete(latest);
    latest.free(slots).forEach(add);
  }
}
