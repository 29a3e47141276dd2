/**
 * The command line: `train` learns a network from a table, `predict` uses it on new rows. `--help` tells the rest.
 *
 * @example The options of a command
 * ```ts
 * import { main } from "@gradus/gradus/cli";
 * import { assert, assertEquals } from "@std/assert";
 *
 * let text = "";
 * const status = await main(["train", "--help"], { out: (part) => text += part });
 * assertEquals(status, 0);
 * assert(text.includes("--epochs"));
 * ```
 *
 * @module
 */
import { type Arguments, type Command, commands, commandsHelp, helpOf, readArguments } from "./src/cli/arguments.ts";
import { Status, type Terminal, terminalFor } from "./src/cli/terminal.ts";
import { GradusError } from "./src/error.ts";

export type { Terminal } from "./src/cli/terminal.ts";

/**
 * Runs a command.
 *
 * @param args The command and its options, as `Deno.args` has them.
 * @param terminal Where text goes, and which folder relative paths start from; what is left out is that of the process.
 * @returns The exit status: 0, 1 for input that cannot be used, 130 if Ctrl-C ended it, 70 for a defect of gradus.
 *
 * @example What cannot be used is told in a sentence
 * ```ts
 * import { main } from "@gradus/gradus/cli";
 * import { assertEquals } from "@std/assert";
 *
 * let text = "";
 * const status = await main(["train", "--epochs", "many"], { err: (part) => text += part });
 * assertEquals(status, 1);
 * assertEquals(text, 'gradus: Cannot use --epochs "many": a whole number from 1 to 2147483647 is needed\n');
 * ```
 */
export async function main(args: readonly string[], terminal: Partial<Terminal> = {}): Promise<number> {
  const io = terminalFor(terminal);
  try {
    const [name = "", ...rest] = args;
    if (name === "--help" || name === "-h" || name === "help") {
      io.out(commandsHelp());
      return Status.done;
    }
    const command = commands.find((command) => command.name === name);
    if (command === undefined) {
      const names = commands.map(({ name }) => name).join(" or ");
      const found = name === "" ? "Cannot run: there is no command" : `Cannot run "${name}": there is no such command`;
      throw new GradusError("argument", `${found}, ${names} is needed (--help tells more)`);
    }
    const given = readArguments(command, rest);
    if (given.has("help")) {
      io.out(helpOf(command));
      return Status.done;
    }
    return await run(command, given, io);
  } catch (error) {
    if (error instanceof GradusError) {
      io.err(`gradus: ${error.message}\n`);
      return Status.unusable;
    }
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    io.err(`gradus: unexpected ${message}; this is a defect of gradus, please report it with the command\n`);
    return Status.defect;
  }
}

/** Loads what the command needs only now, so that a missing library is told in one sentence and --help needs none. */
async function run(command: Command, given: Arguments, io: Terminal): Promise<number> {
  if (command.name === "train") return (await import("./src/cli/train.ts")).train(given, io);
  return (await import("./src/cli/predict.ts")).predict(given, io);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
