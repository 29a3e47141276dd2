/**
 * One way through the rows of a dataset: gradients, clipping, updates. Built-in losses with built-in optimizers go through
 * c/mlp.c, a whole epoch in one call; a loss or an optimizer of one's own goes batch by batch through here. Both are the
 * same computation. What an epoch is good for is left to engine.ts.
 */
import { Loss as LossCode, Status, Targets } from "./bindings.ts";
import type { Dataset } from "./dataset.ts";
import { GradusError } from "./error.ts";
import { native, unwrap } from "./ffi.ts";
import { selectRows, setInputs } from "./inputs.ts";
import { Job } from "./job.ts";
import { type CustomLoss, type LossFunction, mseLoss, nativeLoss } from "./loss.ts";
import { type MLP, MLPPass, scratchFor } from "./mlp.ts";
import { NativeOptimizer, type Optimizer } from "./optim.ts";
import { Parameters } from "./parameters.ts";
import { newReals, type Reals } from "./shape.ts";
import { Value } from "./value.ts";

/** How rows are cut. */
export interface RunOptions {
  /** Rows for one update. */
  readonly batchSize: number;
  /** Rows that go through the network at once. */
  readonly chunk: number;
  /** The gradient of a batch is scaled down to this norm; 0: never. */
  readonly clipNorm: number;
  /** Whether the rows will be shuffled; otherwise they are used as they come. */
  readonly shuffles: boolean;
}

/** Rows that go through a network at once, unless fewer are asked for: enough to keep the processor busy. */
export const CHUNK = 128;

/** All rows as one batch. */
export function wholeBatch({ rows }: Dataset, chunk: number = CHUNK): RunOptions {
  return { batchSize: rows, chunk, clipNorm: 0, shuffles: false };
}

/** A network, its data and a loss. */
export class Run {
  readonly model: MLP;
  #data: Dataset;
  readonly #loss: LossFunction;
  readonly #options: RunOptions;
  readonly #job: Job;
  readonly #scratch: Uint8Array<ArrayBuffer>;
  /** Whether the loss is a built-in one. */
  readonly isNative: boolean;
  /** Seed and stream of the order: low and high half of each. */
  readonly #generator = new Uint32Array(4);
  /** Epochs that have begun. */
  #epochs = 0;
  /** Whether this is a single step rather than an epoch of many. */
  #isStep = false;

  constructor(model: MLP, data: Dataset, loss: LossFunction, options: RunOptions) {
    this.model = model;
    this.#data = data;
    this.#loss = loss;
    this.#options = options;
    const kind = nativeLoss(loss);
    this.isNative = kind !== undefined;
    const job = this.#job = new Job(model.dtype, model, options.shuffles ? data.rows : 0);
    job.set("rows", data.rows);
    job.set("batchSize", options.batchSize);
    job.set("chunk", Math.min(options.chunk, options.batchSize, data.rows));
    job.set("clipNorm", options.clipNorm);
    job.set("lossKind", LossCode[kind ?? "none"]);
    job.set("targetsKind", data.targetsKind);
    setInputs(job, data.inputs);
    this.#scratch = this.isNative ? scratchFor(job) : new Uint8Array(0);
  }

  /** Floating-point operations of one epoch, about: 2 forward and 4 backward for each parameter and row. */
  get work(): number {
    return 6 * this.model.parameterCount() * this.data.rows;
  }

  /** Batches that the running epoch has finished; may be asked while it runs. */
  get batches(): number {
    return this.#job.get("batches");
  }

  /** The rows. */
  get data(): Dataset {
    return this.#data;
  }

