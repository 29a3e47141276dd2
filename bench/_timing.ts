/** Timing: the median over rounds of a time per call, each round long enough to be measured. */

/** Median microseconds per call of `task`, over `rounds` rounds of at least `milliseconds` each. */
export function microseconds(task: () => void, rounds = 9, milliseconds = 30): number {
  let calls = 1;
  while (elapsed(task, calls) < milliseconds) calls *= 2;
  const times = Array.from({ length: rounds }, () => elapsed(task, calls) / calls * 1000);
  return times.sort((a, b) => a - b)[rounds >> 1];
}

function elapsed(task: () => void, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) task();
  return performance.now() - start;
}

/** Prints rows of cells with right-aligned columns, the first one left-aligned. */
export function printTable(rows: string[][]): void {
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  for (const row of rows) {
    console.log(row.map((cell, j) => j === 0 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])).join("  "));
  }
}
