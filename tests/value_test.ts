import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Op, opNames } from "../src/bindings.ts";
import { checkGradients, GradusError, MLP, Random, Value } from "../mod.ts";
import { testNeeding } from "./_machine.ts";
import { assertClose, internalOps, isClose, reference } from "./_reference.ts";

const testWithSpeed = testNeeding("speed");

type Operation = (...operands: (Value | number)[]) => Value;

/** The methods by name, where an operation has one. */
const methods = Value.prototype as unknown as Record<string, Operation | undefined>;

function apply(name: string, operands: (Value | number)[]): Value {
  return methods[name]!.call(operands[0], ...operands.slice(1));
}

Deno.test("Value has a method for every operation of the table", () => {
  for (const name of opNames) {
    if (!internalOps.includes(name)) assertEquals(typeof methods[name], "function", name);
  }
});

const operations = await reference<{
  records: { name: string; inputs: number[][]; outputs: number[]; gradients: number[][] }[];
}>("operations");

Deno.test("The reference values cover every operation", () => {
  const covered = operations.records.map(({ name }) => name);
  assertEquals(opNames.filter((name) => !internalOps.includes(name) && !covered.includes(name)), []);
});

/** log Φ and its like amplify the rounding of x²/2 by x². */
function toleranceOf(name: string, [x]: number[]): { relative: number; absolute: number } {
  const tail = name === "gelu" && x < -5 ? x * x * 1e-15 : 0;
  return { relative: 4e-15 + tail, absolute: 4e-16 * Math.max(1, Math.min(Math.abs(x), 1e5)) };
}

for (const { name, inputs, outputs, gradients } of operations.records) {
  Deno.test(`Value.${name}() and its derivative match PyTorch`, () => {
    inputs.forEach((numbers, k) => {
      const operands = numbers.map((x) => new Value(x));
      const y = apply(name, operands);
      y.backward();
      const at = `${name}(${numbers})`;
      assert(isClose(y.data, outputs[k], toleranceOf(name, numbers)), `${at} is ${y.data} instead of ${outputs[k]}`);
      operands.forEach((operand, i) =>
        assert(
          isClose(operand.grad, gradients[k][i], toleranceOf(name, numbers)),
          `d ${at} / d ${i} is ${operand.grad} instead of ${gradients[k][i]}`,
        )
      );
    });
  });
}

/** Where each operation is smooth; the default is −2 to 2. */
const domains: Record<string, [number, number]> = {
  log: [0.2, 3],
  log1p: [-0.5, 3],
  sqrt: [0.2, 3],
  tan: [-1, 1],
  relu: [0.1, 2],
  leakyRelu: [-2, -0.1],
  abs: [0.1, 2],
  div: [0.5, 3],
  pow: [0.2, 3],
};

for (const name of opNames.filter((name) => !internalOps.includes(name))) {
  Deno.test(`Value.${name}() has the gradient of central differences`, () => {
    const random = new Random(1), [low, high] = domains[name] ?? [-2, 2];
    const count = Op[name as keyof typeof Op] >= Op.add ? 2 : 1;
    // The rounding of a difference is 1e-16/h = 2e-11 of the results, some of which are 10 times their derivatives.
    const tolerances = { relativeTolerance: 1e-9, absoluteTolerance: 1e-9 };
    for (let k = 0; k < 20; k++) {
      const x = Array.from({ length: count }, () => random.uniform(low, high));
      if (count === 2 && Math.abs(x[0] - x[1]) < 0.01) continue; // a kink of max and min
      const report = checkGradients((values) => apply(name, values).mul(3), x, tolerances);
      assert(report.passed, `${name}(${x}): ${report}`);
    }
  });
}

