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
import { forgetGradients, Home, LatestFirst, Leaf, type Operand, Pass, type Place, type Stage } from "./pass.ts";
import { freedError, Records } from "./records.ts";

/** A tape of at least this many records is sealed when it is evaluated. */
const SEAL_AT = 256;

/** A tape holds at most this many records: longer graphs span several. */
const LONGEST = 1 << 18;

/** The longest trace: operands have 24 bits (c/gradus.h). */
const LONGEST_TRACE = 1 << 24;

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

  get records(): Records {
    return this.#records;
  }

  /** What has entered; undefined where a restriction of the tape left it out. */
  get inputs(): readonly (Place | undefined)[] {
    return this.#inputs;
  }

  override get identity(): object {
    return this.#records;
  }

  /** Records a value that lives elsewhere; room was reserved. */
  enter(place: Place): number {
    const { home, slot } = place, isLeaf = home instanceof Leaf;
    const entered = this.#records.number(isLeaf ? home.data : home.dataAt(slot), this.#inputs.length);
    this.#inputs.push(place);
    if (!isLeaf) this.#hasOlder = true;
    return entered;
  }

  dataAt(slot: number): number {
    const records = this.#records;
    records.refuseFreed(slot);
    if (slot >= records.evaluated) {
      records.evaluate();
      sealIfLong(this);
    }
    return records.data[slot];
  }

  protected numericGradAt(slot: number): number {
    this.#records.refuseFreed(slot);
    return this.#records.grad?.[slot] ?? 0;
  }

  protected setNumericGradAt(slot: number, gradient: number): void {
    this.#records.refuseFreed(slot);
    this.#records.gradients()[slot] = gradient;
  }

  opAt(slot: number): string {
    this.#records.refuseFreed(slot);
    const op = this.#records.opAt(slot);
    return op === Op.leaf ? "" : opNames[op];
  }

  operandsAt(slot: number): Operand[] {
    const records = this.#records;
    records.refuseFreed(slot);
    return records.operandsAt(slot).map((slot) => {
      if (records.opAt(slot) !== Op.leaf) return { home: this, slot };
      return this.inputAt(slot) ?? records.data[slot];
    });
  }

  /** What entered as the number in a slot; undefined for constants, and for what a restriction left out. */
  inputAt(slot: number): Place | undefined {
    const input = this.#records.inputAt(slot);
    return input === undefined ? undefined : this.#inputs[input];
  }

  /**
   * The same records, but of what entered only that which `slot` depends on: where a value of this tape enters a later one,
   * that one refers to this, and so does not keep alive what it has no use for. Exact as long as the effort stays within a
   * few times the length of the tape; from then on just this: what depends on no older value keeps none alive.
   */
  restrictedTo(slot: number): Tape {
    if (!this.#hasOlder || this.#madeFor === slot) return this;
    this.#effort = (this.#effort ?? 64 * SEAL_AT + 4 * this.#records.length) - slot - this.#inputs.length;
    if (this.#effort >= 0) return this.#restrictedExactly(slot);
    this.#dependsOnOlder ??= this.#records.descendantsOf((input) => isOlder(this.#inputs[input]));
    if (this.#dependsOnOlder[slot]) return this;
    return this.#withoutOlder ??= this.#with(this.#inputs.map((place) => isOlder(place) ? undefined : place));
  }

  #restrictedExactly(slot: number): Tape {
    const records = this.#records, reached = records.ancestorsOf(slot);
    const inputs: (Place | undefined)[] = new Array(this.#inputs.length).fill(undefined);
    for (let i = 0; i <= slot; i++) {
      const input = reached[i] && records.opAt(i) === Op.leaf ? records.inputAt(i) : undefined;
      if (input !== undefined) inputs[input] = this.#inputs[input];
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
    this.#records.refuseFreed(slot);
    if (this.#records.opAt(slot) === Op.leaf) {
      const place = this.inputAt(slot);
      place?.home.receive(place.slot, gradient, pass);
      return;
    }
    this.#records.receive(slot, gradient, pass);
    if (this.#pass === pass) return;
    this.#pass = pass;
    pass.push(this);
  }

  /** Where several restrictions of one tape take part, the first sweeps for all, and each serves its own inputs. */
  propagate(pass: Pass): void {
    this.#pass = null;
    this.#records.sweep();
    this.#records.takeReached((input, gradient) => {
      const place = this.#inputs[input];
      place?.home.receive(place.slot, gradient, pass);
      return place !== undefined;
    });
  }

  abandon(): void {
    this.#pass = null;
    this.#records.abandon();
  }

  /** Frees the records that the given ones depend on; returns what these used from elsewhere. */
  free(slots: number[]): Place[] {
    return this.#records.free(slots).flatMap((input) => this.#inputs[input] ?? []);
  }
}

/** The tape of a function that is recorded to be computed later, for inputs that have no numbers yet. */
export class Trace extends Tape {
  readonly unknowns: readonly Unknown[];

  /** @param count How many inputs the function has. */
  constructor(count: number) {
    super(SEAL_AT);
    this.unknowns = Array.from({ length: count }, () => new Unknown());
  }

  override dataAt(slot: number): number {
    const depends = this.records.descendantsOf((input) => this.inputs[input]?.home instanceof Unknown);
    return depends[slot] ? unknownNumber() : super.dataAt(slot);
  }

  override receive(): void {
    throw new GradusError(
      "argument",
      "Cannot compute gradients while a function is recorded: its inputs have no numbers yet, grad() or " +
        "backward({ createGraph: true }) is needed, which record",
    );
  }
}

/** The home of an input that has no number yet. */
export class Unknown extends Leaf {
  constructor() {
    super(NaN, false);
  }

  override dataAt(): number {
    return unknownNumber();
  }
}

function unknownNumber(): never {
  throw new GradusError(
    "argument",
    "Cannot read a value that depends on the inputs of a function which is recorded for all inputs: it has no number, and " +
      "what is recorded must not depend on one; max(), min(), relu(), abs() and their like decide without being read",
  );
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
    if (dependsOnValues && current instanceof Trace) {
      throw new GradusError("argument", `Cannot record ${name}() in a function: only numbers are known of it`);
    }
    // Its order lies between those of the tapes that it depends on and those that will depend on it.
    if (dependsOnValues) closeTape();
    this.order = dependsOnValues ? ++stagesSoFar : 0;
    if (dependsOnValues) openTape();
    this.#name = name;
    this.#inputs = inputs.map((input) => typeof input === "number" ? input : lasting(input));
    this.#data = data;
    this.#grad = new Float64Array(data.length);
    this.#backward = backward;
    owner?.adopt(this);
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
    if (this.#freed.size === this.#data.length) this.release();
    return inputs;
  }

  /** Gives back all that the call holds. */
  release(): void {
    this.#backward = null;
    this.#inputs = [];
    this.#data = this.#grad = new Float64Array(0);
  }

  #refuseFreed(slot: number): void {
    if (this.#backward === null || this.#freed.has(slot)) throw freedError();
  }
}

/** Is told of the tapes and calls that are made while it is the owner. */
export interface Owner {
  adopt(home: Tape | Call): void;
}

/** A place as something that lasts may refer to it: keeping alive no more than that value needs. */
export function lasting({ home, slot, value }: Place): Place {
  return home instanceof Tape ? { home: home.restrictedTo(slot), slot } : { home, slot, value };
}

let current = new Tape(SEAL_AT);

/** The records of the current tape: kept apart, as every operation asks for them. */
let open = current.records;

let owner: Owner | undefined;

/** The tape to record on, with room for so many records: one operation and two operands from elsewhere, say. */
export function writableTape(room = 3): Tape {
  if (open.length + room > open.capacity) makeRoom(room);
  return current;
}

/** Brings the account of the tape that is recorded on up to date. */
export function bookTape(): void {
  open.book();
}

/** Records an operation on two slots of the tape that is recorded on; room was reserved. */
export function record(op: number, left: number, right: number): number {
  return open.record(op, left, right);
}

/** Records a number without a gradient; room was reserved. */
export function constant(number: number): number {
  return open.number(number);
}

function makeRoom(room: number): void {
  const isTrace = current instanceof Trace, longest = isTrace ? LONGEST_TRACE : LONGEST;
  if (open.length + room > longest) {
    if (isTrace) throw new GradusError("argument", `Cannot record a function of more than ${longest} operations`);
    renewTape();
  }
  const needed = open.length + room;
  if (needed > open.capacity) open.grow(Math.min(longest, Math.max(needed, 2 * open.capacity)));
}

/** Records what `f` does on a trace. */
export function recordOn<T>(trace: Trace, f: () => T): T {
  const before = current;
  current = trace;
  open = trace.records;
  try {
    return f();
  } finally {
    current = before;
    open = before.records;
  }
}

function closeTape(): void {
  open.evaluate();
}

/** Evaluates what was recorded, and begins a tape that belongs to another owner. */
export function changeOwner(next: Owner | undefined): void {
  if (current instanceof Trace) {
    throw new GradusError("argument", "Cannot open or close a scope while a function is recorded");
  }
  closeTape();
  owner = next;
  openTape();
}

/** Begins a tape of about the size that the last one had. */
function openTape(): void {
  // With some room, or a graph of the same size would end in growing.
  const size = Math.max(SEAL_AT, open.length + (open.length >> 4) + 8);
  current = new Tape(size > LONGEST / 2 ? SEAL_AT : size);
  open = current.records;
  owner?.adopt(current);
}

function renewTape(): void {
  closeTape();
  openTape();
}

function sealIfLong(tape: Tape): void {
  if (tape === current && !(tape instanceof Trace) && open.length >= SEAL_AT) renewTape();
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
