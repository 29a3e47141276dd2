/**
 * A loss of your own: a function that computes, with `Value`s, how bad the outputs for one sample are. Here it makes a
 * network predict not the mean but a bound that nine of ten values stay below.
 *
 *     deno task example examples/custom_loss.ts
 *
 * ```text
 * quantile loss 3.691 → 0.232
 * 91 % of the parcels are there in the time promised
 * 200 km: 4.44 days, and 1.11 more for each 100 km
 * mean square by hand 8.799210, by Engine.mseLoss 8.799210
 * ```
 */
import { Adam, type CustomLoss, Engine, MLP, Random, Value } from "@gradus/gradus";

// How long a parcel is on its way: 1 day for each 100 km, and a delay that is mostly short and sometimes long.
const random = new Random(3);
const distances = Array.from({ length: 500 }, () => random.uniform(0, 5));
const days = distances.map((distance) => distance - Math.log(1 - random.uniform()));

/** The quantile loss: an answer that is too low costs nine times as much as one that is too high. */
const quantileLoss: CustomLoss = ([prediction], [target]) => {
  const tooLow = Value.sub(target, prediction);
  return tooLow.mul(0.9).max(tooLow.mul(-0.1));
};

// The loss of a batch is the mean over its samples. Such a loss goes wherever a built-in one goes.
const model = new MLP(1, [8, 1], { seed: 3, activation: "tanh" });
const optimizer = new Adam(model.parameters, { learningRate: 0.02 });
const before = Engine.trainStep(model, distances, days, quantileLoss, optimizer);
await Engine.train({ model, trainInputs: distances, trainTargets: days, epochs: 60, lossFn: quantileLoss, optimizer });
const after = Engine.evaluate(model, distances, days, quantileLoss);
console.log(`quantile loss ${before.toFixed(3)} → ${after.toFixed(3)}`);

const promises = model.predict(distances).flat();
const kept = days.filter((day, i) => day <= promises[i]).length / days.length;
console.log(`${Math.round(100 * kept)} % of the parcels are there in the time promised`);

// Outputs of a network are values, too: what does the promise for 200 km depend on?
const distance = new Value(2);
const [promise] = model.forward([distance]);
promise.backward();
console.log(`200 km: ${promise.data.toFixed(2)} days, and ${distance.grad.toFixed(2)} more for each 100 km`);

// Written by hand, the mean square is that of the engine: same loss, same gradient.
const meanSquare: CustomLoss = ([prediction], [target]) => prediction.sub(target).square();
const twin = () => new MLP(1, [8, 1], { seed: 3, dtype: "float64" });
const [mine, theirs] = [twin(), twin()];
const lossOfMine = Engine.trainStep(mine, distances, days, meanSquare, new Adam(mine.parameters));
const lossOfTheirs = Engine.trainStep(theirs, distances, days, Engine.mseLoss, new Adam(theirs.parameters));
const difference = Math.max(...mine.parameters.grad.map((g, i) => Math.abs(g - theirs.parameters.grad[i])));
console.log(`mean square by hand ${lossOfMine.toFixed(6)}, by Engine.mseLoss ${lossOfTheirs.toFixed(6)}`);

if (Math.abs(kept - 0.9) > 0.02) throw new Error("The bound does not hold for nine of ten");
if (Math.abs(lossOfMine - lossOfTheirs) > 1e-12 || difference > 1e-12) throw new Error("The mean squares differ");
