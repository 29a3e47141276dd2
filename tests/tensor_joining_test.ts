/** Several tensors in one, one in several, and one made larger. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkGradients, GradusError, Tensor } from "../mod.ts";
import { checkMove, numbered, type Plain, viewsOf } from "./_moves.ts";

Deno.test("concat() and stack() put tensors of any strides and types together", () => {
  const x = numbered([2, 3]);
  assertEquals(Tensor.concat([x, x.T.flip().T]).toArray(), [[0, 1, 2], [3, 4, 5], [5, 4, 3], [2, 1, 0]]);
  assertEquals(Tensor.concat([x, x.slice(":", { stop: 1 })], -1).toArray(), [[0, 1, 2, 0], [3, 4, 5, 3]]);
  assertEquals(Tensor.concat([x, Tensor.zeros([0, 3])]).shape, [2, 3]);
  assertEquals(Tensor.stack([x, x.mul(2)], 1).toArray(), [[[0, 1, 2], [0, 2, 4]], [[3, 4, 5], [6, 8, 10]]]);
  assertEquals(Tensor.stack([Tensor.from(1), Tensor.from(2)]).toArray(), [1, 2]);
  const joined = Tensor.concat([Tensor.from([1, 2], { dtype: "int8" }), Tensor.from([0.5], { dtype: "float16" })]);
  assertEquals([joined.dtype, joined.toArray()], ["float16", [1, 2, 0.5]]);
  assertEquals(Tensor.concat([Tensor.from([2n ** 62n]), Tensor.from([true])]).toArray(), [2n ** 62n, 1n]);
});

Deno.test("concat() and stack() hand gradients back to each, also to one that is there twice", () => {
  const report = checkGradients(
    ([a, b]: Tensor[]) => Tensor.concat([a, b.T, a.exp()], 1).square().mul(Tensor.stack([b, b]).sum()),
    [numbered([2, 2]).mul(0.3), numbered([3, 2]).mul(0.1)],
  );
  assert(report.passed, String(report));
});

Deno.test("split() and chunk() are views of the parts", () => {
  const x = numbered([5, 2]);
  assertEquals(x.split(2).map(({ shape }) => shape[0]), [2, 2, 1]);
  assertEquals(x.split([1, 0, 4]).map((part) => part.toArray()), [[[0, 1]], [], [[2, 3], [4, 5], [6, 7], [8, 9]]]);
  assertEquals(x.chunk(3).map(({ shape }) => shape[0]), [2, 2, 1]);
  assertEquals(x.chunk(2, 1).map((part) => part.toArray())[1], [[1], [3], [5], [7], [9]]);
  assertEquals(numbered([4]).chunk(3).map(({ shape }) => shape[0]), [2, 2]);
  const parts = x.split(3);
  parts[1].fill_(7);
  assertEquals(x.toArray(), [[0, 1], [2, 3], [4, 5], [7, 7], [7, 7]]);
  assertEquals(Tensor.concat(numbered([7, 2]).split(3)).toArray(), numbered([7, 2]).toArray());
});

Deno.test("pad() puts elements around, in three modes, as PyTorch does", () => {
  const x = numbered([2, 3]);
  assertEquals(x.pad([1, 2]).toArray(), [[0, 0, 1, 2, 0, 0], [0, 3, 4, 5, 0, 0]]);
  assertEquals(x.pad([0, 0, 1, 0], { value: 9 }).toArray(), [[9, 9, 9], [0, 1, 2], [3, 4, 5]]);
  assertEquals(x.pad([2, 1], { mode: "reflect" }).toArray(), [[2, 1, 0, 1, 2, 1], [5, 4, 3, 4, 5, 4]]);
  assertEquals(x.pad([1, 1, 2, 0], { mode: "replicate" }).toArray(), [
    [0, 0, 1, 2, 2],
    [0, 0, 1, 2, 2],
    [0, 0, 1, 2, 2],
    [3, 3, 4, 5, 5],
  ]);
  for (const mode of ["constant", "reflect", "replicate"] as const) {
    const report = checkGradients(([x]: Tensor[]) => x.pad([1, 2, 1, 1], { mode, value: 2 }).square(), [
      numbered([3, 4]).mul(0.2),
    ]);
    assert(report.passed, `${mode}: ${report}`);
  }
});

Deno.test("repeat(), tile() and roll() say elements again, and move them round, on views of every kind", () => {
  const shape = [2, 3];
  for (const [kind, view] of viewsOf(shape).entries()) {
    const check = (what: string, move: (x: Tensor) => Tensor, expected: (x: Plain) => Plain) =>
      checkMove(view, move, expected, `${what}, kind ${kind}`);
    check("repeat", (x) => x.repeat([2, 1, 2]), ({ at }) => ({ shape: [2, 2, 6], at: ([_, i, j]) => at([i, j % 3]) }));
    check("tile", (x) => x.tile([2]), ({ at }) => ({ shape: [2, 6], at: ([i, j]) => at([i, j % 3]) }));
    check("roll", (x) => x.roll(4, -1), ({ at }) => ({ shape: [2, 3], at: ([i, j]) => at([i, (j + 2) % 3]) }));
    check("roll of all", (x) => x.roll(-1), ({ at }) => ({
      shape: [2, 3],
      at: ([i, j]) => at([Math.floor((3 * i + j + 1) % 6 / 3), (j + 1) % 3]),
    }));
  }
  assertEquals(numbered([2]).repeat([0]).shape, [0]);
});

Deno.test("what does not fit together is refused in a sentence", () => {
  const x = numbered([2, 3]);
  const cases: [() => unknown, string][] = [
    [() => Tensor.concat([]), "Cannot concat tensors: an empty list was given, a list of tensors is needed"],
    [() => Tensor.concat([x, 3 as never]), "Cannot concat tensors: 3 was given, a list of tensors is needed"],
    [
      () => Tensor.concat([x, x.T]),
      "Cannot concat tensors along axis 0: there are the shapes (2, 3) and (3, 2), all other axes have to be of the same size",
    ],
    [() => Tensor.stack([x, x.T]), "Cannot stack tensors: there are the shapes (2, 3) and (3, 2), one is needed"],
    [
      () => x.split([1, 2]),
      "Cannot split axis 0 of a tensor of shape (2, 3) into (1, 2): whole numbers that add up to 2 are needed",
    ],
    [() => x.split(0), "Cannot split a tensor into parts of 0: a whole number from 1 on is needed"],
    [() => x.chunk(0.5), "Cannot cut a tensor into 0.5 chunks: a whole number from 1 on is needed"],
    [
      () => x.pad([1]),
      "Cannot pad a tensor of shape (2, 3) by (1,): two whole numbers from 0 on are needed for each axis, the last one first",
    ],
    [
      () => x.pad([3, 0], { mode: "reflect" }),
      'Cannot pad axis 1 of a tensor of shape (2, 3) by 3 and 0: in the mode "reflect" at most 2 can be put there',
    ],
    [
      () => x.pad([1, 1], { mode: "circular" as never }),
      'Cannot use the mode "circular": one of constant, reflect, replicate is needed',
    ],
    [
      () => x.repeat([2]),
      "Cannot repeat a tensor of shape (2, 3) by (2,): a count for each axis is needed, tile() takes fewer",
    ],
  ];
  for (const [f, message] of cases) assertThrows(f, GradusError, message);
});

Deno.test("repeat() and tile() take many axes", () => {
  const x = Tensor.arange(2).reshape([...new Array<number>(14).fill(1), 2]);
  assertEquals(x.tile([2]).flatten().toArray(), [0, 1, 0, 1]);
  assertEquals(Tensor.ones(new Array<number>(9).fill(1)).repeat(new Array<number>(9).fill(2)).size, 512);
  assertEquals(x.repeat([3, ...new Array<number>(14).fill(1)]).flatten().toArray(), [0, 1, 0, 1, 0, 1]);
});

Deno.test("split() of an axis without elements gives one part, chunk() as many as are asked for, as in PyTorch", () => {
  const x = Tensor.zeros([2, 0]);
  assertEquals(x.split(3, 1).map(({ shape }) => shape), [[2, 0]]);
  assertEquals(x.chunk(3, 1).map(({ shape }) => shape), [[2, 0], [2, 0], [2, 0]]);
});

Deno.test("repeat() of fifteen axes repeats one of them; tile() of a number is refused", () => {
  const shape = new Array<number>(15).fill(1).with(14, 2), x = Tensor.from([1, 2]).reshape(shape);
  assertEquals(x.repeat(shape).flatten().toArray(), [1, 2, 1, 2]);
  // @ts-expect-error: counts are given as an array.
  assertThrows(() => x.tile(2), GradusError, "an array of sizes is needed");
});

Deno.test("concat() of small elements joins pieces of storages, and views in other orders", () => {
  for (const dtype of ["bool", "int8", "uint8", "int16", "float16", "bfloat16"] as const) {
    const x = Tensor.from([0, 1, 1, 0, 1, 0], { dtype }), parts = [x.narrow(0, 1, 2), x.narrow(0, 3, 3), x.flip()];
    assertEquals(Tensor.concat(parts).to("int32").toArray(), [1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0], dtype);
    const rows = x.reshape([2, 3]);
    assertEquals(Tensor.concat([rows, rows.flip(1)], 1).to("int32").toArray(), [[0, 1, 1, 1, 1, 0], [
      0,
      1,
      0,
      0,
      1,
      0,
    ]]);
  }
});

Deno.test("what PyTorch copies is a copy also where nothing changes: roll(), repeat(), tile(), round() of integers", () => {
  const rows = numbered([1, 3]), whole = Tensor.from([1, 2], { dtype: "int32" });
  const copies = [
    rows.roll(0),
    rows.roll(3, 1),
    rows.roll([], []),
    rows.repeat([1, 1]),
    rows.repeat([4, 1]),
    rows.tile([1]),
  ];
  for (const copy of [...copies, whole.round(), whole.floor()]) copy.zero_();
  assertEquals([rows.toArray(), whole.toArray()], [[[0, 1, 2]], [1, 2]]);
});

Deno.test("unbind() gives views, of which a write is seen, and none of an axis of size 0", () => {
  const x = numbered([2, 3]);
  x.unbind(1)[2].fill_(9);
  assertEquals(x.toArray(), [[0, 1, 9], [3, 4, 9]]);
  assertEquals(Tensor.zeros([0, 2]).unbind(), []);
  assertThrows(() => x.unbind(2), GradusError, "Cannot unbind a tensor: there is no axis 2, -2 to 1 is needed");
});

Deno.test("moveaxis() and roll() along several axes say what does not fit", () => {
  const x = numbered([2, 3]);
  assertThrows(
    () => x.moveaxis([0, 1], 0),
    GradusError,
    "Cannot move axes of a tensor: there are 2 axes and 1 places, one for each is needed",
  );
  assertThrows(() => x.moveaxis([0, -2], [0, 1]), GradusError, "Cannot move axes of a tensor: axis 0 is given twice");
  assertThrows(
    () => x.roll([1, 2], 0),
    GradusError,
    "Cannot roll a tensor: there are 2 shifts and 1 axes, one for each is needed",
  );
  assertThrows(() => x.roll([1, 0.5], [0, 1]), GradusError, "Cannot roll a tensor by 0.5: a whole number is needed");
});
