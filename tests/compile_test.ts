import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Op, opNames } from "../src/bindings.ts";
import { compile } from "../src/compile.ts";
import { Program } from "../src/program.ts";
import { Trace } from "../src/trace.ts";
import { placeOf, valueOf } from "../src/value.ts";
import { expr, grad, GradusError, hessian, MLP, Random, SGD, Value, valueAndGrad, ValueMLP } from "../mod.ts";
import { testNeeding } from "./_machine.ts";
import { internalOps } from "./_reference.ts";

const testWithSpeed = testNeeding("speed");

type Operation = (...operands: (Value | number)[]) => Value;

const methods = Value.prototype as unknown as Record<string, Operation>;

/** What f gives for numbers without being compiled. */
function plain(f: (x: Value[]) => Value, x: readonly number[]): number {
  return f(x.map((number) => new Value(number))).data;
}

/** Numbers that try every branch: of all sizes and signs, zeros, infinities, NaN. */
const tricky = [0, -0, 1, -1, 0.5, -0.5, 2, -3, 1e-300, -1e-8, 40, -40, 800, 1e300, Infinity, -Infinity, NaN];

for (const name of opNames.filter((name) => !internalOps.includes(name))) {
  Deno.test(`Value.compile() gives the bits of Value.${name}(), for one input and for rows`, () => {
    const count = Op[name as keyof typeof Op] >= Op.add ? 2 : 1;
    const f = (x: Value[]) => methods[name].call(x[0], ...x.slice(1));
    const compiled = Value.compile(f, count);
    const inputs = count === 1 ? tricky.map((a) => [a]) : tricky.flatMap((a) => tricky.map((b) => [a, b]));
    const rows = compiled(new Float64Array(inputs.flat()));
    inputs.forEach((x, i) => {
      assertEquals(compiled(x), plain(f, x), `${name}(${x})`);
      assertEquals(rows[i], plain(f, x), `${name}(${x}) in rows`);
    });
  });

  Deno.test(`Value.compile().grad of Value.${name}() is that of grad(), for one input and for rows`, () => {
    const count = Op[name as keyof typeof Op] >= Op.add ? 2 : 1;
    const f = (x: Value[]) => methods[name].call(x[0], ...x.slice(1)), compiled = Value.compile(f, count);
    const random = new Random(1);
    const inputs = Array.from({ length: 70 }, () => Array.from({ length: count }, () => random.uniform(0.2, 1.5)));
    const rows = compiled.grad(new Float64Array(inputs.flat()));
    inputs.forEach((x, i) => {
      const expected = grad(f)(x).map(Number);
      assertEquals(compiled.grad(x), expected);
      assertEquals([...rows.subarray(i * count, (i + 1) * count)], expected);
    });
  });
}

/** A random expression of four inputs, with shared parts, constants, and every kind of operation. */
function randomFunction(seed: number): (x: Value[]) => Value {
  return (x) => {
    const random = new Random(seed), values: (Value | number)[] = [...x, 0.5, -1.25, 2];
    const pick = () => values[Math.floor(random.uniform(0, values.length))];
    for (let i = 0; i < 60; i++) {
      const a = pick(), b = pick();
      const value = a instanceof Value ? a : Value.sub(a, 0);
      const choices: (() => Value)[] = [
        () => value.add(b),
        () => value.mul(b),
        () => Value.sub(b, value),
        () => value.tanh(),
        () => value.max(b),
        () => value.sigmoid().div(value.square().add(1)),
        () => value.sin(),
        () => value.relu(),
        () => value.abs().add(0.1).log(),
        () => value.min(3).exp(),
      ];
      values.push(choices[Math.floor(random.uniform(0, choices.length))]());
    }
    return Value.sum(values.slice(-8)).tanh();
  };
}

