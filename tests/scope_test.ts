import { assert, assertEquals, assertThrows } from "@std/assert";
import { GradusError, MLP, Value } from "../mod.ts";

const freed = "Cannot use a value whose graph was freed";

Deno.test("Value.scope() frees what was recorded in it, and leaves stay", () => {
  const outside = new Value(2).mul(3);
  let inside: Value, leaf: Value, persistent: Value;
  {
    using _scope = Value.scope();
    leaf = new Value(5);
    persistent = Value.persistent(7);
    inside = outside.mul(leaf).mul(persistent);
    inside.backward();
    assertEquals(inside.data, 210);
  }
  assertEquals([outside.data, leaf.data, leaf.grad, persistent.grad], [6, 5, 42, 30]);
  for (const use of [() => inside.data, () => inside.grad, () => inside.add(1), () => inside.backward()]) {
    assertThrows(use, GradusError, freed);
  }
  outside.backward();
});

Deno.test("Value.scope().keep() lets a value survive with all that it depends on, and nothing else", () => {
  const x = new Value(3);
  let kept: Value, other: Value, behind: Value, between: Value;
  {
    using scope = Value.scope();
    between = x.square();
    for (let i = 0; i < 400; i++) between.add(i); // seals the tape once it is read
    assertEquals(between.data, 9);
    kept = scope.keep(between.mul(2).add(x));
    other = between.exp();
    behind = kept.mul(5);
  }
  assertEquals([kept.data, between.data, kept.operands.map(Number)], [21, 9, [18, 3]]);
  for (const gone of [other, behind]) assertThrows(() => gone.data, GradusError, freed);
  kept.backward();
  assertEquals([x.grad, between.grad], [13, 2]);
  const next = kept.mul(10);
  next.backward();
  assertEquals([next.data, x.grad], [210, 143]);
});

Deno.test("Scopes can be nested, and end in any order", () => {
  const x = new Value(2);
  const outer = Value.scope(), a = x.mul(3), inner = Value.scope(), b = a.mul(5);
  assertEquals(b.data, 30);
  inner[Symbol.dispose]();
  assertThrows(() => b.data, GradusError, freed);
  const c = a.mul(7);
  assertEquals(c.data, 42);
  const later = Value.scope(), d = c.mul(2);
  outer[Symbol.dispose]();
  for (const gone of [a, c]) assertThrows(() => gone.data, GradusError, freed);
  assertEquals(d.data, 84); // its own tape is still there …
  assertThrows(() => d.backward(), GradusError, freed); // … but not what it was computed from
  later[Symbol.dispose]();
  later[Symbol.dispose]();
  assertThrows(() => d.data, GradusError, freed);
  assertEquals(x.mul(2).data, 4);
});

Deno.test("A value that uses one of an ended scope keeps its number, and is refused a gradient", () => {
  const x = new Value(2);
  let inside: Value;
  let outside: Value;
  {
    using _scope = Value.scope();
    inside = x.square();
    {
      using inner = Value.scope();
      outside = inner.keep(inside.mul(3));
    }
  }
  assertThrows(() => inside.data, GradusError, freed);
  assertEquals(outside.data, 12);
  assertThrows(() => outside.backward(), GradusError, freed);
  assertEquals(x.grad, 0);
});

Deno.test("A scope ends where a loop throws, and the next one is as good as new", () => {
  const w = Value.persistent(1);
  for (let i = 0; i < 3; i++) {
    assertThrows(
      () => {
        using _scope = Value.scope();
        w.mul(2).add(undefined as unknown as Value);
      },
      GradusError,
      "Cannot compute with undefined",
    );
  }
  w.mul(2).backward();
  assertEquals(w.grad, 2);
});

Deno.test("Calls of networks belong to the scope that they were made in", () => {
  const model = new MLP(2, [3, 1], { seed: 1 }), x = new Value(1);
  let kept: Value, gone: Value;
  {
    using scope = Value.scope();
    kept = scope.keep(model.forward([x, 2])[0].mul(2));
    gone = model.forward([x, 3])[0];
  }
  kept.backward();
  assert(x.grad !== 0);
  assertThrows(() => gone.data, GradusError, freed);
});

