/** Sorting of tensors: against loops, orders of PyTorch 2.15, and differences. */
import { assertEquals, assertThrows } from "@std/assert";
import { Tensor } from "../src/tensor.ts";
import { GradusError } from "../src/error.ts";
import { plain, viewOf } from "../src/tensor/autograd.ts";
import { dtypeNames } from "../src/tensor/dtype.ts";
import { checkTensorGradients } from "./_tensor_gradients.ts";

const nan = NaN, inf = Infinity;

const mixed = [[3, nan, -inf, 0, -0, 3], [inf, 1, nan, 1, -2, nan]];

Deno.test("Tensor.sort() is stable and puts NaN last, as PyTorch does", () => {
  const x = Tensor.from(mixed);
  const upwards = x.sort(1), downwards = x.sort(-1, { descending: true });
  assertEquals(upwards.values.toArray(), [[-inf, 0, -0, 3, 3, nan], [-2, 1, 1, inf, nan, nan]]);
  assertEquals(upwards.indices.toArray(), [[2, 3, 4, 0, 5, 1], [4, 1, 3, 0, 2, 5]]);
  assertEquals(downwards.values.toArray(), [[nan, 3, 3, 0, -0, -inf], [nan, nan, inf, 1, 1, -2]]);
  assertEquals(downwards.indices.toArray(), [[1, 0, 5, 3, 4, 2], [2, 5, 0, 1, 3, 4]]);
  const columns = x.sort(0, { descending: true });
  assertEquals(columns.values.toArray(), [[inf, nan, nan, 1, -0, nan], [3, 1, -inf, 0, -2, 3]]);
  assertEquals(columns.indices.toArray(), [[1, 0, 1, 1, 0, 1], [0, 1, 0, 0, 1, 0]]);
});

Deno.test("Tensor.topk() gives the first ones of the order, of equal ones those that come first", () => {
  const x = Tensor.from(mixed), largest = x.topk(3), smallest = x.topk(3, 1, { largest: false });
  assertEquals(largest.values.toArray(), [[nan, 3, 3], [nan, nan, inf]]);
  assertEquals(largest.indices.toArray(), [[1, 0, 5], [2, 5, 0]]);
  assertEquals(smallest.values.toArray(), [[-inf, 0, -0], [-2, 1, 1]]);
  assertEquals(smallest.indices.toArray(), [[2, 3, 4], [4, 1, 3]]);
  assertEquals(x.topk(1, 0).values.toArray(), [[inf, nan, nan, 1, 0, nan]]);
});

/** Tensors of three axes with many equal elements, that lie in memory in many ways. */
function views(): Record<string, Tensor> {
  const x = Tensor.randint(0, 4, [3, 4, 5], { seed: 5, dtype: "float64" }), view = viewOf(x);
  return {
    contiguous: x,
    "with an offset": plain(view.with([1, 4, 5], [20, 5, 1], 20)),
    permuted: plain(view.with([5, 3, 4], [1, 20, 5])),
    backwards: plain(view.with([3, 4, 5], [-20, 5, -1], 44)),
    "with gaps": plain(view.with([3, 2, 2], [20, 10, 3])),
    stretched: plain(view.with([3, 4, 5], [20, 0, 1])),
  };
}

Deno.test("Tensor.sort() and argsort() are those of JavaScript, of every view along every axis", () => {
  for (const [what, x] of Object.entries(views())) {
    for (const axis of [0, 1, 2]) {
      for (const descending of [false, true]) {
        const { values, indices } = x.sort(axis, { descending }), sign = descending ? -1 : 1;
        const at = (tensor: Tensor, index: number[]) =>
          index.reduce((part, i) => (part as number[])[i] as never, tensor.toArray()) as unknown as number;
        assertEquals([values.shape, indices.shape], [x.shape, x.shape]);
        assertEquals(x.argsort(axis - 3, { descending }).toArray(), indices.toArray(), what);
        const sizes = x.shape.with(axis, 1);
        for (let k = 0; k < sizes.reduce((a, b) => a * b); k++) {
          const start = [Math.floor(k / sizes[2] / sizes[1]), Math.floor(k / sizes[2]) % sizes[1], k % sizes[2]];
          const along = (tensor: Tensor) =>
            Array.from({ length: x.shape[axis] }, (_, i) => at(tensor, start.with(axis, i)));
          const elements = along(x), order = [...elements.keys()].sort((a, b) => sign * (elements[a] - elements[b]));
          assertEquals(along(indices), order, `${what} along ${axis}`);
          assertEquals(along(values), order.map((i) => elements[i]), `${what} along ${axis}`);
        }
      }
    }
  }
});

