/**
 * `expr`: formulas as people write them. A template is read once for each place in a program where it stands, into a
 * list of steps; the operations themselves are left to value.ts.
 */
import { Op, opNames } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { shown } from "./options.ts";
import { Value } from "./value.ts";

/** What stands in a formula and results from its steps: numbers stay numbers until they meet a value. */
type Term = Value | number;

/** One step: the arguments are the last terms on the stack, the result takes their place. */
interface Step {
  /** Undefined where the step only puts a term on the stack. */
  readonly apply: ((a: Term, b: Term) => Term) | undefined;
  /** How many arguments: 1 or 2; 0 for a term. */
  readonly count: number;
  /** A number, or the index of a term that was put in. */
  readonly number: number;
  readonly isInput: boolean;
}

/** A piece of a formula. */
interface Token {
  readonly type: "number" | "input" | "name" | "sign" | "end";
  readonly text: string;
  /** Where it begins in the text that messages show. */
  readonly at: number;
  /** A number, or the index of a term that was put in. */
  readonly number: number;
}

/** What has been read at one place in a program. */
interface Program {
  readonly steps: readonly Step[];
  readonly inputs: readonly Token[];
  readonly text: string;
}

/** How messages show a term that was put in: its own text is not known. */
const INPUT = "${…}";

/** Parentheses, signs and powers within one another: far below what the stack of calls can hold. */
const DEEPEST = 500;

const constants: ReadonlyMap<string, number> = new Map([["pi", Math.PI], ["e", Math.E]]);

/** The functions, by name, with the number of their arguments: the operations, and the safe ones made of them. */
const functions: ReadonlyMap<string, number> = new Map([
  ...opNames.filter((name) => name !== "leaf" && name !== "finite")
    .map((name): [string, number] => [name, Op[name as keyof typeof Op] >= Op.add ? 2 : 1]),
  ["divSafe", 2],
  ["logSafe", 1],
  ["powSafe", 2],
]);

/** The signs between terms; a number takes the place of a value as it is. */
const operators: Readonly<Record<string, (a: Term, b: Term) => Term>> = {
  "+": (a, b) => typeof a !== "number" ? a.add(b) : typeof b !== "number" ? b.add(a) : a + b,
  "-": (a, b) => typeof a === "number" && typeof b === "number" ? a - b : Value.sub(a, b),
  "*": (a, b) => typeof a !== "number" ? a.mul(b) : typeof b !== "number" ? b.mul(a) : a * b,
  "/": (a, b) => typeof a === "number" && typeof b === "number" ? a / b : Value.div(a, b),
  "**": (a, b) => Value.pow(a, b),
};

const programs = new WeakMap<TemplateStringsArray, Program>();

/**
 * The value of a formula, for template literals: `` expr`(${a} + ${b}) * ${c} ** 2` `` is a.add(b).mul(c.pow(2)).
 *
 * - Terms: values and numbers put in by `${…}`, plain numbers (`2`, `.5`, `1e-3`), the constants `pi` and `e`.
 * - Signs, the loosest first: `+` and `-`; `*` and `/`; `-` before a term; `**`, which binds to the right and tighter
 *   than the `-` before it: -2 ** 2 is −4, 2 ** 3 ** 2 is 2⁹. Parentheses as usual.
 * - Functions: every operation of {@linkcode Value} by its name, as `tanh(x)`, `max(x, y)`, `logSafe(x)`.
 *
 * A template is read when its place in the program is first come by. From then on, in a loop, it takes less than twice
 * the time that the methods take.
 *
 * @example
 * ```ts
 * import { expr, Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const a = new Value(2), b = new Value(-3), c = new Value(10);
 * const y = expr`relu(${a} * ${b} + ${c}) ** 2 / 2`;
 * y.backward();
 * assertEquals([y.data, a.grad, b.grad, c.grad], [8, -12, 8, 4]);
 * ```
 *
 * @example An error shows the place
 * ```ts
 * import { expr, GradusError, Value } from "@gradus/gradus";
 * import { assertThrows } from "@std/assert";
 *
 * const x = new Value(2);
 * // Cannot read the expression: "*" stands here, a number, a value, a function or "(" is needed
 * //   2 + * ${…}
 * //       ^
 * assertThrows(() => expr`2 + * ${x}`, GradusError, "\n  2 + * ${…}\n      ^");
 * ```
 * @throws {GradusError} If the formula cannot be read, or something that is put in is neither a value nor a number.
 */
