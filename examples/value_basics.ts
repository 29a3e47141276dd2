/**
 * Derivatives with `Value`, a number that remembers how it was computed: `backward()` walks through that history once and
 * gives every number in it its derivative.
 *
 *     deno task example examples/value_basics.ts
 *
 * ```text
 * x·y + z = 4, by x -3, by y 2, by z 1
 * two squares of side 3: 18, by the side 12
 * and one more: 18
 * that one alone: 6
 * 1 − 3 = -2, 1 / 3 = 0.3333, 2³ = 8
 * Value(weight, data=0.5, grad=2)
 * g = 24.7041, by a 138.8338, by b 645.5773
 * ```
 */
import { Value } from "@gradus/gradus";

// How would the result change if one of these three changed a little?
const x = new Value(2), y = new Value(-3), z = new Value(10);
const product = x.mul(y).add(z);
product.backward();
console.log(`x·y + z = ${product.data}, by x ${x.grad}, by y ${y.grad}, by z ${z.grad}`);

// A value may be used as often as you like: every use counts.
const side = new Value(3);
const area = side.square();
area.add(area).backward();
console.log(`two squares of side 3: ${area.data + area.data}, by the side ${side.grad}`);

// What leaves receive adds up over the calls of backward(), until it is set to 0.
area.backward();
console.log(`and one more: ${side.grad}`);
side.zeroGrad();
area.backward();
console.log(`that one alone: ${side.grad}`);

// Operations take plain numbers, too. Where a number comes first, there are static forms.
const [minus, over, power] = [Value.sub(1, side), Value.div(1, side), Value.pow(2, side)];
console.log(`1 − 3 = ${minus.data}, 1 / 3 = ${over.data.toFixed(4)}, 2³ = ${power.data}`);

// Persistent values are meant to last, like the weights of a network. They stay when a graph is released at once;
// usually you need not release anything, since a graph that is no longer referred to is collected.
const weight = Value.persistent(0.5, "weight");
weight.mul(4).log().backwardAndFree();
console.log(weight);

// The expression from the README of micrograd (A. Karpathy), where every operation meets the others.
const a = new Value(-4), b = new Value(2);
let c = a.add(b);
let d = a.mul(b).add(b.pow(3));
c = c.add(c).add(1);
c = c.add(c).add(1).sub(a);
d = d.mul(3).add(b.add(a).relu());
d = d.mul(4).add(b.sub(a).relu());
const f = c.sub(d).square();
const g = f.div(2).add(Value.div(10, f));
g.backward();
const answer = `g = ${g.data.toFixed(4)}, by a ${a.grad.toFixed(4)}, by b ${b.grad.toFixed(4)}`;
console.log(answer);

if (answer !== "g = 24.7041, by a 138.8338, by b 645.5773") throw new Error("These are not the README's numbers");