Deno.test("Tensor.sort() sorts every type, and gives numbers of int32", () => {
  for (const dtype of dtypeNames) {
    const { values, indices } = Tensor.from([1, 0, 1, 0, 0], { dtype }).sort();
    assertEquals([values.dtype, indices.dtype], [dtype, "int32"]);
    assertEquals([values.to("float64").toArray(), indices.toArray()], [[0, 0, 0, 1, 1], [1, 3, 4, 0, 2]], dtype);
  }
  const large = Tensor.from([2n ** 62n + 1n, 2n ** 62n, -(2n ** 63n)]);
  assertEquals(large.argsort().toArray(), [2, 1, 0]);
});

Deno.test("Tensor.sort() and topk() of nothing, of one, and of none of many", () => {
  const x = Tensor.zeros([2, 0, 3]);
  assertEquals([x.sort(1).values.shape, x.sort(2).indices.shape, x.argsort(0).shape], [[2, 0, 3], [2, 0, 3], [
    2,
    0,
    3,
  ]]);
  assertEquals(x.topk(0, 1).values.shape, [2, 0, 3]);
  assertEquals(Tensor.ones([2, 3]).topk(0).values.shape, [2, 0]);
  assertEquals(Tensor.from([[7], [5]]).sort().values.toArray(), [[7], [5]]);
});

Deno.test("Tensor.sort() and topk() send gradients where the elements were", () => {
  const x = Tensor.from([[3, 1, 2], [4, 6, 5]], { requiresGrad: true });
  x.sort(1).values.mul(Tensor.from([1, 2, 3])).sum().backward();
  assertEquals(x.grad!.toArray(), [[3, 1, 2], [1, 3, 2]]);
  x.zeroGrad();
  x.topk(2, 1).values.mul(Tensor.from([1, 2])).sum().backward();
  assertEquals(x.grad!.toArray(), [[1, 0, 2], [0, 1, 2]]);
  const y = Tensor.randn([2, 3, 4], { seed: 2, dtype: "float64" });
  for (const axis of [0, 1, 2]) {
    checkTensorGradients((y) => y.sort(axis, { descending: true }).values, [y]);
    checkTensorGradients((y) => y.topk(2, axis, { largest: false }).values, [y]);
  }
});

Deno.test("what Tensor.sort() gives can be kept beyond a scope, and differentiated there", () => {
  const x = Tensor.from(Float64Array.from({ length: 2000 }, (_, i) => (i * 7919) % 2003), { requiresGrad: true });
  const y = keptBeyond(x);
  // Memory of the scope is used again.
  for (let i = 0; i < 8; i++) Tensor.full([2000], 1e9, { dtype: "int32" });
  y.backward();
  assertEquals(x.grad!.sum().item(), 3);
  assertEquals(x.grad!.topk(3).indices.toArray(), x.topk(3).indices.sort().values.toArray());
});

function keptBeyond(x: Tensor): Tensor {
  using scope = Tensor.scope();
  return scope.keep(x.topk(3).values.sum());
}

Deno.test("Tensor.topk() refuses more than there are, sort() axes that there are not", () => {
  const x = Tensor.ones([2, 3]);
  assertThrows(
    () => x.topk(4, 1),
    GradusError,
    "Cannot take the top 4 along axis 1: it has 3 elements, a whole number from 0 to 3 is needed",
  );
  assertThrows(() => x.topk(1.5), GradusError, "Cannot take the top 1.5");
  assertThrows(() => x.sort(2), GradusError, "Cannot sort: there is no axis 2");
  assertThrows(() => x.sort(0, { reverse: true } as never), GradusError, 'there is no option "reverse"');
});

Deno.test("Tensor.sort(), argsort() and topk() take a single element for a row of one, as in PyTorch", () => {
  const x = Tensor.from(5);
  for (const { values, indices } of [x.sort(0), x.sort(), x.topk(1)]) {
    assertEquals([values.toArray(), indices.toArray()], [5, 0]);
  }
  assertEquals(x.argsort(-1).toArray(), 0);
  assertEquals(x.topk(0).values.shape, [0]);
  checkTensorGradients((x) => x.sort().values, [x]);
});

Deno.test("Tensor.unique() tells each NaN from the others, takes views, and has no gradient", () => {
  const { values, inverse, counts } = Tensor.from([[nan, 2], [-0, nan], [2, 0]]).T.unique();
  assertEquals(values.toArray(), [-0, 2, nan, nan]);
  assertEquals(inverse.toArray(), [[2, 0, 1], [1, 3, 0]]);
  assertEquals(counts.toArray(), [2, 2, 1, 1]);
  const x = Tensor.from([2, 1, 2], { requiresGrad: true });
  assertThrows(
    () => x.unique().values.sum().backward(),
    GradusError,
    "Cannot differentiate unique(): its values have no gradient, sort() or detach() before it is needed",
  );
  assertEquals(x.detach().unique().values.requiresGrad, false);
});
