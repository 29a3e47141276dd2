/**
 * What functions can be differentiated of: values, or tensors, by what both can. How either records derivatives is left to
 * derivative.ts and tensor/autograd.ts.
 */
import { recordDerivatives } from "./derivative.ts";
import { GradusError } from "./error.ts";
import { shown } from "./options.ts";
import { differentiate, type Node, nodeOf, nodesBelow, plain, source, viewOf, withGrad } from "./tensor/autograd.ts";
import { isSameShape, shapeText } from "./tensor/layout.ts";
import { Tensor } from "./tensor.ts";
import { placeOf, Value, valueOf } from "./value.ts";

/** What is differentiated, and the weight that it has in a sum. */
export type Root<T> = readonly [root: T, weight: T | 1];

/** Things that can be differentiated. */
export interface Differentiable<T> {
  /** What one is called: "a Value". */
  readonly noun: string;
  readonly has: (x: unknown) => x is T;
  /** Calls a function so that it is recorded. */
  readonly record: (f: () => unknown) => unknown;
  /** An input as a place of its own in the graph, so that derivatives end there. */
  readonly input: (task: string, x: unknown) => T;
  /** A weight for an output, or a direction for an input. */
  readonly weight: (task: string, of: T, weight: unknown) => T;
  /** A weight for an output that can be differentiated by; its number does not matter. */
  readonly variable: (of: T) => T;
  /** The derivatives of Σ weight·root by the inputs. */
  readonly derivatives: (roots: readonly Root<T>[], inputs: readonly T[]) => T[];
  /** The derivatives of all that an output holds by the inputs. */
  readonly jacobian: (task: string, output: T, inputs: readonly T[]) => T[];
  /** Why an output is not a single number; undefined where it is. */
  readonly notSingle: (output: T) => string | undefined;
  /** What is computed of inputs, to be handed out: what has a gradient through nothing but these has none any more. */
  readonly handOut: (results: readonly T[], inputs: readonly T[]) => T[];
}

function valueFor(task: string, noun: string, x: unknown): Value {
  // Times 1 changes no bit, but is a place of its own in the graph.
  if (typeof x === "number") return new Value(x).mul(1);
  if (x instanceof Value) return x.mul(1);
  throw new GradusError("argument", `Cannot ${task}: ${noun} is ${shown(x)}, a Value or a number is needed`);
}

function derivativesOfValues(roots: readonly Root<Value>[], inputs: readonly Value[]): Value[] {
  const weighted = roots.map(([root, weight]) => [placeOf(root), weight === 1 ? 1 : placeOf(weight)] as const);
  return recordDerivatives(weighted, inputs.map(placeOf)).map(valueOf);
}

/** Values. */
export const ofValues: Differentiable<Value> = {
  noun: "a Value",
  has: (x) => x instanceof Value,
  record: (f) => f(),
  input: (task, x) => valueFor(task, "an input", x),
  weight: (task, _, x) => valueFor(task, "the direction", x),
  variable: () => new Value(1),
  derivatives: derivativesOfValues,
  jacobian: (_, output, inputs) => derivativesOfValues([[output, 1]], inputs),
  notSingle: () => undefined,
  handOut: (results) => [...results],
};

/** The inputs of functions that are being differentiated. */
const open = new WeakSet<Node>();

function inputTensor(task: string, x: unknown): Tensor {
  if (!(x instanceof Tensor)) {
    throw new GradusError("argument", `Cannot ${task}: an input is ${shown(x)}, a Tensor as the others is needed`);
  }
  if (!x.dtype.includes("float")) {
    throw new GradusError("argument", `Cannot ${task}: an input is of ${x.dtype}, floating point is needed`);
  }
  const input = source(x);
  open.add(nodeOf(input)!);
  return input;
}

function weightTensor(task: string, of: Tensor, x: unknown): Tensor {
  if (typeof x === "number" && of.size === 1) return Tensor.fullLike(of, x);
  if (x instanceof Tensor && isSameShape(x.shape, of.shape)) return x;
  const found = x instanceof Tensor ? `a tensor of shape ${shapeText(x.shape)}` : shown(x);
  throw new GradusError(
    "shape",
    `Cannot ${task}: the direction is ${found}, a tensor of shape ${shapeText(of.shape)} is needed`,
  );
}

function derivativesOfTensors(roots: readonly Root<Tensor>[], inputs: readonly Tensor[]): Tensor[] {
  const started = roots.flatMap(([root, weight]) => {
    const node = nodeOf(root);
    return node === undefined ? [] : [[node, weight === 1 ? Tensor.onesLike(root) : weight] as const];
  });
  const sources = inputs.map((input) => nodeOf(input)!);
  const gradients = differentiate(started, { createGraph: true, retainGraph: true, sources });
  return gradients.map((gradient, i) => gradient ?? Tensor.zerosLike(inputs[i]));
}

function jacobianOfTensor(output: Tensor, inputs: readonly Tensor[]): Tensor[] {
  const rows = Array.from({ length: output.size }, (_, k) => {
    const weight = Tensor.zerosLike(output);
    const { dtype, storage } = viewOf(weight);
    dtype.write(storage.array, k, 1);
    return derivativesOfTensors([[output, weight]], inputs);
  });
  return inputs.map((input, i) => {
    const shape = [...output.shape, ...input.shape];
    if (rows.length === 0) return Tensor.zeros(shape, { dtype: input.dtype });
    return Tensor.stack(rows.map((row) => row[i])).reshape(shape);
  });
}

/** Whether a gradient of it goes to a leaf, or to an input of a function that is still being differentiated. */
const leadsOut = (tensor: Tensor) => [...nodesBelow(tensor)].some((node) => node.isLeaf || open.has(node));

/** Tensors. */
export const ofTensors: Differentiable<Tensor> = {
  noun: "a Tensor",
  has: (x) => x instanceof Tensor,
  record: (f) => withGrad(true, f),
  input: inputTensor,
  weight: weightTensor,
  variable: (of) => {
    const variable = source(Tensor.onesLike(of));
    open.add(nodeOf(variable)!);
    return variable;
  },
  derivatives: derivativesOfTensors,
  jacobian: (_, output, inputs) => jacobianOfTensor(output, inputs),
  notSingle: ({ shape, size }) => size === 1 ? undefined : `a tensor of shape ${shapeText(shape)}`,
  handOut: (results, inputs) => {
    for (const input of inputs) open.delete(nodeOf(input)!);
    return results.map((result) => leadsOut(result) ? result : plain(viewOf(result)));
  },
};
