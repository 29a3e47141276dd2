/**
 * `Value.compile`: a function that is recorded once and then computed in C, for one input or for many. What the program is made
 * of is left to program.ts.
 */
import { recordDerivatives } from "./derivative.ts";
import { GradusError } from "./error.ts";
import { shown } from "./options.ts";
import { Leaf, type Operand, type Place } from "./pass.ts";
import { type Outputs, Program } from "./program.ts";
import { Trace } from "./trace.ts";

/**
 * A function that `Value.compile` has made of another one.
 *
 * X is what it is called with, Y what it gives, G its derivatives: numbers, or lists where the function has lists of values.
 * Many inputs are a Float64Array, row after row; the results are then of that kind, too.
 */
export interface CompiledFunction<X, Y, G> {
  /** The value for one input. */
  (x: X): Y;
  /** The values (rows, outputs) of inputs (rows, inputs). */
  (rows: Float64Array): Float64Array<ArrayBuffer>;
  /** The derivatives of the outputs by the inputs, as `jacobian` has them: for one value of a list, its gradient. */
  grad(x: X): G;
  /** The derivatives (rows, outputs, inputs). */
  grad(rows: Float64Array): Float64Array<ArrayBuffer>;
  /** Both, computed together. */
  valueAndGrad(x: X): [value: Y, grad: G];
  /** Both, for each row: two parts of one buffer, which belongs to the caller. */
  valueAndGrad(rows: Float64Array): [values: Float64Array<ArrayBuffer>, grads: Float64Array<ArrayBuffer>];
  /**
   * Differentiates the value by the leaves that the function uses and has not made itself, its parameters: adds the gradient to
   * their `grad` and returns the value. For functions that give one value.
   */
  backward(x: X): number;
  /** The same for the mean of the values over the rows: how a batch is trained with. */
  backward(rows: Float64Array): number;
  /** How many numbers go in. */
  readonly inputs: number;
  /** How many come out. */
  readonly outputs: number;
  /** How many operations are computed for the value: what inputs do not change is computed before. */
  readonly operations: number;
}

/** What a function looks like from outside: whether it is of a list, and whether it gives one. */
interface Shape {
  readonly inputs: number;
  readonly inputIsList: boolean;
  readonly outputIsList: boolean;
}

/** A function as it was recorded. */
interface Recording {
  readonly trace: Trace;
  readonly outputs: readonly Place[];
  readonly outputIsList: boolean;
}

/** What a recorded function is given, and what it has to give: values, as places. */
export type Recordable = (inputs: Place[]) => { outputs: readonly Place[]; outputIsList: boolean };

/** Records `f` with inputs that have no numbers. */
function recorded(f: Recordable, count: number): Recording {
  const trace = new Trace(count);
  return { trace, ...trace.record(() => f(trace.unknowns.map((home) => ({ home, slot: 0 })))) };
}

function leavesOf({ trace, outputs }: Recording): Set<Leaf> {
  const leaves = new Set<Leaf>();
  for (const places of [trace.inputs, outputs]) {
    for (const place of places) if (place?.home instanceof Leaf) leaves.add(place.home);
  }
  return leaves;
}

/**
 * Compiles `f`.
 *
 * @param count How many inputs it has; undefined where it is of one value, not of a list.
 */
export function compile(f: Recordable, count: number | undefined): CompiledFunction<never, unknown, unknown> {
  const inputs = count ?? 1, first = recorded(f, inputs), second = recorded(f, inputs);
  // What is there in both recordings was there before: the others are leaves that the function makes itself.
  const others = leavesOf(second), captured = new Set([...leavesOf(first)].filter((leaf) => others.has(leaf)));
  const programOf = ({ trace }: Recording, outputs: Outputs) =>
    new Program(trace, outputs, (leaf) => captured.has(leaf));

  const { trace, outputs, outputIsList } = first, values = programOf(first, { first: outputs });
  const again = programOf(second, { first: second.outputs });
  if (outputIsList !== second.outputIsList || !values.equals(again)) {
    throw new GradusError(
      "argument",
      "Cannot compile the function: called twice, it did not do the same, and what is recorded must not depend on chance or " +
        "on what changes outside",
    );
  }
  const derivativesBy = (homes: readonly Leaf[]): Operand[] => {
    const sources = homes.map((home) => ({ home, slot: 0 }));
    return trace.record(() => outputs.flatMap((output) => recordDerivatives([[output, 1]], sources)));
  };
  const slopes = once(() => derivativesBy(trace.unknowns));
  return callable({ inputs, inputIsList: count !== undefined, outputIsList }, {
    outputs: outputs.length,
    values,
    slopes: once(() => programOf(first, { second: slopes() })),
    withSlopes: once(() => programOf(first, { first: outputs, second: slopes() })),
    training: once(() => programOf(first, { sums: [...outputs, ...derivativesBy(values.leaves)] })),
  });
}

