/**
 * Reads the C surface, `c/gradus.h` and `c/ops.h`, and writes `src/bindings.ts`: FFI symbols, status codes,
 * enums, struct layouts, operation numbers and the fingerprint that tells a stale library.
 * Loading the library is left to `src/ffi.ts`, compiling it to `build.ts`.
 *
 * The grammar is narrow on purpose; whatever it does not know is an error with file and line:
 *
 * - comments and preprocessor lines; of these only `#define NAME <integer>` (array sizes) and
 *   `#define GRADUS_STATUS(X) X(OK, 0, "message") …` are read;
 * - `GRADUS_API <type> gradus_name(<parameters>);`, with a comment line that says just `nonblocking` before it
 *   when a second, asynchronous entry `gradus_name_async` is wanted;
 * - `struct gradus_name { … };` of `double`, `float`, `int32_t`, `uint32_t` and arrays of them, without padding;
 * - `enum gradus_name { GRADUS_NAME_FIRST = 0, … };`, `enum { GRADUS_STATUS(X) };` and `_Static_assert(…);`.
 *
 * In `c/ops.h` only the lists `GRADUS_ACTIVATION_OPS(X)`, `GRADUS_FUNCTION_OPS(X)`, `GRADUS_UNARY_OPS(X)` and
 * `GRADUS_BINARY_OPS(X)` are read.
 *
 * Usage: `deno task bindings` writes the file, `deno task bindings --check` only compares.
 */

import { GradusError } from "../src/error.ts";

const headerFile = "c/gradus.h";
const opsFile = "c/ops.h";
const outputFile = "src/bindings.ts";

/** More arguments travel on the stack, where Deno's fast calls were wrong on arm64 Macs until May 2026. */
const maxParameters = 6;

/** Types that may be passed or returned by value, with their names in Deno. */
const scalarTypes: Readonly<Record<string, string>> = {
  int32_t: "i32",
  uint32_t: "u32",
  double: "f64",
};

/** Types that a buffer may hold. */
const elementTypes: readonly string[] = [
  "void",
  "float",
  "double",
  "int8_t",
  "uint8_t",
  "int16_t",
  "uint16_t",
  "int32_t",
  "uint32_t",
];

/** Types that a struct field may have, with their names in Deno and their sizes in bytes. */
const fieldTypes: Readonly<Record<string, { name: string; size: number }>> = {
  double: { name: "f64", size: 8 },
  float: { name: "f32", size: 4 },
  int32_t: { name: "i32", size: 4 },
  uint32_t: { name: "u32", size: 4 },
};

const wideTypes: readonly string[] = [
  "size_t",
  "ssize_t",
  "ptrdiff_t",
  "intptr_t",
  "uintptr_t",
  "int64_t",
  "uint64_t",
];

// ---------------------------------------------------------------- what is read

interface Parameter {
  /** As in C, for instance `const float *x`. */
  declaration: string;
  type: string;
}

interface Prototype {
  name: string;
  cResult: string;
  result: string;
  parameters: Parameter[];
  nonblocking: boolean;
}

interface Field {
  name: string;
  declaration: string;
  type: string;
  offset: number;
  index: number;
  length: number;
}

interface Struct {
  name: string;
  size: number;
  fields: Field[];
}

interface Enum {
  name: string;
  entries: { name: string; value: number }[];
}

interface Status {
  name: string;
  code: number;
  message: string;
}

interface Op {
  name: string;
  formulas: string[];
}

interface Header {
  statuses: Status[];
  prototypes: Prototype[];
  structs: Struct[];
  enums: Enum[];
}

interface Ops {
  activation: Op[];
  function: Op[];
  binary: Op[];
}

// ---------------------------------------------------------------- reading

interface Token {
  text: string;
  line: number;
  start: number;
  end: number;
}

function fail(file: string, line: number, message: string): never {
  throw new GradusError("argument", `Cannot bind ${file}:${line}: ${message}`);
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = 0; i < offset; i++) if (text[i] === "\n") line++;
  return line;
}

