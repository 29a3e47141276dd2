/**
 * Random graphs that are differentiated in every way while memory is given back and used again, against the same graphs where
 * nothing is given back: what somebody can still see does not change.
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Function, type FunctionContext, SGD, Tensor } from "../mod.ts";
import { sequence } from "./_tensor_cases.ts";

/** Keeps its arguments, and the gradients that it has seen, and gives one of them for both. */
class Keeping extends Function {
  static seen: Tensor[] = [];
  forward(context: FunctionContext, a: Tensor, b: Tensor): Tensor {
    context.saveForBackward(a, b);
    return a.add(b);
  }
  backward(_: FunctionContext, gradient: Tensor): Tensor[] {
    Keeping.seen.push(gradient);
    return [gradient, gradient];
  }
}

/** Differentiates within its own `backward`. */
class Nesting extends Function {
  forward(context: FunctionContext, a: Tensor): Tensor {
    context.saveForBackward(a);
    return a.square();
  }
  backward(context: FunctionContext, gradient: Tensor): Tensor {
    return gradient.mul(gradientWithin(context.savedTensors[0].detach().clone(), (x) => x.square()));
  }
}

/** The gradient of Σ f(x), by a pass of its own. */
function gradientWithin(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  x.requiresGrad = true;
  Tensor.enableGrad(() => f(x).sum()).backward();
  return x.grad!;
}

/** n, so that matrices (n, n) are in a slab, in the pool, and counted. */
const sizes = [4, 12, 40];

const operations: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b),
  (a) => a.add(a),
  (a) => a.T,
  (a) => a.clone(),
  (a, b) => a.flip().add(b.reshape([-1]).reshape(b.shape)),
  (a, b) => a.matmul(b).softmax(),
  (a, b) => a.mean(0, { keepDims: true }).add(b),
  (a, b) => Tensor.concat([a.slice({ stop: 2 }), b.slice({ start: 2 })]),
  (a) => a.at(0).expand(a.shape),
  (a) => a.to("float32").tanh().to("float64"),
  (a, b) => Tensor.where(a.gt(b), a, b),
  (a, b) => a.linear(b, b.at(1), "tanh"),
  (a, b) => a.layerNorm(b.at(0), b.at(1)),
  (a, b) => Keeping.apply(a, b),
  (a) => Nesting.apply(a),
];

const hooks: readonly ((gradient: Tensor) => Tensor)[] = [
  (gradient) => gradient.mul(0.5),
  (gradient) => gradient.to("float32"),
  (gradient) => gradient.T.T,
  (gradient) => gradientWithin(Tensor.onesLike(gradient), (x) => x.mul(gradient.detach())),
  (gradient) => {
    using scope = Tensor.scope();
    return scope.keep(gradient.mul(3).sub(gradient));
  },
];

/** Has the pool filled with NaN. */
function overwrite(n: number): void {
  using _scope = Tensor.scope();
  for (let i = 0; i < 20; i++) Tensor.full([n, n], NaN, { dtype: "float64" });
}

/** Runs a random program; returns everything that can be seen of it, as numbers. */
function run(seed: number, givesBack: boolean): Float64Array[] {
  const numbers = sequence(2000, seed), pick = (count: number) => numbers.pop()! % count;
  const chance = (part: number) => pick(100) < 100 * part;
  const n = sizes[pick(sizes.length)], results: Float64Array[] = [];
  const leaves = [1, 2, 3].map((i) =>
    Tensor.rand([n, n], { seed: 3 * seed + i, dtype: "float64", requiresGrad: true })
  );
  const optimizer = new SGD(leaves, { learningRate: 0.01 }), seen: Tensor[] = Keeping.seen = [];
  const see = (tensors: readonly Tensor[]) => {
    for (const x of tensors) results.push(Float64Array.from(x.detach().to("float64").toTypedArray() as Float64Array));
  };
  for (let round = 0; round < 3; round++) {
    const scope = chance(0.5) && givesBack ? Tensor.scope() : undefined, known = [...leaves], retained: Tensor[] = [];
    const differentiate = (y: Tensor, gradient?: Tensor) => {
      const createGraph = chance(0.3);
      y.backward(gradient, { createGraph: createGraph || !givesBack });
    };
    for (let count = 5 + pick(15); count > 0; count--) {
      const y = operations[pick(operations.length)](known[pick(known.length)], known[pick(known.length)]).clamp(-8, 8);
      const hook = hooks[pick(3 * hooks.length)];
      if (hook !== undefined) y.registerHook(hook);
      if (chance(0.1)) y.registerHook((gradient) => void seen.push(gradient));
      if (chance(0.1)) {
        y.retainGrad();
        retained.push(y);
      }
      known.push(y);
    }
    const y = known.at(-1)!, loss = y.mul(0.3).add(known[pick(known.length)]).square().mean();
    if (chance(0.2)) {
      const end = leaves[pick(3)].registerHook(() => {
        throw new RangeError("in the middle");
      });
      try {
        differentiate(loss);
      } catch (error) {
        assertEquals((error as Error).message, "in the middle");
      }
      end();
    }
    for (let passes = 1 + pick(3); passes > 0; passes--) differentiate(loss);
    if (chance(0.3)) differentiate(y, Tensor.onesLike(y));
    if (chance(0.2)) differentiate(leaves[0], Tensor.onesLike(y));
    scope?.[Symbol.dispose]();
    overwrite(n);
    see([...leaves, ...retained].flatMap(({ grad }) => grad ?? []));
    see(seen);
    for (const leaf of leaves) leaf.grad = leaf.grad?.detach() ?? null;
    if (chance(0.6)) optimizer.step();
    if (chance(0.7)) optimizer.zeroGrad();
  }
  see(leaves);
  return results;
}

Deno.test("what can be seen of tensors does not change when memory is given back", () => {
  for (let seed = 0; seed < 200; seed++) {
    const expected = run(seed, false), actual = run(seed, true);
    assertEquals(actual.length, expected.length);
    for (const [i, numbers] of expected.entries()) {
      numbers.forEach((x, k) =>
        assertAlmostEquals(actual[i][k], x, 1e-6 * (1 + Math.abs(x)), `program ${seed}, tensor ${i}`)
      );
    }
  }
});
