/**
 * Reads tables of comma-separated values (RFC 4180), as text; what the cells mean is left to preprocessing.ts.
 *
 * Why not `@std/csv`: its `parse` does not tell the line at which a row starts (needed once quoted
 * cells span lines and blank lines are skipped), reports an unterminated quote at the end of the
 * file, and does not end a line at a lone CR. The state machine below is shorter than that repair.
 */

import { GradusError } from "../error.ts";
import { builtin, isDirectory, obstacleOf, readBytes } from "../files.ts";
import { checkOptions } from "../options.ts";

/** A table of cells as they stand in a file, and where in the file each row starts. */
export interface Csv {
  /** The name of the file, for messages. */
  source: string;
  /** The trimmed names of the columns, all different; `null` if the table has none. */
  header: string[] | null;
  /** The rows below the header, all of the same width; cells are not trimmed, decimal commas are points. */
  rows: string[][];
  /** The line of the file, counted from 1, at which each row starts. */
  lines: Int32Array;
}

/** How to read a table; each option is recognised from the text if it is left out. */
export interface CsvOptions {
  /** The character between cells. Default: that of `,` `;` tab `|` which splits the first 20 rows most evenly. */
  separator?: string;
  /**
   * Whether the first row holds names; a function decides by the trimmed first row, and leaves the
   * decision open with `undefined`. Default: see {@linkcode parseCsv}.
   */
  header?: boolean | ((firstRow: string[]) => boolean | undefined);
}

/** {@linkcode CsvOptions}, and the name of the text for messages. */
export interface ParseCsvOptions extends CsvOptions {
  /** The name of the text in messages. Default: the path of the file, or `"table"`. */
  source?: string;
}

/** What a cell holds: `"infinite"` is an infinity in words or a number beyond float64. */
export type CellKind = "missing" | "number" | "infinite" | "text";

const missingCells: ReadonlySet<string> = new Set(
  ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"],
);
const decimalNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinity = /^[+-]?(?:inf|infinity|∞)$/i;
const decimalPoint = /^\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*$/;
const decimalComma = /^\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*$/;
const separators = [",", ";", "\t", "|"];
const sniffedRows = 20;
/** V8 holds strings of at most 2^29 - 24 characters. */
const longestText = 2 ** 29 - 24;

/**
 * What the trimmed `cell` holds. Missing are the empty cell, NA, N/A, NaN, nan, null, NULL, None and ?;
 * numbers are decimal (`5`, `-0.5`, `+.5`, `1e-3`), not hexadecimal and without separators of thousands.
 */
export function cellKind(cell: string): CellKind {
  const text = cell.trim();
  // Numbers first: most cells are, and a set has to hash every new string.
  if (decimalNumber.test(text)) {
    return Number.isFinite(Number(text)) ? "number" : "infinite";
  }
  if (missingCells.has(text)) return "missing";
  return infinity.test(text) ? "infinite" : "text";
}

/**
 * The names of the columns of a table: its header, or `"1"`, `"2"`, … for a table without one.
 *
 * @example A table without a header
 * ```ts
 * import { columnNames, parseCsv } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(columnNames(parseCsv("5.1,3.5\n4.9,3.0\n")), ["1", "2"]);
 * ```
 */
export function columnNames(csv: Csv): string[] {
  if (csv.header !== null) return [...csv.header];
  return (csv.rows[0] ?? []).map((_, index) => String(index + 1));
}

/**
 * Reads the file at `path`, plain or compressed by gzip (told by its first two bytes, whatever its
 * name), as {@linkcode parseCsv} does. Needs the permission to read the file.
 *
 * @example A file of this repository
 * ```ts
 * import { readCsv } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const digits = await readCsv("data/digits.csv.gz");
 * assertEquals([digits.rows.length, digits.rows[0].length], [1797, 65]);
 * ```
 *
 * @throws {GradusError} With code `"data"`, naming the file and the line, if the file cannot be read, is
 * damaged or not UTF-8, or for the reasons of {@linkcode parseCsv}.
 */
