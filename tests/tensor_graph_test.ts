/** What tensors tell of the graph that they are in, and when operations are recorded. */
import { assertEquals, assertThrows } from "@std/assert";
import { GradusError } from "../src/error.ts";
import { Tensor } from "../src/tensor.ts";
import { Function, type FunctionContext } from "../src/tensor/function.ts";

Deno.test("Tensor.isLeaf and gradFn tell what nobody has computed, or nobody needs the gradient of", () => {
  const x = Tensor.from([1, 2], { requiresGrad: true }), y = x.mul(3);
  assertEquals([x.isLeaf, x.gradFn], [true, null]);
  assertEquals([y.isLeaf, y.gradFn?.name], [false, "mul"]);
  assertEquals([y.detach().isLeaf, y.detach().gradFn], [true, null]);
  assertEquals([Tensor.ones([2]).exp().isLeaf, Tensor.ones([2]).exp().gradFn], [true, null]);
});

Deno.test("Tensor.noGrad() and Tensor.enableGrad() hold while their function runs, also within one another", () => {
  const x = Tensor.from([1, 2], { requiresGrad: true }), recorded: boolean[] = [];
  const note = () => recorded.push(Tensor.isGradEnabled && x.mul(2).requiresGrad);
  note();
  Tensor.noGrad(() => {
    note();
    Tensor.enableGrad(() => {
      note();
      Tensor.noGrad(note);
      note();
    });
    note();
  });
  note();
  assertEquals(recorded, [true, false, true, false, true, false, true]);
});

Deno.test("Tensor.noGrad() and Tensor.enableGrad() give what their function gives, and end where it throws", () => {
  assertEquals(Tensor.noGrad(() => Tensor.enableGrad(() => 7)), 7);
  assertThrows(() =>
    Tensor.noGrad(() => {
      throw new RangeError("mine");
    }), RangeError);
  assertEquals(Tensor.isGradEnabled, true);
});

Deno.test("requiresGrad can be set on leaves of floating point only", () => {
  const x = Tensor.from([1, 2], { requiresGrad: true });
  assertThrows(() => x.exp().requiresGrad = false, GradusError, "only that of a leaf");
  assertThrows(() => Tensor.from([1n, 2n]).requiresGrad = true, GradusError, "floating point is needed");
  x.requiresGrad = false;
  assertEquals(x.exp().requiresGrad, false);
});

Deno.test("the gradients of a tensor add up over passes until zeroGrad()", () => {
  const x = Tensor.from(3, { requiresGrad: true, dtype: "float64" }), y = x.square();
  y.backward();
  y.backward();
  assertEquals(x.grad!.item(), 12);
  x.zeroGrad();
  assertEquals(x.grad, null);
  y.backward();
  assertEquals(x.grad!.item(), 6);
});

Deno.test("backward() with createGraph gives gradients in memory of their own, which later passes add to", () => {
  const a = Tensor.from([1, 2, 3], { requiresGrad: true }), b = Tensor.from([4, 5, 6], { requiresGrad: true });
  a.add(b).sum().backward(undefined, { createGraph: true });
  a.mul(2).sum().backward();
  assertEquals(a.grad!.toArray(), [3, 3, 3]);
  assertEquals(b.grad!.toArray(), [1, 1, 1]);
});

Deno.test("grad takes a tensor of the same shape or null, and nothing else", () => {
  const x = Tensor.ones([2], { requiresGrad: true });
  x.grad = Tensor.ones([2]);
  x.sum().backward();
  assertEquals(x.grad!.toArray(), [2, 2]);
  x.grad = null;
  const wrong: [unknown, string][] = [[Tensor.ones([3]), "it is of shape (3,)"], [1, "it is 1"], [
    undefined,
    "it is undefined",
  ]];
  for (const [gradient, what] of wrong) {
    assertThrows(
      () => x.grad = gradient as Tensor,
      GradusError,
      `Cannot set the gradient: ${what}, null or a tensor of shape (2,) is needed`,
    );
  }
  assertEquals(x.grad, null);
});