Deno.test("Value.compile() of random expressions gives the bits of the expression, and its gradient", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const f = randomFunction(seed), compiled = Value.compile(f, 4), random = new Random(1000 + seed);
    const count = 1 + seed * 3 % 140, rows = Float64Array.from({ length: 4 * count }, () => random.uniform(-2, 2));
    const [values, gradients] = compiled.valueAndGrad(rows);
    for (const row of new Set([0, Math.floor(count / 2), count - 1])) {
      const x = [...rows.subarray(4 * row, 4 * row + 4)], [value, gradient] = valueAndGrad(f)(x);
      assertEquals([compiled(x), values[row]], [value.data, value.data], `seed ${seed}`);
      const leaves = x.map((number) => new Value(number));
      f(leaves).backward();
      gradient.forEach((expected, j) => {
        // Shared parts add up in another order than on a tape.
        const size = 1e-9 * Math.max(1, Math.abs(expected.data));
        assertAlmostEquals(gradients[4 * row + j], leaves[j].grad, size, `seed ${seed}, input ${j}`);
        assertAlmostEquals(compiled.grad(x)[j], leaves[j].grad, size);
      });
    }
  }
});

Deno.test("Value.compile() gives the same bits for a row wherever it stands", () => {
  const f = Value.compile(randomFunction(3), 4), random = new Random(5);
  const rows = Float64Array.from({ length: 4 * 131 }, () => random.uniform(-2, 2)),
    all = f(rows),
    slopes = f.grad(rows);
  for (const count of [1, 2, 7, 8, 9, 63, 64, 65, 130]) {
    assertEquals(f(rows.slice(0, 4 * count)), all.slice(0, count));
    assertEquals(f.grad(rows.slice(0, 4 * count)), slopes.slice(0, 4 * count));
  }
  assertEquals([...all].slice(0, 5), Array.from({ length: 5 }, (_, i) => f([...rows.subarray(4 * i, 4 * i + 4)])));
  assertEquals(f(new Float64Array(0)), new Float64Array(0));
});

Deno.test("Value.compile() takes and gives one value or lists, in the same shape", () => {
  const one = Value.compile((x: Value) => x.square());
  assertEquals([one(3), one.grad(3), one.valueAndGrad(3)], [9, 6, [9, 6]]);
  const several = Value.compile((x: Value) => [x, x.square(), new Value(7)]);
  assertEquals([several(3), several.grad(3)], [[3, 9, 7], [1, 6, 0]]);
  const list = Value.compile(([a, b]) => a.mul(b), 2);
  assertEquals([list([2, 5]), list.grad([2, 5])], [10, [5, 2]]);
  const lists = Value.compile(([a, b]) => [a.mul(b), a.add(b)], 2);
  assertEquals([lists([2, 5]), lists.grad([2, 5])], [[10, 7], [[5, 2], [1, 1]]]);
  assertEquals(lists.valueAndGrad(new Float64Array([2, 5, 1, 3])), [
    new Float64Array([10, 7, 3, 4]),
    new Float64Array([5, 2, 1, 1, 3, 1, 1, 1]),
  ]);
  assertEquals([lists.inputs, lists.outputs, lists.operations], [2, 2, 2]);
  assertEquals([String(lists), Deno.inspect(lists)], new Array(2).fill("CompiledFunction(2 → 2, operations=2)"));
});

Deno.test("Value.compile() computes constants beforehand, shared parts once, and what is not needed not at all", () => {
  const operations = (f: (x: Value[]) => Value) => Value.compile(f, 2).operations;
  assertEquals(operations(([a]) => a.add(new Value(2).exp().log().mul(3))), 1);
  assertEquals(operations(([a, b]) => a.mul(b).add(b.mul(a)).add(a.mul(b))), 3);
  assertEquals(operations(([a, b]) => (b.exp().tanh(), a.sin())), 1);
  assertEquals(operations(([a, b]) => a.mul(1).sub(0).div(1).pow(1).mul(b)), 1);
  const w = Value.persistent(3);
  assertEquals(operations(([a]) => a.mul(w.exp().mul(2).add(w))), 1);
  // … but nothing that would change a bit.
  const f = Value.compile(([a, b]) => a.mul(0).add(b.add(0)), 2);
  assertEquals([f([Infinity, 1]), f([1, -0])], [NaN, 0]);
});

