/** The part of `@std/csv` that this project uses; the code comes from the npm package that deno.json names. */

/** How a table is written (RFC 4180 unless said otherwise). */
export interface CsvOptions {
  /** What stands between two fields. Default: ",". */
  separator?: string;
  /** Lines that begin with this character are skipped. Default: none are. */
  comment?: string;
  /** Skip white space at the start of a field. Default: false. */
  trimLeadingSpace?: boolean;
  /** Accept quotes inside fields that are not quoted. Default: false. */
  lazyQuotes?: boolean;
  /** How many fields each row must have; 0: as many as the first. Default: any number. */
  fieldsPerRecord?: number;
}

/**
 * The rows of a table.
 *
 * @throws {SyntaxError} If the table is not well formed.
 */
export function parse(input: string, options?: CsvOptions): string[][];

/** Turns text into the rows of a table; rejects with a `SyntaxError` if the table is not well formed. */
export class CsvParseStream implements TransformStream<string, string[]> {
  constructor(options?: CsvOptions);
  readonly readable: ReadableStream<string[]>;
  readonly writable: WritableStream<string>;
}
