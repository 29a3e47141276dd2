import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { GradusError } from "../src/error.ts";
import { Activation, activationOps, firstBinaryOp, Job, Op, opNames } from "../src/bindings.ts";
import { fingerprintOf, generateBindings } from "../tools/bindings.ts";

const status = `#define GRADUS_STATUS(X) \\
  X(OK, 0, "done") \\
  X(OUT_OF_REACH, -1, "an index, or (rarely) a size, is too large")
`;
const ops = `#define GRADUS_ACTIVATION_OPS(X) \\
  X(relu, x > 0 ? x : 0, y + x) \\
  X(leaky_relu, f(x, 0.01), K(exp)(x) + R(-0.5) + (y + 1))
#define GRADUS_FUNCTION_OPS(X) X(exp, exp(x), y)
#define GRADUS_UNARY_OPS(X) GRADUS_ACTIVATION_OPS(X) GRADUS_FUNCTION_OPS(X)
#define GRADUS_BINARY_OPS(X) X(add, a + b, 1, 1)
#define GRADUS_TENSOR_UNARY_OPS(X) X(is_nan, x != x)
#define GRADUS_TENSOR_BINARY_OPS(X) X(less, R(a < b))
#define GRADUS_BIT_UNARY_OPS(X) X(bit_not, ~x)
#define GRADUS_BIT_BINARY_OPS(X) X(bit_and, a & b)
#define GRADUS_INTEGER_UNARY_OPS(X) X(relu, x > 0 ? x : 0)
#define GRADUS_INTEGER_BINARY_OPS(X) \\
  X(add, I(U(a) + U(b))) \\
  X(less, a < b)
#define GRADUS_COMPARISON_OPS(X) X(less, <)
`;
const opNumbers = `
enum gradus_op {
  GRADUS_OP_LEAF = 0,
  GRADUS_OP_RELU = 1,
  GRADUS_OP_LEAKY_RELU = 2,
  GRADUS_OP_EXP = 3,
  GRADUS_OP_ADD = 4
};
enum gradus_tensor_op {
  GRADUS_TENSOR_OP_IS_NAN = 64,
  GRADUS_TENSOR_OP_LESS = 65,
  GRADUS_TENSOR_OP_BIT_NOT = 66,
  GRADUS_TENSOR_OP_BIT_AND = 67
};
`;

/** Runs what the generator makes of a header; without dependencies it is a module of its own. */
async function bindingsOf(code: string): Promise<typeof import("../src/bindings.ts") & Record<string, unknown>> {
  const text = generateBindings(status + code + opNumbers, ops);
  return await import(`data:application/typescript,${encodeURIComponent(text)}`);
}

/** What is said of a header whose code begins in line 4, after the status codes. */
function refusal(code: string, opsText = ops, numbers = opNumbers): string {
  return assertThrows(() => generateBindings(status + code + numbers, opsText), GradusError).message;
}

function read(path: string): string {
  return Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
}

Deno.test("src/bindings.ts is what the generator makes of the headers now", () => {
  const text = generateBindings(read("c/gradus.h"), read("c/ops.h"));
  assert(read("src/bindings.ts") === text, "run `deno task bindings`");
});

Deno.test("src/bindings.ts numbers the leaf, the activations, the other unary operations, the binary ones", () => {
  assertEquals(opNames.map((name) => (Op as Record<string, number>)[name]), [...opNames.keys()]);
  assertEquals(opNames[0], "leaf");
  assertEquals(opNames.slice(1, 1 + activationOps.length), [...activationOps]);
  assertEquals(opNames[firstBinaryOp], "add");
});

Deno.test("src/bindings.ts gives activations the numbers that they have as operations", () => {
  const numbers = Object.fromEntries(activationOps.map((name) => [name, Op[name]]));
  assertEquals<Record<string, number>>(Activation, { linear: 0, ...numbers, softmax: 127 });
});

