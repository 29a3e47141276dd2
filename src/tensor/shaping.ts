/** Views of the same elements in other shapes and orders, and how gradients go back through them. */
import { GradusError } from "../error.ts";
import type { Tensor } from "../tensor.ts";
import { record, viewOf } from "./autograd.ts";
import { copied } from "./kernels.ts";
import { checkShape, type Shape, shapeText, sizeOf } from "./layout.ts";
import { View } from "./view.ts";

/** The elements in another shape: a view where strides allow that, else a copy. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const view = viewOf(x), sizes = completed("reshape", shape, view.size);
  const source = view.isContiguous ? view : copied(view);
  return record("reshape", new View(source.storage, view.dtype, sizes, undefined, source.offset), [x], [
    (gradient) => gradient.reshape(view.shape),
  ]);
}

/** A shape in which one size may be −1: what is left for it. */
function completed(task: string, shape: Shape, size: number): number[] {
  const open = shape.indexOf(-1), given = shape.filter((_, i) => i !== open);
  const others = sizeOf(checkShape(task, given));
  const sizes = shape.map((size_, i) => i === open ? size / others : size_);
  if (sizeOf(sizes) === size && sizes.every(Number.isInteger)) return sizes;
  throw new GradusError(
    "shape",
    `Cannot ${task} a tensor of ${size} elements: the shape ${shapeText(shape)} has ${
      open < 0 ? others : `a multiple of ${others}`
    }, as many are needed`,
  );
}
