/**
 * micrograd in plain TypeScript: objects with a number, a gradient and a closure that hands the gradient on. It is the
 * reference for measurements (value_bench.ts) and tests; nothing of the library is used.
 *
 * After A. Karpathy's micrograd, engine.py, with tanh, exp and log besides. As there, a difference is a sum with a negated
 * operand and a quotient a product with a power of −1.
 */

function nothing(): void {}

/** A number that is computed at once and remembers how. */
export class PlainValue {
  data: number;
  grad = 0;
  /** Hands the gradient on to the operands. */
  propagate: () => void = nothing;
  /** An array where micrograd has a set: it is faster to make, and the search below passes over what it has visited. */
  readonly operands: readonly PlainValue[];

  constructor(data: number, operands: readonly PlainValue[] = []) {
    this.data = data;
    this.operands = operands;
  }

  add(x: PlainValue | number): PlainValue {
    const other = typeof x === "number" ? new PlainValue(x) : x;
    const out = new PlainValue(this.data + other.data, [this, other]);
    out.propagate = () => {
      this.grad += out.grad;
      other.grad += out.grad;
    };
    return out;
  }

  mul(x: PlainValue | number): PlainValue {
    const other = typeof x === "number" ? new PlainValue(x) : x;
    const out = new PlainValue(this.data * other.data, [this, other]);
    out.propagate = () => {
      this.grad += other.data * out.grad;
      other.grad += this.data * out.grad;
    };
    return out;
  }

  pow(exponent: number): PlainValue {
    const out = new PlainValue(this.data ** exponent, [this]);
    out.propagate = () => {
      this.grad += exponent * this.data ** (exponent - 1) * out.grad;
    };
    return out;
  }

  relu(): PlainValue {
    const out = new PlainValue(this.data < 0 ? 0 : this.data, [this]);
    out.propagate = () => {
      this.grad += out.data > 0 ? out.grad : 0;
    };
    return out;
  }

  tanh(): PlainValue {
    const out = new PlainValue(Math.tanh(this.data), [this]);
    out.propagate = () => {
      this.grad += (1 - out.data * out.data) * out.grad;
    };
    return out;
  }

  exp(): PlainValue {
    const out = new PlainValue(Math.exp(this.data), [this]);
    out.propagate = () => {
      this.grad += out.data * out.grad;
    };
    return out;
  }

  log(): PlainValue {
    const out = new PlainValue(Math.log(this.data), [this]);
    out.propagate = () => {
      this.grad += out.grad / this.data;
    };
    return out;
  }

  neg(): PlainValue {
    return this.mul(-1);
  }

  sub(x: PlainValue | number): PlainValue {
    return this.add(typeof x === "number" ? -x : x.neg());
  }

  div(x: PlainValue | number): PlainValue {
    return this.mul(typeof x === "number" ? 1 / x : x.pow(-1));
  }

  /** The gradient of all that this value depends on. It is added to what is there, as in micrograd. */
  backward(): void {
    const order = this.#inOrder();
    this.grad = 1;
    for (let i = order.length - 1; i >= 0; i--) order[i].propagate();
  }

  /** What this value depends on, operands first. The path is a list of our own: recursion would overflow the stack. */
  #inOrder(): PlainValue[] {
    const order: PlainValue[] = [], visited = new Set<PlainValue>([this]);
    const path: PlainValue[] = [this], next: number[] = [0];
    while (path.length > 0) {
      const top = path.length - 1, { operands } = path[top];
      if (next[top] === operands.length) {
        order.push(path.pop()!);
        next.pop();
        continue;
      }
      const operand = operands[next[top]++];
      if (visited.has(operand)) continue;
      visited.add(operand);
      path.push(operand);
      next.push(0);
    }
    return order;
  }
}
