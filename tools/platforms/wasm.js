/**
 * What WebAssembly has to do in each engine: the C tests, where relaxed SIMD rounds a·b + c once, and the trainings of tests/bits_test.ts
 * by a bundle of gradus, at each level that has the same bits everywhere. `run` puts what is imported and read here into one
 * folder. Deno, Node and Bun run this file; a page imports it: browse.ts.
 */
const [gradus, { hashAfterTraining, hashes, hashOfAll }] = await Promise.all(
  ["gradus.js", "bits.js"].map((name) => import(new URL(name, import.meta.url).href)),
);

/** Runs everything; returns whether it is right. */
export async function main(tests, print) {
  const best = gradus.simdLevel(), found = new Map();
  print(`${gradus.backend}, level ${best}`);
  const isRight = [gradus.backend === "wasm"];
  if (best === "relaxed") isRight.push(await runTests(tests, print) === 0);
  else print("The C tests NOT RUN: this engine does not round a·b + c once");
  for (const level of new Set([best, "plain"])) {
    if (level === "simd128") continue;
    gradus.simdLevel(level);
    for (const [name, wanted] of Object.entries(hashes)) {
      for (const dtype of ["float32", "float64"]) {
        const hash = await hashAfterTraining(gradus, name, dtype, 16);
        print(`100 steps of ${name} in ${dtype} at level ${level}: ${hash.slice(0, 16)}`);
        found.set(`${name} ${dtype}`, hash);
        isRight.push(hash === wanted[dtype]);
      }
    }
  }
  print(`hash of 100 steps of each optimizer ${(await hashOfAll(found)).slice(0, 16)}`);
  const differ = isRight.filter((each) => !each).length;
  print(differ === 0 ? "all trainings have their bits" : `${differ} of ${isRight.length} are wrong`);
  return differ === 0;
}

/** Runs a program of WASI, without arguments, that does nothing but write; returns its status. */
async function runTests(bytes, print) {
  const decoder = new TextDecoder(), memory = () => instance.exports.memory.buffer;
  let line = "", status = 0;
  const imports = {
    fd_write(_fd, vectors, count, written) {
      const view = new DataView(memory());
      let length = 0;
      for (let i = 0; i < count; i++) {
        const at = view.getUint32(vectors + 8 * i, true), size = view.getUint32(vectors + 8 * i + 4, true);
        line += decoder.decode(new Uint8Array(memory(), at, size));
        length += size;
      }
      view.setUint32(written, length, true);
      const lines = line.split("\n");
      line = lines.pop();
      for (const each of lines) print(each);
      return 0;
    },
    args_sizes_get(count, size) {
      new DataView(memory()).setUint32(count, 0, true);
      new DataView(memory()).setUint32(size, 0, true);
      return 0;
    },
    args_get: () => 0,
    fd_seek: () => 70, // it is a pipe
    fd_fdstat_get(_fd, at) {
      new DataView(memory()).setUint8(at, 2); // a terminal
      return 0;
    },
    fd_close: () => 0,
    proc_exit(code) {
      status = code;
      throw new Error("exit");
    },
  };
  const { instance } = await WebAssembly.instantiate(bytes, { wasi_snapshot_preview1: imports });
  try {
    instance.exports._start();
  } catch (error) {
    if (error.message !== "exit") throw error;
  }
  return status;
}

if (globalThis.process?.getBuiltinModule) {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const tests = readFileSync(new URL("gradus_tests.wasm", import.meta.url));
  process.exitCode = await main(tests, console.log) ? 0 : 1;
}
