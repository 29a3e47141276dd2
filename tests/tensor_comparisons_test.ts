/** Comparisons of tensors, whose results are written as bytes. */
import { assertEquals } from "@std/assert";
import { Tensor } from "../src/tensor.ts";

Deno.test("comparisons of any length, of views and of numbers, with infinities and NaN, are those of JavaScript", () => {
  const compared = {
    eq: (a: number, b: number) => a === b,
    ne: (a: number, b: number) => a !== b,
    lt: (a: number, b: number) => a < b,
    le: (a: number, b: number) => a <= b,
    gt: (a: number, b: number) => a > b,
    ge: (a: number, b: number) => a >= b,
  };
  const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5];
  for (const dtype of ["float32", "float64", "float16", "int32"] as const) {
    for (const length of [0, 1, 15, 16, 17, 255, 256, 257, 272, 1000, 5000]) {
      const numbers = (step: number) =>
        Array.from({ length }, (_, i) => dtype === "int32" ? (i * step) % 5 : special[(i * step) % special.length]);
      const left = numbers(1), right = numbers(3), a = Tensor.from(left, { dtype }), b = Tensor.from(right, { dtype });
      // The same numbers, but not side by side.
      const apart = Tensor.stack([b, a], 1).select(1, 0);
      for (const [name, is] of Object.entries(compared)) {
        const method = name as keyof typeof compared, expected = left.map((x, i) => is(x, right[i]));
        assertEquals(a[method](b).toArray(), expected, `${name}, ${dtype}, ${length}`);
        assertEquals(a[method](apart).toArray(), expected, `${name}, ${dtype}, ${length}, of a view`);
        assertEquals(a[method](1).toArray(), left.map((x) => is(x, 1)), `${name}, ${dtype}, ${length}, of a number`);
      }
    }
  }
});
