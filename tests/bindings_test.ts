import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { GradusError } from "../src/error.ts";
import { activationOps, firstBinaryOp, Job, Op, opNames } from "../src/bindings.ts";
import { fingerprintOf, generateBindings } from "../tools/bindings.ts";

const status = `#define GRADUS_STATUS(X) \\
  X(OK, 0, "done") \\
  X(OUT_OF_REACH, -1, "an index, or (rarely) a size, is too large")
`;
const ops = `#define GRADUS_ACTIVATION_OPS(X) \\
  X(relu, x > 0 ? x : 0, x > 0) \\
  X(leaky_relu, f(x, 0.01), g(x, h(y, 2)))
#define GRADUS_FUNCTION_OPS(X) X(exp, exp(x), y)
#define GRADUS_UNARY_OPS(X) GRADUS_ACTIVATION_OPS(X) GRADUS_FUNCTION_OPS(X)
#define GRADUS_BINARY_OPS(X) X(add, a + b, 1, 1)
`;

/** Runs what the generator makes of a header; without dependencies it is a module of its own. */
async function bindingsOf(
  code: string,
): Promise<typeof import("../src/bindings.ts") & Record<string, unknown>> {
  const text = generateBindings(status + code, ops);
  return await import(
    `data:application/typescript,${encodeURIComponent(text)}`
  );
}

/** The refusal of a header whose code begins in line 4, after the status codes. */
function refusal(code: string): string {
  return assertThrows(() => generateBindings(status + code, ops), GradusError)
    .message;
}

function opsRefusal(text: string): string {
  return assertThrows(() => generateBindings(status, text), GradusError)
    .message;
}

function read(path: string): string {
  return Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
}

Deno.test("src/bindings.ts is what the generator makes of the headers now", () => {
  const text = generateBindings(read("c/gradus.h"), read("c/ops.h"));
  assert(read("src/bindings.ts") === text, "run `deno task bindings`");
});

Deno.test("src/bindings.ts numbers the leaf, the activations, the other unary operations, the binary ones", () => {
  assertEquals(opNames.map((name) => (Op as Record<string, number>)[name]), [
    ...opNames.keys(),
  ]);
  assertEquals(opNames[0], "leaf");
  assertEquals(opNames.slice(1, 1 + activationOps.length), [...activationOps]);
  assertEquals(opNames[firstBinaryOp], "add");
});

Deno.test("src/bindings.ts places the fields of a job one after the other", () => {
  let offset = 0;
  for (const field of Object.values(Job.fields)) {
    const size = field.type === "f64" ? 8 : 4;
    assertEquals(field.offset, offset);
    assertEquals(field.index, offset / size);
    offset += size * field.length;
  }
  assertEquals(Job.size, offset);
});

Deno.test("generateBindings() turns a prototype over several lines into a symbol", async () => {
  const { symbols } = await bindingsOf(`
/* Explains, with GRADUS_API int32_t gradus_not_this(size_t n); in a comment. */
GRADUS_API int32_t gradus_mix(double *out, // written
                              const uint8_t *restrict in,
                              double share, uint32_t seed, int32_t n);
GRADUS_API void gradus_rest(void);
`);
  assertEquals(
    symbols,
    {
      gradus_mix: {
        parameters: ["buffer", "buffer", "f64", "u32", "i32"],
        result: "i32",
      },
      gradus_rest: { parameters: [], result: "void" },
    } as unknown as typeof symbols,
  );
});

Deno.test("generateBindings() keeps the const of each parameter in its comment", () => {
  const text = generateBindings(
    status + "GRADUS_API int32_t gradus_f(float *y, const float *x);",
    ops,
  );
  assertStringIncludes(text, '"buffer", // float *y\n');
  assertStringIncludes(text, '"buffer", // const float *x\n');
});

Deno.test("generateBindings() adds a nonblocking twin where the comment before a prototype says so", async () => {
  const { symbols } = await bindingsOf(`
/* Long. */
/* nonblocking */
GRADUS_API int32_t gradus_long(int32_t n);
GRADUS_API int32_t gradus_short(int32_t n);
`);
  assertEquals(Object.keys(symbols), [
    "gradus_long",
    "gradus_long_async",
    "gradus_short",
  ]);
  assertEquals((symbols as Record<string, unknown>).gradus_long_async, {
    name: "gradus_long",
    parameters: ["i32"],
    result: "i32",
    nonblocking: true,
  });
});

Deno.test("generateBindings() gives each struct field its offset, its index in a view and its length", async () => {
  const { Shape } = await bindingsOf(`
#define GRADUS_MAX 3
struct gradus_shape {
  double first_scale, sizes[GRADUS_MAX];
  uint32_t flags[2];
  int32_t count; /* 40 */
  float rate;
};
`);
  assertEquals(Shape, {
    size: 48,
    fields: {
      firstScale: { type: "f64", offset: 0, index: 0, length: 1 },
      sizes: { type: "f64", offset: 8, index: 1, length: 3 },
      flags: { type: "u32", offset: 32, index: 8, length: 2 },
      count: { type: "i32", offset: 40, index: 10, length: 1 },
      rate: { type: "f32", offset: 44, index: 11, length: 1 },
    },
  });
});

