/**
 * How long does the benchmark of the first systems take? Pycrograd and Mocrograd train three networks on the 8×8 digits, with SGD
 * at 0.01 and batches of 32, for 10 epochs, with a validation after each; the larger the network, the fewer samples. The whole
 * loop is timed once, as they do, without warming up.
 *
 * Command: `deno task bench:seeds`. With PYTHON set to a Python that has NumPy, the same work runs there, on one thread.
 */
import { Engine, MLP, readCsv, SGD } from "../mod.ts";
import { printTable } from "./_timing.ts";

/** Seconds that were published for 10 epochs on an Apple M1: pycrograd (Python), mocrograd (Mojo, one worker). */
const cases = [
  {
    name: "Normal, 64-64-32-10, 1000 samples",
    sizes: [64, 64, 32, 10],
    samples: 1000,
    pycrograd: 121.291,
    mocrograd: 20.281,
  },
  {
    name: "Longer, 64-(256×29)-10, 100 samples",
    sizes: [64, ...new Array(29).fill(256), 10],
    samples: 100,
    pycrograd: 4610.141,
    mocrograd: 56.842,
  },
  {
    name: "Bigger, 64-8192-4096-2048-10, 10 samples",
    sizes: [64, 8192, 4096, 2048, 10],
    samples: 10,
    pycrograd: 13484.485,
    mocrograd: 94.953,
  },
];

Engine.threads = 1;

const digits = await readCsv("data/digits.csv.gz");
const pixels = digits.rows.map((row) => row.slice(0, 64).map((x) => Number(x) / 16));
const classes = digits.rows.map((row) => Number(row[64]));

/** Seconds of training 10 epochs and validating after each, on the first 4/5 and the last 1/5 of the samples. */
async function seconds(sizes: number[], samples: number): Promise<number> {
  const [nin, ...nouts] = sizes, model = new MLP(nin, nouts, { seed: 1337 }), split = samples * 0.8;
  const start = performance.now();
  await Engine.train({
    model,
    trainInputs: pixels.slice(0, split),
    trainTargets: classes.slice(0, split),
    validationData: [pixels.slice(split, samples), classes.slice(split, samples)],
    epochs: 10,
    batchSize: 32,
    shuffle: false,
    optimizer: new SGD(model.parameters, { learningRate: 0.01 }),
    lossFn: Engine.crossEntropy,
  });
  return (performance.now() - start) / 1000;
}

/** The same in NumPy, or nothing without PYTHON. */
async function inNumPy(sizes: number[], samples: number): Promise<number | undefined> {
  const python = Deno.env.get("PYTHON");
  if (!python) return undefined;
  const work = { sizes, inputs: pixels.slice(0, samples), targets: classes.slice(0, samples) };
  const child = new Deno.Command(python, {
    args: ["bench/peers/numpy_seeds.py"],
    stdin: "piped",
    stdout: "piped",
    env: { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(work)));
  await writer.close();
  const { stdout, success } = await child.output();
  return success ? Number(new TextDecoder().decode(stdout)) : undefined;
}

const rows = [];
for (const { name, sizes, samples, pycrograd, mocrograd } of cases) {
  const ours = await seconds(sizes, samples), numpy = await inNumPy(sizes, samples);
  rows.push([
    name,
    ours.toFixed(3),
    numpy === undefined ? "not measured" : numpy.toFixed(3),
    numpy === undefined ? "" : (numpy / ours).toFixed(1),
    String(pycrograd),
    String(mocrograd),
  ]);
}
console.log("Seconds for 10 epochs, validation included; pycrograd and mocrograd as published, on an Apple M1\n");
printTable([["", "gradus", "NumPy", "ratio", "pycrograd", "mocrograd"], ...rows]);
