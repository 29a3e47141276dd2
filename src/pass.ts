/**
 * Where values live, and how gradients travel from one home to the next: what a backward pass is, without what is computed in
 * it. Tapes and calls of networks, the homes that compute, are left to tape.ts.
 */

/** What is known of single values beside their numbers, by the identity of their home and the slot. */
class Notes<T> {
  readonly #notes = new WeakMap<object, Map<number, T>>();
  /** Whether there ever was one: nobody else shall pay for them. */
  #used = false;

  get(home: Home, slot: number): T | undefined {
    return this.#used ? this.#notes.get(home.identity)?.get(slot) : undefined;
  }

  set(home: Home, slot: number, note: T | undefined): void {
    if (note === undefined && !this.#used) return;
    this.#used = true;
    let notes = this.#notes.get(home.identity);
    if (notes === undefined) this.#notes.set(home.identity, notes = new Map());
    if (note === undefined) notes.delete(slot);
    else notes.set(slot, note);
  }

  clear(identity: object, slot?: number): void {
    if (!this.#used) return;
    if (slot === undefined) this.#notes.delete(identity);
    else this.#notes.get(identity)?.delete(slot);
  }

  slotsOf(identity: object): number[] {
    return this.#used ? [...this.#notes.get(identity)?.keys() ?? []] : [];
  }
}

/** The names that people have given to values. */
const labels = new Notes<string>();

/** The gradients that are values themselves. */
const gradients = new Notes<Place>();

/** The slots of a home whose gradients are values. */
export function slotsWithGradients(identity: object): number[] {
  return gradients.slotsOf(identity);
}

/** Forgets the gradients that are values, of all values of a home or of one. */
export function forgetGradients(identity: object, slot?: number): void {
  gradients.clear(identity, slot);
}

/** A place where values live: each under a slot. */
export abstract class Home {
  /** The same object for every home of the same values: two values are one if this and their slots are equal. */
  get identity(): object {
    return this;
  }

  /** The number in a slot. */
  abstract dataAt(slot: number): number;
  /** Its gradient where that is no value itself, 0 before the first backward pass. */
  protected abstract numericGradAt(slot: number): number;
  /** Replaces that. */
  protected abstract setNumericGradAt(slot: number, gradient: number): void;
  /** Hands a gradient to a slot during a backward pass. */
  abstract receive(slot: number, gradient: number, pass: Pass): void;
  /** The name of the operation that computed it, "" if none did. */
  abstract opAt(slot: number): string;
  /** What the operation was applied to: values, numbers, and slots of this very home. */
  abstract operandsAt(slot: number): Operand[];

  /** Whether there is a number at all: not yet, where a function is recorded. */
  isKnownAt(_slot: number): boolean {
    return true;
  }

  /** The number, where it enters another home. */
  numberFor(_home: Home, slot: number): number {
    return this.dataAt(slot);
  }

  /** The gradient of a slot. */
  gradAt(slot: number): number {
    const gradient = this.gradientAt(slot);
    return gradient === undefined ? this.numericGradAt(slot) : gradient.home.dataAt(gradient.slot);
  }

  /** Replaces it. */
  setGradAt(slot: number, gradient: number): void {
    this.setGradientAt(slot, undefined);
    this.setNumericGradAt(slot, gradient);
  }

  /** The gradient of a slot as a value, where it is one. */
  gradientAt(slot: number): Place | undefined {
    return gradients.get(this, slot);
  }

  setGradientAt(slot: number, gradient: Place | undefined): void {
    gradients.set(this, slot, gradient);
  }

  /** The name that someone has given to a value. */
  labelAt(slot: number): string | undefined {
    return labels.get(this, slot);
  }

  setLabelAt(slot: number, label: string | undefined): void {
    labels.set(this, slot, label);
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
  /** Forgets what it has received, after a pass that failed. */
  abandon(): void;
  /** Frees what the given slots depend on; returns what that had used from elsewhere. */
  free(slots: number[]): Place[];
  /** Frees everything else than these slots; without any, everything. */
  keepOnly(slots?: ReadonlySet<number>): void;
}

/** Stages, of which the one of the highest order comes out first: a binary heap. */
export class LatestFirst<T extends { readonly order: number }> {
  readonly #heap: T[] = [];

  push(item: T): void {
    const heap = this.#heap;
    let i = heap.length;
    for (; i > 0; i = (i - 1) >> 1) {
      const parent = heap[(i - 1) >> 1];
      if (parent.order >= item.order) break;
      heap[i] = parent;
    }
    heap[i] = item;
  }

  pop(): T | undefined {
    const heap = this.#heap;
    const top = heap[0], last = heap.pop();
    if (last === undefined || heap.length === 0) return last;
    let i = 0;
    while (true) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].order > heap[child].order) child++;
      if (heap[child].order <= last.order) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

/** One backward pass: the stages that have received a gradient and not handed it on. */
export class Pass {
  readonly #stages = new LatestFirst<Stage>();

  /** To be called once for each stage, when it receives its first gradient. */
  push(stage: Stage): void {
    this.#stages.push(stage);
  }

  /** Runs until no stage is left. */
  run(): void {
    for (let stage = this.#stages.pop(); stage; stage = this.#stages.pop()) {
      try {
        stage.propagate(this);
      } catch (error) {
        for (let other: Stage | undefined = stage; other; other = this.#stages.pop()) other.abandon();
        throw error;
      }
    }
  }
}

/** The home of one number that nobody computes: a leaf of every graph that uses it. Its gradients add up. */
export class Leaf extends Home {
  /** How often the number of a leaf was set: while it stays the same, all leaves have the numbers that they had. */
  static changes = 0;

  #data: number;
  /** The gradient, where it is no value itself. */
  grad = 0;
  readonly isPersistent: boolean;

  constructor(data: number, isPersistent: boolean) {
    super();
    this.#data = data;
    this.isPersistent = isPersistent;
  }

  get data(): number {
    return this.#data;
  }

  set data(data: number) {
    this.#data = data;
    Leaf.changes++;
  }

  dataAt(): number {
    return this.data;
  }

  protected numericGradAt(): number {
    return this.grad;
  }

  protected setNumericGradAt(_slot: number, gradient: number): void {
    this.grad = gradient;
  }

  receive(_slot: number, gradient: number): void {
    this.setGradAt(0, this.gradAt(0) + gradient);
  }

  opAt(): string {
    return "";
  }

  operandsAt(): Operand[] {
    return [];
  }
}
