/**
 * Reading networks from ONNX: a chain of dense layers, whoever wrote it. The messages of the format are left to
 * `onnx-buf`, generated from onnx.proto; making the network of what was read to onnx.ts.
 *
 * A node either begins a layer (Gemm, MatMul), adds its bias (Add), hands on what it gets (Identity, Cast, Flatten,
 * Reshape), or goes on with the formula of an activation, which is kept as a text: `Mul(Sigmoid(x),x)`, x being what the
 * layer gives before the activation. At the next layer, and at the end, the text has to be that of an activation.
 */
import { type DescMessage, fromBinary, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
} from "onnx-buf";
import { GradusError } from "../error.ts";
import type { ActivationName } from "../layer.ts";
import { shown } from "../options.ts";
import { type Dtype, newReals, type Reals } from "../shape.ts";
import { type Formula, formulas } from "./onnx_write.ts";

/** One layer that was read. */
export interface DenseLayer {
  /** Numbers that go in. */
  nin: number;
  /** Numbers that come out. */
  nout: number;
  /** (nout, nin), row after row. */
  weight: Reals;
  /** (nout), or none. */
  bias?: Reals;
  /** What is applied to w·x + b. */
  activation: ActivationName;
}

/** What a file holds. */
export interface DenseNetwork {
  /** Of the weights. */
  dtype: Dtype;
  /** The layers, each taking what the one before gives. */
  layers: DenseLayer[];
}

/** From where Gemm broadcasts its bias as it does today. */
const OLDEST_OPSET = 7;

/** Much more than what exporters write beside the numbers of a network. */
const LARGEST_DESCRIPTION = 2 ** 22;

/** The operators that are understood, with their attributes: the values that are, or none where every value is. */
const operators: Readonly<Record<string, Readonly<Record<string, readonly (number | string)[]>>>> = {
  Gemm: { alpha: [], beta: [], transA: [0], transB: [0, 1] },
  MatMul: {},
  Add: {},
  Relu: {},
  LeakyRelu: { alpha: [0.01] },
  Tanh: {},
  Sigmoid: {},
  Gelu: { approximate: ["none"] },
  Softplus: {},
  Softmax: { axis: [-1, 1] },
  Mul: {},
  Div: {},
  Max: {},
  Erf: {},
  Exp: {},
  Log: {},
  Neg: {},
  Abs: {},
  Greater: {},
  Where: {},
  Constant: { value: [] },
  Identity: {},
  Cast: { to: [TensorProto_DataType.FLOAT, TensorProto_DataType.DOUBLE], saturate: [] },
  Flatten: { axis: [1] },
  Reshape: { allowzero: [] },
};

/** Formulas that others write: the softplus of PyTorch, which is x above 20, and gelu from before there was Gelu. */
const foreignFormulas: readonly [ActivationName, string][] = [
  ["softplus", "Where(Greater(x,20),x,Softplus(x))"],
  ["gelu", textOf(["Mul", ["Mul", "x", 0.5], ["Add", ["Erf", ["Div", "x", Math.SQRT2]], 1]])],
  ["gelu", textOf(["Mul", ["Mul", "x", 0.5], ["Add", ["Erf", ["Mul", "x", Math.SQRT1_2]], 1]])],
];

const activations: ReadonlyMap<string, ActivationName> = new Map([
  ...[formulas.float32, formulas.float64].flatMap((table) =>
    Object.entries(table).map(([name, formula]) => [textOf(formula), name as ActivationName] as const)
  ),
  ...foreignFormulas.map(([name, text]) => [text, name] as const),
]);

/** Longer than every formula in the table. */
const LONGEST_TEXT = 100;

/** The factors of a formula as texts; all but products have one. So products are the same in whatever order they are. */
type Factors = readonly string[];

function textOfFactors(factors: Factors): string {
  return factors.length === 1 ? factors[0] : `Mul(${factors.toSorted().join()})`;
}

