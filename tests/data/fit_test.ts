/** What is learnt from a table: kinds of columns, statistics of the training rows, warnings. */

import { assertEquals, assertThrows } from "@std/assert";
import type { TableOptions } from "../../src/data/columns.ts";
import { parseCsv } from "../../src/data/csv.ts";
import { Preprocessing } from "../../src/data/preprocessing.ts";
import { GradusError, type GradusErrorCode } from "../../src/error.ts";
import { people, refused, table, targets } from "./_tables.ts";

function fitRefused(text: string, options: TableOptions, message: string, code: GradusErrorCode = "data"): void {
  refused(code, message, () => Preprocessing.fit(table(text), options));
}

Deno.test("Preprocessing.fit() takes mean and population deviation of the numbers", () => {
  const { columns, target } = Preprocessing.fit(people);
  assertEquals(columns[0], { name: "age", position: 1, kind: "number", mean: 40, std: Math.sqrt(800 / 3) });
  assertEquals(target, { name: "pay", position: 3, kind: "number", mean: 3, std: Math.sqrt(1.25) });
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
  assertEquals(Preprocessing.fit(csv, {}, rows).toJSON(), Preprocessing.fit(csv, {}, rows.toReversed()).toJSON());
});

Deno.test("Preprocessing.fit() keeps classes that are in no training row", () => {
  const { target } = Preprocessing.fit(targets(["a", "b", "c"]), {}, [0, 2]);
  assertEquals(target.kind === "classes" && target.classes, ["a", "b", "c"]);
});

Deno.test("Preprocessing.fit() scales a constant column by 1, even where a mean would be rounded", () => {
  const csv = table(`x,y\n${"0.1,a\n".repeat(10)}0.1,b\n`);
  const preprocessing = Preprocessing.fit(csv);
  assertEquals(preprocessing.columns[0], { name: "x", position: 1, kind: "number", mean: 0.1, std: 1 });
  assertEquals(preprocessing.transform(csv).inputs, new Float64Array(11));
});

Deno.test("Preprocessing.fit() takes an empty column as a constant and warns", () => {
  const csv = table("x,e,y\n1,,a\n2,NA,b\n");
  const preprocessing = Preprocessing.fit(csv);
  assertEquals([...preprocessing.transform(csv).inputs], [-1, 0, 1, 0]);
  assertEquals(preprocessing.warnings, ['column "e" is empty in all training rows']);
});

Deno.test("Preprocessing.fit() reads boolean words and numbers with commas as text", () => {
  const csv = table('b,n,y\ntrue,"1,5",1\nfalse,"2,5",2\n');
  const preprocessing = Preprocessing.fit(csv);
  assertEquals(preprocessing.inputNames, ["b=false", "b=true", "n=1,5", "n=2,5"]);
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
  const preprocessing = Preprocessing.fit(table(`x,user,y\n${rows.join("\n")}`));
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
  const preprocessing = Preprocessing.fit(csv, { text: ["a"], number: [2], ignore: ["c"] });
  assertEquals(preprocessing.inputNames, ["a=1", "a=2", "b"]);
  const { inputs, missing } = preprocessing.transform(csv);
  assertEquals([...inputs], [1, 0, -1, 0, 1, 0, 1, 0, 1]);
  assertEquals(missing, 1);
});

Deno.test("Preprocessing.fit() refuses an infinity among numbers", () => {
  fitRefused("x,y\n1,a\n1e999,b\n", {}, 'Cannot use t.csv: line 3, column "x" is "1e999", a finite number is needed');
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
  assertThrows(() => Preprocessing.fit(targets([0.5, 0.5, 1.5]), {}, [0, 1]), GradusError, 'is "0.5" in all 2 rows');
});

Deno.test("Preprocessing.fit() refuses training rows that are not there", () => {
  assertThrows(() => Preprocessing.fit(people, {}, [0, 4]), GradusError, "Cannot use row 4 of t.csv: it has 4 rows");
  assertThrows(() => Preprocessing.fit(people, {}, []), GradusError, "there are no training rows");
});
