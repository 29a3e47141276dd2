/** A preprocessing as JSON: nothing is lost, and damage is told by its field. */

import { assertEquals, assertThrows } from "@std/assert";
import { Preprocessing } from "../../src/data/preprocessing.ts";
import { GradusError } from "../../src/error.ts";
import { people } from "./_tables.ts";

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
    const error = assertThrows(() => Preprocessing.fromJSON(damage(whole())), GradusError, message);
    assertEquals(error.code, "data");
  }
});
