/**
 * From the cells of a table to the numbers a network trains on, and back; reading the file is left
 * to csv.ts, the choice of training rows to split.ts.
 *
 * Statistics (means, deviations, categories) come from the training rows alone, so that nothing about
 * the held-out rows leaks into training. Which columns hold numbers is decided over all rows.
 */

import { GradusError } from "../error.ts";
import { cellKind, columnNames, countOf, type Csv } from "./csv.ts";
import { checkOptions } from "../options.ts";

/** Which column is predicted, and what the columns hold. Columns are given by name, or by position from 1 (-1 is the last). */
export interface TableOptions {
  /** The column to predict; a number is a position, a text first a name. Default: -1, the last column. */
  target?: string | number;
  /**
   * What to predict. Default: classes if the target holds text, or whole numbers of which at most 20 and
   * at most max(2, rows/5) are different; otherwise numbers.
   */
  task?: "classification" | "regression";
  /** Columns to read as text even if they hold numbers. Default: none. */
  text?: (string | number)[];
  /** Columns to read as numbers even if they hold text; the cells with text count as missing. Default: none. */
  number?: (string | number)[];
  /** Columns to leave out. Default: none. */
  ignore?: (string | number)[];
}

/** A column of numbers: a cell x becomes (x − mean) / std, a missing cell 0. */
export interface NumberColumn {
  /** The name in the header, or the position. */
  name: string;
  /** The position in the table, from 1. */
  position: number;
  /** A column of numbers. */
  kind: "number";
  /** The mean of the training rows. */
  mean: number;
  /** The population standard deviation of the training rows; 1 if they are all equal. */
  std: number;
  /** Whether cells with text count as missing; otherwise they are an error. */
  textIsMissing?: boolean;
}

/** A column of text: a cell becomes one number per value, 1 for its own and 0 for the others. */
export interface TextColumn {
  /** The name in the header, or the position. */
  name: string;
  /** The position in the table, from 1. */
  position: number;
  /** A column of text. */
  kind: "text";
  /** The values of the training rows, sorted; `""` stands for missing cells. */
  values: string[];
}

/** A column of classes to predict. */
export interface ClassTarget {
  /** The name in the header, or the position. */
  name: string;
  /** The position in the table, from 1. */
  position: number;
  /** A column of classes. */
  kind: "classes";
  /** The names of the classes, sorted (as numbers if they all are); class number k is `classes[k]`. */
  classes: string[];
}

/** A column of numbers to predict: y is trained as (y − mean) / std. */
export interface NumberTarget {
  /** The name in the header, or the position. */
  name: string;
  /** The position in the table, from 1. */
  position: number;
  /** A column of numbers. */
  kind: "number";
  /** The mean of the training rows. */
  mean: number;
  /** The population standard deviation of the training rows. */
  std: number;
}

/** What a {@linkcode Preprocessing} is, as JSON. */
export interface PreprocessingJSON {
  /** The version of this format. */
  version: 1;
  /** Whether the columns have names from a header. */
  header: boolean;
  /** The number of columns of the table, with target and ignored columns. */
  width: number;
  /** The columns that become inputs, in the order of the table. */
  columns: (NumberColumn | TextColumn)[];
  /** The column to predict. */
  target: ClassTarget | NumberTarget;
}

/** The inputs of a network, made from a table. */
export interface TransformedInputs {
  /** The inputs (rows, width), row-major; a copy. */
  inputs: Float64Array;
  /** The number of rows. */
  rows: number;
  /** The number of inputs per row: one per number column, one per value of a text column. */
  width: number;
  /** How many missing cells were filled with the mean of their column. */
  missing: number;
  /** How many cells hold a text that is not in the training rows; all their inputs are 0. */
  unknown: number;
  /** The same as sentences for people, one per column concerned. */
  notes: string[];
}

/** The targets of a network, made from a table. */
export interface TransformedTargets {
  /** One number per row: the class number, or (y − mean) / std; NaN where it is missing or unknown. */
  data: Float64Array;
  /** How many cells are missing. */
  missing: number;
  /** How many cells hold no number, or no class of the training table. */
  unknown: number;
}

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

