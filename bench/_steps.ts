/**
 * The training steps that bench/mlp_bench.ts and its peers run and of which bench/memory_bench.ts weighs the memory:
 * networks from tiny to large, relu but for the last layer, mean squared error, float32; and the numbers that all begin
 * with. Who computes is left to them.
 */
import type { Pass } from "./_machine.ts";

/** Forward, loss, backward and update of a network by one batch. */
export interface Step {
  sizes: number[];
  batch: number;
  optimizer: "SGD" | "Adam";
}

const deep = [64, ...new Array(29).fill(256), 10], wide = [64, 8192, 4096, 2048, 10];

export const steps: readonly Step[] = [
  { sizes: [2, 16, 16, 1], batch: 1, optimizer: "SGD" },
  { sizes: [2, 16, 16, 1], batch: 32, optimizer: "SGD" },
  { sizes: [2, 16, 16, 1], batch: 32, optimizer: "Adam" },
  { sizes: [64, 64, 32, 10], batch: 32, optimizer: "SGD" },
  { sizes: [64, 64, 32, 10], batch: 32, optimizer: "Adam" },
  { sizes: [784, 128, 64, 10], batch: 64, optimizer: "SGD" },
  { sizes: deep, batch: 32, optimizer: "SGD" },
  { sizes: wide, batch: 32, optimizer: "SGD" },
  { sizes: wide, batch: 32, optimizer: "Adam" },
];

export const learningRate = 1e-4;

/** `"64-64-32-10, batch 32, SGD"` */
export function nameOf({ sizes, batch, optimizer }: Step): string {
  const text = sizes === deep ? "64-(256×29)-10" : sizes.join("-");
  return `${text}, batch ${batch}, ${optimizer}`;
}

/** (nin, nout) of each layer. */
function layersOf({ sizes }: Step): [number, number][] {
  return sizes.slice(1).map((nout, i) => [sizes[i], nout]);
}

/** Weights and biases. */
export function parameterCount(step: Step): number {
  return layersOf(step).reduce((sum, [nin, nout]) => sum + nout * (nin + 1), 0);
}

/** Numbers that the optimizer keeps for each parameter. */
export const moments = { SGD: 0, Adam: 2 };

/** Multiplications and additions: forward 2, weight gradient 2, input gradient 2 except in the first layer. */
export function operations(step: Step): number {
  return layersOf(step).reduce((sum, [nin, nout], i) => sum + nin * nout * (i === 0 ? 4 : 6), 0) * step.batch;
}

/**
 * What cannot but go through memory: the weights are read for the outputs; read again, and written, on the way back,
 * and with them the moments. Gradients and activations might stay in a cache.
 */
export function passOf(step: Step): Pass {
  const count = parameterCount(step);
  return { read: count, updated: count * (1 + moments[step.optimizer]) };
}

// ---- the numbers that all begin with ----

/** Where inputs and targets begin among the scattered numbers; the parameters begin at 0, in their order. */
const INPUTS = 0x40000000, TARGETS = 0x60000000;

/** The numbers first, first + 1, … scattered over −1 .. 1 by the last step of MurmurHash3 (A. Appleby, 2011). */
function uniform(first: number, count: number, bound = 1): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(count), factor = Math.fround(bound);
  for (let i = 0; i < count; i++) {
    let h = first + i;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    numbers[i] = Math.fround(((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1) * factor;
  }
  return numbers;
}

/** The weight (nout, nin) of each layer, ±√(6/(nin + nout)); biases are 0. */
export function weightsOf(step: Step): Float32Array<ArrayBuffer>[] {
  let first = 0;
  return layersOf(step).map(([nin, nout]) => {
    const weight = uniform(first, nin * nout, Math.sqrt(6 / (nin + nout)));
    first += nout * (nin + 1);
    return weight;
  });
}

/** Inputs (batch, nin) and targets (batch, nout). */
export function dataOf(
  { sizes, batch }: Step,
): { inputs: Float32Array<ArrayBuffer>; targets: Float32Array<ArrayBuffer> } {
  return { inputs: uniform(INPUTS, batch * sizes[0]), targets: uniform(TARGETS, batch * sizes.at(-1)!) };
}
