/** The smallest program that tells what computes. */
import { backend } from "../mod.ts";

console.log(backend);
