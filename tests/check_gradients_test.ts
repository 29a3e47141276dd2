import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkGradients, type CheckGradientsOptions, GradusError, MLP, Random, Tensor, Value } from "../mod.ts";

/** x·weight + rest, with the gradient of x·`claimed`: a gradient that is wrong by a known amount. */
function wrongBy(weight: number, claimed: number): (inputs: Value[]) => Value {
  return ([x]) => x.mul(claimed).add(x.detach().mul(weight - claimed));
}

Deno.test("checkGradients() gives the derivatives and their differences, input by input", () => {
  const { passed, entries } = checkGradients(([a, b, c]) => a.mul(b).add(c.exp()), [2, -3, 0]);
  assertEquals(passed, true);
  assertEquals(entries.map(({ index, analytic }) => [index, analytic]), [[0, -3], [1, 2], [2, 1]]);
  // Rounding: 1e-16 · |f| / h, with |f| = 5 and h = 6e-6 and 18e-6.
  for (const { analytic, numeric, error } of entries) {
    assert(Math.abs(numeric - analytic) < 1e-9, `${numeric} instead of ${analytic}`);
    assertEquals(error, Math.abs(analytic - numeric));
  }
});

Deno.test("checkGradients() names the worst entry, in one line", () => {
  const f = ([a, b, c]: Value[]) => a.add(b.detach().mul(3)).add(c.square());
  const report = checkGradients(f, [1, 2, 3]);
  assertEquals([report.passed, report.worst.index, report.worst.analytic], [false, 1, 0]);
  assertEquals(report.worst, report.entries[1]);
  const line = String(report);
  assert(/^failed: the derivative by input 1 is 0, differences give (2\.99999|3\.0000|3,)/.test(line), line);
  assertStringIncludes(line, "off by 3.0 where 0.0000030 is allowed");
  assert(!line.includes("\n"));
  assert(
    String(checkGradients(([x]) => x.square(), [3])).startsWith("passed: at worst, the derivative by input 0 is 6, "),
  );
});

Deno.test("checkGradients() finds what is off by little more than the tolerance, not by little less", () => {
  const off = (part: number, options?: CheckGradientsOptions) =>
    checkGradients(wrongBy(1, 1 + part), [0.3], options).passed;
  assertEquals([off(0.9e-6), off(1.1e-6)], [true, false]);
  assertEquals([off(0.9e-3, { relativeTolerance: 1e-3 }), off(1.1e-3, { relativeTolerance: 1e-3 })], [true, false]);
  const absolute = { relativeTolerance: 0, absoluteTolerance: 0.1 };
  assertEquals([off(0.09, absolute), off(0.11, absolute)], [true, false]);
});

Deno.test("checkGradients() is exact enough where a function curves strongly and where its inputs are large", () => {
  const strict = { relativeTolerance: 1e-9, absoluteTolerance: 1e-12 };
  assert(checkGradients(([x]) => x.mul(1000).sin(), [0.2], strict).passed);
  assert(checkGradients(([x]) => x.square(), [1e9], strict).passed);
  assert(checkGradients(([x]) => x.log(), [1e-3], { relativeTolerance: 1e-7 }).passed);
});

Deno.test("checkGradients() allows for rounding where the result is large, and not for more", () => {
  assert(checkGradients(([x]) => x.add(1e8), [1]).passed);
  assert(!checkGradients(([x]) => x.detach().mul(2).add(1e8), [1]).passed);
});

Deno.test("checkGradients() fails where a gradient is NaN or infinite", () => {
  const nan = checkGradients(([x]) => x.square().sqrt(), [0]); // |x|: 0 · 1/0
  assertEquals([nan.passed, nan.worst.analytic], [false, NaN]);
  assertStringIncludes(String(nan), "failed: the derivative by input 0 is NaN, differences give 0");
  const infinite = checkGradients(([x, y]) => x.abs().sqrt().mul(y.add(1)), [0, 1e6]);
  assertEquals([infinite.passed, infinite.worst.index], [false, 0]);
  const last = checkGradients(([x, y]) => x.mul(2).add(y.square().sqrt()), [1, 0]);
  assertEquals([last.passed, last.worst.index], [false, 1]);
});

Deno.test("checkGradients() accepts a result that does not depend on its inputs", () => {
  const report = checkGradients(() => new Value(3), [1, 2]);
  assertEquals([report.passed, report.worst], [true, report.entries[0]]);
  const options = { relativeTolerance: 0, absoluteTolerance: 0 };
  assertEquals(checkGradients(() => new Value(0), [1], options).passed, true);
});

