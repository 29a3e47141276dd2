/**
 * How long does a scalar operation take: recorded, evaluated, differentiated? The network of micrograd's demo (2-16-16-1, 100
 * points, about 65,000 operations) in an ordinary synchronous loop: with values, with plain objects and closures, with
 * micrograd itself; then the passes in C alone, beside a plain loop in C; then two functions in C++.
 *
 * Command: `deno task bench:value`. With PYTHON set to a Python that has micrograd, that is measured; with CODIPACK set to the
 * folder of codi.hpp, and XAD to the folder that XAD is installed in, these are. Peers in C and C++ are compiled by CC and CXX,
 * or else by what the machine has.
 */
import { compiled } from "./_compile.ts";
import { measureCompiled, openPlainLoop } from "./_compiled.ts";
import { operations, points, signs, weights } from "./_demo.ts";
import type { Question } from "./_loop.ts";
import { measurePasses } from "./_passes.ts";
import { alternated, printTable, short } from "./_timing.ts";

const notMeasured = (name: string) => [name, "not measured"];

/** Throws unless a peer has computed what `Value` has: 1e-12 of the largest, for sums over 100 points. */
function check(peer: string, result: number[], expected: number[]): void {
  const size = Math.max(...expected.map(Math.abs));
  const isClose = expected.every((each, i) => Math.abs(result[i] - each) <= 1e-12 * size);
  if (!isClose) throw new Error(`Cannot compare with ${peer}: it computes something else`);
}

// ---- the loop ----

type Peer = Question[0];

const workers = new Map<Peer, Worker>();

/** Asks a peer in its worker. */
function ask(peer: Peer, rounds: number): Promise<number[][]> {
  const worker = workers.get(peer) ?? new Worker(new URL("./_loop.ts", import.meta.url), { type: "module" });
  workers.set(peer, worker);
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage([peer, rounds] satisfies Question);
  });
}

interface InPython {
  version: string;
  milliseconds: number;
  /** Milliseconds while the garbage collector is off. */
  withoutCollector: number;
  result: number[];
}

/** A graph of micrograd in CPython; undefined without PYTHON. */
async function micrograd(): Promise<InPython | undefined> {
  const python = Deno.env.get("PYTHON");
  if (!python) return undefined;
  const { stdout, success } = await new Deno.Command(python, {
    args: ["bench/peers/value_micrograd.py", JSON.stringify({ weights, points, signs, rounds: 9 })],
    stderr: "inherit",
  }).output();
  return success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
}

const [expected] = await ask("values", 0);
check("closures", (await ask("closures", 0))[0], expected);
const python = await micrograd();
if (python) check("micrograd", python.result, expected);
const [ours, closures] = await alternated(
  [(rounds) => ask("values", rounds), (rounds) => ask("closures", rounds)],
  { turns: 6, rounds: 80 }, // long turns, as in a loop that trains
);
workers.forEach((worker) => worker.terminate());

function rowOf(name: string, times: number[]): string[] {
  const each = times.map((time) => isNaN(time) ? "" : (time * 1e6 / operations).toFixed(1));
  return [name, ...each, times[3].toFixed(2), (times[3] / ours[3]).toFixed(1)];
}

console.log(`A graph of ${operations} operations, nanoseconds per operation\n`);
printTable([
  ["", "record", "evaluate", "differentiate", "in all", "milliseconds", "ratio"],
  rowOf("Value", ours),
  rowOf("closures", closures),
  ...(python
    ? [
      rowOf(`micrograd, CPython ${python.version}`, [NaN, NaN, NaN, python.milliseconds]),
      rowOf("the same, collector off", [NaN, NaN, NaN, python.withoutCollector]),
    ]
    : [notMeasured("micrograd")]),
]);

// ---- the passes in C ----

const passes = await compiled("bench/peers/value_loop.c", ["-shared", "-fPIC"], measurePasses);
passes?.results.forEach((result) => check("the passes in C", result, expected));
console.log("\nThe passes in C over the same graph, microseconds\n");
printTable([
  ["", "evaluate", "differentiate", "both"],
  ...(passes
    ? [
      ["c/value.c", ...passes.library.map((time) => time.toFixed(0))],
      ["plain loop", ...passes.plainLoop.map((time) => time.toFixed(0))],
      ["ratio", ...passes.library.map((time, k) => (time / passes.plainLoop[k]).toFixed(2))],
    ]
    : [notMeasured("plain loop")]),
]);

// ---- two functions: compiled, in the plain loop, in C++ ----

/** Nanoseconds per row: the value in double; value and gradient; and what the tape held. */
interface InCpp {
  library: string;
  network: { value: number; gradient?: number };
  blackScholes: InCpp["network"];
}

/** Runs the driver, built with the library that lies where `args` say. */
function inCpp(args: string[]): Promise<InCpp | undefined> {
  return compiled("bench/peers/value_cpp.cpp", ["-std=c++17", ...args], async (path) => {
    const { stdout, success } = await new Deno.Command(path, { stderr: "inherit" }).output();
    return success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
  });
}

const codipack = Deno.env.get("CODIPACK"), xad = Deno.env.get("XAD");
const peers: [string, InCpp | undefined][] = [
  ["double, value alone", await inCpp([])],
  ["CoDiPack", codipack ? await inCpp(["-DWITH_CODIPACK", "-DCODI_ForcedInlines=1", `-I${codipack}`]) : undefined],
  ["XAD", xad ? await inCpp(["-DWITH_XAD", `-I${xad}/include`, `${xad}/lib/libxad.a`]) : undefined],
];

const names = ["network", "blackScholes"] as const;
const measure = (loop?: ReturnType<typeof openPlainLoop>) => names.map((name) => measureCompiled(name, loop?.symbols));
const times =
  await compiled("bench/peers/value_loop.c", ["-shared", "-fPIC"], (path) => measure(openPlainLoop(path))) ??
    measure();

/** A row of the table: nanoseconds, those per operation, and how many times faster than the plain loop. */
function timesRow(name: string, of: (i: number) => { value: number; both?: number } | undefined): string[] {
  return [
    name,
    ...names.flatMap((_, i) => {
      const { value, both } = of(i) ?? {}, { operations, plainLoop } = times[i];
      const cell = (time?: number) => time === undefined ? "" : short(time);
      const ratio = both && plainLoop ? short(plainLoop.both / both) : "";
      return [cell(value), cell(both), cell(both && both / operations), ratio];
    }),
  ];
}

const [network, option] = times.map(({ operations }) => operations);
console.log(
  `\nA 2-16-16-1 network of tanh (${network} operations) and the price of an option (${option}), nanoseconds per row: the ` +
    "value; value and gradient, these per recorded operation, and how many times faster than the plain loop\n",
);
printTable([
  ["", ...names.flatMap((name) => [name, "both", "per operation", "ratio"])],
  timesRow("plain loop in C", (i) => times[i].plainLoop),
  timesRow("compiled, one input", (i) => times[i].one),
  timesRow("compiled, 1,024 rows", (i) => times[i].rows),
  ...peers.map(([name, peer]) => {
    if (!peer) return notMeasured(name);
    const title = peer.library === "double" ? name : peer.library;
    return timesRow(title, (i) => ({ value: peer[names[i]].value, both: peer[names[i]].gradient }));
  }),
]);
