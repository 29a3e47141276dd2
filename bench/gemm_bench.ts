/**
 * How fast are products of matrices? c ← c + a·b, row-major, warm: squares, and the products of which a training step
 * of the networks in bench/_steps.ts consists, with c/mlp.c's layouts, where samples are columns.
 *
 * Command: `deno task bench:gemm`. OpenBLAS and BLIS are measured by turns with it, where the system has them or
 * OPENBLAS and BLIS name their files. With an argument, only products whose name contains it are.
 */
import { Engine, simdLevel } from "../mod.ts";
import { Dtype } from "../src/bindings.ts";
import { native } from "../src/ffi.ts";
import { measureMachine } from "./_machine.ts";
import { steps } from "./_steps.ts";
import { median, printTable } from "./_timing.ts";
import { type Blas, openBLIS, openOpenBLAS, type Operands } from "./peers/blas.ts";

type Real = "float32" | "float64";

interface Product {
  name: string;
  m: number;
  n: number;
  k: number;
  aTransposed?: boolean;
  bTransposed?: boolean;
}

const squares: Product[] = [256, 512, 1024, 2048].map((n) => ({ name: `${n}×${n}·${n}×${n}`, m: n, n, k: n }));

/** The three products of a layer: z = w·x, dx = wᵀ·dz, dw = dz·xᵀ; the first layer has no dx. */
function productsOf(nin: number, nout: number, batch: number, isFirst: boolean): Product[] {
  const layer = `${nin} to ${nout}, batch ${batch}`;
  return [
    { name: `${layer}, outputs`, m: nout, n: batch, k: nin },
    ...isFirst ? [] : [{ name: `${layer}, input gradient`, m: nin, n: batch, k: nout, aTransposed: true }],
    { name: `${layer}, weight gradient`, m: nout, n: nin, k: batch, bTransposed: true },
  ];
}

/** Those of all networks with batches of more than one row, each once. */
function skinnyProducts(): Product[] {
  const products = steps.filter(({ batch }) => batch > 1).flatMap(({ sizes, batch }) =>
    sizes.slice(1).flatMap((nout, i) => productsOf(sizes[i], nout, batch, i === 0))
  );
  return [...new Map(products.map((product) => [product.name, product])).values()];
}

/** Numbers from −0.5 to 0.5. */
function operandsOf({ m, n, k, aTransposed = false, bTransposed = false }: Product, real: Real): Operands {
  const numbers = (count: number) => {
    const array = real === "float32" ? new Float32Array(count) : new Float64Array(count);
    for (let i = 0; i < count; i++) array[i] = (i * 7919 % 1009) / 1008 - 0.5;
    return array;
  };
  const [aRow, bRow] = [aTransposed ? m : k, bTransposed ? k : n];
  return {
    m,
    n,
    k,
    a: numbers(m * k),
    aTransposed,
    aRow,
    b: numbers(k * n),
    bTransposed,
    bRow,
    c: numbers(m * n).fill(0),
  };
}

/** The product as `gradus_gemm` takes it, ready to be called. */
function gradusTask({ m, n, k, a, aTransposed, aRow, b, bTransposed, bRow, c }: Operands): () => void {
  const stridesOf = (row: number, isTransposed: boolean) => isTransposed ? [1, row] : [row, 1];
  const sizes = Int32Array.of(m, n, k);
  const strides = Int32Array.of(...stridesOf(aRow, aTransposed), ...stridesOf(bRow, bTransposed), n);
  const dtype = c instanceof Float32Array ? Dtype.float32 : Dtype.float64;
  return () => void native.gradus_gemm(c, a, b, sizes, strides, dtype);
}

/** Microseconds of `calls` calls each, by turns: one list for each round. */
function rounds(tasks: (() => void)[], calls: number, count = 15): number[][] {
  return Array.from({ length: count }, () =>
    tasks.map((task) => {
      if (calls > 1) task(); // warms what the one before has cooled
      const start = performance.now();
      for (let i = 0; i < calls; i++) task();
      return (performance.now() - start) / calls * 1000;
    }));
}

/** How often to call so that it takes a few milliseconds. */
function callsFor(task: () => void): number {
  task();
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < 4; calls++) task();
  return Math.max(1, calls);
}

/** Throws unless all compute the same c from 0: within 1e-3 of the largest number, in either type. */
function check(name: string, ours: Operands, theirs: Operands): void {
  let size = 0, difference = 0;
  for (let i = 0; i < ours.c.length; i++) {
    size = Math.max(size, Math.abs(ours.c[i]));
    difference = Math.max(difference, Math.abs(ours.c[i] - theirs.c[i]));
  }
  if (!(difference <= 1e-3 * size)) throw new Error(`Cannot compare with ${name}: it computes something else`);
}

/** A row of the table: sizes, GFLOP/s of all, and the medians of how many times as fast as each peer the rounds are. */
function rowOf(product: Product, real: Real, peers: Blas[]): string[] {
  const { m, n, k } = product, ours = operandsOf(product, real), tasks = [gradusTask(ours)];
  tasks[0]();
  for (const peer of peers) {
    const theirs = { ...ours, c: ours.c.slice().fill(0) };
    peer.gemm(theirs);
    check(peer.name, ours, theirs);
    tasks.push(() => peer.gemm(theirs));
  }
  const times = rounds(tasks, callsFor(tasks[0]));
  return [
    product.name,
    `${m}, ${n}, ${k}`,
    ...tasks.map((_, i) => (2 * m * n * k / median(times.map((round) => round[i])) / 1000).toFixed(1)),
    ...peers.map((_, i) => median(times.map((round) => round[i + 1] / round[0])).toFixed(2)),
  ];
}

const wanted = Deno.args[0] ?? "";

function printProducts(title: string, all: Product[], real: Real, peers: Blas[]): void {
  const products = all.filter(({ name }) => name.includes(wanted));
  if (products.length === 0) return;
  console.log(`\n${title}, ${real}: GFLOP/s, and how many times as fast as the peers\n`);
  const names = peers.map(({ name }) => name);
  printTable([
    ["product", "m, n, k", "gradus", ...names, ...names.map((name) => `/ ${name}`)],
    ...products.map((product) => rowOf(product, real, peers)),
  ]);
}

/** All numbers of threads that are compared. */
const threadCounts = navigator.hardwareConcurrency > 1 ? [1, 2] : [1];

const found = { OpenBLAS: openOpenBLAS(simdLevel() === "avx512"), BLIS: openBLIS() },
  machine = await measureMachine([]);
const peers = Object.values(found).filter((peer) => peer !== undefined);
console.log(`Products, SIMD level ${simdLevel()}`);
for (const [name, peer] of Object.entries(found)) console.log(`${name}: ${peer?.version ?? "not there"}`);
if (machine) {
  console.log(`One core: ${machine.gigaflops.toFixed(0)} GFLOP/s of float32 in registers, half of that of float64`);
}
for (const threads of threadCounts) {
  Engine.threads = threads;
  peers.forEach((peer) => peer.useThreads(threads));
  printProducts(`Squares, threads: ${threads}`, squares, "float32", peers);
  printProducts(`Squares, threads: ${threads}`, squares, "float64", peers);
  printProducts(`Products of the networks, threads: ${threads}`, skinnyProducts(), "float32", peers);
}
