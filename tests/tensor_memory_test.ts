/** Where the memory of tensors comes from and goes: the pool, scopes, and what a backward pass gives back. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { GradusError, Tensor } from "../mod.ts";
import { nodeOf } from "../src/tensor/autograd.ts";

Deno.test("a scope gives back what was made in it, but not what is kept, nor gradients of leaves", () => {
  const w = Tensor.ones([1000], { requiresGrad: true });
  let lost: Tensor, kept: Tensor;
  {
    using scope = Tensor.scope();
    lost = w.mul(2);
    kept = scope.keep(lost.add(1));
    kept.sum().backward();
  }
  assertThrows(
    () => lost.toArray(),
    GradusError,
    "Cannot use this tensor: its scope has ended, scope.keep(tensor) is needed there",
  );
  assertEquals(kept.sum().item(), 3000);
  assertEquals(w.grad!.sum().item(), 2000);
  const made = Tensor.scope();
  const inner = Tensor.ones([10]);
  made[Symbol.dispose]();
  made[Symbol.dispose]();
  assertThrows(() => inner.add(1), GradusError, "its scope has ended");
});

Deno.test("what a kept tensor's gradient needs is kept, too", () => {
  const w = Tensor.from([2, 3], { requiresGrad: true });
  let y: Tensor;
  {
    using scope = Tensor.scope();
    y = scope.keep(w.mul(2).square().sum());
  }
  y.backward();
  assertEquals(w.grad!.toArray(), [16, 24]);
});

Deno.test("scopes may be nested, and end in any order", () => {
  const outer = Tensor.scope(), inner = Tensor.scope();
  const a = Tensor.ones([200]);
  outer[Symbol.dispose]();
  const b = Tensor.ones([200]);
  inner[Symbol.dispose]();
  const c = Tensor.ones([200]);
  assertThrows(() => a.sum(), GradusError, "scope");
  assertThrows(() => b.sum(), GradusError, "scope");
  assertEquals(c.sum().item(), 200);
  const first = Tensor.scope();
  const second = Tensor.scope();
  const kept = second.keep(Tensor.ones([200]));
  second[Symbol.dispose]();
  assertEquals(kept.sum().item(), 200);
  first[Symbol.dispose]();
  assertThrows(() => kept.sum(), GradusError, "scope");
});

Deno.test("an array that somebody holds is not used again", () => {
  let data: ReturnType<Tensor["toTypedArray"]>, copy: typeof data;
  {
    using _scope = Tensor.scope();
    data = Tensor.full([1000], 5).data;
    copy = Tensor.full([1000], 6).toTypedArray();
  }
  for (let i = 0; i < 10; i++) {
    using _scope = Tensor.scope();
    Tensor.full([1000], 7);
  }
  assert(data.every((x) => x === 5) && copy.every((x) => x === 6));
});

Deno.test("the array of a small tensor is in a buffer of its own once somebody holds it", () => {
  const a = Tensor.from([1, 2]), b = Tensor.from([3, 4]);
  structuredClone(a.data, { transfer: [a.data.buffer] });
  assertEquals(b.toArray(), [3, 4]);
});

Deno.test("memoryStats() tells of hits and of what waits, clearCache() lets go of it, limitCache() bounds it", () => {
  Tensor.clearCache();
  const run = () => {
    using _scope = Tensor.scope();
    Tensor.ones([10_000]);
  };
  run();
  const before = Tensor.memoryStats();
  assertEquals(before.cached, 40_960);
  run();
  const after = Tensor.memoryStats();
  assertEquals([after.hits - before.hits, after.misses - before.misses, after.cached], [1, 0, 40_960]);
  assert(after.peak >= 40_960 && after.live >= 0);
  Tensor.clearCache();
  assertEquals(Tensor.memoryStats().cached, 0);
  Tensor.limitCache(1000);
  run();
  assertEquals([Tensor.memoryStats().cached, Tensor.memoryStats().limit], [0, 1000]);
  Tensor.limitCache(2 ** 28);
  assertThrows(() => Tensor.limitCache(-1), GradusError, "Cannot use the limit -1");
});

Deno.test("memory that is used again holds nothing of what was there: all operations write all they give", () => {
  const w = Tensor.rand([40, 40], { seed: 1, requiresGrad: true });
  const step = () => {
    const y = w.mul(3).tanh().add(w.reshape([40, 40])).div(2);
    y.sum().backward();
    const gradient = w.grad!.toArray();
    w.zeroGrad();
    return [y.toArray(), gradient];
  };
  const expected = step();
  for (let i = 0; i < 5; i++) assertEquals(step(), expected);
});

Deno.test("gradients of leaves survive scopes and later passes, also where they are recorded", () => {
  const w = Tensor.full([1000], 3, { requiresGrad: true });
  for (let i = 0; i < 2; i++) {
    using _scope = Tensor.scope();
    w.square().sum().backward(undefined, { createGraph: true });
  }
  assertEquals(w.grad!.sum().item(), 12_000);
  w.zeroGrad();
  const y = w.square().sum();
  y.backward(undefined, { createGraph: true });
  y.backward();
  assertEquals(w.grad!.sum().item(), 12_000);
});

Deno.test("a hook may give a gradient of another type: it is converted, and not given back while it is needed", () => {
  const a = Tensor.ones([1000], { requiresGrad: true }), b = Tensor.ones([1000], { requiresGrad: true });
  const y = a.clone(), z = a.clone().add(b.clone());
  for (const result of [y, z]) result.registerHook((gradient) => gradient.to("float64").mul(2));
  y.sum().add(z.sum()).backward();
  assertEquals([a.grad!.sum().item(), b.grad!.sum().item()], [4000, 2000]);
  assertEquals([a.grad!.dtype, b.grad!.dtype], ["float32", "float32"]);
});

Deno.test("a graph that is not retained lets go of what its gradients needed", () => {
  const y = Tensor.ones([1000], { requiresGrad: true }).square();
  assertEquals(nodeOf(y)!.saved.length, 1);
  y.sum().backward(undefined, { retainGraph: false });
  assertEquals(nodeOf(y)!.saved.length, 0);
});
