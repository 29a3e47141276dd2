/**
 * How much faster are two threads? The training steps of bench/_steps.ts, and products, with one thread and with as many
 * as the machine has processors, by turns. What is small has to take as long as before.
 *
 * Command: `deno task bench:threads`.
 */
import { Adam, Engine, MLP, SGD } from "../mod.ts";
import { toDataset } from "../src/dataset.ts";
import { Run, wholeBatch } from "../src/run.ts";
import { dataOf, learningRate, nameOf, type Step, steps } from "./_steps.ts";
import { median, printTable } from "./_timing.ts";

const ROUNDS = 15;

/** Microseconds of a step with each number of threads, one list for each round. */
function rounds(step: Step, counts: readonly number[]): number[][] {
  const [nin, ...nouts] = step.sizes, model = new MLP(nin, nouts, { seed: 1 });
  const optimizer = new { SGD, Adam }[step.optimizer](model.parameters, { learningRate });
  const { inputs, targets } = dataOf(step), data = toDataset(model, inputs, targets, Engine.mseLoss, "measure");
  const run = new Run(model, data, Engine.mseLoss, wholeBatch(data));
  const timeOf = (calls: number) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) run.epoch(optimizer);
    return (performance.now() - start) / calls * 1000;
  };
  const calls = Math.max(1, Math.round(20_000 / timeOf(3)));
  return Array.from({ length: ROUNDS }, () =>
    counts.map((count) => {
      Engine.threads = count;
      run.epoch(optimizer);
      return timeOf(calls);
    }));
}

const counts = [1, Math.max(2, navigator.hardwareConcurrency)];
console.log(`Training steps, float32, microseconds, and how many times as fast ${counts[1]} threads are\n`);
printTable([
  ["network", "1 thread", `${counts[1]} threads`, "ratio"],
  ...steps.map((step) => {
    const times = rounds(step, counts), of = (i: number) => median(times.map((round) => round[i]));
    return [
      nameOf(step),
      of(0).toPrecision(3),
      of(1).toPrecision(3),
      median(times.map(([one, more]) => one / more)).toFixed(2),
    ];
  }),
]);
