/** Functions of rows against PyTorch 2.15.0 in float64, and their gradients against differences. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { GradusError, Tensor } from "../mod.ts";
import { checkTensorGradients } from "./_tensor_gradients.ts";

const randn = (shape: number[], seed: number) => Tensor.randn(shape, { seed, dtype: "float64" });

const x = Tensor.from([[0.5, -1, 2], [3, 0.25, -0.75]], { dtype: "float64" });

/** Every element as it is told, the rest of the accuracy being that of the functions. */
function assertNear(y: Tensor, expected: number[], tolerance = 1e-13): void {
  assertEquals(y.size, expected.length);
  y.flatten().toTypedArray().forEach((value, i) => {
    assertAlmostEquals(Number(value), expected[i], tolerance * Math.max(1, Math.abs(expected[i])));
  });
}

Deno.test("Tensor.softmax() and logSoftmax() are PyTorch's, along any axis", () => {
  // deno-fmt-ignore
  const rows = [0.1752903921400367, 0.039112573270687456, 0.7855970345892759, 0.9195862243639801, 0.05878718051874077, 0.021626595117279053];
  // deno-fmt-ignore
  const columns = [0.07585818002124356, 0.22270013882530884, 0.9399133498259924, 0.9241418199787566, 0.7772998611746911, 0.06008665017400762];
  // deno-fmt-ignore
  const logarithms = [-1.7413112966571571, -3.241311296657157, -0.24131129665715703, -0.083831466235782, -2.833831466235782, -3.833831466235782];
  assertNear(x.softmax(), rows);
  assertNear(x.softmax(1), rows);
  assertNear(x.softmax(0), columns);
  assertNear(x.logSoftmax(), logarithms);
  assertNear(x.T.softmax(0), x.softmax().T.flatten().toArray() as number[], 0);
  assertNear(x.unsqueeze(1).expand([2, 2, 3]).softmax(0).select(1, 1), columns);
  assertEquals(x.to("float32").softmax().dtype, "float32");
  assertEquals(x.to("float16").softmax().dtype, "float16");
  assertNear(x.to("float32").logSoftmax(), logarithms, 1e-6);
  assertNear(x.to("bfloat16").softmax(), rows, 1e-2);
});

Deno.test("Tensor.softmax() and logSoftmax() hold at the edges", () => {
  assertEquals(Tensor.from([1000, 0, -1000]).logSoftmax().toArray(), [0, -1000, -2000]);
  assertEquals(Tensor.from([0, -Infinity, 0]).softmax().toArray(), [0.5, 0, 0.5]);
  assertEquals(Tensor.from(3).softmax(0).toArray(), 1);
  assertEquals(Tensor.from(3).logSoftmax().toArray(), 0);
  assertEquals(Tensor.zeros([0, 3]).softmax().shape, [0, 3]);
  assertEquals(Tensor.zeros([3, 0]).softmax().shape, [3, 0]);
  assertEquals(Tensor.from([0n, 0n]).softmax().toArray(), [0.5, 0.5]);
  assertThrows(() => x.softmax(2), GradusError, "Cannot softmax: there is no axis 2, -2 to 1 is needed");
});

Deno.test("Tensor.softmax() and logSoftmax() have their gradients, and theirs, along any axis", () => {
  for (const axis of [0, 1, -1]) {
    checkTensorGradients((x) => x.softmax(axis), [randn([3, 2], 1)]);
    checkTensorGradients((x) => x.logSoftmax(axis), [randn([3, 2], 2)]);
  }
  checkTensorGradients((x) => x.transpose(0, 2).softmax(1), [randn([2, 3, 2], 3)]);
  checkTensorGradients((x) => x.logSoftmax(1), [randn([2, 3, 2], 3)]);
});

