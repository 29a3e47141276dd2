/** What the command line says to input that it cannot use: one sentence, status 1, and no file left. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../cli.ts";

const scratch = `.scratch/cli-errors-${crypto.randomUUID().slice(0, 8)}`;

const files: { [name: string]: string } = {
  "good.csv": "a,b,y\n" + "1,2,no\n3,5,yes\n2,2,no\n5,4,yes\n".repeat(5),
  "numbers.csv": "a,y\n1,2.5\n2,3.5\n3,4.75\n4,5\n",
  "empty.csv": "",
  "header.csv": "a,b,y\n",
  "ragged.csv": "a,b,y\n1,2,no\n3,yes\n",
  "one.csv": "a,y\n1,no\n2,no\n",
  "hole.csv": "a,y\n1,no\n2,\n3,yes\n",
  "mixed.csv": "a,y\n1,no\n2,yes\nthree,no\n",
  "alone.csv": "y\nno\nyes\n",
  "quote.csv": 'a,y\n1,"no\n2,yes\n',
  "other.csv": "a,c\n1,2\n",
  "word.csv": "a,b\n1,two\n",
  "far.csv": "a,b\n1,2\n\n1e300,3\n3,4\n",
  "beyond.csv": "a,y\n" + "1,no\n2,yes\n".repeat(5) + "1e100,no\n3,yes\n",
  "network.json": '{"nin":1,"nouts":[1],"layers":[{"nin":1,"nout":1,"activation":"linear"}],"parameters":[1,0]}\n',
  "half.json": '{"nin":1,"nouts":[1],"lay',
  "damaged.json":
    '{"nin":1,"nouts":[1],"layers":[{"nin":1,"nout":1,"activation":"linear"}],"parameters":[1,0],"preprocessing":{"version":2}}\n',
};

async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let out = "", err = "";
  const folder = `${Deno.cwd()}/${scratch}`;
  const status = await main(args, { out: (text) => out += text, err: (text) => err += text, folder });
  return { status, out, err };
}

/** Runs with the files above, and others that a command makes first. */
async function inScratch(before: string[][], fn: () => Promise<void>): Promise<void> {
  await Deno.mkdir(scratch, { recursive: true });
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${scratch}/${name}`, text);
    for (const args of before) assertEquals((await run(...args)).status, 0);
    await fn();
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

function snapshot(): { [name: string]: string } {
  const names = [...Deno.readDirSync(scratch)].map(({ name }) => name).sort();
  return Object.fromEntries(names.map((name) => [name, Deno.readTextFileSync(`${scratch}/${name}`)]));
}

async function refuses(cases: [string[], string][], before: string[][] = []): Promise<void> {
  await inScratch(before, async () => {
    const untouched = snapshot();
    for (const [args, sentence] of cases) {
      const { status, out, err } = await run(...args);
      assertEquals([args, status, err], [args, 1, `gradus: ${sentence}\n`]);
      assertEquals([args, out], [args, ""]);
      assertEquals(snapshot(), untouched);
    }
  });
}

const trainHelp = '("deno task train --help" tells the options)';

Deno.test("cli refuses a command that is none", () =>
  refuses([
    [[], "Cannot run: there is no command, train or predict is needed (--help tells more)"],
    [["trian"], 'Cannot run "trian": there is no such command, train or predict is needed (--help tells more)'],
  ]));

Deno.test("cli refuses arguments that are no options, and options that are none", () =>
  refuses([
    [
      ["train", "good.csv"],
      `Cannot use "good.csv": it belongs to no option, --<option> before it is needed ${trainHelp}`,
    ],
    [
      ["train", "--quiet", "--", "x"],
      `Cannot use "--": it belongs to no option, --<option> before it is needed ${trainHelp}`,
    ],
    [["train", "--epochz", "3"], `Cannot use --epochz: there is no such option, another is needed ${trainHelp}`],
    [["train", "--epochz=3"], `Cannot use --epochz: there is no such option, another is needed ${trainHelp}`],
    [["train", "-e", "3"], `Cannot use -e: there is no such option, another is needed ${trainHelp}`],
    [["train", "--no-epochs"], `Cannot use --no-epochs: there is no such option, another is needed ${trainHelp}`],
    [["train", "--__proto__", "3"], `Cannot use --__proto__: there is no such option, another is needed ${trainHelp}`],
    [["train", "--epochs"], `Cannot use --epochs: it has no value, a number is needed ${trainHelp}`],
    [["train", "--data", "--quiet"], `Cannot use --data: it has no value, a CSV file is needed ${trainHelp}`],
    [["train", "--quiet=no"], `Cannot use --quiet=no: a switch takes no value, --quiet is needed ${trainHelp}`],
    [
      ["predict", "--epochs", "3"],
      'Cannot use --epochs: there is no such option, another is needed ("deno task predict --help" tells the options)',
    ],
  ]));

Deno.test("cli refuses an option that is there twice, unless it is a list", () => {
  const needed = `one is needed ${trainHelp}`;
  return refuses([
    [["train", "--seed", "1", "--seed", "2"], `Cannot use --seed: it is there 2 times, ${needed}`],
    [["train", "--seed=1", "--seed", "1", "--seed=1"], `Cannot use --seed: it is there 3 times, ${needed}`],
    [["train", "--data", "good.csv", "--data", "one.csv"], `Cannot use --data: it is there 2 times, ${needed}`],
    [["train", "--hidden", "8", "--hidden", "4"], `Cannot use --hidden: it is there 2 times, ${needed}`],
    [
      ["train", "--no-header", "--data", "good.csv", "--header"],
      `Cannot use --header: --no-header is there too, one of them is needed ${trainHelp}`,
    ],
    [
      ["predict", "--model", "a.json", "--model", "b.json"],
      'Cannot use --model: it is there 2 times, one is needed ("deno task predict --help" tells the options)',
    ],
  ]);
});

Deno.test("cli refuses a file without a name", () =>
  refuses([
    [["train", "--data", ""], 'Cannot use --data "": it is no name, the name of a file is needed'],
    [["predict", "--data", ""], 'Cannot use --data "": it is no name, the name of a file is needed'],
    [
      ["predict", "--data", "good.csv", "--model="],
      'Cannot use --model "": it is no name, the name of a file is needed',
    ],
  ]));

Deno.test("train refuses values out of range", () => {
  const count = "a whole number from 1 to 2147483647 is needed";
  const activations = "linear, relu, leakyRelu, tanh, sigmoid, gelu, silu, softplus";
  return refuses([
    [["--epochs", "ten"], `Cannot use --epochs "ten": ${count}`],
    [["--epochs", ""], `Cannot use --epochs "": ${count}`],
    [["--epochs", "0"], `Cannot use --epochs 0: ${count}`],
    [["--epochs", "1.5"], `Cannot use --epochs 1.5: ${count}`],
    [["--epochs", "0x10"], `Cannot use --epochs "0x10": ${count}`],
    [["--batch-size", "-1"], `Cannot use --batch-size -1: ${count}`],
    [["--hidden", "64,x"], `Cannot use --hidden "x": ${count}`],
    [["--hidden", "64,,32"], `Cannot use --hidden "": ${count}`],
    [
      ["--hidden", "2000000000,2000000000"],
      "Cannot make a network of 4000000012000000000 parameters: they do not fit into memory, smaller layers are needed",
    ],
    [["--activation", "softmax"], `Cannot use --activation "softmax": one of ${activations} is needed`],
    [["--optimizer", "adamm"], 'Cannot use --optimizer "adamm": one of sgd, rmsprop, adam, adamw, langevin is needed'],
    [["--task", "guess"], 'Cannot use --task "guess": one of classification, regression is needed'],
    [["--learning-rate", "0"], "Cannot use --learning-rate 0: a number above 0 is needed"],
    [["--learning-rate", "Infinity"], 'Cannot use --learning-rate "Infinity": a number above 0 is needed'],
    [["--weight-decay", "-1"], "Cannot use --weight-decay -1: a number of at least 0 is needed"],
    [["--clip-norm", "0"], "Cannot use --clip-norm 0: a number above 0 is needed"],
    [["--seed", "-1"], "Cannot use --seed -1: a whole number from 0 to 9007199254740991 is needed"],
    [["--test-fraction", "1"], "Cannot use --test-fraction 1: a number of at least 0 and below 1 is needed"],
    [
      ["--optimizer", "langevin", "--weight-decay", "1"],
      "Cannot use --weight-decay: langevin has none, another --optimizer is needed",
    ],
  ].map(([args, sentence]) => [["train", "--data", "good.csv", ...args], sentence]) as [string[], string][]);
});

Deno.test("train refuses tables that it cannot learn from, by file, line and column", () =>
  refuses([
    [["no.csv"], "Cannot read no.csv: there is no such file, a CSV file is needed"],
    [["."], "Cannot read .: it is a directory, a CSV file is needed"],
    [["empty.csv"], "Cannot read empty.csv: it is empty, a row of cells is needed"],
    [["header.csv"], "Cannot train on header.csv: it has a header and no rows, two rows or more are needed"],
    [["ragged.csv"], "Cannot read ragged.csv: line 3 has 2 cells, the header has 3, the same number is needed"],
    [
      ["quote.csv"],
      "Cannot read quote.csv: line 2, column 2 opens a quote that is not closed, a closing quote is needed",
    ],
    [
      ["one.csv"],
      'Cannot train on one.csv: target column "y" is "no" in all 2 rows, two different values or more are needed',
    ],
    [["hole.csv"], 'Cannot use hole.csv: line 3, column "y" is empty, a value in every row of the target is needed'],
    [
      ["mixed.csv"],
      'Cannot use mixed.csv: line 4, column "a" is "three", a number is needed as in other rows ' +
      "(--text a reads the column as text, --number a reads such cells as missing)",
    ],
    [
      ["alone.csv"],
      'Cannot train on alone.csv: there is no column but the target column "y", one column or more to predict it from is needed',
    ],
    [
      ["good.csv", "--target", "z"],
      'Cannot find column "z" in good.csv: its columns are a, b, y, one of them or a position from 1 to 3 is needed',
    ],
    [
      ["good.csv", "--target", "-4"],
      'Cannot find column "-4" in good.csv: its columns are a, b, y, one of them or a position from 1 to 3 is needed',
    ],
    [
      ["good.csv", "--task", "regression"],
      'Cannot use good.csv: line 2, column "y" is "no", a number is needed as in other rows ' +
      "(--task classification reads the target as classes)",
    ],
  ].map(([[file, ...args], sentence]) => [["train", "--data", file, ...args], sentence]) as [string[], string][]));

Deno.test("train finds out before it trains that it cannot save", () =>
  refuses([
    [["no/m.json"], "Cannot write no/m.json: there is no such folder, one that exists is needed"],
    [["."], "Cannot write .: it is a directory, the name of a file is needed"],
    [[""], 'Cannot write "": it is no name, the name of a file is needed'],
    [["good.csv"], "Cannot write good.csv: it is the file that is read, another one is needed"],
    [["good.csv/m.json"], "Cannot write good.csv/m.json: there is no such folder, one that exists is needed"],
  ].map(([args, sentence]) => [["train", "--data", "good.csv", "--out", ...args], sentence]) as [string[], string][]));

Deno.test("predict refuses what is no model, and tables that do not fit it", () =>
  refuses(
    [
      [["predict"], "Cannot predict: --data is missing, a CSV file with rows to predict is needed"],
      [
        ["predict", "--data", "good.csv", "--model", "no.json"],
        'Cannot load a model from no.json: there is no such file, one that "deno task train" saved is needed',
      ],
      [
        ["predict", "--data", "good.csv", "--model", "half.json"],
        'Cannot load a model from half.json: it is not JSON, a file that "deno task train" saved is needed',
      ],
      [
        ["predict", "--data", "good.csv", "--model", "network.json"],
        "Cannot load a model from network.json: it is a network without the preprocessing of a table, " +
        'one that "deno task train" saved is needed',
      ],
      [
        ["predict", "--data", "good.csv", "--model", "damaged.json"],
        "Cannot load a model from damaged.json: in its preprocessing version is 2, 1 is needed",
      ],
      [
        ["predict", "--data", "other.csv"],
        'Cannot use other.csv: it has no column "b", which the model was trained on (its columns are a, c), that column is needed',
      ],
      [
        ["predict", "--data", "word.csv"],
        'Cannot use word.csv: line 2, column "b" is "two", a number is needed as in the table the model was trained on',
      ],
      [
        ["predict", "--data", "header.csv"],
        "Cannot use header.csv: it has a header and no rows, one row or more is needed",
      ],
      [
        ["predict", "--data", "numbers.csv", "--model", "n.json", "--probabilities"],
        'Cannot use --probabilities: n.json predicts numbers ("y"), a network that predicts classes is needed',
      ],
      [
        ["predict", "--data", "good.csv", "--out", "model.json"],
        "Cannot write model.json: it is the file that is read, another one is needed",
      ],
    ],
    [
      ["train", "--data", "good.csv", "--epochs", "1"],
      ["train", "--data", "numbers.csv", "--epochs", "1", "--out", "n.json"],
    ],
  ));

Deno.test("predict refuses rows of which the network makes no numbers, and writes nothing", () => {
  const needed = "numbers like those it was trained on are needed";
  return refuses(
    [
      [["predict", "--data", "far.csv"], `Cannot use far.csv: the network makes NaN of line 4, ${needed}`],
      [
        ["predict", "--data", "far.csv", "--probabilities", "--quiet", "--out", "p.csv"],
        `Cannot use far.csv: the network makes NaN of line 4, ${needed}`,
      ],
      [
        ["predict", "--data", "far.csv", "--model", "n.json"],
        `Cannot use far.csv: the network makes -Infinity of line 4, ${needed}`,
      ],
    ],
    [
      ["train", "--data", "good.csv", "--epochs", "1"],
      ["train", "--data", "numbers.csv", "--epochs", "1", "--hidden", "", "--out", "n.json"],
    ],
  );
});

Deno.test("train that diverges in its last batch saves nothing", () =>
  inScratch([], async () => {
    const untouched = snapshot();
    const { status, err } = await run(
      ...["train", "--data", "good.csv", "--optimizer", "sgd", "--learning-rate", "1e30", "--epochs", "1"],
    );
    assertEquals(status, 1);
    assertEquals(
      err,
      "gradus: Cannot use good.csv: the network makes NaN of line 2, a smaller --learning-rate is needed\n",
    );
    assertEquals(snapshot(), untouched);
  }));

Deno.test("train refuses a held-out row of which the network makes no numbers before it trains", () =>
  refuses([
    [
      ["train", "--data", "beyond.csv", "--seed", "3"],
      "Cannot use beyond.csv: the network makes NaN of line 12, numbers like those of other rows are needed",
    ],
  ]));

Deno.test("train that diverges tells so and leaves the old file", () =>
  inScratch([["train", "--data", "good.csv", "--epochs", "1"]], async () => {
    const untouched = snapshot();
    const { status, err } = await run(
      ...["train", "--data", "good.csv", "--optimizer", "sgd", "--learning-rate", "1e30", "--epochs", "50"],
    );
    assertEquals(status, 1);
    assertStringIncludes(err, "became NaN or infinite");
    assertEquals(err.split("\n").length, 2);
    assertEquals(snapshot(), untouched);
  }));

Deno.test("a defect has a status of its own and no stack", async () => {
  const out = () => {
    throw new TypeError("broken");
  };
  let err = "";
  assertEquals(await main(["--help"], { out, err: (text) => err += text }), 70);
  assertEquals(
    err,
    "gradus: unexpected TypeError: broken; this is a defect of gradus, please report it with the command\n",
  );
});