  /** Takes other rows, if they fit what was prepared for the ones before; returns whether they do. */
  take(data: Dataset, loss: LossFunction, options: RunOptions): boolean {
    const { batchSize, chunk, clipNorm, shuffles } = this.#options;
    const fits = loss === this.#loss && data.targetsKind === this.#data.targetsKind &&
      options.batchSize === batchSize && options.chunk === chunk && options.clipNorm === clipNorm &&
      options.shuffles === shuffles;
    if (!fits) return false;
    this.#data = data;
    setInputs(this.#job, data.inputs);
    return true;
  }

  /** One update of a step of its own; returns the loss before it. */
  step(optimizer: Optimizer): number {
    this.#isStep = true;
    return this.epoch(optimizer);
  }

  /** Rows are used in the random order that a stream of a seed begins with (random.ts). */
  shuffle(seed: number, stream: number): void {
    const generator = this.#generator, rows = this.#data.rows;
    generator[0] = seed % 2 ** 32;
    generator[1] = Math.floor(seed / 2 ** 32);
    generator[2] = stream % 2 ** 32;
    generator[3] = Math.floor(stream / 2 ** 32);
    unwrap(native.gradus_random_permutation(this.#job.order, generator, rows), "shuffle the rows");
  }

  /** Ends the running epoch after the batch that it is at. */
  stop(): void {
    this.#job.set("stop", 1);
  }

  /** Bytes that rows on their way through the network take. */
  get scratchBytes(): number {
    return this.#scratch.length;
  }

  /** The mean loss of all rows; nothing changes. */
  evaluate(): number {
    if (!this.isNative) return this.#evaluateChunks().reduce((_, loss) => loss, 0);
    const { inputs, targets } = this.data;
    const status = native.gradus_mlp_evaluate(this.#job.bytes, this.#memory, inputs.data, targets, this.#scratch);
    unwrap(status, "evaluate the network");
    return this.#job.get("loss");
  }

  /** As `evaluate`, letting the event loop go on meanwhile; `pause` gives it a turn where the loss is not native. */
  async evaluateAside(pause: () => Promise<void> | undefined): Promise<number> {
    if (!this.isNative) {
      let last = 0;
      for (const loss of this.#evaluateChunks()) {
        last = loss;
        await pause();
      }
      return last;
    }
    const { inputs, targets } = this.data;
    const status = await native.gradus_mlp_evaluate_async(
      this.#job.bytes,
      this.#memory,
      inputs.data,
      targets,
      this.#scratch,
    );
    unwrap(status, "evaluate the network");
    return this.#job.get("loss");
  }

  /**
   * One epoch. Each batch's gradient replaces those in `parameters.grad`, is clipped, and the optimizer makes a step.
   *
   * @returns The mean loss, that of each batch taken before its update.
   * @throws {GradusError} If a loss is not finite; then that batch changed no parameter.
   */
  epoch(optimizer: Optimizer): number {
    this.#epochs++;
    if (!(this.isNative && optimizer instanceof NativeOptimizer)) {
      let last = 0;
      for (const loss of this.#batchwise(optimizer)) last = loss;
      return last;
    }
    const { state } = this.#begin(optimizer);
    const { data } = this;
    return this.#end(
      optimizer,
      native.gradus_mlp_epoch(this.#job.bytes, this.#memory, state, data.inputs.data, data.targets, this.#scratch),
    );
  }

  /** As `epoch`, letting the event loop go on meanwhile; `pause` gives it a turn between batches that are not native. */
  async epochAside(optimizer: Optimizer, pause: () => Promise<void> | undefined): Promise<number> {
    this.#epochs++;
    if (!(this.isNative && optimizer instanceof NativeOptimizer)) {
      let last = 0;
      for (const loss of this.#batchwise(optimizer)) {
        last = loss;
        await pause();
      }
      return last;
    }
    const { state } = this.#begin(optimizer);
    const { data } = this;
    return this.#end(
      optimizer,
      await native.gradus_mlp_epoch_async(
        this.#job.bytes,
        this.#memory,
        state,
        data.inputs.data,
        data.targets,
        this.#scratch,
      ),
    );
  }

  get #memory(): Reals {
    return Parameters.memoryOf(this.model.parameters);
  }

  #begin(optimizer: NativeOptimizer): { state: Reals } {
    const { job, state } = NativeOptimizer.open(optimizer);
    this.#job.takeOptimizer(job);
    this.#job.set("batches", 0);
    return { state };
  }

  #end(optimizer: NativeOptimizer, status: number): number {
    NativeOptimizer.open(optimizer).job.set("step", this.#job.get("step"));
    if (status === Status.numeric) throw this.#badLoss(this.#job.get("batches"), this.#job.get("badLayer"));
    unwrap(status, "train the network");
    return this.#job.get("loss");
  }

  /** The loss so far after each batch. */
  *#batchwise(optimizer: Optimizer): Generator<number> {
    const { model, data } = this, { batchSize, clipNorm } = this.#options;
    let total = 0;
    this.#job.set("batches", 0);
    for (let first = 0; first < data.rows && this.#job.get("stop") === 0; first += batchSize) {
      const rows = Math.min(batchSize, data.rows - first);
      const loss = this.isNative ? this.#nativeGradient(first, rows) : this.#customGradient(first, rows);
      if (clipNorm > 0) model.clipGradients(clipNorm);
      optimizer.step();
      total += loss * rows;
      this.#job.set("batches", this.#job.get("batches") + 1);
      yield total / (first + rows);
    }
  }

  /** The gradient of the mean loss of a batch, by a job of its own without an optimizer; returns the loss. */
  #nativeGradient(first: number, rows: number): number {
    const { model } = this;
    const part = this.#rowsAt(first, rows);
    const batch = new Run(model, part, this.#loss, wholeBatch(part, this.#options.chunk));
    const { data } = batch;
    const status = native.gradus_mlp_epoch(
      batch.#job.bytes,
      this.#memory,
      null,
      data.inputs.data,
      data.targets,
      batch.#scratch,
    );
    if (status === Status.numeric) throw this.#badLoss(this.batches, batch.#job.get("badLayer"));
    unwrap(status, "differentiate the network");
    return batch.#job.get("loss");
  }

  /** Some rows in their order, as a dataset. */
  #rowsAt(first: number, rows: number): Dataset {
    const { data, model } = this, { order } = this.#job;
    const chosen = Array.from({ length: rows }, (_, i) => this.#options.shuffles ? order[first + i] : first + i);
    const width = data.targetWidth;
    const targets = data.targets instanceof Int32Array ? new Int32Array(rows) : newReals(model.dtype, rows * width);
    chosen.forEach((row, i) => targets.set(data.targets.subarray(row * width, (row + 1) * width), i * width));
    return { ...data, rows, inputs: selectRows(data.inputs, chosen, model.dtype), targets };
  }

  /**
   * The gradient of the mean of a custom loss over a batch, chunk by chunk; returns that mean. The network's outputs are
   * leaves of the loss's graph, whose gradients enter the native backward pass.
   */
  #customGradient(first: number, rows: number): number {
    const { model } = this, { chunk } = this.#options;
    model.zeroGrad();
    let total = 0;
    const pass = new MLPPass(model, Math.min(chunk, rows));
    for (let done = 0; done < rows; done += chunk) {
      const part = this.#rowsAt(first + done, Math.min(chunk, rows - done));
      const outputs = Array.from(pass.forward(part.inputs), (y) => new Value(y));
      const losses = this.#customLosses(part, outputs);
      for (const loss of losses) total += loss.data;
      if (!Number.isFinite(total)) throw this.#badLoss(this.batches, this.#firstBadLayer(part));
      Value.sum(losses).mul(1 / rows).backward();
      pass.backward(outputs.map((y) => y.grad), false);
    }
    return total / rows;
  }

