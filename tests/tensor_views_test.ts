/** Views: the same elements in other shapes and orders, of views of every kind, with their gradients. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkGradients, GradusError, hessian, Tensor } from "../mod.ts";
import { checkMove, elementsOf, indicesOf, numbered, type Plain, plainOf, viewsOf } from "./_moves.ts";

const shapes = [[], [1], [5], [2, 3], [3, 1, 4], [2, 0, 3], [2, 3, 2, 2]];

/** Every operation on views of every kind, of all shapes that it can have. */
function check(what: string, move: (x: Tensor) => Tensor | undefined, expected: (x: Plain) => Plain): void {
  let count = 0;
  for (const shape of shapes) {
    for (const [kind, view] of viewsOf(shape).entries()) {
      if (move(view) === undefined) continue;
      checkMove(view, (x) => move(x)!, expected, `${what} of (${shape}), kind ${kind}`);
      count++;
    }
  }
  assert(count > 0, what);
}

const permuted = ({ shape, at }: Plain, order: readonly number[]): Plain => ({
  shape: order.map((axis) => shape[axis]),
  at: (index) => at(shape.map((_, axis) => index[order.indexOf(axis)])),
});

const axesOf = ({ shape }: Plain) => shape.map((_, i) => i);

Deno.test("transpose(), T, mT, permute() and moveaxis() put axes in another order", () => {
  check("T", (x) => x.T, (x) => permuted(x, axesOf(x).reverse()));
  check("mT", (x) => x.ndim < 2 ? undefined : x.mT, (x) => {
    const n = x.shape.length;
    return permuted(x, axesOf(x).with(n - 1, n - 2).with(n - 2, n - 1));
  });
  check("transpose(0, -1)", (x) => x.ndim < 1 ? undefined : x.transpose(0, -1), (x) => {
    const n = x.shape.length;
    return permuted(x, axesOf(x).with(0, n - 1).with(n - 1, 0));
  });
  check("permute", (x) => x.ndim !== 3 ? undefined : x.permute([2, 0, -2]), (x) => permuted(x, [2, 0, 1]));
  check("moveaxis", (x) => x.ndim !== 4 ? undefined : x.moveaxis(0, 2), (x) => permuted(x, [1, 2, 0, 3]));
});

Deno.test("reshape() and flatten() keep the order of the elements", () => {
  const inOrder = (shape: (x: Plain) => number[]) => (x: Plain): Plain => {
    const elements = elementsOf(x),
      to = shape(x),
      places = new Map(indicesOf(to).map((index, i) => [String(index), i]));
    return { shape: to, at: (index) => elements[places.get(String(index))!] };
  };
  const size = ({ shape }: Plain) => shape.reduce((a, b) => a * b, 1);
  check("reshape([-1])", (x) => x.reshape([-1]), inOrder((x) => [size(x)]));
  check("flatten", (x) => x.flatten(), inOrder((x) => [size(x)]));
  check("flatten(1)", (x) => x.ndim < 3 ? undefined : x.flatten(1), inOrder((x) => [x.shape[0], size(x) / x.shape[0]]));
  check(
    "flatten(0, 1)",
    (x) => x.ndim < 3 ? undefined : x.flatten(0, 1),
    inOrder(({ shape: [a, b, ...c] }) => [a * b, ...c]),
  );
  check(
    "reshape([2, 1, -1, 2])",
    (x) => x.size === 0 || x.size % 4 ? undefined : x.reshape([2, 1, -1, 2]),
    inOrder((x) => [2, 1, size(x) / 4, 2]),
  );
  check("reshape([0, 4])", (x) => x.size ? undefined : x.reshape([0, 4]), inOrder(() => [0, 4]));
});

