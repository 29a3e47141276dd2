/**
 * From the cells of a table to the numbers a network trains on, and back. Reading the file is left to csv.ts,
 * the choice of training rows to split.ts, and what is learnt from them to fit.ts.
 *
 * Statistics (means, deviations, categories) come from the training rows alone, so that nothing about
 * the held-out rows leaks into training. Which columns hold numbers is decided over all rows.
 */
import { GradusError } from "../error.ts";
import {
  cannotTrain,
  cannotUse,
  Column,
  columnsOf,
  listOf,
  numbersOf,
  readOptions,
  rowNumbers,
  type TableOptions,
  textValue,
} from "./columns.ts";
import { cellKind, countOf, type Csv } from "./csv.ts";
import { encoderOf, sizeOf } from "./encoders.ts";
import { fitColumn, fitTarget } from "./fit.ts";
import {
  checkDescription,
  type ClassTarget,
  type NumberColumn,
  type NumberTarget,
  type PreprocessingJSON,
  type TextColumn,
} from "./preprocessing_json.ts";
import { targetOf } from "./target.ts";

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

/** 4 GiB of float64. */
const mostInputs = 2 ** 29;

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
   * is the only column.
   */
  static fit(csv: Csv, options: TableOptions = {}, trainRows?: ArrayLike<number>): Preprocessing {
    const choices = readOptions(csv, options);
    const target = targetOf(csv, choices);
    // In order, so that the statistics do not depend on the order of a split, and memory is read in order.
    const rows = rowNumbers(csv, trainRows).sort();
    if (rows.length === 0) {
      throw new GradusError(
        "argument",
        `Cannot train on ${csv.source}: there are no training rows, one or more are needed`,
      );
    }
    const all = columnsOf(csv);
    const fitted = all
      .filter(({ index }) => index !== choices.target.index && !choices.ignore.has(index))
      .map((column) => fitColumn(column, rows, choices));
    if (fitted.length === 0) {
      const others = `the target ${choices.target.label}${choices.ignore.size > 0 ? " and the ignored" : ""}`;
      throw cannotTrain(csv, `there is no column but ${others}, one column or more to predict it from is needed`);
    }
    const description: PreprocessingJSON = {
      version: 1,
      header: csv.header !== null,
      width: all.length,
      columns: fitted.map(({ column }) => column),
      target: fitTarget(choices.target, target, rows),
    };
    return new Preprocessing(description, fitted.flatMap(({ warnings }) => warnings));
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
    return this.columns.reduce((sum, column) => sum + sizeOf(column), 0);
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
    if (header && columns.every(({ name }) => firstRow.includes(name))) return true;
    const places = this.#placesByPosition(firstRow.length);
    const isRow = places !== null && columns.every((column, index) => {
      const cell = firstRow[places.columns[index]];
      if (column.kind === "text") return column.values.includes(textValue(cell));
      return ["number", "missing"].includes(cellKind(cell));
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
    const { length } = chosen;
    const width = this.inputSize;
    if (length * width > mostInputs) {
      const is = `${length} rows of ${width} inputs are more than 4 GiB`;
      throw cannotUse(csv, `${is}, fewer rows or columns are needed (--ignore leaves columns out)`);
    }
    const encoders = this.columns.map((column, index) => encoderOf(column, new Column(csv, places[index])));
    const inputs = new Float64Array(length * width);
    let at = 0;
    for (const row of chosen) {
      for (const encoder of encoders) {
        encoder.encode(row, inputs, at);
        at += encoder.size;
      }
    }
    const missing = encoders.reduce((sum, encoder) => sum + encoder.missing, 0);
    const unknown = encoders.reduce((sum, encoder) => sum + encoder.unknown, 0);
    return { inputs, rows: length, width, missing, unknown, notes: encoders.flatMap((encoder) => encoder.notes()) };
  }

  /**
   * The targets in the given `rows` of `csv` (numbers from 0; default: all rows), or `null` if the table
   * does not have the target column. Cells that are missing or unknown give NaN and are counted.
   *
   * @throws {GradusError} With code `"data"` if the table has no rows or lacks one of the other columns.
   */
  transformTarget(csv: Csv, rows?: ArrayLike<number>): TransformedTargets | null {
    const place = this.#places(csv).target;
    if (place === null) return null;
    const { target } = this;
    const numbers = numbersOf(target.kind === "classes" ? target.classes : []);
    const cells = new Column(csv, place).cells(rowNumbers(csv, rows));
    const data = new Float64Array(cells.length);
    const result: TransformedTargets = { data, missing: 0, unknown: 0 };
    for (const [i, cell] of cells.entries()) {
      const kind = cellKind(cell);
      const number = kind === "number" ? Number(cell) : NaN;
      data[i] = target.kind === "number"
        ? (number - target.mean) / target.std
        : numbers.get(cell) ?? numbers.get(String(number)) ?? NaN;
      if (!Number.isNaN(data[i])) continue;
      if (kind === "missing") result.missing++;
      else result.unknown++;
    }
    return result;
  }

  /**
   * Predicted numbers in the unit of the target column: y·std + mean for each y of `outputs`; a copy.
   *
   * @throws {GradusError} With code `"argument"` if the target is classes.
   */
  restoreTarget(outputs: ArrayLike<number>): Float64Array {
    const { target } = this;
    if (target.kind === "number") return Float64Array.from(outputs, (y) => y * target.std + target.mean);
    throw new GradusError(
      "argument",
      `Cannot restore the target "${target.name}": it holds classes, a target of numbers is needed`,
    );
  }

  /** Where in the rows of `csv` the columns and, if it is there, the target stand. */
  #places(csv: Csv): Places {
    const { header } = csv;
    if (csv.rows.length === 0) throw cannotUse(csv, "it has a header and no rows, one row or more is needed");
    if (this.header && header !== null) return this.#placesByName(csv, header);
    const width = csv.rows[0].length;
    const places = this.#placesByPosition(width);
    if (places !== null) return places;
    const widths = new Set([this.columns.length, this.width - 1, this.width]);
    const has = `${countOf(width, "column")}${this.header ? " and no header" : ""}`;
    const needed = [...widths].join(" or ");
    throw cannotUse(csv, `it has ${has}, ${needed} as in the table the model was trained on are needed`);
  }

  #placesByName(csv: Csv, header: string[]): Places {
    const columns = this.columns.map(({ name }) => {
      const place = header.indexOf(name);
      if (place >= 0) return place;
      const are = `its columns are ${listOf(header)}`;
      throw cannotUse(
        csv,
        `it has no column "${name}", which the model was trained on (${are}), that column is needed`,
      );
    });
    const target = header.indexOf(this.target.name);
    return { columns, target: target < 0 ? null : target };
  }

  #placesByPosition(width: number): Places | null {
    const positions = this.columns.map(({ position }) => position);
    const target = this.target.position;
    if (width === this.width) {
      return { columns: positions.map((position) => position - 1), target: target - 1 };
    }
    if (width === this.width - 1) {
      return { columns: positions.map((position) => position > target ? position - 2 : position - 1), target: null };
    }
    return width === positions.length ? { columns: [...positions.keys()], target: null } : null;
  }
}

/** Indexes in the rows of a table. */
interface Places {
  columns: number[];
  /** Null if the table has no target. */
  target: number | null;
}