export async function readCsv(
  path: string | URL,
  options: ParseCsvOptions = {},
): Promise<Csv> {
  checkOptions("readCsv()", options, ["source", "separator", "header"]);
  const { source = String(path) } = options;
  let bytes = await readSource(path, source);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = decompress(bytes, source);
  }
  if (bytes.length > longestText) {
    throw unreadable(source, "it is larger than 512 MiB, a smaller file");
  }
  return parseCsv(decode(bytes, source), { ...options, source });
}

/**
 * Reads a table from `text`: rows end with LF, CRLF or CR; a cell in double quotes may hold separators,
 * line ends and doubled quotes; a byte order mark and blank lines are skipped.
 *
 * Where semicolons separate and no number has a decimal point, decimal commas are read: the cell `1,5` becomes `1.5`.
 *
 * Without `header` the first row holds names if some column is a number in every other row (missing
 * cells aside) and a word in the first. In a table without a column of numbers it holds names if its
 * cells are all different, not empty, and do not occur again in their columns. Columns without a name in it are named by
 * their positions: `"1"`, `"2"`, …; a last one that is empty in all rows too is left out.
 *
 * @example A quoted cell, a blank line
 * ```ts
 * import { parseCsv } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const csv = parseCsv('name,age\n"Bo, the ""big""",31\n\nAnn,25\n');
 * assertEquals(csv.header, ["name", "age"]);
 * assertEquals(csv.rows, [['Bo, the "big"', "31"], ["Ann", "25"]]);
 * assertEquals([...csv.lines], [2, 4]);
 * ```
 *
 * @throws {GradusError} With code `"data"` if the text holds no row, a NUL character, a quote that is
 * not closed, rows of different widths, or a header with a repeated name.
 */
export function parseCsv(text: string, options: ParseCsvOptions = {}): Csv {
  checkOptions("parseCsv()", options, ["source", "separator", "header"]);
  const { source = "table", separator = recogniseSeparator(text), header } = options;
  if (separator.length !== 1 || '"\r\n'.includes(separator)) {
    throw new GradusError(
      "argument",
      `Cannot read ${source}: the separator is ${
        JSON.stringify(separator)
      }, one character other than a quote or a line end is needed`,
    );
  }
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    throw unreadable(
      source,
      `line ${1 + countLineEnds(text, 0, nul)} holds a NUL character, text`,
    );
  }
  const { records, lines, problem } = scan(text, separator, Infinity);
  // A quote that swallows line ends makes its row ragged as well; the quote is the cause.
  if (problem !== null) throw unreadable(source, problem);
  if (records.length === 0) {
    throw unreadable(source, "it is empty, a row of cells");
  }
  if (separator === ";") readDecimalCommas(records);
  const first = records[0].map((cell) => cell.trim());
  const hasHeader = (typeof header === "function" ? header(first) : header) ??
    detectHeader(records);
  const width = first.length;
  const ragged = records.findIndex((record) => record.length !== width);
  if (ragged >= 0) {
    throw unreadable(
      source,
      `line ${lines[ragged]} has ${countOf(records[ragged].length, "cell")}, ${
        hasHeader ? "the header" : `the first row (line ${lines[0]})`
      } has ${width}, the same number`,
    );
  }
  if (!hasHeader) {
    return {
      source,
      header: null,
      rows: records,
      lines: Int32Array.from(lines),
    };
  }
  const rows = records.slice(1);
  // A separator at the end of every line makes no column.
  if (width > 1 && first[width - 1] === "" && rows.every((row) => row[width - 1].trim() === "")) {
    first.pop();
    rows.forEach((row) => row.pop());
  }
  return {
    source,
    header: nameColumns(first, source, lines[0]),
    rows,
    lines: Int32Array.from(lines.slice(1)),
  };
}

