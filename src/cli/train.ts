/** The command `train`: from a table to a saved network. Options stand in arguments.ts, what is printed in report.ts. */
import { readCsv } from "../data/csv.ts";
import { Engine, type EpochReport, type History } from "../engine.ts";
import { predictedClasses } from "../metrics.ts";
import { MLP } from "../mlp.ts";
import type { Reals } from "../shape.ts";
import type { Arguments } from "./arguments.ts";
import { encodeFile, type TrainingRecord } from "./model_file.ts";
import { checkOutputs } from "./outputs.ts";
import { checkDestination, fileName, writeDestination } from "./paths.ts";
import { type Part, prepare, type Prepared, tablePath } from "./prepare.ts";
import { Progress } from "./progress.ts";
import { type EpochScores, type Measured, Report } from "./report.ts";
import { epochsFor, optimizerFor, readSettings, type Settings } from "./settings.ts";
import { Status, type Terminal } from "./terminal.ts";

/**
 * Runs the command.
 *
 * @returns The exit status.
 * @throws {GradusError} If something cannot be used; then nothing was written.
 */
export async function train(given: Arguments, io: Terminal): Promise<number> {
  const began = performance.now();
  const settings = readSettings(given);
  const data = tablePath(settings, io.folder);
  const destination = await checkDestination(settings.out, io.folder, [data.path]);
  const csv = await readCsv(data.path, { source: data.name, header: settings.header ?? data.header });
  const prepared = prepare(csv, settings);
  const model = makeModel(prepared, settings);
  // A held-out row far beyond the others is better found before training than when the network is measured on it.
  if (prepared.test.rows > 0) outputsFor(model, prepared, prepared.test, "numbers like those of other rows are");
  const epochs = settings.epochs ?? epochsFor(prepared.train.rows, settings.batchSize);

  const report = new Report(io, prepared, settings);
  report.start(model, epochs);
  const interruption = listenForInterruption(io);
  try {
    const { signal } = interruption;
    const { history, seconds } = await learn(model, prepared, settings, { epochs, io, report, signal });
    if (history.epochs === 0) {
      io.err("gradus: interrupted before the first batch was done, nothing is saved\n");
      return Status.interrupted;
    }
    const scores = { train: measure(model, prepared, prepared.train), test: measure(model, prepared, prepared.test) };
    const record = recordOf(prepared, settings, { history, scores, data: data.name });
    await writeDestination(destination, encodeFile(model, prepared.preprocessing, record));
    report.end(scores, { epochs: history.epochs, seconds, secondsInAll: (performance.now() - began) / 1000 });
    if (history.stopped !== "aborted") return Status.done;
    io.err(
      `gradus: interrupted in epoch ${history.epochs} of ${epochs}, the network as it is by now is saved to ${settings.out}\n`,
    );
    return Status.interrupted;
  } finally {
    interruption.end();
  }
}

function makeModel({ preprocessing }: Prepared, settings: Settings): MLP {
  const { hidden, activation, seed } = settings;
  const isRectifier = activation !== "tanh" && activation !== "sigmoid" && activation !== "linear";
  return new MLP(preprocessing.inputSize, [...hidden, preprocessing.outputSize], {
    activation,
    seed,
    init: isRectifier ? "he" : "xavier",
  });
}

/** Trains until the end or Ctrl-C. `seconds` is training proper, without the measuring after each epoch. */
async function learn(
  model: MLP,
  prepared: Prepared,
  settings: Settings,
  { epochs, io, report, signal }: { epochs: number; io: Terminal; report: Report; signal: AbortSignal },
): Promise<{ history: History; seconds: number }> {
  const { train, test, preprocessing } = prepared;
  const progress = new Progress(io, epochs, settings.quiet);
  const sample = sampleOf(train);
  let measuring = 0;
  const onEpoch = (epoch: EpochReport) => {
    if (settings.quiet || !report.shows(epoch.epoch) && !signal.aborted) {
      return progress.epoch(epoch.epoch);
    }
    const began = performance.now();
    const scores: EpochScores = {
      train: score(model, prepared, sample),
      test: score(model, prepared, test, { loss: epoch.valLoss }),
    };
    progress.clear();
    report.epoch(epoch, scores);
    progress.epoch(epoch.epoch);
    measuring += performance.now() - began;
  };
  try {
    const history = await Engine.train({
      model,
      trainInputs: train.inputs,
      trainTargets: train.targets,
      epochs,
      batchSize: settings.batchSize,
      lossFn: preprocessing.target.kind === "classes" ? Engine.crossEntropy : Engine.mseLoss,
      optimizer: optimizerFor(model, settings),
      ...settings.clipNorm !== undefined && { clipNorm: settings.clipNorm },
      ...test.rows > 0 && { validationData: [test.inputs, test.targets] },
      seed: settings.seed,
      onEpoch,
      signal,
    });
    return { history, seconds: history.seconds - measuring / 1000 };
  } finally {
    progress.end();
  }
}