Deno.test("retainGrad() and registerHook() are refused where there is no gradient, hooks that are none, too", () => {
  const x = Tensor.ones([2]), y = Tensor.ones([2], { requiresGrad: true });
  assertThrows(() => x.retainGrad(), GradusError, "Cannot retain the gradient: this tensor needs none");
  assertThrows(() => x.registerHook(() => {}), GradusError, "Cannot register a hook: this tensor needs no gradient");
  assertThrows(() => y.registerHook(3 as never), GradusError, "Cannot register a hook: it is 3, a function is needed");
  y.registerHook(() => 3 as never);
  assertThrows(
    () => y.sum().backward(),
    GradusError,
    "Cannot call backward(): a hook gave 3, a tensor or nothing is needed",
  );
});

Deno.test("a gradient that somebody has set is added to, in whatever type and order", () => {
  for (const gradient of [Tensor.ones([2], { dtype: "int64" }), Tensor.ones([1]).expand([2]), Tensor.ones([2])]) {
    const x = Tensor.ones([2], { requiresGrad: true });
    x.grad = gradient;
    x.mul(3).sum().backward();
    assertEquals(x.grad.toArray(), [4, 4]);
  }
});

Deno.test("Tensor.noGrad() and Tensor.enableGrad() refuse asynchronous functions", () => {
  for (const call of [Tensor.noGrad, Tensor.enableGrad]) {
    assertThrows(
      () => call(() => Promise.resolve()),
      GradusError,
      "the function is asynchronous, one that is done when",
    );
  }
});

Deno.test("What an operation does not let through has the gradient 0, also where that of the result is infinite", () => {
  const zeros = Tensor.zeros([2], { dtype: "float64" });
  // Values and gradients of PyTorch 2.15.
  const cases: [(x: Tensor) => Tensor, number[], number[]][] = [
    [(x) => x.relu().sqrt(), [-1, 4], [0, 0.25]],
    [(x) => x.clamp(0, 9).sqrt(), [-1, 4], [0, 0.25]],
    [(x) => x.maximum(zeros).sqrt(), [-1, 4], [0, 0.25]],
    [(x) => x.maximum(0).sqrt(), [-1, 4], [0, 0.25]],
    [(x) => x.minimum(zeros).reciprocal(), [-2, 1], [-0.25, 0]],
    [(x) => x.floor().log(), [0.5, 2], [0, 0]],
    [(x) => x.round().sqrt(), [0.2, 2], [0, 0]],
    [(x) => x.sign().add(1).log(), [-1, 2], [0, 0]],
    [(x) => x.floorDivide(2).log(), [1, 4], [0, 0]],
  ];
  for (const [f, numbers, expected] of cases) {
    for (const createGraph of [false, true]) {
      const x = Tensor.from(numbers, { dtype: "float64", requiresGrad: true });
      f(x).sum().backward(undefined, { createGraph });
      assertEquals(x.grad!.detach().add(0).toArray(), expected, `${f}, createGraph ${createGraph}`);
    }
  }
});

Deno.test("A hook or Function.backward() that changes its gradient in place is refused: it is others', too", () => {
  const a = Tensor.from([1, 2], { requiresGrad: true }), b = Tensor.from([3, 4], { requiresGrad: true });
  b.registerHook((gradient) => void gradient.mul_(10));
  assertThrows(
    () => a.add(b).mul(Tensor.from([1, 2])).sum().backward(),
    GradusError,
    "Cannot go backward: a hook has changed the gradient that it was given in place",
  );
  class Doubled extends Function {
    forward(_: FunctionContext, x: Tensor): Tensor {
      return x.mul(2);
    }
    backward(_: FunctionContext, gradient: Tensor): Tensor {
      return gradient.mul_(2);
    }
  }
  assertThrows(
    () => Doubled.apply(a).mul(Tensor.from([1, 2])).sum().backward(),
    GradusError,
    "Cannot go backward: Doubled.backward() has changed the gradient that it was given in place",
  );
});