const optionNames = ["target", "task", "text", "number", "ignore"];
const mostValues = 1000;
const mostTargetNumbers = 20;
/** 4 GiB of float64. */
const mostInputs = 2 ** 29;

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
 * @throws {GradusError} With code `"argument"` if there is no such column; with code `"data"` if the table
 * has no rows, or a target cell is missing, is no number where numbers are asked for, or is infinite; if
 * all cells are equal, or more than 1000 classes.
 */
export function readTarget(csv: Csv, options: TableOptions = {}): Target {
  checkTableOptions(options);
  if (csv.rows.length === 0) {
    throw new GradusError(
      "data",
      `Cannot train on ${csv.source}: it has a header and no rows, two rows or more are needed`,
    );
  }
  const column = findColumn(csv, options.target ?? -1);
  const name = columnNames(csv)[column];
  const position = column + 1;
  const cells = csv.rows.map((row) => row[column].trim());
  const { task } = options;
  const asText = listed(csv, options.text).has(column);
  if (asText && task === "regression") {
    throw new GradusError(
      "argument",
      `Cannot train on ${csv.source}: target ${
        label(csv, column)
      } is asked for as text and for regression, one of the two is needed`,
    );
  }
  const missing = cells.findIndex((cell) => cellKind(cell) === "missing");
  if (missing >= 0) {
    throw cellError(
      csv,
      missing,
      column,
      "a value in every row of the target is needed",
    );
  }
  const distinct = new Set(cells);
  if (distinct.size === 1) throw constantTarget(csv, column, cells);

  let numeric = !asText;
  if (task === "classification") {
    numeric &&= !cells.some((cell) => cellKind(cell) !== "number");
  } else if (numeric) {
    const forced = task === "regression" ||
      listed(csv, options.number).has(column);
    numeric = holdsNumbers(csv, column, forced, "task");
  }
  if (!numeric) {
    const classes = [...distinct].sort();
    return classTarget(csv, { name, position, classes, cells });
  }
  const data = Float64Array.from(cells, Number);
  const numbers = [...new Set(data)].sort((a, b) => a - b);
  if (numbers.length === 1) throw constantTarget(csv, column, cells);
  const fewWholeNumbers = numbers.length <= mostTargetNumbers &&
    numbers.length <= Math.max(2, cells.length / 5) &&
    numbers.every(Number.isInteger);
  if (task === "classification" || (task === undefined && fewWholeNumbers)) {
    // "1", "1.0" and "+1" are one class.
    const classes = numbers.map(String);
    const names = Array.from(data, String);
    return classTarget(csv, { name, position, classes, cells: names });
  }
  return { name, position, kind: "number", data };
}

/**
 * How a table becomes inputs and targets of a network, learnt from its training rows: columns of numbers
 * are standardised, columns of text are one-hot. It travels with a model as JSON.
 *
 * A column holds numbers if all its cells do, missing ones aside; text if fewer than half do; a mixture
 * is an error. Missing are the empty cell, NA, N/A, NaN, nan, null, NULL, None and ?.
 *
 * @example From a table to inputs, and a new row later
 * ```ts
 * import { parseCsv, Preprocessing } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const csv = parseCsv("size,colour,kind\n1,red,cat\n3,blue,dog\n");
 * const preprocessing = Preprocessing.fit(csv, { target: "kind" });
 * assertEquals(preprocessing.inputNames, ["size", "colour=blue", "colour=red"]);
 * assertEquals([...preprocessing.transform(csv).inputs], [-1, 0, 1, 1, 1, 0]);
 *
 * const later = Preprocessing.fromJSON(JSON.parse(JSON.stringify(preprocessing)));
 * const row = later.transform(parseCsv("colour,size\ngreen,2\n"));
 * assertEquals([...row.inputs], [0, 0, 0]);
 * assertEquals(row.unknown, 1);
 * ```
 */
export class Preprocessing {
  /** Whether the columns have names from a header. */
  readonly header: boolean;
  /** The number of columns of the table, with target and ignored columns. */
  readonly width: number;
  /** The columns that become inputs, in the order of the table. */
  readonly columns: readonly (NumberColumn | TextColumn)[];
  /** The column to predict. */
  readonly target: ClassTarget | NumberTarget;
  /** What a user should know about the table that was fitted, as sentences; empty when read from JSON. */
  readonly warnings: readonly string[];

