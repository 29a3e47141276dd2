/**
 * How much memory does training take? For each network of bench/_steps.ts, a process of its own trains for some steps;
 * its largest resident memory beside what training cannot do without: parameters, gradients, moments of the optimizer,
 * and the activations of one chunk of rows.
 *
 * Command: `deno task bench:memory`.
 */
import { moments, nameOf, parameterCount, type Step, steps } from "./_steps.ts";
import { printTable } from "./_timing.ts";

/** Bytes of the parameters, their gradients and moments, and of the input and output of each layer for one batch. */
function stateOf(step: Step): number {
  const { sizes, batch, optimizer } = step, activations = sizes.reduce((sum, size) => sum + size) * batch;
  return 4 * (parameterCount(step) * (2 + moments[optimizer]) + activations);
}

/**
 * The largest resident memory of a process that trains, in bytes; without arguments, of one that has only loaded the
 * library.
 */
async function peakOf(...args: string[]): Promise<number> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--no-check", "bench/_train.ts", ...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot measure the memory of training: the process that trains has failed");
  return Number(new TextDecoder().decode(stdout));
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

const base = await peakOf();
const rows = [];
for (const step of steps) {
  const state = stateOf(step), limit = 1.2 * state + 60e6, count = parameterCount(step) > 1e6 ? 20 : 2000;
  const peak = await peakOf(JSON.stringify(step), String(count));
  rows.push([nameOf(step), ...[state, peak, peak - base, limit].map(megabytes), peak <= limit ? "yes" : "no"]);
}
console.log(`Megabytes; Deno and the library alone: ${megabytes(base)}\n`);
printTable([["network", "state", "peak", "peak − base", "1.2·state + 60", "within"], ...rows]);
