/** Prints how many threads share large work: a program for other tests to start. */
import { Engine } from "../mod.ts";

console.log(Engine.threads);