  /**
   * Takes a description as it is; {@linkcode Preprocessing.fit} makes one from a table.
   *
   * @param description What {@linkcode Preprocessing.toJSON} gives; copied.
   * @param warnings Sentences to keep in `warnings`. Default: none.
   * @throws {GradusError} With code `"data"`, naming the field, if the description is not complete and consistent.
   */
  constructor(description: PreprocessingJSON, warnings: string[] = []) {
    checkDescription(description);
    const { header, width, columns, target } = structuredClone(description);
    this.header = header;
    this.width = width;
    this.columns = columns;
    this.target = target;
    this.warnings = [...warnings];
  }

  /**
   * Learns from the rows `trainRows` of `csv` (numbers from 0; default: all rows) how to make inputs and targets.
   *
   * @throws {GradusError} As {@linkcode readTarget}, and with code `"data"` naming line and column if a column
   * mixes numbers and text or holds an infinity, if a text column has more than 1000 values, or if the target
   * is the only column; with code `"argument"` for a column that does not exist or is asked for in two ways.
   */
  static fit(
    csv: Csv,
    options: TableOptions = {},
    trainRows?: ArrayLike<number>,
  ): Preprocessing {
    const target = readTarget(csv, options);
    // In order, so that the statistics do not depend on the order of a split, and memory is read in order.
    const rows = rowNumbers(csv, trainRows).sort();
    if (rows.length === 0) {
      throw new GradusError(
        "argument",
        `Cannot train on ${csv.source}: there are no training rows, one or more are needed`,
      );
    }
    const names = columnNames(csv);
    const text = listed(csv, options.text);
    const number = listed(csv, options.number);
    const ignore = listed(csv, options.ignore);
    for (const column of number) {
      if (text.has(column)) throw askedTwice(csv, column, "text", "number");
    }
    if (ignore.has(target.position - 1)) {
      throw askedTwice(csv, target.position - 1, "target", "ignore");
    }
    const warnings: string[] = [];
    const columns: (NumberColumn | TextColumn)[] = [];
    for (const [column, name] of names.entries()) {
      const position = column + 1;
      if (position === target.position || ignore.has(column)) continue;
      const textIsMissing = number.has(column);
      if (
        !text.has(column) && holdsNumbers(csv, column, textIsMissing, "column")
      ) {
        const cells = Array.from(rows, (row) => csv.rows[row][column])
          .filter((cell) => cellKind(cell) === "number").map(Number);
        if (cells.length === 0) {
          warnings.push(
            `${label(csv, column)} is empty in all training rows`,
          );
        }
        if (countsRows(csv, column)) {
          warnings.push(
            `${label(csv, column)} counts the rows and tells nothing about new ones (--ignore ${
              argument(csv, column)
            } leaves it out)`,
          );
        }
        const { mean, std } = meanAndStd(csv, column, cells);
        columns.push({
          name,
          position,
          kind: "number",
          mean,
          std: std || 1,
          ...textIsMissing && { textIsMissing },
        });
      } else {
        const cells = Array.from(
          rows,
          (row) => textValue(csv.rows[row][column]),
        );
        const values = [...new Set(cells)].sort();
        if (values.length > mostValues) {
          throw new GradusError(
            "data",
            `Cannot train on ${csv.source}: ${
              label(csv, column)
            } is text with ${values.length} different values, at most ${mostValues} are needed (--ignore ${
              argument(csv, column)
            } leaves it out)`,
          );
        }
        warnings.push(...textWarnings(csv, column, values, rows.length));
        columns.push({ name, position, kind: "text", values });
      }
    }
    if (columns.length === 0) {
      throw new GradusError(
        "data",
        `Cannot train on ${csv.source}: there is no column but the target ${label(csv, target.position - 1)}${
          ignore.size > 0 ? " and the ignored" : ""
        }, one column or more to predict it from is needed`,
      );
    }
    return new Preprocessing({
      version: 1,
      header: csv.header !== null,
      width: names.length,
      columns,
      target: fitTarget(csv, target, rows),
    }, warnings);
  }