Deno.test("src/bindings.ts places the fields of a job one after the other", () => {
  let offset = 0;
  for (const field of Object.values(Job.fields)) {
    const size = field.type === "f64" ? 8 : 4;
    assertEquals([field.offset, field.index], [offset, offset / size]);
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
  assertEquals<unknown>(symbols, {
    gradus_mix: { parameters: ["buffer", "buffer", "f64", "u32", "i32"], result: "i32" },
    gradus_rest: { parameters: [], result: "void" },
  });
});

Deno.test("generateBindings() keeps the const of each parameter in its comment", () => {
  const text = generateBindings(`${status}GRADUS_API int32_t gradus_f(float *y, const float *x);${opNumbers}`, ops);
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
  const symbol = { parameters: ["i32"], result: "i32" };
  assertEquals<unknown>(symbols, {
    gradus_long: symbol,
    gradus_long_async: { ...symbol, name: "gradus_long", nonblocking: true },
    gradus_short: symbol,
  });
});

Deno.test("generateBindings() tells what is copied where memory is not shared: const, the name scratch", async () => {
  const { transfers } = await bindingsOf(`
GRADUS_API int32_t gradus_f(float *y, const float *restrict x, double *scratch, int32_t n, double *unscratched);
GRADUS_API void gradus_g(void);
`);
  assertEquals<unknown>(transfers, { gradus_f: ["both", "in", "scratch", "number", "both"], gradus_g: [] });
});

Deno.test("generateBindings() gives each struct field its offset, its index in a view and its length", async () => {
  const { Shape } = await bindingsOf(`
struct gradus_shape {
  double first_scale;
  double sizes[3];
  uint32_t flags[2];
  int32_t count; /* 40 */
  int32_t rate;
};
GRADUS_API int32_t gradus_use(const struct gradus_shape *shape);
`);
  assertEquals(Shape, {
    size: 48,
    fields: {
      firstScale: { type: "f64", offset: 0, index: 0, length: 1 },
      sizes: { type: "f64", offset: 8, index: 1, length: 3 },
      flags: { type: "u32", offset: 32, index: 8, length: 2 },
      count: { type: "i32", offset: 40, index: 10, length: 1 },
      rate: { type: "i32", offset: 44, index: 11, length: 1 },
    },
  });
});

Deno.test("generateBindings() turns enums, status codes and operations into constants", async () => {
  const { LossKind, Status, statusMessages, Op, TensorOp, opNames, firstBinaryOp } = await bindingsOf(
    "enum gradus_loss_kind { GRADUS_LOSS_KIND_MEAN_SQUARE = 2, GRADUS_LOSS_KIND_HUBER = 3, };",
  );
  assertEquals(LossKind, { meanSquare: 2, huber: 3 });
  assertEquals<unknown>(Status, { ok: 0, outOfReach: -1 });
  assertEquals(statusMessages.get(-1), "an index, or (rarely) a size, is too large");
  assertEquals<unknown>(Op, { leaf: 0, relu: 1, leakyRelu: 2, exp: 3, add: 4 });
  assertEquals<unknown>(TensorOp, { isNan: 64, less: 65, bitNot: 66, bitAnd: 67 });
  assertEquals(opNames, ["leaf", "relu", "leakyRelu", "exp", "add"]);
  assertEquals<number>(firstBinaryOp, 4);
});

Deno.test("generateBindings() passes over what C++ needs, and the enum of the status codes", async () => {
  const { symbols } = await bindingsOf(`
#ifdef __cplusplus
extern "C" {
#endif
enum gradus_status { GRADUS_STATUS(GRADUS_STATUS_VALUE) };
GRADUS_API void gradus_f(void);
#ifdef __cplusplus
}
#endif
`);
  assertEquals<unknown>(symbols, { gradus_f: { parameters: [], result: "void" } });
});

Deno.test("generateBindings() refuses operations that are not numbered as in c/ops.h", () => {
  for (
    const [from, to, message] of [
      [
        "LEAF = 0",
        "LEAF = 1",
        "c/gradus.h:6: `GRADUS_OP_LEAF = 1` is in enum gradus_op; `GRADUS_OP_LEAF = 0` is needed",
      ],
      ["_LEAKY_RELU", "_ELU", "c/gradus.h:8: `GRADUS_OP_ELU = 2` is in enum gradus_op; `GRADUS_OP_LEAKY_RELU = 2`"],
      [",\n  GRADUS_OP_ADD = 4", "", "c/gradus.h:5: the end is in enum gradus_op; `GRADUS_OP_ADD = 4` is needed"],
      [
        "ADD = 4",
        "ADD = 4,\n GRADUS_OP_SUB = 5",
        "c/gradus.h:11: `GRADUS_OP_SUB = 5` is in enum gradus_op; the end is",
      ],
      ["enum gradus_op ", "enum gradus_ops ", "c/gradus.h:1: enum gradus_op is not there"],
      [
        "LESS = 65",
        "LESS = 66",
        "c/gradus.h:14: `GRADUS_TENSOR_OP_LESS = 66` is in enum gradus_tensor_op; `GRADUS_TENSOR_OP_LESS = 65` is needed",
      ],
      [
        ",\n  GRADUS_TENSOR_OP_BIT_AND = 67",
        "",
        "c/gradus.h:12: the end is in enum gradus_tensor_op; `GRADUS_TENSOR_OP_BIT_AND = 67` is needed",
      ],
      ["enum gradus_tensor_op ", "enum gradus_tensor ", "c/gradus.h:1: enum gradus_tensor_op is not there"],
    ]
  ) {
    assertStringIncludes(refusal("", ops, opNumbers.replace(from, to)), message);
  }
});

Deno.test("generateBindings() refuses 64-bit integers, with file and line", () => {
  const message = refusal("\nGRADUS_API int32_t gradus_f(\n  size_t n);");
  assertStringIncludes(message, "c/gradus.h:6: `size_t n`");
  assertStringIncludes(message, "BigInt");
  assertStringIncludes(refusal("GRADUS_API int32_t gradus_f(const int64_t *x);"), "BigInt");
  assertStringIncludes(refusal("GRADUS_API uint64_t gradus_f(void);"), ":4: the result is uint64_t");
});

Deno.test("generateBindings() refuses other types", () => {
  const unknown = [
    "float x",
    "int x",
    "char *text",
    "double **rows",
    "const struct gradus_unknown *job",
    "double x[3]",
  ];
  for (const parameters of [...unknown, "int32_t (*callback)(void)", ""]) {
    assertStringIncludes(refusal(`GRADUS_API int32_t gradus_f(${parameters});`), "c/gradus.h:4: ");
  }
});

Deno.test("generateBindings() refuses more than six parameters", () => {
  const six = "int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, double f";
  generateBindings(`${status}GRADUS_API void gradus_f(${six});${opNumbers}`, ops);
  const message = refusal(`\n\nGRADUS_API void gradus_f(${six}, double g);`);
  assertStringIncludes(message, "c/gradus.h:6: gradus_f has 7 parameters; at most 6");
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
      "enum gradus_status { GRADUS_STATUS(OTHER) };",
      "union gradus_u { double x; };",
      "struct gradus_s { double *x; };",
      "struct gradus_s { float x; };",
      "struct gradus_s { double x };",
      "enum gradus_e { OTHER_FIRST = 0 };",
      "enum gradus_e { GRADUS_E_FIRST };",
      "enum gradus_e { GRADUS_E_FIRST = 1, GRADUS_E_SECOND = 1 };",
      "GRADUS_API int32_t other_f(void);",
      "GRADUS_API int32_t gradus_f_async(void);",
      "/* nonblocking */ struct gradus_s { double x; };",
      "#define GRADUS_OTHER(X) X(A, 0)",
      "/* no end",
    ]
  ) {
    assertStringIncludes(refusal(`\n\n${code}\n`), "c/gradus.h:6: ");
  }
});

