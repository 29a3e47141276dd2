/**
 * The optimizers: classes that hold settings and state; the updates themselves stand in c/optim.c. Definitions and defaults
 * are those of PyTorch's torch.optim, where it has them.
 */
import { Optimizer as OptimizerCode } from "./bindings.ts";
import { GradusError } from "./error.ts";
import { native, unwrap } from "./ffi.ts";
import { Job } from "./job.ts";
import {
  checkBoolean,
  checkNumber,
  checkOptions,
  fractionRange,
  nonNegativeRange,
  type Range,
  seedRange,
  unitRange,
} from "./options.ts";
import {
  checkOptimizable,
  countOfParameters,
  dtypeOfParameters,
  type Optimizable,
  stretchesOf,
  zeroGradients,
} from "./optimizable.ts";
import { type Dtype, newReals, type Reals } from "./shape.ts";

/**
 * What every optimizer has. One of your own extends this class and can be used wherever the built-in ones can.
 *
 * @example An optimizer of one's own: the sign of the gradient alone
 * ```ts
 * import { Optimizer, type Optimizable, Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * class SignSGD extends Optimizer {
 *   constructor(parameters: Optimizable) {
 *     super(parameters, 0.1);
 *   }
 *   step(): void {
 *     this.update((data, grad) => data - this.learningRate * Math.sign(grad));
 *   }
 * }
 * const w = Value.persistent(2);
 * w.square().backward();
 * new SignSGD([w]).step();
 * assertEquals(w.data, 1.9);
 * ```
 */
export abstract class Optimizer {
  /** What is optimized. */
  readonly parameters: Optimizable;
  #learningRate: number;

  /**
   * Makes an optimizer that has done no step yet.
   *
   * @param parameters What is optimized.
   * @param learningRate The length of a step, from 0 on.
   * @throws {GradusError} If the parameters are neither a network's nor a list of leaves.
   */
  constructor(parameters: Optimizable, learningRate: number) {
    this.parameters = checkOptimizable(parameters);
    this.#learningRate = checkNumber("the learning rate", learningRate, nonNegativeRange);
  }

  /** The length of a step. It can be changed at any time. */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(learningRate: number) {
    this.#learningRate = checkNumber("the learning rate", learningRate, nonNegativeRange);
  }

  /** Moves the parameters once, by their gradients. */
  abstract step(): void;

  /** Forgets the gradients of the parameters: they become 0, those of tensors null. */
  zeroGrad(): void {
    zeroGradients(this.parameters);
  }

  /** Replaces every parameter by `rule(data, grad)`. */
  protected update(rule: (data: number, grad: number) => number): void {
    for (const { data, grad, finish } of stretchesOf(this.parameters, false)) {
      for (let i = 0; i < data.length; i++) data[i] = rule(data[i], grad[i]);
      finish();
    }
  }
}

/** The settings of the built-in optimizers by their names in `struct gradus_job`. */
interface Settings {
  momentum?: number;
  nesterov?: boolean;
  weightDecay?: number;
  alpha?: number;
  centered?: boolean;
  beta1?: number;
  beta2?: number;
  eps?: number;
  damping?: number;
  temperature?: number;
  seed?: number;
}

const ranges: { [name in keyof Settings]: Range } = {
  momentum: nonNegativeRange,
  weightDecay: nonNegativeRange,
  alpha: unitRange,
  beta1: fractionRange,
  beta2: fractionRange,
  eps: nonNegativeRange,
  damping: unitRange,
  temperature: nonNegativeRange,
  seed: seedRange,
};

/**
 * An optimizer whose update is native: the classes below. A network's whole epoch with one of these is one native call.
 *
 * @example
 * ```ts
 * import { Adam, MLP, NativeOptimizer, SGD } from "@gradus/gradus";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const model = new MLP(2, [1]);
 * const optimizers = [new SGD(model.parameters, { learningRate: 0.1 }), new Adam(model.parameters)];
 * assert(optimizers.every((optimizer) => optimizer instanceof NativeOptimizer));
 * assertEquals(optimizers.map(({ learningRate }) => learningRate), [0.1, 0.001]);
 * ```
 */