  /**
   * Reads what {@linkcode Preprocessing.toJSON} gave, from `JSON.parse`.
   *
   * @throws {GradusError} With code `"data"`, naming the field, if it is not complete and consistent.
   */
  static fromJSON(json: unknown): Preprocessing {
    return new Preprocessing(json as PreprocessingJSON);
  }

  /** All that is needed to make the same inputs again; a copy. */
  toJSON(): PreprocessingJSON {
    return structuredClone({
      version: 1,
      header: this.header,
      width: this.width,
      columns: [...this.columns],
      target: this.target,
    });
  }

  /** The name of each input: that of a column of numbers, `column=value` for a column of text. */
  get inputNames(): string[] {
    return this.columns.flatMap((column) =>
      column.kind === "number" ? [column.name] : column.values.map((value) => `${column.name}=${value}`)
    );
  }

  /** The number of inputs per row. */
  get inputSize(): number {
    return this.columns.reduce(
      (sum, column) => sum + (column.kind === "number" ? 1 : column.values.length),
      0,
    );
  }

  /** The number of outputs a network needs: one per class, or 1 for numbers. */
  get outputSize(): number {
    return this.target.kind === "classes" ? this.target.classes.length : 1;
  }

  /**
   * Whether the trimmed first row of another file is a header, for the option `header` of
   * {@linkcode readCsv}: yes if it holds the names of all columns; no if it can be read as a row of
   * the table; otherwise undefined, and the file decides. With it a new file of one row reads right.
   *
   * @example One row without a header
   * ```ts
   * import { parseCsv, Preprocessing } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const csv = parseCsv("size,colour,kind\n1,red,cat\n3,blue,dog\n");
   * const preprocessing = Preprocessing.fit(csv, { target: "kind" });
   * const header = (row: string[]) => preprocessing.isHeader(row);
   * assertEquals(parseCsv("2,red\n", { header }).header, null);
   * ```
   */
  isHeader(firstRow: string[]): boolean | undefined {
    const { header, columns } = this;
    if (header && columns.every(({ name }) => firstRow.includes(name))) {
      return true;
    }
    const places = this.#placesByPosition(firstRow.length);
    const isRow = places !== null && columns.every((column, index) => {
      const cell = firstRow[places.columns[index]];
      const kind = cellKind(cell);
      return column.kind === "text" ? column.values.includes(textValue(cell)) : kind === "number" || kind === "missing";
    });
    return isRow ? false : undefined;
  }

  /**
   * The inputs for the given `rows` of `csv` (numbers from 0; default: all rows, in their order).
   *
   * Columns are found by name if both tables have a header (other columns are passed over), otherwise by
   * position: the table then has the same columns as the one that was fitted, with or without the
   * target, or just those that become inputs.
   *
   * @throws {GradusError} With code `"data"` if the table has no rows, a column is missing, or a cell
   * in a column of numbers holds text or an infinity, naming line and column.
   */
  transform(csv: Csv, rows?: ArrayLike<number>): TransformedInputs {
    const places = this.#places(csv).columns;
    const chosen = rowNumbers(csv, rows);
    const width = this.inputSize;
    if (chosen.length * width > mostInputs) {
      throw new GradusError(
        "data",
        `Cannot use ${csv.source}: ${chosen.length} rows of ${width} inputs are more than 4 GiB, fewer rows or columns are needed (--ignore leaves columns out)`,
      );
    }
    let offset = 0;
    const plan = this.columns.map((column, index) => {
      const first = offset;
      const values = column.kind === "text" ? column.values : [];
      const numbers = new Map(values.map((value, k) => [value, k]));
      offset += column.kind === "text" ? values.length : 1;
      const place = places[index];
      return { column, place, first, numbers, count: 0, example: "" };
    });
    const inputs = new Float64Array(chosen.length * width);
    for (const [i, number] of chosen.entries()) {
      const row = csv.rows[number];
      for (const part of plan) {
        const { column, place, numbers } = part;
        const at = i * width + part.first;
        const cell = row[place];
        if (column.kind === "text") {
          const value = textValue(cell);
          const k = numbers.get(value);
          if (k !== undefined) inputs[at + k] = 1;
          else if (part.count++ === 0) part.example = value;
          continue;
        }
        const kind = cellKind(cell);
        if (kind === "number") {
          inputs[at] = (Number(cell) - column.mean) / column.std;
        } else if (
          kind === "missing" || (kind === "text" && column.textIsMissing)
        ) {
          part.count++; // The mean is standardised to 0, which is there.
        } else {
          throw cellError(
            csv,
            number,
            place,
            "a number is needed as in the table the model was trained on",
          );
        }
      }
    }
    const notes: string[] = [];
    let missing = 0;
    let unknown = 0;
    for (const { column, place, count, example } of plan) {
      if (count === 0) continue;
      const name = label(csv, place);
      if (column.kind === "number") {
        missing += count;
        const mean = Number(column.mean.toPrecision(6));
        notes.push(
          `${name}: ${countOf(count, "missing cell")} filled with the mean ${mean}`,
        );
      } else {
        unknown += count;
        const value = example === "" ? "missing" : shortened(example);
        notes.push(
          `${name}: ${countOf(count, "cell")} with a value that is not in the training rows (${value}), ` +
            `read as none of its ${countOf(column.values.length, "value")}`,
        );
      }
    }
    return { inputs, rows: chosen.length, width, missing, unknown, notes };
  }

