/** Products of tensors against loops over their elements, and their gradients against differences. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { GradusError, Tensor } from "../mod.ts";
import { checkTensorGradients } from "./_tensor_gradients.ts";

/** Normal numbers in float64. */
const randn = (shape: number[], seed: number) => Tensor.randn(shape, { seed, dtype: "float64" });

/** The element of a tensor at indices, those of stretched axes being 0. */
function element(x: Tensor, indices: number[]): number {
  const own = indices.slice(indices.length - x.ndim);
  return x.at(...own.map((index, axis) => x.shape[axis] === 1 ? 0 : index)).item();
}

/** All indices of a shape. */
function* indicesOf(shape: readonly number[]): Generator<number[]> {
  if (shape.length === 0) return yield [];
  for (let i = 0; i < shape[0]; i++) for (const rest of indicesOf(shape.slice(1))) yield [i, ...rest];
}

/** a·b by its definition, for operands with two axes or more. */
function checkProduct(y: Tensor, a: Tensor, b: Tensor, tolerance = 1e-12): void {
  const k = a.shape.at(-1)!;
  for (const [at, ...indices] of [...indicesOf(y.shape)].map((indices, i) => [i, ...indices])) {
    const batch = indices.slice(0, -2), [i, j] = indices.slice(-2);
    let sum = 0;
    for (let p = 0; p < k; p++) sum += element(a, [...batch, i, p]) * element(b, [...batch, p, j]);
    assertAlmostEquals(Number(y.data[at]), sum, tolerance);
  }
}

Deno.test("Tensor.matmul() multiplies matrices and batches of them, stretching what comes before", () => {
  const shapes: [number[], number[], number[]][] = [
    [[2, 3], [3, 4], [2, 4]],
    [[1, 1], [1, 1], [1, 1]],
    [[17, 33], [33, 9], [17, 9]],
    [[5, 2, 3], [5, 3, 4], [5, 2, 4]],
    [[5, 2, 3], [3, 4], [5, 2, 4]],
    [[2, 3], [5, 3, 4], [5, 2, 4]],
    [[5, 1, 2, 3], [4, 3, 6], [5, 4, 2, 6]],
    [[70, 2, 2], [1, 2, 2], [70, 2, 2]],
  ];
  for (const [first, second, shape] of shapes) {
    const a = randn(first, 1), b = randn(second, 2), y = a.matmul(b);
    assertEquals(y.shape, shape);
    checkProduct(y, a, b);
  }
});

Deno.test("Tensor.matmul() of vectors leaves out their axes", () => {
  const a = Tensor.from([1, 2, 3]), m = Tensor.from([[1, 0], [2, 1], [0, 3]]);
  assertEquals(a.matmul(a).toArray(), 14);
  assertEquals(a.matmul(m).toArray(), [5, 11]);
  assertEquals(m.T.matmul(a).toArray(), [5, 11]);
  assertEquals(a.matmul(Tensor.ones([4, 3, 2])).shape, [4, 2]);
  assertEquals(Tensor.ones([4, 5, 2, 3]).matmul(a).toArray(), Tensor.full([4, 5, 2], 6).toArray());
});

Deno.test("Tensor.matmul() takes any strides", () => {
  const a = randn([4, 3], 1), b = randn([3, 5], 2), y = a.matmul(b).toArray();
  assertEquals(a.T.contiguous().T.matmul(b.T.contiguous().T).toArray(), y);
  assertEquals(a.flip().matmul(b.flip(0)).flip(0).shape, [4, 5]);
  checkProduct(a.flip().matmul(b.flip(0)), a.flip(), b.flip(0));
  checkProduct(
    a.slice({ step: 2 }, { start: 1 }).matmul(b.slice({ start: 1 })),
    a.slice({ step: 2 }, { start: 1 }),
    b.slice({ start: 1 }),
  );
  const batch = randn([2, 3, 4], 3).transpose(0, 1), other = randn([1, 4, 2], 4).expand([3, 4, 2]);
  checkProduct(batch.matmul(other), batch, other);
  checkProduct(batch.matmul(other.select(0, 0)), batch, other);
  const column = a.select(1, 2);
  assertAlmostEquals(column.matmul(column).item(), column.square().sum().item(), 1e-12);
});

Deno.test("Tensor.matmul() and linear() of transposed and stretched operands copy nothing", () => {
  const a = Tensor.ones([64, 32]), b = Tensor.ones([2, 16, 64]), w = Tensor.ones([16, 32]);
  const before = Tensor.memoryStats();
  a.T.matmul(b.mT);
  a.narrow(0, 0, 1).expand([64, 32]).linear(w);
  const { hits, misses } = Tensor.memoryStats();
  assertEquals(hits + misses - before.hits - before.misses, 2);
});

