/**
 * How much faster are several threads? The training steps of bench/_steps.ts, and products of matrices, with one thread
 * and with as many as the machine has processors, by turns. What is small has to take as long as before.
 *
 * Command: `deno task bench:threads`. With an argument, only what has it in its name.
 */
import { Adam, Engine, MLP, SGD } from "../mod.ts";
import { toDataset } from "../src/dataset.ts";
import { Run, wholeBatch } from "../src/run.ts";
import { gradusTask, operandsOf, productsOf, square } from "./_products.ts";
import { dataOf, learningRate, nameOf, type Step, steps } from "./_steps.ts";
import { byTurns, median, printTable, short } from "./_timing.ts";

const wanted = Deno.args[0] ?? "";

const counts = [1, Math.max(2, Engine.threads)];

/** The squares of bench/gemm_bench.ts that are shared, and the products of the largest network. */
const products = [...[512, 1024, 2048].map(square), ...productsOf(steps.slice(-1))];

/** A step, ready to be called. */
function stepTask(step: Step): () => void {
  const [nin, ...nouts] = step.sizes, model = new MLP(nin, nouts, { seed: 1 });
  const optimizer = new { SGD, Adam }[step.optimizer](model.parameters, { learningRate });
  const { inputs, targets } = dataOf(step), data = toDataset(model, inputs, targets, Engine.mseLoss, "measure");
  const run = new Run(model, data, Engine.mseLoss, wholeBatch(data));
  return () => void run.epoch(optimizer);
}

/** A row of the table: medians of microseconds, and of how many times as fast the rounds are with more threads. */
async function rowOf(name: string, call: () => void): Promise<string[]> {
  const times = await byTurns(counts.map((count) => ({ begin: () => void (Engine.threads = count), call })));
  return [
    name,
    ...counts.map((_, i) => short(median(times.map((round) => round[i])))),
    median(times.map(([one, more]) => one / more)).toFixed(2),
  ];
}

async function print<T>(
  title: string,
  measured: readonly T[],
  nameOf: (one: T) => string,
  taskOf: (one: T) => () => void,
): Promise<void> {
  const rows = [];
  for (const one of measured) if (nameOf(one).includes(wanted)) rows.push(await rowOf(nameOf(one), taskOf(one)));
  if (rows.length === 0) return;
  console.log(`\n${title}, float32: microseconds, and how many times as fast ${counts[1]} threads are\n`);
  printTable([["", "1 thread", `${counts[1]} threads`, "ratio"], ...rows]);
}

await print("Training steps", steps, nameOf, stepTask);
await print("Products", products, ({ name }) => name, (product) => gradusTask(operandsOf(product, "float32")));
