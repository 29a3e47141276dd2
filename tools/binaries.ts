/**
 * Reads shared libraries: ELF of Linux, PE32+ of Windows, Mach-O of macOS, each for x64 and arm64; and WebAssembly modules. What a library is for, what
 * it needs, what it offers, and whether its signature holds; what it should be is left to `tests/binaries_test.ts`.
 *
 * Only what the loader of each system looks at is read, so section names, debugging data and the like are passed over. The
 * formats: "System V ABI", chapters 4 and 5, with the GNU symbol versions of the Linux Standard Base; Microsoft's "PE Format";
 * Apple's mach-o/loader.h, mach-o/nlist.h and kern/cs_blobs.h; "WebAssembly Core Specification", chapter 5. All numbers are little-endian, but for Apple's signatures.
 *
 * Usage: `deno run --allow-read tools/binaries.ts <file>…` prints what it finds.
 */

import { createHash } from "node:crypto";
import { GradusError } from "../src/error.ts";

/** What a shared library says about itself. */
export interface Library {
  /** Whose format it is in. */
  format: "ELF" | "PE" | "Mach-O" | "WebAssembly";
  /** The processor, as in `Deno.build.arch`. */
  cpu: "x86_64" | "aarch64" | "wasm32";
  /** The name that programs linked with it ask for: the soname, the name in the export table, the install name. */
  name: string | undefined;
  /** The libraries that have to be there when it is loaded. */
  libraries: string[];
  /** The symbols that it takes from them, sorted; of a WebAssembly module, which shall take none, only the first. */
  imports: string[];
  /** The symbols that it offers, sorted. */
  exports: string[];
  /**
   * The oldest system that it can run on. ELF: each version of a symbol that it needs, such as `libc.so.6 GLIBC_2.17`; PE: the
   * version of Windows; Mach-O: that of macOS.
   */
  needs: string[];
  /** Its signature, if it is Mach-O and has one. */
  signature: Signature | undefined;
}

/** A code signature of Apple's: hashes of all pages before it, which macOS on arm64 compares when a page is first used. */
export interface Signature {
  /** What the signature calls the library. */
  identifier: string;
  /** Whether it is signed by nobody: then nothing but the hashes has to hold. */
  adHoc: boolean;
  /** How many pages have a hash. */
  pages: number;
  /** The pages whose hash is missing or not that of what is there, counted from 0; empty if the signature holds. */
  badPages: number[];
}

/**
 * Reads a shared library.
 *
 * @param data The whole file.
 * @param file What error messages call it.
 * @throws {GradusError} If it is none, is for another processor, or is damaged so that the loader would refuse it.
 */
export function readLibrary(data: Uint8Array, file = "this library"): Library {
  const bytes: Bytes = new Bytes(data, file);
  if (data.length < 4) bytes.fail("it is no library: it is shorter than any of them");
  switch (bytes.u32(0)) {
    case 0x464c457f: // "\x7fELF"
      return readElf(bytes);
    case 0xfeedfacf:
      return readMachO(bytes);
    case 0x6d736100: // "\0asm"
      return readWasm(bytes, data.length);
    case 0xbebafeca:
      bytes.fail("it is a Mach-O file for several processors, or Java");
  }
  if (bytes.u16(0) === 0x5a4d) return readPe(bytes); // "MZ"
  bytes.fail("it is neither ELF nor PE nor Mach-O of 64 bits, little-endian, nor WebAssembly");
}

/** What is longer is no name but damage. */
const longestName = 4096;

/** The bytes of a file; nothing is read beyond its end. */
class Bytes {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;

