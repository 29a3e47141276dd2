/** What one core of this machine can do at best: machine.c, compiled and timed. */
import { compiled } from "./_compile.ts";

/** What has to go through memory: numbers that are read once, and then some that are read and written once. */
export interface Pass {
  read: number;
  updated: number;
}

export interface Machine {
  /** Operations of float32 in registers, 10⁹ a second. */
  gigaflops: number;
  /** Bytes that are read from an array of 512 MB, 10⁹ a second. */
  gigabytes: number;
  /** Microseconds of each pass. */
  passes: number[];
}

/** Numbers that are read at a time, and a length that no cache holds. */
const STRIP = 192, MANY = 2 ** 27;

/**
 * Microseconds of the fastest of the calls that fit into 0.3 s, at least three: what the machine can do, not what it
 * does.
 */
function fastest(task: () => void): number {
  let best = Infinity;
  const begin = performance.now();
  for (let calls = 0; calls < 3 || performance.now() - begin < 300; calls++) {
    const start = performance.now();
    task();
    best = Math.min(best, performance.now() - start);
  }
  return best * 1000;
}

/** Measures this machine; undefined if there is no C compiler for that. */
export function measureMachine(passes: readonly Pass[]): Promise<Machine | undefined> {
  return compiled("bench/machine.c", ["-shared", "-fPIC"], (path) => {
    const { machine_fma, machine_passes } = Deno.dlopen(path, {
      machine_fma: { parameters: ["buffer", "i32"], result: "f64" },
      machine_passes: { parameters: ["buffer", "u32", "u32", "f32", "u32"], result: "f64" },
    }).symbols;
    const chains = new Float32Array(STRIP), steps = 20_000, operations = machine_fma(chains, steps);
    const numbers = new Float32Array(Math.max(MANY, ...passes.map(({ updated }) => updated))).fill(1);
    const timeOf = ({ read, updated }: Pass) => {
      const strips = Math.ceil(read / STRIP) * STRIP, times = Math.ceil(1e6 / (read + updated));
      return fastest(() => machine_passes(numbers, strips, updated, 1, times)) / times;
    };
    return {
      gigaflops: operations / fastest(() => machine_fma(chains, steps)) / 1000,
      gigabytes: MANY * 4 / timeOf({ read: MANY, updated: 0 }) / 1000,
      passes: passes.map(timeOf),
    };
  });
}
