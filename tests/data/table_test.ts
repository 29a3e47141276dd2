/** Tables to numbers: kinds of columns, targets, statistics of the training rows, new tables, JSON. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Csv, parseCsv, readCsv } from "../../src/data/csv.ts";
import { Preprocessing, readTarget, type TableOptions } from "../../src/data/table.ts";
import { GradusError, type GradusErrorCode } from "../../src/error.ts";

function table(text: string): Csv {
  return parseCsv(text, { source: "t.csv" });
}

const people = table(
  "age,city,pay\n20,Rome,1.5\n40,Oslo,2.5\n,Rome,3.5\n60,?,4.5\n",
);

function refused(
  code: GradusErrorCode,
  message: string,
  fn: () => unknown,
): void {
  const error = assertThrows(fn, GradusError);
  assertEquals(error.message, message);
  assertEquals(error.code, code);
}

function fitRefused(
  text: string,
  options: TableOptions,
  message: string,
  code: GradusErrorCode = "data",
): void {
  refused(code, message, () => Preprocessing.fit(table(text), options));
}

/** A table of one feature and these targets. */
function targets(cells: (string | number)[]): Csv {
  return table(`x,y\n${cells.map((cell, i) => `${i},${cell}\n`).join("")}`);
}

Deno.test("readTarget() sorts the class names of text", () => {
  const target = readTarget(targets(["no", " yes", "no", "maybe"]));
  assertEquals(target, {
    name: "y",
    position: 2,
    kind: "classes",
    classes: ["maybe", "no", "yes"],
    data: Int32Array.of(1, 2, 1, 0),
  });
});

Deno.test("readTarget() takes few whole numbers as classes, sorted as numbers", () => {
  const target = readTarget(targets([10, 9, "10.0", 9, "+10", 9]));
  assertEquals(target.kind === "classes" && target.classes, ["9", "10"]);
  assertEquals(target.data, Int32Array.of(1, 0, 1, 0, 1, 0));
});

Deno.test("readTarget() takes at most a fifth as many whole numbers as rows as classes", () => {
  const cells = Array.from({ length: 15 }, (_, i) => i % 3);
  assertEquals(readTarget(targets(cells)).kind, "classes");
  assertEquals(readTarget(targets(cells.slice(1))).kind, "number");
});

Deno.test("readTarget() takes more than 20 whole numbers as numbers", () => {
  const cells = Array.from({ length: 210 }, (_, i) => i % 21);
  assertEquals(readTarget(targets(cells)).kind, "number");
  assertEquals(readTarget(targets(cells.map((n) => n % 20))).kind, "classes");
});

Deno.test("readTarget() takes fractions as numbers", () => {
  assertEquals(
    readTarget(targets([0.5, 1.5, 0.5, 1.5])).data,
    Float64Array.of(0.5, 1.5, 0.5, 1.5),
  );
});

Deno.test("readTarget() follows the task", () => {
  const classes = readTarget(targets([10, 9.5, 100]), {
    task: "classification",
  });
  assertEquals(classes.kind === "classes" && classes.classes, [
    "9.5",
    "10",
    "100",
  ]);
  const numbers = readTarget(targets([0, 1, 0, 1]), { task: "regression" });
  assertEquals(numbers.data, Float64Array.of(0, 1, 0, 1));
});

Deno.test("readTarget() reads numbers as text when asked, each spelling a class", () => {
  const target = readTarget(targets(["1", "01", "1"]), { text: ["y"] });
  assertEquals(target.kind === "classes" && target.classes, ["01", "1"]);
});

Deno.test("readTarget() finds a column by name, then by position", () => {
  const csv = table("3,1,a\nx,y,1\nz,y,2\n");
  assertEquals(csv.header, ["3", "1", "a"]);
  assertEquals(readTarget(csv, { target: "3" }).name, "3");
  assertEquals(readTarget(csv, { target: 3 }).name, "a");
  assertEquals(readTarget(csv, { target: "-1" }).name, "a");
  assertEquals(readTarget(csv, { target: -3 }).name, "3");
  assertEquals(readTarget(csv).name, "a");
});

Deno.test("readTarget() lists the columns when there is none of that name", () => {
  refused(
    "argument",
    'Cannot find column "wage" in t.csv: its columns are age, city, pay, one of them or a position from 1 to 3 is needed',
    () => readTarget(people, { target: "wage" }),
  );
  for (const target of ["0", 4, -4, "1.5"]) {
    assertThrows(
      () => readTarget(people, { target }),
      GradusError,
      "Cannot find",
    );
  }
});

