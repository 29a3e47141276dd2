import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  checkGradients,
  grad,
  GradusError,
  hessian,
  hvp,
  jacobian,
  jvp,
  MLP,
  Value,
  valueAndGrad,
  vjp,
} from "../mod.ts";
import { assertClose, isClose, reference, type Tolerance } from "./_reference.ts";

type Operation = (...operands: (Value | number)[]) => Value;

const methods = Value.prototype as unknown as Record<string, Operation>;

const higher = await reference<{
  unary: { name: string; inputs: number[]; derivatives: number[][] }[];
  binary: { name: string; inputs: number[][]; hessians: number[][][] }[];
  records: {
    name: string;
    inputs: number[];
    output: number;
    gradient: number[];
    hessian: number[][];
    direction: number[];
    jvp: number;
    hvp: number[];
    third: number[][][];
  }[];
}>("higher");

/** Fourth derivatives are sums of some dozen terms, which cancel in part. */
const tolerance: Tolerance = { relative: 1e-11, absolute: 1e-12 };

const numbers = (values: Value[]) => values.map(Number);

for (const { name, inputs, derivatives } of higher.unary) {
  Deno.test(`The derivatives of Value.${name}() up to the fourth match PyTorch`, () => {
    inputs.forEach((input, k) => {
      let f = (x: Value) => methods[name].call(x);
      derivatives[k].forEach((expected, order) => {
        const actual = f(new Value(input)).data;
        assert(isClose(actual, expected, tolerance), `order ${order} at ${input} is ${actual} instead of ${expected}`);
        f = grad(f);
      });
    });
  });
}

for (const { name, inputs, hessians } of higher.binary) {
  Deno.test(`The second derivatives of Value.${name}() match PyTorch`, () => {
    const h = hessian(([a, b]) => methods[name].call(a, b));
    inputs.forEach((pair, k) =>
      assertClose(h(pair).flat().map(Number), hessians[k].flat(), tolerance, `${name}(${pair})`)
    );
  });
}

/** The functions of tests/reference/make.py. */
const functions: Record<string, (x: Value[]) => Value> = {
  rosenbrock: (x) =>
    Value.sum(
      x.slice(1).map((next, i) => next.sub(x[i].square()).square().mul(100).add(Value.sub(1, x[i]).square())),
    ),
  network: (x) => {
    const w = Array.from({ length: 13 }, (_, i) => Math.sin(i + 1));
    const hidden = [0, 1, 2].map((i) => Value.dot(w.slice(3 * i, 3 * i + 2), x).add(w[3 * i + 2]).tanh());
    return Value.dot(w.slice(9, 12), hidden).add(w[12]);
  },
  blackScholes: ([spot, strike, rate, volatility, years]) => {
    const spread = volatility.mul(years.sqrt());
    const d1 = spot.div(strike).log().add(rate.add(volatility.square().div(2)).mul(years)).div(spread);
    const discounted = strike.mul(rate.mul(years).neg().exp());
    return spot.mul(d1.normalCdf()).sub(discounted.mul(d1.sub(spread).normalCdf()));
  },
  softChoice: (x) => Value.logSumExp(x).mul(Value.softmax(x)[0]),
};

for (const { name, inputs, ...expected } of higher.records) {
  const f = functions[name];

  Deno.test(`valueAndGrad() and hessian() of ${name} match PyTorch`, () => {
    const [value, gradient] = valueAndGrad(f)(inputs);
    assertClose([value.data], [expected.output], tolerance, "value");
    assertClose(numbers(gradient), expected.gradient, tolerance, "gradient");
    assertClose(hessian(f)(inputs).flat().map(Number), expected.hessian.flat(), tolerance, "Hessian");
  });

  Deno.test(`jvp(), vjp() and hvp() of ${name} match PyTorch`, () => {
    const [value, slope] = jvp(f)(inputs, expected.direction);
    assertClose([value.data, slope.data], [expected.output, expected.jvp], tolerance, "jvp");
    assertClose(numbers(vjp(f)(inputs, 2)[1]), expected.gradient.map((g) => 2 * g), tolerance, "vjp");
    assertClose(numbers(hvp(f)(inputs, expected.direction)), expected.hvp, tolerance, "hvp");
  });

  Deno.test(`The third derivatives of ${name}, a Jacobian of the Hessian, match PyTorch`, () => {
    const third = jacobian((x: Value[]) => hessian(f)(x).flat())(inputs);
    assertClose(third.flat().map(Number), expected.third.flat(2), tolerance, "third");
  });
}

Deno.test("grad() can be applied any number of times", () => {
  let f = (x: Value) => x.sin();
  for (let order = 0; order < 10; order++) f = grad(f);
  assertAlmostEquals(f(new Value(0.7)).data, -Math.sin(0.7), 1e-15);
  let g = (x: Value) => x.pow(5);
  for (let order = 0; order < 5; order++) g = grad(g);
  assertEquals([g(new Value(3)).data, grad(g)(3).data], [120, 0]);
});

