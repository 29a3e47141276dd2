/** What operations of tensors say of operands that are none. */
import { assertThrows } from "@std/assert";
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
