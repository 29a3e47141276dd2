/** `Engine`: training and evaluation of networks. What one pass over the data does stands in run.ts and c/mlp.c. */
import { Dtype } from "./bindings.ts";
import { toDataset } from "./dataset.ts";
import { GradusError } from "./error.ts";
import { backend, native, threads } from "./ffi.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type BuiltInLoss,
  crossEntropy,
  hingeLoss,
  huberLoss,
  type LossFunction,
  maeLoss,
  mseLoss,
} from "./loss.ts";
import { accuracy } from "./metrics.ts";
import { MLP } from "./mlp.ts";
import {
  Adam,
  type AdamOptions,
  AdamW,
  Langevin,
  type LangevinOptions,
  type Optimizer,
  RMSprop,
  type RMSpropOptions,
  SGD,
  type SGDOptions,
} from "./optim.ts";
import {
  checkBoolean,
  checkName,
  checkNumber,
  checkOptions,
  countRange,
  nonNegativeRange,
  seedRange,
  shown,
} from "./options.ts";
import { shuffleStream } from "./random.ts";
import { CHUNK, Run, wholeBatch } from "./run.ts";
import type { Rows } from "./shape.ts";

/** The names of the built-in optimizers. */
export type OptimizerType = "sgd" | "rmsprop" | "adam" | "adamw" | "langevin";

/** Settings of the built-in optimizers; each takes those that its class takes, and refuses the others. */
export interface OptimizerSettings extends SGDOptions, RMSpropOptions, AdamOptions, Omit<LangevinOptions, "seed"> {}

const settingNames: readonly (keyof OptimizerSettings)[] = [
  "learningRate",
  "momentum",
  "nesterov",
  "weightDecay",
  "alpha",
  "centered",
  "beta1",
  "beta2",
  "eps",
  "damping",
  "temperature",
];

/** What `onEpoch` is told. */
export interface EpochReport {
  /** Counting from 1. */
  readonly epoch: number;
  /** Of how many. */
  readonly epochs: number;
  /** Mean loss over the epoch's batches, each before its update. */
  readonly trainLoss: number;
  /** Mean loss of the validation data after the epoch; undefined without such data. */
  readonly valLoss: number | undefined;
  /** Since training began. */
  readonly seconds: number;
}

/** What training gives back. */
export interface History {
  /** Of each epoch: the mean loss, that of each batch taken before its update. */
  trainLoss: number[];
  /** Of each epoch: the mean loss of the validation data after it; empty without such data. */
  valLoss: number[];
  /** Epochs that were done, a last one that was cut short included. */
  epochs: number;
  /** Wall time. */
  seconds: number;
  /** Why training ended: all epochs were done, `onEpoch` returned false, or `signal` was aborted. */
  stopped: "finished" | "onEpoch" | "aborted";
}

/** Options of `Engine.train`. */
export interface TrainOptions extends OptimizerSettings {
  /** What is trained. */
  model: MLP;
  /**
   * Rows of nin numbers. A `Float32Array`, a `Float64Array` and bytes, `{ data: Uint8Array, shape: [rows, nin], scale: 1 / 255 }`,
   * are used as they are, without a copy.
   */
  trainInputs: Rows;
  /** Rows of nout numbers, single numbers where nout is 1, or class numbers for `Engine.crossEntropy`. */
  trainTargets: Rows;
  /** Passes over the data. */
  epochs: number;
  /** Rows for one update; default 32. */
  batchSize?: number;
  /** Default `Engine.mseLoss`. */
  lossFn?: LossFunction;
  /** Default `"sgd"`; its settings stand beside it. */
  optimizerType?: OptimizerType;
  /** An optimizer of `model.parameters`, in place of `optimizerType` and settings. */
  optimizer?: Optimizer;
  /** Inputs and targets that are evaluated after each epoch. */
  validationData?: readonly [Rows, Rows];
  /** Whether each batch goes through the network in pieces; the result is the same to the bit. Default false. */
  memoryEfficient?: boolean;
  /** The size of these pieces; default 10. */
  miniBatchSize?: number;
  /** Of the order of the rows and of the optimizer's noise; default 0. */
  seed?: number;
  /** Whether each epoch takes the rows in another order; default true. */
  shuffle?: boolean;
  /** The gradient of a batch is scaled down to this norm before the update; default: never. */
  clipNorm?: number;
  /** Whether a line is printed for each epoch; default false. */
  verbose?: boolean;
  /** Is called after each epoch; training ends if it returns false. */
  onEpoch?: (report: EpochReport) => boolean | void | Promise<boolean | void>;
  /** Ends training after the batch that it is at. */
  signal?: AbortSignal;
}

