/** What gradients need of the forward pass, for every operation: it is kept with a result, and a change of it is noticed. */
import { assert, assertEquals } from "@std/assert";
import { GradusError } from "../src/error.ts";
import { Tensor } from "../src/tensor.ts";
import { reference } from "./_reference.ts";
import {
  type Argument,
  call,
  type Case,
  elements,
  type Input,
  isFloat,
  isInPlace,
  made,
  type TensorReference,
  text,
  upstream,
} from "./_tensor_cases.ts";

const { records } = await reference<TensorReference>("tensor");

/** One in so many cases of a method is enough, since they differ in shapes and views. */
const EVERY = 3;

/** Leaves of their own for a case, with gradients where there can be some. */
function leavesOf({ in: specs = [] }: Case): Input[] {
  const inputs = specs.map((spec, i) => made(spec, i + 1));
  for (const { leaf } of inputs) if (isFloat(leaf)) leaf.requiresGrad = true;
  return inputs;
}

function resultsOf(method: string, inputs: readonly Input[], args: readonly Argument[]): Tensor[] {
  const views = inputs.map(({ leaf, view }) => view(leaf));
  return (call(method, views[0], views, args) as Tensor[]).filter((y) => y.requiresGrad);
}

function gradientsOf(results: readonly Tensor[], inputs: readonly Input[], createGraph: boolean): (number[] | null)[] {
  results.forEach((y, i) => y.backward(upstream(y, i), { createGraph }));
  return inputs.map(({ leaf: { grad } }) => grad && elements(grad));
}

/** Other elements than there were. */
function change(tensor: Tensor): void {
  const x = tensor.detach();
  x.copy_(x.dtype === "bool" ? x.logicalNot() : x.mul(-1).add(1));
}

/** Runs a case in a scope that ends before the backward pass, and with a change of each operand or result before it. */
function check(method: string, each: Case, createGraph: boolean): void {
  const { args = [] } = each, inputs = leavesOf(each), results = resultsOf(method, inputs, args);
  const expected = gradientsOf(results, inputs, createGraph);
  const others = leavesOf(each), kept: Tensor[] = [];
  {
    using scope = Tensor.scope();
    for (const y of resultsOf(method, others, args)) kept.push(scope.keep(y));
  }
  assertEquals(gradientsOf(kept, others, createGraph), expected, "after the end of the scope");
  for (let k = 0; k < inputs.length + results.length; k++) {
    const inputs = leavesOf(each), results = resultsOf(method, inputs, args);
    const changed = [...inputs.map(({ leaf }) => leaf), ...results][k];
    if (changed.strides.includes(0)) continue;
    change(changed);
    try {
      assertEquals(gradientsOf(results, inputs, createGraph), expected, `after a change of tensor ${k}`);
    } catch (error) {
      if (error instanceof GradusError && error.message.includes("changed in place after it was used")) continue;
      throw error;
    }
  }
}

for (const { method, cases } of records) {
  const some = cases.filter(({ grad, refused }, i) => grad?.some((x) => x !== null) && !refused && i % EVERY === 0);
  if (some.length === 0 || isInPlace(method)) continue;
  Deno.test(`${method.replace(/^(?!Tensor)/, "Tensor.")} keeps what its gradient needs, and sees it change`, () => {
    const failures: string[] = [];
    for (const each of some) {
      for (const createGraph of [false, true]) {
        try {
          check(method, each, createGraph);
        } catch (error) {
          failures.push(`${text(method, each)}${createGraph ? " with createGraph" : ""}: ${(error as Error).message}`);
        }
      }
    }
    assert(failures.length === 0, `${failures.length} of ${some.length} cases fail:\n${failures.join("\n")}`);
  });
}
