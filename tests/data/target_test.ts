/** The column to predict: how it is found, whether it holds classes or numbers, and what is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import { readTarget } from "../../src/data/target.ts";
import { GradusError } from "../../src/error.ts";
import { people, refused, table, targets } from "./_tables.ts";

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
  assertEquals(readTarget(targets([0.5, 1.5, 0.5, 1.5])).data, Float64Array.of(0.5, 1.5, 0.5, 1.5));
});

Deno.test("readTarget() follows the task", () => {
  const classes = readTarget(targets([10, 9.5, 100]), { task: "classification" });
  assertEquals(classes.kind === "classes" && classes.classes, ["9.5", "10", "100"]);
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
    assertThrows(() => readTarget(people, { target }), GradusError, "Cannot find");
  }
});

Deno.test("readTarget() shortens the list of many columns", () => {
  const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
  const csv = table(`${names}\n${names.map(() => 1)}\n`);
  assertThrows(() => readTarget(csv, { target: "c" }), GradusError, "c10, c11 and 28 more, one");
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
  assertThrows(() => readTarget(targets(cells)), GradusError, "1001 classes, at most 1000");
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
    "one of classification, regression",
  );
});
