/**
 * Where elements lie, and the pool that hands out memory again. What nobody gives back is V8's to collect, as any object; what
 * a scope or a backward pass gives back is used for the next tensors of that size, without being cleared.
 */
import { GradusError } from "../error.ts";
import { checkNumber, nonNegativeRange } from "../options.ts";
import type { DtypeInfo, TensorData } from "./dtype.ts";

/** Less is not pooled: many small storages share a slab, since V8 takes half a microsecond for each buffer. */
const SMALLEST = 512, SLAB = 4096, GRAIN = 16;

/** Storages from this size on are counted as live; there are at most so many of them. */
const COUNTED = 4096, MOST_COUNTED = 1 << 14;

/** How much memory the elements of tensors take. */
export interface MemoryStats {
  /** Bytes of tensors that V8 has not collected yet, as far as it tells: between turns of the event loop, of 4 KiB and more. */
  readonly live: number;
  /** Bytes that wait in the pool. */
  readonly cached: number;
  /** How often memory for a tensor came from the pool. */
  readonly hits: number;
  /** How often it had to be made. */
  readonly misses: number;
  /** The most bytes, live and cached, that there have been. */
  readonly peak: number;
  /** The most bytes that may wait in the pool. */
  readonly limit: number;
}

/** Memory by size class, and what is known of it. */
class Pool {
  readonly #free = new Map<number, ArrayBuffer[]>();
  #limit = 256 * 2 ** 20;
  #cached = 0;
  #live = 0;
  #peak = 0;
  #hits = 0;
  #misses = 0;
  #counted = 0;
  readonly #collected = new FinalizationRegistry<number>((bytes) => {
    this.#live -= bytes;
    this.#counted--;
  });

  /** A buffer of that class, with anything in it. */
  take(bytes: number): ArrayBuffer {
    const buffer = this.#free.get(bytes)?.pop();
    if (buffer === undefined) {
      this.#misses++;
      return new ArrayBuffer(bytes);
    }
    this.#hits++;
    this.#cached -= bytes;
    return buffer;
  }

  give(buffer: ArrayBuffer): void {
    const bytes = buffer.byteLength;
    if (this.#cached + bytes > this.#limit) return;
    const free = this.#free.get(bytes);
    if (free === undefined) this.#free.set(bytes, [buffer]);
    else free.push(buffer);
    this.#cached += bytes;
    this.#measure();
  }

  count(storage: Storage, bytes: number): void {
    if (this.#counted === MOST_COUNTED) return;
    this.#counted++;
    this.#live += bytes;
    this.#collected.register(storage, bytes, storage);
    this.#measure();
  }

  uncount(storage: Storage, bytes: number): void {
    if (!this.#collected.unregister(storage)) return;
    this.#counted--;
    this.#live -= bytes;
  }

  #measure(): void {
    this.#peak = Math.max(this.#peak, this.#live + this.#cached);
  }

  stats(): MemoryStats {
    return {
      live: this.#live,
      cached: this.#cached,
      hits: this.#hits,
      misses: this.#misses,
      peak: this.#peak,
      limit: this.#limit,
    };
  }

  clear(): void {
    this.#free.clear();
    this.#cached = 0;
  }

  limit(bytes: number): void {
    this.#limit = checkNumber("the limit", bytes, nonNegativeRange);
    if (this.#cached > bytes) this.clear();
  }
}

const pool = new Pool();

/** How much memory tensors take. */
export function memoryStats(): MemoryStats {
  return pool.stats();
}

/** Lets go of what waits in the pool. */
export function clearCache(): void {
  pool.clear();
}

/** Changes how many bytes may wait in the pool. */
export function limitCache(bytes: number): void {
  pool.limit(bytes);
}

/** Sizes of buffers: four to each doubling, so that a fifth is wasted at most. */
function sizeClass(bytes: number): number {
  const step = 2 ** (29 - Math.clz32(bytes - 1));
  return step < 128 ? Math.ceil(bytes / 64) * 64 : Math.ceil(bytes / step) * step;
}

/** The elements that views look at: one typed array. */
export class Storage {
  #array: TensorData | undefined;
  /** How often elements have been changed since they were first there. */
  version = 0;
  /** Whether somebody outside holds the array, so that it cannot be used again. */
  isShared = false;
  /** Whether it outlives every arena. */
  isKept = false;
  /** What it will be given back with. */
  arena: Arena | undefined;

  constructor(array: TensorData) {
    this.#array = array;
  }

  /** The array, for somebody outside to hold: in a buffer of its own, which is not used again. */
  share(): TensorData {
    this.isShared = true;
    const array = this.array;
    if (array.byteLength < SMALLEST && array.buffer.byteLength > array.byteLength) this.#array = array.slice();
    return this.array;
  }

  /** The array. */
  get array(): TensorData {
    if (this.#array === undefined) {
      throw new GradusError("freed", "Cannot use this tensor: its scope has ended, scope.keep(tensor) is needed there");
    }
    return this.#array;
  }

  /** Gives the memory back: the elements cannot be read any more. */
  release(): void {
    const array = this.#array;
    if (array === undefined) return;
    this.#array = undefined;
    const { buffer, byteLength } = array;
    if (byteLength >= COUNTED) pool.uncount(this, buffer.byteLength);
    // A slab is that of others, too.
    if (byteLength >= SMALLEST && !this.isShared) pool.give(buffer);
  }
}

/** The storages that have been made since something began, to be given back together. */
export class Arena {
  readonly #outer: Arena | undefined = current;
  readonly #storages: Storage[] = [];
  #isClosed = false;

  /** Opens it: from now on it has what is made. */
  constructor() {
    current = this;
  }

  /** How many storages there are: a mark to give back from. */
  get length(): number {
    return this.#storages.length;
  }

  add(storage: Storage): void {
    storage.arena = this;
    this.#storages.push(storage);
  }

  /** Gives back all since a mark, but what is to be kept. */
  giveBack(mark: number, keeps: (storage: Storage) => boolean): void {
    const storages = this.#storages;
    let kept = mark;
    for (let i = mark; i < storages.length; i++) {
      if (storages[i].isKept || keeps(storages[i])) storages[kept++] = storages[i];
      else storages[i].release();
    }
    storages.length = kept;
  }

  /** Gives back all but what is to be kept, which goes to the arena around this one, and closes it. */
  close(keeps: (storage: Storage) => boolean): void {
    this.giveBack(0, keeps);
    this.#isClosed = true;
    while (current !== undefined && current.#isClosed) current = current.#outer;
    for (const storage of this.#storages) {
      storage.arena = undefined;
      if (!storage.isKept) current?.add(storage);
    }
    this.#storages.length = 0;
  }
}

let current: Arena | undefined;

/** Calls a function whose storages are nobody's to give back: it is somebody else's, who may keep them. */
export function outsideOfArenas<T>(f: () => T): T {
  const before = current;
  current = undefined;
  try {
    return f();
  } finally {
    current = before;
  }
}

/** The slab that small storages are cut from, and how much of it is taken. */
let slab = new ArrayBuffer(SLAB), taken = 0;

function smallArray(dtype: DtypeInfo, length: number, bytes: number): TensorData {
  if (taken + bytes > SLAB) {
    slab = new ArrayBuffer(SLAB);
    taken = 0;
  }
  const array = new dtype.array(slab, taken, length);
  taken += Math.ceil(bytes / GRAIN) * GRAIN;
  return array;
}

function largeArray(dtype: DtypeInfo, length: number, bytes: number): TensorData {
  try {
    return new dtype.array(pool.take(sizeClass(bytes)), 0, length);
  } catch (cause) {
    if (cause instanceof GradusError) throw cause;
    throw new GradusError(
      "argument",
      `Cannot make a tensor of ${length} elements: their ${bytes} bytes do not fit into memory, a smaller one is needed`,
      { cause },
    );
  }
}

/** Room for that many elements, with anything in it. */
export function allocate(dtype: DtypeInfo, length: number): Storage {
  const bytes = length * dtype.bytes;
  const storage = new Storage(
    bytes < SMALLEST ? smallArray(dtype, length, bytes) : largeArray(dtype, length, bytes),
  );
  if (bytes >= COUNTED) pool.count(storage, storage.array.buffer.byteLength);
  current?.add(storage);
  return storage;
}
