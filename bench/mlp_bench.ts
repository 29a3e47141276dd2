/**
 * How long does a training step take? Forward, loss, backward and update of networks from tiny to large, float32, mean
 * squared error, one thread; the data are given as typed arrays, and a step is one epoch of one batch.
 *
 * Command: `deno task bench:mlp`. With PYTHON set to a Python, the same steps run there in NumPy, PyTorch,
 * torch.compile and JAX, as far as it has them; and in TensorFlow.js, as far as its packages can be fetched. A C
 * compiler tells what the core can do. With an argument, only the networks whose name contains it are measured.
 */
import { Adam, Engine, MLP, SGD, simdLevel } from "../mod.ts";
import { toDataset } from "../src/dataset.ts";
import { Run, wholeBatch } from "../src/run.ts";
import { type Machine, measureMachine } from "./_machine.ts";
import { Peer, type Refusal } from "./_peers.ts";
import { dataOf, learningRate, nameOf, operations, passOf, type Step, steps as all, weightsOf } from "./_steps.ts";
import { median, microseconds, printTable, short } from "./_timing.ts";

/** A step: the losses before the first three updates, and how long it takes. */
interface Result {
  losses: number[];
  microseconds: number;
}

const threads = Engine.threads = 1;
const steps = all.filter((step) => nameOf(step).includes(Deno.args[0] ?? ""));

// ---- gradus ----

/** What one step of gradus needs, from the numbers that all begin with. */
function stepOf(step: Step) {
  const [nin, ...nouts] = step.sizes, model = new MLP(nin, nouts, { init: "zero" });
  weightsOf(step).forEach((weight, i) => model.parameters.get(`layers.${i}.weight`)!.data.set(weight));
  const kinds = { SGD, Adam }, optimizer = new kinds[step.optimizer](model.parameters, { learningRate });
  const { inputs, targets } = dataOf(step);
  const data = toDataset(model, inputs, targets, Engine.mseLoss, "measure");
  return { model, optimizer, inputs, targets, run: new Run(model, data, Engine.mseLoss, wholeBatch(data)) };
}

/** Microseconds of `Engine.trainStep`, given arrays of arrays. */
function trainStepOf(step: Step): number {
  const { model, optimizer, inputs, targets } = stepOf(step);
  const rowsOf = (numbers: Float32Array) => {
    const width = numbers.length / step.batch;
    return Array.from({ length: step.batch }, (_, i) => Array.from(numbers.subarray(i * width, (i + 1) * width)));
  };
  const rows = rowsOf(inputs), goals = rowsOf(targets);
  return microseconds(() => Engine.trainStep(model, rows, goals, Engine.mseLoss, optimizer));
}

// ---- the peers ----

type MLPPeer = Peer<Step, Result>;

/** The peers that can run; it is told which ones those are, and why others cannot. */
async function startPeers(): Promise<MLPPeer[]> {
  const python = Deno.env.get("PYTHON"), env = { THREADS: String(threads) };
  const inPython = (file: string) => [python!, `bench/peers/${file}`];
  const commands: [string, string[]][] = python
    ? [
      ["NumPy", inPython("numpy_mlp.py")],
      ["PyTorch", inPython("pytorch_mlp.py")],
      ["torch.compile", inPython("torch_compile_mlp.py")],
      ["JAX", inPython("jax_mlp.py")],
    ]
    : [];
  commands.push(["TF.js", [Deno.execPath(), "run", "-A", "--no-lock", "--quiet", "bench/peers/tfjs_mlp.ts"]]);
  const peers = [];
  for (const [name, command] of commands) {
    const peer = await Peer.start<Step, Result>(name, command, env);
    console.log(`${name}: ${peer.version ?? `not there (${await peer.lastWords()})`}`);
    if (peer.version !== undefined) peers.push(peer);
  }
  return peers;
}

/** Throws unless the losses are the same: 1e-3, since sums of 8192 float32 numbers are rounded in different orders. */
function check(name: string, losses: number[], expected: number[]): void {
  const isClose = expected.every((loss, i) => Math.abs(losses[i] - loss) <= 1e-3 * loss);
  if (!isClose) throw new Error(`Cannot compare with ${name}: its losses are ${losses}, those of gradus ${expected}`);
}

// ---- side by side ----

interface Row {
  step: number;
  trainStep: number;
  peers: (Result | Refusal)[];
}

/** A step by all; that of gradus once more before each peer, so that what the machine does meanwhile meets both. */
async function measure(step: Step, peers: MLPPeer[]): Promise<Row> {
  const { run, optimizer } = stepOf(step), losses = [1, 2, 3].map(() => run.epoch(optimizer));
  const times = [microseconds(() => run.epoch(optimizer))], answers = [];
  for (const peer of peers) {
    times.push(microseconds(() => run.epoch(optimizer)));
    const answer = await peer.ask(step);
    if (!("reason" in answer)) check(peer.name, answer.losses, losses);
    answers.push(answer);
  }
  return { step: median(times), trainStep: trainStepOf(step), peers: answers };
}

function printRows(rows: Row[], peers: MLPPeer[], machine: Machine | undefined): void {
  const floors = steps.map((step, i) => {
    if (!machine) return undefined;
    const inRegisters = operations(step) / machine.gigaflops / 1000, inMemory = machine.passes[i];
    return { inRegisters, inMemory, floor: Math.max(inRegisters, inMemory) };
  });
  const cell = (number: number | undefined) => number === undefined ? "" : short(number);
  console.log("\nHow many times as long as gradus the peers take; microseconds of a step, and of the floor\n");
  printTable([
    ["network", "floor", "step", "step/floor", ...peers.map(({ name }) => name)],
    ...rows.map(({ step, peers }, i) => [
      nameOf(steps[i]),
      cell(floors[i]?.floor),
      short(step),
      cell(floors[i] && step / floors[i].floor),
      ...peers.map((peer) => "reason" in peer ? "–" : short(peer.microseconds / step)),
    ]),
  ]);
  console.log("\nMicroseconds; the floor is the longer of operations and memory\n");
  printTable([
    ["network", "operations", "memory", "GFLOP/s", "step", "trainStep", ...peers.map(({ name }) => name)],
    ...rows.map(({ step, trainStep, peers }, i) => [
      nameOf(steps[i]),
      cell(floors[i]?.inRegisters),
      cell(floors[i]?.inMemory),
      short(operations(steps[i]) / step / 1000),
      short(step),
      short(trainStep),
      ...peers.map((peer) => "reason" in peer ? "–" : short(peer.microseconds)),
    ]),
  ]);
}

/** Why some rows of a peer are empty: each reason once. */
function printRefusals(rows: Row[], peers: MLPPeer[]): void {
  peers.forEach(({ name }, k) => {
    const reasons = new Set(rows.flatMap(({ peers }) => "reason" in peers[k] ? [peers[k].reason] : []));
    for (const reason of reasons) console.log(`\n${name} –: ${reason}`);
  });
}

console.log(`Training steps, float32, SIMD level ${simdLevel()}, threads: ${threads}`);
const machine = await measureMachine(steps.map(passOf));
console.log(
  machine
    ? `One core: ${short(machine.gigaflops)} GFLOP/s in registers, ${short(machine.gigabytes)} GB/s from memory`
    : "What one core can do is not known, as there is no C compiler",
);
const peers = await startPeers();
const rows: Row[] = [];
for (const step of steps) {
  console.error(nameOf(step));
  rows.push(await measure(step, peers));
}
for (const peer of peers) await peer.stop();
printRows(rows, peers, machine);
printRefusals(rows, peers);
