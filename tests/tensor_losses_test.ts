/** Losses of tensors against PyTorch 2.15.0 in float64, and their gradients against differences. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { GradusError, Tensor } from "../mod.ts";
import { checkTensorGradients } from "./_tensor_gradients.ts";

const float64 = { dtype: "float64" } as const;
const randn = (shape: number[], seed: number) => Tensor.randn(shape, { seed, dtype: "float64" });

const x = Tensor.from([[0.5, -1, 2], [3, 0.25, -0.75]], float64);
const images = Tensor.from([[[0.5, -1], [2, 3], [0.25, -0.75]], [[1, 2], [3, 4], [5, 7]]], float64);

/** Numbers to 13 digits: the order of sums is another one. */
function assertNear(y: Tensor, ...expected: number[]): void {
  assertEquals(y.size, expected.length);
  y.flatten().toTypedArray().forEach((value, i) => {
    assertAlmostEquals(Number(value), expected[i], 1e-13 * Math.max(1, Math.abs(expected[i])));
  });
}

/** The gradient at a point. */
function gradientOf(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const leaf = x.clone();
  leaf.requiresGrad = true;
  f(leaf).backward();
  return leaf.grad!;
}

Deno.test("Tensor.crossEntropy() takes class numbers in every form", () => {
  const forms = [
    [2, 0],
    Int32Array.of(2, 0),
    Uint8Array.of(2, 0),
    BigInt64Array.of(2n, 0n),
    Float32Array.of(2, 0),
    Tensor.from([2n, 0n]),
    Tensor.from([2, 0], { dtype: "uint8" }),
    Tensor.from([0, 2], { dtype: "int32" }).flip(),
    Tensor.from([9, 2, 0], { dtype: "int32" }).slice({ start: 1 }),
  ];
  for (const classes of forms) assertNear(x.crossEntropy(classes), 0.16257138144646952);
  assertNear(x.crossEntropy([2, 0], { reduction: "sum" }), 0.32514276289293903);
  assertNear(x.crossEntropy([2, 0], { reduction: "none" }), 0.24131129665715703, 0.083831466235782);
  assertNear(x.T.contiguous().T.crossEntropy([2, 0]), 0.16257138144646952);
  assertNear(x.at(0).crossEntropy(1), 3.241311296657157);
});

Deno.test("Tensor.crossEntropy() takes probabilities", () => {
  const targets = Tensor.from([[0.2, 0.3, 0.5], [0, 1, 0]], float64);
  assertNear(x.crossEntropy(targets), 2.1375713814464694);
  assertNear(x.crossEntropy(targets.toArray() as number[][]), 2.1375713814464694);
  assertNear(x.crossEntropy(targets, { reduction: "sum" }), 4.275142762892939);
  assertNear(x.crossEntropy(targets, { reduction: "none" }), 1.441311296657157, 2.833831466235782);
  assertNear(images.crossEntropy(images.flip(1).softmax(1)), 2.442811665730269);
  checkTensorGradients((x, t) => x.crossEntropy(t), [randn([2, 3], 1), randn([2, 3], 2).softmax()]);
});

Deno.test("Tensor.crossEntropy() has the classes along axis 1 of more axes", () => {
  const classes = [[0, 1], [2, 0]];
  // deno-fmt-ignore
  const losses = [1.8342584333938963, 0.040982031068677226, 0.1429316284998995, 5.054985235377147];
  assertNear(images.crossEntropy(classes), 1.7682893320849051);
  assertNear(images.crossEntropy(classes, { reduction: "none" }), ...losses);
  assertEquals(images.crossEntropy(classes, { reduction: "none" }).shape, [2, 2]);
  // deno-fmt-ignore
  assertNear(gradientOf((x) => x.crossEntropy(classes), images),
    -0.21006702257270654, 0.004395049908393377, 0.1789671884819577, -0.01003840569838163, 0.031099834090748877, 0.005643355789988225,
    0.003969059994116693, -0.24840563476938943, 0.02932760695654959, 0.011780854131166037, -0.03329666695066627, 0.2366247806382234);
});

Deno.test("Tensor.crossEntropy() has its gradient, and that of it", () => {
  for (const reduction of ["mean", "sum", "none"] as const) {
    checkTensorGradients((x) => x.crossEntropy([2, 0, 1], { reduction }), [randn([3, 3], 1)]);
    checkTensorGradients((x) => x.crossEntropy([[0, 1], [1, 1]], { reduction }), [randn([2, 2, 2], 2)]);
  }
  checkTensorGradients((x) => x.crossEntropy(1), [randn([3], 3)]);
});

