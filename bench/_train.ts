/**
 * Trains one network of bench/_steps.ts for some steps, as a program would, and prints the largest memory that the
 * process ever had, in bytes; without an argument it only loads the library. Who compares is left to memory_bench.ts.
 */
import { Adam, Engine, MLP, SGD } from "../mod.ts";
import { dataOf, learningRate, type Step } from "./_steps.ts";

/** Where a process inherits the peak of the one that has started it, the system's own count of this one is right. */
async function peakMemory(): Promise<number> {
  if (Deno.build.os !== "linux") return (await import("node:process")).resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1024;
}

function train(step: Step, count: number): void {
  const [nin, ...nouts] = step.sizes, model = new MLP(nin, nouts);
  const kinds = { SGD, Adam }, optimizer = new kinds[step.optimizer](model.parameters, { learningRate });
  const { inputs, targets } = dataOf(step);
  for (let i = 0; i < count; i++) Engine.trainStep(model, inputs, targets, Engine.mseLoss, optimizer);
}

const [step, count] = Deno.args;
if (step) train(JSON.parse(step), Number(count));
console.log(await peakMemory());
