/** The command line as people use it: `main()` on tables that are written to .scratch, with its output caught. */

import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../cli.ts";
import { commands } from "../src/cli/arguments.ts";
import { epochsFor } from "../src/cli/settings.ts";
import {
  Engine,
  type History,
  holdOut,
  MLP,
  type OptimizerSettings,
  type OptimizerType,
  parseCsv,
  Preprocessing,
  readCsv,
  readTarget,
  rootMeanSquaredError,
  type TableOptions,
} from "../mod.ts";
import { testNeeding } from "./_machine.ts";

const scratch = `.scratch/cli-${crypto.randomUUID().slice(0, 8)}`;

interface Outcome {
  status: number;
  out: string;
  err: string;
}

/** Runs a command in the folder of the test's own files. */
async function run(...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { status: -1, out: "", err: "" };
  outcome.status = await main(args, {
    out: (text) => outcome.out += text,
    err: (text) => outcome.err += text,
    folder: `${Deno.cwd()}/${scratch}`,
  });
  return outcome;
}

async function write(files: { [name: string]: string | Uint8Array<ArrayBuffer> }): Promise<void> {
  await Deno.mkdir(scratch, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === "string") await Deno.writeTextFile(`${scratch}/${name}`, content);
    else await Deno.writeFile(`${scratch}/${name}`, content);
  }
}

function filesLeft(): string[] {
  return [...Deno.readDirSync(scratch)].map(({ name }) => name).sort();
}