/** Comments become spaces, newlines and everything else stay where they are. */
function blankComments(
  text: string,
  onComment: (start: number, end: number) => void = () => {},
): string {
  const pattern = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|\/\*[^]*?\*\//g;
  return text.replace(pattern, (match, offset: number) => {
    if (!match.startsWith("/")) return match;
    onComment(offset, offset + match.length);
    return match.replace(/[^\n]/g, " ");
  });
}

interface Define {
  name: string;
  /** As written, `(X)` or nothing. */
  parameters: string;
  body: string;
  line: number;
}

interface Parts {
  /** The text without comments and preprocessor lines. */
  code: string;
  defines: Define[];
  /** Where the comments `nonblocking` start and end. */
  markers: { start: number; end: number }[];
}

function splitSource(file: string, text: string): Parts {
  const markers: Parts["markers"] = [];
  const plain = blankComments(text, (start, end) => {
    const words = text.slice(start, end).replace(/^\/[/*]|\*\/$/g, "").trim();
    if (words === "nonblocking") markers.push({ start, end });
  });
  const stray = plain.search(/\/\*/);
  if (stray >= 0) fail(file, lineAt(plain, stray), "this comment never ends");

  const defines: Define[] = [];
  const code = plain.replace(
    /^[ \t]*#(?:[^\n]*\\\n)*[^\n]*/gm,
    (match, offset: number) => {
      const define = match.match(
        /^[ \t]*#\s*define\s+(\w+)(\([^)]*\))?([^]*)$/,
      );
      if (define !== null) {
        const [, name, parameters = "", body] = define;
        defines.push({
          name,
          parameters,
          // The body keeps its newlines, and the name's place is left blank, so that lines can be counted.
          body: " ".repeat(match.length - body.length) +
            body.replaceAll("\\\n", " \n"),
          line: lineAt(plain, offset),
        });
      }
      return match.replace(/[^\n]/g, " ");
    },
  );
  return { code, defines, markers };
}

/** A cursor over the tokens of one piece of C. */
class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(file: string, text: string, firstLine = 1) {
    this.#file = file;
    this.#text = text;
    let line = firstLine;
    for (
      const match of text.matchAll(
        /\n|[A-Za-z_]\w*|\d[\w.]*|"(?:[^"\\\n]|\\.)*"|\S/g,
      )
    ) {
      if (match[0] === "\n") line++;
      else {
        this.#tokens.push({
          text: match[0],
          line,
          start: match.index,
          end: match.index + match[0].length,
        });
      }
    }
    this.#tokens.push({ text: "", line, start: text.length, end: text.length });
  }

  get done(): boolean {
    return this.#at === this.#tokens.length - 1;
  }

  peek(): Token {
    return this.#tokens[this.#at];
  }

  next(): Token {
    const token = this.peek();
    if (!this.done) this.#at++;
    return token;
  }

  /** Takes the next token if it is `text`. */
  take(text: string): boolean {
    if (this.peek().text !== text) return false;
    this.next();
    return true;
  }

  expect(text: string, where: string): Token {
    const token = this.next();
    if (token.text !== text) {
      this.fail(token, `${describe(token)} in ${where}, \`${text}\` is needed`);
    }
    return token;
  }

  identifier(what: string): Token {
    const token = this.next();
    if (!/^[A-Za-z_]/.test(token.text)) {
      this.fail(token, `${describe(token)} where ${what} is needed`);
    }
    return token;
  }

  integer(what: string): number {
    const negative = this.take("-");
    const token = this.next();
    if (!/^(?:0x[0-9a-fA-F]+|0|[1-9]\d*)u?$/.test(token.text)) {
      this.fail(
        token,
        `${describe(token)} where ${what}, an integer, is needed`,
      );
    }
    const value = Number(token.text.replace(/u$/, ""));
    return negative ? -value : value;
  }

  string(what: string): string {
    let text = "";
    const first = this.peek();
    while (this.peek().text.startsWith('"')) {
      const token = this.next();
      try {
        text += JSON.parse(token.text);
      } catch {
        this.fail(token, `the escapes in ${token.text} are not those of JSON`);
      }
    }
    if (text === "") {
      this.fail(first, `${describe(first)} where ${what}, a text, is needed`);
    }
    return text;
  }

  /** The source from here to a `,` or `)` outside parentheses, in one line. */
  formula(): string {
    const first = this.peek();
    let depth = 0;
    let end = first.start;
    while (
      depth > 0 || (this.peek().text !== "," && this.peek().text !== ")")
    ) {
      if (this.done) this.fail(first, "this entry never ends, `)` is needed");
      const token = this.next();
      if (token.text === "(") depth++;
      if (token.text === ")") depth--;
      end = token.end;
    }
    return this.#text.slice(first.start, end).replace(/\s+/g, " ");
  }

  fail(token: Token, message: string): never {
    fail(this.#file, token.line, message);
  }
}

