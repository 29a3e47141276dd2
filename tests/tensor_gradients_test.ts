/** The gradient of every operation of tensors, and the gradient of that, against central differences. */
import { assert, assertEquals } from "@std/assert";
import { Tensor } from "../src/tensor.ts";
import { reference } from "./_reference.ts";
import { call, type Case, isFloat, made, read, type TensorReference, text } from "./_tensor_cases.ts";
import { checkTensorGradients } from "./_tensor_gradients.ts";

const { records } = await reference<TensorReference>("tensor");

/** Numbers that stand at kinks, or are not finite: there differences say nothing. */
const atKinks = ["special", "halves", "whole", "bits", "zeros", "lowest"];

/** More elements of the inputs than this take long and show no more; larger numbers come from where a function is too steep. */
const MOST = 36, LARGEST = 8;

/** Whether differences can be taken: everything in float64, and smooth there. */
function isSmooth({ in: specs = [], grad = [], out = [] }: Case): boolean {
  const inputs = specs.map(read), results = out.map(([title]) => read(title));
  const types = [...inputs, ...results].map(({ dtype }) => dtype).filter((dtype) => dtype.includes("float"));
  if ([...grad, ...out.map((y) => y[1])].some((elements) => typeof elements === "string")) return false;
  const gradients = (grad as (number[] | null)[]).flatMap((gradient) => gradient ?? []);
  const numbers = [...gradients, ...(out as [string, number[]][]).flatMap((y) => y[1])];
  return gradients.length > 0 && gradients.length <= MOST && numbers.every((x) => Math.abs(x) <= LARGEST) &&
    types.every((dtype) => dtype === "float64") &&
    !inputs.some(({ words }) => words.some((word) => atKinks.includes(word)));
}

/** All results of floating point in a row. */
function joined(results: readonly Tensor[]): Tensor {
  return Tensor.concat(results.filter((y) => isFloat(y) && y.requiresGrad).map((y) => y.reshape([-1])));
}

/** Compares the gradients of a case with differences. */
function check(method: string, { in: specs = [], args = [] }: Case): void {
  const inputs = specs.map((spec, i) => made(spec, i + 1));
  const floats = inputs.filter(({ leaf }) => isFloat(leaf));
  const f = (...leaves: Tensor[]) => {
    const views = inputs.map(({ leaf, view }) => view(isFloat(leaf) ? leaves.shift()! : leaf));
    return joined(call(method, views[0], views, args) as Tensor[]);
  };
  checkTensorGradients(f, floats.map(({ leaf }) => leaf));
}

for (const { method, cases } of records) {
  const smooth = cases.filter(isSmooth);
  if (smooth.length === 0) continue;
  Deno.test(`${method.replace(/^(?!Tensor)/, "Tensor.")} has the gradients of central differences, twice`, () => {
    const failures: string[] = [];
    for (const each of smooth) {
      try {
        check(method, each);
      } catch (error) {
        failures.push(`${text(method, each)}: ${error}`);
      }
    }
    assert(failures.length === 0, `${failures.length} of ${smooth.length} cases differ:\n${failures.join("\n")}`);
  });
}

Deno.test("Every method of Tensor that has gradients has them compared with differences", () => {
  const differentiable = records.filter(({ cases }) => cases.some(({ grad }) => grad !== undefined));
  assertEquals(differentiable.filter(({ cases }) => !cases.some(isSmooth)).map(({ method }) => method), []);
});