Deno.test("Value computes micrograd's example as its README tells", () => {
  const a = new Value(-4), b = new Value(2);
  let c = a.add(b), d = a.mul(b).add(b.pow(3));
  c = c.add(c.add(1));
  c = c.add(Value.sub(c.add(1), a));
  d = d.add(d.mul(2).add(b.add(a).relu()));
  d = d.add(d.mul(3).add(b.sub(a).relu()));
  const f = c.sub(d).square();
  const g = f.div(2).add(Value.div(10, f));
  g.backward();
  assertEquals([g.data, a.grad, b.grad].map((x) => x.toFixed(4)), ["24.7041", "138.8338", "645.5773"]);
});

Deno.test("Value operations take plain numbers on the right, and on the left in the static forms", () => {
  const x = new Value(3);
  assertEquals([x.add(1), x.sub(1), x.mul(2), x.div(2), x.pow(2), x.max(4), x.min(1)].map(Number), [
    4,
    2,
    6,
    1.5,
    9,
    4,
    1,
  ]);
  assertEquals([Value.sub(1, x), Value.div(6, x), Value.pow(2, x)].map(Number), [-2, 2, 8]);
});

Deno.test("D9: number-first forms have the right sign: sigmoid and tanh written with them", () => {
  const x = new Value(0.5);
  const sigmoid = Value.div(1, x.neg().exp().add(1));
  sigmoid.mul(Value.sub(1, sigmoid)).backward(); // s(1 − s), derivative s(1 − s)(1 − 2s)
  const s = 1 / (1 + Math.exp(-0.5));
  assertClose([x.grad], [s * (1 - s) * (1 - 2 * s)], { relative: 1e-14, absolute: 0 }, "derivative");
  const y = new Value(0.5), e = y.mul(2).exp();
  Value.div(e.sub(1), e.add(1)).backward();
  assertClose([y.grad], [1 - Math.tanh(0.5) ** 2], { relative: 1e-14, absolute: 0 }, "derivative of tanh");
});

Deno.test("D7: a value that is used twice counts twice", () => {
  const x = new Value(1), y = x.mul(2);
  y.add(y).backward();
  assertEquals(x.grad, 4);
  const a = new Value(1), b = a.mul(2);
  a.add(b.mul(5)).add(b).backward();
  assertEquals(a.grad, 13);
});

Deno.test("D15: leaves accumulate over backward calls, results in between do not", () => {
  const x = new Value(3), y = x.mul(2), z = y.square();
  z.backward();
  assertEquals([x.grad, y.grad], [24, 12]);
  z.backward();
  assertEquals([x.grad, y.grad], [48, 12]);
  x.zeroGrad();
  z.backward();
  assertEquals(x.grad, 24);
});

Deno.test("D1: every one of a hundred leaves, and of a hundred thousand, gets its gradient", () => {
  for (const count of [100, 100_000]) {
    const leaves = Array.from({ length: count }, (_, i) => new Value(i));
    Value.sum(leaves.map((leaf, i) => leaf.mul(i))).backward();
    assertEquals(leaves.findIndex((leaf, i) => leaf.grad !== i), -1);
  }
});

testWithSpeed(
  "D1: graphs that are wide, too, over several million records, and in time that grows with their size",
  () => {
    const start = performance.now();
    const leaves = Array.from({ length: 1_000_000 }, () => new Value(1));
    Value.sum(leaves.map((leaf) => leaf.mul(2))).backward();
    assertEquals(leaves.findIndex((leaf) => leaf.grad !== 2), -1);
    const w = new Value(1), products = Array.from({ length: 300_000 }, () => w.mul(3));
    assertEquals(products.reduce((sum, product) => sum + product.data, 0), 900_000);
    Value.sum(products).backwardAndFree();
    assertEquals(w.grad, 900_000);
    assertThrows(() => products[0].data, GradusError, "freed");
    const losses = Array.from({ length: 30_000 }, (_, i) => w.mul(i).add(1).square());
    for (const loss of losses) loss.backward();
    const seconds = (performance.now() - start) / 1000;
    assert(seconds < 20, `took ${seconds} s, some 2 are enough`);
  },
);

