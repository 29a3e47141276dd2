/**
 * Where scalar values live: what is recorded here is computed by c/value.c. The operations themselves, and what people see
 * of them, are left to value.ts.
 *
 * A tape is a growing list of records. Recording goes to one current tape; when someone reads a value or asks for
 * gradients, its records are evaluated, and a tape that has grown past a few hundred records is then sealed and left to its
 * values: it is collected together with them. A value that is used on a later tape enters it as a number whose gradient is
 * handed back. So graphs are typed arrays that nobody has to free, and a value keeps alive what it depends on, no more than
 * a tape's worth beside it.
 */
import { Op } from "./bindings.ts";
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
export interface Home {
  /** The number in a slot. */
  dataAt(slot: number): number;
  /** Its gradient, 0 before the first backward pass. */
  gradAt(slot: number): number;
  /** Hands a gradient to a slot during a backward pass. */
  receive(slot: number, gradient: number, pass: Pass): void;
}

/** A home that hands gradients on to others, after all homes of a later order have done so. */
export interface Stage extends Home {
  /** Gradients flow from higher orders to lower ones. */
  readonly order: number;
  /** Hands on what it has received. */
  propagate(pass: Pass): void;
}

/** What enters a tape from elsewhere: a leaf, or a value of an older tape. `value` is the object that people hold. */
export interface Entrant {
  readonly home: Home;
  readonly slot: number;
  readonly value: unknown;
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
export class Leaf implements Home {
  data: number;
  grad = 0;
  label: string | undefined = undefined;
  readonly isPersistent: boolean;

  constructor(data: number, isPersistent: boolean) {
    this.data = data;
    this.isPersistent = isPersistent;
  }

  dataAt(): number {
    return this.data;
  }

  gradAt(): number {
    return this.grad;
  }

  receive(_slot: number, gradient: number): void {
    this.grad += gradient;
  }
}

let stagesSoFar = 0;

/** Records of operations, their values and, after a backward pass, their gradients. */
export class Tape implements Stage {
  readonly order: number = ++stagesSoFar;
  /** Names of values, by slot. */
  labels: Map<number, string> | undefined = undefined;

  #op: Uint8Array<ArrayBuffer>;
  #left: Uint32Array<ArrayBuffer>;
  #right: Uint32Array<ArrayBuffer>;
  #data: Float64Array<ArrayBuffer>;
  #grad: Float64Array<ArrayBuffer> | null = null;
  #length = 0;
  #evaluated = 0;
  /** Records from elsewhere, slots ascending. */
  #inputs: Entrant[] = [];
  #inputSlots: number[] = [];
  /** The backward pass that it takes part in, and its highest root. */
  #pass: Pass | null = null;
  #top = 0;

