/**
 * Pictures of graphs of values, as text: the DOT language of Graphviz, and Mermaid. Drawing that text is left to svg.ts
 * and to the programs that read it.
 *
 * The picture is that of the notebook trace_graph of micrograd (A. Karpathy): a box for each value, an oval for each
 * operation, arrows from operands to results.
 */
import { GradusError } from "../error.ts";
import { checkName, checkNumber, checkOptions, countRange, shown } from "../options.ts";
import type { Operand, Place } from "../pass.ts";
import { placeOf, Value } from "../value.ts";

/** Where the arrows lead: from left to right, from top to bottom, or the other way. */
export type GraphDirection = "LR" | "TB" | "RL" | "BT";

/** What a picture of a graph shows. */
export interface GraphOptions {
  /** Where the arrows lead. Default: `"LR"`, from left to right. */
  rankdir?: GraphDirection;
  /** Digits after the point, 0 to 20. Default: 4. */
  digits?: number;
  /** How many values a picture may have at most. Default: 2000. */
  maxNodes?: number;
}

/** What is drawn for a value or a plain number. */
interface Node {
  /** The cells of its box: label, data and gradient, as far as it has them. */
  readonly cells: readonly string[];
  /** The operation that computes it, "" if none does. */
  readonly op: string;
  /** What it was computed from: numbers of nodes, which are all below its own. */
  readonly operands: number[];
}

const directions: readonly GraphDirection[] = ["LR", "TB", "RL", "BT"];

/**
 * The graph that leads to `root`, in the DOT language of Graphviz.
 *
 * Each value is a box with its label, if it has one, its data and its gradient; a plain number is a box with that
 * number alone, as it has no gradient. Each operation is an oval before its result. What is used several times is drawn
 * once, with an arrow for each use. Numbers that `digits` would show as 0, or that have more than 15 digits, are shown
 * with an exponent.
 *
 * @example
 * ```ts
 * import { toDot, Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const y = new Value(3, "x").square();
 * y.backward();
 * assertEquals(
 *   toDot(y),
 *   `digraph {
 *   rankdir=LR
 *   v0 [shape=record label="{ x | data 3.0000 | grad 6.0000 }"]
 *   v1 [shape=record label="{ data 9.0000 | grad 1.0000 }"]
 *   o1 [label="square"]
 *   o1 -> v1
 *   v0 -> o1
 * }
 * `,
 * );
 * ```
 * @throws {GradusError} If the graph has more than `maxNodes` values, or was freed.
 */
