/** What a preprocessing is, as JSON, and how it is checked. Making and applying it is left to preprocessing.ts. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import { mostValues, shortened } from "./columns.ts";

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

/**
 * Checks what was read, before anything of a size that it names is made.
 *
 * @throws {GradusError} With code `"data"`, naming the field, if it is not complete and consistent.
 */
export function checkDescription(json: unknown): asserts json is PreprocessingJSON {
  const root = new Fields("", json);
  root.take("version", "1", (x) => x === 1);
  root.take("header", "true or false", (x) => typeof x === "boolean");
  const width = root.take("width", "a whole number above 1", (x: number) => isWhole(x, 2, 2 ** 31));
  const list = root.take("columns", "a list of columns", (x: unknown[]) => Array.isArray(x) && x.length > 0);
  const columns = list.map((column, index) => new Fields(`columns[${index}]`, column));
  const target = new Fields("target", root.take("target", "an object", (x) => x !== undefined));
  const names = new Set<string>();
  const positions = new Set<number>();
  for (const column of [...columns, target]) {
    const isNew = (x: string): boolean => typeof x === "string" && !names.has(x);
    names.add(column.take("name", "a name of its own", isNew));
    const isFree = (x: number): boolean => isWhole(x, 1, width) && !positions.has(x);
    positions.add(column.take("position", `a position of its own from 1 to ${width}`, isFree));
  }
  for (const column of columns) {
    const kind = column.take("kind", '"number" or "text"', (x) => x === "number" || x === "text");
    if (kind === "text") checkTexts(column, "values", 1);
    else checkScale(column);
    column.take("textIsMissing", "true or false", (x) => x === undefined || typeof x === "boolean");
  }
  const kind = target.take("kind", '"number" or "classes"', (x) => x === "number" || x === "classes");
  if (kind === "classes") checkTexts(target, "classes", 2);
  else checkScale(target);
}

function checkScale(column: Fields): void {
  column.take("mean", "a finite number", Number.isFinite);
  column.take("std", "a finite number above 0", (x: number) => Number.isFinite(x) && x > 0);
}

function checkTexts(column: Fields, name: string, least: number): void {
  column.take(
    name,
    `a list of ${least} to ${mostValues} different texts`,
    (x: unknown[]) =>
      Array.isArray(x) && isWhole(x.length, least, mostValues) &&
      x.every((text) => typeof text === "string") && new Set(x).size === x.length,
  );
}

function isWhole(x: number, least: number, most: number): boolean {
  return Number.isInteger(x) && x >= least && x <= most;
}

/** An object in the description, which messages call by its path. */
class Fields {
  readonly #path: string;
  readonly #fields: { readonly [name: string]: unknown };

  constructor(path: string, value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw unusable(path || "it", value, "an object");
    }
    this.#path = path && `${path}.`;
    this.#fields = value as { [name: string]: unknown };
  }

  /** A field that `holds`, for which it has to check the type, too; `what` says what that is. */
  take<T>(name: string, what: string, holds: (value: T) => boolean): T {
    const value = this.#fields[name] as T;
    if (!holds(value)) throw unusable(`${this.#path}${name}`, value, what);
    return value;
  }
}

function unusable(path: string, value: unknown, what: string): GradusError {
  let is = shown(typeof value === "string" ? shortened(value) : value);
  if (value === undefined) is = "missing";
  else if (Array.isArray(value)) is = `a list of ${value.length}`;
  else if (typeof value === "object" && value !== null) is = "an object";
  return new GradusError("data", `Cannot read the preprocessing: ${path} is ${is}, ${what} is needed`);
}
