/**
 * Two functions, compiled by `Value.compile`, and recorded for the plain loop of peers/value_loop.c: the network and the option
 * price of peers/value_cpp.cpp, at the same inputs. What is printed is left to value_bench.ts.
 */
import { Value } from "../mod.ts";
import { Op } from "../src/bindings.ts";
import { Trace } from "../src/trace.ts";
import { placeOf, valueOf } from "../src/value.ts";
import { median } from "./_timing.ts";

const rows = 1024, sizes = [2, 16, 16, 1];

/** 2-16-16-1, tanh but for the output; weight k is sin(k + 1). */
function network(x: Value[]): Value {
  let k = 0, layer = x;
  for (let l = 1; l < sizes.length; l++) {
    const inputs = layer, nin = inputs.length;
    layer = Array.from({ length: sizes[l] }, () => {
      const w = Array.from({ length: nin + 1 }, () => Math.sin(++k));
      const z = inputs.reduce<Value | number>((sum, input, i) => input.mul(w[i]).add(sum), w[nin]) as Value;
      return l < sizes.length - 1 ? z.tanh() : z;
    });
  }
  return layer[0];
}

/** A European call: spot, strike, rate, volatility, time. */
function blackScholes([spot, strike, rate, volatility, time]: Value[]): Value {
  const deviation = volatility.mul(time.sqrt());
  const d1 = spot.div(strike).log().add(rate.add(volatility.mul(volatility).mul(0.5)).mul(time)).div(deviation);
  const discounted = strike.mul(rate.neg().mul(time).exp());
  return spot.mul(d1.normalCdf()).sub(discounted.mul(d1.sub(deviation).normalCdf()));
}

const spread = (i: number, j: number): number => (i * (2 * j + 37)) % 1024 / 1024;

/** The functions, and their inputs in row i. */
export const functions = {
  network: { f: network, inputs: 2, row: (i: number) => [Math.sin(i), Math.cos(i)] },
  blackScholes: {
    f: blackScholes,
    inputs: 5,
    row: (i: number) => [80, 80, 0.01, 0.1, 0.1].map((low, j) => low + [40, 40, 0.05, 0.4, 1.9][j] * spread(i, j)),
  },
};

/** Nanoseconds per row. */
export interface Times {
  /** Operations that were recorded. */
  operations: number;
  one: { value: number; both: number };
  rows: { value: number; both: number };
  plainLoop?: { value: number; both: number };
}

/** The loop of peers/value_loop.c, opened. */
export function openPlainLoop(path: string) {
  const tape = ["buffer", "buffer", "u32"] as const;
  const rows = ["buffer", "buffer", "buffer", "buffer", "u32", "u32", "u32"] as const;
  return Deno.dlopen(path, {
    value_loop_forward: { parameters: tape, result: "void" },
    value_loop_backward: { parameters: ["buffer", ...tape], result: "void" },
    value_loop_values: { parameters: ["buffer", ...rows], result: "void" },
    value_loop_gradients: { parameters: ["buffer", "buffer", "buffer", ...rows], result: "void" },
  });
}

type PlainLoop = ReturnType<typeof openPlainLoop>["symbols"];

/** A function as the plain loop runs it over rows, in one call, from the records that its values make. */
function recorded(name: keyof typeof functions, loop: PlainLoop) {
  const { f, inputs } = functions[name], trace = new Trace(inputs);
  const root = trace.record(() => placeOf(f(trace.unknowns.map((home) => valueOf({ home, slot: 0 })))));
  const { words, data, length } = trace.records, grad = new Float64Array(length);
  if (root.slot !== length - 1) throw new Error("Cannot run the plain loop: the result is not the last record");
  const all = Array.from({ length }, (_, slot) => slot),
    isLeaf = (slot: number) => trace.records.opAt(slot) === Op.leaf;
  const slotOf = (home: unknown) => all.find((slot) => isLeaf(slot) && trace.inputAt(slot)?.home === home)!;
  const slots = Uint32Array.from(trace.unknowns, slotOf);
  const values = (x: Float64Array<ArrayBuffer>) => {
    const y = new Float64Array(x.length / inputs);
    loop.value_loop_values(y, data, x, slots, words, length, inputs, y.length);
    return y;
  };
  const both = (x: Float64Array<ArrayBuffer>) => {
    const y = new Float64Array(x.length / inputs), slopes = new Float64Array(x.length);
    loop.value_loop_gradients(y, slopes, grad, data, x, slots, words, length, inputs, y.length);
    return [y, slopes];
  };
  return { operations: all.filter((slot) => !isLeaf(slot)).length, values, both };
}

/** Nanoseconds per row of tasks that take turns, each over all rows. */
function nanoseconds(tasks: (() => void)[], rounds = 61): number[] {
  const times: number[][] = tasks.map(() => []);
  for (let round = -10; round < rounds; round++) {
    tasks.forEach((task, i) => {
      const start = performance.now();
      task();
      if (round >= 0) times[i].push((performance.now() - start) / rows * 1e6);
    });
  }
  return times.map(median);
}

/** Measures a function: compiled, and as the plain loop has it. Throws where the two disagree by more than 1e-12. */
export function measureCompiled(name: keyof typeof functions, loop: PlainLoop | undefined): Times {
  const { f, inputs, row } = functions[name], compiled = Value.compile(f, inputs);
  const each = Array.from({ length: rows }, (_, i) => row(i)), all = new Float64Array(each.flat());
  const plain = loop && recorded(name, loop);
  if (plain) {
    const ours = compiled.valueAndGrad(all), theirs = plain.both(all);
    const isClose = (a: number, b: number) => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a));
    if (!theirs.every((numbers, k) => numbers.every((number, i) => isClose(number, ours[k][i])))) {
      throw new Error(`Cannot compare with the plain loop: it computes another ${name}`);
    }
  }
  const tasks = [
    () => each.forEach((x) => compiled(x)),
    () => each.forEach((x) => compiled.valueAndGrad(x)),
    () => compiled(all),
    () => compiled.valueAndGrad(all),
    ...plain ? [() => plain.values(all), () => plain.both(all)] : [],
  ];
  const [one, oneBoth, value, both, plainValue, plainBoth] = nanoseconds(tasks);
  return {
    operations: plain?.operations ?? compiled.operations,
    one: { value: one, both: oneBoth },
    rows: { value, both },
    plainLoop: plain && { value: plainValue, both: plainBoth },
  };
}
