/** WebAssembly beside the library: the same bits, whatever the arrays are; what is chosen where; and long calls in slices. */

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type Job as layout, Level, Status } from "../src/bindings.ts";
import { GradusError } from "../src/error.ts";
import { pathOf } from "../src/files.ts";
import { backend, native } from "../src/ffi.ts";
import { Job } from "../src/job.ts";
import { findModule, type Host, libraryName, Search, thisHost, Unavailable } from "../src/library.ts";
import { openWasm } from "../src/wasm.ts";
import { embeddedModule, stage } from "../tools/release.ts";
import { Random, simdLevel } from "../mod.ts";
import { testNeeding } from "./_machine.ts";
import { assertClose } from "./_reference.ts";

const testWithProcesses = testNeeding("processes");

const relaxed = () => findModule("wasm32"), simd128 = () => findModule("wasm32-simd128");
const wasm = await openWasm(relaxed, simd128);
/** What an engine gets that does not round a·b + c once. */
const unfused = await openWasm(simd128, simd128);

const random = new Random(17);
const numbers = (n: number): number[] => Array.from({ length: n }, () => random.normal());

/** This machine's processor and engine can round a·b + c once in WebAssembly. */
const isRelaxed = wasm.gradus_level(-1) === Level.relaxed;
const unlessRelaxed = isRelaxed ? "" : ": NOT CHECKED, this engine does not round a·b + c once";

// ---------------------------------------------------------------- bits

Deno.test({
  name: `Products of any sizes have the bits of the library in WebAssembly, at both of its levels${unlessRelaxed}`,
  ignore: !isRelaxed,
  fn() {
    for (const [m, n, k] of [[1, 1, 1], [3, 5, 7], [17, 33, 65], [64, 9, 300], [5, 128, 2], [31, 1, 31], [2, 70, 0]]) {
      for (const [dtype, Reals] of [Float32Array, Float64Array].entries()) {
        const a = Reals.from(numbers(m * k)), b = Reals.from(numbers(k * n)), c = Reals.from(numbers(m * n));
        const sizes = Int32Array.of(m, n, k), strides = Int32Array.of(k, 1, n, 1, n);
        const product = (functions: typeof native) => {
          const result = c.slice();
          assertEquals(functions.gradus_gemm(result, a, b, sizes, strides, dtype), Status.ok);
          return result;
        };
        const expected = product(native);
        for (const level of [Level.relaxed, Level.plain]) {
          assertEquals(wasm.gradus_level(level), level);
          assertEquals(product(wasm), expected, `${m} × ${n} × ${k}, level ${level}`);
        }
        wasm.gradus_level(Level.relaxed);
        // Each of k additions adds a rounding of the product, of half a unit in the last place of c.
        const epsilon = dtype === 0 ? 2 ** -24 : 2 ** -53;
        assertClose(product(unfused), expected, { relative: 4 * epsilon, absolute: 16 * (k + 1) * epsilon }, "unfused");
      }
    }
  },
});

/** A network of 4-6-3 with its data, for 37 rows. */
function training(dtype: "float32" | "float64", changes: Partial<Record<keyof typeof layout.fields, number>> = {}) {
  const layers = [{ nout: 6, activation: "gelu" }, { nout: 3, activation: "linear" }] as const, rows = 37;
  const job = new Job(dtype, { nin: 4, layers }, rows), Reals = dtype === "float32" ? Float32Array : Float64Array;
  const settings = {
    rows,
    batchSize: 8,
    chunk: 8,
    lossKind: 1,
    optimizer: 3,
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
  };
  for (const [field, value] of Object.entries({ eps: 1e-8, ...settings, ...changes })) {
    job.set(field as keyof typeof layout.fields, value);
  }
  job.order.set(Array.from({ length: rows }, (_, i) => i * 10 % rows));
  const generator = new Random(3),
    reals = (n: number) => Reals.from(Array.from({ length: n }, () => generator.normal()));
  const parameters = new Reals(2 * 51), scratch = new Uint8Array(native.gradus_mlp_scratch(job.bytes));
  parameters.set(reals(51));
  return { job, parameters, state: new Reals(2 * 51), inputs: reals(rows * 4), targets: reals(rows * 3), scratch };
}