Deno.test("Tensor.layerNorm() is PyTorch's, with weight, bias and eps, along any axes", () => {
  const weight = Tensor.from([1, 0.5, -2], { dtype: "float64" });
  const bias = Tensor.from([0.1, 0.2, 0.3], { dtype: "float64" });
  // deno-fmt-ignore
  const plain = [0.0, -1.2247407889290967, 1.2247407889290967, 1.366526943240417, -0.3679111001031892, -0.998615843137228];
  // deno-fmt-ignore
  const scaled = [0.1, -0.41216841355596706, -2.1486736542238685, 1.4662579462985683, 0.01608066107519271, 2.2968385368979076];
  // deno-fmt-ignore
  const whole = [-0.11684096045003144, -1.1684096045003145, 0.9347276836002518, 1.6357734463004407, -0.2921024011250786, -0.9931481638252674];
  assertNear(x.layerNorm(), plain);
  assertNear(x.layerNorm(weight, bias, { eps: 1e-3 }), scaled);
  assertNear(x.layerNorm(weight).sub(x.layerNorm().mul(weight)), [0, 0, 0, 0, 0, 0]);
  assertNear(x.layerNorm(undefined, bias).sub(x.layerNorm().add(bias)), [0, 0, 0, 0, 0, 0]);
  assertNear(x.layerNorm(undefined, undefined, { axes: [0, 1] }), whole);
  assertNear(x.T.layerNorm(weight, bias, { eps: 1e-3, axes: 0 }).T, scaled);
  assertNear(x.unsqueeze(1).layerNorm(weight, bias, { eps: 1e-3 }), scaled);
  const half = x.to("float16").layerNorm(weight, bias, { eps: 1e-3 });
  assertEquals(half.dtype, "float16");
  assertNear(half, scaled, 1e-3);
});

Deno.test("Tensor.layerNorm() has the gradients of all operands, and theirs", () => {
  const operands = [randn([2, 3], 1), randn([3], 2), randn([3], 3)];
  checkTensorGradients((x) => x.layerNorm(), [operands[0]]);
  checkTensorGradients((x, w, b) => x.layerNorm(w, b), operands);
  checkTensorGradients((x, w) => x.layerNorm(w, undefined, { eps: 0.1 }), operands.slice(0, 2));
  checkTensorGradients((x, b) => x.layerNorm(undefined, b, { axes: 0 }), [randn([3, 2], 4), operands[1]]);
  checkTensorGradients((x, w) => x.layerNorm(w, undefined, { axes: [0, 2] }), [randn([2, 2, 3], 5), randn([2, 3], 6)]);
});

Deno.test("Tensor.layerNorm() refuses parameters and options that do not fit", () => {
  assertThrows(
    () => x.layerNorm(Tensor.ones([2])),
    GradusError,
    "Cannot apply layerNorm() to a tensor of shape (2, 3): the weight or the bias has the shape (2,), that of the normalized axes, (3,), is needed",
  );
  assertThrows(() => x.layerNorm(undefined, undefined, { eps: -1 }), GradusError, "Cannot use eps -1");
  assertThrows(() => x.layerNorm(undefined, undefined, { ep: 1 } as never), GradusError, 'no option "ep"');
});

Deno.test("Tensor.dropout() sets a share of the elements to 0 and scales the others", () => {
  const y = Tensor.ones([10000]).dropout(0.25, { seed: 1 }), values = [...y.toTypedArray() as Float32Array];
  const zeros = values.filter((value) => value === 0).length;
  // Within five standard deviations of 2500.
  assertAlmostEquals(zeros, 2500, 5 * Math.sqrt(10000 * 0.25 * 0.75));
  assertEquals(new Set(values), new Set([0, Math.fround(1 / 0.75)]));
  assertEquals(
    Tensor.ones([100]).dropout(0.5, { seed: 2 }).toArray(),
    Tensor.ones([100]).dropout(0.5, { seed: 2 }).toArray(),
  );
  assertEquals(x.dropout(0).toArray(), x.toArray());
  assertEquals(x.square().dropout(1).toArray(), [[0, 0, 0], [0, 0, 0]]);
  checkTensorGradients((x) => x.dropout(0.5, { seed: 3 }), [randn([3, 4], 1)]);
  assert(x.dropout(0.5, { training: false }) === x);
  assertThrows(() => x.dropout(0.5, { training: 0 } as never), GradusError, "Cannot use training 0: true or false");
  assertThrows(() => x.dropout(0.5, { inplace: true } as never), GradusError, 'there is no option "inplace"');
  assertThrows(() => x.dropout(1.5), GradusError, "Cannot use the probability 1.5: a number from 0 to 1 is needed");
});