/** What a function computes: its values, the derivatives by the inputs, both, or both added up, by its parameters. */
interface Programs {
  readonly outputs: number;
  readonly values: Program;
  readonly slopes: () => Program;
  readonly withSlopes: () => Program;
  readonly training: () => Program;
}

/** What `make` makes, when it is asked for first. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}

function callable(shape: Shape, programs: Programs): CompiledFunction<never, unknown, unknown> {
  const { inputs, inputIsList, outputIsList } = shape, { outputs, values } = programs;
  const valueFrom = (program: Program) => outputIsList ? program.outputs(0, outputs) : program.output(0);
  const slopesOf = (program: Program, from: number) =>
    inputIsList ? program.outputs(from, inputs) : program.output(from);
  const slopesFrom = (program: Program, from: number) =>
    outputIsList
      ? Array.from({ length: outputs }, (_, i) => slopesOf(program, from + i * inputs))
      : slopesOf(program, from);

  function call(x: unknown): unknown {
    if (x instanceof Float64Array) return values.runRows(x, rowsOf(shape, x))[0];
    values.run(numbersOf(shape, x));
    return valueFrom(values);
  }
  function valueAndGrad(x: unknown): [unknown, unknown] {
    const program = programs.withSlopes();
    if (x instanceof Float64Array) {
      const [values, slopes] = program.runRows(x, rowsOf(shape, x));
      return [values, slopes];
    }
    program.run(numbersOf(shape, x));
    return [valueFrom(program), slopesFrom(program, outputs)];
  }
  function grad(x: unknown): unknown {
    const program = programs.slopes();
    if (x instanceof Float64Array) return program.runRows(x, rowsOf(shape, x))[1];
    program.run(numbersOf(shape, x));
    return slopesFrom(program, 0);
  }
  function backward(x: unknown): number {
    if (outputIsList) refuse("its function gave a list, one value is needed for backward()");
    if (values.hasResults) {
      refuse(
        "it uses a result that was computed outside of it, through which no gradient flows; compute it inside the function, " +
          "or detach() it",
      );
    }
    const areRows = x instanceof Float64Array, rows = areRows ? x : Float64Array.from(numbersOf(shape, x));
    const count = areRows ? rowsOf(shape, rows) : 1;
    if (count === 0) refuse("no rows are given, at least one is needed for a mean");
    const sums = programs.training().runRows(rows, count)[2];
    values.leaves.forEach((leaf, i) => leaf.receive(0, sums[1 + i] / count));
    return sums[0] / count;
  }
  const describe = () => `CompiledFunction(${inputs} → ${outputs}, operations=${values.varying})`;
  return Object.assign(call, {
    toString: describe,
    [Symbol.for("Deno.customInspect")]: describe,
    grad,
    valueAndGrad,
    backward,
    inputs,
    outputs,
    operations: values.varying,
  }) as never;
}

function refuse(what: string): never {
  throw new GradusError("argument", `Cannot call the compiled function: ${what}`);
}

/** How many rows an array of inputs has. */
function rowsOf({ inputs }: Shape, x: Float64Array): number {
  if (inputs > 0 && x.length % inputs === 0) return x.length / inputs;
  if (inputs === 0) return refuse("rows are given, but it has no inputs: an empty list is needed");
  return refuse(`${x.length} numbers are given, a multiple of its ${inputs} inputs is needed`);
}

function numbersOf({ inputs, inputIsList }: Shape, x: unknown): readonly number[] {
  const numbers = inputIsList ? x : [x];
  const needed = `${inputIsList ? `a list of ${inputs} numbers` : "a number"} is needed, or a Float64Array of rows`;
  if (!Array.isArray(numbers)) return refuse(`${shown(x)} is given, ${needed}`);
  if (numbers.length !== inputs) return refuse(`${numbers.length} inputs are given, ${needed}`);
  for (let i = 0; i < inputs; i++) {
    if (typeof numbers[i] !== "number") return refuse(`input ${i} is ${shown(numbers[i])}, ${needed}`);
  }
  return numbers;
}
