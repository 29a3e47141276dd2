/**
 * Random programs on random views: the same bits whether what stands between is views or copies, and the results and gradients of
 * PyTorch. tests/reference/tensor.py makes the programs; their number there is their seed.
 */
import { assert, assertEquals } from "@std/assert";
import type { Tensor } from "../src/tensor.ts";
import type { TensorDtype } from "../src/tensor/dtype.ts";
import { reference } from "./_reference.ts";
import { type Argument, call, elements, made, read, upstream } from "./_tensor_cases.ts";

/** A chain of operations; tensor_programs.json tells more. */
interface Program {
  seed: number;
  in: string[];
  steps: [method: string, ...args: Argument[]][];
  shape: number[];
  sum: number;
  grad: (number | null)[];
}

const { records: programs } = await reference<{ records: Program[] }>("tensor_programs");

/** What a program gives. */
interface Outcome {
  y: Tensor;
  gradients: (Tensor | null)[];
}

/**
 * Runs a program in a type, with every result as it is or copied. What is its operand itself, as that of a flip along no axis, is
 * copied in any case: its gradients would be added up in another order.
 */
function run({ in: specs, steps }: Program, dtype: TensorDtype, copies: boolean): Outcome {
  const inputs = specs.map((spec, i) => made(spec, i + 1, dtype));
  for (const { leaf } of inputs) leaf.requiresGrad = true;
  const tensors: Tensor[] = [];
  const add = (x: Tensor) => tensors.push(copies || tensors.includes(x) ? x.clone() : x);
  inputs.forEach(({ leaf, view }) => add(view(leaf)));
  for (const [method, ...args] of steps) add((call(method, tensors.at(-1), tensors, args) as Tensor[])[0]);
  const y = tensors.at(-1)!;
  y.backward(upstream(y, 0));
  return { y, gradients: inputs.map(({ leaf }) => leaf.grad) };
}

/** A program to read, and to find by its seed. */
function text({ seed, in: specs, steps }: Program): string {
  const calls = steps.map(([method, ...args]) => `${method}(${args.map((part) => JSON.stringify(part)).join(", ")})`);
  return `program ${seed} of ${specs.join(" and ")}: ${calls.join(" ")}`;
}

function resultName(i: number): string {
  return i === 0 ? "the result" : `gradient ${i - 1}`;
}

/** Whether no sum has so many terms that they are added up in the order in which they lie. */
function isShort({ in: specs }: Program): boolean {
  return specs.every((spec) => read(spec).shape.every((size) => size <= 4));
}

/** How far two tensors are from one another, as a part of the largest element or of 1. */
function distance(a: Tensor, b: Tensor): number {
  const [x, y] = [elements(a), elements(b)], largest = y.reduce((max, element) => Math.max(max, Math.abs(element)), 1);
  return x.reduce((max, element, i) => Math.max(max, Math.abs(element - y[i])), 0) / largest;
}

/** What a program may make of the rounding of its sums. */
const roundings = { float64: 1e-11, float32: 1e-4 };

for (const dtype of ["float64", "float32"] as const) {
  Deno.test(`Random programs in ${dtype} give the same with views and with copies, to the bit where no sum is long`, () => {
    for (const program of programs) {
      const seen = run(program, dtype, false), copied = run(program, dtype, true);
      const allowed = isShort(program) ? 0 : roundings[dtype];
      [seen.y, ...seen.gradients].forEach((x, i) => {
        const other = [copied.y, ...copied.gradients][i], what = `${resultName(i)} of ${text(program)}`;
        assertEquals(x?.shape, other?.shape, what);
        if (x === null || other === null) return;
        const off = distance(x, other);
        assert(off <= allowed, `${off} is the distance to copies of ${what}`);
      });
    }
  });
}

/** Σ w·x with w from the sequence, and Σ |w·x|, to which its rounding is in proportion. */
function weighted(x: Tensor): { sum: number; size: number } {
  const weights = elements(made(`float64 [${x.shape}]`, 200).leaf);
  const terms = elements(x).map((element, i) => weights[i] * element);
  return { sum: terms.reduce((a, b) => a + b, 0), size: terms.reduce((a, b) => a + Math.abs(b), 0) };
}

/** What up to 20 operations make of the rounding of the first ones, as a part of the size of results. */
const amplified = 1e-11;

Deno.test("Random programs give what PyTorch gives, with gradients", () => {
  for (const program of programs) {
    const { y, gradients } = run(program, "float64", false), { shape, sum, grad } = program;
    assertEquals(y.shape, shape, text(program));
    [y, ...gradients].forEach((x, i) => {
      const expected = [sum, ...grad][i], what = `${resultName(i)} of ${text(program)}`;
      assertEquals(x === null, expected === null, what);
      if (x === null || expected === null) return;
      const actual = weighted(x), allowed = amplified * Math.max(1, actual.size);
      assert(Math.abs(actual.sum - expected) <= allowed, `${actual.sum} instead of ${expected} is ${what}`);
    });
  }
});
