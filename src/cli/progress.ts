/** A line of progress that is rewritten while training runs; nothing where the standard error is no terminal. */
import type { Terminal } from "./terminal.ts";

/** Milliseconds between two rewritings, and before the first: short trainings need none. */
const PERIOD = 250;

/** "8 s", "3 min 5 s" */
export function durationOf(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(3)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** The line. */
export class Progress {
  readonly #io: Terminal;
  readonly #epochs: number;
  readonly #began = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #done = 0;
  /** Seconds that the epochs done took. */
  #taken = 0;
  #isShown = false;
  #lastShown = performance.now();

  /**
   * @param io Where to write.
   * @param epochs How many there will be.
   * @param quiet Whether to write nothing.
   */
  constructor(io: Terminal, epochs: number, quiet: boolean) {
    this.#io = io;
    this.#epochs = epochs;
    if (!quiet && io.errIsTerminal) this.#timer = setInterval(() => this.#show(), PERIOD);
  }

  /** Tells that an epoch is done. The timer alone may starve: training leaves the event loop few turns. */
  epoch(number: number): void {
    this.#done = number;
    this.#taken = this.#seconds;
    if (this.#timer !== undefined && performance.now() - this.#lastShown >= PERIOD) this.#show();
  }

  /** Takes the line away, for other text. */
  clear(): void {
    if (this.#isShown) this.#io.err("\r\x1b[K");
    this.#isShown = false;
  }

  /** Takes the line away for good. */
  end(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  get #seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  #show(): void {
    const seconds = this.#seconds;
    const total = this.#taken / this.#done * this.#epochs;
    const left = this.#done > 0 ? `, about ${Math.max(1, Math.round(total - seconds))} s to go` : "";
    this.#io.err(
      `\r\x1b[Kepoch ${Math.min(this.#done + 1, this.#epochs)} of ${this.#epochs}, ${durationOf(seconds)}${left}`,
    );
    this.#isShown = true;
    this.#lastShown = performance.now();
  }
}
