/**
 * How fast are products of matrices? The squares and the products of networks of bench/_products.ts, warm, with one
 * thread and with two.
 *
 * Command: `deno task bench:gemm`. OpenBLAS and BLIS are measured by turns with it, where the system has them or
 * OPENBLAS and BLIS name their files. With an argument, only products whose name contains it are.
 */
import { Engine, simdLevel } from "../mod.ts";
import { measureMachine } from "./_machine.ts";
import { gigaflops, gradusTask, operandsOf, type Product, productsOf, type Real, square } from "./_products.ts";
import { steps } from "./_steps.ts";
import { byTurns, median, printTable } from "./_timing.ts";
import { type Blas, openBLIS, openOpenBLAS, type Operands } from "./peers/blas.ts";

/** Milliseconds after which the threads of gradus have gone to sleep, rather than look for work. */
const LOOKS = 5;

const squares = [256, 512, 1024, 2048].map(square);

/** Those of all networks with batches of more than one row. */
const skinny = productsOf(steps.filter(({ batch }) => batch > 1));

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
async function rowOf(product: Product, real: Real, threads: number, peers: Blas[]): Promise<string[]> {
  const ours = operandsOf(product, real);
  /** After a turn of several threads, waits until they leave the processors to the next program. */
  const turnOf = (call: () => void, looks: number) => ({
    call,
    end: () => new Promise<void>((resolve) => threads > 1 ? setTimeout(resolve, looks) : resolve()),
  });
  const turns = [turnOf(gradusTask(ours), LOOKS)];
  turns[0].call();
  for (const peer of peers) {
    const theirs = { ...ours, c: ours.c.slice().fill(0) };
    peer.gemm(theirs);
    check(peer.name, ours, theirs);
    const turn = turnOf(() => peer.gemm(theirs), peer.looks);
    await turn.end();
    turns.push(turn);
  }
  const times = await byTurns(turns, threads > 1 ? { rounds: 9 } : { milliseconds: 5 });
  return [
    product.name,
    `${product.m}, ${product.n}, ${product.k}`,
    ...turns.map((_, i) => gigaflops(product, median(times.map((round) => round[i]))).toFixed(1)),
    ...peers.map((_, i) => median(times.map((round) => round[i + 1] / round[0])).toFixed(2)),
  ];
}

const wanted = Deno.args[0] ?? "";

async function printProducts(
  title: string,
  all: Product[],
  real: Real,
  threads: number,
  peers: Blas[],
): Promise<void> {
  const products = all.filter(({ name }) => name.includes(wanted));
  if (products.length === 0) return;
  const names = peers.map(({ name }) => name), rows = [];
  for (const product of products) {
    console.error(product.name);
    rows.push(await rowOf(product, real, threads, peers));
  }
  console.log(`\n${title}, ${real}, threads: ${threads}: GFLOP/s, and how many times as fast as the peers\n`);
  printTable([["product", "m, n, k", "gradus", ...names, ...names.map((name) => `/ ${name}`)], ...rows]);
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
  await printProducts("Squares", squares, "float32", threads, peers);
  await printProducts("Squares", squares, "float64", threads, peers);
  await printProducts("Products of the networks", skinny, "float32", threads, peers);
}
