import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { libraryPath, targets } from "../build.ts";
import { GradusError } from "../src/error.ts";
import { testNeeding } from "./_machine.ts";

const testWithProcesses = testNeeding("processes"), testWithCompiler = testNeeding("compiler");

Deno.test("targets are the six platforms that Deno runs on, and WebAssembly with and without relaxed SIMD", () => {
  assertEquals(Object.keys(targets).sort(), [
    "aarch64-apple-darwin",
    "aarch64-pc-windows-msvc",
    "aarch64-unknown-linux-gnu",
    "wasm32",
    "wasm32-simd128",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-gnu",
  ]);
});

Deno.test("targets name the oldest system that the library runs on", () => {
  for (const [name, { zig }] of Object.entries(targets)) {
    if (name.includes("linux")) assertStringIncludes(zig, "-linux-gnu.2.17");
    if (name.includes("darwin")) assertStringIncludes(zig, "-macos.11.0");
    assertEquals(zig.split("-")[0], name.split("-")[0]);
  }
});

Deno.test("libraryPath() is a folder for each platform under lib/", () => {
  assertEquals(
    libraryPath("x86_64-pc-windows-msvc"),
    "lib/x86_64-pc-windows-msvc/gradus.dll",
  );
  assertEquals(
    libraryPath("aarch64-apple-darwin"),
    "lib/aarch64-apple-darwin/libgradus.dylib",
  );
  assertEquals(
    Deno.statSync(new URL(`../${libraryPath()}`, import.meta.url)).isFile,
    true,
  );
});

Deno.test("libraryPath() refuses a target that is not in the table", () => {
  for (const name of ["x86_64-unknown-linux-musl", "toString", ""]) {
    const error = assertThrows(() => libraryPath(name), GradusError);
    assertStringIncludes(error.message, `Cannot build for "${name}"`);
    assertStringIncludes(error.message, "x86_64-unknown-linux-gnu");
  }
});

testWithProcesses("build.ts ends with status 1 and one sentence for what it does not know", () => {
  for (
    const [args, reason] of [
      [["--target", "z80"], 'Cannot build for "z80"'],
      [["--fast"], "Cannot read the options"],
      [["--run", "examples/xor.ts"], 'Cannot take the option --run: it is "examples/xor.ts"'],
      [["--run", "examples/xor.c", "--tests"], "Cannot take the option --run: --tests builds the tests"],
      [["--run", "examples/xor.c", "--target", "wasm32"], "Cannot build examples/xor.c for wasm32: WebAssembly has no"],
      [["--tests", "--target", "wasm32-simd128"], "Cannot build the C tests for wasm32-simd128: its bits"],
      [["--debug", "--target", "wasm32"], "Cannot build wasm32 with assertions: they want a C library"],
      [["--run", "examples/none.c"], "Cannot build examples/none.c: there is no such file"],
    ] as const
  ) {
    const { code, stderr } = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-lock",
        "--no-prompt",
        "--allow-read",
        "build.ts",
        ...args,
      ],
      cwd: new URL("..", import.meta.url),
    }).outputSync();
    assertEquals(code, 1);
    assertStringIncludes(new TextDecoder().decode(stderr), reason);
  }
});

testWithCompiler("bench/ulp.c, which would run for an hour, is C without warnings", () => {
  // Not linked: for that zig would first compile what it brings along for unoptimised programs, half a minute of it.
  const args = ["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-Ic", "-O0"];
  const { code, stderr } = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-lock",
      `import { compile, targets } from "./build.ts";
       const { zig } = targets[Deno.build.target];
       await compile("bench/ulp.c", ${
        JSON.stringify(args)
      }.concat("-target", zig, "-c", "-o", ".scratch/ulp.o", "bench/ulp.c"));`,
    ],
    cwd: new URL("..", import.meta.url),
  }).outputSync();
  assert(code === 0, new TextDecoder().decode(stderr));
});
