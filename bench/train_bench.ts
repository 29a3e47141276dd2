/**
 * What does it cost that `Engine.train` lets the event loop go on? The same epochs by `Engine.train` and by a synchronous loop
 * over the native call, shuffling included: networks from tiny to large, float32, SGD, batches of 32.
 *
 * Command: `deno task bench:train`.
 */
import { Engine, MLP, SGD, shuffleStream } from "../mod.ts";
import { toDataset } from "../src/dataset.ts";
import { CHUNK, Run } from "../src/run.ts";
import { median, printTable } from "./_timing.ts";

const cases = [
  { sizes: [2, 16, 16, 1], rows: 100, epochs: 20_000 },
  { sizes: [64, 64, 32, 10], rows: 1438, epochs: 400 },
  { sizes: [784, 128, 64, 10], rows: 4000, epochs: 15 },
];

async function timeOf(
  { sizes, rows, epochs }: typeof cases[number],
): Promise<{ loop: number; train: number; ticks: number }> {
  const [nin, ...nouts] = sizes;
  const model = new MLP(nin, nouts, { seed: 1 }), optimizer = new SGD(model.parameters, { learningRate: 1e-4 });
  const trainInputs = Float32Array.from({ length: rows * nin }, (_, i) => Math.sin(i));
  const trainTargets = Float32Array.from({ length: rows * nouts.at(-1)! }, (_, i) => Math.cos(i));
  const data = toDataset(model, trainInputs, trainTargets, Engine.mseLoss, "measure");
  const run = new Run(model, data, Engine.mseLoss, { batchSize: 32, chunk: CHUNK, clipNorm: 0, shuffles: true });
  let start = performance.now();
  for (let epoch = 0; epoch < epochs; epoch++) {
    run.shuffle(0, shuffleStream(epoch));
    run.epoch(optimizer);
  }
  const loop = performance.now() - start;
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  start = performance.now();
  await Engine.train({ model, trainInputs, trainTargets, epochs, optimizer });
  const train = performance.now() - start;
  clearInterval(timer);
  return { loop, train, ticks };
}

const table = [["network, rows, epochs", "loop ms", "train ms", "ratio", "turns per second"]];
for (const which of cases) {
  const rounds = [];
  for (let i = 0; i < 5; i++) rounds.push(await timeOf(which));
  const ratio = median(rounds.map(({ loop, train }) => train / loop));
  table.push([
    `${which.sizes.join("-")}, ${which.rows}, ${which.epochs}`,
    median(rounds.map(({ loop }) => loop)).toFixed(0),
    median(rounds.map(({ train }) => train)).toFixed(0),
    ratio.toFixed(3),
    median(rounds.map(({ ticks, train }) => ticks / train * 1000)).toFixed(0),
  ]);
}
printTable(table);
