/**
 * The demo's loop with one kind of scalar, in a worker: the engine compiles the loop for that scalar alone, and each peer has
 * a heap, and so a garbage collector, of its own. Who takes turns is left to value_bench.ts.
 */
/// <reference lib="deno.worker" />
import { Value } from "../mod.ts";
import { lossOf, parametersOf } from "./_demo.ts";
import { PlainValue } from "./micrograd.ts";

/** Milliseconds of recording, evaluating and differentiating one graph, and of all that. */
function phasesOfValues(): number[] {
  const start = performance.now();
  const loss = lossOf(values, new Value(0)), recorded = performance.now();
  loss.valueOf();
  const evaluated = performance.now();
  loss.backward();
  const end = performance.now();
  return [recorded - start, evaluated - recorded, end - evaluated, end - start];
}

/** The same for plain objects, which are evaluated as they are recorded. */
function phasesOfPlain(): number[] {
  const start = performance.now();
  const loss = lossOf(plain, new PlainValue(0)), recorded = performance.now();
  loss.backward();
  const end = performance.now();
  return [recorded - start, NaN, end - recorded, end - start];
}

/** Loss and gradient. */
function resultOf<T extends { data: number; grad: number; backward(): void }>(loss: T, parameters: T[][][]): number[] {
  loss.backward();
  return [loss.data, ...parameters.flat(2).map(({ grad }) => grad)];
}

const values = parametersOf((weight) => Value.persistent(weight));
const plain = parametersOf((weight) => new PlainValue(weight));

/** What can be asked for: the result of one graph, or the phases of some. */
const peers = {
  values: { result: () => resultOf(lossOf(values, new Value(0)), values), phases: phasesOfValues },
  closures: { result: () => resultOf(lossOf(plain, new PlainValue(0)), plain), phases: phasesOfPlain },
};

/** The name of a peer, and how many rounds of it; 0 for its result. */
export type Question = [peer: keyof typeof peers, rounds: number];

self.onmessage = ({ data: [peer, rounds] }: MessageEvent<Question>) => {
  const { result, phases } = peers[peer];
  self.postMessage(rounds === 0 ? [result()] : Array.from({ length: rounds }, phases));
};