function applied(operator: string, operands: readonly Factors[]): Factors {
  if (operator === "Mul") return operands.flat();
  const texts = operands.map(textOfFactors);
  if (operator === "Add" || operator === "Max") texts.sort();
  return [`${operator}(${texts.join()})`];
}

/** Six digits, so that a float32 is the number that it is meant to be. */
function textOfNumber(x: number): string {
  return String(Number(x.toPrecision(6)));
}

function factorsOf(formula: Formula): Factors {
  if (formula === "x") return [formula];
  if (typeof formula === "number") return [textOfNumber(formula)];
  const [operator, ...operands] = formula;
  return applied(operator, operands.map((operand) => factorsOf(operand!)));
}

function textOf(formula: Formula): string {
  return textOfFactors(factorsOf(formula));
}

type Refuse = (text: string, cause?: unknown) => never;

/** What says that a file cannot be loaded, and why. */
export function refusal(source: string): Refuse {
  return (text, cause) => {
    throw new GradusError("data", `Cannot load a network from ${source}: ${text}`, { cause });
  };
}

/** The messages of a file. */
export function parseOnnx(bytes: Uint8Array, source: string): ModelProto {
  const refuse = refusal(source);
  if (!(bytes instanceof Uint8Array)) refuse(`there is ${shown(bytes)}, a Uint8Array is needed`);
  try {
    checkDescription(bytes, refuse);
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    if (cause instanceof GradusError) throw cause;
    const why = (cause as Error).message;
    return refuse(`it is damaged or not ONNX (${why}), a whole ONNX file is needed`, cause);
  }
}

/**
 * Goes through a file without making anything, and refuses it if there is too much in it beside numbers: messages take a
 * hundred times their bytes in memory.
 */
function checkDescription(bytes: Uint8Array, refuse: Refuse): void {
  const reader = new BinaryReader(bytes);
  let described = 0;
  const count = (bytes: number): void => {
    described += bytes;
    if (described > LARGEST_DESCRIPTION) refuse("it has more than 4 MB beside numbers, a chain of layers is needed");
  };
  const pass = (schema: DescMessage, end: number): void => {
    while (reader.pos < end) {
      const start = reader.pos, [number, wireType] = reader.tag();
      const field = schema.fields.find((field) => field.number === number);
      const isPart = field !== undefined && wireType === WireType.LengthDelimited;
      const length = isPart ? reader.uint32() : 0;
      if (!isPart) reader.skip(wireType, number);
      count(reader.pos - start);
      if (field?.message !== undefined) pass(field.message, reader.pos + length);
      else {
        if (!isNumbers(field?.scalar)) count(length);
        reader.pos += length;
      }
    }
  };
  pass(ModelProtoSchema, bytes.length);
}

function isNumbers(type: ScalarType | undefined): boolean {
  return type === ScalarType.BYTES || type === ScalarType.FLOAT || type === ScalarType.DOUBLE;
}

/** The names of the files that hold numbers of the model. */
export function externalFiles(model: ModelProto): string[] {
  const tensors = (model.graph?.initializer ?? []).filter(isExternal);
  return [...new Set(tensors.map((tensor) => externalEntry(tensor, "location") ?? ""))];
}

function isExternal({ dataLocation }: TensorProto): boolean {
  return dataLocation === TensorProto_DataLocation.EXTERNAL;
}

function externalEntry({ externalData }: TensorProto, name: string): string | undefined {
  return externalData.find(({ key }) => key === name)?.value;
}

/** What is computed of the input: a formula of x, the numbers of a layer before its activation. */
interface Term {
  /** Which x. A layer makes a new one, and so does its bias. */
  readonly step: number;
  readonly factors: Factors;
  /** How many numbers a row has, where that is known. */
  readonly width: number | undefined;
  /** Whether the shape is (rows, width), and not (rows, channels, height, width). */
  readonly flat: boolean;
}

type Value = Term | TensorProto;

function isTerm(value: Value | undefined): value is Term {
  return value !== undefined && "factors" in value;
}

