/**
 * Networks as ONNX files, which onnxruntime runs on servers, phones and in browsers; and the dense networks that PyTorch
 * and scikit-learn export. An entry point of its own, since only it needs `onnx-buf` and `@bufbuild/protobuf`, fetched
 * from npm when this module is first imported.
 *
 * @example A network goes out and comes back
 * ```ts
 * import { MLP } from "@gradus/gradus";
 * import { fromOnnx, toOnnx } from "@gradus/gradus/formats/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new MLP(2, [8, 1], { activation: "tanh", outputActivation: "sigmoid" });
 * const bytes = toOnnx(model, { name: "xor" }); // or await saveOnnx(model, "xor.onnx")
 * assertEquals(fromOnnx(bytes).predict([[0, 1]]), model.predict([[0, 1]]));
 * ```
 *
 * @module
 */
import { GradusError } from "../error.ts";
import { folderOf, obstacleOf, readBytes, whyNotWritten, writeAtomically } from "../files.ts";
import { Layer } from "../layer.ts";
import { MLP } from "../mlp.ts";
import { checkOptions, shown } from "../options.ts";
import { decodeOnnx, type DenseNetwork, externalFiles, parseOnnx, refusal } from "./onnx_read.ts";
import { encodeOnnx, type ToOnnxOptions } from "./onnx_write.ts";

export type { ToOnnxOptions } from "./onnx_write.ts";

/** Options of `loadOnnx`. */
export interface LoadOnnxOptions {
  /** The name of the output that is wanted. Needed if the file has several; what leads to the others is not read. */
  output?: string;
}

/** Options of `fromOnnx`. */
export interface FromOnnxOptions extends LoadOnnxOptions {
  /** Files with numbers that PyTorch wrote beside the model, by name: `{ "model.onnx.data": bytes }`. */
  files?: Readonly<Record<string, Uint8Array>>;
  /** Where the bytes are from, for messages; default `"ONNX"`. */
  source?: string;
}

/**
 * The network as the bytes of an ONNX file, of operator set 20.
 *
 * It has one input (batch, nin) and one output (batch, nout), any number of rows at a time. The parameters go by their
 * names, `layers.0.weight` (nout, nin), `layers.0.bias`, …, as PyTorch has them.
 *
 * onnxruntime computes float32 files from version 1.17 on. In float64 it came to it later, and gelu it does not have
 * there as of 1.31: `{ dtype: "float32" }` writes a float64 network in float32.
 *
 * @throws {GradusError} If an option is unknown, a name stands for something else in the file, such as
 * `layers.0.weight`, a parameter is not finite, or the parameters take more than 2 GB.
 * @example
 * ```ts
 * import { MLP } from "@gradus/gradus";
 * import { toOnnx } from "@gradus/gradus/formats/onnx";
 * import { assert } from "@std/assert";
 *
 * const model = new MLP(4, [16, 3], { outputActivation: "softmax" });
 * const bytes = toOnnx(model, { name: "iris", description: "Species by sizes in cm.", input: "sizes", output: "species" });
 * assert(bytes.length < 2000);
 * ```
 */
export function toOnnx(model: MLP, options: ToOnnxOptions = {}): Uint8Array<ArrayBuffer> {
  if (model instanceof MLP) return encodeOnnx(model, options);
  throw new GradusError("argument", `Cannot write the network as ONNX: it is ${shown(model)}, an MLP is needed`);
}

/**
 * The network in the bytes of an ONNX file: a chain of dense layers, written by `toOnnx`, by PyTorch, by scikit-learn's
 * converter, or likewise.
 *
 * Layers are Gemm, or MatMul and Add, with constant weights; activations are those of `MLP`, also as older exporters
 * compose them; Identity, Cast, Flatten and Reshape may stand between if rows stay as they are. Inputs of more dimensions
 * that are flattened become rows of numbers. The network is of the type of the weights.
 *
 * @throws {GradusError} If the bytes are damaged or anything else is in them. The message tells the node.
 * @example What is no such network is refused
 * ```ts
 * import { GradusError } from "@gradus/gradus";
 * import { fromOnnx } from "@gradus/gradus/formats/onnx";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => fromOnnx(new Uint8Array(3)), GradusError, "a whole ONNX file is needed");
 * ```
 */
