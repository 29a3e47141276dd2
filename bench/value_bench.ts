/**
 * How long does a scalar operation take: recorded, evaluated, differentiated? The network of micrograd's demo (2-16-16-1, 100
 * points, about 67,000 operations) written with values, in an ordinary synchronous loop.
 *
 * Command: `deno task bench:value`.
 */
import { makeMoons, Random, Value } from "../mod.ts";
import { printTable } from "./_timing.ts";

const sizes = [2, 16, 16, 1];
const random = new Random(1);
const weights = sizes.slice(1).map((nout, i) =>
  Array.from(
    { length: nout },
    () => Array.from({ length: sizes[i] + 1 }, () => Value.persistent(random.uniform(-1, 1))),
  )
);
const { inputs, targets } = makeMoons(100, { noise: 0.1, seed: 1 });

/** Operations recorded for one loss: a product and a sum for each weight, an activation for each neuron, the hinge. */
const operations = 100 *
  (sizes.slice(1).reduce((sum, nout, i) => sum + nout * (2 * sizes[i] + (i < 2 ? 1 : 0)), 0) + 4);

function neuron(w: Value[], x: (Value | number)[]): Value {
  let sum = w[x.length];
  for (let i = 0; i < x.length; i++) sum = sum.add(w[i].mul(x[i]));
  return sum;
}

function lossOfAll(): Value {
  let total = new Value(0);
  for (let s = 0; s < 100; s++) {
    let x: (Value | number)[] = inputs[s];
    for (const [l, layer] of weights.entries()) {
      const z = layer.map((w) => neuron(w, x));
      x = l < 2 ? z.map((value) => value.relu()) : z;
    }
    total = total.add(Value.sub(1, (x[0] as Value).mul(targets[s] * 2 - 1)).relu());
  }
  return total;
}

/** Milliseconds of recording, evaluating and differentiating one graph. */
function phases(): number[] {
  const start = performance.now();
  const loss = lossOfAll(), recorded = performance.now();
  loss.valueOf();
  const evaluated = performance.now();
  loss.backward();
  return [recorded - start, evaluated - recorded, performance.now() - evaluated];
}

for (let i = 0; i < 50; i++) phases();
const rounds = Array.from({ length: 200 }, phases);
const all = rounds.map((times) => times.reduce((a, b) => a + b));
const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1];
const per = (times: number[]) => (median(times) * 1e6 / operations).toFixed(1);

console.log(`A graph of ${operations} operations, nanoseconds per operation\n`);
printTable([
  ["record", "evaluate", "differentiate", "in all", "milliseconds"],
  [...[0, 1, 2].map((k) => per(rounds.map((times) => times[k]))), per(all), median(all).toFixed(2)],
]);
console.log(`\nresident memory ${(Deno.memoryUsage().rss / 1e6).toFixed(0)} MB`);
