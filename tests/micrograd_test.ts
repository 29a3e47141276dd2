/** Two implementations of the same idea: `Value`, and micrograd in plain TypeScript, which shares no code with it. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { PlainValue } from "../bench/micrograd.ts";
import { Random, Value } from "../mod.ts";

/** What both have. */
interface Scalar<T> {
  readonly data: number;
  readonly grad: number;
  add(x: T | number): T;
  sub(x: T | number): T;
  mul(x: T | number): T;
  div(x: T | number): T;
  pow(exponent: number): T;
  neg(): T;
  relu(): T;
  tanh(): T;
  exp(): T;
  log(): T;
  backward(): void;
}

const names = ["add", "sub", "mul", "div", "pow", "neg", "relu", "tanh", "exp", "log"] as const;

/** A random operation on random ones of the results so far, kept where exp does not overflow and log and pow are defined. */
function step<T extends Scalar<T>>(results: T[], random: Random): T {
  const pick = (): T => results[random.integer(results.length)];
  const a = pick(), b = pick(), number = random.uniform(-2, 2);
  const other = random.integer(4) === 0 ? number : b;
  const positive = a.mul(a).add(0.5);
  switch (names[random.integer(names.length)]) {
    case "add":
      return a.add(other);
    case "sub":
      return a.sub(other);
    case "mul":
      return a.tanh().mul(other);
    case "div":
      return a.div(b.mul(b).add(0.5));
    case "pow":
      return positive.pow(number);
    case "neg":
      return a.neg();
    case "relu":
      return a.relu();
    case "tanh":
      return a.tanh();
    case "exp":
      return a.tanh().exp();
    case "log":
      return positive.log();
  }
}

/** Data and gradients of all that took part in a random expression of 3 leaves and 40 operations. */
function numbersOf<T extends Scalar<T>>(seed: number, leaf: (data: number) => T): { data: number[]; grad: number[] } {
  const random = new Random(seed);
  const results = Array.from({ length: 3 }, () => leaf(random.uniform(-2, 2)));
  for (let i = 0; i < 40; i++) results.push(step(results, random));
  results.reduce((sum, each) => sum.add(each.tanh())).backward();
  return { data: results.map(({ data }) => data), grad: results.map(({ grad }) => grad) };
}

/** 1e-12 of the largest: some 100 roundings of 1e-16 each, and what a difference of nearly equal numbers makes of them. */
function assertClose(actual: number[], expected: number[], what: string): void {
  const size = Math.max(...expected.map(Math.abs));
  actual.forEach((each, i) => assertAlmostEquals(each, expected[i], 1e-12 * size, `${what}, number ${i}`));
}

Deno.test("Value computes and differentiates random expressions as micrograd does", () => {
  for (let seed = 0; seed < 200; seed++) {
    const ours = numbersOf(seed, (data) => new Value(data));
    const plain = numbersOf(seed, (data) => new PlainValue(data));
    assertClose(ours.data, plain.data, `data, seed ${seed}`);
    assertClose(ours.grad, plain.grad, `gradients, seed ${seed}`);
  }
});

Deno.test("PlainValue.backward() gives a value that is used several times the sum of its gradients", () => {
  const x = new PlainValue(3);
  x.mul(x).add(x).backward();
  assertEquals(x.grad, 7);
});

Deno.test("PlainValue.backward() goes through a chain of 100,000 values", () => {
  const x = new PlainValue(1);
  let sum = x;
  for (let i = 1; i < 100_000; i++) sum = sum.add(x);
  sum.backward();
  assertEquals([sum.data, x.grad], [100_000, 100_000]);
});
