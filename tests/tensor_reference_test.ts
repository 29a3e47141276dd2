/** Every operation of tensors against PyTorch: results and gradients, types, shapes, views and broadcasting. */
import { assert, assertEquals } from "@std/assert";
import { GradusError } from "../src/error.ts";
import { Tensor } from "../src/tensor.ts";
import type { Scalar, TensorDtype } from "../src/tensor/dtype.ts";
import { isClose, reference } from "./_reference.ts";
import {
  call,
  type Case,
  difference,
  elements,
  isFloat,
  isInPlace,
  made,
  read,
  type TensorReference,
  text,
  upstream,
} from "./_tensor_cases.ts";

const { tolerances, letters, numbers, lowerHalves, records, promotions, broadcasts, halves } = await reference<
  TensorReference
>("tensor");

/** What is wrong with a case; undefined if nothing is. */
async function failure(
  method: string,
  { in: specs = [], args = [], ...expected }: Case,
  units: number,
  createGraph: boolean,
) {
  const inputs = specs.map((spec, i) => made(spec, i + 1));
  const wantsGradients = expected.value === undefined && !isInPlace(method) && method !== "unique";
  for (const { leaf } of inputs) if (wantsGradients && isFloat(leaf)) leaf.requiresGrad = true;
  let results;
  try {
    const views = inputs.map(({ leaf, view }) => view(leaf));
    results = call(method, views[0], views, args);
  } catch (error) {
    if (expected.refused && error instanceof GradusError && /^Cannot .+: ./s.test(error.message)) return;
    return `throws ${error}`;
  }
  if (expected.refused) return "is not refused";
  if ("plain" in results) {
    return JSON.stringify(results.plain) === JSON.stringify(expected.value)
      ? undefined
      : `gives ${JSON.stringify(results.plain)} instead of ${JSON.stringify(expected.value)}`;
  }
  if (expected.out === undefined) return "gives tensors instead of a value";
  if (results.length !== expected.out.length) {
    return `gives ${results.length} results instead of ${expected.out.length}`;
  }
  for (const [i, [title, values]] of expected.out.entries()) {
    const { dtype, shape } = read(title), wrong = await difference(results[i], dtype, shape, values, units);
    if (wrong !== undefined) return `result ${i} ${wrong}`;
  }
  if (expected.leaf !== undefined) {
    const { leaf } = inputs[0], wrong = await difference(leaf, leaf.dtype, leaf.shape, expected.leaf, units);
    if (wrong !== undefined) return `leaves the leaf such that it ${wrong}`;
  }
  results.forEach((y, i) => y.requiresGrad && y.backward(upstream(y, i), { createGraph }));
  for (const [i, { leaf }] of inputs.entries()) {
    const gradient = expected.grad?.[i] ?? null;
    if ((gradient === null) !== (leaf.grad === null)) return `gradient ${i} is ${leaf.grad} instead of ${gradient}`;
    if (gradient === null) continue;
    const wrong = await difference(leaf.grad!, leaf.dtype, leaf.shape, gradient, units);
    if (wrong !== undefined) return `gradient ${i} ${wrong}`;
  }
}

for (const { method, tolerance, cases } of records) {
  Deno.test(`${method.replace(/^(?!Tensor)/, "Tensor.")} gives what PyTorch gives, with gradients`, async () => {
    const { units } = tolerances[tolerance], failures: string[] = [];
    for (const each of cases) {
      for (const createGraph of each.grad === undefined ? [false] : [false, true]) {
        const wrong = await failure(method, each, units, createGraph);
        if (wrong !== undefined) {
          failures.push(`${text(method, each)}${createGraph ? " with createGraph" : ""} ${wrong}`);
        }
      }
    }
    assert(failures.length === 0, `${failures.length} of ${cases.length} cases differ:\n${failures.join("\n")}`);
  });
}

