/**
 * What is learnt from the training rows of a table: statistics of its numbers, the values of its text, and what a
 * user should know about them. Applying it is left to preprocessing.ts.
 */
import { cannotTrain, type Choices, type Column, holdsNumbers, mostValues, textValue } from "./columns.ts";
import { cellKind } from "./csv.ts";
import type { ClassTarget, NumberColumn, NumberTarget, TextColumn } from "./preprocessing_json.ts";
import { constantTarget, type Target } from "./target.ts";

/** From this many rows on, a warning may be more than a coincidence. */
const fewestToWarn = 10;

/** A column that becomes inputs, and sentences on it. */
export interface FittedColumn {
  column: NumberColumn | TextColumn;
  warnings: string[];
}

/**
 * What one column becomes.
 *
 * @throws {GradusError} With code `"data"` if it mixes numbers and text, or holds too large numbers or too many texts.
 */
export function fitColumn(column: Column, rows: Uint32Array, { text, number }: Choices): FittedColumn {
  const textIsMissing = number.has(column.index);
  const name = column.argument;
  const numeric = !text.has(column.index) && holdsNumbers(column, {
    asked: textIsMissing,
    remedy: textIsMissing
      ? null
      : `--text ${name} reads the column as text, --number ${name} reads such cells as missing`,
  });
  return numeric ? fitNumbers(column, rows, textIsMissing) : fitText(column, rows);
}

function fitNumbers(column: Column, rows: Uint32Array, textIsMissing: boolean): FittedColumn {
  const { name, position, label } = column;
  const numbers = column.cells(rows).filter((cell) => cellKind(cell) === "number").map(Number);
  const { mean, std } = statistics(column, numbers);
  const warnings: string[] = [];
  if (numbers.length === 0) warnings.push(`${label} is empty in all training rows`);
  if (countsRows(column)) {
    warnings.push(`${label} counts the rows and tells nothing about new ones ${ignoring(column)}`);
  }
  return {
    column: { name, position, kind: "number", mean, std: std || 1, ...textIsMissing && { textIsMissing } },
    warnings,
  };
}

function fitText(column: Column, rows: Uint32Array): FittedColumn {
  const { csv, name, position, label } = column;
  const values = [...new Set(column.cells(rows).map(textValue))].sort();
  if (values.length > mostValues) {
    throw cannotTrain(
      csv,
      `${label} is text with ${values.length} different values, at most ${mostValues} are needed ${ignoring(column)}`,
    );
  }
  const warnings: string[] = [];
  const words = values.filter((value) => value !== "");
  if (words.length > 0 && words.every((word) => /^[+-]?\d+([.,]\d+)+$/.test(word))) {
    const example = words.find((word) => word.includes(",")) ?? words[0];
    warnings.push(`${label} is read as text, because numbers such as ${example} have no decimal point`);
  } else if (values.length === rows.length && rows.length >= fewestToWarn) {
    warnings.push(`${label} holds a different text in every row and predicts nothing ${ignoring(column)}`);
  }
  return { column: { name, position, kind: "text", values }, warnings };
}

/**
 * What the target becomes.
 *
 * @throws {GradusError} With code `"data"` if its numbers are all equal in the training rows, or too large.
 */
export function fitTarget(column: Column, target: Target, rows: Uint32Array): ClassTarget | NumberTarget {
  const { name, position } = target;
  if (target.kind === "classes") return { name, position, kind: "classes", classes: target.classes };
  const numbers = Array.from(rows, (row) => target.data[row]);
  const { mean, std } = statistics(column, numbers);
  if (std === 0) throw constantTarget(column, numbers);
  return { name, position, kind: "number", mean, std };
}

/**
 * The mean and the population standard deviation √(Σ(x − mean)²/n), by Welford's recurrence: equal
 * numbers give a deviation of exactly 0, which a rounded sum would not.
 */
function statistics({ csv, label }: Column, numbers: number[]): { mean: number; std: number } {
  let mean = 0;
  let squares = 0;
  for (const [index, x] of numbers.entries()) {
    const delta = x - mean;
    mean += delta / (index + 1);
    squares += delta * (x - mean);
  }
  const std = Math.sqrt(squares / Math.max(1, numbers.length));
  if (Number.isFinite(mean) && Number.isFinite(std)) return { mean, std };
  throw cannotTrain(csv, `${label} holds numbers of 1e154 or more, smaller ones are needed`);
}

/** Whether the column is 0, 1, 2, … or 1, 2, 3, … down the table. */
function countsRows(column: Column): boolean {
  const { rows } = column.csv;
  const first = Number(column.cell(0));
  return rows.length >= fewestToWarn && (first === 0 || first === 1) &&
    rows.every((_, i) => column.cell(i) !== "" && Number(column.cell(i)) === first + i);
}

function ignoring(column: Column): string {
  return `(--ignore ${column.argument} leaves it out)`;
}
