/** Scopes: what was recorded in one is freed at its end, all at once. What a tape or a call is, is left to tape.ts. */
import { Op } from "./bindings.ts";
import type { Place } from "./pass.ts";
import { type Call, changeOwner, type Owner, Tape } from "./tape.ts";

/** What was made while a scope was the latest. */
class Belongings implements Owner {
  readonly #tapes: Tape[] = [];
  readonly #calls: Call[] = [];

  adopt(home: Tape | Call): void {
    if (home instanceof Tape) this.#tapes.push(home);
    else this.#calls.push(home);
  }

  /** Frees everything that the kept places do not depend on. */
  freeAllBut(kept: readonly Place[]): void {
    const needed = this.#neededFor(kept);
    for (const { records } of this.#tapes) records.keepOnly(needed.get(records));
    for (const call of this.#calls) if (!needed.has(call)) call.release();
  }

  /** The slots that places depend on, by the identity of their home. */
  #neededFor(kept: readonly Place[]): Map<object, Uint8Array> {
    const own = new Set<object>([...this.#tapes.map(({ records }) => records), ...this.#calls]);
    const needed = new Map<object, Uint8Array>(), places = [...kept];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const { home, slot } = place;
      if (!own.has(home.identity)) continue;
      const marks = needed.get(home.identity) ?? new Uint8Array(home instanceof Tape ? home.records.length : slot + 1);
      needed.set(home.identity, marks);
      if (marks[slot]) continue;
      marks[slot] = 1;
      const input = home instanceof Tape && home.records.opAt(slot) === Op.leaf ? home.inputAt(slot) : undefined;
      if (input) places.push(input);
      else places.push(...home.operandsAt(slot).filter((operand) => typeof operand !== "number"));
    }
    return needed;
  }
}

/** Those of the scopes that are open, the latest last. */
const open: Belongings[] = [];

/**
 * What was recorded since it was opened, to be freed together: made by `Value.scope()`.
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
