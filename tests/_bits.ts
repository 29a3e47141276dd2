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
    float32: "45225eb5250b341b6a47fdaa015dbc38954710a03383c4e38bfbe3df4c71ae6b",
    float64: "a2ef4ffe917ec7c020f0a7a5844e6e2fb62f1a910fba0bdac1b6ac325ae9a98a",
  },
  RMSprop: {
    float32: "cc31f1568a07dd6673481fe6c41db1b84d4b1abd653bee7e0a8abe69788d80de",
    float64: "d693b63ca0bdfdbe77c4d841c15dd011f186a4de7694c3fd19941a7f62b8d91c",
  },
  Adam: {
    float32: "923c624f2e950a30f3e83278777bcc7843afcaa207e7f39eda8bb0f18c306ba3",
    float64: "52008e20ff038ee34f49dd85e7e06959c1b9cd3c8f966120cceb534b41a751d9",
  },
  AdamW: {
    float32: "82762a9f5e18e03b1adc74b213a843cdc9d581fbb31b206f8c85ecaf3016d564",
    float64: "a5e10a24538550eb1325a13dcf2c42de2438209aac880e2f2fa83effd3a95d36",
  },
  Langevin: {
    float32: "db9fd8ed520e91e24e8c70e334b55361b87dbb14235b5e35e14499b0a316b4ec",
    float64: "0e670a2acca01f45f1f25a9bbf8aebcd9515d0d50d20db9f8ae69e4d8f526374",
  },
};

/** The same of a network that is large enough for several threads. */
export const largeHashes: Record<string, Record<Dtype, string>> = {
  SGD: {
    float32: "962916c788adc628e8d55e23cfaad414c82c0e3f5627e2af01d77a0dbb66b294",
    float64: "90a2d0ce7474d5c4466596260c4b34b51b10faf6a31fd59a503198c36853180f",
  },
  RMSprop: {
    float32: "592485ffbe2d8b8cdc4f961a4aadd7a6803b2e7432f3c73c272278062787eaee",
    float64: "d5be174784a3cb7542c2414093715bf414232386b77dc08cb0e672a5590c0600",
  },
  Adam: {
    float32: "f1d83c6f5ec88bb84c4912725cb0ba5875a2c9471bd83ff7b2487ba95853bde9",
    float64: "e80d79d7c888f20276ff54da8dc0a9359414cafc794ea5f30e82b01eee218c7b",
  },
  AdamW: {
    float32: "ca54aa1d58d7f23b343cd403cc5e5b19967b6c2de7a33974ee7ec296f9e0d5a8",
    float64: "761e8e002c6a38dad47b1866db2a29040fac737e18d365674c3c1c83bdfdde97",
  },
  Langevin: {
    float32: "951fbff1515887ebed141833c6df285e0642e71f984a7f812d5be36c56551ba4",
    float64: "c720f1c7056d5a584aca7155df91ba30e0bc5086facfec31acfceedec090c066",
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
