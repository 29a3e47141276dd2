/**
 * Products of tensors along one axis: of vectors, of matrices and of batches of them, and layers of networks. Sums of products along
 * any axes are in einsum.ts; element by element it is `mul`.
 */
import { activationOps, derivatives, Op } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import { checkName } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { checkTensor, nodeOf, type Pullback, record, viewOf } from "./autograd.ts";
import { type DtypeInfo, dtypeOf, int64, Kind, promoted } from "./dtype.ts";
import { operation, recorded } from "./elementwise.ts";
import { compile, converted, copied, type Expression, type Program, run } from "./kernels.ts";
import { broadcastShape, isSameShape, type Shape, shapeText, sizeOf } from "./layout.ts";
import { sumTo } from "./reduction.ts";
import { View } from "./view.ts";

// ---------------------------------------------------------------- of views

/** The words of a plan before the offsets of the products. */
const HEAD = 9;

/** The plan of the call that is being made. */
let plan = new Int32Array(HEAD + 3 * 64);

/** A view as the native side takes it: in the type, and along its last two axes never backwards. */
function walkable(x: View, type: DtypeInfo): View {
  const { length } = x.strides;
  if (x.dtype !== type) return copied(x, type);
  return x.strides[length - 1] < 0 || x.strides[length - 2] < 0 ? copied(x) : x;
}

/** The offsets of the matrices of a batch, those of shorter batches again and again. */
function offsetsIn(x: View, batch: Shape): Iterable<number> {
  const axes = x.shape.length - 2;
  return x.with(x.shape.slice(0, axes), x.strides.slice(0, axes)).stretched(batch).indices();
}

function writeOffsets(size: number, a: View, b: View, batch: Shape): void {
  let at = HEAD, offset = 0;
  if (batch.length === 0) {
    plan[at] = 0;
    plan[at + 1] = a.offset;
    plan[at + 2] = b.offset;
    return;
  }
  const offsetsOfB = offsetsIn(b, batch)[Symbol.iterator]();
  for (const offsetOfA of offsetsIn(a, batch)) {
    plan[at++] = offset;
    plan[at++] = offsetOfA;
    plan[at++] = offsetsOfB.next().value!;
    offset += size;
  }
}

/** a (…,m,k)·b (…,k,n), batches stretched to one; in the type that is computed in. */
function product(task: string, a: View, b: View, batch: Shape, compute: DtypeInfo): View {
  a = walkable(a, compute);
  b = walkable(b, compute);
  const axes = a.shape.length, axesOfB = b.shape.length, batches = sizeOf(batch);
  const m = a.shape[axes - 2], k = a.shape[axes - 1], n = b.shape[axesOfB - 1];
  const y = View.allocate(compute, batch.length === 0 ? [m, n] : [...batch, m, n]);
  if (y.size === 0) return y;
  if (plan.length < HEAD + 3 * batches) plan = new Int32Array(HEAD + 3 * batches);
  plan[0] = compute.code;
  plan[1] = m;
  plan[2] = n;
  plan[3] = k;
  plan[4] = a.strides[axes - 2];
  plan[5] = a.strides[axes - 1];
  plan[6] = b.strides[axesOfB - 2];
  plan[7] = b.strides[axesOfB - 1];
  plan[8] = batches;
  writeOffsets(m * n, a, b, batch);
  const status = native.gradus_tensor_product(y.storage.array, a.storage.array, b.storage.array, plan);
  if (status !== 0) unwrap(status, task);
  return y;
}

/** The type of products: of bool they are counts. */
function productType(a: View, b: View): DtypeInfo {
  const type = promoted(a.dtype, b.dtype);
  return type.kind === Kind.bool ? int64 : type;
}

/** The last two axes in the other order. */
function swapped(x: View): View {
  const shape = [...x.shape], strides = [...x.strides], last = shape.length - 1;
  [shape[last - 1], shape[last]] = [shape[last], shape[last - 1]];
  [strides[last - 1], strides[last]] = [strides[last], strides[last - 1]];
  return x.with(shape, strides);
}

// ---------------------------------------------------------------- matrices

/** The transposes of matrices. */
function transposed(x: Tensor): Tensor {
  return record("transpose", swapped(viewOf(x)), [x], [transposed]);
}

function refuse(task: string, a: Shape, b: Shape, why: string): never {
  throw new GradusError("shape", `Cannot ${task} tensors of shapes ${shapeText(a)} and ${shapeText(b)}: ${why}`);
}

/** The shape that batches of matrices are stretched to. */
function batchOf(task: string, a: Shape, b: Shape): Shape {
  if (a.length === 2 && b.length === 2) return [];
  try {
    return broadcastShape(task, a.slice(0, -2), b.slice(0, -2));
  } catch {
    refuse(task, a, b, "sizes before the last two axes are counted from the right, and equal ones or 1 are needed");
  }
}