Deno.test("generateBindings() refuses a name that is there twice", () => {
  const twice = "GRADUS_API void gradus_f(void);\n".repeat(2);
  assertStringIncludes(refusal(twice), "c/gradus.h:5: a second `gradus_f`");
  assertStringIncludes(refusal("struct gradus_op { double x; };"), "a second `Op`");
});

Deno.test("generateBindings() refuses status codes without OK, and lines that are none", () => {
  const refusalOf = (list: string): string => assertThrows(() => generateBindings(list, ops), GradusError).message;
  assertStringIncludes(refusalOf("\n"), "c/gradus.h:1: GRADUS_STATUS(X) is not there");
  assertStringIncludes(refusalOf(status.replace("OK, 0", "OK, 1")), "c/gradus.h:2: ");
  assertStringIncludes(refusalOf(status.replace("-1", "0")), "c/gradus.h:3: a second `0`");
  assertStringIncludes(refusalOf(status.replace("-1, ", "")), "c/gradus.h:3: ");
});

Deno.test("generateBindings() refuses operations without a derivative, twice or in an unknown list", () => {
  for (
    const [text, message] of [
      [ops.replace(/, K.exp.*1\)\)/, ")"), "c/ops.h:3: `leaky_relu` has 1 formulas"],
      [ops.replace(", y + x)", ", y + x) X(elu, x, 1)"), "c/ops.h:2: `relu` has 0 formulas"],
      [ops.replace("X(exp,", "X(relu,"), "c/ops.h:4: a second `relu`"],
      [ops.replace("X(exp,", "X(leaf,"), "c/ops.h:4: a second `leaf`"],
      [ops.replace(/GRADUS_ACTIVATION_OPS\(X\) (GRADUS.*)/, "$1"), "c/ops.h:5: GRADUS_UNARY_OPS(X)"],
      [ops.replace(/.*BINARY.*\n/, ""), "c/ops.h:1: GRADUS_BINARY_OPS(X) is not there"],
      [ops.replace("X(add, a + b, 1, 1)", ""), "c/ops.h:6: GRADUS_BINARY_OPS(X) is empty"],
      [ops.replace("X(is_nan,", "X(exp,"), "c/ops.h:7: a second `exp`"],
      [ops.replace("X(bit_not,", "X(is_nan,"), "c/ops.h:9: a second `is_nan`"],
      [
        ops.replace("X(bit_and, a & b)", "X(bit_and, a & b, 0, 0)"),
        "c/ops.h:10: `bit_and` has 3 formulas, 1 is needed",
      ],
      [ops.replace("X(relu, x > 0 ? x : 0)", "X(add, x)"), "c/ops.h:11: `add` is no operation of reals"],
      [ops.replace("X(add, I", "X(bit_and, I"), "c/ops.h:13: `bit_and` is no operation of reals"],
      [ops.replace("X(less, a < b)", "X(add, a)"), "c/ops.h:14: a second `add`"],
      [ops.replace("X(less, <)", "X(is_nan, <)"), "c/ops.h:15: `is_nan` is no operation of reals"],
      [`${ops}/* no end`, "c/ops.h:16: this comment never ends"],
      [`${ops}#define GRADUS_TERNARY_OPS(X) X(fma, a, b, c)\n`, "c/ops.h:16: GRADUS_TERNARY_OPS"],
    ]
  ) {
    assertStringIncludes(refusal("", text), message);
  }
});

