/**
 * What the built libraries are: for which processor and system, what they need and offer, how large they are. Those under lib/
 * that are not older than c/ are read; after `deno task build --all`, `deno test --allow-read=. tests/binaries_test.ts -- --all`
 * reads all of them, or fails.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { libraryPath, targets } from "../build.ts";
import { GradusError } from "../src/error.ts";
import { Random } from "../src/random.ts";
import { type Library, readLibrary } from "../tools/binaries.ts";

/** Bytes that a library may have. */
const sizeLimit = 300_000;

/** The C library of each system, of old Linux with the threads beside it, which every process has; of Windows the kernel alone. */
const systemLibraries: Readonly<Record<Library["format"], RegExp>> = {
  "ELF": /^(lib[cm]\.so\.6|libpthread\.so\.0)$/,
  "PE": /^KERNEL32\.dll$/,
  "Mach-O": /^\/usr\/lib\/libSystem\.B\.dylib$/,
  "WebAssembly": /^$/,
};

/** What is exported beside: for macOS, where the library begins; of WebAssembly, its memory, and where that is free. */
const linkersOwn: Partial<Readonly<Record<Library["format"], readonly string[]>>> = {
  "Mach-O": ["__dso_handle", "_mh_dylib_header"],
  "WebAssembly": ["__heap_base", "memory"],
};

const formats: readonly (readonly [part: string, format: Library["format"]])[] = [
  ["linux", "ELF"],
  ["windows", "PE"],
  ["darwin", "Mach-O"],
  ["wasm32", "WebAssembly"],
];

