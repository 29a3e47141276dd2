/** Operations of one's own: what is computed and what its gradient is, as two methods of a class. */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { isTensor, kept, needsGrad, plain, type Pullback, record, unchangedBy, viewOf, withGrad } from "./autograd.ts";
import { Kind, promoted } from "./dtype.ts";
import { fill } from "./kernels.ts";
import { outsideOfArenas } from "./storage.ts";
import { View } from "./view.ts";

/**
 * What `forward` leaves for `backward`, and what is known of the call. Whatever else is to be remembered can stand in fields of the
 * operation: each call has an object of its own.
 *
 * @example An operation that clips gradients, by a limit that it remembers
 * ```ts
 * import { Function, type FunctionContext, Tensor } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * class ClipGradient extends Function {
 *   #limit = 0;
 *   forward(_: FunctionContext, x: Tensor, limit: number): Tensor {
 *     this.#limit = limit;
 *     return x.clone();
 *   }
 *   backward(context: FunctionContext, gradient: Tensor): [Tensor | null, null] {
 *     return [context.needsInputGrad[0] ? gradient.clamp(-this.#limit, this.#limit) : null, null];
 *   }
 * }
 * const x = Tensor.from([1, 2], { requiresGrad: true });
 * ClipGradient.apply(x, 3).square().sum().backward();
 * assertEquals(x.grad!.toArray(), [2, 3]);
 * ```
 */
export class FunctionContext {
  #saved: readonly Tensor[] = [];
  /** For each argument, whether its gradient is wanted. */
  readonly needsInputGrad: readonly boolean[];

  /** @internal */
  constructor(needsInputGrad: readonly boolean[]) {
    this.needsInputGrad = needsInputGrad;
  }

  /** Keeps tensors for `backward`: arguments and results; changed in place before that, they are refused. */
  saveForBackward(...tensors: Tensor[]): void {
    this.#saved = tensors;
  }

  /** What was kept. */
  get savedTensors(): readonly Tensor[] {
    return this.#saved;
  }

  /** @internal Puts recorded results in the place of those that `forward` knew. */
  static replace(context: FunctionContext, results: ReadonlyMap<Tensor, Tensor>): void {
    context.#saved = context.#saved.map((tensor) => results.get(tensor) ?? tensor);
  }
}

/** What `backward` gives for an argument: null where there is no gradient, as of one that is no tensor. */
export type ArgumentGradient = Tensor | null | undefined;

/** What follows the context among the parameters of `forward`. */
type Arguments<F> = F extends { forward(context: FunctionContext, ...args: infer A): unknown } ? A : never;

/** What `forward` gives. */
type Result<F> = F extends { forward(...args: never[]): infer R } ? R : never;

/**
 * An operation of one's own on tensors: extend it, and call `apply` of the class.
 *
 * `forward` computes one tensor or a list of tensors, of which nothing is recorded. `backward` is called once, with the gradients
 * of these, 0 where there is none, and gives those of the arguments, in their order, or a single one where there is one argument.
 * Results that are not floating point have no gradient. For derivatives of higher order it
 * computes with operations of tensors only; what of that is saved has its graph.
 *
 * @example x³, with its derivative
 * ```ts
 * import { Function, type FunctionContext, Tensor } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * class Cube extends Function {
 *   forward(context: FunctionContext, x: Tensor): Tensor {
 *     context.saveForBackward(x);
 *     return x.mul(x).mul(x);
 *   }
 *   backward(context: FunctionContext, gradient: Tensor): Tensor {
 *     const [x] = context.savedTensors;
 *     return gradient.mul(x.square().mul(3));
 *   }
 * }
 * const x = Tensor.from(2, { requiresGrad: true });
 * const y = Cube.apply(x);
 * y.backward();
 * assertEquals([y.item(), x.grad!.item()], [8, 12]);
 * ```
 */
export abstract class Function {
  /** Computes the operation. */
  // deno-lint-ignore no-explicit-any
  abstract forward(context: FunctionContext, ...args: any[]): Tensor | readonly Tensor[];

  /** Computes the gradients of the arguments from those of the results. */
  abstract backward(
    context: FunctionContext,
    ...gradients: Tensor[]
  ): ArgumentGradient | readonly ArgumentGradient[];

