/**
 * Synchronous loops that must not need more and more memory, for memory_test.ts: it runs each in a process of its own, since
 * what other tests have left behind decides when V8 collects. Prints by how many megabytes resident memory grew.
 */
import { Adam, grad, hvp, Tensor, Value } from "../mod.ts";

const w = Value.persistent(0.5);
const parameters = Array.from({ length: 100 }, (_, i) => Value.persistent(i / 100));
let before = w.mul(1);
const compiled = Value.compile((x: Value) => x.mul(w).tanh()), rows = new Float64Array(100_000).fill(0.5);

/** A network of tensors, 64-64-32-10, and its optimizer. */
const weights = [[64, 64], [32, 64], [10, 32]].map((shape, i) => {
  const weight = Tensor.randn(shape, { seed: i });
  weight.requiresGrad = true;
  return weight;
});
const adam = new Adam(weights),
  data = Tensor.rand([32, 64], { seed: 4 }),
  classes = Tensor.randint(0, 10, [32], { seed: 5 });
const large = Tensor.rand([1000, 1000], { seed: 6 }), mask = large.gt(0.5);
let chain = Tensor.ones([1000, 1000], { requiresGrad: true });

/** How often each is done, what, and by how many megabytes resident memory may grow, if that is not 100. */
const loops: Record<string, [times: number, graph: (i: number) => unknown, limit?: number]> = {
  // One graph of 20,000 records has 0.5 MB: 600 that are not given back would be 300 MB.
  "differentiates graphs": [600, () => {
    let x = w.mul(0.1);
    for (let i = 0; i < 10_000; i++) x = x.mul(w).add(0.1);
    x.backward();
  }],
  "only computes": [1_000_000, (i) => w.mul(i).tanh().data],
  "records what nobody reads": [6_000_000, (i) => w.mul(i).tanh()],
  "records small graphs that nobody reads": [120_000, () => {
    let s = new Value(0);
    for (let i = 0; i < 50; i++) s = s.add(parameters[i].tanh());
  }],
  "records large graphs that nobody reads": [300, () => {
    let s = new Value(0);
    for (let i = 0; i < 20_000; i++) s = s.add(parameters[i % 100].tanh());
  }],
  "reads each graph and then continues it": [20_000, (i) => {
    const s = Value.dot(parameters, parameters.map((_, j) => j));
    if (s.data > -1) s.mul(i).backward();
  }],
  "uses a result of the graph before": [1500, () => {
    let result = w.mul(2);
    for (let i = 0; i < 3000; i++) result = result.add(w);
    const both = result.add(before);
    both.backward();
    before = result;
  }],
  "records gradients": [2000, () => {
    let x = w.mul(0.1);
    for (let i = 0; i < 300; i++) x = x.mul(w).tanh();
    x.backward({ createGraph: true });
    w.gradValue!.backward();
    w.zeroGrad();
  }],
  "forms second derivatives": [2000, (i) => {
    hvp((x: Value) => x.mul(w).tanh().mul(x))(i, 1).data;
    grad(grad((x: Value) => x.pow(3)))(i).data;
  }],
  "compiles functions": [600, (i) => Value.compile((x: Value) => x.mul(w).tanh().mul(i)).grad(0.5)],
  "runs a compiled function": [300, () => {
    compiled.valueAndGrad(rows);
    compiled.backward(rows);
  }],
  "opens and ends scopes": [2000, (i) => {
    using scope = Value.scope();
    let x = w.mul(i);
    for (let k = 0; k < 300; k++) x = x.mul(w).tanh();
    scope.keep(x.add(1)).backward();
  }],
  // A step makes 100 KB: what is not given back would be 1 GB.
  "trains a network of tensors": [10_000, () => {
    adam.zeroGrad();
    data.matmul(weights[0].T).relu().matmul(weights[1].T).relu().matmul(weights[2].T).crossEntropy(classes).backward();
    adam.step();
  }],
  // 8 GB in all, of which V8 collects some hundred MB at a time.
  "computes large tensors that nobody keeps": [1000, (i) => large.mul(i).add(1), 600],
  "computes large tensors, in scopes": [1000, (i) => {
    using _scope = Tensor.scope();
    large.mul(i).tanh().sum().item();
  }],
  // Each result has 4 MB or 8: kept for gradients that do not read them, they would be 3 GB.
  "goes on with a result whose gradient reads none of those before": [100, () => {
    const sum = chain.add(large).sub(chain.mean(1, { keepDims: true })).mul(large);
    const chosen = Tensor.where(mask, sum, 0.5).to("float64").to("float32").pad([1, 0]).slice(":", { stop: -1 });
    chain = Tensor.concat(chosen.split(500)).fmod(2).T.reshape([1000, 1000]);
  }, 600],
  "differentiates tensors twice": [3000, () => {
    grad((x: Tensor) => grad((x: Tensor) => x.pow(3).sum())(x).square().sum())(data);
  }],
  "fails in the middle of recording": [30_000, () => {
    try {
      parameters.reduce((sum, v, i) => sum.add(i < 99 ? v : undefined as unknown as Value));
    } catch { /* as expected */ }
  }],
};

if (import.meta.main) {
  const [times, graph] = loops[Deno.args[0]];
  const resident = () => Deno.memoryUsage().rss / 1e6;
  for (let i = 0; i < times / 3; i++) graph(i);
  const start = resident();
  for (let i = 0; i < times; i++) graph(i);
  console.log(Math.round(resident() - start));
}

/** The names of the loops, each with its limit in megabytes. */
export const loopLimits: ReadonlyMap<string, number> = new Map(
  Object.entries(loops).map(([name, [, , limit = 100]]) => [name, limit]),
);
