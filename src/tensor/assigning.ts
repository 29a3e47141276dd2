/** Setting some of the elements where they are: those that the indices of indexing.ts say. */
import { native, unwrap } from "../ffi.ts";
import type { Tensor } from "../tensor.ts";
import { viewOf } from "./autograd.ts";
import type { Scalar } from "./dtype.ts";
import { assignView, checkFits, viewToChange } from "./in_place.ts";
import { blocksOf, type Gathering, gathering, type Index, partOf, splitIndices } from "./indexing.ts";
import { isScalar, type Operand } from "./promotion.ts";
import { View } from "./view.ts";

const plan = new Int32Array(4);

/** x[indices] ← a number, or a tensor that can be stretched to that; where places repeat, the last one counts. */
export function set(x: Tensor, indices: readonly Index[], value: Operand): void {
  const { shape } = viewOf(x), { plainIndices, arrays } = splitIndices("set", indices, shape);
  const view = partOf("set", plainIndices, shape)(viewOf(x)), given = isScalar(value) ? value : viewOf(value);
  const change = arrays.every((array) => array === undefined)
    ? assignment(view, given)
    : scattering(view, gathering("set", arrays, view.shape, view.strides), given);
  viewToChange("set elements", x, isScalar(value) ? [] : [value]);
  change();
}

/** What sets all elements of a view; what can be refused is refused before. */
function assignment(view: View, value: View | Scalar): () => void {
  if (value instanceof View) checkFits("set elements", view, value);
  return () => assignView("set elements", view, value);
}

/** The same of elements that arrays say. */
function scattering(view: View, found: Gathering, value: View | Scalar): () => void {
  const { place, shape, rest } = found;
  const source = View.allocate(view.dtype, [...shape, ...rest.shape]);
  // The value has the axes of the index where these stand in the result.
  const order = source.shape.map((_, i) => i), index = order.splice(0, shape.length);
  order.splice(place, 0, ...index);
  assignView(
    "set elements",
    source.with(order.map((i) => source.shape[i]), order.map((i) => source.strides[i])),
    value,
  );
  const { offsets, block } = blocksOf(found), places = offsets.map((offset) => offset + view.offset);
  return () => {
    plan.set([view.dtype.code, places.length, block, 0]);
    unwrap(native.gradus_tensor_scatter(view.storage.array, source.storage.array, places, plan), "set elements");
  };
}
