/**
 * A recorded function as a program: what its outputs need, each number computed once, what is known beforehand computed
 * beforehand. It runs on one input as a tape does (c/value.c), and on many rows at once (c/program.c). Recording is left to
 * trace.ts, the shape of inputs and outputs to compile.ts.
 */
import { firstBinaryOp, Op } from "./bindings.ts";
import { native, unwrap } from "./ffi.ts";
import { type Home, Leaf, type Operand } from "./pass.ts";
import { simplified } from "./simplify.ts";
import type { Trace } from "./trace.ts";

/** What a number is: a constant, the leaf that knows it, or the index of an input. */
type Source = number | Leaf | { readonly input: number };

/** An operand of a batch that is the same for all rows (c/gradus.h). */
const UNIFORM = 0x80000000;

/** Rows that go through the operations together: as many as keep all registers in the first caches. */
const STRIPS = { fewest: 16, most: 256, bytes: 65536 };

/** Operations of one kind that do not depend on one another are computed together if there are at least so many, and at most. */
const RUNS = { fewest: 4, most: 64 };

/** The right operand of what has none. */
const NONE = -1;

/**
 * Operations and numbers, each once: what is computed from the same operands by the same operation is the same. They have
 * indices, in an order in which they can be computed.
 */
class Nodes {
  readonly ops: number[] = [];
  /** The operands of operations; the right one of a unary operation is NONE. */
  readonly lefts: number[] = [];
  readonly rights: number[] = [];
  /** Whether it depends on the inputs. */
  readonly varies: boolean[] = [];
  /** What numbers are; undefined of operations. */
  readonly sources: (Source | undefined)[] = [];
  /** Whether a number is a result from outside that something else has computed. */
  hasResults = false;
  /** Operations by what they are: a hash table of 1 + their indices, at most half of it in use. */
  #table = new Int32Array(1 << 10);
  #operations = 0;
  readonly #constants = new Map<number | "-0", number>();
  readonly #leaves = new Map<Leaf, number>();
  readonly #inputs: number[] = [];

  constant(number: number): number {
    const key = Object.is(number, -0) ? "-0" : number, known = this.#constants.get(key);
    if (known !== undefined) return known;
    const added = this.#number(number);
    this.#constants.set(key, added);
    return added;
  }

  input(input: number): number {
    return this.#inputs[input] ??= this.#number({ input });
  }

  leaf(leaf: Leaf): number {
    const known = this.#leaves.get(leaf);
    if (known !== undefined) return known;
    const added = this.#number(leaf);
    this.#leaves.set(leaf, added);
    return added;
  }

