/** Tables to numbers and back: inputs, targets, new tables. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseCsv, readCsv } from "../../src/data/csv.ts";
import { Preprocessing } from "../../src/data/preprocessing.ts";
import { GradusError } from "../../src/error.ts";
import { people, refused, table, targets } from "./_tables.ts";

Deno.test("Preprocessing.transform() standardises numbers and makes text one-hot", () => {
  const { inputs, rows, width } = Preprocessing.fit(people).transform(people);
  const s = 20 / Math.sqrt(800 / 3);
  assertEquals([rows, width], [4, 4]);
  assertEquals(inputs, Float64Array.of(-s, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, s, 1, 0, 0));
});

Deno.test("Preprocessing.transform() takes the rows it is given, in their order", () => {
  const preprocessing = Preprocessing.fit(people, { ignore: ["city"] }, [0, 1]);
  assertEquals(preprocessing.transform(people, [3, 0]).inputs, Float64Array.of(3, -1));
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
  assertEquals(preprocessing.transform(csv).inputs, Float64Array.of(0, 0, 0, 1, 0, 0, 1, 0));
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
  assertEquals(preprocessing.transformTarget(withTarget)?.data, Float64Array.of(0));
  assertEquals(preprocessing.transform(table("1,7\n")).inputs, inputs);
  assertEquals(preprocessing.transformTarget(table("1,7\n")), null);
});

Deno.test("Preprocessing.transform() finds columns by position past the ignored ones", () => {
  const csv = table("9,1,8,y,5\n9,3,8,n,7\n");
  const preprocessing = Preprocessing.fit(csv, { target: 4, ignore: [1, 3] });
  for (const row of ["9,1,8,n,7", "9,1,8,7", "1,7"]) {
    assertEquals(preprocessing.transform(table(`${row}\n`)).inputs, Float64Array.of(-1, 1), row);
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
  const csv = table("w,y\n__proto__,1\nconstructor,2\n__proto__,1\ntoString,2\n");
  const preprocessing = Preprocessing.fit(csv);
  assertEquals(preprocessing.transform(csv).unknown, 0);
  assertEquals(preprocessing.transform(table("w\nvalueOf\n")).unknown, 1);
});

Deno.test("Preprocessing.transformTarget() gives class numbers, and NaN for missing and unknown", () => {
  const preprocessing = Preprocessing.fit(targets([1, 2, 1, 2]));
  const result = preprocessing.transformTarget(targets(["2.0", 1, "?", 3]));
  assertEquals(result, { data: Float64Array.of(1, 0, NaN, NaN), missing: 1, unknown: 1 });
});

Deno.test("Preprocessing.transformTarget() standardises numbers, 0 among them", () => {
  const preprocessing = Preprocessing.fit(targets([0, 0.5, 1]));
  const { data, missing, unknown } = preprocessing.transformTarget(targets([0, "?", "x", 0.5]))!;
  assertEquals(data, Float64Array.of(-0.5 / Math.sqrt(1 / 6), NaN, NaN, 0));
  assertEquals([missing, unknown], [1, 1]);
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
  assertThrows(() => preprocessing.restoreTarget([0]), GradusError, "it holds classes");
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