  constructor(capacity: number) {
    this.#op = new Uint8Array(capacity);
    this.#left = new Uint32Array(capacity);
    this.#right = new Uint32Array(capacity);
    this.#data = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Room for `more` records: true, or false where the tape would become too long. */
  reserve(more: number): boolean {
    const needed = this.#length + more;
    if (needed <= this.#op.length) return true;
    if (needed > LONGEST) return false;
    const capacity = Math.min(LONGEST, Math.max(needed, 2 * this.#op.length));
    const op = this.#op, left = this.#left, right = this.#right;
    const data = this.#data;
    (this.#op = new Uint8Array(capacity)).set(op);
    (this.#left = new Uint32Array(capacity)).set(left);
    (this.#right = new Uint32Array(capacity)).set(right);
    (this.#data = new Float64Array(capacity)).set(data);
    return true;
  }

  /** Records an operation on two slots of this tape; room was reserved. */
  record(op: number, left: number, right: number): number {
    const slot = this.#length++;
    this.#op[slot] = op;
    this.#left[slot] = left;
    this.#right[slot] = right;
    return slot;
  }

  /** Records a number without a gradient; room was reserved. */
  constant(number: number): number {
    const slot = this.#length++;
    this.#data[slot] = number;
    return slot;
  }

  /** Records a value that lives elsewhere; room was reserved. */
  enter(value: Entrant): number {
    const slot = this.constant(value.home.dataAt(value.slot));
    this.#inputs.push(value);
    this.#inputSlots.push(slot);
    return slot;
  }

  /** Computes what was recorded since the last time. */
  evaluate(): void {
    const from = this.#evaluated, to = this.#length;
    if (from === to) return;
    unwrap(
      native.gradus_value_forward(
        this.#data,
        this.#op,
        this.#left,
        this.#right,
        from,
        to,
      ),
      "evaluate values",
    );
    this.#evaluated = to;
  }

  dataAt(slot: number): number {
    this.#refuseFreed(slot);
    if (slot >= this.#evaluated) {
      this.evaluate();
      sealIfLong(this);
    }
    return this.#data[slot];
  }

  gradAt(slot: number): number {
    this.#refuseFreed(slot);
    return this.#grad?.[slot] ?? 0;
  }

  setGradAt(slot: number, gradient: number): void {
    this.#refuseFreed(slot);
    this.#gradients()[slot] = gradient;
  }

  opAt(slot: number): number {
    this.#refuseFreed(slot);
    return this.#op[slot];
  }

  /** The slots that a record depends on. */
  operandsAt(slot: number): number[] {
    const op = this.opAt(slot);
    if (op === Op.leaf) return [];
    return op < Op.add ? [this.#left[slot]] : [this.#left[slot], this.#right[slot]];
  }

  /** The value that entered in a slot, or undefined where an operation or a constant stands. */
  inputAt(slot: number): Entrant | undefined {
    const slots = this.#inputSlots;
    let low = 0, high = slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (slots[middle] < slot) low = middle + 1;
      else high = middle;
    }
    return slots[low] === slot ? this.#inputs[low] : undefined;
  }

  receive(slot: number, gradient: number, pass: Pass): void {
    this.#refuseFreed(slot);
    if (this.#pass !== pass) {
      this.evaluate();
      this.#grad?.fill(0);
      this.#gradients();
      this.#pass = pass;
      this.#top = slot;
      pass.push(this);
    }
    this.#grad![slot] += gradient;
    this.#op[slot] |= REACHED;
    this.#top = Math.max(this.#top, slot);
  }

  propagate(pass: Pass): void {
    const op = this.#op, grad = this.#grad!, slots = this.#inputSlots;
    unwrap(
      native.gradus_value_backward(
        grad,
        op,
        this.#data,
        this.#left,
        this.#right,
        this.#top,
      ),
      "differentiate values",
    );
    this.#pass = null;
    for (let i = 0; i < slots.length && slots[i] <= this.#top; i++) {
      const slot = slots[i];
      if (op[slot] !== REACHED) continue;
      op[slot] = Op.leaf;
      const { home, slot: there } = this.#inputs[i];
      home.receive(there, grad[slot], pass);
    }
  }

  /** Marks the records that the given ones depend on as freed; returns what they used from elsewhere. */
  free(slots: number[]): Entrant[] {
    const reached = new Uint8Array(this.#length);
    const entrants: Entrant[] = [];
    let kept = 0;
    for (const slot of slots) reached[slot] = 1;
    for (let i = this.#length - 1; i >= 0; i--) {
      const op = this.#op[i];
      if (op === Op.leaf) {
        const entrant = reached[i] ? this.inputAt(i) : undefined;
        if (entrant) entrants.push(entrant);
      } else if (op === FREED) {
        continue;
      } else if (reached[i]) {
        reached[this.#left[i]] = 1;
        if (op >= Op.add) reached[this.#right[i]] = 1;
        this.#op[i] = FREED;
      } else kept++;
    }
    if (kept === 0) this.#release();
    return entrants;
  }

  /** Gives the memory back at once. */
  #release(): void {
    this.#op = new Uint8Array(0);
    this.#left = this.#right = new Uint32Array(0);
    this.#data = new Float64Array(0);
    this.#grad = null;
    this.#inputs = [];
    this.#inputSlots = [];
    this.labels = undefined;
  }

  #gradients(): Float64Array<ArrayBuffer> {
    if (this.#grad === null || this.#grad.length < this.#length) {
      const before = this.#grad;
      this.#grad = new Float64Array(this.#op.length);
      if (before) this.#grad.set(before);
    }
    return this.#grad;
  }

  #refuseFreed(slot: number): void {
    if (slot < this.#op.length && this.#op[slot] !== FREED) return;
    throw new GradusError(
      "freed",
      "Cannot use a value whose graph was freed: backwardAndFree() released it, read it before or make a persistent value",
    );
  }
}

/** A group of values that someone else computed, with what is to happen to their gradients: one call of a network, say. */
export class Call implements Stage {
  readonly order: number;
  readonly #data: ArrayLike<number>;
  readonly #grad: Float64Array<ArrayBuffer>;
  readonly #backward: (gradient: Float64Array, pass: Pass) => void;
  #pass: Pass | null = null;

  /**
   * @param data The values.
   * @param dependsOnValues Whether `backward` hands gradients on to values that exist now.
   * @param backward Is given the gradient of the values, once in each backward pass that reaches one of them.
   */
  constructor(
    data: ArrayLike<number>,
    dependsOnValues: boolean,
    backward: (gradient: Float64Array, pass: Pass) => void,
  ) {
    if (dependsOnValues) {
      current.evaluate();
      this.order = ++stagesSoFar;
      current = new Tape(SEAL_AT);
    } else this.order = 0;
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
    this.#backward(this.#grad, pass);
  }
}

let current = new Tape(SEAL_AT);

/** The tape to record on, with room for one operation and two operands from elsewhere. */
export function writableTape(): Tape {
  if (!current.reserve(3)) seal(current);
  return current;
}

/** Evaluates a tape and, if it is the one that is recorded on, begins another one of about its size. */
export function seal(tape: Tape): void {
  tape.evaluate();
  if (tape === current) {
    const size = Math.max(SEAL_AT, tape.length);
    current = new Tape(size >= LONGEST - 3 ? SEAL_AT : size);
  }
}

function sealIfLong(tape: Tape): void {
  if (tape.length >= SEAL_AT) seal(tape);
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
  const pending = new Map<Tape, number[]>();
  const add = ({ home, slot }: Omit<Entrant, "value">) => {
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
    seal(latest);
    latest.free(slots).forEach(add);
  }
}