  operation(op: number, left: number, right: number): number {
    const plain = this.#simplified(op, left, right);
    if (plain !== undefined) return plain;
    const { varies } = this, isBinary = op >= firstBinaryOp;
    // The order of the operands of a sum or a product is free: what is the same for all rows stands on the right.
    const isFree = op === Op.add || op === Op.mul;
    const swap = isFree && (varies[left] === varies[right] ? left > right : varies[right]);
    const [a, b] = swap ? [right, left] : [left, right];
    const second = isBinary ? b : NONE, at = this.#placeOf(op, a, second), known = this.#table[at] - 1;
    if (known >= 0) return known;
    const added = this.#add(op, a, second, varies[a] || (isBinary && varies[b]), undefined);
    this.#table[at] = added + 1;
    if (2 * ++this.#operations > this.#table.length) this.#growTable();
    return added;
  }

  /** Where an operation is in the table, or is to be put. */
  #placeOf(op: number, left: number, right: number): number {
    const { ops, lefts, rights } = this, table = this.#table, mask = table.length - 1;
    const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right + (op << 24), 0x85ebca6b);
    for (let at = (hash ^ hash >>> 15) & mask;; at = (at + 1) & mask) {
      const node = table[at] - 1;
      if (node < 0 || (ops[node] === op && lefts[node] === left && rights[node] === right)) return at;
    }
  }

  #growTable(): void {
    const { ops, lefts, rights } = this;
    this.#table = new Int32Array(2 * this.#table.length);
    for (let node = 0; node < ops.length; node++) {
      if (ops[node] !== Op.leaf) this.#table[this.#placeOf(ops[node], lefts[node], rights[node])] = node + 1;
    }
  }

  /** The node that an operation is equal to, if another one is simpler. Exact, but for the sign of a NaN. */
  #simplified(op: number, left: number, right: number): number | undefined {
    const a = this.sources[left], b = this.sources[right];
    if (typeof a === "number" || typeof b === "number") {
      const plain = simplified<{ node: number }>(
        op,
        typeof a === "number" ? a : { node: left },
        typeof b === "number" ? b : { node: right },
      );
      if (plain !== undefined) return typeof plain === "number" ? this.constant(plain) : plain.node;
    }
    const minusLeft = this.#negated(left), minusRight = op < firstBinaryOp ? undefined : this.#negated(right);
    if (minusLeft === undefined && minusRight === undefined) return undefined;
    switch (op) {
      case Op.neg:
        return minusLeft;
      case Op.add:
        if (minusRight !== undefined) return this.operation(Op.sub, left, minusRight);
        return this.operation(Op.sub, right, minusLeft!);
      case Op.sub:
        return minusRight === undefined ? undefined : this.operation(Op.add, left, minusRight);
      case Op.mul:
      case Op.div: {
        if (minusLeft !== undefined && minusRight !== undefined) return this.operation(op, minusLeft, minusRight);
        const { varies } = this, minus = (node: number) => this.operation(Op.neg, node, node);
        const [negated, other] = minusLeft === undefined ? [right, left] : [left, right];
        // What does not depend on the inputs has its sign for nothing.
        if (!varies[negated]) return undefined;
        if (varies[other]) return minus(this.operation(op, minusLeft ?? left, minusRight ?? right));
        return this.operation(op, minusLeft ?? minus(left), minusRight ?? minus(right));
      }
      default:
        return undefined;
    }
  }

  /** What a node is −1 times of, where it is. */
  #negated(node: number): number | undefined {
    return this.ops[node] === Op.neg ? this.lefts[node] : undefined;
  }

  #number(source: Source): number {
    return this.#add(Op.leaf, NONE, NONE, typeof source === "object" && "input" in source, source);
  }

  #add(op: number, left: number, right: number, varies: boolean, source: Source | undefined): number {
    this.lefts.push(left);
    this.rights.push(right);
    this.varies.push(varies);
    this.sources.push(source);
    return this.ops.push(op) - 1;
  }

  /** What some nodes depend on, themselves included. */
  neededFor(ends: readonly number[]): number[] {
    const needed = new Uint8Array(this.ops.length), nodes: number[] = [];
    for (const end of ends) needed[end] = 1;
    for (let node = needed.length - 1; node >= 0; node--) {
      if (!needed[node] || this.ops[node] === Op.leaf) continue;
      needed[this.lefts[node]] = 1;
      if (this.rights[node] !== NONE) needed[this.rights[node]] = 1;
    }
    for (let node = 0; node < needed.length; node++) if (needed[node]) nodes.push(node);
    return nodes;
  }

  /**
   * Some operations in an order in which many of one kind follow one another, and where such runs begin and how long they are,
   * one after the other; in the order that they have where there are no runs.
   */
  inRuns(operations: readonly number[]): { ordered: number[]; runs: number[] } {
    const { ops, lefts, rights } = this, ordered: number[] = [], runs: number[] = [];
    const ready: number[][] = [], waitsFor = new Uint8Array(ops.length).fill(255);
    const makeReady = (node: number) => (ready[ops[node]] ??= []).push(node);
    // The users of each, one after the other: those of a node end where those of the next one begin.
    const firstUser = new Uint32Array(ops.length + 1);
    for (const node of operations) waitsFor[node] = 0;
    const isWaitedFor = (operand: number) => operand !== NONE && waitsFor[operand] !== 255;
    for (const node of operations) {
      for (let side = 0; side < 2; side++) {
        const operand = side === 0 ? lefts[node] : rights[node];
        if (!isWaitedFor(operand)) continue;
        waitsFor[node]++;
        firstUser[operand]++;
      }
    }
    for (let node = 0; node < ops.length; node++) firstUser[node + 1] += firstUser[node];
    const users = new Uint32Array(firstUser[ops.length]);
    for (const node of operations) {
      if (isWaitedFor(lefts[node])) users[--firstUser[lefts[node]]] = node;
      if (isWaitedFor(rights[node])) users[--firstUser[rights[node]]] = node;
      if (waitsFor[node] === 0) makeReady(node);
    }
    while (ordered.length < operations.length) {
      // The kind of which most are ready: the others may become more.
      let op = 0, nodes: number[] = [];
      ready.forEach((some, kind) => {
        if (some.length > nodes.length) [op, nodes] = [kind, some];
      });
      ready[op] = [];
      for (let from = 0; from < nodes.length; from += RUNS.most) {
        const length = Math.min(RUNS.most, nodes.length - from);
        if (length >= RUNS.fewest) runs.push(ordered.length + from, length);
      }
      for (const node of nodes) ordered.push(node);
      for (const node of nodes) {
        for (let i = firstUser[node]; i < firstUser[node + 1]; i++) if (--waitsFor[users[i]] === 0) makeReady(users[i]);
      }
    }
    return runs.length === 0 ? { ordered: [...operations], runs } : { ordered, runs };
  }
}