const all = Deno.args.includes("--all");
const root = new URL("../", import.meta.url);
const header = Deno.readTextFileSync(new URL("c/gradus.h", root)).replace(/\/\*[^]*?\*\//g, "");
const declared = [...header.matchAll(/\bGRADUS_API\s+\w+\s+(\w+)\(/g)].map(([, name]) => name).sort();

/** When a file, or the latest file in a folder, was written; -Infinity if it is not there. */
function writtenAt(path: string): number {
  try {
    const url = new URL(path, root);
    if (!path.endsWith("/")) return Deno.statSync(url).mtime?.getTime() ?? 0;
    return Math.max(...Array.from(
      Deno.readDirSync(url),
      ({ name, isDirectory }) => writtenAt(`${path}${name}${isDirectory ? "/" : ""}`),
    ));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return -Infinity;
    throw error;
  }
}

function load(target: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(libraryPath(target), root));
}

/** As `[2, 17]`. */
function versionOf(text: string): number[] {
  const [version] = text.match(/\d+(\.\d+)+$/) ?? [];
  assert(version !== undefined, `${text} is no version`);
  return version.split(".").map(Number);
}

/** Whether it is not later than the other. */
function isUpTo(version: number[], limit: number[]): boolean {
  const i = version.findIndex((part, i) => part !== (limit[i] ?? 0));
  return i < 0 || version[i] < (limit[i] ?? 0);
}

const sourcesWrittenAt = writtenAt("c/");
const present = Object.keys(targets).filter((target) => writtenAt(libraryPath(target)) > -Infinity);

for (const [target, { zig, library: fileName }] of Object.entries(targets)) {
  const path = libraryPath(target);
  const there = present.includes(target);
  const old = there && writtenAt(path) < sourcesWrittenAt;
  const left = target === Deno.build.target || all || (there && !old)
    ? ""
    : `: NOT CHECKED, it is ${old ? "older than c/" : "not there"}, deno task build --all makes it`;
  Deno.test({
    name: `${path} is what its system and gradus.h ask for${left}`,
    ignore: left !== "",
    async fn(t) {
      assert(there, `${path} is not there; deno task build --all makes it`);
      const data = load(target);
      const library = readLibrary(data, path);
      const { format, cpu, name, libraries, imports, needs, exports, signature } = library;

      await t.step(`it is ${format} for ${cpu}`, () => {
        assertEquals(cpu, target.split("-")[0]);
        assertEquals(format, formats.find(([part]) => target.includes(part))![1]);
      });
      await t.step(`it exports the ${declared.length} functions of gradus.h and nothing else`, () => {
        assert(declared.length > 0);
        const own = linkersOwn[format] ?? [];
        assertEquals(exports.filter((name) => !own.includes(name)), declared);
      });
      await t.step("it needs nothing but the system's C library", () => {
        assertEquals(libraries.filter((name) => !systemLibraries[format].test(name)), []);
        if (format === "WebAssembly") assertEquals(imports, []);
      });
      await t.step(`it runs on the oldest system that ${zig} stands for`, () => {
        if (format === "WebAssembly") return assertEquals(needs, []);
        const limit = format === "PE" ? [10, 0] : versionOf(zig);
        if (format === "Mach-O") assertEquals(needs, [`macOS ${limit.join(".")}`]);
        if (format === "ELF") assertEquals(needs.filter((need) => !/ GLIBC_[\d.]+$/.test(need)), []);
        assertEquals(needs.filter((need) => !isUpTo(versionOf(need), limit)), []);
      });
      await t.step("it has a name that is no path of the machine that built it", () => {
        const wanted = format === "Mach-O" ? `@rpath/${fileName}` : fileName;
        assertEquals(name, format === "WebAssembly" ? undefined : wanted);
        const text = new TextDecoder("latin1").decode(data);
        assert(!text.includes(decodeURIComponent(root.pathname).replace(/\/$/, "")));
      });
      await t.step("its signature holds, where arm64 macOS asks for one", () => {
        // On x64 macOS takes libraries that are not signed, and zig signs none.
        if (target !== "aarch64-apple-darwin" && signature === undefined) return;
        assert(signature !== undefined, "it is not signed");
        assertEquals(signature.badPages, []);
        assert(signature.adHoc && signature.pages > 0);
        assertEquals(signature.identifier, fileName);
      });
      await t.step(`it has at most ${sizeLimit.toLocaleString("en")} bytes`, () => {
        assert(data.length <= sizeLimit, `it has ${data.length.toLocaleString("en")}`);
      });
    },
  });
}

// ---------------------------------------------------------------- the readers

/** Reads, and holds what is thrown to one sentence. */
function readOrExplain(data: Uint8Array): Library | undefined {
  try {
    return readLibrary(data, "x.so");
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    assertEquals(error.code, "data");
    assert(/^Cannot read x\.so: [^\n]+, a whole shared library is needed$/.test(error.message), error.message);
    return undefined;
  }
}

for (const target of present) {
  Deno.test(`readLibrary() explains in one sentence what is cut off of the library for ${target}`, () => {
    const data = load(target);
    const lengths = [...Array(700).keys()];
    for (let length = 700; length < data.length; length += 7919) lengths.push(length);
    for (const length of lengths) {
      const library = readOrExplain(data.subarray(0, length));
      // Names of sections, which nobody reads, may well be gone.
      assert(library === undefined || length > data.length / 2, `of ${data.length} bytes ${length} were enough`);
    }
  });

  Deno.test(`readLibrary() explains in one sentence what is damaged in the library for ${target}`, () => {
    const data = load(target);
    const seed = 7;
    const random = new Random(seed);
    for (let i = 0; i < 400; i++) {
      const copy = data.slice();
      // Where the headers are, and anywhere.
      const range = i % 2 === 0 ? 4096 : copy.length;
      for (let k = 0; k < 4; k++) copy[Math.floor(random.uniform() * range)] = random.uint32() & 255;
      readOrExplain(copy);
    }
  });
}

Deno.test("readLibrary() refuses what is no shared library of 64 bits, and says what it is", () => {
  const bytes = (text: string, length = 64): Uint8Array => {
    const data = new Uint8Array(length);
    data.set(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
    return data;
  };
  const elf = "\x7fELF", mach = "\xcf\xfa\xed\xfe";
  for (
    const [data, what] of [
      [new Uint8Array(0), "shorter than any"],
      [bytes("#!/bin/sh\n"), "neither ELF nor PE nor Mach-O"],
      [bytes("\0asm\x02"), "WebAssembly of version 2"],
      [bytes(`${elf}\x01\x01\x01`), "not of 64 bits"],
      [bytes(`${elf}\x02\x02\x01`), "not of 64 bits, little-endian"],
      [bytes(`${elf}\x02\x01\x01${"\0".repeat(9)}\x02\0\x3e\0`), "no shared object"],
      [bytes(`${elf}\x02\x01\x01${"\0".repeat(9)}\x03\0\xf3\0`), "ELF for machine 243"],
      [bytes(`${elf}\x02\x01\x01${"\0".repeat(9)}\x03\0\x3e\0`), "without a dynamic section"],
      [bytes(`MZ${"\0".repeat(58)}`), "MS-DOS"],
      [bytes(`MZ${"\0".repeat(58)}\x40\0\0\0PE\0\0\x4c\x01`, 256), "PE for machine 0x14c"],
      [bytes(`MZ${"\0".repeat(58)}\x40\0\0\0PE\0\0\x64\x86`, 256), "no DLL"],
      [bytes("\xca\xfe\xba\xbe\0\0\0\x02"), "several processors"],
      [bytes("\xce\xfa\xed\xfe"), "neither ELF nor PE nor Mach-O"],
      [bytes(`${mach}\x07\0\0\0`), "Mach-O for processor 0x7"],
      [bytes(`${mach}\x07\0\0\x01\x03\0\0\0\x02\0\0\0`), "no dynamic library"],
      [bytes(`${mach}\x0c\0\0\x01\0\0\0\0\x06\0\0\0\x01\0\0\0`), "a load command of 0 bytes"],
    ] as const
  ) {
    const error = assertThrows(() => readLibrary(data, "x"), GradusError);
    const sentence = new RegExp(`^Cannot read x: .*${what}.*, a whole shared library is needed$`);
    assert(sentence.test(error.message), error.message);
  }
});

const signed = "aarch64-apple-darwin";
Deno.test({
  name: `readLibrary() finds the page of a signed library in which a single bit differs${
    present.includes(signed) || all ? "" : ": NOT CHECKED, there is none"
  }`,
  ignore: !present.includes(signed) && !all,
  fn() {
    const data = load(signed);
    const pageSize = 16384;
    const { pages } = readLibrary(data).signature!;
    // Not in page 0, where the headers are: what they say is read, too.
    for (const page of [1, pages >> 1, pages - 2]) {
      const copy = data.slice();
      copy[page * pageSize + 5] ^= 1;
      assertEquals(readLibrary(copy).signature?.badPages, [page]);
    }
  },
});
