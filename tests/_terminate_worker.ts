/** Ends a worker, the only one that has the library open, while it trains; prints "alive" if that leaves the process so. */

if (self.name === "trainer") {
  const { Engine, MLP } = await import("../mod.ts");
  const rows = 4000, nin = 200, model = new MLP(nin, [1024, 1024, 1], { seed: 1 });
  setTimeout(() => (self as unknown as Worker).postMessage("training"), 100);
  await Engine.train({
    model,
    trainInputs: Float32Array.from({ length: rows * nin }, (_, i) => Math.sin(i)),
    trainTargets: Float32Array.from({ length: rows }, (_, i) => Math.cos(i)),
    epochs: 100,
    learningRate: 1e-4,
  });
} else {
  const worker = new Worker(import.meta.url, { type: "module", name: "trainer" });
  await new Promise((resolve) => worker.onmessage = resolve);
  worker.terminate();
  await new Promise((resolve) => setTimeout(resolve, 500));
  console.log("alive");
}
