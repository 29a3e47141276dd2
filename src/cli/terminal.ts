/** Where a command's text goes: the terminal of the process, or what a test puts in its place. */

/** Exit statuses. */
export const Status = { done: 0, unusable: 1, defect: 70, interrupted: 130 } as const;

/** Where text goes, and where relative paths start. */
export interface Terminal {
  /** Takes results. */
  out: (text: string) => void;
  /** Takes errors, notes and progress. */
  err: (text: string) => void;
  /** Whether people see the results as they are written; only then they have bold text. */
  outIsTerminal: boolean;
  /** Whether a line of progress can be rewritten. */
  errIsTerminal: boolean;
  /** The folder of the caller, from which relative paths start. */
  folder: string;
}

/** The parts given, and those of the process for the others. Where some are given, nothing is a terminal. */
export function terminalFor(given: Partial<Terminal>): Terminal {
  const isProcess = given.out === undefined && given.err === undefined;
  return {
    out: given.out ?? ((text) => write(Deno.stdout, text)),
    err: given.err ?? ((text) => write(Deno.stderr, text)),
    outIsTerminal: given.outIsTerminal ?? (isProcess && Deno.stdout.isTerminal()),
    errIsTerminal: given.errIsTerminal ?? (isProcess && Deno.stderr.isTerminal()),
    folder: given.folder ?? callersFolder(),
  };
}

/** Writes all of it. That nobody reads it any more, as in "… | head", is no reason to lose the work that is under way. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** `deno task` changes to the folder of the project and leaves the one where it was called in INIT_CWD. */
function callersFolder(): string {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "INIT_CWD" });
  return (state === "granted" ? Deno.env.get("INIT_CWD") : undefined) || Deno.cwd();
}
