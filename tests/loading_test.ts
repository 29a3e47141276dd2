/** How the library is found: where it is looked for, what is kept in the cache, and what is said when nothing helps. */

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { libraryPath, targets } from "../build.ts";
import { fingerprint } from "../src/bindings.ts";
import { GradusError } from "../src/error.ts";
import { pathOf } from "../src/files.ts";
import { type Embedded, type Host, libraryName, Search, thisHost, Unavailable, unpack } from "../src/library.ts";
import { embeddedModule, stage } from "../tools/release.ts";
import { testNeeding } from "./_machine.ts";

const root = pathOf(new URL("..", import.meta.url));
const scratch = pathOf(new URL(`../.scratch/loading-${crypto.randomUUID().slice(0, 8)}`, import.meta.url));
const consumer = `${scratch}/consumer`;
const target = Deno.build.target;
const library = await Deno.readFile(`${root}${libraryPath()}`);
const module = embeddedModule(target, library);

/** Our own library, as it would be embedded. */
const embedded = (() => {
  const [data, sha256] = Array.from(module.matchAll(/"(.*)" as string/g), ([, text]) => text);
  return { data, sha256, size: library.length };
})();
const fileName = `${embedded.sha256.slice(0, 16)}-${libraryName(target)}`;

/** Where our own library lies in a cache of this machine. */
function pathIn(cache: string): string {
  return `${cache}${Deno.build.os === "windows" ? "\\" : "/"}${fileName}`;
}

// A copy of the package, whose module for this machine is filled.
await stage(consumer, new Map([[target, module]]));
const program = 'import { simdLevel } from "./mod.ts";\nconsole.log(simdLevel());\n';
await Deno.writeTextFile(`${consumer}/program.ts`, program);
Deno.test.afterAll(() => Deno.remove(scratch, { recursive: true }));

/** A folder that does not exist yet. */
function freshFolder(): string {
  return `${scratch}/${crypto.randomUUID().slice(0, 8)}`;
}

function allow(path: string, ...names: string[]): string[] {
  return names.map((name) => `--allow-${name}=${path}`);
}

/** Runs a program in another process; returns what it prints, errors included. */
async function run(
  path: string,
  flags: string[],
  env: Record<string, string> = {},
  args: string[] = [],
): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-config", "--no-lock", ...flags, path, ...args],
    env: { NO_COLOR: "1", GRADUS_BACKEND: "", GRADUS_LIB: "", GRADUS_SIMD: "", ...env },
    cwd: root,
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** Loads the package with a cache folder and these permissions for it. */
function loadWith(cache: string, ...names: string[]): Promise<string> {
  return run(`${consumer}/program.ts`, ["--allow-env=GRADUS_CACHE", ...allow(cache, ...names)], {
    GRADUS_CACHE: cache,
  });
}

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name);
}

let printed: Promise<string> | undefined;

/** What the program prints where the library is used. */
function loaded(): Promise<string> {
  return printed ??= run("tests/_print_level.ts", ["--allow-ffi=lib/"]);
}

/** The library with other bytes in place of each occurrence of these. */
function patched(from: Uint8Array, to: Uint8Array): Uint8Array {
  const bytes = library.slice();
  let found = 0;
  for (let i = bytes.indexOf(from[0]); i >= 0; i = bytes.indexOf(from[0], i + 1)) {
    if (!from.every((byte, j) => bytes[i + j] === byte)) continue;
    bytes.set(to, i);
    found++;
  }
  assert(found > 0, "what is to be replaced stands in the library");
  return bytes;
}

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const word = (x: number): Uint8Array => new Uint8Array(Uint32Array.of(x).buffer);
/** Signed libraries cannot be changed; on arm64 the fingerprint is split over two instructions. */
const unpatchable = Deno.build.os === "darwin" || Deno.build.arch === "aarch64";

// ---------------------------------------------------------------- another process

const test = testNeeding("processes");

