/**
 * A picture of a graph: what an expression is made of, with the numbers that flowed up through it and the derivatives
 * that came back. The text is in the DOT language, which Graphviz draws; `toSvg` of "@gradus/gradus/plot" does it here
 * and now.
 *
 *     deno task example examples/graph.ts
 *
 * ```text
 * digraph {
 *   rankdir=LR
 *   v0 [shape=record label="{ x | data 2.0000 | grad -1.4608 }"]
 *   v1 [shape=record label="{ w | data -3.0000 | grad 0.9738 }"]
 *   v2 [shape=record label="{ data -6.0000 | grad 0.4869 }"]
 *   v3 [shape=record label="{ b | data 6.9000 | grad 0.4869 }"]
 *   v4 [shape=record label="{ data 0.9000 | grad 0.4869 }"]
 *   v5 [shape=record label="{ y | data 0.7163 | grad 1.0000 }"]
 *   o2 [label="mul"]
 *   o2 -> v2
 *   v0 -> o2
 *   v1 -> o2
 *   o4 [label="add"]
 *   o4 -> v4
 *   v2 -> o4
 *   v3 -> o4
 *   o5 [label="tanh"]
 *   o5 -> v5
 *   v4 -> o5
 * }
 * ```
 */
import { expr, toDot, Value } from "@gradus/gradus";

// A neuron: inputs times weights, a bias, and tanh.
const x = new Value(2, "x"), w = new Value(-3, "w"), b = new Value(6.9, "b");
const y = expr`tanh(${x} * ${w} + ${b})`;
y.label = "y";
y.backward();
console.log(toDot(y));

// Against the arrows, each box hands its gradient on, times the derivative of the operation between: tanh' = 1 − y².
const [sum] = y.operands;
if (Math.abs(sum.grad - (1 - y.data ** 2)) > 1e-15) throw new Error("This is not the derivative of tanh");