  constructor(data: Uint8Array, file: string) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.#file = file;
  }

  fail(what: string): never {
    throw new GradusError("data", `Cannot read ${this.#file}: ${what}, a whole shared library is needed`);
  }

  #check(at: number, length: number): void {
    if (at >= 0 && at + length <= this.#data.length) return;
    this.fail(`it refers to its byte ${at + length - 1}, but ends after ${this.#data.length}`);
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.#data[at];
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** Exact up to 2⁵³; what is larger cannot lie within a file. */
  u64(at: number): number {
    return this.u32(at) + 2 ** 32 * this.u32(at + 4);
  }

  /** Big-endian. */
  u32be(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at);
  }

  /** A number in base 128, and where it ends (mach-o/loader.h calls it uleb128). */
  uleb(at: number): { value: number; end: number } {
    for (let value = 0, scale = 1;; scale *= 128) {
      const byte = this.u8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return { value, end: at };
    }
  }

  slice(at: number, length: number): Uint8Array {
    this.#check(at, length);
    return this.#data.subarray(at, at + length);
  }

  /** A name that ends with a zero byte. */
  text(at: number): string {
    this.#check(at, 1);
    const text = this.#data.subarray(at, at + longestName);
    const end = text.indexOf(0);
    if (end < 0) this.fail(`the name at its byte ${at} does not end`);
    return new TextDecoder().decode(text.subarray(0, end));
  }
}

/** A part of a file, and where in memory the loader puts it. */
interface Segment {
  address: number;
  offset: number;
  size: number;
}

/** Where in the file something lies that will be at an address. */
function offsetOf(bytes: Bytes, segments: readonly Segment[], address: number): number {
  const segment = segments.find((s) => s.address <= address && address < s.address + s.size) ??
    bytes.fail(`it refers to the address 0x${address.toString(16)}, at which nothing lies`);
  return address - segment.address + segment.offset;
}

// ---------------------------------------------------------------- ELF

function readElf(bytes: Bytes): Library {
  if (bytes.u8(4) !== 2 || bytes.u8(5) !== 1) bytes.fail("it is ELF, but not of 64 bits, little-endian");
  if (bytes.u16(16) !== 3) bytes.fail("it is ELF, but no shared object");
  const machine = bytes.u16(18);
  const cpu = machine === 62 ? "x86_64" : machine === 183 ? "aarch64" : bytes.fail(`it is ELF for machine ${machine}`);

  // The program headers: 1 is what is loaded, 2 the dynamic section.
  const [first, entry, count] = [bytes.u64(32), bytes.u16(54), bytes.u16(56)];
  const headers = Array.from({ length: count }, (_, i) => first + i * entry);
  const segmentsOf = (type: number): Segment[] =>
    headers.filter((at) => bytes.u32(at) === type)
      .map((at) => ({ address: bytes.u64(at + 16), offset: bytes.u64(at + 8), size: bytes.u64(at + 32) }));
  const loaded = segmentsOf(1);
  const [dynamic = bytes.fail("it is ELF without a dynamic section")] = segmentsOf(2);
  const tags: { tag: number; value: number }[] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size && bytes.u64(at) !== 0; at += 16) {
    tags.push({ tag: bytes.u64(at), value: bytes.u64(at + 8) });
  }
  const find = (tag: number): number | undefined => tags.find((entry) => entry.tag === tag)?.value;
  const table = (tag: number, name: string): number =>
    offsetOf(bytes, loaded, find(tag) ?? bytes.fail(`it is ELF without ${name}`));

  const strings = table(5, "DT_STRTAB");
  const symbols = table(6, "DT_SYMTAB");
  // DT_HASH: its second word is the number of symbols. Symbol 0 is none.
  const symbolCount = bytes.u32(table(4, "DT_HASH") + 4);
  const imports: string[] = [], exports: string[] = [];
  for (let i = 1; i < symbolCount; i++) {
    const at = symbols + 24 * i;
    const [binding, visibility] = [bytes.u8(at + 4) >> 4, bytes.u8(at + 5) & 3];
    if (binding === 0) continue; // local
    const name = bytes.text(strings + bytes.u32(at));
    if (bytes.u16(at + 6) === 0) imports.push(name);
    else if (visibility === 0 || visibility === 3) exports.push(name); // neither internal nor hidden
  }

  const needs: string[] = [];
  const versions = find(0x6ffffffe); // DT_VERNEED: for each library, a list of versions
  for (let at = versions && offsetOf(bytes, loaded, versions), next = 1; at !== undefined && next !== 0; at += next) {
    const library = bytes.text(strings + bytes.u32(at + 4));
    for (let version = at + bytes.u32(at + 8), step = 1; step !== 0; version += step) {
      needs.push(`${library} ${bytes.text(strings + bytes.u32(version + 8))}`);
      step = bytes.u32(version + 12);
    }
    next = bytes.u32(at + 12);
  }

  const names = (tag: number): string[] =>
    tags.filter((entry) => entry.tag === tag).map(({ value }) => bytes.text(strings + value));
  return {
    format: "ELF",
    cpu,
    name: names(14).at(0),
    libraries: names(1),
    imports: imports.sort(),
    exports: exports.sort(),
    needs,
    signature: undefined,
  };
}

