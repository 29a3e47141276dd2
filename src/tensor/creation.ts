/** New tensors: from arrays and numbers. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import { bool, defaultFloat, type DtypeInfo, dtypes, int64, type Scalar, type TensorData } from "./dtype.ts";
import { checkShape, type Shape, shapeText, sizeOf } from "./layout.ts";
import { allocate } from "./storage.ts";
import { View } from "./view.ts";

/** Arrays of arrays … of numbers. */
export type Nested = Scalar | readonly Nested[];

/** A view of new memory that has the elements of nested arrays, in a type or in the one that fits them. */
export function fromNested(nested: Nested, dtype?: DtypeInfo): View {
  const shape: number[] = [];
  for (let part = nested; Array.isArray(part); part = part[0]) shape.push(part.length);
  const flat: Scalar[] = [];
  const visit = (part: Nested, axis: number): void => {
    if (axis === shape.length && !Array.isArray(part)) flat.push(part as Scalar);
    else if (Array.isArray(part) && part.length === shape[axis]) part.forEach((inner) => visit(inner, axis + 1));
    else {
      throw new GradusError(
        "shape",
        `Cannot make a tensor of nested arrays: ${shown(part)} stands among arrays of the shape ${shapeText(shape)}`,
      );
    }
  };
  visit(nested, 0);
  const type = dtype ?? typeOf(flat), storage = allocate(type, flat.length);
  flat.forEach((value, i) => type.write(storage.array, i, value));
  return new View(storage, type, shape);
}

function typeOf(flat: readonly Scalar[]): DtypeInfo {
  if (flat.length > 0 && flat.every((value) => typeof value === "boolean")) return bool;
  return flat.length > 0 && flat.every((value) => typeof value === "bigint") ? int64 : defaultFloat;
}

/** A view of new memory with the elements of a typed array. */
export function fromTypedArray(data: TensorData, shape: Shape, dtype?: DtypeInfo): View {
  const own = dtypes.find(({ over }) => data instanceof over(new ArrayBuffer(0), 0, 0).constructor)!;
  const type = dtype ?? own, sizes = checkShape("make a tensor", shape), storage = allocate(type, sizeOf(sizes));
  if (own === type) storage.array.set(data as never);
  else for (let i = 0; i < data.length; i++) type.write(storage.array, i, own.read(data, i));
  return new View(storage, type, sizes);
}
