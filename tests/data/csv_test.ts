/** Reading CSV: what is a row, where it stands, what is a header, and what each bad file is told. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cellKind, columnNames, parseCsv, readCsv } from "../../src/data/csv.ts";
import { GradusError } from "../../src/error.ts";

const scratch = ".scratch/csv_test";

/** Writes a file for one test and returns its path. */
async function scratchFile(
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  await Deno.mkdir(scratch, { recursive: true });
  const path = `${scratch}/${name}`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  return path;
}

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function rowsOf(text: string): string[][] {
  return parseCsv(text, { header: false }).rows;
}

function refused(text: string, message: string): void {
  const error = assertThrows(
    () => parseCsv(text, { source: "people.csv" }),
    GradusError,
  );
  assertEquals(error.message, message);
  assertEquals(error.code, "data");
}

async function refusedFile(path: string, message: string): Promise<void> {
  const error = await assertRejects(() => readCsv(path), GradusError);
  assertEquals(error.message, message);
  assertEquals(error.code, "data");
}

Deno.test("parseCsv() splits rows at LF, CRLF and CR, with or without a last line end", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const expected = [["1", "2"], ["3", "4"]];
    assertEquals(rowsOf(`1,2${end}3,4`), expected);
    assertEquals(rowsOf(`1,2${end}3,4${end}`), expected);
  }
});

Deno.test("parseCsv() keeps separators, line ends and doubled quotes in quoted cells", () => {
  assertEquals(rowsOf('"a,b","c\r\nd","say ""hi"""\n"",x,""""\n'), [
    ["a,b", "c\r\nd", 'say "hi"'],
    ["", "x", '"'],
  ]);
});

Deno.test("parseCsv() allows spaces around quotes, and takes a quote inside a cell as it is", () => {
  assertEquals(rowsOf('a, "b,c" ,d\n5" pipe,e,f'), [
    ["a", "b,c", "d"],
    ['5" pipe', "e", "f"],
  ]);
});

Deno.test("parseCsv() skips a byte order mark and blank lines, and counts the lines", () => {
  const csv = parseCsv('\ufeffa,b\r\n\r\n1,"x\r\ny"\r\n  \r\n2,z\r\n\r\n');
  assertEquals(csv.header, ["a", "b"]);
  assertEquals(csv.rows, [["1", "x\r\ny"], ["2", "z"]]);
  assertEquals(csv.lines, Int32Array.of(3, 6));
});

Deno.test("parseCsv() keeps rows of empty cells", () => {
  assertEquals(rowsOf('1,2\n,\n"",\n'), [["1", "2"], ["", ""], ["", ""]]);
  assertEquals(rowsOf('1\n""\n\n2\n'), [["1"], [""], ["2"]]);
});

Deno.test("parseCsv() reads an empty last cell", () => {
  assertEquals(rowsOf("1,2,\n3,4,"), [["1", "2", ""], ["3", "4", ""]]);
});

Deno.test("parseCsv() recognises comma, semicolon, tab and bar", () => {
  for (const separator of [",", ";", "\t", "|"]) {
    const text = `name${separator}age\nAnn${separator}31\nBo${separator}4\n`;
    assertEquals(parseCsv(text).rows, [["Ann", "31"], ["Bo", "4"]]);
  }
});

Deno.test("parseCsv() recognises the semicolon beside decimal commas", () => {
  const csv = parseCsv("name;height\nAnn;1,82\nBo;1,75\n");
  assertEquals(csv.rows[0], ["Ann", "1.82"]);
});

Deno.test("parseCsv() does not count separators in quoted cells", () => {
  const csv = parseCsv('name;note\nAnn;"a,b,c,d"\nBo;"e,f,g,h"\n');
  assertEquals(csv.header, ["name", "note"]);
});

Deno.test("parseCsv() takes the separator it is given", () => {
  const csv = parseCsv("a,b c,d\n1,2 3,4\n", { separator: " " });
  assertEquals(csv.header, ["a,b", "c,d"]);
});

