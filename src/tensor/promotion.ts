/** What type the result of an operation has, and how numbers stand beside tensors. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { isTensor, viewOf } from "./autograd.ts";
import { type DtypeInfo, dtypeOfScalar, promoted, type Scalar } from "./dtype.ts";

/** What elementwise operations take: tensors, and plain numbers, which are the same everywhere. */
export type Operand = Tensor | Scalar;

/** Whether an operand is a plain number. */
export function isScalar(operand: Operand): operand is Scalar {
  return typeof operand !== "object";
}

/** Refuses what is no operand. `task` completes "Cannot …". */
export function checkOperand(task: string, operand: unknown): void {
  const type = typeof operand;
  if (isTensor(operand) || type === "number" || type === "bigint" || type === "boolean") return;
  throw new GradusError(
    "argument",
    `Cannot ${task}: an operand is ${shown(operand)}, a tensor or a number is needed`,
  );
}

/** How much an operand says about the type: tensors with axes, then single elements, then plain numbers. */
function rankOf(operand: Operand): number {
  return isScalar(operand) ? 0 : viewOf(operand).shape.length === 0 ? 1 : 2;
}

/**
 * The type of an operation on these operands, as PyTorch has it: of the tensors with axes; single elements and then plain numbers
 * change it only if they are of a wider kind, as 0.5 is beside integers.
 */
export function resultType(operands: readonly Operand[]): DtypeInfo {
  // Most operations have operands of one type, or one operand.
  const [first, second] = operands, isSimple = operands.length === 1 || (operands.length === 2 && !isScalar(second));
  if (isSimple && !isScalar(first)) {
    const { dtype } = viewOf(first);
    if (second === undefined || viewOf(second as Tensor).dtype === dtype) return dtype;
  }
  let result: DtypeInfo | undefined;
  for (let rank = 2; rank >= 0; rank--) {
    let ofRank: DtypeInfo | undefined;
    for (const operand of operands) {
      if (rankOf(operand) !== rank) continue;
      const dtype = isScalar(operand) ? dtypeOfScalar(operand) : viewOf(operand).dtype;
      ofRank = ofRank === undefined ? dtype : promoted(ofRank, dtype);
    }
    if (ofRank === undefined) continue;
    if (result === undefined || ofRank.kind > result.kind) {
      result = result === undefined ? ofRank : promoted(result, ofRank);
    }
  }
  return result!;
}