export function expr(strings: TemplateStringsArray, ...terms: (Value | number)[]): Value {
  let program = programs.get(strings);
  if (program === undefined) {
    program = read(strings);
    programs.set(strings, program);
  }
  checkTerms(program, terms);
  const stack: Term[] = [];
  for (const { apply, count, number, isInput } of program.steps) {
    if (apply === undefined) {
      stack.push(isInput ? terms[number] : number);
      continue;
    }
    const last = stack.pop()!;
    stack.push(count === 1 ? apply(last, 0) : apply(stack.pop()!, last));
  }
  const [result] = stack;
  return typeof result === "number" ? new Value(result) : result;
}

function checkTerms({ inputs, text }: Program, terms: readonly unknown[]): void {
  for (let i = 0; i < inputs.length; i++) {
    const term = terms[i];
    if (typeof term === "number" || term instanceof Value) continue;
    throw marked(
      `Cannot compute the expression: ${INPUT} is ${shown(term)}, a Value or a number is needed`,
      text,
      inputs[i],
    );
  }
}

/** A sentence, the formula, and a mark under the place. */
function marked(sentence: string, text: string, { at }: Token): GradusError {
  return new GradusError("argument", `${sentence}\n  ${text}\n  ${" ".repeat(at)}^`);
}

function read(strings: TemplateStringsArray): Program {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new GradusError(
      "argument",
      `Cannot read the expression: it is ${shown(strings)}, a template literal as in expr\`1 + 2\` is needed`,
    );
  }
  // One character for each white one, so that the mark stays where it belongs.
  return new Reader(strings.raw.map((part) => part.replaceAll(/\s/g, " "))).read();
}

/** The function of that name, whose first argument may be a number, too. */
function functionOf(name: string): (a: Term, b: Term) => Term {
  return (a, b) => {
    const x = typeof a === "number" ? new Value(a) : a;
    return (x as unknown as Record<string, (b: Term) => Value>)[name](b);
  };
}

function plural(count: number): string {
  return count === 1 ? "1 argument" : `${count} arguments`;
}

/** Reads a formula by recursive descent: each method reads what its name says and appends the steps that compute it. */
class Reader {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #steps: Step[] = [];
  #next = 0;
  #depth = 0;

  constructor(parts: readonly string[]) {
    this.#text = parts.join(INPUT);
    let start = 0;
    parts.forEach((part, i) => {
      if (i > 0) {
        this.#tokens.push({ type: "input", text: INPUT, at: start, number: i - 1 });
        start += INPUT.length;
      }
      this.#split(part, start);
      start += part.length;
    });
    this.#tokens.push({ type: "end", text: "", at: this.#text.trimEnd().length, number: 0 });
  }