Deno.test("checkGradients() takes a smaller or larger step", () => {
  const log = ([x]: Value[]) => x.log();
  assertThrows(
    () => checkGradients(log, [1e-6]),
    GradusError,
    "instead of 0.000001, a finite number or a smaller step is needed",
  );
  // f is 14 and h 1e-9: rounding 1e-6 of the derivative 1e6.
  assert(checkGradients(log, [1e-6], { step: 1e-9, relativeTolerance: 1e-4 }).passed);
});

Deno.test("checkGradients() checks networks of both types", () => {
  const inputs = [0.3, -0.7];
  for (const dtype of ["float64", "float32"] as const) {
    const model = new MLP(2, [8, 1], { seed: 1, activation: "tanh", dtype });
    // float32: the rounding 6e-8 of f over h.
    const options = dtype === "float64" ? {} : { step: 1e-2, relativeTolerance: 1e-3, absoluteTolerance: 1e-4 };
    const report = checkGradients((x) => model.forward(x)[0], inputs, options);
    assert(report.passed, `${dtype}: ${report}`);
  }
});

Deno.test("checkGradients() refuses functions that cannot be checked, with a sentence", () => {
  const refuses = (code: string, message: string, f: (inputs: Value[]) => unknown, inputs: unknown = [1]) => {
    const error = assertThrows(
      () => checkGradients(f as (inputs: Value[]) => Value, inputs as number[]),
      GradusError,
      `Cannot check the gradients of f: ${message}`,
    );
    assertEquals(error.code, code);
  };
  refuses("argument", "it returns 3, a Value is needed", () => 3);
  refuses("argument", "it returns undefined, a Value is needed", () => {});
  refuses("argument", "it returns an object (Promise), a Value is needed", async ([x]) => await x);
  let calls = 0;
  refuses(
    "argument",
    "it gives 1 and then 2 for the same inputs, a function of nothing but its inputs is needed",
    ([x]) => x.mul(++calls),
  );
  refuses("numeric", "it gives -Infinity at these inputs, a finite number is needed", ([x]) => x.sub(1).log());
  refuses("numeric", "it gives NaN at these inputs, a finite number is needed", ([x]) => x.neg().log());
  refuses("numeric", "it gives NaN where input 0 is", ([x]) => x.sqrt(), [1e-9]);
  refuses("argument", "its inputs are an empty array", () => new Value(1), []);
  refuses("argument", "its inputs are 3, an array of at least one number is needed", ([x]) => x, 3);
  refuses("argument", "input 1 is NaN, a finite number is needed", ([x]) => x, [1, NaN]);
  refuses("argument", 'input 0 is "1", a finite number is needed', ([x]) => x, ["1"]);
});

Deno.test("checkGradients() refuses options that it cannot use", () => {
  const wrong = (options: object, message: string) =>
    assertThrows(() => checkGradients(([x]) => x, [1], options), GradusError, message);
  wrong(
    { tolerance: 1 },
    'there is no option "tolerance", one of step, relativeTolerance, absoluteTolerance is needed',
  );
  wrong({ step: 0 }, "Cannot use the step 0: a number above 0 is needed");
  wrong({ relativeTolerance: -1 }, "Cannot use the relative tolerance -1: a number of at least 0 is needed");
  wrong({ absoluteTolerance: NaN }, "Cannot use the absolute tolerance NaN: a number of at least 0 is needed");
});

Deno.test("checkGradients() gives f values and arrays that are its own", () => {
  const inputs = [1, 2];
  const report = checkGradients((values) => {
    const [a, b] = values.splice(0);
    return a.mul(b);
  }, inputs);
  assertEquals([report.passed, inputs], [true, [1, 2]]);
  const outside = new Random(1).uniform(1, 2);
  assert(checkGradients(([x]) => x.mul(outside), [1]).passed);
});

Deno.test("checkGradients() checks functions of tensors, element by element, whatever shape they give", () => {
  const a = Tensor.from(new Float64Array([0.5, -1, 2, 3]), { shape: [2, 2] }),
    b = Tensor.from(new Float64Array([1.5, 2]));
  const right = checkGradients(([a, b]: Tensor[]) => a.mul(b).tanh(), [a, b]);
  assertEquals([right.passed, right.entries.length], [true, 6]);
  const wrong = checkGradients(([a, b]: Tensor[]) => a.mul(b.detach()).tanh(), [a, b]);
  assertEquals([wrong.passed, wrong.worst.index >= 4], [false, true]);
  assertThrows(
    () => checkGradients(([a]: Tensor[]) => a, [Tensor.from([1, 2])]),
    GradusError,
    "Cannot check the gradients of f: input 0 is of float32, a tensor of float64 is needed",
  );
});
