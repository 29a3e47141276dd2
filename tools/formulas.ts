/**
 * Reads the derivatives in `c/ops.h`: C expressions of numbers, operands, `+ - * /`, `R(number)` and `K(f)(…)` with f an
 * operation of the table itself. What becomes of them is left to bindings.ts.
 */

/** How many operands each operation of the table has, by its name. */
export type Arities = ReadonlyMap<string, number>;

const infix: Record<string, string> = { "+": "add", "-": "sub", "*": "mul", "/": "div" };

/**
 * A formula as the text of a tree in TypeScript: a number, the name of an operand, or `[Op.name, …]`.
 *
 * @param text The formula.
 * @param variables The names that may stand in it, and the ones that they get in the tree.
 * @param nameOf What the tree calls an operation of the table.
 * @throws {Error} If something else stands there: the message says what.
 */
export function formulaTree(
  text: string,
  variables: Readonly<Record<string, string>>,
  arities: Arities,
  nameOf: (op: string) => string,
): string {
  const tokens = text.match(/\d+(?:\.\d+)?|[A-Za-z_]\w*|\S/g) ?? [];
  let at = 0;

  function take(token: string): boolean {
    if (tokens[at] !== token) return false;
    at++;
    return true;
  }

  function need(token: string): void {
    if (!take(token)) throw new Error(`\`${tokens[at] ?? "the end"}\` where \`${token}\` is needed`);
  }

  function apply(op: string, operands: string[]): string {
    const arity = arities.get(op);
    if (arity === operands.length) return `[Op.${nameOf(op)}, ${operands.join(", ")}]`;
    throw new Error(
      arity === undefined ? `\`${op}\` is no operation of the table` : `\`${op}\` takes ${arity} operands`,
    );
  }

  /** Operations of one precedence, from left to right. */
  function chain(operators: string, operand: () => string): string {
    let left = operand();
    while (operators.includes(tokens[at] ?? " ")) {
      const op = infix[tokens[at++]];
      left = apply(op, [left, operand()]);
    }
    return left;
  }

  function sum(): string {
    return chain("+-", () => chain("*/", factor));
  }

  function list(): string[] {
    need("(");
    const parts = [sum()];
    while (take(",")) parts.push(sum());
    need(")");
    return parts;
  }

  function factor(): string {
    const token = tokens[at++] ?? "the end";
    if (/^\d/.test(token)) return token;
    if (Object.hasOwn(variables, token)) return `"${variables[token]}"`;
    if (token === "-") {
      const operand = factor();
      return /^\d/.test(operand) ? `-${operand}` : apply("neg", [operand]);
    }
    if (token === "(" || token === "R") {
      at -= token === "(" ? 1 : 0;
      const [inner, ...others] = list();
      if (others.length === 0) return inner;
    }
    if (token === "K") {
      need("(");
      const op = tokens[at++];
      need(")");
      return apply(op, list());
    }
    throw new Error(`\`${token}\` where a number, an operand, R(number) or K(operation)(…) is needed`);
  }

  const tree = sum();
  if (at < tokens.length) throw new Error(`\`${tokens[at]}\` after the end`);
  return tree;
}