// ---------------------------------------------------------------- PE

function readPe(bytes: Bytes): Library {
  const header = bytes.u32(60);
  if (bytes.u32(header) !== 0x00004550) bytes.fail("it is a program for MS-DOS"); // "PE\0\0"
  const machine = bytes.u16(header + 4);
  const cpu = machine === 0x8664
    ? "x86_64"
    : machine === 0xaa64
    ? "aarch64"
    : bytes.fail(`it is PE for machine 0x${machine.toString(16)}`);
  if ((bytes.u16(header + 22) & 0x2000) === 0) bytes.fail("it is PE, but no DLL");
  const optional = header + 24;
  if (bytes.u16(optional) !== 0x20b) bytes.fail("it is PE, but not PE32+");

  const firstSection = optional + bytes.u16(header + 20);
  const sections = Array.from({ length: bytes.u16(header + 6) }, (_, i): Segment => {
    const at = firstSection + 40 * i;
    return { address: bytes.u32(at + 12), offset: bytes.u32(at + 20), size: bytes.u32(at + 16) };
  });
  const place = (address: number): number => offsetOf(bytes, sections, address);
  const textAt = (address: number): string => bytes.text(place(address));
  const directoryCount = bytes.u32(optional + 108);
  /** Where the data directory of that number lies, or nothing if there is none. */
  const directory = (i: number): number | undefined => {
    const address = i < directoryCount ? bytes.u32(optional + 112 + 8 * i) : 0;
    return address === 0 ? undefined : place(address);
  };

  const libraries: string[] = [], imports: string[] = [];
  /** A list of what is taken from one library: numbers, or addresses of names. */
  const takeImports = (list: number): void => {
    for (let at = place(list); bytes.u64(at) !== 0; at += 8) {
      const byNumber = bytes.u32(at + 4) >= 2 ** 31;
      imports.push(byNumber ? `#${bytes.u16(at)}` : textAt(bytes.u32(at) + 2));
    }
  };
  const imported = directory(1);
  for (let at = imported; at !== undefined && bytes.u32(at + 12) !== 0; at += 20) {
    libraries.push(textAt(bytes.u32(at + 12)));
    takeImports(bytes.u32(at) || bytes.u32(at + 16));
  }
  const delayed = directory(13); // loaded when first called
  for (let at = delayed; at !== undefined && bytes.u32(at + 4) !== 0; at += 32) {
    libraries.push(textAt(bytes.u32(at + 4)));
    takeImports(bytes.u32(at + 16));
  }

  const exported = directory(0);
  const exports: string[] = [];
  if (exported !== undefined) {
    const [functions, named] = [bytes.u32(exported + 20), bytes.u32(exported + 24)];
    if (functions !== named) bytes.fail(`it is PE that exports ${functions} functions, but ${named} names`);
    for (let i = 0; i < named; i++) exports.push(textAt(bytes.u32(place(bytes.u32(exported + 32) + 4 * i))));
  }

  return {
    format: "PE",
    cpu,
    name: exported === undefined ? undefined : textAt(bytes.u32(exported + 12)),
    libraries,
    imports: imports.sort(),
    exports: exports.sort(),
    needs: [`Windows ${bytes.u16(optional + 40)}.${bytes.u16(optional + 42)}`],
    signature: undefined,
  };
}

// ---------------------------------------------------------------- Mach-O