testWithSpeed("D1, D12: a chain of ten million values has the right value and gradients", () => {
  const first = new Value(1), one = new Value(1);
  let x = first;
  for (let i = 0; i < 10_000_000; i++) x = x.add(one);
  assertEquals(x.data, 10_000_001);
  x.backward();
  assertEquals([first.grad, one.grad], [1, 10_000_000]);
});

Deno.test("Reading a value in the middle of a graph does not cut it", () => {
  const x = new Value(2), y = x.square();
  assertEquals(y.data, 4);
  const z = y.mul(x);
  assertEquals(z.data, 8);
  z.backward();
  assertEquals(x.grad, 12);
});

Deno.test("Graphs that are read after each of many steps keep their gradients", () => {
  const w = new Value(0.999);
  let x = new Value(1) as Value;
  for (let i = 0; i < 5000; i++) {
    x = x.mul(w);
    assert(x.data > 0);
  }
  x.backward();
  assertClose([w.grad], [5000 * 0.999 ** 4999], { relative: 1e-11, absolute: 0 }, "derivative of w⁵⁰⁰⁰");
});

Deno.test("Two graphs that share values are differentiated one after the other", () => {
  const a = new Value(2), shared = a.square();
  const first = shared.mul(3), second = shared.mul(5);
  first.backward();
  assertEquals([a.grad, shared.grad], [12, 3]);
  second.backward();
  assertEquals([a.grad, shared.grad], [32, 5]);
});

Deno.test("Values that are not part of a graph do not disturb its gradients, even where they are infinite", () => {
  const x = new Value(0), inf = x.log();
  const y = x.add(1);
  assertEquals(inf.data, -Infinity);
  y.backward();
  assertEquals(x.grad, 1);
});

Deno.test("Setting the data of a leaf acts on what is recorded afterwards, not on what was", () => {
  const x = new Value(1), before = x.mul(10);
  x.data = 2;
  const after = x.mul(10);
  assertEquals([before.data, after.data], [10, 20]);
});

Deno.test("Value.data of a result cannot be set", () => {
  assertThrows(
    () => new Value(1).exp().data = 3,
    GradusError,
    "Cannot set the data of a result of exp(): only that of a leaf, made by new Value(…), can be set",
  );
});

Deno.test("Value.backwardAndFree() keeps leaves and refuses results in between", () => {
  const w = Value.persistent(0.5), x = new Value(3);
  const y = w.mul(x), z = y.square();
  z.backwardAndFree();
  assertEquals([w.isPersistent, x.isPersistent, w.data, w.grad, x.grad], [true, false, 0.5, 9, 1.5]);
  for (const use of [() => z.data, () => y.grad, () => y.add(1), () => z.backward(), () => y.op]) {
    assertThrows(use, GradusError, "Cannot use a value whose graph was freed");
  }
  assertEquals(w.mul(2).data, 1);
});

Deno.test("Value.backwardAndFree() frees its own graph only", () => {
  const a = new Value(2), other = a.mul(7), mine = a.mul(3);
  mine.add(1).backwardAndFree();
  assertEquals(other.data, 14);
  other.backward();
  assertEquals(a.grad, 10);
});

Deno.test("Value.backwardAndFree() frees graphs that were read in between", () => {
  const a = new Value(2);
  const values = [a.mul(2)];
  for (let i = 0; i < 1000; i++) {
    values.push(values[i].add(a));
    assert(values[i + 1].data > 0);
  }
  values[1000].backwardAndFree();
  assertEquals(a.grad, 1002);
  for (const value of [values[0], values[500], values[1000]]) assertThrows(() => value.data, GradusError, "freed");
});

Deno.test("Value.detach() passes no gradient on, Value.clone() of a result does", () => {
  const x = new Value(3), y = x.square();
  y.detach().mul(x).backward();
  assertEquals(x.grad, 9);
  x.zeroGrad();
  y.clone().backward();
  assertEquals(x.grad, 6);
  const copy = x.clone();
  copy.data = 5;
  assertEquals([x.data, copy.data, copy.grad], [3, 5, 6]);
});

