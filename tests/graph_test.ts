import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { GradusError, type GraphOptions, MLP, toDot, toMermaid, Value } from "../mod.ts";
import { toSvg } from "../src/plot/svg.ts";
import { testNeeding } from "./_machine.ts";

const testWithSpeed = testNeeding("speed");

/** The labels of the boxes, in their order. */
function boxesOf(dot: string): string[] {
  return [...dot.matchAll(/label="\{ (.*) \}"/g)].map(([, label]) => label);
}

/** The arrows, as pairs. */
function arrowsOf(dot: string): string[] {
  return [...dot.matchAll(/(\w+) --?> (\w+)/g)].map(([, from, to]) => `${from}>${to}`);
}

Deno.test("toDot() draws labels, data, gradients, operations and plain numbers", () => {
  const a = new Value(2, "a"), b = new Value(-3, "b");
  const c = a.mul(b).add(10);
  c.label = "c";
  c.backward();
  assertEquals(
    toDot(c),
    `digraph {
  rankdir=LR
  v0 [shape=record label="{ a | data 2.0000 | grad -3.0000 }"]
  v1 [shape=record label="{ b | data -3.0000 | grad 2.0000 }"]
  v2 [shape=record label="{ data -6.0000 | grad 1.0000 }"]
  v3 [shape=record label="{ data 10.0000 }"]
  v4 [shape=record label="{ c | data 4.0000 | grad 1.0000 }"]
  o2 [label="mul"]
  o2 -> v2
  v0 -> o2
  v1 -> o2
  o4 [label="add"]
  o4 -> v4
  v2 -> o4
  v3 -> o4
}
`,
  );
});

Deno.test("toMermaid() draws the same boxes and arrows", () => {
  const a = new Value(2, "a"), c = a.mul(-3).tanh();
  c.backward();
  assertEquals(
    toMermaid(c, { rankdir: "TB", digits: 1 }),
    `flowchart TB
  v0["a | data 2.0 | grad -7.4e-5"]
  v1["data -3.0"]
  v2["data -6.0 | grad 2.5e-5"]
  v3["data -1.0 | grad 1.0"]
  o2(["mul"])
  o2 --> v2
  v0 --> o2
  v1 --> o2
  o3(["tanh"])
  o3 --> v3
  v2 --> o3
`,
  );
  assertEquals(arrowsOf(toMermaid(c)), arrowsOf(toDot(c)));
});

Deno.test("toDot() draws a value once, and an arrow for each of its uses", () => {
  const x = new Value(3), y = x.mul(2), z = y.add(y).mul(y).sub(x);
  const dot = toDot(z);
  assertEquals(boxesOf(dot).map((label) => label.split(" ")[1]), [
    "3.0000",
    "2.0000",
    "6.0000",
    "12.0000",
    "72.0000",
    "69.0000",
  ]);
  assertEquals(arrowsOf(dot), [
    "o2>v2",
    "v0>o2",
    "v1>o2",
    "o3>v3",
    "v2>o3",
    "v2>o3",
    "o4>v4",
    "v3>o4",
    "v2>o4",
    "o5>v5",
    "v4>o5",
    "v0>o5",
  ]);
});

Deno.test("toDot() of a leaf is one box", () => {
  assertEquals(boxesOf(toDot(new Value(1))), ["data 1.0000 | grad 0.0000"]);
});

Deno.test("toDot() draws a value once where its graph spans several tapes that were used since", () => {
  const x = new Value(2, "x");
  /** Ends the tape that is recorded on. */
  const seal = () => {
    let y = x.mul(0);
    for (let i = 0; i < 300; i++) y = y.add(1);
    assert(y.data === 300);
  };
  const old = x.square();
  seal();
  const other = x.exp(), unrelated = old.mul(7), middle = other.add(1);
  assert(unrelated.data === 28);
  seal();
  // other and middle live on a tape that old has entered, too; each enters the next one with a view of its own of it.
  const left = other.mul(middle), right = middle.mul(other);
  const end = left.add(right).add(old).add(old);
  seal();
  const dot = toDot(end.sub(left));
  const count = (text: string) => boxesOf(dot).filter((label) => label.includes(text)).length;
  assertEquals([count("x |"), count("data 4.0000"), count("data 7.3891"), count("data 8.3891")], [1, 1, 1, 1]);
  // x, x², eˣ, 1, eˣ + 1, two products, three sums, a difference
  assertEquals(boxesOf(dot).length, 11);
});

Deno.test("toDot() draws the call of a network", () => {
  const x = new Value(2, "x"), [y] = new MLP(2, [1], { init: "zero" }).forward([x, 3]);
  const dot = toDot(y.mul(2));
  assertStringIncludes(dot, 'label="mlp"');
  assertEquals(arrowsOf(dot).slice(0, 3), ["o2>v2", "v0>o2", "v1>o2"]);
});

Deno.test("toDot() draws a graph of any depth, as far as maxNodes allows", () => {
  let x = new Value(1);
  for (let i = 0; i < 100_000; i++) x = x.neg();
  assertThrows(
    () => toDot(x),
    GradusError,
    "Cannot draw the graph: it has more than 2000 values, a part of it or a larger maxNodes is needed",
  );
  assertEquals(boxesOf(toDot(x, { maxNodes: 100_001 })).length, 100_001);
  assertThrows(() => toDot(x, { maxNodes: 100_000 }), GradusError, "more than 100000 values");
});