  /**
   * The targets in the given `rows` of `csv` (numbers from 0; default: all rows), or `null` if the table
   * does not have the target column. Cells that are missing or unknown give NaN and are counted.
   *
   * @throws {GradusError} With code `"data"` if the table has no rows or lacks one of the other columns.
   */
  transformTarget(
    csv: Csv,
    rows?: ArrayLike<number>,
  ): TransformedTargets | null {
    const place = this.#places(csv).target;
    if (place === null) return null;
    const { target } = this;
    const chosen = rowNumbers(csv, rows);
    const data = new Float64Array(chosen.length);
    const numbers = new Map(
      target.kind === "classes" ? target.classes.map((name, k) => [name, k]) : [],
    );
    let missing = 0;
    let unknown = 0;
    for (let i = 0; i < chosen.length; i++) {
      const cell = csv.rows[chosen[i]][place].trim();
      const kind = cellKind(cell);
      let value: number | undefined;
      if (target.kind === "classes") {
        value = numbers.get(cell) ??
          (kind === "number" ? numbers.get(String(Number(cell))) : undefined);
      } else if (kind === "number") {
        value = (Number(cell) - target.mean) / target.std;
      }
      if (value === undefined && kind === "missing") missing++;
      else if (value === undefined) unknown++;
      data[i] = value ?? NaN;
    }
    return { data, missing, unknown };
  }

  /**
   * Predicted numbers in the unit of the target column: y·std + mean for each y of `outputs`; a copy.
   *
   * @throws {GradusError} With code `"argument"` if the target is classes.
   */
  restoreTarget(outputs: ArrayLike<number>): Float64Array {
    const { target } = this;
    if (target.kind === "classes") {
      throw new GradusError(
        "argument",
        `Cannot restore the target "${target.name}": it holds classes, a target of numbers is needed`,
      );
    }
    return Float64Array.from(outputs, (y) => y * target.std + target.mean);
  }