Deno.test("Value tells its label, operation and operands", () => {
  const a = new Value(2, "a"), b = new Value(3);
  const c = a.mul(b).add(1);
  c.label = "c";
  assertEquals([a.label, c.label, c.op, a.op], ["a", "c", "add", ""]);
  const [product, one] = c.operands;
  assertEquals([product.op, product.data, one.data], ["mul", 6, 1]);
  assertStrictEquals(product.operands[0], a);
  assertEquals(a.operands, []);
  assertEquals(String(c), "Value(c, data=7, grad=0, op=add)");
  assertEquals(Deno.inspect(a), "Value(a, data=2, grad=0)");
});

Deno.test("Values are compared by their numbers", () => {
  const a = new Value(1), b = new Value(2);
  assert(a < b && a <= b && b > a);
});

Deno.test("Value.sum(), dot(), softmax() and logSumExp() have their values and gradients", () => {
  const x = [1, 2, 3].map((n) => new Value(n));
  Value.dot(x, [4, 5, new Value(6)]).backward();
  assertEquals(x.map((v) => v.grad), [4, 5, 6]);
  assertEquals([Value.sum([]).data, Value.sum([5]).data, Value.sum(x).data, Value.dot([], []).data], [0, 5, 6, 0]);
  x.forEach((v) => v.zeroGrad());
  Value.logSumExp(x).backward();
  const exps = [1, 2, 3].map(Math.exp), total = exps[0] + exps[1] + exps[2];
  assertClose(
    x.map((v) => v.grad),
    exps.map((e) => e / total),
    { relative: 1e-14, absolute: 0 },
    "gradient of logSumExp",
  );
  assertClose(Value.softmax(x).map(Number), exps.map((e) => e / total), { relative: 1e-14, absolute: 0 }, "softmax");
});

Deno.test("D10: softmax and logSumExp are stable at logits of ±10000 and at infinities", () => {
  const x = [1e4, -1e4, 0].map((n) => new Value(n));
  const p = Value.softmax(x);
  assertEquals(p.map(Number), [1, 0, 0]);
  p[0].log().backward();
  assertEquals(x.map((v) => v.grad), [0, 0, 0]);
  assertEquals(Value.logSumExp(x).data, 1e4);
  assertEquals(Value.logSumExp([-Infinity, -Infinity]).data, -Infinity);
  assertEquals(Value.logSumExp([-Infinity, 3]).data, 3);
});

/** The value and the gradients of `f` at these numbers. */
function differentiated(f: (...x: Value[]) => Value, ...numbers: number[]): number[] {
  const x = numbers.map((number) => new Value(number)), y = f(...x);
  y.backward();
  return [y.data, ...x.map(({ grad }) => grad)];
}

Deno.test("Value.divSafe() is div where the divisor has at least the size 1e-7", () => {
  for (
    const [a, b] of [[3, 2], [3, -2], [-1, 1.1e-7], [5, -1.1e-7], [0, 7], [1e300, 1e10], [2, Infinity], [2, -Infinity]]
  ) {
    const safe = differentiated((a, b) => a.divSafe(b), a, b);
    assertEquals(safe.map((x) => x + 0), differentiated((a, b) => a.div(b), a, b).map((x) => x + 0), `${a} / ${b}`);
    assertEquals(new Value(a).divSafe(b).data, a / b);
  }
});

Deno.test("Value.divSafe() keeps a divisor's size at 1e-7 and its sign, and the gradient of the dividend", () => {
  for (const b of [0, -0, 1e-8, -1e-8, 9e-8, 5e-324, -5e-324]) {
    const kept = b < 0 ? -1e-7 : 1e-7, expected = [3 / kept, 1 / kept, 0];
    assertClose(differentiated((a, b) => a.divSafe(b), 3, b), expected, { relative: 1e-15, absolute: 0 }, `3 / ${b}`);
    assertEquals(new Value(3).divSafe(b).data, 3 / kept);
  }
  for (const b of [1e-7, -1e-7]) {
    const expected = [3 / b, 1 / b, -3 / b / b / 2];
    assertClose(differentiated((a, b) => a.divSafe(b), 3, b), expected, { relative: 1e-15, absolute: 0 }, `3 / ${b}`);
  }
  assertEquals(differentiated((a, b) => a.divSafe(b), 3, NaN), [NaN, NaN, NaN]);
});