Deno.test("Value.compile() of derivatives, of any order", () => {
  const f = Value.compile((x: Value) => grad(grad((x: Value) => x.sin().mul(x)))(x));
  assertAlmostEquals(f(0.5), 2 * Math.cos(0.5) - 0.5 * Math.sin(0.5), 1e-15);
  const h = Value.compile((x: Value[]) => hessian(([a, b]) => a.square().mul(b.exp()))(x).flat(), 2);
  assertEquals(h([3, 0]), [2, 6, 6, 9]);
  const kinks = Value.compile((x: Value[]) => grad(([a, b]) => a.relu().add(b.abs()).add(a.max(b)))(x), 2);
  assertEquals([kinks([2, -3]), kinks([-2, 3]), kinks([-1, -1])], [[2, -1], [0, 2], [0.5, -0.5]]);
  const created = Value.compile((x: Value) => {
    x.pow(3).backward({ createGraph: true });
    return x.gradValue!;
  });
  assertEquals([created(2), created.grad(2)], [12, 12]);
});

/** The program of a function, as it is within. */
function programOf(f: (x: Value[]) => Value, count: number): Program {
  const trace = new Trace(count);
  const y = trace.record(() => placeOf(f(trace.unknowns.map((home) => valueOf({ home, slot: 0 })))));
  return new Program(trace, { first: [y] }, () => true);
}

Deno.test("Value.compile() leaves out signs: sums take over what was negated", () => {
  const operations = (f: (x: Value[]) => Value) => Value.compile(f, 2).operations;
  assertEquals(operations(([a, b]) => a.add(b.neg())), 1);
  assertEquals(operations(([a, b]) => a.neg().add(b)), 1);
  assertEquals(operations(([a, b]) => a.sub(b.neg())), 1);
  assertEquals(operations(([a, b]) => a.neg().mul(b.neg())), 1);
  assertEquals(operations(([a, b]) => a.neg().div(b.neg())), 1);
  assertEquals(operations(([a, b]) => a.sub(b.neg().mul(a).div(b).neg().neg())), 3);
  assertEquals(operations(([a]) => a.neg().neg()), 0);
  const w = Value.persistent(3);
  for (const u of [w, w.neg(), 3, -3]) {
    assertEquals(operations(([a]) => a.neg().mul(u)), 1);
    assertEquals(operations(([a]) => a.mul(u)), 1);
    assertEquals(operations(([a]) => a.neg().div(u)), 1);
    assertEquals(operations(([a]) => Value.div(u, a.neg())), 1);
  }
  const numbers = [0, -0, 1.1, -1e-300, 3e300, Infinity, -Infinity, NaN];
  const f = ([a, b]: Value[]) => [
    ...[a.add(b.neg()), a.neg().add(b), a.neg().add(b.neg()), a.sub(b.neg()), a.neg().sub(b), a.neg().sub(b.neg())],
    ...[a.neg().mul(b), a.mul(b.neg()), a.neg().mul(b.neg()), a.neg().div(b), a.div(b.neg()), a.neg().div(b.neg())],
    ...[a.neg().neg(), a.neg().square(), a.neg().max(b.neg()), a.neg().mul(b).add(a), a.sub(b.neg().mul(a))],
    ...[a.neg().mul(3), a.neg().div(-3), Value.div(-2, a.neg()), a.neg().mul(0), a.neg().div(new Value(2).neg())],
  ];
  const compiled = Value.compile(f, 2), inputs = numbers.flatMap((a) => numbers.map((b) => [a, b]));
  const rows = compiled(new Float64Array(inputs.flat()));
  inputs.forEach((x, i) => {
    const expected = f(x.map((number) => new Value(number))).map(Number), count = expected.length;
    expected.forEach((y, k) => {
      assert(Object.is(compiled(x)[k], y), `${k} of ${x}`);
      assert(Object.is(rows[i * count + k], y), `${k} of ${x} in rows`);
    });
  });
});

Deno.test("Value.compile() keeps the two zeros apart", () => {
  const isSame = (f: (x: Value[]) => Value[], x: number[]) => {
    const compiled = Value.compile(f, x.length), expected = f(x.map((number) => new Value(number))).map(Number);
    for (const y of [compiled(x), [...compiled(new Float64Array(x))]]) {
      y.forEach((number, i) => assert(Object.is(number, expected[i]), `output ${i} is ${number}`));
    }
  };
  isSame(([a]) => [a.mul(0), a.mul(-0), a.mul(new Value(-0)), a.mul(new Value(0))], [2]);
  isSame(() => [new Value(0), new Value(-0)], [2]);
  isSame(() => [new Value(-0), new Value(0)], [2]);
  isSame(([a, b]) => [a.max(b), b.max(a), a.min(b), b.min(a)], [0, -0]);
  isSame(([a]) => [a.sub(-0), a.sub(0), a.add(0), a.add(-0), a.sub(new Value(-0)), a.sub(new Value(0))], [-0]);
});