export abstract class NativeOptimizer extends Optimizer {
  readonly #job: Job;
  readonly #names: readonly (keyof Settings)[];
  #seed = 0;
  #state: Reals | null = null;

  /** @internal */
  constructor(
    parameters: Optimizable,
    kind: keyof typeof OptimizerCode,
    given: object,
    defaults: Settings & { learningRate: number },
  ) {
    checkOptions(`the settings of ${new.target.name}`, given, Object.keys(defaults));
    const settings: Settings & { learningRate: number } = { ...defaults };
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined) Object.assign(settings, { [name]: value });
    }
    super(parameters, settings.learningRate);
    this.#job = new Job(this.dtype);
    this.#job.set("optimizer", OptimizerCode[kind]);
    this.#names = Object.keys(defaults).filter((name) => name !== "learningRate") as (keyof Settings)[];
    for (const name of this.#names) {
      const value = settings[name];
      if (name === "seed") this.#job.setSeed(this.#seed = checkNumber("the seed", value, seedRange));
      else if (name === "nesterov" || name === "centered") this.#job.set(name, checkBoolean(name, value) ? 1 : 0);
      else this.setting(name, value as number);
    }
  }

  /** All settings, as they are now. */
  get settings(): Record<string, number | boolean> {
    const entries = this.#names.map((name) => {
      if (name === "seed") return [name, this.#seed];
      const value = this.#job.get(name);
      return [name, name === "nesterov" || name === "centered" ? value !== 0 : value];
    });
    return Object.fromEntries([["learningRate", this.learningRate], ...entries]);
  }

  /** `"Adam(learningRate=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weightDecay=0)"` */
  override toString(): string {
    const settings = Object.entries(this.settings).map(([name, value]) => `${name}=${value}`);
    return `${this.constructor.name}(${settings.join(", ")})`;
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** The type of the parameters. */
  get dtype(): Dtype {
    return dtypeOfParameters(this.parameters);
  }

  /** Updates done so far. */
  get steps(): number {
    return this.#job.get("step");
  }

  /** Reads a setting, or changes it. */
  protected setting(
    name: "momentum" | "weightDecay" | "alpha" | "beta1" | "beta2" | "eps" | "damping" | "temperature",
    value?: number,
  ): number {
    if (value !== undefined) {
      this.#job.set(name, checkNumber(`the setting ${name}`, value, ranges[name]!));
    }
    return this.#job.get(name);
  }

  /** Moves the parameters once, by their gradients. */
  step(): void {
    const { job, state } = NativeOptimizer.open(this), { parameters } = this;
    const before = job.get("step"), arrays = state.length / countOfParameters(parameters);
    // Noise is one sequence over all numbers.
    for (
      const { data, grad, offset, finish } of stretchesOf(parameters, job.get("optimizer") === OptimizerCode.langevin)
    ) {
      const from = arrays * offset, part = from === 0 ? state : state.subarray(from);
      job.set("step", before);
      unwrap(
        native.gradus_optimizer_step(job.bytes, data, grad, part, data.length),
        "make an optimizer step",
      );
      finish();
    }
    job.set("step", before + 1);
  }

  /** The job that describes the optimizer, up to date, and the arrays that it keeps between steps. */
  static open(optimizer: NativeOptimizer): { job: Job; state: Reals } {
    const job = optimizer.#job;
    job.set("learningRate", optimizer.learningRate);
    if (optimizer.#state === null) {
      const arrays = native.gradus_optimizer_state(job.bytes);
      optimizer.#state = newReals(optimizer.dtype, arrays * countOfParameters(optimizer.parameters));
    }
    return { job, state: optimizer.#state };
  }
}

/** Settings of `SGD`. */
export interface SGDOptions {
  /** Default 0.001. */
  learningRate?: number;
  /** How much of the last step is kept; default 0. */
  momentum?: number;
  /** Whether the gradient is taken as if the step had been made; needs momentum. Default false. */
  nesterov?: boolean;
  /** L2 penalty: this times the parameter is added to its gradient. Default 0. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent: g ← g + weightDecay·p, v ← momentum·v + g, p ← p − learningRate·v, and with `nesterov`
 * p ← p − learningRate·(g + momentum·v).
 *
 * @example
 * ```ts
 * import { SGD, Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const w = Value.persistent(3);
 * const optimizer = new SGD([w], { learningRate: 0.5 });
 * w.square().backward();
 * optimizer.step();
 * assertEquals(w.data, 0);
 * ```
 */
export class SGD extends NativeOptimizer {
  /**
   * Makes an optimizer that has done no step yet.
   *
   * @param parameters What is optimized.
   * @param options Its settings.
   * @throws {GradusError} If a setting is unknown or out of range, or `nesterov` is set without momentum.
   */
  constructor(parameters: Optimizable, options: SGDOptions = {}) {
    super(parameters, "sgd", options, {
      learningRate: 0.001,
      momentum: 0,
      nesterov: false,
      weightDecay: 0,
    });
    if (this.settings.nesterov && this.settings.momentum === 0) {
      throw new GradusError("argument", "Cannot use nesterov without momentum: a momentum above 0 is needed");
    }
  }
}

/** Settings of `RMSprop`. */
export interface RMSpropOptions {
  /** Default 0.01. */
  learningRate?: number;
  /** How much of the running mean of squares is kept; default 0.99. */
  alpha?: number;
  /** Added to the root, default 1e-8. */
  eps?: number;
  /** Default 0. */
  momentum?: number;
  /** L2 penalty, default 0. */
  weightDecay?: number;
  /** Whether the mean is subtracted from the squares; default false. */
  centered?: boolean;
}

/**
 * RMSprop (T. Tieleman, G. Hinton, 2012): s ← alpha·s + (1 − alpha)·g², u = g / (√s + eps), p ← p − learningRate·u, with
 * momentum v ← momentum·v + u in place of u.
 *
 * @example
 * ```ts
 * import { MLP, RMSprop } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new MLP(2, [1]);
 * const optimizer = new RMSprop(model.parameters, { alpha: 0.9 });
 * optimizer.step();
 * assertEquals(optimizer.steps, 1);
 * ```
 */
export class RMSprop extends NativeOptimizer {
  /**
   * Makes an optimizer that has done no step yet.
   *
   * @param parameters What is optimized.
   * @param options Its settings.
   * @throws {GradusError} If a setting is unknown or out of range.
   */
  constructor(parameters: Optimizable, options: RMSpropOptions = {}) {
    super(parameters, "rmsprop", options, {
      learningRate: 0.01,
      alpha: 0.99,
      eps: 1e-8,
      momentum: 0,
      weightDecay: 0,
      centered: false,
    });
  }
}

/** Settings of `Adam` and `AdamW`. */
export interface AdamOptions {
  /** Default 0.001. */
  learningRate?: number;
  /** How much of the running mean of the gradients is kept; default 0.9. */
  beta1?: number;
  /** How much of the running mean of their squares is kept; default 0.999. */
  beta2?: number;
  /** Added to the root, default 1e-8. */
  eps?: number;
  /** Adam: L2 penalty, default 0. AdamW: share of the parameter that a step takes away per learning rate, default 0.01. */
  weightDecay?: number;
}

/**
 * Adam (D. Kingma, J. Ba, 2015): m ← beta1·m + (1 − beta1)·g, v ← beta2·v + (1 − beta2)·g², and with both divided by
 * 1 − betaᵗ, p ← p − learningRate·m / (√v + eps).
 *
 * @example
 * ```ts
 * import { Adam, Value } from "@gradus/gradus";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = Value.persistent(3);
 * const optimizer = new Adam([w], { learningRate: 0.1 });
 * w.square().backward();
 * optimizer.step(); // the first step has the length of the learning rate
 * assertAlmostEquals(w.data, 2.9);
 * ```
 */
export class Adam extends NativeOptimizer {
  /**
   * Makes an optimizer that has done no step yet.
   *
   * @param parameters What is optimized.
   * @param options Its settings.
   * @throws {GradusError} If a setting is unknown or out of range.
   */
  constructor(parameters: Optimizable, options: AdamOptions = {}) {
    super(parameters, "adam", options, {
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      weightDecay: 0,
    });
  }
}

/**
 * AdamW (I. Loshchilov, F. Hutter, 2019): Adam whose weight decay shrinks the parameter, p ← p − learningRate·weightDecay·p,
 * instead of entering the gradient.
 *
 * @example
 * ```ts
 * import { AdamW, Value } from "@gradus/gradus";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = Value.persistent(1);
 * new AdamW([w], { learningRate: 0.1, weightDecay: 0.5 }).step();
 * assertAlmostEquals(w.data, 0.95);
 * ```
 */
export class AdamW extends NativeOptimizer {
  /**
   * Makes an optimizer that has done no step yet.
   *
   * @param parameters What is optimized.
   * @param options Its settings.
   * @throws {GradusError} If a setting is unknown or out of range.
   */
  constructor(parameters: Optimizable, options: AdamOptions = {}) {
    super(parameters, "adamw", options, {
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      weightDecay: 0.01,
    });
  }
}

/** Settings of `Langevin`. */
export interface LangevinOptions {
  /** Default 0.001. */
  learningRate?: number;
  /** Share of the velocity that a step takes away, from 0 to 1; default 0.1. */
  damping?: number;
  /** Strength of the noise; 0 makes it plain descent with momentum. Default 0.01. */
  temperature?: number;
  /** Of the noise; default 0. */
  seed?: number;
}

/**
 * Langevin dynamics with inertia: v ← (1 − damping)·v − learningRate·g + N(0, √(2·damping·temperature·learningRate)),
 * p ← p + v. At a temperature above 0 it does not settle in a minimum but samples around it.
 *
 * @example
 * ```ts
 * import { Langevin, Value } from "@gradus/gradus";
 * import { assertEquals } from "@std/assert";
 *
 * const w = Value.persistent(1);
 * const optimizer = new Langevin([w], { learningRate: 0.25, damping: 0.5, temperature: 0 });
 * w.square().backward();
 * optimizer.step();
 * assertEquals(w.data, 0.5);
 * assertEquals(optimizer.getVelocityNorm(), 0.5);
 * ```
 */
export class Langevin extends NativeOptimizer {
  /**
   * Makes an optimizer that has done no step yet.
   *
   * @param parameters What is optimized.
   * @param options Its settings.
   * @throws {GradusError} If a setting is unknown or out of range.
   */
  constructor(parameters: Optimizable, options: LangevinOptions = {}) {
    super(parameters, "langevin", options, {
      learningRate: 0.001,
      damping: 0.1,
      temperature: 0.01,
      seed: 0,
    });
  }

  /** Share of the velocity that a step takes away. It can be changed at any time. */
  get damping(): number {
    return this.setting("damping");
  }

  set damping(damping: number) {
    this.setting("damping", damping);
  }

  /** Strength of the noise. It can be changed at any time, as in annealing. */
  get temperature(): number {
    return this.setting("temperature");
  }

  set temperature(temperature: number) {
    this.setting("temperature", temperature);
  }

  /** √Σ v² */
  getVelocityNorm(): number {
    const { state } = NativeOptimizer.open(this);
    return native.gradus_norm(state, state.length, this.dtype === "float64" ? 1 : 0);
  }
}
