/**
 * The smallest problem that needs a hidden layer: no straight line divides the two classes of XOR. A network learns it
 * twice: with `MLP` and `Engine`, which is all that you need, and by hand with `Value`s, which shows what they do.
 *
 *     deno task example examples/xor.ts
 *
 * ```text
 * MLP(2 → 4 tanh → 1 linear), float32, 17 parameters
 *   layers.0  weight (4, 2)  bias (4)  12 parameters
 *   layers.1  weight (1, 4)  bias (1)  5 parameters
 * mean squared error 0.3904 → 0.0003
 * 0 xor 0 = 0.00
 * 0 xor 1 = 0.99
 * 1 xor 0 = 0.99
 * 1 xor 1 = 0.03
 * by hand → 0.0003
 * ```
 */
import { Adam, Engine, MLP, Value, xor } from "@gradus/gradus";

const { inputs, targets } = xor();

// Two numbers in, four hidden neurons, one number out. The seed decides where the weights start.
const model = new MLP(2, [4, 1], { seed: 2, activation: "tanh" });
console.log(`${model}`);
const history = await Engine.train({
  model,
  trainInputs: inputs,
  trainTargets: targets,
  epochs: 60,
  optimizerType: "adam",
  learningRate: 0.05,
  lossFn: Engine.mseLoss,
});
const lastLoss = history.trainLoss.at(-1)!;
console.log(`mean squared error ${history.trainLoss[0].toFixed(4)} → ${lastLoss.toFixed(4)}`);
const answers = model.predict(inputs).flat();
inputs.forEach(([a, b], i) => console.log(`${a} xor ${b} = ${answers[i].toFixed(2)}`));

// By hand: the same 17 parameters from the same start, now each of them a value.
const twin = new MLP(2, [4, 1], { seed: 2, activation: "tanh" });
const parameters = Array.from(twin.parameters.data, (x) => Value.persistent(x));
const weights = parameters.slice(0, 8), biases = parameters.slice(8, 12);
const outputWeights = parameters.slice(12, 16), outputBias = parameters[16];

function network(input: number[]): Value {
  const hidden = biases.map((bias, i) => Value.dot(weights.slice(2 * i, 2 * i + 2), input).add(bias).tanh());
  return Value.dot(outputWeights, hidden).add(outputBias);
}

const optimizer = new Adam(parameters, { learningRate: 0.05 });
let loss = new Value(0);
for (let epoch = 0; epoch < 60; epoch++) {
  loss = Value.sum(inputs.map((input, i) => network(input).sub(targets[i]).square())).div(4);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
}
console.log(`by hand → ${loss.data.toFixed(4)}`);

if (Engine.accuracy(answers, targets) < 1) throw new Error("XOR was not learnt");
if (Math.abs(loss.data - lastLoss) > 1e-5) throw new Error("The two ways differ by more than rounding");
