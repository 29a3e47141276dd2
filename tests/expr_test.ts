import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { opNames } from "../src/bindings.ts";
import { internalOps } from "./_reference.ts";
import { checkGradients, expr, GradusError, Value } from "../mod.ts";

const v = (data: number) => new Value(data);

Deno.test("expr computes with the usual precedence", () => {
  const a = v(2), b = v(3), c = v(4), d = v(-5);
  const cases: [Value, number][] = [
    [expr`${a} + ${b} * ${c}`, 14],
    [expr`(${a} + ${b}) * ${c}`, 20],
    [expr`${a} - ${b} - ${c}`, -5],
    [expr`${c} / ${a} / ${a}`, 1],
    [expr`${c} / ${a} * ${a}`, 4],
    [expr`${c} - (${a} - ${b})`, 5],
    [expr`(${a} + ${b}) * ${c} ** 2 + relu(${d})`, 80],
    [expr`${a} * ${b} ** ${a}`, 18],
    [expr`${a} / ${c} ** ${a}`, 0.125],
    [expr`${a}*${b}-${c}`, 2],
  ];
  cases.forEach(([value, expected], i) => assertEquals(value.data, expected, `case ${i}`));
});

Deno.test("expr: a power binds to the right, and tighter than the minus before it", () => {
  const a = v(2), b = v(3);
  assertEquals(expr`${a} ** ${b} ** 2`.data, 512);
  assertEquals(expr`(${a} ** ${b}) ** 2`.data, 64);
  assertEquals([expr`-${a} ** 2`.data, expr`(-${a}) ** 2`.data], [-4, 4]);
  assertEquals(expr`${a} ** -1`.data, 0.5);
  assertEquals(expr`${a} ** -${a} ** 2`.data, 1 / 16);
  assertEquals([expr`- -${a}`.data, expr`--${a}`.data, expr`1 - -${a}`.data, expr`3 * -${a}`.data], [2, 2, 3, -6]);
  assertEquals(expr`-${a} * ${b}`.data, -6);
});

Deno.test("expr reads numbers, constants and white space of every kind", () => {
  const x = v(1);
  assertEquals(expr`${x} * 2.5 + .5 + 1. + 1e-3 + 2E2 + 1.5e+1`.data, 2.5 + .5 + 1 + 1e-3 + 200 + 15);
  assertEquals([expr`pi`.data, expr`e * ${x}`.data, expr`2 * pi`.data], [Math.PI, Math.E, 2 * Math.PI]);
  assertEquals(
    expr`
      ${x} +
      	2
    `.data,
    3,
  );
});

Deno.test("expr of numbers alone is a leaf, of one value that value", () => {
  const x = v(3), two = 2;
  const sum = expr`1 + ${two} * 3 - 4 / 2`;
  assertEquals([sum.data, sum.op], [5, ""]);
  assertEquals([expr`${two} ** 3`.data, expr`tanh(0) + max(1, ${two})`.data, expr`-2 ** 2`.data], [8, 2, -4]);
  assertStrictEquals(expr`${x}`, x);
  assertStrictEquals(expr`((${x}))`, x);
});

Deno.test("expr takes numbers on either side of a value", () => {
  const x = v(4), two = 2;
  assertEquals(
    [
      expr`${two} + ${x}`,
      expr`${two} - ${x}`,
      expr`${two} * ${x}`,
      expr`${two} / ${x}`,
      expr`${two} ** ${x}`,
      expr`max(${two}, ${x})`,
      expr`pow(${two}, ${x})`,
    ].map(Number),
    [6, -2, 8, 0.5, 16, 4, 16],
  );
  assertEquals(
    [expr`${x} + 2`, expr`${x} - 2`, expr`${x} * 2`, expr`${x} / 2`, expr`${x} ** 2`].map(Number),
    [6, 2, 8, 2, 16],
  );
});

/** expr with a text instead of a literal. */
function evaluate(text: string, ...terms: unknown[]): Value {
  const strings = text.split("$");
  return expr(Object.assign(strings, { raw: strings }) as TemplateStringsArray, ...terms as Value[]);
}

Deno.test("expr knows every operation of Value by its name, and the safe ones", () => {
  const a = v(0.75), b = v(0.5), methods = Value.prototype as unknown as Record<string, (b: Value) => Value>;
  const names = opNames.filter((name) => !internalOps.includes(name));
  for (const name of [...names, "divSafe", "logSafe", "powSafe"]) {
    const isBinary = ["add", "sub", "mul", "div", "pow", "max", "min", "divSafe", "powSafe"].includes(name);
    const y = isBinary ? evaluate(`${name}($, $)`, a, b) : evaluate(`${name}($)`, a);
    assertEquals(y.data, methods[name].call(a, b).data, name);
  }
});

Deno.test("expr has the gradients of the methods", () => {
  const report = checkGradients(
    ([a, b, c]) => expr`(${a} + ${b}) * ${c} ** 2 - tanh(${a} * ${b}) / max(${c}, 2 - ${a}) + 2 ** -${b}`,
    [0.5, -1.25, 3],
  );
  assert(report.passed, String(report));
});

Deno.test("expr can be used again and again at one place, with other terms each time", () => {
  const square = (x: Value | number) => expr`${x} ** 2 + 1`;
  assertEquals([square(v(2)), square(3), square(v(4))].map(Number), [5, 10, 17]);
  const shared = v(2), both = square(shared);
  both.add(square(shared)).backward();
  assertEquals(shared.grad, 8);
});

Deno.test("expr reads a template once for each place", () => {
  let reads = 0;
  const strings = ["", " + 1"], raw = ["", " + 1"];
  const counted = Object.defineProperty(strings, "raw", {
    get: () => (reads++, raw),
  }) as unknown as TemplateStringsArray;
  expr(counted, 1);
  const first = reads;
  for (let i = 0; i < 10; i++) assertEquals(expr(counted, i).data, i + 1);
  assert(first > 0);
  assertEquals(reads, first);
});

