/** Writes the ONNX files that make_onnx.py evaluates into the folder given: `deno run -A write_onnx.ts folder`. */
import { saveOnnx } from "../../src/formats/onnx.ts";
import { onnxCases } from "../_onnx_models.ts";

const [folder] = Deno.args;
await Deno.mkdir(folder, { recursive: true });
for (const { name, model, options } of onnxCases) await saveOnnx(model, `${folder}/${name}.onnx`, options);
