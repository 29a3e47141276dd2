/** Setting some of the elements where they are: those that the indices of indexing.ts say. */
import { native, unwrap } from "../ffi.ts";
import type { Tensor } from "../tensor.ts";
import { viewOf } from "./autograd.ts";
import { assignView, viewToChange } from "./in_place.ts";
import { blocksOf, gathering, type Index, type IndexArray, partOf, type PlainIndex, splitIndices } from "./indexing.ts";
import { checkOperand, isScalar, type Operand } from "./promotion.ts";
import { View } from "./view.ts";

const plan = new Int32Array(4);

/** x[indices] ← a number, or a tensor that can be stretched to that; where places repeat, the last one counts. */
export function set(x: Tensor, indices: readonly Index[], value: Operand): void {
  checkOperand("set elements in place", value);
  const task = "set", target = viewToChange("set elements", x, isScalar(value) ? [] : [value]);
  const { plainIndices, arrays } = splitIndices(task, indices, target.shape);
  const view = partOf(task, plainIndices as PlainIndex[], target.shape)(target);
  const given = isScalar(value) ? value : viewOf(value);
  if (arrays.every((array) => array === undefined)) assignView("set elements", view, given);
  else scatter(task, view, arrays, given);
}

function scatter(
  task: string,
  view: View,
  arrays: readonly (IndexArray | undefined)[],
  value: View | Parameters<typeof assignView>[2],
): void {
  const found = gathering(task, arrays, view.shape, view.strides), { place, shape, rest } = found;
  const source = View.allocate(view.dtype, [...shape, ...rest.shape]);
  // The value has the axes of the index where these stand in the result.
  const order = source.shape.map((_, i) => i), index = order.splice(0, shape.length);
  order.splice(place, 0, ...index);
  assignView(
    "set elements",
    source.with(order.map((i) => source.shape[i]), order.map((i) => source.strides[i])),
    value,
  );
  const { offsets, block } = blocksOf(found), { array } = view.storage;
  if (source.size === 0) return;
  plan.set([view.dtype.code, offsets.length, block, 0]);
  unwrap(
    native.gradus_tensor_scatter(array, source.storage.array, offsets.map((offset) => offset + view.offset), plan),
    "set elements",
  );
}