Deno.test("parseCsv() refuses a separator that is not one usable character", () => {
  for (const separator of ["", ",,", '"', "\n"]) {
    const error = assertThrows(
      () => parseCsv("a", { separator }),
      GradusError,
    );
    assertEquals(error.code, "argument");
  }
});

Deno.test("parseCsv() refuses an unknown option", () => {
  assertThrows(
    // @ts-expect-error: the name is misspelt on purpose
    () => parseCsv("a", { seperator: ";" }),
    GradusError,
    'there is no option "seperator"',
  );
});

Deno.test("parseCsv() takes words above numbers as a header", () => {
  const csv = parseCsv(" age , city\n31,Rome\n,Rome\n4,Oslo\n");
  assertEquals(csv.header, ["age", "city"]);
  assertEquals(csv.rows.length, 3);
});

Deno.test("parseCsv() takes 150,4,setosa,versicolor,virginica above numbers as a header", async () => {
  const csv = await readCsv("data/iris.csv");
  assertEquals(csv.header, ["150", "4", "setosa", "versicolor", "virginica"]);
  assertEquals(csv.rows.length, 150);
  assertEquals(csv.rows[0], ["5.1", "3.5", "1.4", "0.2", "0"]);
  assertEquals([csv.lines[0], csv.lines[149]], [2, 151]);
});

Deno.test("parseCsv() finds no header in a table of numbers", async () => {
  const csv = await readCsv("data/digits.csv.gz");
  assertEquals(csv.header, null);
  assertEquals([csv.rows.length, csv.rows[0].length], [1797, 65]);
  assertEquals(columnNames(csv)[64], "65");
});

Deno.test("parseCsv() finds no header where numbers follow a missing number", () => {
  assertEquals(parseCsv("?,red\n5,blue\n6,red\n").header, null);
});

Deno.test("parseCsv() finds no header where numbers follow an infinity", () => {
  assertEquals(parseCsv("inf,1\n5,2\n6,3\n").header, null);
});

Deno.test("parseCsv() takes the first row of a table of words as a header if none of its cells returns", () => {
  assertEquals(parseCsv("a,b\nx,y\nx,z\n").header, ["a", "b"]);
  assertEquals(parseCsv("x,b\nx,y\nx,z\n").header, null);
  assertEquals(parseCsv("a,a\nx,y\n").header, null);
  assertEquals(parseCsv("a,\nx,y\n").header, null);
});

Deno.test("parseCsv() takes a number above words as a name, but not above another number", () => {
  assertEquals(parseCsv("id,2019\nx,yes\ny,no\n").header, ["id", "2019"]);
  assertEquals(parseCsv("id,2019\nx,yes\ny,7\n").header, null);
});

Deno.test("parseCsv() finds a header above a column with one bad number", () => {
  assertEquals(parseCsv("age,city\n31,a\nold,b\n4,a\n").header, [
    "age",
    "city",
  ]);
});

Deno.test("parseCsv() takes a single row of names as a header, and a single row with a number not", () => {
  const names = parseCsv("a,b\n");
  assertEquals([names.header, names.rows.length], [["a", "b"], 0]);
  assertEquals(parseCsv("a,5\n").header, null);
  assertEquals(parseCsv("7\n").header, null);
});

Deno.test("parseCsv() takes the header it is told of", () => {
  const years = "country,2019,2020\nItaly,5,6\nSpain,7,8\n";
  assertEquals(parseCsv(years).header, null);
  assertEquals(parseCsv(years, { header: true }).header?.[1], "2019");
  assertEquals(parseCsv("a,b\n1,2\n", { header: false }).rows.length, 2);
});

Deno.test("parseCsv() asks a function about the trimmed first row", () => {
  const header = (row: string[]) => row.includes("b") ? false : undefined;
  assertEquals(parseCsv("a , b\n1,2\n", { header }).header, null);
  assertEquals(parseCsv("a,c\n1,2\n", { header }).header, ["a", "c"]);
});