/**
 * The layers of a file.
 *
 * @param model The messages.
 * @param output The name of the output that is wanted; needed if there are several.
 * @param files The external files by name.
 * @param source Where it is from, for messages.
 * @throws {GradusError} If it is no chain of dense layers. Nothing is made that is larger than the numbers in the file.
 */
export function decodeOnnx(
  { graph, opsetImport }: ModelProto,
  output: string | undefined,
  files: Readonly<Record<string, Uint8Array>>,
  source: string,
): DenseNetwork {
  const refuse = refusal(source);
  if (graph === undefined) return refuse("it has no graph, a whole ONNX file is needed");
  const opset = opsetImport.find(isStandard)?.version ??
    refuse("it names no operator set, a whole ONNX file is needed");
  if (opset < OLDEST_OPSET) refuse(`its operator set is ${opset}, ${OLDEST_OPSET} or a later one is needed`);
  return new Reader(graph, files, refuse).read(output);
}

function isStandard({ domain }: { domain: string }): boolean {
  return domain === "" || domain === "ai.onnx";
}

class Reader {
  readonly #graph: GraphProto;
  readonly #files: Readonly<Record<string, Uint8Array>>;
  readonly #refuse: Refuse;
  readonly #values: Map<string, Value>;
  readonly #layers: DenseLayer[] = [];
  #dtype: Dtype | undefined;
  #step = 0;

  constructor(graph: GraphProto, files: Readonly<Record<string, Uint8Array>>, refuse: Refuse) {
    this.#graph = graph;
    this.#files = files;
    this.#refuse = refuse;
    this.#values = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  }

  read(wanted: string | undefined): DenseNetwork {
    this.#readInput();
    const output = this.#outputName(wanted);
    for (const node of this.#nodesFor(output)) this.#values.set(node.output[0], this.#compute(node));
    const result = this.#values.get(output);
    if (!isTerm(result)) {
      return this.#refuse(`its output "${output}" does not depend on its input, a network is needed`);
    }
    if (this.#layers.length === 0) this.#refuse("it has no layer, a Gemm or MatMul is needed");
    this.#endLayer(result, true);
    return { dtype: this.#dtype!, layers: this.#layers };
  }

  #readInput(): void {
    // Up to version 3 of the format the constants stand among the inputs, too.
    const inputs = this.#graph.input.filter(({ name }) => !this.#values.has(name));
    if (inputs.length !== 1) this.#refuse(`it has ${inputs.length} inputs, one is needed`);
    const [{ name, type }] = inputs;
    const shape = type?.value.case === "tensorType" ? type.value.value.shape : undefined;
    const sizes = shape?.dim.slice(1).map(({ value }) => value.case === "dimValue" ? Number(value.value) : NaN);
    const width = sizes?.reduce((product, size) => product * size, 1);
    this.#values.set(name, {
      step: 0,
      factors: ["x"],
      width: Number.isNaN(width) ? undefined : width,
      flat: sizes === undefined || sizes.length === 1,
    });
  }

  #outputName(wanted: string | undefined): string {
    const names = this.#graph.output.map(({ name }) => name);
    if (wanted === undefined && names.length === 1) return names[0];
    if (wanted !== undefined && names.includes(wanted)) return wanted;
    const shown = names.slice(0, 10).map((name) => `"${name}"`).join(", ");
    return wanted === undefined
      ? this.#refuse(`it has ${names.length} outputs (${shown}), the name of one as the option output is needed`)
      : this.#refuse(`it has no output "${wanted}", one of ${shown} is needed`);
  }

