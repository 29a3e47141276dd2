/**
 * The same seed gives the same bits: one SHA-256 for the weights after 100 steps of each optimizer, at every SIMD level of this
 * machine, for whole batches and in chunks. The hashes are held in _bits.ts, so other machines are compared with this one.
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as gradus from "../mod.ts";
import { toDataset } from "../src/dataset.ts";
import { levels } from "../src/ffi.ts";
import { Run, wholeBatch } from "../src/run.ts";
import { Engine, MLP, SGD, simdLevel } from "../mod.ts";
import { hashAfterTraining, hashes, hashOfAll, largeHashes, optimizers } from "./_bits.ts";
import { testAtEachLevel } from "./_levels.ts";
import { testNeeding } from "./_machine.ts";

const testWithSpeed = testNeeding("speed");

/** What the trainings at the last level gave. */
const found = new Map<string, string>();

Deno.test.afterAll(async () => {
  if (found.size < 2 * Object.keys(optimizers).length) return; // not all tests were run
  console.log(`\nhash of 100 steps of each optimizer ${(await hashOfAll(found)).slice(0, 16)}`);
});

for (const name of Object.keys(optimizers)) {
  for (const dtype of ["float32", "float64"] as const) {
    testAtEachLevel(`100 steps of ${name} in ${dtype} have the same bits, whole and in chunks`, async () => {
      for (const chunk of [37, 16, 5]) {
        const hash = await hashAfterTraining(gradus, name, dtype, chunk);
        assertEquals(hash, hashes[name]?.[dtype], `chunks of ${chunk}`);
        found.set(`${name} ${dtype}`, hash);
      }
    });
  }
}

for (const name of Object.keys(optimizers)) {
  for (const dtype of ["float32", "float64"] as const) {
    testWithSpeed(
      `100 steps of ${name} in ${dtype} of a larger network have the same bits with 1, 2, 3 and 8 threads`,
      async () => {
        const best = simdLevel(), before = Engine.threads;
        try {
          for (const level of levels.slice(1)) { // "plain" would take minutes
            if (simdLevel(level) !== level) continue;
            for (const [threads, chunk] of [[1, 37], [2, 37], [3, 20], [8, 37]]) {
              Engine.threads = threads;
              const model = new MLP(5, [256, 260, 3], { seed: 3, dtype, activation: "tanh" });
              const hash = await hashAfterTraining(gradus, name, dtype, chunk, model);
              assertEquals(hash, largeHashes[name]?.[dtype], `${level}, ${threads} threads, chunks of ${chunk}`);
            }
          }
        } finally {
          simdLevel(best);
          Engine.threads = before;
        }
      },
    );
  }
}

Deno.test("Large networks, whose layers are updated one by one, have the bits of an update of all", async () => {
  const rows = Array.from({ length: 80 }, (_, i) => Array.from({ length: 20 }, (_, j) => Math.sin(i * 20 + j)));
  const classes = rows.map((_, i) => i % 3), before = Engine.threads;
  Engine.threads = 2;
  for (const name of Object.keys(optimizers)) {
    for (const dtype of ["float32", "float64"] as const) {
      const trained = async (options: { clipNorm?: number; miniBatchSize?: number }) => {
        const model = new MLP(20, [260, 250, 3], { seed: 5, dtype, activation: "tanh" }); // 71,463 parameters
        await Engine.train({
          model,
          trainInputs: rows,
          trainTargets: classes,
          epochs: 2,
          batchSize: 40, // a product for several threads, with more columns than rows
          lossFn: Engine.crossEntropy,
          optimizer: optimizers[name](gradus, model.parameters),
          memoryEfficient: options.miniBatchSize !== undefined,
          ...options,
        });
        return [model.parameters.data, model.parameters.grad];
      };
      const [parameters, gradients] = await trained({});
      // A limit that no gradient reaches changes nothing but the way: all gradients first, then one update.
      assertEquals(await trained({ clipNorm: 1e30 }), [parameters, gradients], `${name}, ${dtype}`);
      assertEquals(await trained({ miniBatchSize: 7 }), [parameters, gradients], `${name}, ${dtype}, in chunks`);
    }
  }
  Engine.threads = before;
});

Deno.test("Large networks are clipped, and updated after the last of many rows", () => {
  const rows = Array.from({ length: 600 }, (_, i) => Array.from({ length: 20 }, (_, j) => Math.sin(i * 20 + j)));
  const classes = rows.map((_, i) => i % 3);
  const trained = (size: number, clipNorm = 0) => {
    const model = new MLP(20, [260, 250, 3], { seed: 5, activation: "tanh" });
    const data = toDataset(model, rows, classes, Engine.crossEntropy, "train");
    const run = new Run(model, data, Engine.crossEntropy, { ...wholeBatch(data, size), clipNorm });
    const optimizer = new SGD(model.parameters, { learningRate: 0.1 });
    for (let i = 0; i < 3; i++) run.epoch(optimizer);
    return model;
  };
  // More than 512 at once are more than one block of a product's depth.
  const whole = trained(600);
  assertEquals(trained(100).parameters.data, whole.parameters.data);
  assertEquals(trained(600, 1e30).parameters.data, whole.parameters.data);
  const limit = whole.getGradientNorm() / 10, clipped = trained(600, limit);
  assertAlmostEquals(clipped.getGradientNorm(), limit, 1e-4 * limit);
  assertEquals(trained(100, limit).parameters.data, clipped.parameters.data);
});