function checkFactors(task: string, a: Shape, b: Shape): void {
  if (a.length === 0 || b.length === 0) refuse(task, a, b, "a single element has no axis to sum over, mul() is needed");
  const k = a[a.length - 1], isVector = b.length === 1, other = isVector ? b[0] : b[b.length - 2];
  if (k === other) return;
  const words = isVector ? "the second has the length" : "the matrices of the second have the row count";
  refuse(task, a, b, `the last axis of the first has the size ${k}, ${words} ${other}, equal ones are needed`);
}

/** A vector as a matrix of one row, or of one column. */
const asRow = (x: View) => x.shape.length > 1 ? x : x.with([1, x.shape[0]], [0, x.strides[0]]);
const asColumn = (x: View) => x.shape.length > 1 ? x : x.with([x.shape[0], 1], [x.strides[0], 0]);

/** a·b: of vectors their dot product, of matrices that of matrices, of more axes that of the matrices in the last two. */
export function matmul(a: Tensor, b: Tensor, task = "matmul"): Tensor {
  checkTensor(task, b);
  const left = viewOf(a), right = viewOf(b);
  checkFactors(task, left.shape, right.shape);
  // However the rows lie, so that the bits of the gradients, which are summed over them, depend on the shapes alone.
  if (left.shape.length > 2 && right.shape.length <= 2) return asOneMatrix(a, b);
  const rows = asRow(left), columns = asColumn(right), type = productType(left, right);
  const batch = batchOf(task, rows.shape, columns.shape);
  const y = converted(product(task, rows, columns, batch, dtypeOf(type.compute)), type);
  const shape = withoutVectors(y.shape, left.shape.length === 1, right.shape.length === 1);
  const isWanted = [a, b].map((x) => nodeOf(x) !== undefined), saved = [];
  if (isWanted[0]) saved.push(right);
  if (isWanted[1]) saved.push(left);
  return record(task, shape === y.shape ? y : new View(y.storage, type, shape), [a, b], [
    isWanted[0] ? byRight(b, columns.shape, y.shape, rows.shape, left.shape) : unwanted,
    isWanted[1] ? byLeft(a, rows.shape, y.shape, columns.shape, right.shape) : unwanted,
  ], saved);
}

/** What is called for no operand, since it needs no gradient: the other one is not held for it. */
const unwanted: Pullback = (gradient) => gradient;

/** In another shape, unless it is that. */
const shaped = (x: Tensor, shape: Shape) => isSameShape(viewOf(x).shape, shape) ? x : x.reshape(shape);

/** The gradient of a in a·b, with the shapes of the matrices and of a itself. */
function byRight(b: Tensor, columns: Shape, product: Shape, rows: Shape, shape: Shape): Pullback {
  return (gradient) => fitted(matmul(shaped(gradient, product), transposed(shaped(b, columns))), rows, shape);
}

/** The gradient of b. */
function byLeft(a: Tensor, rows: Shape, product: Shape, columns: Shape, shape: Shape): Pullback {
  return (gradient) => fitted(matmul(transposed(shaped(a, rows)), shaped(gradient, product)), columns, shape);
}

/** The shape of a product without the axes that vectors were given. */
function withoutVectors(shape: Shape, isRow: boolean, isColumn: boolean): Shape {
  if (!isRow && !isColumn) return shape;
  const batch = shape.slice(0, -2), [m, n] = shape.slice(-2);
  return [...batch, ...isRow ? [] : [m], ...isColumn ? [] : [n]];
}

/** A gradient of matrices, summed up over the batch that they were stretched to, as one of vectors maybe. */
function fitted(gradient: Tensor, matrices: Shape, shape: Shape): Tensor {
  const summed = sumTo(gradient, matrices);
  return isSameShape(matrices, shape) ? summed : summed.reshape(shape);
}

/** All rows, whatever their axes, times one matrix or vector. */
function asOneMatrix(a: Tensor, b: Tensor): Tensor {
  const { shape } = viewOf(a), rows = shape.slice(0, -1), k = shape[shape.length - 1];
  return matmul(a.reshape([sizeOf(rows), k]), b).reshape([...rows, ...viewOf(b).shape.slice(1)]);
}

/** Σ a·b of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkTensor("dot", b);
  const left = viewOf(a).shape, right = viewOf(b).shape;
  if (left.length !== 1 || right.length !== 1) {
    refuse("dot", left, right, "two vectors are needed, matmul() takes matrices");
  }
  return matmul(a, b, "dot");
}

/** Every product of an element of one vector and one of another. */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkTensor("multiply outer", b);
  const left = viewOf(a).shape, right = viewOf(b).shape;
  if (left.length !== 1 || right.length !== 1) refuse("multiply outer", left, right, "two vectors are needed");
  return operation(Op.mul, a.reshape([left[0], 1]), b);
}