export function toDot(root: Value, options: GraphOptions = {}): string {
  const { rankdir, nodes } = graphOf(root, options);
  const lines = nodes.map(({ cells }, i) => {
    const label = cells.map((cell) => cell.replaceAll(/[\\"{}|<>]/g, "\\$&").replaceAll("&", "&amp;")).join(" | ");
    return `v${i} [shape=record label="{ ${label} }"]`;
  });
  nodes.forEach(({ op, operands }, i) => {
    if (op === "") return;
    lines.push(`o${i} [label="${op}"]`, `o${i} -> v${i}`, ...operands.map((operand) => `v${operand} -> o${i}`));
  });
  return `digraph {\n${[`rankdir=${rankdir}`, ...lines].map((line) => `  ${line}\n`).join("")}}\n`;
}

/**
 * The graph that leads to `root`, as a Mermaid flowchart: what many pages show that are written in Markdown. It has the
 * same boxes and arrows as {@linkcode toDot}. Mermaid itself refuses more than 500 arrows, unless it is configured
 * otherwise.
 *
 * @example
 * ```ts
 * import { toMermaid, Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const y = new Value(3, "x").square();
 * y.backward();
 * assertEquals(
 *   toMermaid(y, { digits: 1 }),
 *   `flowchart LR
 *   v0["x | data 3.0 | grad 6.0"]
 *   v1["data 9.0 | grad 1.0"]
 *   o1(["square"])
 *   o1 --> v1
 *   v0 --> o1
 * `,
 * );
 * ```
 * @throws {GradusError} If the graph has more than `maxNodes` values, or was freed.
 */
export function toMermaid(root: Value, options: GraphOptions = {}): string {
  const { rankdir, nodes } = graphOf(root, options);
  const lines = nodes.map(({ cells }, i) => {
    // Mermaid reads Markdown, HTML and its own commands within quotes: such characters are given by their codes.
    const label = cells.map((cell) => cell.replaceAll(/[^\p{L}\p{N} .+-]/gu, (c) => `#${c.codePointAt(0)};`));
    return `v${i}["${label.join(" | ")}"]`;
  });
  nodes.forEach(({ op, operands }, i) => {
    if (op === "") return;
    lines.push(`o${i}(["${op}"])`, `o${i} --> v${i}`, ...operands.map((operand) => `v${operand} --> o${i}`));
  });
  return `flowchart ${rankdir}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** The nodes of a graph, operands before results; and where its arrows lead. */
function graphOf(root: Value, options: GraphOptions): { rankdir: GraphDirection; nodes: Node[] } {
  if (!(root instanceof Value)) {
    throw new GradusError("argument", `Cannot draw the graph of ${shown(root)}: a Value is needed`);
  }
  checkOptions("the options of a picture", options, ["rankdir", "digits", "maxNodes"]);
  const rankdir = checkName("the rankdir", options.rankdir ?? "LR", directions);
  const digits = checkNumber("digits", options.digits ?? 4, {
    allows: (x) => Number.isInteger(x) && x >= 0 && x <= 20,
    words: "a whole number from 0 to 20",
  });
  const maxNodes = checkNumber("maxNodes", options.maxNodes ?? 2000, countRange);

  // A walk in depth with a stack of its own. Each value is met twice: first its operands are put on the stack above it,
  // and when these are done it becomes a node.
  const nodes: Node[] = [], numbers = new Places();
  let count = 0;
  const stack: Visit[] = [{ place: placeOf(root), operands: undefined }];
  while (stack.length > 0) {
    const visit = stack[stack.length - 1], { place } = visit;
    if (visit.operands === undefined) {
      if (numbers.get(place) !== undefined) {
        stack.pop();
        continue;
      }
      visit.operands = place.home.operandsAt(place.slot);
      count += 1 + visit.operands.filter((operand) => typeof operand === "number").length;
      if (count > maxNodes) {
        throw new GradusError(
          "argument",
          `Cannot draw the graph: it has more than ${maxNodes} values, a part of it or a larger maxNodes is needed`,
        );
      }
      // The last on the stack is the first to be visited.
      for (const operand of visit.operands.toReversed()) {
        if (typeof operand !== "number") stack.push({ place: operand, operands: undefined });
      }
      continue;
    }
    stack.pop();
    const operands = visit.operands.map((operand) => {
      if (typeof operand !== "number") return numbers.get(operand)!;
      return nodes.push({ cells: [`data ${digitsOf(operand, digits)}`], op: "", operands: [] }) - 1;
    });
    numbers.set(place, nodes.length);
    nodes.push({ cells: cellsOf(place, digits), op: place.home.opAt(place.slot), operands });
  }
  return { rankdir, nodes };
}

/** A value that is to become a node, and its operands, once these are on the way. */
interface Visit {
  readonly place: Place;
  operands: readonly Operand[] | undefined;
}

/** The numbers of the nodes of values. */
class Places {
  readonly #byHome = new Map<object, Map<number, number>>();

  get({ home, slot }: Place): number | undefined {
    return this.#byHome.get(home.identity)?.get(slot);
  }

  set({ home, slot }: Place, number: number): void {
    const slots = this.#byHome.get(home.identity);
    if (slots) slots.set(slot, number);
    else this.#byHome.set(home.identity, new Map([[slot, number]]));
  }
}

function cellsOf({ home, slot }: Place, digits: number): string[] {
  const label = home.labelAt(slot)?.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  const cells = [`data ${digitsOf(home.dataAt(slot), digits)}`, `grad ${digitsOf(home.gradAt(slot), digits)}`];
  return label ? [label, ...cells] : cells;
}

/** A number with so many digits after the point, with an exponent where that would hide it or be too long. */
function digitsOf(x: number, digits: number): string {
  const size = Math.abs(x), isHidden = size > 0 && size < 0.5 * 10 ** -digits;
  return isHidden || (size >= 1e15 && size < Infinity) ? x.toExponential(digits) : x.toFixed(digits);
}
