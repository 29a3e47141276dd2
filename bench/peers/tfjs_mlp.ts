/**
 * The training steps of bench/mlp_bench.ts in TensorFlow.js, WebAssembly with SIMD, one thread; it answers as _peer.py
 * does. The packages are fetched by their names when this runs, so that nothing else knows of them.
 */
import { linesOf } from "../_peers.ts";
import { dataOf, learningRate, type Step, weightsOf } from "../_steps.ts";
import { microseconds } from "../_timing.ts";

const library = "npm:@tensorflow/tfjs@4.22.0", backend = "npm:@tensorflow/tfjs-backend-wasm@4.22.0";
const tf = await import(library);
await import(backend);
await tf.setBackend("wasm");
const hasVectors = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");

/**
 * The loss, as a function of variables that the optimizer finds in it, and the optimizer. Matrix product, bias and relu
 * are one fused operation, which is faster than three, and than a model of `tf.layers`.
 */
function stepOf(step: Step): { lossOf: () => unknown; optimizer: typeof tf.Optimizer } {
  const { sizes, batch, optimizer } = step, last = sizes.length - 2, { inputs, targets } = dataOf(step);
  const layers = weightsOf(step).map((weight, i) => ({
    kernel: tf.variable(tf.tidy(() => tf.transpose(tf.tensor2d(weight, [sizes[i + 1], sizes[i]])))),
    bias: tf.variable(tf.zeros([sizes[i + 1]])),
    activation: i < last ? "relu" : "linear",
  }));
  const x = tf.tensor2d(inputs, [batch, sizes[0]]), y = tf.tensor2d(targets, [batch, sizes[last + 1]]);
  const lossOf = () =>
    tf.losses.meanSquaredError(
      y,
      layers.reduce((a, { kernel: b, bias, activation }) => tf.fused.matMul({ a, b, bias, activation }), x),
    );
  return {
    lossOf,
    optimizer: optimizer === "SGD" ? tf.train.sgd(learningRate) : tf.train.adam(learningRate, 0.9, 0.999, 1e-8),
  };
}

/** The losses before the first three updates, and the time of a step. */
function answerTo(step: Step): { losses: number[]; microseconds: number } {
  const { lossOf, optimizer } = stepOf(step);
  const losses = [1, 2, 3].map(() => tf.tidy(() => optimizer.minimize(lossOf, true).dataSync()[0]));
  return { losses, microseconds: microseconds(() => optimizer.minimize(lossOf)) };
}

console.log(JSON.stringify({ version: `${tf.version_core}${hasVectors ? "" : ", without SIMD"}` }));
for await (const line of linesOf(Deno.stdin.readable)) {
  tf.engine().startScope();
  try {
    console.log(JSON.stringify(answerTo(JSON.parse(line))));
  } catch (error) {
    console.log(JSON.stringify({ reason: String(error).split("\n")[0] }));
  }
  tf.engine().endScope();
  tf.disposeVariables();
}