Deno.test("parseCsv() names the line of a ragged row", () => {
  refused(
    'a,b\n1,"x\ny"\n\n2,z,3\n',
    "Cannot read people.csv: line 5 has 3 cells, the header has 2, the same number is needed",
  );
  refused(
    "\n1,2\n3\n",
    "Cannot read people.csv: line 3 has 1 cell, the first row (line 2) has 2, the same number is needed",
  );
});

Deno.test("parseCsv() names the line and column where an unterminated quote opens", () => {
  refused(
    'a,b\n1,2\n3,"x\n4,5\n6,7\n',
    "Cannot read people.csv: line 3, column 2 opens a quote that is not closed, a closing quote is needed",
  );
});

Deno.test("parseCsv() names both lines of a quote that closes inside text", () => {
  refused(
    'a,b\n"1,2\n"3",4\n',
    "Cannot read people.csv: line 2, column 1 opens a quote that closes in line 3 with text behind it, " +
      "a separator or line end there is needed",
  );
});

Deno.test("parseCsv() refuses a text without rows", () => {
  for (const text of ["", "\ufeff", "\n\r\n  \n"]) {
    refused(
      text,
      "Cannot read people.csv: it is empty, a row of cells is needed",
    );
  }
});

Deno.test("parseCsv() names the line of a NUL character", () => {
  refused(
    "a,b\r\n1,\0\r\n",
    "Cannot read people.csv: line 2 holds a NUL character, text is needed",
  );
});

Deno.test("parseCsv() names the columns of a repeated name", () => {
  refused(
    "\na,b, a\n1,2,3\n",
    'Cannot read people.csv: line 2 names columns 1 and 3 both "a", a name of its own for each is needed',
  );
});

Deno.test("parseCsv() names a column without a name by its position", () => {
  assertEquals(parseCsv("id,,age\n0,8,31\n1,9,4\n").header, ["id", "2", "age"]);
  assertEquals(parseCsv(",1,y\n0,8,31\n", { header: true }).header, ["column 1", "1", "y"]);
});

Deno.test("parseCsv() finds the header of a table that pandas wrote with row numbers", () => {
  assertEquals(parseCsv(",age,y\n0,8,31\n1,9,4\n").header, ["1", "age", "y"]);
  assertEquals(parseCsv(",colour,kind\n0,red,cat\n1,red,dog\n").header, ["1", "colour", "kind"]);
});

Deno.test("parseCsv() makes no column of a separator at the end of each line", () => {
  const csv = parseCsv("a,b,\n1,2,\n3,4, \n");
  assertEquals([csv.header, csv.rows], [["a", "b"], [["1", "2"], ["3", "4"]]]);
  assertEquals(parseCsv("a,b,\n1,2,\n3,4,5\n").header, ["a", "b", "3"]);
  assertEquals(parseCsv("1,2,\n3,4,\n").rows[0].length, 3);
});

Deno.test("parseCsv() reads decimal commas where semicolons separate", () => {
  const csv = parseCsv("a;b;c\n1,5;-2;x,y\n,5;3;4,5e-1\n");
  assertEquals(csv.rows, [["1.5", "-2", "x,y"], [".5", "3", "4.5e-1"]]);
  assertEquals(parseCsv("1,5;2,5;3,5\n4,5;5,5;6,5\n").rows[1], ["4.5", "5.5", "6.5"]);
  assertEquals(parseCsv("3,5;1,2;red\n").rows, [["3.5", "1.2", "red"]]);
  assertEquals(parseCsv("1,a;b,2\n3,c;d,4\n").rows[1], ["3", "c;d", "4"]);
  assertEquals(parseCsv("a;b\n1,5;2.5\n").rows, [["1,5", "2.5"]]);
  assertEquals(parseCsv('a,b\n"1,5",2\n').rows, [["1,5", "2"]]);
});

Deno.test("readCsv() tells errors by the name it is given", async () => {
  const error = await assertRejects(() => readCsv("data/no.csv", { source: "no.csv" }), GradusError);
  assertEquals(error.message, "Cannot read no.csv: there is no such file, a CSV file is needed");
});

