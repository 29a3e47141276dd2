/**
 * gradus differentiates and trains: automatic differentiation of scalars (`Value`) and of n-dimensional arrays (`Tensor`), and
 * graph-free neural networks (`MLP`, `Engine`, optimizers), at native speed, with nothing to install but Deno.
 *
 * @example A network that learns XOR
 * ```ts
 * import { Engine, MLP } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const inputs = [[0, 0], [0, 1], [1, 0], [1, 1]];
 * const targets = [0, 1, 1, 0]; // class numbers
 * const model = new MLP(2, [8, 2], { seed: 42, activation: "tanh" });
 * const history = await Engine.train({
 *   model,
 *   trainInputs: inputs,
 *   trainTargets: targets,
 *   epochs: 200,
 *   optimizerType: "adam",
 *   learningRate: 0.05,
 *   lossFn: Engine.crossEntropy,
 * });
 * assertEquals(history.trainLoss.at(-1)! < 0.1, true);
 * assertEquals(Engine.accuracy(model.predict(inputs), targets), 1);
 * ```
 *
 * @module
 */
export { GradusError, type GradusErrorCode } from "./src/error.ts";
export { type Backend, backend, type LevelName, simdLevel } from "./src/ffi.ts";
export { Random, shuffleStream, Stream } from "./src/random.ts";
export { type BackwardOptions, Value } from "./src/value.ts";
export type { Memory } from "./src/memory.ts";
export { Scope } from "./src/scope.ts";
export {
  type ClosenessOptions,
  type Elements,
  type FromOptions,
  type NormOptions,
  type RandomOptions,
  type RangeOptions,
  type ReductionOptions,
  type ShapedData,
  type SortOptions,
  Tensor,
  type TensorBackwardOptions,
  type TensorOptions,
  type TopkOptions,
  type VarianceOptions,
} from "./src/tensor.ts";
export type { Scalar, TensorData, TensorDtype } from "./src/tensor/dtype.ts";
export type { Nested } from "./src/tensor/creation.ts";
export type { Index, IndexArray, PlainIndex, Slice } from "./src/tensor/indexing.ts";
export type { PadMode } from "./src/tensor/joining.ts";
export type { Shape } from "./src/tensor/layout.ts";
export type { GradientHook } from "./src/tensor/autograd.ts";
export { type ArgumentGradient, Function, FunctionContext } from "./src/tensor/function.ts";
export type { Operand } from "./src/tensor/promotion.ts";
export type { TensorActivation } from "./src/tensor/product.ts";
export type { ClassTargets, CrossEntropyOptions, HuberOptions, LossOptions } from "./src/tensor/losses.ts";
export type { DropoutOptions, LayerNormOptions } from "./src/tensor/rows.ts";
export type { TensorScope } from "./src/tensor/scope.ts";
export type { Sorted, Unique } from "./src/tensor/sorting.ts";
export type { MemoryStats } from "./src/tensor/storage.ts";
export type { CompiledFunction } from "./src/compile.ts";
export {
  grad,
  hessian,
  hvp,
  type Input,
  type Inputs,
  jacobian,
  jvp,
  valueAndGrad,
  vjp,
  vmap,
} from "./src/functional.ts";
export {
  checkGradients,
  type CheckGradientsOptions,
  type GradientEntry,
  type GradientReport,
} from "./src/check_gradients.ts";
export { expr } from "./src/expr.ts";
export { type GraphDirection, type GraphOptions, toDot, toMermaid } from "./src/plot/graph.ts";
export type { Dtype, NumberArray, Reals, Rows, Shaped } from "./src/shape.ts";
export { type ActivationName, activationNames, Layer } from "./src/layer.ts";
export { type Parameter, Parameters } from "./src/parameters.ts";
export {
  type InitMethod,
  type InitOptions,
  type LayerInfo,
  MLP,
  type MLPOptions,
  type ParameterInfo,
  type ParameterStats,
  type Stats,
  type WeightsAndBiases,
} from "./src/mlp.ts";
export {
  Neuron,
  type NeuronActivation,
  type NeuronOptions,
  ValueLayer,
  type ValueLayerOptions,
  ValueMLP,
  type ValueMLPOptions,
} from "./src/neuron.ts";
export type { LayerJSON, ModelJSON } from "./src/formats/model_json.ts";
export type { BuiltInLoss, CustomLoss, LossFunction, Predictions, TargetNumbers } from "./src/loss.ts";
export type { Optimizable } from "./src/optimizable.ts";
export {
  Adam,
  type AdamOptions,
  AdamW,
  Langevin,
  type LangevinOptions,
  NativeOptimizer,
  Optimizer,
  RMSprop,
  type RMSpropOptions,
  SGD,
  type SGDOptions,
} from "./src/optim.ts";
export {
  type ChunkOptions,
  Engine,
  type EpochReport,
  type History,
  type OptimizerSettings,
  type OptimizerType,
  type TrainOptions,
} from "./src/engine.ts";
export {
  accuracy,
  confusionMatrix,
  meanAbsoluteError,
  predictedClasses,
  r2Score,
  rootMeanSquaredError,
  type ThresholdOptions,
} from "./src/metrics.ts";
export { columnNames, type Csv, type CsvOptions, parseCsv, type ParseCsvOptions, readCsv } from "./src/data/csv.ts";
export type { TableOptions } from "./src/data/columns.ts";
export { readTarget, type Target } from "./src/data/target.ts";
export type {
  ClassTarget,
  NumberColumn,
  NumberTarget,
  PreprocessingJSON,
  TextColumn,
} from "./src/data/preprocessing_json.ts";
export { Preprocessing, type TransformedInputs, type TransformedTargets } from "./src/data/preprocessing.ts";
export { type HoldOut, holdOut, type HoldOutOptions } from "./src/data/split.ts";
export {
  type CirclesOptions,
  makeCircles,
  makeMoons,
  makeRegression,
  makeSpirals,
  type MoonsOptions,
  type RegressionData,
  type RegressionOptions,
  type SpiralsOptions,
  type ToyData,
  xor,
} from "./src/data/toy.ts";
