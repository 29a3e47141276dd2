/** Random programs of values against the plainest reverse mode there is: objects, a topological order, no tape. */
import { assert } from "@std/assert";
import { Random, Value } from "../mod.ts";

/** A number, what it depends on with the partial derivatives, and its gradients: of the last pass, and added up. */
class Node {
  grad = 0;
  total = 0;
  isFreed = false;

  constructor(readonly data: number, readonly parents: readonly (readonly [Node, number])[] = []) {}
}

/** The nodes that `root` depends on, itself last. */
function order(root: Node): Node[] {
  const sorted: Node[] = [], seen = new Set([root]), stack = [{ node: root, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    if (top.next === top.node.parents.length) sorted.push(stack.pop()!.node);
    else {
      const [parent] = top.node.parents[top.next++];
      if (!seen.has(parent)) stack.push({ node: parent, next: 0 });
      seen.add(parent);
    }
  }
  return sorted;
}

function differentiate(root: Node): Node[] {
  const nodes = order(root);
  for (const node of nodes) node.grad = 0;
  root.grad = 1;
  for (const node of nodes.toReversed()) for (const [parent, d] of node.parents) parent.grad += d * node.grad;
  for (const node of nodes) if (node.parents.length === 0) node.total += node.grad;
  return nodes;
}

type Pair = { value: Value; node: Node };

/** One operation on two earlier values, by both ways of computing. */
function operate({ value: a, node: x }: Pair, { value: b, node: y }: Pair, which: number): Pair {
  const tanh = Math.tanh(x.data);
  switch (which) {
    case 0:
      return { value: a.add(b), node: new Node(x.data + y.data, [[x, 1], [y, 1]]) };
    case 1:
      return { value: a.mul(b), node: new Node(x.data * y.data, [[x, y.data], [y, x.data]]) };
    case 2:
      return { value: a.tanh(), node: new Node(tanh, [[x, 1 - tanh * tanh]]) };
    case 3:
      return { value: a.mul(0.5).sub(1), node: new Node(x.data * 0.5 - 1, [[x, 0.5]]) };
    case 4:
      return { value: Value.sum([a, b, a]).tanh(), node: sumTanh(x, y) };
    default:
      return { value: a.detach(), node: new Node(x.data) };
  }
}

function sumTanh(x: Node, y: Node): Node {
  const data = Math.tanh(2 * x.data + y.data), d = 1 - data * data;
  return new Node(data, [[x, 2 * d], [y, d]]);
}

/** Errors of the last bit grow with the products of a long program. */
function assertNear(actual: number, expected: number, what: string): void {
  assert(Math.abs(actual - expected) <= 1e-5 * (1 + Math.abs(expected)), `${what} is ${actual} instead of ${expected}`);
}

/** Runs one random program: recording, reading, backward passes, freeing, and tapes that fill up in between. */
function runProgram(seed: number): void {
  const random = new Random(seed), at = `of program ${seed}`;
  const pairs: Pair[] = Array.from({ length: 4 }, () => {
    const data = random.uniform(-1, 1);
    return { value: new Value(data), node: new Node(data) };
  });
  const pick = () => {
    const usable = pairs.filter(({ node }) => !node.isFreed);
    return usable[random.uniform() < 0.5 ? usable.length - 1 - random.integer(4) : random.integer(usable.length)];
  };
  for (let left = 20 + random.integer(600); left > 0; left--) {
    const { value, node } = pick(), what = random.integer(40);
    if (what === 0) assertNear(value.data, node.data, `a value ${at}`);
    else if (what === 1) { for (let i = 0; i < 300; i++) value.add(i); }
    else if (what === 2 || (what === 3 && node.parents.length > 0)) {
      const nodes = new Set(differentiate(node));
      if (what === 2) value.backward();
      else value.backwardAndFree();
      for (const { value, node } of pairs) {
        const isLeaf = node.parents.length === 0;
        if (isLeaf) assertNear(value.grad, node.total, `the gradient of a leaf ${at}`);
        else if (nodes.has(node) && what === 2) assertNear(value.grad, node.grad, `a gradient in between ${at}`);
        else if (nodes.has(node)) node.isFreed = true;
      }
      for (const { node } of pairs) if (node.parents.some(([parent]) => parent.isFreed)) node.isFreed = true;
    } else {
      const made = operate({ value, node }, pick(), random.integer(6));
      if (Math.abs(made.node.data) < 100) pairs.push(made);
    }
  }
}

Deno.test("Random programs of values have the values and gradients of a plain reference", () => {
  for (let seed = 0; seed < 400; seed++) runProgram(seed);
});