function readMachO(bytes: Bytes): Library {
  const type = bytes.u32(4);
  const cpu = type === 0x01000007
    ? "x86_64"
    : type === 0x0100000c
    ? "aarch64"
    : bytes.fail(`it is Mach-O for processor 0x${type.toString(16)}`);
  if (bytes.u32(12) !== 6) bytes.fail("it is Mach-O, but no dynamic library");

  let name: string | undefined;
  const libraries: string[] = [], needs: string[] = [];
  let imports: string[] = [], exports: string[] = [];
  let signature: Signature | undefined;
  let at = 32;
  for (let i = bytes.u32(16); i > 0; i--) {
    const [command, size] = [bytes.u32(at), bytes.u32(at + 4)];
    if (size < 8) bytes.fail(`it is Mach-O with a load command of ${size} bytes`);
    const number = (index: number): number => bytes.u32(at + 4 * index);
    switch (command) {
      case 0x0d: // LC_ID_DYLIB
        name = bytes.text(at + number(2));
        break;
      case 0x0c: // LC_LOAD_DYLIB, and the same weak, re-exported, lazy, upward
      case 0x80000018:
      case 0x8000001f:
      case 0x20:
      case 0x80000023:
        libraries.push(bytes.text(at + number(2)));
        break;
      case 0x02: // LC_SYMTAB
        imports = readUndefined(bytes, number(2), number(3), number(4));
        break;
      case 0x22: // LC_DYLD_INFO, LC_DYLD_INFO_ONLY
      case 0x80000022:
        exports = readTrie(bytes, number(10), number(11));
        break;
      case 0x80000033: // LC_DYLD_EXPORTS_TRIE
        exports = readTrie(bytes, number(2), number(3));
        break;
      case 0x24: // LC_VERSION_MIN_MACOSX
        needs.push(`macOS ${readVersion(number(2))}`);
        break;
      case 0x32: // LC_BUILD_VERSION; platform 1 is macOS
        needs.push(`${number(2) === 1 ? "macOS" : `platform ${number(2)}`} ${readVersion(number(3))}`);
        break;
      case 0x1d: // LC_CODE_SIGNATURE
        signature = readSignature(bytes, number(2));
        break;
    }
    at += size;
  }
  return { format: "Mach-O", cpu, name, libraries, imports, exports, needs, signature };
}

/** Two, or three, bytes from the top: major, minor, and a patch that is not told if 0. */
function readVersion(word: number): string {
  const [major, minor, patch] = [word >>> 16, word >> 8 & 255, word & 255];
  return `${major}.${minor}${patch === 0 ? "" : `.${patch}`}`;
}

/** The undefined external symbols, without the underscore that C names get. */
function readUndefined(bytes: Bytes, symbols: number, count: number, strings: number): string[] {
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const at = symbols + 16 * i;
    const type = bytes.u8(at + 4);
    // Not a debugger's (0xe0), of no section (0x0e), external (0x01).
    if ((type & 0xe0) === 0 && (type & 0x0f) === 0x01) {
      names.push(bytes.text(strings + bytes.u32(at)).replace(/^_/, ""));
    }
  }
  return names.sort();
}

/** The names that dyld finds: a tree whose edges carry parts of names. */
function readTrie(bytes: Bytes, start: number, size: number): string[] {
  const names: string[] = [];
  const nodes = [{ offset: 0, prefix: "" }];
  const seen = new Set<number>();
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const { offset, prefix } = node;
    if (offset >= size) {
      if (size === 0) break; // nothing is exported
      bytes.fail("it is Mach-O whose export tree leads outside");
    }
    if (seen.has(offset)) bytes.fail("it is Mach-O whose export tree is none");
    seen.add(offset);
    const terminal = bytes.uleb(start + offset);
    if (terminal.value > 0) names.push(prefix.replace(/^_/, ""));
    let at = terminal.end + terminal.value;
    for (let children = bytes.u8(at++); children > 0; children--) {
      const part = bytes.text(at);
      const child = bytes.uleb(at + new TextEncoder().encode(part).length + 1);
      nodes.push({ offset: child.value, prefix: prefix + part });
      at = child.end;
    }
  }
  return names.sort();
}