Deno.test("squeeze(), unsqueeze() and expand() take axes of size 1 away, add and stretch them", () => {
  check("squeeze", (x) => x.squeeze(), ({ shape, at }) => ({
    shape: shape.filter((size) => size !== 1),
    at: (index) => {
      const rest = [...index];
      return at(shape.map((size) => size === 1 ? 0 : rest.shift()!));
    },
  }));
  check(
    "squeeze(1)",
    (x) => x.ndim < 2 ? undefined : x.squeeze(1),
    ({ shape, at }) =>
      shape[1] !== 1 ? { shape, at } : { shape: shape.toSpliced(1, 1), at: (index) => at(index.toSpliced(1, 0, 0)) },
  );
  check("unsqueeze(0)", (x) => x.unsqueeze(0), ({ shape, at }) => ({ shape: [1, ...shape], at: ([_, ...i]) => at(i) }));
  check(
    "unsqueeze(-1)",
    (x) => x.unsqueeze(-1),
    ({ shape, at }) => ({ shape: [...shape, 1], at: (i) => at(i.slice(0, -1)) }),
  );
  check("expand", (x) => x.unsqueeze(-1).expand([2, ...x.shape.map(() => -1), 3]), ({ shape, at }) => ({
    shape: [2, ...shape, 3],
    at: (i) => at(i.slice(1, -1)),
  }));
  check(
    "broadcastTo",
    (x) => x.broadcastTo([2, ...x.shape]),
    ({ shape, at }) => ({ shape: [2, ...shape], at: ([_, ...i]) => at(i) }),
  );
});

Deno.test("flip() and diagonal() read backwards and along two axes", () => {
  const flipped = (axes: (x: Plain) => number[]) => (x: Plain): Plain => ({
    shape: x.shape,
    at: (index) => x.at(index.map((i, axis) => axes(x).includes(axis) ? x.shape[axis] - 1 - i : i)),
  });
  check("flip", (x) => x.flip(), flipped(axesOf));
  check("flip(-1)", (x) => x.ndim < 1 ? undefined : x.flip(-1), flipped((x) => [x.shape.length - 1]));
  for (const offset of [0, 1, -1, 5]) {
    check(
      `diagonal(${offset})`,
      (x) => x.ndim < 2 ? undefined : x.diagonal(offset),
      ({ shape: [a, b, ...rest], at }) => {
        const down = Math.max(-offset, 0), right = Math.max(offset, 0);
        return {
          shape: [...rest, Math.max(0, Math.min(a - down, b - right))],
          at: (index) => at([index.at(-1)! + down, index.at(-1)! + right, ...index.slice(0, -1)]),
        };
      },
    );
  }
  assertEquals(numbered([2, 3, 3]).diagonal(0, [-1, 1]).toArray(), [[0, 4, 8], [9, 13, 17]]);
});

Deno.test("views share memory: what is changed in one is seen in the others", () => {
  const x = numbered([2, 3]), y = x.T.slice({ start: 1 }).flip(0);
  y.mul_(10);
  assertEquals(x.toArray(), [[0, 10, 20], [3, 40, 50]]);
  assertEquals(x.view([3, 2]).data === x.data, true);
  assertEquals(y.contiguous().data === y.data, false);
});

Deno.test("view() never copies, and says so where it would have to", () => {
  assertEquals(numbered([2, 6]).view([2, 3, -1]).shape, [2, 3, 2]);
  assertEquals(numbered([4, 3]).slice({ step: 2 }).view([2, 3, 1]).strides.slice(0, 2), [6, 1]);
  assertThrows(
    () => numbered([2, 3]).T.view([6]),
    GradusError,
    "Cannot view a tensor of shape (3, 2) as (6,): its strides are (1, 3), elements would have to be copied, which reshape() does",
  );
});

