/**
 * Derivatives of functions: each takes a function of values, or of tensors, and gives another one, which can be differentiated in
 * its turn. How a derivative is recorded is left to differentiable.ts.
 *
 * Names and meaning are those of JAX and torch.func.
 */
import { type Differentiable, ofTensors, ofValues } from "./differentiable.ts";
import { GradusError } from "./error.ts";
import { shown } from "./options.ts";
import { checkAxis, shapeText } from "./tensor/layout.ts";
import { Tensor } from "./tensor.ts";
import type { Value } from "./value.ts";

/** What a function of one value is given. */
export type Input = Value | number;

/** What a function of a list of values is given. */
export type Inputs = readonly Input[];

/** What is differentiated: the same functions are of values and of tensors. */
type Variable = Value | Tensor;

type OneOrList = Variable | Variable[];

/** A function as it is given, and what it is called with. */
// deno-lint-ignore no-explicit-any
type AnyFunction = (x: any) => any;

/** What takes weights or a direction, too. */
// deno-lint-ignore no-explicit-any
type AnyWeighted = (x: any, weights: any) => any;

type Given = Input | Tensor | readonly (Input | Tensor)[];

/** f at an input: what stands for it, what f gave, whether each of the two is a list, and of what they are. */
interface Application<T> {
  kind: Differentiable<T>;
  inputs: T[];
  outputs: T[];
  inputIsList: boolean;
  outputIsList: boolean;
}

/** Calls f with inputs of its own, so that derivatives end there, whatever else f knows and depends on the same inputs. */
function applied(task: string, f: AnyFunction, x: Given): Application<Variable> {
  if (typeof f !== "function") {
    throw new GradusError(
      "argument",
      `Cannot ${task}: it is of ${shown(f)}, a function of values or tensors is needed`,
    );
  }
  if (f.length > 1) {
    throw new GradusError(
      "argument",
      `Cannot ${task}: the function has ${f.length} arguments, one is needed: a value, or a list of values, ([a, b]) => …`,
    );
  }
  const inputIsList = Array.isArray(x), given = (inputIsList ? x : [x]) as readonly unknown[];
  const isOfTensors = given.some((input) => input instanceof Tensor);
  const kind = (isOfTensors ? ofTensors : ofValues) as Differentiable<Variable>;
  const inputs = given.map((input) => kind.input(task, input));
  const y = kind.record(() => f(inputIsList ? [...inputs] : inputs[0]));
  const outputIsList = Array.isArray(y), outputs: Variable[] = outputIsList ? [...y] : [y as Variable];
  outputs.forEach((output) => {
    if (kind.has(output)) return;
    throw new GradusError("argument", `Cannot ${task}: the function gave ${shown(output)}, ${kind.noun} is needed`);
  });
  return { kind, inputs, outputs, inputIsList, outputIsList };
}

/** What f gave, where it has to be a single number. */
function only(task: string, { kind, outputs, outputIsList }: Application<Variable>): Variable {
  const found = outputIsList ? "a list" : kind.notSingle(outputs[0]);
  if (found === undefined) return outputs[0];
  const needed = kind === ofValues as unknown
    ? "a single Value is needed; jacobian() takes lists"
    : "a single element is needed; jacobian() takes more";
  throw new GradusError("argument", `Cannot ${task}: the function gave ${found}, ${needed}`);
}

/** A list as it is, or its only element. */
function unlisted<T>(isList: boolean, list: T[]): T | T[] {
  return isList ? list : list[0];
}

/** As many weights as there are outputs, or directions as there are inputs. */
function weightsLike(
  task: string,
  kind: Differentiable<Variable>,
  of: readonly Variable[],
  isList: boolean,
  weights: unknown,
): Variable[] {
  const list = isList ? weights : [weights];
  if (!Array.isArray(list) || list.length !== of.length) {
    const found = Array.isArray(list) ? `a list of ${list.length}` : shown(weights);
    throw new GradusError(
      "shape",
      `Cannot ${task}: the direction is ${found}, ${isList ? `a list of ${of.length}` : "one"} is needed`,
    );
  }
  return list.map((weight, i) => kind.weight(task, of[i], weight));
}

