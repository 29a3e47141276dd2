/** What operations of tensors say of operands that are none. */
import { assert, assertThrows } from "@std/assert";
import { GradusError } from "../src/error.ts";
import { Tensor } from "../src/tensor.ts";

const x = Tensor.ones([2, 2]);

function refused(f: (wrong: never) => unknown, wrong: unknown, message: string): void {
  assertThrows(() => f(wrong as never), GradusError, message);
}

Deno.test("operations refuse what is no tensor and no number, in a sentence", () => {
  for (const f of [(y: never) => x.add(y), (y: never) => x.add_(y)]) {
    refused(f, [[1, 2], [3, 4]], "Cannot use an array as a tensor: Tensor.from(…) makes one");
    refused(f, null, "Cannot use null as a tensor");
    refused(f, {}, "Cannot use an object (Object) as a tensor");
  }
  refused((y) => x.matmul(y), [[1, 2]], "Cannot matmul: an array was given, a tensor is needed");
  refused((y) => x.linear(y), null, "null");
  refused((y) => x.mul(y), "3", 'Cannot compute with "3": a tensor or a number is needed');
  refused((y) => x.eq(y), Symbol.iterator, "a tensor or a number is needed");
  refused((y) => Tensor.einsum("ij->", y), 3, "one or two tensors are needed");
});

Deno.test("operations of two operands refuse to have one", () => {
  const two = [(y: never) => x.add(y), (y: never) => x.sub(y), (y: never) => x.pow(y), (y: never) => x.maximum(y)];
  const others = [(y: never) => x.lt(y), (y: never) => x.logicalAnd(y), (y: never) => x.to("int32").bitXor(y)];
  for (const f of [...two, ...others]) {
    refused(f, undefined, "the other operand is missing, a tensor or a number is needed");
  }
  refused((y) => x.add_(y), undefined, "Cannot compute with undefined: a tensor or a number is needed");
});

Deno.test("allClose() takes numbers and other types, records nothing, and refuses what it does not know", () => {
  const x = Tensor.from([1, 1 + 1e-6], { requiresGrad: true });
  assert(x.allClose(1) && !x.allClose(1, { rtol: 0 }) && x.allClose(Tensor.ones([2], { dtype: "int64" })));
  assert(!Tensor.from([NaN]).allClose(NaN) && Tensor.from([NaN]).allClose(NaN, { equalNaN: true }));
  assert(!Tensor.from([Infinity]).allClose(-Infinity, { rtol: 1 }) && Tensor.from([Infinity]).allClose(Infinity));
  assert(Tensor.zeros([0]).allClose(5));
  // int64 beyond what a double holds; and a number as it is, not as the type of the tensor would have it.
  const large = Tensor.from([2n ** 53n + 1n]), exact = { rtol: 0, atol: 0 };
  assert(large.allClose(large, exact) && !large.allClose(Tensor.from([2n ** 53n]), exact));
  assert(!Tensor.from([1], { dtype: "bfloat16" }).allClose(1.001, { rtol: 0 }));
  assert(Tensor.from([65504], { dtype: "float16" }).allClose(70000, { rtol: 0.1 }));
  assertThrows(() => x.allClose(1, { rtol: -1 }), GradusError, "Cannot use rtol -1: a number of at least 0 is needed");
  assertThrows(() => x.allClose(1, { tolerance: 1 } as never), GradusError, 'there is no option "tolerance"');
  assertThrows(() => x.allClose(Tensor.ones([3])), GradusError, "from the last axis on, sizes have to be equal or 1");
});

Deno.test("what is no tensor, mask, function or list where one is needed is refused in a sentence", () => {
  for (const method of ["zerosLike", "onesLike", "randLike", "randnLike"] as const) {
    refused(
      (a) => Tensor[method](a),
      [1, 2],
      "Cannot make a tensor like another one: an array was given, a tensor is needed",
    );
  }
  refused((a) => Tensor.fullLike(a, 1), undefined, "Cannot make a tensor like another one: undefined was given");
  refused((a) => Tensor.noGrad(a), x, "Cannot call noGrad(): an object (Tensor) was given, a function is needed");
  refused((a) => Tensor.enableGrad(a), 1, "Cannot call enableGrad(): 1 was given, a function is needed");
  refused((a) => Tensor.eye(a), null, "Cannot make a tensor: the shape has the size null");
  refused((a) => Tensor.rand([2], a), null, "Cannot use the options of Tensor.rand(): they are null");
  refused((a) => Tensor.arange(2, 3, a), null, "Cannot use the options of Tensor.arange(): they are null");
  refused((a) => x.pad(a), undefined, "Cannot pad a tensor of shape (2, 2) by undefined: two whole numbers");
  refused((a) => x.diagonal(0, a), 1, "Cannot take a diagonal of a tensor: the axes are 1, an array of two is needed");
  refused((a) => x.take(a), undefined, "Cannot make a tensor of undefined: numbers, or arrays of them, are needed");
  refused((a) => x.take(a, 0), true, "Cannot take from a tensor of shape (2, 2): one truth is no place");
  refused((a) => x.masked(a), null, "Cannot choose by a mask: null was given, a tensor is needed");
  refused(
    (a) => x.masked(a),
    Tensor.ones([2, 2]),
    "Cannot choose by a mask of float32: bool is needed, as ne(0) gives",
  );
});
