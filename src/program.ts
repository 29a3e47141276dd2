/**
 * A recorded function as a program: what its outputs need, each number computed once, what is known beforehand computed
 * beforehand. It runs on one input as a tape does (c/value.c), and on many rows at once (c/program.c). Recording is left to
 * tape.ts, the shape of inputs and outputs to compile.ts.
 */
import { firstBinaryOp, Op } from "./bindings.ts";
import { native, unwrap } from "./ffi.ts";
import { Leaf, type Operand } from "./pass.ts";
import { simplified } from "./simplify.ts";
import type { Trace } from "./trace.ts";

/** Where a program has its numbers: for one input, the slots of a tape. */
interface Node {
  readonly op: number;
  readonly left?: Node;
  readonly right?: Node;
  /** Of a number: what it is, the leaf that knows it, or the index of the input. */
  readonly source: number | Leaf | { readonly input: number } | undefined;
  /** Whether it depends on the inputs. */
  readonly varies: boolean;
  /** Names it among others; later, its slot. */
  id: number;
}

/** An operand of a batch that is the same for all rows (c/gradus.h). */
const UNIFORM = 0x80000000;

/** The register of an input that is not used. */
const UNUSED = 0xffffffff;

/** Rows that go through the operations together: as many as keep all registers in the first caches. */
const STRIPS = { fewest: 16, most: 64, bytes: 24576 };

/** Nodes, each once: what is computed from the same operands by the same operation is the same. */
class Nodes {
  readonly #known = new Map<string, Node>();
  readonly #leaves = new Map<Leaf, Node>();
  /** In an order in which they can be computed. */
  readonly all: Node[] = [];

  constant(number: number): Node {
    const key = Object.is(number, -0) ? "-0" : String(number);
    return this.#known.get(key) ?? this.#add(key, { op: Op.leaf, source: number, varies: false });
  }

  input(input: number): Node {
    const key = `x${input}`;
    return this.#known.get(key) ?? this.#add(key, { op: Op.leaf, source: { input }, varies: true });
  }

  leaf(leaf: Leaf): Node {
    let node = this.#leaves.get(leaf);
    if (node === undefined) this.#leaves.set(leaf, node = this.#add("", { op: Op.leaf, source: leaf, varies: false }));
    return node;
  }

  operation(op: number, left: Node, right: Node): Node {
    const plain = simplified<Node>(op, numberOr(left), numberOr(right));
    if (plain !== undefined) return typeof plain === "number" ? this.constant(plain) : plain;
    const isBinary = op >= firstBinaryOp;
    const swap = (op === Op.add || op === Op.mul) && left.id > right.id, [a, b] = swap ? [right, left] : [left, right];
    const key = isBinary ? `${op} ${a.id} ${b.id}` : `${op} ${a.id}`;
    const varies = a.varies || (isBinary && b.varies);
    return this.#known.get(key) ??
      this.#add(key, { op, left: a, right: isBinary ? b : undefined, source: undefined, varies });
  }

  #add(key: string, node: Omit<Node, "id">): Node {
    const added = { ...node, id: this.all.length };
    this.all.push(added);
    if (key !== "") this.#known.set(key, added);
    return added;
  }
}

function numberOr(node: Node): Node | number {
  return typeof node.source === "number" ? node.source : node;
}

/** The nodes of what was recorded, as far as the outputs need it. */
function nodesOf(trace: Trace, outputs: readonly Operand[], isCaptured: (leaf: Leaf) => boolean): [Nodes, Node[]] {
  const { records } = trace, nodes = new Nodes();
  const ofLeaf = (leaf: Leaf): Node => {
    const input = trace.unknowns.indexOf(leaf as Trace["unknowns"][number]);
    if (input >= 0) return nodes.input(input);
    return isCaptured(leaf) ? nodes.leaf(leaf) : nodes.constant(leaf.data);
  };
  const needed = new Uint8Array(records.length);
  for (const output of outputs) if (typeof output !== "number" && output.home === trace) needed[output.slot] = 1;
  for (let slot = records.length - 1; slot >= 0; slot--) {
    if (needed[slot] && records.opAt(slot) !== Op.leaf) {
      for (const operand of records.operandsAt(slot)) needed[operand] = 1;
    }
  }
  const at: Node[] = [];
  for (let slot = 0; slot < records.length; slot++) {
    if (!needed[slot]) continue;
    const op = records.opAt(slot);
    if (op === Op.leaf) {
      const home = trace.inputAt(slot)?.home;
      at[slot] = home instanceof Leaf ? ofLeaf(home) : nodes.constant(records.data[slot]);
    } else {
      const [left, right = left] = records.operandsAt(slot);
      at[slot] = nodes.operation(op, at[left], at[right]);
    }
  }
  return [
    nodes,
    outputs.map((output) => {
      if (typeof output === "number") return nodes.constant(output);
      if (output.home === trace) return at[output.slot];
      return output.home instanceof Leaf ? ofLeaf(output.home) : nodes.constant(output.home.dataAt(output.slot));
    }),
  ];
}

