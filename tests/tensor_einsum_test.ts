/** Einstein's sums against loops over all indices, and their gradients against differences. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { GradusError, Tensor } from "../mod.ts";
import { checkTensorGradients } from "./_tensor_gradients.ts";

const randn = (shape: number[], seed: number) => Tensor.randn(shape, { seed, dtype: "float64" });

/** The sum by its definition: for every value of every label, a product added to an element of the result. */
function sumOfLoops(equation: string, operands: Tensor[]): Tensor {
  const [inputs, output] = equation.split("->"), terms = inputs.split(",");
  const sizes = new Map<string, number>();
  terms.forEach((labels, i) => {
    [...labels].forEach((label, axis) => sizes.set(label, Math.max(sizes.get(label) ?? 1, operands[i].shape[axis])));
  });
  const y = Tensor.zeros([...output].map((label) => sizes.get(label)!), { dtype: "float64" });
  const visit = (labels: string[], at: Record<string, number>): void => {
    if (labels.length > 0) {
      for (let i = 0; i < sizes.get(labels[0])!; i++) visit(labels.slice(1), { ...at, [labels[0]]: i });
      return;
    }
    const element = (x: Tensor, labels: string) =>
      x.at(...[...labels].map((label, axis) => x.shape[axis] === 1 ? 0 : at[label])).item();
    const product = terms.reduce((product, labels, i) => product * element(operands[i], labels), 1);
    y.at(...[...output].map((label) => at[label])).add_(product);
  };
  visit([...sizes.keys()], {});
  return y;
}

function checkSum(equation: string, ...operands: Tensor[]): void {
  const [a, b] = operands, y = Tensor.einsum(equation, a, b), expected = sumOfLoops(equation, operands);
  assertEquals(y.shape, expected.shape, equation);
  const [values, wanted] = [y.toTypedArray(), expected.toTypedArray()];
  values.forEach((value, i) => assertAlmostEquals(Number(value), Number(wanted[i]), 1e-12, equation));
}

Deno.test("Tensor.einsum() of one operand permutes, sums and takes diagonals", () => {
  const a = randn([2, 3, 4], 1), square = randn([3, 3], 2), cube = randn([2, 2, 2], 3);
  for (const equation of ["ijk->kij", "ijk->", "ijk->j", "ijk->ki", "ijk->ijk"]) checkSum(equation, a);
  for (const equation of ["ii->i", "ii->", "ij->ji"]) checkSum(equation, square);
  for (const equation of ["iii->i", "iij->ij", "iji->j", "ijj->"]) checkSum(equation, cube);
});

Deno.test("Tensor.einsum() of two operands multiplies along any axes", () => {
  const cases: [string, number[], number[]][] = [
    ["ij,jk->ik", [2, 3], [3, 4]],
    ["ij,jk->ki", [2, 3], [3, 4]],
    ["ij,kj->ik", [2, 3], [4, 3]],
    ["i,i->", [3], [3]],
    ["i,j->ij", [3], [2]],
    ["i,j->ji", [3], [2]],
    ["ij,ij->ij", [2, 3], [2, 3]],
    ["ij,ij->", [2, 3], [2, 3]],
    ["bij,bjk->bik", [2, 3, 4], [2, 4, 5]],
    ["bij,bjk->ikb", [2, 3, 4], [2, 4, 5]],
    ["bqhd,bkhd->bhqk", [2, 3, 2, 4], [2, 5, 2, 4]],
    ["bhqk,bkhd->bqhd", [2, 2, 3, 5], [2, 5, 2, 4]],
    ["abc,cba->", [2, 3, 4], [4, 3, 2]],
    ["abcd,cbe->dae", [2, 3, 4, 2], [4, 3, 2]],
    ["ij,k->i", [2, 3], [4]],
    ["iij,jkk->ik", [2, 2, 3], [3, 4, 4]],
    ["ij,->ij", [2, 3], []],
    ["ij,jk->ik", [2, 1], [3, 4]],
    ["ij,ij->i", [2, 1], [1, 3]],
    ["Ab,bA->A", [2, 3], [3, 2]],
  ];
  for (const [equation, first, second] of cases) checkSum(equation, randn(first, 1), randn(second, 2));
  checkSum("ij,jk->ik", randn([3, 2], 1).T, randn([3, 4], 2).flip());
});

