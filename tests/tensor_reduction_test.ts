/** Reductions and running sums of tensors: against loops over nested arrays, numbers of PyTorch 2.15, and differences. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Tensor } from "../src/tensor.ts";
import { GradusError } from "../src/error.ts";
import { plain, viewOf } from "../src/tensor/autograd.ts";
import { dtypeNames, type TensorDtype } from "../src/tensor/dtype.ts";
import { checkTensorGradients } from "./_tensor_gradients.ts";

const nan = NaN, inf = Infinity;

/** Tensors of shape (2, 3, 4), or nearly, that lie in memory in many ways. */
function views(dtype: TensorDtype = "float64"): Record<string, Tensor> {
  const x = Tensor.randn([2, 3, 4], { seed: 7, dtype }), view = viewOf(x);
  return {
    contiguous: x,
    "with an offset": plain(view.with([3, 4], [4, 1], 12)),
    permuted: plain(view.with([4, 2, 3], [1, 12, 4])),
    transposed: plain(view.with([2, 4, 3], [12, 1, 4])),
    backwards: plain(view.with([2, 3, 4], [12, -4, 1], 8)),
    "with gaps": plain(view.with([2, 3, 2], [12, 4, 2])),
    stretched: plain(view.with([2, 3, 4], [0, 4, 1])),
    "with sizes 1": plain(view.with([3, 1, 2, 4, 1], [4, 7, 12, 1, 9])),
    "a single element": plain(view.with([], [], 5)),
  };
}

/** All sets of axes, all of them as undefined, too, and some counted from the end. */
function axesOf(count: number): (number[] | number | undefined)[] {
  const sets: number[][] = [[]];
  for (let axis = 0; axis < count; axis++) sets.push(...sets.map((set) => [axis, ...set]));
  return [undefined, ...sets, ...(count > 0 ? [-1, [-count]] : [])];
}

/** A function of all that comes together along axes, by loops. */
function byLoops(
  x: Tensor,
  axes: number[] | number | undefined,
  keepDims: boolean,
  f: (elements: number[]) => unknown,
): unknown {
  const all = x.shape.map((_, axis) => axis);
  const list = axes === undefined ? all : [axes].flat().map((axis) => axis < 0 ? axis + x.ndim : axis);
  const nested = x.toArray();
  const at = (index: number[]) => Number(index.reduce((part, i) => (part as number[])[i] as never, nested));
  const gather = (index: number[], axis: number): number[] => {
    if (axis === x.ndim) return [at(index)];
    if (!list.includes(axis)) return gather(index, axis + 1);
    return Array.from({ length: x.shape[axis] }, (_, i) => gather(index.with(axis, i), axis + 1)).flat();
  };
  const build = (index: number[], axis: number): unknown => {
    if (axis === x.ndim) return f(gather(index, 0));
    if (list.includes(axis)) return keepDims ? [build(index, axis + 1)] : build(index, axis + 1);
    return Array.from({ length: x.shape[axis] }, (_, i) => build(index.with(axis, i), axis + 1));
  };
  return build(all.map(() => 0), 0);
}

/** Compares nested arrays, up to rounding. */
function assertClose(actual: unknown, expected: unknown, message: string, tolerance = 1e-12): void {
  if (Array.isArray(expected)) {
    assertEquals((actual as unknown[]).length, expected.length, message);
    expected.forEach((element, i) => assertClose((actual as unknown[])[i], element, message, tolerance));
  } else if (typeof expected === "number" && Number.isFinite(expected)) {
    assertAlmostEquals(actual as number, expected, tolerance * Math.max(1, Math.abs(expected)), message);
  } else assertEquals(actual, expected, message);
}

const add = (a: number, b: number) => a + b;

function varianceOf(elements: number[], correction = 1): number {
  const mean = elements.reduce(add, 0) / elements.length;
  return elements.map((x) => (x - mean) ** 2).reduce(add, 0) / Math.max(elements.length - correction, 0);
}

type Reduce = (x: Tensor, axes: number[] | number | undefined, options: { keepDims: boolean }) => Tensor;