  /** The nodes on which the output depends. A file has them in an order in which they can be computed. */
  #nodesFor(output: string): NodeProto[] {
    const needed = new Set([output]);
    const isNeeded = (node: NodeProto): boolean => {
      if (!needed.has(node.output[0])) return false;
      node.input.forEach((name) => needed.add(name));
      return true;
    };
    return this.#graph.node.toReversed().filter(isNeeded).toReversed();
  }

  #compute(node: NodeProto): Value {
    const refuse: Refuse = (text) => this.#refuse(`${titleOf(node)} ${text}`);
    checkNode(node, refuse);
    if (this.#values.has(node.output[0])) refuse(`computes "${node.output[0]}", which is there already`);
    const operands = node.input.map((name) =>
      this.#values.get(name) ?? (name === "" ? undefined : refuse(`needs "${name}", which nothing before it computes`))
    );
    for (const value of operands) {
      if (!isTerm(value) || value.step === this.#step) continue;
      refuse("goes back to what was before a layer, a chain without branches is needed");
    }
    const [x, second] = operands;
    switch (node.opType) {
      case "Constant":
        return attributeOf(node, "value")?.t ?? refuse("has no tensor, its value is needed");
      case "Identity":
      case "Cast":
        return x ?? refuse("has no input, one is needed");
      case "Flatten":
      case "Reshape":
        return this.#reshape(node, x, second, refuse);
      case "Gemm":
      case "MatMul":
        return this.#beginLayer(node, operands, refuse);
      case "Add":
        return this.#addBias(x, second, refuse) ?? this.#addBias(second, x, refuse) ??
          this.#apply(node, operands, refuse);
      default:
        return this.#apply(node, operands, refuse);
    }
  }

  /** Rows stay the rows that they are: what was of several dimensions lies in memory as before. */
  #reshape({ opType }: NodeProto, x: Value | undefined, shape: Value | undefined, refuse: Refuse): Term {
    if (!isTerm(x)) return refuse("reshapes a constant, constants as they are used are needed");
    if (opType === "Reshape") {
      const sizes = shape === undefined || isTerm(shape) ? [] : integersOf(shape, refuse);
      if (sizes.length !== 2 || sizes[1] !== x.width) refuse(`makes (${sizes}), rows as they come are needed`);
    }
    return { ...x, flat: true };
  }

  #beginLayer(node: NodeProto, [x, w, b]: readonly (Value | undefined)[], refuse: Refuse): Term {
    if (!isTerm(x)) return refuse("multiplies a constant from the left, constant weights on the right are needed");
    if (w === undefined || isTerm(w)) return refuse("has weights that are computed, constant ones are needed");
    if (!x.flat) refuse("takes inputs of more than two dimensions, Flatten before it is needed");
    this.#endLayer(x, false);
    const shape = shapeOf(w, refuse);
    if (shape.length !== 2) refuse(`has weights of the shape (${shape.join(", ")}), two dimensions are needed`);
    const transposed = numberOf(node, "transB", 0) === 1;
    const [nout, nin] = transposed ? shape : shape.toReversed();
    if (x.width !== undefined && x.width !== nin) refuse(`takes ${nin} numbers, the one before it gives ${x.width}`);
    const numbers = this.#realsOf(w, refuse);
    const weight = scaled(transposed ? numbers : transpose(numbers, nin, nout), numberOf(node, "alpha", 1));
    const bias = b === undefined ? undefined : scaled(this.#biasOf(b, nout, refuse), numberOf(node, "beta", 1));
    this.#layers.push({ nin, nout, weight, bias, activation: "linear" });
    return this.#next(nout);
  }

  /** The sum of a layer that has no bias so far and a constant; nothing if it is another sum. */
  #addBias(x: Value | undefined, b: Value | undefined, refuse: Refuse): Term | undefined {
    const layer = this.#layers.at(-1);
    if (layer === undefined || layer.bias !== undefined || b === undefined || isTerm(b)) return undefined;
    if (!isTerm(x) || textOfFactors(x.factors) !== "x") return undefined;
    layer.bias = this.#biasOf(b, layer.nout, refuse);
    return this.#next(layer.nout);
  }

  #next(width: number): Term {
    return { step: ++this.#step, factors: ["x"], width, flat: true };
  }

  #apply({ opType }: NodeProto, operands: readonly (Value | undefined)[], refuse: Refuse): Term {
    const x = operands.find(isTerm) ?? refuse("depends on constants alone, its result as a constant is needed");
    const factors = applied(
      opType,
      operands.map((value) => {
        if (value === undefined) return refuse("lacks an input, all are needed");
        return isTerm(value) ? value.factors : [textOfNumber(this.#scalarOf(value, refuse))];
      }),
    );
    const text = textOfFactors(factors);
    if (text.length > LONGEST_TEXT) refuse(`goes on with ${text}, which is no activation`);
    return { ...x, factors };
  }

  /** The formula becomes the activation of the layer; before the first layer there can be none. */
  #endLayer({ factors }: Term, isLast: boolean): void {
    const text = textOfFactors(factors), layer = this.#layers.at(-1);
    if (layer === undefined) {
      if (text !== "x") this.#refuse(`it computes ${text} of its input, a layer at the beginning is needed`);
      return;
    }
    const activation = activations.get(text) ?? this.#refuse(
      `layer ${this.#layers.length - 1} ends with ${text}, the formula of one of ${
        [...new Set(activations.values())].join(", ")
      } is needed`,
    );
    if (activation === "softmax" && !isLast) {
      this.#refuse(`layer ${this.#layers.length - 1} has softmax, which is for the last layer`);
    }
    layer.activation = activation;
  }

  #scalarOf(tensor: TensorProto, refuse: Refuse): number {
    const numbers = this.#realsOf(tensor, refuse);
    if (numbers.length !== 1) refuse(`takes the ${numbers.length} numbers "${tensor.name}", one number is needed`);
    return numbers[0];
  }

  /** A number for each output; a single one is for all. */
  #biasOf(value: Value, nout: number, refuse: Refuse): Reals {
    if (isTerm(value)) return refuse("has a bias that is computed, a constant one is needed");
    const shape = shapeOf(value, refuse), width = shape.at(-1) ?? 1;
    if (shape.slice(0, -1).some((size) => size !== 1) || (width !== nout && width !== 1)) {
      refuse(`has a bias of the shape (${shape.join(", ")}), (${nout}) is needed`);
    }
    const numbers = this.#realsOf(value, refuse);
    return numbers.length === nout ? numbers : newReals(this.#dtype!, nout).fill(numbers[0]);
  }

  /** The numbers of a constant, all constants being of one type. */
  #realsOf(tensor: TensorProto, refuse: Refuse): Reals {
    const isDouble = tensor.dataType === TensorProto_DataType.DOUBLE, name = `"${tensor.name}"`;
    if (!isDouble && tensor.dataType !== TensorProto_DataType.FLOAT) {
      const type = TensorProto_DataType[tensor.dataType] ?? tensor.dataType;
      refuse(`takes the numbers ${name} of type ${type}, FLOAT or DOUBLE is needed`);
    }
    const dtype = isDouble ? "float64" : "float32";
    this.#dtype ??= dtype;
    if (dtype !== this.#dtype) refuse(`takes the ${dtype} numbers ${name}, ${this.#dtype} as before is needed`);
    const count = shapeOf(tensor, refuse).reduce((product, size) => product * size, 1);
    const bytes = bytesOf(tensor, this.#files, refuse);
    const list = isDouble ? tensor.doubleData : tensor.floatData;
    const there = bytes === undefined ? list.length : bytes.length / (isDouble ? 8 : 4);
    if (there !== count) refuse(`takes the numbers ${name}, of which ${there} are there, ${count} are needed`);
    const numbers = bytes === undefined ? newReals(dtype, count) : realsFrom(bytes, dtype);
    if (bytes === undefined) numbers.set(list);
    const bad = numbers.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      refuse(`takes the numbers ${name}, of which number ${bad} is ${numbers[bad]}, finite ones are needed`);
    }
    return numbers;
  }
}

