/**
 * The file that `train` saves: the network as `MLP.saveParameters` writes it, and beside it the preprocessing of the table and
 * how it was trained, which `MLP.loadParameters` passes over.
 */
import { Preprocessing } from "../data/preprocessing.ts";
import { GradusError } from "../error.ts";
import { MLP } from "../mlp.ts";
import { resolvePath } from "./paths.ts";

/** How a network was trained and how well, for people who read the file. Without a date: the same seed gives the same file. */
export type TrainingRecord = { [name: string]: string | number | boolean | null | { [name: string]: number } };

/** The text of the file: a line for each field. */
export function encodeFile(model: MLP, preprocessing: Preprocessing, training: TrainingRecord): string {
  const fields = Object.entries({ ...model.toJSON(), preprocessing: preprocessing.toJSON(), training });
  const lines = fields.map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/**
 * Reads the file.
 *
 * @throws {GradusError} If it is not whole, or only a network without preprocessing.
 */
export async function readModelFile(
  name: string,
  folder: string,
): Promise<{ model: MLP; preprocessing: Preprocessing }> {
  const refuse = (text: string, cause?: unknown): never => {
    throw new GradusError("data", `Cannot load a model from ${name}: ${text}`, { cause });
  };
  let text = "";
  try {
    text = await Deno.readTextFile(resolvePath(name, folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      refuse('there is no such file, one that "deno task train" saved is needed');
    }
    if (error instanceof Deno.errors.NotCapable) refuse("Deno may not read it, the permission --allow-read is needed");
    refuse("it cannot be read, a file that may be read is needed", error);
  }
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(text);
  } catch (error) {
    refuse('it is not JSON, a file that "deno task train" saved is needed', error);
  }
  const model = MLP.fromJSON(json, name);
  if (json.preprocessing === undefined) {
    refuse('it is a network without the preprocessing of a table, one that "deno task train" saved is needed');
  }
  const preprocessing = preprocessingFrom(json.preprocessing, refuse);
  const { inputSize, outputSize } = preprocessing;
  if (model.nin !== inputSize || model.nout !== outputSize) {
    refuse(
      `its preprocessing makes ${inputSize} inputs and ${outputSize} outputs, its network has ${model.nin} and ${model.nout}, the same are needed`,
    );
  }
  return { model, preprocessing };
}

function preprocessingFrom(json: unknown, refuse: (text: string, cause: unknown) => never): Preprocessing {
  try {
    return Preprocessing.fromJSON(json);
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    return refuse(error.message.replace(/^.*?: /, "in its preprocessing "), error);
  }
}
