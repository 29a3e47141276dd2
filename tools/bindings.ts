/**
 * Reads the C surface, `c/gradus.h` and `c/ops.h`, and writes `src/bindings.ts`: FFI symbols, status codes,
 * enums, struct layouts, operation numbers and the fingerprint that tells a stale library.
 * Loading the library is left to `src/ffi.ts`, compiling it to `build.ts`.
 *
 * The grammar is narrow on purpose; whatever it does not know is an error with file and line. In `c/gradus.h`:
 *
 * - `GRADUS_API <type> gradus_name(<parameters>);`, after a comment that says just `nonblocking` when a second,
 *   asynchronous entry `gradus_name_async` is wanted; a buffer without `const` is written, and one called `scratch` means
 *   nothing before and after a call;
 * - `struct gradus_name { … };` of fields `<type> name;` or `<type> name[<number>];` without padding;
 * - `enum gradus_name { GRADUS_NAME_FIRST = 0, … };` with every value written out;
 * - `enum gradus_op` and `enum gradus_tensor_op`, whose names and values have to be those of the operations in `c/ops.h`;
 * - `#define GRADUS_STATUS(X)` with a line `X(OK, 0, "message")` for each, and the `enum gradus_status` that expands it;
 * - `extern "C" {` and its end, between `#ifdef __cplusplus` and `#endif`; other preprocessor lines are passed over.
 *
 * In `c/ops.h` the lists `GRADUS_{ACTIVATION,FUNCTION,UNARY,BINARY}_OPS(X)` are read; of their derivatives, by `formulas.ts`,
 * only what can be recorded as operations, too. Then `GRADUS_{TENSOR,BIT,INTEGER}_{UNARY,BINARY}_OPS(X)`, which have values
 * alone; those of integers are of operations of the other lists. There is nothing else.
 *
 * Usage: `deno task bindings` writes the file, `deno task bindings --check` only compares.
 */

import { GradusError } from "../src/error.ts";
import { formulaTree } from "./formulas.ts";

const headerFile = "c/gradus.h";
const opsFile = "c/ops.h";
const outputFile = "src/bindings.ts";

/** More arguments travel on the stack, where Deno's fast calls were wrong on arm64 Macs until May 2026. */
const maxParameters = 6;

/** What is passed and returned by value, and the fields of structs, in Deno's words. */
const scalarTypes: ReadonlyMap<string, string> = new Map([["int32_t", "i32"], ["uint32_t", "u32"], ["double", "f64"]]);

/** What a buffer can hold, beside the structs of the header. */
const elementTypes = "void float double int8_t uint8_t int16_t uint16_t int32_t uint32_t".split(" ");

// ---------------------------------------------------------------- sources

/** A part of a source, and the offset at which it starts. */
interface Piece {
  text: string;
  at: number;
}

/** The text of a header without comments, from which what is understood is taken out. */
class Source {
  readonly #file: string;
  #rest: string;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#rest = withoutComments(text, /^\/\*\s*nonblocking\s*\*\/$/);
    const open = this.#rest.indexOf("/*");
    if (open >= 0) this.fail(open, "this comment never ends");
  }

  /** Takes out all matches of `pattern` (flags d and g): each and its groups; a group without a part in it is empty. */
  take(pattern: RegExp): Piece[][] {
    const matches = Array.from(
      this.#rest.matchAll(pattern),
      (match) => match.indices!.map((span, group) => ({ text: match[group] ?? "", at: span?.[0] ?? match.index })),
    );
    this.#rest = this.#rest.replace(pattern, blank);
    return matches;
  }

  /** Takes out the lists `#define NAME(X) …`, which have to be just these, and returns the lines of each. */
  takeLists(...names: string[]): Piece[][] {
    const lists = this.take(/^#define (GRADUS_\w+)\(X\)((?:.*\\\n)*.*)/dgm);
    const stray = lists.find(([, { text }]) => !names.includes(text));
    if (stray !== undefined) this.fail(stray[0].at, `${stray[1].text} is a list that nothing reads`);
    return names.map((name) => {
      const [, , { text, at }] = lists.find(([, { text }]) => text === name) ?? this.fail(0, `${name}(X) is not there`);
      const lines = split({ text: text.replaceAll("\\\n", " \n"), at }, "\n").filter(({ text }) => text !== "");
      return lines.length > 0 ? lines : this.fail(at, `${name}(X) is empty`);
    });
  }

  /** Fails if anything has not been taken out. */
  finish(): void {
    const at = this.#rest.search(/\S/);
    const line = this.#rest.slice(at).match(/.*/);
    if (at >= 0) this.fail(at, `\`${line}\` is unknown; a prototype with GRADUS_API, a struct or an enum is needed`);
  }

  /** Fails if two pieces are the same, or one is a name that is taken. */
  checkDistinct(pieces: readonly Piece[], ...taken: string[]): void {
    const texts = new Set(taken);
    for (const { text, at } of pieces) {
      if (texts.has(text)) this.fail(at, `a second \`${text}\``);
      texts.add(text);
    }
  }

  fail(at: number, message: string): never {
    const line = this.#rest.slice(0, at).split("\n").length;
    throw new GradusError("argument", `Cannot bind ${this.#file}:${line}: ${message}`);
  }
}

