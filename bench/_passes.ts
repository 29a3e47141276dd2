/**
 * The passes of c/value.c alone, and the plain loop of peers/value_loop.c, by turns over the same arrays. What is recorded is
 * left to _demo.ts.
 */
import { Mark, Op } from "../src/bindings.ts";
import { native, unwrap } from "../src/ffi.ts";
import { Records } from "../src/records.ts";
import { openPlainLoop } from "./_compiled.ts";
import { lossOf, parametersOf, type Scalar } from "./_demo.ts";
import { alternated } from "./_timing.ts";

/** A scalar that is only recorded, when its slot is asked for first: so inputs enter where they are used, as on a tape. */
class Recorded implements Scalar<Recorded> {
  readonly #records: Records;
  readonly #enter: () => number;
  #slot: number | undefined;

  constructor(records: Records, enter: () => number) {
    this.#records = records;
    this.#enter = enter;
  }

  get slot(): number {
    return this.#slot ??= this.#enter();
  }

  add(x: Recorded | number): Recorded {
    return this.#result(Op.add, x);
  }

  mul(x: Recorded | number): Recorded {
    return this.#result(Op.mul, x);
  }

  relu(): Recorded {
    return this.#result(Op.relu);
  }

  #result(op: number, x?: Recorded | number): Recorded {
    const records = this.#records, left = this.slot;
    const right = x === undefined ? 0 : typeof x === "number" ? records.number(x) : x.slot;
    const slot = records.record(op, left, right);
    return new Recorded(records, () => slot);
  }
}

/** Microseconds of the pass up, the pass down, and both. */
export interface Passes {
  library: number[];
  plainLoop: number[];
  /** Loss and gradient as each has computed them. */
  results: number[][];
}

/** Measures both over the graph of the demo; `path` is the compiled plain loop. */
export async function measurePasses(path: string): Promise<Passes> {
  const plain = openPlainLoop(path);
  const records = new Records(1 << 17);
  let inputs = 0;
  const leaf = (weight: number) => new Recorded(records, () => records.number(weight, inputs++));
  const parameters = parametersOf(leaf);
  const root = lossOf(parameters, leaf(0)).slot, length = root + 1;
  const { words, data, marks } = records, grad = new Float64Array(length), reached = new Uint32Array(inputs);

  const inMicroseconds = (forward: () => void, backward: () => void): number[] => {
    const start = performance.now();
    forward();
    const middle = performance.now();
    backward();
    const end = performance.now();
    return [middle - start, end - middle, end - start].map((milliseconds) => milliseconds * 1000);
  };

  const ofLibrary = () =>
    inMicroseconds(
      () => unwrap(native.gradus_value_forward(data, words, 0, length), "evaluate values"),
      () => {
        marks[root] = Mark.reached;
        reached[0] = root;
        grad[root] = 1;
        native.gradus_value_backward(grad, marks, reached, data, words, 1);
      },
    );
  const { value_loop_forward, value_loop_backward } = plain.symbols;
  const ofPlainLoop = () =>
    inMicroseconds(
      () => value_loop_forward(data, words, length),
      () => value_loop_backward(grad, data, words, length),
    );

  const results = [ofLibrary, ofPlainLoop].map((pass) => {
    data[root] = NaN;
    grad.fill(NaN);
    pass();
    return [data[root], ...parameters.flat(2).map(({ slot }) => grad[slot])];
  });
  const [library, plainLoop] = await alternated(
    [ofLibrary, ofPlainLoop].map((pass) => (rounds) => Array.from({ length: rounds }, pass)),
  );
  plain.close();
  return { library, plainLoop, results };
}
