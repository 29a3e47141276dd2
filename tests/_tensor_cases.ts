/**
 * Calls of tensors as data, as tests/reference/tensor.py writes them: how their inputs are made, and how what comes of them is
 * compared. Inputs are specs, "float64 [2,3] transposed": a type, a shape, how the numbers are chosen, and how they are looked at.
 */
import { Tensor } from "../src/tensor.ts";
import type { Scalar, TensorDtype } from "../src/tensor/dtype.ts";

/** What stands in for an argument: JSON, in which "$1" is input 1. */
export type Argument = unknown;

/** The elements in order or, of long results, the beginning of SHA-256 of them as float64. */
export type Elements = number[] | string;

/** One call, and what PyTorch makes of it. */
export interface Case {
  in?: string[];
  args?: Argument[];
  /** Of each result: type and shape as in a spec, and the elements. */
  out?: [title: string, elements: Elements][];
  /** Of each leaf: the elements of its gradient; null where it has none. */
  grad?: (Elements | null)[];
  /** What gives no tensor gives this. */
  value?: unknown;
  /** What was changed in place is a view of a leaf whose elements are these then. */
  leaf?: Elements;
  /** It is an error. */
  refused?: true;
}

/** What tests/reference/tensor.json has; tensor.py tells more. */
export interface TensorReference {
  tolerances: Record<string, { units: number; reason: string }>;
  letters: Record<string, TensorDtype>;
  numbers: Scalar[];
  lowerHalves: number[];
  records: { method: string; tolerance: string; cases: Case[] }[];
  promotions: {
    method: string;
    types: Record<string, string[]>;
    values: (number | null)[][];
    numbers: Record<string, string[]>;
  }[];
  broadcasts: [a: number[], b: number[], y: number[], da: number[], db: number[]][];
  halves: { from: TensorDtype; to: TensorDtype; sha256: string }[];
}

/** The upper 12 bits of a linear congruential sequence. */
export function sequence(count: number, seed: number): number[] {
  let state = Math.imul(seed, 2654435761);
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 20;
  });
}

const special = [0, -0, Infinity, -Infinity, NaN, 1, -1, 0.5, -0.5, 1e-3, -1e-3, 3];

/** How the numbers of an input come from those of the sequence. */
const kinds: Record<string, (n: number, i: number) => number> = {
  normal: (n) => (n - 2048) / 1024,
  positive: (n) => n / 2048 + 0.25,
  unit: (n) => (n + 0.5) / 4096,
  halves: (n) => (n % 5 - 2) / 2,
  whole: (n) => n % 7 - 3,
  counted: (n) => n % 7 + 1,
  eighths: (n) => (n % 31 - 15) / 8,
  bits: (n) => n % 2,
  zeros: () => 0,
  lowest: (n, i) => i % 2 === 0 ? -Infinity : n % 5,
  byte: (n) => n % 128,
  huge: (n) => (n - 2048) * 2 ** 20,
  special: (_, i) => special[i % special.length],
};

function kindOf(dtype: TensorDtype, words: readonly string[]): (n: number, i: number) => number {
  for (const word of words) {
    if (word.startsWith("below:")) return (n) => n % Number(word.slice(6));
    if (word in kinds) return kinds[word];
  }
  if (dtype === "bool") return kinds.bits;
  if (dtype.startsWith("uint")) return kinds.counted;
  return dtype.startsWith("int") ? kinds.whole : kinds.normal;
}

/** How a leaf is looked at: the shape that it has, and the view of it. */
interface Look {
  leafShape(shape: number[]): number[];
  view(leaf: Tensor, shape: number[]): Tensor;
}

const looks: Record<string, Look> = {
  transposed: {
    leafShape: (shape) => shape.toReversed(),
    view: (leaf) => leaf.permute(leaf.shape.map((_, i) => i).reverse()),
  },
  flipped: { leafShape: (shape) => shape, view: (leaf) => leaf.flip() },
  sliced: {
    leafShape: (shape) => shape.map((size) => 2 * size + 1),
    view: (leaf) => leaf.slice(...leaf.shape.map(() => ({ start: 1, step: 2 }))),
  },
  expanded: { leafShape: ([_, ...others]) => [1, ...others], view: (leaf, shape) => leaf.expand(shape) },
};

const asItIs: Look = { leafShape: (shape) => shape, view: (leaf) => leaf };

/** An input: a leaf, and how it is looked at. */
export interface Input {
  readonly leaf: Tensor;
  /** The view of the leaf, or of another one like it, that is an operand. */
  view(leaf: Tensor): Tensor;
}

/** The shape and type of a spec. */
export function read(spec: string): { dtype: TensorDtype; shape: number[]; words: string[] } {
  const [dtype, shape, ...words] = spec.split(" ");
  return { dtype: dtype as TensorDtype, shape: JSON.parse(shape), words };
}

