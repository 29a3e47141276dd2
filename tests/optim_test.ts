import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Adam,
  AdamW,
  GradusError,
  Langevin,
  MLP,
  type NativeOptimizer,
  type Optimizable,
  RMSprop,
  SGD,
  Value,
} from "../mod.ts";
import { assertClose, reference } from "./_reference.ts";

type OptimizerClass = new (parameters: Optimizable, options?: object) => NativeOptimizer;

const classes: Record<string, OptimizerClass> = { SGD, RMSprop, Adam, AdamW, Langevin };

const { start, gradients, records } = await reference<{
  start: number[];
  gradients: number[][];
  records: { name: string; options: object; parameters: number[][] }[];
}>("optimizers");

for (const { name, options, parameters } of records) {
  const settings = JSON.stringify(options);

  Deno.test(`D20: 20 steps of ${name} ${settings} on values match PyTorch`, () => {
    const values = start.map((x) => Value.persistent(x));
    const optimizer = new classes[name](values, options);
    gradients.forEach((gradient, k) => {
      values.forEach((value, i) => value.grad = gradient[i]);
      optimizer.step();
      assertClose(values.map((v) => v.data), parameters[k], { relative: 1e-12, absolute: 1e-14 }, `step ${k + 1}`);
    });
    assertEquals(optimizer.steps, 20);
  });

  for (const dtype of ["float64", "float32"] as const) {
    Deno.test(`D20: 20 steps of ${name} ${settings} on a ${dtype} network match PyTorch`, () => {
      const model = new MLP(6, [1], { dtype });
      model.parameters.data.set(start);
      const optimizer = new classes[name](model.parameters, options);
      // float32: each step rounds the parameter (6e-8 relative), and squares of gradients near 1000 likewise.
      const tolerance = dtype === "float64" ? { relative: 1e-12, absolute: 1e-14 } : { relative: 4e-6, absolute: 4e-6 };
      gradients.forEach((gradient, k) => {
        model.parameters.grad.set(gradient);
        optimizer.step();
        assertClose(model.parameters.data, parameters[k], tolerance, `step ${k + 1}`);
      });
    });
  }
}

Deno.test("Langevin has the noise that its temperature says, and the same for the same seed", () => {
  const run = (seed: number) => {
    const model = new MLP(99, [100], { init: "zero", dtype: "float64" });
    const optimizer = new Langevin(model.parameters, { learningRate: 0.5, damping: 0.2, temperature: 3, seed });
    optimizer.step();
    return { data: model.parameters.data, norm: optimizer.getVelocityNorm() };
  };
  const { data, norm } = run(7);
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const variance = data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length;
  // 10,000 numbers: the variance 2·0.2·3·0.5 = 0.6 is met within 5 standard errors of √(2/n), the mean within those of √(1/n).
  assert(Math.abs(variance / 0.6 - 1) < 5 * Math.sqrt(2 / 1e4), `variance ${variance}`);
  assert(Math.abs(mean) < 5 * Math.sqrt(0.6 / 1e4), `mean ${mean}`);
  assertClose([norm], [Math.hypot(...data)], { relative: 1e-12, absolute: 0 }, "velocity");
  assertEquals(run(7).data, data);
  assert(run(8).data[0] !== data[0]);
});

Deno.test("Langevin samples the Boltzmann distribution of a parabola", () => {
  // For U = x²/2 and small steps, x has variance temperature, whatever the damping.
  const x = Array.from({ length: 200 }, () => Value.persistent(0));
  const optimizer = new Langevin(x, { learningRate: 0.01, damping: 0.1, temperature: 0.5, seed: 1 });
  let sum = 0, count = 0;
  for (let step = 0; step < 2000; step++) {
    for (const value of x) value.grad = value.data;
    optimizer.step();
    if (step >= 500) { for (const value of x) sum += value.data ** 2, count++; }
  }
  // Momentum form: v has variance T·lr·2·damping/(1 − (1−damping)²) = T·lr·1/(1 − damping/2); x follows with T/(1 − damping/2).
  assertClose([sum / count], [0.5 / (1 - 0.05)], { relative: 0.05, absolute: 0 }, "variance");
});

Deno.test("Optimizer settings can be changed where they may, and are checked", () => {
  const w = [Value.persistent(1)];
  const sgd = new SGD(w, { learningRate: 0.5 });
  sgd.learningRate = 0.25;
  w[0].grad = 1;
  sgd.step();
  assertEquals(w[0].data, 0.75);
  sgd.zeroGrad();
  assertEquals(w[0].grad, 0);
  const langevin = new Langevin(w);
  langevin.damping = 1;
  langevin.temperature = 0;
  assertEquals([langevin.damping, langevin.temperature], [1, 0]);
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  wrong(() => langevin.damping = 1.5, "Cannot use the setting damping 1.5: a number from 0 to 1 is needed");
  wrong(() => sgd.learningRate = -1, "Cannot use the learning rate -1: a number of at least 0 is needed");
  wrong(() => new SGD(w, { lr: 1 } as object), 'Cannot use the settings of SGD: there is no option "lr"');
  wrong(() => new SGD(w, { nesterov: true }), "Cannot use nesterov without momentum");
  wrong(
    () => new Adam(w, { beta1: 1 }),
    "Cannot use the setting beta1 1: a number of at least 0 and below 1 is needed",
  );
  wrong(() => new Adam(w, { learningRate: NaN }), "Cannot use the learning rate NaN");
  wrong(() => new Langevin(w, { seed: -1 }), "Cannot use the seed -1");
  wrong(
    () => new Adam(w, 0.1 as unknown as object),
    "Cannot use the settings of Adam: they are 0.1, an object is needed",
  );
  wrong(
    () => new SGD(w, { nesterov: "no" as unknown as boolean }),
    'Cannot use nesterov "no": true or false is needed',
  );
  wrong(() => new SGD([w[0], w[0]]), "Cannot optimize number 1 of the list: it is there already");
  wrong(() => new SGD([]), "Cannot optimize this");
  wrong(() => new SGD([new Value(1)]), "Cannot optimize number 0 of the list: it is not persistent");
  wrong(() => new SGD([1] as unknown as Value[]), "Cannot optimize number 0 of the list: it is 1");
});

Deno.test("An optimizer tells its settings", () => {
  const optimizer = new SGD([Value.persistent(1)], { momentum: 0.9, nesterov: true });
  optimizer.learningRate = 0.5;
  assertEquals(optimizer.settings, { learningRate: 0.5, momentum: 0.9, nesterov: true, weightDecay: 0 });
  assertEquals(String(optimizer), "SGD(learningRate=0.5, momentum=0.9, nesterov=true, weightDecay=0)");
  assertEquals(new Langevin([Value.persistent(1)], { seed: 2 ** 40 + 1 }).settings.seed, 2 ** 40 + 1);
});
