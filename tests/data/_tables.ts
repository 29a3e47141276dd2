/** Small tables for the tests of what becomes of them. */

import { assertEquals, assertThrows } from "@std/assert";
import { type Csv, parseCsv } from "../../src/data/csv.ts";
import { GradusError, type GradusErrorCode } from "../../src/error.ts";

export function table(text: string): Csv {
  return parseCsv(text, { source: "t.csv" });
}

/** A table of one feature and these targets. */
export function targets(cells: (string | number)[]): Csv {
  return table(`x,y\n${cells.map((cell, i) => `${i},${cell}\n`).join("")}`);
}

export const people: Csv = table("age,city,pay\n20,Rome,1.5\n40,Oslo,2.5\n,Rome,3.5\n60,?,4.5\n");

export function refused(code: GradusErrorCode, message: string, fn: () => unknown): void {
  const error = assertThrows(fn, GradusError);
  assertEquals(error.message, message);
  assertEquals(error.code, code);
}