Deno.test("Value.logSafe() is log from 1e-7 on, and constant below", () => {
  for (const x of [1.1e-7, 0.5, 1, 1e300]) {
    assertEquals(differentiated((x) => x.logSafe(), x), differentiated((x) => x.log(), x));
  }
  const lowest = differentiated((x) => x.log(), 1e-7)[0];
  for (const x of [9e-8, 0, -0, -5, -Infinity]) assertEquals(differentiated((x) => x.logSafe(), x), [lowest, 0]);
  assertEquals(differentiated((x) => x.logSafe(), 1e-7), [lowest, 1 / 1e-7 / 2]);
});

Deno.test("Value.powSafe() is pow inside its limits", () => {
  const cases = [[-3, 2], [-3, 3], [0, 2], [-5, 0], [0, 0], [2, 0.5], [2e-7, -0.5], [-2e-7, -3], [1e99, 2], [-4, 1], [
    2,
    0.001,
  ]];
  for (const [x, p] of cases) {
    const safe = differentiated((x) => x.powSafe(p), x);
    assertEquals(safe, differentiated((x) => x.pow(p), x), `${x} to the power of ${p}`);
  }
});

Deno.test("Value.powSafe() is finite, and its derivative 0, beyond its limits", () => {
  const at = (x: number, p: number) => differentiated((x) => x.powSafe(p), x);
  // A base that a limit holds is constant. 1e200 comes from a rounded root: 1e-16 · exponent.
  const close = (actual: number[], data: number) =>
    assertClose(actual, [data, 0], { relative: 1e-11, absolute: 0 }, `${data}`);
  for (const x of [0, -0, -3, 9e-8]) {
    close(at(x, 0.5), 1e-7 ** 0.5);
    close(at(x, -0.5), 1e-7 ** -0.5);
  }
  for (const x of [0, -0, 9e-8]) close(at(x, -1), 1e7);
  close(at(-9e-8, -1), -1e7);
  close(at(-9e-8, -2), 1e14);
  for (const [x, p] of [[1e101, 2], [-1e101, 2], [1e300, 2.5], [2, 10_000], [0.5, -10_000], [-2, 10_000], [0, -43]]) {
    close(at(x, p), 1e200);
  }
  close(at(-1e300, 3), -1e200);
  close(at(-0.5, -10_001), -1e200);
  assertClose(
    at(1e-7, -0.5),
    [1e-7 ** -0.5, -0.5 * 1e-7 ** -1.5 / 2],
    { relative: 1e-14, absolute: 0 },
    "at the limit",
  );
});

Deno.test("Value.powSafe() with a value as exponent has both gradients, and is finite", () => {
  const safe = (x: number, p: number) => differentiated((x, p) => x.powSafe(p), x, p);
  for (const [x, p] of [[2, 3], [0.5, -1.5], [2e-7, 2], [10, 0]]) {
    const expected = differentiated((x, p) => x.pow(p), x, p);
    // e^(p·log x) has the rounding of its exponent, here up to 31.
    assertClose(safe(x, p), expected, { relative: 1e-14, absolute: 1e-15 }, `${x} to the power of ${p}`);
  }
  const tolerance = { relative: 1e-13, absolute: 0 };
  assertClose(safe(0, 2), [1e-14, 0, 1e-14 * Math.log(1e-7)], tolerance, "0²");
  assertClose(safe(-3, 2), [1e-14, 0, 1e-14 * Math.log(1e-7)], tolerance, "(−3)²");
  assertClose(safe(10, 1e6), [Math.exp(460), 0, 0], tolerance, "10 to the power of 1e6");
  assertClose(safe(10, -1e6), [Math.exp(-460), 0, 0], tolerance, "10 to the power of −1e6");
});