/** Comments become spaces; those that are `kept` keep their words. All else stays where it is. */
function withoutComments(text: string, kept = /^$/): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/.*|\/\*[^]*?\*\//g, (match) => {
    if (match.startsWith('"')) return match;
    return kept.test(match) ? match.replace(/[/*]/g, " ") : blank(match);
  });
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

/** The parts between separators, without the space around them. */
function split({ text, at }: Piece, separator: string): Piece[] {
  return text.split(separator).map((part) => {
    const piece = { text: part.trim(), at: at + part.search(/\S|$/) };
    at += part.length + separator.length;
    return piece;
  });
}

// ---------------------------------------------------------------- c/gradus.h

/** A status: its name, code and message as they stand there. */
interface Status extends Piece {
  code: string;
  message: string;
}

function readStatuses(source: Source): Status[] {
  const [list] = source.takeLists("GRADUS_STATUS");
  const statuses = list.map(({ text, at }) => {
    const [, name, code, message] = text.match(/^X\(([A-Z]\w*),\s*(-?\d+),\s*("[^"\\]+")\)$/) ??
      source.fail(at, `\`${text}\` is no status, \`X(NAME, -1, "message")\` is needed`);
    return { text: name, code, message, at };
  });
  source.checkDistinct([...statuses, ...statuses.map(({ code, at }) => ({ text: code, at }))]);
  if (!/^X\(OK, 0,/.test(list[0].text)) source.fail(list[0].at, "the first status is not OK, 0");
  return statuses;
}

/** What is declared, as TypeScript: the types, and the entries of `symbols` and of `transfers`. */
function readDeclarations(source: Source): { types: string; symbols: string; transfers: string } {
  source.take(/^#ifdef __cplusplus\n(?:extern "C" \{|\})\n#endif$/dgm);
  source.take(/^[ \t]*#(?:.*\\\n)*.*/dgm);
  source.take(/^enum gradus_status \{ GRADUS_STATUS\(GRADUS_STATUS_VALUE\) \};$/dgm);
  const enums = source.take(/\benum\s+(gradus_\w+)\s*\{([^{}]*?),?\s*\}\s*;/dg);
  const structs = source.take(/\bstruct\s+(gradus_\w+)\s*\{([^{}]*)\}\s*;/dg);
  const prototypes = source.take(/(nonblocking\s+)?GRADUS_API\s+(\w+)\s+(gradus_\w+)(?<!_async)\(([^()]*)\)\s*;/dg);
  source.finish();
  const types = [...enums, ...structs].map(([, tag]) => ({ ...tag, text: typeName(tag.text) }));
  source.checkDistinct([...types, ...prototypes.map(([, , , name]) => name)], "Status", "Op", "TensorOp");
  const targets = new Set([...elementTypes, ...structs.map(([, tag]) => `struct ${tag.text}`)]);
  return {
    types: enums.map((match) => enumText(source, match)).join("") +
      structs.map((match) => structText(source, match)).join(""),
    symbols: prototypes.map((match) => symbolText(source, match, targets)).join(""),
    transfers: prototypes.map(transferText).join(""),
  };
}

/**
 * Takes out an enum of operations, which is for those who have the header alone: it has to number them as `names` do, from
 * `first` on.
 */
function checkOps(source: Source, tag: string, names: readonly string[], first: number): void {
  const [, body] = source.take(new RegExp(`\\benum\\s+${tag}\\s*\\{([^{}]*)\\}\\s*;`, "dg"))[0] ??
    source.fail(0, `enum ${tag} is not there`);
  const entries = split(body, ",");
  const expected = names.map((name, i) => `${tag.toUpperCase()}_${name.toUpperCase()} = ${first + i}`);
  for (let i = 0; i < Math.max(entries.length, expected.length); i++) {
    const { text, at } = entries[i] ?? { text: undefined, at: body.at };
    if (text === expected[i]) continue;
    const [is, needed] = [text, expected[i]].map((entry) => entry === undefined ? "the end" : `\`${entry}\``);
    source.fail(at, `${is} is in enum ${tag}; ${needed} is needed, as in ${opsFile}`);
  }
}

function enumText(source: Source, [, tag, body]: Piece[]): string {
  const prefix = `${tag.text.toUpperCase()}_`;
  const entries = split(body, ",");
  source.checkDistinct(entries.map(({ text, at }) => ({ text: text.replace(/^.*=\s*/, ""), at })));
  const lines = entries.map(({ text, at }) => {
    const [, name, value] = text.match(/^(\w+)\s*=\s*(-?\d+)$/) ?? [];
    if (name?.startsWith(prefix)) return `  ${camelCase(name.slice(prefix.length))}: ${value},\n`;
    return source.fail(at, `\`${text}\` is in enum ${tag.text}; ${prefix}… = <integer> is needed`);
  });
  return `
/** \`enum ${tag.text}\` */
export const ${typeName(tag.text)} = {
${lines.join("")}} as const;
`;
}

function structText(source: Source, [, tag, body]: Piece[]): string {
  const declarations = split(body, ";");
  const end = declarations.pop()!;
  if (end.text !== "" || declarations.length === 0) source.fail(end.at, "a field with a semicolon is needed");
  let size = 0;
  let alignment = 1;
  const lines = declarations.map(({ text, at }) => {
    const [, cType, name, count = "1"] = text.match(/^(\w+)\s+(\w+)(?:\[([1-9]\d*)\])?$/) ?? [];
    const type = scalarTypes.get(cType) ??
      source.fail(at, `\`${text}\` is no field; double, int32_t, uint32_t or an array of them is needed`);
    const bytes = type === "f64" ? 8 : 4;
    if (size % bytes !== 0) source.fail(at, `\`${name}\` would follow 4 bytes of padding; 8-byte fields come first`);
    const place = `type: "${type}", offset: ${size}, index: ${size / bytes}, length: ${count}`;
    size += bytes * Number(count);
    alignment = Math.max(alignment, bytes);
    return `    // ${text}\n    ${camelCase(name)}: { ${place} },\n`;
  });
  if (size % alignment !== 0) source.fail(end.at, `struct ${tag.text} would end in 4 bytes of padding`);
  return `
/** \`struct ${tag.text}\`: its size in bytes and, for each field, where it is in a view of its type. */
export const ${typeName(tag.text)} = {
  size: ${size},
  fields: {
${lines.join("")}  },
} as const;
`;
}

function symbolText(source: Source, match: Piece[], targets: ReadonlySet<string>): string {
  const [, marker, { text: cResult, at }, { text: name }, list] = match;
  const result = cResult === "void" ? cResult : scalarTypes.get(cResult) ??
    source.fail(at, `the result is ${cResult}; void, int32_t, uint32_t or double is needed`);
  const parameters = list.text.trim() === "void" ? [] : split(list, ",");
  if (parameters.length > maxParameters) {
    const count = `${parameters.length} parameters; at most ${maxParameters} travel in registers`;
    source.fail(match[3].at, `${name} has ${count}, the others have to go into one typed array`);
  }
  const lines = parameters.map((parameter) => parameterText(source, parameter, targets));
  const entry = (asynchronous: boolean): string =>
    [
      `  // ${cResult} ${name}${asynchronous ? ", off the main thread" : ""}`,
      `  ${name}${asynchronous ? "_async" : ""}: {`,
      ...asynchronous ? [`    name: "${name}",`] : [],
      ...lines.length === 0 ? ["    parameters: [],"] : ["    parameters: [", ...lines, "    ],"],
      `    result: "${result}",`,
      ...asynchronous ? ["    nonblocking: true,"] : [],
      "  },\n",
    ].join("\n");
  return marker.text === "" ? entry(false) : entry(false) + entry(true);
}

function parameterText(source: Source, { text, at }: Piece, targets: ReadonlySet<string>): string {
  const declaration = text.replace(/\s+/g, " ").replace("*restrict ", "*");
  const scalar = scalarTypes.get(declaration.match(/^(\w+) \w+$/)?.[1] ?? "");
  if (scalar !== undefined) return `      "${scalar}", // ${declaration}`;
  const pointer = declaration.match(/^(?:const )?((?:struct )?\w+) ?\* ?\w+$/);
  if (targets.has(pointer?.[1] ?? "")) return `      "buffer", // ${declaration}`;
  const needed = [...scalarTypes.keys(), ...[...targets].map((target) => `${target} *`)].join(", ");
  return source.fail(at, `\`${text}\` is no parameter; ${needed} is needed (64-bit integers are BigInt in Deno)`);
}

/** What a parameter is where the library has a memory of its own; whether it is one at all, `symbolText` has checked. */
function transferText([, , , { text: name }, list]: Piece[]): string {
  const kinds = list.text.trim() === "void" ? [] : list.text.split(",").map((parameter) => {
    if (!parameter.includes("*")) return "number";
    if (/\bscratch\s*$/.test(parameter)) return "scratch";
    return /\bconst\b/.test(parameter) ? "in" : "both";
  });
  return `  ${name}: [${kinds.map((kind) => `"${kind}"`).join(", ")}],\n`;
}

// ---------------------------------------------------------------- c/ops.h

/** The number of the first operation of tensors alone. */
const firstTensorOp = 64;

/** An operation: its name, its value, and the derivative by each operand, as C and as trees. */
interface Op extends Piece {
  formulas: string[];
  trees: string[];
}

/** Those of the tape, and those of tensors alone, in the order of their numbers. */
interface Ops {
  activations: Op[];
  functions: Op[];
  binary: Op[];
  tensor: Op[];
}

function readOps(text: string): Ops {
  const source = new Source(opsFile, text);
  const kinds = ["ACTIVATION", "FUNCTION", "BINARY", "UNARY"];
  for (const kind of ["TENSOR", "BIT", "INTEGER"]) kinds.push(`${kind}_UNARY`, `${kind}_BINARY`);
  kinds.push("COMPARISON");
  const lists = kinds.map((kind) => `GRADUS_${kind}_OPS`);
  const [activations, functions, binary, [unary], ...values] = source.takeLists(...lists);
  const order = `${lists[0]}(X) ${lists[1]}(X)`;
  if (unary.text !== order) source.fail(unary.at, `GRADUS_UNARY_OPS(X) is not \`${order}\``);
  const read = (lines: Piece[], count: number): Op[] =>
    lines.map(({ text, at }) => {
      const [, name, rest] = text.match(/^X\(([a-z][a-z0-9_]*),(.*)\)$/) ??
        source.fail(at, `\`${text}\` is no operation, \`X(snake_case, …)\` is needed`);
      const formulas = divide(rest);
      if (formulas.length === count && !formulas.includes("")) return { text: name, at, formulas, trees: [] };
      const needed = count === 1 ? "1 is" : `${count} are`;
      return source.fail(at, `\`${name}\` has ${formulas.length} formulas, ${needed} needed`);
    });
  const ops = { activations: read(activations, 2), functions: read(functions, 2), binary: read(binary, 3) };
  const all = Object.values(ops).flat();
  const [tensorUnary, tensorBinary, bitUnary, bitBinary, integerUnary, integerBinary, comparisons] = values
    .map((l) => read(l, 1));
  const tensor = [...tensorUnary, ...tensorBinary, ...bitUnary, ...bitBinary];
  source.checkDistinct([...all, ...tensor], "leaf");
  checkSome(source, integerUnary, [...ops.activations, ...ops.functions, ...tensorUnary]);
  checkSome(source, integerBinary, [...ops.binary, ...tensorBinary]);
  checkSome(source, comparisons, tensorBinary);
  const arities = new Map(all.map(({ text, formulas }) => [text, formulas.length - 1]));
  for (const op of all) {
    const variables: Record<string, string> = op.formulas.length === 2
      ? { x: "a", y: "y" }
      : { a: "a", b: "b", y: "y" };
    op.trees = op.formulas.slice(1).map((formula) => {
      try {
        return formulaTree(formula, variables, arities, camelCase);
      } catch (error) {
        return source.fail(op.at, `the derivative \`${formula}\` of \`${op.text}\`: ${(error as Error).message}`);
      }
    });
  }
  return { ...ops, tensor };
}

/** Fails unless `some`, of a list of their own, are operations of reals with as many operands, each once. */
function checkSome(source: Source, some: readonly Op[], ops: readonly Op[]): void {
  source.checkDistinct(some);
  const stray = some.find(({ text }) => !ops.some((op) => op.text === text));
  if (stray !== undefined) source.fail(stray.at, `\`${stray.text}\` is no operation of reals with as many operands`);
}

/** The parts between commas that are in no parentheses; none if the parentheses do not match. */
function divide(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (depth < 0) return [];
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return depth === 0 ? parts.map((part) => part.trim().replace(/\s+/g, " ")) : [];
}

// ---------------------------------------------------------------- src/bindings.ts

/**
 * The number by which `src/ffi.ts` tells that a library was built from other headers: FNV-1a, 32 bits,
 * over both headers without comments and with each run of white space as one space.
 *
 * @param header The text of `c/gradus.h`.
 * @param ops The text of `c/ops.h`.
 */
export function fingerprintOf(header: string, ops: string): number {
  const plain = [header, ops].map((text) => withoutComments(text).replace(/(?:\s|\\\n)+/g, " ").trim());
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(plain.join("\n"))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `gradus_train_settings` as `TrainSettings`. */
function typeName(tag: string): string {
  return camelCase(tag.replace("gradus", ""));
}

/**
 * The text of `src/bindings.ts`.
 *
 * @param header The text of `c/gradus.h`.
 * @param ops The text of `c/ops.h`.
 * @throws {GradusError} If something in either file is outside the grammar; the message names file and line.
 */
export function generateBindings(header: string, ops: string): string {
  const source = new Source(headerFile, header);
  const statuses = readStatuses(source);
  const { activations, functions, binary, tensor } = readOps(ops);
  const all = [...activations, ...functions, ...binary];
  checkOps(source, "gradus_op", ["leaf", ...all.map(({ text }) => text)], 0);
  checkOps(source, "gradus_tensor_op", tensor.map(({ text }) => text), firstTensorOp);
  const { types, symbols, transfers } = readDeclarations(source);
  const join = <T>(items: T[], line: (item: T, index: number) => string): string => items.map(line).join("");
  return `// Generated by tools/bindings.ts from c/gradus.h and c/ops.h; do not edit.

/** Compiled into the library too; a library with another one was built from other headers. */
export const fingerprint = 0x${fingerprintOf(header, ops).toString(16).padStart(8, "0")};

/** What the native functions return. */
export const Status = {
${join(statuses, ({ text, code }) => `  ${camelCase(text)}: ${code},\n`)}} as const;

/** What each status means, by code. */
export const statusMessages: ReadonlyMap<number, string> = new Map([
${join(statuses, ({ code, message }) => `  [${code}, ${message}],\n`)}]);

/** The number of each operation on a tape: the leaf, the unary ones (activations first), the binary ones. */
export const Op = {
  leaf: 0,
${join(all, ({ text, formulas }, i) => `  ${camelCase(text)}: ${i + 1}, // ${formulas.join("; ")}\n`)}} as const;

/** The number of each operation that only tensors have; the last ones are of integers. */
export const TensorOp = {
${join(tensor, ({ text, formulas }, i) => `  ${camelCase(text)}: ${firstTensorOp + i}, // ${formulas[0]}\n`)}} as const;

/** A derivative: a number, an operand \`a\` or \`b\`, the result \`y\`, or an operation on such. */
export type Formula = number | "a" | "b" | "y" | readonly [op: number, left: Formula, right?: Formula];

/** The derivatives of the operations, by number: one for each operand. */
export const derivatives: readonly (readonly Formula[])[] = [
  [],
${join(all, ({ text, trees }) => `  [${trees.join(", ")}], // ${text}\n`)}];

/** The names of the operations, by number. */
export const opNames: readonly string[] = [
  "leaf",
${join(all, ({ text }) => `  "${camelCase(text)}",\n`)}];

/** Operations from this number on take two operands. */
export const firstBinaryOp = ${1 + activations.length + functions.length};

/** The unary operations that a layer can use as its activation, in the order of their numbers. */
export const activationOps = [
${join(activations, ({ text }) => `  "${camelCase(text)}",\n`)}] as const;
${types}
/** The native functions, as \`Deno.dlopen\` takes them. */
export const symbols = {
${symbols}} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Where the native functions have a memory of their own, what becomes of each parameter: \`in\` is copied there before a call,
 * \`both\` is also copied back after it, and \`scratch\` only has to have its room there.
 */
export const transfers = {
${transfers}} as const satisfies Record<string, readonly ("number" | "in" | "both" | "scratch")[]>;
`;
}

if (import.meta.main) {
  const at = (path: string): URL => new URL(`../${path}`, import.meta.url);
  const text = generateBindings(Deno.readTextFileSync(at(headerFile)), Deno.readTextFileSync(at(opsFile)));
  if (!Deno.args.includes("--check")) {
    Deno.writeTextFileSync(at(outputFile), text);
  } else if (Deno.readTextFileSync(at(outputFile)) !== text) {
    console.error(`${outputFile} is not what c/gradus.h and c/ops.h give now: run \`deno task bindings\``);
    Deno.exit(1);
  }
}
