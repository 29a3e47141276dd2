/**
 * `Tensor`: n-dimensional arrays of numbers that remember how they were computed. This file is what people see; what the methods
 * do stands in tensor/, by subject, and is computed by c/tensor.c and its neighbours.
 */
import { Op, TensorOp } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { checkBoolean, checkName, checkNumber, checkOptions, nonNegativeRange, shown } from "./options.ts";
import {
  checkTensor,
  computed,
  connect,
  differentiate,
  type GradientHook,
  isGradEnabled,
  Node,
  plain,
  record,
  withGrad,
} from "./tensor/autograd.ts";
import {
  type DtypeInfo,
  dtypeOf,
  float32,
  Kind,
  type Scalar,
  type TensorData,
  type TensorDtype,
} from "./tensor/dtype.ts";
import {
  bitOperation,
  checkPower,
  clamped,
  close,
  comparison,
  flatOperation,
  operation,
  power,
  quotient,
  rectified,
} from "./tensor/elementwise.ts";
import { assign, change } from "./tensor/in_place.ts";
import { countOf, evenly, eye, fromNested, fromTypedArray, full, type Nested, progression } from "./tensor/creation.ts";
import { textOf } from "./tensor/printing.ts";
import { einsum } from "./tensor/einsum.ts";
import { dot, linear, matmul, outer, type TensorActivation } from "./tensor/product.ts";
import { dropout, type DropoutOptions, layerNorm, type LayerNormOptions, logSoftmax, softmax } from "./tensor/rows.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type ClassTargets,
  crossEntropy,
  type CrossEntropyOptions,
  huberLoss,
  type HuberOptions,
  l1Loss,
  type LossOptions,
  mseLoss,
  nllLoss,
} from "./tensor/losses.ts";
import { integers, normal, permutation, seedAll, uniform } from "./tensor/randomness.ts";
import { maskedFill, triangle, where } from "./tensor/choosing.ts";
import {
  gather,
  type Index,
  index,
  type IndexArray,
  masked,
  narrow,
  nonzero,
  oneHot,
  type PlainIndex,
  scatterAdd,
  select,
  slice,
  take,
} from "./tensor/indexing.ts";
import { set } from "./tensor/assigning.ts";
import { chunk, concat, pad, type PadMode, repeat, roll, split, stack, tile, unbind } from "./tensor/joining.ts";
import {
  asShape,
  broadcastTo,
  contiguousTensor,
  diagonal,
  expand,
  flatten,
  flip,
  moveaxis,
  permute,
  reshape,
  reversedAxes,
  squeeze,
  transpose,
  unsqueeze,
} from "./tensor/shaping.ts";
import { contiguous, copied, fill } from "./tensor/kernels.ts";
import { isSameShape, type Shape, shapeText } from "./tensor/layout.ts";
import type { Operand } from "./tensor/promotion.ts";
import { all, any, argmax, argmin, max, mean, min, prod, sum } from "./tensor/reduction.ts";
import { cumprod, cumsum } from "./tensor/scan.ts";
import { argsort, sort, type Sorted, topk, type Unique, unique } from "./tensor/sorting.ts";
import { TensorScope } from "./tensor/scope.ts";
import { logSumExp, norm, standardDeviation, variance } from "./tensor/statistics.ts";
import { clearCache, limitCache, type MemoryStats, memoryStats, outsideOfArenas } from "./tensor/storage.ts";
import { View } from "./tensor/view.ts";

/** How `Tensor.backward()` differentiates. */
export interface TensorBackwardOptions {
  /** Whether the gradients are recorded, so that they can be differentiated again. Default: false. */
  createGraph?: boolean;
  /** Whether the graph can be differentiated again. Default: true; false lets go of memory at once. */
  retainGraph?: boolean;
}

/** What can be said of a new tensor. */
export interface TensorOptions {
  /** The type of its elements. */
  dtype?: TensorDtype;
  /** Whether it is a leaf whose gradient is wanted. Default: false. */
  requiresGrad?: boolean;
}

/** What can be said of a tensor made of arrays. */
export interface FromOptions extends TensorOptions {
  /** Of a typed array. Default: one axis. */
  shape?: Shape;
  /** Whether a typed array is copied. Default: true; false makes a tensor of the very memory. */
  copy?: boolean;
}

/** What can be said of a range. */
export interface RangeOptions extends TensorOptions {
  /** How far it is from one number to the next. Default: 1. */
  step?: number;
}

/** What can be said of a random tensor. */
export interface RandomOptions extends TensorOptions {
  /** Where the numbers come from: the same seed gives the same ones. */
  seed?: number;
}

/** How a reduction along axes gives its result. */
export interface ReductionOptions {
  /** Whether the axes stay, with the size 1. Default: false. */
  keepDims?: boolean;
}

/** What the deviation from the mean is told as. */
export interface VarianceOptions extends ReductionOptions {
  /** What is taken from the number of elements before the sum of squares is divided by it. Default: 1. */
  correction?: number;
}

/** How elements along axes become one size. */
export interface NormOptions extends ReductionOptions {
  /** The power that they enter with; also Infinity and −Infinity. Default: 2. */
  p?: number;
}

/** How elements are sorted. */
export interface SortOptions {
  /** Whether from the largest to the smallest. Default: false. */
  descending?: boolean;
}

/** Which elements `topk` takes. */
export interface TopkOptions {
  /** Whether the largest; else the smallest, from the smallest on. Default: true. */
  largest?: boolean;
}

/** How near to each other elements have to be for `allClose`. */
export interface ClosenessOptions {
  /** How far apart they may be, as a part of the other one. Default: 1e-5. */
  rtol?: number;
  /** How far apart they may be beside that. Default: 1e-8. */
  atol?: number;
  /** Whether two NaN are near. Default: false. */
  equalNaN?: boolean;
}

/** A typed array with its shape. */
export interface ShapedData {
  /** The elements, the last axis fastest. */
  readonly data: TensorData;
  /** Sizes along the axes. */
  readonly shape: Shape;
}

/** Elements in arrays of arrays …: numbers, bigints or booleans. */
export type Elements = Scalar | Elements[];

/** Throws what is told where a tensor is needed and something else was given. */
function refuseOther(x: unknown): never {
  throw new GradusError("argument", `Cannot use ${shown(x)} as a tensor: Tensor.from(…) makes one`);
}

function isShapedData(data: Nested | ShapedData): data is ShapedData {
  return typeof data === "object" && data !== null && !ArrayBuffer.isView(data) && !Array.isArray(data) &&
    "shape" in data;
}

/** The type that options say, all of them checked. `who` completes "the options of …". */
function typeIn(
  who: string,
  options: TensorOptions,
  usual: TensorDtype = "float32",
  known: readonly string[] = [],
): DtypeInfo {
  if (typeof options === "number") {
    throw new GradusError(
      "argument",
      `Cannot call ${who} with ${options} there: sizes are given as one array, [2, 3], and options as an object`,
    );
  }
  checkOptions(`the options of ${who}`, options, ["dtype", "requiresGrad", ...known]);
  return dtypeOf(options.dtype ?? usual);
}

/** The shape of another tensor, and options with its type unless they say one. */
function like<Options extends TensorOptions>(tensor: Tensor, options: Options): [Shape, Options] {
  checkTensor("make a tensor like another one", tensor);
  return [tensor.shape, { ...options, dtype: options?.dtype ?? tensor.dtype }];
}

/** Whether axes stay, the options being checked. `method` is that of the reduction. */
function keepsDims(method: string, options: ReductionOptions | undefined, known: readonly string[] = []): boolean {
  if (options === undefined) return false;
  checkOptions(`the options of ${method}()`, options, ["keepDims", ...known]);
  return checkBoolean("keepDims", options.keepDims ?? false);
}

/** The correction of a variance, all options being checked. */
function correctionOf(method: string, options: VarianceOptions = {}): number {
  keepsDims(method, options, ["correction"]);
  return checkNumber("correction", options.correction ?? 1, nonNegativeRange);
}

/** Whether elements are sorted downwards, the options being checked. */
function isDescending(method: string, options: SortOptions): boolean {
  checkOptions(`the options of ${method}()`, options, ["descending"]);
  return checkBoolean("descending", options.descending ?? false);
}

/** What a function gives, called while operations are recorded, or are not, if it is no promise. */
function calledWith<T>(method: string, enabled: boolean, f: () => T): T {
  if (typeof f !== "function") {
    throw new GradusError("argument", `Cannot call ${method}(): ${shown(f)} was given, a function is needed`);
  }
  const result = withGrad(enabled, f);
  if (!(result instanceof Promise)) return result;
  throw new GradusError(
    "argument",
    `Cannot call ${method}(): the function is asynchronous, one that is done when it returns is needed`,
  );
}