Deno.test("The safe operations of Value have the gradients of central differences beside their limits", () => {
  const check = (f: (x: Value[]) => Value, inputs: number[], step?: number) => {
    const report = checkGradients(f, inputs, { step });
    assert(report.passed, `${f}: ${report}`);
  };
  for (const b of [0.5, -2]) check(([a, b]) => a.divSafe(b), [1.5, b]);
  for (const b of [3e-8, -3e-8]) check(([a, b]) => a.divSafe(b), [1.5, b], 1e-9);
  for (const x of [0.5, -1]) check(([x]) => x.logSafe(), [x]);
  for (const p of [3, -2, 2.5, -0.5]) check(([x]) => x.powSafe(p), [1.5]);
  for (const p of [3, -2, 2.5]) check(([x]) => x.powSafe(p), [-1.5]);
  check(([x, p]) => x.powSafe(p), [1.5, -2.5]);
  check(([x, p]) => x.powSafe(p), [-1.5, 0.5]);
});

Deno.test("Value shows itself in notebooks", () => {
  const display = (new Value(2, "a") as unknown as Record<symbol, () => unknown>)[Symbol.for("Jupyter.display")];
  assertEquals(display.call(new Value(2, "a")), { "text/plain": "Value(a, data=2, grad=0)" });
});

Deno.test("Value refuses what is no number", () => {
  const x = new Value(1);
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  wrong(() => new Value("2" as unknown as number), 'Cannot make a value of "2": a number is needed');
  wrong(() => new Value([1] as unknown as number), "Cannot make a value of an array");
  wrong(() => new Value(undefined as unknown as number), "Cannot make a value of undefined");
  wrong(() => x.divSafe("1" as unknown as number), 'Cannot compute with "1": a Value or a number is needed');
  wrong(() => x.powSafe(null as unknown as number), "Cannot compute with null");
  wrong(() => x.add("1" as unknown as number), 'Cannot compute with "1": a Value or a number is needed');
  wrong(() => x.mul(null as unknown as number), "Cannot compute with null");
  wrong(() => x.mul({} as unknown as number), "Cannot compute with an object (Object)");
  wrong(() => x.data = null as unknown as number, "Cannot make a value of null");
  wrong(() => Value.dot([1, 2], [1]), "Cannot take the dot product: 2 values meet 1, as many are needed");
  wrong(() => Value.softmax([]), "Cannot normalise an empty list");
  wrong(() => Value.sum(3 as unknown as number[]), "Cannot compute sum of 3: a list of values is needed");
  wrong(() => Value.softmax(3 as unknown as number[]), "Cannot compute softmax or logSumExp of 3");
});

Deno.test("Value.backward() of a leaf gives it the gradient 1", () => {
  const x = new Value(5);
  x.backward();
  x.backward();
  assertEquals(x.grad, 2);
});

Deno.test("A running sum that is read at every step keeps its whole graph and its gradients", () => {
  const w = Value.persistent(2);
  let sum = new Value(0) as Value;
  for (let i = 0; i < 20_000; i++) {
    sum = sum.add(w.mul(i));
    assert(sum.data >= 0);
  }
  sum.backward();
  assertEquals(w.grad, 20_000 * 19_999 / 2);
});

Deno.test("Several results of one older graph, and what it used, get their gradients together", () => {
  const a = new Value(3);
  const base = a.square(); // 9
  for (let i = 0; i < 300; i++) base.add(i); // fills the tape
  assertEquals(base.data, 9);
  const left = base.mul(2), right = base.mul(5), unrelated = a.exp();
  for (let i = 0; i < 300; i++) left.add(i);
  assertEquals([left.data, right.data], [18, 45]);
  const end = left.mul(right).add(left); // 2·5·a⁴ + 2a²
  assert(unrelated.data > 0);
  end.backward();
  assertEquals(a.grad, 40 * 27 + 4 * 3);
  assertEquals([left.grad, right.grad, base.grad], [46, 18, 2 * 46 + 5 * 18]);
  end.backward();
  assertEquals(a.grad, 2 * (40 * 27 + 4 * 3));
});

