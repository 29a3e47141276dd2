/**
 * `Value`: one number that remembers how it was computed. Its operations write records, tape.ts keeps them, c/value.c
 * computes them; each formula and derivative stands in c/ops.h.
 */
import { Op } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { compile, type CompiledFunction } from "./compile.ts";
import { recordGradients } from "./derivative.ts";
import { checkNumber, checkOptions, countRange, shown } from "./options.ts";
import { type Home, Leaf, type Operand } from "./pass.ts";
import { type Memory, total } from "./memory.ts";
import { Scope } from "./scope.ts";
import { Call } from "./call.ts";
import { bookTape, constant, differentiate, free, lasting, record, type Tape, writableTape } from "./tape.ts";

/** Makes a `Value` of a slot that something else than an operation has filled; set by the class below. */
let valueIn: (home: Home, slot: number) => Value;

/** A value as others than its class see it. */
export function valueOf(operand: Operand): Value {
  return typeof operand === "number"
    ? new Value(operand)
    : operand.value as Value | undefined ?? valueIn(operand.home, operand.slot);
}

/** Where a value lives, for pictures and calls; set by the class below. */
export let placeOf: (value: Value) => Exclude<Operand, number>;

/** How many terms of a sum are recorded at once. */
const STRETCH = 256;

/** What the safe operations keep the size of a divisor, and of what a logarithm is taken of, at least at. */
const SMALLEST = 1e-7;

/** What `powSafe` keeps the size of its result at most at: far enough from overflow for the derivative, too. */
const LARGEST = 1e200;

/** How `backward()` differentiates. */
export interface BackwardOptions {
  /**
   * Whether the gradients are recorded as values, to be found in `gradValue`, so that they can be differentiated again.
   * Default: false.
   */
  createGraph?: boolean;
}

/**
 * A number with a gradient. Operations on values record what is computed; reading `data` computes it, and `backward()`
 * gives every value that took part its derivative in `grad`.
 *
 * Numbers are float64. Every operation takes values and plain numbers; a plain number is a constant. Graphs may be of any
 * depth and share their parts as they like. Nothing has to be freed: a graph is collected like any other object.
 *
 * @example The derivative of an expression
 * ```ts
 * import { Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const a = new Value(2), b = new Value(-3), c = new Value(10);
 * const e = a.mul(b).add(c).relu();
 * assertEquals(e.data, 4);
 * e.backward();
 * assertEquals([a.grad, b.grad, c.grad], [-3, 2, 1]);
 * ```
 */
export class Value {
  /** Where the number is: a leaf's own home, a tape, or a call. */
  #home: Home;
  readonly #slot: number;
  /** The latest tape that this value has entered, by its order, and the slot there. */
  #enteredTape = 0;
  #enteredSlot = 0;

