/** docs/tensors.md names nothing that is not there. */
import { assert, assertEquals } from "@std/assert";
import { Tensor } from "../mod.ts";

Deno.test("every method that docs/tensors.md names is there", async () => {
  const text = await Deno.readTextFile(new URL("../docs/tensors.md", import.meta.url));
  const rows = text.split("\n").filter((line) => line.startsWith("|")).map((line) => line.split(" | ").slice(1).join());
  const names = (pattern: RegExp) => [...rows.join("\n").matchAll(pattern)].map(([, name]) => name);
  const methods = names(/\b[a-z]\.(\w+)/g), statics = names(/\bTensor\.(\w+)/g);
  assert(methods.length > 30 && statics.length > 6);
  assertEquals(methods.filter((name) => !(name in Tensor.prototype)), []);
  assertEquals(statics.filter((name) => !(name in Tensor)), []);
});

Deno.test("docs/tensors.md names every method and property of Tensor", async () => {
  const text = await Deno.readTextFile(new URL("../docs/tensors.md", import.meta.url));
  const namesOf = (of: object) => Reflect.ownKeys(of).filter((key) => typeof key === "string");
  const names = [...namesOf(Tensor.prototype), ...namesOf(Tensor)];
  const others = ["constructor", "length", "name", "prototype"];
  assertEquals(names.filter((name) => !others.includes(name) && !new RegExp(`\\b${name}\\b`).test(text)), []);
});
