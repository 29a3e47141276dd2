/**
 * Tapes, the homes that results of operations live in: what is recorded here is computed by c/value.c. The operations themselves,
 * and what people see of them, are left to value.ts, the arrays to records.ts.
 *
 * A tape is a growing list of records. Recording goes to one current tape; when someone reads a value or asks for
 * gradients, its records are evaluated, and a tape that has grown past a few hundred records is then sealed and left to its
 * values: it is collected together with them. A value that is used on a later tape enters it as a number whose gradient is
 * handed back. So graphs are typed arrays that nobody has to free. A value keeps alive the records of its tape and, of what
 * had entered there, what it depends on itself, as far as that can be told at little cost (`restrictedTo`).
 */
import { Op, opNames } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { Home, LatestFirst, Leaf, type Operand, Pass, type Place, type Stage } from "./pass.ts";
import { Records } from "./records.ts";

/** A tape of at least this many records is sealed when it is evaluated. */
const SEAL_AT = 256;

/** A tape holds at most this many records: longer graphs span several. */
const LONGEST = 1 << 18;

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

  /** How many records it may hold. */
  get longest(): number {
    return LONGEST;
  }

  /** Whether another tape follows when it is full or sealed. */
  get isOneOfMany(): boolean {
    return true;
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
    const slot = this.#records.number(place.home.numberFor(this, place.slot), this.#inputs.length);
    this.#inputs.push(place);
    if (!(place.home instanceof Leaf)) this.#hasOlder = true;
    return slot;
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

  /** Restrictions of one tape as one: with what entered any of them. */
  joinedWith(others: readonly Tape[]): Tape {
    if (others.length === 0) return this;
    const inputs = [...this.#inputs];
    for (const other of others) other.#inputs.forEach((place, input) => inputs[input] ??= place);
    return this.#with(inputs);
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

  keepOnly(slots?: ReadonlySet<number>): void {
    this.#records.keepOnly(slots);
  }

  /** Frees the records that the given ones depend on; returns what these used from elsewhere. */
  free(slots: number[]): Place[] {
    return this.#records.free(slots).flatMap((input) => this.#inputs[input] ?? []);
  }
}

function isStage(home: Home): home is Home & Stage {
  return !(home instanceof Leaf);
}

function isOlder(place: Place | undefined): boolean {
  return place !== undefined && !(place.home instanceof Leaf);
}

/** Is told of what is made while it is the owner. */
export interface Owner {
  /** A tape or a call was made. */
  adopt(home: Home & Stage): void;
  /** A leaf is about to get a gradient that is a value. */
  touch(leaf: Leaf): void;
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
  if (open.length + room > current.longest) renewTape();
  const needed = open.length + room;
  if (needed > open.capacity) open.grow(Math.min(current.longest, Math.max(needed, 2 * open.capacity)));
}

/** Records what `f` does on a tape that stays by itself: none follows it, and all belongs to another owner meanwhile. */
export function recordOn<T>(tape: Tape, itsOwner: Owner, f: () => T): T {
  // What was recorded before gets a later tape for what follows: its values enter this one as those of an older tape.
  if (current.isOneOfMany) renewTape();
  const [before, ownerBefore] = [current, owner];
  [current, open, owner] = [tape, tape.records, itsOwner];
  try {
    return f();
  } finally {
    [current, open, owner] = [before, before.records, ownerBefore];
  }
}

function closeTape(): void {
  open.evaluate();
}

/** Evaluates what was recorded, and begins a tape that belongs to another owner. */
export function changeOwner(next: Owner | undefined): void {
  if (!current.isOneOfMany) {
    throw new GradusError("argument", "Cannot open or close a scope while a function is recorded");
  }
  closeTape();
  owner = next;
  openTape();
}

/** Tells the owner of something that was made. */
export function belong(home: Home & Stage): void {
  owner?.adopt(home);
}

/** Tells the owner that a leaf will get a gradient that is a value. */
export function touch(leaf: Leaf): void {
  owner?.touch(leaf);
}

/** Ends the current tape: the order of a stage between it and the next one. `task` completes "Cannot …" where that cannot be. */
export function orderBetweenTapes(task: string): number {
  if (!current.isOneOfMany) {
    throw new GradusError("argument", `Cannot ${task} in a function that is recorded: only numbers are known of it`);
  }
  closeTape();
  const order = ++stagesSoFar;
  openTape();
  return order;
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
  if (tape === current && tape.isOneOfMany && open.length >= SEAL_AT) renewTape();
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
    if (!isStage(home)) return;
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