Deno.test("grad() of a function that uses an outer variable takes it as a constant, and can be differentiated by it", () => {
  // d/dx (x · d/dy (x + y)) = 1, not 2: y stands for x, but x itself is a constant there.
  const f = (x: Value) => x.mul(grad((y: Value) => x.add(y))(x));
  assertEquals(grad(f)(3).data, 1);
  // d/dx (d/dy (x² · y³) at y = x) = d/dx 3x⁴
  assertEquals(grad((x: Value) => grad((y: Value) => x.square().mul(y.pow(3)))(x))(2).data, 12 * 8);
});

Deno.test("grad() adds nothing to the gradient of any value", () => {
  const w = Value.persistent(3), x = new Value(2), v = new Value(5);
  const [slope] = grad(([x]) => x.square().mul(w))([x]);
  hvp(([x]) => x.pow(3).mul(w))([x], [v]);
  assertEquals([slope.data, x.grad, w.grad, v.grad], [12, 0, 0, 0]);
  slope.backward(); // 2·w·x
  assertEquals([x.grad, w.grad], [6, 4]);
});

Deno.test("Derivatives of what does not depend on an input are 0", () => {
  assertEquals(numbers(grad(([a]) => a.mul(2))([1, 5, 7])), [2, 0, 0]);
  assertEquals(numbers(grad(() => new Value(3))([1])), [0]);
  assertEquals(jacobian((x: Value) => [x, new Value(1)])(4).map(Number), [1, 0]);
  assertEquals(numbers(grad(([a]) => a)([1])), [1]);
  assertEquals(hessian(([a, b]) => a.add(b))([1, 2]).map(numbers), [[0, 0], [0, 0]]);
});

Deno.test("Functions of one value and of lists have derivatives of their shape", () => {
  const x = 0.5;
  assertEquals(jacobian((x: Value) => x.square())(x).data, 1);
  assertEquals(jacobian(([a]) => a.square())([x]).map(Number), [1]);
  assertEquals(jacobian((x: Value) => [x.square(), x])(x).map(Number), [1, 1]);
  assertEquals(hessian((x: Value) => x.square())(x).data, 2);
  assertEquals(hvp((x: Value) => x.pow(3))(2, 10).data, 120);
  assertEquals(jvp((x: Value) => [x, x.square()])(3, 2).map((y) => numbers(y)), [[3, 9], [2, 12]]);
  const [, pulled] = vjp((x: Value) => [x, x.square()])(3, [1, 10]);
  assertEquals(pulled.data, 61);
});

Deno.test("jvp() and hvp() can be differentiated by the direction", () => {
  const v = new Value(2);
  jvp(([a, b]) => a.mul(b))([3, 5], [v, 0])[1].backward();
  assertEquals(v.grad, 5);
  v.zeroGrad();
  hvp(([a]) => a.pow(3))([3], [v])[0].backward();
  assertEquals(v.grad, 18);
});

Deno.test("Derivatives that are recorded pass checkGradients()", () => {
  for (const { name, inputs } of higher.records) {
    const weighted = (x: Value[]) => Value.dot(grad(functions[name])(x), x.map((_, i) => i + 1));
    const report = checkGradients(weighted, inputs, { relativeTolerance: 1e-5 });
    assert(report.passed, `${name}: ${report}`);
  }
});

Deno.test("Value.backward({ createGraph: true }) gives gradients that are values, and add up on leaves", () => {
  const x = new Value(2), y = x.pow(3), z = y.mul(x);
  assertEquals(x.gradValue, undefined);
  z.backward({ createGraph: true });
  assertEquals([x.grad, x.gradValue!.data, y.grad, z.grad], [32, 32, 2, 1]);
  z.backward({ createGraph: true });
  assertEquals([x.grad, y.grad], [64, 2]);
  x.gradValue!.backward(); // numbers add up on what was there: 64 + 2·12x²
  assertEquals([x.grad, x.gradValue], [64 + 96, undefined]);
  x.zeroGrad();
  assertEquals([x.grad, x.gradValue], [0, undefined]);
});

Deno.test("A plain backward() replaces gradients that are values", () => {
  const x = new Value(3), y = x.square();
  y.backward({ createGraph: true });
  y.mul(2).backward();
  assertEquals([y.gradValue, y.grad, x.gradValue, x.grad], [undefined, 2, undefined, 6 + 12]);
  y.backward({ createGraph: true });
  y.grad = 7;
  assertEquals([y.gradValue, y.grad], [undefined, 7]);
});

