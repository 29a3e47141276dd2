/** Gradients of functions of tensors, and the gradients of these, against differences, in float64. */
import { assert, assertEquals } from "@std/assert";
import { checkGradients, grad, Tensor } from "../mod.ts";

/** How `checkTensorGradients` compares. */
export interface TensorGradientOptions {
  /** 1: the gradients; 2: the gradients of the gradients, too, which shows that pullbacks are recorded. Default: 2. */
  order?: 1 | 2;
  /** How far an element x is moved, as a multiple of max(1, |x|). Default: ∛ε. */
  step?: number;
  /** What a derivative may be off by, as a part of it and in any case. Default: 1e-6. */
  tolerance?: number;
}

/**
 * Throws unless `backward()` gives the derivatives of f at the inputs, for every element of every input, which are taken as float64.
 * Each element of the result has a weight of its own in what is differentiated, and enters squared, too, so that linear functions
 * have second derivatives.
 */
export function checkTensorGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { order = 2, step, tolerance = 1e-6 }: TensorGradientOptions = {},
): void {
  const loss = (leaves: Tensor[]) => weighted(f(...leaves));
  const slope = (leaves: Tensor[]) => grad(loss)(leaves).map(weighted).reduce((a, b) => a.add(b));
  const points = inputs.map((input) => input.detach().to("float64"));
  const options = { relativeTolerance: tolerance, absoluteTolerance: tolerance, ...step !== undefined && { step } };
  for (const [what, g] of Object.entries(order === 1 ? { loss } : { loss, slope })) {
    const report = checkGradients(g, points, options);
    assert(report.passed, `${what}: ${report}`);
  }
}

/** Σ y·(y + w), with the fractions of multiples of the golden ratio as weights w. */
function weighted(y: Tensor): Tensor {
  assertEquals(y.dtype, "float64", "the result has to be computed in float64");
  const weights = Float64Array.from({ length: y.size }, (_, i) => (i * 0.6180339887498949) % 1 + 0.5);
  return y.mul(y.add(Tensor.from(weights, { shape: y.shape }))).sum();
}
