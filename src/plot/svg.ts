/**
 * Pictures of graphs of values as SVG: an entry point of its own, since only it needs Graphviz, compiled to WebAssembly
 * and fetched from npm (`@viz-js/viz`, 1.2 MB) when this module is first imported.
 *
 * @example
 * ```ts
 * import { Value } from "@gradus/gradus";
 * import { toSvg } from "@gradus/gradus/plot";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const x = new Value(0.5, "x"), y = x.mul(3).tanh();
 * y.backward();
 * const svg = await toSvg(y); // Deno.writeTextFile("graph.svg", svg)
 * assertStringIncludes(svg, ">tanh</text>");
 * ```
 *
 * @module
 */
import { instance, type Viz } from "@viz-js/viz";
import { GradusError } from "../error.ts";
import type { Value } from "../value.ts";
import { type GraphOptions, toDot } from "./graph.ts";

export type { GraphDirection, GraphOptions } from "./graph.ts";

let graphviz: Promise<Viz> | undefined;

/** The length of the text from about 200 values on, and what then keeps Graphviz from searching for minutes. */
const LARGE = 20_000, forLarge = { nslimit: 1, nslimit1: 1, splines: "line" };

/**
 * The graph that leads to `root` as an SVG element: what `toDot` describes, arranged by Graphviz. The text begins with
 * `<svg`, so that it can stand in a page as well as in a file.
 *
 * Arranging a layered network of 1000 values takes about a second, in which the event loop stands still; a chain of 500
 * that uses the same 20 values throughout takes some seconds. From about 200 values on the arrows are straight.
 *
 * @throws {GradusError} If the graph has more than `maxNodes` values, was freed, or is too large for Graphviz.
 *
 * @example From top to bottom, with numbers of two digits
 * ```ts
 * import { expr, Value } from "@gradus/gradus";
 * import { toSvg } from "@gradus/gradus/plot";
 * import { assert } from "@std/assert";
 *
 * const a = new Value(2, "a"), b = new Value(-3, "b");
 * const svg = await toSvg(expr`relu(${a} * ${b} + 10)`, { rankdir: "TB", digits: 2 });
 * assert(svg.startsWith("<svg") && svg.includes(">relu</text>"));
 * ```
 */
export async function toSvg(root: Value, options: GraphOptions = {}): Promise<string> {
  const dot = toDot(root, options);
  const viz = await (graphviz ??= instance());
  try {
    const svg = viz.renderString(dot, { format: "svg", graphAttributes: dot.length < LARGE ? {} : forLarge });
    return svg.slice(svg.indexOf("<svg"));
  } catch (cause) {
    // Its memory may be in any state.
    graphviz = undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GradusError("argument", `Cannot draw the graph: Graphviz says "${why}", a smaller one is needed`, {
      cause,
    });
  }
}
