/** Gradients of functions of tensors, and the gradients of these, against differences, in float64. */
import { assert, assertEquals } from "@std/assert";
import { Tensor } from "../src/tensor.ts";

/** How `checkTensorGradients` compares. */
export interface TensorGradientOptions {
  /** 1: the gradients; 2: the gradients of the gradients, too, which shows that pullbacks are recorded. Default: 2. */
  order?: 1 | 2;
  /** How far an element x is moved, as a multiple of max(1, |x|). Default: ∛ε. */
  step?: number;
  /** What a derivative may be off by, as a multiple of max(1, |derivative|). Default: 1e-6. */
  tolerance?: number;
}

/** A function of tensors whose result is of float64. */
type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** Where derivatives are taken: the elements of an input. */
interface Point {
  readonly data: Float64Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/**
 * Throws unless `backward()` gives the derivatives of f at the inputs, for every element of every input. The inputs are copied, as
 * leaves of float64; each element of the result has a weight of its own in what is differentiated, and enters squared, too, so that
 * linear functions have second derivatives.
 */
export function checkTensorGradients(
  f: TensorFunction,
  inputs: readonly Tensor[],
  { order = 2, step = Math.cbrt(Number.EPSILON), tolerance = 1e-6 }: TensorGradientOptions = {},
): void {
  const points = inputs.map(({ data, shape }) => ({ data: Float64Array.from(data, Number), shape }));
  const loss = (leaves: readonly Tensor[]) => weighted(f(...leaves));
  compare("derivative", loss, points, step, tolerance);
  if (order === 2) compare("second derivative", (leaves) => slope(loss, leaves), points, step, tolerance);
}

/** Σ y·(y + w), with the fractions of multiples of the golden ratio as weights w. */
function weighted(y: Tensor): Tensor {
  assertEquals(y.dtype, "float64", "the result has to be computed in float64");
  const weights = Float64Array.from({ length: y.size }, (_, i) => (i * 0.6180339887498949) % 1 + 0.5);
  return y.mul(y.add(Tensor.from(weights, { shape: y.shape }))).sum();
}

/** The weighted gradients of a function, recorded. */
function slope(f: (leaves: readonly Tensor[]) => Tensor, leaves: readonly Tensor[]): Tensor {
  const gradients = gradientsOf(f(leaves), leaves, true);
  return gradients.map(weighted).reduce((a, b) => a.add(b));
}

/** The gradients at the leaves; zeros where the result does not depend on one. */
function gradientsOf(result: Tensor, leaves: readonly Tensor[], createGraph: boolean): Tensor[] {
  leaves.forEach((leaf) => leaf.zeroGrad());
  if (result.requiresGrad) result.backward(undefined, { createGraph });
  const gradients = leaves.map(({ grad, size, shape }) => grad ?? Tensor.from(new Float64Array(size), { shape }));
  leaves.forEach((leaf) => leaf.zeroGrad());
  return gradients;
}

function leavesAt(points: readonly Point[]): Tensor[] {
  return points.map(({ data, shape }) => Tensor.from(data, { shape, requiresGrad: true }));
}

/** The derivatives by `backward()` against central differences. */
function compare(
  what: string,
  f: (leaves: readonly Tensor[]) => Tensor,
  points: readonly Point[],
  step: number,
  tolerance: number,
): void {
  const leaves = leavesAt(points), analytic = gradientsOf(f(leaves), leaves, false);
  points.forEach(({ data, shape }, k) => {
    assertEquals(analytic[k].shape, shape, `the shape of the gradient of input ${k}`);
    const slopes = analytic[k].data;
    data.forEach((x, i) => {
      const h = step * Math.max(1, Math.abs(x));
      const at = (moved: number) => {
        data[i] = moved;
        const value = Number(f(leavesAt(points)).data[0]);
        data[i] = x;
        return value;
      };
      const numeric = (at(x + h) - at(x - h)) / (2 * h), error = Math.abs(Number(slopes[i]) - numeric);
      assert(
        error <= tolerance * Math.max(1, Math.abs(numeric)),
        `${what} by element ${i} of input ${k}: ${slopes[i]} by backward(), ${numeric} by differences`,
      );
    });
  });
}