/** A tensor that nothing has computed. */
function leaf(view: View, { requiresGrad = false }: TensorOptions): Tensor {
  const tensor = plain(view);
  tensor.requiresGrad = requiresGrad;
  return tensor;
}

/**
 * An n-dimensional array of elements of one type, with a gradient: names, defaults and results are those of PyTorch, with shapes and
 * axes as arrays. docs/tensors.md has both side by side.
 *
 * Operations give new tensors, views share memory with what they are views of. Where an operand requires a gradient, operations are
 * recorded, and `backward()` adds the gradients of the leaves up in their `grad`. Nothing has to be freed.
 *
 * @example The gradient of a function of a matrix
 * ```ts
 * import { Tensor } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const x = Tensor.from([[1, 2], [3, 4]], { requiresGrad: true });
 * const y = x.matmul(x).sum();
 * y.backward();
 * assertEquals(y.item(), 54);
 * assertEquals(x.grad!.toArray(), [[7, 11], [9, 13]]);
 * ```
 *
 * @example A line through points
 * ```ts
 * import { SGD, Tensor } from "@gradus/gradus";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = Tensor.from([0, 1, 2]), y = Tensor.from([1, 3, 5]);
 * const w = Tensor.zeros([], { requiresGrad: true }), b = Tensor.zeros([], { requiresGrad: true });
 * const optimizer = new SGD([w, b], { learningRate: 0.2 });
 * for (let step = 0; step < 200; step++) {
 *   optimizer.zeroGrad();
 *   x.mul(w).add(b).sub(y).square().mean().backward();
 *   optimizer.step();
 * }
 * assertAlmostEquals(w.item(), 2, 1e-4);
 * assertAlmostEquals(b.item(), 1, 1e-4);
 * ```
 */
export class Tensor {
  readonly #view: View;
  /** What has computed it, or what holds its gradient; undefined where none is needed. */
  #node: Node | undefined;
  #grad: Tensor | null = null;

  static {
    const isOne = (x: unknown): x is Tensor => typeof x === "object" && x !== null && #view in x;
    connect({
      make: (view, node) => new Tensor(view, node),
      viewOf: (tensor) => isOne(tensor) ? tensor.#view : refuseOther(tensor),
      nodeOf: (tensor) => isOne(tensor) ? tensor.#node : refuseOther(tensor),
      add: (a, b) => operation(Op.add, a, b),
      isTensor: isOne,
    });
  }

  private constructor(view: View, node: Node | undefined) {
    if (!(view instanceof View)) {
      throw new GradusError("argument", "Cannot make a tensor by new: Tensor.from(…) and Tensor.zeros(…) are needed");
    }
    this.#view = view;
    this.#node = node;
  }

  // ---------------------------------------------------------------- making