Deno.test("Value.compile() computes the same unary operation once", () => {
  const operations = (f: (x: Value[]) => Value) => Value.compile(f, 2).operations;
  assertEquals(operations(([a]) => a.exp().mul(a.exp())), 2);
  assertEquals(operations(([a, b]) => a.mul(b).tanh().sub(b.mul(a).tanh().square())), 4);
  assertEquals(operations(([a, b]) => a.max(b).add(b.max(a))), 3);
  assertEquals(operations(([a, b]) => a.sub(b).add(b.sub(a).mul(2))), 4);
});

Deno.test("Value.compile() takes numbers on either side, in rows as for one input", () => {
  for (const name of ["add", "sub", "mul", "div", "pow", "max", "min"]) {
    const w = Value.persistent(1.75), op = methods[name];
    const f = ([a]: Value[]) => [op.call(a, 3), op.call(new Value(-2.5), a), op.call(a, w), op.call(w, a)];
    const compiled = Value.compile(f, 1), rows = compiled(new Float64Array(tricky));
    tricky.forEach((x, i) => {
      const expected = f([new Value(x)]).map(Number);
      assertEquals([...rows.subarray(4 * i, 4 * i + 4)], expected, `${name} of ${x}`);
      assertEquals(compiled([x]), expected);
    });
  }
});

Deno.test("A program uses registers again, and runs operations of one kind together", () => {
  const chain = programOf(([a, b]) => {
    for (let i = 0; i < 1000; i++) a = a.sin().mul(b);
    return a;
  }, 2);
  assertEquals([chain.varying, chain.registers, chain.runs], [2000, 3, 0]);
  const wide = programOf((x) => Value.sum(x.map((a) => a.exp())), 40);
  assert(wide.runs >= 1 && wide.registers <= 42);
  const unused = programOf((x) => x[7].exp().sin().cos(), 8);
  assertEquals(unused.registers, 8);
  wide.run(new Array(40).fill(1));
  assertAlmostEquals(wide.output(0), 40 * Math.E, 1e-13);
});

Deno.test("Programs of the same outputs in other groups are not equal", () => {
  const trace = new Trace(1),
    outputs = trace.record(() => [placeOf(valueOf({ home: trace.unknowns[0], slot: 0 }).exp())]);
  const groups = [{ first: outputs }, { second: outputs }, { sums: outputs }];
  const programs = groups.map((group) => new Program(trace, group, () => true));
  assertEquals(programs.map((a) => programs.map((b) => a.equals(b))), [
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ]);
});

Deno.test("A program computes what does not depend on its inputs only when a leaf was set", () => {
  const w = Value.persistent(2), program = programOf(([a]) => a.mul(w.exp().sin().add(1)), 1);
  assertEquals([program.uniform, program.varying], [3, 1]);
  for (let i = 0; i < 10; i++) program.run([i]);
  program.runRows(new Float64Array(100), 100);
  assertEquals(program.uniformRuns, 1);
  w.data = 1;
  program.run([1]);
  program.run([2]);
  assertEquals(program.uniformRuns, 2);
  assertAlmostEquals(program.output(0), 2 * (Math.sin(Math.E) + 1), 1e-15);
});

Deno.test("Value.compile() asks leaves from outside for their numbers at each call", () => {
  const w = Value.persistent(2), f = Value.compile((x: Value) => x.mul(w).add(new Value(5)).add(w.square()));
  assertEquals([f(10), f.grad(10)], [29, 2]);
  w.data = 3;
  assertEquals([f(10), f(new Float64Array([10, 1])), f.grad(10)], [44, new Float64Array([44, 17]), 3]);
  const optimizer = new SGD([w], { learningRate: 1 });
  w.grad = 1;
  optimizer.step();
  assertEquals([w.data, f(10)], [2, 29]);
  assertEquals(Value.compile(([x]) => [w, x, w.mul(2)], 1)([4]), [2, 4, 4]);
});

