/** Whether the outputs of a network can be used; what is made of them is left to train.ts and predict.ts. */
import type { Csv } from "../data/csv.ts";
import { GradusError } from "../error.ts";
import type { NumberArray } from "../shape.ts";

/** Which rows of a table the outputs are for. */
export interface OutputRows {
  readonly csv: Csv;
  /** Their numbers from 0; default: all rows in their order. */
  readonly places?: ArrayLike<number>;
  /** What would help: "numbers like those it was trained on are". */
  readonly need: string;
}

/**
 * Checks `outputs` (rows, width).
 *
 * @throws {GradusError} If one is NaN or infinite; the message names the line of the file.
 */
export function checkOutputs(outputs: NumberArray, width: number, { csv, places, need }: OutputRows): void {
  const bad = outputs.findIndex((y: number) => !Number.isFinite(y));
  if (bad < 0) return;
  const row = Math.floor(bad / width);
  const line = csv.lines[places?.[row] ?? row];
  throw new GradusError(
    "numeric",
    `Cannot use ${csv.source}: the network makes ${outputs[bad]} of line ${line}, ${need} needed`,
  );
}
