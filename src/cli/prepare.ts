/** From a table to what a network is trained and measured on. Reading it and deciding what its cells mean is left to src/data. */
import type { Csv } from "../data/csv.ts";
import { holdOut } from "../data/split.ts";
import { Preprocessing } from "../data/preprocessing.ts";
import { readTarget, type Target } from "../data/target.ts";
import { GradusError } from "../error.ts";
import { resolvePath } from "./paths.ts";
import type { Settings } from "./settings.ts";

/** Some rows of the table as a network takes them. */
export interface Part {
  readonly rows: number;
  /** Which rows of the table, by number from 0. */
  readonly places: Uint32Array;
  /** (rows, inputs) */
  readonly inputs: Float32Array<ArrayBuffer>;
  /** A class number or a standardised number for each row. */
  readonly targets: Float64Array;
}

/** A table that is ready for training. */
export interface Prepared {
  readonly csv: Csv;
  readonly preprocessing: Preprocessing;
  readonly train: Part;
  /** Held out; may have no rows. */
  readonly test: Part;
  /** What a user should know about the table. */
  readonly notes: readonly string[];
}

/** Where the table is, and by which name it goes. */
export function tablePath(settings: Settings, folder: string): { path: string; name: string; header?: boolean } {
  if (settings.data !== undefined) return { path: resolvePath(settings.data, folder), name: settings.data };
  const url = new URL("../../data/digits.csv.gz", import.meta.url);
  if (url.protocol !== "file:") {
    throw new GradusError(
      "argument",
      "Cannot train: --data is missing, a CSV file is needed (the digits are only in a checkout)",
    );
  }
  const path = decodeURIComponent(url.pathname);
  return {
    path: Deno.build.os === "windows" ? path.slice(1) : path,
    name: "data/digits.csv.gz",
    header: false,
  };
}

/**
 * Divides the rows, learns the preprocessing from those to train on, and makes inputs and targets of all.
 *
 * @throws {GradusError} If something in the table cannot be used.
 */
export function prepare(csv: Csv, settings: Settings): Prepared {
  const target = readTarget(csv, settings.table);
  const rows = holdOut(csv.rows.length, {
    fraction: settings.testFraction,
    seed: settings.seed,
    ...target.kind === "classes" && { classes: target.data },
  });
  const preprocessing = Preprocessing.fit(csv, settings.table, rows.train);
  // All rows at once, those to train on first: then a note on a column tells of all.
  const order = new Uint32Array(csv.rows.length);
  order.set(rows.train);
  order.set(rows.test, rows.train.length);
  const { inputs, width, notes } = preprocessing.transform(csv, order);
  const targets = preprocessing.transformTarget(csv, order)!.data;
  const part = (first: number, end: number): Part => ({
    rows: end - first,
    places: order.subarray(first, end),
    inputs: Float32Array.from(inputs.subarray(first * width, end * width)),
    targets: targets.subarray(first, end),
  });
  return {
    csv,
    preprocessing,
    train: part(0, rows.train.length),
    test: part(rows.train.length, order.length),
    notes: [...preprocessing.warnings, ...manyClasses(target, csv.rows.length), ...notes],
  };
}

/** A warning if the target looks like no classes at all: names, or numbers that are written as no numbers are. */
function manyClasses(target: Target, rows: number): string[] {
  if (target.kind === "number" || target.classes.length <= Math.max(2, rows / 4)) return [];
  return [
    `the target has ${target.classes.length} classes in ${rows} rows, which is too few rows for each to learn from`,
  ];
}
