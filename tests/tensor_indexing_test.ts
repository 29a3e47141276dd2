/** Reading and setting elements by numbers, slices, arrays and masks, on views of every kind. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkGradients, GradusError, Random, Tensor } from "../mod.ts";
import { checkMove, elementsOf, indicesOf, numbered, type Plain, plainOf, viewsOf } from "./_moves.ts";

/** The places that Python's start:stop:step takes of n. */
function python(n: number, start: number | undefined, stop: number | undefined, step: number): number[] {
  const all: number[] = [],
    clip = (x: number, low: number, high: number) => Math.min(Math.max(x < 0 ? x + n : x, low), high);
  const from = start === undefined ? step > 0 ? 0 : n - 1 : clip(start, step > 0 ? 0 : -1, step > 0 ? n : n - 1);
  const to = stop === undefined ? step > 0 ? n : -1 : clip(stop, step > 0 ? 0 : -1, step > 0 ? n : n - 1);
  for (let i = from; step > 0 ? i < to : i > to; i += step) all.push(i);
  return all;
}

Deno.test("slice() takes what Python's slices take, of all starts, stops and steps", () => {
  const x = numbered([5]);
  for (const start of [undefined, -7, -5, -2, 0, 1, 4, 5, 9]) {
    for (const stop of [undefined, -7, -5, -1, 0, 2, 5, 9]) {
      for (const step of [-3, -1, 1, 2, 7]) {
        const options = { ...start !== undefined && { start }, ...stop !== undefined && { stop }, step };
        assertEquals(x.slice(options).toArray(), python(5, start, stop, step), `${start}:${stop}:${step}`);
      }
    }
  }
});

Deno.test("slice(), at(), select() and narrow() look at parts of views of every kind, with gradients", () => {
  for (const [kind, view] of viewsOf([3, 4, 2]).entries()) {
    const check = (what: string, move: (x: Tensor) => Tensor, expected: (x: Plain) => Plain) =>
      checkMove(view, move, expected, `${what}, kind ${kind}`);
    check("at(1, -1)", (x) => x.at(1, -1), ({ at }) => ({ shape: [2], at: ([i]) => at([1, 3, i]) }));
    check("at(2, 3, 0)", (x) => x.at(2, 3, 0), ({ at }) => ({ shape: [], at: () => at([2, 3, 0]) }));
    check("slice", (x) => x.slice({ start: 1 }, null, { step: -2 }, 1), ({ at }) => ({
      shape: [2, 1, 2],
      at: ([i, _, j]) => at([i + 1, 3 - 2 * j, 1]),
    }));
    check("slice(…, 0)", (x) => x.slice("...", 0), ({ at }) => ({ shape: [3, 4], at: (i) => at([...i, 0]) }));
    check(
      'slice(0, "...", null)',
      (x) => x.slice(0, "...", null),
      ({ at }) => ({ shape: [4, 2, 1], at: ([i, j]) => at([0, i, j]) }),
    );
    check("empty", (x) => x.slice({ start: 3 }, ":"), ({ at }) => ({ shape: [0, 4, 2], at }));
    check("select", (x) => x.select(-2, -2), ({ at }) => ({ shape: [3, 2], at: ([i, j]) => at([i, 2, j]) }));
    check("narrow", (x) => x.narrow(1, 1, 2), ({ at }) => ({ shape: [3, 2, 2], at: ([i, j, k]) => at([i, j + 1, k]) }));
  }
});

