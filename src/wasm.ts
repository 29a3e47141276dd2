/**
 * The native functions in WebAssembly, for `ffi.ts` where the library cannot be used. A module has a memory of its own, so each
 * call copies its arrays there and back, as `transfers` tells. Where modules are found is left to `library.ts`.
 */
import { Job as layout, symbols, transfers } from "./bindings.ts";
import { GradusError } from "./error.ts";
import type { Native } from "./ffi.ts";
import { partOf, slotsOfSweep, type Tape } from "./wasm_sweep.ts";

/** What can be passed: numbers, arrays, and null for no array. */
type Argument = number | BufferSource | null;

type Name = keyof typeof transfers;

type Functions = Record<Name, (...args: number[]) => number>;

/** Arrays begin at multiples of this in memory, as far as they do in their buffers. */
const ALIGNMENT = 64;

/** Memory grows by so many bytes. */
const PAGE = 65536;

/** A tape of at most so many records is copied as a whole for each sweep. */
const SHORT = 1024;

/** Milliseconds that a call aside computes between two turns of the event loop, about. */
const SLICE = 40;

/** Modules of one function each, which says what an engine knows: x of 128 bits gives x, and a, b, c give a relaxed a·b + c. */
const header = [0, 97, 115, 109, 1, 0, 0, 0], oneFunction = [3, 2, 1, 0], v128 = 123;
const probes = {
  simd128: Uint8Array.of(
    ...header,
    ...[1, 6, 1, 96, 1, v128, 1, v128],
    ...oneFunction,
    ...[10, 6, 1, 4, 0, 32, 0, 11],
  ),
  relaxed: Uint8Array.of(
    ...header,
    ...[1, 8, 1, 96, 3, v128, v128, v128, 1, v128],
    ...oneFunction,
    ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
  ),
};

/**
 * The functions of the first module that this engine can run.
 *
 * @param relaxed The module with relaxed SIMD: the same bits as the native library, if a·b + c is rounded once here.
 * @param simd128 The one for other engines.
 * @throws {GradusError} If it can run none, or the one that it could run is damaged or not that of these sources.
 */
export async function openWasm(
  relaxed: () => Promise<Uint8Array<ArrayBuffer>>,
  simd128: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Native> {
  if (WebAssembly.validate(probes.relaxed)) {
    const module = await compile(await relaxed());
    if (fuses(new Instance(module))) return nativeOf(module);
  }
  if (WebAssembly.validate(probes.simd128)) return nativeOf(await compile(await simd128()));
  throw new GradusError("library", "Cannot run WebAssembly: this engine has no SIMD, a newer one is needed");
}

/** The module, if it has all that is called here; whether it is of these very sources, its fingerprint tells. */
async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  const refuse = (reason: string, cause?: unknown) => {
    const needed = 'a whole one of these sources is needed, as "deno task build --wasm" makes it';
    return new GradusError("library", `Cannot use the WebAssembly module: ${reason}; ${needed}`, { cause });
  };
  const module = await WebAssembly.compile(bytes).catch((error: Error) => {
    throw refuse(error.message, error);
  });
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = ["memory", "__heap_base", ...Object.keys(transfers)].find((name) => !exported.has(name));
  if (missing !== undefined) throw refuse(`it has no ${missing}`);
  return module;
}

/** Whether a·b + c is rounded once, which relaxed SIMD leaves to the processor: (1 + ε)² − (1 + 2ε) is ε² then, not 0. */
function fuses(instance: Instance): boolean {
  const strides = Int32Array.of(1, 1, 1, 1, 1), sizes = Int32Array.of(1, 1, 1);
  const isExact = (epsilon: number, c: Float32Array | Float64Array, a: Float32Array | Float64Array, dtype: number) => {
    c[0] = -1 - 2 * epsilon;
    a[0] = 1 + epsilon;
    instance.call("gradus_gemm", [c as BufferSource, a as BufferSource, a as BufferSource, sizes, strides, dtype]);
    return c[0] === epsilon * epsilon;
  };
  return isExact(2 ** -12, new Float32Array(1), new Float32Array(1), 0) &&
    isExact(2 ** -27, new Float64Array(1), new Float64Array(1), 1);
}