type Training = ReturnType<typeof training>;

const epoch = (functions: typeof native, { job, parameters, state, inputs, targets, scratch }: Training) =>
  functions.gradus_mlp_epoch(job.bytes, parameters, state, inputs, targets, scratch);
const epochAside = (functions: typeof native, { job, parameters, state, inputs, targets, scratch }: Training) =>
  functions.gradus_mlp_epoch_async(job.bytes, parameters, state, inputs, targets, scratch);

Deno.test({
  name: `An epoch aside, in slices, has the bits of one at once, and of the library${unlessRelaxed}`,
  ignore: !isRelaxed,
  async fn() {
    for (const dtype of ["float32", "float64"] as const) {
      const [expected, whole, sliced] = [training(dtype), training(dtype), training(dtype)];
      for (let i = 0; i < 3; i++) {
        for (const { job } of [expected, whole, sliced]) job.set("batches", 0);
        assertEquals(epoch(native, expected), Status.ok);
        assertEquals(epoch(wasm, whole), Status.ok);
        assertEquals(await epochAside(wasm, sliced), Status.ok);
      }
      for (const { job, parameters, state } of [whole, sliced]) {
        assertEquals([parameters, state], [expected.parameters, expected.state]);
        assertEquals(job.get("loss"), expected.job.get("loss"));
        assertEquals([job.get("batches"), job.get("step")], [5, 15]);
      }
    }
  },
});

Deno.test("A network trained without fused multiply-adds is close to that of the library", () => {
  for (const [dtype, relative] of [["float32", 1e-4], ["float64", 1e-12]] as const) {
    const [expected, got] = [training(dtype, { optimizer: 1 }), training(dtype, { optimizer: 1 })];
    for (let i = 0; i < 20; i++) epoch(native, expected), epoch(unfused, got);
    assertClose(got.parameters, expected.parameters, { relative, absolute: relative }, dtype);
  }
});

Deno.test("Functions without fused multiply-adds are within the stated tolerance of those of the library", () => {
  const n = 3000, ops = Array.from({ length: 23 }, (_, i) => i + 1);
  for (const op of ops) {
    const record = new Int32Array(4 * n),
      x = Array.from({ length: n }, (_, i) => 2 ** ((i % 12) - 8) * random.normal());
    for (let i = 0; i < n; i++) record[2 * (n + i)] = op | i << 8;
    const compute = (functions: typeof native) => {
      const data = new Float64Array(2 * n);
      data.set(x);
      assertEquals(
        functions.gradus_value_forward(data, record as unknown as Uint32Array<ArrayBuffer>, n, 2 * n),
        Status.ok,
      );
      return data.subarray(n);
    };
    assertClose(compute(unfused), compute(native), { relative: 2e-13, absolute: 1e-300 }, `operation ${op}`);
  }
});

// ---------------------------------------------------------------- memory

Deno.test("Arrays that overlap share their memory in WebAssembly, too", () => {
  const run = (functions: typeof native) => {
    const all = Float64Array.from({ length: 40 }, (_, i) => i + 0.5);
    const sizes = Int32Array.of(2, 3, 2), strides = Int32Array.of(2, 1, 3, 1, 3);
    // c begins in the middle of b; a lies before both.
    functions.gradus_gemm(all.subarray(6, 12), all.subarray(1, 5), all.subarray(3, 9), sizes, strides, 1);
    functions.gradus_scale(all.subarray(20, 30), 3, 10, 1);
    return all;
  };
  assertEquals(run(wasm), run(native));
});

Deno.test("Memory grows with the arrays, and null is no array", () => {
  const n = 3_000_000, x = new Float64Array(n).fill(2);
  assertEquals(wasm.gradus_norm(x, n, 1), native.gradus_norm(x, n, 1));
  assertEquals(wasm.gradus_scale(x, 0.5, n, 1), Status.ok);
  assertEquals([x[0], x[n - 1]], [1, 1]);
  assert(Number.isNaN(wasm.gradus_norm(null, 3, 1)));
});