Deno.test("index() by arrays gathers as NumPy does, on views of every kind, and repeated places add up", () => {
  for (const [kind, view] of viewsOf([3, 4, 2]).entries()) {
    const check = (what: string, move: (x: Tensor) => Tensor, expected: (x: Plain) => Plain) =>
      checkMove(view, move, expected, `${what}, kind ${kind}`);
    const rows = [2, 0, -1, 2], columns = [[0], [3]];
    check(
      "rows",
      (x) => x.index([rows]),
      ({ at }) => ({ shape: [4, 4, 2], at: ([i, j, k]) => at([[2, 0, 2, 2][i], j, k]) }),
    );
    check("two arrays", (x) => x.index([rows, columns]), ({ at }) => ({
      shape: [2, 4, 2],
      at: ([i, j, k]) => at([[2, 0, 2, 2][j], [0, 3][i], k]),
    }));
    check(
      "in the middle",
      (x) => x.index([":", [1, 1, 3]]),
      ({ at }) => ({ shape: [3, 3, 2], at: ([i, j, k]) => at([i, [1, 1, 3][j], k]) }),
    );
    check(
      "apart",
      (x) => x.index([[0, 1], ":", [1, 0]]),
      ({ at }) => ({ shape: [2, 4], at: ([i, j]) => at([i, j, 1 - i]) }),
    );
    check(
      "apart, behind an axis",
      (x) => x.slice(null).index([":", [0, 1], ":", [1, 0]]),
      ({ at }) => ({ shape: [2, 1, 4], at: ([i, _, j]) => at([i, j, 1 - i]) }),
    );
    check(
      "with slices",
      (x) => x.index([{ start: 1 }, [3, 0], 1]),
      ({ at }) => ({ shape: [2, 2], at: ([i, j]) => at([i + 1, [3, 0][j], 1]) }),
    );
    check("of several axes", (x) => x.index(["...", Tensor.from([[0, 1], [1, 1]], { dtype: "int64" })]), ({ at }) => ({
      shape: [3, 4, 2, 2],
      at: ([i, j, k, l]) => at([i, j, [[0, 1], [1, 1]][k][l]]),
    }));
    check("take", (x) => x.take([5, 5, -1]), ({ at }) => ({
      shape: [3],
      at: ([i]) => at([[0, 2, 1], [0, 2, 1], [2, 3, 1]][i]),
    }));
    check(
      "take(1)",
      (x) => x.take(new Int32Array([3, 0]), 1),
      ({ at }) => ({ shape: [3, 2, 2], at: ([i, j, k]) => at([i, [3, 0][j], k]) }),
    );
    check("take nothing", (x) => x.take(new Int32Array(0), 1), ({ at }) => ({ shape: [3, 0, 2], at }));
  }
});

Deno.test("masks take what is true, of all axes or of the first ones", () => {
  const x = numbered([3, 4]);
  assertEquals(x.masked(x.remainder(3).eq(1)).toArray(), [1, 4, 7, 10]);
  assertEquals(x.index([[true, false, true]]).toArray(), [[0, 1, 2, 3], [8, 9, 10, 11]]);
  assertEquals(x.index([":", [false, true, false, true]]).toArray(), [[1, 3], [5, 7], [9, 11]]);
  assertEquals(x.masked(x.lt(0)).shape, [0]);
  assertEquals(numbered([2, 2, 3]).index([Tensor.from([[true, false], [false, true]])]).toArray(), [[0, 1, 2], [
    9,
    10,
    11,
  ]]);
  const leaf = x.detach();
  leaf.requiresGrad = true;
  leaf.masked(x.gt(9)).square().sum().backward();
  assertEquals(leaf.grad!.toArray(), [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 20, 22]]);
});

Deno.test("gather() and scatterAdd() go along an axis, and are each other's gradient", () => {
  const x = numbered([2, 3]), index = [[2, 2, 0], [1, 0, 0]];
  assertEquals(x.gather(1, index).toArray(), [[2, 2, 0], [4, 3, 3]]);
  assertEquals(x.gather(0, [[1, 0, -1]]).toArray(), [[3, 1, 5]]);
  assertEquals(x.scatterAdd(1, index, Tensor.ones([2, 3], { dtype: "float64" })).toArray(), [[1, 1, 4], [5, 5, 5]]);
  const source = Tensor.from([[0.5, 2, -1], [3, 1, 4]], { dtype: "float64" });
  const report = checkGradients(
    ([x, source]: Tensor[]) => x.scatterAdd(1, index, source).square().add(x.gather(1, index).pow(3)),
    [x.mul(0.1).add(1), source],
  );
  assert(report.passed, String(report));
});