/** All functions of a module. Calls aside have instances of their own, so that they stay as they are between their slices. */
function nativeOf(module: WebAssembly.Module): Native {
  const main = new Instance(module), idle: Instance[] = [];
  const aside = async (name: Name, args: Argument[]): Promise<number> => {
    const instance = idle.pop() ?? new Instance(module);
    instance.call("gradus_level", [main.call("gradus_level", [-1])]);
    const status = await callInSlices(instance, name, args);
    idle.push(instance);
    return status;
  };
  const entries = Object.entries(symbols).map(([key, symbol]) => {
    if ("nonblocking" in symbol) return [key, (...args: Argument[]) => aside(symbol.name as Name, args)];
    if (symbol.result === "u32") return [key, (...args: Argument[]) => main.call(key as Name, args) >>> 0];
    return [key, (...args: Argument[]) => main.call(key as Name, args)];
  });
  const native: Native = Object.fromEntries(entries);
  const sweepAll = native.gradus_value_backward;
  return {
    ...native,
    gradus_value_backward(grad, mark, reached, data, record, roots) {
      const tape = { grad, mark, data, record } as Tape, found = reached as Uint32Array;
      const slots = tape.data.length > SHORT ? slotsOfSweep(tape, found[0], roots) : undefined;
      if (slots === undefined) return sweepAll(grad, mark, reached, data, record, roots);
      return sweepPart(tape, slots, found, roots);
    },
  };

  /** A sweep over nothing but the records that it reaches. */
  function sweepPart(tape: Tape, slots: Uint32Array, found: Uint32Array, roots: number): number {
    const part = partOf(tape, slots);
    const numbers = new Uint32Array(slots.length).fill(slots.length - 1, 0, 1);
    const count = sweepAll(part.grad, part.mark, numbers, part.data, part.record, roots);
    slots.forEach((slot, i) => {
      tape.grad[slot] = part.grad[i];
      tape.mark[slot] = part.mark[i];
    });
    for (let i = 0; i < count; i++) found[i] = slots[numbers[i]];
    return count;
  }
}

/**
 * Calls what takes a job as its first argument slice by slice, with a turn of the event loop before each: progress can be seen
 * in the job, and `stop` is heard. The other arrays come back at the end.
 */
async function callInSlices(instance: Instance, name: Name, args: readonly Argument[]): Promise<number> {
  const { total, slice, batches, stop, rows, batchSize, chunk } = layout.fields;
  const job = bytesOf(args[0] as BufferSource);
  const i32 = new Int32Array(job.buffer, job.byteOffset, layout.size / 4);
  const step = i32[(name === "gradus_mlp_epoch" ? batchSize : chunk).index];
  new Float64Array(job.buffer, job.byteOffset, layout.size / 8)[total.index] = 0;
  i32[batches.index] = 0;
  i32[slice.index] = 1;
  try {
    const call = instance.enter(name, args);
    let status: number, before: number;
    do {
      await new Promise((resolve) => setTimeout(resolve, 0));
      call.copyIn(0, slice.offset, 4);
      call.copyIn(0, stop.offset, 4);
      before = i32[batches.index];
      const began = performance.now();
      status = call.run();
      const took = Math.max(performance.now() - began, 0.1);
      call.copyOut(0, 0, layout.size);
      i32[slice.index] = Math.min(Math.max(Math.round(i32[slice.index] * SLICE / took), 1), 1 << 20);
    } while (status === 0 && i32[batches.index] > before && i32[batches.index] * step < i32[rows.index]);
    call.finish();
    return status;
  } finally {
    // Calls that are not aside go through all rows.
    i32[slice.index] = 0;
  }
}

/** A module at work. */
class Instance {
  readonly #functions: Functions;
  readonly #memory: WebAssembly.Memory;
  /** Where memory is free. */
  readonly #base: number;

  constructor(module: WebAssembly.Module) {
    const { memory, __heap_base: base, ...functions } = new WebAssembly.Instance(module).exports;
    this.#functions = functions as Functions;
    this.#memory = memory as WebAssembly.Memory;
    this.#base = (base as WebAssembly.Global).value;
  }

  /** Copies the arrays to memory, calls, and copies back what is written. */
  call(name: Name, args: readonly Argument[]): number {
    const call = this.enter(name, args), result = call.run();
    call.finish();
    return result;
  }