const reductions: Record<string, [Reduce, (elements: number[]) => unknown]> = {
  sum: [(x, axes, options) => x.sum(axes, options), (list) => list.reduce(add, 0)],
  mean: [(x, axes, options) => x.mean(axes, options), (list) => list.reduce(add, 0) / list.length],
  prod: [(x, axes, options) => x.prod(axes, options), (list) => list.reduce((a, b) => a * b, 1)],
  max: [(x, axes, options) => x.max(axes, options), (list) => Math.max(...list)],
  min: [(x, axes, options) => x.min(axes, options), (list) => Math.min(...list)],
  var: [(x, axes, options) => x.var(axes, options), (list) => varianceOf(list)],
  "var of all": [(x, axes, options) => x.var(axes, { ...options, correction: 0 }), (list) => varianceOf(list, 0)],
  std: [(x, axes, options) => x.std(axes, options), (list) => Math.sqrt(varianceOf(list))],
  norm: [(x, axes, options) => x.norm(axes, options), (list) => Math.hypot(...list)],
  "norm with p = 1": [
    (x, axes, options) => x.norm(axes, { ...options, p: 1 }),
    (list) => list.map(Math.abs).reduce(add, 0),
  ],
  "norm with p = 3": [
    (x, axes, options) => x.norm(axes, { ...options, p: 3 }),
    (list) => Math.cbrt(list.map((x) => Math.abs(x) ** 3).reduce(add, 0)),
  ],
  "norm with p = ∞": [
    (x, axes, options) => x.norm(axes, { ...options, p: inf }),
    (list) => Math.max(...list.map(Math.abs)),
  ],
  logSumExp: [
    (x, axes, options) => x.logSumExp(axes, options),
    (list) => Math.log(list.map(Math.exp).reduce(add, 0)),
  ],
  any: [(x, axes, options) => x.gt(1).any(axes, options), (list) => list.some((x) => x > 1)],
  all: [(x, axes, options) => x.gt(-1).all(axes, options), (list) => list.every((x) => x > -1)],
};

for (const [name, [reduce, expected]] of Object.entries(reductions)) {
  Deno.test(`Tensor.${name} is that of loops, of every view along every axes`, () => {
    for (const [what, x] of Object.entries(views())) {
      for (const axes of axesOf(x.ndim)) {
        for (const keepDims of [false, true]) {
          const message = `${name} of what is ${what} along ${axes}, keepDims: ${keepDims}`;
          assertClose(reduce(x, axes, { keepDims }).toArray(), byLoops(x, axes, keepDims, expected), message);
        }
      }
    }
  });
}

Deno.test("Tensor.argmax() and argmin() are those of loops, of every view along every axis and among all", () => {
  for (const [what, x] of Object.entries(views())) {
    for (const axis of [undefined, ...x.shape.keys(), ...(x.ndim > 0 ? [-1] : [])]) {
      for (const keepDims of [false, true]) {
        const message = `${what} along ${axis}`, { dtype } = x.argmax(axis);
        const largest = byLoops(x, axis, keepDims, (list) => list.indexOf(Math.max(...list)));
        const smallest = byLoops(x, axis, keepDims, (list) => list.indexOf(Math.min(...list)));
        assertEquals(x.argmax(axis, { keepDims }).toArray(), largest as never, message);
        assertEquals(x.argmin(axis, { keepDims }).toArray(), smallest as never, message);
        assertEquals(dtype, "int32");
      }
    }
  }
});

Deno.test("Tensor.cumsum() and cumprod() are those of loops, of every view along every axis", () => {
  for (const [what, x] of Object.entries(views())) {
    for (const axis of x.shape.keys()) {
      const running = (f: (a: number, b: number) => number, start: number) =>
        byLoops(x, axis, false, (list) => list.map((_, i) => list.slice(0, i + 1).reduce(f, start)));
      const last = (y: Tensor) => byLoops(y, axis, false, (list) => list);
      const message = `${what} along ${axis}`;
      assertClose(last(x.cumsum(axis)), running(add, 0), message);
      assertClose(last(x.cumprod(axis)), running((a, b) => a * b, 1), message);
      assertEquals(x.cumsum(axis - x.ndim).toArray(), x.cumsum(axis).toArray(), message);
    }
  }
});

Deno.test("reductions along axes that lie side by side in memory copy nothing", () => {
  const x = Tensor.ones([64, 256]), transposed = plain(viewOf(x).with([256, 64], [1, 256]));
  const before = Tensor.memoryStats();
  for (const axis of [0, 1]) transposed.sum(axis);
  const { hits, misses } = Tensor.memoryStats();
  // Results of 1 KiB come from the pool of memory, those of 256 bytes do not.
  assertEquals(hits + misses - before.hits - before.misses, 1);
});