Deno.test("What does not fit into the memory of WebAssembly is told in a sentence, and nothing was written", async () => {
  // Two arrays of 2.5 GiB, in which nobody writes or reads: together they are beyond 32 bits.
  const large: Float64Array<ArrayBuffer>[] = [];
  try {
    for (let i = 0; i < 2; i++) large.push(new Float64Array(2.5 * 2 ** 27));
  } catch {
    return; // this machine has not that much itself
  }
  const out = Float64Array.of(7), program = new Uint32Array(8);
  const error = assertThrows(
    () => wasm.gradus_program_run(out, large[0], program, large[1], new Float64Array(8), 1),
    GradusError,
  );
  assertStringIncludes(error.message, "Cannot compute in WebAssembly: the arrays of one call take 5,1");
  assertEquals(out[0], 7);
  const { job, parameters, state, scratch } = training("float64"), [inputs, targets] = large;
  await assertRejects(() => epochAside(wasm, { job, parameters, state, inputs, targets, scratch }), GradusError);
  assertEquals(job.get("slice"), 0);
});

Deno.test("A module that is damaged, foreign or lacks something is told in a sentence, and no other takes its place", async () => {
  const whole = await relaxed(), none = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  const older = whole.slice(), name = new TextEncoder().encode("gradus_scale");
  older[older.findIndex((_, i) => name.every((byte, j) => older[i + j] === byte))] = 103 + 1;
  for (
    const [bytes, reason] of [
      [whole.subarray(0, 100_000).slice(), "WebAssembly.compile()"],
      [new Uint8Array(), "WebAssembly.compile()"],
      [none, "it has no memory"],
      [older, "it has no gradus_scale"],
    ] as const
  ) {
    const error = await assertRejects(() => openWasm(() => Promise.resolve(bytes), simd128), GradusError);
    assertStringIncludes(error.message, `Cannot use the WebAssembly module: ${reason}`);
    assertStringIncludes(
      error.message,
      '; a whole one of these sources is needed, as "deno task build --wasm" makes it',
    );
  }
});

Deno.test("A call that is refused leaves everything as it was", () => {
  const { job, parameters, state, inputs, targets, scratch } = training("float64", { lossKind: 9 });
  const before = parameters.slice();
  assertEquals(wasm.gradus_mlp_epoch(job.bytes, parameters, state, inputs, targets, scratch), Status.argument);
  assertEquals(parameters, before);
});

Deno.test("Many short sweeps over a long tape have the gradients of the library", () => {
  // w, then 2,000 times w·w, (w·w) + w: a sweep from one of these reaches three records.
  const n = 2000, record = new Int32Array(2 * (1 + 2 * n));
  record[1] = 0;
  for (let i = 0; i < n; i++) record.set([26, 0, 24 | (1 + 2 * i) << 8, 0], 2 + 4 * i);
  const length = 1 + 2 * n;
  const gradients = (functions: typeof native): unknown => {
    const words = record as unknown as Uint32Array<ArrayBuffer>, data = new Float64Array(length).fill(3, 0, 1);
    assertEquals(functions.gradus_value_forward(data, words, 1, length), Status.ok);
    const grad = new Float64Array(length), mark = new Uint8Array(length).fill(128, 0, 1), reached = new Uint32Array(4);
    const found = [length - 1, 1000, 2].map((root) => {
      grad[root] = 1;
      mark[root] = 127;
      reached[0] = root;
      const count = functions.gradus_value_backward(grad, mark, reached, data, words, 1);
      return [count, reached[0], grad[0]];
    });
    return [found, grad, mark, data];
  };
  assertEquals(gradients(wasm), gradients(native));
});

// ---------------------------------------------------------------- aside