Deno.test("Leaves keep their gradients after a scope, as numbers where these were values of the scope", () => {
  const x = new Value(2), y = new Value(3);
  let kept: Value;
  {
    using scope = Value.scope();
    x.pow(3).mul(y).backward({ createGraph: true });
    kept = scope.keep(y.gradValue!);
    assertEquals([x.grad, y.grad], [36, 8]);
  }
  assertEquals([x.grad, x.gradValue, y.grad, y.gradValue!.data, kept.data], [36, undefined, 8, 8, 8]);
  x.mul(2).backward();
  assertEquals(x.grad, 38);
});

Deno.test("Value.scope().keep() of a graph that branches and meets very often takes no longer than the graph is large", () => {
  let kept: Value;
  {
    using scope = Value.scope();
    let y = new Value(1).mul(1);
    for (let i = 0; i < 1000; i++) y = y.add(y);
    kept = scope.keep(y);
  }
  assertEquals(kept.data, 2 ** 1000);
});

Deno.test("Value.scope().keep() keeps values, and nothing else", () => {
  using scope = Value.scope();
  for (const wrong of [3, undefined, [new Value(1)]]) {
    assertThrows(() => scope.keep(wrong as never), GradusError, "Cannot keep");
  }
});

Deno.test("Value.memory() tells what is recorded, and that it is freed", () => {
  const before = Value.memory(), x = new Value(1.5);
  let sum = x.mul(1);
  for (let i = 0; i < 1000; i++) sum = sum.add(i).mul(x);
  const during = Value.memory();
  assert(during.nodes >= before.nodes + 3000 && during.bytes >= before.bytes + 3000 * 16);
  sum.backward();
  assert(Value.memory().bytes >= during.bytes + 3000 * 8, "gradients count, too");
  sum.backwardAndFree();
  const after = Value.memory();
  assert(after.nodes <= before.nodes + 10, `${after.nodes} after ${before.nodes}`);
});

Deno.test("Value.scope().keep() frees the memory of what came after", () => {
  const x = new Value(3), before = Value.memory().nodes;
  let kept: Value;
  {
    using scope = Value.scope();
    kept = scope.keep(x.square());
    let y = kept;
    for (let i = 0; i < 1000; i++) y = y.add(i);
  }
  assertEquals(Value.memory().nodes, before + 2);
  kept.backward();
  assertEquals([kept.data, x.grad], [9, 6]);
});

Deno.test("Value.memory() stays the same over scopes", () => {
  const w = Value.persistent(0.5), sizes = [];
  for (let i = 0; i < 100; i++) {
    using _scope = Value.scope();
    let y = w.mul(i);
    for (let k = 0; k < 500; k++) y = y.mul(w).tanh();
    y.backward();
    sizes.push(Value.memory().nodes);
  }
  assertEquals(new Set(sizes.slice(1)).size, 1);
});

Deno.test("Value.memory() falls when V8 has collected graphs, between turns of the event loop", async () => {
  const before = Value.memory().nodes;
  for (let i = 0; i < 50; i++) {
    let y = new Value(i).mul(1);
    for (let k = 0; k < 20_000; k++) y = y.add(k);
    y.backward();
  }
  const made = Value.memory().nodes - before;
  assert(made > 50 * 20_000);
  for (let i = 0; i < 200 && Value.memory().nodes - before > made / 2; i++) {
    new Float64Array(1 << 20).fill(1); // makes V8 collect
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert(Value.memory().nodes - before < made / 2);
});

Deno.test("A scope cannot be opened while a function is recorded", () => {
  const f = (x: Value) => {
    using _scope = Value.scope();
    return x;
  };
  assertThrows(() => Value.compile(f), GradusError, "Cannot open or close a scope while a function is recorded");
  assertEquals(new Value(2).mul(2).data, 4);
});
