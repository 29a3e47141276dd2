/**
 * The network of micrograd's demo: 2-16-16-1 with relu, the hinge loss of 100 points of two moons, as an ordinary loop over
 * scalars of any kind. Who measures what is left to value_bench.ts.
 */
import { makeMoons, Random } from "../mod.ts";

/** What the loop asks of a scalar. */
export interface Scalar<T> {
  add(x: T | number): T;
  mul(x: T | number): T;
  relu(): T;
}

const sizes = [2, 16, 16, 1];
const random = new Random(1);

/** By layer and neuron: the weights, then the bias. */
export const weights: readonly number[][][] = sizes.slice(1).map((nout, i) =>
  Array.from({ length: nout }, () => Array.from({ length: sizes[i] + 1 }, () => random.uniform(-1, 1)))
);

/** The weights as scalars. */
export function parametersOf<T>(leaf: (weight: number) => T): T[][][] {
  return weights.map((layer) => layer.map((neuron) => neuron.map(leaf)));
}

const { inputs, targets } = makeMoons(100, { noise: 0.1, seed: 1 });

/** The points, and their classes as −1 and 1. */
export const points: readonly number[][] = inputs, signs: readonly number[] = targets.map((target) => 2 * target - 1);

/** Operations of one loss: a product and a sum for each weight, an activation for each hidden neuron, 4 for the hinge. */
export const operations = points.length *
  (sizes.slice(1).reduce((sum, nout, i) => sum + nout * (2 * sizes[i] + (i < 2 ? 1 : 0)), 0) + 4);

function neuron<T extends Scalar<T>>(w: readonly T[], x: readonly (T | number)[]): T {
  let sum = w[x.length];
  for (let i = 0; i < x.length; i++) sum = sum.add(w[i].mul(x[i]));
  return sum;
}

/** The loss as it depends on `parameters`, which has the shape of `weights`; `zero` is a scalar 0. */
export function lossOf<T extends Scalar<T>>(parameters: readonly T[][][], zero: T): T {
  let total = zero;
  for (let s = 0; s < points.length; s++) {
    let x: readonly (T | number)[] = points[s];
    for (let l = 0; l < parameters.length; l++) {
      const z = parameters[l].map((w) => neuron(w, x));
      x = l < 2 ? z.map((value) => value.relu()) : z;
    }
    total = total.add((x[0] as T).mul(-signs[s]).add(1).relu());
  }
  return total;
}
