/** The check that every options object of src/data goes through; what an option means is left to its function. */

import { GradusError } from "../error.ts";

/** Throws when `options` holds a name that is not in `known`, so that a misspelt option is not ignored. */
export function checkOptions(
  what: string,
  options: object,
  known: readonly string[],
): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new GradusError(
        "argument",
        `Cannot use ${what}: there is no option "${name}", one of ${
          known.join(", ")
        } is needed`,
      );
    }
  }
}