Deno.test("set() sets what every kind of index says, on views of every kind, and nothing else", () => {
  const value = (shape: readonly number[]) => numbered(shape).add(100);
  const cases: [string, Parameters<Tensor["set"]>[0], readonly number[]][] = [
    ["number", [1], [4, 2]],
    ["slice", [":", { start: 1, step: 2 }], [3, 2, 2]],
    ["backwards", ["...", { step: -1 }], [3, 4, 2]],
    ["array", [[2, 0]], [2, 4, 2]],
    ["two arrays", [[2, 0], [1, 1]], [2, 2]],
    ["in the middle", [":", [3, 0]], [3, 2, 2]],
    ["apart", [[0, 2], ":", [1, 0]], [2, 4]],
    ["mixed", [{ start: 1 }, [3, 0], 1], [2, 2]],
    ["mask", [[true, false, true]], [2, 4, 2]],
  ];
  for (const [what, indices, shape] of cases) {
    for (const kind of [0, 1, 2, 3, 4]) {
      const x = viewsOf([3, 4, 2])[kind], plain = plainOf(x), base = x.data;
      // Where the elements stand, by their numbers.
      const places = Tensor.arange(24, undefined, { dtype: "float64" }).reshape([3, 4, 2]).index(indices as never);
      assertEquals(places.shape, [...shape], what);
      const expected = elementsOf(plain);
      elementsOf(plainOf(places)).forEach((place, i) => expected[place] = 100 + i);
      x.set(indices, value(shape));
      assertEquals(elementsOf(plainOf(x)), expected, `${what}, kind ${kind}`);
      void base;
      x.set(indices, -1);
      elementsOf(plainOf(places)).forEach((place) => expected[place] = -1);
      assertEquals(elementsOf(plainOf(x)), expected, `${what}, kind ${kind}, a number`);
    }
  }
  assertEquals(numbered([2, 2]).set(numbered([2, 2]).gt(1), 0).toArray(), [[0, 1], [0, 0]]);
  assertEquals(numbered([3]).set([[0, 0, 1]], Tensor.from([5, 6, 7])).toArray(), [6, 7, 2]);
});

Deno.test("a part of a larger tensor is set without touching what lies around it", () => {
  const all = numbered([4, 4]), part = all.slice({ start: 1, stop: 3 }, { start: 1, stop: 3 });
  part.set([[0, 1], [1, 0]], Tensor.from([70, 80]));
  assertEquals(all.toArray(), [[0, 1, 2, 3], [4, 5, 70, 7], [8, 80, 10, 11], [12, 13, 14, 15]]);
});

Deno.test("where(), maskedFill(), tril() and triu() choose, with gradients", () => {
  const a = numbered([2, 3]), b = Tensor.from([10, 20, 30], { dtype: "float64" });
  assertEquals(Tensor.where(a.gt(2), a, b).toArray(), [[10, 20, 30], [3, 4, 5]]);
  assertEquals(Tensor.where(a.gt(2), a, -1).toArray(), [[-1, -1, -1], [3, 4, 5]]);
  assertEquals(Tensor.where(Tensor.from(true), 1n, 2n).item(), 1);
  assertEquals(a.maskedFill(a.eq(4), NaN).toArray(), [[0, 1, 2], [3, NaN, 5]]);
  assertEquals(a.to("int32").maskedFill(a.eq(4), 7.9).dtype, "int32");
  assertEquals(numbered([3, 3]).tril().toArray(), [[0, 0, 0], [3, 4, 0], [6, 7, 8]]);
  assertEquals(numbered([3, 3]).triu(1).toArray(), [[0, 1, 2], [0, 0, 5], [0, 0, 0]]);
  assertEquals(Tensor.full([2, 2], Infinity).tril(-1).toArray(), [[0, 0], [Infinity, 0]]);
  const report = checkGradients(
    ([a, b]: Tensor[]) =>
      Tensor.where(Tensor.from([[true, false, true], [false, true, false]]), a.square(), b.exp()).triu(),
    [a.mul(0.3), b.mul(0.1)],
  );
  assert(report.passed, String(report));
});