  read(): Program {
    this.#sum();
    const token = this.#peek();
    if (token.text === ")") throw this.#error('")" stands here, "(" is needed before it', token);
    if (token.type !== "end") throw this.#error(`${here(token)}, an operator is needed`, token);
    return { steps: this.#steps, inputs: this.#tokens.filter(({ type }) => type === "input"), text: this.#text };
  }

  /** Splits a part of the text, which begins at `start`, into tokens. */
  #split(part: string, start: number): void {
    const pattern = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z]\w*)|(\*\*|[-+*/(),])|(\S))/uy;
    for (let match = pattern.exec(part); match; match = pattern.exec(part)) {
      const [, number, name, sign, other] = match, text = number ?? name ?? sign ?? other;
      const type = number !== undefined ? "number" : name !== undefined ? "name" : "sign";
      const token: Token = { type, text, at: start + pattern.lastIndex - text.length, number: Number(number) };
      if (other !== undefined) {
        const needed = other === "^"
          ? "** is needed for a power"
          : "a number, a name or one of + - * / ** ( ) , is needed";
        throw this.#error(`${here(token)}, ${needed}`, token);
      }
      this.#tokens.push(token);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next];
  }

  /** The next token, if it is one of these signs; reading then goes on behind it. */
  #take(...signs: string[]): Token | undefined {
    const token = this.#peek();
    if (token.type !== "sign" || !signs.includes(token.text)) return undefined;
    this.#next++;
    return token;
  }

  /** sum = product { ("+" | "-") product } */
  #sum(): void {
    this.#product();
    for (let sign = this.#take("+", "-"); sign; sign = this.#take("+", "-")) {
      this.#product();
      this.#apply(2, operators[sign.text]);
    }
  }

  /** product = signed { ("*" | "/") signed } */
  #product(): void {
    this.#signed();
    for (let sign = this.#take("*", "/"); sign; sign = this.#take("*", "/")) {
      this.#signed();
      this.#apply(2, operators[sign.text]);
    }
  }

  /** signed = "-" signed | power */
  #signed(): void {
    if (!this.#take("-")) return this.#power();
    this.#within(() => this.#signed());
    this.#apply(1, (a) => typeof a === "number" ? -a : a.neg());
  }

  /** power = term [ "**" signed ]: the exponent may have a sign and be a power itself. */
  #power(): void {
    this.#term();
    if (!this.#take("**")) return;
    this.#within(() => this.#signed());
    this.#apply(2, operators["**"]);
  }

  /** term = number | input | constant | call | "(" sum ")" */
  #term(): void {
    const token = this.#peek(), { type, text, number } = token;
    if (this.#take("(")) {
      this.#within(() => this.#sum());
      return this.#close();
    }
    if (type === "sign" || type === "end") {
      throw this.#error(`${here(token)}, a number, a value, a function or "(" is needed`, token);
    }
    this.#next++;
    const constant = constants.get(text);
    if (type !== "name") this.#push(number, type === "input");
    else if (constant !== undefined) this.#push(constant, false);
    else this.#call(token);
  }

  /** call = name "(" [ sum { "," sum } ] ")", the name being read */
  #call(name: Token): void {
    const { text } = name, needed = functions.get(text);
    if (needed === undefined) {
      const names = [...functions.keys(), ...constants.keys()].join(", ");
      throw this.#error(`there is no "${text}", one of ${names} is needed`, name);
    }
    if (!this.#take("(")) throw this.#error(`${text} is a function, "(" is needed after it`, this.#peek());
    let count = 0;
    const { type, text: first } = this.#peek();
    if (type !== "sign" || first !== ")") {
      do {
        this.#within(() => this.#sum());
        count++;
      } while (this.#take(","));
    }
    this.#close();
    if (count !== needed) {
      const is = needed === 1 ? "is" : "are";
      throw this.#error(`${text} has ${plural(count)} here, ${plural(needed)} ${is} needed`, name);
    }
    this.#apply(needed, functionOf(text));
  }

  #close(): void {
    if (!this.#take(")")) throw this.#error(`${here(this.#peek())}, an operator or ")" is needed`, this.#peek());
  }

  /** Reads what stands inside of something else. */
  #within(read: () => void): void {
    if (this.#depth++ === DEEPEST) {
      throw this.#error(`it is nested more than ${DEEPEST} deep here, a flatter one is needed`, this.#peek());
    }
    read();
    this.#depth--;
  }

  #push(number: number, isInput: boolean): void {
    this.#steps.push({ apply: undefined, count: 0, number, isInput });
  }

  #apply(count: number, apply: (a: Term, b: Term) => Term): void {
    this.#steps.push({ apply, count, number: 0, isInput: false });
  }

  #error(what: string, token: Token): GradusError {
    return marked(`Cannot read the expression: ${what}`, this.#text, token);
  }
}

function here({ type, text }: Token): string {
  if (type === "end") return "it ends here";
  return type === "input" ? `${text} stands here` : `"${text}" stands here`;
}