Deno.test("readTarget() shortens the list of many columns", () => {
  const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
  const csv = table(`${names}\n${names.map(() => 1)}\n`);
  assertThrows(
    () => readTarget(csv, { target: "c" }),
    GradusError,
    "c10, c11 and 28 more, one",
  );
});

Deno.test("readTarget() asks for a position where columns have no names", () => {
  refused(
    "argument",
    'Cannot find column "wage" in t.csv: its columns have no names, a position from 1 to 2 is needed',
    () => readTarget(table("1,2\n3,4\n"), { target: "wage" }),
  );
});

Deno.test("readTarget() names the line of a missing target", () => {
  refused(
    "data",
    'Cannot use t.csv: line 3, column "y" is "NA", a value in every row of the target is needed',
    () => readTarget(targets(["a", "NA", "b"])),
  );
});

Deno.test("readTarget() refuses targets that are all equal", () => {
  for (const task of [undefined, "classification", "regression"] as const) {
    refused(
      "data",
      'Cannot train on t.csv: target column "y" is "7" in all 2 rows, two different values or more are needed',
      () => readTarget(targets(["7", "7.0"]), { task }),
    );
  }
  refused(
    "data",
    'Cannot train on t.csv: target column "y" is "cat" in its only row, two different values or more are needed',
    () => readTarget(targets(["cat"])),
  );
});

Deno.test("readTarget() names the line of a text where numbers are asked for", () => {
  refused(
    "data",
    'Cannot use t.csv: line 3, column "y" is "b", a number is needed as in other rows ' +
      "(--task classification reads the target as classes)",
    () => readTarget(targets([1, "b", "c"]), { task: "regression" }),
  );
});

Deno.test("readTarget() reads a mixture as classes when asked", () => {
  const csv = targets([1, 2, "many"]);
  assertThrows(() => readTarget(csv), GradusError, 'line 4, column "y"');
  const target = readTarget(csv, { task: "classification" });
  assertEquals(target.kind === "classes" && target.classes, ["1", "2", "many"]);
});

Deno.test("readTarget() refuses an infinite target", () => {
  refused(
    "data",
    'Cannot use t.csv: line 4, column "y" is "-inf", a finite number is needed',
    () => readTarget(targets([1, 2.5, "-inf"])),
  );
});

Deno.test("readTarget() refuses more than 1000 classes", () => {
  const cells = Array.from({ length: 1001 }, (_, i) => `name${i}`);
  assertThrows(
    () => readTarget(targets(cells)),
    GradusError,
    "1001 classes, at most 1000",
  );
});

Deno.test("readTarget() refuses a table without rows", () => {
  refused(
    "data",
    "Cannot train on t.csv: it has a header and no rows, two rows or more are needed",
    () => readTarget(table("a,b\n")),
  );
});

Deno.test("readTarget() refuses an unknown option and an unknown task", () => {
  // @ts-expect-error: the name is misspelt on purpose
  assertThrows(() => readTarget(people, { goal: "pay" }), GradusError, "goal");
  assertThrows(
    // @ts-expect-error: there is no such task
    () => readTarget(people, { task: "ranking" }),
    GradusError,
    "classification or regression",
  );
});

Deno.test("Preprocessing.fit() takes mean and population deviation of the numbers", () => {
  const { columns, target } = Preprocessing.fit(people);
  assertEquals(columns[0], {
    name: "age",
    position: 1,
    kind: "number",
    mean: 40,
    std: Math.sqrt(800 / 3),
  });
  assertEquals(target, {
    name: "pay",
    position: 3,
    kind: "number",
    mean: 3,
    std: Math.sqrt(1.25),
  });
});

Deno.test("Preprocessing.fit() sorts the values of text, with missing as a value", () => {
  assertEquals(Preprocessing.fit(people).columns[1], {
    name: "city",
    position: 2,
    kind: "text",
    values: ["", "Oslo", "Rome"],
  });
});

Deno.test("Preprocessing.fit() takes statistics from the training rows alone", () => {
  const { columns, target } = Preprocessing.fit(people, {}, [0, 1]);
  assertEquals(columns, [
    { name: "age", position: 1, kind: "number", mean: 30, std: 10 },
    { name: "city", position: 2, kind: "text", values: ["Oslo", "Rome"] },
  ]);
  assertEquals(target.kind === "number" && [target.mean, target.std], [2, 0.5]);
});