/** The nodes of what was recorded, as far as the outputs need it, and those of the outputs. */
function nodesOf(trace: Trace, outputs: readonly Operand[], isCaptured: (leaf: Leaf) => boolean): [Nodes, number[]] {
  const { records } = trace, nodes = new Nodes();
  const inputs = new Map<Leaf, number>(trace.unknowns.map((unknown, input) => [unknown, input]));
  const number = (home: Home, data: () => number): number => {
    if (!(home instanceof Leaf)) {
      nodes.hasResults = true;
      return nodes.constant(data());
    }
    const input = inputs.get(home);
    if (input !== undefined) return nodes.input(input);
    return isCaptured(home) ? nodes.leaf(home) : nodes.constant(home.data);
  };
  const needed = new Uint8Array(records.length);
  for (const output of outputs) if (typeof output !== "number" && output.home === trace) needed[output.slot] = 1;
  for (let slot = records.length - 1; slot >= 0; slot--) {
    if (needed[slot] && records.opAt(slot) !== Op.leaf) {
      for (const operand of records.operandsAt(slot)) needed[operand] = 1;
    }
  }
  const at = new Int32Array(records.length);
  for (let slot = 0; slot < records.length; slot++) {
    if (!needed[slot]) continue;
    const op = records.opAt(slot);
    if (op === Op.leaf) {
      const place = trace.inputAt(slot), data = () => records.data[slot];
      at[slot] = place ? number(place.home, data) : nodes.constant(data());
    } else {
      const [left, right = left] = records.operandsAt(slot);
      at[slot] = nodes.operation(op, at[left], at[right]);
    }
  }
  const ends = outputs.map((output) => {
    if (typeof output === "number") return nodes.constant(output);
    const { home, slot } = output;
    return home === trace ? at[slot] : number(home, () => home.dataAt(slot));
  });
  return [nodes, ends];
}

/** What a program gives for each row, in two groups, and what it adds up over the rows. */
export interface Outputs {
  readonly first?: readonly Operand[];
  readonly second?: readonly Operand[];
  readonly sums?: readonly Operand[];
}

/** A function's outputs as they are computed from its inputs. */
export class Program {
  /** How many operations depend on the inputs, and how many do not. */
  readonly varying: number;
  readonly uniform: number;
  /** How many inputs there are, used or not. */
  readonly inputs: number;
  /** The leaves that it asks for their numbers. */
  readonly leaves: readonly Leaf[];
  /** Whether it uses a result from outside that was computed of others. */
  readonly hasResults: boolean;
  /** How often it has computed what does not depend on the inputs. */
  uniformRuns = 0;
  /** The program for one input, as it is handed over (c/gradus.h); the others are views of it. */
  readonly #buffer: Uint32Array<ArrayBuffer>;
  /** A tape: what does not depend on the inputs, numbers, then operations; then the inputs, and what does depend on them. */
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #data: Float64Array<ArrayBuffer>;
  readonly #firstOperation: number;
  readonly #firstInput: number;
  readonly #firstVarying: number;
  /** The slots of what depends on the inputs, in the order in which it was recorded. */
  readonly #recorded: Uint32Array;
  /** Which inputs are used, and where the numbers of the leaves are. */
  readonly #inputs: Uint32Array;
  readonly #leafSlots: Uint32Array;
  /** The slots of the outputs, both groups and the sums, and how many these are. */
  readonly #outputs: Uint32Array;
  readonly #counts: readonly [first: number, second: number, sums: number];
  /** The count of changes to leaves for which the uniform part is computed. */
  #computedAt = -1;
  #batch: { words: Uint32Array<ArrayBuffer>; scratch: Float64Array<ArrayBuffer> } | undefined;