Deno.test("A long call aside lets the event loop go on, shows its progress and stops", async () => {
  const run = training("float64", { rows: 37, batchSize: 1, chunk: 1 });
  const rows = 60_000, order = new Job("float64", { nin: 4, layers: [{ nout: 3, activation: "linear" }] }, rows);
  for (
    const field of ["batchSize", "chunk", "lossKind", "optimizer", "learningRate", "beta1", "beta2", "eps"] as const
  ) {
    order.set(field, run.job.get(field));
  }
  order.set("rows", rows);
  order.order.set(Uint32Array.from({ length: rows }, (_, i) => i));
  const inputs = new Float64Array(rows * 4).fill(0.5), targets = new Float64Array(rows * 3).fill(0.25);
  const parameters = new Float64Array(2 * 15), state = new Float64Array(2 * 15), scratch = new Uint8Array(100_000);
  let ticks = 0, seen = 0;
  const timer = setInterval(() => {
    ticks++;
    seen = order.get("batches");
    if (seen > 0) order.set("stop", 1);
  }, 1);
  wasm.gradus_level(Level.plain);
  const status = await wasm.gradus_mlp_epoch_async(order.bytes, parameters, state, inputs, targets, scratch);
  wasm.gradus_level(Level.relaxed);
  clearInterval(timer);
  assertEquals(status, Status.ok);
  assert(ticks > 0 && seen > 0 && order.get("batches") < rows, `${ticks} ticks, ${seen} batches seen`);
  assertEquals(order.get("step"), order.get("batches"));
  assertEquals(order.get("slice"), 0);
});

Deno.test("Calls aside do not disturb one another, nor calls in between", async () => {
  const runs = Array.from({ length: 3 }, () => training("float64"));
  const before = runs.map((run) => epochAside(wasm, run));
  const between = training("float64");
  epoch(wasm, between);
  await Promise.all(before);
  for (const { parameters } of runs) assertEquals(parameters, between.parameters);
});

// ---------------------------------------------------------------- the choice

/** Runs a program that prints what computes; returns what it prints, errors included. */
async function choose(flags: string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--allow-env=GRADUS_BACKEND,GRADUS_LIB",
      ...flags,
      "tests/_print_backend.ts",
    ],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1", GRADUS_BACKEND: "", GRADUS_LIB: "", ...env },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

testWithProcesses(
  "The library computes where it may be opened, otherwise WebAssembly, and GRADUS_BACKEND forces one",
  async () => {
    const ffi = "--allow-ffi=lib/", read = "--allow-read=lib/";
    assertEquals(await choose([ffi, read]), "native\n");
    assertEquals(await choose([read]), "wasm\n");
    assertEquals(await choose([ffi, read], { GRADUS_BACKEND: "wasm" }), "wasm\n");
    assertEquals(await choose([ffi], { GRADUS_BACKEND: "native" }), "native\n");
  },
);

testWithProcesses(
  "Where neither can be had, each place is told; what is named, damaged or unknown stays an error",
  async () => {
    const both = await choose([]);
    assertStringIncludes(both, "Cannot open the native library: tried ");
    assertStringIncludes(both, "--allow-ffi=");
    assertStringIncludes(both, "; or WebAssembly: tried ");
    assertStringIncludes(both, "gradus.wasm (permission is missing, --allow-read=");
    const native = await choose(["--allow-read=lib/"], { GRADUS_BACKEND: "native" });
    assertStringIncludes(native, "Cannot open the native library: tried ");
    assert(!native.includes("WebAssembly"), native);
    assertStringIncludes(
      await choose(["--allow-read=lib/"], { GRADUS_LIB: "/nowhere/x.so" }),
      "no other place is tried while GRADUS_LIB names this one",
    );
    assertStringIncludes(
      await choose([], { GRADUS_BACKEND: "gpu" }),
      'Cannot use the backend "gpu": GRADUS_BACKEND has to be native or wasm',
    );
  },
);