  /**
   * A tensor with the elements of nested arrays, of a typed array, or a single number; they are copied.
   *
   * The type is that of a typed array; of plain numbers it is float32, of booleans bool, of bigints int64, unless `dtype` says.
   *
   * @param data The elements. A typed array has one axis, unless a shape is given; so has `{ data, shape }`.
   * @param options `shape`: of a typed array. `copy: false`: a typed array is not copied but used, and seen to change.
   * @throws {GradusError} If the arrays are not all of one length along each axis, there is something else among the numbers, or
   * the shape has another size.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.from([[1, 2], [3, 4]]).shape, [2, 2]);
   * assertEquals(Tensor.from(new Int32Array(6), { shape: [2, 3] }).dtype, "int32");
   * ```
   */
  static from(data: Nested | Tensor | ShapedData, options: FromOptions = {}): Tensor {
    checkOptions("the options of Tensor.from()", options, ["dtype", "requiresGrad", "shape", "copy"]);
    const dtype = options.dtype && dtypeOf(options.dtype);
    if (data instanceof Tensor) return leaf(copied(data.#view, dtype ?? data.#view.dtype), options);
    const shaped = isShapedData(data) ? data : { data, shape: options.shape };
    const isTyped = ArrayBuffer.isView(shaped.data), copies = checkBoolean("copy", options.copy ?? true);
    if (!isTyped && (shaped.shape !== undefined || !copies)) {
      throw new GradusError(
        "argument",
        `Cannot make a tensor of ${shown(shaped.data)} with the option ${
          copies ? "shape" : "copy"
        }: that is for typed arrays`,
      );
    }
    if (!isTyped) return leaf(fromNested(shaped.data as Nested, dtype), options);
    const array = shaped.data as TensorData;
    return leaf(fromTypedArray(array, shaped.shape ?? [array.length], dtype, copies), options);
  }

  /** 0 everywhere. The type is float32 unless `dtype` says. */
  static zeros(shape: Shape, options: TensorOptions = {}): Tensor {
    return leaf(full(shape, 0, typeIn("Tensor.zeros()", options)), options);
  }

  /** 1 everywhere. The type is float32 unless `dtype` says. */
  static ones(shape: Shape, options: TensorOptions = {}): Tensor {
    return leaf(full(shape, 1, typeIn("Tensor.ones()", options)), options);
  }

  /** One element everywhere. The type is that of `Tensor.from(value)` unless `dtype` says. */
  static full(shape: Shape, value: Scalar, options: TensorOptions = {}): Tensor {
    const dtype = typeof value === "boolean" ? "bool" : typeof value === "bigint" ? "int64" : "float32";
    return leaf(full(shape, value, typeIn("Tensor.full()", options, dtype)), options);
  }

  /**
   * start, start + step, … as long as it is below `stop` (above, where the step is negative), each computed in double precision;
   * with one number from 0 to below it. The type is float32 unless `dtype` says; options may follow one number, too.
   *
   * @throws {GradusError} If the step is 0 or something is no number.
   */
  static arange(start: number, stop?: number | RangeOptions, options: RangeOptions = {}): Tensor {
    if (typeof stop === "object") return Tensor.arange(start, undefined, stop);
    const dtype = typeIn("Tensor.arange()", options, "float32", ["step"]);
    const from = stop === undefined ? 0 : start, step = options.step ?? 1;
    return leaf(progression(from, step, countOf(from, stop ?? start, step), dtype), options);
  }

  /** `count` numbers from start to stop, both included, at equal distances. The type is float32 unless `dtype` says. */
  static linspace(start: number, stop: number, count: number, options: TensorOptions = {}): Tensor {
    const dtype = typeIn("Tensor.linspace()", options);
    return leaf(evenly(start, stop, count, dtype), options);
  }

  /**
   * 1 on the diagonal, else 0; square unless `columns` are given. The type is float32 unless `dtype` says; options may follow one
   * number, too.
   */
  static eye(rows: number, columns: number | TensorOptions = rows, options: TensorOptions = {}): Tensor {
    if (typeof columns === "object" && typeof rows === "number") return Tensor.eye(rows, rows, columns);
    return leaf(eye(rows, columns as number, typeIn("Tensor.eye()", options)), options);
  }

  /**
   * Uniform random numbers in [0, 1). Without a seed every call draws other ones, the same in every run: `Tensor.manualSeed`.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.rand([2], { seed: 1 }).toArray(), Tensor.rand([2], { seed: 1 }).toArray());
   * ```
   */
  static rand(shape: Shape, options: RandomOptions = {}): Tensor {
    const dtype = typeIn("Tensor.rand()", options, "float32", ["seed"]);
    return leaf(uniform(shape, options.seed, dtype), options);
  }

  /** Normal random numbers with mean 0 and variance 1; seeds are as for `rand`. */
  static randn(shape: Shape, options: RandomOptions = {}): Tensor {
    const dtype = typeIn("Tensor.randn()", options, "float32", ["seed"]);
    return leaf(normal(shape, options.seed, dtype), options);
  }

  /** Random whole numbers from low to high − 1, each as likely; int32 unless `dtype` says. Seeds are as for `rand`. */
  static randint(low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor {
    const dtype = typeIn("Tensor.randint()", options, "int32", ["seed"]);
    return leaf(integers(low, high, shape, options.seed, dtype), options);
  }

  /** 0 … count − 1 in random order; int32 unless `dtype` says. Seeds are as for `rand`. */
  static permutation(count: number, options: RandomOptions = {}): Tensor {
    const dtype = typeIn("Tensor.permutation()", options, "int32", ["seed"]);
    return leaf(permutation(count, options.seed, dtype), options);
  }

  /** Begins the random numbers that are drawn without a seed anew: at first the seed is 0. */
  static manualSeed(seed: number): void {
    seedAll(seed);
  }

  /** As `zeros`, in the shape and the type of another tensor. */
  static zerosLike(tensor: Tensor, options: TensorOptions = {}): Tensor {
    return Tensor.zeros(...like(tensor, options));
  }

  /** As `ones`, in the shape and the type of another tensor. */
  static onesLike(tensor: Tensor, options: TensorOptions = {}): Tensor {
    return Tensor.ones(...like(tensor, options));
  }

  /** As `rand`, in the shape and the type of another tensor. */
  static randLike(tensor: Tensor, options: RandomOptions = {}): Tensor {
    return Tensor.rand(...like(tensor, options));
  }

  /** As `randn`, in the shape and the type of another tensor. */
  static randnLike(tensor: Tensor, options: RandomOptions = {}): Tensor {
    return Tensor.randn(...like(tensor, options));
  }

  /** As `full`, in the shape and the type of another tensor. */
  static fullLike(tensor: Tensor, value: Scalar, options: TensorOptions = {}): Tensor {
    const [shape, all] = like(tensor, options);
    return Tensor.full(shape, value, all);
  }

  // ---------------------------------------------------------------- what it is

  /** Sizes along the axes; `[]` of a single element. */
  get shape(): Shape {
    return this.#view.shape;
  }

  /** The type of the elements. */
  get dtype(): TensorDtype {
    return this.#view.dtype.name;
  }

  /** How many axes there are. */
  get ndim(): number {
    return this.#view.shape.length;
  }

  /** How many elements there are. */
  get size(): number {
    return this.#view.size;
  }

  /** The same elements in another type, or this very tensor where it is of that type. Gradients go through, in the type of each. */
  to(dtype: TensorDtype): Tensor {
    const type = dtypeOf(dtype), own = this.dtype;
    if (type === this.#view.dtype) return this;
    const y = copied(this.#view, type);
    return type.kind === Kind.float ? record("to", y, [this], [(gradient) => gradient.to(own)]) : plain(y);
  }

  /** How far it is, in elements of the memory, from one element to the next along each axis. */
  get strides(): readonly number[] {
    return this.#view.strides;
  }

  /** Where the first element is in the memory. */
  get offset(): number {
    return this.#view.offset;
  }

  /** Whether the elements follow one another in memory, the last axis fastest. */
  get isContiguous(): boolean {
    return this.#view.isContiguous;
  }

  /** Where it is computed. */
  get device(): "cpu" {
    return "cpu";
  }

  /**
   * The elements, the last axis fastest: the very memory where they follow one another there, else a copy. Of bfloat16 they are the
   * bits, of bool 0 and 1. What is written into it is not seen by the checks of `backward()`.
   */
  get data(): TensorData {
    const view = contiguous(this.#view), array = view.storage.share();
    return view.size === array.length ? array : array.subarray(view.offset, view.offset + view.size) as TensorData;
  }

  /**
   * The only element as a number: of bool 1 or 0, of int64 the nearest.
   *
   * @throws {GradusError} If there are more elements, or none.
   */
  item(): number {
    if (this.size === 1) return Number(this.#view.read(this.#view.offset));
    throw new GradusError(
      "shape",
      `Cannot read a tensor of shape ${shapeText(this.shape)} as one number: a single element is needed`,
    );
  }

  /** The elements as arrays of arrays …, as booleans of bool and as bigints of int64; a single element by itself. */
  toArray(): Elements {
    const { shape } = this.#view, elements = this.#view.indices();
    const nested = (axis: number): Elements =>
      axis === shape.length
        ? this.#view.read(elements.next().value!)
        : Array.from({ length: shape[axis] }, () => nested(axis + 1));
    return nested(0);
  }

  /** A copy of the elements, the last axis fastest; of bfloat16 as a `Float32Array`. */
  toTypedArray(): TensorData {
    const dtype = this.dtype === "bfloat16" ? float32 : this.#view.dtype;
    return outsideOfArenas(() => copied(this.#view, dtype)).storage.share();
  }

  /** What PyTorch would print: `"tensor([[1., 2.],\n        [3., 4.]])"`. Of more than 1000 elements the middle is left out. */
  toString(): string {
    const name = this.gradFn?.name;
    return textOf(this.#view, name ? [`gradFn=<${name}>`] : this.requiresGrad ? ["requiresGrad=true"] : []);
  }

  /** The only element where a number is asked for, as `Number(x)` does; else `toString()`. */
  [Symbol.toPrimitive](hint: string): string | number {
    return hint === "number" || (hint === "default" && this.size === 1) ? this.item() : this.toString();
  }

  /** What `JSON.stringify` takes: `toArray()`. */
  toJSON(): Elements {
    return this.toArray();
  }

  /**
   * The parts along the first axis, as views: `for (const row of x)`.
   *
   * @throws {GradusError} If this is a single element.
   */
  *[Symbol.iterator](): Generator<Tensor> {
    if (this.ndim === 0) {
      throw new GradusError(
        "shape",
        "Cannot go through a tensor of shape (): a single element has no axis, item() reads it",
      );
    }
    for (let i = 0; i < this.shape[0]; i++) yield select(this, 0, i);
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` prints in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  // ---------------------------------------------------------------- gradients

  /** Whether its gradient is wanted, or it was computed from such tensors. It can be set on leaves of floating point. */
  get requiresGrad(): boolean {
    return this.#node !== undefined;
  }

  set requiresGrad(requires: boolean) {
    checkBoolean("requiresGrad", requires);
    if (requires === this.requiresGrad) return;
    if (!this.isLeaf) {
      throw new GradusError(
        "state",
        `Cannot change requiresGrad of the result of ${
          this.#node!.name
        }(): only that of a leaf can be, detach() gives one`,
      );
    }
    if (requires && this.#view.dtype.kind !== Kind.float) {
      throw new GradusError(
        "argument",
        `Cannot require a gradient of a tensor of ${this.dtype}: floating point is needed, to("float32") gives it`,
      );
    }
    this.#node = requires ? new Node("leaf", this.#view, [], [], []) : undefined;
    if (this.#node !== undefined) this.#node.holder = this;
  }

  /** The gradient, or null before there is one. It can be set to a tensor of this shape. */
  get grad(): Tensor | null {
    return this.#grad;
  }

  set grad(gradient: Tensor | null) {
    if (gradient !== null && (!(gradient instanceof Tensor) || !isSameShape(gradient.shape, this.shape))) {
      throw new GradusError(
        "shape",
        `Cannot set the gradient: it is ${
          gradient instanceof Tensor ? `of shape ${shapeText(gradient.shape)}` : shown(gradient)
        }, null or a tensor of shape ${shapeText(this.shape)} is needed`,
      );
    }
    this.#grad = gradient;
  }

  /** Whether it was made by nobody's operation, or needs no gradient. */
  get isLeaf(): boolean {
    return this.#node === undefined || this.#node.isLeaf;
  }

  /** The operation that computed it, with its `name`; null of leaves. */
  get gradFn(): { readonly name: string } | null {
    return this.isLeaf ? null : this.#node!;
  }

  /**
   * Computes the gradients of what this tensor depends on, and adds them to the `grad` of the leaves.
   *
   * @param gradient That of this tensor; it may be left out where that is a single element: then it is 1.
   * @throws {GradusError} If this tensor needs no gradient, or the gradient has another shape.
   */
  backward(gradient?: Tensor, options: TensorBackwardOptions = {}): void {
    checkOptions("the options of backward()", options, ["createGraph", "retainGraph"]);
    const createGraph = checkBoolean("createGraph", options.createGraph ?? false);
    const retainGraph = checkBoolean("retainGraph", options.retainGraph ?? true);
    if (this.#node === undefined) {
      throw new GradusError(
        "state",
        "Cannot call backward(): nothing that this tensor was computed from requires a gradient, or only what has none, as " +
          "argmax() and gt() have none; the option requiresGrad is needed there",
      );
    }
    differentiate([[this.#node, this.#seed(gradient)]], { createGraph, retainGraph: retainGraph || createGraph });
  }

  #seed(gradient: Tensor | undefined): Tensor {
    const { shape, dtype, size } = this.#view;
    if (gradient === undefined) {
      if (size !== 1) {
        throw new GradusError(
          "shape",
          `Cannot call backward() of a tensor of shape ${
            shapeText(shape)
          }: of a single element it needs no gradient, ` +
            "here one of the same shape is needed, or sum() or mean() before",
        );
      }
      const one = View.allocate(dtype, shape);
      fill(one, 1);
      return plain(one);
    }
    if (!(gradient instanceof Tensor) || !isSameShape(gradient.shape, shape)) {
      throw new GradusError(
        "shape",
        `Cannot call backward(): the gradient is ${
          gradient instanceof Tensor ? `of shape ${shapeText(gradient.shape)}` : shown(gradient)
        }, a tensor of shape ${shapeText(shape)} is needed`,
      );
    }
    return gradient.to(dtype.name);
  }

  /**
   * Calls a function without recording: its results need no gradient. Returns what it returns.
   *
   * @throws {GradusError} If the function is asynchronous: what it does later would be recorded.
   */
  static noGrad<T>(f: () => T): T {
    return calledWith("noGrad", false, f);
  }

  /** Calls a function that is recorded, as within `noGrad` it would not be; the rest is as there. */
  static enableGrad<T>(f: () => T): T {
    return calledWith("enableGrad", true, f);
  }

  /** Whether operations are recorded now. */
  static get isGradEnabled(): boolean {
    return isGradEnabled();
  }

  /**
   * The same elements, as a view, without what computed them: no gradient goes back.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([2], { requiresGrad: true });
   * x.mul(x.detach()).sum().backward();
   * assertEquals(x.grad!.toArray(), [2]);
   * ```
   */
  detach(): Tensor {
    return plain(this.#view);
  }

  /** The same elements in memory of their own; gradients go through. */
  clone(): Tensor {
    return record("clone", copied(this.#view), [this], [(gradient) => gradient]);
  }

  /**
   * Sets the gradient to null, so that the next `backward()` begins anew.
   */
  zeroGrad(): void {
    this.grad = null;
  }

  /**
   * Keeps the gradient of a result in `grad`, too, at every `backward()`. Leaves have theirs anyway.
   *
   * @throws {GradusError} If this tensor needs no gradient.
   */
  retainGrad(): void {
    if (this.#node === undefined) {
      throw new GradusError("state", "Cannot retain the gradient: this tensor needs none, requiresGrad is needed");
    }
    this.#node.holder = this;
  }

  /**
   * Has a function called with the gradient at every `backward()` that reaches this tensor; a tensor that it returns takes the
   * gradient's place. Returns a function that ends this.
   *
   * @throws {GradusError} If this tensor needs no gradient, or the hook is no function.
   */
  registerHook(hook: GradientHook): () => void {
    if (typeof hook !== "function") {
      throw new GradusError("argument", `Cannot register a hook: it is ${shown(hook)}, a function is needed`);
    }
    if (this.#node === undefined) {
      throw new GradusError("state", "Cannot register a hook: this tensor needs no gradient, requiresGrad is needed");
    }
    const node = this.#node, own: GradientHook = (gradient) => hook(gradient);
    node.hooks = [...node.hooks ?? [], own];
    return () => {
      node.hooks = node.hooks?.filter((other) => other !== own);
    };
  }

  // ---------------------------------------------------------------- the same elements, seen otherwise

  /**
   * The same elements in another shape; one size may be −1, for what is left. A view where strides allow that, else a copy.
   *
   * @throws {GradusError} If the shape has not as many elements.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.arange(6);
   * assertEquals(x.reshape([2, -1]).toArray(), [[0, 1, 2], [3, 4, 5]]);
   * ```
   */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape);
  }

  /**
   * As `reshape`, but never a copy.
   *
   * @throws {GradusError} If it would have to be one.
   */
  view(shape: Shape): Tensor {
    return asShape(this, shape);
  }

  /**
   * The axes from `start` to `end`, both included, as one; all of them, where nothing is said.
   *
   * @throws {GradusError} If there is no such axis, or the first is behind the last.
   */
  flatten(start = 0, end = -1): Tensor {
    return flatten(this, start, end);
  }

  /**
   * Two axes exchanged, as a view.
   *
   * @throws {GradusError} If there is no such axis.
   */
  transpose(a: number, b: number): Tensor {
    return transpose(this, a, b);
  }

  /**
   * The axes in another order, as a view: axis i of the result is axis order[i].
   *
   * @throws {GradusError} If not every axis is there once.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.zeros([2, 3, 4]).permute([2, 0, 1]).shape, [4, 2, 3]);
   * ```
   */
  permute(order: readonly number[]): Tensor {
    return permute(this, order);
  }

  /** All axes in reverse order, as a view: the transposed matrix. */
  get T(): Tensor {
    return reversedAxes(this);
  }

  /** The last two axes exchanged, as a view: each matrix transposed. */
  get mT(): Tensor {
    return transpose(this, -2, -1);
  }

  /**
   * One axis, or several, at other places, as a view; the others stay in their order.
   *
   * @throws {GradusError} If there is no such axis or place, one is given twice, or there are not as many of both.
   */
  moveaxis(from: number | readonly number[], to: number | readonly number[]): Tensor {
    return moveaxis(this, from, to);
  }

  /**
   * Without axes of size 1: without all of them, or those of the given ones that are of that size.
   *
   * @throws {GradusError} If there is no such axis.
   */
  squeeze(axes?: number | readonly number[]): Tensor {
    return squeeze(this, axes);
  }

  /**
   * With an axis of size 1 more, at that place; −1 is behind the last one.
   *
   * @throws {GradusError} If there is no such place.
   */
  unsqueeze(axis: number): Tensor {
    return unsqueeze(this, axis);
  }

  /**
   * Axes of size 1 stretched, and axes put in front, as a view; −1 leaves an axis as it is. Gradients add up over them.
   *
   * @throws {GradusError} If an axis of another size would change.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.from([[1], [2]]).expand([-1, 3]).toArray(), [[1, 1, 1], [2, 2, 2]]);
   * ```
   */
  expand(shape: Shape): Tensor {
    return expand(this, shape);
  }

  /**
   * Stretched to a shape, as operations do it with their operands, as a view.
   *
   * @throws {GradusError} If it cannot be stretched to it.
   */
  broadcastTo(shape: Shape): Tensor {
    return broadcastTo(this, shape);
  }

  /**
   * The elements in reverse order along axes, or along all, as a view.
   *
   * @throws {GradusError} If there is no such axis.
   */
  flip(axes?: number | readonly number[]): Tensor {
    return flip(this, axes);
  }

  /** This tensor, if its elements follow one another in memory, else a copy of which that is true. */
  contiguous(): Tensor {
    return contiguousTensor(this);
  }

  /**
   * The elements whose indices along two axes differ by `offset`, as a last axis; a view. Of a matrix x[i, i + offset].
   *
   * @throws {GradusError} If there are no such two axes.
   */
  diagonal(offset = 0, axes: readonly [number, number] = [0, 1]): Tensor {
    return diagonal(this, offset, axes);
  }

  // ---------------------------------------------------------------- some of the elements

  /**
   * What stands at the given places of the first axes, as a view; negative ones count from the end.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([[1, 2], [3, 4]]);
   * assertEquals([x.at(1, 0).item(), x.at(-1).toArray()], [3, [3, 4]]);
   * ```
   */
  at(...places: number[]): Tensor {
    return slice(this, places);
  }

  /**
   * Some of the elements, as a view, by an index for each axis: a number, `":"` for all, `{ start, stop, step }` with negative
   * numbers as in Python, `null` for an axis of size 1 more, and `"..."` for as many `":"` as are missing.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.arange(6).reshape([2, 3]);
   * assertEquals(x.slice(":", { start: -2 }).toArray(), [[1, 2], [4, 5]]);
   * assertEquals(x.slice("...", { step: -1 }).toArray(), [[2, 1, 0], [5, 4, 3]]);
   * ```
   */
  slice(...indices: PlainIndex[]): Tensor {
    return slice(this, indices);
  }

  /**
   * What stands at one place of an axis, as a view.
   *
   * @throws {GradusError} If there is no such axis or place.
   */
  select(axis: number, place: number): Tensor {
    return select(this, axis, place);
  }

  /**
   * `length` places of an axis from `start` on, as a view.
   *
   * @throws {GradusError} If there is no such axis, or there are not as many places.
   */
  narrow(axis: number, start: number, length: number): Tensor {
    return narrow(this, axis, start, length);
  }

  /**
   * The elements that indices say, which may be as for `slice`, arrays of integers, or masks. Arrays are stretched to one shape and
   * read together, as in NumPy; a mask has the shape of the axes that it is for. Arrays give a copy. A tensor alone is the one index.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([[1, 2], [3, 4], [5, 6]]);
   * assertEquals(x.index([[0, 2], [1, 0]]).toArray(), [2, 5]);
   * assertEquals(x.index([x.gt(2)]).toArray(), [3, 4, 5, 6]);
   * ```
   */
  index(indices: readonly Index[] | Tensor): Tensor {
    return index(this, indices instanceof Tensor ? [indices] : indices);
  }

  /**
   * What stands at places of an axis, which the axes of the places take the place of; without an axis, of all elements in a row.
   * Negative places count from the end; where one stands twice, gradients add up.
   *
   * @throws {GradusError} If there is no such axis or place.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([[1, 2], [3, 4], [5, 6]]);
   * assertEquals(x.take([2, 0], 0).toArray(), [[5, 6], [1, 2]]);
   * assertEquals(x.take([[0, -1]]).toArray(), [[1, 6]]);
   * ```
   */
  take(places: IndexArray, axis?: number): Tensor {
    return take(this, places, axis);
  }

  /**
   * y[i, j, …] = x[i, …, index[i, j, …], …]: for each element of the index one, the index standing for one axis.
   *
   * @throws {GradusError} If the index has other axes, a larger size along another one, or a place that is not there.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([[1, 2, 3], [4, 5, 6]]);
   * assertEquals(x.gather(1, [[2], [0]]).toArray(), [[3], [4]]);
   * ```
   */
  gather(axis: number, index: IndexArray): Tensor {
    return gather(this, axis, index);
  }

  /**
   * The elements where the mask is true, in a row; a mask of fewer axes is for the first ones, the others stay.
   *
   * @throws {GradusError} If the mask is no tensor of bool, or of another shape.
   */
  masked(mask: Tensor): Tensor {
    return masked(this, mask);
  }

  /**
   * The elements, but `value` where the mask is true, which is stretched.
   *
   * @throws {GradusError} If the mask is no tensor, or cannot be stretched.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([1, -2, 3]);
   * assertEquals(x.maskedFill(x.lt(0), 0).toArray(), [1, 0, 3]);
   * ```
   */
  maskedFill(mask: Tensor, value: Scalar): Tensor {
    return maskedFill(this, mask, value);
  }

  /**
   * a where the condition is not 0, else b; all of them stretched to one shape. The gradient goes to what was chosen.
   *
   * @throws {GradusError} If there is no such shape.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([1, -2, 3]);
   * assertEquals(Tensor.where(x.gt(0), x, x.mul(10)).toArray(), [1, -20, 3]);
   * ```
   */
  static where(condition: Tensor, a: Operand, b: Operand): Tensor {
    return where(condition, a, b);
  }

  /**
   * The indices of the elements that are not 0: (count, axes), int32.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.from([[0, 1], [2, 0]]).nonzero().toArray(), [[0, 1], [1, 0]]);
   * ```
   */
  nonzero(): Tensor {
    return nonzero(this);
  }

  /**
   * Sets the elements that indices say, as `index` takes them, to a number or a tensor that can be stretched to them, under the
   * rules of `add_`. Where places repeat, the last one counts. Returns this tensor.
   *
   * @throws {GradusError} As told at `add_`; or if there are no such places, or the value cannot be stretched to them.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.zeros([2, 3]);
   * x.set([0, { start: 1 }], 5).set(x.eq(0), -1).set([[1], [2]], 7);
   * assertEquals(x.toArray(), [[-1, 5, 5], [-1, -1, 7]]);
   * ```
   */
  set(indices: readonly Index[] | Tensor, value: Operand): this {
    set(this, indices instanceof Tensor ? [indices] : indices, value);
    return this;
  }

  /**
   * The elements with source[i, j, …] added at x[i, …, index[i, j, …], …]: repeated places add up. A new tensor.
   *
   * @throws {GradusError} If the shapes do not fit, there is no such place, or the elements are bool.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.zeros([3]).scatterAdd(0, [0, 2, 0], Tensor.from([1, 2, 3])).toArray(), [4, 0, 2]);
   * ```
   */
  scatterAdd(axis: number, index: IndexArray, source: Tensor): Tensor {
    return scatterAdd(this, axis, index, source);
  }

  /** The matrices' elements on and below a diagonal, 0 above it. */
  tril(diagonal = 0): Tensor {
    return triangle("tril", this, diagonal, (column) => column <= diagonal);
  }

  /** The matrices' elements on and above a diagonal, 0 below it. */
  triu(diagonal = 0): Tensor {
    return triangle("triu", this, diagonal, (column) => column >= diagonal);
  }

  /**
   * For each class number a row of zeros with a 1 at its place: (…, classes); float32, unless the option `dtype` says.
   *
   * @throws {GradusError} If a number is no class.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.from([1, 0], { dtype: "int32" }).oneHot(3).toArray(), [[0, 1, 0], [1, 0, 0]]);
   * ```
   */
  oneHot(classes: number, options: { dtype?: "float32" | "float64" | "int64" | "int32" } = {}): Tensor {
    checkOptions("the options of oneHot()", options, ["dtype"]);
    return oneHot(this, classes, options.dtype ?? "float32");
  }

  // ---------------------------------------------------------------- several tensors in one

  /**
   * Tensors one after the other along an axis, in a type that takes all.
   *
   * @throws {GradusError} If another axis is of different sizes.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const a = Tensor.from([[1, 2]]), b = Tensor.from([[3, 4], [5, 6]]);
   * assertEquals(Tensor.concat([a, b]).toArray(), [[1, 2], [3, 4], [5, 6]]);
   * assertEquals(Tensor.stack([a, a], 1).shape, [1, 2, 2]);
   * ```
   */
  static concat(tensors: readonly Tensor[], axis = 0): Tensor {
    return concat(tensors, axis);
  }

  /**
   * Tensors of one shape, along an axis of their own.
   *
   * @throws {GradusError} If their shapes differ, or there is no such place for an axis.
   */
  static stack(tensors: readonly Tensor[], axis = 0): Tensor {
    return stack(tensors, axis);
  }

  /**
   * Parts along an axis, as views: of one size, but that the last may be smaller, or of the given sizes.
   *
   * @throws {GradusError} If there is no such axis, or the sizes do not add up to it.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const [a, b] = Tensor.arange(5).split([2, 3]);
   * assertEquals([a.toArray(), b.toArray()], [[0, 1], [2, 3, 4]]);
   * ```
   */
  split(sizes: number | readonly number[], axis = 0): Tensor[] {
    return split(this, sizes, axis);
  }

  /**
   * What stands at each place of an axis, as views: `[x.select(axis, 0), x.select(axis, 1), …]`.
   *
   * @throws {GradusError} If there is no such axis.
   */
  unbind(axis = 0): Tensor[] {
    return unbind(this, axis);
  }

  /**
   * At most `count` parts along an axis, as views: of one size, but that the last may be smaller.
   *
   * @throws {GradusError} If there is no such axis, or the count is no whole number from 1 on.
   */
  chunk(count: number, axis = 0): Tensor[] {
    return chunk(this, count, axis);
  }

  /**
   * Elements put around: two widths for each axis, the last axis first, as in PyTorch.
   *
   * @param options `mode`: `"constant"` puts `value` there, 0 unless it is said; `"reflect"` what is mirrored at the edge, which is
   * not repeated; `"replicate"` the edge.
   * @throws {GradusError} If the widths are no such numbers, or more than can be mirrored.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([[1, 2, 3]]);
   * assertEquals(x.pad([1, 2]).toArray(), [[0, 1, 2, 3, 0, 0]]);
   * assertEquals(x.pad([2, 0], { mode: "reflect" }).toArray(), [[3, 2, 1, 2, 3]]);
   * ```
   */
  pad(widths: readonly number[], options: { mode?: PadMode; value?: Scalar } = {}): Tensor {
    checkOptions("the options of pad()", options, ["mode", "value"]);
    const mode = checkName("the mode", options.mode ?? "constant", ["constant", "reflect", "replicate"]);
    return pad(this, widths, mode, options.value ?? 0);
  }

  /**
   * The tensor again and again: a count for each axis, and for axes in front of them. A copy.
   *
   * @throws {GradusError} If there are fewer counts than axes.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Tensor.from([1, 2]).repeat([2, 2]).toArray(), [[1, 2, 1, 2], [1, 2, 1, 2]]);
   * ```
   */
  repeat(counts: readonly number[]): Tensor {
    return repeat(this, counts);
  }

  /** As `repeat`; where there are fewer counts than axes, they are for the last ones. */
  tile(counts: readonly number[]): Tensor {
    return tile(this, counts);
  }

  /**
   * The elements moved along an axis, those that leave it coming in at its other end; without an axis, all in a row. Along several
   * axes, with a shift for each.
   *
   * @throws {GradusError} If a shift is no whole number, there is no such axis, or there are not as many of both.
   */
  roll(shifts: number | readonly number[], axes?: number | readonly number[]): Tensor {
    return roll(this, shifts, axes);
  }

  // ---------------------------------------------------------------- elementwise

  /**
   * a + b, stretched to one shape: from the last axis on, sizes are equal or one of them is 1. So do all operations of two.
   *
   * @throws {GradusError} If there is no such shape.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const a = Tensor.from([[1], [2]]), b = Tensor.from([10, 20]);
   * assertEquals(a.add(b).toArray(), [[11, 21], [12, 22]]);
   * ```
   */
  add(other: Operand): Tensor {
    return operation(Op.add, this, other);
  }

  /** a − b */
  sub(other: Operand): Tensor {
    return operation(Op.sub, this, other);
  }

  /** a·b, element by element; `matmul` is the product of matrices. */
  mul(other: Operand): Tensor {
    return operation(Op.mul, this, other);
  }

  /** a / b, in floating point also of integers. */
  div(other: Operand): Tensor {
    return operation(Op.div, this, other);
  }

  /**
   * aᵇ. Of a base below 0 it is NaN unless b is whole. Of integers it is one, towards 0.
   *
   * @throws {GradusError} If integers are to be raised to a number that is whole and below 0; a tensor may hold such.
   */
  pow(exponent: Operand): Tensor {
    return power(this, exponent);
  }

  /** The larger of two; at a tie the gradient goes to both in halves. `max` is along axes. */
  maximum(other: Operand): Tensor {
    return operation(Op.max, this, other);
  }

  /** The smaller of two; at a tie the gradient goes to both in halves. `min` is along axes. */
  minimum(other: Operand): Tensor {
    return operation(Op.min, this, other);
  }

  /** −x */
  neg(): Tensor {
    return operation(Op.neg, this);
  }

  /** max(x, 0) */
  relu(): Tensor {
    return rectified(this);
  }

  /** x where that is above 0, else 0.01·x */
  leakyRelu(): Tensor {
    return operation(Op.leakyRelu, this);
  }

  /** tanh x */
  tanh(): Tensor {
    return operation(Op.tanh, this);
  }

  /** 1 / (1 + exp(−x)) */
  sigmoid(): Tensor {
    return operation(Op.sigmoid, this);
  }

  /** x·Φ(x), with the distribution Φ of the standard normal */
  gelu(): Tensor {
    return operation(Op.gelu, this);
  }

  /** x·sigmoid(x) */
  silu(): Tensor {
    return operation(Op.silu, this);
  }

  /** log(1 + exp(x)) */
  softplus(): Tensor {
    return operation(Op.softplus, this);
  }

  /** exp x */
  exp(): Tensor {
    return operation(Op.exp, this);
  }

  /** The natural logarithm. */
  log(): Tensor {
    return operation(Op.log, this);
  }

  /** log(1 + x), exact near 0 */
  log1p(): Tensor {
    return operation(Op.log1p, this);
  }

  /** exp(x) − 1, exact near 0 */
  expm1(): Tensor {
    return operation(Op.expm1, this);
  }

  /** √x */
  sqrt(): Tensor {
    return operation(Op.sqrt, this);
  }

  /** x² */
  square(): Tensor {
    return operation(Op.square, this);
  }

  /** |x|; the derivative at 0 is 0. */
  abs(): Tensor {
    return operation(Op.abs, this);
  }

  /** sin x */
  sin(): Tensor {
    return operation(Op.sin, this);
  }

  /** cos x */
  cos(): Tensor {
    return operation(Op.cos, this);
  }

  /** tan x */
  tan(): Tensor {
    return operation(Op.tan, this);
  }

  /** −1, 0 or 1; the derivative is 0. */
  sign(): Tensor {
    return operation(Op.sign, this);
  }

  /** 1 / x */
  reciprocal(): Tensor {
    return operation(Op.div, 1, this);
  }

  /** 1 / √x */
  rsqrt(): Tensor {
    return operation(Op.div, 1, operation(Op.sqrt, this));
  }

  /**
   * x, but not below `min` and not above `max`; the gradient is that of x within, else, and at the bounds, 0.
   *
   * @throws {GradusError} If neither is given.
   */
  clamp(min?: number, max?: number): Tensor {
    return clamped(this, min, max);
  }

  /** The next whole number downwards; the derivative is 0. */
  floor(): Tensor {
    return flatOperation(TensorOp.floor, this);
  }

  /** The next whole number upwards; the derivative is 0. */
  ceil(): Tensor {
    return flatOperation(TensorOp.ceil, this);
  }

  /** The nearest whole number, the even one at halves; the derivative is 0. */
  round(): Tensor {
    return flatOperation(TensorOp.round, this);
  }

  /** Without what stands behind the point; the derivative is 0. */
  trunc(): Tensor {
    return flatOperation(TensorOp.trunc, this);
  }

  /**
   * ⌊a / b⌋; the derivative is 0.
   *
   * @throws {GradusError} If there is a 0 among integers to divide by.
   */
  floorDivide(other: Operand): Tensor {
    return quotient(TensorOp.floorDivide, this, other);
  }

  /**
   * a − b·⌊a / b⌋, which has the sign of b, as in Python; `fmod` has that of a.
   *
   * @throws {GradusError} If there is a 0 among integers to divide by.
   */
  remainder(other: Operand): Tensor {
    return quotient(TensorOp.remainder, this, other);
  }

  /**
   * a − b·trunc(a / b), which has the sign of a, as % in JavaScript and C.
   *
   * @throws {GradusError} If there is a 0 among integers to divide by.
   */
  fmod(other: Operand): Tensor {
    return quotient(TensorOp.fmod, this, other);
  }

  /** a = b, element by element, as bool. */
  eq(other: Operand): Tensor {
    return comparison(TensorOp.equal, this, other);
  }

  /** a ≠ b, element by element, as bool. */
  ne(other: Operand): Tensor {
    return comparison(TensorOp.notEqual, this, other);
  }

  /** a < b, element by element, as bool. */
  lt(other: Operand): Tensor {
    return comparison(TensorOp.less, this, other);
  }

  /** a ≤ b, element by element, as bool. */
  le(other: Operand): Tensor {
    return comparison(TensorOp.lessEqual, this, other);
  }

  /** a > b, element by element, as bool. */
  gt(other: Operand): Tensor {
    return comparison(TensorOp.less, other, this);
  }

  /** a ≥ b, element by element, as bool. */
  ge(other: Operand): Tensor {
    return comparison(TensorOp.lessEqual, other, this);
  }

  /**
   * Whether every element is near that of the other one, stretched to one shape: a = b, or |a − b| ≤ atol + rtol·|b|.
   *
   * @param options `rtol`: default 1e-5; `atol`: default 1e-8; `equalNaN`: whether two NaN count as near, default false.
   * @throws {GradusError} If the shapes do not fit.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assert } from "@std/assert";
   *
   * const x = Tensor.from([0.1, 2]);
   * assert(x.mul(3).allClose(Tensor.from([0.3, 6])));
   * assert(!x.allClose(2) && x.allClose(2, { atol: 2 }));
   * ```
   */
  allClose(other: Operand, options: ClosenessOptions = {}): boolean {
    checkOptions("the options of allClose()", options, ["rtol", "atol", "equalNaN"]);
    const rtol = checkNumber("rtol", options.rtol ?? 1e-5, nonNegativeRange);
    const atol = checkNumber("atol", options.atol ?? 1e-8, nonNegativeRange);
    const equalNaN = checkBoolean("equalNaN", options.equalNaN ?? false);
    return plain(computed(() => all(close(this, other, { rtol, atol, equalNaN })))).item() === 1;
  }

  /** Whether both are not 0, element by element, as bool. */
  logicalAnd(other: Operand): Tensor {
    return comparison(TensorOp.logicalAnd, this, other);
  }

  /** Whether one is not 0, element by element, as bool. */
  logicalOr(other: Operand): Tensor {
    return comparison(TensorOp.logicalOr, this, other);
  }

  /** Whether just one is not 0, element by element, as bool. */
  logicalXor(other: Operand): Tensor {
    return comparison(TensorOp.logicalXor, this, other);
  }

  /** Whether it is 0, element by element, as bool. */
  logicalNot(): Tensor {
    return comparison(TensorOp.logicalNot, this);
  }

  /** Whether it is NaN, element by element, as bool. */
  isNaN(): Tensor {
    return comparison(TensorOp.isNan, this);
  }

  /** Whether it is neither infinite nor NaN, element by element, as bool. */
  isFinite(): Tensor {
    return comparison(TensorOp.isFinite, this);
  }

  /** The bits that both have, of integers. */
  bitAnd(other: Operand): Tensor {
    return bitOperation(TensorOp.bitAnd, this, other);
  }

  /** The bits that one has, of integers. */
  bitOr(other: Operand): Tensor {
    return bitOperation(TensorOp.bitOr, this, other);
  }

  /** The bits that just one has, of integers. */
  bitXor(other: Operand): Tensor {
    return bitOperation(TensorOp.bitXor, this, other);
  }

  /** The bits, so many places to the left. */
  shiftLeft(other: Operand): Tensor {
    return bitOperation(TensorOp.shiftLeft, this, other);
  }

  /** The bits, so many places to the right, the sign staying. */
  shiftRight(other: Operand): Tensor {
    return bitOperation(TensorOp.shiftRight, this, other);
  }

  /** All bits of integers turned round; of bool it is `logicalNot`. */
  bitNot(): Tensor {
    return this.dtype === "bool" ? this.logicalNot() : bitOperation(TensorOp.bitNot, this);
  }

  // ---------------------------------------------------------------- along axes

  /**
   * Σ x along axes, of integers and bool as int64; of no elements 0.
   *
   * @param axes One axis, several, or all where none are given; negative ones count from the end. An empty list is no axis.
   * A single element is let pass as having one axis.
   * @throws {GradusError} If there is no such axis.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([[1, 2, 3], [4, 5, 6]]);
   * assertEquals(x.sum().item(), 21);
   * assertEquals(x.sum(0).toArray(), [5, 7, 9]);
   * assertEquals(x.sum(-1, { keepDims: true }).toArray(), [[6], [15]]);
   * ```
   */
  sum(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return sum(this, axes, keepsDims("sum", options));
  }

  /** Σ x / n along axes, as for `sum`; of integers and bool as float32, of no elements NaN. */
  mean(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return mean(this, axes, keepsDims("mean", options));
  }

  /**
   * The largest element along axes, as for `sum`; NaN if one is. Elements that are equal to it share the gradient equally.
   *
   * @throws {GradusError} If there are no elements to choose from, or no such axis.
   */
  max(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return max(this, axes, keepsDims("max", options));
  }

  /** The smallest element along axes, as `max`. */
  min(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return min(this, axes, keepsDims("min", options));
  }

  /**
   * Where the largest element is along an axis, as int32: the first one of several, the first NaN if there is one. Without an axis
   * among all elements, the last axis counting fastest.
   *
   * @throws {GradusError} If there are no elements to choose from, or no such axis.
   */
  argmax(axis?: number, options?: ReductionOptions): Tensor {
    return argmax(this, axis, keepsDims("argmax", options));
  }

  /** Where the smallest element is along an axis, as `argmax`. */
  argmin(axis?: number, options?: ReductionOptions): Tensor {
    return argmin(this, axis, keepsDims("argmin", options));
  }

  /** The product along axes, as for `sum`; of integers and bool as int64, of no elements 1. */
  prod(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return prod(this, axes, keepsDims("prod", options));
  }

  /**
   * The variance along axes, as for `sum`: Σ (x − mean)² / (n − correction). With the correction 1 it is that of what the elements
   * are a sample of, with 0 that of themselves. Of integers and bool it is float32, of no more elements than the correction NaN.
   */
  var(axes?: number | readonly number[], options?: VarianceOptions): Tensor {
    return variance(this, correctionOf("var", options), axes, options?.keepDims);
  }

  /** The standard deviation √var along axes. Where it is 0, so is the gradient. */
  std(axes?: number | readonly number[], options?: VarianceOptions): Tensor {
    return standardDeviation(this, correctionOf("std", options), axes, options?.keepDims);
  }

  /**
   * (Σ |x|ᵖ)^(1/p) along axes, as for `sum`, also of matrices; of integers and bool as float32. Where it is 0, so is the gradient.
   *
   * @throws {GradusError} If p is no number, or there is no such axis; and of infinite p if there are no elements to choose from.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.from([3, -4]);
   * assertEquals(x.norm().item(), 5);
   * assertEquals(x.norm(0, { p: 1 }).item(), 7);
   * assertEquals(x.norm(0, { p: Infinity }).item(), 4);
   * ```
   */
  norm(axes?: number | readonly number[], options?: NormOptions): Tensor {
    return norm(this, options?.p ?? 2, axes, keepsDims("norm", options, ["p"]));
  }

  /** log Σ exp x along axes, as for `sum`, without overflow; of integers and bool as float32, of no elements −∞. */
  logSumExp(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return logSumExp(this, axes, keepsDims("logSumExp", options));
  }

  /** Whether any element along axes, as for `sum`, is not 0, as bool; of no elements false. */
  any(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return any(this, axes, keepsDims("any", options));
  }

  /** Whether all elements along axes, as for `sum`, are not 0, as bool; of no elements true. */
  all(axes?: number | readonly number[], options?: ReductionOptions): Tensor {
    return all(this, axes, keepsDims("all", options));
  }

  /**
   * Running sums along an axis: y[i] = x[0] + … + x[i]; of integers and bool as int64.
   *
   * @throws {GradusError} If there is no such axis.
   */
  cumsum(axis: number): Tensor {
    return cumsum(this, axis);
  }

  /**
   * Running products along an axis, as `cumsum`: y[i] = x[0]·…·x[i].
   *
   * @throws {GradusError} If there is no such axis.
   */
  cumprod(axis: number): Tensor {
    return cumprod(this, axis);
  }

  /**
   * The elements along an axis, the last one by default, from the smallest to the largest, NaN being larger than all; equal ones stay
   * in their order. `values` has them, with their gradients, `indices` where they were, as int32.
   *
   * @throws {GradusError} If there is no such axis.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const { values, indices } = Tensor.from([3, 1, 2]).sort();
   * assertEquals(values.toArray(), [1, 2, 3]);
   * assertEquals(indices.toArray(), [1, 2, 0]);
   * ```
   */
  sort(axis: number = -1, options: SortOptions = {}): Sorted {
    return sort(this, axis, isDescending("sort", options));
  }

  /**
   * The `indices` of `sort` alone.
   *
   * @throws {GradusError} If there is no such axis.
   */
  argsort(axis: number = -1, options: SortOptions = {}): Tensor {
    return argsort(this, axis, isDescending("argsort", options));
  }

  /**
   * The different elements, from the smallest to the largest, as `values`, (count,); each NaN is one of its own. `inverse` has for
   * each element its number among them, in the shape of this tensor, `counts` how often each is there, both as int32. A backward
   * pass that reaches `values` is refused.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const { values, inverse, counts } = Tensor.from([[3, 1], [3, 2]]).unique();
   * assertEquals(values.toArray(), [1, 2, 3]);
   * assertEquals(inverse.toArray(), [[2, 0], [2, 1]]);
   * assertEquals(counts.toArray(), [1, 1, 2]);
   * ```
   */
  unique(): Unique {
    return unique(this);
  }

  /**
   * The k largest elements along an axis, the last one by default, from the largest on, as `sort` gives them.
   *
   * @throws {GradusError} If there are not as many, or there is no such axis.
   */
  topk(k: number, axis: number = -1, options: TopkOptions = {}): Sorted {
    checkOptions("the options of topk()", options, ["largest"]);
    return topk(this, k, axis, checkBoolean("largest", options.largest ?? true));
  }

  // ---------------------------------------------------------------- products

  /**
   * The product of matrices a (m, k) and b (k, n): (m, n). Of more axes the matrices are in the last two, and those before are
   * stretched as elementwise; a vector is a row on the left, a column on the right, and that axis is left out in the result.
   *
   * Integers are multiplied as such, with what wraps around; bool gives counts in int64.
   *
   * @throws {GradusError} If the sizes do not fit, or one is a single element.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const a = Tensor.from([[1, 2], [3, 4]]);
   * assertEquals(a.matmul(a).toArray(), [[7, 10], [15, 22]]);
   * assertEquals(a.matmul(Tensor.from([1, 1])).toArray(), [3, 7]);
   * assertEquals(Tensor.ones([5, 1, 2, 3]).matmul(Tensor.ones([4, 3, 6])).shape, [5, 4, 2, 6]);
   * ```
   */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  /**
   * Σ a·b of two vectors.
   *
   * @throws {GradusError} If they are no vectors of the same length.
   */
  dot(other: Tensor): Tensor {
    return dot(this, other);
  }

  /**
   * a[i]·b[j] of two vectors: (m, n).
   *
   * @throws {GradusError} If one is no vector.
   */
  outer(other: Tensor): Tensor {
    return outer(this, other);
  }

  /**
   * A layer of a network: f(x·Wᵀ + b), at once.
   *
   * @param weight W (nout, nin); x is (…, nin), the result (…, nout).
   * @param bias b (nout,). Default: none.
   * @param activation f: `"relu"`, `"leakyRelu"`, `"tanh"`, `"sigmoid"`, `"gelu"`, `"silu"` or `"softplus"`. Default: none.
   * @throws {GradusError} If the shapes do not fit, or there is no such activation.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const w = Tensor.from([[1, -1], [2, 0], [0, 1]]), b = Tensor.from([0, 1, -5]);
   * assertEquals(Tensor.from([[3, 1]]).linear(w, b, "relu").toArray(), [[2, 7, 0]]);
   * ```
   */
  linear(weight: Tensor, bias?: Tensor, activation?: TensorActivation): Tensor {
    return linear(this, weight, bias, activation);
  }

  /**
   * Einstein's sum: a letter for each axis of the operands, and of the result; what the result does not have is summed over.
   *
   * A letter that one operand has twice takes the diagonal, `...` stands for all other axes, which are stretched as elementwise.
   * Without an arrow the result has the letters that stand once, in alphabetical order.
   *
   * @param equation `"ij,jk->ik"` is the product of matrices, `"ij->ji"` the transpose, `"ii"` the trace.
   * @throws {GradusError} If the equation is none, there are other operands, or sizes do not fit.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const a = Tensor.from([[1, 2], [3, 4]]);
   * assertEquals(Tensor.einsum("ij,ij->i", a, a).toArray(), [5, 25]);
   * assertEquals(Tensor.einsum("ii", a).item(), 5);
   * ```
   */
  static einsum(equation: string, a: Tensor, b?: Tensor): Tensor {
    return einsum(equation, b === undefined ? [a] : [a, b]);
  }

  // ---------------------------------------------------------------- rows

  /**
   * exp(x) / Σ exp(x) along an axis, the last one unless it is given: numbers above 0 whose sum is 1.
   *
   * @throws {GradusError} If there is no such axis.
   */
  softmax(axis = -1): Tensor {
    return softmax(this, axis);
  }

  /**
   * The logarithm of `softmax`, x − log Σ exp(x), exact also where that is far below 0.
   *
   * @throws {GradusError} If there is no such axis.
   */
  logSoftmax(axis = -1): Tensor {
    return logSoftmax(this, axis);
  }

  /**
   * (x − mean)/√(variance + eps)·weight + bias, with mean and variance (that of all, not of a sample) along the last axis or the
   * option `axes`.
   *
   * @param weight Of the shape of those axes, (n,) for the last one. Default: 1.
   * @param bias Of the same shape. Default: 0.
   * @throws {GradusError} If an axis does not exist, or the weight or the bias has another shape.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertAlmostEquals } from "@std/assert";
   *
   * const y = Tensor.from([[1, 2, 3], [10, 20, 60]]).layerNorm();
   * assertAlmostEquals(y.sum().item(), 0, 1e-6);
   * assertAlmostEquals(y.square().sum().item(), 6, 1e-3);
   * ```
   */
  layerNorm(weight?: Tensor, bias?: Tensor, options: LayerNormOptions = {}): Tensor {
    return layerNorm(this, weight, bias, options);
  }

  /**
   * Some of the elements replaced by 0, each with probability p, and the others divided by 1 − p, so that the mean stays. With
   * `training: false` it is this tensor. Without a seed every call chooses others, as `Tensor.rand` does.
   *
   * @throws {GradusError} If p is not from 0 to 1.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = Tensor.ones([4]);
   * assertEquals(x.dropout(0.5, { seed: 1 }).toArray(), [0, 2, 0, 2]);
   * assertEquals(x.dropout(0.5, { training: false }).toArray(), [1, 1, 1, 1]);
   * ```
   */
  dropout(p = 0.5, options: DropoutOptions = {}): Tensor {
    return dropout(this, p, options);
  }

  // ---------------------------------------------------------------- losses

  /**
   * The cross-entropy of logits (N, C) and targets, in nats: the mean of −log softmax(x)[class] over the rows. As in PyTorch the
   * classes are axis 1, also of (N, C, d1, …), or the only one.
   *
   * @param targets The class numbers, (N,) or (N, d1, …), as a tensor of integers or as an array; or the probabilities of the
   * classes, in the shape of the logits.
   * @param options `reduction`: `"mean"` over all but the classes, `"sum"`, or `"none"`: as they are. Default: `"mean"`.
   * `ignoreIndex`: what stands in the place of a class number for rows that do not count; default: −100. `labelSmoothing`: how much
   * of each target is spread over all classes equally; default: 0.
   * @throws {GradusError} If the targets are neither, or a number is not from 0 to C − 1.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertAlmostEquals } from "@std/assert";
   *
   * const logits = Tensor.from([[2, 0, 0], [0, 0, 0]], { requiresGrad: true });
   * const loss = logits.crossEntropy([0, 2]);
   * loss.backward();
   * assertAlmostEquals(loss.item(), (Math.log(Math.exp(2) + 2) - 2 + Math.log(3)) / 2, 1e-6);
   * assertAlmostEquals(logits.grad!.at(1, 2).item(), (1 / 3 - 1) / 2, 1e-6);
   * ```
   */
  crossEntropy(targets: ClassTargets, options?: CrossEntropyOptions): Tensor {
    return crossEntropy(this, targets, options);
  }

  /**
   * −x[class], the mean over the rows, of logarithms x of probabilities, such as `logSoftmax(1)` gives; shapes and options are those
   * of `crossEntropy`.
   *
   * @throws {GradusError} If the targets do not fit, or a number is not from 0 to C − 1.
   */
  nllLoss(classes: ClassTargets, options?: LossOptions): Tensor {
    return nllLoss(this, classes, options);
  }

  /**
   * The mean of (x − target)² over the elements.
   *
   * @param target A tensor of the same shape, or a number.
   * @param options `reduction`: `"mean"`, `"sum"`, or `"none"`: the losses of the elements. Default: `"mean"`.
   * @throws {GradusError} If the target has another shape: it is not stretched.
   */
  mseLoss(target: Operand, options?: LossOptions): Tensor {
    return mseLoss(this, target, options);
  }

  /** The mean of |x − target|, whose derivative at 0 is 0; the rest is as for `mseLoss`. */
  l1Loss(target: Operand, options?: LossOptions): Tensor {
    return l1Loss(this, target, options);
  }

  /**
   * The mean of d²/2 where |d| = |x − target| is at most `delta`, of delta·(|d| − delta/2) elsewhere; the rest is as for `mseLoss`.
   *
   * @param options `delta`: where it becomes linear, above 0. Default: 1.
   */
  huberLoss(target: Operand, options?: HuberOptions): Tensor {
    return huberLoss(this, target, options);
  }

  /**
   * The mean of −t·log x − (1 − t)·log(1 − x) of probabilities x and targets t from 0 to 1; the logarithms are not below −100, as in
   * PyTorch. The rest is as for `mseLoss`.
   *
   * @throws {GradusError} If the target has another shape, or x is not from 0 to 1.
   */
  binaryCrossEntropy(target: Operand, options?: LossOptions): Tensor {
    return binaryCrossEntropy(this, target, options);
  }

  /** The same of x.sigmoid(), exact also where that is nearly 0 or 1. */
  binaryCrossEntropyWithLogits(target: Operand, options?: LossOptions): Tensor {
    return binaryCrossEntropyWithLogits(this, target, options);
  }

  // ---------------------------------------------------------------- in place

  /**
   * x ← x + other, where it is. Of leaves that require a gradient it is refused but under `Tensor.noGrad`, of results always.
   *
   * @throws {GradusError} As told; or if the other one cannot be stretched to this shape, or is of a wider kind of type.
   */
  add_(other: Operand): this {
    return change("add", Op.add, this, other);
  }

  /** As `sub`, in place, under the rules of `add_`. */
  sub_(other: Operand): this {
    return change("sub", Op.sub, this, other);
  }

  /** As `mul`, in place, under the rules of `add_`. */
  mul_(other: Operand): this {
    return change("mul", Op.mul, this, other);
  }

  /** As `div`, in place, under the rules of `add_`. */
  div_(other: Operand): this {
    return change("div", Op.div, this, other);
  }

  /** As `pow`, in place, under the rules of `add_`. */
  pow_(other: Operand): this {
    checkPower(this, other);
    return change("pow", Op.pow, this, other);
  }

  /** Every element becomes the number, under the rules of `add_`. */
  fill_(value: Scalar): this {
    return assign("fill", this, value);
  }

  /** Every element becomes 0, under the rules of `add_`. */
  zero_(): this {
    return assign("zero", this, 0);
  }

  /** The elements become those of the other one, stretched and converted, under the rules of `add_`. */
  copy_(other: Operand): this {
    return assign("copy", this, other);
  }

  // ---------------------------------------------------------------- memory

  /**
   * Opens a scope: the memory of tensors that are made until it ends is used again then, all but of those that are kept and of the
   * gradients of leaves. Nothing has to be done so: V8 collects tensors; but this is faster where they are large.
   *
   * @example
   * ```ts
   * import { Tensor } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const w = Tensor.ones([3], { requiresGrad: true });
   * function loss(x: Tensor): number {
   *   using _scope = Tensor.scope();
   *   const loss = w.mul(x).sum();
   *   loss.backward();
   *   return loss.item();
   * }
   * assertEquals(loss(Tensor.from([1, 2, 3])), 6);
   * assertEquals(w.grad!.toArray(), [1, 2, 3]);
   * ```
   */
  static scope(): TensorScope {
    return new TensorScope();
  }

  /**
   * How much memory tensors take, and how often it was used again. Memory returns to the pool from backward passes and at the end of
   * scopes; all else V8 collects.
   */
  static memoryStats(): MemoryStats {
    return memoryStats();
  }

  /** Lets go of the memory that waits to be used again. */
  static clearCache(): void {
    clearCache();
  }

  /**
   * Changes how many bytes may wait to be used again; 256 MiB at first.
   *
   * @throws {GradusError} If it is no number of at least 0.
   */
  static limitCache(bytes: number): void {
    limitCache(bytes);
  }
}