  /** A call whose arrays are in memory now; until it is finished, no other may be. */
  enter(name: Name, args: readonly Argument[]): Call {
    const arrays = args.map((argument) =>
      argument === null || typeof argument === "number" ? undefined : bytesOf(argument)
    );
    const kinds = transfers[name], regions = regionsOf(arrays), memory = this.#reserve(regions);
    const addresses = args.map((argument) => typeof argument === "number" ? argument : 0);
    arrays.forEach((array, i) => {
      if (array === undefined) return;
      const region = regions.find((region) => holds(region, array))!;
      addresses[i] = region.address + array.byteOffset - region.start;
      if (kinds[i] !== "scratch") memory.set(array, addresses[i]);
    });
    return new Call(this.#functions[name], memory, addresses, arrays, kinds);
  }

  /** Gives each region its address; returns the memory, which has grown if it had to. */
  #reserve(regions: readonly Region[]): Uint8Array {
    let top = this.#base;
    for (const region of regions) {
      // As far from a multiple of ALIGNMENT as in its buffer: C lays out what it keeps from one call to the next by that.
      region.address = Math.ceil(top / ALIGNMENT) * ALIGNMENT + region.start % ALIGNMENT;
      top = region.address + region.end - region.start;
    }
    const missing = top - this.#memory.buffer.byteLength;
    if (missing > 0) grow(this.#memory, missing, top);
    return new Uint8Array(this.#memory.buffer);
  }
}

/** A call whose arrays are in memory. */
class Call {
  readonly #function: (...args: number[]) => number;
  readonly #memory: Uint8Array;
  readonly #addresses: readonly number[];
  readonly #arrays: readonly (Uint8Array | undefined)[];
  readonly #kinds: readonly string[];

  constructor(
    call: (...args: number[]) => number,
    memory: Uint8Array,
    addresses: readonly number[],
    arrays: readonly (Uint8Array | undefined)[],
    kinds: readonly string[],
  ) {
    this.#function = call;
    this.#memory = memory;
    this.#addresses = addresses;
    this.#arrays = arrays;
    this.#kinds = kinds;
  }

  run(): number {
    return this.#function(...this.#addresses);
  }

  /** Copies some bytes of an array to memory. */
  copyIn(argument: number, from: number, length: number): void {
    const array = this.#arrays[argument]!, address = this.#addresses[argument];
    this.#memory.set(array.subarray(from, from + length), address + from);
  }

  /** Copies some bytes of an array back. */
  copyOut(argument: number, from: number, length: number): void {
    const array = this.#arrays[argument]!, address = this.#addresses[argument] + from;
    array.set(this.#memory.subarray(address, address + length), from);
  }

  /** Copies back all that is written. */
  finish(): void {
    this.#arrays.forEach((array, i) => {
      if (array !== undefined && this.#kinds[i] === "both") this.copyOut(i, 0, array.length);
    });
  }
}

/** A part of memory for arrays that overlap; start and end are those in the buffer that they are views of. */
interface Region {
  readonly buffer: ArrayBufferLike;
  start: number;
  end: number;
  address: number;
}

/** One region for each array, or for those that overlap, so that what is written through one is read through another. */
function regionsOf(arrays: readonly (Uint8Array | undefined)[]): Region[] {
  let regions: Region[] = [];
  for (const array of arrays) {
    if (array === undefined) continue;
    const { buffer, byteOffset: start, byteLength } = array;
    const region: Region = { buffer, start, end: start + byteLength, address: 0 };
    const overlaps = (other: Region): boolean =>
      other.buffer === buffer && other.start < region.end && region.start < other.end;
    for (let other = regions.find(overlaps); other !== undefined; other = regions.find(overlaps)) {
      const { start, end } = other;
      regions = regions.filter((each) => each !== other);
      region.start = Math.min(region.start, start);
      region.end = Math.max(region.end, end);
    }
    regions.push(region);
  }
  return regions;
}

function holds({ buffer, start, end }: Region, array: Uint8Array): boolean {
  return buffer === array.buffer && start <= array.byteOffset && array.byteOffset + array.byteLength <= end;
}

function bytesOf(array: BufferSource): Uint8Array {
  return ArrayBuffer.isView(array)
    ? new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    : new Uint8Array(array);
}

function grow(memory: WebAssembly.Memory, missing: number, needed: number): void {
  try {
    memory.grow(Math.ceil(missing / PAGE));
  } catch (cause) {
    const size = Math.ceil(needed / 2 ** 20).toLocaleString("en");
    throw new GradusError(
      "library",
      `Cannot compute in WebAssembly: the arrays of one call take ${size} MiB, which it does not get; less data at once, or ` +
        "the native library, is needed",
      { cause },
    );
  }
}