Deno.test("Tensor.crossEntropy() leaves out rows whose target is ignored, and spreads targets over the classes", () => {
  assertNear(x.crossEntropy([-100, 0]), 0.083831466235782);
  assertNear(x.crossEntropy([1, 0], { ignoreIndex: 1 }), 0.083831466235782);
  assertNear(x.crossEntropy([-100, 0], { reduction: "none" }), 0, 0.083831466235782);
  assertNear(x.crossEntropy([2, 0], { labelSmoothing: 0.1 }), 0.3459047147798029);
  assertEquals(x.crossEntropy([-100, -100]).item(), NaN);
  const probabilities = Tensor.from([[0.2, 0.3, 0.5], [0, 1, 0]], float64);
  assertNear(x.crossEntropy(probabilities, { labelSmoothing: 0.1 }), 2.123404714779803);
  const classes = [[0, -100], [2, 0]], labelSmoothing = 0.25;
  assertNear(images.crossEntropy(classes, { labelSmoothing }), 2.2815584324236475);
  assertNear(images.crossEntropy(classes, { labelSmoothing, reduction: "sum" }), 6.844675297270943);
  // deno-fmt-ignore
  assertNear(gradientOf((x) => x.crossEntropy(classes, { labelSmoothing }), images),
    -0.22453380787471985, 0, 0.21084514019816583, 0, 0.013688667676554064, 0,
    -0.022485697785622184, -0.275651957470297, 0.011325698164288347, -0.012069972269556393, 0.01115999962133388, 0.28772192973985344);
  for (const reduction of ["mean", "sum", "none"] as const) {
    checkTensorGradients((x) => x.crossEntropy([2, -100, 1], { reduction, labelSmoothing }), [randn([3, 3], 1)]);
  }
  assertEquals(x.to("float16").crossEntropy([-100, 0]).dtype, "float16");
  assertThrows(() => x.crossEntropy([0, 1], { labelSmoothing: 2 }), GradusError, "Cannot use labelSmoothing 2");
  assertThrows(() => x.crossEntropy([0, 1], { ignoreIndex: 0.5 }), GradusError, "Cannot use ignoreIndex 0.5");
});

Deno.test("Tensor.crossEntropy() is computed in float32 for halves, and of no rows it is NaN", () => {
  const half = x.to("float16").crossEntropy([2, 0]);
  assertEquals([half.dtype, half.item()], ["float16", Math.f16round(0.16257138144646952)]);
  assertEquals(x.to("float32").crossEntropy([2, 0]).dtype, "float32");
  assertEquals(Tensor.zeros([0, 3]).crossEntropy(new Int32Array(0)).item(), NaN);
  assertEquals(Tensor.zeros([0, 3]).crossEntropy(new Int32Array(0), { reduction: "none" }).shape, [0]);
  assertEquals(Tensor.from([[1000, 0]]).crossEntropy([1]).item(), 1000);
});

Deno.test("losses of classes refuse what are no classes", () => {
  const refused = (f: () => unknown, words: string) => assertThrows(f, GradusError, words);
  refused(
    () => x.crossEntropy([2, 3]),
    "Cannot compute crossEntropy(): target 1 is no class, a number from 0 to below 3 is needed",
  );
  refused(() => x.crossEntropy([-1, 0]), "target 0 is no class");
  refused(() => x.crossEntropy(Tensor.from([0n, 2n ** 32n])), "target 1 is no class");
  refused(() => x.crossEntropy(Tensor.from([0, 2 ** 32 - 1], { dtype: "uint32" })), "target 1 is no class");
  refused(() => x.nllLoss([0, 3]), "Cannot compute nllLoss(): target 1 is no class");
  refused(
    () => x.crossEntropy([0, 1, 2]),
    "Cannot compute crossEntropy() of a tensor of shape (2, 3): the targets are whole numbers of shape (3,), " +
      "class numbers of shape (2,) are needed, or probabilities of shape (2, 3)",
  );
  refused(() => x.crossEntropy([0.5, 1]), "the targets are fractions of shape (2,)");
  refused(() => x.crossEntropy(Tensor.from([0, 1])), "the targets are float32 of shape (2,)");
  refused(() => x.crossEntropy(Tensor.ones([2, 3], { dtype: "int32" })), "the targets are int32 of shape (2, 3)");
  refused(() => Tensor.from(1).crossEntropy(0), "an axis of classes is needed");
  refused(() => x.crossEntropy([0, 1], { reduction: "average" as "mean" }), 'Cannot use the reduction "average"');
  refused(() => x.crossEntropy([0, 1], { weight: 1 } as never), 'there is no option "weight"');
});

Deno.test("Tensor.nllLoss() takes logarithms of probabilities", () => {
  const logarithms = images.logSoftmax(1), classes = [[0, 1], [2, 0]];
  assertNear(logarithms.nllLoss(classes), 1.7682893320849051);
  assertNear(logarithms.nllLoss(classes, { reduction: "sum" }), 7.0731573283396205);
  assertEquals(logarithms.nllLoss(classes, { reduction: "none" }).shape, [2, 2]);
  assertEquals(Tensor.from([[0, -Infinity]]).nllLoss([0]).item(), 0);
  assertEquals(Tensor.from([0, -2]).nllLoss(1).item(), 2);
  checkTensorGradients((x) => x.nllLoss([1, 0]), [randn([2, 3], 1)]);
  checkTensorGradients((x) => x.logSoftmax(1).nllLoss([[1, 0]], { reduction: "none" }), [randn([1, 3, 2], 1)]);
});

