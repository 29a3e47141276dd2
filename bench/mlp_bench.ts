/**
 * How long does a training step take? Forward, loss, backward and update of networks from tiny to large, float32, mean squared
 * error, one thread; the data are given as typed arrays, and a step is one epoch of one batch.
 *
 * Command: `deno task bench:mlp`. With PYTHON set to a Python that has PyTorch, the same steps run there, one thread as well,
 * and the ratios are printed.
 */
import { Adam, Engine, MLP, SGD, simdLevel } from "../mod.ts";
import { toDataset } from "../src/dataset.ts";
import { Run, wholeBatch } from "../src/run.ts";
import { microseconds, printTable } from "./_timing.ts";

interface Case {
  sizes: number[];
  batch: number;
  optimizer: "SGD" | "Adam";
}

const deep = [64, ...new Array(29).fill(256), 10], wide = [64, 8192, 4096, 2048, 10];

const cases: Case[] = [
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

function nameOf({ sizes, batch, optimizer }: Case): string {
  const text = sizes === deep ? "64-(256×29)-10" : sizes.join("-");
  return `${text}, batch ${batch}, ${optimizer}`;
}

/** Multiplications and additions: forward 2, weight gradient 2, input gradient 2 except in the first layer. */
function operations({ sizes, batch }: Case): number {
  return sizes.slice(1).reduce((sum, nout, i) => sum + nout * sizes[i] * (i === 0 ? 4 : 6), 0) * batch;
}

/** The step alone, and the step as `Engine.trainStep` does it, arrays of arrays turned into typed arrays included. */
function timeOf({ sizes, batch, optimizer: kind }: Case): { step: number; trainStep: number } {
  const [nin, ...nouts] = sizes, nout = nouts.at(-1)!;
  const model = new MLP(nin, nouts, { seed: 1 });
  const rows = Array.from({ length: batch }, (_, i) => Array.from({ length: nin }, (_, j) => Math.sin(i * nin + j)));
  const goals = Array.from({ length: batch }, (_, i) => new Array(nout).fill(Math.cos(i)));
  const optimizer = kind === "SGD"
    ? new SGD(model.parameters, { learningRate: 1e-4 })
    : new Adam(model.parameters, { learningRate: 1e-4 });
  const data = toDataset(model, rows, goals, Engine.mseLoss, "measure");
  const run = new Run(model, data, Engine.mseLoss, wholeBatch(data));
  const step = microseconds(() => run.epoch(optimizer));
  return {
    step,
    trainStep: microseconds(() => Engine.trainStep(model, rows, goals, Engine.mseLoss, optimizer)),
  };
}

/** Microseconds of the same steps in PyTorch, or undefined without PYTHON. */
async function peerTimes(): Promise<{ version: string; times: number[] } | undefined> {
  const python = Deno.env.get("PYTHON");
  if (!python) return undefined;
  const { stdout, success } = await new Deno.Command(python, {
    args: ["bench/peers/pytorch_mlp.py", JSON.stringify(cases)],
    stderr: "inherit",
  }).output();
  return success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
}

const peer = await peerTimes();
console.log(
  `Training steps, microseconds, float32, SIMD level ${simdLevel()}${peer ? `, PyTorch ${peer.version}` : ""}\n`,
);
const header = ["network", "step", "GFLOP/s", "trainStep", ...(peer ? ["PyTorch", "ratio", "ratio trainStep"] : [])];
printTable([
  header,
  ...cases.map((which, i) => {
    const { step, trainStep } = timeOf(which), speed = operations(which) / step / 1000;
    const compared = peer
      ? [peer.times[i].toFixed(1), (peer.times[i] / step).toFixed(1), (peer.times[i] / trainStep).toFixed(1)]
      : [];
    return [nameOf(which), step.toFixed(2), speed.toFixed(1), trainStep.toFixed(2), ...compared];
  }),
]);
