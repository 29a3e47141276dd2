/** Scopes of tensors: what is made in one gives its memory back at its end, all at once. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { isTensor, reachableViews } from "./autograd.ts";
import { Arena, type Storage } from "./storage.ts";

/**
 * The tensors that have been made since it was opened: made by `Tensor.scope()`.
 *
 * @example What is kept survives
 * ```ts
 * import { Tensor } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * function normalized(x: Tensor): Tensor {
 *   using scope = Tensor.scope();
 *   const centred = x.sub(x.mean());
 *   return scope.keep(centred.div(centred.square().sum().sqrt()));
 * }
 * assertEquals(normalized(Tensor.from([0, 2, 1, 1])).square().sum().item().toFixed(3), "1.000");
 * ```
 */
export class TensorScope {
  readonly #arena = new Arena();
  #kept: Set<Storage> | undefined;
  #isOpen = true;

  /** Lets a tensor, and what its gradient needs, survive the scope. Returns it. */
  keep(tensor: Tensor): Tensor {
    if (!isTensor(tensor)) {
      throw new GradusError("argument", `Cannot keep ${shown(tensor)}: a tensor is needed`);
    }
    const kept = this.#kept ??= new Set();
    for (const { storage } of reachableViews(tensor)) kept.add(storage);
    return tensor;
  }

  /** Ends the scope. Tensors that it gives back cannot be used any more. Another call does nothing. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const kept = this.#kept;
    this.#arena.close((storage) => kept?.has(storage) ?? false);
  }
}
