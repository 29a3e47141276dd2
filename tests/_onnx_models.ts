/** The networks whose ONNX files other programs have evaluated: tests/reference/onnx.json holds what they gave. */
import { type ActivationName, activationNames, type Dtype, Layer, MLP } from "../mod.ts";
import type { ToOnnxOptions } from "../src/formats/onnx.ts";

/** A network, and how it is written. */
export interface OnnxCase {
  name: string;
  model: MLP;
  options: ToOnnxOptions;
}

function networkOf(activation: ActivationName, dtype: Dtype): MLP {
  const layers = activation === "softmax"
    ? [new Layer(3, 5, "tanh"), new Layer(5, 4, "softmax")]
    : [new Layer(3, 5, activation), new Layer(5, 4, activation), new Layer(4, 2)];
  return new MLP(3, layers, { dtype, init: "uniform", seed: 11 });
}

/** Every activation in both types, a float64 network in float32, and one with all names given. */
export const onnxCases: readonly OnnxCase[] = [
  ...(["float32", "float64"] as const).flatMap((dtype) =>
    activationNames.map((activation) => ({
      name: `${activation}-${dtype}`,
      model: networkOf(activation, dtype),
      options: {},
    }))
  ),
  { name: "converted", model: networkOf("gelu", "float64"), options: { dtype: "float32" } },
  {
    name: "named",
    model: networkOf("relu", "float32"),
    options: { name: "graph", description: "What it is.", input: "sizes", output: "prices" },
  },
];
