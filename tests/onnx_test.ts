import { clearField, create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";
import { type Dtype, GradusError, Layer, MLP } from "../mod.ts";
import { fromOnnx, type FromOnnxOptions, loadOnnx, saveOnnx, toOnnx } from "../src/formats/onnx.ts";
import { onnxCases } from "./_onnx_models.ts";
import { assertClose, float64, reference, type Tolerance } from "./_reference.ts";

interface Written {
  name: string;
  evaluator: string;
  outputs: number[][];
  sha256: string;
}

interface Exported {
  name: string;
  dtype: Dtype;
  /** In base64, like `data`, the file beside it. */
  file: string;
  data?: string;
  output?: string;
  inputs: number[][];
  outputs: number[][];
}

const { inputs, written, records } = await reference<{
  inputs: number[][];
  written: Written[];
  records: Exported[];
}>("onnx");

/** float32 results of some dozen terms of size 1 to 100. */
const float32: Tolerance = { relative: 1e-6, absolute: 1e-6 };

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

for (const { name, model, options } of onnxCases) {
  Deno.test(`toOnnx() writes what other programs evaluate alike: ${name}`, async () => {
    const record = written.find((record) => record.name === name);
    assert(record !== undefined, "tests/reference/onnx.json does not have it");
    // Of these bytes onnxruntime gave the outputs. The version of gradus is not among them.
    const file = fromBinary(ModelProtoSchema, toOnnx(model, options));
    clearField(file, ModelProtoSchema.field.producerVersion);
    assertEquals(await sha256(toBinary(ModelProtoSchema, file)), record.sha256);
    const tolerance = (options.dtype ?? model.dtype) === "float64" ? float64 : float32;
    assertClose(model.predict(inputs).flat(), record.outputs.flat(), tolerance, record.evaluator);
  });

  Deno.test(`fromOnnx() gives what toOnnx() wrote, to the bit: ${name}`, () => {
    const again = fromOnnx(toOnnx(model, options));
    const dtype = options.dtype ?? model.dtype;
    assertEquals(String(again), String(model).replace(model.dtype, dtype));
    const round = dtype === "float32" ? Math.fround : Number;
    assertEquals([...again.parameters.data], Array.from(model.parameters.data, round));
    assertEquals(toOnnx(again, { ...options, dtype: undefined }), toOnnx(model, options));
  });
}

for (const { name, dtype, file, data, output, inputs, outputs } of records) {
  Deno.test(`fromOnnx() reads what others export: ${name}`, () => {
    const files = data === undefined ? undefined : { "model.onnx.data": bytesOf(data) };
    const model = fromOnnx(bytesOf(file), { output, files });
    assertEquals(model.dtype, dtype);
    // PyTorch's Softplus is x above 20, where e⁻²⁰ is missing.
    assertClose(model.predict(inputs).flat(), outputs.flat(), dtype === "float64" ? float64 : float32, name);
  });
}

Deno.test("toOnnx() uses the names that it is given, tells its producer, and allows any number of rows", () => {
  const { model, options } = onnxCases.find(({ name }) => name === "named")!;
  const { producerName, producerVersion, docString, graph, irVersion, opsetImport } = fromBinary(
    ModelProtoSchema,
    toOnnx(model, options),
  );
  const config = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  assertEquals([producerName, producerVersion, docString], ["gradus", config.version, "What it is."]);
  assertEquals([irVersion, opsetImport[0].version, graph?.name], [9n, 20n, "graph"]);
  for (const [values, name, width] of [[graph?.input, "sizes", 3n], [graph?.output, "prices", 2n]] as const) {
    const { value } = values![0].type!;
    assertEquals(values!.map((value) => value.name), [name]);
    assert(value.case === "tensorType");
    assertEquals(value.value.shape!.dim.map(({ value }) => value.value), ["batch", width]);
  }
  assertEquals(
    graph?.initializer.map(({ name, dims }) => `${name} ${dims}`),
    [...model.parameters].map(({ name, shape }) => `${name} ${shape}`),
  );
});

Deno.test("toOnnx() refuses options and parameters that cannot be written", () => {
  const model = new MLP(2, [3, 1], { activation: "softplus", dtype: "float64" });
  const refuse = (options: object, message: string) =>
    assertThrows(() => toOnnx(model, options), GradusError, `Cannot use ${message}`);
  refuse({ names: 1 }, 'the settings of an ONNX file: there is no option "names"');
  refuse({ input: "" }, 'the input "" in an ONNX file: a text is needed');
  refuse({ description: 1 }, "the description 1 in an ONNX file: a text is needed");
  refuse({ dtype: "float16" }, 'the dtype "float16": one of float32, float64 is needed');
  for (const name of ["output", "layers.0.weight", "layers.0.linear", "constant.1"]) {
    refuse({ input: name }, `the name "${name}" in an ONNX file: it stands for something else there`);
  }
  model.parameters.data[4] = 1e39;
  assertEquals(fromOnnx(toOnnx(model)).parameters.data[4], 1e39);
  assertThrows(
    () => toOnnx(model, { dtype: "float32" }),
    GradusError,
    "Cannot write the network as ONNX: number 4 of layers.0.weight is 1e+39, finite float32 numbers are needed",
  );
  model.parameters.data[7] = NaN;
  assertThrows(() => toOnnx(model), GradusError, "number 1 of layers.0.bias is NaN, finite float64 numbers are needed");
});

Deno.test("toOnnx() takes nothing but an MLP", () => {
  assertThrows(() => toOnnx(3 as never), GradusError, "Cannot write the network as ONNX: it is 3, an MLP is needed");
});

Deno.test("saveOnnx() and loadOnnx() give the same network, by path and by URL", async () => {
  const folder = await Deno.makeTempDir({ dir: ".scratch" });
  try {
    const model = new MLP(3, [4, 2], { seed: 3, activation: "gelu", dtype: "float64" });
    const path = `${folder}/a b.onnx`;
    await saveOnnx(model, path, { output: "y" });
    assertEquals(await Deno.readFile(path), toOnnx(model, { output: "y" }));
    const url = new URL(`../${path}`, import.meta.url);
    for (const place of [path, url]) {
      assertEquals((await loadOnnx(place, { output: "y" })).parameters.data, model.parameters.data);
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a b.onnx"]);
    await assertRejects(
      () => saveOnnx(model, `${folder}/none/x.onnx`),
      GradusError,
      `there is no folder ${folder}/none/`,
    );
    await assertRejects(() => loadOnnx(`${folder}/x.onnx`), GradusError, `there is no file ${folder}/x.onnx`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadOnnx() reads the numbers that PyTorch put into a file beside, and only from there", async () => {
  const folder = await Deno.makeTempDir({ dir: ".scratch" });
  try {
    const { file, data, inputs, outputs } = records.find(({ data }) => data !== undefined)!;
    const path = `${folder}/model.onnx`;
    await Deno.writeFile(path, bytesOf(file));
    await assertRejects(() => loadOnnx(path), GradusError, `there is no file ${folder}/model.onnx.data`);
    await Deno.writeFile(`${path}.data`, bytesOf(data!));
    assertClose((await loadOnnx(path)).predict(inputs).flat(), outputs.flat(), float32, "outputs");
    await Deno.writeFile(`${path}.data`, bytesOf(data!).subarray(0, 1000));
    await assertRejects(() => loadOnnx(path), GradusError, "it has 1000");
    for (const location of ["../secret", "/etc/passwd", "..\\x", "..", ""]) {
      const model = fromBinary(ModelProtoSchema, bytesOf(file));
      const tensor = model.graph!.initializer.find(({ externalData }) => externalData.length > 0)!;
      tensor.externalData[0].value = location;
      await Deno.writeFile(path, toBinary(ModelProtoSchema, model));
      await assertRejects(() => loadOnnx(path), GradusError, `its numbers are in "${location}", the name of a file`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

// ---------------------------------------------------------------- files by hand

type Attribute = MessageInitShape<typeof AttributeProtoSchema>;
type Node = MessageInitShape<typeof NodeProtoSchema>;
type Tensor = MessageInitShape<typeof TensorProtoSchema>;
type Info = MessageInitShape<typeof ValueInfoProtoSchema>;

const { FLOAT, DOUBLE, INT64, FLOAT16 } = TensorProto_DataType;

function tensor(
  name: string,
  dims: number[],
  floatData: number[] = new Array(dims.reduce((a, b) => a * b, 1)).fill(1),
) {
  return { name, dims: dims.map(BigInt), dataType: FLOAT, floatData } satisfies Tensor;
}

/** A tensor whose numbers lie elsewhere, as ONNX tells it. */
function tensorInFile(name: string, dims: number[], where: Record<string, string>) {
  const externalData = Object.entries(where).map(([key, value]) => ({ key, value }));
  return { ...tensor(name, dims, []), dataLocation: TensorProto_DataLocation.EXTERNAL, externalData } satisfies Tensor;
}

/** A node whose result has its name; attributes by their values. */
function node(opType: string, name: string, input: string[], attributes: Record<string, number | string> = {}): Node {
  const attribute = Object.entries(attributes).map(([name, value]): Attribute =>
    typeof value === "string"
      ? { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) }
      : Number.isInteger(value) && name !== "alpha" && name !== "beta"
      ? { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) }
      : { name, type: AttributeProto_AttributeType.FLOAT, f: value }
  );
  return { name, opType, input, output: [name], attribute };
}

function info(name: string, ...sizes: number[]): Info {
  const dim = sizes.map((size) => ({ value: { case: "dimValue", value: BigInt(size) } } as const));
  return { name, type: { value: { case: "tensorType", value: { elemType: FLOAT, shape: { dim } } } } };
}

interface Parts {
  nodes?: Node[];
  tensors?: Tensor[];
  inputs?: Info[];
  outputs?: string[];
  opset?: number;
}

/** A file: 2 → 3 with the weights w (2, 3) and b (3), unless told otherwise; its output is the last node. */
function file({ nodes = [], tensors = [], inputs, outputs, opset = 20 }: Parts): Uint8Array<ArrayBuffer> {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 9n,
      opsetImport: [{ version: BigInt(opset) }],
      graph: {
        name: "g",
        node: nodes,
        initializer: [tensor("w", [2, 3], [1, 2, 3, 4, 5, 6]), tensor("b", [3], [10, 20, 30]), ...tensors],
        input: inputs ?? [info("x", 1, 2)],
        output: (outputs ?? [nodes.at(-1)?.name ?? "y"]).map((name) => info(name)),
      },
    }),
  );
}

const matMul = node("MatMul", "m", ["x", "w"]);

Deno.test("fromOnnx() folds alpha and beta into the parameters, transposes, and spreads biases", () => {
  const outputOf = (parts: Parts) => fromOnnx(file(parts)).predict([[1, 10]])[0];
  assertEquals(outputOf({ nodes: [matMul] }), [41, 52, 63]);
  assertEquals(outputOf({ nodes: [matMul, node("Add", "y", ["b", "m"])] }), [51, 72, 93]);
  assertEquals(outputOf({ nodes: [node("Gemm", "y", ["x", "w", "b"], { alpha: 2, beta: 0.5 })] }), [87, 114, 141]);
  const fine = file({ nodes: [node("Gemm", "y", ["x", "w"], { alpha: 1 + 2 ** -20 })] });
  assertEquals(fromOnnx(fine).parameters.data[0], 1 + 2 ** -20);
  const v = tensor("v", [1, 2], [3, 4]);
  assertEquals(outputOf({ nodes: [node("Gemm", "y", ["x", "v"], { transB: 1 })], tensors: [v] }), [43]);
  for (const dims of [[], [1], [1, 1]]) {
    const one = tensor("one", dims, [7]);
    assertEquals(outputOf({ nodes: [node("Gemm", "y", ["x", "w", "one"])], tensors: [one] }), [48, 59, 70]);
  }
  const row = tensor("row", [1, 3], [1, 2, 3]);
  assertEquals(outputOf({ nodes: [matMul, node("Add", "y", ["m", "row"])], tensors: [row] }), [42, 54, 66]);
});

Deno.test("fromOnnx() passes over nodes that change nothing, and does not read what the output does not need", () => {
  const shape = { name: "s", dims: [2n], dataType: INT64, int64Data: [-1n, 2n] } satisfies Tensor;
  const nodes = [
    node("Cast", "c", ["x"], { to: FLOAT }),
    node("Reshape", "r", ["c", "s"]),
    node("Flatten", "f", ["r"]),
    { name: "k", opType: "Constant", output: ["k"], attribute: [{ name: "value", t: tensor("", [3], [1, 1, 1]) }] },
    node("Identity", "w2", ["w"]),
    node("Gemm", "g", ["f", "w2", "k"]),
    node("Identity", "y", ["g"]),
    node("ArgMax", "class", ["y"]),
  ];
  const bytes = file({ nodes, tensors: [shape], outputs: ["class", "y"] });
  assertEquals(fromOnnx(bytes, { output: "y" }).predict([[1, 10]]), [[42, 53, 64]]);
  // Constants among the inputs, as up to version 3 of the format; no shape at all.
  const early = file({ nodes: [matMul], inputs: [info("w", 2, 3), { name: "x" }], opset: 7 });
  assertEquals(fromOnnx(early).predict([[1, 10]]), [[41, 52, 63]]);
});

Deno.test("fromOnnx() knows activations in whatever order their factors are", () => {
  const scalars = [tensor("half", [], [0.5]), tensor("one", [1], [1]), tensor("root", [], [Math.SQRT2])];
  const nodes = [
    matMul,
    node("Div", "d", ["m", "root"]),
    node("Erf", "e", ["d"]),
    node("Add", "a", ["one", "e"]),
    node("Mul", "h", ["half", "m"]),
    node("Mul", "y", ["a", "h"]),
  ];
  assertEquals(fromOnnx(file({ nodes, tensors: scalars })).layers[0].activation, "gelu");
  const silu = [matMul, node("Sigmoid", "s", ["m"]), node("Mul", "y", ["s", "m"])];
  assertEquals(fromOnnx(file({ nodes: silu })).layers[0].activation, "silu");
});

/** Each case is refused in one sentence, which begins with "Cannot load a network from ONNX: ". */
const refused: Record<string, [Parts, string, FromOnnxOptions?]> = {
  "no layer": [{ nodes: [node("Identity", "y", ["x"])] }, "it has no layer, a Gemm or MatMul is needed"],
  "no input": [{ nodes: [matMul], inputs: [] }, "it has 0 inputs, one is needed"],
  "two inputs": [{ nodes: [matMul], inputs: [info("x", 1, 2), info("z", 1, 2)] }, "it has 2 inputs, one is needed"],
  "two outputs": [
    { nodes: [matMul], outputs: ["m", "n"] },
    'it has 2 outputs ("m", "n"), the name of one as the option output is needed',
  ],
  "another output": [{ nodes: [matMul] }, 'it has no output "z", one of "m" is needed', { output: "z" }],
  "an output of nothing": [{ nodes: [matMul], outputs: ["q"] }, 'its output "q" does not depend on its input'],
  "an output of constants": [{ nodes: [matMul], outputs: ["w"] }, 'its output "w" does not depend on its input'],
  "an old operator set": [{ nodes: [matMul], opset: 6 }, "its operator set is 6, 7 or a later one is needed"],
  "a convolution": [
    { nodes: [node("Conv", "c1", ["x", "w"])] },
    'the node "c1" (Conv) is not understood, one of Gemm, MatMul, Add, Relu',
  ],
  "a name from the prototype": [{ nodes: [node("toString", "y", ["x"])] }, 'the node "y" (toString) is not understood'],
  "another domain": [
    { nodes: [{ ...node("Gemm", "y", ["x", "w"]), domain: "com.microsoft" }] },
    'the node "y" (Gemm) is not understood',
  ],
  "a transposed input": [
    { nodes: [node("Gemm", "y", ["x", "w"], { transA: 1 })] },
    'the node "y" (Gemm) has transA = 1, 0 is needed',
  ],
  "an unknown attribute": [
    { nodes: [node("Gemm", "y", ["x", "w"], { broadcast: 1 })] },
    "has the attribute broadcast, which is not understood",
  ],
  "another slope": [
    { nodes: [matMul, node("LeakyRelu", "y", ["m"], { alpha: 0.2 })] },
    'the node "y" (LeakyRelu) has alpha = 0.2, 0.01 is needed',
  ],
  "gelu by tanh": [
    { nodes: [matMul, node("Gelu", "y", ["m"], { approximate: "tanh" })] },
    'the node "y" (Gelu) has approximate = tanh, none is needed',
  ],
  "softmax over the rows": [
    { nodes: [matMul, node("Softmax", "y", ["m"], { axis: 0 })] },
    'the node "y" (Softmax) has axis = 0, -1 or 1 is needed',
  ],
  "softmax in the middle": [
    { nodes: [matMul, node("Softmax", "s", ["m"]), node("MatMul", "y", ["s", "v"])], tensors: [tensor("v", [3, 1])] },
    "layer 0 has softmax, which is for the last layer",
  ],
  "a cast to whole numbers": [
    { nodes: [matMul, node("Cast", "y", ["m"], { to: INT64 })] },
    'the node "y" (Cast) has to = 7, 1 or 11 is needed',
  ],
  "another shape": [
    {
      nodes: [matMul, node("Reshape", "y", ["m", "s"])],
      tensors: [{ name: "s", dims: [2n], dataType: INT64, int64Data: [3n, -1n] }],
    },
    'the node "y" (Reshape) makes (3,-1), rows as they come are needed',
  ],
  "half a size": [
    {
      nodes: [matMul, node("Reshape", "y", ["m", "s"])],
      tensors: [{ name: "s", dims: [2n], dataType: INT64, rawData: new Uint8Array(12) }],
    },
    'the node "y" (Reshape) takes the shape "s", which ends within a number',
  ],
  "an infinite factor": [
    { nodes: [node("Gemm", "y", ["x", "w"], { alpha: Infinity })] },
    'the node "y" (Gemm) has alpha = Infinity, a finite number is needed',
  ],
  "a second bias": [
    { nodes: [node("Gemm", "g", ["x", "w", "b"]), node("Add", "y", ["g", "b"])] },
    'the node "y" (Add) takes the 3 numbers "b", one number is needed',
  ],
  "a name that is there twice": [
    { nodes: [matMul, node("Relu", "r", ["m"]), { ...node("Tanh", "t", ["r"]), output: ["m"] }], outputs: ["m"] },
    'the node "t" (Tanh) computes "m", which is there already',
  ],
  "two activations": [
    { nodes: [matMul, node("Relu", "r", ["m"]), node("Tanh", "y", ["r"])] },
    "layer 0 ends with Tanh(Relu(x)), the formula of one of linear, relu, leakyRelu",
  ],
  "an activation first": [
    { nodes: [node("Relu", "r", ["x"]), node("MatMul", "y", ["r", "w"])] },
    "it computes Relu(x) of its input, a layer at the beginning is needed",
  ],
  "a scaled input": [
    { nodes: [node("Div", "d", ["x", "ten"]), node("MatMul", "y", ["d", "w"])], tensors: [tensor("ten", [], [10])] },
    "it computes Div(x,10) of its input, a layer at the beginning is needed",
  ],
  "an endless formula": [
    {
      nodes: [
        matMul,
        ...Array.from({ length: 99 }, (_, i) => node("Add", `a${i}`, Array(2).fill(i === 0 ? "m" : `a${i - 1}`))),
      ],
    },
    "which is no activation",
  ],
  "a skip connection": [
    { nodes: [matMul, node("Add", "s", ["m", "b"]), node("Add", "y", ["s", "m"])] },
    'the node "y" (Add) goes back to what was before a layer, a chain without branches is needed',
  ],
  "two layers on one input": [
    { nodes: [matMul, node("MatMul", "n", ["x", "w"]), node("Add", "y", ["m", "n"])] },
    'the node "n" (MatMul) goes back to what was before a layer',
  ],
  "weights on the left": [
    { nodes: [node("MatMul", "y", ["w", "x"])] },
    'the node "y" (MatMul) multiplies a constant from the left',
  ],
  "weights from the input": [
    { nodes: [node("MatMul", "y", ["x", "x"])] },
    'the node "y" (MatMul) has weights that are computed, constant ones are needed',
  ],
  "a bias from the input": [
    { nodes: [node("Gemm", "y", ["x", "w", "x"])] },
    'the node "y" (Gemm) has a bias that is computed, a constant one is needed',
  ],
  "something missing": [
    { nodes: [node("MatMul", "y", ["x", "gone"])] },
    'the node "y" (MatMul) needs "gone", which nothing before it computes',
  ],
  "nodes in the wrong order": [
    { nodes: [node("Relu", "r", ["m"]), matMul], outputs: ["r"] },
    'the node "r" (Relu) needs "m", which nothing before it computes',
  ],
  "constants alone": [
    { nodes: [node("Neg", "n", ["w"]), node("MatMul", "y", ["x", "n"])] },
    'the node "n" (Neg) depends on constants alone',
  ],
  "images without Flatten": [
    { nodes: [node("MatMul", "y", ["x", "w"])], inputs: [info("x", 1, 5, 2)] },
    'the node "y" (MatMul) takes inputs of more than two dimensions, Flatten before it is needed',
  ],
  "widths that do not fit": [
    { nodes: [matMul, node("MatMul", "y", ["m", "w"])] },
    'the node "y" (MatMul) takes 2 numbers, the one before it gives 3',
  ],
  "a bias that does not fit": [
    { nodes: [matMul, node("Add", "y", ["m", "c"])], tensors: [tensor("c", [2])] },
    'the node "y" (Add) has a bias of the shape (2), (3) is needed',
  ],
  "a bias for each row": [
    { nodes: [matMul, node("Add", "y", ["m", "c"])], tensors: [tensor("c", [2, 3])] },
    'the node "y" (Add) has a bias of the shape (2, 3), (3) is needed',
  ],
  "a number for each output": [
    { nodes: [matMul, node("Mul", "y", ["m", "b"])] },
    'the node "y" (Mul) takes the 3 numbers "b", one number is needed',
  ],
  "weights of three dimensions": [
    { nodes: [node("MatMul", "y", ["x", "v"])], tensors: [tensor("v", [1, 2, 3])] },
    'the node "y" (MatMul) has weights of the shape (1, 2, 3), two dimensions are needed',
  ],
  "half precision": [
    { nodes: [node("MatMul", "y", ["x", "v"])], tensors: [{ ...tensor("v", [2, 3]), dataType: FLOAT16 }] },
    'takes the numbers "v" of type FLOAT16, FLOAT or DOUBLE is needed',
  ],
  "two types": [
    {
      nodes: [matMul, node("Add", "y", ["m", "c"])],
      tensors: [{ name: "c", dims: [3n], dataType: DOUBLE, doubleData: [1, 2, 3] }],
    },
    'takes the float64 numbers "c", float32 as before is needed',
  ],
  "a number that is none": [
    { nodes: [node("MatMul", "y", ["x", "v"])], tensors: [tensor("v", [2, 1], [1, NaN])] },
    'takes the numbers "v", of which number 1 is NaN, finite ones are needed',
  ],
  "2⁶² numbers without data": [
    { nodes: [node("MatMul", "y", ["x", "v"])], tensors: [tensor("v", [2 ** 30, 2 ** 30], [])] },
    "takes 1073741824 numbers, the one before it gives 2",
  ],
  "2³⁰ numbers of four bytes": [
    {
      nodes: [node("MatMul", "y", ["x", "v"])],
      tensors: [{ ...tensor("v", [2, 2 ** 29], []), rawData: new Uint8Array(4) }],
    },
    'takes the numbers "v", of which 1 are there, 1073741824 are needed',
  ],
  "half a number": [
    {
      nodes: [node("MatMul", "y", ["x", "v"])],
      tensors: [{ ...tensor("v", [2, 1], []), rawData: new Uint8Array(6) }],
    },
    'takes the numbers "v", of which 1.5 are there, 2 are needed',
  ],
  "no outputs": [
    { nodes: [node("MatMul", "y", ["x", "v"])], tensors: [tensor("v", [2, 0])] },
    'takes the numbers "v" with a dimension of 0, 1 to 2147483647 are needed',
  ],
  "a negative size": [
    { nodes: [node("MatMul", "y", ["x", "v"])], tensors: [tensor("v", [-2, -1], [1, 2])] },
    'takes the numbers "v" with a dimension of -2',
  ],
  "numbers elsewhere": [
    { nodes: [node("MatMul", "y", ["x", "v"])], tensors: [tensorInFile("v", [2, 3], { location: "v.bin" })] },
    'takes the numbers "v" from the file "v.bin", that file is needed, too',
  ],
  "numbers beyond the end of a file": [
    {
      nodes: [node("MatMul", "y", ["x", "v"])],
      tensors: [tensorInFile("v", [2, 3], { location: "v.bin", offset: "1e300" })],
    },
    'of the file "v.bin", it has 9',
    { files: { "v.bin": new Uint8Array(9) } },
  ],
};

for (const [name, [parts, message, options]] of Object.entries(refused)) {
  Deno.test(`fromOnnx() refuses ${name}`, () => {
    const error = assertThrows(() => fromOnnx(file(parts), options), GradusError, message);
    assert(error.message.startsWith("Cannot load a network from ONNX: "), error.message);
    assertEquals(error.code, "data");
  });
}

Deno.test("fromOnnx() refuses every beginning of a file, and survives every changed byte", () => {
  const model = new MLP(2, [new Layer(2, 2, "leakyRelu"), new Layer(2, 1)], { dtype: "float64" });
  const bytes = toOnnx(model);
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => fromOnnx(bytes.subarray(0, length)), GradusError, "Cannot load a network from ONNX: ");
  }
  let refusals = 0;
  for (let i = 0; i < bytes.length; i++) {
    for (const flip of [1, 0x80, 0xff]) {
      const damaged = bytes.slice();
      damaged[i] ^= flip;
      try {
        fromOnnx(damaged);
      } catch (error) {
        if (!(error instanceof GradusError)) throw error;
        refusals++;
      }
    }
  }
  assert(refusals > bytes.length, String(refusals));
});

Deno.test("fromOnnx() refuses what is no file, one that says it is large, nesting without end, and nodes without end", () => {
  const text = "model.onnx" as unknown as Uint8Array;
  assertThrows(() => fromOnnx(text), GradusError, 'there is "model.onnx", a Uint8Array is needed');
  const huge = Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x07, 0x0a);
  assertThrows(
    () => fromOnnx(huge, { source: "x.onnx" }),
    GradusError,
    "Cannot load a network from x.onnx: it is damaged",
  );
  // Graphs in attributes of nodes in graphs, 20 000 deep.
  const nested = Uint8Array.from({ length: 120_000 }, (_, i) => [0x0a, 0x7f, 0x2a, 0x7f, 0x32, 0x7f][i % 6]);
  assertThrows(() => fromOnnx(Uint8Array.of(0x3a, 0x7f, ...nested)), GradusError, "it is damaged or not ONNX");
  // Ten megabytes of nodes of two bytes each, which would be a gigabyte in memory.
  const nodes = new Uint8Array(10_000_000).map((_, i) => i % 2 === 0 ? 0x0a : 0);
  const head = Uint8Array.of(0x3a, 0x80, 0xad, 0xe2, 0x04);
  const bytes = new Uint8Array(head.length + nodes.length);
  bytes.set(head);
  bytes.set(nodes, head.length);
  assertThrows(() => fromOnnx(bytes), GradusError, "it has more than 4 MB beside numbers, a chain");
});
