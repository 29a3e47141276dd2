/** Values in unusual company: very many uses, several graphs, graphs within callbacks of other graphs. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkGradients, Engine, grad, GradusError, MLP, SGD, Value } from "../mod.ts";

Deno.test("A value that is used a million times gets a million contributions", () => {
  const x = new Value(0.5), shared = x.square();
  let sum = new Value(0) as Value;
  for (let i = 0; i < 1_000_000; i++) sum = sum.add(shared);
  sum.backward();
  assertEquals([sum.data, shared.grad, x.grad], [250_000, 1_000_000, 1_000_000]);
  x.zeroGrad();
  Value.sum(Array.from({ length: 1_000_000 }, () => shared)).backward();
  assertEquals([shared.grad, x.grad], [1_000_000, 1_000_000]);
});

Deno.test("A value that is both operands, and both operands of both operands", () => {
  const x = new Value(3);
  let y = x as Value;
  for (let i = 0; i < 20; i++) y = y.add(y);
  y.backward();
  assertEquals([y.data, x.grad], [3 * 2 ** 20, 2 ** 20]);
});

Deno.test("Graphs that were differentiated, read, or never touched can be parts of one", () => {
  const x = new Value(2);
  const differentiated = x.square(), read = x.pow(3), untouched = x.mul(5);
  differentiated.backward();
  assertEquals([x.grad, read.data], [4, 8]);
  for (let i = 0; i < 300; i++) read.add(i);
  const all = differentiated.mul(read).add(untouched); // x⁵ + 5x
  x.zeroGrad();
  all.backward();
  assertEquals([all.data, x.grad, differentiated.grad, read.grad, untouched.grad], [42, 85, 8, 4, 1]);
  x.zeroGrad();
  differentiated.backward();
  assertEquals([x.grad, differentiated.grad], [4, 1]);
});

Deno.test("Graphs can be made, read and differentiated within the callbacks of others", () => {
  const w = Value.persistent(0.5), model = new MLP(1, [3, 1], { seed: 1, dtype: "float64" });
  const inner = (target: number): number => {
    const x = new Value(target), y = x.pow(3);
    y.backward();
    return x.grad;
  };
  let calls = 0;
  const loss = ([p]: Value[], [t]: number[]): Value => {
    calls++;
    const other = model.forward([w])[0].square();
    other.backward();
    return p.sub(inner(t)).square().mul(grad((x: Value) => x.square())(3).data);
  };
  const optimizer = new SGD(model.parameters, { learningRate: 0 });
  const before = Engine.trainStep(model, [[1], [2]], [[1], [2]], loss, optimizer);
  const p = model.predict([[1], [2]]).map(([y]) => y);
  assertAlmostEquals(before, 6 * ((p[0] - 3) ** 2 + (p[1] - 12) ** 2) / 2, 1e-12);
  assertEquals(calls, 2);
  assert(w.grad !== 0);
});

Deno.test("Functions that differentiate can be called within one another", () => {
  const f = ([x]: Value[]) => {
    const report = checkGradients(([y]) => y.exp(), [x.data]);
    const compiled = Value.compile((y: Value) => y.square());
    return report.passed ? x.mul(compiled(x.data)) : x;
  };
  const x = new Value(3), y = f([x]);
  y.backward();
  assertEquals([y.data, x.grad], [27, 9]);
});

Deno.test("A valueOf() that records while values are recorded", () => {
  const a = new Value(2), sneaky = { valueOf: () => a.mul(3).data };
  const y = a.add(+sneaky).mul(a);
  y.backward();
  assertEquals([y.data, a.grad], [16, 10]);
});

Deno.test("NaN and infinities stay where they belong", () => {
  const x = new Value(0), y = new Value(2);
  const poisoned = x.log().mul(y), clean = y.square();
  clean.backward();
  assertEquals([poisoned.data, clean.data, y.grad, x.grad], [-Infinity, 4, 4, 0]);
  poisoned.add(clean).backward();
  assertEquals([y.grad, x.grad], [-Infinity, Infinity]);
  const undefinedPower = new Value(-2).pow(0.5);
  assertEquals([undefinedPower.data, new Value(0).pow(-1).data, new Value(NaN).relu().data], [NaN, Infinity, NaN]);
});

Deno.test("What is no value is refused wherever an operand is asked for, and recording goes on", () => {
  const x = new Value(2);
  for (const wrong of [undefined, null, "1", {}, [], true, 1n, Symbol("x"), () => 1]) {
    for (
      const use of [
        () => x.add(wrong as never),
        () => Value.sub(wrong as never, x),
        () => Value.dot([x], [wrong as never]),
      ]
    ) {
      assertThrows(use, GradusError, "Cannot compute with");
    }
  }
  const y = x.square();
  y.backward();
  assertEquals([y.data, x.grad], [4, 4]);
});