/** Options of `Engine.trainStepMemoryEfficient`. */
export interface ChunkOptions {
  /** Rows that go through the network at once; default 10. */
  miniBatchSize?: number;
}

const DEFAULT_MINI_BATCH = 10;

/** Milliseconds of computing after which the event loop gets a turn. */
const BREATH = 50;

/** An epoch of at least that many floating-point operations is computed aside from the first: some ten milliseconds. */
const LARGE = backend === "wasm" ? 5e7 : 5e8;

/** Models whose training is under way. */
const inTraining = new WeakSet<MLP>();

/** What the last training step of each model had prepared: the next one is mostly of the same kind. */
const lastSteps = new WeakMap<MLP, Run>();

/**
 * Training and evaluation.
 *
 * @example Learning XOR
 * ```ts
 * import { Engine, MLP } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const inputs = [[0, 0], [0, 1], [1, 0], [1, 1]], targets = [0, 1, 1, 0];
 * const model = new MLP(2, [8, 1], { seed: 1, activation: "tanh" });
 * await Engine.train({
 *   model,
 *   trainInputs: inputs,
 *   trainTargets: targets,
 *   epochs: 500,
 *   optimizerType: "adam",
 *   learningRate: 0.05,
 * });
 * assertEquals(model.predict(inputs).map(([y]) => Math.round(y) + 0), targets);
 * ```
 */
export class Engine {
  /** Mean of (p − t)². */
  static readonly mseLoss: BuiltInLoss = mseLoss;
  /** Mean of |p − t|. */
  static readonly maeLoss: BuiltInLoss = maeLoss;
  /** Mean of d²/2 where d = |p − t| ≤ 1, d − 1/2 elsewhere. */
  static readonly huberLoss: BuiltInLoss = huberLoss;
  /** Mean of −t·log p − (1 − t)·log(1 − p), for probabilities p. */
  static readonly binaryCrossEntropy: BuiltInLoss = binaryCrossEntropy;
  /** Binary cross-entropy of sigmoid(p), for logits p of any size. */
  static readonly binaryCrossEntropyWithLogits: BuiltInLoss = binaryCrossEntropyWithLogits;
  /** Mean of −log softmax(p)[t] over the samples, for logits p and class numbers t, or rows of probabilities. */
  static readonly crossEntropy: BuiltInLoss = crossEntropy;
  /** Mean of max(0, 1 − t·p), for targets −1 and 1. */
  static readonly hingeLoss: BuiltInLoss = hingeLoss;

  /**
   * How many threads share large products and updates: at first as many as the machine has processors, or `GRADUS_THREADS` of
   * the environment. Small networks are computed by one, whatever the number, and the results are the same bits for each.
   * In WebAssembly there is one thread, and the number stays 1.
   *
   * @throws {GradusError} When it is set, unless it is a whole number from 1 to 32.
   *
   * @example Leaving the other processors to others
   * ```ts
   * import { Engine } from "@gradus/gradus";
   *
   * Engine.threads = 1;
   * ```
   */
  static get threads(): number {
    return threads();
  }

  static set threads(count: number) {
    threads(count);
  }

  /** The share of samples whose largest output is that of their class; see `accuracy`. */
  static readonly accuracy: typeof accuracy = accuracy;