  static {
    valueIn = Value.#in;
    placeOf = (value) => ({ home: value.#home, slot: value.#slot, value });
  }

  /**
   * A leaf: a number that nothing computes.
   *
   * @param data The number.
   * @param label A name, for pictures and messages.
   * @throws {GradusError} If `data` is not a number.
   */
  constructor(data: number, label?: string);
  constructor(data: number, label?: string, home?: Home) {
    // Written as two cases, since every operation takes the second.
    if (home === undefined) {
      this.#home = newLeaf(data, label, false);
      this.#slot = 0;
    } else {
      this.#home = home;
      this.#slot = data;
    }
  }

  /**
   * A leaf that is meant to last, such as a parameter: `backwardAndFree()` leaves it alone, and optimizers take lists of
   * such values.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const w = Value.persistent(0.5);
   * w.mul(3).backwardAndFree();
   * assertEquals([w.data, w.grad], [0.5, 3]);
   * ```
   */
  static persistent(data: number, label?: string): Value {
    return valueIn(newLeaf(data, label, true), 0);
  }

  /** The number. Only that of a leaf can be set; graphs recorded before keep the number that they were recorded with. */
  get data(): number {
    return this.#home.dataAt(this.#slot);
  }

  set data(data: number) {
    if (!(this.#home instanceof Leaf)) {
      throw new GradusError(
        "argument",
        `Cannot set the data of a result of ${this.op}(): only that of a leaf, made by new Value(…), can be set`,
      );
    }
    this.#home.data = asNumber(data);
    this.#enteredTape = 0;
  }

  /**
   * The derivative of the value that `backward()` was called on. On leaves it adds up over calls until `zeroGrad()`; on
   * the results of operations it is that of the last call that reached their graph. 0 before the first.
   */
  get grad(): number {
    return this.#home.gradAt(this.#slot);
  }

  set grad(grad: number) {
    this.#home.setGradAt(this.#slot, asNumber(grad));
  }

  /**
   * The gradient as a value: what `backward({ createGraph: true })` has recorded, until `grad` is changed by anything else.
   * It can be differentiated like any other value. Undefined where there is none.
   */
  get gradValue(): Value | undefined {
    const gradient = this.#home.gradientAt(this.#slot);
    return gradient && valueIn(gradient.home, gradient.slot);
  }

  /** A name, for pictures and messages; undefined if none was given. */
  get label(): string | undefined {
    return this.#home.labelAt(this.#slot);
  }

  set label(label: string | undefined) {
    this.#home.setLabelAt(this.#slot, label);
  }

  /** The name of the operation that computes this value: `"mul"`, `"tanh"`, …, `"mlp"` for a network; `""` for a leaf. */
  get op(): string {
    return this.#home.opAt(this.#slot);
  }

  /**
   * What the operation was applied to; empty for a leaf. Leaves are the objects that were used, plain numbers appear as new
   * leaves, results as new objects for the same results.
   */
  get operands(): Value[] {
    return this.#home.operandsAt(this.#slot).map(valueOf);
  }

  /** Whether this is a leaf made by `Value.persistent`. */
  get isPersistent(): boolean {
    return this.#home instanceof Leaf && this.#home.isPersistent;
  }

  /**
   * Computes the derivative of this value with respect to every value that it depends on, and adds it to the `grad` of the
   * leaves; the `grad` of the values in between is replaced.
   *
   * @example A value that is used twice counts twice
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = new Value(1);
   * const y = x.mul(2);
   * y.add(y).backward();
   * assertEquals(x.grad, 4);
   * ```
   *
   * @example The second derivative: that of a gradient which is a value itself
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = new Value(2);
   * x.pow(3).backward({ createGraph: true });
   * const slope = x.gradValue!;
   * assertEquals(slope.data, 12); // 3x²
   * x.zeroGrad();
   * slope.backward();
   * assertEquals(x.grad, 12); // 6x
   * ```
   * @throws {GradusError} With code `"freed"` if the graph was freed; with code `"argument"` if `createGraph` is asked for
   * and the graph leads through a network without a graph, of which only numbers are known.
   */
  backward(options: BackwardOptions = {}): void {
    checkOptions("the options of backward()", options, ["createGraph"]);
    if (options.createGraph) recordGradients({ home: this.#home, slot: this.#slot });
    else differentiate(this.#home, this.#slot);
  }

  /**
   * `backward()`, then the graph is released at once instead of when it is no longer referred to: leaves stay, and using
   * one of the results in between, this one included, is an error from then on.
   */
  backwardAndFree(): void {
    this.backward();
    free(this.#home, this.#slot);
  }

  /** Sets `grad` to 0. */
  zeroGrad(): void {
    this.grad = 0;
  }

  /** A leaf with this value's number, which passes no gradient on. */
  detach(): Value {
    return new Value(this.data);
  }

  /**
   * A copy. That of a leaf is another leaf with the same number, gradient, label and persistence; that of a result is the
   * same result, differentiable like it.
   */
  clone(): Value {
    if (!(this.#home instanceof Leaf)) return valueIn(this.#home, this.#slot);
    const leaf = newLeaf(this.#home.data, this.label, this.#home.isPersistent);
    leaf.grad = this.grad;
    return valueIn(leaf, 0);
  }

  /** this + other */
  add(other: Value | number): Value {
    return Value.#binary(Op.add, this, other);
  }

  /** this − other */
  sub(other: Value | number): Value {
    return Value.#binary(Op.sub, this, other);
  }

  /** this · other */
  mul(other: Value | number): Value {
    return Value.#binary(Op.mul, this, other);
  }

  /** this / other */
  div(other: Value | number): Value {
    return Value.#binary(Op.div, this, other);
  }

  /** this to the power of `exponent`, which may be a value and then has a gradient, too: aᵇ·log a, 0 where a = 0 ≤ b. */
  pow(exponent: Value | number): Value {
    return Value.#binary(Op.pow, this, exponent);
  }

  /** The larger of the two; at a tie the gradient goes to both in halves. */
  max(other: Value | number): Value {
    return Value.#binary(Op.max, this, other);
  }

  /** The smaller of the two; at a tie the gradient goes to both in halves. */
  min(other: Value | number): Value {
    return Value.#binary(Op.min, this, other);
  }

  /** −this */
  neg(): Value {
    return Value.#unary(Op.neg, this);
  }

  /** max(0, this), with derivative 0 at 0. */
  relu(): Value {
    return Value.#unary(Op.relu, this);
  }

  /** this where it is positive, else 0.01·this. */
  leakyRelu(): Value {
    return Value.#unary(Op.leakyRelu, this);
  }

  /** The hyperbolic tangent. */
  tanh(): Value {
    return Value.#unary(Op.tanh, this);
  }

  /** 1 / (1 + e^−this) */
  sigmoid(): Value {
    return Value.#unary(Op.sigmoid, this);
  }

  /** log(1 + e^this) */
  softplus(): Value {
    return Value.#unary(Op.softplus, this);
  }

  /** this · Φ(this), Φ the normal distribution function (D. Hendrycks, K. Gimpel, 2016), not its tanh approximation. */
  gelu(): Value {
    return Value.#unary(Op.gelu, this);
  }

  /** this · sigmoid(this) */
  silu(): Value {
    return Value.#unary(Op.silu, this);
  }

  /** e^this */
  exp(): Value {
    return Value.#unary(Op.exp, this);
  }

  /** The natural logarithm. */
  log(): Value {
    return Value.#unary(Op.log, this);
  }

  /** log(1 + this), exact for small numbers. */
  log1p(): Value {
    return Value.#unary(Op.log1p, this);
  }

  /** e^this − 1, exact for small numbers. */
  expm1(): Value {
    return Value.#unary(Op.expm1, this);
  }

  /** The square root. */
  sqrt(): Value {
    return Value.#unary(Op.sqrt, this);
  }

  /** this² */
  square(): Value {
    return Value.#unary(Op.square, this);
  }

  /** |this|, with derivative 0 at 0. */
  abs(): Value {
    return Value.#unary(Op.abs, this);
  }

  /** The sine of this, in radians. */
  sin(): Value {
    return Value.#unary(Op.sin, this);
  }

  /** The cosine of this, in radians. */
  cos(): Value {
    return Value.#unary(Op.cos, this);
  }

  /** The tangent of this, in radians. */
  tan(): Value {
    return Value.#unary(Op.tan, this);
  }

  /** Φ(this): the share of the standard normal distribution that lies below. */
  normalCdf(): Value {
    return Value.#unary(Op.normalCdf, this);
  }

  /** The density of the standard normal distribution: e^(−this²/2) / √(2π). */
  normalPdf(): Value {
    return Value.#unary(Op.normalPdf, this);
  }

  /**
   * this / d, where d is `other` with its size kept at least 1e-7 and its sign, that of 0 being +1. Where |other| ≥
   * 1e-7 it is `div`. The derivative by this value is always 1 / d; that by `other` is 0 below 1e-7, and right there
   * half of what `div` has.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertAlmostEquals } from "@std/assert";
   *
   * const a = new Value(3), b = new Value(0);
   * const y = a.divSafe(b);
   * y.backward();
   * assertAlmostEquals(y.data, 3e7);
   * assertAlmostEquals(a.grad, 1e7);
   * assertAlmostEquals(b.grad, 0);
   * ```
   */
  divSafe(other: Value | number): Value {
    return this.div(awayFromZero(other, SMALLEST));
  }

  /**
   * log(max(this, 1e-7)): `log` from 1e-7 on, and log 1e-7 = −16.118… below, where the derivative is 0. At 1e-7 the
   * derivative is half of what `log` has.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(new Value(0).logSafe().data, Math.log(1e-7));
   * ```
   */
  logSafe(): Value {
    return this.max(SMALLEST).log();
  }

  /**
   * This to the power of `exponent`, where finite numbers have finite results, by limits on the base; where they do not
   * act it is `pow`. For a plain number as the exponent:
   *
   * - the base is at least 1e-7, unless the exponent is a whole number;
   * - if that is a negative whole number, the size of the base is at least 1e-7, the sign of 0 being +1;
   * - the size of the base is such that the result has at most about the size 1e200.
   *
   * An exponent that is a value has a gradient, too, and so counts as one that is not whole: the result is
   * e^max(−460, min(460, exponent·log max(this, 1e-7))).
   *
   * Beyond a limit the derivative by what is limited is 0, right at it half of what it is inside.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertAlmostEquals, assertEquals } from "@std/assert";
   *
   * assertEquals(new Value(-2).powSafe(3).data, -8);
   * assertAlmostEquals(new Value(-2).powSafe(0.5).data, 1e-7 ** 0.5);
   * assertAlmostEquals(new Value(0).powSafe(-1).data, 1e7);
   * assertAlmostEquals(new Value(1e100).powSafe(4).data / 1e200, 1);
   * ```
   */
  powSafe(exponent: Value | number): Value {
    if (typeof exponent !== "number") {
      const power = this.logSafe().mul(exponent), limit = Math.floor(Math.log(LARGEST));
      return power.min(limit).max(-limit).exp();
    }
    // |base|^exponent ≤ LARGEST bounds the base from above for positive exponents, from below for negative ones.
    const bound = LARGEST ** (1 / exponent), lowest = exponent < 0 ? Math.max(SMALLEST, bound) : SMALLEST;
    const highest = exponent > 0 ? bound : Infinity;
    if (!Number.isInteger(exponent)) return this.max(lowest).min(highest).pow(exponent);
    if (exponent < 0) return Value.pow(awayFromZero(this, lowest), exponent);
    return this.max(-highest).min(highest).pow(exponent);
  }

  /**
   * a − b, where either may be a plain number.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const x = new Value(3);
   * const y = Value.sub(1, x);
   * y.backward();
   * assertEquals([y.data, x.grad], [-2, -1]);
   * ```
   */
  static sub(a: Value | number, b: Value | number): Value {
    return Value.#binary(Op.sub, a, b);
  }

  /** a / b, where either may be a plain number. */
  static div(a: Value | number, b: Value | number): Value {
    return Value.#binary(Op.div, a, b);
  }

  /** a to the power of b, where either may be a plain number. */
  static pow(a: Value | number, b: Value | number): Value {
    return Value.#binary(Op.pow, a, b);
  }

  /**
   * Σ values; 0 for none.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Value.sum([new Value(1), 2, 3]).data, 6);
   * ```
   */
  static sum(values: readonly (Value | number)[]): Value {
    checkList(values, "sum");
    if (values.length > 1) return Value.#total(values.length, (tape, i) => Value.#slotOn(tape, values[i]));
    const [value = 0] = values;
    return value instanceof Value ? value : new Value(value);
  }

  /** Σ a[i]·b[i]; 0 for empty lists. */
  static dot(
    a: readonly (Value | number)[],
    b: readonly (Value | number)[],
  ): Value {
    checkList(a, "dot");
    checkList(b, "dot");
    if (a.length !== b.length) {
      throw new GradusError(
        "shape",
        `Cannot take the dot product: ${a.length} values meet ${b.length}, as many are needed`,
      );
    }
    if (a.length === 0) return new Value(0);
    return Value.#total(a.length, (tape, i) => {
      const left = Value.#slotOn(tape, a[i]);
      return record(Op.mul, left, Value.#slotOn(tape, b[i]));
    });
  }

  /**
   * log Σ e^values, without overflow: m + log Σ e^(value − m), m being the largest.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Value.logSumExp([1e4, new Value(-1e4)]).data, 1e4);
   * ```
   */
  static logSumExp(values: readonly (Value | number)[]): Value {
    const top = Value.#largest(values);
    const sum = Value.sum(values.map((value) => Value.sub(value, top).exp()));
    return sum.log().add(top);
  }

  /**
   * e^values / Σ e^values, without overflow: positive numbers whose sum is 1.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(Value.softmax([0, new Value(0)]).map(Number), [0.5, 0.5]);
   * ```
   */
  static softmax(values: readonly (Value | number)[]): Value[] {
    const top = Value.#largest(values);
    const exps = values.map((value) => Value.sub(value, top).exp());
    const sum = Value.sum(exps);
    return exps.map((exp) => exp.div(sum));
  }

  /**
   * A function that computes what `f` does, many times faster: `f` is recorded once, and its program then runs in C, on one
   * input or on many rows at once, for values and derivatives.
   *
   * The program has no part that the result does not need; what occurs several times is computed once, and what does not
   * depend on the inputs is computed beforehand. Values give the bits that `f` itself gives, but for the sign of a NaN.
   * Leaves that `f` uses and has not made itself, such as parameters, are asked for their numbers at each call. Results that
   * `f` has from outside keep their numbers, as in any graph, and numbers that it reads, as by `w.data`, are those of the
   * recording.
   *
   * `f` must do the same whatever the inputs are: reading a value that depends on them, which comparing does, too, is refused.
   * It is called twice.
   *
   * @param f A function of a list of values, or of one value. It gives one value, or a list.
   * @param inputs How many values the list has; left out where `f` is of one value.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assertEquals } from "@std/assert";
   *
   * const energy = Value.compile(([mass, speed]) => mass.mul(speed.square()).div(2), 2);
   * assertEquals(energy([2, 3]), 9);
   * assertEquals(energy.grad([2, 3]), [4.5, 6]); // by mass, by speed
   *
   * const rows = new Float64Array([2, 3, 4, 5]); // two inputs, one after the other
   * assertEquals(energy(rows), new Float64Array([9, 50]));
   * assertEquals(energy.grad(rows), new Float64Array([4.5, 6, 12.5, 20]));
   * ```
   *
   * @example Parameters, which `backward` differentiates by: y = 2x + 1 is found from three points
   * ```ts
   * import { SGD, Value } from "@gradus/gradus";
   * import { assertAlmostEquals } from "@std/assert";
   *
   * const w = Value.persistent(0), b = Value.persistent(0);
   * const loss = Value.compile(([x, y]) => w.mul(x).add(b).sub(y).square(), 2);
   * const optimizer = new SGD([w, b], { learningRate: 0.1 }), points = new Float64Array([1, 3, 2, 5, 3, 7]);
   * for (let step = 0; step < 300; step++) {
   *   optimizer.zeroGrad();
   *   loss.backward(points); // adds the gradient of the mean over the three rows
   *   optimizer.step();
   * }
   * assertAlmostEquals(w.data, 2, 1e-3);
   * assertAlmostEquals(loss([10, 21]), 0, 1e-3);
   * ```
   * @throws {GradusError} If `f` reads a value that depends on its inputs, does not do the same when it is called again, or
   * gives anything but values; at a call, if there are not as many numbers as inputs.
   */
  static compile(f: (x: Value) => Value): CompiledFunction<number, number, number>;
  /** Of a function of one value, which gives a list. */
  static compile(f: (x: Value) => readonly Value[]): CompiledFunction<number, number[], number[]>;
  /** Of a function of a list, which gives one value. */
  static compile(f: (x: Value[]) => Value, inputs: number): CompiledFunction<readonly number[], number, number[]>;
  /** Of a function of a list, which gives a list. */
  static compile(
    f: (x: Value[]) => readonly Value[],
    inputs: number,
  ): CompiledFunction<readonly number[], number[], number[][]>;
  static compile(
    f: (x: never) => Value | readonly Value[],
    inputs?: number,
  ): CompiledFunction<never, unknown, unknown> {
    if (typeof f !== "function") {
      throw new GradusError("argument", `Cannot compile ${shown(f)}: a function of values is needed`);
    }
    if (f.length > 1) {
      throw new GradusError(
        "argument",
        `Cannot compile the function: it has ${f.length} arguments, one is needed: a value, or a list of values, whose ` +
          "number is given as well: Value.compile(([a, b]) => …, 2)",
      );
    }
    if (inputs !== undefined && inputs !== 0) checkNumber("the number of inputs", inputs, countRange);
    return compile((places) => {
      // Results, which cannot be set, instead of leaves: the program knows that a factor of 1 changes nothing.
      const values = places.map((place) => valueOf(place).mul(1)),
        y = called(f, inputs === undefined ? values[0] : values);
      const outputIsList = Array.isArray(y), outputs: readonly Value[] = outputIsList ? y : [y as Value];
      if (outputs.length === 0) throw new GradusError("argument", "Cannot compile the function: it gave an empty list");
      for (const output of outputs) {
        if (output instanceof Value) continue;
        throw new GradusError("argument", `Cannot compile the function: it gave ${shown(output)}, a Value is needed`);
      }
      return { outputs: outputs.map(placeOf), outputIsList };
    }, inputs);
  }

  /**
   * What the graphs of values take: recorded operations and numbers, and the bytes of their arrays. It is meant for finding
   * out what a program keeps alive.
   *
   * A graph counts until it is freed or V8 has collected it. V8 tells that between turns of the event loop only: within a
   * long synchronous loop the numbers grow, up to a limit, although the memory does not.
   *
   * @example
   * ```ts
   * import { Value } from "@gradus/gradus";
   * import { assert, assertEquals } from "@std/assert";
   *
   * const before = Value.memory().nodes;
   * {
   *   using _scope = Value.scope();
   *   let sum = new Value(0).add(1);
   *   for (let i = 0; i < 1000; i++) sum = sum.add(i);
   *   assertEquals(sum.data, 499501);
   *   assert(Value.memory().nodes >= before + 2000);
   * }
   * assertEquals(Value.memory().nodes, before);
   * ```
   */
  static memory(): Memory {
    bookTape();
    return total();
  }

  /**
   * A scope: when it ends, all that was recorded since is freed at once, but for what it keeps. Using a freed value
   * is an error. Leaves stay. Nobody needs scopes, since graphs are collected like any other object; they are for those who
   * want to be certain when.
   *
   * Where several are open, the latest owns what is recorded; that holds across `await`, too.
   *
   * @example
   * ```ts
   * import { GradusError, Value } from "@gradus/gradus";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const x = new Value(3);
   * let square: Value, cube: Value;
   * {
   *   using scope = Value.scope();
   *   square = scope.keep(x.square());
   *   cube = x.pow(3);
   * }
   * assertEquals(square.data, 9);
   * assertThrows(() => cube.data, GradusError, "Cannot use a value whose graph was freed");
   * ```
   */
  static scope(): Scope<Value> {
    return new Scope<Value>((value) => {
      if (value instanceof Value) return placeOf(value);
      throw new GradusError("argument", `Cannot keep ${shown(value)}: a Value is needed`);
    });
  }

  /** The number, so that values can be compared with `<` and `>` and given to `Number`. */
  valueOf(): number {
    return this.data;
  }

  /** The number: what `JSON.stringify` writes. */
  toJSON(): number {
    return this.data;
  }

  /** `Value(data=4, grad=1)`, with the label and the operation where there are. */
  toString(): string {
    const isKnown = this.#home.isKnownAt(this.#slot);
    const parts = isKnown ? [`data=${this.data}`, `grad=${this.grad}`] : ["data=?"];
    if (this.label !== undefined) parts.unshift(this.label);
    if (this.op !== "") parts.push(`op=${this.op}`);
    return `Value(${parts.join(", ")})`;
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What a notebook shows. */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    return { "text/plain": this.toString() };
  }

  /** The largest of the values as a constant of the graph, 0 where that is infinite. */
  static #largest(values: readonly (Value | number)[]): Value {
    checkList(values, "softmax or logSumExp");
    if (values.length === 0) {
      throw new GradusError(
        "shape",
        "Cannot normalise an empty list: at least one value is needed",
      );
    }
    const top = values.reduce<Value | number>((a, b) => Value.#binary(Op.max, a, b), -Infinity);
    return Value.#unary(Op.finite, top);
  }

  static #in(home: Home, slot: number): Value {
    return new (Value as new (slot: number, label: undefined, home: Home) => Value)(slot, undefined, home);
  }

  static #unary(op: number, x: Value | number): Value {
    const tape = writableTape();
    return Value.#in(tape, record(op, Value.#slotOn(tape, x), 0));
  }

  // `| 0` tells V8 that slots are small integers: without it, it takes them for any number, and converts them back.
  static #binary(op: number, a: Value | number, b: Value | number): Value {
    const tape = writableTape();
    const left = Value.#slotOn(tape, a) | 0;
    const right = Value.#slotOn(tape, b) | 0;
    return Value.#in(tape, record(op, left, right));
  }

  /** The sum of terms that are recorded one after the other, each in at most three records: no value is made in between. */
  static #total(count: number, termOn: (tape: Tape, i: number) => number): Value {
    let total: Value | undefined;
    for (let from = 0; from < count; from += STRETCH) {
      const to = Math.min(count, from + STRETCH), tape = writableTape(1 + 4 * (to - from));
      let slot = total === undefined ? termOn(tape, from) : Value.#slotOn(tape, total);
      for (let i = total === undefined ? 1 : from; i < to; i++) slot = record(Op.add, slot, termOn(tape, i));
      total = valueIn(tape, slot);
    }
    return total!;
  }

  /** The slot of an operand on the tape that is recorded on. */
  static #slotOn(tape: Tape, x: Value | number): number {
    if (typeof x === "number") return constant(x);
    // Asking first whether it is a value would take a tenth of the time of recording.
    try {
      if (x.#home === tape) return x.#slot;
      if (x.#enteredTape === tape.order) return x.#enteredSlot;
    } catch { /* It is none: #enter says so. */ }
    return Value.#enter(tape, x);
  }

  /** The slot under which an operand from elsewhere enters the tape. */
  static #enter(tape: Tape, x: Value): number {
    if (typeof x !== "object" || x === null || !(#home in x)) {
      throw new GradusError(
        "argument",
        `Cannot compute with ${shown(x)}: a Value or a number is needed`,
      );
    }
    const place = lasting({ home: x.#home, slot: x.#slot, value: x });
    x.#home = place.home;
    x.#enteredSlot = tape.enter(place);
    x.#enteredTape = tape.order;
    return x.#enteredSlot;
  }
}

/** f of its inputs. Who has taken one value for a list, or a list for one value, is told so. */
function called(f: (x: never) => Value | readonly Value[], x: Value | Value[]): Value | readonly Value[] {
  try {
    return f(x as never);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const given = Array.isArray(x)
      ? `a list of ${x.length} values, as their number was given`
      : "one value; for a list, the number of values is needed, too: Value.compile(([a, b]) => …, 2)";
    throw new GradusError(
      "argument",
      `Cannot compile the function: it failed (${error.message}) when it was given ${given}`,
      {
        cause: error,
      },
    );
  }
}

/** x with its size kept at least `lowest`, and its sign, that of 0 being +1. */
function awayFromZero(x: Value | number, lowest: number): Value | number {
  if (typeof x === "number") return x < 0 ? Math.min(x, -lowest) : Math.max(x, lowest);
  // 0^relu(−x) is 1 where x ≥ 0, else 0, and its derivative 0: ±lowest without asking for the sign of x, which would
  // make the graph depend on its number. Adding the difference, instead of multiplying by a sign, is safe for an
  // infinite x.
  const signed = Value.pow(0, Value.sub(0, x).relu()).mul(2 * lowest).sub(lowest);
  return x.add(signed.sub(x.max(-lowest).min(lowest)));
}

function checkList(values: readonly (Value | number)[], task: string): void {
  if (Array.isArray(values)) return;
  throw new GradusError("argument", `Cannot compute ${task} of ${shown(values)}: a list of values is needed`);
}

function asNumber(data: number): number {
  if (typeof data === "number") return data;
  throw new GradusError(
    "argument",
    `Cannot make a value of ${shown(data)}: a number is needed`,
  );
}

function newLeaf(data: number, label: string | undefined, isPersistent: boolean): Leaf {
  const leaf = new Leaf(asNumber(data), isPersistent);
  leaf.setLabelAt(0, label);
  return leaf;
}

/**
 * Values that something else than an operation has computed from `inputs`. When a backward pass reaches them, `backward`
 * is given their gradients and returns those of the inputs (numbers among these are passed over), or null if no input is a
 * value. This is how a network is one step of a graph.
 */
export function callOf(
  name: string,
  inputs: readonly (Value | number)[],
  outputs: ArrayLike<number>,
  backward: (gradient: Float64Array) => ArrayLike<number> | null,
): Value[] {
  const operands = inputs.map((input) => typeof input === "number" ? input : placeOf(input));
  const call = new Call(name, operands, outputs, backward);
  return Array.from(outputs, (_, slot) => valueIn(call, slot));
}