  /**
   * @param trace Where the function is recorded.
   * @param outputs What is to be computed of it.
   * @param isCaptured Whether a leaf is one that the function did not make itself: its number is asked for at each call.
   */
  constructor(
    trace: Trace,
    { first = [], second = [], sums = [] }: Outputs,
    isCaptured: (leaf: Leaf) => boolean,
  ) {
    const [nodes, ends] = nodesOf(trace, [...first, ...second, ...sums], isCaptured);
    const { ops, lefts, rights, varies, sources } = nodes, live = nodes.neededFor(ends);
    const numbers = live.filter((node) => ops[node] === Op.leaf && !varies[node]);
    const uniform = live.filter((node) => ops[node] !== Op.leaf && !varies[node]);
    const inputs = live.filter((node) => ops[node] === Op.leaf && varies[node]);
    const varying = live.filter((node) => ops[node] !== Op.leaf && varies[node]);
    this.#firstOperation = numbers.length;
    this.#firstInput = this.#firstOperation + uniform.length;
    this.#firstVarying = this.#firstInput + inputs.length;
    const { ordered, runs } = nodes.inRuns(varying), count = live.length;
    this.#buffer = new Uint32Array(4 + 4 * count + runs.length);
    const data = this.#data = new Float64Array(this.#buffer.buffer, 16, count).fill(NaN);
    const words = this.#words = new Int32Array(this.#buffer.buffer, 16 + 8 * count, 2 * count);
    this.#buffer.set([count, runs.length / 2, this.#firstVarying]);
    for (let i = 0; i < runs.length; i++) this.#buffer[4 + 4 * count + i] = runs[i] + (i % 2 ? 0 : this.#firstVarying);

    const slots = new Uint32Array(ops.length), leaves: Leaf[] = [], leafSlots: number[] = [];
    let slot = 0;
    for (const group of [numbers, uniform, inputs, ordered]) {
      for (const node of group) {
        const op = ops[node], source = sources[node];
        words[2 * slot] = op === Op.leaf ? Op.leaf : op | slots[lefts[node]] << 8;
        words[2 * slot + 1] = op === Op.leaf ? -1 : op < firstBinaryOp ? 0 : slots[rights[node]];
        if (typeof source === "number") data[slot] = source;
        else if (source instanceof Leaf) {
          leaves.push(source);
          leafSlots.push(slot);
        }
        slots[node] = slot++;
      }
    }
    unwrap(native.gradus_program_check(this.#buffer), "compile a function");

    this.#recorded = Uint32Array.from(varying, (node) => slots[node]);
    this.#inputs = Uint32Array.from(inputs, (node) => (sources[node] as { input: number }).input);
    this.#leafSlots = Uint32Array.from(leafSlots);
    this.#outputs = Uint32Array.from(ends, (node) => slots[node]);
    this.#counts = [first.length, second.length, sums.length];
    this.varying = varying.length;
    this.uniform = uniform.length;
    this.inputs = trace.unknowns.length;
    this.leaves = leaves;
    this.hasResults = nodes.hasResults;
  }

  /** How many runs there are for one input. */
  get runs(): number {
    return this.#buffer[1];
  }

  /** How many registers many rows take. */
  get registers(): number {
    return this.#forRows().words[1];
  }

  /** Computes the outputs for one input: they can be read with `output` until the next run. */
  run(x: ArrayLike<number>): void {
    const data = this.#data, inputs = this.#inputs;
    for (let i = 0, slot = this.#firstInput; i < inputs.length; i++) data[slot++] = x[inputs[i]];
    if (this.#computedAt !== Leaf.changes) this.#computeUniform();
    const status = native.gradus_program_once(this.#buffer);
    if (status !== 0) unwrap(status, "run a compiled function");
  }

  output(index: number): number {
    return this.#data[this.#outputs[index]];
  }

  /** So many outputs, from one on. */
  outputs(from: number, count: number): number[] {
    const numbers: number[] = [];
    for (let i = 0; i < count; i++) numbers.push(this.#data[this.#outputs[from + i]]);
    return numbers;
  }

  /** The outputs of so many rows of inputs: those of the first group (rows, first), those of the second, and the sums. */
  runRows(x: Float64Array, rows: number): Float64Array<ArrayBuffer>[] {
    const [first, second, sums] = this.#counts, y = new Float64Array(rows * (first + second) + sums);
    if (this.#computedAt !== Leaf.changes) this.#computeUniform();
    const { words, scratch } = this.#forRows();
    // Inputs may be in shared memory, too.
    const inputs = x as Float64Array<ArrayBuffer>;
    unwrap(native.gradus_program_run(y, inputs, words, this.#data, scratch, rows), "run a compiled function");
    const middle = rows * first, end = middle + rows * second;
    return [y.subarray(0, middle), y.subarray(middle, end), y.subarray(end)];
  }

  /** Whether two programs compute the same, from the same leaves. */
  equals(other: Program): boolean {
    const isSame = <T>(a: ArrayLike<T>, b: ArrayLike<T>) =>
      a.length === b.length && Array.prototype.every.call(a, (x, i) => Object.is(x, b[i]));
    const constants = (program: Program) => program.#data.subarray(0, program.#firstOperation);
    return isSame(this.#words, other.#words) && isSame(constants(this), constants(other)) &&
      isSame(this.#outputs, other.#outputs) && isSame(this.#counts, other.#counts) &&
      isSame(this.#inputs, other.#inputs) && isSame(this.#leafSlots, other.#leafSlots) &&
      isSame(this.leaves, other.leaves);
  }

  /** Computes what does not depend on the inputs, since the number of any leaf was set. */
  #computeUniform(): void {
    this.leaves.forEach((leaf, i) => this.#data[this.#leafSlots[i]] = leaf.data);
    const from = this.#firstOperation, to = this.#firstInput;
    unwrap(native.gradus_value_forward(this.#data, this.#words, from, to), "run a compiled function");
    this.#computedAt = Leaf.changes;
    this.uniformRuns++;
  }

  #forRows(): { words: Uint32Array<ArrayBuffer>; scratch: Float64Array<ArrayBuffer> } {
    return this.#batch ??= this.#toBatch();
  }

  /** The program for many rows: registers are used again when what they hold is needed no more. */
  #toBatch(): { words: Uint32Array<ArrayBuffer>; scratch: Float64Array<ArrayBuffer> } {
    const records = this.#words, recorded = this.#recorded, firstInput = this.#firstInput, outputs = this.#outputs;
    const lastUse = new Int32Array(this.#data.length), register = new Uint32Array(this.#data.length);
    const isBinary = (slot: number) => (records[2 * slot] & 0xff) >= firstBinaryOp;
    recorded.forEach((slot, i) => {
      lastUse[records[2 * slot] >>> 8] = i;
      if (isBinary(slot)) lastUse[records[2 * slot + 1]] = i;
    });
    for (const slot of outputs) lastUse[slot] = recorded.length;

    // Inputs come in the first registers; those that are not used leave theirs at once.
    const free: number[] = [];
    let count = this.inputs;
    this.#inputs.forEach((input, i) => register[firstInput + i] = input);
    for (let input = count - 1, i = this.#inputs.length - 1; input >= 0; input--) {
      if (input === this.#inputs[i]) i--;
      else free.push(input);
    }
    const operand = (slot: number) => slot < firstInput ? UNIFORM + slot : register[slot];
    const release = (slot: number, i: number) => slot >= firstInput && lastUse[slot] === i && free.push(register[slot]);

    const head = 8 + outputs.length, words = new Uint32Array(head + 3 * recorded.length);
    recorded.forEach((slot, i) => {
      const left = records[2 * slot] >>> 8, right = records[2 * slot + 1], at = head + 3 * i;
      // Before the registers of its operands are free: no operation writes what it reads.
      const to = register[slot] = free.pop() ?? count++;
      words[at] = (records[2 * slot] & 0xff) + to * 256;
      words[at + 1] = operand(left);
      release(left, i);
      if (!isBinary(slot)) return;
      words[at + 2] = operand(right);
      if (right !== left) release(right, i);
    });
    const { fewest, most, bytes } = STRIPS, fitting = Math.floor(bytes / 128 / Math.max(1, count)) * 16;
    const strip = Math.min(most, Math.max(fewest, fitting));
    words.set([recorded.length, count, firstInput, this.inputs, ...this.#counts, strip]);
    outputs.forEach((slot, i) => words[8 + i] = operand(slot));
    return { words, scratch: new Float64Array(count * strip + 8 * this.#counts[2] + 8) };
  }
}