function describe(token: Token): string {
  return token.text === "" ? "the end" : `\`${token.text}\``;
}

// ---------------------------------------------------------------- c/gradus.h

function readHeader(text: string): Header {
  const { code, defines, markers } = splitSource(headerFile, text);
  const constants = new Map<string, number>();
  let statuses: Status[] | undefined;
  for (const define of defines) {
    if (define.name === "GRADUS_STATUS") {
      if (statuses !== undefined) {
        fail(headerFile, define.line, "a second GRADUS_STATUS list");
      }
      statuses = readStatuses(define);
      continue;
    }
    const integer = define.body.trim().match(/^\(?(0x[0-9a-fA-F]+|\d+)u?\)?$/);
    if (define.parameters === "" && integer !== null) {
      const value = Number(integer[1]);
      const known = constants.get(define.name);
      if (known !== undefined && known !== value) {
        fail(
          headerFile,
          define.line,
          `${define.name} is ${value} here and ${known} above`,
        );
      }
      constants.set(define.name, value);
    }
  }
  if (statuses === undefined) {
    fail(
      headerFile,
      1,
      "there is no list of status codes, `#define GRADUS_STATUS(X)` is needed",
    );
  }

  const header: Header = { statuses, prototypes: [], structs: [], enums: [] };
  const names = new Set(["Op", "Status"]);
  const unique = (reader: Reader, token: Token, name: string): string => {
    if (names.has(name)) reader.fail(token, `a second \`${name}\``);
    names.add(name);
    return name;
  };
  const reader = new Reader(headerFile, code);
  while (!reader.done) {
    const token = reader.next();
    switch (token.text) {
      case "GRADUS_API": {
        const before = markers.findIndex(({ end }) => {
          return end <= token.start &&
            text.slice(end, token.start).trim() === "";
        });
        if (before >= 0) markers.splice(before, 1);
        const prototype = readPrototype(reader, header.structs, before >= 0);
        unique(reader, token, prototype.name);
        header.prototypes.push(prototype);
        break;
      }
      case "struct": {
        const struct = readStruct(reader, constants);
        unique(reader, token, typeName(struct.name));
        header.structs.push(struct);
        break;
      }
      case "enum": {
        const entries = readEnum(reader);
        if (entries !== undefined) {
          unique(reader, token, typeName(entries.name));
          header.enums.push(entries);
        }
        break;
      }
      case "_Static_assert":
        reader.expect("(", "_Static_assert");
        reader.formula();
        if (reader.take(",")) reader.string("the message");
        reader.expect(")", "_Static_assert");
        reader.expect(";", "_Static_assert");
        break;
      default:
        reader.fail(
          token,
          `${describe(token)} begins nothing that is known here; ` +
            "GRADUS_API, struct, enum, a comment or a preprocessor line is needed",
        );
    }
  }
  for (const { start } of markers) {
    fail(
      headerFile,
      lineAt(text, start),
      "`nonblocking` is not followed by a GRADUS_API prototype",
    );
  }
  return header;
}

