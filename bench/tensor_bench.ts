/**
 * How fast are operations of tensors? Large ones against what memory and arithmetic allow, small ones for what an operation
 * costs beside its numbers, and training steps written with tensor operations; float32, one thread.
 *
 * Command: `deno task bench:tensor`. With PYTHON set to a Python, the same runs there in PyTorch, eager, and in NumPy, by turns
 * with it. A C compiler tells what the core can do. With an argument, only what has it in its name is measured.
 */
import { Adam, Engine, SGD, simdLevel, Tensor } from "../mod.ts";
import { measureMachine } from "./_machine.ts";
import { Peer, type Refusal } from "./_peers.ts";
import { median, microseconds, printTable } from "./_timing.ts";

/** What is measured: it gives one number that all peers have to give, too. */
interface Case {
  readonly name: string;
  readonly run: () => number;
  /** What it reads and writes at least, in bytes, and its arithmetic. */
  readonly bytes?: number;
  readonly operations?: number;
}

/** A peer's answer. */
interface Answer {
  losses: number[];
  microseconds: number;
}

const threads = Engine.threads = 1;
const MILLION = 1 << 20, N = 4096;

/** Numbers that all peers can make: −0.5 to 0.5. */
function numbers(...shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1), data = new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = (i * 7919 % 1009) / 1008 - 0.5;
  return Tensor.from(data, { shape, copy: false });
}

/** The last element: what is computed is checked by it. Not by `data`, which nobody else may have afterwards. */
const last = (tensor: Tensor) => tensor.at(...tensor.shape.map(() => -1)).item();

/** A training step of 64-64-32-10, batch 32, written with tensor operations. */
function trainingStep(kind: typeof SGD | typeof Adam): () => number {
  const sizes = [64, 64, 32, 10], x = numbers(32, 64);
  const classes = Tensor.from(Int32Array.from({ length: 32 }, (_, i) => i % 10));
  const layers = sizes.slice(1).map((nout, i) => {
    const weight = Tensor.noGrad(() => numbers(nout, sizes[i]).div(Math.sqrt(sizes[i])));
    const bias = Tensor.zeros([nout]);
    weight.requiresGrad = bias.requiresGrad = true;
    return { weight, bias };
  });
  const optimizer = new kind(layers.flatMap(({ weight, bias }) => [weight, bias]), { learningRate: 1e-3 });
  return () => {
    optimizer.zeroGrad();
    let y = x;
    layers.forEach(({ weight, bias }, i) => {
      y = y.matmul(weight.T).add(bias);
      if (i < layers.length - 1) y = y.relu();
    });
    const loss = y.crossEntropy(classes);
    loss.backward();
    optimizer.step();
    return loss.item();
  };
}

function casesOf(): Case[] {
  const one = numbers(1), a = numbers(MILLION), b = numbers(MILLION), square = numbers(N, N), other = numbers(N, N);
  const bias = numbers(N), logits = numbers(N, 1000), small = numbers(512, 512);
  const pass = 4 * MILLION, all = 4 * N * N;
  return [
    { name: "add of 1", run: () => last(one.add(one)) },
    { name: "add, 1 M", run: () => last(a.add(b)), bytes: 3 * pass },
    { name: "mul by a number, 1 M", run: () => last(a.mul(3)), bytes: 2 * pass },
    { name: "exp, 1 M", run: () => last(a.exp()), bytes: 2 * pass },
    { name: "tanh, 1 M", run: () => last(a.tanh()), bytes: 2 * pass },
    { name: "gelu, 1 M", run: () => last(a.gelu()), bytes: 2 * pass },
    { name: "compare, 1 M", run: () => last(a.gt(b)), bytes: 2 * pass + MILLION },
    { name: "bias, 4096 × 4096", run: () => last(square.add(bias)), bytes: 2 * all },
    { name: "transposed copy, 4096 × 4096", run: () => last(square.T.contiguous()), bytes: 2 * all },
    { name: "sum, 1 M", run: () => a.sum().item(), bytes: pass },
    { name: "sum along rows, 4096 × 4096", run: () => last(square.sum(1)), bytes: all },
    { name: "sum along columns, 4096 × 4096", run: () => last(square.sum(0)), bytes: all },
    { name: "max along rows, 4096 × 4096", run: () => last(square.max(1)), bytes: all },
    { name: "softmax, 4096 × 1000", run: () => last(logits.softmax(1)), bytes: 8 * N * 1000 },
    { name: "layer norm, 4096 × 4096", run: () => last(square.layerNorm()), bytes: 2 * all },
    { name: "matmul, 512", run: () => last(small.matmul(small)), operations: 2 * 512 ** 3 },
    { name: "matmul, 4096", run: () => last(square.matmul(other)), operations: 2 * N ** 3 },
    { name: "matmul, 32 × 4096 · 4096 × 4096", run: () => last(square.narrow(0, 0, 32).matmul(other)), bytes: all },
    { name: "training step, SGD", run: trainingStep(SGD) },
    { name: "training step, Adam", run: trainingStep(Adam) },
  ];
}