test("A package loads with permissions for its cache alone, and from then on without writing", async () => {
  const cache = freshFolder();
  assertEquals(await loadWith(cache, "ffi", "read", "write"), await loaded());
  assertEquals(namesIn(cache), [fileName]);
  const before = Deno.statSync(pathIn(cache));
  assertEquals(await loadWith(cache, "ffi", "read"), await loaded());
  assertEquals(Deno.statSync(pathIn(cache)), before);
  if (Deno.build.os === "windows") return;
  assertEquals(Deno.statSync(cache).mode! & 0o777, 0o700);
  assertEquals(before.mode! & 0o777, 0o600);
});

test("A damaged file in the cache is replaced, or told where writing is not permitted", async () => {
  const changed = library.slice();
  changed[changed.length >> 1] ^= 1;
  for (const damage of [new Uint8Array(), library.subarray(0, 1000), changed]) {
    const cache = freshFolder(), path = pathIn(cache);
    Deno.mkdirSync(cache);
    Deno.writeFileSync(path, damage);
    assertStringIncludes(
      await loadWith(cache, "ffi", "read"),
      `${path} (it is damaged, and permission is missing, --allow-write=${cache} is needed)`,
    );
    assertEquals(await loadWith(cache, "ffi", "read", "write"), await loaded());
    assertEquals(Deno.readFileSync(path), library);
    assertEquals(namesIn(cache), [fileName]);
  }
});

test("Eight processes at once share an empty cache", async () => {
  const cache = freshFolder();
  const outputs = await Promise.all(Array.from({ length: 8 }, () => loadWith(cache, "ffi", "read", "write")));
  assertEquals(outputs, Array(8).fill(await loaded()));
  assertEquals(namesIn(cache), [fileName]);
});

test("Each missing permission is named with its folder, and nothing is written", async () => {
  const cache = freshFolder(), path = pathIn(cache);
  for (
    const [granted, missing] of [
      [[], `--allow-ffi=${cache} --allow-read=${cache} --allow-write=${cache} are needed`],
      [["read", "write"], `--allow-ffi=${cache} is needed`],
      [["ffi", "write"], `--allow-read=${cache} is needed`],
      [["ffi", "read"], `--allow-write=${cache} is needed`],
    ] as const
  ) {
    const output = await loadWith(cache, ...granted);
    assertStringIncludes(output, "GradusError: Cannot open the native library: tried ");
    assertStringIncludes(output, `${path} (`);
    assertStringIncludes(output, `permission is missing, ${missing})`);
    assertThrows(() => Deno.statSync(cache), Deno.errors.NotFound);
  }
});

test("Without a cache, a temporary file is used and removed", async () => {
  const folder = freshFolder();
  Deno.mkdirSync(folder);
  const variable = Deno.build.os === "windows" ? "TEMP" : "TMPDIR";
  const output = await run(
    `${consumer}/program.ts`,
    [`--allow-env=${variable}`, ...allow(folder, "ffi", "write")],
    { [variable]: folder },
  );
  assertEquals(output, await loaded());
  if (Deno.build.os !== "windows") assertEquals(namesIn(folder), []);
});

test("A cache that cannot be written gives way to a temporary file", async () => {
  const file = freshFolder(), folder = freshFolder();
  Deno.mkdirSync(folder);
  // A file in its place, and a system of files in which nobody may make folders: some users may write everywhere else.
  Deno.writeTextFileSync(file, "");
  for (const cache of [file, ...Deno.build.os === "linux" ? ["/proc/gradus"] : []]) {
    const variable = Deno.build.os === "windows" ? "TEMP" : "TMPDIR";
    const flags = [`--allow-env=GRADUS_CACHE,${variable}`, ...allow(`${cache},${folder}`, "ffi", "read", "write")];
    const environment = { GRADUS_CACHE: cache, [variable]: folder };
    assertEquals(await run(`${consumer}/program.ts`, flags, environment), await loaded());
    const output = await run(`${consumer}/program.ts`, flags, { ...environment, [variable]: `${folder}/nowhere` });
    assertStringIncludes(output, `${pathIn(cache)} (`);
    assertStringIncludes(output, `a temporary file in ${folder}/nowhere (`);
    assertStringIncludes(output, "Caused by");
  }
});

