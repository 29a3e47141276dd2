/** Timing: the median over rounds of a time per call, each round long enough to be measured. */

/** Median microseconds of `task`, over rounds of at least `milliseconds` each: nine, or three of over a second. */
export function microseconds(task: () => void, milliseconds = 30): number {
  let calls = 1;
  while (elapsed(task, calls) < milliseconds) calls *= 2;
  const rounds = elapsed(task, calls) > 1000 ? 3 : 9;
  return median(Array.from({ length: rounds }, () => elapsed(task, calls) / calls * 1000));
}

function elapsed(task: () => void, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) task();
  return performance.now() - start;
}

/** What takes turns: what is called, and what is done once before and after each turn. */
export interface Turn {
  begin?: () => void;
  call: () => void;
  end?: () => Promise<void>;
}

/**
 * Microseconds of a call of each, by turns: one list for each round. A turn takes at least `milliseconds`, and as long
 * before, which only warms: caches, and threads, for which the system may need 10 ms to find a processor each.
 */
export async function byTurns(turns: readonly Turn[], { rounds = 15, milliseconds = 20 } = {}): Promise<number[][]> {
  const calls: number[] = [], times: number[][] = [];
  for (const { begin, call, end } of turns) {
    begin?.();
    let count = 1;
    while (elapsed(call, count) < milliseconds) count *= 2;
    calls.push(count);
    await end?.();
  }
  for (let round = 0; round < rounds; round++) {
    times.push([]);
    for (const [i, { begin, call, end }] of turns.entries()) {
      begin?.();
      elapsed(call, calls[i]);
      times[round].push(elapsed(call, calls[i]) / calls[i] * 1000);
      await end?.();
    }
  }
  return times;
}

/** The middle one of the numbers; of an even number of them, the upper one. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

/**
 * Medians of what peers that take turns return: by peer, number by number. A peer is given how many rounds to run in a turn and
 * returns the numbers of each; the first quarter of a turn only warms what the one before has cooled.
 */
export async function alternated(
  peers: readonly ((rounds: number) => number[][] | Promise<number[][]>)[],
  { turns = 12, rounds = 16 } = {},
): Promise<number[][]> {
  const results: number[][][] = peers.map(() => []);
  for (let turn = -2; turn < turns; turn++) {
    for (const [i, peer] of peers.entries()) {
      const numbers = await peer(rounds);
      if (turn >= 0) results[i].push(...numbers.slice(rounds >> 2));
    }
  }
  return results.map((rounds) => rounds[0].map((_, k) => median(rounds.map((numbers) => numbers[k]))));
}

/** Three digits, or all those before the point. */
export function short(number: number): string {
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

/** Prints rows of cells with right-aligned columns, the first one left-aligned; a row may have fewer cells than the first. */
export function printTable(rows: string[][]): void {
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j]?.length ?? 0)));
  for (const row of rows) {
    console.log(row.map((cell, j) => j === 0 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])).join("  "));
  }
}
