import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { GradusError } from "../src/error.ts";
import { Random, shuffleStream, Stream } from "../src/random.ts";

const COUNT = 100_000;

function draw(n: number, next: () => number): number[] {
  return Array.from({ length: n }, next);
}

Deno.test("Random.uint32() gives the known answer of Philox4x32-10 for seed 0", () => {
  const random = new Random(0);
  assertEquals(draw(4, () => random.uint32()), [
    0x6627e8d5,
    0xe169c58d,
    0xbc57ac4c,
    0x9b00dbd8,
  ]);
});

Deno.test("Random of seed 42 gives the values of the C twin", () => {
  // The same constants stand in tests/c/rng_test.c.
  let random = new Random(42);
  assertEquals(draw(6, () => random.uint32()), [
    0x9ceaf053,
    0x77f5493b,
    0x12bf50ad,
    0x5742b3d7,
    0xfcdb2127,
    0x53ba6cfd,
  ]);
  random = new Random(42);
  assertEquals(draw(4, () => random.uniform()), [
    0.6129598801477738,
    0.07323173687503892,
    0.9877186516453577,
    0.513906146990624,
  ]);
  random = new Random(42);
  assertEquals(draw(6, () => random.normal()), [
    0.2870418977092747,
    -1.452137151120927,
    2.2482116571565136,
    0.03486460317339283,
    0.9379573310033192,
    0.26045596069706545,
  ]);
  random = new Random(42, Stream.noise);
  assertEquals(draw(6, () => random.integer(3_000_000_000)), [
    1933838451,
    1552428834,
    2806620581,
    1314768730,
    2300174555,
    1692154423,
  ]);
  random = new Random(42, shuffleStream(7));
  assertEquals([...random.permutation(10)], [
    8,
    5,
    3,
    6,
    1,
    4,
    7,
    0,
    2,
    9,
  ]);
});

Deno.test("Random.normal() equals the C twin in every bit of 100,000 numbers", () => {
  const random = new Random(42);
  const view = new DataView(new ArrayBuffer(8));
  let hash = 0x811c9dc5;
  for (let i = 0; i < COUNT; i++) {
    view.setFloat64(0, random.normal());
    hash = Math.imul(hash ^ view.getUint32(4), 0x01000193);
    hash = Math.imul(hash ^ view.getUint32(0), 0x01000193);
  }
  assertEquals(hash >>> 0, 0xacb47ebc);
});

Deno.test("Random uses all 53 bits of the seed and of the stream", () => {
  const first = new Set<number>();
  for (const number of [1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]) {
    first.add(new Random(number).uint32());
    first.add(new Random(0, number).uint32());
  }
  assertEquals(first.size, 10);
});

Deno.test("Random.uniform() stays in its interval and has the moments of a uniform", () => {
  const random = new Random(1);
  const numbers = draw(COUNT, () => random.uniform(-2, 4));
  assert(numbers.every((x) => x >= -2 && x < 4));
  const mean = numbers.reduce((sum, x) => sum + x, 0) / COUNT;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / COUNT;
  // Five standard errors: 5·√(3/10⁵), 5·√(7.2/10⁵).
  assertAlmostEquals(mean, 1, 0.028);
  assertAlmostEquals(variance, 3, 0.043);
});

Deno.test("Random.normal() has the moments of a normal", () => {
  const random = new Random(2);
  const numbers = draw(COUNT, () => random.normal(3, 2)).map((x) => (x - 3) / 2);
  const moment = (k: number) => numbers.reduce((sum, z) => sum + z ** k, 0) / COUNT;
  // Five standard errors: 5·√(1, 2, 15, 96 / 10⁵).
  assertAlmostEquals(moment(1), 0, 0.016);
  assertAlmostEquals(moment(2), 1, 0.023);
  assertAlmostEquals(moment(3), 0, 0.062);
  assertAlmostEquals(moment(4), 3, 0.155);
});

Deno.test("Random.normal() is the inverse of the normal distribution", () => {
  // Φ⁻¹ of the same uniforms, from mpmath 1.3.
  const random = new Random(42);
  const known = [
    0.28704189770927463,
    -1.4521371511209271,
    2.2482116571565136,
    0.03486460317339282,
    0.9379573310033192,
    0.26045596069706545,
  ];
  for (const z of known) {
    assertAlmostEquals(random.normal(), z, 1e-14 * Math.abs(z));
  }
});

Deno.test("Random.integer() stays below n and gives each number equally often", () => {
  const random = new Random(3);
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[random.integer(6)]++;
  // Five standard deviations of 91.
  for (const count of counts) assertAlmostEquals(count, 10_000, 455);
  assertEquals(random.integer(1), 0);
});

Deno.test("Random.integer() is exact for large n", () => {
  const random = new Random(4), words = new Random(4);
  for (let i = 0; i < 1000; i++) {
    // No word is refused here: 2^32 mod n is 1.
    const expected = Number(
      (BigInt(words.uint32()) * 0xFFFFFFFFn) >> 32n,
    );
    assertEquals(random.integer(0xFFFFFFFF), expected);
  }
});

Deno.test("Random.permutation() holds every number once", () => {
  for (const n of [0, 1, 2, 3, 100, 1000]) {
    const order = new Random(5).permutation(n);
    assertEquals([...order.sort()], Array.from({ length: n }, (_, i) => i));
  }
});

Deno.test("Random.permutation() gives all orders of three equally often", () => {
  const random = new Random(6);
  const counts = new Map<string, number>();
  for (let i = 0; i < 60_000; i++) {
    const order = random.permutation(3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  for (const count of counts.values()) assertAlmostEquals(count, 10_000, 455);
});

Deno.test("Random.shuffle() works in place, in the order of permutation()", () => {
  const letters = [..."abcdefghij"];
  const array = letters.slice();
  assert(new Random(7).shuffle(array) === array);
  const order = new Random(7).permutation(10);
  assertEquals(array, [...order].map((i) => letters[i]));
});

Deno.test("Streams of one seed differ, and one seed and stream repeat", () => {
  const streams = [...Object.values(Stream), shuffleStream(0), shuffleStream(1)];
  const first = streams.map((stream) => new Random(8, stream).uint32());
  assertEquals(new Set(first).size, streams.length);
  assertEquals(first, streams.map((s) => new Random(8, s).uint32()));
  assertNotEquals(new Random(8).uint32(), new Random(9).uint32());
});

Deno.test("Random refuses seeds and streams that are not whole numbers below 2^53", () => {
  for (const bad of [-1, 0.5, 2 ** 53, NaN, Infinity]) {
    const error = assertThrows(() => new Random(bad), GradusError);
    assertEquals(error.code, "argument");
    assertEquals(
      error.message,
      `Cannot seed a generator with ${bad}: a whole number from 0 to 9007199254740991 is needed`,
    );
    assertThrows(() => new Random(0, bad), GradusError);
  }
});

Deno.test("Random.integer(), permutation() and shuffleStream() refuse what is out of range", () => {
  const random = new Random(10);
  for (const bad of [0, -1, 1.5, 2 ** 32, NaN]) {
    const error = assertThrows(() => random.integer(bad), GradusError);
    assertEquals(error.code, "argument");
  }
  for (const bad of [-1, 1.5, 2 ** 32, NaN]) {
    assertThrows(() => random.permutation(bad), GradusError);
    assertThrows(() => shuffleStream(bad), GradusError);
  }
});
