/**
 * Uses the package as a project of somebody else does: outside the checkout, by its name on JSR, with no permission that
 * README.md does not name. JSR is not asked: Deno's `links` puts a folder in the place of what JSR would send.
 */

import { GradusError } from "../src/error.ts";

/** What that project does: a network is trained, saved, loaded, and predicts. Its argument is the backend that has to do it. */
const program = `import { backend, Engine, MLP, simdLevel, xor } from "@gradus/gradus";

const { inputs, targets } = xor();
const model = new MLP(2, [8, 1], { seed: 42, activation: "tanh" });
const history = await Engine.train({
  model,
  trainInputs: inputs,
  trainTargets: targets,
  epochs: 300,
  optimizerType: "adam",
  learningRate: 0.05,
});
await model.saveParameters("model.json");
const again = await MLP.loadParameters("model.json");
const wrong = again.predict(inputs).filter(([p], i) => Math.abs(p - Number(targets[i])) > 0.1);
if (history.trainLoss.length !== 300 || wrong.length > 0) throw new Error("The network has not learned XOR");
if (backend !== Deno.args[0]) throw new Error(\`It was computed by \${backend}\`);
console.log("A project of its own trains, saves, loads and predicts:", backend, simdLevel());
`;

/** And what the other entry points are for. */
const others = `import { MLP, Value } from "@gradus/gradus";
import { fromOnnx, toOnnx } from "@gradus/gradus/formats/onnx";
import { toSvg } from "@gradus/gradus/plot";

const model = new MLP(2, [8, 1], { seed: 42 });
if (String(fromOnnx(toOnnx(model))) !== String(model)) throw new Error("It is not the same network");
if (!(await toSvg(new Value(2).square())).includes("<svg")) throw new Error("It is no picture");
`;

/** A table whose second column is 3·x + 1. */
const table = "x,y\n" + Array.from({ length: 40 }, (_, x) => `${x},${3 * x + 1}\n`).join("");

/** Where the user's cache is on this system, below the folder that a variable names. */
function userCache(): [variable: string, below: string] {
  if (Deno.build.os === "windows") return ["LOCALAPPDATA", "gradus"];
  return ["HOME", Deno.build.os === "darwin" ? "Library/Caches/gradus" : ".cache/gradus"];
}

/** Where Deno keeps what it has fetched: the project has another home. */
async function denoDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/**
 * Makes a project beside a copy of the package, and tries what README.md promises: types, the program with each set of
 * permissions, the other entry points, and the command line.
 *
 * @param folder A folder outside the checkout, with the package in `package/`.
 * @throws {GradusError} If anything of it fails.
 */
export async function consume(folder: string): Promise<void> {
  const { name, version } = JSON.parse(await Deno.readTextFile(`${folder}/package/deno.json`));
  const specifier = `jsr:${name}@^${version}`;
  const project = `${folder}/project`;
  await Deno.mkdir(project);
  const settings = { links: ["../package"], imports: { [name]: specifier } };
  await Deno.writeTextFile(`${project}/deno.json`, JSON.stringify(settings));
  await Deno.writeTextFile(`${project}/main.ts`, program);
  await Deno.writeTextFile(`${project}/others.ts`, others);
  await Deno.writeTextFile(`${project}/table.csv`, table);

  const DENO_DIR = await denoDirectory();
  /** Runs Deno in the project, which may read and write its own files. */
  const deno = async (what: string, args: string[], environment: Record<string, string> = {}): Promise<void> => {
    const env = { DENO_DIR, GRADUS_LIB: "", GRADUS_CACHE: "", XDG_CACHE_HOME: "", ...environment };
    const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: project, env, stdin: "null" }).spawn()
      .status;
    if (!success) {
      throw new GradusError("library", `Cannot release: in a project that uses the package, ${what} failed`);
    }
  };
  /** With permission for these folders of gradus, a comma behind each. */
  const run = (folders: { ffi: string; read: string; write: string }, variable?: string): string[] => [
    ...["run", "--no-prompt", "--cached-only", ...variable === undefined ? [] : [`--allow-env=${variable}`]],
    ...[
      `--allow-ffi=${folders.ffi}`,
      `--allow-read=${folders.read}${project}`,
      `--allow-write=${folders.write}${project}`,
    ],
  ];

  await deno("the type check", ["check", "--quiet", "main.ts", "others.ts"]);
  const [variable, below] = userCache(), home = `${folder}/home`, cache = `${home}/${below}`;
  const first = run({ ffi: cache, read: `${cache},`, write: `${cache},` }, variable);
  const later = run({ ffi: cache, read: `${cache},`, write: "" }, variable);
  await deno("the program with the user's cache", [...first, "main.ts", "native"], { [variable]: home });
  await deno("the program without permission to write into the cache", [...later, "main.ts", "native"], {
    [variable]: home,
  });
  const own = `${project}/.gradus`;
  const apart = run({ ffi: own, read: "", write: "" }, "GRADUS_CACHE");
  await deno("the program with a cache of its own", [...apart, "main.ts", "native"], { GRADUS_CACHE: own });
  if (Deno.build.os !== "windows") {
    await deno("the program without a cache", [...run({ ffi: "/tmp", read: "", write: "/tmp," }), "main.ts", "native"]);
  }
  const files = [`--allow-read=${project}`, `--allow-write=${project}`];
  await deno("the program on WebAssembly", ["run", "--no-prompt", "--cached-only", ...files, "main.ts", "wasm"]);
  await deno("ONNX and a picture", ["run", "--no-prompt", "--cached-only", "others.ts"]);
  const train = ["train", "--data", "table.csv", "--epochs", "20", "--out", "line.json", "--quiet"];
  const predict = ["predict", "--data", "table.csv", "--model", "line.json", "--out", "predictions.csv", "--quiet"];
  for (const command of [train, predict]) {
    await deno(`the command ${command[0]}`, [...later, `${specifier}/cli`, ...command], { [variable]: home });
  }
}