/** In a scope, so that memory is used again at once; PyTorch and NumPy do that by counting references. */
function inScope(run: () => number): number {
  using _scope = Tensor.scope();
  return run();
}

async function startPeers(): Promise<Peer<{ name: string }, Answer>[]> {
  const python = Deno.env.get("PYTHON");
  const files: [string, string][] = [["PyTorch", "pytorch_tensor.py"], ["NumPy", "numpy_tensor.py"]];
  const peers = [];
  for (const [name, file] of python ? files : []) {
    const peer = await Peer.start<{ name: string }, Answer>(name, [python!, `bench/peers/${file}`], {
      THREADS: String(threads),
    });
    console.log(`${name}: ${peer.version ?? `not there (${await peer.lastWords()})`}`);
    if (peer.version !== undefined) peers.push(peer);
  }
  return peers;
}

/** Throws unless the numbers are the same: 1e-3, since sums are rounded in different orders. */
function check(name: string, found: number[], expected: number[]): void {
  if (expected.every((x, i) => Math.abs(found[i] - x) <= 1e-3 * Math.abs(x) + 1e-5)) return;
  throw new Error(`Cannot compare with ${name}: it gives ${found}, gradus ${expected}`);
}

interface Row {
  readonly of: Case;
  readonly scoped: number;
  readonly unscoped: number;
  readonly peers: (Answer | Refusal)[];
}

/** A case by all; that of gradus once more before each peer, so that what the machine does meanwhile meets both. */
async function measure(of: Case, peers: Peer<{ name: string }, Answer>[]): Promise<Row> {
  const expected = [1, 2, 3].map(() => inScope(of.run)), times = [microseconds(() => inScope(of.run))], answers = [];
  for (const peer of peers) {
    const answer = await peer.ask({ name: of.name });
    if (!("reason" in answer)) check(`${peer.name}, ${of.name}`, answer.losses, expected);
    answers.push(answer);
    times.push(microseconds(() => inScope(of.run)));
  }
  return { of, scoped: median(times), unscoped: microseconds(of.run), peers: answers };
}

const short = (x: number) => x >= 100 ? x.toFixed(0) : x.toPrecision(3);

console.log(`Operations of tensors, float32, SIMD level ${simdLevel()}, threads: ${threads}`);
const machine = await measureMachine([]);
if (machine) {
  console.log(
    `One core: ${short(machine.gigaflops)} GFLOP/s in registers, ${short(machine.gigabytes)} GB/s from memory`,
  );
}
const peers = await startPeers(), rows: Row[] = [];
for (const of of casesOf().filter(({ name }) => name.includes(Deno.args[0] ?? ""))) {
  console.error(of.name);
  rows.push(await measure(of, peers));
}
for (const peer of peers) await peer.stop();
console.log(
  "\nMicroseconds, and how many times as long the peers take; the floor is the longer of operations and memory\n",
);
printTable([
  ["operation", "floor", "gradus", "gradus/floor", "no scope", ...peers.flatMap(({ name }) => [name, "×"])],
  ...rows.map(({ of, scoped, unscoped, peers }) => {
    const { bytes = 0, operations = 0 } = of;
    const floor = machine && Math.max(bytes / machine.gigabytes, operations / machine.gigaflops) / 1000;
    return [
      of.name,
      floor ? short(floor) : "",
      short(scoped),
      floor ? (scoped / floor).toFixed(2) : "",
      short(unscoped),
      ...peers.flatMap((peer) =>
        "reason" in peer ? ["–", ""] : [short(peer.microseconds), short(peer.microseconds / scoped)]
      ),
    ];
  }),
]);
