import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fingerprint, Level } from "../src/bindings.ts";
import { native } from "../src/ffi.ts";
import { pathOf } from "../src/files.ts";
import { GradusError, Random, shuffleStream, simdLevel, Stream } from "../mod.ts";

const scratch = new URL("../.scratch/", import.meta.url);
const library = new URL(
  `../lib/${Deno.build.target}/${
    { windows: "gradus.dll", darwin: "libgradus.dylib" }[Deno.build.os as string] ?? "libgradus.so"
  }`,
  import.meta.url,
);

/** Imports gradus in another process; returns what it prints, errors included. */
async function importWith(environment: Record<string, string>, ...flags: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--allow-env=GRADUS_BACKEND,GRADUS_LIB,GRADUS_SIMD",
      ...flags,
      "tests/_print_level.ts",
    ],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1", GRADUS_BACKEND: "", ...environment },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("The library answers the fingerprint of the bindings", () => {
  assertEquals(native.gradus_fingerprint(), fingerprint);
});

Deno.test("A library that was built from other headers is refused with a sentence", async () => {
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
  const stale = new URL("stale_library", scratch);
  await Deno.writeFile(stale, bytes);
  const output = await importWith({ GRADUS_LIB: pathOf(stale) }, "--allow-ffi");
  await Deno.remove(stale);
  assertStringIncludes(output, `Cannot use the library ${pathOf(stale)}: it was built from other sources`);
  assertStringIncludes(output, "GRADUS_LIB has to name one that fits all copies of gradus in this process");
});

Deno.test("A library that is missing, or no library, or not permitted, is told with its path", async () => {
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

Deno.test("The library loads with permission for its folder alone", async () => {
  const level = (await importWith({}, "--allow-ffi=lib/")).trim();
  assert(level in Level && !["simd128", "relaxed"].includes(level), level);
});

Deno.test("GRADUS_SIMD lowers the level", async () => {
  assertEquals(await importWith({ GRADUS_SIMD: "plain" }, "--allow-ffi=lib/"), "plain\n");
  assertStringIncludes(
    await importWith({ GRADUS_SIMD: "sse9" }, "--allow-ffi=lib/"),
    'Cannot choose the SIMD level "sse9": it is one of plain, neon, avx2, avx512, simd128, relaxed',
  );
});

Deno.test("simdLevel() lowers the level and takes the best again", () => {
  const best = simdLevel();
  assertEquals(simdLevel("plain"), "plain");
  assertEquals(simdLevel(), "plain");
  assertEquals(simdLevel("relaxed"), best);
  assert(best in Level);
  for (const wrong of ["fast", "toString"]) {
    assertThrows(() => simdLevel(wrong as "plain"), GradusError, `Cannot choose the SIMD level "${wrong}"`);
  }
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