function readStatuses(define: Define): Status[] {
  const statuses: Status[] = [];
  const reader = new Reader(headerFile, define.body, define.line);
  const where = "the list of status codes";
  while (!reader.done) {
    const first = reader.expect("X", where);
    reader.expect("(", where);
    const name = reader.identifier("a name").text;
    reader.expect(",", where);
    const code = reader.integer("a code");
    reader.expect(",", where);
    const message = reader.string("a message");
    reader.expect(")", where);
    if (
      statuses.some((status) => status.code === code || status.name === name)
    ) {
      reader.fail(first, `${name} or its code ${code} is taken`);
    }
    statuses.push({ name, code, message });
  }
  if (statuses[0]?.name !== "OK" || statuses[0].code !== 0) {
    fail(
      headerFile,
      define.line,
      'the first status is another one, `X(OK, 0, "…")` is needed',
    );
  }
  return statuses;
}

function readPrototype(
  reader: Reader,
  structs: Struct[],
  nonblocking: boolean,
): Prototype {
  const result = reader.identifier("the type of the result");
  if (result.text !== "void" && !(result.text in scalarTypes)) {
    reader.fail(
      result,
      `the result ${unusable(result.text)}; int32_t, uint32_t, double or void is needed`,
    );
  }
  const name = reader.identifier("the name of the function");
  if (!/^gradus_[a-z0-9_]+$/.test(name.text) || name.text.endsWith("_async")) {
    reader.fail(
      name,
      `\`${name.text}\` is no name for a function, gradus_<thing>_<verb> is needed`,
    );
  }
  const parameters: Parameter[] = [];
  reader.expect("(", name.text);
  if (reader.peek().text === ")") {
    reader.fail(
      reader.peek(),
      `${name.text} has an empty list of parameters, (void) is needed`,
    );
  }
  if (reader.peek().text === "void") {
    const start = reader.next();
    if (reader.peek().text !== ")") {
      parameters.push(readPointer(reader, structs, start, false));
    }
  } else {
    parameters.push(readParameter(reader, structs));
  }
  while (reader.take(",")) parameters.push(readParameter(reader, structs));
  reader.expect(")", name.text);
  reader.expect(";", name.text);
  if (parameters.length > maxParameters) {
    reader.fail(
      name,
      `${name.text} has ${parameters.length} parameters; at most ${maxParameters} travel in registers on every ` +
        "platform, the others have to go into one typed array",
    );
  }
  return {
    name: name.text,
    cResult: result.text,
    result: scalarTypes[result.text] ?? "void",
    parameters,
    nonblocking,
  };
}

function readParameter(reader: Reader, structs: Struct[]): Parameter {
  if (reader.take("const")) {
    return readPointer(reader, structs, reader.identifier("a type"), true);
  }
  const type = reader.identifier("a type");
  if (type.text === "struct" || reader.peek().text === "*") {
    return readPointer(reader, structs, type, false);
  }
  const name = reader.identifier("the name of a parameter");
  if (!(type.text in scalarTypes)) {
    reader.fail(
      type,
      `parameter \`${name.text}\` ${unusable(type.text)}; int32_t, uint32_t, double or a pointer is needed`,
    );
  }
  return {
    declaration: `${type.text} ${name.text}`,
    type: scalarTypes[type.text],
  };
}