/** The input of a spec, in another type if one is given. */
export function made(spec: string, seed: number, asType?: TensorDtype): Input {
  const { dtype, shape, words } = read(spec), type = asType ?? dtype, kind = kindOf(dtype, words);
  const look = looks[words.find((word) => word in looks) ?? ""] ?? asItIs, leafShape = look.leafShape(shape);
  const numbers = sequence(leafShape.reduce((a, b) => a * b, 1), seed).map(kind);
  const leaf = Tensor.from(Float64Array.from(numbers), { shape: leafShape, dtype: type });
  return { leaf, view: (x) => look.view(x, shape) };
}

/** Whether gradients of a tensor can be wanted. */
export function isFloat(tensor: Tensor): boolean {
  return tensor.dtype.includes("float");
}

/** The gradient that result `number` of a call gets. */
export function upstream(y: Tensor, number: number): Tensor {
  return made(`${y.dtype} [${y.shape}] eighths`, 100 + number).leaf;
}

function given(argument: Argument, tensors: readonly Tensor[]): unknown {
  if (typeof argument === "string" && /^\$\d+$/.test(argument)) return tensors[Number(argument.slice(1))];
  if (Array.isArray(argument)) return argument.map((part) => given(part, tensors));
  if (typeof argument !== "object" || argument === null || argument instanceof Tensor) return argument;
  return Object.fromEntries(Object.entries(argument).map(([key, value]) => [key, given(value, tensors)]));
}

/** Whether a method changes its receiver. */
export function isInPlace(method: string): boolean {
  return method.endsWith("_") || method === "set";
}

// deno-lint-ignore no-explicit-any
type Methods = Record<string, any>;

/** What a call gives: tensors, or a plain value. */
export function call(
  method: string,
  receiver: Tensor | undefined,
  tensors: readonly Tensor[],
  args: readonly Argument[],
): readonly Tensor[] | { readonly plain: unknown } {
  const isStatic = method.startsWith("Tensor."), name = isStatic ? method.slice(7) : method;
  const target = (isStatic ? Tensor : receiver) as unknown as Methods;
  if (!(name in target)) throw new Error(`there is no ${method}`);
  const known = args.map((argument) => argument === null && method !== "slice" ? undefined : given(argument, tensors));
  const result = typeof target[name] === "function" ? target[name](...known) : target[name];
  if (isInPlace(method)) return [receiver!];
  if (result instanceof Tensor) return [result];
  if (Array.isArray(result) && result[0] instanceof Tensor) return result;
  if (result?.values instanceof Tensor) return Object.values(result);
  return { plain: result };
}

/** The elements in order, as numbers. */
export function elements(tensor: Tensor): number[] {
  return Array.from(tensor.detach().to("float64").data as Float64Array);
}

const epsilons: Partial<Record<TensorDtype, number>> = {
  float64: 2 ** -52,
  float32: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

/** The nearest number of a type, of a decimal that stands for it. */
function rounded(x: number, dtype: TensorDtype): number {
  return dtype === "float64" ? x : dtype === "float16" ? Math.f16round(x) : Math.fround(x);
}

/** The beginning of SHA-256 of elements, where −0 is 0. */
async function checksum(numbers: readonly number[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Float64Array.from(numbers, (x) => x + 0));
  return new Uint8Array(digest).toHex().slice(0, 12);
}

/** What differs between a tensor and what it should be; undefined if nothing does. */
export async function difference(
  actual: Tensor,
  dtype: TensorDtype,
  shape: readonly number[],
  expected: Elements,
  units: number,
): Promise<string | undefined> {
  if (actual.dtype !== dtype) return `is of ${actual.dtype} instead of ${dtype}`;
  if (`${actual.shape}` !== `${shape}` || actual.shape.length !== shape.length) {
    return `has the shape [${actual.shape}] instead of [${shape}]`;
  }
  const numbers = elements(actual), epsilon = epsilons[dtype];
  if (typeof expected === "string") {
    return await checksum(numbers) === expected
      ? undefined
      : `has other elements, beginning with ${numbers.slice(0, 8)}`;
  }
  for (let i = 0; i < expected.length; i++) {
    const wanted = epsilon === undefined ? expected[i] : rounded(expected[i], dtype);
    if (numbers[i] === wanted || (Number.isNaN(numbers[i]) && Number.isNaN(wanted))) continue;
    const allowed = units * (epsilon ?? 0) * Math.max(1, Math.abs(wanted));
    if (Math.abs(numbers[i] - wanted) <= allowed && Number.isFinite(wanted)) continue;
    return `is ${numbers[i]} instead of ${wanted} at ${i} of [${shape}], ${allowed} is allowed`;
  }
}

/** A case as one line, to find it by. */
export function text(method: string, { in: specs = [], args = [] }: Case): string {
  return `${method}(${specs.join(", ")}; ${args.map((argument) => JSON.stringify(argument)).join(", ")})`;
}
