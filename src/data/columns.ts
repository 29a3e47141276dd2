/**
 * The columns of a table: which of them are meant, what their cells hold, and how messages call them.
 * What becomes of them is left to target.ts and preprocessing.ts.
 */
import { GradusError } from "../error.ts";
import { checkName, checkOptions, shown } from "../options.ts";
import { cellKind, columnNames, countOf, type Csv } from "./csv.ts";

/** The most classes of a target, and the most values of a column of text. */
export const mostValues = 1000;

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

/** {@linkcode TableOptions} for one table: columns instead of their names. */
export interface Choices {
  target: Column;
  task: TableOptions["task"];
  /** Indexes from 0, as in `number` and `ignore`. */
  text: ReadonlySet<number>;
  number: ReadonlySet<number>;
  ignore: ReadonlySet<number>;
}

/** One column of a table. */
export class Column {
  readonly csv: Csv;
  /** From 0. */
  readonly index: number;
  /** From 1. */
  readonly position: number;
  /** The name in the header, or the position. */
  readonly name: string;

  constructor(csv: Csv, index: number) {
    this.csv = csv;
    this.index = index;
    this.position = index + 1;
    this.name = csv.header?.[index] ?? String(this.position);
  }

  /** In messages: the name in quotes, or the position. */
  get label(): string {
    return this.csv.header === null ? `column ${this.position}` : `column "${shortened(this.name)}"`;
  }

  /** As an argument of a command: what a shell and a list with commas leave as it is. */
  get argument(): string {
    return /^\w[\w.-]*$/.test(this.name) ? this.name : String(this.position);
  }

  /** The trimmed cell in a row. */
  cell(row: number): string {
    return this.csv.rows[row][this.index].trim();
  }

  /** The trimmed cells in the given rows, or in all. */
  cells(rows: ArrayLike<number> = rowNumbers(this.csv)): string[] {
    return Array.from(rows, (row) => this.cell(row));
  }

  /** The error for a cell, ending with what is needed. */
  cellError(row: number, need: string): GradusError {
    const cell = this.cell(row);
    const is = cell === "" ? "empty" : quoted(cell);
    return cannotUse(this.csv, `line ${this.csv.lines[row]}, ${this.label} is ${is}, ${need}`);
  }
}

/**
 * Checks the options and finds their columns.
 *
 * @throws {GradusError} With code `"argument"` if one is not usable, a column does not exist or is asked for in two ways.
 */
export function readOptions(csv: Csv, options: TableOptions): Choices {
  checkOptions("the table options", options, ["target", "task", "text", "number", "ignore"]);
  const { task } = options;
  if (task !== undefined) checkName("the task", task, ["classification", "regression"]);
  const indexesOf = (list: (string | number)[] = []): Set<number> =>
    new Set(list.map((wanted) => findColumn(csv, wanted).index));
  const target = findColumn(csv, options.target ?? -1);
  const [text, number, ignore] = [options.text, options.number, options.ignore].map(indexesOf);
  const both = [...number].find((index) => text.has(index));
  if (both !== undefined) throw askedTwice(new Column(csv, both), "text", "number");
  if (ignore.has(target.index)) throw askedTwice(target, "target", "ignore");
  if (text.has(target.index) && task === "regression") throw askedTwice(target, "text", "regression");
  return { target, task, text, number, ignore };
}

/** The column with the name `wanted`, else with that position from 1 or from the end. */
function findColumn(csv: Csv, wanted: string | number): Column {
  const names = columnNames(csv);
  if (typeof wanted === "string") {
    const index = names.indexOf(wanted.trim());
    if (index >= 0) return new Column(csv, index);
  }
  const position = Number(wanted);
  if (/^[+-]?\d+$/.test(String(wanted).trim())) {
    const index = position < 0 ? names.length + position : position - 1;
    if (index >= 0 && index < names.length) return new Column(csv, index);
  }
  const [are, oneOf] = csv.header === null
    ? ["its columns have no names", ""]
    : [`its columns are ${listOf(names)}`, "one of them or "];
  const needed = `${oneOf}a position from 1 to ${names.length}`;
  throw new GradusError(
    "argument",
    `Cannot find column ${shown(wanted)} in ${csv.source}: ${are}, ${needed} is needed`,
  );
}

function askedTwice({ csv, label }: Column, first: string, second: string): GradusError {
  return new GradusError(
    "argument",
    `Cannot use ${label} of ${csv.source}: it is asked for as ${first} and as ${second}, one of the two is needed`,
  );
}

/** All columns of a table. */
export function columnsOf(csv: Csv): Column[] {
  return columnNames(csv).map((_, index) => new Column(csv, index));
}

/** The given rows of a table, or all of them, by number from 0; a copy. */
export function rowNumbers(csv: Csv, rows?: ArrayLike<number>): Uint32Array {
  const count = csv.rows.length;
  if (rows === undefined) return Uint32Array.from(csv.rows.keys());
  const wrong = Array.from(rows).findIndex((row) => !(Number.isInteger(row) && row >= 0 && row < count));
  if (wrong < 0) return Uint32Array.from(rows);
  const has = countOf(count, "row");
  throw new GradusError(
    "argument",
    `Cannot use row ${rows[wrong]} of ${csv.source}: it has ${has}, a whole number from 0 below that is needed`,
  );
}

/** How {@linkcode holdsNumbers} decides. */
export interface NumbersOptions {
  /** Whether the column is asked for as numbers, however much text it holds. */
  asked: boolean;
  /** What helps against text among the numbers; null if such cells count as missing. */
  remedy: string | null;
}

/**
 * Whether the column is one of numbers: text is rarer than numbers, or numbers are asked for.
 *
 * @throws {GradusError} With code `"data"` if it is a mixture or holds an infinity.
 */
export function holdsNumbers(column: Column, { asked, remedy }: NumbersOptions): boolean {
  let balance = 0;
  let text = -1;
  let infinite = -1;
  for (const row of column.csv.rows.keys()) {
    const kind = cellKind(column.cell(row));
    if (kind === "missing") continue;
    balance += kind === "text" ? -1 : 1;
    if (kind === "text" && text < 0) text = row;
    if (kind === "infinite" && infinite < 0) infinite = row;
  }
  if (!asked && balance < 0) return false;
  if (text >= 0 && remedy !== null) {
    throw column.cellError(text, `a number is needed as in other rows (${remedy})`);
  }
  if (infinite >= 0) throw column.cellError(infinite, "a finite number is needed");
  return true;
}

/** The value of a cell in a column of text: missing ones are `""`. */
export function textValue(cell: string): string {
  return cellKind(cell) === "missing" ? "" : cell.trim();
}

/** The number of each name: its place in the list. */
export function numbersOf(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, number) => [name, number]));
}

// ---------------------------------------------------------------- messages

/** The error for a table that cannot be learnt from; `what` it is, and what is needed. */
export function cannotTrain(csv: Csv, what: string): GradusError {
  return new GradusError("data", `Cannot train on ${csv.source}: ${what}`);
}

/** The error for a table that cannot be read as the model needs it; `what` it is, and what is needed. */
export function cannotUse(csv: Csv, what: string): GradusError {
  return new GradusError("data", `Cannot use ${csv.source}: ${what}`);
}

/** A text from a table, in a message. */
export function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** The same in quotes, and in one line. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** Names in a message, at most 12 of them. */
export function listOf(names: readonly string[]): string {
  const list = names.slice(0, 12).map(shortened).join(", ");
  return names.length > 12 ? `${list} and ${names.length - 12} more` : list;
}
