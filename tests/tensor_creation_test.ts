/** Tensors from arrays, by rule and by chance, and what is read of them again. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Tensor } from "../src/tensor.ts";
import { GradusError } from "../src/error.ts";
import { dtypeNames, type TensorDtype } from "../src/tensor/dtype.ts";

Deno.test("Tensor.from() takes nested arrays, typed arrays with a shape, and numbers, and finds the type", () => {
  const cases: [Tensor, number[], TensorDtype][] = [
    [Tensor.from([[1, 2, 3], [4, 5, 6]]), [2, 3], "float32"],
    [Tensor.from(7), [], "float32"],
    [Tensor.from([true, false]), [2], "bool"],
    [Tensor.from([[1n], [2n]]), [2, 1], "int64"],
    [Tensor.from([[], []]), [2, 0], "float32"],
    [Tensor.from(new Float64Array(6), { shape: [3, 2] }), [3, 2], "float64"],
    [Tensor.from({ data: new Uint8ClampedArray([1, 255]) as never, shape: [2, 1] }), [2, 1], "uint8"],
    [Tensor.from([new Int16Array([1, 2]), new Int16Array([3, 4])]), [2, 2], "int16"],
    [Tensor.from([1, 2], { dtype: "bfloat16" }), [2], "bfloat16"],
    [Tensor.from(new Float32Array([1.5]), { dtype: "int32" }), [1], "int32"],
    [Tensor.from(Tensor.from([1, 2]), { dtype: "float64" }), [2], "float64"],
  ];
  for (const [tensor, shape, dtype] of cases) assertEquals([tensor.shape, tensor.dtype], [shape, dtype]);
  assertEquals(Tensor.from([[1, 2, 3], [4, 5, 6]]).toArray(), [[1, 2, 3], [4, 5, 6]]);
  assertEquals(Tensor.from({ data: new Uint8ClampedArray([1, 255]) as never, shape: [2] }).toArray(), [1, 255]);
});

Deno.test("Tensor.from() copies, and with copy: false uses the very memory", () => {
  const data = new Float32Array([1, 2]), copy = Tensor.from(data), same = Tensor.from(data, { copy: false });
  data[0] = 5;
  assertEquals([copy.toArray(), same.toArray()], [[1, 2], [5, 2]]);
  assert(same.data === data);
  assert(copy.data !== data);
});

Deno.test("every dtype holds its extremes and gives them back", () => {
  const extremes: Record<TensorDtype, (number | bigint | boolean)[]> = {
    float64: [Number.MAX_VALUE, 5e-324, -0],
    float32: [3.4028234663852886e38, 2 ** -149, -0],
    float16: [65504, 2 ** -24, -0],
    bfloat16: [3.3895313892515355e38, 2 ** -133, -0],
    int64: [2n ** 63n - 1n, -(2n ** 63n)],
    int32: [2 ** 31 - 1, -(2 ** 31)],
    int16: [32767, -32768],
    int8: [127, -128],
    uint32: [2 ** 32 - 1, 0],
    uint16: [65535, 0],
    uint8: [255, 0],
    bool: [true, false],
  };
  for (const dtype of dtypeNames) {
    assertEquals(Tensor.from(extremes[dtype], { dtype }).toArray(), extremes[dtype], dtype);
  }
});

Deno.test("elements that a type cannot hold are converted one by one as whole tensors are", () => {
  const values = [300.7, -1.5, NaN, Infinity, -Infinity, 2 ** 40 + 3, 1.00390625, 2 ** 63];
  for (const dtype of dtypeNames) {
    const single = values.map((value) => Tensor.from(value, { dtype }).toArray());
    assertEquals(Tensor.from(new Float64Array(values), { dtype }).toArray(), single, dtype);
    assertEquals(Tensor.from(values, { dtype: "float64" }).to(dtype).toArray(), single, dtype);
  }
});

Deno.test("numbers become bfloat16 by one rounding, also from float64", () => {
  const half = 1 + 2 ** -8,
    cases: [number, number][] = [
      [half, 1],
      [half + 2 ** -40, 1 + 2 ** -7],
      [half - 2 ** -40, 1],
      [-(half + 2 ** -40), -(1 + 2 ** -7)],
      [1 + 3 * 2 ** -8, 1 + 2 ** -6],
      [2 ** -134, 0],
      [2 ** -134 + 2 ** -170, 2 ** -133],
    ];
  for (const [x, expected] of cases) {
    assertEquals(Tensor.from(x, { dtype: "bfloat16" }).item(), expected);
    assertEquals(Tensor.from(new Float64Array([x]), { dtype: "bfloat16" }).item(), expected);
  }
});

Deno.test("zeros, ones, full, eye, arange and linspace give what they say, also in memory that was used before", () => {
  const values = () => [
    Tensor.zeros([2, 2]).toArray(),
    Tensor.ones([2], { dtype: "int64" }).toArray(),
    Tensor.full([2], true).toArray(),
    Tensor.full([], 2.5, { dtype: "float16" }).toArray(),
    Tensor.eye(2, 3).toArray(),
    Tensor.arange(3).toArray(),
    Tensor.arange(1, 2, { step: 0.25 }).toArray(),
    Tensor.arange(3, 0, { step: -1, dtype: "int32" }).toArray(),
    Tensor.arange(3, 3).toArray(),
    Tensor.linspace(0, 1, 3).toArray(),
    Tensor.linspace(0, 1, 1).toArray(),
    Tensor.zerosLike(Tensor.ones([1, 2], { dtype: "int8" })).toArray(),
    Tensor.fullLike(Tensor.ones([2]), 3).toArray(),
  ];
  const expected = [
    [[0, 0], [0, 0]],
    [1n, 1n],
    [true, true],
    2.5,
    [[1, 0, 0], [0, 1, 0]],
    [0, 1, 2],
    [1, 1.25, 1.5, 1.75],
    [3, 2, 1],
    [],
    [0, 0.5, 1],
    [0],
    [[0, 0]],
    [3, 3],
  ];
  assertEquals(values(), expected);
  // A backward pass gives its memory back, with its numbers in it.
  Tensor.ones([1000], { requiresGrad: true }).mul(3).tanh().mul(5).backward(Tensor.full([1000], 7));
  assertEquals(Tensor.zeros([1000]).toArray(), new Array(1000).fill(0));
  assertEquals(values(), expected);
});

Deno.test("arange() and eye() take options behind one number, and sizes one by one are told to be an array", () => {
  assertEquals(Tensor.arange(3, { dtype: "int32" }).toArray(), [0, 1, 2]);
  assertEquals(Tensor.arange(3, { step: 2 }).toArray(), [0, 2]);
  assertEquals([Tensor.eye(2, { dtype: "int8" }).dtype, Tensor.eye(2, { dtype: "int8" }).toArray()], ["int8", [[1, 0], [
    0,
    1,
  ]]]);
  for (const make of [Tensor.zeros, Tensor.ones, Tensor.rand] as unknown as ((...sizes: number[]) => Tensor)[]) {
    assertThrows(
      () => make.call(Tensor, 2, 3),
      GradusError,
      "sizes are given as one array, [2, 3], and options as an object",
    );
  }
});

Deno.test("arange() computes each number by itself: 0.1 steps do not drift", () => {
  const data = Tensor.arange(0, 1000, { step: 0.1, dtype: "float64" }).toTypedArray();
  assertEquals(data.length, 10000);
  assertEquals(data[9999], 9999 * 0.1);
});

Deno.test("random tensors depend on the seed alone, and have the moments of their distribution", () => {
  const n = 100_000, uniform = Tensor.rand([n], { seed: 1 }), normal = Tensor.randn([n], { seed: 1, dtype: "float64" });
  assertEquals(uniform.toArray(), Tensor.rand([n], { seed: 1 }).toArray());
  const mean = (x: Tensor) => x.sum().item() / n;
  // Standard errors: 0.29 and 1 over √n; five of them.
  assert(Math.abs(mean(uniform) - 0.5) < 5 * 0.29 / Math.sqrt(n));
  assert(Math.abs(mean(normal)) < 5 / Math.sqrt(n));
  assert(Math.abs(mean(normal.square()) - 1) < 5 * Math.SQRT2 / Math.sqrt(n));
  assert((uniform.toArray() as number[]).every((x) => x >= 0 && x < 1));
  const dice = Tensor.randint(1, 7, [n], { seed: 2 }).toArray() as number[];
  for (let face = 1; face <= 6; face++) {
    const count = dice.filter((x) => x === face).length;
    assert(Math.abs(count - n / 6) < 5 * Math.sqrt(n * 5 / 36), `${face}: ${count}`);
  }
  assertEquals(
    (Tensor.permutation(100, { seed: 3 }).toArray() as number[]).sort((a, b) => a - b),
    Tensor.arange(100).toArray(),
  );
});

Deno.test("Tensor.randLike() and Tensor.randnLike() draw in the shape and the type of another tensor", () => {
  const like = Tensor.zeros([2, 3], { dtype: "float16" });
  for (
    const [drawn, same] of [
      [Tensor.randLike(like, { seed: 1 }), Tensor.rand([2, 3], { seed: 1, dtype: "float16" })],
      [Tensor.randnLike(like, { seed: 1 }), Tensor.randn([2, 3], { seed: 1, dtype: "float16" })],
    ]
  ) {
    assertEquals([drawn.dtype, drawn.shape, drawn.toArray()], [same.dtype, same.shape, same.toArray()]);
  }
});

Deno.test("random tensors without a seed differ from call to call, and repeat after manualSeed()", () => {
  const draw = () => [Tensor.rand([3]).toArray(), Tensor.randn([3]).toArray()];
  Tensor.manualSeed(5);
  const first = draw(), second = draw();
  Tensor.manualSeed(5);
  assertEquals([draw(), draw()], [first, second]);
  assert(String(first) !== String(second));
});

Deno.test("uniform numbers of few bits are never rounded up to 1", () => {
  for (const dtype of ["float32", "float16", "bfloat16"] as const) {
    const { data } = Tensor.rand([200_000], { seed: 4, dtype }).to("float64");
    assert(data.every((x) => x < 1), dtype);
  }
});

Deno.test("data is the very memory of a contiguous tensor", () => {
  const x = Tensor.zeros([2, 2]);
  x.data[3] = 5;
  assertEquals(x.toArray(), [[0, 0], [0, 5]]);
  assertEquals(x.item.call(Tensor.from([[3]])), 3);
  assertEquals(Tensor.from([1.5], { dtype: "bfloat16" }).toTypedArray(), new Float32Array([1.5]));
});

Deno.test("what no tensor can be made of is refused in a sentence", () => {
  const cases: [() => unknown, string][] = [
    [
      () => Tensor.from([[1, 2], [3]]),
      "Cannot make a tensor: an array of 1 stands where an array of 2 is needed, as in the first of the arrays",
    ],
    [() => Tensor.from("a" as never), 'Cannot make a tensor of "a": numbers, or arrays of them, are needed'],
    [
      () => Tensor.from([undefined] as never),
      "Cannot make a tensor of undefined: numbers, or arrays of them, are needed",
    ],
    [
      () => Tensor.from(new Float32Array(3), { shape: [2] }),
      "Cannot make a tensor: there are 3 elements, the shape (2,) needs 2",
    ],
    [
      () => Tensor.from([1], { shape: [1] }),
      "Cannot make a tensor of an array with the option shape: that is for typed arrays",
    ],
    [
      () => Tensor.from(new Float32Array(1), { dtype: "int8", copy: false }),
      "Cannot make a tensor of int8 in place: the array holds float32, the option copy: true is needed",
    ],
    [() => Tensor.zeros(3 as never), "Cannot make a tensor: the shape is 3, an array of sizes is needed"],
    [() => Tensor.zeros([1.5]), "Cannot make a tensor: the shape has the size 1.5, whole numbers from 0 on are needed"],
    [
      () => Tensor.zeros([2 ** 20, 2 ** 20]),
      "Cannot make a tensor: (1048576, 1048576) are more than 2147483647 elements",
    ],
    [
      () => Tensor.zeros([2], { dtype: "float8" as never }),
      `Cannot use the dtype "float8": one of ${dtypeNames.join(", ")} is needed`,
    ],
    [
      () => Tensor.zeros([2], { type: 1 } as never),
      'Cannot use the options of Tensor.zeros(): there is no option "type", one of dtype, requiresGrad is needed',
    ],
    [
      () => Tensor.arange(0, 1, { step: 0 }),
      "Cannot make a range from 0 to 1 by 0: numbers, and a step that is not 0, are needed",
    ],
    [
      () => Tensor.randint(3, 3, [1]),
      "Cannot draw whole numbers from 3 to below 3: whole numbers, the second larger, are needed",
    ],
    [
      () => Tensor.rand([1], { dtype: "int32" }),
      "Cannot draw uniform numbers of int32: floating point is needed, randint() gives integers",
    ],
    [
      () => Tensor.zeros([2], { dtype: "int32", requiresGrad: true }),
      'Cannot require a gradient of a tensor of int32: floating point is needed, to("float32") gives it',
    ],
    [() => Tensor.zeros([2]).item(), "Cannot read a tensor of shape (2,) as one number: a single element is needed"],
  ];
  for (const [make, message] of cases) assertThrows(make, GradusError, message);
});

Deno.test("integers that a type does not hold are refused, and are converted with one rounding", () => {
  const tooLarge = 2n ** 63n, x = Tensor.from([1n, 2n]);
  for (
    const use of [
      () => Tensor.from([tooLarge]),
      () => Tensor.full([2], -tooLarge - 1n),
      () => x.add(tooLarge),
      () => x.fill_(tooLarge),
    ]
  ) {
    assertThrows(use, GradusError, "as an integer: one of 64 bits is needed");
  }
  assertEquals(Tensor.from([-tooLarge, tooLarge - 1n]).toArray(), [-tooLarge, tooLarge - 1n]);
  // Of numbers, whole ones beyond that are in floating point only.
  assertEquals(x.add(1e30).toArray(), [Math.fround(1e30), Math.fround(1e30)]);
  assertEquals(x.gt(-1e30).toArray(), [true, true]);
  // The nearest double is halfway between two numbers of single precision.
  assertEquals(Tensor.from([2n ** 60n + 2n ** 36n + 1n]).to("float32").item(), 2 ** 60 + 2 ** 37);
  assertThrows(
    () => Tensor.randint(0, 1000, [2], { dtype: "uint8" }),
    GradusError,
    "Cannot draw whole numbers of uint8: it does not hold 999, a wider type is needed",
  );
  assertEquals(Tensor.randint(-128, 128, [2], { dtype: "int8" }).dtype, "int8");
  assertThrows(
    () => Tensor.permutation(129, { dtype: "int8" }),
    GradusError,
    "Cannot make a random order of int8: it does not hold 128, a wider type is needed",
  );
});

Deno.test("what no tensor can be made of is refused in one sentence, also where it contains itself", () => {
  const endless: unknown[] = [];
  endless.push(endless);
  assertThrows(() => Tensor.from(endless as never), GradusError, "Cannot make a tensor: the shape has 17 axes");
  for (
    const [data, text] of [[null, "null"], ["2", '"2"'], [[1, , 2], "undefined"], [
      [Tensor.ones([])],
      "an object (Tensor)",
    ]]
  ) {
    assertThrows(() => Tensor.from(data as never), GradusError, `Cannot make a tensor of ${text}: numbers, or arrays`);
  }
  assertThrows(() => Tensor.full([1], undefined as never), GradusError, "Cannot make a tensor of undefined: numbers");
  assertEquals(Tensor.zerosLike(Tensor.from([1n]), { dtype: undefined }).dtype, "int64");
});