Deno.test("nonzero() and oneHot() tell places", () => {
  assertEquals(Tensor.from([[0, 2], [3, 0]]).nonzero().toArray(), [[0, 1], [1, 0]]);
  assertEquals(Tensor.from([NaN, 0, -1]).nonzero().toArray(), [[0], [2]]);
  assertEquals([Tensor.from(5).nonzero().shape, Tensor.from(0).nonzero().shape], [[1, 0], [0, 0]]);
  assertEquals(Tensor.from([[1n], [0n]]).oneHot(3).toArray(), [[[0, 1, 0]], [[1, 0, 0]]]);
  assertEquals(Tensor.from([2], { dtype: "uint8" }).oneHot(3, { dtype: "int64" }).toArray(), [[0n, 0n, 1n]]);
});

Deno.test("elements of every type are gathered, chosen and set as they are", () => {
  for (const dtype of ["float32", "float16", "bfloat16", "int64", "int16", "uint8", "bool"] as const) {
    const x = Tensor.from([1, 0, 1, 1], { dtype });
    assertEquals(x.index([[1, 3, 0]]).to("float64").toArray(), [0, 1, 1], dtype);
    assertEquals(Tensor.where(Tensor.from([true, false, true, false]), x, x.flip()).to("float64").toArray(), [
      1,
      1,
      1,
      1,
    ], dtype);
    assertEquals(x.set([{ start: 2 }], 0).to("float64").toArray(), [1, 0, 0, 0], dtype);
    assertEquals(x.set([[1]], Tensor.from([1])).to("float64").toArray(), [1, 1, 0, 0], dtype);
  }
  const half = Tensor.from([1, 2, 3], { dtype: "float16", requiresGrad: true });
  half.index([[0, 0, 0, 2]]).sum().backward();
  assertEquals([half.grad!.dtype, half.grad!.toArray()], ["float16", [3, 0, 1]]);
});

Deno.test("random indices of random views are what NumPy's rules say", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed), pick = (n: number) => Math.floor(random.uniform(0, n));
    const shape = Array.from({ length: 1 + pick(4) }, () => 1 + pick(4)), views = viewsOf(shape);
    const x = views[pick(views.length)], plain = plainOf(x);
    const lists = shape.map((size) => Array.from({ length: size }, (_, i) => i).filter(() => pick(3) > 0));
    // Each axis by an array of its own, one after the other: the outer product of the lists.
    const y = lists.reduce(
      (y, list, axis) =>
        pick(2)
          ? y.take(Int32Array.from(list), axis)
          : y.index([...shape.slice(0, axis).map(() => ":" as const), list]),
      x,
    );
    const expected = indicesOf(lists.map(({ length }) => length)).map((index) =>
      plain.at(index.map((i, axis) => lists[axis][i]))
    );
    assertEquals(elementsOf(plainOf(y)), expected, `seed ${seed}`);
  }
});

