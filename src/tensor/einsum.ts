/**
 * Einstein's sums: products of one or two tensors whose axes have labels, summed over those labels that the result does not have.
 * What is done: axes put into order, and one product of matrices.
 */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { isTensor, viewOf } from "./autograd.ts";
import { type Shape, shapeText, sizeOf } from "./layout.ts";

/** A tensor with a label for each axis: a letter, or a number for those of an ellipsis, counted from the last. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/** An equation in its parts. */
interface Equation {
  readonly text: string;
  readonly operands: readonly string[];
  /** Undefined where the equation has no arrow. */
  readonly result: string | undefined;
}

const term = /^[A-Za-z]*(?:\.\.\.[A-Za-z]*)?$/;

function refuse(text: string, why: string): never {
  throw new GradusError("argument", `Cannot compute einsum(${shown(text)}): ${why}`);
}

function parsed(text: unknown): Equation {
  if (typeof text !== "string") refuse(String(text), 'the equation is no text, one such as "ij,jk->ik" is needed');
  const sides = text.replaceAll(" ", "").split("->"), operands = sides[0].split(",");
  const wrong = [...operands, ...sides.slice(1)].find((labels) => !term.test(labels));
  if (wrong !== undefined) refuse(text, `"${wrong}" is no list of labels, letters and one "..." are needed`);
  if (sides.length > 2) refuse(text, "it has several arrows, at most one is needed");
  return { text, operands, result: sides[1] };
}

/** The labels of each axis of a shape, those of an ellipsis by their numbers. */
function labelsOf({ text }: Equation, labels: string, shape: Shape): string[] {
  const [before, behind] = labels.split("..."), between = shape.length - before.length - (behind?.length ?? 0);
  if (behind === undefined ? between !== 0 : between < 0) {
    refuse(text, `"${labels}" stands for a tensor of shape ${shapeText(shape)}, as many labels as axes are needed`);
  }
  return [...before, ...ellipsis(between), ...behind ?? ""];
}

const ellipsis = (axes: number): string[] => Array.from({ length: axes }, (_, i) => String(axes - 1 - i));

/** The labels of the result: as told, or those that stand once, in alphabetical order, behind those of the ellipsis. */
function resultOf({ text, result }: Equation, operands: readonly Labelled[]): string[] {
  const all = operands.flatMap(({ labels }) => labels), letters = all.filter((label) => label > "9");
  const stretched = ellipsis(Math.max(0, ...all.filter((label) => label <= "9").map((label) => Number(label) + 1)));
  if (result === undefined) {
    return [...stretched, ...letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label)).sort()];
  }
  const [before, behind] = result.split("..."),
    labels = [...before, ...behind === undefined ? [] : stretched, ...behind ?? ""];
  const wrong = labels.find((label, i) => !all.includes(label) || labels.indexOf(label) !== i);
  if (wrong === undefined) return labels;
  return refuse(text, `the result has the label "${wrong}" ${all.includes(wrong) ? "twice" : "that no operand has"}`);
}

/** The diagonal of axes that have the same label, as one. */
function withoutRepeats(text: string, { tensor, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (second < 0) return { tensor, labels };
  const first = labels.indexOf(labels[second]), { shape } = viewOf(tensor);
  if (shape[first] !== shape[second]) {
    refuse(
      text,
      `the label "${labels[first]}" has the sizes ${shape[first]} and ${shape[second]}, equal ones are needed`,
    );
  }
  const others = labels.filter((_, i) => i !== first && i !== second);
  return withoutRepeats(text, {
    tensor: tensor.diagonal(0, [first, second]),
    labels: [...others, labels[first]],
  });
}

/** Summed over the labels that are not to be kept. */
function summed({ tensor, labels }: Labelled, kept: readonly string[]): Labelled {
  const axes = labels.flatMap((label, i) => kept.includes(label) ? [] : [i]);
  if (axes.length === 0) return { tensor, labels };
  return { tensor: tensor.sum(axes), labels: labels.filter((label) => kept.includes(label)) };
}

/** Without the axes of size 1 that the other tensor has in another size: its elements are multiplied by the same. */
function withoutStretched({ tensor, labels }: Labelled, other: Labelled): Labelled {
  const isStretched = (label: string, axis: number) => {
    const place = other.labels.indexOf(label);
    return place >= 0 && viewOf(tensor).shape[axis] === 1 && viewOf(other.tensor).shape[place] !== 1;
  };
  const axes = labels.flatMap((label, i) => isStretched(label, i) ? [i] : []);
  if (axes.length === 0) return { tensor, labels };
  return { tensor: tensor.squeeze(axes), labels: labels.filter((_, i) => !axes.includes(i)) };
}

/** The axes in the order of labels. */
function ordered({ tensor, labels }: Labelled, order: readonly string[]): Tensor {
  return order.every((label, i) => label === labels[i])
    ? tensor
    : tensor.permute(order.map((label) => labels.indexOf(label)));
}

/** The product of two: of batches of matrices, whose axes may be several ones of the tensors. */
function multiplied(text: string, a: Labelled, b: Labelled, result: readonly string[]): Labelled {
  const inBoth = a.labels.filter((label) => b.labels.includes(label));
  const batch = inBoth.filter((label) => result.includes(label)),
    inner = inBoth.filter((label) => !batch.includes(label));
  const rows = a.labels.filter((label) => !inBoth.includes(label));
  const columns = b.labels.filter((label) => !inBoth.includes(label));
  const sizesOf = (of: Labelled, labels: readonly string[]) =>
    labels.map((label) => viewOf(of.tensor).shape[of.labels.indexOf(label)]);
  const wrong = inBoth.find((label) => sizesOf(a, [label])[0] !== sizesOf(b, [label])[0]);
  if (wrong !== undefined) {
    refuse(
      text,
      `the label "${wrong}" has the sizes ${sizesOf(a, [wrong])} and ${
        sizesOf(b, [wrong])
      }, equal ones or 1 are needed`,
    );
  }
  const [batchSizes, rowSizes, columnSizes] = [sizesOf(a, batch), sizesOf(a, rows), sizesOf(b, columns)];
  const m = sizeOf(rowSizes), n = sizeOf(columnSizes), k = sizeOf(sizesOf(a, inner));
  const left = ordered(a, [...batch, ...rows, ...inner]).reshape([...batchSizes, m, k]);
  const right = ordered(b, [...batch, ...inner, ...columns]).reshape([...batchSizes, k, n]);
  return {
    tensor: left.matmul(right).reshape([...batchSizes, ...rowSizes, ...columnSizes]),
    labels: [...batch, ...rows, ...columns],
  };
}

/** The sum of products that an equation tells. */
export function einsum(text: string, tensors: readonly Tensor[]): Tensor {
  const equation = parsed(text), { operands } = equation;
  if (operands.length !== tensors.length || tensors.length > 2 || !tensors.every(isTensor)) {
    refuse(text, `it is of ${operands.length} operands, here are ${tensors.length}; one or two tensors are needed`);
  }
  const labelled = tensors.map((tensor, i) => ({
    tensor,
    labels: labelsOf(equation, operands[i], viewOf(tensor).shape),
  }));
  const result = resultOf(equation, labelled), [a, b] = labelled.map((operand) => withoutRepeats(text, operand));
  if (b === undefined) return ordered(summed(a, result), result);
  const left = withoutStretched(a, b), right = withoutStretched(b, a);
  return ordered(
    multiplied(text, summed(left, [...result, ...right.labels]), summed(right, [...result, ...left.labels]), result),
    result,
  );
}
