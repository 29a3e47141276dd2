/** Tensors as text: what PyTorch 2.15 prints, but for the words of TypeScript (`gradFn`, `true`, dtypes without `torch.`). */
import { assertEquals } from "@std/assert";
import { Tensor } from "../src/tensor.ts";

const cases: [Tensor, string][] = [
  [Tensor.from([[1, 2], [3, 4]]), "tensor([[1., 2.],\n        [3., 4.]])"],
  [Tensor.from(3), "tensor(3.)"],
  [Tensor.from([NaN, Infinity, -1.5]), "tensor([    nan,     inf, -1.5000])"],
  [Tensor.from([0, -0, Infinity, -Infinity]), "tensor([0., -0., inf, -inf])"],
  [Tensor.from([-0, 1e-5]), "tensor([-0.0000e+00, 1.0000e-05])"],
  [Tensor.from([1e-8, 1, 1e5]), "tensor([1.0000e-08, 1.0000e+00, 1.0000e+05])"],
  [Tensor.from([true, false]), "tensor([ true, false])"],
  [Tensor.from([1n, -20n]), "tensor([  1, -20])"],
  [Tensor.from([]), "tensor([])"],
  [Tensor.zeros([0, 3]), "tensor([], size=(0, 3))"],
  [Tensor.from([1.5], { requiresGrad: true }), "tensor([1.5000], requiresGrad=true)"],
  [Tensor.from([1.5], { requiresGrad: true }).mul(2), "tensor([3.], gradFn=<mul>)"],
  [Tensor.from([1, 2], { dtype: "int32" }), "tensor([1, 2], dtype=int32)"],
  [
    Tensor.arange(40),
    "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n" +
    "        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,\n" +
    "        28., 29., 30., 31., 32., 33., 34., 35., 36., 37., 38., 39.])",
  ],
  [
    Tensor.arange(2000),
    "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        1.9990e+03])",
  ],
  [
    Tensor.arange(24, undefined, { dtype: "float64" }).reshape([2, 3, 4]),
    "tensor([[[ 0.,  1.,  2.,  3.],\n         [ 4.,  5.,  6.,  7.],\n         [ 8.,  9., 10., 11.]],\n\n" +
    "        [[12., 13., 14., 15.],\n         [16., 17., 18., 19.],\n         [20., 21., 22., 23.]]], dtype=float64)",
  ],
  [
    Tensor.arange(10000).reshape([100, 100]),
    "tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 9.7000e+01, 9.8000e+01,\n         9.9000e+01],\n" +
    "        [1.0000e+02, 1.0100e+02, 1.0200e+02,  ..., 1.9700e+02, 1.9800e+02,\n         1.9900e+02],\n" +
    "        [2.0000e+02, 2.0100e+02, 2.0200e+02,  ..., 2.9700e+02, 2.9800e+02,\n         2.9900e+02],\n        ...,\n" +
    "        [9.7000e+03, 9.7010e+03, 9.7020e+03,  ..., 9.7970e+03, 9.7980e+03,\n         9.7990e+03],\n" +
    "        [9.8000e+03, 9.8010e+03, 9.8020e+03,  ..., 9.8970e+03, 9.8980e+03,\n         9.8990e+03],\n" +
    "        [9.9000e+03, 9.9010e+03, 9.9020e+03,  ..., 9.9970e+03, 9.9980e+03,\n         9.9990e+03]])",
  ],
  [Tensor.from([1 / 32, 3 / 32, -1 / 32]), "tensor([ 0.0312,  0.0938, -0.0312])"],
  [Tensor.from([103125, 1, -100625]), "tensor([ 1.0312e+05,  1.0000e+00, -1.0062e+05])"],
  [Tensor.zeros([0], { dtype: "int64" }), "tensor([], dtype=int64)"],
  [Tensor.zeros([2, 0], { dtype: "bool" }), "tensor([], size=(2, 0), dtype=bool)"],
];

Deno.test("Tensor.toString() prints as PyTorch does", () => {
  for (const [tensor, text] of cases) assertEquals(tensor.toString(), text);
});

Deno.test("console.log prints a tensor as toString() does", () => {
  const x = Tensor.from([1, 2]);
  assertEquals(Deno.inspect(x), x.toString());
});
