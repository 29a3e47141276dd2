/**
 * Operations that only move elements, for tests: what they give is told by an array that is written down by indices alone, and
 * since the elements are their own numbers, what was moved where tells the gradient, too.
 */
import { assertEquals } from "@std/assert";
import { Random, Tensor } from "../mod.ts";

/** Elements by their indices: y[…] of a shape, without strides and memory. */
export interface Plain {
  readonly shape: readonly number[];
  readonly at: (index: readonly number[]) => number;
}

/** All indices of a shape, in order. */
export function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** The elements of a tensor by their indices, read through nested arrays. */
export function plainOf(x: Tensor): Plain {
  const nested = x.toArray();
  // deno-lint-ignore no-explicit-any
  return { shape: x.shape, at: (index) => Number(index.reduce((part: any, i) => part[i], nested)) };
}

export function elementsOf({ shape, at }: Plain): number[] {
  return indicesOf(shape).map(at);
}

/** 0, 1, 2, … in a shape: each element is its own number. */
export function numbered(shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return Tensor.arange(size, undefined, { dtype: "float64" }).reshape(shape);
}

/** Views of 0, 1, 2, … in many ways: as they lie, turned, reversed, cut out with steps, stretched, of other axes. */
export function viewsOf(shape: readonly number[]): Tensor[] {
  const n = shape.length, wider = shape.map((size) => 2 * size + 1);
  const views = [
    numbered(shape),
    numbered([...shape].reverse()).T,
    numbered(shape).flip(),
    numbered(wider).slice(...shape.map((size) => ({ start: 1, stop: 2 * size, step: 2 }))),
    numbered(wider).slice(
      ...shape.map((size) => ({ start: 2 * size - 1, stop: size === 0 ? 0 : -2 * size - 2, step: -2 })),
    ),
    numbered([3, ...shape]).select(0, 1),
  ];
  if (n > 0) views.push(numbered([...shape.slice(0, -1), 1]).expand([...shape]));
  return views;
}

/** Compares what an operation gives with what is written down, and its gradient with what it has moved. */
export function checkMove(x: Tensor, move: (x: Tensor) => Tensor, expected: (x: Plain) => Plain, what: string): void {
  const leaf = x.detach();
  leaf.requiresGrad = true;
  const y = move(leaf), plain = expected(plainOf(x));
  assertEquals(y.shape, [...plain.shape], what);
  assertEquals(elementsOf(plainOf(y)), elementsOf(plain), what);
  // Each place of x by a number of its own, to see where it went.
  const places = numbered(x.shape), moved = elementsOf(plainOf(move(places)));
  const random = new Random(1), weights = Float64Array.from(moved, () => Math.round(random.uniform(-8, 8)));
  y.backward(Tensor.from(weights, { shape: y.shape }));
  const gradient = new Array<number>(x.size).fill(0);
  moved.forEach((place, i) => gradient[place] += weights[i]);
  assertEquals(elementsOf(plainOf(leaf.grad!)), gradient, `${what}: gradient`);
}
