/**
 * Writing networks as ONNX, and the formulas by which activations are known there. The messages of the format are left to
 * `onnx-buf`, generated from onnx.proto; reading to onnx_read.ts.
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";
import config from "../../deno.json" with { type: "json" };
import { GradusError } from "../error.ts";
import type { ActivationName } from "../layer.ts";
import type { MLP } from "../mlp.ts";
import { checkName, checkOptions, shown } from "../options.ts";
import { type Dtype, newReals, type Reals } from "../shape.ts";

/** Options of `toOnnx` and `saveOnnx`. */
export interface ToOnnxOptions {
  /** Of the graph, for people; default `"mlp"`. */
  name?: string;
  /** What the network is, for people: the model's `doc_string`. Default none. */
  description?: string;
  /** The name of the inputs (batch, nin); default `"input"`. */
  input?: string;
  /** The name of the outputs (batch, nout); default `"output"`. */
  output?: string;
  /** Of the numbers in the file; default that of the network. */
  dtype?: Dtype;
}

/** The first set of operators that has Gelu, and the version of the format that came with it. */
const OPSET = 20n, IR_VERSION = 9n;

/** What protobuf allows for a file, less what is not parameters. */
const LARGEST_FILE = 2 ** 31 - 2 ** 20;

const dataTypes = { float32: TensorProto_DataType.FLOAT, float64: TensorProto_DataType.DOUBLE } as const;

/** A function of `"x"` by operators of ONNX: `["Mul", "x", ["Sigmoid", "x"]]`. Numbers stand for themselves. */
export type Formula = "x" | number | readonly [operator: string, operand: Formula, another?: Formula];

/**
 * The activations. All attributes have their defaults: the slope 0.01, erf and not tanh, the last axis. In float64 two are
 * composed: ONNX has the slope in float32 only, and onnxruntime has no Softplus. It has no Gelu either, nor the Erf that
 * this would be composed of.
 */
export const formulas: Readonly<Record<Dtype, Readonly<Record<ActivationName, Formula>>>> = (() => {
  const float32 = {
    linear: "x",
    relu: ["Relu", "x"],
    leakyRelu: ["LeakyRelu", "x"],
    tanh: ["Tanh", "x"],
    sigmoid: ["Sigmoid", "x"],
    gelu: ["Gelu", "x"],
    silu: ["Mul", "x", ["Sigmoid", "x"]],
    softplus: ["Softplus", "x"],
    softmax: ["Softmax", "x"],
  } as const;
  const float64 = {
    ...float32,
    leakyRelu: ["Max", "x", ["Mul", "x", 0.01]],
    softplus: ["Add", ["Relu", "x"], ["Log", ["Add", ["Exp", ["Neg", ["Abs", "x"]]], 1]]],
  } as const;
  return { float32, float64 };
})();

type Node = MessageInitShape<typeof NodeProtoSchema>;
type Tensor = MessageInitShape<typeof TensorProtoSchema>;

/** The bytes of an ONNX file; see `toOnnx` in onnx.ts. */
export function encodeOnnx(model: MLP, options: ToOnnxOptions): Uint8Array<ArrayBuffer> {
  checkOptions("the settings of an ONNX file", options, ["name", "description", "input", "output", "dtype"]);
  const { input = "input", output = "output", name = "mlp", description = "" } = options;
  for (const [option, text] of Object.entries({ input, output, name, description })) {
    if (typeof text === "string" && (text !== "" || option === "description")) continue;
    throw new GradusError("argument", `Cannot use the ${option} ${shown(text)} in an ONNX file: a text is needed`);
  }
  const dtype = checkName("the dtype", options.dtype ?? model.dtype, ["float32", "float64"]);
  const { node, initializer } = graphOf(model, dtype, input, output);
  refuseTwice([input, ...initializer.map(({ name }) => name!), ...node.map(({ name }) => name!)]);
  const file = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }],
    producerName: "gradus",
    producerVersion: config.version,
    docString: description,
    graph: {
      name,
      node,
      initializer,
      input: [rowsOf(input, model.nin, dtype)],
      output: [rowsOf(output, model.nout, dtype)],
    },
  });
  return toBinary(ModelProtoSchema, file);
}

/** Each layer as Gemm and the operators of its activation. A node and its only result go by one name. */
function graphOf(model: MLP, dtype: Dtype, input: string, output: string): { node: Node[]; initializer: Tensor[] } {
  const node: Node[] = [], initializer = parametersOf(model, dtype), constants = new Set<number>();
  let x = input;
  model.layers.forEach(({ activation }, i) => {
    const layer = `layers.${i}`, result = i < model.layers.length - 1 ? `${layer}.output` : output;
    const formula = formulas[dtype][activation];
    const linear = formula === "x" ? result : `${layer}.linear`;
    node.push({
      name: linear,
      opType: "Gemm",
      input: [x, `${layer}.weight`, `${layer}.bias`],
      output: [linear],
      attribute: [{ name: "transB", type: AttributeProto_AttributeType.INT, i: 1n }],
    });
    const compute = (formula: Formula, name?: string): string => {
      if (formula === "x") return linear;
      if (typeof formula === "number") {
        constants.add(formula);
        return `constant.${formula}`;
      }
      const [opType, ...operands] = formula;
      const inputs = operands.map((operand) => compute(operand!));
      name ??= `${layer}.${opType}.${node.length}`;
      node.push({ name, opType, input: inputs, output: [name] });
      return name;
    };
    x = compute(formula, result);
  });
  for (const x of constants) initializer.push(tensorOf(`constant.${x}`, [], reals(dtype, [x]), dtype));
  return { node, initializer };
}

function parametersOf(model: MLP, dtype: Dtype): Tensor[] {
  const bytes = model.parameters.length * (dtype === "float64" ? 8 : 4);
  if (bytes > LARGEST_FILE) {
    throw new GradusError(
      "argument",
      `Cannot write the network as ONNX: its parameters take ${bytes} bytes, at most ${LARGEST_FILE} fit into a file`,
    );
  }
  return [...model.parameters].map(({ name, shape, data }) => {
    const numbers = model.dtype === dtype ? data : reals(dtype, data);
    const bad = numbers.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new GradusError(
        "numeric",
        `Cannot write the network as ONNX: number ${bad} of ${name} is ${
          data[bad]
        }, finite ${dtype} numbers are needed`,
      );
    }
    return tensorOf(name, shape, numbers, dtype);
  });
}

function reals(dtype: Dtype, numbers: ArrayLike<number>): Reals {
  const result = newReals(dtype, numbers.length);
  result.set(numbers);
  return result;
}

/** The bytes are as they lie: every machine that Deno runs on is little-endian, as ONNX is. */
function tensorOf(
  name: string,
  shape: readonly number[],
  { buffer, byteOffset, byteLength }: Reals,
  dtype: Dtype,
): Tensor {
  const rawData = new Uint8Array(buffer, byteOffset, byteLength);
  return { name, dims: shape.map(BigInt), dataType: dataTypes[dtype], rawData };
}

/** The description of rows of numbers, any number of them. */
function rowsOf(name: string, width: number, dtype: Dtype): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = [
    { value: { case: "dimParam", value: "batch" } },
    { value: { case: "dimValue", value: BigInt(width) } },
  ] as const;
  return {
    name,
    type: { value: { case: "tensorType", value: { elemType: dataTypes[dtype], shape: { dim: [...dim] } } } },
  };
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return;
  throw new GradusError(
    "argument",
    `Cannot use the name "${twice}" in an ONNX file: it stands for something else there, another one is needed`,
  );
}
