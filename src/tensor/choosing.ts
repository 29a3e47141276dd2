/** Elements of one tensor or another, by a condition. */
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import type { Tensor } from "../tensor.ts";
import { checkTensor, plain, type Pullback, record, viewOf } from "./autograd.ts";
import { bool, type DtypeInfo, type Scalar } from "./dtype.ts";
import { converted, fill } from "./kernels.ts";
import { broadcastShape, type Shape, shapeText } from "./layout.ts";
import { isScalar, type Operand, resultType } from "./promotion.ts";
import { sumTo } from "./reduction.ts";
import { checkWhole } from "./shaping.ts";
import { View } from "./view.ts";

/** The plan of the call that is being made: four views of up to 16 axes. */
const plan = new Int32Array(96);

function viewIn(operand: Operand, dtype: DtypeInfo): View {
  if (!isScalar(operand)) return converted(viewOf(operand), dtype);
  const view = View.allocate(dtype, []);
  fill(view, operand);
  return view;
}

/** a where the condition is not 0, else b. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const dtype = resultType([a, b]), operands = [a, b].filter((operand) => !isScalar(operand)) as Tensor[];
  checkTensor("choose by a condition", condition);
  const views = [converted(viewOf(condition), bool), viewIn(a, dtype), viewIn(b, dtype)];
  const shape = views.reduce((all, view) => broadcastShape("choose from", all, view.shape), views[0].shape);
  const y = View.allocate(dtype, shape);
  if (y.size > 0) select(y, views);
  const pullbacks = operands.map((operand, i) => chosen(condition, i === 0 && operand === a, viewOf(operand).shape));
  return record("where", y, operands, pullbacks, [viewOf(condition)]);
}

/** The gradient of one of both, of a shape. */
function chosen(condition: Tensor, isFirst: boolean, shape: Shape): Pullback {
  return (gradient) => sumTo(isFirst ? where(condition, gradient, 0) : where(condition, 0, gradient), shape);
}

/** y ← condition ? a : b */
export function select(y: View, [condition, a, b]: readonly View[]): void {
  const { shape } = y;
  let at = 0;
  plan[at++] = shape.length;
  plan[at++] = y.dtype.bytes;
  for (const size of shape) plan[at++] = size;
  for (const view of [y, condition.stretched(shape), a.stretched(shape), b.stretched(shape)]) {
    plan[at++] = view.offset;
    for (const stride of view.strides) plan[at++] = stride;
  }
  const arrays = [y, condition, a, b].map(({ storage }) => storage.array);
  unwrap(native.gradus_tensor_select(arrays[0], arrays[1], arrays[2], arrays[3], plan), "choose elements");
}

/** The elements of x, but a value where the mask is true, in the type of x. */
export function maskedFill(x: Tensor, mask: Tensor, value: Scalar): Tensor {
  checkTensor("fill by a mask", mask);
  const filler = plain(viewIn(value, viewOf(x).dtype));
  return where(mask, filler, x);
}

/** The matrices' elements on a side of a diagonal, by how far they are behind the main one; 0 elsewhere. */
export function triangle(name: string, x: Tensor, diagonal: number, keeps: (behind: number) => boolean): Tensor {
  const { shape } = viewOf(x), [rows, columns] = shape.slice(-2);
  if (shape.length < 2) {
    throw new GradusError(
      "shape",
      `Cannot take ${name}() of a tensor of shape ${shapeText(shape)}: two axes are needed`,
    );
  }
  checkWhole(`take ${name}() of a tensor`, diagonal);
  const mask = View.allocate(bool, [rows, columns]), { array } = mask.storage;
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) array[i * columns + j] = keeps(j - i) ? 1 : 0;
  return where(plain(mask), x, plain(viewIn(0, viewOf(x).dtype)));
}