/** Where commas are decimal, semicolons separate: 1,5 becomes 1.5, unless some number of the table has a point. */
function readDecimalCommas(records: string[][]): void {
  if (records.some((cells) => cells.some((cell) => decimalPoint.test(cell)))) return;
  for (const cells of records) {
    for (const [i, cell] of cells.entries()) if (decimalComma.test(cell)) cells[i] = cell.replace(",", ".");
  }
}

/** "1 cell", "2 cells". */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** The error for a file that is `what`; the text ends with what is needed. */
function unreadable(
  source: string,
  what: string,
  cause?: unknown,
): GradusError {
  return new GradusError("data", `Cannot read ${source}: ${what} is needed`, {
    cause,
  });
}

async function readSource(
  path: string | URL,
  source: string,
): Promise<Uint8Array> {
  try {
    return await readBytes(path);
  } catch (error) {
    if (error instanceof GradusError) throw error;
    const obstacle = obstacleOf(error);
    if (obstacle === "missing") {
      throw unreadable(source, "there is no such file, a CSV file", error);
    }
    if (obstacle === "forbidden") {
      throw unreadable(
        source,
        "Deno may not read it, the permission --allow-read",
        error,
      );
    }
    // Windows refuses to open a directory with the same error as a file without permission.
    if (obstacle === "directory" || await isDirectory(path)) {
      throw unreadable(source, "it is a directory, a CSV file", error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw unreadable(
      source,
      `the system refuses (${reason}), a file that may be read`,
      error,
    );
  }
}

/**
 * node:zlib and not DecompressionStream: that one refuses files of several gzip members (bgzip and
 * `cat a.gz b.gz` write them) and zero padding, and cannot bound what a hostile file unpacks to.
 */
function decompress(
  bytes: Uint8Array,
  source: string,
): Uint8Array {
  const zlib = builtin("node:zlib");
  if (zlib === undefined) {
    throw unreadable(source, "it is compressed, and nothing here unpacks it, a CSV file that is not");
  }
  try {
    return zlib.gunzipSync(bytes, { maxOutputLength: longestText + 1 });
  } catch (error) {
    if (error instanceof RangeError) {
      throw unreadable(
        source,
        "it unpacks to more than 512 MiB, a smaller file",
        error,
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw unreadable(
      source,
      `its gzip data are damaged (${reason}), a whole file`,
      error,
    );
  }
}

/** UTF-8 to text; a byte order mark is dropped. Names the line of the first wrong byte. */
function decode(bytes: Uint8Array, source: string): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    // No byte of a longer UTF-8 sequence equals LF, so lines can be decoded one by one.
    let line = 1;
    let start = 0;
    while (start < bytes.length) {
      const end = bytes.indexOf(10, start) + 1 || bytes.length;
      try {
        const text = decoder.decode(bytes.subarray(start, end));
        line += countLineEnds(text, 0, text.length);
      } catch {
        break;
      }
      start = end;
    }
    throw unreadable(
      source,
      `line ${line} is not UTF-8 text, a CSV file saved as UTF-8`,
      cause,
    );
  }
}

/** Splits `text` into at most `limit` records; `problem` says what ended it early, and what is needed. */
function scan(
  text: string,
  separator: string,
  limit: number,
): { records: string[][]; lines: number[]; problem: string | null } {
  const comma = separator.charCodeAt(0);
  const quote = 34, lf = 10, cr = 13, space = 32;
  const records: string[][] = [];
  const lines: number[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (at < text.length && records.length < limit) {
    const start = line;
    const cells: string[] = [];
    let quoted = false;
    while (true) {
      let open = at;
      while (text.charCodeAt(open) === space && comma !== space) open++;
      if (text.charCodeAt(open) === quote) {
        quoted = true;
        const position = `line ${line}, column ${cells.length + 1}`;
        let cell = "";
        for (at = open + 1;; at++) {
          const close = text.indexOf('"', at);
          if (close < 0) {
            const problem = `${position} opens a quote that is not closed, a closing quote`;
            return { records, lines, problem };
          }
          cell += text.slice(at, close);
          at = close + 1;
          if (text.charCodeAt(at) !== quote) break;
          cell += '"';
        }
        line += countLineEnds(text, open, at);
        while (text.charCodeAt(at) === space && comma !== space) at++;
        const next = text.charCodeAt(at);
        if (at < text.length && next !== comma && next !== lf && next !== cr) {
          const problem = `${position} opens a quote that closes in line ${line} with text behind it, ` +
            "a separator or line end there";
          return { records, lines, problem };
        }
        cells.push(cell);
      } else {
        const from = at;
        for (; at < text.length; at++) {
          const code = text.charCodeAt(at);
          if (code === comma || code === lf || code === cr) break;
        }
        cells.push(text.slice(from, at));
      }
      if (text.charCodeAt(at) !== comma) break;
      at++;
    }
    if (at < text.length) {
      at += text.startsWith("\r\n", at) ? 2 : 1;
      line++;
    }
    if (cells.length > 1 || quoted || cells[0].trim() !== "") {
      records.push(cells);
      lines.push(start);
    }
  }
  return { records, lines, problem: null };
}

/** The line ends in text[from..to): LF, CRLF or CR. */
function countLineEnds(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) count++;
  }
  return count;
}

/** The separator that gives most of the first rows one and the same width above 1; the largest width breaks ties. */
function recogniseSeparator(text: string): string {
  let best = ",";
  let bestShare = 0;
  let bestWidth = 1;
  for (const separator of separators) {
    const { records } = scan(text, separator, sniffedRows);
    if (separator === ";" && hasDecimalCommas(records)) return separator;
    const counts = new Map<number, number>();
    for (const { length } of records) {
      if (length > 1) counts.set(length, (counts.get(length) ?? 0) + 1);
    }
    for (const [width, count] of counts) {
      const share = count / records.length;
      if (share > bestShare || (share === bestShare && width > bestWidth)) {
        [best, bestShare, bestWidth] = [separator, share, width];
      }
    }
  }
  return best;
}

/** Whether rows of one width, divided by semicolons, hold commas only in numbers, as in `1,5;2,5`: then the commas are decimal. */
function hasDecimalCommas(records: string[][]): boolean {
  return records.every((cells) =>
    cells.length > 1 && cells.length === records[0].length &&
    cells.every((cell) => !cell.includes(",") || decimalComma.test(cell))
  ) && records.some((cells) => cells.some((cell) => cell.includes(",")));
}

function detectHeader(records: string[][]): boolean {
  const [first, ...others] = records;
  const names = first.map((cell) => cell.trim());
  let mayBeNames = new Set(names).size === names.length;
  for (const [column, name] of names.entries()) {
    const kind = cellKind(name);
    const below = (...kinds: CellKind[]): boolean =>
      others.some((other) => kinds.includes(cellKind(other[column] ?? "")));
    if (kind === "text" && !below("text") && below("number", "infinite")) {
      return true;
    }
    // A number can be the name of a column of words ("150" in iris.csv), but not of one with numbers.
    // pandas writes the numbers of rows first, in a column without a name.
    if (name === "" && column === 0 && below("number") && !below("text", "missing")) continue;
    mayBeNames &&= kind !== "missing" &&
      !others.some((other) => other[column]?.trim() === name) &&
      (kind === "text" || (below("text") && !below("number", "infinite")));
  }
  return mayBeNames;
}

/** Gives columns without a name their position as one, as they have it in a table without a header. */
function nameColumns(names: string[], source: string, line: number): string[] {
  const seen = new Map<string, number>();
  return names.map((given, index) => {
    const position = String(index + 1);
    const name = given !== "" ? given : names.includes(position) ? `column ${position}` : position;
    const before = seen.get(name);
    if (before !== undefined) {
      throw unreadable(
        source,
        `line ${line} names columns ${before} and ${position} both "${name}", a name of its own for each`,
      );
    }
    seen.set(name, index + 1);
    return name;
  });
}
