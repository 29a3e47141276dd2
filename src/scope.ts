/** Scopes: what was recorded in one is freed at its end, all at once. What a tape or a call is, is left to tape.ts. */
import type { Home, Leaf, Place, Stage } from "./pass.ts";
import { changeOwner, type Owner } from "./tape.ts";

/** What was made while a scope was the latest. */
class Belongings implements Owner {
  readonly #homes: (Home & Stage)[] = [];
  readonly #touched = new Set<Leaf>();

  adopt(home: Home & Stage): void {
    this.#homes.push(home);
  }

  touch(leaf: Leaf): void {
    this.#touched.add(leaf);
  }

  /** Frees everything that the kept places do not depend on. Gradients of leaves that would go with it become numbers. */
  freeAllBut(kept: readonly Place[]): void {
    const own = new Set(this.#homes.map(({ identity }) => identity)), needed = this.#neededFor(kept, own);
    for (const leaf of this.#touched) {
      const gradient = leaf.gradientAt(0);
      if (gradient === undefined || !own.has(gradient.home.identity)) continue;
      if (!needed.get(gradient.home.identity)?.has(gradient.slot)) leaf.setGradAt(0, leaf.gradAt(0));
    }
    for (const home of this.#homes) home.keepOnly(needed.get(home.identity));
  }

  /** The slots that places depend on, by the identity of their home. */
  #neededFor(kept: readonly Place[], own: ReadonlySet<object>): Map<object, Set<number>> {
    const needed = new Map<object, Set<number>>(), places = [...kept];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const { home, slot } = place;
      if (!own.has(home.identity)) continue;
      const slots = needed.get(home.identity) ?? new Set();
      needed.set(home.identity, slots);
      if (slots.has(slot)) continue;
      slots.add(slot);
      for (const operand of home.operandsAt(slot)) if (typeof operand !== "number") places.push(operand);
    }
    return needed;
  }
}

/** Those of the scopes that are open, the latest last. */
const open: Belongings[] = [];

/**
 * What was recorded since it was opened, to be freed together: made by `Value.scope()`.
 *
 * @example A step of training that leaves nothing behind but the loss
 * ```ts
 * import { Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const w = Value.persistent(0.5);
 * function step(x: number, target: number): number {
 *   using _scope = Value.scope();
 *   const loss = w.mul(x).sub(target).square();
 *   loss.backward();
 *   return loss.data;
 * }
 * assertEquals(step(2, 3), 4);
 * assertEquals(w.grad, -8);
 * ```
 *
 * @typeParam T What people hold for a place: `Value`.
 */
export class Scope<T> {
  readonly #placeOf: (value: T) => Place;
  readonly #belongings = new Belongings();
  readonly #kept: Place[] = [];

  /** Opens a scope. */
  constructor(placeOf: (value: T) => Place) {
    this.#placeOf = placeOf;
    changeOwner(this.#belongings);
    open.push(this.#belongings);
  }

  /**
   * Lets a value, and what it depends on, survive the scope. Returns it. The memory of what was recorded before it can only be
   * freed together with it; that of what came later is freed.
   */
  keep(value: T): T {
    this.#kept.push(this.#placeOf(value));
    return value;
  }

  /** Frees what was recorded since the scope was opened, but for what is kept; leaves stay. Another call does nothing. */
  [Symbol.dispose](): void {
    const index = open.indexOf(this.#belongings);
    if (index < 0) return;
    changeOwner(open.filter((belongings) => belongings !== this.#belongings).at(-1));
    open.splice(index, 1);
    this.#belongings.freeAllBut(this.#kept);
  }
}
