/** The arrows of the house: which file may know which. The two tables are the whole rule. */

import { assert, assertEquals } from "@std/assert";

/**
 * The TypeScript files, from the ground up: a file imports from its own group and the ones above it in this list.
 * A name that ends in "/" is a folder. The first group knows no native code, so it runs without permissions.
 */
const typescript: readonly (readonly string[])[] = [
  [
    "src/error.ts",
    "src/options.ts",
    "src/bfloat16.ts",
    "src/shape.ts",
    "src/random.ts",
    "src/files.ts",
    "src/data/",
    "src/formats/model_json.ts",
  ],
  ["src/bindings.ts", "src/embedded/"],
  ["src/library.ts"],
  ["src/wasm_sweep.ts", "src/wasm.ts", "src/ffi.ts"],
  [
    "src/memory.ts",
    "src/pass.ts",
    "src/records.ts",
    "src/tape.ts",
    "src/trace.ts",
    "src/call.ts",
    "src/scope.ts",
    "src/simplify.ts",
    "src/derivative.ts",
    "src/program.ts",
    "src/compile.ts",
    "src/value.ts",
  ],
  ["src/tensor/", "src/tensor.ts"],
  ["src/differentiable.ts"],
  ["src/functional.ts", "src/check_gradients.ts", "src/expr.ts", "src/plot/"],
  [
    "src/layer.ts",
    "src/parameters.ts",
    "src/job.ts",
    "src/inputs.ts",
    "src/mlp.ts",
    "src/neuron.ts",
    "src/loss.ts",
    "src/optimizable.ts",
    "src/optim.ts",
    "src/metrics.ts",
  ],
  ["src/formats/onnx_write.ts", "src/formats/onnx_read.ts", "src/formats/onnx.ts"],
  ["src/dataset.ts", "src/run.ts", "src/engine.ts"],
  ["src/cli/"],
  ["mod.ts", "cli.ts"],
];

/** Who calls native functions; only these import `src/ffi.ts`, beside mod.ts, which hands on what chooses the level. */
const callers: readonly string[] = [
  "mod.ts",
  "src/records.ts",
  "src/simplify.ts",
  "src/program.ts",
  "src/tensor/",
  "src/mlp.ts",
  "src/optim.ts",
  "src/run.ts",
  "src/engine.ts",
];

/** Who may import anything that is not ours; the rest of the library needs nothing but Deno. */
const dependents: readonly string[] = [
  "src/cli/",
  "src/plot/svg.ts",
  "src/formats/onnx.ts",
  "src/formats/onnx_read.ts",
  "src/formats/onnx_write.ts",
];

/**
 * The C files, from the ground up: a file includes only what stands before it, and in this order. The parts in the middle
 * include nothing themselves: level.h and once.h put them together, so that the order decides what they can see.
 */
const c: readonly (readonly string[])[] = [
  ["c/gradus.h"],
  ["c/base.h", "c/ops.h"],
  ["c/fma.h"],
  ["c/fmod.h"],
  ["c/memory.c", "c/rng.h", "c/rng.c", "c/cpu.c", "c/threads.c"],
  ["c/integers.c", "c/element.c"],
  ["c/tensor.c", "c/tensor_index.c", "c/tensor_reduce.c"],
  ["c/real.h", "c/elementary.h"],
  ["c/elementwise.c", "c/vector.h", "c/kernels.h", "c/gemm.c", "c/reduce.c"],
  [
    "c/loss.c",
    "c/optim.c",
    "c/mlp.c",
    "c/value.c",
    "c/strips.c",
    "c/program.c",
    "c/tensor_rows.c",
    "c/tensor_product.c",
  ],
  ["c/real_end.h"],
  ["c/level.h", "c/once.h"],
  ["c/kernels/"],
  ["c/gradus.c", "c/windows.c"],
];

interface Import {
  /** A path in the project or, where it is none, the specifier. */
  to: string;
  typeOnly: boolean;
}

const root = new URL("../", import.meta.url);

/** All files under a path of the project whose name matches. */
function filesIn(folder: string, name: RegExp): string[] {
  const files: string[] = [];
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) files.push(...filesIn(`${path}/`, name));
    else if (name.test(entry.name)) files.push(path);
  }
  return files.sort();
}

/** The text of a file without its comments, as far as they take whole lines. */
function readCode(path: string): string {
  const text = Deno.readTextFileSync(new URL(path, root));
  return text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
}

