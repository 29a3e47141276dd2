/** The one error type of gradus; the wording is left to whoever throws it. */

/**
 * What went wrong, for programs: the message is for people.
 *
 * - `"argument"`: a value, option, name or shape that the caller gave is not usable.
 * - `"shape"`: sizes do not fit together.
 * - `"data"`: a file or table holds something that cannot be used.
 * - `"numeric"`: a computation produced NaN or infinity and was stopped.
 * - `"freed"`: a value was used after its graph had been freed.
 * - `"library"`: the native library is missing, stale or cannot be loaded.
 * - `"state"`: the call is right, but not now (for instance, training is already running).
 */
export type GradusErrorCode =
  | "argument"
  | "shape"
  | "data"
  | "numeric"
  | "freed"
  | "library"
  | "state";

/**
 * Every error that gradus throws on purpose. The message is one sentence in the form
 * "Cannot <verb> <thing>: <what is>, <what is needed>".
 *
 * @example Telling errors apart
 * ```ts
 * import { GradusError, MLP } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * try {
 *   new MLP(2, []);
 * } catch (error) {
 *   if (!(error instanceof GradusError)) throw error;
 *   assertEquals(error.code, "argument");
 * }
 * ```
 */
export class GradusError extends Error {
  /** What went wrong, as a word that programs can compare. */
  readonly code: GradusErrorCode;

  /**
   * Makes an error.
   *
   * @param code The kind of error.
   * @param message One sentence for people, without a period.
   * @param options `cause`: the error behind this one, if there is one.
   */
  constructor(code: GradusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GradusError";
    this.code = code;
  }
}