export function fromOnnx(bytes: Uint8Array, options: FromOnnxOptions = {}): MLP {
  checkOptions("the settings of reading ONNX", options, ["output", "files", "source"]);
  const { output, files = {}, source = "ONNX" } = options;
  return networkOf(decodeOnnx(parseOnnx(bytes, source), output, files, source));
}

/**
 * Saves the network as an ONNX file. The file is written beside and renamed, so that an interrupted save leaves the old
 * one.
 *
 * @throws {GradusError} As `toOnnx` does, or if the file cannot be written.
 * @example A file that says what it is
 * ```ts
 * import { MLP } from "@gradus/gradus";
 * import { loadOnnx, saveOnnx } from "@gradus/gradus/formats/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new MLP(4, [16, 3], { outputActivation: "softmax" });
 * await saveOnnx(model, ".scratch/iris.onnx", { name: "iris", input: "sizes", output: "species" });
 * const again = await loadOnnx(".scratch/iris.onnx");
 * assertEquals(again.predict([[5.1, 3.5, 1.4, 0.2]]), model.predict([[5.1, 3.5, 1.4, 0.2]]));
 * ```
 */
export async function saveOnnx(model: MLP, path: string | URL, options: ToOnnxOptions = {}): Promise<void> {
  const bytes = toOnnx(model, options);
  try {
    await writeAtomically(path, bytes);
  } catch (cause) {
    throw new GradusError("data", `Cannot save the network to ${path}: ${whyNotWritten(cause, path)}`, { cause });
  }
}

/**
 * Loads a network from an ONNX file, and from the files beside it in which PyTorch keeps large tensors.
 *
 * @throws {GradusError} If a file cannot be read, or as `fromOnnx` does: nothing is half loaded.
 * @example
 * ```ts
 * import { MLP } from "@gradus/gradus";
 * import { loadOnnx, saveOnnx } from "@gradus/gradus/formats/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new MLP(2, [3, 1]);
 * await saveOnnx(model, ".scratch/model.onnx");
 * assertEquals(String(await loadOnnx(".scratch/model.onnx")), String(model));
 * ```
 */
export async function loadOnnx(path: string | URL, options: LoadOnnxOptions = {}): Promise<MLP> {
  checkOptions("the settings of reading ONNX", options, ["output"]);
  const source = String(path), model = parseOnnx(await read(path, source), source);
  const files: Record<string, Uint8Array> = {};
  for (const name of externalFiles(model)) {
    if (name === "" || name === ".." || /[/\\]/.test(name)) {
      refusal(source)(`its numbers are in "${name}", the name of a file beside it is needed`);
    }
    files[name] = await read(folderOf(path) + name, source);
  }
  return networkOf(decodeOnnx(model, options.output, files, source));
}

async function read(path: string | URL, source: string): Promise<Uint8Array> {
  try {
    return await readBytes(path);
  } catch (cause) {
    const why = obstacleOf(cause) === "missing" ? `there is no file ${path}` : (cause as Error).message;
    return refusal(source)(why, cause);
  }
}

function networkOf({ dtype, layers }: DenseNetwork): MLP {
  const model = new MLP(
    layers[0].nin,
    layers.map(({ nin, nout, activation }) => new Layer(nin, nout, activation)),
    { dtype, init: "zero" },
  );
  layers.forEach(({ weight, bias }, i) => {
    model.parameters.get(`layers.${i}.weight`)!.data.set(weight);
    if (bias !== undefined) model.parameters.get(`layers.${i}.bias`)!.data.set(bias);
  });
  return model;
}