Deno.test("expr reads long formulas, and deep ones up to a limit", () => {
  const many = 20_000;
  assertEquals(evaluate(Array(many).fill("$").join(" + "), ...Array(many).fill(v(1))).data, many);
  const nested = (depth: number) => evaluate("(".repeat(depth) + "$" + ")".repeat(depth), v(7));
  assertEquals(nested(500).data, 7);
  assertThrows(() => nested(501), GradusError, "it is nested more than 500 deep here, a flatter one is needed");
  assertEquals(evaluate("-".repeat(500) + "$", v(7)).data, 7);
  for (const deep of ["-".repeat(100_000) + "1", "2" + "**2".repeat(100_000), "(".repeat(100_000)]) {
    assertThrows(() => evaluate(deep), GradusError, "nested more than 500 deep");
  }
});

const term = 'a number, a value, a function or "(" is needed';

/** Formulas, what is wrong with them, and the mark; "$" is a value that is put in. */
const wrong: [formula: string, what: string, mark: string][] = [
  ["", `it ends here, ${term}`, "^"],
  ["  ", `it ends here, ${term}`, "^"],
  ["2 +", `it ends here, ${term}`, "   ^"],
  ["2 +  ", `it ends here, ${term}`, "   ^"],
  ["2 + * 3", `"*" stands here, ${term}`, "    ^"],
  ["* 3", `"*" stands here, ${term}`, "^"],
  ["2 + + 3", `"+" stands here, ${term}`, "    ^"],
  ["()", `")" stands here, ${term}`, " ^"],
  ["2 ** ", `it ends here, ${term}`, "    ^"],
  ["2 3", '"3" stands here, an operator is needed', "  ^"],
  ["1.2.3", '".3" stands here, an operator is needed', "   ^"],
  ["2pi", '"pi" stands here, an operator is needed', " ^"],
  ["2(3)", '"(" stands here, an operator is needed', " ^"],
  ["pi(3)", '"(" stands here, an operator is needed', "  ^"],
  ["2, 3", '"," stands here, an operator is needed', " ^"],
  ["$ $", "${…} stands here, an operator is needed", "     ^"],
  ["1$", "${…} stands here, an operator is needed", " ^"],
  ["2 + 3)", '")" stands here, "(" is needed before it', "     ^"],
  ["(2 + 3", 'it ends here, an operator or ")" is needed', "      ^"],
  ["($ $)", '${…} stands here, an operator or ")" is needed', "      ^"],
  ["(2, 3)", '"," stands here, an operator or ")" is needed', "  ^"],
  ["2 ^ 3", '"^" stands here, ** is needed for a power', "  ^"],
  ["$ % 3", '"%" stands here, a number, a name or one of + - * / ** ( ) , is needed', "     ^"],
  ["1 + 😀", '"😀" stands here, a number, a name or one of', "    ^"],
  ["\\n", '"\\" stands here, a number, a name or one of', "^"],
  ["_a", '"_" stands here, a number, a name or one of', "^"],
  ["1 + foo($)", 'there is no "foo", one of relu, leakyRelu, ', "    ^"],
  ["re$lu", 'there is no "re", one of relu, leakyRelu, ', "^"],
  ["constructor(1)", 'there is no "constructor", one of', "^"],
  ["finite($)", 'there is no "finite", one of', "^"],
  ["1 + tanh", 'tanh is a function, "(" is needed after it', "        ^"],
  ["tanh $", 'tanh is a function, "(" is needed after it', "     ^"],
  ["1 + tanh()", "tanh has 0 arguments here, 1 argument is needed", "    ^"],
  ["tanh(1, 2)", "tanh has 2 arguments here, 1 argument is needed", "^"],
  ["max($)", "max has 1 argument here, 2 arguments are needed", "^"],
  ["max(1,)", `")" stands here, ${term}`, "      ^"],
  ["max(1 2)", '"2" stands here, an operator or ")" is needed', "      ^"],
];

for (const [formula, what, mark] of wrong) {
  Deno.test(`expr\`${formula}\` is refused with a mark at the place`, () => {
    const error = assertThrows(() => evaluate(formula, v(1), v(2)), GradusError, `Cannot read the expression: ${what}`);
    assertEquals(error.code, "argument");
    const lines = error.message.split("\n");
    assertEquals(lines.slice(1), [`  ${formula.replaceAll("$", "${…}")}`, `  ${mark}`]);
    assert(lines[0].endsWith(" is needed") || / is needed (after|before) it$| for a power$|are needed$/.test(lines[0]));
  });
}

Deno.test("expr refuses terms that are neither values nor numbers, with a mark", () => {
  const x = v(1);
  const error = assertThrows(() => evaluate("$ + $", x, "2"), GradusError);
  assertEquals(
    error.message,
    'Cannot compute the expression: ${…} is "2", a Value or a number is needed\n  ${…} + ${…}\n         ^',
  );
  assertThrows(() => evaluate("$ + 1", null), GradusError, "${…} is null, a Value or a number is needed");
  assertThrows(() => evaluate("$ + $", x), GradusError, "${…} is undefined");
});

Deno.test("expr refuses what is no template literal", () => {
  assertThrows(
    () => expr("1 + 2" as unknown as TemplateStringsArray),
    GradusError,
    'Cannot read the expression: it is "1 + 2", a template literal as in expr`1 + 2` is needed',
  );
  assertThrows(() => expr(["1"] as unknown as TemplateStringsArray), GradusError, "it is an array");
  assertThrows(() => expr(undefined as unknown as TemplateStringsArray), GradusError, "it is undefined");
});