test("GRADUS_LIB names a library for another processor, or the beginning of one: it is told that it is there", async () => {
  const foreign = library.slice();
  foreign.set([0xf3, 0], 18); // RISC-V, where a library for Linux says so
  for (const bytes of [Deno.build.os === "linux" ? foreign : new Uint8Array(), library.subarray(0, 40)]) {
    const path = `${freshFolder()}.dll`;
    Deno.writeFileSync(path, bytes);
    const output = await run(`${consumer}/program.ts`, ["--allow-env=GRADUS_LIB", ...allow(path, "ffi", "read")], {
      GRADUS_LIB: path,
    });
    assertStringIncludes(output, `Cannot open the native library: tried ${path} (`);
    assertStringIncludes(
      output,
      `: it is there, but a whole library for ${target} is needed); no other place is tried`,
    );
  }
});

test({
  name: "A library whose end is missing is told where it may be read, and does not end the process",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const length of [64, 1000, library.length >> 1, library.length - 1]) {
      const path = `${freshFolder()}.so`;
      Deno.writeFileSync(path, library.subarray(0, length));
      const flags = ["--allow-env=GRADUS_LIB", ...allow(path, "ffi", "read")];
      assertStringIncludes(
        await run(`${consumer}/program.ts`, flags, { GRADUS_LIB: path }),
        `Cannot open the native library: tried ${path} (its end is missing, a whole library for ${target} is needed); no other`,
      );
    }
  },
});

test("A checkout in which nothing was built says so", async () => {
  const folder = freshFolder();
  await stage(folder, new Map());
  Deno.writeTextFileSync(`${folder}/program.ts`, program);
  assertStringIncludes(
    await run(`${folder}/program.ts`, ["--allow-ffi"]),
    'this module was loaded from a checkout in which nothing that works was built, "deno task build" is needed',
  );
});

test({
  name: "GRADUS_LIB names a foreign library, or an older one that lacks functions: a sentence for each",
  ignore: unpatchable,
  async fn() {
    const path = `${freshFolder()}.lib`;
    const load = () =>
      run(`${consumer}/program.ts`, ["--allow-env=GRADUS_LIB", ...allow(path, "ffi")], { GRADUS_LIB: path });
    Deno.writeFileSync(path, patched(text("gradus_fingerprint"), text("gradus_fingerprinx")));
    assertStringIncludes(
      await load(),
      `tried ${path} (it is a library, but not that of gradus); no other place is tried while GRADUS_LIB names this one`,
    );
    const older = patched(text("gradus_random_uniform"), text("gradus_random_uniforx"));
    const view = new DataView(older.buffer);
    for (let i = 0; i + 4 <= older.length; i++) {
      if (view.getUint32(i, true) === fingerprint) view.setUint32(i, 7, true);
    }
    Deno.removeSync(path);
    Deno.writeFileSync(path, older);
    assertStringIncludes(
      await load(),
      `Cannot use the library ${path}: it was built from other sources (fingerprint 7, needed ${
        fingerprint.toString(16)
      }), GRADUS_LIB has to name one that fits all copies of gradus in this process, or to be unset`,
    );
  },
});

test({
  name: "Two versions in one process open a library each",
  ignore: unpatchable,
  async fn() {
    const other = freshFolder(), cache = freshFolder();
    await stage(other, new Map([[target, embeddedModule(target, patched(word(fingerprint), word(7)))]]));
    const bindings = Deno.readTextFileSync(`${other}/src/bindings.ts`);
    Deno.writeTextFileSync(`${other}/src/bindings.ts`, bindings.replace(/(fingerprint = )0x\w+/, "$17"));
    Deno.writeTextFileSync(
      `${other}/program.ts`,
      `import { simdLevel as first } from "./mod.ts";
import { simdLevel as second } from "../consumer/mod.ts";
first("plain");
console.log(first(), second());
`,
    );
    const flags = ["--allow-env=GRADUS_CACHE", ...allow(cache, "ffi", "read", "write")];
    assertEquals(await run(`${other}/program.ts`, flags, { GRADUS_CACHE: cache }), `plain ${await loaded()}`);
    assertEquals(namesIn(cache).length, 2);
  },
});

