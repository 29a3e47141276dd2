/** Tensors of random numbers: Philox4x32-10, as everywhere; c/rng.c. */
import { Op, TensorOp } from "../bindings.ts";
import { GradusError } from "../error.ts";
import { native, unwrap } from "../ffi.ts";
import { checkNumber, seedRange, shown } from "../options.ts";
import { Stream } from "../random.ts";
import { type DtypeInfo, dtypeOf, float64, Kind } from "./dtype.ts";
import { compile, converted, copied, type Expression, run } from "./kernels.ts";
import { checkShape, type Shape } from "./layout.ts";
import { Storage } from "./storage.ts";
import { View } from "./view.ts";

/** What draws where no seed is given: each time from the next stream of one seed. */
let sharedSeed = 0, draws = 0;

/** Starts the sequence of draws without a seed anew. */
export function seedAll(seed: number): void {
  sharedSeed = checkNumber("the seed", seed, seedRange);
  draws = 0;
}

/** Where a draw begins: {seed low, seed high, stream low, stream high}. */
function generator(seed: number | undefined): Uint32Array<ArrayBuffer> {
  const words = (x: number) => [x >>> 0, Math.floor(x / 2 ** 32)];
  if (seed !== undefined) {
    return Uint32Array.from([...words(checkNumber("the seed", seed, seedRange)), ...words(Stream.tensor)]);
  }
  return Uint32Array.from([...words(sharedSeed), ...words(Stream.tensor + ++draws)]);
}

/** Bits of precision, the hidden one included. */
const precision: Partial<Record<string, number>> = { float64: 53, float32: 24, float16: 11, bfloat16: 8 };

function checkFloat(task: string, dtype: DtypeInfo): void {
  if (dtype.kind === Kind.float) return;
  throw new GradusError(
    "argument",
    `Cannot ${task} of ${dtype.name}: floating point is needed, randint() gives integers`,
  );
}

/** Refuses a type that does not hold a number, or not exactly. */
function checkHolds(task: string, dtype: DtypeInfo, x: number): void {
  const held = new dtype.array(new ArrayBuffer(dtype.bytes), 0, 1);
  dtype.write(held, 0, x);
  if (Number(dtype.read(held, 0)) === x) return;
  throw new GradusError("argument", `Cannot ${task} of ${dtype.name}: it does not hold ${x}, a wider type is needed`);
}

/** Draws float64 numbers and passes them through an expression in x. */
function drawn(
  draw: "gradus_random_uniform" | "gradus_random_normal",
  shape: Shape,
  seed: number | undefined,
  expression: Expression,
): View {
  const sizes = checkShape("make a random tensor", shape), x = View.allocate(float64, sizes);
  unwrap(native[draw](x.storage.array as Float64Array<ArrayBuffer>, generator(seed), x.size), "draw random numbers");
  if (expression !== "x") {
    const program = compile(expression);
    run("draw random numbers", program, program.uniforms, x, [x], float64);
  }
  return x;
}

/** Uniform in [0, 1): multiples of 2⁻²⁴ in float32, so that nothing rounds to 1. */
export function uniform(shape: Shape, seed: number | undefined, dtype: DtypeInfo): View {
  checkFloat("draw uniform numbers", dtype);
  const cells = 2 ** precision[dtype.name]!;
  const isExact = dtype === float64;
  return converted(
    drawn(
      "gradus_random_uniform",
      shape,
      seed,
      isExact ? "x" : [Op.div, [TensorOp.floor, [Op.mul, "x", cells]], cells],
    ),
    dtype,
  );
}

/** Normal with mean 0 and variance 1. */
export function normal(shape: Shape, seed: number | undefined, dtype: DtypeInfo): View {
  checkFloat("draw normal numbers", dtype);
  return converted(drawn("gradus_random_normal", shape, seed, "x"), dtype);
}

/** Whole numbers from low to high − 1, each as likely. */
export function integers(low: number, high: number, shape: Shape, seed: number | undefined, dtype: DtypeInfo): View {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low >= high) {
    throw new GradusError(
      "argument",
      `Cannot draw whole numbers from ${shown(low)} to below ${
        shown(high)
      }: whole numbers, the second larger, are needed`,
    );
  }
  for (const bound of [low, high - 1]) checkHolds("draw whole numbers", dtype, bound);
  const scaled: Expression = [Op.add, [TensorOp.floor, [Op.mul, "x", high - low]], low];
  return converted(drawn("gradus_random_uniform", shape, seed, scaled), dtype);
}

/** 0 … count − 1 in random order. */
export function permutation(count: number, seed: number | undefined, dtype: DtypeInfo): View {
  const sizes = checkShape("make a random order", [count]);
  if (count > 0) checkHolds("make a random order", dtype, count - 1);
  const numbers = new Uint32Array(count);
  unwrap(native.gradus_random_permutation(numbers, generator(seed), count), "make a random order");
  return copied(new View(new Storage(numbers), dtypeOf("uint32"), sizes), dtype);
}
