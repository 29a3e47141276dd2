/** Ctrl-C while `train` runs: in a process of its own, because a signal goes to a whole process. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { MLP } from "../mod.ts";
import { testNeeding } from "./_machine.ts";

const test = testNeeding("processes");
const isWindows = Deno.build.os === "windows";
const scratch = `.scratch/cli-interrupt-${crypto.randomUUID().slice(0, 8)}`;

/** Starts a training that would take hours, and waits until its first epoch is told. */
async function start(out: string): Promise<{ child: Deno.ChildProcess; rest: () => Promise<string> }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-read=.", `--allow-write=${scratch}`, "--allow-ffi=lib/", "cli.ts", "train"],
      ...["--epochs", "2000000000", "--out", `${scratch}/${out}`],
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/^ +1 +\d/m.test(text)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  const rest = async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    return text;
  };
  return { child, rest };
}

async function interruptedBy(signal: Deno.Signal): Promise<void> {
  await Deno.mkdir(scratch, { recursive: true });
  try {
    const { child, rest } = await start("m.json");
    child.kill(signal);
    const [out, err, { code }] = await Promise.all([rest(), new Response(child.stderr).text(), child.status]);
    assertEquals(code, 130, err);
    assertStringIncludes(err, "gradus: interrupted in epoch ");
    assertStringIncludes(out, "Accuracy on held-out rows 0.9");
    assertEquals([...Deno.readDirSync(scratch)].map(({ name }) => name), ["m.json"]);
    assertEquals((await MLP.loadParameters(`${scratch}/m.json`)).nin, 64);
    assertEquals(JSON.parse(await Deno.readTextFile(`${scratch}/m.json`)).training.interrupted, true);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

test({
  name: "train saves the network and exits with 130 at Ctrl-C",
  ignore: isWindows,
  fn: () => interruptedBy("SIGINT"),
});

test({
  name: "train saves the network and exits with 130 when it is asked to end",
  ignore: isWindows,
  fn: () => interruptedBy("SIGTERM"),
});