Deno.test("reductions of NaN and infinities are those of PyTorch", () => {
  const x = Tensor.from([[1.5, -2, nan], [inf, -inf, 3], [inf, 1, 2], [-inf, -inf, -inf], [0, 0, 0]], {
    dtype: "float64",
  });
  const expected: [string, Tensor, unknown[]][] = [
    ["sum", x.sum(1), [nan, nan, inf, -inf, 0]],
    ["mean", x.mean(1), [nan, nan, inf, -inf, 0]],
    ["prod", x.prod(1), [nan, -inf, inf, -inf, 0]],
    ["max", x.max(1), [nan, inf, inf, -inf, 0]],
    ["min", x.min(1), [nan, -inf, 1, -inf, 0]],
    ["argmax", x.argmax(1), [2, 0, 0, 0, 0]],
    ["argmin", x.argmin(1), [2, 1, 1, 0, 0]],
    ["var", x.var(1), [nan, nan, nan, nan, 0]],
    ["std", x.std(1), [nan, nan, nan, nan, 0]],
    ["norm", x.norm(1), [nan, inf, inf, inf, 0]],
    ["norm, p = 1", x.norm(1, { p: 1 }), [nan, inf, inf, inf, 0]],
    ["norm, p = ∞", x.norm(1, { p: inf }), [nan, inf, inf, inf, 0]],
    ["norm, p = 3", x.norm(1, { p: 3 }), [nan, inf, inf, inf, 0]],
    ["norm, p = −1", x.norm(1, { p: -1 }), [nan, 3, 0.6666666666666666, inf, 0]],
    ["norm, p = 0", x.norm(1, { p: 0 }), [3, 3, 3, 3, 0]],
    ["logSumExp", x.logSumExp(1), [nan, inf, inf, -inf, 1.0986122886681098]],
    ["cumsum", x.cumsum(1), [[1.5, -0.5, nan], [inf, nan, nan], [inf, inf, inf], [-inf, -inf, -inf], [0, 0, 0]]],
    ["cumprod", x.cumprod(1), [[1.5, -3, nan], [inf, -inf, -inf], [inf, inf, inf], [-inf, inf, -inf], [0, 0, 0]]],
    ["any", x.any(1), [true, true, true, true, false]],
    ["all", x.all(1), [true, true, true, true, false]],
  ];
  for (const [name, actual, numbers] of expected) assertClose(actual.toArray(), numbers, name, 1e-15);
});

Deno.test("reductions of nothing are 0, 1, NaN, or refused", () => {
  const x = Tensor.zeros([2, 0, 3]),
    everywhere = (value: number | boolean) => [Array(3).fill(value), Array(3).fill(value)];
  const expected: [Tensor, number | boolean][] = [
    [x.sum(1), 0],
    [x.prod(1), 1],
    [x.mean(1), nan],
    [x.var(1), nan],
    [x.std(1), nan],
    [x.norm(1), 0],
    [x.logSumExp(1), -inf],
    [x.any(1), false],
    [x.all(1), true],
  ];
  for (const [y, value] of expected) assertEquals(y.toArray(), everywhere(value));
  assertEquals([x.sum().item(), x.sum(0).shape, x.max(0).shape, x.argmin(2).shape], [0, [0, 3], [0, 3], [2, 0]]);
  assertEquals([x.cumsum(1).shape, x.cumprod(0).shape], [[2, 0, 3], [2, 0, 3]]);
  for (
    const reduce of [() => x.max(1), () => x.min(), () => x.argmax(1), () => x.argmin(), () => x.norm(1, { p: inf })]
  ) {
    assertThrows(reduce, GradusError, "of shape (2, 0, 3): axis 1 has no elements, one is needed at least");
  }
});