  /** Where in the rows of `csv` the columns and, if it is there, the target stand. */
  #places(csv: Csv): { columns: number[]; target: number | null } {
    if (csv.rows.length === 0) {
      throw new GradusError(
        "data",
        `Cannot use ${csv.source}: it has a header and no rows, one row or more is needed`,
      );
    }
    const { header } = csv;
    if (this.header && header !== null) {
      const columns = this.columns.map(({ name }) => {
        const place = header.indexOf(name);
        if (place >= 0) return place;
        throw new GradusError(
          "data",
          `Cannot use ${csv.source}: it has no column "${name}", which the model was trained on (its columns are ${
            listOf(header)
          }), that column is needed`,
        );
      });
      const target = header.indexOf(this.target.name);
      return { columns, target: target < 0 ? null : target };
    }
    const width = csv.rows[0].length;
    const places = this.#placesByPosition(width);
    if (places !== null) return places;
    const widths = new Set([this.columns.length, this.width - 1, this.width]);
    throw new GradusError(
      "data",
      `Cannot use ${csv.source}: it has ${countOf(width, "column")}${this.header ? " and no header" : ""}, ${
        [...widths].join(" or ")
      } as in the table the model was trained on are needed`,
    );
  }

  #placesByPosition(
    width: number,
  ): { columns: number[]; target: number | null } | null {
    const target = this.target.position;
    if (width === this.width) {
      const columns = this.columns.map(({ position }) => position - 1);
      return { columns, target: target - 1 };
    }
    if (width === this.width - 1) {
      const columns = this.columns.map(({ position }) => position > target ? position - 2 : position - 1);
      return { columns, target: null };
    }
    if (width === this.columns.length) {
      return { columns: this.columns.map((_, index) => index), target: null };
    }
    return null;
  }
}

function checkTableOptions(options: TableOptions): void {
  checkOptions("the table options", options, optionNames);
  const { task } = options;
  if (
    task !== undefined && task !== "classification" && task !== "regression"
  ) {
    throw new GradusError(
      "argument",
      `Cannot use the task "${task}": there is no such task, classification or regression is needed`,
    );
  }
}

/** The index of the column with the name `wanted`, else with that position from 1 or from the end. */
function findColumn(csv: Csv, wanted: string | number): number {
  const names = columnNames(csv);
  if (typeof wanted === "string") {
    const index = names.indexOf(wanted.trim());
    if (index >= 0) return index;
  }
  const position = Number(wanted);
  if (/^[+-]?\d+$/.test(String(wanted).trim())) {
    const index = position < 0 ? names.length + position : position - 1;
    if (index >= 0 && index < names.length) return index;
  }
  throw new GradusError(
    "argument",
    `Cannot find column ${JSON.stringify(wanted)} in ${csv.source}: ${
      csv.header === null ? "its columns have no names" : `its columns are ${listOf(names)}`
    }, ${csv.header === null ? "" : "one of them or "}a position from 1 to ${names.length} is needed`,
  );
}

function listed(csv: Csv, wanted: (string | number)[] = []): Set<number> {
  return new Set(wanted.map((column) => findColumn(csv, column)));
}

/** Whether the column is one of numbers; an error if it is a mixture or holds an infinity. */
function holdsNumbers(
  csv: Csv,
  column: number,
  forced: boolean,
  role: "column" | "task",
): boolean {
  let numbers = 0;
  let texts = 0;
  let firstText = -1;
  let firstInfinite = -1;
  for (const [index, row] of csv.rows.entries()) {
    const kind = cellKind(row[column]);
    if (kind === "text") {
      texts++;
      if (firstText < 0) firstText = index;
    } else if (kind !== "missing") {
      numbers++;
      if (kind === "infinite" && firstInfinite < 0) firstInfinite = index;
    }
  }
  if (!forced && numbers < texts) return false;
  if (texts > 0 && (!forced || role === "task")) {
    const name = argument(csv, column);
    const remedy = role === "column"
      ? `--text ${name} reads the column as text, --number ${name} reads such cells as missing`
      : "--task classification reads the target as classes";
    throw cellError(
      csv,
      firstText,
      column,
      `a number is needed as in other rows (${remedy})`,
    );
  }
  if (firstInfinite >= 0) {
    throw cellError(csv, firstInfinite, column, "a finite number is needed");
  }
  return true;
}

function classTarget(
  csv: Csv,
  target: {
    name: string;
    position: number;
    classes: string[];
    cells: string[];
  },
): Target {
  const { name, position, classes, cells } = target;
  if (classes.length > mostValues) {
    throw new GradusError(
      "data",
      `Cannot train on ${csv.source}: target ${
        label(csv, position - 1)
      } has ${classes.length} classes, at most ${mostValues} are needed`,
    );
  }
  const numbers = new Map(classes.map((name, k) => [name, k]));
  const data = Int32Array.from(cells, (cell) => numbers.get(cell)!);
  return { name, position, kind: "classes", classes, data };
}

