/** The options of the commands: what there is, the help that tells it, and reading a command line. What they do stands in train.ts and predict.ts. */
import { parseArgs } from "@std/cli/parse-args";
import { GradusError } from "../error.ts";
import { checkNumber, type Range } from "../options.ts";

/** One option of a command. */
export interface Option {
  /** Without the dashes. */
  readonly name: string;
  /** What stands for its value in the help; a switch has none. */
  readonly value?: string;
  /** What a value is, in messages: "a file". */
  readonly need?: string;
  /** Whether it can be given several times, or with commas. */
  readonly isList?: boolean;
  /** Whether `--no-<name>` exists too. */
  readonly isNegatable?: boolean;
  /** For the help; lines are broken as they stand. */
  readonly help: string;
}

/** A command and its options. */
export interface Command {
  readonly name: "train" | "predict";
  readonly summary: string;
  readonly text: string;
  readonly options: readonly Option[];
}

const column = "a column's name or position";
const header: Option = {
  name: "header",
  isNegatable: true,
  help: "the first row holds names, or --no-header: it does not\ndefault: recognised from the table",
};
const help: Option = { name: "help", help: "print this" };

/** All commands. */
export const commands: readonly Command[] = [
  {
    name: "train",
    summary: "learn a network from a table",
    text: `Learns to predict one column of a table of comma-separated values from the others. Numbers are
standardised, texts become one input for each value, missing cells of numbers take the mean of
their column; a part of the rows is held out of training to measure on. The network is saved with
all that "predict" needs for new rows. Without options it learns the handwritten digits in data/.

A column is given by its name or by its position, from 1 or, from the end, from -1; several columns
with commas between them, or the option several times. Files are looked for in your folder.
Ctrl-C ends training after the batch it is at and saves the network; a second one ends at once.`,
    options: [
      { name: "data", value: "file", need: "a CSV file", help: "the table, plain or .gz; default: data/digits.csv.gz" },
      { name: "target", value: "column", need: column, help: "the column to predict; default: -1, the last" },
      {
        name: "task",
        value: "task",
        need: "classification or regression",
        help:
          "classification or regression; default: regression if the target\nholds numbers, unless they are whole and few",
      },
      {
        name: "text",
        value: "columns",
        need: column,
        isList: true,
        help: "columns to read as text though they hold numbers",
      },
      {
        name: "number",
        value: "columns",
        need: column,
        isList: true,
        help: "columns to read as numbers; texts in them count as missing",
      },
      { name: "ignore", value: "columns", need: column, isList: true, help: "columns to leave out" },
      header,
      {
        name: "hidden",
        value: "sizes",
        need: "a list of sizes like 64,32",
        help: 'sizes of the hidden layers; "" for none; default: 64,32',
      },
      {
        name: "activation",
        value: "name",
        need: "a name like relu",
        help: "of the hidden layers: linear, relu, leakyRelu, tanh, sigmoid, gelu,\nsilu, softplus; default: relu",
      },
      {
        name: "epochs",
        value: "count",
        need: "a number",
        help: "passes over the training rows; default: as many as make 1800 batches,\nat least 40 and at most 100",
      },
      { name: "batch-size", value: "rows", need: "a number", help: "rows for one update; default: 32" },
      {
        name: "optimizer",
        value: "name",
        need: "a name like adamw",
        help: "sgd, rmsprop, adam, adamw, langevin (at a temperature of 1e-6);\ndefault: adamw",
      },
      {
        name: "learning-rate",
        value: "rate",
        need: "a number",
        help: "default: 0.005 for adam and adamw, 0.001 for rmsprop, 0.1 for sgd,\n0.03 for langevin",
      },
      {
        name: "weight-decay",
        value: "rate",
        need: "a number",
        help: "default: 0.1 for adamw, 0 for the others; langevin has none",
      },
      {
        name: "clip-norm",
        value: "norm",
        need: "a number",
        help: "the gradient of a batch is scaled down to this; default: never",
      },
      {
        name: "seed",
        value: "number",
        need: "a number",
        help:
          "of the split, the first weights and the order of rows; default: 0\nthe same seed gives the same network everywhere",
      },
      {
        name: "test-fraction",
        value: "part",
        need: "a number",
        help: "the part of the rows to hold out, of each class alike; 0 for none;\ndefault: 0.2",
      },
      { name: "out", value: "file", need: "a file", help: "where to save the network; default: model.json" },
      { name: "quiet", help: "print nothing but errors" },
      help,
    ],
  },
  {
    name: "predict",
    summary: "predict with a network that train saved",
    text: `Predicts for each row of a table, as CSV with a header: the column "prediction" holds a class or a
number in the unit of the target. Columns are found by their names where both tables have a header,
otherwise by position. If the table has the target too, the errors are measured; that and all notes
go to the standard error, so that the standard output is nothing but the table.`,
    options: [
      { name: "model", value: "file", need: "a file", help: "the network; default: model.json" },
      { name: "data", value: "file", need: "a CSV file", help: "the table, plain or .gz" },
      { name: "out", value: "file", need: "a file", help: "where to write; default: the standard output" },
      { name: "probabilities", help: 'for classes: a column "p(class)" with the probability of each' },
      header,
      { name: "quiet", help: "print no notes" },
      help,
    ],
  },
];