Deno.test("A gradient penalty: the size of a slope can be a part of the loss", () => {
  const w = Value.persistent(0.8), x = new Value(0.5);
  const penalty = (w: number) => (w * (1 - Math.tanh(w * 0.5) ** 2)) ** 2;
  w.mul(x).tanh().backward({ createGraph: true });
  const loss = x.gradValue!.square();
  w.zeroGrad();
  loss.backward();
  assertAlmostEquals(loss.data, penalty(0.8), 1e-15);
  assertAlmostEquals(w.grad, (penalty(0.8 + 1e-6) - penalty(0.8 - 1e-6)) / 2e-6, 1e-9);
});

Deno.test("Recorded derivatives go through graphs that were read, sealed, shared and continued", () => {
  const f = (x: Value) => {
    const a = x.square();
    for (let i = 0; i < 300; i++) a.add(i); // fills the tape, so that reading seals it
    assert(a.data > 0);
    const b = a.mul(x); // x³
    for (let i = 0; i < 300; i++) b.add(i);
    return b.data > 0 ? b.mul(a).add(b) : b; // x⁵ + x³
  };
  assertEquals(f(new Value(2)).data, 40);
  assertEquals(grad(f)(2).data, 80 + 12);
  assertEquals(grad(grad(f))(2).data, 160 + 12);
  assertEquals(grad(grad(grad(f)))(2).data, 240 + 6);
});

Deno.test("Recorded derivatives span several tapes", () => {
  const f = (x: Value) => {
    let y = x;
    for (let i = 0; i < 200_000; i++) y = y.mul(1.00001).add(1e-6);
    return y.square();
  };
  const slope = 1.00001 ** 200_000, value = f(new Value(1)).data;
  assertAlmostEquals(grad(f)(1).data / (2 * Math.sqrt(value) * slope), 1, 1e-9);
  assertAlmostEquals(grad(grad(f))(1).data / (2 * slope * slope), 1, 1e-9);
});

Deno.test("Recorded derivatives go through several results of one sealed graph", () => {
  for (const seals of [false, true]) {
    const x = new Value(2),
      y = new Value(3),
      sealed = (v: Value): Value => {
        for (let i = 0; i < 300; i++) v.add(i);
        return seals ? (v.data, v) : v;
      };
    const a = x.mul(3), b = y.mul(5);
    sealed(b);
    const sum = a.square().add(b.square());
    sealed(sum).backward({ createGraph: true });
    const [dx, dy] = [x.gradValue!, y.gradValue!];
    assertEquals([dx.data, dy.data], [36, 150]);
    x.zeroGrad();
    y.zeroGrad();
    dx.add(dy).backward();
    assertEquals([x.grad, y.grad], [18, 50]);
    const f = ([x, y]: Value[]) => {
      const a = x.mul(3), b = sealed(y.mul(5));
      return sealed(a.square()).add(b.square());
    };
    assertEquals(hessian(f)([2, 3]).map(numbers), [[18, 0], [0, 50]]);
  }
});

Deno.test("Recorded derivatives span several tapes, of which several results go on", () => {
  const long = (v: Value, n: number): Value => {
    for (let i = 0; i < n; i++) v = v.mul(1);
    return v;
  };
  const f = ([x, y]: Value[]) => {
    const a = long(x.mul(3), 135_000), b = long(y.mul(5), 135_000);
    return a.square().add(b.square());
  };
  assertEquals(hessian(f)([2, 3]).map(numbers), [[18, 0], [0, 50]]);
});

Deno.test("A gradient that is a value is a result: it can be named, drawn, and differentiated itself", () => {
  const x = new Value(3), y = new Value(5, "y");
  const [dx] = grad(([x, y]) => x.mul(y))([x, y]);
  assertEquals([dx.data, dx.op, dx.operands.map(Number)], [5, "mul", [5, 1]]);
  dx.label = "slope";
  dx.backward();
  assertEquals([dx.grad, y.grad, y.label, dx.label], [1, 1, "y", "slope"]);
  x.mul(y).backward({ createGraph: true });
  assertEquals(x.gradValue!.operands.map(Number), [5, 1]);
  y.data = 7;
  assertEquals([x.grad, x.gradValue!.data], [5, 5]);
});

Deno.test("Values that functions get are results: they cannot be set, and a copy is differentiated like them", () => {
  assertEquals(grad((x: Value) => x.clone().square())(3).data, 6);
  assertThrows(() => grad((x: Value) => (x.data = 5, x))(3), GradusError, "Cannot set the data of a result");
  assertEquals(Value.compile((x: Value) => x.clone().mul(2))(3), 6);
  assertThrows(() => Value.compile((x: Value) => (x.data = 5, x)), GradusError, "Cannot set the data of a result");
});

