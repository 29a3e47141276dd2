/**
 * micrograd's demo (A. Karpathy): two half moons that interlock, divided by a network of 2-16-16-1 that is trained for 100
 * steps on all points at once, with the max-margin loss, a penalty on large weights and a learning rate that falls.
 *
 *     deno task example examples/moons.ts
 *
 * ```text
 * MLP(2 → 16 relu → 16 relu → 1 linear), float32, 337 parameters
 *   layers.0  weight (16, 2)  bias (16)  48 parameters
 *   layers.1  weight (16, 16)  bias (16)  272 parameters
 *   layers.2  weight (1, 16)  bias (1)  17 parameters
 * step 10: loss 0.3896, accuracy 80 %
 * step 20: loss 0.3417, accuracy 82 %
 * step 30: loss 0.2565, accuracy 89 %
 * step 40: loss 0.1098, accuracy 98 %
 * step 50: loss 0.0245, accuracy 100 %
 * step 60: loss 0.0045, accuracy 100 %
 * step 70: loss 0.0015, accuracy 100 %
 * step 80: loss 0.0004, accuracy 100 %
 * step 90: loss 0.0007, accuracy 100 %
 * step 100: loss 0.0000, accuracy 100 %
 *                                                     ········
 *                                                    ·········
 *                                                    ·········
 *                    x x   xx                       ··········
 *                 x   x  xx     x                  ···········
 *              xxx x         x  x     x            ···········
 *           x   x         ·     x  xx             ···o········
 *        x      x      ·····        x x          ·····o·o·····
 *        x   x       ···ooo···       xx         ···o··········
 *        x x       ·····o·······     x xx     ······o·········
 *      x    x    ········o··o····      x     ·········o·······
 *        x     ··········o·o·······    xx  ·········oo········
 *       x   ············oo·o·o·······    ····o····o···o·······
 *       ··························o·········o·o·o·o···········
 *  ···························o·o····o···o····o···············
 * ····························o··o·o··oo···oo···o·············
 * ·································o·········o················
 * ···········································o················
 * ····························································
 * ····························································
 * ```
 */
import { Engine, makeMoons, MLP, SGD } from "@gradus/gradus";

const { inputs, targets } = makeMoons(100, { noise: 0.1, seed: 1337 });
const sides = targets.map((target) => target === 1 ? 1 : -1); // the max-margin loss wants −1 and 1

// Weights and biases start anywhere from −1 to 1.
const model = new MLP(2, [16, 16, 1], { init: "uniform", seed: 1337 });
console.log(`${model}`);

// A penalty of 1e-4·Σp² has the derivative 2e-4·p, and weightDecay·p is what SGD adds to the gradient.
const optimizer = new SGD(model.parameters, { weightDecay: 2e-4 });
let accuracy = 0;
for (let step = 0; step < 100; step++) {
  optimizer.learningRate = 1 - 0.9 * step / 100;
  const loss = Engine.trainStep(model, inputs, sides, Engine.hingeLoss, optimizer);
  accuracy = Engine.accuracy(model.predict(inputs), sides);
  if (step % 10 === 9) {
    console.log(`step ${step + 1}: loss ${loss.toFixed(4)}, accuracy ${Math.round(100 * accuracy)} %`);
  }
}

// What the network thinks of the plane: dots where its answer is above 0, and the points themselves.
const columns = 60, rows = 20;
const plane = Array.from({ length: rows }, (_, row): string[] => {
  const y = 1.5 - 2.5 * row / (rows - 1);
  const line = Array.from({ length: columns }, (_, column) => [4 * column / (columns - 1) - 1.5, y]);
  return model.predict(line).map(([answer]) => answer > 0 ? "·" : " ");
});
inputs.forEach(([x, y], i) => {
  const row = Math.round((1.5 - y) / 2.5 * (rows - 1)), column = Math.round((x + 1.5) / 4 * (columns - 1));
  if (plane[row]?.[column]) plane[row][column] = targets[i] === 1 ? "o" : "x";
});
console.log(plane.map((line) => line.join("").trimEnd()).join("\n"));

if (accuracy < 1) throw new Error(`Only ${100 * accuracy} % of the points are on the right side`);
