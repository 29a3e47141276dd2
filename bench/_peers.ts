/**
 * Peers of a benchmark: processes that answer questions, line by line, each a line of JSON. The first line that a peer
 * says is its version; what the questions are is left to who asks.
 */

/** The lines of a stream of bytes. */
export async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** What a peer says instead of an answer if it has none. */
export interface Refusal {
  reason: string;
}

/** A process that has been started, and has said which version it is or why it cannot run. */
export class Peer<Question, Answer> {
  readonly name: string;
  /** Undefined where the peer could not be started. */
  version: string | undefined;
  #child: Deno.ChildProcess | undefined;
  #answers: AsyncGenerator<string, void, void> | undefined;
  #complaints: Promise<string> = Promise.resolve("");

  private constructor(name: string) {
    this.name = name;
  }

  /** Starts a program and waits for its version. */
  static async start<Question, Answer>(
    name: string,
    [program, ...args]: string[],
    env: Record<string, string>,
  ): Promise<Peer<Question, Answer>> {
    const peer = new Peer<Question, Answer>(name);
    try {
      const command = new Deno.Command(program, { args, env, stdin: "piped", stdout: "piped", stderr: "piped" });
      const child = peer.#child = command.spawn();
      peer.#answers = linesOf(child.stdout);
      peer.#complaints = new Response(child.stderr).text();
    } catch (error) {
      peer.#complaints = Promise.resolve((error as Error).message);
    }
    const line = await peer.#next();
    if (line !== undefined) peer.version = JSON.parse(line).version;
    return peer;
  }

  /** Its answer to a question. */
  async ask(question: Question): Promise<Answer | Refusal> {
    if (this.version !== undefined) {
      try {
        const writer = this.#child!.stdin.getWriter();
        await writer.write(new TextEncoder().encode(JSON.stringify(question) + "\n"));
        writer.releaseLock();
      } catch {
        // It has ended before; why, its last words tell.
      }
      const line = await this.#next();
      if (line !== undefined) return JSON.parse(line);
    }
    return { reason: await this.lastWords() };
  }

  /** Lets the process end. */
  async stop(): Promise<void> {
    if (this.version === undefined) return;
    await this.#child!.stdin.close().catch(() => {});
    await this.#child!.status;
  }

  async #next(): Promise<string | undefined> {
    const { value } = await this.#answers?.next() ?? {};
    return value ?? undefined;
  }

  /** The last line that it has written to standard error, once it has ended. */
  async lastWords(): Promise<string> {
    return (await this.#complaints).trim().split("\n").at(-1) || "it ended without an answer";
  }
}
