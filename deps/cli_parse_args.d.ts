/** The part of `@std/cli/parse-args` that this project uses; the code comes from the npm package that deno.json names. */

/** Which options there are. `B` names the switches, `S` those with a value, `C` those of `S` that may be repeated. */
export interface ParseOptions<
  B extends string,
  S extends string,
  C extends string,
> {
  /** Options without a value; false if not given. */
  boolean?: readonly B[];
  /** Options with a value. */
  string?: readonly S[];
  /** Those among them that collect all their values. */
  collect?: readonly C[];
  /** Switches that `--no-<name>` turns off. */
  negatable?: readonly B[];
  /** Other names for options. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Values of options that are not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Stop at the first argument that is no option. */
  stopEarly?: boolean;
  /** Called for each argument that no list above names, `key` being undefined if it is no option; keeps it unless false. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The options by name, and under `_` the arguments that are none. */
export type Args<B extends string, S extends string, C extends string> =
  & { _: (string | number)[] }
  & { [K in B]: boolean }
  & { [K in Exclude<S, C>]?: string }
  & { [K in C]: string[] };

/** Reads a command line. */
export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
>(args: readonly string[], options?: ParseOptions<B, S, C>): Args<B, S, C>;
