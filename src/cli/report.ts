/** What `train` prints: the table, the network, a line for each epoch, and the results. Computing them is left to train.ts. */
import { bold, dim } from "@std/fmt/colors";
import { countOf } from "../data/csv.ts";
import type { EpochReport } from "../engine.ts";
import { confusionMatrix, meanAbsoluteError, predictedClasses, r2Score } from "../metrics.ts";
import type { MLP } from "../mlp.ts";
import type { Reals } from "../shape.ts";
import { confusionTable } from "./confusion.ts";
import { durationOf } from "./progress.ts";
import type { Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";
import type { Part, Prepared } from "./prepare.ts";

/** Accuracies, or errors in the unit of the target, after an epoch; undefined without rows. */
export interface EpochScores {
  readonly train: number | undefined;
  readonly test: number | undefined;
}

/** What the network makes of some rows. */
export interface Measured {
  readonly part: Part;
  readonly outputs: Reals;
  readonly loss: number;
  /** As in `EpochScores`. */
  readonly score: number;
}

/** Lines of epochs at most; of more epochs not all are shown. */
const MOST_LINES = 100;

const MOST_NOTES = 10;

/** The report of one training. */
export class Report {
  readonly #io: Terminal;
  readonly #prepared: Prepared;
  readonly #settings: Settings;
  readonly #bold: (text: string) => string;
  readonly #dim: (text: string) => string;
  #epochs = 0;
  #every = 1;

  /**
   * @param io Where it goes.
   * @param prepared The table.
   * @param settings What was asked for; with `quiet` nothing is printed.
   */
  constructor(io: Terminal, prepared: Prepared, settings: Settings) {
    this.#io = io;
    this.#prepared = prepared;
    this.#settings = settings;
    const isColoured = io.outIsTerminal && !Deno.noColor;
    this.#bold = isColoured ? bold : (text) => text;
    this.#dim = isColoured ? dim : (text) => text;
  }

  get #isClasses(): boolean {
    return this.#prepared.preprocessing.target.kind === "classes";
  }

  #print(...lines: string[]): void {
    if (!this.#settings.quiet) this.#io.out(lines.join("\n") + "\n");
  }

  /** The table, the network, how it is trained, and the head of the table of epochs. */
  start(model: MLP, epochs: number): void {
    const { csv, preprocessing, train, test, notes } = this.#prepared;
    const settings = this.#settings;
    const label = (text: string) => this.#bold(text.padEnd(10));
    this.#epochs = epochs;
    this.#every = Math.ceil(epochs / MOST_LINES);
    const { columns, target } = preprocessing;
    const numbers = columns.filter(({ kind }) => kind === "number").length;
    const kinds = [
      ...numbers > 0 ? [`${countOf(numbers, "column")} of numbers`] : [],
      ...numbers < columns.length ? [`${countOf(columns.length - numbers, "column")} of text`] : [],
    ].join(" and ");
    const name = csv.header === null ? `column ${target.position}` : `"${target.name}"`;
    const inputs = countOf(preprocessing.inputSize, "input");
    const what = target.kind === "classes"
      ? `${target.classes.length} classes (${listOf(target.classes)})`
      : `numbers (mean ${short(target.mean)}, standard deviation ${short(target.std)})`;
    const held = test.rows > 0 ? `${test.rows} held out` : "none held out";
    const sizes = [String(model.nin), ...model.layers.map(({ nout, activation }) => `${nout} ${activation}`)].join(
      " → ",
    );
    const decay = settings.weightDecay ? `, weight decay ${settings.weightDecay}` : "";
    const clip = settings.clipNorm ? `, gradients clipped to ${settings.clipNorm}` : "";
    this.#print(
      `${label("Data")}${csv.source}: ${countOf(csv.rows.length, "row")}, ${kinds} (${inputs})`,
      `${label("Target")}${name}: ${what}`,
      `${label("Rows")}${train.rows} to train on, ${held} (seed ${settings.seed})`,
      ...notes.slice(0, MOST_NOTES).map((note) => `${label("Note")}${note}`),
      ...notes.length > MOST_NOTES ? [`${label("Note")}and ${notes.length - MOST_NOTES} notes more`] : [],
      `${label("Network")}${sizes}: ${countOf(model.parameterCount(), "parameter")}`,
      `${label("Training")}${settings.optimizer}, learning rate ${settings.learningRate}${decay}${clip}, batches of ${
        Math.min(settings.batchSize, train.rows)
      }, ${countOf(epochs, "epoch")}`,
      "",
      this.#bold(this.#row("", ["training", ""], ["held out", ""])),
      this.#bold(this.#row("epoch", ["loss", this.#scoreName], ["loss", this.#scoreName])),
    );
  }

  get #scoreName(): string {
    return this.#isClasses ? "accuracy" : "RMSE";
  }

  #row(first: string, train: string[], test: string[]): string {
    const isHeldOut = this.#prepared.test.rows > 0;
    const cells = (texts: string[]) =>
      texts[1] === "" ? texts[0].padStart(21) : texts.map((text) => text.padStart(10)).join(" ");
    return `${first.padStart(6)} ${cells(train)}${isHeldOut ? `  ${cells(test)}` : ""}`;
  }

  #score(score: number | undefined): string {
    return score === undefined ? "" : this.#isClasses ? score.toFixed(4) : short(score, 5);
  }

  /** Whether this epoch has a line. */
  shows(epoch: number): boolean {
    return epoch === 1 || epoch % this.#every === 0 || epoch === this.#epochs;
  }

  /** The line of an epoch. */
  epoch({ epoch, trainLoss, valLoss }: EpochReport, { train, test }: EpochScores): void {
    const loss = (x: number | undefined) => x === undefined ? "" : x.toFixed(4);
    this.#print(this.#row(String(epoch), [loss(trainLoss), this.#score(train)], [loss(valLoss), this.#score(test)]));
  }

  /** The results, where the network is saved, and how to use it. */
  end(
    { train, test }: { train: Measured | undefined; test: Measured | undefined },
    { epochs, seconds, secondsInAll }: { epochs: number; seconds: number; secondsInAll: number },
  ): void {
    const measured = (test ?? train)!;
    const rows = test ? "held-out rows" : "training rows";
    const { target } = this.#prepared.preprocessing;
    const { out } = this.#settings;
    const results: string[] = [];
    if (target.kind === "classes") {
      const classes = target.classes.length;
      const predicted = predictedClasses({ data: measured.outputs, shape: [measured.part.rows, classes] });
      const matrix = confusionMatrix(predicted, measured.part.targets, classes);
      const right = matrix.reduce((sum, row, k) => sum + row[k], 0);
      results.push(
        "",
        ...confusionTable(matrix, target.classes, rows, { bold: this.#bold, dim: this.#dim }),
        "",
        `${this.#bold(`Accuracy on ${rows}`)} ${measured.score.toFixed(4)} (${right} of ${measured.part.rows})`,
      );
    } else {
      const { outputs, part } = measured;
      const error = short(meanAbsoluteError(outputs, part.targets) * target.std, 5);
      const r2 = part.rows > 1 ? `, R² ${r2Score(outputs, part.targets).toFixed(4)}` : "";
      results.push(
        "",
        `${this.#bold(`On ${rows}`)} RMSE ${short(measured.score, 5)}, mean absolute error ${error}${r2}`,
      );
    }
    this.#print(
      ...results,
      `Trained ${countOf(epochs, "epoch")} in ${durationOf(seconds)} (${durationOf(secondsInAll)} in all)`,
      `Saved to ${out}; to predict with it: deno task predict --model ${quoted(out)} --data <new.csv>`,
    );
  }
}

/** At most that many significant digits, without needless zeros. */
function short(x: number, digits = 4): string {
  return String(Number(x.toPrecision(digits)));
}

function listOf(names: readonly string[]): string {
  const most = 10;
  const shown = names.slice(0, names.length > most ? most - 1 : most)
    .map((name) => name.length > 20 ? `${name.slice(0, 19)}…` : name);
  return `${shown.join(", ")}${names.length > most ? ", …" : ""}`;
}

/** As a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./\\:-]+$/.test(path) ? path : `"${path}"`;
}
