/** The smallest program that opens the library, for tests of how that ends. */
import { simdLevel } from "../mod.ts";

console.log(simdLevel());