Deno.test("generateBindings() turns enums, status codes and operations into constants", async () => {
  const { LossKind, Status, statusMessages, Op, opNames, firstBinaryOp } = await bindingsOf(`
enum { GRADUS_STATUS(X) };
enum gradus_loss_kind { GRADUS_LOSS_KIND_MEAN_SQUARE = 2, GRADUS_LOSS_KIND_HUBER, };
`);
  assertEquals(LossKind, { meanSquare: 2, huber: 3 });
  assertEquals(
    Status as Record<string, number>,
    { ok: 0, outOfReach: -1 },
  );
  assertEquals(
    statusMessages.get(-1),
    "an index, or (rarely) a size, is too large",
  );
  assertEquals(
    Op as Record<string, number>,
    { leaf: 0, relu: 1, leakyRelu: 2, exp: 3, add: 4 },
  );
  assertEquals(opNames, ["leaf", "relu", "leakyRelu", "exp", "add"]);
  assertEquals(firstBinaryOp as number, 4);
});

Deno.test("generateBindings() refuses 64-bit integers, with file and line", () => {
  const message = refusal("\nGRADUS_API int32_t gradus_f(\n  size_t n);");
  assertStringIncludes(message, "c/gradus.h:6: ");
  assertStringIncludes(message, "size_t");
  assertStringIncludes(message, "BigInt");
  assertStringIncludes(
    refusal("GRADUS_API int32_t gradus_f(const int64_t *x);"),
    "BigInt",
  );
  assertStringIncludes(refusal("GRADUS_API uint64_t gradus_f(void);"), ":4: ");
});

Deno.test("generateBindings() refuses other types", () => {
  for (
    const parameters of [
      "float x",
      "int x",
      "char *text",
      "double **rows",
      "const struct gradus_unknown *job",
      "int32_t (*callback)(void)",
      "double x[3]",
      "",
    ]
  ) {
    assertStringIncludes(
      refusal(`GRADUS_API int32_t gradus_f(${parameters});`),
      "c/gradus.h:4: ",
    );
  }
});

Deno.test("generateBindings() refuses more than six parameters", () => {
  const six = "int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, double f";
  generateBindings(`${status}GRADUS_API void gradus_f(${six});`, ops);
  const message = refusal(`\n\nGRADUS_API void gradus_f(${six}, double g);`);
  assertStringIncludes(
    message,
    "c/gradus.h:6: gradus_f has 7 parameters; at most 6",
  );
});

Deno.test("generateBindings() refuses a struct that the compiler would pad", () => {
  assertStringIncludes(
    refusal("struct gradus_s {\n  int32_t n;\n  double x;\n};"),
    "c/gradus.h:6: `x` would follow 4 bytes of padding",
  );
  assertStringIncludes(
    refusal("struct gradus_s {\n  double x;\n  int32_t n;\n};"),
    "c/gradus.h:7: struct gradus_s would end in 4 bytes of padding",
  );
});

Deno.test("generateBindings() refuses every line that it does not know", () => {
  for (
    const code of [
      "int32_t gradus_f(void);",
      "typedef int32_t gradus_index;",
      'extern "C" {',
      "union gradus_u { double x; };",
      "struct gradus_s { double *x; };",
      "enum gradus_e { OTHER_FIRST };",
      "GRADUS_API int32_t other_f(void);",
      "/* nonblocking */ struct gradus_s { double x; };",
      "/* no end",
    ]
  ) {
    assertStringIncludes(refusal(`\n\n${code}\n`), "c/gradus.h:6: ");
  }
});

Deno.test("generateBindings() refuses a name that is there twice", () => {
  assertStringIncludes(
    refusal(
      "GRADUS_API void gradus_f(void);\nGRADUS_API void gradus_f(void);",
    ),
    "c/gradus.h:5: a second `gradus_f`",
  );
  assertStringIncludes(
    refusal("struct gradus_op { double x; };"),
    "a second `Op`",
  );
});

Deno.test("generateBindings() refuses operations without a derivative, twice or in an unknown list", () => {
  assertStringIncludes(
    opsRefusal(ops.replace(", g(x, h(y, 2))", "")),
    "c/ops.h:3: `leaky_relu` has 1 formulas",
  );
  assertStringIncludes(
    opsRefusal(ops.replace("X(exp,", "X(relu,")),
    "c/ops.h:4: `relu` is taken",
  );
  assertStringIncludes(
    opsRefusal(`${ops}#define GRADUS_TERNARY_OPS(X) X(fma, a, b, c)\n`),
    "c/ops.h:7: GRADUS_TERNARY_OPS",
  );
});

Deno.test("fingerprintOf() changes with the code, not with comments and spaces", () => {
  const fingerprint = fingerprintOf("int32_t a;", ops);
  assertEquals(
    fingerprintOf("/* the a */ int32_t\n a; // b", ops),
    fingerprint,
  );
  assertEquals(fingerprintOf("int32_t b;", ops) === fingerprint, false);
  assertEquals(
    fingerprintOf("int32_t a;", ops.replace("0.01", "0.02")) === fingerprint,
    false,
  );
});

Deno.test("fingerprintOf() is FNV-1a", () => {
  // 0xbf9cf968 is the published hash of "foobar"; the line end between the two headers continues it.
  const continued = Math.imul(0xbf9cf968 ^ 0x0a, 0x01000193) >>> 0;
  assertEquals(fingerprintOf("foobar", ""), continued);
});