  /**
   * One update: the gradient of the mean loss of these samples replaces those in `model.parameters.grad`, where it can be
   * looked at afterwards, and the optimizer makes a step.
   *
   * @returns The loss before the update.
   * @throws {GradusError} If sizes do not fit, or the loss is not finite; then nothing was updated.
   */
  static trainStep(
    model: MLP,
    inputs: Rows,
    targets: Rows,
    lossFn: LossFunction,
    optimizer: Optimizer,
  ): number {
    return step(model, inputs, targets, lossFn, optimizer, CHUNK);
  }

  /**
   * `trainStep` with less memory: the samples go through the network in pieces, whose gradients add up. The result is that
   * of `trainStep`, to the bit.
   *
   * @param options The size of a piece, alone or as an option.
   * @returns The loss before the update.
   */
  static trainStepMemoryEfficient(
    model: MLP,
    inputs: Rows,
    targets: Rows,
    lossFn: LossFunction,
    optimizer: Optimizer,
    options: number | ChunkOptions = {},
  ): number {
    if (typeof options === "object") checkOptions("the settings of a step", options, ["miniBatchSize"]);
    const size = typeof options === "number" ? options : options.miniBatchSize ?? DEFAULT_MINI_BATCH;
    return step(model, inputs, targets, lossFn, optimizer, checkNumber("the miniBatchSize", size, countRange));
  }

  /**
   * The mean loss of these samples; nothing changes.
   *
   * @throws {GradusError} If sizes do not fit.
   */
  static evaluate(model: MLP, inputs: Rows, targets: Rows, lossFn: LossFunction = mseLoss): number {
    const data = toDataset(checkModel(model, "evaluate"), inputs, targets, checkLoss(lossFn, "evaluate"), "evaluate");
    return new Run(model, data, lossFn, wholeBatch(data)).evaluate();
  }

  /**
   * Trains a network. The event loop goes on meanwhile: timers, signals and servers of the same process get their turns. They
   * may predict with the network, but what they write into its parameters between two calls of `onEpoch` can be lost.
   *
   * @returns The losses of all epochs, and why training ended.
   * @throws {GradusError} If an option is unknown or out of range, sizes do not fit, the network is already being trained,
   * or a loss becomes NaN or infinite: the message tells where, and the parameters are those before that batch.
   */
  static async train(options: TrainOptions): Promise<History> {
    const plan = planOf(options);
    const { run, optimizer, validation, epochs, onEpoch, signal } = plan;
    const { model } = options;
    if (inTraining.has(model)) {
      throw new GradusError(
        "state",
        "Cannot train: this network is already being trained, its training must end first",
      );
    }
    const history: History = { trainLoss: [], valLoss: [], epochs: 0, seconds: 0, stopped: "finished" };
    const began = performance.now();
    const turns = new Turns();
    const stop = () => run.stop();
    inTraining.add(model);
    signal?.addEventListener("abort", stop);
    try {
      while (history.epochs < epochs && !signal?.aborted) {
        if (plan.shuffles) run.shuffle(plan.seed, shuffleStream(history.epochs));
        const trainLoss = turns.areDue(run.work)
          ? await turns.take(() => run.epochAside(optimizer, () => turns.pauseIfDue()))
          : run.epoch(optimizer);
        if (signal?.aborted && run.batches === 0) break;
        const valLoss = validation &&
          (validation.isNative && validation.work <= LARGE
            ? validation.evaluate()
            : await validation.evaluateAside(() => turns.pauseIfDue()));
        history.epochs++;
        history.trainLoss.push(trainLoss);
        if (valLoss !== undefined) history.valLoss.push(valLoss);
        if (!options.verbose && !onEpoch) continue;
        const seconds = (performance.now() - began) / 1000;
        const report = { epoch: history.epochs, epochs, trainLoss, valLoss, seconds };
        if (options.verbose) console.log(lineOf(report));
        if (onEpoch && (await onEpoch(report)) === false) {
          history.stopped = "onEpoch";
          break;
        }
      }
      if (signal?.aborted && history.stopped === "finished") history.stopped = "aborted";
      checkParameters(model);
    } finally {
      signal?.removeEventListener("abort", stop);
      inTraining.delete(model);
    }
    history.seconds = (performance.now() - began) / 1000;
    return history;
  }
}