  /**
   * Applies the operation, and records it.
   *
   * @throws {GradusError} If `forward` gives no tensor; in a backward pass, if `backward` gives gradients of other shapes or numbers.
   */
  static apply<F extends Function>(this: new () => F, ...args: Arguments<F>): Result<F> {
    const operation = new this(), given = args as readonly unknown[], tensors = given.filter(isTensor);
    const context = new FunctionContext(given.map((arg) => isTensor(arg) && needsGrad([arg])));
    const output = withGrad(false, () => operation.forward(context, ...given));
    const outputs = Array.isArray(output) ? [...output] as Tensor[] : [output as Tensor];
    const wrong = outputs.find((result) => !isTensor(result));
    if (wrong !== undefined || outputs.length === 0) {
      throw new GradusError(
        "argument",
        `Cannot apply ${this.name}: forward() gives ${shown(wrong ?? output)}, a tensor or a list of them is needed`,
      );
    }
    if (!needsGrad(tensors)) return output as Result<F>;
    const views = outputs.map(viewOf), saved = context.savedTensors.map(viewOf);
    const gradients = gradientsOf(operation, context, given, views);
    const pullbacks = tensors.map((_, k): Pullback => (gradient) => gradients(gradient, k));
    const row = record(this.name, rowOf(views), tensors, pullbacks, saved);
    const results = views.map((view, i) => {
      const result = view.with(view.shape, view.strides);
      if (view.dtype.kind !== Kind.float) return plain(result);
      if (views.length === 1) return record(this.name, result, tensors, pullbacks, saved);
      return record(this.name, result, [row], [(gradient) => placed(gradient, views, i)]);
    });
    FunctionContext.replace(context, new Map(outputs.map((result, i) => [result, results[i]])));
    return (Array.isArray(output) ? results : results[0]) as Result<F>;
  }
}

/** What stands for all results in one row, so that `backward` waits for the gradients of all; nobody reads its elements. */
function rowOf(views: readonly View[]): View {
  const dtype = views.map((view) => view.dtype).reduce(promoted);
  return new View(views[0].storage, dtype, [startOf(views, views.length)], [0]);
}

/** Where result i begins in the row. */
function startOf(views: readonly View[], i: number): number {
  return views.slice(0, i).reduce((sum, { size }) => sum + size, 0);
}

/** The gradient of result i at its place in the row. */
function placed(gradient: Tensor, views: readonly View[], i: number): Tensor {
  const after = startOf(views, views.length) - startOf(views, i + 1);
  return gradient.reshape([-1]).pad([startOf(views, i), after]);
}

/** The gradients of all results, from that of the row. */
function partsOf(gradient: Tensor, views: readonly View[]): Tensor[] {
  if (views.length === 1) return [gradient];
  return views.map(({ shape, size, dtype }, i) =>
    dtype.kind === Kind.float
      ? gradient.narrow(0, startOf(views, i), size).reshape(shape).to(dtype.name)
      : zerosLike(views[i])
  );
}

/** The gradients of the arguments that are tensors, from those of the results: asked for one after the other, computed once. */
function gradientsOf(
  operation: Function,
  context: FunctionContext,
  args: readonly unknown[],
  views: readonly View[],
): (gradient: Tensor, k: number) => Tensor {
  const wanted = args.flatMap((arg, a) => isTensor(arg) ? [context.needsInputGrad[a]] : []);
  const last = wanted.lastIndexOf(true);
  let known: { readonly of: Tensor; readonly gradients: Tensor[] } | undefined;
  return (gradient, k) => {
    kept(gradient);
    const { gradients } = known?.of === gradient ? known : {
      gradients: outsideOfArenas(() => {
        const who = `${operation.constructor.name}.backward()`;
        const given = unchangedBy(who, gradient, () => operation.backward(context, ...partsOf(gradient, views)));
        const list = Array.isArray(given) ? given : [given];
        return tensorGradients(operation, args, list as readonly ArgumentGradient[]);
      }),
    };
    known = k === last ? undefined : { of: gradient, gradients };
    return gradients[k];
  };
}

function zerosLike(view: View): Tensor {
  const zeros = View.allocate(view.dtype, view.shape);
  fill(zeros, 0);
  return plain(zeros);
}

function tensorGradients(
  { constructor: { name } }: Function,
  args: readonly unknown[],
  gradients: readonly ArgumentGradient[],
): Tensor[] {
  const many = (count: number) => `${count} gradient${count === 1 ? "" : "s"}`;
  if (gradients.length !== args.length) {
    throw new GradusError(
      "argument",
      `Cannot differentiate ${name}: backward() gives ${
        many(gradients.length)
      }, ${args.length} are needed, one for each argument`,
    );
  }
  return args.flatMap((arg, i) => {
    if (!isTensor(arg)) return [];
    const gradient = gradients[i];
    if (gradient === null || gradient === undefined) return [zerosLike(viewOf(arg))];
    if (isTensor(gradient)) return [gradient];
    throw new GradusError(
      "argument",
      `Cannot differentiate ${name}: gradient ${i} of backward() is ${shown(gradient)}, a tensor or null is needed`,
    );
  });
}
