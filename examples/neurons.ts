/**
 * micrograd's demo (A. Karpathy) as it was: two half moons, divided by a network of 2-16-16-1 whose every weight is a
 * `Value`. Each step writes the max-margin loss of all points as one long formula and differentiates it. In moons.ts the
 * same is done by a network without a graph.
 *
 *     deno task example examples/neurons.ts
 *
 * ```text
 * ValueMLP(2 → 16 relu → 16 relu → 1 linear), 337 parameters
 *   layers.0  neurons (16) of weights (2) and bias  48 parameters
 *   layers.1  neurons (16) of weights (16) and bias  272 parameters
 *   layers.2  neurons (1) of weights (16) and bias  17 parameters
 * the first neuron: Neuron(2, relu), its bias: Value(layers.0.neurons.0.b, data=-0.3883874988053655, grad=0)
 * step 10: loss 0.4011, accuracy 82 %
 * step 20: loss 0.3534, accuracy 83 %
 * step 30: loss 0.2684, accuracy 89 %
 * step 40: loss 0.1221, accuracy 95 %
 * step 50: loss 0.0371, accuracy 100 %
 * step 60: loss 0.0172, accuracy 100 %
 * step 70: loss 0.0142, accuracy 100 %
 * step 80: loss 0.0132, accuracy 100 %
 * step 90: loss 0.0135, accuracy 100 %
 * step 100: loss 0.0128, accuracy 100 %
 * the point (0, 1): -1.6957 from an MLP, -1.6957 from values
 * ```
 */
import { makeMoons, Value, ValueMLP } from "@gradus/gradus";

const { inputs, targets } = makeMoons(100, { noise: 0.1, seed: 1337 });
const sides = targets.map((target) => target === 1 ? 1 : -1); // the max-margin loss wants −1 and 1

// Weights and biases start anywhere from −1 to 1.
const model = new ValueMLP(2, [16, 16, 1], { init: "uniform", seed: 1337 });
console.log(`${model}`);
const neuron = model.layers[0].neurons[0];
console.log(`the first neuron: ${neuron}, its bias: ${neuron.bias}`);

let accuracy = 0;
for (let step = 0; step < 100; step++) {
  // Forward: how far each point is from the right side of the margin, and a penalty on large weights.
  const scores = inputs.map((input) => model.forward(input)[0]);
  const dataLoss = Value.sum(scores.map((score, i) => Value.sub(1, score.mul(sides[i])).relu())).div(scores.length);
  const penalty = Value.sum(model.parameters.map((p) => p.square())).mul(1e-4);
  const loss = dataLoss.add(penalty);

  // Backward: the derivative of the loss by every weight.
  model.zeroGrad();
  loss.backward();

  // Update: each weight goes downhill, in steps that get smaller. This is what `SGD` does.
  const learningRate = 1 - 0.9 * step / 100;
  for (const p of model.parameters) p.data -= learningRate * p.grad;

  accuracy = scores.filter((score, i) => score.data > 0 === sides[i] > 0).length / scores.length;
  if (step % 10 === 9) {
    console.log(`step ${step + 1}: loss ${loss.data.toFixed(4)}, accuracy ${Math.round(100 * accuracy)} %`);
  }
}

// What has been learnt goes on without a graph.
const fast = model.toMLP();
const [[score]] = fast.predict([[0, 1]]), [same] = model.forward([0, 1]);
console.log(`the point (0, 1): ${score.toFixed(4)} from an MLP, ${same.data.toFixed(4)} from values`);

if (accuracy < 1) throw new Error(`Only ${100 * accuracy} % of the points are on the right side`);
