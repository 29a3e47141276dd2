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
    float32: "55620115d5d3c7642e9c289d90de8da2f7eb818fc2d24d4bf20e1cdb9951374c",
    float64: "f14037b63abf21cfde81d5e5dfb95ccd5e896a9e6cc25cf0000a1a4030aec20a",
  },
  RMSprop: {
    float32: "b2e2cf0bfcbb6f5bc7d98fc5a3de5fa1ec6e85eee527921b804d9387c277a0ab",
    float64: "8e20bc4b331fe62821c6474f5fccc3489ce67d24037bbef8d1caaa7123266f97",
  },
  Adam: {
    float32: "34e129962160429ce389f5a68ba039f7664541d8c148abd60ea66719ddd04a61",
    float64: "930ba171d7c79add248d80b34b3caa00fddd33a633173c9e2244e25f69a7b67a",
  },
  AdamW: {
    float32: "94aed2e6fc0ff55e4dc44e0714c1c7be01dc2fd75fdb65227fbf751cf62e43d1",
    float64: "0b73fa305bafaaf637ccebabf369dfc6d818289f8ec2b37a9252c559522fcfb6",
  },
  Langevin: {
    float32: "43d856cbf75472f66f61c05e03d51c8413853db4f2356b01b31d26e9cea3e686",
    float64: "ed4fd15b16fea9883983c93f6d7e36f9b7309cb0201b1a033dcd5c85910841dd",
  },
};

/** The same of a network that is large enough for several threads. */
export const largeHashes: Record<string, Record<Dtype, string>> = {
  SGD: {
    float32: "6f208a0803ed1cee3ce1d41787a40013451681ed26ec7efc4bb8d8b67fa9286b",
    float64: "f1bf14f50e6dabe33a6d334562874a745a6298bcf82c36d6e569c8d1b4345fbc",
  },
  RMSprop: {
    float32: "caac937c7e4c9f05d6f0f8ccfa21c64d68012e70d9e5c32e5bf2ee7566ffdf85",
    float64: "69b304194a373a27d94b70accca95e065f1e7b4dc45ed17689357742d6b2e290",
  },
  Adam: {
    float32: "8c3bbb8595bf4d1f56635020092254db14ba58d1c569a8c330a28fb2ac12800f",
    float64: "6b4872be61320bc9d5f54052b899ed31766a9cdc2cd1d0e35d22d549d37fb0b8",
  },
  AdamW: {
    float32: "b49a9104f2b54f3f62a572a4b4b0289ef74fb65349972ab0de48021930e2c867",
    float64: "3beae4be6f3435958da2bd72852b1f0bd4526e3199adeca98200be13d93b114b",
  },
  Langevin: {
    float32: "c544d66baa40120ff9b6e273a0fa737c3db28ed855467fc902b8d19356a464d8",
    float64: "596a56e47d8ffaa5086630c2aa39411442eed68dc686d7a19d24956cabbc7aa0",
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
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
