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
    float32: "8021dabc26b6289266c7c9fe5a79f602ab6a436d16791c64a569c16322b82453",
    float64: "18aeb3a797101eee1c96a3880ac90b079436bd1067c545bae2b16792ef3321ff",
  },
  AdamW: {
    float32: "cdd53637cfd102600ddc1c7122aa00ad01dcd2d279c68a8e8365f9d7ff508580",
    float64: "f4839b70bceacd2cd09e1c75d623671b6928b5a588e79b5fd1c5659aa762d977",
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
    float32: "ed301a81915452bd38e138bc3ade186f8f703b174e5ba5d6db317811b52ab491",
    float64: "d337514893495e75b1f5f54aa26cdbb1e2d93f4e08cae833d0086f0dc1376c13",
  },
  AdamW: {
    float32: "bcc49623f7f1ee586cd96992f1e5d27acc4b1a7aab1597bc2930d38b4613f4ec",
    float64: "b91889ec643890fe04bead7b25ad83997dd674350a959ece4b957ee5d6ef6351",
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