Deno.test("Tensor.matmul() of sizes 0 is empty, or 0", () => {
  assertEquals(Tensor.ones([2, 0]).matmul(Tensor.ones([0, 3])).toArray(), [[0, 0, 0], [0, 0, 0]]);
  assertEquals(Tensor.ones([0, 2]).matmul(Tensor.ones([2, 3])).shape, [0, 3]);
  assertEquals(Tensor.ones([0, 4, 2]).matmul(Tensor.ones([2, 3])).shape, [0, 4, 3]);
  assertEquals(Tensor.ones([3, 0, 2]).matmul(Tensor.ones([3, 2, 0])).shape, [3, 0, 0]);
  const a = Tensor.ones([2, 0], { requiresGrad: true });
  a.matmul(Tensor.ones([0, 3])).sum().backward();
  assertEquals(a.grad!.shape, [2, 0]);
});

Deno.test("Tensor.matmul() has the type of its operands, integers wrapping around, halves rounded once", () => {
  const int32 = Tensor.from(Int32Array.of(65536, 1, 2, 3), { shape: [2, 2] });
  assertEquals(int32.matmul(int32).toArray(), [[2, 65539], [131078, 11]]);
  assertEquals(int32.matmul(int32).dtype, "int32");
  const int64 = Tensor.from([[2n ** 62n, 1n]]);
  assertEquals(int64.matmul(Tensor.from([[4n], [5n]])).toArray(), [[5n]]);
  assertEquals(int32.matmul(Tensor.ones([2], { dtype: "float64" })).dtype, "float64");
  const truths = Tensor.from([[true, true], [false, true]]);
  assertEquals(truths.matmul(truths).toArray(), [[1n, 2n], [0n, 1n]]);
  // In float16, 2048 + 1 is 2048: summed in it, this would be 2048.
  const half = Tensor.from([2048, 1, 1, 1, 1], { dtype: "float16" });
  const sum = half.matmul(Tensor.onesLike(half));
  assertEquals([sum.item(), sum.dtype], [2052, "float16"]);
  const brain = Tensor.from([256, 1, 1], { dtype: "bfloat16" });
  assertEquals(brain.matmul(Tensor.onesLike(brain)).item(), 258);
});

Deno.test("Tensor.matmul() has the gradients of both operands, and theirs", () => {
  const shapes = [
    [[2, 3], [3, 2]],
    [[3], [3]],
    [[3], [3, 2]],
    [[2, 3], [3]],
    [[3], [2, 3, 2]],
    [[2, 2, 3], [3]],
    [[2, 3, 2, 2], [2]],
    [[2, 2, 3], [3, 2]],
    [[2, 3], [2, 3, 2]],
    [[2, 1, 2, 3], [2, 3, 1]],
    [[1, 2, 2], [2, 2, 2]],
  ];
  for (const [a, b] of shapes) checkTensorGradients((a, b) => a.matmul(b), [randn(a, 1), randn(b, 2)]);
  checkTensorGradients((a, b) => a.T.matmul(b.flip(1)), [randn([3, 2], 1), randn([3, 2], 2)]);
  checkTensorGradients((a) => a.matmul(a).matmul(a), [randn([2, 2], 1)]);
});

Deno.test("Tensor.dot() and outer() take vectors", () => {
  const a = Tensor.from([1, 2, 3]), b = Tensor.from([4, 5]);
  assertEquals(a.dot(a).toArray(), 14);
  assertEquals(a.outer(b).toArray(), [[4, 5], [8, 10], [12, 15]]);
  assertEquals(Tensor.zeros([0]).outer(b).shape, [0, 2]);
  assertEquals(Tensor.zeros([0]).dot(Tensor.zeros([0])).item(), 0);
  checkTensorGradients((a, b) => a.dot(b), [randn([3], 1), randn([3], 2)]);
  checkTensorGradients((a, b) => a.outer(b), [randn([3], 1), randn([2], 2)]);
});

const activations = ["relu", "leakyRelu", "tanh", "sigmoid", "gelu", "silu", "softplus"] as const;

Deno.test("Tensor.linear() is the product, the bias and the activation one after the other", () => {
  for (const dtype of ["float64", "float32"] as const) {
    const x = Tensor.randn([4, 3], { seed: 1, dtype }), w = Tensor.randn([2, 3], { seed: 2, dtype });
    const b = Tensor.randn([2], { seed: 3, dtype }), sums = x.matmul(w.T);
    assertEquals(x.linear(w).toArray(), sums.toArray());
    assertEquals(x.linear(w, b).toArray(), sums.add(b).toArray());
    for (const name of activations) {
      assertEquals(x.linear(w, b, name).toArray(), sums.add(b)[name]().toArray(), name);
      assertEquals(x.linear(w, undefined, name).toArray(), sums[name]().toArray(), name);
    }
  }
});

