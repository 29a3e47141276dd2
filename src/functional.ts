/**
 * Derivatives of functions: each takes a function of values and gives another one, which can be differentiated in its turn.
 * How a derivative is recorded is left to derivative.ts.
 *
 * Names and meaning are those of JAX and torch.func.
 */
import { recordDerivatives } from "./derivative.ts";
import { GradusError } from "./error.ts";
import { shown } from "./options.ts";
import type { Operand } from "./pass.ts";
import { placeOf, Value, valueOf } from "./value.ts";

/** What a function of one value is given. */
export type Input = Value | number;

/** What a function of a list of values is given. */
export type Inputs = readonly Input[];

type OneOrList = Value | Value[];

/** f at an input: the values that stand for it, those that f gave, and whether each of the two is a list. */
interface Application {
  inputs: Value[];
  outputs: Value[];
  inputIsList: boolean;
  outputIsList: boolean;
}

/** Calls f with values of its own, so that derivatives end there, whatever else f knows and depends on the same inputs. */
function applied(task: string, f: (x: never) => unknown, x: Input | Inputs): Application {
  if (typeof f !== "function") {
    throw new GradusError("argument", `Cannot ${task}: it is of ${shown(f)}, a function of values is needed`);
  }
  if (f.length > 1) {
    throw new GradusError(
      "argument",
      `Cannot ${task}: the function has ${f.length} arguments, one is needed: a value, or a list of values, ([a, b]) => …`,
    );
  }
  const inputIsList = Array.isArray(x);
  const inputs = (inputIsList ? x as Inputs : [x as Input]).map((input) => copyOf(task, input));
  const y = f((inputIsList ? [...inputs] : inputs[0]) as never);
  const outputIsList = Array.isArray(y), outputs = outputIsList ? [...y] : [y];
  outputs.forEach((output) => {
    if (output instanceof Value) return;
    throw new GradusError("argument", `Cannot ${task}: the function gave ${shown(output)}, a Value is needed`);
  });
  return { inputs, outputs, inputIsList, outputIsList };
}

/** A result with the same number: times 1, which changes no bit, but is a place of its own in the graph. */
function copyOf(task: string, input: unknown, noun = "an input"): Value {
  if (typeof input === "number") return new Value(input).mul(1);
  if (input instanceof Value) return input.mul(1);
  throw new GradusError("argument", `Cannot ${task}: ${noun} is ${shown(input)}, a Value or a number is needed`);
}

/** What f gave, where it has to be a single value. */
function only(task: string, { outputs, outputIsList }: Application): Value {
  if (!outputIsList) return outputs[0];
  throw new GradusError(
    "argument",
    `Cannot ${task}: the function gave a list, a single Value is needed; jacobian() takes lists`,
  );
}

/** The derivatives of Σ weight·root by the inputs. */
function derivativesOf(roots: readonly (readonly [Value, Operand])[], inputs: readonly Value[]): Value[] {
  return recordDerivatives(roots.map(([root, weight]) => [placeOf(root), weight]), inputs.map(placeOf)).map(valueOf);
}

/** A list as it is, or its only element. */
function unlisted<T>(isList: boolean, list: T[]): T | T[] {
  return isList ? list : list[0];
}

/** As many numbers or values as there are inputs, or outputs: a direction, or weights. */
function weightsLike(task: string, of: readonly Value[], isList: boolean, weights: Input | Inputs): Operand[] {
  const list = isList ? weights : [weights];
  if (!Array.isArray(list) || list.length !== of.length) {
    const found = Array.isArray(list) ? `a list of ${list.length}` : shown(weights);
    throw new GradusError(
      "shape",
      `Cannot ${task}: the direction is ${found}, ${isList ? `a list of ${of.length}` : "one"} is needed`,
    );
  }
  return list.map((weight) => typeof weight === "number" ? weight : placeOf(copyOf(task, weight, "the direction")));
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
export function grad(f: (x: never) => Value): (x: Input & Inputs) => OneOrList {
  const both = valueAndGrad(f as (x: Value) => Value);
  return (x) => both(x)[1];
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
export function valueAndGrad(f: (x: never) => Value): (x: Input & Inputs) => [Value, OneOrList] {
  const task = "form a gradient";
  return (x) => {
    const application = applied(task, f, x), value = only(task, application);
    const { inputs, inputIsList } = application;
    return [value, unlisted(inputIsList, derivativesOf([[value, 1]], inputs))];
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
export function jacobian(f: (x: never) => OneOrList): (x: Input & Inputs) => OneOrList | Value[][] {
  return (x) => {
    const { inputs, outputs, inputIsList, outputIsList } = applied("form a Jacobian", f, x);
    return unlisted(
      outputIsList,
      outputs.map((y) => unlisted(inputIsList, derivativesOf([[y, 1]], inputs))),
    ) as Value[][];
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
export function hessian(f: (x: never) => Value): (x: Input & Inputs) => Value | Value[][] {
  return jacobian(grad(f as (x: Value[]) => Value)) as (x: Inputs) => Value[][];
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
export function vjp(
  f: (x: never) => OneOrList,
): (x: Input & Inputs, u: Input & Inputs) => [OneOrList, OneOrList] {
  const task = "form a vector-Jacobian product";
  return (x, u) => {
    const { inputs, outputs, inputIsList, outputIsList } = applied(task, f, x);
    const weights = weightsLike(task, outputs, outputIsList, u);
    const gradient = derivativesOf(outputs.map((y, i) => [y, weights[i]] as const), inputs);
    return [unlisted(outputIsList, outputs), unlisted(inputIsList, gradient)];
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
export function jvp(
  f: (x: never) => OneOrList,
): (x: Input & Inputs, v: Input & Inputs) => [OneOrList, OneOrList] {
  const task = "form a Jacobian-vector product";
  return (x, v) => {
    const { inputs, outputs, inputIsList, outputIsList } = applied(task, f, x);
    const direction = weightsLike(task, inputs, inputIsList, v);
    // uᵀ·J is linear in u, and its derivative by u, in the direction v, is J·v: what u is, does not matter.
    const u = outputs.map(() => new Value(1));
    const pulled = derivativesOf(outputs.map((y, i) => [y, placeOf(u[i])] as const), inputs);
    const slope = derivativesOf(pulled.map((gradient, j) => [gradient, direction[j]] as const), u);
    return [unlisted(outputIsList, outputs), unlisted(outputIsList, slope)];
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
export function hvp(f: (x: never) => Value): (x: Input & Inputs, v: Input & Inputs) => OneOrList {
  const task = "form a Hessian-vector product";
  return (x, v) => {
    const application = applied(task, f, x), { inputs, inputIsList } = application;
    const direction = weightsLike(task, inputs, inputIsList, v);
    const gradient = derivativesOf([[only(task, application), 1]], inputs);
    const product = derivativesOf(gradient.map((entry, j) => [entry, direction[j]] as const), inputs);
    return unlisted(inputIsList, product);
  };
}