/** Milliseconds within which a second signal is the same Ctrl-C: what runs a task may pass on what the terminal sent to all. */
const ECHO = 300;

/** Aborts its signal at the first Ctrl-C, and ends the process at the second. */
function listenForInterruption(io: Terminal): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const names: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  let first = 0;
  const interrupt = () => {
    if (controller.signal.aborted) {
      if (performance.now() - first > ECHO) Deno.exit(Status.interrupted);
      return;
    }
    first = performance.now();
    controller.abort();
    if (io.errIsTerminal) io.err("\r\x1b[Kinterrupted: saving the network (again: end at once)\n");
  };
  for (const name of names) Deno.addSignalListener(name, interrupt);
  return {
    signal: controller.signal,
    end: () => names.forEach((name) => Deno.removeSignalListener(name, interrupt)),
  };
}

/**
 * The training rows that are measured after each epoch: all of a small table, else a quarter, so that measuring takes little
 * time against training. They are in random order, so the first are as good as any.
 */
function sampleOf(train: Part): Part {
  const rows = Math.min(train.rows, Math.max(2000, Math.ceil(train.rows / 4)));
  const width = train.inputs.length / train.rows;
  return {
    rows,
    places: train.places.subarray(0, rows),
    inputs: train.inputs.subarray(0, rows * width),
    targets: train.targets.subarray(0, rows),
  };
}

/** The outputs for some rows; throws if one is NaN or infinite, telling what is needed. */
function outputsFor(model: MLP, { csv }: Prepared, { inputs, places }: Part, need: string): Reals {
  const outputs = model.predict(inputs);
  checkOutputs(outputs, model.nout, { csv, places, need });
  return outputs;
}

function lossOf(model: MLP, { preprocessing: { target } }: Prepared, { inputs, targets }: Part): number {
  return Engine.evaluate(model, inputs, targets, target.kind === "classes" ? Engine.crossEntropy : Engine.mseLoss);
}

/**
 * The accuracy, or the root mean squared error in the unit of the target; undefined without rows, NaN where an output is.
 *
 * Every epoch asks for it, so it is no `Engine.accuracy` or `rootMeanSquaredError`: these copy every row, targets too, which
 * would add 20 ms to the 40 ms in which the digits are learnt. The root is that of the loss, which the native side computes.
 *
 * @param known What is known already: `loss` is the mean loss of these rows, `outputs` are the network's.
 */
function score(
  model: MLP,
  prepared: Prepared,
  part: Part,
  known: { loss?: number | undefined; outputs?: Reals } = {},
): number | undefined {
  const { rows, targets } = part, { target } = prepared.preprocessing;
  if (rows === 0) return undefined;
  if (target.kind === "number") return Math.sqrt(known.loss ?? lossOf(model, prepared, part)) * target.std;
  const data = known.outputs ?? model.predict(part.inputs);
  // Training diverges: that it says itself, at the next batch.
  if (data.some(Number.isNaN)) return NaN;
  const predicted = predictedClasses({ data, shape: [rows, target.classes.length] });
  return predicted.filter((k, i) => k === targets[i]).length / rows;
}

/** What the network makes of the rows in the end; undefined without rows. */
function measure(model: MLP, prepared: Prepared, part: Part): Measured | undefined {
  if (part.rows === 0) return undefined;
  const outputs = outputsFor(model, prepared, part, "a smaller --learning-rate is");
  const loss = lossOf(model, prepared, part);
  return { part, outputs, loss, score: score(model, prepared, part, { loss, outputs })! };
}

function recordOf(
  { preprocessing, train, test }: Prepared,
  settings: Settings,
  { history, scores, data }: {
    history: History;
    scores: { train?: Measured; test?: Measured };
    data: string;
  },
): TrainingRecord {
  const name = preprocessing.target.kind === "classes" ? "accuracy" : "rootMeanSquaredError";
  const of = (part: Measured | undefined) => part ? { loss: part.loss, [name]: part.score } : null;
  return {
    data: fileName(data),
    task: preprocessing.target.kind === "classes" ? "classification" : "regression",
    seed: settings.seed,
    testFraction: settings.testFraction,
    trainRows: train.rows,
    testRows: test.rows,
    epochs: history.epochs,
    interrupted: history.stopped === "aborted",
    batchSize: settings.batchSize,
    optimizer: settings.optimizer,
    learningRate: settings.learningRate,
    ...settings.weightDecay !== undefined && { weightDecay: settings.weightDecay },
    ...settings.clipNorm !== undefined && { clipNorm: settings.clipNorm },
    train: of(scores.train),
    test: of(scores.test),
  };
}