/**
 * Sees to it that the event loop gets a turn every now and then, and no more often. A turn costs some 2 ms of waiting for a
 * timer; epochs that are computed aside meanwhile make use of them.
 */
class Turns {
  #last = performance.now();
  #coming: Promise<void> | undefined;
  #isSlow = false;

  /** Whether the next epoch should be computed aside: a turn is being waited for, or the epoch will take long. */
  areDue(work: number): boolean {
    return this.pauseIfDue() !== undefined || this.#isSlow || work > LARGE;
  }

  /** Awaits an epoch that is computed aside. */
  async take<T>(epoch: () => Promise<T>): Promise<T> {
    const before = performance.now();
    const result = await epoch();
    this.#isSlow = performance.now() - before > BREATH / 10;
    return result;
  }

  /** The next turn of the event loop, if the last one is long ago. */
  pauseIfDue(): Promise<void> | undefined {
    if (performance.now() - this.#last <= BREATH) return undefined;
    return this.#coming ??= new Promise((resolve) =>
      setTimeout(() => {
        this.#last = performance.now();
        this.#coming = undefined;
        resolve();
      }, 0)
    );
  }
}

/** A last update can go beyond all numbers without a loss that would tell. */
function checkParameters({ parameters }: MLP): void {
  const { dtype, data } = parameters;
  if (Number.isFinite(native.gradus_norm(data, data.length, Dtype[dtype])) || data.every(Number.isFinite)) return;
  throw new GradusError(
    "numeric",
    "Cannot finish training: its last updates made parameters infinite, a smaller learning rate, scaled inputs or clipNorm is needed",
  );
}

function lineOf({ epoch, epochs, trainLoss, valLoss }: EpochReport): string {
  const validation = valLoss === undefined ? "" : `, valLoss: ${valLoss.toPrecision(6)}`;
  return `Epoch ${epoch}/${epochs}, trainLoss: ${trainLoss.toPrecision(6)}${validation}`;
}

function checkModel(model: MLP, task: string): MLP {
  if (model instanceof MLP) return model;
  throw new GradusError("argument", `Cannot ${task}: the model is ${shown(model)}, an MLP is needed`);
}

function checkLoss(loss: LossFunction, task: string): LossFunction {
  if (typeof loss === "function") return loss;
  throw new GradusError(
    "argument",
    `Cannot ${task}: the loss is ${shown(loss)}, a function like Engine.mseLoss is needed`,
  );
}

function checkOptimizer(optimizer: Optimizer, model: MLP, task: string): Optimizer {
  if (typeof optimizer?.step !== "function") {
    throw new GradusError(
      "argument",
      `Cannot ${task}: the optimizer is ${shown(optimizer)}, one like new SGD(model.parameters) is needed`,
    );
  }
  if (optimizer.parameters === model.parameters) return optimizer;
  throw new GradusError(
    "argument",
    `Cannot ${task}: the optimizer was made for other parameters, one made for model.parameters is needed`,
  );
}

function step(
  model: MLP,
  inputs: Rows,
  targets: Rows,
  lossFn: LossFunction,
  optimizer: Optimizer,
  chunk: number,
): number {
  const task = "make a training step";
  checkModel(model, task);
  if (inTraining.has(model)) {
    throw new GradusError("state", `Cannot ${task}: this network is being trained, its training must end first`);
  }
  checkOptimizer(optimizer, model, task);
  const data = toDataset(model, inputs, targets, checkLoss(lossFn, task), task);
  const options = wholeBatch(data, chunk);
  // Taken out meanwhile: a loss of one's own may make a step itself.
  let run = lastSteps.get(model);
  lastSteps.delete(model);
  if (!run?.take(data, lossFn, options)) run = new Run(model, data, lossFn, options);
  const loss = run.step(optimizer);
  lastSteps.set(model, run);
  return loss;
}

const trainOptionNames: readonly string[] = [
  "model",
  "trainInputs",
  "trainTargets",
  "epochs",
  "batchSize",
  "lossFn",
  "optimizerType",
  "optimizer",
  "validationData",
  "memoryEfficient",
  "miniBatchSize",
  "seed",
  "shuffle",
  "clipNorm",
  "verbose",
  "onEpoch",
  "signal",
  ...settingNames,
];