Deno.test("Gradients that are values stay until a backward pass reaches what they are of", () => {
  const x = new Value(2), h = x.square(), y = h.mul(3), other = new Value(1).mul(2);
  y.mul(2).backward({ createGraph: true });
  assertEquals([h.grad, y.grad, h.gradValue!.data], [6, 2, 6]);
  other.backward();
  assertEquals([h.grad, y.grad, other.grad, h.gradValue!.data], [6, 2, 1, 6]);
  y.backward();
  assertEquals([h.grad, h.gradValue, y.grad, other.grad], [3, undefined, 1, 1]);
});

Deno.test("Value.clone() of a leaf has its gradient, also where that is a value", () => {
  const x = new Value(2, "x");
  x.pow(3).backward({ createGraph: true });
  const copy = x.clone();
  assertEquals([copy.data, copy.grad, copy.label, copy.gradValue], [2, 12, "x", undefined]);
});

Deno.test("Recording a function leaves the gradients of what it uses as they were", () => {
  const w = Value.persistent(3);
  w.square().backward({ createGraph: true });
  const f = Value.compile((x: Value) => {
    x.mul(w).backward({ createGraph: true });
    return x.gradValue!.add(w.gradValue!);
  });
  assertEquals([w.grad, w.gradValue!.data], [6, 6]);
  assertEquals(f(10), 3 + 6 + 10); // what the gradient was, when the function was recorded, is a result from outside
  const fresh = Value.persistent(2);
  Value.compile((x: Value) => (x.mul(fresh).backward({ createGraph: true }), x));
  assertEquals([fresh.grad, fresh.gradValue], [0, undefined]);
  fresh.mul(5).backward();
  assertEquals(fresh.grad, 5);
});

Deno.test("Second derivatives at zeros, kinks and poles are those of the formulas", () => {
  const second = (f: (x: Value) => Value, x: number) => grad(grad(f))(x).data;
  assertEquals([second((x) => x.pow(2), 0), second((x) => x.pow(3), 0), second((x) => x.square(), 0)], [2, 0, 2]);
  assertEquals([second((x) => x.relu(), 0), second((x) => x.abs(), 0), second((x) => x.max(0), 0)], [0, 0, 0]);
  assertEquals([second((x) => x.leakyRelu().square(), -1), second((x) => x.relu().square(), 3)], [2e-4, 2]);
  assertEquals(second((x) => Value.pow(2, x), 0), Math.LN2 ** 2);
  assertEquals(second((x) => x.log(), 0), -Infinity);
  // ∂²(a^b)/∂a∂b at b = 0 is 1/a.
  assertEquals(hessian(([a, b]) => a.pow(b))([2, 0])[0][1].data, 0.5);
  assertEquals(numbers(hessian(([a, b]) => a.pow(b))([0, 2])[0]), [2, 0]);
});

Deno.test("Functions that give no values, and inputs that are none, are refused", () => {
  const f = ([a]: Value[]) => a;
  const cases: [() => unknown, string][] = [
    [
      () => grad(3 as never)(1 as never),
      "Cannot form a gradient: it is of 3, a function of values or tensors is needed",
    ],
    [() => grad(((a: Value, b: Value) => a.mul(b)) as never)([1, 2]), "the function has 2 arguments, one is needed"],
    [() => grad((() => 3) as never)([1]), "Cannot form a gradient: the function gave 3, a Value is needed"],
    [() => grad((() => [new Value(1)]) as never)([1]), "gave a list, a single Value is needed; jacobian() takes lists"],
    [() => hvp((() => [new Value(1)]) as never)([1], [1]), "gave a list, a single Value is needed"],
    [() => grad(f)(["1" as never]), 'an input is "1", a Value or a number is needed'],
    [() => jvp(f)([1, 2], [1]), "the direction is a list of 1, a list of 2 is needed"],
    [() => jvp((x: Value) => x)(1, [1] as never), "the direction is an array, a Value"],
    [() => vjp(f)([1, 2], undefined as never), "the direction is undefined, a Value"],
  ];
  for (const [call, message] of cases) assertThrows(call, GradusError, message);
});

Deno.test("Derivatives of higher order through a network without a graph are refused", () => {
  const model = new MLP(1, [1], { seed: 1 });
  assertThrows(
    () => grad((x: Value) => model.forward([x])[0])(1),
    GradusError,
    "Cannot record the derivative of mlp()",
  );
  const x = new Value(1), [y] = model.forward([x]);
  assertThrows(() => y.backward({ createGraph: true }), GradusError, "ValueMLP");
  y.backward();
  assert(x.grad !== 0);
});

Deno.test("Value.backward({ createGraph: true }) refuses freed graphs and unknown options", () => {
  const x = new Value(2), y = x.square();
  y.backwardAndFree();
  assertThrows(() => y.backward({ createGraph: true }), GradusError, "freed");
  assertThrows(() => new Value(1).backward({ retainGraph: true } as never), GradusError, 'no option "retainGraph"');
});
