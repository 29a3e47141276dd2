/** The confusion matrix as text. Counting is left to metrics.ts. */

/** How parts of it stand out; both may return the text as it is. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** More classes than that make no table that fits a screen. */
const MOST_CLASSES = 20;
/** Characters of a line. */
const WIDTH = 100;
const WORST = 10;

/**
 * The lines of a table: rows are actual classes, columns predicted ones, with recall and precision of each class. For more
 * than 20 classes the most frequent confusions.
 *
 * @param matrix Counts, as `confusionMatrix` gives them.
 * @param classes Their names.
 * @param rows Which rows were counted: "held-out rows".
 * @param style How parts stand out.
 */
export function confusionTable(
  matrix: readonly (readonly number[])[],
  classes: readonly string[],
  rows: string,
  { bold, dim }: Style,
): string[] {
  if (classes.length > MOST_CLASSES) return worstConfusions(matrix, classes, rows, bold);
  const count = Math.max(...matrix.flat());
  const narrow = Math.max(String(count).length, String(classes.length).length, 2);
  const longest = Math.max(...classes.map((name) => name.length));
  const first = Math.min(longest, 24);
  const fits = first + (Math.max(longest, narrow) + 2) * classes.length + 20 <= WIDTH;
  // Names that do not fit above the columns are numbered there and in front of the rows.
  const width = fits ? Math.max(longest, narrow) : narrow;
  const heads = fits ? classes : classes.map((_, k) => String(k + 1));
  const label = (k: number) =>
    fits ? classes[k].padStart(first) : `${String(k + 1).padStart(2)} ${shortened(classes[k]).padEnd(24)}`;
  const margin = " ".repeat(fits ? first : 27);
  const lines = matrix.map((row, k) => {
    const cells = row.map((count, p) => {
      const text = String(count).padStart(width + 2);
      return p === k ? bold(text) : count === 0 ? dim(text) : text;
    });
    const column = matrix.reduce((sum, other) => sum + other[k], 0);
    return `${label(k)}${cells.join("")}  ${share(row[k], sum(row))}  ${share(row[k], column)}`;
  });
  return [
    `${bold("Confusion matrix")} of the ${rows}: rows are actual, columns predicted`,
    bold(`${margin}${heads.map((name) => name.padStart(width + 2)).join("")}   recall  precision`),
    ...lines,
  ];
}

function worstConfusions(
  matrix: readonly (readonly number[])[],
  classes: readonly string[],
  rows: string,
  bold: (text: string) => string,
): string[] {
  const pairs = matrix.flatMap((row, actual) =>
    row.map((count, predicted) => ({ count, actual, predicted, of: sum(row) }))
  ).filter(({ count, actual, predicted }) => count > 0 && actual !== predicted);
  pairs.sort((a, b) => b.count - a.count);
  if (pairs.length === 0) return [`${bold("Confusions")} of the ${rows}: none`];
  const name = (k: number) => shortened(classes[k]);
  const width = Math.max(...pairs.slice(0, WORST).map(({ actual }) => name(actual).length));
  return [
    `${bold("Confusions")} of the ${rows}, the most frequent of ${pairs.length}: actual → predicted`,
    ...pairs.slice(0, WORST).map(({ count, actual, predicted, of }) =>
      `  ${name(actual).padStart(width)} → ${name(predicted)}: ${count} of ${of}`
    ),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** A part of a whole; a dash of nothing. */
function share(part: number, whole: number): string {
  return (whole === 0 ? "–" : (part / whole).toFixed(3)).padStart(7);
}

function shortened(name: string): string {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
}
