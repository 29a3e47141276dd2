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
    float32: "a110086cdd86a42ea7e8bddf21b82d251613398a7e7ca9da215187b199fb08c0",
    float64: "80a7c195a54994f6fc07a4fc49fc386536b0f114012e90c0c20002de97847705",
  },
  RMSprop: {
    float32: "b43629dad0ce77cb6b1de1afa12d8fe196e60948cd11a6df5f064ce71207b6ca",
    float64: "9d644fc133453e23cfb7657f4df12c6142536f4e7509e4d566b7d617d933fd07",
  },
  Adam: {
    float32: "3ec97258009143b27161cfd11b58470365b9da4e1705f3c434bd2e3d159f87ff",
    float64: "a8b568aba329ff006fa8cf9ca50b7b07b2902c0548854160f2e94008b3eb1ab2",
  },
  AdamW: {
    float32: "1408550e1462cb59aede755b610a8d69046f8c755e28fc61e32b0165ab507d52",
    float64: "ab605c2eafe94fac1fc0347d0946194f7ba04663f3aeb45723a18f25396d3269",
  },
  Langevin: {
    float32: "aa677c2c6fbd0d550377cf7d69265ec23c613466217e294ee0103f58e0cbf54c",
    float64: "ecce1a40f889910b960cac5a39406ddf52292f1f94096e37b536decfcb97da39",
  },
};

/** The same of a network that is large enough for several threads. */
export const largeHashes: Record<string, Record<Dtype, string>> = {
  SGD: {
    float32: "ae5face8907aac41186a4eea8f6c14c0ba2b3168ed44112fb837b99049319510",
    float64: "0fe8eae687088c581d4753c6ca7c0d3c793e0bb7ada2013a970f8caecf3d2ca8",
  },
  RMSprop: {
    float32: "d0d8c094dca249fc1a2812e8737e032cfd35b507956423f069e249a4ac3adde1",
    float64: "135e60213cf3c34964e297878b584ce82494a0dc169936cdbd6f25a4e94f805a",
  },
  Adam: {
    float32: "8f2d0d19513b616b104f1c8606f3fb6a83eabd1693c93bc9ed2cf829e36d06e9",
    float64: "4631db430220cf8ec6b86bd2d7bee9d698046dae26f1b7cfd4f329575f6537d2",
  },
  AdamW: {
    float32: "f5862c523b28395beb742cbc6eacfb07898f5b0c7e2a92ed36d6c41fefa7ceed",
    float64: "fe12cd654772de41d74c8a72f241c774d373f46aca3773826135b9a008fa8410",
  },
  Langevin: {
    float32: "c83cddc552cb405712a9a669f6bbccc44a7cc30ba8eae77f3998abf3e30d54b3",
    float64: "60693eac4f935389ef1430027a76c7910c5bccd211b5dce4534f82ea5147a0f5",
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

/** The hash of the weights of a network after 100 steps, whose rows go through it `chunk` at a time. */
export async function hashAfterTraining(
  gradus: typeof Gradus,
  name: string,
  dtype: Dtype,
  chunk: number,
  model: Gradus.MLP = networkOf(gradus, dtype),
): Promise<string> {
  const { Engine, Random } = gradus, random = new Random(11);
  const inputs = Array.from({ length: 37 }, () => Array.from({ length: 5 }, () => random.normal()));
  const targets = inputs.map((_, i) => i % 3);
  const optimizer = optimizers[name](gradus, model.parameters);
  for (let step = 0; step < 100; step++) {
    Engine.trainStepMemoryEfficient(model, inputs, targets, Engine.crossEntropy, optimizer, { miniBatchSize: chunk });
  }
  const { buffer, byteOffset, byteLength } = model.parameters.data;
  return await sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

/** One hash for those of all optimizers and types, by their names: what tools/platforms/run compares. */
export async function hashOfAll(found: ReadonlyMap<string, string>): Promise<string> {
  const lines = [...found].map(([name, hash]) => `${name} ${hash}\n`).sort();
  return await sha256(new TextEncoder().encode(lines.join("")));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
