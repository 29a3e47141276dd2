/** The command `predict`: from a saved network and a table to predictions as CSV. Options stand in arguments.ts. */
import { countOf, type Csv, readCsv } from "../data/csv.ts";
import type { Preprocessing, TransformedTargets } from "../data/preprocessing.ts";
import { GradusError } from "../error.ts";
import { predictedClasses, r2Score, rootMeanSquaredError } from "../metrics.ts";
import type { Reals } from "../shape.ts";
import type { Arguments } from "./arguments.ts";
import { readModelFile } from "./model_file.ts";
import { checkOutputs } from "./outputs.ts";
import { checkDestination, resolvePath, writeDestination } from "./paths.ts";
import { Status, type Terminal } from "./terminal.ts";

/**
 * Runs the command.
 *
 * @returns The exit status.
 * @throws {GradusError} If something cannot be used; then nothing was written.
 */
export async function predict(given: Arguments, io: Terminal): Promise<number> {
  const data = given.file("data");
  const modelName = given.file("model") ?? "model.json";
  const out = given.text("out");
  if (data === undefined) {
    throw new GradusError("argument", "Cannot predict: --data is missing, a CSV file with rows to predict is needed");
  }
  const paths = [data, modelName].map((path) => resolvePath(path, io.folder));
  const destination = out === undefined ? undefined : await checkDestination(out, io.folder, paths);
  const { model, preprocessing } = await readModelFile(modelName, io.folder);
  const { target } = preprocessing;
  if (given.has("probabilities") && target.kind !== "classes") {
    throw new GradusError(
      "argument",
      `Cannot use --probabilities: ${modelName} predicts numbers ("${target.name}"), a network that predicts classes is needed`,
    );
  }
  const csv = await readCsv(paths[0], {
    source: data,
    header: given.choice("header") ?? ((row) => preprocessing.isHeader(row)),
  });
  const { inputs, notes } = preprocessing.transform(csv);
  const outputs = model.predict(Float32Array.from(inputs));
  const text = tableOf(outputs, csv, preprocessing, given.has("probabilities"));
  if (destination) await writeDestination(destination, text);
  else io.out(text);
  if (given.has("quiet")) return Status.done;
  const measured = measure(outputs, csv, preprocessing);
  for (const note of notes) io.err(`note: ${note}\n`);
  if (measured !== null) io.err(`${measured}\n`);
  if (destination) io.err(`${countOf(csv.rows.length, "prediction")} written to ${out}\n`);
  return Status.done;
}

/** The predictions as CSV; throws if one is NaN or infinite. */
function tableOf(outputs: Reals, csv: Csv, preprocessing: Preprocessing, withProbabilities: boolean): string {
  const { target } = preprocessing, need = "numbers like those it was trained on are";
  if (target.kind === "number") {
    const numbers = preprocessing.restoreTarget(outputs);
    checkOutputs(numbers, 1, { csv, need });
    return ["prediction", ...Array.from(numbers, (y) => numberText(y, target.std))].join("\n") + "\n";
  }
  const { classes } = target;
  checkOutputs(outputs, classes.length, { csv, need });
  const cells = classes.map(quoted);
  const lines = [["prediction", ...withProbabilities ? classes.map((name) => quoted(`p(${name})`)) : []].join(",")];
  for (const [i, k] of predictedClasses({ data: outputs, shape: [csv.rows.length, classes.length] }).entries()) {
    const logits = withProbabilities ? outputs.subarray(i * classes.length, (i + 1) * classes.length) : [];
    const probabilities = withProbabilities ? softmax(logits).map((p) => String(Number(p.toPrecision(8)))) : [];
    lines.push([cells[k], ...probabilities].join(","));
  }
  return lines.join("\n") + "\n";
}

/** softmax(z)[k] = e^(z[k] − max z) / Σ e^(z − max z) for one row of logits. */
function softmax(logits: ArrayLike<number>): number[] {
  const row = Array.from(logits);
  const most = row.reduce((a, b) => Math.max(a, b));
  const powers = row.map((z) => Math.exp(z - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** A number to a millionth of the deviation of its kind: what float32 outputs are good for. */
function numberText(y: number, std: number): string {
  const decimals = Math.max(0, 6 - Math.floor(Math.log10(std)));
  return decimals > 100 ? String(y) : String(Number(y.toFixed(decimals)) + 0);
}

/** A cell as RFC 4180 writes it. */
function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** How good the predictions are, if the table has the target; null if not. */
function measure(outputs: Reals, csv: Csv, preprocessing: Preprocessing): string | null {
  const targets = preprocessing.transformTarget(csv);
  if (targets === null) return null;
  const { target } = preprocessing;
  const known = [...targets.data.keys()].filter((i) => !Number.isNaN(targets.data[i]));
  const left = leftOut(targets);
  const name = csv.header === null ? `column ${target.position}` : `"${target.name}"`;
  if (known.length === 0) return `note: target ${name} is not known in any row, nothing is measured`;
  if (target.kind === "classes") {
    const predicted = predictedClasses({ data: outputs, shape: [csv.rows.length, target.classes.length] });
    const right = known.filter((i) => predicted[i] === targets.data[i]).length;
    return `accuracy ${(right / known.length).toFixed(4)} (${right} of ${known.length}) against ${name}${left}`;
  }
  const predictions = known.map((i) => outputs[i]), truth = known.map((i) => targets.data[i]);
  const error = Number((rootMeanSquaredError(predictions, truth) * target.std).toPrecision(5));
  const r2 = known.length > 1 ? `, R² ${r2Score(predictions, truth).toFixed(4)}` : "";
  return `RMSE ${error}${r2} against ${name} (${countOf(known.length, "row")})${left}`;
}

function leftOut({ missing, unknown }: TransformedTargets): string {
  const parts = [...missing > 0 ? [`${missing} missing`] : [], ...unknown > 0 ? [`${unknown} unknown`] : []];
  return parts.length === 0 ? "" : `, left out: ${parts.join(" and ")}`;
}
