/** Changes in place whose operands lie in the same memory, and operands that are none. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { GradusError, Tensor } from "../mod.ts";

/** What is done to x, of shape (n, n), and what NumPy would give, computed with copies. */
const changes: Record<string, (x: Tensor, other: (view: Tensor) => Tensor) => unknown> = {
  "x.copy_(x.flip())": (x, other) => x.copy_(other(x.flip())),
  "x.add_(x.T)": (x, other) => x.add_(other(x.T)),
  "x.mul_(x.at(3))": (x, other) => x.mul_(other(x.at(3))),
  "x.add_(x)": (x, other) => x.add_(other(x)),
  "x[1:].add_(x[:-1])": (x, other) => x.slice({ start: 1 }).add_(other(x.slice({ stop: -1 }))),
  "x[:-1].copy_(x[1:])": (x, other) => x.slice({ stop: -1 }).copy_(other(x.slice({ start: 1 }))),
  "x[1:] = x[:-1]": (x, other) => x.set([{ start: 1 }], other(x.slice({ stop: -1 }))),
  "x[[2, 0, 1]] = x[:3]": (x, other) => x.set([[2, 0, 1]], other(x.slice({ stop: 3 }))),
};

for (const [name, change] of Object.entries(changes)) {
  Deno.test(`${name} reads nothing that it has changed`, () => {
    for (const n of [5, 40, 300]) {
      const x = Tensor.randint(-9, 9, [n, n], { seed: n, dtype: "float32" }), expected = x.clone();
      change(expected, (view) => view.clone());
      change(x, (view) => view);
      assertEquals(x.data, expected.data);
    }
  });
}

Deno.test("what has the same elements several times is not changed in place", () => {
  const x = Tensor.ones([1]).expand([3]);
  for (const change of [() => x.add_(1), () => x.fill_(2), () => x.copy_(x), () => x.set([0], 3)]) {
    assertThrows(
      change,
      GradusError,
      "is stretched, its elements are the same ones again and again; clone() is needed before",
    );
  }
  assertEquals(x.toArray(), [1, 1, 1]);
});

Deno.test("what is no operand is refused in one sentence", () => {
  const x = Tensor.from([1, 2]);
  const operations: ((other: never) => unknown)[] = [
    (other) => x.add(other),
    (other) => x.pow(other),
    (other) => x.maximum(other),
    (other) => x.gt(other),
    (other) => x.logicalAnd(other),
    (other) => x.remainder(other),
    (other) => x.to("int32").bitAnd(other),
    (other) => x.add_(other),
    (other) => x.copy_(other),
    (other) => x.fill_(other),
    (other) => x.set([0], other),
    (other) => Tensor.where(x.gt(1), x, other),
  ];
  for (const operation of operations) {
    for (const other of [undefined, null, "2", [1, 2]]) {
      const { message } = assertThrows(() => operation(other as never), GradusError);
      assert(
        /^Cannot (compute with|use|\w+: the other operand is missing).*(is needed|makes one)$/.test(message),
        message,
      );
    }
  }
  assertThrows(
    () => x.clamp(x as never),
    GradusError,
    "Cannot clamp a tensor: a bound is an object (Tensor), a number is needed; maximum() and minimum() take tensors",
  );
});