/** A test with an empty folder of its own. */
function test(name: string, fn: () => Promise<void>, declare: typeof Deno.test = Deno.test): void {
  declare(name, async () => {
    await Deno.mkdir(scratch, { recursive: true });
    try {
      await fn();
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
  });
}

function testWithSpeed(name: string, fn: () => Promise<void>): void {
  test(name, fn, testNeeding("speed"));
}

/** The same numbers from 0 to 1 for everyone; not random enough for anything but a test. */
function noise(): () => number {
  let state = 1;
  return () => (state = state * 16807 % 2147483647) / 2147483647;
}

const colours = ["red", "green", "blue, dark"];

/** Three kinds of flowers by two numbers and a colour that needs quotes; some numbers are missing. */
function flowers(rows: number): string {
  const next = noise();
  const lines = ["width,length,colour,kind"];
  for (let i = 0; i < rows; i++) {
    const k = i % 3;
    const width = i % 10 === 7 ? "NA" : (k * 2 + next()).toFixed(2);
    const colour = colours[next() < 0.9 ? k : (k + 1) % 3];
    lines.push(`${width},${(5 - k + next()).toFixed(2)},"${colour}",kind ${"ABC"[k]}`);
  }
  return lines.join("\n") + "\n";
}

/** y = 300·x − 100·z + 5000, and a little noise. */
function prices(rows: number): string {
  const next = noise();
  const lines = ["x,z,price"];
  for (let i = 0; i < rows; i++) {
    const [x, z] = [next() * 10, next() * 5];
    lines.push(`${x.toFixed(3)},${z.toFixed(3)},${(300 * x - 100 * z + 5000 + next()).toFixed(2)}`);
  }
  return lines.join("\n") + "\n";
}

/** A column of a printed CSV table. */
function columnOf(csv: string, name: string): string[] {
  const { header, rows } = parseCsv(csv, { header: true });
  const column = header!.indexOf(name);
  assert(column >= 0, `no column ${name} in ${header}`);
  return rows.map((row) => row[column]);
}

function shareOf(out: string): number {
  return Number(/Accuracy on (?:held-out|training) rows ([\d.]+)/.exec(out)![1]);
}

testWithSpeed(
  "train learns the digits to an accuracy of at least 0.96 with its defaults, well below a second",
  async () => {
    const { status, out, err } = await run("train");
    assertEquals([status, err], [0, ""]);
    assertEquals(shareOf(out) >= 0.96, true, out);
    assertStringIncludes(out, "data/digits.csv.gz: 1797 rows, 64 columns of numbers (64 inputs)");
    assertStringIncludes(out, "64 → 64 relu → 32 relu → 10 linear: 6570 parameters");
    assertStringIncludes(out, "Saved to model.json");
    const [, unit] = /Trained 40 epochs in 0\.\d+ (s) \([\d.]+ s in all\)/.exec(out)!;
    assertEquals(unit, "s");
    assertEquals(out.match(/^ +\d+ {2,}\d\.\d{4}( +\d+\.\d{4}){3}$/gm)?.length, 40);
  },
);

test("train divides held-out rows by classes and counts them in the confusion matrix", async () => {
  await write({ "flowers.csv": flowers(150) });
  const { status, out } = await run("train", "--data", "flowers.csv");
  assertEquals(status, 0);
  assertEquals(shareOf(out), 1);
  const matrix = [...out.matchAll(/^kind [ABC] +(\d+) +(\d+) +(\d+) +1\.000 +1\.000$/gm)].map(([, ...counts]) =>
    counts
  );
  assertEquals(matrix, [["10", "0", "0"], ["0", "10", "0"], ["0", "0", "10"]]);
  assertStringIncludes(out, "150 rows, 2 columns of numbers and 1 column of text (5 inputs)");
  assertStringIncludes(out, '"kind": 3 classes (kind A, kind B, kind C)');
  assertStringIncludes(out, 'column "width": 15 missing cells filled with the mean');
});

test("train gives the same file for the same seed, and another for another", async () => {
  await write({ "flowers.csv": flowers(60) });
  const file = async (...more: string[]) => {
    const { status } = await run("train", "--data", "flowers.csv", "--epochs", "3", "--out", "m.json", ...more);
    assertEquals(status, 0);
    return await Deno.readTextFile(`${scratch}/m.json`);
  };
  const first = await file("--seed", "7");
  assertEquals(await file("--seed", "7"), first);
  assertEquals(await file("--seed", "8") === first, false);
});

/** What `train` is asked for in the tests below: nothing as it is by default, so that no option can be passed over. */
const seed = 7_000_000_019, epochs = 3, batchSize = 11, clipNorm = 0.05, fraction = 0.35;

interface Case {
  optimizer: OptimizerType;
  settings: OptimizerSettings;
  task: "classification" | "regression";
}

const cases: Case[] = [
  { optimizer: "adam", settings: { learningRate: 0.011, weightDecay: 0.3 }, task: "classification" },
  { optimizer: "adamw", settings: { learningRate: 0.012, weightDecay: 0.4 }, task: "classification" },
  { optimizer: "sgd", settings: { learningRate: 0.2, weightDecay: 0.05 }, task: "regression" },
  { optimizer: "rmsprop", settings: { learningRate: 0.013, weightDecay: 0.2 }, task: "regression" },
  // The temperature is that of the help.
  { optimizer: "langevin", settings: { learningRate: 0.04, temperature: 1e-6 }, task: "classification" },
];

/** A table whose target is in the middle, with a column of whole numbers that are names, and one that is to be left out. */
function mixedTable(rows: number): string {
  const next = noise();
  const lines = ["id,size,kind,colour,code,weight"];
  for (let i = 0; i < rows; i++) {
    const k = i % 3;
    const size = i % 10 === 7 ? "unknown" : (k + 3 * next()).toFixed(2);
    const weight = i % 9 === 5 ? "" : (k * 20 + 15 * next()).toFixed(1);
    lines.push(`${i},${size},${k},${["red", "green", "blue"][Math.floor(3 * next())]},${1 + i % 4},${weight}`);
  }
  return lines.join("\n") + "\n";
}

/** Trains with the command line. */
async function trainCase({ optimizer, settings, task }: Case): Promise<Outcome> {
  const decay = settings.weightDecay === undefined ? [] : ["--weight-decay", String(settings.weightDecay)];
  return await run(
    ...["train", "--data", "t.csv", "--target", "kind", "--task", task, "--text", "code", "--number", "size"],
    ...["--ignore", "id", "--hidden", "7,5", "--activation", "gelu", "--epochs", String(epochs)],
    ...["--batch-size", String(batchSize), "--optimizer", optimizer, "--learning-rate", String(settings.learningRate)],
    ...[...decay, "--clip-norm", String(clipNorm), "--seed", String(seed), "--test-fraction", String(fraction)],
  );
}

interface Rows {
  inputs: Float64Array;
  targets: Float64Array;
}

/** The same with the library alone. */
async function trainCaseByLibrary({ optimizer, settings, task }: Case): Promise<
  { model: MLP; preprocessing: Preprocessing; history: History; train: Rows; test: Rows }
> {
  const csv = await readCsv(`${scratch}/t.csv`);
  const options: TableOptions = { target: "kind", task, text: ["code"], number: ["size"], ignore: ["id"] };
  const target = readTarget(csv, options);
  const rows = holdOut(csv.rows.length, { fraction, seed, ...target.kind === "classes" && { classes: target.data } });
  const preprocessing = Preprocessing.fit(csv, options, rows.train);
  const rowsOf = (numbers: Uint32Array): Rows => ({
    inputs: preprocessing.transform(csv, numbers).inputs,
    targets: preprocessing.transformTarget(csv, numbers)!.data,
  });
  const [train, test] = [rowsOf(rows.train), rowsOf(rows.test)];
  const model = new MLP(preprocessing.inputSize, [7, 5, preprocessing.outputSize], {
    activation: "gelu",
    init: "he",
    seed,
  });
  const history = await Engine.train({
    model,
    trainInputs: train.inputs,
    trainTargets: train.targets,
    validationData: [test.inputs, test.targets],
    lossFn: task === "classification" ? Engine.crossEntropy : Engine.mseLoss,
    optimizerType: optimizer,
    ...settings,
    epochs,
    batchSize,
    clipNorm,
    seed,
  });
  return { model, preprocessing, history, train, test };
}

/** Loss and score of rows, by the library. */
function measured(
  model: MLP,
  preprocessing: Preprocessing,
  { inputs, targets }: Rows,
): { loss: number; score: number } {
  const { target } = preprocessing;
  const outputs = { data: model.predict(inputs), shape: [targets.length, model.nout] };
  if (target.kind === "classes") {
    const loss = Engine.evaluate(model, inputs, targets, Engine.crossEntropy);
    return { loss, score: Engine.accuracy(outputs, targets) };
  }
  const loss = Engine.evaluate(model, inputs, targets, Engine.mseLoss);
  return { loss, score: rootMeanSquaredError(outputs.data, targets) * target.std };
}

for (const each of cases) {
  const { optimizer, settings, task } = each;
  test(`train with ${optimizer} does what the library does with the same settings, to the bit`, async () => {
    await write({ "t.csv": mixedTable(130) });
    assertEquals((await trainCase(each)).status, 0);
    const { training, preprocessing, ...network } = JSON.parse(await Deno.readTextFile(`${scratch}/model.json`));

    const library = await trainCaseByLibrary(each);
    assertEquals(network, library.model.toJSON());
    assertEquals(preprocessing, library.preprocessing.toJSON());

    const name = task === "classification" ? "accuracy" : "rootMeanSquaredError";
    const { train, test, ...record } = training;
    assertEquals(record, {
      ...{ data: "t.csv", task, seed, testFraction: fraction, trainRows: 84, testRows: 46 },
      ...{ epochs, interrupted: false, batchSize, optimizer, learningRate: settings.learningRate },
      ...settings.weightDecay !== undefined && { weightDecay: settings.weightDecay },
      clipNorm,
    });
    for (const [found, rows] of [[train, library.train], [test, library.test]]) {
      const { loss, score } = measured(library.model, library.preprocessing, rows);
      assertEquals(Object.keys(found), ["loss", name]);
      assertEquals(found.loss, loss);
      // For numbers the score is the root of the loss, whose float32 targets and sums differ.
      assertAlmostEquals(found[name], score, 1e-6 * score);
    }
  });
}

test("train prints for each epoch the losses that training tells, and accuracies or errors after it", async () => {
  await write({ "t.csv": mixedTable(130) });
  for (const each of [cases[0], cases[2]]) {
    const { out } = await trainCase(each);
    const printed = [...out.matchAll(/^ +\d+((?: +\d+(?:\.\d+)?){4})$/gm)]
      .map(([, cells]) => cells.trim().split(/ +/).map(Number));
    const { model, preprocessing, history, train, test } = await trainCaseByLibrary(each);
    assertEquals(printed.map(([loss]) => loss.toFixed(4)), history.trainLoss.map((loss) => loss.toFixed(4)));
    assertEquals(printed.map(([, , loss]) => loss.toFixed(4)), history.valLoss.map((loss) => loss.toFixed(4)));
    const [, trainScore, loss, testScore] = printed.at(-1)!;
    const [trained, heldOut] = [train, test].map((rows) => measured(model, preprocessing, rows));
    // 4 decimals of an accuracy are printed, and 5 digits of an error below 10.
    assertAlmostEquals(trainScore, trained.score, 5.01e-5);
    assertAlmostEquals(testScore, heldOut.score, 5.01e-5);
    assertAlmostEquals(loss, heldOut.loss, 5.01e-5);
  }
});

testWithSpeed("train takes as many epochs as make 1800 batches, at least 40 and at most 100", async () => {
  await write({ "t.csv": mixedTable(300) });
  const { out } = await run(
    ...[
      "train",
      "--data",
      "t.csv",
      "--target",
      "kind",
      "--number",
      "size",
      "--batch-size",
      "10",
      "--test-fraction",
      "0",
    ],
  );
  assertStringIncludes(out, "batches of 10, 60 epochs");
  assertStringIncludes(out, "Trained 60 epochs");
  assertEquals(
    [[575, 32], [576, 32], [577, 32], [1440, 32], [1441, 32], [1e6, 32], [1, 32], [90, 5]].map(([rows, size]) =>
      epochsFor(rows, size)
    ),
    [100, 100, 95, 40, 40, 40, 100, 100],
  );
});

test("predict gives for the training table what the network in memory says", async () => {
  await write({ "flowers.csv": flowers(60) });
  await run("train", "--data", "flowers.csv", "--epochs", "20");
  const { status, out, err } = await run("predict", "--data", "flowers.csv", "--probabilities");
  assertEquals(status, 0);

  const path = `${scratch}/model.json`;
  const model = await MLP.loadParameters(path);
  const preprocessing = Preprocessing.fromJSON(JSON.parse(await Deno.readTextFile(path)).preprocessing);
  const csv = await readCsv(`${scratch}/flowers.csv`);
  const { inputs, rows, width } = preprocessing.transform(csv);
  const logits = model.predict(Array.from({ length: rows }, (_, i) => inputs.subarray(i * width, (i + 1) * width)));
  const names = ["kind A", "kind B", "kind C"];
  assertEquals(columnOf(out, "prediction"), logits.map((row) => names[row.indexOf(Math.max(...row))]));
  const probabilities = names.map((name) => columnOf(out, `p(${name})`).map(Number));
  for (const [i, row] of logits.entries()) {
    const powers = row.map((z) => Math.exp(z - Math.max(...row)));
    const sum = powers.reduce((a, b) => a + b);
    // 8 digits are printed.
    powers.forEach((power, k) => assertAlmostEquals(probabilities[k][i], power / sum, 1e-8));
    assertAlmostEquals(probabilities[0][i] + probabilities[1][i] + probabilities[2][i], 1, 1e-7);
  }
  const { data } = preprocessing.transformTarget(csv)!;
  assertStringIncludes(err, `accuracy ${Engine.accuracy(logits, data).toFixed(4)}`);
});

test("MLP.loadParameters() reads what train saved, with the preprocessing beside it", async () => {
  await write({ "flowers.csv": flowers(30) });
  await run("train", "--data", "flowers.csv", "--hidden", "4,3", "--activation", "tanh", "--epochs", "1");
  const model = await MLP.loadParameters(`${scratch}/model.json`);
  assertEquals(model.layers.map(String), ["Layer(5 → 4, tanh)", "Layer(4 → 3, tanh)", "Layer(3 → 3, linear)"]);
  const { training } = JSON.parse(await Deno.readTextFile(`${scratch}/model.json`));
  assertEquals([training.data, training.task, training.epochs], ["flowers.csv", "classification", 1]);
});

test("train and predict know numbers in the unit of the target", async () => {
  await write({ "prices.csv": prices(200), "new.csv": "z,x\n1,2\n4,9\n" });
  const { status, out } = await run("train", "--data", "prices.csv", "--target", "price");
  assertEquals(status, 0);
  const r2 = Number(/R² ([\d.]+)/.exec(out)![1]);
  assertEquals(r2 > 0.99, true, out);
  assertStringIncludes(out, "RMSE");
  const { out: table, err } = await run("predict", "--data", "new.csv");
  assertEquals(err, "");
  const [first, second] = columnOf(table, "prediction").map(Number);
  assertAlmostEquals(first, 5500, 150);
  assertAlmostEquals(second, 7300, 150);
});

test("predict measures on the rows whose target is known", async () => {
  await write({
    "flowers.csv": flowers(60),
    "new.csv": 'kind,colour,length,width\nkind A,red,5.5,0.5\n,"blue, dark",3.5,4.5\nkind Z,pink,3.5,4.5\n',
  });
  await run("train", "--data", "flowers.csv");
  const { status, out, err } = await run("predict", "--data", "new.csv");
  assertEquals([status, out], [0, "prediction\nkind A\nkind C\nkind C\n"]);
  assertEquals(
    err,
    'note: column "colour": 1 cell with a value that is not in the training rows (pink), read as none of its 3 values\n' +
      'accuracy 1.0000 (1 of 1) against "kind", left out: 1 missing and 1 unknown\n',
  );
});

test("train takes a headerless table in a gzip file, and predict its rows with and without the target", async () => {
  const lines = flowers(60).trimEnd().split("\n").slice(1);
  const gzip = new Blob([lines.join("\n")]).stream().pipeThrough(new CompressionStream("gzip"));
  const row = lines[0].split(",").slice(0, 3).join(",");
  await write({ "f.csv.gz": new Uint8Array(await new Response(gzip).arrayBuffer()), "row.csv": `${row}\n` });
  const { status, out } = await run("train", "--data", "f.csv.gz", "--target", "-1");
  assertEquals(status, 0);
  assertStringIncludes(out, "column 4: 3 classes");
  assertEquals((await run("predict", "--data", "row.csv", "--no-header")).out, "prediction\nkind A\n");
  assertEquals(columnOf((await run("predict", "--data", "f.csv.gz")).out, "prediction").length, 60);
});

test("predict quotes names of classes where CSV needs it", async () => {
  await write({ "t.csv": 'x,y\n1,"no, never"\n2,"""yes"""\n1,"no, never"\n2,"""yes"""\n' });
  await run("train", "--data", "t.csv", "--test-fraction", "0");
  const { out } = await run("predict", "--data", "t.csv", "--probabilities");
  assertEquals(columnOf(out, "prediction"), ["no, never", '"yes"', "no, never", '"yes"']);
  assertStringIncludes(out, 'prediction,"p(""yes"")","p(no, never)"\n"no, never",');
});

test("predict --out writes the table and tells so", async () => {
  await write({ "flowers.csv": flowers(30) });
  await run("train", "--data", "flowers.csv");
  const printed = await run("predict", "--data", "flowers.csv");
  const { status, out, err } = await run("predict", "--data", "flowers.csv", "--out", "p.csv");
  assertEquals([status, out], [0, ""]);
  assertStringIncludes(err, "30 predictions written to p.csv\n");
  assertEquals(await Deno.readTextFile(`${scratch}/p.csv`), printed.out);
});

test("train learns XOR from four rows when none are held out", async () => {
  await write({ "xor.csv": "0,0,0\n0,1,1\n1,0,1\n1,1,0\n" });
  const { out } = await run("train", "--data", "xor.csv", "--test-fraction", "0");
  assertStringIncludes(out, "none held out");
  assertStringIncludes(out, "Accuracy on training rows 1.0000 (4 of 4)");
});

test("train tells the worst confusions of more than 20 classes", async () => {
  const next = noise();
  const rows = Array.from({ length: 25 * 8 }, (_, i) => `${i % 25 + 2 * next()},class ${i % 25}`);
  await write({ "t.csv": `x,y\n${rows.join("\n")}\n` });
  const { out } = await run("train", "--data", "t.csv", "--epochs", "1");
  assertStringIncludes(out, "Confusions of the held-out rows, the most frequent of");
});

test("train shows at most 100 epochs, with the first and the last", async () => {
  await write({ "xor.csv": "0,0,0\n0,1,1\n1,0,1\n1,1,0\n" });
  const { out } = await run("train", "--data", "xor.csv", "--epochs", "1001", "--hidden", "", "--test-fraction", "0");
  const epochs = [...out.matchAll(/^ +(\d+) +[\d.]+ +[\d.]+$/gm)].map(([, epoch]) => Number(epoch));
  assertEquals([epochs.length <= 102, epochs[0], epochs.at(-1)], [true, 1, 1001]);
});

test("train --quiet prints nothing", async () => {
  await write({ "flowers.csv": flowers(30) });
  assertEquals(await run("train", "--data", "flowers.csv", "--quiet"), { status: 0, out: "", err: "" });
  assertEquals(filesLeft(), ["flowers.csv", "model.json"]);
});

testWithSpeed("train takes every optimizer and every activation", async () => {
  await write({ "flowers.csv": flowers(90) });
  for (const optimizer of ["sgd", "rmsprop", "adam", "adamw", "langevin"]) {
    const { status, out, err } = await run("train", "--data", "flowers.csv", "--optimizer", optimizer);
    assertEquals([optimizer, status, err], [optimizer, 0, ""]);
    assertEquals(shareOf(out) >= 0.9, true, `${optimizer}\n${out}`);
  }
  for (const activation of ["linear", "relu", "leakyRelu", "tanh", "sigmoid", "gelu", "silu", "softplus"]) {
    const { status, out } = await run("train", "--data", "flowers.csv", "--activation", activation);
    assertEquals([activation, status, shareOf(out) >= 0.9], [activation, 0, true]);
  }
});

test("--help lists every option", async () => {
  for (const { name, options } of commands) {
    const { status, out, err } = await run(name, "--help");
    assertEquals([status, err], [0, ""]);
    for (const option of options) {
      assertStringIncludes(out, option.isNegatable ? `--[no-]${option.name}` : `--${option.name}`);
    }
    for (const line of out.split("\n")) assert(line.length <= 100, line);
  }
  const { status, out } = await run("--help");
  assertEquals(status, 0);
  for (const { name } of commands) assertStringIncludes(out, `deno task ${name}`);
});

test("an option takes its value behind a space or an equals sign, negative numbers too", async () => {
  await write({ "prices.csv": prices(20) });
  for (const target of [["--target", "-3"], ["--target=-3"], ["--target", "1"], ["--target=x"]]) {
    const { status, out } = await run("train", "--data=prices.csv", "--epochs=1", ...target);
    assertEquals(status, 0);
    assertStringIncludes(out, 'Target    "x"');
  }
  const { out } = await run("--help", "train");
  assertStringIncludes(out, "Usage");
});

test("the columns of a repeated option add up", async () => {
  await write({ "t.csv": "a,b,c,d\n" + "1,2,3,4\n5,6,7,8.5\n".repeat(5) });
  const { out } = await run("train", "--data", "t.csv", "--ignore", "a", "--ignore", "b");
  assertStringIncludes(out, "1 column of numbers (1 input)");
  assertStringIncludes((await run("train", "--data", "t.csv", "--ignore", "a,b")).out, "(1 input)");
});