Deno.test("Tensor.linear() takes any axes before the last one, and none", () => {
  const x = randn([2, 3, 4], 1), w = randn([5, 4], 2), b = randn([5], 3);
  const expected = x.matmul(w.T).add(b).relu();
  assertEquals(x.linear(w, b, "relu").toArray(), expected.toArray());
  assertEquals(x.at(1, 2).linear(w, b, "relu").toArray(), expected.at(1, 2).toArray());
  assertEquals(x.transpose(0, 1).linear(w, b, "relu").toArray(), expected.transpose(0, 1).toArray());
  assertEquals(Tensor.ones([0, 4]).linear(Tensor.ones([5, 4])).shape, [0, 5]);
});

Deno.test("Tensor.linear() of halves computes in float32 and rounds once, of integers it is exact", () => {
  const x = Tensor.from([[2048, 1]], { dtype: "float16" }), ones = Tensor.ones([1, 2], { dtype: "float16" });
  assertEquals(x.linear(ones, Tensor.from([-2048], { dtype: "float16" }), "relu").toArray(), [[1]]);
  const whole = Tensor.from([[2n ** 53n, 1n]]);
  assertEquals(whole.linear(Tensor.from([[1n, 1n]]), Tensor.from([1n])).toArray(), [[2n ** 53n + 2n]]);
  assertEquals(whole.linear(Tensor.from([[-1n, 1n]]), undefined, "relu").toArray(), [[0n]]);
});

Deno.test("Tensor.linear() has the gradients of all operands, and theirs", () => {
  const x = randn([3, 2], 1), w = randn([2, 2], 2), b = randn([2], 3);
  checkTensorGradients((x, w) => x.linear(w), [x, w]);
  checkTensorGradients((x, w, b) => x.linear(w, b), [x, w, b]);
  for (const name of activations) {
    checkTensorGradients((x, w, b) => x.linear(w, b, name), [x, w, b]);
    checkTensorGradients((x, w) => x.linear(w, undefined, name), [x, w]);
  }
  checkTensorGradients((x, w, b) => x.linear(w, b, "tanh"), [randn([2, 1, 2], 4), w, b]);
  checkTensorGradients((x, w, b) => x.linear(w, b, "tanh"), [randn([2], 4), w, b]);
});

Deno.test("products refuse what does not fit in one sentence", () => {
  const refused = (f: () => unknown, words: string) => assertThrows(f, GradusError, words);
  const a = Tensor.ones([2, 3]), v = Tensor.ones([4]);
  refused(
    () => a.matmul(a),
    "Cannot matmul tensors of shapes (2, 3) and (2, 3): the last axis of the first has the size 3, the matrices of the second have the row count 2, equal ones are needed",
  );
  refused(() => a.matmul(v), "the second has the length 4");
  refused(() => a.matmul(Tensor.from(1)), "a single element has no axis to sum over, mul() is needed");
  refused(() => Tensor.ones([2, 1, 3]).matmul(Tensor.ones([4, 3, 3, 1])), "(2, 1, 3) and (4, 3, 3, 1)");
  refused(() => a.dot(a), "Cannot dot tensors of shapes (2, 3) and (2, 3): two vectors are needed");
  refused(() => a.outer(v), "two vectors are needed");
  refused(
    () => a.linear(Tensor.ones([3, 2])),
    "the input has the shape (2, 3), the weight (3, 2); (…, nin), (nout, nin) and (nout,) are needed",
  );
  refused(() => a.linear(a, Tensor.ones([3])), "the bias (3,)");
  refused(() => a.linear(a, undefined, "rely" as "relu"), 'Cannot use the activation "rely"');
});

Deno.test("Tensor.linear() refuses to differentiate what was changed in place since", () => {
  const x = Tensor.ones([1, 2]), w = Tensor.ones([2, 2], { requiresGrad: true });
  const y = x.linear(w, undefined, "tanh").sum();
  x.mul_(2);
  assertThrows(() => y.backward(), GradusError, "Cannot differentiate linear(): an operand was changed in place");
});

Deno.test("Tensor.linear() has the type that takes the bias, too", () => {
  const x = Tensor.from([[1, 2]]), w = Tensor.from([[1, 1]]), exact = 0.1;
  const y = x.linear(w, Tensor.from([exact], { dtype: "float64" }));
  assertEquals([y.dtype, y.toArray()], ["float64", [[3 + exact]]]);
  const whole = x.to("int32").linear(w.to("int32"), Tensor.from([0.5]));
  assertEquals([whole.dtype, whole.toArray()], ["float32", [[3.5]]]);
});
