import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fingerprint, Level } from "../src/bindings.ts";
import { levels, native } from "../src/ffi.ts";
import { pathOf } from "../src/files.ts";
import { backend, Engine, GradusError, Random, shuffleStream, simdLevel, Stream } from "../mod.ts";
import { testNeeding } from "./_machine.ts";

const testWithProcesses = testNeeding("processes");

const scratch = new URL("../.scratch/", import.meta.url);
const library = new URL(
  `../lib/${Deno.build.target}/${
    { windows: "gradus.dll", darwin: "libgradus.dylib" }[Deno.build.os as string] ?? "libgradus.so"
  }`,
  import.meta.url,
);

/** Imports gradus in another process; returns what it prints, errors included. */
function importWith(environment: Record<string, string>, ...flags: string[]): Promise<string> {
  return runWith("tests/_print_level.ts", environment, ...flags);
}

async function runWith(program: string, environment: Record<string, string>, ...flags: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--allow-env=GRADUS_BACKEND,GRADUS_LIB,GRADUS_SIMD,GRADUS_THREADS",
      ...flags,
      program,
    ],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1", GRADUS_BACKEND: "", ...environment },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("The library answers the fingerprint of the bindings", () => {
  assertEquals(native.gradus_fingerprint(), fingerprint);
});

testWithProcesses("A library that was built from other headers is refused with a sentence", async () => {
  const bytes = await Deno.readFile(library);
  const view = new DataView(bytes.buffer);
  let found = 0;
  for (let i = 0; i + 4 <= bytes.length; i++) {
    if (view.getUint32(i, true) !== fingerprint) continue;
    view.setUint32(i, fingerprint ^ 1, true);
    found++;
  }
  // On arm64 the number is split over two instructions.
  if (found === 0 && Deno.build.arch === "aarch64") return;
  assert(found > 0, "the fingerprint stands in the library");
  // Windows opens no library without an ending; elsewhere any will do.
  await Deno.mkdir(scratch, { recursive: true });
  const stale = new URL("stale_library.dll", scratch);
  await Deno.writeFile(stale, bytes);
  const output = await importWith({ GRADUS_LIB: pathOf(stale) }, "--allow-ffi");
  await Deno.remove(stale);
  assertStringIncludes(output, `Cannot use the library ${pathOf(stale)}: it was built from other sources`);
  assertStringIncludes(output, "GRADUS_LIB has to name one that fits all copies of gradus in this process");
});

testWithProcesses("A library that is missing, or no library, or not permitted, is told with its path", async () => {
  assertStringIncludes(await importWith({ GRADUS_LIB: "/nowhere/lib.so" }, "--allow-ffi"), "tried /nowhere/lib.so (");
  const text = new URL("text_library", scratch);
  await Deno.writeTextFile(text, "no library");
  assertStringIncludes(await importWith({ GRADUS_LIB: pathOf(text) }, "--allow-ffi"), `tried ${pathOf(text)} (`);
  await Deno.remove(text);
  assertStringIncludes(
    await importWith({}),
    `permission is missing, --allow-ffi=${pathOf(new URL("../lib/", import.meta.url))} is needed`,
  );
});

testWithProcesses("The library loads with permission for its folder alone", async () => {
  const level = (await importWith({}, "--allow-ffi=lib/")).trim();
  assert(level in Level && !["simd128", "relaxed"].includes(level), level);
});

testWithProcesses("GRADUS_SIMD lowers the level, and names those that there are where it is none of them", async () => {
  const native = Deno.build.arch === "aarch64" ? "plain, neon" : "plain, avx2, avx512";
  for (
    const [name, GRADUS_BACKEND, flag, names] of [
      ["sse9", "native", "--allow-ffi=lib/", native],
      [Deno.build.arch === "aarch64" ? "avx2" : "neon", "native", "--allow-ffi=lib/", native],
      ["relaxed", "native", "--allow-ffi=lib/", native],
      ["sse9", "wasm", "--allow-read=lib/", "plain, relaxed"],
      ["avx2", "wasm", "--allow-read=lib/", "plain, relaxed"],
      ["neon", "wasm", "--allow-read=lib/", "plain, relaxed"],
      ["simd128", "wasm", "--allow-read=lib/", "plain, relaxed"],
    ]
  ) {
    assertEquals(await importWith({ GRADUS_SIMD: "plain", GRADUS_BACKEND }, flag), "plain\n");
    assertStringIncludes(
      await importWith({ GRADUS_SIMD: name, GRADUS_BACKEND }, flag),
      `Cannot choose the SIMD level "${name}": there is none of that name here, one of ${names} is needed`,
    );
  }
});