Deno.test("indices that do not fit are refused in a sentence", () => {
  const x = numbered([2, 3]);
  const cases: [() => unknown, string][] = [
    [() => x.at(2), "Cannot slice a tensor of shape (2, 3): axis 0 has no place 2, -2 to 1 is needed"],
    [() => x.at(0, 0, 0), "Cannot slice a tensor of shape (2, 3): there are indices for 3 axes"],
    [() => x.slice("...", "..."), 'Cannot slice a tensor of shape (2, 3): there are several "...", one is enough'],
    [
      () => x.slice({ step: 0 }),
      "Cannot slice a tensor of shape (2, 3): a slice has the step 0, another one is needed",
    ],
    [
      () => x.slice("a" as never),
      'Cannot slice a tensor of shape (2, 3): there is the index "a", a number, slice, null, ":" or "..." is needed',
    ],
    [() => x.index([[0, 5]]), "Cannot index a tensor of shape (2, 3): axis 0 has no place 5, -2 to 1 is needed"],
    [() => x.index([[0.5]]), "Cannot index by an index of float32: integers or bool are needed"],
    [() => x.index([[0, 1], [0, 1, 2]]), "Cannot index by index tensors of shapes (2,) and (3,)"],
    [
      () => x.masked(Tensor.from([true])),
      "Cannot index a tensor of shape (2, 3): a mask has the shape (1,), (2,) is needed there",
    ],
    [() => x.narrow(1, 2, 2), "Cannot narrow a tensor of shape (2, 3): axis 1 has no 2 places from 2 on, it has 3"],
    [
      () => x.gather(1, [[0], [0], [0]]),
      "the index is of int64 and of shape (3, 1), integers are needed, and no axis but 1 larger",
    ],
    [() => x.gather(1, [[3]]), "Cannot gather from a tensor of shape (2, 3): axis 1 has no place 3, -3 to 2 is needed"],
    [
      () => x.set([0], Tensor.zeros([2])),
      "Cannot set elements in place: the tensor has the shape (3,), the other one (2,), which cannot be stretched to it",
    ],
    [() => Tensor.from([3n]).oneHot(3), "Cannot make one-hot rows: there is the class 3, 0 to 2 is needed"],
    [() => Tensor.from([3]).tril(), "Cannot take tril() of a tensor of shape (1,): two axes are needed"],
  ];
  for (const [f, message] of cases) assertThrows(f, GradusError, message);
  const leaf = Tensor.zeros([2], { requiresGrad: true });
  assertThrows(() => leaf.set([0], 1), GradusError, "Cannot set elements in place: the tensor requires a gradient");
  assertEquals(Tensor.noGrad(() => leaf.set([0], 1)).toArray(), [1, 0]);
});

Deno.test("indices beyond 32 bits are refused as what they are, not wrapped around", () => {
  const x = numbered([2, 3]);
  for (
    const index of [Tensor.from([2n ** 32n + 1n]), Tensor.from([-(2n ** 40n)]), [2 ** 32], new Float64Array([1e12])]
  ) {
    assertThrows(() => x.take(index, 0), GradusError, "axis 0 has no place");
    assertThrows(() => x.index([":", index]), GradusError, "axis 1 has no place");
  }
  assertThrows(() => x.index([Tensor.from([4294967295], { dtype: "uint32" })]), GradusError, "no place 4294967295");
});

Deno.test("a misspelt name in a slice is refused", () => {
  // @ts-expect-error: there is no such name.
  assertThrows(() => numbered([4]).slice({ stp: 2 }), GradusError, 'no option "stp"');
});

Deno.test("where() of a tensor and itself has the gradient of both", () => {
  const a = Tensor.from([1, 2, 3], { requiresGrad: true });
  Tensor.where(Tensor.from([true, false, true]), a, a).mul(Tensor.from([5, 6, 7])).sum().backward();
  assertEquals(a.grad!.toArray(), [5, 6, 7]);
});

Deno.test("set() and copy_() of elements of the same memory read what was there before", () => {
  // More elements than are copied at a time, so that order matters.
  const n = 100_000, before = Array.from({ length: n }, (_, i) => i), x = () => Tensor.arange(n);
  const numbersOf = (y: Tensor) => Array.from(y.data, Number);
  assertEquals(numbersOf(x().copy_(x().flip())), before.toReversed());
  const flipped = x();
  assertEquals(numbersOf(flipped.copy_(flipped.flip())), before.toReversed());
  const moved = x();
  moved.set([{ start: 1 }], moved.slice({ stop: -1 }));
  assertEquals(numbersOf(moved), [0, ...before.slice(0, -1)]);
  const placed = x();
  placed.set([Tensor.from(before, { dtype: "int32" })], placed.flip());
  assertEquals(numbersOf(placed), before.toReversed());
  const square = Tensor.arange(90_000).reshape([300, 300]), sum = square.add(square.T);
  assertEquals(numbersOf(square.add_(square.T)), numbersOf(sum));
});

Deno.test("elements of a stretched tensor cannot be set, since they are the same ones", () => {
  const x = Tensor.from([[1], [2]]), stretched = x.expand([2, 3]);
  for (
    const change of [
      () => stretched.set([0, 1], 5),
      () => stretched.set([[0]], 5),
      () => stretched.fill_(1),
      () => stretched.add_(1),
      () => stretched.copy_(Tensor.ones([2, 3])),
    ]
  ) assertThrows(change, GradusError, "clone() is needed before");
  assertEquals(x.toArray(), [[1], [2]]);
  assertEquals(stretched.clone().fill_(4).toArray(), [[4, 4, 4], [4, 4, 4]]);
});