  /** The mean of a custom loss over the rows so far, after each chunk. */
  *#evaluateChunks(): Generator<number> {
    const { model, data } = this;
    const chunk = Math.min(CHUNK, data.rows), pass = new MLPPass(model, chunk);
    let total = 0;
    for (let first = 0; first < data.rows; first += chunk) {
      const part = this.#rowsAt(first, Math.min(chunk, data.rows - first));
      const outputs = Array.from(pass.forward(part.inputs), (y) => new Value(y));
      for (const loss of this.#customLosses(part, outputs)) total += loss.data;
      yield total / (first + part.rows);
    }
  }

  /** The user's loss of each sample. */
  #customLosses(part: Dataset, outputs: Value[]): Value[] {
    const { nout } = this.model, { targetWidth: width } = part;
    return Array.from({ length: part.rows }, (_, i) => {
      const loss = (this.#loss as CustomLoss)(
        outputs.slice(i * nout, (i + 1) * nout),
        Array.from(part.targets.subarray(i * width, (i + 1) * width)),
      );
      if (loss instanceof Value) return loss;
      throw new GradusError(
        "argument",
        `Cannot use the loss function: it returned ${String(loss)}, a Value computed from the predictions is needed`,
      );
    });
  }

  /** The first layer whose output for these rows is not finite: −1 for the inputs, the number of layers for none. */
  #firstBadLayer(part: Dataset): number {
    const { model } = this;
    if (!part.inputs.data.every(Number.isFinite)) return -1;
    const outputs = new MLPPass(model, part.rows).forward(part.inputs);
    if (outputs.every(Number.isFinite)) return model.layers.length;
    const probe = { ...part, targets: newReals(model.dtype, part.rows * model.nout), targetsKind: Targets.rows };
    const evaluation = new Run(model, probe, mseLoss, wholeBatch(probe, part.rows));
    evaluation.evaluate();
    return evaluation.#job.get("badLayer");
  }

  /** The sentence for a loss that is NaN or infinite. */
  #badLoss(batch: number, badLayer: number): GradusError {
    const { model, data } = this;
    const where = this.#isStep ? "" : ` of batch ${batch + 1} in epoch ${this.#epochs}`;
    const { data: inputs, scale } = data.inputs;
    const real = model.dtype === "float32" ? Math.fround : Number;
    const badInput = inputs.findIndex((x: number) => !Number.isFinite(real(real(x) * real(scale))));
    const badTarget = data.targets.findIndex((t: number) => !Number.isFinite(t));
    let cause: string, needed = "a smaller learning rate, scaled inputs or clipNorm is";
    if (badLayer < 0) {
      const x = inputs[badInput] * scale;
      cause = `row ${Math.floor(badInput / model.nin)} of the inputs holds ${x}`;
      if (Number.isFinite(x)) cause += `, beyond what ${model.dtype} holds`;
      needed = "numbers are";
    } else if (badLayer < model.layers.length) {
      cause = `the output of layers.${badLayer} is the first that is not finite`;
    } else if (badTarget >= 0) {
      cause = `target ${badTarget} is ${data.targets[badTarget]}`;
      needed = "a number is";
    } else if (nativeLoss(this.#loss) === "binaryCrossEntropy") {
      cause = "the outputs are no probabilities";
      needed = "a last layer with sigmoid, or binaryCrossEntropyWithLogits, is";
    } else cause = "all outputs are finite, the loss itself is not";
    const [low, high] = rangeOf(inputs).map((x) => x * scale).sort((a, b) => a - b);
    return new GradusError(
      "numeric",
      `Cannot go on training: the loss${where} became NaN or infinite; ${cause}; the inputs range from ${low} to ${high}; ${needed} needed`,
    );
  }
}

function rangeOf(x: Iterable<number>): [number, number] {
  let low = Infinity, high = -Infinity;
  for (const number of x) {
    if (number < low) low = number;
    if (number > high) high = number;
  }
  return [low, high];
}