testWithProcesses("GRADUS_THREADS chooses the number of threads", async () => {
  assertEquals(await runWith("tests/_print_threads.ts", { GRADUS_THREADS: "3" }, "--allow-ffi=lib/"), "3\n");
  for (const wrong of ["0", "33", "2.5", "many", "-1"]) {
    assertStringIncludes(
      await importWith({ GRADUS_THREADS: wrong }, "--allow-ffi=lib/"),
      `Cannot choose the number of threads: it is "${wrong}", a whole number from 1 to 32 is needed`,
    );
  }
  // WebAssembly, which has one thread, refuses the same.
  const onWasm = (count: string) =>
    runWith("tests/_print_threads.ts", { GRADUS_THREADS: count, GRADUS_BACKEND: "wasm" }, "--allow-read=lib/");
  assertEquals(await onWasm("3"), "1\n");
  assertStringIncludes(await onWasm("many"), 'Cannot choose the number of threads: it is "many"');
});

Deno.test("Engine.threads is the number of processors, until it is chosen", () => {
  const before = Engine.threads, three = backend === "wasm" ? 1 : 3;
  const many = Number(Deno.env.get("GRADUS_THREADS") || Math.min(navigator.hardwareConcurrency, 32));
  assertEquals(before, backend === "wasm" ? 1 : many);
  Engine.threads = 3;
  assertEquals(Engine.threads, three);
  for (const wrong of [0, 33, 1.5, NaN, "2"]) {
    assertThrows(() => Engine.threads = wrong as number, GradusError, "a whole number from 1 to 32 is needed");
  }
  assertEquals(Engine.threads, three);
  Engine.threads = before;
});

Deno.test("A worker that loads the library later leaves the number of threads as it is, and trains beside us", async () => {
  const before = Engine.threads;
  Engine.threads = 3;
  const program = `
    import { Engine, MLP, SGD } from ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};
    const model = new MLP(300, [300, 300], { seed: 1 }), optimizer = new SGD(model.parameters, { learningRate: 0.01 });
    const rows = Array.from({ length: 128 }, (_, i) => Array.from({ length: 300 }, (_, j) => Math.sin(i * j)));
    for (let i = 0; i < 30; i++) Engine.trainStep(model, rows, rows, Engine.mseLoss, optimizer);
    postMessage({ threads: Engine.threads, sum: model.parameters.data.reduce((sum, x) => sum + x, 0) });`;
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  const answers = [1, 2].map(() =>
    new Promise<{ threads: number; sum: number }>((resolve, reject) => {
      const worker = new Worker(url, { type: "module" });
      worker.onmessage = ({ data }) => (worker.terminate(), resolve(data));
      worker.onerror = (event) => (event.preventDefault(), reject(new Error(event.message)));
    })
  );
  const [first, second] = await Promise.all(answers);
  URL.revokeObjectURL(url);
  assertEquals(first, second);
  assertEquals(first.threads, backend === "wasm" ? 1 : 3);
  Engine.threads = before;
});

testWithProcesses("A worker may be terminated while an epoch is computed aside", async () => {
  assertEquals(await runWith("tests/_terminate_worker.ts", {}, "--allow-ffi=lib/", "--allow-read=."), "alive\n");
});

Deno.test("simdLevel() lowers the level and takes the best again, and refuses what is no level here", () => {
  const best = simdLevel();
  assertEquals(simdLevel("plain"), "plain");
  assertEquals(simdLevel(), "plain");
  assertEquals(simdLevel(levels.at(-1)), best);
  assert(levels.includes(best));
  const names = Object.keys(Level).filter((name) => !(levels as string[]).includes(name));
  assertEquals(names.length, backend === "wasm" || Deno.build.arch === "aarch64" ? 4 : 3);
  for (const wrong of ["fast", "toString", ...names]) {
    assertThrows(
      () => simdLevel(wrong as "plain"),
      GradusError,
      `Cannot choose the SIMD level "${wrong}": there is none`,
    );
  }
  assertEquals(simdLevel(), best);
});

Deno.test("The native generator gives the numbers of Random, to the bit", () => {
  for (const [seed, stream] of [[0, 0], [42, Stream.noise + 7], [Number.MAX_SAFE_INTEGER, shuffleStream(3)]]) {
    const words = (x: number) => [x % 2 ** 32, Math.floor(x / 2 ** 32)];
    const generator = Uint32Array.from([...words(seed), ...words(stream)]), n = 20_000;
    const numbers = new Float64Array(n), order = new Uint32Array(n);
    native.gradus_random_uniform(numbers, generator, n);
    let random = new Random(seed, stream);
    assertEquals(numbers, Float64Array.from({ length: n }, () => random.uniform()));
    native.gradus_random_normal(numbers, generator, n);
    random = new Random(seed, stream);
    assertEquals(numbers, Float64Array.from({ length: n }, () => random.normal()));
    native.gradus_random_permutation(order, generator, n);
    assertEquals(order, new Random(seed, stream).permutation(n));
  }
});
