/** Changing elements where they are: what is refused, and how. */
import { Op } from "../bindings.ts";
import { GradusError } from "../error.ts";
import type { Tensor } from "../tensor.ts";
import { isGradEnabled, needsGrad, viewOf } from "./autograd.ts";
import { dtypeOf, Kind, type Scalar } from "./dtype.ts";
import { compile, copied, copy, fill, run } from "./kernels.ts";
import { isSameShape, shapeText } from "./layout.ts";
import { isScalar, type Operand, resultType } from "./promotion.ts";
import type { View } from "./view.ts";

/**
 * The view of a tensor whose elements are about to be changed.
 *
 * @param operands What they are changed by.
 * @throws {GradusError} If it repeats elements. Or if gradients would be wrong then: if it is the result of an operation that is recorded, or a leaf that needs
 * a gradient while operations are recorded, or an operand needs one.
 */
export function viewToChange(task: string, x: Tensor, operands: readonly Tensor[] = []): View {
  if (x.requiresGrad && !x.isLeaf) {
    throw new GradusError(
      "state",
      `Cannot ${task} in place: the tensor is the result of ${
        x.gradFn!.name
      }(), whose gradient would be wrong; the operation ` +
        "that gives a new tensor, or detach(), is needed",
    );
  }
  if (isGradEnabled() && (x.requiresGrad || needsGrad(operands))) {
    throw new GradusError(
      "state",
      `Cannot ${task} in place: ${
        x.requiresGrad ? "the tensor" : "an operand"
      } requires a gradient, which would not see the change; Tensor.noGrad(() => …) is needed`,
    );
  }
  const view = viewOf(x);
  if (view.size > 0 && view.strides.some((stride, axis) => stride === 0 && view.shape[axis] > 1)) {
    throw new GradusError(
      "state",
      `Cannot ${task} in place: the tensor of shape ${
        shapeText(view.shape)
      } is stretched, its elements are the same ones ` +
        "again and again; clone() is needed before",
    );
  }
  view.storage.version++;
  return view;
}

/** A view that can be read while another one is written: of memory that both share there is a copy, unless they are the same. */
function apartFrom(to: View, from: View): View {
  if (from.storage.array.buffer !== to.storage.array.buffer) return from;
  const isSame = from.dtype === to.dtype && from.offset === to.offset && isSameShape(from.shape, to.shape) &&
    isSameShape(from.strides, to.strides);
  return isSame ? from : copied(from);
}

const programs = new Map<number, { withTensor: ReturnType<typeof compile>; withNumber: ReturnType<typeof compile> }>();

function programsOf(op: number) {
  let known = programs.get(op);
  if (known === undefined) {
    programs.set(op, known = { withTensor: compile([op, "a", "b"]), withNumber: compile([op, "a", 0]) });
  }
  return known;
}

/** x ← op(x, operand), an operation of the table c/ops.h. */
export function change<T extends Tensor>(task: string, op: number, x: T, operand: Operand): T {
  const { dtype } = viewOf(x), type = resultType([x, operand]);
  if (type.kind > dtype.kind || (op === Op.div && dtype.kind !== Kind.float)) {
    throw new GradusError(
      "argument",
      `Cannot ${task} in place: the result is floating point, the tensor of ${dtype.name}; to("float32") is needed before`,
    );
  }
  if (!isScalar(operand)) checkFits(task, viewOf(x), viewOf(operand));
  const view = viewToChange(task, x, isScalar(operand) ? [] : [operand]);
  const compute = dtypeOf(type.compute), { withTensor, withNumber } = programsOf(op);
  if (isScalar(operand)) run(task, withNumber, [operand], view, [view], compute);
  else run(task, withTensor, [], view, [view, apartFrom(view, viewOf(operand))], compute);
  return x;
}

/** x ← a number or a tensor, stretched and converted. */
export function assign<T extends Tensor>(task: string, x: T, value: Operand): T {
  if (!isScalar(value)) checkFits(task, viewOf(x), viewOf(value));
  const view = viewToChange(task, x, isScalar(value) ? [] : [value]);
  assignView(task, view, isScalar(value) ? value : viewOf(value));
  return x;
}

/** The same of views. */
export function assignView(task: string, view: View, value: View | Scalar): void {
  if (typeof value !== "object") fill(view, value);
  else {
    checkFits(task, view, value);
    copy(view, apartFrom(view, value));
  }
}

/** Refuses what cannot be stretched to the shape of what is changed. */
export function checkFits(task: string, to: View, from: View): void {
  const added = to.shape.length - from.shape.length;
  if (added >= 0 && from.shape.every((size, i) => size === 1 || size === to.shape[i + added])) return;
  throw new GradusError(
    "shape",
    `Cannot ${task} in place: the tensor has the shape ${shapeText(to.shape)}, the other one ${
      shapeText(from.shape)
    }, which cannot be stretched to it`,
  );
}
