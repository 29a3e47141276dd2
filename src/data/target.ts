/**
 * The column of a table that is to be predicted: classes, or numbers as they stand.
 * Taking their mean and deviation is left to fit.ts.
 */
import type { GradusError } from "../error.ts";
import {
  cannotTrain,
  type Choices,
  type Column,
  holdsNumbers,
  mostValues,
  numbersOf,
  quoted,
  readOptions,
  type TableOptions,
} from "./columns.ts";
import { cellKind, type Csv } from "./csv.ts";

/** The target column of a table to train on: class numbers with the names of the classes, or numbers as they stand. */
export type Target =
  | {
    /** The name in the header, or the position. */
    name: string;
    /** The position in the table, from 1. */
    position: number;
    /** Classes are to be predicted. */
    kind: "classes";
    /** The names of the classes, sorted (as numbers if they all are). */
    classes: string[];
    /** The class number of each row. */
    data: Int32Array;
  }
  | {
    /** The name in the header, or the position. */
    name: string;
    /** The position in the table, from 1. */
    position: number;
    /** Numbers are to be predicted. */
    kind: "number";
    /** The number in each row. */
    data: Float64Array;
  };

/**
 * Finds the target column of `csv`, decides whether it holds classes or numbers, and reads all rows.
 * Class numbers are what a stratified {@linkcode holdOut} needs before statistics may be taken.
 *
 * @example Classes by name
 * ```ts
 * import { parseCsv, readTarget } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const csv = parseCsv("size,kind\n1,dog\n2,cat\n3,dog\n");
 * const target = readTarget(csv, { target: "kind" });
 * assertEquals(target.kind === "classes" && target.classes, ["cat", "dog"]);
 * assertEquals([...target.data], [1, 0, 1]);
 * ```
 *
 * @throws {GradusError} With code `"argument"` if there is no such column, or one is asked for in two ways; with code
 * `"data"` if the table has no rows, or a target cell is missing, is no number where numbers are asked for, or is
 * infinite; if all cells are equal, or more than 1000 classes.
 */
export function readTarget(csv: Csv, options: TableOptions = {}): Target {
  return targetOf(csv, readOptions(csv, options));
}

/** {@linkcode readTarget} after the options are read. */
export function targetOf(csv: Csv, choices: Choices): Target {
  if (csv.rows.length === 0) throw cannotTrain(csv, "it has a header and no rows, two rows or more are needed");
  const { target: column, task } = choices;
  const { name, position } = column;
  const cells = column.cells();
  const missing = cells.findIndex((cell) => cellKind(cell) === "missing");
  if (missing >= 0) throw column.cellError(missing, "a value in every row of the target is needed");
  const numeric = isNumeric(cells, choices);
  // "1", "1.0" and "+1" are one class.
  const names = numeric ? cells.map((cell) => String(Number(cell))) : cells;
  const classes = [...new Set(names)].sort(numeric ? (a, b) => Number(a) - Number(b) : undefined);
  if (classes.length === 1) throw constantTarget(column, cells);
  if (numeric && (task ?? taskFor(classes, cells.length)) === "regression") {
    return { name, position, kind: "number", data: Float64Array.from(cells, Number) };
  }
  if (classes.length > mostValues) {
    const has = `target ${column.label} has ${classes.length} classes`;
    throw cannotTrain(csv, `${has}, at most ${mostValues} are needed`);
  }
  const numbers = numbersOf(classes);
  return { name, position, kind: "classes", classes, data: Int32Array.from(names, (name) => numbers.get(name)!) };
}

function isNumeric(cells: string[], { target, task, text, number }: Choices): boolean {
  if (text.has(target.index)) return false;
  if (task === "classification") return cells.every((cell) => cellKind(cell) === "number");
  return holdsNumbers(target, {
    asked: task === "regression" || number.has(target.index),
    remedy: "--task classification reads the target as classes",
  });
}

/** Classes are few whole numbers: at most 20 different ones, and a fifth as many as rows. */
function taskFor(numbers: string[], rows: number): "classification" | "regression" {
  const few = numbers.length <= Math.min(20, Math.max(2, rows / 5));
  return few && numbers.every((number) => Number.isInteger(Number(number))) ? "classification" : "regression";
}

/** The error for a target of equal cells. */
export function constantTarget({ csv, label }: Column, cells: ArrayLike<string | number>): GradusError {
  const rows = cells.length === 1 ? "its only row" : `all ${cells.length} rows`;
  return cannotTrain(
    csv,
    `target ${label} is ${quoted(String(cells[0]))} in ${rows}, two different values or more are needed`,
  );
}
