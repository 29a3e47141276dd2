/**
 * How much slower is WebAssembly than the library? The same native calls, in turns in one process, on arrays that are ready: the
 * library with one thread, WebAssembly with relaxed SIMD, the same without (`simd128`, whose bits differ), and the exact emulation
 * (`plain`).
 *
 * Command: `deno task bench:wasm`.
 */
import { Level } from "../src/bindings.ts";
import { native } from "../src/ffi.ts";
import { Job } from "../src/job.ts";
import type { ActivationName } from "../src/layer.ts";
import { findModule } from "../src/library.ts";
import { openWasm } from "../src/wasm.ts";
import { microseconds, printTable, short } from "./_timing.ts";

const simd128 = () => findModule("wasm32-simd128");
const relaxed = await openWasm(() => findModule("wasm32"), simd128);
const unfused = await openWasm(simd128, simd128);

/** What a call does, on arrays of its own. */
type Task = (functions: typeof native) => () => unknown;

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i));

function product(n: number, dtype: 0 | 1): Task {
  return (functions) => {
    const [a, b, c] = [1, 2, 3].map(() =>
      dtype === 0 ? Float32Array.from(numbers(n * n)) : Float64Array.from(numbers(n * n))
    );
    const sizes = Int32Array.of(n, n, n), strides = Int32Array.of(n, 1, n, 1, n);
    return () => functions.gradus_gemm(c, a, b, sizes, strides, dtype);
  };
}

function epoch(nin: number, nouts: number[], activation: ActivationName, rows: number): Task {
  return (functions) => {
    const layers = nouts.map((nout, i) => ({
      nout,
      activation: i < nouts.length - 1 ? activation : "linear" as const,
    }));
    const job = new Job("float32", { nin, layers });
    const settings = { rows, batchSize: 32, chunk: 32, lossKind: 1, optimizer: 1, learningRate: 1e-6 } as const;
    for (const [field, value] of Object.entries(settings)) job.set(field as keyof typeof settings, value);
    const count = nouts.reduce((sum, nout, i) => sum + nout * ((nouts[i - 1] ?? nin) + 1), 0);
    const parameters = Float32Array.from(numbers(2 * count), (x) => 0.1 * x),
      inputs = Float32Array.from(numbers(rows * nin));
    const targets = Float32Array.from(numbers(rows * nouts.at(-1)!));
    const scratch = new Uint8Array(functions.gradus_mlp_scratch(job.bytes));
    return () => functions.gradus_mlp_epoch(job.bytes, parameters, null, inputs, targets, scratch);
  };
}

/** Records are evaluated and swept on a tape of n products. */
function tape(n: number): Task {
  return (functions) => {
    const record = new Uint32Array(2 * (n + 1)), data = new Float64Array(n + 1).fill(1), grad = new Float64Array(n + 1);
    for (let i = 1; i <= n; i++) record.set([26 | (i - 1) << 8, 0], 2 * i);
    const mark = new Uint8Array(n + 1).fill(128, 0, 1), reached = new Uint32Array(2);
    return () => {
      functions.gradus_value_forward(data, record, 1, n + 1);
      grad[n] = 1;
      mark[n] = 127;
      reached[0] = n;
      functions.gradus_value_backward(grad, mark, reached, data, record, 1);
    };
  };
}

const tasks: [string, Task][] = [
  ["product 256³, float32", product(256, 0)],
  ["product 256³, float64", product(256, 1)],
  ["epoch of 64-64-32-10 relu, 1438 rows", epoch(64, [64, 32, 10], "relu", 1438)],
  ["epoch of 64-64-32-10 tanh, 1438 rows", epoch(64, [64, 32, 10], "tanh", 1438)],
  ["epoch of 64-64-32-10 gelu, 1438 rows", epoch(64, [64, 32, 10], "gelu", 1438)],
  ["step of 2-16-16-1 relu, 32 rows", epoch(2, [16, 16, 1], "relu", 32)],
  ["tape of 1000 products", tape(1000)],
];

native.gradus_threads(1);
const levels: [typeof native, number][] = [
  [native, Level.avx512],
  [relaxed, Level.relaxed],
  [unfused, Level.simd128],
  [relaxed, Level.plain],
];
const table = [["microseconds, and times the library", "library", "relaxed", "simd128", "plain"]];
for (const [name, task] of tasks) {
  const times = levels.map(([functions, level]) => {
    functions.gradus_level(level);
    return microseconds(task(functions));
  });
  table.push([
    name,
    ...times.map((time, i) => short(time) + (i > 0 ? ` (${short(time / times[0])})` : "")),
  ]);
}
printTable(table);