Deno.test("Value.compile().backward() adds the gradient of the mean to the parameters of the function", () => {
  const model = new ValueMLP(2, [5, 1], { seed: 3, activation: "tanh" }), random = new Random(8);
  const lossOf = ([x, y, target]: (Value | number)[]) => model.forward([x, y])[0].sub(target).square();
  const compiled = Value.compile(lossOf, 3), optimizer = new SGD(model.parameters, { learningRate: 0.1 });
  for (const count of [1, 7, 100]) {
    const rows = Float64Array.from({ length: 3 * count }, () => random.uniform(-1, 1));
    const samples = Array.from({ length: count }, (_, i) => [...rows.subarray(3 * i, 3 * i + 3)]);
    optimizer.zeroGrad();
    const loss = Value.sum(samples.map(lossOf)).div(count);
    loss.backward();
    const expected = model.parameters.map(({ grad }) => grad);
    optimizer.zeroGrad();
    assertAlmostEquals(compiled.backward(rows), loss.data, 1e-14);
    model.parameters.forEach(({ grad }, i) => assertAlmostEquals(grad, expected[i], 1e-14));
    compiled.backward(rows);
    model.parameters.forEach(({ grad }, i) => assertAlmostEquals(grad, 2 * expected[i], 1e-14));
    optimizer.step();
  }
  const before = model.parameters.map(({ grad }) => grad), [x, y, target] = [0.5, -0.25, 1];
  const single = lossOf([x, y, target]);
  assertEquals(compiled.backward([x, y, target]), single.data);
  assert(model.parameters.some(({ grad }, i) => grad !== before[i]));
});

Deno.test("Value.compile().backward() differentiates by what the function has from outside alone", () => {
  const w = Value.persistent(3), unused = Value.persistent(5);
  const f = Value.compile((x: Value) => x.mul(w).mul(new Value(2)).add(unused.mul(0).mul(0)));
  assertEquals(f.backward(new Float64Array([1, 2, 3])), 12);
  assertEquals([w.grad, unused.grad], [4, 0]);
  assertEquals(Value.compile((x: Value) => x.square()).backward(3), 9);
  assertThrows(() => f.backward(new Float64Array(0)), GradusError, "no rows are given");
  const two = Value.compile((x: Value) => [x, x]);
  assertThrows(() => two.backward(1), GradusError, "its function gave a list, one value is needed for backward()");
});

Deno.test("Value.compile() of a function without inputs", () => {
  const w = Value.persistent(3), f = Value.compile(() => w.square(), 0);
  assertEquals([f([]), f.grad([]), f.backward([]), w.grad], [9, [], 9, 6]);
  w.data = 4;
  assertEquals(f([]), 16);
});

Deno.test("Value.compile() keeps the numbers of results from outside", () => {
  const a = new Value(3), result = a.square(), f = Value.compile((x: Value) => x.mul(result));
  a.data = 5;
  assertEquals(f(2), 18);
});

Deno.test("Value.compile().backward() refuses results from outside, through which no gradient would flow", () => {
  const a = new Value(3), result = a.square(), w = Value.persistent(2), rows = new Float64Array([1, 2]);
  const f = Value.compile((x: Value) => x.mul(result).mul(w));
  assertEquals([f(2), f.grad(2), f(rows), f.grad(rows)], [
    36,
    18,
    new Float64Array([18, 36]),
    new Float64Array([18, 18]),
  ]);
  for (const x of [2, rows]) {
    assertThrows(
      () => f.backward(x as number),
      GradusError,
      "Cannot call the compiled function: it uses a result that was computed outside of it, through which no gradient flows; " +
        "compute it inside the function, or detach() it",
    );
  }
  assertThrows(() => Value.compile((_: Value) => result).backward(1), GradusError, "computed outside");
  assertEquals([a.grad, w.grad], [0, 0]);
  const detached = result.detach();
  assertEquals(Value.compile((x: Value) => x.mul(detached).mul(w)).backward(2), 36);
  assertEquals([a.grad, w.grad], [0, 18]);
  // What the result does not need does not matter.
  assertEquals(Value.compile((x: Value) => (x.mul(result), x.mul(w))).backward(2), 4);
});

