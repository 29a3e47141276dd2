/**
 * Whether `backward()` gives the derivatives that differences of the function itself give. What to do about it is left
 * to the caller: the report says, it does not throw.
 *
 * Each derivative is differenced twice, over ±h and ±h/2, and the two are combined so that their errors in h² cancel
 * (L. F. Richardson, 1911).
 */
import { GradusError } from "./error.ts";
import { checkNumber, checkOptions, nonNegativeRange, positiveRange, shown } from "./options.ts";
import { Tensor } from "./tensor.ts";
import { Value } from "./value.ts";

/** How `checkGradients` compares. */
export interface CheckGradientsOptions {
  /**
   * How far inputs are moved, for each as a multiple of max(1, |input|). Default: ∛ε = 6.06e-6, for functions of
   * float64. A function that computes in float32 inside, such as a network of that type, needs about 1e-2, and
   * tolerances to match.
   */
  step?: number;
  /** What a derivative may be off by, as a part of the larger of the two. Default: 1e-6. */
  relativeTolerance?: number;
  /** What a derivative may be off by in any case. Default: 1e-8. */
  absoluteTolerance?: number;
}

/** The derivative of a function by one of its inputs, as `checkGradients` found it. */
export interface GradientEntry {
  /** The number of the input, from 0. */
  readonly index: number;
  /** What `backward()` gives. */
  readonly analytic: number;
  /** What differences give. */
  readonly numeric: number;
  /** |analytic − numeric|; NaN or infinite where one of them is. */
  readonly error: number;
  /** What `error` may be at most: relativeTolerance·max(|analytic|, |numeric|) + absoluteTolerance + rounding. */
  readonly allowed: number;
}

/** What `checkGradients` found. */
export interface GradientReport {
  /** Whether every derivative is as near to its differences as is allowed. */
  readonly passed: boolean;
  /** The entry whose error is largest, as a part of what is allowed. */
  readonly worst: GradientEntry;
  /** One for each input, in their order. */
  readonly entries: readonly GradientEntry[];
  /** One line that says whether the check has passed, and names the worst entry. */
  toString(): string;
}

/**
 * Compares the derivatives that `backward()` gives for f(inputs) with differences of f around `inputs`.
 *
 * For input x and h = step·max(1, |x|), with D(h) = (f(x + h) − f(x − h)) / 2h, the difference is (4·D(h/2) − D(h)) /
 * 3, whose error is in h⁴. f must therefore be smooth from x − h to x + h; at a kink the two may rightly differ. To the
 * tolerances is added what the rounding of f(x ± h) can do to the difference: 4·ε·|f| / h.
 *
 * f is called twice with the inputs and four times more for each of them, with fresh values each time. Values from
 * elsewhere that it uses receive gradients, as from any `backward()`.
 *
 * @param f A function of values, which gives the same for the same numbers.
 * @param inputs The numbers at which it is checked.
 *
 * @example A formula, and one whose gradient someone has cut
 * ```ts
 * import { checkGradients, Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const right = checkGradients(([a, b]) => a.mul(b).tanh(), [0.5, -2]);
 * assertEquals(right.passed, true);
 *
 * const wrong = checkGradients(([a, b]) => a.mul(b.detach()).tanh(), [0.5, -2]);
 * assertEquals([wrong.passed, wrong.worst.index], [false, 1]);
 * console.log(String(wrong)); // failed: the derivative by input 1 is 0, differences give 0.2099…, …
 * ```
 * @throws {GradusError} With code `"argument"` if f does not return a `Value` or gives different numbers for the same
 * inputs, or if these are not finite numbers; with code `"numeric"` if f gives NaN or infinity there or a step away.
 */