Deno.test("Preprocessing.fit() does not depend on the order of the training rows", () => {
  const cells = Array.from({ length: 50 }, (_, i) => `${i / 7},${i / 3}`);
  const csv = table(`x,y\n${cells.join("\n")}`);
  const rows = Array.from({ length: 40 }, (_, i) => (i * 17) % 50);
  assertEquals(
    Preprocessing.fit(csv, {}, rows).toJSON(),
    Preprocessing.fit(csv, {}, rows.toReversed()).toJSON(),
  );
});

Deno.test("Preprocessing.fit() keeps classes that are in no training row", () => {
  const { target } = Preprocessing.fit(targets(["a", "b", "c"]), {}, [0, 2]);
  assertEquals(target.kind === "classes" && target.classes, ["a", "b", "c"]);
});

Deno.test("Preprocessing.fit() scales a constant column by 1, even where a mean would be rounded", () => {
  const csv = table(`x,y\n${"0.1,a\n".repeat(10)}0.1,b\n`);
  const preprocessing = Preprocessing.fit(csv);
  assertEquals(preprocessing.columns[0], {
    name: "x",
    position: 1,
    kind: "number",
    mean: 0.1,
    std: 1,
  });
  assertEquals(preprocessing.transform(csv).inputs, new Float64Array(11));
});

Deno.test("Preprocessing.fit() takes an empty column as a constant and warns", () => {
  const csv = table("x,e,y\n1,,a\n2,NA,b\n");
  const preprocessing = Preprocessing.fit(csv);
  assertEquals(
    [...preprocessing.transform(csv).inputs],
    [-1, 0, 1, 0],
  );
  assertEquals(preprocessing.warnings, [
    'column "e" is empty in all training rows',
  ]);
});

Deno.test("Preprocessing.fit() reads boolean words and numbers with commas as text", () => {
  const csv = table('b,n,y\ntrue,"1,5",1\nfalse,"2,5",2\n');
  const preprocessing = Preprocessing.fit(csv);
  assertEquals(preprocessing.inputNames, [
    "b=false",
    "b=true",
    "n=1,5",
    "n=2,5",
  ]);
  assertEquals(preprocessing.warnings, [
    'column "n" is read as text, because numbers such as 1,5 have no decimal point',
  ]);
});

Deno.test("Preprocessing.fit() warns of a column that counts the rows", () => {
  const rows = Array.from({ length: 10 }, (_, i) => `${i},${i % 3},${i + 2},${i % 2}`);
  assertEquals(Preprocessing.fit(parseCsv(`,a,b,y\n${rows.join("\n")}\n`)).warnings, [
    'column "1" counts the rows and tells nothing about new ones (--ignore 1 leaves it out)',
  ]);
  assertEquals(Preprocessing.fit(parseCsv(`,a,b,y\n${rows.slice(1).join("\n")}\n`)).warnings, []);
});

Deno.test("Preprocessing.fit() warns of a text that is different in every row", () => {
  const rows = Array.from({ length: 12 }, (_, i) => `${i % 5},u${i},${i % 2}`);
  const preprocessing = Preprocessing.fit(
    table(`x,user,y\n${rows.join("\n")}`),
  );
  assertEquals(preprocessing.warnings, [
    'column "user" holds a different text in every row and predicts nothing (--ignore user leaves it out)',
  ]);
});

Deno.test("Preprocessing.fit() names the first text among numbers and says what to do", () => {
  fitRefused(
    "age,y\n31,a\n\n\nold,b\n4,a\n",
    {},
    'Cannot use t.csv: line 5, column "age" is "old", a number is needed as in other rows ' +
      "(--text age reads the column as text, --number age reads such cells as missing)",
  );
});

Deno.test("Preprocessing.fit() names a column by position where a name would need quotes", () => {
  fitRefused(
    "the age,y\n31,a\nold,b\n4,a\n",
    {},
    'Cannot use t.csv: line 3, column "the age" is "old", a number is needed as in other rows ' +
      "(--text 1 reads the column as text, --number 1 reads such cells as missing)",
  );
});

Deno.test("Preprocessing.fit() reads half numbers and half text as a mixture, fewer numbers as text", () => {
  const half = table("x,y\n1,a\nb,b\n");
  assertThrows(() => Preprocessing.fit(half), GradusError, "--text x");
  const fewer = table("x,y\n1,a\nb,b\nc,b\n");
  assertEquals(Preprocessing.fit(fewer).inputNames, ["x=1", "x=b", "x=c"]);
});

