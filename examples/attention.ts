/**
 * Attention, from tensor operations alone. A network sees eight cards, each with a letter and a number, and then a letter: it
 * has to say the number that stood with that letter. It learns where to look: the last lines show how much attention each of the
 * cards gets.
 *
 *     deno task example examples/attention.ts
 *
 * ```text
 * ```
 */
import { Adam, Tensor } from "@gradus/gradus";

const LETTERS = 12, NUMBERS = 10, CARDS = 8, WIDTH = 24, BATCH = 64;

/** Cards with different letters, and the one that is asked for. */
function deal(count: number, seed: number) {
  const letters = Tensor.rand([count, LETTERS], { seed }).argsort(1).narrow(1, 0, CARDS);
  const numbers = Tensor.randint(0, NUMBERS, [count, CARDS], { seed: seed + 1 });
  const asked = Tensor.randint(0, CARDS, [count, 1], { seed: seed + 2 });
  return { letters, numbers, question: letters.gather(1, asked), answer: numbers.gather(1, asked).squeeze(1), asked };
}

const parameter = (seed: number, ...shape: number[]) => {
  const weight = Tensor.randn(shape, { seed }).div(Math.sqrt(shape[0]));
  weight.requiresGrad = true;
  return weight;
};
const letterKeys = parameter(1, LETTERS, WIDTH), questionKeys = parameter(2, LETTERS, WIDTH);
const numberValues = parameter(3, NUMBERS, WIDTH), output = parameter(4, WIDTH, NUMBERS);
const parameters = [letterKeys, questionKeys, numberValues, output];

/** How much attention each card gets (count, 1, cards), and what is answered (count, numbers), as logits. */
function answer({ letters, numbers, question }: ReturnType<typeof deal>) {
  const keys = letterKeys.take(letters, 0), values = numberValues.take(numbers, 0); // (count, cards, width)
  const query = questionKeys.take(question, 0); // (count, 1, width)
  const attention = query.matmul(keys.mT).div(Math.sqrt(WIDTH)).softmax(-1);
  return { attention, logits: attention.matmul(values).squeeze(1).matmul(output) };
}

const optimizer = new Adam(parameters, { learningRate: 0.02 });
for (let step = 1; step <= 400; step++) {
  const cards = deal(BATCH, 3 * step), loss = answer(cards).logits.crossEntropy(cards.answer);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.item().toFixed(4)}`);
}

const cards = deal(1000, 100_000), { attention, logits } = Tensor.noGrad(() => answer(cards));
const accuracy = logits.argmax(1).eq(cards.answer).mean().item();
console.log(`right answers to new questions: ${(100 * accuracy).toFixed(1)} %`);
if (accuracy < 0.95) throw new Error("the network has not learned where to look");
console.log(`asked for card ${cards.asked.at(0, 0).item()}; attention:`);
console.log(String(attention.at(0, 0)));
