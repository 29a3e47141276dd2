/**
 * Where values live, and how gradients travel from one home to the next: what a backward pass is, without what is computed in
 * it. Tapes and calls of networks, the homes that compute, are left to tape.ts.
 */

/** The names that people have given to values: by the identity of their home, and the slot. */
const labels = new WeakMap<object, Map<number, string>>();

/** A place where values live: each under a slot. */
export abstract class Home {
  /** The same object for every home of the same values: two values are one if this and their slots are equal. */
  get identity(): object {
    return this;
  }

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
    return labels.get(this.identity)?.get(slot);
  }

  setLabelAt(slot: number, label: string | undefined): void {
    const named = labels.get(this.identity) ?? new Map<number, string>();
    if (label === undefined) named.delete(slot);
    else labels.set(this.identity, named.set(slot, label));
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
