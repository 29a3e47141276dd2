/**
 * A hundred steps of each optimizer, and the SHA-256 of the weights after them, which is the same everywhere. It takes gradus as
 * an argument, so that bundles of it can be asked, too.
 */
import type * as Gradus from "../mod.ts";

type Dtype = Gradus.Dtype;

/** An optimizer of each kind, with settings that use all of it. */
export const optimizers: Record<string, (gradus: typeof Gradus, parameters: Gradus.Parameters) => Gradus.Optimizer> = {
  SGD: ({ SGD }, parameters) =>
    new SGD(parameters, { learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
  RMSprop: ({ RMSprop }, parameters) => new RMSprop(parameters, { learningRate: 0.003, momentum: 0.5 }),
  Adam: ({ Adam }, parameters) => new Adam(parameters, { learningRate: 0.01 }),
  AdamW: ({ AdamW }, parameters) => new AdamW(parameters, { learningRate: 0.01, weightDecay: 0.1 }),
  Langevin: ({ Langevin }, parameters) =>
    new Langevin(parameters, { learningRate: 0.02, damping: 0.3, temperature: 1e-3, seed: 7 }),
};

/** By optimizer: of float32 and of float64. */
export const hashes: Record<string, Record<Dtype, string>> = {
  SGD: {
    float32: "86768d603306ca62f5d43225887daae15de4256e43b22383de9d94b1873d11c9",
    float64: "e2198a3f0e602208c844bf1c27eb205c7b550ffe408fa7140a99bb9fd0d5300d",
  },
  RMSprop: {
    float32: "7f0b2d60eaacb3eba5318d9876ef4fedb4bf52fd6be9d0b02839a372a901c5c6",
    float64: "f857e6cc41408d9e04884ce2a9b6acab16afcee8052e450e5cf4ae4abfcc4a02",
  },
  Adam: {
    float32: "ade9284678334d97645914e323ebda9a35f29f505dca7f16dd08d395d32cb7d0",
    float64: "2467a3e8a66cd95e69e7e121b70c6126082587e84eb84cb540343343080e818d",
  },
  AdamW: {
    float32: "17f61872fde506c51a81eea08359725781dc1f747552362b3f4118aa172a5a81",
    float64: "cecce0ae476142dbd8ddad09446dab369e837cdfc303aed4a61ffb26a67ec7a2",
  },
  Langevin: {
    float32: "5a3b6ed694213df7859cac072beb72dd38e340369a336039e040589182678f84",
    float64: "4a2ada358bd6f3cf3751e6a3fb773713d7dc1b982db38a0faeafc2c1193c0f82",
  },
};

/** A network with every kind of layer, of sizes that fit no vector. */
function networkOf({ Layer, MLP }: typeof Gradus, dtype: Dtype): Gradus.MLP {
  const layers = [
    new Layer(5, 11, "tanh"),
    new Layer(11, 9, "gelu"),
    new Layer(9, 8, "relu"),
    new Layer(8, 7, "silu"),
    new Layer(7, 6, "softplus"),
    new Layer(6, 5, "leakyRelu"),
    new Layer(5, 4, "sigmoid"),
    new Layer(4, 3),
  ];
  return new MLP(5, layers, { seed: 3, dtype });
}

/** The hash of the weights after 100 steps, whose rows go through the network `chunk` at a time. */
export async function hashAfterTraining(
  gradus: typeof Gradus,
  name: string,
  dtype: Dtype,
  chunk: number,
): Promise<string> {
  const { Engine, Random } = gradus, random = new Random(11);
  const inputs = Array.from({ length: 37 }, () => Array.from({ length: 5 }, () => random.normal()));
  const targets = inputs.map((_, i) => i % 3);
  const model = networkOf(gradus, dtype), optimizer = optimizers[name](gradus, model.parameters);
  for (let step = 0; step < 100; step++) {
    Engine.trainStepMemoryEfficient(model, inputs, targets, Engine.crossEntropy, optimizer, { miniBatchSize: chunk });
  }
  const { buffer, byteOffset, byteLength } = model.parameters.data;
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