Deno.test("Value.compile() of a network of values gives what the network gives, and its MLP", () => {
  const model = new ValueMLP(3, [8, 8, 2], { seed: 4, activation: "tanh" }), mlp = model.toMLP();
  const f = Value.compile((x: Value[]) => model.forward(x), 3), random = new Random(2);
  const rows = Float64Array.from({ length: 30 }, () => random.uniform(-1, 1)), outputs = f(rows);
  for (let i = 0; i < 10; i++) {
    const x = [...rows.subarray(3 * i, 3 * i + 3)];
    assertEquals([...outputs.subarray(2 * i, 2 * i + 2)], model.forward(x).map(Number));
    mlp.predict([x])[0].forEach((y, j) => assertAlmostEquals(outputs[2 * i + j], y, 1e-13));
  }
});

testWithSpeed("Value.compile() of a function of a hundred thousand operations", () => {
  const f = Value.compile(([x, y]) => {
    let z = x;
    for (let i = 0; i < 100_000; i++) z = i % 3 === 0 ? z.mul(0.9999) : z.add(y.mul(1e-5 * i));
    return z;
  }, 2);
  let expected = 1.5;
  for (let i = 0; i < 100_000; i++) expected = i % 3 === 0 ? expected * 0.9999 : expected + 0.25 * (1e-5 * i);
  assertEquals([f([1.5, 0.25]), f(new Float64Array([1.5, 0.25]))[0]], [expected, expected]);
  assertAlmostEquals(f.grad([1.5, 0.25])[0], 0.9999 ** 33_334, 1e-12);
});

testWithSpeed(
  "Value.compile() of a function of very many independent operations, and of one result used very often",
  () => {
    const independent = Value.compile((x: Value) => Value.sum(Array.from({ length: 150_000 }, (_, i) => x.mul(i))));
    assertEquals(independent(2), 149_999 * 150_000);
    const shared = Value.compile((x: Value) => {
      const e = x.exp();
      return Value.sum(Array.from({ length: 150_000 }, (_, i) => e.mul(i)));
    });
    assertEquals(shared(0), 149_999 * 75_000);
    const inputs = Value.compile((x: Value[]) => Value.sum(x.map((a) => a.square())), 30_000);
    assertEquals(inputs(new Float64Array(60_000).fill(1)), new Float64Array([30_000, 30_000]));
    assertEquals(inputs.grad(new Array(30_000).fill(3)), new Array(30_000).fill(6));
  },
);

Deno.test("Value.compile() takes formulas, safe operations, softmax and sums", () => {
  const f = (x: Value[]) =>
    Value.sum([
      expr`relu(${x[0]} * ${x[1]} + 1) ** 2`,
      x[0].divSafe(x[1]),
      x[1].logSafe(),
      x[0].powSafe(1.5),
      Value.softmax([...x, 1])[0],
      Value.logSumExp([x[0], 3, x[1]]),
    ]);
  const compiled = Value.compile(f, 2);
  for (const x of [[1, 2], [-1, 0], [0, -3], [1e9, 1e-9]]) assertEquals(compiled(x), plain(f, x));
});

Deno.test("Value.compile() refuses functions whose graph depends on data", () => {
  const refused = (f: (x: Value) => Value, message: string) =>
    assertThrows(() => Value.compile(f), GradusError, message);
  const reads = "Cannot read a value that depends on the inputs of a function which is recorded for all inputs";
  refused((x) => x.data > 0 ? x : x.neg(), reads);
  refused((x) => x.mul(2) > new Value(1) ? x : x.neg(), reads);
  refused((x) => x.square().data === 0 ? x : x.neg(), reads);
  refused((x) => x.mul(Number(x.exp())), reads);
  refused((x) => x.mul(Math.random()), "Cannot compile the function: called twice, it did not do the same");
  let calls = 0;
  refused((x) => calls++ === 0 ? x : x.neg(), "called twice");
  refused((x) => (x.square().backward(), x), "Cannot compute gradients while a function is recorded");
  refused((x) => (x.square().backwardAndFree(), x), "Cannot compute gradients while a function is recorded");
  const model = new MLP(1, [1]);
  refused((x) => model.forward([x])[0], reads);
  refused((x) => x.add(model.forward([new Value(1)])[0]), "Cannot call mlp() in a function that is recorded");
});

