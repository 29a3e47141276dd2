/** What says of elements along axes how large and how far apart they are: variances, norms, logarithms of sums. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { computed, type Pullback, record, viewOf } from "./autograd.ts";
import { Kind } from "./dtype.ts";
import { checkAxes } from "./layout.ts";
import { type Axes, countOf, max, mean, min, spread, sum, sumOfSquares } from "./reduction.ts";

/** f in floating point of at least 32 bits: shorter ones are rounded once, at the end, and integers give float32. */
function inFloat(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const { dtype } = viewOf(x);
  if (dtype.name === "float32" || dtype.name === "float64") return f(x);
  const y = f(x.to("float32"));
  return dtype.kind === Kind.float ? y.to(dtype.name) : y;
}

/** 1 where a number is 0, else 0. */
function zerosOf(x: Tensor): Tensor {
  return x.eq(0).to(x.dtype);
}

/** x − mean along axes. */
function centered(x: Tensor, axes: readonly number[]): Tensor {
  return x.sub(mean(x, axes, true));
}

/** What the sum of squares is divided by: the number of elements along axes, less a correction. */
function freedomOf(x: Tensor, axes: readonly number[], correction: number): number {
  return Math.max(countOf(x.shape, axes) - correction, 0);
}

/** Σ (x − mean)² / (n − correction) along axes. */
export function variance(x: Tensor, correction: number, axes?: Axes, keepDims = false): Tensor {
  const list = checkAxes("var", axes, x.ndim), freedom = freedomOf(x, list, correction);
  return inFloat(x, (x) => {
    const y = computed(() => sumOfSquares(centered(x, list), list, keepDims).div(freedom));
    return record("var", y, [x], [
      (gradient) => spread(gradient.mul(2 / freedom), list, x.shape).mul(centered(x, list)),
    ], [viewOf(x)]);
  });
}

/** √variance, with the gradient 0 where that is 0, else (x − mean) / ((n − correction)·√variance). */
export function standardDeviation(x: Tensor, correction: number, axes?: Axes, keepDims = false): Tensor {
  const list = checkAxes("std", axes, x.ndim), freedom = freedomOf(x, list, correction);
  return inFloat(x, (x) => {
    const y = computed(() => variance(x, correction, list, keepDims).sqrt());
    const pullback: Pullback = (gradient) => {
      const isZero = zerosOf(result), factor = gradient.mul(isZero.neg().add(1)).div(result.add(isZero).mul(freedom));
      return spread(factor, list, x.shape).mul(centered(x, list));
    };
    const result = record("std", y, [x], [pullback], [viewOf(x), y]);
    return result;
  });
}

/** (Σ |x|ᵖ)^(1/p) along axes; of p = ∞ and −∞ the largest and the smallest |x|, of p = 0 how many elements are not 0. */
export function norm(x: Tensor, p: number, axes?: Axes, keepDims = false): Tensor {
  if (typeof p !== "number" || Number.isNaN(p)) {
    throw new GradusError("argument", `Cannot use the norm ${shown(p)}: a number is needed`);
  }
  return inFloat(x, (x) => {
    if (p === Infinity) return max(x.abs(), axes, keepDims);
    if (p === -Infinity) return min(x.abs(), axes, keepDims);
    return finiteNorm(x, p, checkAxes("norm", axes, x.ndim), keepDims);
  });
}

/** The gradient is sign(x)·(|x| / norm)^(p − 1), and 0 where x or the norm is 0. */
function finiteNorm(x: Tensor, p: number, axes: readonly number[], keepDims: boolean): Tensor {
  const y = computed(() => powerSum(x, p, axes, keepDims));
  const pullback: Pullback = (gradient) => {
    const isZero = zerosOf(result), size = spread(result.add(isZero), axes, x.shape);
    const factor = spread(gradient.mul(p === 0 ? 0 : isZero.neg().add(1)), axes, x.shape);
    if (p === 2) return factor.mul(x.div(size));
    return factor.mul(x.sign()).mul(x.abs().add(zerosOf(x)).div(size).pow(p - 1));
  };
  const result = record("norm", y, [x], [pullback], [viewOf(x), y]);
  return result;
}

function powerSum(x: Tensor, p: number, axes: readonly number[], keepDims: boolean): Tensor {
  if (p === 0) return sum(x.ne(0).to(x.dtype), axes, keepDims);
  if (p === 1) return sum(x.abs(), axes, keepDims);
  if (p === 2) return sumOfSquares(x, axes, keepDims).sqrt();
  return sum(x.abs().pow(p), axes, keepDims).pow(1 / p);
}

/** log Σ exp x along axes, without overflow; the gradient is the softmax, of −∞ alone 0. */
export function logSumExp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const list = checkAxes("logSumExp", axes, x.ndim);
  return inFloat(x, (x) => {
    const y = computed(() => shiftedLogSumExp(x, list, keepDims));
    const pullback: Pullback = (gradient) => {
      const shift = spread(result.clamp(-largestOf(x)), list, x.shape);
      return spread(gradient, list, x.shape).mul(x.sub(shift).exp());
    };
    const result = record("logSumExp", y, [x], [pullback], [viewOf(x), y]);
    return result;
  });
}

function shiftedLogSumExp(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  if (countOf(x.shape, axes) === 0) return sum(x, axes, keepDims).log();
  // Infinite ones would give ∞ − ∞, which is NaN.
  const shift = max(x, axes, keepDims).clamp(-largestOf(x), largestOf(x));
  return sum(x.sub(spread(shift, axes, x.shape)).exp(), axes, keepDims).log().add(shift);
}

/** The largest finite number of a type. */
function largestOf({ dtype }: Tensor): number {
  return dtype === "float64" ? Number.MAX_VALUE : 3.4028234663852886e38;
}
