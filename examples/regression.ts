/**
 * Predicting numbers: a line through noisy points, whose slope and offset the network finds; then a curve, where inputs
 * and targets have to be standardised before, and what happens if they are not.
 *
 *     deno task example examples/regression.ts
 *
 * ```text
 * line: y = 3.01·x − 1.93, RMSE 0.50, the noise has 0.5
 * curve, numbers as they are: RMSE 2.81, R² 0.781
 * curve, standardised:        RMSE 0.87, R² 0.979
 * ```
 */
import { Engine, holdOut, makeRegression, MLP, r2Score, Random, rootMeanSquaredError } from "@gradus/gradus";

// y = 3x − 2 and noise of size 0.5. One layer with one output is a line: a weight and a bias.
const line = makeRegression(200, { weights: [3], bias: -2, noise: 0.5, seed: 1 });
const linear = new MLP(1, [1], { seed: 1 });
await Engine.train({
  model: linear,
  trainInputs: line.inputs,
  trainTargets: line.targets,
  epochs: 50,
  learningRate: 0.05,
});
const [slope, offset] = linear.parameters.data;
const lineError = rootMeanSquaredError(linear.predict(line.inputs).flat(), line.targets);
console.log(
  `line: y = ${slope.toFixed(2)}·x − ${(-offset).toFixed(2)}, RMSE ${lineError.toFixed(2)}, the noise has 0.5`,
);

// The temperature of a day, measured every hour for ten days: 15 ± 8 degrees and noise of 1 degree.
const random = new Random(2);
const hours = Array.from({ length: 240 }, () => random.uniform(0, 24));
const degrees = hours.map((hour) => 15 - 8 * Math.cos(Math.PI * (hour - 3) / 12) + random.normal(0, 1));

// A fifth of the rows is put aside: how good a network is, only rows that it has not seen can tell.
const { train, test } = holdOut(hours.length, { seed: 2 });
const pick = (rows: Uint32Array, list: number[]) => Array.from(rows, (row) => list[row]);

// Standardised, (x − mean) / std, numbers are of about the size that the initial weights are made for. Mean and deviation
// are those of the training rows alone, and what the network predicts has to be turned back.
function scaleOf(list: number[]) {
  const mean = list.reduce((sum, x) => sum + x) / list.length;
  const std = Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length);
  return { to: (x: number) => (x - mean) / std, from: (z: number) => z * std + mean };
}
const asIs = { to: (x: number) => x, from: (x: number) => x };

async function score(hourScale: typeof asIs, degreeScale: typeof asIs): Promise<number[]> {
  const model = new MLP(1, [16, 16, 1], { seed: 2, activation: "tanh" });
  await Engine.train({
    model,
    trainInputs: pick(train, hours).map(hourScale.to),
    trainTargets: pick(train, degrees).map(degreeScale.to),
    epochs: 100,
    optimizerType: "adam",
    learningRate: 0.01,
  });
  const predictions = model.predict(pick(test, hours).map(hourScale.to)).map(([y]) => degreeScale.from(y));
  const truth = pick(test, degrees);
  return [rootMeanSquaredError(predictions, truth), r2Score(predictions, truth)];
}

const raw = await score(asIs, asIs);
const scaled = await score(scaleOf(pick(train, hours)), scaleOf(pick(train, degrees)));
console.log(`curve, numbers as they are: RMSE ${raw[0].toFixed(2)}, R² ${raw[1].toFixed(3)}`);
console.log(`curve, standardised:        RMSE ${scaled[0].toFixed(2)}, R² ${scaled[1].toFixed(3)}`);

if (Math.abs(slope - 3) > 0.1 || Math.abs(offset + 2) > 0.1) throw new Error("The line was not found");
if (scaled[1] < 0.95) throw new Error("The curve was not found");