/** The rest of `T *name` after `T` or, for `struct gradus_name *name`, after `struct`. */
function readPointer(
  reader: Reader,
  structs: Struct[],
  type: Token,
  constant: boolean,
): Parameter {
  let element = type.text;
  if (element === "struct") {
    const tag = reader.identifier("the name of a struct");
    element = `struct ${tag.text}`;
    if (!structs.some((struct) => struct.name === tag.text)) {
      reader.fail(tag, `${element} is not described above`);
    }
  }
  reader.expect("*", "the type of a parameter");
  reader.take("restrict");
  const name = reader.next();
  const known = element.startsWith("struct ") || elementTypes.includes(element);
  if (name.text === "*" || !known) {
    const full = `${element} ${name.text === "*" ? "**" : "*"}`;
    const why = wideTypes.includes(element) ? " points to 64-bit integers, which are BigInt in Deno" : "";
    reader.fail(
      type,
      `a parameter is \`${full}\`${why}; a pointer to ${elementTypes.join(", ")} is needed`,
    );
  }
  if (!/^[A-Za-z_]/.test(name.text)) {
    reader.fail(
      name,
      `${describe(name)} where the name of a parameter is needed`,
    );
  }
  return {
    declaration: `${constant ? "const " : ""}${element} *${name.text}`,
    type: "buffer",
  };
}

/** Why a type cannot be passed by value, as the end of a sentence. */
function unusable(type: string): string {
  if (wideTypes.includes(type)) {
    return `is ${type}, 64 bits wide, and 64-bit integers are BigInt in Deno`;
  }
  if (type === "float") {
    return "is float, and every number in JavaScript is a double";
  }
  if (["int", "long", "unsigned", "short", "char", "bool"].includes(type)) {
    return `is ${type}, whose width is not in its name`;
  }
  return `is ${type}`;
}

function readStruct(
  reader: Reader,
  constants: ReadonlyMap<string, number>,
): Struct {
  const tag = reader.identifier("the name of a struct");
  if (!/^gradus_[a-z0-9_]+$/.test(tag.text)) {
    reader.fail(
      tag,
      `\`${tag.text}\` is no name for a struct, gradus_<thing> is needed`,
    );
  }
  reader.expect("{", `struct ${tag.text}`);
  const fields: Field[] = [];
  let offset = 0;
  let alignment = 1;
  while (!reader.take("}")) {
    const type = reader.identifier("the type of a field");
    const known = fieldTypes[type.text];
    if (known === undefined) {
      reader.fail(
        type,
        `a field ${unusable(type.text)}; double, float, int32_t or uint32_t is needed`,
      );
    }
    do {
      const name = reader.identifier("the name of a field");
      let declaration = `${type.text} ${name.text}`;
      let length = 1;
      if (reader.take("[")) {
        const size = reader.peek();
        const constant = constants.get(size.text);
        if (constant !== undefined) {
          reader.next();
          length = constant;
        } else {
          length = reader.integer(
            "the size of an array (a number or the name of one in this header)",
          );
        }
        if (length < 1) {
          reader.fail(size, `\`${name.text}\` has ${length} elements`);
        }
        declaration += `[${size.text}]`;
        reader.expect("]", declaration);
      }
      if (fields.some((field) => field.name === name.text)) {
        reader.fail(name, `a second field \`${name.text}\``);
      }
      if (offset % known.size !== 0) {
        reader.fail(
          name,
          `\`${name.text}\` would follow ${known.size - offset % known.size} bytes of padding; ` +
            "the 8-byte fields have to come first",
        );
      }
      fields.push({
        name: name.text,
        declaration,
        type: known.name,
        offset,
        index: offset / known.size,
        length,
      });
      offset += known.size * length;
      alignment = Math.max(alignment, known.size);
    } while (reader.take(","));
    reader.expect(";", `struct ${tag.text}`);
  }
  const end = reader.expect(";", `struct ${tag.text}`);
  if (fields.length === 0) reader.fail(end, `struct ${tag.text} is empty`);
  if (offset % alignment !== 0) {
    reader.fail(
      end,
      `struct ${tag.text} would end in ${alignment - offset % alignment} bytes of padding; ` +
        "one more 4-byte field is needed",
    );
  }
  return { name: tag.text, size: offset, fields };
}

