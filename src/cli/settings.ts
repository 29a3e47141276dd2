/** What `train` was asked for, checked as far as that can be done without the table; and the defaults. */
import { Adam, AdamW, Langevin, type Optimizer, RMSprop, SGD } from "../optim.ts";
import type { TableOptions } from "../data/columns.ts";
import type { OptimizerType } from "../engine.ts";
import { GradusError } from "../error.ts";
import { type ActivationName, activationNames } from "../layer.ts";
import type { MLP } from "../mlp.ts";
import { checkName, countRange, fractionRange, nonNegativeRange, positiveRange, seedRange } from "../options.ts";
import { type Arguments, numberFrom } from "./arguments.ts";

/** What `train` does. */
export interface Settings {
  /** The file with the table; undefined for the digits. */
  data: string | undefined;
  header: boolean | undefined;
  table: TableOptions;
  hidden: number[];
  activation: ActivationName;
  /** Undefined: as the rows need it. */
  epochs: number | undefined;
  batchSize: number;
  optimizer: OptimizerType;
  learningRate: number;
  /** Undefined for an optimizer that has none. */
  weightDecay: number | undefined;
  clipNorm: number | undefined;
  seed: number;
  testFraction: number;
  out: string;
  quiet: boolean;
}

/** Chosen on the digits and small tables; see the help. */
const learningRates: { readonly [type in OptimizerType]: number } = {
  sgd: 0.1,
  rmsprop: 0.001,
  adam: 0.005,
  adamw: 0.005,
  langevin: 0.03,
};
const taskNames = ["classification", "regression"] as const;
const optimizerNames = Object.keys(learningRates) as OptimizerType[];
const hiddenActivations = activationNames.filter((name) => name !== "softmax");
/** The library's default of 0.01 is for samplers; at this one the noise disturbs no training. */
const LANGEVIN_TEMPERATURE = 1e-6;

/**
 * Reads the options of `train`.
 *
 * @throws {GradusError} If one is not usable.
 */
export function readSettings(given: Arguments): Settings {
  const optimizer = checkName("--optimizer", given.text("optimizer") ?? "adamw", optimizerNames);
  if (optimizer === "langevin" && given.has("weight-decay")) {
    throw new GradusError("argument", "Cannot use --weight-decay: langevin has none, another --optimizer is needed");
  }
  const weightDecay = given.number("weight-decay", nonNegativeRange) ?? (optimizer === "adamw" ? 0.1 : 0);
  const task = given.text("task");
  return {
    data: given.file("data"),
    header: given.choice("header"),
    table: {
      target: given.text("target")?.trim() ?? -1,
      ...task !== undefined && { task: checkName("--task", task, taskNames) },
      text: given.list("text"),
      number: given.list("number"),
      ignore: given.list("ignore"),
    },
    hidden: sizesFrom(given.text("hidden") ?? "64,32"),
    activation: checkName("--activation", given.text("activation") ?? "relu", hiddenActivations),
    epochs: given.number("epochs", countRange),
    batchSize: given.number("batch-size", countRange) ?? 32,
    optimizer,
    learningRate: given.number("learning-rate", positiveRange) ?? learningRates[optimizer],
    weightDecay: optimizer === "langevin" ? undefined : weightDecay,
    clipNorm: given.number("clip-norm", positiveRange),
    seed: given.number("seed", seedRange) ?? 0,
    testFraction: given.number("test-fraction", fractionRange) ?? 0.2,
    out: given.text("out") ?? "model.json",
    quiet: given.has("quiet"),
  };
}

function sizesFrom(text: string): number[] {
  if (text.trim() === "") return [];
  return text.split(",").map((size) => numberFrom("--hidden", size.trim(), countRange));
}

/** As many passes over the rows as make 1800 batches, but at least 40 and at most 100. */
export function epochsFor(rows: number, batchSize: number): number {
  return Math.min(100, Math.max(40, Math.ceil(1800 / Math.ceil(rows / batchSize))));
}

/** The optimizer that was asked for. */
export function optimizerFor(model: MLP, settings: Settings): Optimizer {
  const { parameters } = model, { learningRate, weightDecay, seed } = settings;
  switch (settings.optimizer) {
    case "sgd":
      return new SGD(parameters, { learningRate, weightDecay });
    case "rmsprop":
      return new RMSprop(parameters, { learningRate, weightDecay });
    case "adam":
      return new Adam(parameters, { learningRate, weightDecay });
    case "adamw":
      return new AdamW(parameters, { learningRate, weightDecay });
    case "langevin":
      return new Langevin(parameters, { learningRate, temperature: LANGEVIN_TEMPERATURE, seed });
  }
}