/**
 * The derivative of a function of one value, or the gradient of a function of a list of values, as a function.
 *
 * What it gives are values again, so derivatives of any order come from applying it again. Nothing is added to the `grad`
 * of any value. Of a network without a graph (`MLP.forward`) only numbers are known: in a function it is refused.
 *
 * What does not depend on an input has the derivative 0, also where it is multiplied by infinity.
 *
 * @param f A function that gives one value: of a list of values, `([a, b]) => …`, or of one value, whose type has to be said:
 * `(x: Value) => …`.
 *
 * @example Derivatives of x³
 * ```ts
 * import { grad, type Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const f = (x: Value) => x.pow(3);
 * assertEquals(grad(f)(2).data, 12); // 3x²
 * assertEquals(grad(grad(f))(2).data, 12); // 6x
 * assertEquals(grad(grad(grad(f)))(2).data, 6);
 * ```
 *
 * @example The gradient of a function of two values
 * ```ts
 * import { grad } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const gradient = grad(([a, b]) => a.mul(b).add(a.square()));
 * assertEquals(gradient([3, 5]).map(Number), [11, 3]); // b + 2a, a
 * ```
 * @throws {GradusError} When called: if f gives anything but one value, or an input is neither a value nor a number.
 */
export function grad(f: (x: Value[]) => Value): (x: Inputs) => Value[];
/** Of a function of one value. */
export function grad(f: (x: Value) => Value): (x: Input) => Value;
/** Of a function of one tensor, which gives one of a single element. */
export function grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor;
/** Of a function of a list of tensors. */
export function grad(f: (x: Tensor[]) => Tensor): (x: readonly Tensor[]) => Tensor[];
export function grad(f: AnyFunction): AnyFunction {
  const both = valueAndGrad(f) as AnyFunction;
  return (x: Given) => both(x)[1];
}

/**
 * As {@linkcode grad}, with the value of the function before it.
 *
 * @example
 * ```ts
 * import { valueAndGrad } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const [value, gradient] = valueAndGrad(([a, b]) => a.mul(b))([3, 5]);
 * assertEquals([value.data, ...gradient.map(Number)], [15, 5, 3]);
 * ```
 */
export function valueAndGrad(f: (x: Value[]) => Value): (x: Inputs) => [value: Value, gradient: Value[]];
/** Of a function of one value. */
export function valueAndGrad(f: (x: Value) => Value): (x: Input) => [value: Value, gradient: Value];
/** Of a function of one tensor. */
export function valueAndGrad(f: (x: Tensor) => Tensor): (x: Tensor) => [value: Tensor, gradient: Tensor];
/** Of a function of a list of tensors. */
export function valueAndGrad(
  f: (x: Tensor[]) => Tensor,
): (x: readonly Tensor[]) => [value: Tensor, gradient: Tensor[]];
export function valueAndGrad(f: AnyFunction): AnyFunction {
  const task = "form a gradient";
  return (x: Given): [Variable, OneOrList] => {
    const application = applied(task, f, x), y = only(task, application), { kind, inputs, inputIsList } = application;
    const [value, ...gradient] = kind.handOut([y, ...kind.derivatives([[y, 1]], inputs)], inputs);
    return [value, unlisted(inputIsList, gradient)];
  };
}

/**
 * The derivatives of all outputs of a function by all its inputs: entry [i][j] is ∂fᵢ/∂xⱼ. Where the function is of one
 * value, or gives one value, that index is left out.
 *
 * It takes one backward pass for each output.
 *
 * @example
 * ```ts
 * import { jacobian } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const polar = jacobian(([r, phi]) => [r.mul(phi.cos()), r.mul(phi.sin())]);
 * assertEquals(polar([2, 0]).map((row) => row.map(Number)), [[1, 0], [0, 2]]);
 * ```
 */
