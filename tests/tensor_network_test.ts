/** Tensors beside networks: as inputs and targets, and as parameters of optimizers. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Adam, AdamW, Engine, GradusError, Langevin, MLP, RMSprop, SGD, Tensor, Value } from "../mod.ts";

Deno.test("networks take tensors of any type as inputs and targets, and of any strides", () => {
  const model = new MLP(2, [3, 2], { seed: 1 }), rows = [[0.5, -1], [1, 2], [0, 0.25]];
  const expected = model.predict(rows);
  for (const dtype of ["float32", "float64", "float16", "bfloat16"] as const) {
    assertEquals(rowsOf(model.predict(Tensor.from(rows, { dtype }))), expected, dtype);
  }
  const whole = [[1, 0], [2, 3], [0, 1]];
  for (const dtype of ["int64", "int32", "uint8"] as const) {
    assertEquals(rowsOf(model.predict(Tensor.from(whole, { dtype }))), model.predict(whole), dtype);
  }
  const loss = (inputs: Tensor | number[][], targets: Tensor | number[]) =>
    Engine.evaluate(model, inputs, targets, Engine.crossEntropy);
  assertEquals(loss(Tensor.from(rows), Tensor.from([0n, 1n, 1n])), loss(rows, [0, 1, 1]));
});

function rowsOf(outputs: ReturnType<MLP["predict"]>): number[][] {
  const flat = Array.from(outputs as unknown as ArrayLike<number>);
  return Array.isArray(flat[0])
    ? flat as unknown as number[][]
    : [flat.slice(0, 2), flat.slice(2, 4), flat.slice(4, 6)];
}

const kinds = { SGD, Adam, AdamW, RMSprop, Langevin };
const settings = {
  SGD: { learningRate: 0.1, momentum: 0.9 },
  Adam: { learningRate: 0.1 },
  AdamW: { learningRate: 0.1, weightDecay: 0.1 },
  RMSprop: { learningRate: 0.1, momentum: 0.5, centered: true },
  Langevin: { learningRate: 0.1, temperature: 0.5, seed: 3 },
};

for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
  Deno.test(`${kind} moves tensors as it moves the same numbers as values, to the bit`, () => {
    const numbers = [1, -2, 3, 0.5, 4], goals = [0, 1, 2, 3, 4];
    const values = numbers.map((x) => Value.persistent(x));
    const float64 = { dtype: "float64", requiresGrad: true } as const;
    const tensors = [Tensor.from([[1, -2], [3, 0.5]], float64), Tensor.from(4, float64)];
    const ofValues = new kinds[kind](values, settings[kind]), ofTensors = new kinds[kind](tensors, settings[kind]);
    const [first, second] = [Tensor.from([[0, 1], [2, 3]], { dtype: "float64" }), Tensor.from(4, { dtype: "float64" })];
    for (let step = 0; step < 5; step++) {
      ofValues.zeroGrad();
      ofTensors.zeroGrad();
      assertEquals(tensors[0].grad, null);
      Value.sum(values.map((value, i) => value.sub(goals[i]).square())).backward();
      tensors[0].sub(first).square().sum().add(tensors[1].sub(second).square()).backward();
      ofValues.step();
      ofTensors.step();
    }
    assertEquals(tensors.flatMap((tensor) => [...tensor.data]), values.map(({ data }) => data));
    assertEquals(ofTensors.steps, 5);
  });
}

Deno.test("optimizers leave tensors alone that have no gradient, and refuse what cannot be optimized", () => {
  const a = Tensor.ones([2], { requiresGrad: true }), b = Tensor.ones([2], { requiresGrad: true });
  const optimizer = new SGD([a, b], { learningRate: 0.5 });
  a.sum().backward();
  optimizer.step();
  assertEquals([a.toArray(), b.toArray()], [[0.5, 0.5], [1, 1]]);
  const cases: [unknown[], string][] = [
    [[a, a], "Cannot optimize number 1 of the list: it is there already, each once is needed"],
    [[a.mul(2)], "Cannot optimize number 0 of the list: it is the result of mul(), a leaf is needed"],
    [
      [Tensor.ones([2])],
      "Cannot optimize number 0 of the list: it is a tensor without a gradient, the option requiresGrad is needed",
    ],
    [
      [Tensor.ones([2], { dtype: "float16", requiresGrad: true })],
      "Cannot optimize number 0 of the list: it is of float16, float32 or float64 is needed",
    ],
    [
      [a, Tensor.ones([2], { dtype: "float64", requiresGrad: true })],
      "Cannot optimize number 1 of the list: it is of float64, float32 as the first is needed",
    ],
    [
      [a, Value.persistent(1)],
      "Cannot optimize number 1 of the list: it is an object (Value), a tensor like the first is needed",
    ],
  ];
  for (const [list, message] of cases) assertThrows(() => new SGD(list as Tensor[]), GradusError, message);
});

Deno.test("an optimizer's step on a tensor makes gradients of graphs before it a mistake that is told", () => {
  const w = Tensor.from([1, 2], { requiresGrad: true }), loss = w.square().sum();
  loss.backward();
  new SGD([w]).step();
  assertThrows(() => loss.backward(), GradusError, "an operand was changed in place after it was used");
});

Deno.test("a loss goes down when tensors are trained", () => {
  const x = Tensor.randn([64, 3], { seed: 1 }), w = Tensor.zeros([3], { requiresGrad: true });
  const goal = Tensor.from([1, -2, 3]), optimizer = new Adam([w], { learningRate: 0.1 });
  for (let i = 0; i < 300; i++) {
    optimizer.zeroGrad();
    x.mul(w.sub(goal)).sum(1).square().sum().backward();
    optimizer.step();
  }
  (w.toArray() as number[]).forEach((value, i) => assertAlmostEquals(value, [1, -2, 3][i], 1e-3));
});
