/**
 * The element types of tensors: which typed array holds them, how single elements are read and written, and what type an operation
 * on several types has. Conversions of whole tensors are left to the native side.
 */
import { Element } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import { bfloat16FromNumber, numberFromBfloat16 } from "../bfloat16.ts";

/** The type of a tensor's elements. */
export type TensorDtype =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint32"
  | "uint16"
  | "uint8"
  | "bool";

/** One element: a bigint of int64, true or false of bool, else a number. */
export type Scalar = number | bigint | boolean;

/** What holds elements: bfloat16 as their bits in a `Uint16Array`, bool as 0 and 1 in a `Uint8Array`. */
export type TensorData =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** What kinds of types there are, each wider than the one before. */
export const enum Kind {
  bool,
  integer,
  float,
}

/** The typed array of a type. */
type ArrayType = {
  new (buffer: ArrayBuffer, offset: number, length: number): TensorData;
  readonly BYTES_PER_ELEMENT: number;
};

/** What is to be known of a type. */
export interface DtypeInfo {
  readonly name: TensorDtype;
  /** Its number on the native side. */
  readonly code: number;
  readonly kind: Kind;
  /** Bytes of an element. */
  readonly bytes: number;
  /** The type that is computed in. */
  readonly compute: "float32" | "float64" | "int64";
  /** What holds elements. */
  readonly array: ArrayType;
  /** An element as a person wants it. */
  readonly read: (data: TensorData, index: number) => Scalar;
  /** Stores what `read` gives, or a number, converted as the native side converts. */
  readonly write: (data: TensorData, index: number, value: Scalar) => void;
}

/**
 * A number or a bigint as a whole number of 64 bits: towards 0, NaN as 0, what is too large as the nearest there is.
 *
 * @throws {GradusError} If a bigint is too large.
 */
export function toInteger(value: Scalar): bigint {
  if (typeof value === "bigint") return checkBigint(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
}

function checkBigint(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw new GradusError("argument", `Cannot use ${value}n as an integer: one of 64 bits is needed`);
}

function info(
  name: TensorDtype,
  kind: Kind,
  compute: DtypeInfo["compute"],
  array: ArrayType,
  read: DtypeInfo["read"],
  write: DtypeInfo["write"],
): DtypeInfo {
  return { name, code: Element[name], kind, bytes: array.BYTES_PER_ELEMENT, compute, array, read, write };
}

const readNumber = (data: TensorData, index: number): Scalar => data[index];

function float(name: TensorDtype, compute: "float32" | "float64", array: ArrayType): DtypeInfo {
  return info(name, Kind.float, compute, array, readNumber, (data, index, value) => data[index] = Number(value));
}

function integer(name: TensorDtype, array: ArrayType): DtypeInfo {
  const write = (data: TensorData, index: number, value: Scalar) => {
    const isSmall = typeof value === "number" && Math.abs(value) <= 2 ** 31;
    data[index] = isSmall ? value : Number(BigInt.asUintN(32, toInteger(value)));
  };
  return info(name, Kind.integer, "int64", array, readNumber, write);
}

/** Engines before 2025 have no array of half precision. */
const HalfArray = globalThis.Float16Array as typeof Float16Array | undefined ?? class {
  static readonly BYTES_PER_ELEMENT = 2;
  constructor() {
    throw new GradusError(
      "argument",
      "Cannot use float16: this engine has no Float16Array, a newer one or bfloat16 is needed",
    );
  }
} as unknown as ArrayType;

/** All types, in the order of their numbers on the native side. */
export const dtypes: readonly DtypeInfo[] = [
  float("float32", "float32", Float32Array),
  float("float64", "float64", Float64Array),
  float("float16", "float32", HalfArray),
  info(
    "bfloat16",
    Kind.float,
    "float32",
    Uint16Array,
    (data, index) => numberFromBfloat16((data as Uint16Array)[index]),
    (data, index, value) => data[index] = bfloat16FromNumber(Number(value)),
  ),
  info("int64", Kind.integer, "int64", BigInt64Array, readNumber, (data, index, value) => {
    (data as BigInt64Array)[index] = toInteger(value);
  }),
  integer("int32", Int32Array),
  integer("int16", Int16Array),
  integer("int8", Int8Array),
  integer("uint32", Uint32Array),
  integer("uint16", Uint16Array),
  integer("uint8", Uint8Array),
  info(
    "bool",
    Kind.bool,
    "int64",
    Uint8Array,
    (data, index) => data[index] !== 0,
    (data, index, value) => data[index] = Number(value) !== 0 ? 1 : 0,
  ),
];

const byName = new Map<string, DtypeInfo>(dtypes.map((dtype) => [dtype.name, dtype]));

/** The names of all types. */
export const dtypeNames: readonly TensorDtype[] = dtypes.map(({ name }) => name);

/**
 * The type of that name.
 *
 * @throws {GradusError} If there is none.
 */
export function dtypeOf(name: TensorDtype): DtypeInfo {
  const dtype = byName.get(name);
  if (dtype !== undefined) return dtype;
  throw new GradusError(
    "argument",
    `Cannot use the dtype ${shown(name)}: one of ${dtypeNames.join(", ")} is needed`,
  );
}

export const float32 = dtypeOf("float32"), float64 = dtypeOf("float64"), int64 = dtypeOf("int64");
export const int32 = dtypeOf("int32"), bool = dtypeOf("bool");

/** The type of numbers that are said to be of none, as in PyTorch. */
export const defaultFloat = float32;

/** Signed integers that hold every number of an unsigned one and of a signed one. */
const integersBySize = ["int8", "int16", "int32", "int64"].map((name) => dtypeOf(name as TensorDtype));

/** The smallest type that takes elements of both, as PyTorch has it: floats win over integers, these over bool. */
export function promoted(a: DtypeInfo, b: DtypeInfo): DtypeInfo {
  if (a === b) return a;
  if (a.kind !== b.kind) return a.kind > b.kind ? a : b;
  if (a.kind === Kind.float) return a.bytes === b.bytes ? float32 : a.bytes > b.bytes ? a : b;
  const [wide, narrow] = a.bytes >= b.bytes ? [a, b] : [b, a];
  if (isUnsigned(wide) === isUnsigned(narrow)) return wide;
  if (!isUnsigned(wide) && wide.bytes > narrow.bytes) return wide;
  return integersBySize.find(({ bytes }) => bytes > Math.max(a.bytes, b.bytes)) ?? int64;
}

function isUnsigned(dtype: DtypeInfo): boolean {
  return dtype.name.startsWith("u");
}

/** Refuses what is neither a number nor a truth. */
export function checkScalar(value: Scalar): void {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return;
  throw new GradusError("argument", `Cannot compute with ${shown(value)}: a tensor or a number is needed`);
}

/**
 * The type of a plain number beside tensors: it only decides what kind of type the result is of.
 *
 * @throws {GradusError} If it is none.
 */
export function dtypeOfScalar(value: Scalar): DtypeInfo {
  if (typeof value === "boolean") return bool;
  if (typeof value === "bigint") return int64;
  checkScalar(value);
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63 ? int64 : defaultFloat;
}

/** The type whose elements a typed array holds by itself; undefined of what holds none. */
export function dtypeOfArray(data: unknown): DtypeInfo | undefined {
  if (data instanceof Uint8ClampedArray) return dtypeOf("uint8");
  return dtypes.find(({ name, array }) => name !== "bfloat16" && name !== "bool" && data instanceof array);
}