testWithProcesses("A package computes without any permission, in the WebAssembly that it carries", async () => {
  const folder = pathOf(new URL(`../.scratch/wasm-${crypto.randomUUID().slice(0, 8)}`, import.meta.url));
  const modules = new Map([["wasm32", await relaxed()], ["wasm32-simd128", await simd128()]].map(
    ([target, bytes]) => [target as string, embeddedModule(target as string, bytes as Uint8Array)],
  ));
  await stage(folder, modules);
  await Deno.copyFile(new URL("_print_backend.ts", import.meta.url), `${folder}/src/print_backend.ts`);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-config", "--no-lock", `${folder}/src/print_backend.ts`],
  }).output();
  await Deno.remove(folder, { recursive: true });
  assertEquals(new TextDecoder().decode(stdout), "wasm\n");
});

/** Whether a search that finds nothing in the checkout leaves the way to WebAssembly open. */
async function isUnavailable(open: (path: string) => object, changes: Partial<Host> = {}): Promise<boolean> {
  const host: Host = {
    ...thisHost,
    permitted: () => true,
    environment: () => undefined,
    embedded: () => Promise.resolve({ data: "", sha256: "", size: 0 }),
    ...changes,
  };
  const search = new Search(open, host);
  const error = await assertRejects(async () => search.nearby() ?? await search.embedded(), GradusError);
  return error instanceof Unavailable;
}

Deno.test("A library in a checkout that is there and does not open is an error; one that is not there is none", async () => {
  const open = (path: string) => Deno.dlopen(path, {});
  assert(!await isUnavailable(open, { target: "wasm32" }), "a module of WebAssembly is no library");
  assert(await isUnavailable(open, { target: "nowhere" }), "there is no such folder");
  assert(await isUnavailable(open, { base: new URL("../lib/wasm32/src/library.ts", import.meta.url).href }));
});

Deno.test("Whether a library is there is told from what the system says, in any language", async () => {
  const systems: [there: string, absent: string][] = [
    ["FILE: invalid ELF header", "FILE: cannot open shared object file: No such file or directory"],
    [
      "FILE: cannot open shared object file: No such file or directory: it is there, but a whole library for",
      "FILE: cannot open shared object file: No such file or directory",
    ],
    ["dlopen(FILE, 0x0005): tried: 'FILE' (not a mach-o file)", "dlopen(FILE, 0x0005): tried: 'FILE' (no such file)"],
    ["FILE is not a valid Win32 application.\r\n", "The specified module could not be found.\r\n"],
    ["FILE ist keine zulässige Win32-Anwendung.\r\n", "Das angegebene Modul wurde nicht gefunden.\r\n"],
    ["Bad EXE format for FILE.\r\n", "Module not found.\r\n"],
  ];
  for (const [there, absent] of systems) {
    const say = (isThere: boolean) => (path: string) => {
      const words = isThere && path.endsWith(libraryName(Deno.build.target)) ? there : absent;
      throw new Error(`Could not open library: ${words.replaceAll("FILE", path)}`);
    };
    assert(!await isUnavailable(say(true)), there);
    assert(await isUnavailable(say(false)), absent);
  }
});

Deno.test("findModule() takes what a checkout has built, then what is embedded, and names the places", async () => {
  const host = (changes: Partial<Host>): Host => ({ ...thisHost, ...changes });
  const nothing = { data: "", sha256: "", size: 0 };
  const built = await findModule("wasm32");
  assertEquals(built.subarray(0, 4), Uint8Array.of(0, 97, 115, 109));
  const elsewhere = {
    base: new URL("../.scratch/nowhere/src/library.ts", import.meta.url).href,
    embedded: () => Promise.resolve(nothing),
  };
  const error = await findModule("wasm32", host(elsewhere)).catch((error: unknown) => error);
  assert(error instanceof GradusError);
  const path = pathOf(new URL("../.scratch/nowhere/lib/wasm32/gradus.wasm", import.meta.url));
  assertStringIncludes(error.message, `${path} (there is no such file)`);
  assertStringIncludes(error.message, "nothing is embedded in these sources");
  const blob = await findModule("wasm32", host({ ...elsewhere, base: "blob:null/7" })).catch((error: unknown) => error);
  assert(blob instanceof Unavailable, String(blob));
});

Deno.test("backend tells which one computes here", () => {
  assertEquals(backend, ["relaxed", "simd128"].includes(simdLevel()) ? "wasm" : "native");
});