/** Operations of one kind that do not depend on one another are computed together if there are at least so many, and at most. */
const RUN = { fewest: 4, most: 64 };

/** The same operations in an order in which many of one kind follow one another, and where such runs begin and end. */
function inRuns(operations: readonly Node[]): { ordered: Node[]; runs: Node[][] } {
  const users = new Map<Node, Node[]>(), waitsFor = new Map<Node, number>(), ready = new Map<number, Node[]>();
  const makeReady = (node: Node) => {
    const same = ready.get(node.op);
    if (same) same.push(node);
    else ready.set(node.op, [node]);
  };
  const known = new Set(operations);
  for (const node of operations) {
    const operands = [node.left!, node.right].filter((operand) =>
      operand !== undefined && known.has(operand)
    ) as Node[];
    waitsFor.set(node, operands.length);
    for (const operand of operands) users.set(operand, [...users.get(operand) ?? [], node]);
    if (operands.length === 0) makeReady(node);
  }
  const ordered: Node[] = [], runs: Node[][] = [];
  while (ready.size > 0) {
    // The kind of which most are ready: the others may become more.
    let [op, nodes] = [0, [] as Node[]];
    for (const [kind, some] of ready) if (some.length > nodes.length) [op, nodes] = [kind, some];
    ready.delete(op);
    for (let from = 0; from < nodes.length; from += RUN.most) runs.push(nodes.slice(from, from + RUN.most));
    ordered.push(...nodes);
    for (const node of nodes) {
      for (const user of users.get(node) ?? []) {
        const waits = waitsFor.get(user)! - 1;
        waitsFor.set(user, waits);
        if (waits === 0) makeReady(user);
      }
    }
  }
  return { ordered, runs: runs.filter(({ length }) => length >= RUN.fewest) };
}

/** What some nodes depend on, themselves included, in the order of their ids. */
function reachable(nodes: readonly Node[], from: readonly Node[]): Node[] {
  const needed = new Set(from);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { left, right } = nodes[i];
    if (!needed.has(nodes[i])) continue;
    if (left) needed.add(left);
    if (right) needed.add(right);
  }
  return nodes.filter((node) => needed.has(node));
}

/** A function's outputs as they are computed from its inputs. */
export class Program {
  /** How many operations depend on the inputs, and how many do not. */
  readonly varying: number;
  readonly uniform: number;
  /** A tape: numbers, what does not depend on the inputs, what does. */
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #data: Float64Array<ArrayBuffer>;
  /** Runs of operations that are computed together: first slot and count of each. */
  readonly #runs: Uint32Array<ArrayBuffer>;
  readonly #firstOperation: number;
  readonly #firstVarying: number;
  readonly #inputs: readonly { slot: number; input: number }[];
  readonly #leaves: readonly { slot: number; leaf: Leaf }[];
  readonly #outputs: readonly Node[];
  readonly #sums: readonly Node[];
  readonly #outputSlots: Int32Array;
  readonly #operations: readonly Node[];
  readonly #inputCount: number;
  /** The count of changes to leaves for which the uniform part is computed. */
  #computedAt = -1;
  #batch: { words: Uint32Array<ArrayBuffer>; scratch: Float64Array<ArrayBuffer> } | undefined;