Deno.test("a change that is refused leaves the elements as they are, also for gradients", () => {
  const x = Tensor.from([1, 2, 3]), w = Tensor.from([1, 1, 1], { requiresGrad: true }), y = w.mul(x).sum();
  assertThrows(() => x.set([7], 1), GradusError, "no place 7");
  assertThrows(() => x.set([[7]], 1), GradusError, "no place 7");
  assertThrows(() => x.set([":"], Tensor.ones([2])), GradusError, "cannot be stretched");
  assertThrows(() => x.set([[0, 1]], Tensor.ones([3])), GradusError, "cannot be stretched");
  assertThrows(() => x.add_(Tensor.ones([2])), GradusError, "cannot be stretched");
  assertThrows(() => x.copy_(Tensor.ones([2])), GradusError, "cannot be stretched");
  y.backward();
  assertEquals(w.grad!.toArray(), [1, 2, 3]);
});

Deno.test("scatterAdd() of bool is refused in a sentence", () => {
  const x = Tensor.from([true, false]);
  assertThrows(() => x.scatterAdd(0, [0, 0], x), GradusError, "bool is not added up");
});

Deno.test("a single integer is an index as a number is, a single truth chooses all or nothing of an axis of its own", () => {
  const x = numbered([2, 3]), one = Tensor.from(1n);
  assertEquals(x.index([one, ":"]).toArray(), [3, 4, 5]);
  assertEquals(x.unsqueeze(0).index([Tensor.from(0n), ":", [2, 0]]).toArray(), [[2, 0], [5, 3]]);
  assertEquals(x.index([":", Tensor.from(-1n)]).toArray(), [2, 5]);
  assertEquals(x.masked(Tensor.from(true)).toArray(), [[[0, 1, 2], [3, 4, 5]]]);
  assertEquals(x.masked(Tensor.from(false)).shape, [0, 2, 3]);
  assertEquals([Tensor.from(5).masked(Tensor.from(true)).toArray(), Tensor.from(5).masked(Tensor.from(false)).shape], [
    [5],
    [0],
  ]);
  assertEquals(numbered([2]).set([one], 7).toArray(), [0, 7]);
  assertEquals(numbered([2]).set(Tensor.from(false), 7).toArray(), [0, 1]);
  assertEquals(numbered([2]).set(Tensor.from(true), Tensor.from([7, 8])).toArray(), [7, 8]);
  const leaf = Tensor.from([2, 3], { requiresGrad: true });
  leaf.masked(Tensor.from(true)).mul(leaf.index([one])).sum().backward();
  assertEquals(leaf.grad!.toArray(), [3, 8]);
});

Deno.test("masks of large tensors are read and set in one pass", () => {
  const mask = Tensor.rand([1000, 1000], { seed: 1 }).gt(0.5), x = Tensor.ones([1000, 1000]);
  const took = (f: () => unknown) => {
    const start = performance.now();
    f();
    return performance.now() - start;
  };
  const least = (f: () => unknown) => Math.min(took(f), took(f), took(f));
  // Lists that grow by element, in place of typed arrays, take more than ten times as long.
  const unit = least(() => x.take(Tensor.permutation(x.size, { seed: 1 })));
  assert(least(() => x.masked(mask)) < 10 * unit, "masked");
  assert(least(() => x.set(mask, 0)) < 10 * unit, "set");
});