Deno.test("Preprocessing.fit() reads columns as text, as numbers or not at all when asked", () => {
  const csv = table("a,b,c,y\n1,5,7,x\n2,n.a.,8,z\n1,7,9,x\n");
  const preprocessing = Preprocessing.fit(csv, {
    text: ["a"],
    number: [2],
    ignore: ["c"],
  });
  assertEquals(preprocessing.inputNames, ["a=1", "a=2", "b"]);
  const { inputs, missing } = preprocessing.transform(csv);
  assertEquals([...inputs], [1, 0, -1, 0, 1, 0, 1, 0, 1]);
  assertEquals(missing, 1);
});

Deno.test("Preprocessing.fit() refuses an infinity among numbers", () => {
  fitRefused(
    "x,y\n1,a\n1e999,b\n",
    {},
    'Cannot use t.csv: line 3, column "x" is "1e999", a finite number is needed',
  );
});

Deno.test("Preprocessing.fit() refuses numbers whose squares overflow", () => {
  fitRefused(
    "x,y\n1e200,a\n-1e200,b\n",
    {},
    'Cannot train on t.csv: column "x" holds numbers of 1e154 or more, smaller ones are needed',
  );
});

Deno.test("Preprocessing.fit() refuses a text column of more than 1000 values", () => {
  const rows = Array.from({ length: 1001 }, (_, i) => `n${i},${i % 2}`);
  fitRefused(
    `name,y\n${rows.join("\n")}`,
    {},
    'Cannot train on t.csv: column "name" is text with 1001 different values, ' +
      "at most 1000 are needed (--ignore name leaves it out)",
  );
});

Deno.test("Preprocessing.fit() refuses a table of nothing but the target", () => {
  fitRefused(
    "y\na\nb\n",
    {},
    'Cannot train on t.csv: there is no column but the target column "y", ' +
      "one column or more to predict it from is needed",
  );
  fitRefused(
    "1,2\n3,4.5\n",
    { ignore: [1] },
    "Cannot train on t.csv: there is no column but the target column 2 and the ignored, " +
      "one column or more to predict it from is needed",
  );
});

Deno.test("Preprocessing.fit() refuses a column asked for in two ways", () => {
  fitRefused(
    "x,y\n1,a\n2,b\n",
    { text: ["x"], number: [1] },
    'Cannot use column "x" of t.csv: it is asked for as text and as number, one of the two is needed',
    "argument",
  );
  fitRefused(
    "x,y\n1,a\n2,b\n",
    { target: "y", ignore: ["y"] },
    'Cannot use column "y" of t.csv: it is asked for as target and as ignore, one of the two is needed',
    "argument",
  );
});

Deno.test("Preprocessing.fit() refuses a target that is constant in the training rows", () => {
  assertThrows(
    () => Preprocessing.fit(targets([0.5, 0.5, 1.5]), {}, [0, 1]),
    GradusError,
    'is "0.5" in all 2 rows',
  );
});

Deno.test("Preprocessing.fit() refuses training rows that are not there", () => {
  assertThrows(
    () => Preprocessing.fit(people, {}, [0, 4]),
    GradusError,
    "Cannot use row 4 of t.csv: it has 4 rows",
  );
  assertThrows(
    () => Preprocessing.fit(people, {}, []),
    GradusError,
    "there are no training rows",
  );
});

Deno.test("Preprocessing.transform() standardises numbers and makes text one-hot", () => {
  const { inputs, rows, width } = Preprocessing.fit(people).transform(people);
  const s = 20 / Math.sqrt(800 / 3);
  assertEquals([rows, width], [4, 4]);
  assertEquals(
    inputs,
    Float64Array.of(-s, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, s, 1, 0, 0),
  );
});

Deno.test("Preprocessing.transform() takes the rows it is given, in their order", () => {
  const preprocessing = Preprocessing.fit(people, { ignore: ["city"] }, [0, 1]);
  assertEquals(
    preprocessing.transform(people, [3, 0]).inputs,
    Float64Array.of(3, -1),
  );
  assertEquals(preprocessing.transform(people, []).inputs.length, 0);
});

Deno.test("Preprocessing.transform() counts filled and unknown cells and describes them", () => {
  const preprocessing = Preprocessing.fit(people, {}, [0, 1]);
  const result = preprocessing.transform(people);
  assertEquals([result.missing, result.unknown], [1, 1]);
  assertEquals(result.notes, [
    'column "age": 1 missing cell filled with the mean 30',
    'column "city": 1 cell with a value that is not in the training rows (missing), read as none of its 2 values',
  ]);
  assertEquals([...result.inputs.slice(9, 12)], [3, 0, 0]);
});

