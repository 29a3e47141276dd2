/**
 * Optimizers side by side: the same network from the same start, trained on the same points. And what the temperature of
 * Langevin dynamics is good for: it does not settle in a minimum but explores around it, and can leave it.
 *
 *     deno task example examples/optimizers.ts
 *
 * ```text
 * loss at step                       1      50     100     200     400
 * SGD                           0.6549  0.4780  0.4456  0.4331  0.4290
 * SGD, momentum 0.9             0.6549  0.4310  0.4258  0.3261  0.0618
 * Adam                          0.6549  0.4183  0.2256  0.0488  0.0187
 * Langevin, temperature 0       0.6549  0.4310  0.4258  0.3261  0.0618
 * Langevin, temperature 0.001   0.6549  0.4305  0.4033  0.1375  0.0455
 * time in the deeper hollow: 0 % at temperature 0, 80 % at 0.3
 * ```
 */
import { Adam, Engine, Langevin, makeSpirals, MLP, type Optimizable, type Optimizer, SGD, Value } from "@gradus/gradus";

const { inputs, targets } = makeSpirals(100, { classes: 2, rotations: 0.75, noise: 0.02, seed: 5 });

// Langevin at temperature 0 is SGD with momentum 1 − damping. A little warmth shakes it off the plateau earlier.
const optimizers: Record<string, (parameters: Optimizable) => Optimizer> = {
  "SGD": (p) => new SGD(p, { learningRate: 0.1 }),
  "SGD, momentum 0.9": (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9 }),
  "Adam": (p) => new Adam(p, { learningRate: 0.02 }),
  "Langevin, temperature 0": (p) => new Langevin(p, { learningRate: 0.1, damping: 0.1, temperature: 0 }),
  "Langevin, temperature 0.001": (p) =>
    new Langevin(p, { learningRate: 0.1, damping: 0.1, temperature: 0.001, seed: 5 }),
};
const steps = [1, 50, 100, 200, 400];
console.log(`${"loss at step".padEnd(28)}${steps.map((step) => `${step}`.padStart(8)).join("")}`);
const last = new Map<string, number>();
for (const [name, make] of Object.entries(optimizers)) {
  const model = new MLP(2, [16, 2], { seed: 5, activation: "tanh" });
  const optimizer = make(model.parameters);
  const losses: number[] = [];
  for (let step = 1; step <= 400; step++) {
    const loss = Engine.trainStep(model, inputs, targets, Engine.crossEntropy, optimizer);
    if (steps.includes(step)) losses.push(loss);
  }
  last.set(name, losses.at(-1)!);
  console.log(`${name.padEnd(28)}${losses.map((loss) => loss.toFixed(4).padStart(8)).join("")}`);
}

// A valley with two hollows, the deeper one at −1; the ball starts in the other one, at 1. Optimizers take lists of
// values, too.
function walk(temperature: number): number {
  const position = Value.persistent(1);
  const optimizer = new Langevin([position], { learningRate: 0.01, damping: 0.1, temperature, seed: 5 });
  let deeper = 0;
  for (let step = 0; step < 20000; step++) {
    const height = position.square().sub(1).square().add(position.mul(0.3));
    optimizer.zeroGrad();
    height.backward();
    optimizer.step();
    if (position.data < 0) deeper++;
  }
  return deeper / 20000;
}
const [cold, warm] = [walk(0), walk(0.3)];
console.log(
  `time in the deeper hollow: ${Math.round(100 * cold)} % at temperature 0, ${Math.round(100 * warm)} % at 0.3`,
);

const [plain, momentum, adam, cool, mild] = last.values();
if (Math.max(momentum, adam, mild) > plain / 2) throw new Error("Plain SGD should be behind");
if (Math.abs(cool - momentum) > 1e-3) throw new Error("Langevin at temperature 0 should be SGD with momentum");
if (cold > 0 || warm < 0.5) throw new Error("Only the warm ball should find the deeper hollow");