/** The help for all commands. */
export function commandsHelp(): string {
  const lines = commands.map(({ name, summary }) => `  deno task ${name.padEnd(8)}  ${summary}`);
  return `Usage:\n${lines.join("\n")}\n\nWith --help each tells its options.\n`;
}

/** The help for one command. */
export function helpOf(command: Command): string {
  const left = (option: Option) =>
    `  --${option.isNegatable ? "[no-]" : ""}${option.name}${option.value ? ` <${option.value}>` : ""}`;
  const width = 2 + Math.max(...command.options.map((option) => left(option).length));
  const lines = command.options.map((option) =>
    left(option).padEnd(width) + option.help.replaceAll("\n", "\n" + " ".repeat(width))
  );
  return `Usage: deno task ${command.name} [options]\n\n${command.text}\n\nOptions:\n${lines.join("\n")}\n`;
}

/** The options of a command line, by their names. */
export class Arguments {
  readonly #values: ReadonlyMap<string, readonly string[] | boolean>;

  constructor(values: ReadonlyMap<string, readonly string[] | boolean>) {
    this.#values = values;
  }

  /** Whether the option was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value of an option that is no list. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "object" ? value[0] : undefined;
  }

  /**
   * The value as the name of a file that is read.
   *
   * @throws {GradusError} If it is empty.
   */
  file(name: string): string | undefined {
    const text = this.text(name);
    if (text !== "") return text;
    throw new GradusError("argument", `Cannot use --${name} "": it is no name, the name of a file is needed`);
  }

  /** All values, divided at commas. */
  list(name: string): string[] {
    const value = this.#values.get(name);
    return typeof value === "object" ? value.flatMap((text) => text.split(",")).map((text) => text.trim()) : [];
  }

  /** The value of a switch that can be turned off. */
  choice(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === "boolean" ? value : undefined;
  }

  /**
   * The value as a number.
   *
   * @throws {GradusError} If it is none, or not in the range.
   */
  number(name: string, range: Range): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : numberFrom(`--${name}`, text, range);
  }
}

/** Reads a decimal number; `what` completes "Cannot use …". */
export function numberFrom(what: string, text: string, range: Range): number {
  const isNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text.trim());
  return checkNumber(what, isNumber ? Number(text) : text, range);
}

/**
 * Reads a command line.
 *
 * @throws {GradusError} If an option is unknown, has no value or more than it takes, or an argument is none.
 */
export function readArguments(command: Command, args: readonly string[]): Arguments {
  const refuse = (what: string, is: string): never => {
    throw new GradusError(
      "argument",
      `Cannot use ${what}: ${is} is needed ("deno task ${command.name} --help" tells the options)`,
    );
  };
  const unknown = (arg: string, key?: string): never => {
    if (key !== undefined) refuse(arg.split("=")[0], "there is no such option, another");
    return refuse(JSON.stringify(arg), "it belongs to no option, --<option> before it");
  };
  const { options } = command;
  const valued = options.filter((option) => option.value !== undefined).map(({ name }) => name);
  const switches = options.filter((option) => option.value === undefined).map(({ name }) => name);
  const negatable = options.filter((option) => option.isNegatable).map(({ name }) => name);
  const lists = options.filter((option) => option.isList).map(({ name }) => name);
  const parsed: Record<string, unknown> = parseArgs(joined(options, args, refuse), {
    string: valued,
    collect: valued,
    boolean: switches,
    negatable,
    default: Object.fromEntries(switches.map((name) => [name, null])),
    alias: { help: "h" },
    unknown,
  });
  const values = new Map<string, readonly string[] | boolean>();
  for (const name of valued) {
    const texts = parsed[name] as string[];
    if (texts.length > 1 && !lists.includes(name)) refuse(`--${name}`, `it is there ${texts.length} times, one`);
    if (texts.length > 0) values.set(name, texts);
  }
  for (const name of negatable) {
    if ([`--${name}`, `--no-${name}`].every((arg) => args.includes(arg))) {
      refuse(`--${name}`, `--no-${name} is there too, one of them`);
    }
  }
  for (const name of switches) {
    const value = parsed[name];
    if (typeof value === "boolean") values.set(name, value);
  }
  return new Arguments(values);
}

/**
 * Puts each value behind its option with "=": parseArgs takes "-1" in "--target -1" for an option of its own, and an option
 * without a value for one with an empty value.
 */
function joined(
  options: readonly Option[],
  args: readonly string[],
  refuse: (what: string, is: string) => never,
): string[] {
  const result: string[] = [];
  // npm users write "--" before the options of a task.
  for (let i = args[0] === "--" ? 1 : 0; i < args.length; i++) {
    const [, name, equals] = /^--([^=]+)(=?)/.exec(args[i]) ?? [];
    const option = options.find((option) => option.name === name);
    if (args[i] === "--") return refuse('"--"', "it belongs to no option, --<option> before it");
    if (option !== undefined && option.value === undefined && equals) {
      refuse(args[i], `a switch takes no value, --${name}`);
    }
    if (option === undefined || option.value === undefined || equals) {
      result.push(args[i]);
      continue;
    }
    const next = args[++i];
    if (next === undefined || next.startsWith("--")) refuse(`--${name}`, `it has no value, ${option.need}`);
    result.push(`--${name}=${next}`);
  }
  return result;
}