Deno.test("reductions give the types that PyTorch gives, and numbers of int32", () => {
  for (const dtype of dtypeNames) {
    const x = Tensor.from([[1, 0], [1, 1]], { dtype }), isFloat = /float/.test(dtype);
    const whole = isFloat ? dtype : "int64", real = isFloat ? dtype : "float32";
    const types = [x.sum(), x.prod(0), x.cumsum(0), x.cumprod(1)].map((y) => y.dtype);
    assertEquals(types, [whole, whole, whole, whole], dtype);
    assertEquals([x.max(), x.min(1)].map((y) => y.dtype), [dtype, dtype]);
    assertEquals([x.mean(), x.var(), x.std(), x.norm(), x.logSumExp()].map((y) => y.dtype), Array(5).fill(real), dtype);
    assertEquals([x.argmax(0), x.argmin(0)].map((y) => y.dtype), ["int32", "int32"]);
    assertEquals([x.any(), x.all()].map((y) => [y.dtype, y.toArray()]), [["bool", true], ["bool", false]]);
    assertEquals([x.sum().item(), x.prod(1).sum().item(), x.mean().item()], [3, 1, 0.75], dtype);
    assertEquals([x.max(1).to("float64").toArray(), x.min(1).to("float64").toArray()], [[1, 1], [0, 1]], dtype);
    assertEquals([x.argmax(1).toArray(), x.argmin(1).toArray()], [[0, 0], [1, 0]], dtype);
    assertEquals(x.cumsum(0).to("float64").toArray(), [[1, 0], [2, 1]], dtype);
  }
});

Deno.test("sums of small integers and of half precision are computed in a wider type", () => {
  assertEquals(Tensor.from([100, 100], { dtype: "int8" }).sum().toArray(), 200n);
  assertEquals(Tensor.from([2n ** 62n, 2n ** 62n]).sum().toArray(), -(2n ** 63n));
  // PyTorch 2.15.
  const hundreds = Tensor.full([3000], 100, { dtype: "float16" });
  assertEquals([hundreds.sum().item(), hundreds.mean().item(), hundreds.norm().item()], [inf, 100, 5476]);
  assertEquals(Tensor.full([3000], 0.1, { dtype: "float16" }).sum().item(), 300);
  assertEquals(Tensor.from([1, 2, 4.1], { dtype: "bfloat16" }).std().item(), 1.578125);
});

Deno.test("variances and logSumExp are those of PyTorch", () => {
  const x = Tensor.from([1, 2, 4, 8]);
  assertEquals(x.std().item(), 3.095695972442627);
  assertEquals(x.var(0, { correction: 0 }).item(), 7.1875);
  assertEquals([x.var(0, { correction: 9 }).item(), Tensor.from([3]).var().item()], [inf, nan]);
  assertEquals(Tensor.from([1e4, 1e4 - 1, -1e4]).logSumExp().item(), 10000.3134765625);
  assertEquals(Tensor.from([-1e4, -1e4 - 1]).logSumExp().item(), -9999.6865234375);
  assertEquals(Tensor.from([1, 2], { dtype: "int32" }).logSumExp().item(), 2.3132617473602295);
});

Deno.test("reductions refuse axes that there are not, and options", () => {
  const x = Tensor.ones([2, 3]);
  assertThrows(() => x.sum(2), GradusError, "Cannot sum: there is no axis 2, -2 to 1 is needed");
  assertThrows(() => x.mean([0, -2]), GradusError, "Cannot mean: axis 0 is given twice");
  assertThrows(() => x.argmax(0.5), GradusError, "there is no axis 0.5");
  assertThrows(() => x.argmax([0, 1] as never), GradusError, "Cannot argmax: the axis is an array");
  assertThrows(
    () => x.sum({ keepDims: true } as never),
    GradusError,
    "Cannot sum: the axis is an object (Object), a number is needed; options come after it",
  );
  assertThrows(() => Tensor.ones([]).sum(1), GradusError, "Cannot sum: there is no axis 1, -1 to 0 is needed");
  assertThrows(() => Tensor.ones([]).cumsum(-2), GradusError, "there is no axis -2");
  assertThrows(() => Tensor.ones([]).cumsum(1), GradusError, "Cannot cumsum: there is no axis 1, -1 to 0 is needed");
  assertThrows(() => x.max(0, { keepdim: true } as never), GradusError, 'there is no option "keepdim"');
  assertThrows(() => x.std(0, { correction: -1 }), GradusError, "Cannot use correction -1");
  assertThrows(() => x.norm(0, { p: NaN }), GradusError, "Cannot use the norm NaN: a number is needed");
});