Deno.test("A result that depends on freed values is refused instead of losing a part of its gradient", () => {
  const x = new Value(2), shared = x.square(), other = shared.mul(5);
  shared.backwardAndFree();
  assertThrows(() => other.backward(), GradusError, "Cannot use a value whose graph was freed");
});

Deno.test("The outputs of a network are values with an operation, operands, labels and gradients", () => {
  const x = new Value(2), [y] = new MLP(2, [1], { init: "zero" }).forward([x, 3]);
  y.label = "y";
  assertEquals([y.label, y.op, y.operands.map(Number)], ["y", "mlp", [2, 3]]);
  assertStrictEquals(y.operands[0], x);
  y.mul(4).backward();
  assertEquals(y.grad, 4);
  y.zeroGrad();
  assertEquals(y.grad, 0);
  assertThrows(() => y.data = 1, GradusError, "Cannot set the data of a result of mlp()");
});

Deno.test("Value.operands, labels and free() see a graph as it was, also after backward() and from later graphs", () => {
  const keep = new Value(5).mul(3);
  for (let i = 0; i < 300; i++) keep.add(i);
  keep.label = "keep";
  assertEquals(keep.data, 15);
  const later = keep.mul(1), x = new Value(2), z = x.mul(3);
  assertEquals(keep.label, "keep");
  assertEquals(later.operands[0].label, "keep");
  z.backward();
  assertStrictEquals(z.operands[0], x);
  assertEquals(z.operands.map((operand) => [operand.op, operand.data]), [["", 2], ["", 3]]);
  z.backwardAndFree();
  assertEquals([keep.data, later.data], [15, 15]);
  assertEquals(JSON.stringify({ keep }), '{"keep":15}');
});

Deno.test("A backward pass that fails leaves no traces", () => {
  const a = new Value(3), bad = a.square(), old = bad.mul(2);
  for (let i = 0; i < 300; i++) bad.add(i);
  assertEquals(old.data, 18);
  const sum = old.add(a.mul(5)).add(a.exp());
  bad.backwardAndFree();
  assertThrows(() => sum.backward(), GradusError, "freed");
  const fine = a.mul(5);
  a.zeroGrad();
  fine.backward();
  assertEquals(a.grad, 5);
});

testWithSpeed(
  "Value.backwardAndFree() frees through the calls of networks, in time that grows with their number",
  () => {
    const model = new MLP(1, [3, 1], { seed: 1 }), x = Value.persistent(0.5);
    const inner = x.mul(3), [output] = model.forward([inner]);
    output.mul(2).backwardAndFree();
    for (const use of [() => output.data, () => output.mul(1), () => inner.data]) {
      assertThrows(use, GradusError, "Cannot use a value whose graph was freed");
    }
    const start = performance.now();
    Value.sum(Array.from({ length: 30_000 }, () => model.forward([x.mul(2)])[0])).backwardAndFree();
    const seconds = (performance.now() - start) / 1000;
    assert(seconds < 10, `took ${seconds} s, one is enough`);
  },
);

Deno.test("A backward pass that fails leaves nothing behind on the graphs that it had not come to yet", () => {
  for (const isFirst of [true, false]) {
    const a = new Value(3);
    const older = a.square();
    for (let i = 0; i < 300; i++) older.add(i); // fills a tape
    assertEquals(older.data, 9);
    const later = a.mul(7);
    for (let i = 0; i < 300; i++) later.add(i);
    assertEquals(later.data, 21);
    const both = isFirst ? older.mul(2).add(later.mul(2)) : later.mul(2).add(older.mul(2));
    later.backwardAndFree();
    assertThrows(() => both.backward(), GradusError, "freed");
    a.zeroGrad();
    older.backward();
    assertEquals([a.grad, older.grad], [6, 1]);
  }
});