/** An enum, or nothing for the one that only repeats the status codes. */
function readEnum(reader: Reader): Enum | undefined {
  const tag = reader.peek().text === "{" ? undefined : reader.identifier("the name of an enum");
  const name = tag?.text ?? "gradus_status";
  const where = `enum ${name}`;
  reader.expect("{", where);
  if (reader.take("GRADUS_STATUS")) {
    reader.expect("(", where);
    reader.identifier("the name of a macro");
    for (const text of [")", "}", ";"]) reader.expect(text, where);
    return undefined;
  }
  if (tag === undefined || !/^gradus_[a-z0-9_]+$/.test(name)) {
    reader.fail(
      tag ?? reader.peek(),
      "an enum has no name, gradus_<thing> is needed",
    );
  }
  const prefix = `${name.toUpperCase()}_`;
  const entries: Enum["entries"] = [];
  while (!reader.take("}")) {
    const entry = reader.identifier("the name of a constant");
    if (!entry.text.startsWith(prefix) || entry.text.length === prefix.length) {
      reader.fail(
        entry,
        `\`${entry.text}\` is in ${where}, ${prefix}… is needed`,
      );
    }
    const value = reader.take("=") ? reader.integer("a value") : (entries.at(-1)?.value ?? -1) + 1;
    const short = entry.text.slice(prefix.length);
    if (
      entries.some((other) => other.name === short || other.value === value)
    ) {
      reader.fail(entry, `\`${entry.text}\` or its value ${value} is taken`);
    }
    entries.push({ name: short, value });
    if (!reader.take(",")) {
      reader.expect("}", where);
      break;
    }
  }
  const end = reader.expect(";", where);
  if (entries.length === 0) reader.fail(end, `${where} is empty`);
  return { name, entries };
}

// ---------------------------------------------------------------- c/ops.h

function readOps(text: string): Ops {
  const { defines } = splitSource(opsFile, text);
  const lists = new Map<string, Define>();
  for (const define of defines) {
    if (!/^GRADUS_\w*OPS$/.test(define.name)) continue;
    if (
      !["ACTIVATION", "FUNCTION", "UNARY", "BINARY"].includes(
        define.name.slice(7, -4),
      )
    ) {
      fail(opsFile, define.line, `${define.name} is a list that nothing reads`);
    }
    if (define.parameters !== "(X)" || lists.has(define.name)) {
      fail(
        opsFile,
        define.line,
        `${define.name} is not \`#define ${define.name}(X)\`, once`,
      );
    }
    lists.set(define.name, define);
  }
  const list = (name: string): Define => {
    return lists.get(name) ?? fail(opsFile, 1, `there is no list ${name}(X)`);
  };
  const unary = list("GRADUS_UNARY_OPS");
  if (
    unary.body.trim().replace(/\s+/g, " ") !==
      "GRADUS_ACTIVATION_OPS(X) GRADUS_FUNCTION_OPS(X)"
  ) {
    fail(
      opsFile,
      unary.line,
      "GRADUS_UNARY_OPS(X) is not `GRADUS_ACTIVATION_OPS(X) GRADUS_FUNCTION_OPS(X)`, and numbers follow that order",
    );
  }
  const names = new Set(["leaf"]);
  return {
    activation: readOpList(list("GRADUS_ACTIVATION_OPS"), names),
    function: readOpList(list("GRADUS_FUNCTION_OPS"), names),
    binary: readOpList(list("GRADUS_BINARY_OPS"), names),
  };
}