/** What is not compared, why, and the test that has it instead. */
const exceptions: readonly { reason: string; test: string; names: readonly string[] }[] = [
  { reason: "called by every case", test: "tensor_reference_test", names: ["requiresGrad", "backward", "grad"] },
  { reason: "PyTorch has no typed arrays", test: "tensor_creation_test", names: ["data", "toTypedArray"] },
  { reason: "PyTorch writes no JSON", test: "tensor_functional_test", names: ["toJSON"] },
  {
    reason: "about the graph, not about numbers",
    test: "tensor_graph_test",
    names: ["isLeaf", "gradFn", "zeroGrad", "Tensor.noGrad", "Tensor.enableGrad", "Tensor.isGradEnabled"],
  },
  {
    reason: "about the graph, not about numbers",
    test: "tensor_functional_test",
    names: ["retainGrad", "registerHook"],
  },
  {
    reason: "random, from a generator of its own",
    test: "tensor_creation_test",
    names: ["rand", "randn", "randint", "permutation", "randLike", "randnLike", "manualSeed"].map((name) =>
      `Tensor.${name}`
    ),
  },
  { reason: "random, from a generator of its own", test: "tensor_rows_test", names: ["dropout"] },
  {
    reason: "about memory, not about numbers",
    test: "tensor_memory_test",
    names: ["Tensor.scope", "Tensor.memoryStats", "Tensor.clearCache", "Tensor.limitCache"],
  },
];

/** The public properties of a class or its instances, by name. */
function propertiesOf(target: object, prefix: string): string[] {
  const others = prefix === "" ? ["constructor"] : ["length", "name", "prototype"];
  const names = Reflect.ownKeys(target).filter((key) => typeof key === "string" && !others.includes(key));
  return names.map((name) => `${prefix}${String(name)}`);
}

Deno.test("Every method of Tensor is compared with PyTorch, or another test has it", async () => {
  const there = [...propertiesOf(Tensor.prototype, ""), ...propertiesOf(Tensor, "Tensor.")];
  const compared = records.map(({ method }) => method), excepted = exceptions.flatMap(({ names }) => names);
  const known = [...compared, ...excepted];
  assertEquals(there.filter((name) => !known.includes(name)), [], "not compared");
  assertEquals(known.filter((name) => !there.includes(name)), [], "not there");
  assertEquals(compared.filter((name) => excepted.includes(name)), [], "compared, and said not to be");
  for (const { test, names } of exceptions) {
    const source = await Deno.readTextFile(new URL(`./${test}.ts`, import.meta.url));
    const missing = names.filter((name) => !source.includes(`.${name.replace("Tensor.", "")}`));
    assertEquals(missing, [], `tests/${test}.ts does not have these`);
  }
});

Deno.test("Results of two types are of the type that PyTorch promotes them to", () => {
  const failures: string[] = [], order = Object.values(letters);
  const compare = (what: string, f: () => Tensor, letter: string, value?: number | null) => {
    if (letter === "-") return; // PyTorch has no such operation.
    const y = f();
    if (y.dtype !== letters[letter]) failures.push(`${what} is of ${y.dtype} instead of ${letters[letter]}`);
    if (value !== undefined && elements(y)[0] !== value) failures.push(`${what} is ${elements(y)} instead of ${value}`);
  };
  const full = (value: number, shape: number[], dtype: TensorDtype) =>
    Tensor.from(new Float64Array([value]), { shape, dtype: "float64" }).to(dtype);
  for (const { method, types, values, numbers: withNumbers } of promotions) {
    const apply = (a: Tensor, b: Tensor | Scalar) => (call(method, a, [], [b]) as Tensor[])[0];
    for (const [shapes, rows] of Object.entries(types)) {
      const [left, right] = JSON.parse(shapes) as [number[], number[]];
      rows.forEach((row, i) =>
        [...row].forEach((letter, j) =>
          compare(
            `${method} of ${order[i]} ${shapes} ${order[j]}`,
            () => apply(full(7, left, order[i]), full(2, right, order[j])),
            letter,
            left.length + right.length === 2 ? values[i][j] : undefined,
          )
        )
      );
    }
    for (const [shape, rows] of Object.entries(withNumbers)) {
      rows.forEach((row, k) =>
        [...row].forEach((letter, i) =>
          compare(
            `${method} of ${order[i]} ${shape} and ${numbers[k]}`,
            () => apply(full(7, JSON.parse(shape), order[i]), numbers[k]),
            letter,
          )
        )
      );
    }
  }
  assertEquals(failures, []);
});