Deno.test("a view followed by its inverse is the same elements, for random chains of them", () => {
  for (let seed = 0; seed < 200; seed++) {
    const x = numbered([2, 3, 4]), random = [...Tensor.randint(0, 6, [6], { seed }).data as Int32Array];
    const inverses: ((y: Tensor) => Tensor)[] = [];
    let y = x;
    for (const choice of random) {
      const { shape, ndim } = y, axis = seed % Math.max(ndim, 1);
      const [next, inverse]: [Tensor, (y: Tensor) => Tensor] = [
        () => [y.T, (z: Tensor) => z.T],
        () => [y.flip(ndim ? axis : []), (z: Tensor) => z.flip(ndim ? axis : [])],
        () => [y.unsqueeze(axis), (z: Tensor) => z.squeeze(axis)],
        () => [y.reshape([-1]), (z: Tensor) => z.reshape(shape)],
        () => [y.moveaxis(0, -1), (z: Tensor) => z.moveaxis(-1, 0)],
        () => [y.roll(2, ndim - 1), (z: Tensor) => z.roll(-2, ndim - 1)],
      ][choice]() as never;
      inverses.unshift(inverse);
      y = next;
    }
    const back = inverses.reduce((z, inverse) => inverse(z), y);
    assertEquals(back.toArray(), x.toArray(), `seed ${seed}`);
  }
});

Deno.test("gradients of views are right to the second order", () => {
  const f = (x: Tensor) =>
    x.T.flip(0).slice({ step: 2 }).unsqueeze(1).expand([-1, 2, -1]).reshape([-1]).square().mul(x.diagonal().sum())
      .sum();
  const x = numbered([3, 3]).mul(0.3).add(1);
  assert(checkGradients(([x]: Tensor[]) => f(x), [x]).passed);
  const h = hessian(f)(x).reshape([9, 9]);
  assertEquals(elementsOf(plainOf(h)), elementsOf(plainOf(h.T)));
  assert(h.square().sum().item() > 0);
});

Deno.test("what is no view is refused in a sentence", () => {
  const x = numbered([2, 3]);
  const cases: [() => unknown, string][] = [
    [() => x.reshape([4]), "Cannot reshape a tensor of 6 elements as (4,): that is 4, as many are needed"],
    [
      () => x.reshape([4, -1]),
      "Cannot reshape a tensor of 6 elements as (4, -1): that is a multiple of 4, as many are needed",
    ],
    [
      () => x.reshape([-1, -1]),
      "Cannot reshape a tensor: the shape has the size -1, whole numbers from 0 on are needed",
    ],
    [() => x.reshape(6 as never), "Cannot reshape a tensor: the shape is 6, an array of sizes is needed"],
    [() => x.permute([0, 0]), "Cannot permute a tensor of shape (2, 3) by (0, 0): each axis is needed once"],
    [() => x.transpose(0, 2), "Cannot transpose a tensor: there is no axis 2, -2 to 1 is needed"],
    [() => x.expand([4, 3]), "Cannot expand tensors of shapes (2, 3) and (4, 3)"],
    [() => x.expand([3]), "Cannot expand a tensor of shape (2, 3) to (3,): only axes of size 1 can be stretched"],
    [() => x.diagonal(0, [1, 1]), "Cannot take a diagonal of a tensor: axis 1 is given twice, two axes are needed"],
    [() => x.flatten(1, 0), "Cannot flatten axes 1 to 0 of a tensor of shape (2, 3): the first lies behind the last"],
  ];
  for (const [f, message] of cases) assertThrows(f, GradusError, message);
});

Deno.test("permute() and diagonal() refuse what is no array of axes and no whole number", () => {
  const x = Tensor.ones([2, 3]);
  // @ts-expect-error: axes are given as an array.
  assertThrows(() => x.permute(1, 0), GradusError, "an array of axes is needed");
  assertThrows(() => x.diagonal(0.5), GradusError, "a whole number is needed");
});

Deno.test("flatten() of a single element knows one axis, and refuses others", () => {
  assertEquals(Tensor.from(3).flatten(0, 0).toArray(), [3]);
  assertThrows(
    () => Tensor.from(3).flatten(0, -2),
    GradusError,
    "Cannot flatten a tensor: there is no axis -2, -1 to 0 is needed",
  );
});

Deno.test("view() looks past axes of size 1, whatever their strides", () => {
  const x = numbered([2, 2]);
  assertEquals(x.slice(":", null).view([4]).toArray(), [0, 1, 2, 3]);
  assertEquals(x.slice(":", { start: 1 }).view([2]).toArray(), [1, 3]);
  assertEquals(x.slice({ start: 1 }, null).view([1, 2, 1]).toArray(), [[[2], [3]]]);
});
