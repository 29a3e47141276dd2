/** From the cells of one column to the inputs of a network. Which columns, and where they are, is left to preprocessing.ts. */
import { type Column, numbersOf, shortened, textValue } from "./columns.ts";
import { cellKind, countOf } from "./csv.ts";
import type { NumberColumn, TextColumn } from "./preprocessing_json.ts";

/** How many inputs a column becomes. */
export function sizeOf(column: NumberColumn | TextColumn): number {
  return column.kind === "number" ? 1 : column.values.length;
}

/** Writes the inputs of one column, and counts the cells that leave them at 0. */
export interface Encoder {
  /** Inputs per row. */
  readonly size: number;
  /** Cells that were filled with the mean. */
  readonly missing: number;
  /** Cells with a text that is none of the values. */
  readonly unknown: number;
  /** Takes the cell in a row; its inputs begin at `at` and are 0 before. */
  encode(row: number, inputs: Float64Array, at: number): void;
  /** The counts as sentences; none if all went well. */
  notes(): string[];
}

/** The encoder of a column whose cells stand in `source`. */
export function encoderOf(column: NumberColumn | TextColumn, source: Column): Encoder {
  return column.kind === "number" ? new Standardised(column, source) : new OneHot(column, source);
}

/** (x − mean) / std, with the mean where x is missing. */
class Standardised implements Encoder {
  readonly size = 1;
  missing = 0;
  readonly unknown = 0;
  readonly #column: NumberColumn;
  readonly #source: Column;

  constructor(column: NumberColumn, source: Column) {
    this.#column = column;
    this.#source = source;
  }

  encode(row: number, inputs: Float64Array, at: number): void {
    const { mean, std, textIsMissing } = this.#column;
    const cell = this.#source.cell(row);
    const kind = cellKind(cell);
    if (kind === "number") inputs[at] = (Number(cell) - mean) / std;
    else if (kind === "missing" || (kind === "text" && textIsMissing)) this.missing++;
    else throw this.#source.cellError(row, "a number is needed as in the table the model was trained on");
  }

  notes(): string[] {
    if (this.missing === 0) return [];
    const mean = Number(this.#column.mean.toPrecision(6));
    return [`${this.#source.label}: ${countOf(this.missing, "missing cell")} filled with the mean ${mean}`];
  }
}

/** 1 for the value of the cell, 0 for the others. */
class OneHot implements Encoder {
  readonly size: number;
  readonly missing = 0;
  unknown = 0;
  readonly #numbers: Map<string, number>;
  readonly #source: Column;
  #example = "";

  constructor({ values }: TextColumn, source: Column) {
    this.size = values.length;
    this.#numbers = numbersOf(values);
    this.#source = source;
  }

  encode(row: number, inputs: Float64Array, at: number): void {
    const value = textValue(this.#source.cell(row));
    const number = this.#numbers.get(value);
    if (number !== undefined) inputs[at + number] = 1;
    else if (this.unknown++ === 0) this.#example = value;
  }

  notes(): string[] {
    if (this.unknown === 0) return [];
    const cells = countOf(this.unknown, "cell");
    const example = shortened(this.#example) || "missing";
    const values = countOf(this.size, "value");
    return [
      `${this.#source.label}: ${cells} with a value that is not in the training rows (${example}), ` +
      `read as none of its ${values}`,
    ];
  }
}