function titleOf({ name, opType, output }: NodeProto): string {
  return `the node "${name || output[0]}" (${opType})`;
}

function checkNode(node: NodeProto, refuse: Refuse): void {
  if (!isStandard(node) || !Object.hasOwn(operators, node.opType)) {
    refuse(`is not understood, one of ${Object.keys(operators).join(", ")} is needed`);
  }
  const known = operators[node.opType];
  for (const attribute of node.attribute) {
    const { name } = attribute, value = valueOf(attribute);
    if (!Object.hasOwn(known, name)) refuse(`has the attribute ${name}, which is not understood`);
    if (!Number.isFinite(attribute.f)) refuse(`has ${name} = ${value}, a finite number is needed`);
    if (known[name].length > 0 && !known[name].includes(value)) {
      refuse(`has ${name} = ${value}, ${known[name].join(" or ")} is needed`);
    }
  }
}

function attributeOf(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

function numberOf(node: NodeProto, name: string, otherwise: number): number {
  const attribute = attributeOf(node, name);
  if (attribute === undefined) return otherwise;
  return attribute.type === AttributeProto_AttributeType.FLOAT ? attribute.f : Number(attribute.i);
}

/** What is compared: a number, rounded like those of formulas, or a text. */
function valueOf({ type, f, i, s }: AttributeProto): number | string {
  if (type === AttributeProto_AttributeType.FLOAT) return Number(f.toPrecision(6));
  return type === AttributeProto_AttributeType.INT ? Number(i) : new TextDecoder().decode(s);
}

/** The sizes, each of which C can count. */
function shapeOf({ name, dims }: TensorProto, refuse: Refuse): number[] {
  const bad = dims.find((size) => size < 1n || size >= 2n ** 31n);
  if (bad !== undefined) refuse(`takes the numbers "${name}" with a dimension of ${bad}, 1 to 2147483647 are needed`);
  return dims.map(Number);
}

/** The numbers as bytes, if they are bytes in the file or in one beside it. */
function bytesOf(
  tensor: TensorProto,
  files: Readonly<Record<string, Uint8Array>>,
  refuse: Refuse,
): Uint8Array | undefined {
  if (!isExternal(tensor)) return tensor.rawData.length > 0 ? tensor.rawData : undefined;
  const location = externalEntry(tensor, "location") ?? "";
  if (!Object.hasOwn(files, location)) {
    return refuse(`takes the numbers "${tensor.name}" from the file "${location}", that file is needed, too`);
  }
  const file = files[location], offset = Number(externalEntry(tensor, "offset") ?? 0);
  const length = Number(externalEntry(tensor, "length") ?? file.length - offset);
  if (!(offset >= 0 && length >= 0 && offset + length <= file.length)) {
    refuse(`takes ${length} bytes from ${offset} on of the file "${location}", it has ${file.length}`);
  }
  return file.subarray(offset, offset + length);
}

/** A copy, as the bytes may begin anywhere. Every machine that Deno runs on is little-endian, as ONNX is. */
function realsFrom(bytes: Uint8Array, dtype: Dtype): Reals {
  const { buffer } = new Uint8Array(bytes);
  return dtype === "float64" ? new Float64Array(buffer) : new Float32Array(buffer);
}

function integersOf(tensor: TensorProto, refuse: Refuse): number[] {
  if (tensor.dataType !== TensorProto_DataType.INT64) refuse(`takes the shape "${tensor.name}", INT64 is needed`);
  const { rawData, int64Data } = tensor;
  if (rawData.length === 0) return int64Data.map(Number);
  if (rawData.length % 8 !== 0) refuse(`takes the shape "${tensor.name}", which ends within a number`);
  return Array.from(new BigInt64Array(new Uint8Array(rawData).buffer), Number);
}

/** (nout, nin) from (nin, nout). */
function transpose(w: Reals, nin: number, nout: number): Reals {
  return w.map((_, at) => w[(at % nin) * nout + Math.floor(at / nin)]);
}

function scaled(numbers: Reals, factor: number): Reals {
  return factor === 1 ? numbers : numbers.map((x) => x * factor);
}