Deno.test("Preprocessing.transform() finds columns by name, in any order, among others", () => {
  const preprocessing = Preprocessing.fit(people);
  const csv = table("x,city,age\n1,Rome,40\n2,Oslo,40\n");
  assertEquals(
    preprocessing.transform(csv).inputs,
    Float64Array.of(0, 0, 0, 1, 0, 0, 1, 0),
  );
  assertEquals(preprocessing.transformTarget(csv), null);
});

Deno.test("Preprocessing.transform() names a column that a new table lacks", () => {
  refused(
    "data",
    'Cannot use t.csv: it has no column "age", which the model was trained on ' +
      "(its columns are city, pay), that column is needed",
    () => Preprocessing.fit(people).transform(table("city,pay\nRome,1\n")),
  );
});

Deno.test("Preprocessing.transform() finds columns by position without a header, with or without the target", () => {
  const csv = table("1,y,5\n3,n,7\n");
  assertEquals(csv.header, null);
  const preprocessing = Preprocessing.fit(csv, { target: 2 });
  const inputs = Float64Array.of(-1, 1);
  const withTarget = table("1,n,7\n");
  assertEquals(preprocessing.transform(withTarget).inputs, inputs);
  assertEquals(
    preprocessing.transformTarget(withTarget)?.data,
    Float64Array.of(0),
  );
  assertEquals(preprocessing.transform(table("1,7\n")).inputs, inputs);
  assertEquals(preprocessing.transformTarget(table("1,7\n")), null);
});

Deno.test("Preprocessing.transform() finds columns by position past the ignored ones", () => {
  const csv = table("9,1,8,y,5\n9,3,8,n,7\n");
  const preprocessing = Preprocessing.fit(csv, { target: 4, ignore: [1, 3] });
  for (const row of ["9,1,8,n,7", "9,1,8,7", "1,7"]) {
    assertEquals(
      preprocessing.transform(table(`${row}\n`)).inputs,
      Float64Array.of(-1, 1),
      row,
    );
  }
});

Deno.test("Preprocessing.transform() says how many columns are needed", () => {
  refused(
    "data",
    "Cannot use t.csv: it has 1 column and no header, 2 or 3 as in the table the model was trained on are needed",
    () => Preprocessing.fit(people).transform(table("5\n6\n")),
  );
});

Deno.test("Preprocessing.transform() names the line of a text in a column of numbers", () => {
  refused(
    "data",
    'Cannot use t.csv: line 3, column "age" is "old", a number is needed as in the table the model was trained on',
    () => Preprocessing.fit(people).transform(table("age,city\n4,x\nold,x\n5,x\n")),
  );
});

Deno.test("Preprocessing.transform() refuses a table without rows", () => {
  assertThrows(
    () => Preprocessing.fit(people).transform(table("age,city\n")),
    GradusError,
    "it has a header and no rows",
  );
});

Deno.test("Preprocessing.transform() knows values that are names of JavaScript", () => {
  const csv = table(
    "w,y\n__proto__,1\nconstructor,2\n__proto__,1\ntoString,2\n",
  );
  const preprocessing = Preprocessing.fit(csv);
  assertEquals(preprocessing.transform(csv).unknown, 0);
  assertEquals(preprocessing.transform(table("w\nvalueOf\n")).unknown, 1);
});

Deno.test("Preprocessing.transformTarget() gives class numbers, and NaN for missing and unknown", () => {
  const preprocessing = Preprocessing.fit(targets([1, 2, 1, 2]));
  const result = preprocessing.transformTarget(targets(["2.0", 1, "?", 3]));
  assertEquals(result, {
    data: Float64Array.of(1, 0, NaN, NaN),
    missing: 1,
    unknown: 1,
  });
});

Deno.test("Preprocessing.restoreTarget() undoes transformTarget()", () => {
  const preprocessing = Preprocessing.fit(people);
  const { data } = preprocessing.transformTarget(people)!;
  assertAlmostEquals(data[0], -1.5 / Math.sqrt(1.25));
  const restored = preprocessing.restoreTarget(data);
  for (const [i, pay] of [1.5, 2.5, 3.5, 4.5].entries()) {
    assertAlmostEquals(restored[i], pay, 1e-15);
  }
});

Deno.test("Preprocessing.restoreTarget() refuses classes", () => {
  const preprocessing = Preprocessing.fit(targets(["a", "b"]));
  assertThrows(
    () => preprocessing.restoreTarget([0]),
    GradusError,
    "it holds classes",
  );
});

