/**
 * Operations of tensors give the same bits at every SIMD level, with any number of threads, on every machine: one SHA-256 of the
 * results of all kinds of them, and of their gradients.
 */
import { assertEquals } from "@std/assert";
import { Adam, Engine, Tensor } from "../mod.ts";
import { dtypeNames } from "../src/tensor/dtype.ts";
import { testAtEachLevel } from "./_levels.ts";

const expected = "ca194ff27c960fc3ada9b40fc8e54178fa1335d9ef148a11596d8871d77559c0";

/** Results of operations on small and on large tensors. */
function* results(small: number, large: number): Generator<Tensor> {
  for (const dtype of ["float32", "float64", "float16", "bfloat16"] as const) {
    const x = Tensor.randn([small, 33], { seed: 1, dtype, requiresGrad: true }), positive = x.square().add(0.1);
    const y = Tensor.rand([33], { seed: 2, dtype });
    for (
      const name of [
        "tanh",
        "sigmoid",
        "gelu",
        "silu",
        "softplus",
        "exp",
        "expm1",
        "sin",
        "cos",
        "abs",
        "relu",
      ] as const
    ) yield x[name]();
    for (const name of ["log", "log1p", "sqrt", "rsqrt", "reciprocal"] as const) yield positive[name]();
    yield positive.pow(y);
    yield x.div(y).remainder(0.3);
    for (const axis of [0, 1, undefined]) {
      yield x.sum(axis);
      yield x.mean(axis);
      yield x.var(axis);
      yield x.max(axis);
      yield x.logSumExp(axis);
    }
    yield positive.mul(0.9).prod(1);
    yield x.cumsum(1);
    yield x.sort(0).values;
    yield x.softmax(1);
    yield x.layerNorm(y);
    yield x.T.matmul(x);
    const loss = x.linear(Tensor.randn([10, 33], { seed: 3, dtype }), undefined, "gelu").crossEntropy(
      Tensor.arange(small, undefined, { dtype: "int32" }).remainder(10),
    );
    loss.backward();
    yield loss;
    yield x.grad!;
  }
  for (const dtype of dtypeNames) {
    yield Tensor.randn([100], { seed: 4, dtype: "float64" }).mul(300).to(dtype).to("float64");
  }
  const wide = Tensor.randn([large, 301], { seed: 5 }), other = Tensor.randn([301, 257], { seed: 6 });
  yield wide.matmul(other);
  yield wide.mul(2).tanh().sum();
  yield wide.sum(0);
  yield wide.T.contiguous().logSoftmax(0);
  yield wide.slice({ step: -2 }).add(other.slice(":", 0)).std(1);
  const weight = Tensor.noGrad(() => other.mul(0.05));
  weight.requiresGrad = true;
  const optimizer = new Adam([weight]);
  for (let i = 0; i < 3; i++) {
    optimizer.zeroGrad();
    wide.matmul(weight).tanh().square().mean().backward();
    optimizer.step();
  }
  yield weight;
}

async function hashOf(tensors: Iterable<Tensor>): Promise<string> {
  const parts = [...tensors].map((tensor) => {
    const { buffer, byteOffset, byteLength } = tensor.detach().toTypedArray();
    return new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength));
  });
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

testAtEachLevel("operations of tensors have the same bits, with 1, 2, 3 and 8 threads", async (level) => {
  const before = Engine.threads;
  try {
    // The emulation of fused multiply-adds is slow: once is enough.
    for (const threads of level === "plain" ? [1] : [1, 2, 3, 8]) {
      Engine.threads = threads;
      assertEquals(await hashOf(results(37, 700)), expected, `${threads} threads`);
    }
  } finally {
    Engine.threads = before;
  }
});