function readOpList(define: Define, names: Set<string>): Op[] {
  const ops: Op[] = [];
  const reader = new Reader(opsFile, define.body, define.line);
  while (!reader.done) {
    reader.expect("X", define.name);
    reader.expect("(", define.name);
    const name = reader.identifier("the name of an operation");
    const formulas: string[] = [];
    while (reader.take(",")) formulas.push(reader.formula());
    reader.expect(")", define.name);
    if (!/^[a-z][a-z0-9_]*$/.test(name.text) || names.has(name.text)) {
      reader.fail(name, `\`${name.text}\` is taken or not in snake_case`);
    }
    const count = ops[0]?.formulas.length ?? formulas.length;
    if (
      formulas.length < 2 || formulas.length !== count || formulas.includes("")
    ) {
      reader.fail(
        name,
        `\`${name.text}\` has ${formulas.filter((text) => text !== "").length} formulas, ` +
          `${Math.max(count, 2)} are needed: its value and what its gradient takes`,
      );
    }
    names.add(name.text);
    ops.push({ name: name.text, formulas });
  }
  if (ops.length === 0) fail(opsFile, define.line, `${define.name} is empty`);
  return ops;
}

// ---------------------------------------------------------------- the fingerprint

/**
 * The number by which `src/ffi.ts` tells that a library was built from other headers: FNV-1a, 32 bits,
 * over both headers without comments and with each run of white space as one space.
 *
 * @param header The text of `c/gradus.h`.
 * @param ops The text of `c/ops.h`.
 */