function fitTarget(
  csv: Csv,
  target: Target,
  rows: Uint32Array,
): ClassTarget | NumberTarget {
  const { name, position } = target;
  if (target.kind === "classes") {
    return { name, position, kind: "classes", classes: target.classes };
  }
  const column = position - 1;
  const numbers = Array.from(rows, (row) => target.data[row]);
  const { mean, std } = meanAndStd(csv, column, numbers);
  if (std === 0) {
    throw constantTarget(csv, column, numbers.map(String));
  }
  return { name, position, kind: "number", mean, std };
}

/**
 * The mean and the population standard deviation √(Σ(x − mean)²/n), by Welford's recurrence: equal
 * numbers give a deviation of exactly 0, which a rounded sum would not.
 */
function meanAndStd(
  csv: Csv,
  column: number,
  numbers: number[],
): { mean: number; std: number } {
  let mean = 0;
  let squares = 0;
  for (const [index, x] of numbers.entries()) {
    const delta = x - mean;
    mean += delta / (index + 1);
    squares += delta * (x - mean);
  }
  const std = Math.sqrt(squares / Math.max(1, numbers.length));
  if (!Number.isFinite(mean) || !Number.isFinite(std)) {
    throw new GradusError(
      "data",
      `Cannot train on ${csv.source}: ${label(csv, column)} holds numbers of 1e154 or more, smaller ones are needed`,
    );
  }
  return { mean, std };
}

function textValue(cell: string): string {
  return cellKind(cell) === "missing" ? "" : cell.trim();
}

function textWarnings(
  csv: Csv,
  column: number,
  values: string[],
  rows: number,
): string[] {
  const words = values.filter((value) => value !== "");
  if (
    words.length > 0 && words.every((word) => /^[+-]?\d+([.,]\d+)+$/.test(word))
  ) {
    return [
      `${label(csv, column)} is read as text, because numbers such as ${
        words.find((word) => word.includes(",")) ?? words[0]
      } have no decimal point`,
    ];
  }
  if (values.length === rows && rows >= 10) {
    return [
      `${label(csv, column)} holds a different text in every row and predicts nothing (--ignore ${
        argument(csv, column)
      } leaves it out)`,
    ];
  }
  return [];
}

/** Whether the column is 0, 1, 2, … or 1, 2, 3, … down a table of 10 rows or more. */
function countsRows(csv: Csv, column: number): boolean {
  const first = Number(csv.rows[0][column]);
  return csv.rows.length >= 10 && (first === 0 || first === 1) &&
    csv.rows.every((row, i) => row[column].trim() !== "" && Number(row[column]) === first + i);
}

function rowNumbers(csv: Csv, rows?: ArrayLike<number>): Uint32Array {
  if (rows === undefined) return Uint32Array.from(csv.rows.keys());
  for (let i = 0; i < rows.length; i++) {
    if (!(Number.isInteger(rows[i]) && csv.rows[rows[i]] !== undefined)) {
      throw new GradusError(
        "argument",
        `Cannot use row ${rows[i]} of ${csv.source}: it has ${
          countOf(csv.rows.length, "row")
        }, a whole number from 0 below that is needed`,
      );
    }
  }
  return Uint32Array.from(rows);
}

/** A column in messages: its name in quotes, or its position. */
function label(csv: Csv, column: number): string {
  return csv.header === null ? `column ${column + 1}` : `column "${shortened(csv.header[column])}"`;
}