/** Everything that `train` needs, checked. */
interface Plan {
  run: Run;
  validation: Run | undefined;
  optimizer: Optimizer;
  epochs: number;
  seed: number;
  shuffles: boolean;
  onEpoch: TrainOptions["onEpoch"];
  signal: AbortSignal | undefined;
}

function planOf(options: TrainOptions): Plan {
  checkOptions("the settings of training", options, trainOptionNames);
  checkBoolean("verbose", options.verbose ?? false);
  if (options.onEpoch !== undefined && typeof options.onEpoch !== "function") {
    throw new GradusError("argument", `Cannot use onEpoch ${shown(options.onEpoch)}: a function is needed`);
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw new GradusError("argument", `Cannot use the signal ${shown(options.signal)}: an AbortSignal is needed`);
  }
  const model = checkModel(options.model, "train");
  const loss = checkLoss(options.lossFn ?? mseLoss, "train");
  const data = toDataset(model, options.trainInputs, options.trainTargets, loss, "train");
  const batchSize = checkNumber("the batchSize", options.batchSize ?? 32, countRange);
  const clipNorm = checkNumber("the clipNorm", options.clipNorm ?? 0, nonNegativeRange);
  const seed = checkNumber("the seed", options.seed ?? 0, seedRange);
  const chunk = chunkOf(options);
  const shuffles = checkBoolean("shuffle", options.shuffle ?? true);
  const validation = options.validationData;
  if (validation !== undefined && (!Array.isArray(validation) || validation.length !== 2)) {
    throw new GradusError("argument", "Cannot train: the validationData are no pair, [inputs, targets] is needed");
  }
  const valData = validation && toDataset(model, validation[0], validation[1], loss, "validate");
  return {
    run: new Run(model, data, loss, { batchSize, chunk, clipNorm, shuffles }),
    validation: valData && new Run(model, valData, loss, wholeBatch(valData)),
    optimizer: optimizerOf(options, seed),
    epochs: checkNumber("the number of epochs", options.epochs, countRange),
    seed,
    shuffles,
    onEpoch: options.onEpoch,
    signal: options.signal,
  };
}

function chunkOf({ memoryEfficient, miniBatchSize }: TrainOptions): number {
  if (memoryEfficient !== undefined) checkBoolean("memoryEfficient", memoryEfficient);
  if (memoryEfficient === false && miniBatchSize !== undefined) {
    throw new GradusError("argument", "Cannot use a miniBatchSize: memoryEfficient is false, true is needed");
  }
  if (!memoryEfficient && miniBatchSize === undefined) return CHUNK;
  return checkNumber("the miniBatchSize", miniBatchSize ?? DEFAULT_MINI_BATCH, countRange);
}

function optimizerOf(options: TrainOptions, seed: number): Optimizer {
  const { model, optimizer } = options;
  const settings: OptimizerSettings = {};
  for (const name of settingNames) {
    if (options[name] !== undefined) Object.assign(settings, { [name]: options[name] });
  }
  if (optimizer !== undefined) {
    const given = [...Object.keys(settings), ...(options.optimizerType ? ["optimizerType"] : [])];
    if (given.length > 0) {
      throw new GradusError(
        "argument",
        `Cannot use ${given[0]} beside an optimizer: it is set where the optimizer is made`,
      );
    }
    return checkOptimizer(optimizer, model, "train");
  }
  const type = checkName("the optimizer", options.optimizerType ?? "sgd", [
    "sgd",
    "rmsprop",
    "adam",
    "adamw",
    "langevin",
  ]);
  switch (type) {
    case "sgd":
      return new SGD(model.parameters, settings);
    case "rmsprop":
      return new RMSprop(model.parameters, settings);
    case "adam":
      return new Adam(model.parameters, settings);
    case "adamw":
      return new AdamW(model.parameters, settings);
    case "langevin":
      return new Langevin(model.parameters, { ...settings, seed });
  }
}