test("build.ts without zig and without a network ends with one sentence", async () => {
  const output = await run(
    "build.ts",
    ["-A"],
    { ZIG: "", PATH: scratch, DENO_DIR: freshFolder(), NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/" },
    ["--out", `${scratch}/build`],
  );
  assertStringIncludes(output, "Cannot find a Zig compiler: ZIG is not set, zig on PATH is not there, and npm gives");
});

// ---------------------------------------------------------------- this process

/** A host that may do everything, with these differences. */
function hostWith(variables: Record<string, string>, changes: Partial<Host> = {}): Host {
  return {
    target: "x86_64-unknown-linux-gnu",
    base: "https://jsr.io/@gradus/gradus/0.1.0/src/library.ts",
    permitted: () => true,
    environment: (variable) => variables[variable],
    embedded: () => Promise.resolve(embedded),
    ...changes,
  };
}

/** Searches where nothing can be opened; returns the places, but for what would lie below a library, and the error. */
async function searchWith(host: Host): Promise<{ places: string[]; message: string }> {
  const places: string[] = [];
  const search = new Search((path) => {
    if (!path.endsWith("nothing")) places.push(path);
    throw new Error("it cannot be opened");
  }, host);
  const error = await assertRejects(async () => search.nearby() ?? await search.embedded(), GradusError);
  assertEquals(error.code, "library");
  return { places, message: error.message };
}

Deno.test("Search tries the checkout, the cache, and a temporary file, in this order", async () => {
  const cache = freshFolder(), temporary = freshFolder();
  Deno.mkdirSync(temporary);
  const { places, message } = await searchWith(
    hostWith({ GRADUS_CACHE: cache, TMPDIR: temporary }, { base: "file:///srv/ada/gradus/src/library.ts" }),
  );
  assertEquals(places.length, 3);
  assertEquals(places.slice(0, 2), [
    pathOf(new URL("file:///srv/ada/gradus/lib/x86_64-unknown-linux-gnu/libgradus.so")),
    `${cache}/${embedded.sha256.slice(0, 16)}-libgradus.so`,
  ]);
  assert(places[2].replaceAll("\\", "/").startsWith(`${temporary.replaceAll("\\", "/")}/gradus-`));
  assertEquals(
    message,
    `Cannot open the native library: tried ${places[0]} (it cannot be opened); ${places[1]} (it cannot be opened); ` +
      `${
        places[2]
      } (it cannot be opened); one of these places, or a library that GRADUS_LIB names, is needed, or GRADUS_BACKEND=wasm`,
  );
  assertEquals(namesIn(temporary), []);
});

Deno.test("Who permits libraries gets one or an error; who does not, WebAssembly", async () => {
  for (const ffi of [true, false]) {
    const host = hostWith({}, { permitted: ({ name }) => name === "ffi" && ffi });
    const search = new Search(() => undefined as never, host);
    const error = await assertRejects(() => search.embedded(), GradusError);
    assertEquals(error instanceof Unavailable, !ffi, error.message);
    assertEquals(error.message.endsWith("or GRADUS_BACKEND=wasm"), ffi, error.message);
  }
});

Deno.test("Search takes nothing else when GRADUS_LIB names a library", async () => {
  const { places, message } = await searchWith(hostWith({ GRADUS_LIB: "/opt/libgradus.so" }));
  assertEquals(places, ["/opt/libgradus.so"]);
  assertEquals(
    message,
    "Cannot open the native library: tried /opt/libgradus.so (it cannot be opened); " +
      "no other place is tried while GRADUS_LIB names this one",
  );
});

Deno.test("Search keeps libraries where the platform keeps caches", async () => {
  const linux = "x86_64-unknown-linux-gnu", windows = "aarch64-pc-windows-msvc", mac = "aarch64-apple-darwin";
  const cases: [string, Record<string, string>, string][] = [
    [linux, { GRADUS_CACHE: "/c", XDG_CACHE_HOME: "/x", HOME: "/h" }, "/c/"],
    [linux, { XDG_CACHE_HOME: "/x", HOME: "/h" }, "/x/gradus/"],
    [linux, { XDG_CACHE_HOME: "relative", HOME: "/h" }, "/h/.cache/gradus/"],
    [linux, { GRADUS_CACHE: "", HOME: "/h" }, "/h/.cache/gradus/"],
    [mac, { XDG_CACHE_HOME: "/x", HOME: "/h" }, "/h/Library/Caches/gradus/"],
    [
      windows,
      { HOME: "/h", LOCALAPPDATA: "C:\\Users\\ada\\AppData\\Local" },
      "C:\\Users\\ada\\AppData\\Local\\gradus\\",
    ],
    [linux, {}, "the user's cache (neither GRADUS_CACHE nor HOME is set)"],
    [windows, {}, "the user's cache (neither GRADUS_CACHE nor LOCALAPPDATA is set)"],
  ];
  for (const [target, variables, place] of cases) {
    const permitted: Host["permitted"] = ({ name }) => name === "env";
    const { places, message } = await searchWith(hostWith(variables, { target, permitted }));
    assertEquals(places, []);
    assertStringIncludes(message, `tried ${place}`);
  }
  const { message } = await searchWith(hostWith({ HOME: "/h" }, { permitted: () => false }));
  assertStringIncludes(message, "permission is missing, --allow-env=GRADUS_CACHE or --allow-env=HOME is needed");
});

Deno.test("Search on a platform without a library says what can be done", async () => {
  const { message } = await searchWith(
    hostWith({}, { target: "riscv64gc-unknown-linux-gnu", embedded: thisHost.embedded }),
  );
  assertEquals(
    message,
    "Cannot open the native library: there is none for riscv64gc-unknown-linux-gnu, " +
      "one that you compile from c/ and name in GRADUS_LIB is needed",
  );
});

Deno.test("Search in sources from the web, in which nothing is embedded, asks for a package", async () => {
  const { message } = await searchWith(
    hostWith({}, { embedded: () => Promise.resolve({ data: "", sha256: "", size: 0 }) }),
  );
  assertStringIncludes(message, "nothing is embedded in these sources, a released package is needed");
});

Deno.test("unpack() gives the library, and refuses one that does not have its hash", async () => {
  assertEquals(await unpack(embedded), library);
  const wrong: Embedded[] = [
    { ...embedded, sha256: "0".repeat(64) },
    { ...embedded, size: 1 },
    { ...embedded, data: embedded.data.slice(0, 1000) },
    { ...embedded, data: "no base64" },
  ];
  for (const each of wrong) await assertRejects(() => unpack(each), GradusError, "does not have its hash");
});

Deno.test("every platform has a module, which is empty or whole, and the name of its library", async () => {
  for (const [target, { library }] of Object.entries(targets)) {
    assertEquals(libraryName(target), library);
    const embedded = await thisHost.embedded(target)!;
    if (embedded.data !== "") assertEquals((await unpack(embedded)).length, embedded.size);
  }
  assertEquals(thisHost.embedded("x86_64-unknown-linux-musl"), undefined);
});

Deno.test("embeddedModule() without a library gives the module as it is in git", async () => {
  const path = (target: string) => `${root}src/embedded/${target}.ts`;
  for (const target of Object.keys(targets)) {
    const text = await Deno.readTextFile(path(target));
    if (text.includes('data = ""')) assertEquals(text, embeddedModule(target));
  }
});

Deno.test("The environment is read without Deno's `process`, which would take 8 MB", () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  let looks = 0;
  Object.defineProperty(globalThis, "process", { configurable: true, get: () => void looks++ });
  try {
    assertEquals(thisHost.environment("GRADUS_SIMD"), Deno.env.get("GRADUS_SIMD"));
  } finally {
    Object.defineProperty(globalThis, "process", before);
  }
  assertEquals(looks, 0);
});