/** A column as an argument of a command that a shell and a list with commas leave as it is. */
function argument(csv: Csv, column: number): string {
  const name = columnNames(csv)[column];
  return /^\w[\w.-]*$/.test(name) ? name : String(column + 1);
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function listOf(names: string[]): string {
  const most = 12;
  const list = names.slice(0, most).map(shortened).join(", ");
  return names.length > most ? `${list} and ${names.length - most} more` : list;
}

function cellError(
  csv: Csv,
  row: number,
  column: number,
  need: string,
): GradusError {
  const cell = csv.rows[row][column].trim();
  return new GradusError(
    "data",
    `Cannot use ${csv.source}: line ${csv.lines[row]}, ${label(csv, column)} is ${
      cell === "" ? "empty" : JSON.stringify(shortened(cell))
    }, ${need}`,
  );
}

function constantTarget(
  csv: Csv,
  column: number,
  cells: string[],
): GradusError {
  return new GradusError(
    "data",
    `Cannot train on ${csv.source}: target ${label(csv, column)} is ${JSON.stringify(shortened(cells[0]))} in ${
      cells.length === 1 ? "its only row" : `all ${cells.length} rows`
    }, two different values or more are needed`,
  );
}

function askedTwice(
  csv: Csv,
  column: number,
  first: string,
  second: string,
): GradusError {
  return new GradusError(
    "argument",
    `Cannot use ${
      label(csv, column)
    } of ${csv.source}: it is asked for as ${first} and as ${second}, one of the two is needed`,
  );
}

/** Throws unless `json` is a whole and consistent PreprocessingJSON; allocates nothing of a size it names. */
function checkDescription(json: unknown): asserts json is PreprocessingJSON {
  const root = fields(json, "it");
  need(root.version === 1, "version", root.version, "1");
  const { header, width, columns } = root;
  need(typeof header === "boolean", "header", header, "true or false");
  need(isWhole(width, 2, 2 ** 31), "width", width, "a whole number above 1");
  need(
    Array.isArray(columns) && columns.length > 0,
    "columns",
    columns,
    "a list of columns",
  );
  const names = new Set<unknown>();
  const positions = new Set<unknown>();
  const place = (column: Record<string, unknown>, path: string): void => {
    const { name, position } = column;
    need(
      typeof name === "string" && !names.has(name),
      `${path}.name`,
      name,
      "a name of its own",
    );
    need(
      isWhole(position, 1, width as number) && !positions.has(position),
      `${path}.position`,
      position,
      `a position of its own from 1 to ${width}`,
    );
    names.add(name);
    positions.add(position);
  };
  for (const [index, value] of (columns as unknown[]).entries()) {
    const path = `columns[${index}]`;
    const column = fields(value, path);
    place(column, path);
    const { kind, textIsMissing: flag } = column;
    if (kind === "number") {
      checkScale(column, path);
      const isFlag = flag === undefined || typeof flag === "boolean";
      need(isFlag, `${path}.textIsMissing`, flag, "true or false");
    } else {
      need(kind === "text", `${path}.kind`, kind, '"number" or "text"');
      checkTexts(column.values, `${path}.values`, 1);
    }
  }
  const target = fields(root.target, "target");
  place(target, "target");
  if (target.kind === "number") {
    checkScale(target, "target");
  } else {
    const { kind } = target;
    need(kind === "classes", "target.kind", kind, '"number" or "classes"');
    checkTexts(target.classes, "target.classes", 2);
  }
}

function need(
  holds: boolean,
  path: string,
  value: unknown,
  what: string,
): asserts holds {
  if (holds) return;
  const is = value === undefined
    ? "missing"
    : Array.isArray(value)
    ? `a list of ${value.length}`
    : typeof value === "object" && value !== null
    ? "an object"
    : typeof value === "string"
    ? JSON.stringify(shortened(value))
    : String(value);
  throw new GradusError(
    "data",
    `Cannot read the preprocessing: ${path} is ${is}, ${what} is needed`,
  );
}

function fields(value: unknown, path: string): Record<string, unknown> {
  const isObject = typeof value === "object" && value !== null &&
    !Array.isArray(value);
  need(isObject, path, value, "an object");
  return value as Record<string, unknown>;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least &&
    (value as number) <= most;
}

function checkScale(column: Record<string, unknown>, path: string): void {
  const { mean, std } = column;
  need(Number.isFinite(mean), `${path}.mean`, mean, "a finite number");
  need(
    Number.isFinite(std) && (std as number) > 0,
    `${path}.std`,
    std,
    "a finite number above 0",
  );
}

function checkTexts(value: unknown, path: string, least: number): void {
  need(
    Array.isArray(value) && value.length >= least &&
      value.length <= mostValues &&
      value.every((text) => typeof text === "string") &&
      new Set(value).size === value.length,
    path,
    value,
    `a list of ${least} to ${mostValues} different texts`,
  );
}
