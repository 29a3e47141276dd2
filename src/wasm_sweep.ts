/**
 * The part of a tape that a sweep reaches, as a tape of its own: what is copied for it into the memory of WebAssembly. A tape may
 * be long, and the sweeps over it many and short. Sweeping is left to c/value.c.
 */
import { firstBinaryOp, Mark, Op, opNames } from "./bindings.ts";

/** The arrays of a tape that a sweep uses: c/gradus.h. */
export interface Tape {
  readonly grad: Float64Array<ArrayBufferLike>;
  readonly mark: Uint8Array<ArrayBufferLike>;
  readonly data: Float64Array<ArrayBufferLike>;
  readonly record: Int32Array<ArrayBufferLike>;
}

/** The operands of a record; none of a number, or of what has been freed. */
function operandsAt(record: Int32Array, slot: number): number[] {
  const op = record[2 * slot] & 0xff, left = record[2 * slot] >>> 8;
  if (op === Op.leaf || op >= opNames.length) return [];
  return op < firstBinaryOp ? [left] : [left, record[2 * slot + 1]];
}

/**
 * The records that a sweep from these roots on reaches, from below, if they are few; `top` is the highest root. Copying them
 * alone keeps what many short sweeps of a long tape take in proportion to their own length.
 */
export function slotsOfSweep({ mark, record }: Tape, top: number, roots: number): Uint32Array | undefined {
  const seen = new Uint8Array(top + 1), slots: number[] = [];
  for (let slot = top, pending = roots; pending > 0 && slot >= 0; slot--) {
    const isRoot = mark[slot] === Mark.reached, isOperation = (record[2 * slot] & 0xff) !== Op.leaf;
    if (!isRoot && !(seen[slot] && isOperation)) continue;
    pending--;
    if (isRoot && !seen[slot]) slots.push(slot);
    if (slots.length > top / 32) return undefined;
    for (const operand of operandsAt(record, slot)) {
      if (seen[operand]) continue;
      seen[operand] = 1;
      slots.push(operand);
      if ((record[2 * operand] & 0xff) !== Op.leaf && mark[operand] !== Mark.reached) pending++;
    }
  }
  return Uint32Array.from(slots).sort();
}

/** Some records, with all that they are operations on, as a tape of their own. */
export function partOf(tape: Tape, slots: Uint32Array): Tape {
  const place = new Map(Array.from(slots, (slot, i) => [slot, i])), record = new Int32Array(2 * slots.length);
  slots.forEach((slot, i) => {
    const op = tape.record[2 * slot] & 0xff, [left = 0, right] = operandsAt(tape.record, slot);
    record[2 * i] = op | (place.get(left) ?? 0) << 8;
    record[2 * i + 1] = right === undefined ? tape.record[2 * slot + 1] : place.get(right)!;
  });
  return {
    grad: Float64Array.from(slots, (slot) => tape.grad[slot]),
    mark: Uint8Array.from(slots, (slot) => tape.mark[slot]),
    data: Float64Array.from(slots, (slot) => tape.data[slot]),
    record,
  };
}