function resolve(specifier: string, from: string): string {
  if (!/^\.{0,2}\//.test(specifier)) return specifier;
  return new URL(specifier, new URL(from, root)).href.slice(root.href.length);
}

function importsOf(path: string): Import[] {
  const statement = /^(?:import|export)\b(\s+type\b)?[^"';]*\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"/gm;
  const expression = /\bimport\(\s*"([^"]+)"|\bnew URL\(\s*"([^"]+\.ts)"\s*,\s*import\.meta\.url/g;
  const code = readCode(path);
  return [
    ...code.matchAll(statement).map(([, type, from, bare]) => ({
      to: resolve(from ?? bare, path),
      typeOnly: type !== undefined,
    })),
    ...code.matchAll(expression).map(([, module, worker]) => ({
      to: resolve(module ?? worker, path),
      typeOnly: false,
    })),
  ];
}

function includesOf(path: string): string[] {
  return [...readCode(path).matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)]
    .map(([, file]) => resolve(`./${file}`, path));
}

function stands(path: string, names: readonly string[]): boolean {
  return names.some((name) => name.endsWith("/") ? path.startsWith(name) : path === name);
}

function groupOf(path: string, table: readonly (readonly string[])[]): number {
  return table.findIndex((names) => stands(path, names));
}

/** The names in a table that no file goes by. */
function emptyPlaces(
  table: readonly (readonly string[])[],
  files: readonly string[],
): string[] {
  return table.flat().filter((name) => !files.some((path) => stands(path, [name])));
}

/** What of it exists: the library, not its tests and tools. */
const sources = ["mod.ts", "cli.ts", ...filesIn("src/", /\.ts$/)];
const cSources = filesIn("c/", /\.[ch]$/);

Deno.test("every TypeScript file has a place in the table of layers, and every place a file", () => {
  assertEquals(sources.filter((path) => groupOf(path, typescript) < 0), []);
  assertEquals(emptyPlaces(typescript, sources), []);
});

Deno.test("TypeScript files import only from their own layer and the ones below", () => {
  const wrong: string[] = [];
  for (const path of sources) {
    for (const { to } of importsOf(path)) {
      if (!to.endsWith(".ts") || to.includes(":")) continue;
      const group = groupOf(to, typescript);
      if (group < 0 || group > groupOf(path, typescript)) {
        wrong.push(`${path} imports ${to}`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("TypeScript files do not import one another in circles", () => {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const before = trail.indexOf(path);
    assert(
      before < 0,
      `a circle: ${[...trail.slice(before), path].join(" → ")}`,
    );
    if (done.has(path)) return;
    for (const { to, typeOnly } of importsOf(path)) {
      if (!typeOnly && sources.includes(to)) visit(to, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of sources) visit(path, []);
});

Deno.test("only the command line, SVG pictures and ONNX import anything that is not ours", () => {
  const foreign = sources.filter((path) => !stands(path, dependents))
    .flatMap((path) => importsOf(path).map(({ to }) => ({ path, to })))
    .filter(({ to }) => !sources.includes(to) && !to.startsWith("node:"))
    .map(({ path, to }) => `${path} imports ${to}`);
  assertEquals(foreign, []);
});

Deno.test("src/plot/svg.ts is an entry point: no other file imports it, so that nothing else loads Graphviz", () => {
  const importers = sources.filter((path) =>
    importsOf(path).some(({ to }) => to === "src/plot/svg.ts" || (to === "@viz-js/viz" && path !== "src/plot/svg.ts"))
  );
  assertEquals(importers, []);
});

Deno.test("src/formats/onnx.ts is an entry point: no other file imports it or its parts, so that nothing else loads protobuf", () => {
  const isOnnx = (path: string) => path.startsWith("src/formats/onnx");
  const importers = sources.filter((path) =>
    !isOnnx(path) && importsOf(path).some(({ to }) => isOnnx(to) || /^(?:onnx-buf|@bufbuild)/.test(to))
  );
  assertEquals(importers, []);
});

Deno.test("only src/ffi.ts opens the native library", () => {
  const openers = sources.filter((path) => readCode(path).includes("Deno.dlopen("));
  assertEquals(openers, ["src/ffi.ts"]);
});

Deno.test("only the tape, tensors, networks, optimizers and training runs call native functions", () => {
  const wrong = sources.filter((path) =>
    !stands(path, callers) &&
    importsOf(path).some(({ to, typeOnly }) => to === "src/ffi.ts" && !typeOnly)
  );
  assertEquals(wrong, []);
});

Deno.test("only src/ffi.ts and src/wasm.ts take the symbols from the generated bindings", () => {
  const wrong = sources.filter((path) =>
    !["src/ffi.ts", "src/wasm.ts", "src/bindings.ts"].includes(path) &&
    /\bsymbols\b[^"';]*\bfrom\s*"[^"]*\bbindings\.ts"/.test(readCode(path))
  );
  assertEquals(wrong, []);
});

Deno.test("every C file has a place in the table of layers, and every place a file", () => {
  assertEquals(cSources.filter((path) => groupOf(path, c) < 0), []);
  assertEquals(emptyPlaces(c, cSources), []);
});

Deno.test("C files include only what stands before them, in the order of the table", () => {
  const wrong: string[] = [];
  for (const path of cSources) {
    let last = -1;
    for (const to of includesOf(path)) {
      const group = groupOf(to, c);
      // c/level.h and c/once.h open a section for each real type anew.
      if (to === "c/real.h") last = group;
      const own = to === path.replace(/\.c$/, ".h");
      if (group < 0 || (group >= groupOf(path, c) && !own)) {
        wrong.push(`${path} includes ${to}`);
      }
      if (group < last) wrong.push(`${path} includes ${to} too late`);
      last = group;
    }
  }
  assertEquals(wrong, []);
});