Deno.test("Tensor.einsum() has an ellipsis, and a result that is left to it", () => {
  const a = randn([5, 1, 2, 3], 1), b = randn([4, 3, 6], 2);
  assertEquals(Tensor.einsum("...ij,...jk->...ik", a, b).toArray(), a.matmul(b).toArray());
  assertEquals(Tensor.einsum("...ij,...jk", a, b).toArray(), a.matmul(b).toArray());
  assertEquals(Tensor.einsum("...ij->...ji", a).toArray(), a.mT.toArray());
  assertEquals(Tensor.einsum("i...->...", a).toArray(), a.sum(0).toArray());
  assertEquals(Tensor.einsum("i...j->j...", a).shape, [3, 1, 2]);
  const m = randn([2, 3], 3);
  assertEquals(Tensor.einsum("ba", m).toArray(), m.T.toArray());
  assertEquals(Tensor.einsum(" ij , jk ", m, m.T).toArray(), m.matmul(m.T).toArray());
  assertEquals(Tensor.einsum("ii", m.matmul(m.T)).shape, []);
  assertEquals(Tensor.einsum("...,...", m, m).toArray(), m.mul(m).toArray());
});

Deno.test("Tensor.einsum() of sizes 0 is empty, or 0, and of integers it is exact", () => {
  assertEquals(Tensor.einsum("ij,jk->ik", Tensor.ones([2, 0]), Tensor.ones([0, 2])).toArray(), [[0, 0], [0, 0]]);
  assertEquals(Tensor.einsum("ij,jk->ik", Tensor.ones([0, 2]), Tensor.ones([2, 3])).shape, [0, 3]);
  assertEquals(Tensor.einsum("i,i", Tensor.from([2n ** 60n, 1n]), Tensor.from([2n, 1n])).toArray(), 2n ** 61n + 1n);
});

Deno.test("Tensor.einsum() has the gradients of both operands, and theirs", () => {
  const cases: [string, number[], number[]][] = [
    ["ij,jk->ki", [2, 3], [3, 2]],
    ["bij,bkj->bik", [2, 2, 3], [2, 2, 3]],
    ["ij,k->i", [2, 2], [3]],
    ["iij,jk->ik", [2, 2, 3], [3, 2]],
    ["...i,...i->...", [2, 1, 3], [2, 3]],
  ];
  for (const [equation, first, second] of cases) {
    checkTensorGradients((a, b) => Tensor.einsum(equation, a, b), [randn(first, 1), randn(second, 2)]);
  }
  for (const equation of ["ii->i", "ii", "ij->ji", "ij->j"]) {
    checkTensorGradients((a) => Tensor.einsum(equation, a), [randn([3, 3], 1)]);
  }
});

Deno.test("Tensor.einsum() refuses equations that do not fit in one sentence", () => {
  const m = Tensor.ones([2, 3]);
  const refused = (words: string, equation: string, a: Tensor = m, b?: Tensor) =>
    assertThrows(() => Tensor.einsum(equation, a, b), GradusError, words);
  refused('Cannot compute einsum("i1"): "i1" is no list of labels, letters and one "..." are needed', "i1");
  refused('"i.j" is no list of labels', "i.j");
  refused("several arrows", "ij->i->j");
  refused("it is of 2 operands, here are 1; one or two tensors are needed", "ij,jk->ik");
  refused("it is of 1 operands, here are 2", "ij", m, m);
  refused('"ijk" stands for a tensor of shape (2, 3), as many labels as axes are needed', "ijk->");
  refused('"ij...k" stands for a tensor of shape (2, 3)', "ij...k->");
  refused('the label "j" has the sizes 3 and 2, equal ones or 1 are needed', "ij,jk->ik", m, m);
  refused('the label "i" has the sizes 2 and 3, equal ones are needed', "ii->i");
  refused('the result has the label "k" that no operand has', "ij->k");
  refused('the result has the label "i" twice', "ij->ii");
  refused("the equation is no text", 3 as unknown as string);
});