Deno.test("Preprocessing sizes fit iris and digits", async () => {
  const iris = Preprocessing.fit(await readCsv("data/iris.csv"));
  assertEquals([iris.inputSize, iris.outputSize], [4, 3]);
  const digits = Preprocessing.fit(await readCsv("data/digits.csv.gz"));
  assertEquals([digits.inputSize, digits.outputSize], [64, 10]);
});

Deno.test("Preprocessing.isHeader() tells a new file's names from its first row", () => {
  const preprocessing = Preprocessing.fit(people);
  assertEquals(preprocessing.isHeader(["city", "x", "age"]), true);
  assertEquals(preprocessing.isHeader(["31", "Oslo"]), false);
  assertEquals(preprocessing.isHeader(["", "Oslo", "2.5"]), false);
  assertEquals(preprocessing.isHeader(["years", "town"]), undefined);
  assertEquals(preprocessing.isHeader(["31"]), undefined);
});

Deno.test("Preprocessing.isHeader() keeps rows of known words from being taken as names", () => {
  const csv = table("red,big,yes\nred,small,no\nblue,big,no\n");
  assertEquals(csv.header, null);
  const preprocessing = Preprocessing.fit(csv);
  const later = "red,big\nblue,small\n";
  const header = (row: string[]) => preprocessing.isHeader(row);
  assertEquals(parseCsv(later).header, ["red", "big"]);
  assertEquals(parseCsv(later, { header }).header, null);
});

Deno.test("Preprocessing.fromJSON() gives the same inputs as before", () => {
  const before = Preprocessing.fit(people);
  const after = Preprocessing.fromJSON(JSON.parse(JSON.stringify(before)));
  assertEquals(after.toJSON(), before.toJSON());
  assertEquals(after.transform(people), before.transform(people));
});

Deno.test("Preprocessing.toJSON() gives a copy", () => {
  const preprocessing = Preprocessing.fit(people);
  preprocessing.toJSON().columns[0].name = "changed";
  assertEquals(preprocessing.columns[0].name, "age");
});

Deno.test("Preprocessing.fromJSON() names what is wrong in a damaged description", () => {
  const whole = () => JSON.parse(JSON.stringify(Preprocessing.fit(people)), (_, v) => v);
  // deno-lint-ignore no-explicit-any
  const damages: [(json: any) => unknown, string][] = [
    [() => null, "it is null, an object"],
    [() => [], "it is a list of 0, an object"],
    [(j) => ({ ...j, version: 2 }), "version is 2, 1"],
    [(j) => ({ ...j, header: "yes" }), 'header is "yes", true or false'],
    [(j) => ({ ...j, width: -1 }), "width is -1, a whole number above 1"],
    [(j) => ({ ...j, columns: undefined }), "columns is missing, a list of"],
    [(j) => ({ ...j, columns: [] }), "columns is a list of 0, a list of"],
    [(j) => ({ ...j, columns: [5] }), "columns[0] is 5, an object"],
    [(j) => (j.columns[0].mean = null, j), "columns[0].mean is null, a finite"],
    [(j) => (j.columns[0].std = 0, j), "columns[0].std is 0, a finite number"],
    [(j) => (j.columns[0].std = "1", j), 'columns[0].std is "1", a finite'],
    [(j) => (j.columns[1].kind = "date", j), 'columns[1].kind is "date", "num'],
    [(j) => (j.columns[1].values = {}, j), "columns[1].values is an object, a"],
    [(j) => (j.columns[1].values.push("Oslo"), j), "values is a list of 4, a"],
    [(j) => (j.columns[1].name = "age", j), 'columns[1].name is "age", a name'],
    [(j) => (j.columns[1].position = 1, j), "columns[1].position is 1, a posi"],
    [(j) => (j.columns[1].position = 4, j), "columns[1].position is 4, a posi"],
    [(j) => (j.columns[0].textIsMissing = 1, j), "textIsMissing is 1, true or"],
    [(j) => (delete j.target, j), "target is missing, an object"],
    [(j) => (j.target.kind = "x", j), 'target.kind is "x", "number" or "cla'],
    [(j) => (j.target.kind = "classes", j), "target.classes is missing, a lis"],
  ];
  for (const [damage, message] of damages) {
    const error = assertThrows(
      () => Preprocessing.fromJSON(damage(whole())),
      GradusError,
      message,
    );
    assertEquals(error.code, "data");
  }
});