// ---------------------------------------------------------------- layers

/** What a layer can do to its sums: one of the activations of c/ops.h. */
export type TensorActivation = "relu" | "leakyRelu" | "tanh" | "sigmoid" | "gelu" | "silu" | "softplus";

/** Whether the derivative of an operation needs the result only, so that its operand is not kept. */
const isKnownByResult = derivatives.map(([formula]) => !JSON.stringify(formula ?? "a").includes(`"a"`));

/** What becomes of the sums of a layer, by the operation, if there is one, and whether there is a bias. */
const endings = new Map<number, Program>();

function endingOf(op: number | undefined, hasBias: boolean): Program {
  const key = (op ?? 0) * 2 + Number(hasBias);
  let program = endings.get(key);
  if (program === undefined) {
    const sums: Expression = hasBias ? [Op.add, "x", "bias"] : "x";
    endings.set(key, program = compile(op === undefined ? sums : [op, sums]));
  }
  return program;
}

/** f(x·Wᵀ + b) for the last axis of x. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor, activation?: TensorActivation): Tensor {
  const { shape } = viewOf(x);
  if (activation !== undefined) checkName("the activation", activation, activationOps);
  checkLayer(shape, weight, bias);
  if (shape.length === 2) return layer(x, weight, bias, activation);
  const batch = shape.slice(0, -1), rows = x.reshape([sizeOf(batch), shape[shape.length - 1]]);
  return layer(rows, weight, bias, activation).reshape([...batch, viewOf(weight).shape[0]]);
}

function checkLayer(x: Shape, weight: Tensor, bias: Tensor | undefined): void {
  checkTensor("apply linear()", weight);
  if (bias !== undefined) checkTensor("apply linear()", bias);
  const w = viewOf(weight).shape, b = bias && viewOf(bias).shape;
  const isFit = x.length > 0 && w.length === 2 && w[1] === x[x.length - 1];
  if (isFit && (b === undefined || (b.length === 1 && b[0] === w[0]))) return;
  throw new GradusError(
    "shape",
    `Cannot apply linear(): the input has the shape ${shapeText(x)}, the weight ${shapeText(w)}${
      b === undefined ? "" : `, the bias ${shapeText(b)}`
    }; (…, nin), (nout, nin) and (nout,) are needed`,
  );
}

/** f(x·Wᵀ + b) of rows. */
function layer(x: Tensor, weight: Tensor, bias?: Tensor, activation?: TensorActivation): Tensor {
  const type = layerType(x, weight, bias);
  if (activation === undefined) return affine(x, weight, bias, type);
  const op = Op[activation];
  if (type.kind !== Kind.float || !isKnownByResult[op]) return affine(x, weight, bias, type)[activation]();
  const sums = affine(x, weight, bias, type, op);
  return sums.requiresGrad ? recorded(op, viewOf(sums), { a: sums, b: 0 }, [sums], [0]) : sums;
}

function layerType(x: Tensor, weight: Tensor, bias: Tensor | undefined): DtypeInfo {
  const type = productType(viewOf(x), viewOf(weight));
  return bias === undefined ? type : promoted(type, viewOf(bias).dtype);
}

/**
 * x·Wᵀ + b of rows, recorded as that even if an activation was applied to the elements: the tensor is its operand in the graph then,
 * its elements are those of the result.
 */
function affine(x: Tensor, weight: Tensor, bias: Tensor | undefined, type: DtypeInfo, op?: number): Tensor {
  const input = viewOf(x), w = viewOf(weight), compute = dtypeOf(type.compute);
  const sums = product("linear", input, swapped(w), [], compute);
  const y = type === compute ? sums : View.allocate(type, sums.shape);
  if (y !== sums || bias !== undefined || op !== undefined) {
    const ending = endingOf(op, bias !== undefined);
    run("linear", ending, ending.uniforms, y, bias === undefined ? [sums] : [sums, viewOf(bias)], compute);
  }
  const saved = [], pullbacks = [unwanted, unwanted];
  if (nodeOf(x) !== undefined) {
    saved.push(w);
    pullbacks[0] = timesWeight(weight);
  }
  if (nodeOf(weight) !== undefined) {
    saved.push(input);
    pullbacks[1] = timesInput(x);
  }
  if (bias === undefined) return record("linear", y, [x, weight], pullbacks, saved);
  return record("linear", y, [x, weight, bias], [...pullbacks, (gradient) => gradient.sum(0)], saved);
}

const timesWeight = (weight: Tensor): Pullback => (gradient) => matmul(gradient, weight);
const timesInput = (x: Tensor): Pullback => (gradient) => matmul(transposed(gradient), x);