Deno.test("cellKind() tells missing cells, numbers, infinities and text", () => {
  const kinds = {
    missing: [
      "",
      "  ",
      "NA",
      " N/A",
      "NaN",
      "nan",
      "null",
      "NULL",
      "None",
      "?",
    ],
    number: ["5", "+5", "-5", ".5", "5.", "1e-3", "1E+3", " 7 ", "007", "-0"],
    infinite: ["inf", "-Infinity", "+INF", "∞", "1e999"],
    text: [
      "0x10",
      "1,000",
      "1 000",
      "1_000",
      "5%",
      "e5",
      ".",
      "+",
      "true",
      "na",
    ],
  };
  for (const [kind, cells] of Object.entries(kinds)) {
    for (const cell of cells) assertEquals(cellKind(cell), kind, cell);
  }
});

Deno.test("readCsv() reads a plain file, by path or URL", async () => {
  const path = await scratchFile("plain.csv", "a,b\n1,2\n");
  assertEquals((await readCsv(path)).source, path);
  const url = new URL(`../../${path}`, import.meta.url);
  assertEquals((await readCsv(url)).rows, [["1", "2"]]);
});

Deno.test("readCsv() tells gzip by its bytes, not by its name", async () => {
  const unnamed = await scratchFile("zipped.csv", await gzip("a,b\n1,2\n"));
  const misnamed = await scratchFile("plain.csv.gz", "a,b\n1,2\n");
  assertEquals((await readCsv(unnamed)).rows, [["1", "2"]]);
  assertEquals((await readCsv(misnamed)).rows, [["1", "2"]]);
});

Deno.test("readCsv() reads a gzip file of several members", async () => {
  const bytes = [...await gzip("a,b\n1,2\n"), ...await gzip("3,4\n")];
  const path = await scratchFile("members.csv.gz", Uint8Array.from(bytes));
  assertEquals((await readCsv(path)).rows, [["1", "2"], ["3", "4"]]);
});

Deno.test("readCsv() refuses a truncated or damaged gzip file", async () => {
  const whole = await gzip("a,b\n1,2\n");
  const damaged = whole.slice();
  damaged[damaged.length - 6] ^= 1;
  for (const bytes of [whole.slice(0, 15), whole.slice(0, 2), damaged]) {
    const path = await scratchFile("damaged.csv.gz", bytes);
    const error = await assertRejects(() => readCsv(path), GradusError);
    assertEquals(
      error.message.replace(/\(.*\)/, "(…)"),
      `Cannot read ${path}: its gzip data are damaged (…), a whole file is needed`,
    );
  }
});

Deno.test("readCsv() refuses a file that is not there", async () => {
  await refusedFile(
    `${scratch}/nobody.csv`,
    `Cannot read ${scratch}/nobody.csv: there is no such file, a CSV file is needed`,
  );
});

Deno.test("readCsv() refuses a directory", async () => {
  await Deno.mkdir(scratch, { recursive: true });
  await refusedFile(
    scratch,
    `Cannot read ${scratch}: it is a directory, a CSV file is needed`,
  );
});

Deno.test("readCsv() refuses an empty file", async () => {
  const path = await scratchFile("empty.csv", "");
  await refusedFile(
    path,
    `Cannot read ${path}: it is empty, a row of cells is needed`,
  );
});

Deno.test("readCsv() names the line of the first byte that is not UTF-8", async () => {
  const bytes = [...new TextEncoder().encode("naïve,b\r\n1,2\r\n"), 0xe9, 10];
  const path = await scratchFile("latin1.csv", Uint8Array.from(bytes));
  await refusedFile(
    path,
    `Cannot read ${path}: line 3 is not UTF-8 text, a CSV file saved as UTF-8 is needed`,
  );
});

Deno.test({
  name: "readCsv() says which permission is missing",
  permissions: { read: false },
  async fn() {
    await refusedFile(
      "data/iris.csv",
      "Cannot read data/iris.csv: Deno may not read it, the permission --allow-read is needed",
    );
  },
});