Deno.test("generateBindings() turns derivatives into trees of operations", async () => {
  const { derivatives, Op } = await bindingsOf("");
  const leakyRelu = [Op.add, [Op.add, [Op.exp, "a"], -0.5], [Op.add, "y", 1]];
  assertEquals<unknown>(derivatives, [[], [[Op.add, "y", "a"]], [leakyRelu], ["y"], [1, 1]]);
});

Deno.test("generateBindings() refuses derivatives that cannot be recorded as operations", () => {
  for (
    const [formula, message] of [
      ["x > 0 ? y : 0", "`>` after the end"],
      ["f(x)", "`f` where a number, an operand"],
      ["b", "`b` where a number, an operand"],
      ["K(erf)(x)", "`erf` is no operation of the table"],
      ["K(add)(x)", "`add` takes 2 operands"],
      ["x +", "`the end` where a number"],
      ["x - y", "`sub` is no operation of the table"],
      ["(x, y)", "`(` where a number"],
    ]
  ) {
    assertStringIncludes(
      refusal("", ops.replace("y + x", formula)),
      `c/ops.h:2: the derivative \`${formula}\` of \`relu\`: ${message}`,
    );
  }
});

Deno.test("fingerprintOf() changes with the code, not with comments and spaces", () => {
  const fingerprint = fingerprintOf("int32_t a;", ops);
  assertEquals(fingerprintOf("/* the a */ int32_t\n a; // b", ops), fingerprint);
  assertNotEquals(fingerprintOf("int32_t b;", ops), fingerprint);
  assertNotEquals(fingerprintOf("int32_t a;", ops.replace("0.01", "0.02")), fingerprint);
});

Deno.test("fingerprintOf() is FNV-1a", () => {
  // 0xbf9cf968 is the published hash of "foobar"; the line end between the two headers continues it.
  const continued = Math.imul(0xbf9cf968 ^ 0x0a, 0x01000193) >>> 0;
  assertEquals(fingerprintOf("foobar", ""), continued);
});