Deno.test("what is no tensor, no array of indices and no slice is refused in a sentence", () => {
  const x = numbered([2, 3]), none = undefined as never, array = [[1]] as never;
  const cases: [() => unknown, string][] = [
    [() => x.index(0 as never), "Cannot index a tensor of shape (2, 3): the indices are 0, an array of them is needed"],
    [() => x.set(0 as never, 1), "Cannot set a tensor of shape (2, 3): the indices are 0, an array of them is needed"],
    [
      () => x.slice({ strat: 1 } as never),
      'Cannot use a slice: there is no option "strat", one of start, stop, step is',
    ],
    [() => x.maskedFill(array, 0), "Cannot fill by a mask: an array was given, a tensor is needed"],
    [() => Tensor.where(array, x, x), "Cannot choose by a condition: an array was given, a tensor is needed"],
    [() => x.scatterAdd(1, [[0]], none), "Cannot scatter to a tensor: undefined was given, a tensor is needed"],
    [() => x.matmul(1 as never), "Cannot matmul: 1 was given, a tensor is needed"],
    [() => x.dot(array), "Cannot dot: an array was given, a tensor is needed"],
    [() => x.outer(array), "Cannot multiply outer: an array was given, a tensor is needed"],
    [() => x.linear(none), "Cannot apply linear(): undefined was given, a tensor is needed"],
    [
      () => x.linear(Tensor.ones([2, 3]), "relu" as never),
      'Cannot apply linear(): "relu" was given, a tensor is needed',
    ],
    [
      () => x.layerNorm([3] as never),
      "Cannot apply layerNorm(), whose axes are an option: an array was given, a tensor is needed",
    ],
    [() => x.mseLoss(array), "Cannot compute mseLoss(): an array was given, a tensor is needed"],
    [() => x.permute(1 as never), "Cannot permute a tensor: the order is 1, an array of axes is needed"],
    [() => x.broadcastTo(2 as never), "Cannot broadcast a tensor: the shape is 2, an array of sizes is needed"],
    [() => x.tile(2 as never), "Cannot tile a tensor: the shape is 2, an array of sizes is needed"],
    [() => x.split(none), "Cannot split a tensor into parts of undefined: a whole number from 1 on is needed"],
    [() => x.pad([1, 1], { value: "a" as never }), 'Cannot pad a tensor with "a": a number is needed'],
    [() => x.tril("a" as never), 'Cannot take tril() of a tensor: the diagonal is "a", a whole number is needed'],
    [() => x.diagonal(0.5), "Cannot take a diagonal of a tensor: the diagonal is 0.5, a whole number is needed"],
  ];
  for (const [f, message] of cases) assertThrows(f, GradusError, message);
  assertEquals(x.index(x.gt(3)).toArray(), [4, 5]);
});

Deno.test("places that 32 bits cannot hold are none, and those that float32 cannot hold are exact", () => {
  const x = numbered([3]), far = [2n ** 32n, 2n ** 32n + 1n, -(2n ** 32n)];
  for (const place of far) {
    const places = BigInt64Array.of(place);
    for (const f of [() => x.index([places]), () => x.take(places), () => x.gather(0, places)]) {
      assertThrows(f, GradusError, "axis 0 has no place");
    }
    assertThrows(() => Tensor.from(places).oneHot(3), GradusError, "there is the class");
    assertThrows(() => x.take([Number(place)]), GradusError, "axis 0 has no place");
  }
  assertThrows(() => x.take(Uint32Array.of(2 ** 32 - 1)), GradusError, "axis 0 has no place");
  const large = Tensor.zeros([2 ** 24 + 2], { dtype: "uint8" });
  large.set([[2 ** 24 + 1]], 7);
  assertEquals(large.take([2 ** 24, 2 ** 24 + 1]).toArray(), [0, 7]);
});

Deno.test("parts without elements can lie anywhere, in tensors of small elements, too", () => {
  for (const dtype of ["bool", "int8", "float16", "float32"] as const) {
    const part = Tensor.zeros([3, 0], { dtype }).slice(":", null).expand([3, 2, 0]).slice(2);
    const far = Tensor.zeros([5, 4], { dtype }).slice({ start: 4 }, { start: 4 });
    assertEquals([part.clone().shape, far.clone().shape], [[2, 0], [1, 0]], dtype);
    assertEquals(Tensor.zeros([4, 3, 0], { dtype }).set([3, 2], Tensor.zeros([0], { dtype })).shape, [4, 3, 0]);
  }
  const x = Tensor.zeros([3, 0], { dtype: "float16", requiresGrad: true });
  x.slice(2).sum().backward();
  assertEquals(x.grad!.shape, [3, 0]);
});