  /**
   * @param trace Where the function is recorded.
   * @param outputs What it gave.
   * @param sums What is to be added up over rows.
   * @param isCaptured Whether a leaf is one that the function did not make itself: its number is asked for at each call.
   */
  constructor(
    trace: Trace,
    outputs: readonly Operand[],
    sums: readonly Operand[],
    isCaptured: (leaf: Leaf) => boolean,
  ) {
    const [nodes, ends] = nodesOf(trace, [...outputs, ...sums], isCaptured), live = reachable(nodes.all, ends);
    const numbers = live.filter(({ op }) => op === Op.leaf), operations = live.filter(({ op }) => op !== Op.leaf);
    const uniform = operations.filter(({ varies }) => !varies);
    this.#operations = operations.filter(({ varies }) => varies);
    const { ordered: varying, runs } = inRuns(this.#operations), ordered = [...numbers, ...uniform, ...varying];
    ordered.forEach((node, slot) => node.id = slot);
    this.#runs = new Uint32Array(runs.flatMap((run) => [run[0].id, run.length]));
    this.#words = new Int32Array(
      ordered.flatMap(({ op, left, right }) =>
        left === undefined ? [Op.leaf, -1] : [op | left.id << 8, right?.id ?? 0]
      ),
    );
    const range = [numbers.length + uniform.length, ordered.length] as const;
    unwrap(native.gradus_program_check(this.#words, this.#runs, runs.length, ...range), "compile a function");
    this.#data = Float64Array.from(ordered, ({ source }) => typeof source === "number" ? source : NaN);
    this.uniform = uniform.length;
    this.varying = this.#operations.length;
    this.#firstOperation = numbers.length;
    this.#firstVarying = numbers.length + uniform.length;
    this.#leaves = numbers.flatMap(({ source, id }) => source instanceof Leaf ? { slot: id, leaf: source } : []);
    this.#inputs = numbers.flatMap(({ source, id }) =>
      typeof source === "object" && "input" in source ? { slot: id, input: source.input } : []
    );
    this.#outputs = ends.slice(0, outputs.length);
    this.#sums = ends.slice(outputs.length);
    this.#outputSlots = Int32Array.from(ends, ({ id }) => id);
    this.#inputCount = trace.unknowns.length;
  }

  /** Computes the outputs for one input: they can be read with `output` until the next run. */
  run(x: ArrayLike<number>): void {
    const data = this.#data;
    for (const { slot, input } of this.#inputs) data[slot] = x[input];
    this.#computeUniform();
    const runs = this.#runs, from = this.#firstVarying, to = data.length;
    unwrap(native.gradus_program_once(data, this.#words, runs, runs.length / 2, from, to), "run a compiled function");
  }

  output(index: number): number {
    return this.#data[this.#outputSlots[index]];
  }

  /** So many outputs, from one on. */
  outputs(from: number, count: number): number[] {
    const numbers: number[] = new Array(count);
    for (let i = 0; i < count; i++) numbers[i] = this.#data[this.#outputSlots[from + i]];
    return numbers;
  }

  /** The outputs (rows, outputs) of inputs (rows, inputs), then the sums. */
  runRows(x: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    const rows = x.length / this.#inputCount, y = new Float64Array(rows * this.#outputs.length + this.#sums.length);
    this.#computeUniform();
    const { words, scratch } = this.#batch ??= this.#toBatch();
    unwrap(native.gradus_program_run(y, x, words, this.#data, scratch, rows), "run a compiled function");
    return y;
  }

  /** The leaves that it asks for their numbers. */
  get leaves(): Leaf[] {
    return this.#leaves.map(({ leaf }) => leaf);
  }

  /** Whether two programs compute the same, from the same leaves. */
  equals(other: Program): boolean {
    const isSame = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      a.length === b.length && Array.prototype.every.call(a, (x, i) => Object.is(x, b[i]));
    const constants = (program: Program) => program.#data.subarray(0, program.#firstOperation);
    return isSame(this.#words, other.#words) && isSame(constants(this), constants(other)) &&
      isSame(this.#outputSlots, other.#outputSlots) &&
      isSame(this.#inputs.map(({ input }) => input), other.#inputs.map(({ input }) => input)) &&
      this.#leaves.every(({ leaf }, i) => leaf === other.#leaves[i].leaf);
  }

  /** What does not depend on the inputs, if the number of any leaf was set since the last time. */
  #computeUniform(): void {
    if (this.#computedAt === Leaf.changes) return;
    for (const { slot, leaf } of this.#leaves) this.#data[slot] = leaf.data;
    const from = this.#firstOperation, to = this.#firstVarying;
    unwrap(native.gradus_value_forward(this.#data, this.#words, from, to), "run a compiled function");
    this.#computedAt = Leaf.changes;
  }

  /** The program for many rows: registers are used again when what they hold is needed no more. */
  #toBatch(): { words: Uint32Array<ArrayBuffer>; scratch: Float64Array<ArrayBuffer> } {
    const lastUse = new Map<Node, number>();
    this.#operations.forEach(({ left, right }, i) => [left, right].forEach((node) => node && lastUse.set(node, i)));
    for (const node of [...this.#outputs, ...this.#sums]) lastUse.set(node, Infinity);

    const register = new Map<Node, number>(), free: number[] = [];
    let count = 0;
    const assign = (node: Node): number => {
      const next = free.pop() ?? count++;
      register.set(node, next);
      return next;
    };
    const operand = (node: Node): number => node.varies ? register.get(node)! : UNIFORM + node.id;

    const inputs: number[] = new Array(this.#inputCount).fill(UNUSED);
    for (const node of lastUse.keys()) {
      if (typeof node.source === "object" && "input" in node.source) inputs[node.source.input] = assign(node);
    }
    const operations = this.#operations.flatMap((node, i) => {
      // Before the registers of its operands are free: no operation writes what it reads.
      const to = assign(node), left = operand(node.left!), right = node.right ? operand(node.right) : 0;
      for (const used of new Set([node.left!, node.right ?? node.left!])) {
        if (used.varies && lastUse.get(used) === i) free.push(register.get(used)!);
      }
      if (!lastUse.has(node)) free.push(to);
      return [node.op + to * 256, left, right];
    });
    const { fewest, most, bytes } = STRIPS, fitting = Math.floor(bytes / 64 / Math.max(1, count)) * 8;
    const strip = Math.min(most, Math.max(fewest, fitting));
    const outputs = this.#outputs.map(operand), sums = this.#sums.map(operand);
    const counts = [this.#operations.length, count, this.#firstVarying, inputs.length, outputs.length, sums.length];
    return {
      words: new Uint32Array([...counts, strip, ...inputs, ...outputs, ...sums, ...operations]),
      scratch: new Float64Array(count * strip + 8 * sums.length + 8),
    };
  }
}
