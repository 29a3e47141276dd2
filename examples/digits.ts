/**
 * Handwritten digits, from a file to a classifier: read the table, hold rows out, standardise, train, and look at what went
 * wrong. The 1,797 images of 8×8 pixels in data/ are those of E. Alpaydin and C. Kaynak (see data/README.md).
 *
 *     deno task example examples/digits.ts
 *
 * ```text
 * MLP(64 → 64 relu → 10 linear), float32, 4810 parameters
 *   layers.0  weight (64, 64)  bias (64)  4160 parameters
 *   layers.1  weight (10, 64)  bias (10)  650 parameters
 * epoch 10: loss 0.043, held out 0.142
 * epoch 20: loss 0.016, held out 0.106
 * epoch 30: loss 0.012, held out 0.099
 * accuracy on the 359 images held out: 0.972
 * rows: the digit; columns: what it was taken for
 *  36  ·  ·  ·  ·  ·  ·  ·  ·  ·
 *   · 36  ·  ·  ·  ·  ·  ·  ·  ·
 *   ·  2 33  ·  ·  ·  ·  ·  ·  ·
 *   ·  ·  · 37  ·  ·  ·  ·  ·  ·
 *   ·  1  ·  · 35  ·  ·  ·  ·  ·
 *   ·  ·  ·  1  · 35  ·  ·  ·  ·
 *   ·  ·  ·  ·  1  · 35  ·  ·  ·
 *   ·  ·  ·  ·  ·  ·  · 36  ·  ·
 *   ·  1  1  ·  ·  ·  ·  · 33  ·
 *   ·  ·  ·  1  ·  ·  ·  ·  2 33
 * this 2 was taken for 1:
 *         ▓▓██░░
 *       ░░████▓▓
 *       ▒▒████▓▓
 *       ▒▒▓▓██▒▒
 *   ░░▒▒▓▓████
 *   ▓▓██████░░
 *   ░░▒▒████▓▓
 *       ░░▓▓██▓▓
 * ```
 */
import {
  confusionMatrix,
  Engine,
  holdOut,
  MLP,
  predictedClasses,
  Preprocessing,
  readCsv,
  readTarget,
} from "@gradus/gradus";

// 64 columns of pixels from 0 to 16, and last the digit.
const csv = await readCsv(new URL("../data/digits.csv.gz", import.meta.url));
const target = readTarget(csv);

// A fifth of each digit's images is held out. Nothing about them may reach training, so that means and deviations of the
// pixels come from the training rows alone.
const { train, test } = holdOut(csv.rows.length, { fraction: 0.2, seed: 42, classes: target.data });
const preprocessing = Preprocessing.fit(csv, {}, train);
const [trainInputs, testInputs] = [train, test].map((rows) => preprocessing.transform(csv, rows).inputs);
const [trainTargets, testTargets] = [train, test].map((rows) => Array.from(rows, (row) => target.data[row]));

// One output for each digit, as logits: cross-entropy turns them into probabilities.
const model = new MLP(preprocessing.inputSize, [64, preprocessing.outputSize], { seed: 42 });
console.log(`${model}`);
await Engine.train({
  model,
  trainInputs,
  trainTargets,
  validationData: [testInputs, testTargets],
  lossFn: Engine.crossEntropy,
  optimizerType: "adam",
  learningRate: 0.002,
  weightDecay: 0.001,
  epochs: 30,
  seed: 42,
  onEpoch({ epoch, trainLoss, valLoss }) {
    if (epoch % 10 === 0) console.log(`epoch ${epoch}: loss ${trainLoss.toFixed(3)}, held out ${valLoss!.toFixed(3)}`);
  },
});

// A row of ten numbers for each image; the place of the largest is the answer.
const scores = model.predict({ data: testInputs, shape: [test.length, preprocessing.inputSize] });
const answers = predictedClasses(scores);
const accuracy = Engine.accuracy(scores, testTargets);
console.log(`accuracy on the ${test.length} images held out: ${accuracy.toFixed(3)}`);
console.log("rows: the digit; columns: what it was taken for");
const matrix = confusionMatrix(answers, testTargets, 10);
console.log(matrix.map((row) => row.map((n) => `${n || "·"}`.padStart(3)).join("")).join("\n"));

// One of those that it got wrong.
const wrong = answers.findIndex((answer, i) => answer !== testTargets[i]);
console.log(`this ${testTargets[wrong]} was taken for ${answers[wrong]}:`);
const pixels = csv.rows[test[wrong]].slice(0, 64).map(Number);
for (let y = 0; y < 64; y += 8) {
  console.log(pixels.slice(y, y + 8).map((ink) => " ░▒▓█"[Math.ceil(ink / 4)].repeat(2)).join("").trimEnd());
}

if (accuracy < 0.96) throw new Error(`The accuracy is ${accuracy}`);