Deno.test("Value.compile() refuses functions that differ when they are called again, in whatever", () => {
  const v = Value.persistent(2), w = Value.persistent(3);
  const pairs: [string, (x: Value[]) => Value | Value[], (x: Value[]) => Value | Value[]][] = [
    ["inputs", ([a]) => a.exp(), ([, b]) => b.exp()],
    ["order of inputs", ([a, b]) => a.sub(b), ([a, b]) => b.sub(a)],
    ["operations", ([a]) => a.exp(), ([a]) => a.log()],
    ["constants", ([a]) => a.mul(2), ([a]) => a.mul(3)],
    ["signs of constants", ([a]) => a.mul(0), ([a]) => a.mul(-0)],
    ["leaves", ([a]) => v.mul(a).sub(w), ([a]) => w.mul(a).sub(v)],
    ["leaves and constants", ([a]) => (w.mul(1), a.add(w)), ([a]) => (w.mul(2), a.add(NaN))],
    ["which number is a leaf", ([a]) => a.add(w).sub(NaN), ([a]) => a.add(NaN).sub(w)],
    ["outputs", ([a, b]) => [a.exp(), b.exp()], ([a, b]) => [b.exp(), a.exp()]],
    ["which of the same outputs", ([a, b]) => [a.mul(b), a], ([a, b]) => [a.mul(b), b]],
    ["how many outputs", ([a]) => [a.exp()], ([a]) => [a.exp(), a.exp()]],
    ["lists and values", ([a]) => a, ([a]) => [a]],
  ];
  for (const [what, first, second] of pairs) {
    for (const [f, g] of [[first, second], [second, first]]) {
      let calls = 0;
      const changing = (x: Value[]) => (calls++ === 0 ? f(x) : g(x)) as Value;
      assertThrows(() => Value.compile(changing, 2), GradusError, "called twice, it did not do the same", what);
      Value.compile(f as (x: Value[]) => Value, 2);
    }
  }
});

Deno.test("Value.compile() lets a function read what does not depend on its inputs", () => {
  const w = new Value(2);
  const f = Value.compile((x: Value) => w.mul(3).data > 5 ? x.mul(new Value(4).sqrt().data) : x);
  assertEquals(f(5), 10);
});

Deno.test("Value.compile() of a function that uses a result that is still being recorded", () => {
  const x = new Value(2), shared = x.mul(3), other = x.mul(5);
  const f = Value.compile((y: Value) => y.mul(shared));
  const sum = shared.mul(other).add(shared);
  sum.backward(); // 15x² + 3x
  assertEquals([f(10), sum.data, x.grad, shared.grad, other.grad], [60, 66, 63, 11, 6]);
});

Deno.test("A function that is compiled within another one cannot use the inputs of that", () => {
  const nested = (x: Value) => x.add(Value.compile((y: Value) => y.mul(x))(2));
  assertThrows(() => Value.compile(nested), GradusError, "Cannot read a value that depends on the inputs");
  let leaked: Value | undefined;
  Value.compile((x: Value) => leaked = x);
  assertThrows(() => leaked!.operands[0].mul(2).data, GradusError, "Cannot read a value");
  assertThrows(() => Value.compile((x: Value) => x.add(leaked!)), GradusError, "Cannot read a value");
});

Deno.test("Values can be shown while a function is recorded", () => {
  let shown = "";
  Value.compile((x: Value) => (shown = `${x.exp()} ${new Value(2).mul(3)}`, x));
  assertEquals(shown, "Value(data=?, op=exp) Value(data=6, grad=0, op=mul)");
});

Deno.test("Recording goes on as before after a function that was refused", () => {
  const a = new Value(3), b = a.mul(2);
  assertThrows(() => Value.compile((x: Value) => x.add(b).data > 0 ? x : x), GradusError);
  const c = b.add(a);
  c.backward();
  assertEquals([c.data, a.grad], [9, 3]);
});