Deno.test("toDot() and toMermaid() count plain numbers as values", () => {
  const y = new Value(1).add(1);
  assertEquals(boxesOf(toDot(y, { maxNodes: 3 })).length, 3);
  assertThrows(() => toDot(y, { maxNodes: 2 }), GradusError, "more than 2 values");
  assertThrows(() => toMermaid(y, { maxNodes: 2 }), GradusError, "more than 2 values");
});

Deno.test("toDot() shows tiny and huge numbers with an exponent, and what is not finite", () => {
  const data = (x: number, digits?: number) => boxesOf(toDot(new Value(x), { digits }))[0].split(" ")[1];
  assertEquals([1e-9, -1e-9, 0, 5e-5, 4.9e-5].map((x) => data(x)), [
    "1.0000e-9",
    "-1.0000e-9",
    "0.0000",
    "0.0001",
    "4.9000e-5",
  ]);
  assertEquals([1e14, 1e15, -1e300].map((x) => data(x, 1)), ["100000000000000.0", "1.0e+15", "-1.0e+300"]);
  assertEquals([NaN, Infinity, -Infinity].map((x) => data(x)), ["NaN", "Infinity", "-Infinity"]);
  assertEquals([data(2.5, 0), data(0.1, 20)], ["3", "0.10000000000000000555"]);
});

const wildLabel = 'w₁ "a|b" {c} <d> \\n & #35; `e`\n\tf';

Deno.test("toDot() and toMermaid() take labels of any text", async () => {
  const x = new Value(1, wildLabel);
  assertEquals(
    boxesOf(toDot(x)),
    ['w₁ \\"a\\|b\\" \\{c\\} \\<d\\> \\\\n &amp; #35; `e` f | data 1.0000 | grad 0.0000'],
  );
  assertStringIncludes(
    toMermaid(x),
    'v0["w₁ #34;a#124;b#34; #123;c#125; #60;d#62; #92;n #38; #35;35#59; #96;e#96; f | data 1.0000 | grad 0.0000"]',
  );
  const svg = await toSvg(x);
  assertStringIncludes(svg, ">w₁ &quot;a|b&quot; {c} &lt;d&gt; \\n &amp; #35; `e` f</text>");
  assertEquals(boxesOf(toDot(new Value(1, " \n "))), ["data 1.0000 | grad 0.0000"]);
});

Deno.test("toSvg() draws what toDot() describes", async () => {
  const a = new Value(2, "a"), y = a.mul(a).tanh();
  y.backward();
  const svg = await toSvg(y, { rankdir: "TB", digits: 2 });
  assert(svg.startsWith("<svg") && svg.trimEnd().endsWith("</svg>"), svg.slice(0, 60));
  for (const text of ["a", "data 2.00", "data 4.00", "tanh", "mul"]) assertStringIncludes(svg, `>${text}</text>`);
  assertEquals(svg.match(/class="node"/g)?.length, 5);
  assertEquals(svg.match(/class="edge"/g)?.length, 5);
  assertEquals(await toSvg(y, { rankdir: "TB", digits: 2 }), svg);
});

// With curved arrows this takes Graphviz many times as long, and with twice the values it ends with an assertion of its
// own.
testWithSpeed("toSvg() draws a long graph that uses the same values throughout", async () => {
  const x = Array.from({ length: 20 }, (_, i) => new Value(i / 10));
  let y = new Value(0);
  for (let i = 0; i < 80; i++) y = y.add(x[(7 * i) % 20].mul(y).tanh());
  const svg = await toSvg(y);
  assertEquals(svg.match(/class="node"/g)?.length, 1 + 20 + 3 * 80 + 3 * 80);
});

testWithSpeed("toSvg() refuses what is too large for Graphviz, and draws the next graph", async () => {
  let x = new Value(1);
  for (let i = 0; i < 20_000; i++) x = x.neg();
  await assertRejects(() => toSvg(x, { maxNodes: 20_001 }), GradusError, "Cannot draw the graph: Graphviz says");
  assertStringIncludes(await toSvg(new Value(7)), "data 7.0000");
});

Deno.test("toSvg() refuses what toDot() refuses", async () => {
  await assertRejects(() => toSvg(new Value(1).add(1), { maxNodes: 2 }), GradusError, "more than 2 values");
});

Deno.test("Pictures refuse what is no value, freed values and wrong options", () => {
  const x = new Value(1), y = x.exp();
  const wrong = (use: () => unknown, message: string) => assertThrows(use, GradusError, message);
  wrong(() => toDot(3 as unknown as Value), "Cannot draw the graph of 3: a Value is needed");
  wrong(() => toMermaid(null as unknown as Value), "Cannot draw the graph of null");
  wrong(
    () => toDot(x, { depth: 3 } as GraphOptions),
    'there is no option "depth", one of rankdir, digits, maxNodes is',
  );
  wrong(
    () => toDot(x, { rankdir: "up" } as unknown as GraphOptions),
    'Cannot use the rankdir "up": one of LR, TB, RL, BT',
  );
  wrong(() => toDot(x, { digits: 21 }), "Cannot use digits 21: a whole number from 0 to 20 is needed");
  wrong(() => toDot(x, { maxNodes: 0 }), "Cannot use maxNodes 0");
  y.backwardAndFree();
  wrong(() => toDot(y), "Cannot use a value whose graph was freed");
});

Deno.test("A picture leaves the graph as it was", () => {
  const x = new Value(3), y = x.square();
  toDot(y);
  y.backward();
  toMermaid(y);
  const z = y.mul(2);
  z.backward();
  assertEquals([x.grad, z.data, y.grad], [18, 18, 2]);
});