const targets = Tensor.from([[0.5, 0.5, 1], [0, 0.5, -3.75]], float64);

const distances = {
  mseLoss: { none: [0, 2.25, 1, 9, 0.0625, 9], gradient: [0, -1 / 2, 1 / 3, 1, -1 / 12, 1] },
  l1Loss: { none: [0, 1.5, 1, 3, 0.25, 3], gradient: [0, -1 / 6, 1 / 6, 1 / 6, -1 / 6, 1 / 6] },
  huberLoss: { none: [0, 1, 0.5, 2.5, 0.03125, 2.5], gradient: [0, -1 / 6, 1 / 6, 1 / 6, -1 / 24, 1 / 6] },
};

for (const name of ["mseLoss", "l1Loss", "huberLoss"] as const) {
  Deno.test(`Tensor.${name}() is PyTorch's, with its gradient`, () => {
    const { none, gradient } = distances[name], sum = none.reduce((a, b) => a + b);
    assertNear(x[name](targets), sum / 6);
    assertNear(x[name](targets, { reduction: "sum" }), sum);
    assertNear(x[name](targets, { reduction: "none" }), ...none);
    assertNear(gradientOf((x) => x[name](targets), x), ...gradient);
    assertNear(x[name](0), x[name](Tensor.zerosLike(x)).item());
    for (const reduction of ["mean", "sum", "none"] as const) {
      checkTensorGradients((x, t) => x[name](t, { reduction }), [randn([2, 3], 1), randn([2, 3], 2).mul(2)]);
    }
    assertThrows(
      () => Tensor.ones([3, 1])[name](Tensor.ones([3])),
      GradusError,
      `Cannot compute ${name}() of a tensor of shape (3, 1): the targets have the shape (3,), the same one is needed`,
    );
  });
}

Deno.test("Tensor.huberLoss() becomes linear at delta", () => {
  assertNear(x.huberLoss(targets, { delta: 2.5, reduction: "none" }), 0, 1.125, 0.5, 4.375, 0.03125, 4.375);
  assertThrows(() => x.huberLoss(targets, { delta: 0 }), GradusError, "Cannot use delta 0: a number above 0 is needed");
});

Deno.test("Tensor.binaryCrossEntropy() is PyTorch's, with its gradient, also at 0 and 1", () => {
  const x = Tensor.from([0, 1, 0.25, 0.5, 1, 0], float64), t = Tensor.from([0, 1, 1, 0.3, 0, 0.5], float64);
  assertNear(x.binaryCrossEntropy(t), 25.346573590279974);
  assertNear(x.binaryCrossEntropy(t, { reduction: "sum" }), 152.07944154167984);
  const losses = [0, 0, 1.3862943611198906, 0.6931471805599453, 100, 50];
  assertNear(x.binaryCrossEntropy(t, { reduction: "none" }), ...losses);
  const gradient = gradientOf((x) => x.binaryCrossEntropy(t, { reduction: "sum" }), x);
  assertNear(gradient.slice({ stop: 4 }), 0, 0, -4, 0.8);
  assertNear(gradient.slice({ start: 4 }), 1e12, -0.5e12);
  assertNear(x.binaryCrossEntropy(1), x.binaryCrossEntropy(Tensor.onesLike(x)).item());
  checkTensorGradients((x, t) => x.binaryCrossEntropy(t), [randn([4], 1).sigmoid(), randn([4], 2).sigmoid()]);
  checkTensorGradients((x) => x.binaryCrossEntropy(1, { reduction: "none" }), [randn([4], 1).sigmoid()]);
  assertThrows(() => Tensor.from([0.5, 1.5]).binaryCrossEntropy(1), GradusError, "there are numbers outside of 0 to 1");
  assertThrows(() => x.binaryCrossEntropy(Tensor.ones([6, 1])), GradusError, "the targets have the shape (6, 1)");
});

Deno.test("Tensor.binaryCrossEntropyWithLogits() is PyTorch's, with its gradient, also far out", () => {
  const x = Tensor.from([0, 100, -100, 2, -800], float64), t = Tensor.from([0.5, 1, 1, 0, 0.25], float64);
  assertNear(x.binaryCrossEntropyWithLogits(t), 60.56401503832059);
  const losses = [0.6931471805599453, 0, 100, 2.1269280110429727, 200];
  assertNear(x.binaryCrossEntropyWithLogits(t, { reduction: "none" }), ...losses);
  const loss = (x: Tensor) => x.binaryCrossEntropyWithLogits(t, { reduction: "sum" });
  assertNear(gradientOf(loss, x), 0, 0, -1, 0.8807970779778823, -0.25);
  checkTensorGradients((x, t) => x.binaryCrossEntropyWithLogits(t), [randn([4], 1), randn([4], 2)]);
});