Deno.test("A value that left the function it was recorded in has no number", () => {
  let leaked: Value | undefined;
  Value.compile((x: Value) => leaked = x.square());
  const refusals = [() => leaked!.data, () => leaked!.add(1).data, () => leaked!.backward()];
  for (const refused of refusals) assertThrows(refused, GradusError, "Cannot");
  assertEquals(String(leaked), "Value(data=?, op=square)");
  assertEquals(new Value(1).add(2).data, 3);
});

Deno.test("Value.compile() inside of a function that is compiled", () => {
  const outer = Value.compile((x: Value) => {
    const inner = Value.compile((y: Value) => y.square());
    return x.mul(inner(3));
  });
  assertEquals(outer(2), 18);
});

Deno.test("Value.compile() and compiled functions refuse what they cannot use", () => {
  const f = Value.compile(([a, b]) => a.mul(b), 2), g = Value.compile((x: Value) => x.square());
  const cases: [() => unknown, string][] = [
    [() => Value.compile(3 as never), "Cannot compile 3: a function of values is needed"],
    [() => Value.compile((([a, b]: Value[]) => a.mul(b)) as never), "for a list, the number of values is needed, too"],
    [() => Value.compile(((a: Value, b: Value) => a.mul(b)) as never), "it has 2 arguments, one is needed"],
    [() => Value.compile((() => 3) as never), "Cannot compile the function: it gave 3, a Value is needed"],
    [() => Value.compile((() => []) as never, 2), "it gave an empty list"],
    [() => Value.compile(([a]) => a, -1), "Cannot use the number of inputs -1"],
    [() => Value.compile(([a]) => a, 1.5), "Cannot use the number of inputs 1.5"],
    [() => f([1]), "Cannot call the compiled function: 1 inputs are given, a list of 2 numbers is needed"],
    [() => f([1, "2"] as never), 'input 1 is "2"'],
    [() => f(undefined as never), "undefined is given"],
    [() => g([1] as never), "input 0 is an array, a number is needed"],
    [() => f(new Float64Array(3)), "3 numbers are given, a multiple of its 2 inputs is needed"],
    [() => f(new Float32Array(2) as never), "is given, a list of 2 numbers is needed, or a Float64Array of rows"],
  ];
  for (const [call, message] of cases) assertThrows(call, GradusError, message);
});

Deno.test("Compiled functions take any Float64Array, shared or a part of another one", () => {
  const f = Value.compile((x: readonly Value[]): readonly Value[] => [x[0].mul(x[1]), x[0]], 2);
  const shared = new Float64Array(new SharedArrayBuffer(32)), part: Float64Array = new Float64Array(9).subarray(3, 7);
  for (const rows of [shared, part] as Float64Array[]) {
    rows.set([1, 2, 3, 4]);
    const expected = [new Float64Array([2, 1, 12, 3]), new Float64Array([2, 1, 1, 0, 4, 3, 1, 0])];
    assertEquals([f(rows), f.grad(rows)], expected);
    assertEquals(f.valueAndGrad(rows), expected as [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>]);
  }
});

Deno.test("compile() of a function without inputs has one value, and a gradient by its parameters", () => {
  const w = Value.persistent(3);
  const f = compile(() => ({ outputs: [placeOf(w.square())], outputIsList: false }), 0) as unknown as {
    (x: number[]): number;
    grad(x: number[]): number[];
    backward(x: number[]): number;
  };
  assertEquals([f([]), f.grad([]), f.backward([]), w.grad], [9, [], 9, 6]);
  assertThrows(() => f(new Float64Array(0) as never), GradusError, "it has no inputs: an empty list is needed");
});

Deno.test("Compiled functions keep nothing between calls", () => {
  const f = Value.compile(([a, b]) => [a.mul(b), a], 2), rows = new Float64Array([1, 2, 3, 4]);
  const before = f(rows), single = f([5, 6]);
  f(new Float64Array([9, 9]));
  assertEquals([before, single], [new Float64Array([2, 1, 12, 3]), [30, 5]]);
  assert(f(rows) !== f(rows));
  assert(Object.is(rows[0], 1));
});
