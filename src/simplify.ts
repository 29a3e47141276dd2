/** What operations give without being recorded: numbers for numbers, and operands where they change nothing. */
import { firstBinaryOp, Op } from "./bindings.ts";
import { native, unwrap } from "./ffi.ts";

/**
 * What an operation is equal to, where that is plain: a number or an operand; undefined where it has to be computed. Exact: the
 * bits are the same, but for the sign of a zero that `times` gives.
 */
export function simplified<T>(op: number, left: T | number, right: T | number): T | number | undefined {
  if (typeof left === "number" && (typeof right === "number" || op < firstBinaryOp)) {
    return computed(op, left, right as number);
  }
  switch (op) {
    case Op.mul:
      return left === 1 ? right : right === 1 ? left : undefined;
    case Op.times:
      return left === 0 ? 0 : left === 1 ? right : right === 1 ? left : undefined;
    case Op.sub:
      return Object.is(right, 0) ? left : undefined;
    case Op.div:
      return right === 1 ? left : undefined;
    case Op.pow:
      return right === 1 ? left : right === 0 ? 1 : undefined;
    default:
      return undefined;
  }
}

/** What an operation gives for numbers. */
function computed(op: number, left: number, right: number): number {
  const data = new Float64Array([left, right, 0]);
  const words = new Int32Array([Op.leaf, -1, Op.leaf, -1, op, op < firstBinaryOp ? 0 : 1]);
  unwrap(native.gradus_value_forward(data, words, 2, 3), "compute a constant");
  return data[2];
}