Deno.test("Tensor.mul() of every two shapes that stretch to (2, 3, 2) gives what PyTorch gives, with gradients", () => {
  for (const [a, b, y, ...gradients] of broadcasts) {
    const leaves = [a, b].map((shape, i) => made(`float64 [${shape}] whole`, i + 1).leaf);
    for (const leaf of leaves) leaf.requiresGrad = true;
    const result = leaves[0].mul(leaves[1]);
    assertEquals(elements(result), y, `[${a}] · [${b}]`);
    result.backward(made(`float64 [${result.shape}] whole`, 100).leaf);
    leaves.forEach((leaf, i) => assertEquals(elements(leaf.grad!), gradients[i], `gradient ${i} of [${a}] · [${b}]`));
  }
});

/** SHA-256 of the bits of a tensor; NaN is the quiet one without a sign. */
async function checksum(x: Tensor): Promise<string> {
  const { buffer, byteOffset, byteLength } = x.data, isLong = x.dtype === "float32";
  const bits = isLong
    ? new Uint32Array(buffer, byteOffset, byteLength / 4)
    : new Uint16Array(buffer, byteOffset, byteLength / 2);
  const [infinity, magnitude, quiet] = {
    float32: [0x7f800000, 0x7fffffff, 0x7fc00000],
    float16: [0x7c00, 0x7fff, 0x7e00],
    bfloat16: [0x7f80, 0x7fff, 0x7fc0],
  }[x.dtype as "float32" | "float16" | "bfloat16"];
  const digest = await crypto.subtle.digest("SHA-256", bits.map((b) => (b & magnitude) > infinity ? quiet : b));
  return new Uint8Array(digest).toHex();
}

for (const { from, to, sha256 } of halves) {
  Deno.test(`Every ${from} becomes the ${to} that PyTorch makes of it`, async () => {
    const bits = from === "float32"
      ? Uint32Array.from({ length: 65536 * lowerHalves.length }, (_, i) => {
        const lower = i % lowerHalves.length;
        return (i - lower) / lowerHalves.length * 65536 + lowerHalves[lower];
      })
      : Uint16Array.from({ length: 65536 }, (_, i) => i);
    const data = from === "float32"
      ? new Float32Array(bits.buffer)
      : from === "float16"
      ? new Float16Array(bits.buffer)
      : bits as Uint16Array<ArrayBuffer>;
    assertEquals(await checksum(Tensor.from(data, { shape: [data.length], dtype: from }).to(to)), sha256);
  });
}

const operations = await reference<{
  records: { name: string; inputs: number[][]; outputs: number[]; gradients: number[][] }[];
}>("operations");
const renamed: Record<string, string> = { max: "maximum", min: "minimum" };

for (const { name, inputs, outputs, gradients } of operations.records) {
  const method = renamed[name] ?? name;
  if (!(method in Tensor.prototype)) continue;
  Deno.test(`Tensor.${method}() gives what PyTorch gives far out, at infinities and NaN, with gradients`, () => {
    const operands = inputs[0].map((_, k) => Tensor.from(inputs.map((numbers) => numbers[k]), { dtype: "float64" }));
    for (const operand of operands) operand.requiresGrad = true;
    const [y] = call(method, operands[0], operands, operands.slice(1)) as Tensor[];
    y.sum().backward();
    const expected = [outputs, ...operands.map((_, k) => gradients.map((gradient) => gradient[k]))];
    [y, ...operands.map(({ grad }) => grad!)].forEach((result, k) =>
      elements(result).forEach((actual, i) => {
        const [x] = inputs[i], tail = name === "gelu" && x < -5 ? x * x * 1e-15 : 0;
        const tolerance = { relative: 4e-15 + tail, absolute: 4e-16 * Math.max(1, Math.min(Math.abs(x), 1e5)) };
        const what = k === 0 ? "" : `the gradient ${k - 1} of `;
        assert(
          isClose(actual, expected[k][i], tolerance),
          `${what}${name}(${inputs[i]}) is ${actual} instead of ${expected[k][i]}`,
        );
      })
    );
  });
}
