/**
 * What an optimizer works on: the parameters of a network, a list of values, or a list of tensors; as arrays of numbers and their
 * gradients. How they are updated is left to optim.ts.
 */
import { GradusError } from "./error.ts";
import { shown } from "./options.ts";
import { Parameters } from "./parameters.ts";
import type { Dtype, Reals } from "./shape.ts";
import { viewOf } from "./tensor/autograd.ts";
import { copied, copy } from "./tensor/kernels.ts";
import { Storage } from "./tensor/storage.ts";
import { View } from "./tensor/view.ts";
import { Tensor } from "./tensor.ts";
import { Value } from "./value.ts";

/**
 * What an optimizer works on: the parameters of a network, a list of values made by `Value.persistent`, or a list of tensors that
 * require gradients.
 */
export type Optimizable = Parameters | readonly Value[] | readonly Tensor[];

/** Numbers that are updated by one call, and their gradients. */
export interface Stretch {
  readonly data: Reals;
  readonly grad: Reals;
  /** Where the first of them is among all. */
  readonly offset: number;
  /** Takes the numbers over where `data` is a copy. */
  readonly finish: () => void;
}

const needed =
  "the parameters of a network (model.parameters), or a list of persistent values or of tensors, is needed";

/**
 * The list as it can be optimized: of its own, so that it stays as it is.
 *
 * @throws {GradusError} If something in it cannot be, or is there twice.
 */
export function checkOptimizable(parameters: Optimizable): Optimizable {
  if (parameters instanceof Parameters) return parameters;
  if (!Array.isArray(parameters) || parameters.length === 0) {
    throw new GradusError("argument", `Cannot optimize this: ${needed}`);
  }
  const check = parameters[0] instanceof Tensor ? checkTensor : checkValue, [first] = parameters;
  const seen = new Set<unknown>();
  for (const [i, item] of parameters.entries()) {
    const problem = check(item, first) ?? (seen.has(item) ? "there already, each once is needed" : undefined);
    if (problem !== undefined) {
      throw new GradusError("argument", `Cannot optimize number ${i} of the list: it is ${problem}`);
    }
    seen.add(item);
  }
  return [...parameters];
}

function checkValue(item: unknown): string | undefined {
  if (item instanceof Value && item.isPersistent) return undefined;
  return `${item instanceof Value ? "not persistent" : shown(item)}, a value made by Value.persistent(…) is needed`;
}

function checkTensor(item: unknown, first: Tensor): string | undefined {
  if (!(item instanceof Tensor)) return `${shown(item)}, a tensor like the first is needed`;
  if (!item.isLeaf) return `the result of ${item.gradFn!.name}(), a leaf is needed`;
  if (!item.requiresGrad) return "a tensor without a gradient, the option requiresGrad is needed";
  if (item.dtype !== "float32" && item.dtype !== "float64") return `of ${item.dtype}, float32 or float64 is needed`;
  return item.dtype === first.dtype ? undefined : `of ${item.dtype}, ${first.dtype} as the first is needed`;
}

/** The type of the numbers. */
export function dtypeOfParameters(parameters: Optimizable): Dtype {
  if (parameters instanceof Parameters) return parameters.dtype;
  const [first] = parameters;
  return first instanceof Tensor ? first.dtype as Dtype : "float64";
}

/** How many numbers there are. */
export function countOfParameters(parameters: Optimizable): number {
  if (parameters instanceof Parameters) return parameters.length;
  let count = 0;
  for (const item of parameters) count += item instanceof Tensor ? item.size : 1;
  return count;
}

/** Forgets the gradients: they become 0, those of tensors null. */
export function zeroGradients(parameters: Optimizable): void {
  if (parameters instanceof Parameters) parameters.zeroGrad();
  else for (const item of parameters) item.zeroGrad();
}

/**
 * All numbers with their gradients, in stretches, or in a single one. Tensors that have no gradient are left out, but in a single
 * stretch they have gradients of 0.
 */
export function* stretchesOf(parameters: Optimizable, together: boolean): Generator<Stretch> {
  if (parameters instanceof Parameters) {
    yield { data: parameters.data, grad: parameters.grad, offset: 0, finish: () => {} };
  } else if (!(parameters[0] instanceof Tensor)) yield stretchOfValues(parameters as readonly Value[]);
  else if (together) yield stretchOfTensors(parameters as readonly Tensor[]);
  else {
    let offset = 0;
    for (const tensor of parameters as readonly Tensor[]) {
      if (tensor.grad !== null) yield stretchOfTensor(tensor, tensor.grad, offset);
      offset += tensor.size;
    }
  }
}

function stretchOfValues(values: readonly Value[]): Stretch {
  const data = Float64Array.from(values, (value) => value.data);
  return {
    data,
    grad: Float64Array.from(values, (value) => value.grad),
    offset: 0,
    finish: () => values.forEach((value, i) => value.data = data[i]),
  };
}

/** The elements of a view in order: its memory where they lie so, else a copy. */
function elementsOf(view: View): Reals {
  const { storage: { array }, offset, size } = view.isContiguous ? view : copied(view);
  return (array.length === size ? array : array.subarray(offset, offset + size)) as Reals;
}

function stretchOfTensor(tensor: Tensor, gradient: Tensor, offset: number): Stretch {
  const view = viewOf(tensor), { storage, dtype, shape, isContiguous } = view;
  const data = elementsOf(view), grad = elementsOf(viewOf(gradient.to(tensor.dtype)));
  const finish = () => {
    storage.version++;
    if (!isContiguous) copy(view, new View(new Storage(data as Float32Array<ArrayBuffer>), dtype, shape));
  };
  return { data, grad, offset, finish };
}

function stretchOfTensors(tensors: readonly Tensor[]): Stretch {
  const { dtype } = viewOf(tensors[0]), count = countOfParameters(tensors);
  const flat = View.allocate(dtype, [count]), gradient = View.allocate(dtype, [count]);
  const parts = tensors.map((tensor, i) => {
    const offset = countOfParameters(tensors.slice(0, i)), { shape } = tensor;
    return { tensor, data: new View(flat.storage, dtype, shape, undefined, offset), gradient: offset };
  });
  const grad = elementsOf(gradient).fill(0);
  for (const { tensor, data, gradient: offset } of parts) {
    copy(data, viewOf(tensor));
    if (tensor.grad !== null) {
      copy(new View(gradient.storage, dtype, tensor.shape, undefined, offset), viewOf(tensor.grad));
    }
  }
  const finish = () => {
    for (const { tensor, data } of parts) {
      viewOf(tensor).storage.version++;
      copy(viewOf(tensor), data);
    }
  };
  return { data: elementsOf(flat), grad, offset: 0, finish };
}
