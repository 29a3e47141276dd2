/** grad, jacobian, hessian and the others of functions of tensors, and operations of one's own. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  Function,
  type FunctionContext,
  grad,
  GradusError,
  hessian,
  hvp,
  jacobian,
  jvp,
  Tensor,
  valueAndGrad,
  vjp,
  vmap,
} from "../mod.ts";

const float64 = { dtype: "float64" } as const;
const numbers = (tensor: Tensor) => [...tensor.toTypedArray() as Float64Array];

Deno.test("grad() and valueAndGrad() of a function of tensors give its gradient, and nothing else changes", () => {
  const x = Tensor.from([1, 2, 3], { ...float64, requiresGrad: true });
  const [value, gradient] = valueAndGrad((x: Tensor) => x.mul(x).mul(x).sum())(x);
  assertEquals([value.item(), numbers(gradient)], [36, [3, 12, 27]]);
  assertEquals(x.grad, null);
  const [dx, dy] = grad(([a, b]: Tensor[]) => a.mul(b).sum())([x, Tensor.from([4, 5, 6], float64)]);
  assertEquals([numbers(dx), numbers(dy)], [[4, 5, 6], [1, 2, 3]]);
});

Deno.test("what grad() gives has a graph only where something outside of the function needs it", () => {
  const x = Tensor.from([1, 2], float64), w = Tensor.from([3, 4], { ...float64, requiresGrad: true });
  assertEquals(grad((x: Tensor) => x.square().sum())(x).requiresGrad, false);
  const gradient = grad((x: Tensor) => x.square().mul(w).sum())(x);
  gradient.sum().backward();
  assertEquals(numbers(w.grad!), [2, 4]);
});

Deno.test("grad() of grad() of grad() is the third derivative", () => {
  const f = (x: Tensor) => x.pow(3).sum();
  const third = grad((x: Tensor) => grad((x: Tensor) => grad(f)(x).sum())(x).sum());
  assertEquals(numbers(third(Tensor.from([2, 5], float64))), [6, 6]);
});

Deno.test("jacobian() has the axes of the output, then those of the input", () => {
  const x = Tensor.from([[1, 2], [3, 4]], float64);
  const j = jacobian((x: Tensor) => x.square().sum(0))(x);
  assertEquals(j.shape, [2, 2, 2]);
  assertEquals(j.toArray(), [[[2, 0], [6, 0]], [[0, 4], [0, 8]]]);
  const [[da, db], [dc]] = jacobian(([a, b]: Tensor[]) => [a.mul(b), a])([
    Tensor.from(3, float64),
    Tensor.from(5, float64),
  ]);
  assertEquals([da, db, dc].map((t) => t.item()), [5, 3, 1]);
});

Deno.test("hessian() and hvp() agree with the closed form of a quadratic", () => {
  const a = Tensor.from([[2, 1], [1, 3]], float64), x = Tensor.from([0.5, -1], float64);
  const f = (x: Tensor) => x.reshape([1, 2]).mul(a.mul(x.reshape([2, 1]))).sum();
  assertEquals(hessian(f)(x).toArray(), [[4, 2], [2, 6]]);
  assertEquals(numbers(hvp(f)(x, Tensor.from([1, 10], float64))), [24, 62]);
});

Deno.test("jvp() and vjp() are the two products with the Jacobian", () => {
  const f = (x: Tensor) => x.square().sum(0), x = Tensor.from([[1, 2], [3, 4]], float64);
  const v = Tensor.from([[1, 10], [100, 1000]], float64), u = Tensor.from([1, -1], float64);
  const [y, slope] = jvp(f)(x, v), [, gradient] = vjp(f)(x, u);
  assertEquals([numbers(y), numbers(slope)], [[10, 20], [602, 8040]]);
  assertEquals(gradient.toArray(), [[2, -4], [6, -8]]);
});

Deno.test("vmap() gives what a loop over slices gives, with its gradients", () => {
  const x = Tensor.from([[1, 2], [3, 4], [5, 6]], { ...float64, requiresGrad: true });
  const y = vmap((row: Tensor) => row.square().sum())(x);
  assertEquals(numbers(y), [5, 25, 61]);
  y.backward(Tensor.from([1, 0, 2], float64));
  assertEquals(x.grad!.toArray(), [[2, 4], [0, 0], [20, 24]]);
  assertEquals(vmap((column: Tensor) => column.mul(2), 1)(x).toArray(), [[2, 4], [6, 8], [10, 12]]);
});

Deno.test("functions of tensors refuse what cannot be differentiated", () => {
  const x = Tensor.from([1, 2], float64);
  const cases: [() => unknown, string][] = [
    [
      () => grad((x: Tensor) => x)(x),
      "Cannot form a gradient: the function gave a tensor of shape (2,), a single element is needed; jacobian() takes more",
    ],
    [
      () => grad((x: Tensor) => x.sum())(Tensor.from([1, 2], { dtype: "int32" })),
      "Cannot form a gradient: an input is of int32, floating point is needed",
    ],
    [() => grad((_: Tensor) => 3 as never)(x), "Cannot form a gradient: the function gave 3, a Tensor is needed"],
    [
      () => jvp((x: Tensor) => x)(x, Tensor.from([1], float64)),
      "Cannot form a Jacobian-vector product: the direction is a tensor of shape (1,), a tensor of shape (2,) is needed",
    ],
    [
      () => vmap((x: Tensor) => x)(Tensor.zeros([0, 2])),
      "Cannot map over slices of a tensor of shape (0, 2): there are none along axis 0",
    ],
  ];
  for (const [f, message] of cases) assertThrows(f, GradusError, message);
});

class Cube extends Function {
  forward(context: FunctionContext, x: Tensor): Tensor {
    context.saveForBackward(x);
    return x.mul(x).mul(x);
  }
  backward(context: FunctionContext, gradient: Tensor): Tensor {
    const [x] = context.savedTensors;
    return gradient.mul(x.square().mul(3));
  }
}

Deno.test("an operation of one's own is differentiated by its backward(), to any order", () => {
  const x = Tensor.from([1, 2], { ...float64, requiresGrad: true });
  Cube.apply(x).sum().backward();
  assertEquals(numbers(x.grad!), [3, 12]);
  const second = grad((x: Tensor) => grad((x: Tensor) => Cube.apply(x).sum())(x).sum());
  assertEquals(numbers(second(x)), [6, 12]);
  assertEquals(Tensor.noGrad(() => Cube.apply(x)).requiresGrad, false);
});

Deno.test("an operation of one's own can have several arguments and results, and be asked what is wanted", () => {
  const seen: (readonly boolean[])[] = [];
  let calls = 0;
  class Both extends Function {
    forward(context: FunctionContext, a: Tensor, factor: number, b: Tensor): Tensor[] {
      seen.push(context.needsInputGrad);
      context.saveForBackward(a, b);
      return [a.mul(b).mul(factor), a.exp()];
    }
    backward(context: FunctionContext, product: Tensor, exponential: Tensor): (Tensor | null)[] {
      calls++;
      const [a, b] = context.savedTensors;
      return [product.mul(b).mul(2).add(exponential.mul(a.exp())), null, product.mul(a).mul(2)];
    }
  }
  const a = Tensor.from([0, 1], { ...float64, requiresGrad: true }), b = Tensor.from([3, 4], float64);
  const [y, z] = Both.apply(a, 2, b);
  assertEquals([numbers(y), y.requiresGrad], [[0, 8], true]);
  y.add(z).sum().backward();
  assertEquals(seen, [[true, false, false]]);
  assertEquals(numbers(a.grad!), [6 + 1, 8 + Math.E]);
  assertEquals([b.grad, calls], [null, 1]);
});

Deno.test("a gradient that backward() keeps for itself stays as it is", () => {
  const kept: Tensor[] = [];
  class Keeper extends Function {
    forward(_: FunctionContext, x: Tensor): Tensor {
      return x.mul(1);
    }
    backward(_: FunctionContext, gradient: Tensor): Tensor {
      kept.push(gradient, gradient.mul(2));
      return kept[1];
    }
  }
  const x = Tensor.ones([1000], { requiresGrad: true });
  for (let i = 0; i < 3; i++) Keeper.apply(x.mul(3)).mul(i + 1).sum().backward();
  assertEquals(kept.map((t) => t.sum().item()), [1000, 2000, 2000, 4000, 3000, 6000]);
});

Deno.test("an operation of one's own that gives wrong gradients is named", () => {
  class Wrong extends Function {
    forward(_: FunctionContext, x: Tensor): Tensor {
      return x.mul(2);
    }
    backward(): never {
      return [Tensor.ones([3]), null] as never;
    }
  }
  class Shape extends Wrong {
    override backward(): never {
      return Tensor.ones([3]) as never;
    }
  }
  const x = Tensor.ones([2], { requiresGrad: true });
  assertThrows(
    () => Wrong.apply(x).sum().backward(),
    GradusError,
    "Cannot differentiate Wrong: backward() gives 2 gradients, 1 are needed, one for each argument",
  );
  assertThrows(
    () => Shape.apply(x).sum().backward(),
    GradusError,
    "Cannot differentiate Shape(): the gradient has the shape (3,), (2,) is needed",
  );
});

Deno.test("hooks see gradients and may put others in their place, until they are taken away", () => {
  const x = Tensor.from([1, 2], { ...float64, requiresGrad: true }), y = x.mul(3), seen: number[][] = [];
  y.registerHook((gradient) => void seen.push(numbers(gradient)));
  const remove = y.registerHook((gradient) => gradient.mul(10));
  y.sum().backward();
  remove();
  y.sum().backward();
  assertEquals([seen, numbers(x.grad!)], [[[1, 1], [1, 1]], [33, 33]]);
});

Deno.test("retainGrad() keeps the gradient of a result, that of the last pass", () => {
  const x = Tensor.from([1, 2], { ...float64, requiresGrad: true }), y = x.square();
  y.retainGrad();
  y.mul(2).sum().backward();
  y.mul(5).sum().backward();
  assertEquals([numbers(y.grad!), numbers(x.grad!)], [[5, 5], [14, 28]]);
});

Deno.test("backward() with createGraph gives gradients that can be differentiated", () => {
  const x = Tensor.from([2, 3], { ...float64, requiresGrad: true });
  x.pow(3).sum().backward(undefined, { createGraph: true });
  const first = x.grad!;
  x.zeroGrad();
  first.square().sum().backward();
  // d(3x²)²/dx = 36x³
  numbers(x.grad!).forEach((g, i) => assertAlmostEquals(g, 36 * [2, 3][i] ** 3));
});

Deno.test("D7, D15: shared nodes count every path, and a second backward() does not go through stale gradients", () => {
  const x = Tensor.from([1, 2], { ...float64, requiresGrad: true }), y = x.mul(2), z = y.add(y).mul(y);
  z.sum().backward();
  assertEquals(numbers(x.grad!), [16, 32]);
  z.sum().backward();
  assertEquals(numbers(x.grad!), [32, 64]);
});

Deno.test("D12: a chain of 100,000 operations is differentiated without recursion", () => {
  const x = Tensor.from(1, { ...float64, requiresGrad: true });
  let y = x;
  for (let i = 0; i < 100_000; i++) y = y.add(1e-5);
  y.square().backward();
  assertAlmostEquals(x.grad!.item(), 4, 1e-6);
});

Deno.test("what was changed in place after it was used is refused in backward()", () => {
  const x = Tensor.from([1, 2], { ...float64, requiresGrad: true }), c = Tensor.from([3, 4], float64);
  const y = x.mul(c);
  c.add_(1);
  assertThrows(
    () => y.sum().backward(),
    GradusError,
    "Cannot differentiate mul(): an operand was changed in place after it was used, clone() is needed before",
  );
  const z = x.add(c);
  c.add_(1);
  z.sum().backward();
  assertEquals(numbers(x.grad!), [1, 1]);
});

Deno.test("in place, an operand that shares memory with the tensor is read as it was before", () => {
  const n = 100, count = n * n, matrix = () => Tensor.arange(0, count, { dtype: "float32" }).reshape([n, n]);
  const expect = (x: Tensor, value: (i: number) => number) =>
    assertEquals([...x.flatten().toTypedArray() as Float32Array], Array.from({ length: x.size }, (_, i) => value(i)));
  const transposed = (i: number) => i % n * n + Math.floor(i / n);
  expect(matrix().add_(matrix().T), (i) => i + transposed(i));
  const x = matrix();
  expect(x.add_(x.T), (i) => i + transposed(i));
  const flipped = matrix().flatten();
  expect(flipped.add_(flipped.flip()), () => count - 1);
  const shifted = matrix().flatten();
  shifted.slice({ start: 1 }).add_(shifted.slice({ stop: -1 }));
  expect(shifted, (i) => i === 0 ? 0 : 2 * i - 1);
  const copied = matrix().flatten();
  copied.set([{ start: 1 }], copied.slice({ stop: -1 }));
  expect(copied, (i) => Math.max(i - 1, 0));
  const array = Float32Array.from({ length: count }, (_, i) => i);
  const [left, right] = [0, 1].map((at) => Tensor.from(array.subarray(at, count - 1 + at), { copy: false }));
  expect(right.add_(left), (i) => 2 * i + 1);
  const same = matrix();
  expect(same.mul_(same), (i) => Math.fround(i * i));
});

Deno.test("in-place operations change leaves under noGrad, and are refused where gradients would be wrong", () => {
  const x = Tensor.from([1, 2], { ...float64, requiresGrad: true }), plain = Tensor.from([1, 2], float64);
  Tensor.noGrad(() => x.sub_(0.5).mul_(2));
  assertEquals(numbers(x), [1, 3]);
  assertEquals(numbers(plain.add_(1).div_(2).pow_(2)), [1, 2.25]);
  assertEquals(numbers(plain.fill_(3)), [3, 3]);
  assertEquals(numbers(plain.copy_(Tensor.from([7], float64))), [7, 7]);
  const cases: [() => unknown, string][] = [
    [
      () => x.add_(1),
      "Cannot add in place: the tensor requires a gradient, which would not see the change; Tensor.noGrad(() => …) is needed",
    ],
    [
      () => plain.add_(x),
      "Cannot add in place: an operand requires a gradient, which would not see the change; Tensor.noGrad(() => …) is needed",
    ],
    [() => Tensor.noGrad(() => x.mul(2)).add_(1), ""],
    [
      () => x.mul(2).add_(1),
      "Cannot add in place: the tensor is the result of mul(), whose gradient would be wrong; the operation that gives a new tensor, or detach(), is needed",
    ],
    [
      () => plain.add_(Tensor.zeros([3])),
      "Cannot add in place: the tensor has the shape (2,), the other one (3,), which cannot be stretched to it",
    ],
    [
      () => plain.add_(Tensor.zeros([2, 2])),
      "Cannot add in place: the tensor has the shape (2,), the other one (2, 2), which cannot be stretched to it",
    ],
    [
      () => Tensor.from([1], { dtype: "int32" }).add_(0.5),
      'Cannot add in place: the result is floating point, the tensor of int32; to("float32") is needed before',
    ],
  ];
  for (const [f, message] of cases) {
    if (message === "") f();
    else assertThrows(f, GradusError, message);
  }
});

Deno.test("backward() without retainGraph lets go of the graph, and says so when it is asked again", () => {
  const x = Tensor.from([1, 2], { ...float64, requiresGrad: true }), y = x.square().sum();
  y.backward(undefined, { retainGraph: false });
  assertThrows(
    () => y.backward(),
    GradusError,
    "Cannot differentiate sum() again: its graph was released by backward(), the option retainGraph or createGraph is needed there",
  );
  assert(x.grad !== null);
});

Deno.test("tensors are made by Tensor.from() and its like, not by new", () => {
  assertThrows(
    () => Reflect.construct(Tensor, []),
    GradusError,
    "Cannot make a tensor by new: Tensor.from(…) and Tensor.zeros(…) are needed",
  );
  assertThrows(() => Tensor.from(null as never), GradusError, "Cannot make a tensor of null");
});

Deno.test("a tensor is a number, a text, an array and a list of its parts where that is asked for", () => {
  const x = Tensor.from([[1, 2], [3, 4]]), one = Tensor.from([5]);
  assertEquals([Number(one), `${one}`, +one + 1], [5, "tensor([5.])", 6]);
  assertEquals(`${x}`, x.toString());
  assertThrows(() => Number(x), GradusError, "Cannot read a tensor of shape (2, 2) as one number");
  assertEquals(x.toJSON(), x.toArray());
  assertEquals(JSON.stringify({ x }), '{"x":[[1,2],[3,4]]}');
  assertEquals([...x].map((row) => row.toArray()), [[1, 2], [3, 4]]);
  assertThrows(() => [...Tensor.from(1)], GradusError, "Cannot go through a tensor of shape ()");
});

Deno.test("backward() of an operation with several results is called once, with the gradients of all", () => {
  const calls: unknown[] = [];
  class Parts extends Function {
    forward(context: FunctionContext, x: Tensor): Tensor[] {
      context.saveForBackward(x);
      return [x.square(), x.sum().to("float64"), x.argmax()];
    }
    backward(context: FunctionContext, a: Tensor, b: Tensor, c: Tensor): Tensor {
      calls.push([a.toArray(), b.toArray(), c.toArray(), b.dtype]);
      const [x] = context.savedTensors;
      return a.mul(x).mul(2).add(b.to("float32"));
    }
  }
  const x = Tensor.from([[1, 2], [3, 5]], { requiresGrad: true }), [a, b, c] = Parts.apply(x);
  assertEquals([b.item(), c.item(), a.requiresGrad, b.requiresGrad, c.requiresGrad], [11, 3, true, true, false]);
  a.sum().to("float64").mul(2).add(b.mul(3)).backward();
  assertEquals(calls, [[[[2, 2], [2, 2]], 3, 0, "float64"]]);
  assertEquals(x.grad!.toArray(), [[7, 11], [15, 23]]);
  x.zeroGrad();
  b.backward(undefined, { createGraph: true });
  assertEquals(calls[1], [[[0, 0], [0, 0]], 1, 0, "float64"]);
  assertEquals(x.grad!.toArray(), [[1, 1], [1, 1]]);
  const second = grad((x: Tensor) => grad((x: Tensor) => Parts.apply(x)[0].pow(2).sum())(x).sum())(x);
  assertEquals(second.toArray(), [[12, 48], [108, 300]]);
});

Deno.test("jacobian() is right in every type of floating point", () => {
  for (const dtype of ["float64", "float32", "float16", "bfloat16"] as const) {
    const j = jacobian((x: Tensor) => x.square())(Tensor.from([1, 3], { dtype }));
    assertEquals([j.toArray(), j.dtype], [[[2, 0], [0, 6]], dtype]);
  }
});

Deno.test("vmap() of what is no function or no tensor is refused", () => {
  const x = Tensor.ones([2]);
  assertThrows(() => vmap(3 as never)(x), GradusError, "Cannot map over slices: there are 3 and an object (Tensor)");
  assertThrows(
    () => vmap((x: Tensor) => x)([1] as never),
    GradusError,
    "there are a function and 1, a function and a tensor, or a list of them",
  );
});

Deno.test("second derivatives of fmod() and remainder() are 0, also where the divisor is 0", () => {
  const a = Tensor.from([5, -5, 1], { dtype: "float64" }), b = Tensor.from([3, 3, 0], { dtype: "float64" });
  for (const method of ["fmod", "remainder"] as const) {
    const slopes = (weights: Tensor) => grad((b: Tensor) => a[method](b).mul(weights).sum());
    const seconds = grad((b: Tensor) => slopes(Tensor.ones([3]))(b).slice({ stop: 2 }).sum())(b);
    assertEquals(seconds.toArray(), [0, 0, 0], method);
  }
  assertEquals(grad((b: Tensor) => grad((b: Tensor) => a.fmod(b).sum())(b).sum())(b).toArray(), [0, 0, 0]);
});

Deno.test("grad() is as exact as its type also beside operands of narrower ones", () => {
  const x = Tensor.from([0.1, 0.7], { dtype: "float64" }), three = Tensor.from([3, 3], { dtype: "int32" });
  assertEquals(grad((x: Tensor) => x.div(three).sum())(x).toArray(), [1 / 3, 1 / 3]);
  assertEquals(grad((x: Tensor) => x.mul(Tensor.from([0.1, 3])).sum())(x).toArray(), [Math.fround(0.1), 3]);
});

Deno.test("vmap() takes lists of tensors and gives lists, with gradients, and says what does not fit", () => {
  const a = Tensor.from([[1, 2, 3], [4, 5, 6]], { requiresGrad: true }), b = Tensor.from([[1, 0, 1], [0, 1, 0]]);
  const both = vmap(([x, y]: Tensor[]) => [x.dot(y), x.mul(y)]);
  const [dots, products] = both([a, b]);
  assertEquals([dots.toArray(), products.toArray()], [[4, 5], [[1, 0, 3], [0, 5, 0]]]);
  dots.sum().backward();
  assertEquals(a.grad!.toArray(), b.toArray());
  const [values, slopes] = vmap((x: Tensor) => valueAndGrad((x: Tensor) => x.pow(3).sum())(x))(b);
  assertEquals([values.toArray(), slopes.toArray()], [[2, 1], [[3, 0, 3], [0, 3, 0]]]);
  assertEquals(vmap(([x, y]: Tensor[]) => x.add(y), 1)([a, b]).toArray(), a.add(b).toArray());
  assertThrows(
    () => both([a, b.T]),
    GradusError,
    "Cannot map over slices of tensors of shapes (2, 3) and (3, 2): axis 0 has 2 and 3, as many are needed",
  );
  assertThrows(() => both([]), GradusError, "Cannot map over slices: there are a function and no tensors");
  const odd = (x: Tensor) => x.sum().item() > 1 ? [x, x] : [x];
  assertThrows(() => vmap(odd)(b), GradusError, "the function gave a list of 2 of slice 0 and a list of 1 of slice 1");
  const number = ((x: Tensor) => x.sum().item()) as unknown as (x: Tensor) => Tensor;
  assertThrows(() => vmap(number)(b), GradusError, "Cannot map over slices: the function gave 2 of slice 0, a tensor");
});