const differentiable: Record<string, Reduce> = {
  ...Object.fromEntries(Object.entries(reductions).map(([name, [reduce]]) => [name, reduce])),
  "norm with p = 1.5": (x, axes, options) => x.norm(axes, { ...options, p: 1.5 }),
  "norm with p = −1": (x, axes, options) => x.norm(axes, { ...options, p: -1 }),
};
delete differentiable.any;
delete differentiable.all;

for (const [name, reduce] of Object.entries(differentiable)) {
  Deno.test(`Tensor.${name} has the gradients and second derivatives of differences`, () => {
    const x = Tensor.randn([2, 3, 4], { seed: 11, dtype: "float64" });
    for (const axes of [undefined, 1, [0, 2], [-1, 0, 1]]) {
      for (const keepDims of [false, true]) checkTensorGradients((x) => reduce(x, axes, { keepDims }), [x]);
    }
  });
}

Deno.test("Tensor.cumsum() and cumprod() have the gradients and second derivatives of differences", () => {
  const x = Tensor.from([[1.5, 0, -2, 0.5], [0, 0, 3, 1]], { dtype: "float64" });
  for (const axis of [0, 1]) {
    checkTensorGradients((x) => x.cumsum(axis), [x]);
    checkTensorGradients((x) => x.cumprod(axis), [x]);
  }
});

Deno.test("products of zeros have the gradients and second derivatives of differences", () => {
  for (const elements of [[2, 3, 4], [2, 0, 4], [0, 0, 4], [0, 0, 0]]) {
    checkTensorGradients((x) => x.prod(), [Tensor.from(elements)]);
    checkTensorGradients((x) => x.mul(1).prod([0, 1]), [Tensor.from([elements, [1, 2, -3]])]);
  }
});

/** The gradient of Σ f(x). */
function gradientOf(f: (x: Tensor) => Tensor, elements: number[] | number[][]): unknown {
  const x = Tensor.from(elements, { dtype: "float64", requiresGrad: true });
  f(x).sum().backward();
  return x.grad!.toArray();
}

Deno.test("gradients at ties, at 0 and at infinities are those of PyTorch", () => {
  const expected: [string, unknown, unknown][] = [
    [
      "max",
      gradientOf((x) => x.max(1), [[3, 1, 3], [2, 2, 2], [nan, 1, 2]]),
      [[0.5, 0, 0.5], [0.3333333333333333, 0.3333333333333333, 0.3333333333333333], [nan, nan, nan]],
    ],
    ["norm", gradientOf((x) => x.norm(), [0, 0]), [0, 0]],
    ["norm, p = 3", gradientOf((x) => x.norm(0, { p: 3 }), [0, 0, 0]), [0, 0, 0]],
    ["norm, p = 3", gradientOf((x) => x.norm(0, { p: 3 }), [0, -2, 1]), [0, -0.9244816991341795, 0.2311204247835449]],
    ["norm, p = ½", gradientOf((x) => x.norm(0, { p: 0.5 }), [0, -2, 1]), [0, -1.7071067811865472, 2.414213562373095]],
    ["norm, p = 1", gradientOf((x) => x.norm(0, { p: 1 }), [2, -2, 0]), [1, -1, 0]],
    ["norm, p = ∞", gradientOf((x) => x.norm(0, { p: inf }), [2, -2, 1]), [0.5, -0.5, 0]],
    ["norm, p = −1", gradientOf((x) => x.norm(0, { p: -1 }), [0, -2, 0.5]), [0, 0, 0]],
    ["std", gradientOf((x) => x.std(), [2, 2, 2]), [0, 0, 0]],
    ["logSumExp", gradientOf((x) => x.logSumExp(), [-inf, 1]), [0, 1]],
    ["logSumExp", gradientOf((x) => x.logSumExp(), [inf, 1]), [nan, 0]],
    ["logSumExp", gradientOf((x) => x.logSumExp(), [1e4, 1e4 - 1, -1e4]), [0.7310585786293519, 0.2689414213697549, 0]],
    ["cumprod", gradientOf((x) => x.cumprod(0).mul(Tensor.from([1, 2, 3, 4])), [2, 0, 4, 3]), [1, 124, 0, 0]],
    ["cumprod", gradientOf((x) => x.cumprod(0).mul(Tensor.from([1, 2, 3, 4])), [2, 0, 0, 3]), [1, 4, 0, 0]],
  ];
  for (const [name, actual, numbers] of expected) assertClose(actual, numbers, name, 1e-9);
});