/** Reads the code directory of a signature and compares its hashes, as the system does for each page. */
function readSignature(bytes: Bytes, start: number): Signature {
  if (bytes.u32be(start) !== 0xfade0cc0) bytes.fail("it is Mach-O whose signature is none");
  // An index of blobs, each told by its kind and place: kind 0 is the code directory, the one that counts.
  let at: number | undefined;
  for (let i = bytes.u32be(start + 8), entry = start + 12; i > 0 && at === undefined; i--, entry += 8) {
    if (bytes.u32be(entry) === 0) at = start + bytes.u32be(entry + 4);
  }
  if (at === undefined || bytes.u32be(at) !== 0xfade0c02) {
    bytes.fail("it is Mach-O whose signature has no code directory");
  }
  const [flags, hashes, identifier] = [bytes.u32be(at + 12), bytes.u32be(at + 16), bytes.u32be(at + 20)];
  const [slots, limit] = [bytes.u32be(at + 28), bytes.u32be(at + 32)];
  const [hashSize, hashType, pageBits] = [bytes.u8(at + 36), bytes.u8(at + 37), bytes.u8(at + 39)];
  if (hashType !== 2 || hashSize !== 32) bytes.fail(`it is Mach-O signed with hashes of type ${hashType}, not SHA-256`);
  if (limit !== start) bytes.fail(`it is Mach-O whose signature covers ${limit} of the ${start} bytes before it`);
  if (pageBits < 12 || pageBits > 16) bytes.fail(`it is Mach-O signed in pages of 2^${pageBits} bytes`);

  const pageSize = 2 ** pageBits;
  const badPages: number[] = [];
  for (let page = 0; page * pageSize < limit; page++) {
    const offset = page * pageSize;
    const digest = createHash("sha256").update(bytes.slice(offset, Math.min(pageSize, limit - offset))).digest();
    const expected = page < slots ? bytes.slice(at + hashes + 32 * page, 32) : undefined;
    if (expected === undefined || digest.compare(expected) !== 0) badPages.push(page);
  }
  return { identifier: bytes.text(at + identifier), adHoc: (flags & 2) !== 0, pages: slots, badPages };
}

// ---------------------------------------------------------------- WebAssembly

function readWasm(bytes: Bytes, size: number): Library {
  if (bytes.u32(4) !== 1) bytes.fail(`it is WebAssembly of version ${bytes.u32(4)}`);
  let at = 8;
  const number = (): number => {
    const { value, end } = bytes.uleb(at);
    at = end;
    return value;
  };
  const name = (): string => {
    const length = number();
    at += length;
    return new TextDecoder().decode(bytes.slice(at - length, length));
  };
  const imports: string[] = [], exports: string[] = [];
  let hasCode = false;
  while (at < size) {
    const section = bytes.u8(at++), length = number(), end = at + length;
    bytes.slice(at, length);
    if (section === 10) hasCode = true;
    if (section === 2 && number() > 0) imports.push(`${name()}.${name()}`);
    if (section === 7) {
      for (let count = number(); count > 0; count--) {
        exports.push(name());
        at++; // what it is: a function, a memory, …
        number();
      }
    }
    at = end;
  }
  if (!hasCode) bytes.fail("it is WebAssembly without code");
  return {
    format: "WebAssembly",
    cpu: "wasm32",
    name: undefined,
    libraries: [],
    imports,
    exports: exports.sort(),
    needs: [],
    signature: undefined,
  };
}

// ---------------------------------------------------------------- the command

/** What a library says about itself, in lines. */
function describe({ format, cpu, name, libraries, imports, exports, needs, signature }: Library): string {
  const list = (items: readonly string[]): string => items.length === 0 ? "nothing" : items.join(", ");
  const lines = [
    `${format} for ${cpu}, called ${name ?? "nothing"}`,
    `needs ${list(needs)}`,
    `loads ${list(libraries)}`,
    `takes ${list(imports)}`,
    `offers ${list(exports)}`,
  ];
  if (signature !== undefined) {
    const { identifier, adHoc, pages, badPages } = signature;
    const state = badPages.length === 0 ? "all hold" : `of page ${badPages.join(", ")} not`;
    lines.push(`is signed ${adHoc ? "ad hoc " : ""}as ${identifier}: ${pages} hashes, ${state}`);
  }
  return lines.map((line) => `  ${line}\n`).join("");
}

if (import.meta.main) {
  for (const file of Deno.args) {
    try {
      const data = await Deno.readFile(file);
      console.log(`${file}: ${data.length.toLocaleString("en")} bytes\n${describe(readLibrary(data, file))}`);
    } catch (error) {
      if (!(error instanceof GradusError)) throw error;
      console.error(error.message);
      Deno.exitCode = 1;
    }
  }
}