export function fingerprintOf(header: string, ops: string): number {
  const normal = [header, ops].map((text) => {
    return blankComments(text).replaceAll("\\\n", " ").replace(/\s+/g, " ")
      .trim();
  }).join("\n");
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(normal)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

// ---------------------------------------------------------------- writing

function camelCase(name: string): string {
  return name.toLowerCase().replace(
    /_+([a-z0-9])/g,
    (_, letter: string) => letter.toUpperCase(),
  );
}

/** `gradus_train_settings` as `TrainSettings`. */
function typeName(name: string): string {
  const camel = camelCase(name.slice("gradus_".length));
  return camel[0].toUpperCase() + camel.slice(1);
}

/**
 * The text of `src/bindings.ts`.
 *
 * @param header The text of `c/gradus.h`.
 * @param ops The text of `c/ops.h`.
 * @throws {GradusError} If something in either file is outside the grammar; the message names file and line.
 */
export function generateBindings(header: string, ops: string): string {
  const { statuses, prototypes, structs, enums } = readHeader(header);
  const { activation, function: functions, binary } = readOps(ops);
  const unary = [...activation, ...functions];
  const allOps = [...unary, ...binary];
  const lines: string[] = [
    "// Generated by tools/bindings.ts from c/gradus.h and c/ops.h; do not edit.",
    "",
    "/** Compiled into the library too; a library with another one was built from other headers. */",
    `export const fingerprint = 0x${fingerprintOf(header, ops).toString(16).padStart(8, "0")};`,
    "",
    "/** What the native functions return. */",
    "export const Status = {",
    ...statuses.map(({ name, code }) => `  ${camelCase(name)}: ${code},`),
    "} as const;",
    "",
    "/** What each status means, by code. */",
    "export const statusMessages: ReadonlyMap<number, string> = new Map([",
    ...statuses.flatMap(({ code, message }) => entryLines("  ", "", "[", [`${code}`, JSON.stringify(message)], "]")),
    "]);",
    "",
    "/** The number of each operation on a tape: the leaf, the unary ones (activations first), the binary ones. */",
    "export const Op = {",
    "  leaf: 0,",
    ...allOps.map(({ name, formulas }, i) => `  ${camelCase(name)}: ${i + 1}, // ${formulas.join("; ")}`),
    "} as const;",
    "",
    "/** The names of the operations, by number. */",
    "export const opNames: readonly string[] = [",
    '  "leaf",',
    ...allOps.map(({ name }) => `  "${camelCase(name)}",`),
    "];",
    "",
    "/** Operations from this number on take two operands. */",
    `export const firstBinaryOp = ${unary.length + 1};`,
    "",
    "/** The unary operations that a layer can use as its activation, in the order of their numbers. */",
    "export const activationOps = [",
    ...activation.map(({ name }) => `  "${camelCase(name)}",`),
    "] as const;",
  ];
  for (const { name, entries } of enums) {
    lines.push(
      "",
      `/** \`enum ${name}\` */`,
      `export const ${typeName(name)} = {`,
      ...entries.map((entry) => `  ${camelCase(entry.name)}: ${entry.value},`),
      "} as const;",
    );
  }
  for (const { name, size, fields } of structs) {
    lines.push(
      "",
      `/** \`struct ${name}\`: its size in bytes and, for each field, where it is in a view of its type. */`,
      `export const ${typeName(name)} = {`,
      `  size: ${size},`,
      "  fields: {",
    );
    for (const { name, declaration, type, offset, index, length } of fields) {
      const parts = [
        `type: "${type}"`,
        `offset: ${offset}`,
        `index: ${index}`,
        `length: ${length}`,
      ];
      lines.push(
        `    // ${declaration}`,
        ...entryLines("    ", `${camelCase(name)}: `, "{ ", parts, " }"),
      );
    }
    lines.push("  },", "} as const;");
  }
  lines.push(
    "",
    "/** The native functions, as `Deno.dlopen` takes them. */",
    "export const symbols = {",
  );
  for (const prototype of prototypes) {
    lines.push(...symbolLines(prototype, false));
    if (prototype.nonblocking) lines.push(...symbolLines(prototype, true));
  }
  lines.push("} as const satisfies Deno.ForeignLibraryInterface;", "");
  return lines.join("\n");
}

/** One entry of a list, in one line where `deno fmt` would leave it in one. */
function entryLines(
  indent: string,
  key: string,
  open: string,
  parts: string[],
  close: string,
): string[] {
  const line = `${indent}${key}${open}${parts.join(", ")}${close},`;
  if (line.length <= 120) return [line];
  return [
    `${indent}${key}${open.trim()}`,
    ...parts.map((part) => `${indent}  ${part},`),
    `${indent}${close.trim()},`,
  ];
}

function symbolLines(prototype: Prototype, asynchronous: boolean): string[] {
  const { name, cResult, result, parameters } = prototype;
  const lines = [
    `  // ${cResult} ${name}${asynchronous ? ", off the main thread" : ""}`,
    `  ${asynchronous ? `${name}_async` : name}: {`,
  ];
  if (asynchronous) lines.push(`    name: "${name}",`);
  if (parameters.length === 0) lines.push("    parameters: [],");
  else {
    lines.push(
      "    parameters: [",
      ...parameters.map(({ declaration, type }) => `      "${type}", // ${declaration}`),
      "    ],",
    );
  }
  lines.push(`    result: "${result}",`);
  if (asynchronous) lines.push("    nonblocking: true,");
  lines.push("  },");
  return lines;
}

// ---------------------------------------------------------------- the tool

function main(args: string[]): number {
  const check = args.length === 1 && args[0] === "--check";
  if (args.length > 0 && !check) {
    console.error(`Cannot understand ${args.join(" ")}: only --check is known`);
    return 1;
  }
  const at = (path: string) => new URL(`../${path}`, import.meta.url);
  let text: string;
  try {
    text = generateBindings(
      Deno.readTextFileSync(at(headerFile)),
      Deno.readTextFileSync(at(opsFile)),
    );
  } catch (error) {
    if (
      !(error instanceof GradusError || error instanceof Deno.errors.NotFound)
    ) throw error;
    console.error(error.message);
    return 1;
  }
  let before = "";
  try {
    before = Deno.readTextFileSync(at(outputFile));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (before === text) {
    console.log(`${outputFile} is up to date`);
    return 0;
  }
  if (check) {
    console.error(
      `${outputFile} is not what c/gradus.h and c/ops.h give now: run \`deno task bindings\``,
    );
    return 1;
  }
  Deno.writeTextFileSync(at(outputFile), text);
  console.log(`Wrote ${outputFile}`);
  return 0;
}

if (import.meta.main) Deno.exit(main(Deno.args));