Deno.test("Tensor.logSumExp() of −∞ alone has the gradient 0", () => {
  assertEquals(gradientOf((x) => x.logSumExp(), [-inf, -inf]), [0, 0]);
});

Deno.test("a single element is a row of one, as in PyTorch", () => {
  const x = Tensor.from(-3);
  for (const axis of [0, -1]) {
    assertEquals([x.sum(axis), x.mean([axis]), x.prod(axis), x.max(axis)].map((y) => y.item()), [-3, -3, -3, -3]);
    assertEquals(x.norm(axis, { keepDims: true }).toArray(), 3);
    assertEquals(x.std(axis, { correction: 0 }).item(), 0);
    assertEquals([x.cumsum(axis), x.cumprod(axis), x.logSumExp(axis)].map((y) => y.toArray()), [-3, -3, -3]);
    assertEquals([x.argmax(axis), x.argmin(axis)].map((y) => y.toArray()), [0, 0]);
  }
  checkTensorGradients((x) => x.cumprod(0).mul(x.sum(0)), [x]);
});

Deno.test("gradients of reductions of nothing and of single elements have their shape", () => {
  for (const [name, reduce] of Object.entries(differentiable)) {
    const single = Tensor.from(-3, { dtype: "float64" }), isDefined = !["var", "std"].includes(name);
    if (isDefined) checkTensorGradients((x) => reduce(x, undefined, { keepDims: false }), [single]);
    if (["max", "min", "norm with p = ∞"].includes(name)) continue;
    const nothing = Tensor.zeros([2, 0, 3], { requiresGrad: true });
    reduce(nothing, 1, { keepDims: true }).sum().backward();
    assertEquals(nothing.grad!.shape, [2, 0, 3], name);
  }
});

Deno.test("gradients of reductions of half precision are of that type, and near those of float64", () => {
  for (const dtype of ["float16", "bfloat16"] as const) {
    for (const [name, reduce] of Object.entries(differentiable)) {
      const gradients = ([dtype, "float64"] as const).map((dtype) => {
        const x = Tensor.from([[1.5, -0.5, 2], [0.25, 1, 3]], { dtype, requiresGrad: true });
        reduce(x, 1, { keepDims: false }).sum().backward();
        return x.grad!;
      });
      assertEquals(gradients[0].dtype, dtype);
      assertClose(gradients[0].toArray(), gradients[1].toArray(), `${name} of ${dtype}`, 0.02);
    }
  }
});

Deno.test("reductions whose gradient reads the operand refuse backward() after it was changed in place", () => {
  for (const name of ["prod", "max", "min", "var", "std", "norm", "logSumExp"] as const) {
    const x = Tensor.ones([2, 3]), w = Tensor.ones([2, 3], { requiresGrad: true }), product = x.mul(w);
    const y = product[name](1).sum();
    viewOf(product).storage.version++;
    assertThrows(() => y.backward(), GradusError, "an operand was changed in place after it was used");
  }
});

Deno.test("a single element is let pass as having one axis, as in PyTorch", () => {
  for (const axis of [0, -1]) {
    const x = Tensor.from(-3, { requiresGrad: true, dtype: "float64" });
    const results = [
      x.sum(axis),
      x.mean([axis], { keepDims: true }),
      x.prod(axis),
      x.max(axis),
      x.min([axis]),
      x.logSumExp(axis),
      x.cumsum(axis),
      x.cumprod(axis),
      x.sort(axis).values,
      x.squeeze(axis),
      x.flip(axis),
    ];
    for (const y of results) assertEquals([y.shape, y.item()], [[], -3]);
    assertEquals([x.norm(axis).item(), x.var(axis, { correction: 0 }).item()], [3, 0]);
    assertEquals([x.any(axis).toArray(), x.all(axis).toArray()], [true, true]);
    for (const indices of [x.argmax(axis), x.argmin(axis), x.argsort(axis), x.sort(axis).indices]) {
      assertEquals([indices.shape, indices.item()], [[], 0]);
    }
    results.reduce((a, b) => a.add(b)).backward();
    assertEquals(x.grad!.item(), results.length);
  }
  assertThrows(() => Tensor.from(1).sum(1), GradusError, "Cannot sum: there is no axis 1, -1 to 0 is needed");
  assertThrows(() => Tensor.from(1).sort(-2), GradusError, "Cannot sort: there is no axis -2, -1 to 0 is needed");
});