export function checkGradients(
  f: (inputs: Value[]) => Value,
  inputs: readonly number[],
  options?: CheckGradientsOptions,
): GradientReport;
/** Of a function of tensors of float64: of each of their elements; the result is a single element, or is summed up. */
export function checkGradients(
  f: (inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options?: CheckGradientsOptions,
): GradientReport;
export function checkGradients(
  f: ((inputs: Value[]) => Value) | ((inputs: Tensor[]) => Tensor),
  inputs: readonly number[] | readonly Tensor[],
  options: CheckGradientsOptions = {},
): GradientReport {
  checkOptions("the options of checkGradients", options, ["step", "relativeTolerance", "absoluteTolerance"]);
  const step = checkNumber("the step", options.step ?? Math.cbrt(Number.EPSILON), positiveRange);
  const relative = checkNumber("the relative tolerance", options.relativeTolerance ?? 1e-6, nonNegativeRange);
  const absolute = checkNumber("the absolute tolerance", options.absoluteTolerance ?? 1e-8, nonNegativeRange);
  const isOfTensors = Array.isArray(inputs) && inputs[0] instanceof Tensor;
  const { numbers, valueAt, gradientAt } = isOfTensors
    ? functionOfTensors(f as (inputs: Tensor[]) => Tensor, inputs as readonly Tensor[])
    : functionOfValues(f as (inputs: Value[]) => Value, inputs as readonly number[]);
  const { value, gradient } = gradientAt(numbers), first = finite(value, "at these inputs", "a finite number");
  const second = valueAt(numbers);
  if (second !== first) {
    throw cannot(
      "argument",
      `it gives ${first} and then ${second} for the same inputs, a function of nothing but its inputs is needed`,
    );
  }

  const entries = gradient.map((analytic, index): GradientEntry => {
    const x = numbers[index], h = step * Math.max(1, Math.abs(x));
    let largest = 0;
    const at = (moved: number): number => {
      const where = `where input ${index} is ${moved} instead of ${x}`;
      const y = finite(valueAt(numbers.with(index, moved)), where, "a finite number or a smaller step");
      largest = Math.max(largest, Math.abs(y));
      return y;
    };
    // Divided by what x has really been moved by: x ± h is rounded.
    const slope = (h: number): number => (at(x + h) - at(x - h)) / ((x + h) - (x - h));
    const numeric = (4 * slope(h / 2) - slope(h)) / 3;
    const size = Math.max(Math.abs(analytic), Math.abs(numeric));
    const rounding = 4 * Number.EPSILON * largest / h;
    return {
      index,
      analytic,
      numeric,
      error: Math.abs(analytic - numeric),
      allowed: relative * size + absolute + rounding,
    };
  });
  return reportOf(entries);
}

/** A function of numbers, as it is checked, and where. */
interface NumberFunction {
  readonly numbers: readonly number[];
  readonly valueAt: (numbers: readonly number[]) => number;
  readonly gradientAt: (numbers: readonly number[]) => { value: number; gradient: number[] };
}

function functionOfValues(f: (inputs: Value[]) => Value, numbers: readonly number[]): NumberFunction {
  checkInputs(numbers);
  const call = (values: Value[]): Value => {
    const result: unknown = f(values.slice());
    if (result instanceof Value) return result;
    throw cannot("argument", `it returns ${shown(result)}, a Value is needed`);
  };
  const valuesOf = (numbers: readonly number[]) => numbers.map((number) => new Value(number));
  return {
    numbers,
    valueAt: (numbers) => call(valuesOf(numbers)).data,
    gradientAt: (numbers) => {
      const values = valuesOf(numbers), result = call(values), value = result.data;
      if (Number.isFinite(value)) result.backward();
      return { value, gradient: values.map(({ grad }) => grad) };
    },
  };
}

/** All elements of the tensors are the numbers. */
function functionOfTensors(f: (inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): NumberFunction {
  const wrong = inputs.findIndex((input) => !(input instanceof Tensor) || input.dtype !== "float64");
  if (wrong >= 0) {
    const input: unknown = inputs[wrong], found = input instanceof Tensor ? `of ${input.dtype}` : shown(input);
    throw cannot("argument", `input ${wrong} is ${found}, a tensor of float64 is needed`);
  }
  const numbers = inputs.flatMap((input) => [...input.toTypedArray() as Float64Array]);
  checkInputs(numbers);
  const tensorsOf = (numbers: readonly number[]): Tensor[] => {
    let at = 0;
    return inputs.map(({ shape, size }) => {
      const data = Float64Array.from(numbers.slice(at, at += size));
      return Tensor.from(data, { shape, requiresGrad: true });
    });
  };
  const call = (tensors: Tensor[]): Tensor => {
    const result: unknown = f(tensors.slice());
    if (result instanceof Tensor) return result.sum();
    throw cannot("argument", `it returns ${shown(result)}, a Tensor is needed`);
  };
  return {
    numbers,
    valueAt: (numbers) => call(tensorsOf(numbers)).item(),
    gradientAt: (numbers) => {
      const tensors = tensorsOf(numbers), result = call(tensors);
      if (result.requiresGrad && Number.isFinite(result.item())) result.backward();
      const gradient = tensors.flatMap(({ grad, size }) =>
        grad === null ? new Array<number>(size).fill(0) : [...grad.toTypedArray() as Float64Array]
      );
      return { value: result.item(), gradient };
    },
  };
}

/** How bad an entry is: passed up to 1. Not a number is worst. */
function badness({ error, allowed }: GradientEntry): number {
  if (error === 0) return 0;
  const part = error / allowed;
  return Number.isNaN(part) ? Infinity : part;
}

function reportOf(entries: readonly GradientEntry[]): GradientReport {
  const worst = entries.reduce((a, b) => badness(b) > badness(a) ? b : a);
  const passed = badness(worst) <= 1;
  const { index, analytic, numeric, error, allowed } = worst;
  const line = `${passed ? "passed: at worst, " : "failed: "}the derivative by input ${index} is ${analytic}, ` +
    `differences give ${numeric}, off by ${error.toPrecision(2)} where ${allowed.toPrecision(2)} is allowed`;
  return { passed, worst, entries, toString: () => line };
}

function checkInputs(inputs: readonly number[]): void {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    const what = Array.isArray(inputs) ? "an empty array" : shown(inputs);
    throw cannot("argument", `its inputs are ${what}, an array of at least one number is needed`);
  }
  const wrong = inputs.findIndex((input) => !Number.isFinite(input));
  if (wrong < 0) return;
  throw cannot("argument", `input ${wrong} is ${shown(inputs[wrong])}, a finite number is needed`);
}

function finite(y: number, where: string, needed: string): number {
  if (Number.isFinite(y)) return y;
  throw cannot("numeric", `it gives ${y} ${where}, ${needed} is needed`);
}

function cannot(code: "argument" | "numeric", why: string): GradusError {
  return new GradusError(code, `Cannot check the gradients of f: ${why}`);
}
