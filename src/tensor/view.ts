/** Views: which elements of a storage a tensor has, and in what order. */
import type { DtypeInfo, Scalar } from "./dtype.ts";
import { isRowMajor, type Shape, sizeOf, stridesOf } from "./layout.ts";
import { allocate, type Storage } from "./storage.ts";

/** Elements of a storage, n-dimensionally: element (i, j, …) is number offset + i·strides[0] + j·strides[1] + … */
export class View {
  readonly storage: Storage;
  readonly dtype: DtypeInfo;
  readonly shape: Shape;
  /** In elements; 0 where an axis repeats the same, negative where it runs backwards. */
  readonly strides: readonly number[];
  readonly offset: number;
  readonly size: number;
  readonly isContiguous: boolean;

  constructor(
    storage: Storage,
    dtype: DtypeInfo,
    shape: Shape,
    strides: readonly number[] = stridesOf(shape),
    offset = 0,
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.size = sizeOf(shape);
    this.isContiguous = isRowMajor(shape, strides);
  }

  /** New elements, anything at first. */
  static allocate(dtype: DtypeInfo, shape: Shape): View {
    return new View(allocate(dtype, sizeOf(shape)), dtype, shape);
  }

  /** The same storage, seen otherwise. */
  with(shape: Shape, strides: readonly number[], offset = this.offset): View {
    return new View(this.storage, this.dtype, shape, strides, offset);
  }

  /** The axes in another order: axis i is axis order[i]. */
  permuted(order: readonly number[]): View {
    return this.with(order.map((axis) => this.shape[axis]), order.map((axis) => this.strides[axis]));
  }

  /** Stretched along axes of size 1, and axes put in front: the same elements again and again. */
  stretched(shape: Shape): View {
    const added = shape.length - this.shape.length;
    const strides = shape.map((size, i) => i < added || this.shape[i - added] !== size ? 0 : this.strides[i - added]);
    return this.with(shape, strides);
  }

  /** The indices of all elements in the storage, in order. */
  *indices(): Generator<number> {
    const { shape, strides } = this, at = shape.map(() => 0);
    for (let count = this.size, index = this.offset; count > 0; count--) {
      yield index;
      for (let i = shape.length - 1; i >= 0; i--) {
        index += strides[i];
        if (++at[i] < shape[i]) break;
        index -= strides[i] * shape[i];
        at[i] = 0;
      }
    }
  }

  /** The element at an index of the storage. */
  read(index: number): Scalar {
    return this.dtype.read(this.storage.array, index);
  }
}