export function jacobian(f: (x: Value[]) => Value[]): (x: Inputs) => Value[][];
/** Of a function of one value, which gives a list. */
export function jacobian(f: (x: Value) => Value[]): (x: Input) => Value[];
/** Of a function of a list of values, which gives one value. */
export function jacobian(f: (x: Value[]) => Value): (x: Inputs) => Value[];
/** Of a function of one value, which gives one value. */
export function jacobian(f: (x: Value) => Value): (x: Input) => Value;
/** Of a function of one tensor, which gives one: it has the axes of the output, then those of the input. */
export function jacobian(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor;
/** Of a function of a list of tensors, which gives one. */
export function jacobian(f: (x: Tensor[]) => Tensor): (x: readonly Tensor[]) => Tensor[];
/** Of a function of one tensor, which gives a list. */
export function jacobian(f: (x: Tensor) => Tensor[]): (x: Tensor) => Tensor[];
/** Of a function of a list of tensors, which gives a list. */
export function jacobian(f: (x: Tensor[]) => Tensor[]): (x: readonly Tensor[]) => Tensor[][];
export function jacobian(f: AnyFunction): AnyFunction {
  const task = "form a Jacobian";
  return (x: Given): OneOrList | Variable[][] => {
    const { kind, inputs, outputs, inputIsList, outputIsList } = applied(task, f, x);
    const rows = outputs.map((y) => kind.jacobian(task, y, inputs));
    return unlisted(
      outputIsList,
      rows.map((row) => unlisted(inputIsList, kind.handOut(row, inputs))),
    ) as Variable[][];
  };
}

/**
 * The second derivatives of a function that gives one value: entry [i][j] is ∂²f/∂xᵢ∂xⱼ; of a function of one value, its
 * second derivative.
 *
 * @example
 * ```ts
 * import { hessian } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const h = hessian(([x, y]) => x.square().mul(y));
 * assertEquals(h([3, 5]).map((row) => row.map(Number)), [[10, 6], [6, 0]]); // 2y, 2x; 2x, 0
 * ```
 */
export function hessian(f: (x: Value[]) => Value): (x: Inputs) => Value[][];
/** Of a function of one value. */
export function hessian(f: (x: Value) => Value): (x: Input) => Value;
/** Of a function of one tensor: it has the axes of the input twice. */
export function hessian(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor;
/** Of a function of a list of tensors. */
export function hessian(f: (x: Tensor[]) => Tensor): (x: readonly Tensor[]) => Tensor[][];
export function hessian(f: AnyFunction): AnyFunction {
  return jacobian(grad(f));
}

/**
 * A function's value and the derivatives of its inputs, weighted: [f(x), uᵀ·J], the entries of which are Σᵢ uᵢ·∂fᵢ/∂xⱼ. One
 * backward pass, however many outputs there are.
 *
 * @example
 * ```ts
 * import { vjp } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const [, gradient] = vjp(([a, b]) => [a.mul(b), a.add(b)])([3, 5], [1, 10]);
 * assertEquals(gradient.map(Number), [15, 13]); // b + 10, a + 10
 * ```
 */
export function vjp(f: (x: Value[]) => Value[]): (x: Inputs, u: Inputs) => [value: Value[], gradient: Value[]];
/** Of a function of one value, which gives a list. */
export function vjp(f: (x: Value) => Value[]): (x: Input, u: Inputs) => [value: Value[], gradient: Value];
/** Of a function of a list of values, which gives one value. */
export function vjp(f: (x: Value[]) => Value): (x: Inputs, u: Input) => [value: Value, gradient: Value[]];
/** Of a function of one value, which gives one value. */
export function vjp(f: (x: Value) => Value): (x: Input, u: Input) => [value: Value, gradient: Value];
/** Of a function of one tensor, which gives one. */
export function vjp(f: (x: Tensor) => Tensor): (x: Tensor, u: Tensor) => [value: Tensor, gradient: Tensor];
/** Of a function of a list of tensors, which gives one. */
export function vjp(
  f: (x: Tensor[]) => Tensor,
): (x: readonly Tensor[], u: Tensor) => [value: Tensor, gradient: Tensor[]];
/** Of a function of a list of tensors, which gives a list. */
export function vjp(
  f: (x: Tensor[]) => Tensor[],
): (x: readonly Tensor[], u: readonly Tensor[]) => [value: Tensor[], gradient: Tensor[]];
export function vjp(f: AnyFunction): AnyWeighted {
  const task = "form a vector-Jacobian product";
  return (x: Given, u: unknown): unknown => {
    const { kind, inputs, outputs, inputIsList, outputIsList } = applied(task, f, x);
    const weights = weightsLike(task, kind, outputs, outputIsList, u);
    const gradient = kind.derivatives(outputs.map((y, i) => [y, weights[i]] as const), inputs);
    return handedOut(kind, inputs, unlisted(outputIsList, outputs), unlisted(inputIsList, gradient));
  };
}

/**
 * A function's value and its derivative in the direction v: [f(x), J·v], the entries of which are Σⱼ ∂fᵢ/∂xⱼ·vⱼ. Two
 * passes, however many inputs and outputs there are.
 *
 * @example
 * ```ts
 * import { jvp } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const [value, slope] = jvp(([a, b]) => a.mul(b))([3, 5], [1, 10]);
 * assertEquals([value.data, slope.data], [15, 35]); // b + 10a
 * ```
 */
export function jvp(f: (x: Value[]) => Value[]): (x: Inputs, v: Inputs) => [value: Value[], slope: Value[]];
/** Of a function of one value, which gives a list. */
export function jvp(f: (x: Value) => Value[]): (x: Input, v: Input) => [value: Value[], slope: Value[]];
/** Of a function of a list of values, which gives one value. */
export function jvp(f: (x: Value[]) => Value): (x: Inputs, v: Inputs) => [value: Value, slope: Value];
/** Of a function of one value, which gives one value. */
export function jvp(f: (x: Value) => Value): (x: Input, v: Input) => [value: Value, slope: Value];
/** Of a function of one tensor, which gives one. */
export function jvp(f: (x: Tensor) => Tensor): (x: Tensor, v: Tensor) => [value: Tensor, slope: Tensor];
/** Of a function of a list of tensors, which gives one. */
export function jvp(
  f: (x: Tensor[]) => Tensor,
): (x: readonly Tensor[], v: readonly Tensor[]) => [value: Tensor, slope: Tensor];
/** Of a function of a list of tensors, which gives a list. */
export function jvp(
  f: (x: Tensor[]) => Tensor[],
): (x: readonly Tensor[], v: readonly Tensor[]) => [value: Tensor[], slope: Tensor[]];
export function jvp(f: AnyFunction): AnyWeighted {
  const task = "form a Jacobian-vector product";
  return (x: Given, v: unknown): unknown => {
    const { kind, inputs, outputs, inputIsList, outputIsList } = applied(task, f, x);
    const direction = weightsLike(task, kind, inputs, inputIsList, v);
    // uᵀ·J is linear in u, and its derivative by u, in the direction v, is J·v: what u is, does not matter.
    const u = outputs.map((y) => kind.variable(y));
    const pulled = kind.derivatives(outputs.map((y, i) => [y, u[i]] as const), inputs);
    const slope = kind.derivatives(pulled.map((gradient, j) => [gradient, direction[j]] as const), u);
    return handedOut(kind, [...inputs, ...u], unlisted(outputIsList, outputs), unlisted(outputIsList, slope));
  };
}

/**
 * The Hessian of a function that gives one value, times a vector v: Σⱼ ∂²f/∂xᵢ∂xⱼ·vⱼ. Two passes, however many inputs there
 * are: the Hessian is never formed.
 *
 * @example
 * ```ts
 * import { hvp } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const product = hvp(([x, y]) => x.square().mul(y));
 * assertEquals(product([3, 5], [1, 10]).map(Number), [70, 6]); // 2y + 10·2x, 2x
 * ```
 */
export function hvp(f: (x: Value[]) => Value): (x: Inputs, v: Inputs) => Value[];
/** Of a function of one value. */
export function hvp(f: (x: Value) => Value): (x: Input, v: Input) => Value;
/** Of a function of one tensor. */
export function hvp(f: (x: Tensor) => Tensor): (x: Tensor, v: Tensor) => Tensor;
/** Of a function of a list of tensors. */
export function hvp(f: (x: Tensor[]) => Tensor): (x: readonly Tensor[], v: readonly Tensor[]) => Tensor[];
export function hvp(f: AnyFunction): AnyWeighted {
  const task = "form a Hessian-vector product";
  return (x: Given, v: unknown): unknown => {
    const application = applied(task, f, x), { kind, inputs, inputIsList } = application;
    const direction = weightsLike(task, kind, inputs, inputIsList, v);
    const gradient = kind.derivatives([[only(task, application), 1]], inputs);
    const product = kind.derivatives(gradient.map((entry, j) => [entry, direction[j]] as const), inputs);
    return unlisted(inputIsList, kind.handOut(product, inputs));
  };
}

/** Two results, each one or a list, as they leave the function that is differentiated. */
function handedOut(
  kind: Differentiable<Variable>,
  inputs: readonly Variable[],
  ...results: OneOrList[]
): OneOrList[] {
  return results.map((result) => unlisted(Array.isArray(result), kind.handOut([result].flat(), inputs)));
}

/**
 * A function of one slice of a tensor, or of a list of tensors, as a function of the whole: it is called for each slice along an
 * axis, and what it gives is stacked; of a list, each. The slices are computed one after the other, so it is as fast as a loop;
 * gradients go through.
 *
 * @param axis That of the slices, and of the stack; 0 unless it is said.
 *
 * @example The norm of each row, and the gradient of each sample
 * ```ts
 * import { grad, Tensor, vmap } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const x = Tensor.from([[3, 4], [6, 8]]), w = Tensor.from([1, 2]);
 * const norms = vmap((row: Tensor) => row.square().sum().sqrt());
 * assertEquals(norms(x).toArray(), [5, 10]);
 * const slopes = vmap((row: Tensor) => grad((w: Tensor) => w.dot(row).square())(w));
 * assertEquals(slopes(x).toArray(), [[66, 88], [264, 352]]);
 * const dots = vmap(([a, b]: Tensor[]) => a.dot(b));
 * assertEquals(dots([x, x]).toArray(), [25, 100]);
 * ```
 * @throws {GradusError} When called: if there is no such axis, nothing along it, or the tensors have different sizes there.
 */
export function vmap(f: (slice: Tensor) => Tensor, axis?: number): (x: Tensor) => Tensor;
/** Of a function of a list of tensors. */
export function vmap(f: (slices: Tensor[]) => Tensor, axis?: number): (x: readonly Tensor[]) => Tensor;
/** Of a function that gives a list. */
export function vmap(f: (slice: Tensor) => Tensor[], axis?: number): (x: Tensor) => Tensor[];
/** Of a function of a list that gives a list. */
export function vmap(f: (slices: Tensor[]) => Tensor[], axis?: number): (x: readonly Tensor[]) => Tensor[];
export function vmap(f: AnyFunction, axis = 0): AnyFunction {
  const task = "map over slices";
  return (x: unknown) => {
    const inputIsList = Array.isArray(x), inputs = (inputIsList ? x : [x]) as readonly Tensor[];
    const wrong = inputs.findIndex((input) => !(input instanceof Tensor));
    if (typeof f !== "function" || wrong >= 0 || inputs.length === 0) {
      throw new GradusError(
        "argument",
        `Cannot ${task}: there are ${shown(f)} and ${
          inputs.length === 0 ? "no tensors" : shown(inputs[Math.max(wrong, 0)])
        }, a function and a tensor, or a list of them, are needed`,
      );
    }
    const length = lengthAlong(task, inputs, axis);
    const results = Array.from({ length }, (_, i): Tensor | Tensor[] => {
      const slices = inputs.map((input) => input.select(axis, i));
      return f(inputIsList ? slices : slices[0]);
    });
    const [first] = results;
    results.forEach((result, i) => checkAlike(task, first, result, i));
    if (!Array.isArray(first)) return Tensor.stack(results as Tensor[], axis);
    return first.map((_, k) => Tensor.stack((results as Tensor[][]).map((result) => result[k]), axis));
  };
}

/** Throws unless a function gives of slice i a tensor, or a list of as many as of the first. */
function checkAlike(task: string, first: unknown, result: unknown, i: number): void {
  const textOf = (result: unknown) => Array.isArray(result) ? `a list of ${result.length}` : shown(result);
  const wrong = [result].flat().find((one) => !(one instanceof Tensor));
  if (wrong !== undefined || result === undefined) {
    throw new GradusError(
      "argument",
      `Cannot ${task}: the function gave ${shown(wrong)} of slice ${i}, a tensor or a list of tensors is needed`,
    );
  }
  if (Array.isArray(first) === Array.isArray(result) && [first].flat().length === [result].flat().length) return;
  throw new GradusError(
    "argument",
    `Cannot ${task}: the function gave ${textOf(first)} of slice 0 and ${
      textOf(result)
    } of slice ${i}, alike ones are needed`,
  );
}

/** How many slices there are along an axis, of all tensors as many, one at least. */
function lengthAlong(task: string, inputs: readonly Tensor[], axis: number): number {
  const lengths = inputs.map(({ shape }) => shape[checkAxis(task, axis, shape.length)]), [length] = lengths;
  const odd = lengths.findIndex((other) => other !== length);
  if (odd >= 0) {
    throw new GradusError(
      "shape",
      `Cannot ${task} of tensors of shapes ${shapeText(inputs[0].shape)} and ${
        shapeText(inputs[odd].shape)
      }: axis ${axis} has ${length} and ${lengths[odd]}, as many are needed`,
    );
  }
  if (length > 0) return length;
  throw new GradusError(
    "shape",
    `Cannot ${task} of a tensor of shape ${shapeText(inputs[0].shape)}: there are none along axis ${axis}`,
  );
}
