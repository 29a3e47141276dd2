/**
 * The graph of operations and how gradients travel through it: from the latest operation to the earliest, each once. What the
 * derivative of an operation is, whoever records it says.
 */
import { GradusError } from "../error.ts";
import { shown } from "../options.ts";
import { LatestFirst } from "../pass.ts";
import type { Tensor } from "../tensor.ts";
import { isSameShape, type Shape, shapeText } from "./layout.ts";
import type { DtypeInfo } from "./dtype.ts";
import { Arena, outsideOfArenas, type Storage } from "./storage.ts";
import { copied } from "./kernels.ts";
import type { View } from "./view.ts";

/** What tensor.ts tells of its class, so that files below it can make tensors and look into them. */
interface TensorClass {
  make(view: View, node: Node | undefined): Tensor;
  viewOf(tensor: Tensor): View;
  nodeOf(tensor: Tensor): Node | undefined;
  add(a: Tensor, b: Tensor): Tensor;
  isTensor(x: unknown): x is Tensor;
}

let tensorClass: TensorClass;

/** To be called once, by tensor.ts. */
export function connect(own: TensorClass): void {
  tensorClass = own;
}

/** Where the elements of a tensor are. */
export function viewOf(tensor: Tensor): View {
  return tensorClass.viewOf(tensor);
}

/** What computes a tensor, or holds its gradient. */
export function nodeOf(tensor: Tensor): Node | undefined {
  return tensorClass.nodeOf(tensor);
}

/** Whether something is a tensor. */
export function isTensor(x: unknown): x is Tensor {
  return tensorClass.isTensor(x);
}

/** Throws unless something is a tensor. `task` completes "Cannot …". */
export function checkTensor(task: string, x: unknown): void {
  if (isTensor(x)) return;
  throw new GradusError("argument", `Cannot ${task}: ${shown(x)} was given, a tensor is needed`);
}

/** The gradient of an operand, from that of the result. */
export type Pullback = (gradient: Tensor) => Tensor;

/** A function that sees a gradient on its way, and may put another one in its place. */
export type GradientHook = (gradient: Tensor) => Tensor | void;

let nodes = 0;

/** What has a gradient: the result of an operation, or a leaf. */
export class Node {
  /** Results come after their operands. */
  readonly order = ++nodes;
  readonly name: string;
  /** Of the result, and so of its gradient. */
  readonly shape: Shape;
  readonly dtype: DtypeInfo;
  /** The nodes of the operands; undefined where one needs no gradient. */
  readonly operands: readonly (Node | undefined)[];
  #pullbacks: readonly Pullback[];
  #saved: readonly View[];
  readonly #versions: number;
  /** What is to be told of the gradient. */
  hooks: GradientHook[] | undefined;
  /** The tensor whose `grad` is to be set: a leaf, or what was asked to retain its gradient. */
  holder: Tensor | undefined;

  constructor(
    name: string,
    view: View,
    operands: readonly (Node | undefined)[],
    pullbacks: readonly Pullback[],
    saved: readonly View[],
  ) {
    this.name = name;
    this.shape = view.shape;
    this.dtype = view.dtype;
    this.operands = operands;
    this.#pullbacks = pullbacks;
    this.#saved = saved;
    this.#versions = versionsOf(saved);
  }

  /** Whether nothing computes it: gradients of leaves add up. */
  get isLeaf(): boolean {
    return this.#pullbacks.length === 0 && this.operands.length === 0;
  }

  /** The gradient of operand i. */
  pull(i: number, gradient: Tensor): Tensor {
    if (i >= this.#pullbacks.length) {
      throw new GradusError(
        "state",
        `Cannot differentiate ${this.name}() again: its graph was released by backward(), the option retainGraph ` +
          "or createGraph is needed there",
      );
    }
    if (versionsOf(this.#saved) !== this.#versions) {
      throw new GradusError(
        "state",
        `Cannot differentiate ${this.name}(): an operand was changed in place after it was used, clone() is needed before`,
      );
    }
    return this.#pullbacks[i](gradient);
  }

  /** What the derivative needs. */
  get saved(): readonly View[] {
    return this.#saved;
  }

  /** Lets go of that. */
  release(): void {
    if (this.isLeaf) return;
    this.#pullbacks = this.#saved = [];
  }
}

function versionsOf(views: readonly View[]): number {
  let sum = 0;
  for (const { storage } of views) sum += storage.version;
  return sum;
}

let isRecording = true;

/** Whether operations are recorded. */
export function isGradEnabled(): boolean {
  return isRecording;
}

/** Calls a function while operations are recorded, or are not. */
export function withGrad<T>(enabled: boolean, f: () => T): T {
  const before = isRecording;
  isRecording = enabled;
  try {
    return f();
  } finally {
    isRecording = before;
  }
}

/** What is computed without being recorded. What else was made for it is nobody's, and is used again at once. */
export function computed(f: () => Tensor): View {
  const arena = new Arena();
  let result: View | undefined;
  try {
    result = viewOf(withGrad(false, f));
    return result;
  } finally {
    arena.close((storage) => storage === result?.storage);
  }
}

/** What a function of the user's own gives for a gradient, which is others' too: so it may not change that in place. */
export function unchangedBy<T>(who: string, gradient: Tensor, f: () => T): T {
  const { storage } = viewOf(gradient), { version } = storage, result = f();
  if (storage.version === version) return result;
  throw new GradusError(
    "state",
    `Cannot go backward: ${who} has changed the gradient that it was given in place, a new tensor as its result is needed`,
  );
}

const nothing: readonly View[] = [];

/**
 * The result of an operation as a tensor, recorded if an operand needs a gradient.
 *
 * @param pullbacks One for each operand; only those that are needed are called.
 * @param saved What the pullbacks read: changed in place since, it is refused.
 */
export function record(
  name: string,
  view: View,
  operands: readonly Tensor[],
  pullbacks: readonly Pullback[],
  saved: readonly View[] = nothing,
): Tensor {
  if (!needsGrad(operands)) return tensorClass.make(view, undefined);
  return tensorClass.make(view, new Node(name, view, operands.map(tensorClass.nodeOf), pullbacks, saved));
}

/** Whether an operation on these has to be recorded. */
export function needsGrad(operands: readonly Tensor[]): boolean {
  if (!isRecording) return false;
  for (let i = 0; i < operands.length; i++) if (tensorClass.nodeOf(operands[i]) !== undefined) return true;
  return false;
}

/** The views that a tensor and all that its gradient needs look through. */
export function* reachableViews(tensor: Tensor): Generator<View> {
  yield viewOf(tensor);
  for (const node of nodesBelow(tensor)) yield* node.saved;
}

/** The same elements as a place of its own in the graph, where derivatives can end, also of what needs no gradient itself. */
export function source(tensor: Tensor): Tensor {
  const view = viewOf(tensor), operand = tensorClass.nodeOf(tensor);
  return tensorClass.make(view, new Node("input", view, [operand], [(gradient) => gradient], nothing));
}

/** The nodes below a tensor, itself included. */
export function nodesBelow(tensor: Tensor): Set<Node> {
  const first = tensorClass.nodeOf(tensor), seen = new Set(first === undefined ? [] : [first]);
  for (const { operands } of seen) for (const operand of operands) if (operand !== undefined) seen.add(operand);
  return seen;
}

/** A result that nothing is recorded of. */
export function plain(view: View): Tensor {
  return tensorClass.make(view, undefined);
}

/** How a pass runs. */
export interface PassOptions {
  /** Whether the gradients are recorded, so that they can be differentiated. */
  readonly createGraph: boolean;
  /** Whether the graph can be differentiated again. */
  readonly retainGraph: boolean;
  /** Where gradients are wanted; undefined: in the leaves, and whatever retains its gradient. */
  readonly sources?: readonly Node[];
}

/** One backward pass. */
class GradientPass {
  readonly #options: PassOptions;
  readonly #waiting = new LatestFirst<Node>();
  readonly #gradients = new Map<Node, Tensor>();
  /** Which nodes lead to a source; undefined: all count. */
  readonly #wanted: ReadonlySet<Node> | undefined;
  readonly #sources: ReadonlySet<Node> | undefined;
  /** What the pass has made and gives back as soon as it is used. */
  readonly #arena: Arena | undefined;
  /** How many gradients lie in a storage of the pass. */
  readonly #uses = new Map<Storage, number>();

  constructor(options: PassOptions, roots: readonly Node[]) {
    this.#options = options;
    this.#sources = options.sources && new Set(options.sources);
    this.#wanted = this.#sources && leadingTo(this.#sources, roots);
    this.#arena = options.createGraph ? undefined : new Arena();
  }

  gradientOf(node: Node): Tensor | undefined {
    return this.#gradients.get(node);
  }

  run(roots: readonly (readonly [Node, Tensor])[]): void {
    try {
      for (const [node, gradient] of roots) this.#receive(node, gradient);
      for (let node = this.#waiting.pop(); node !== undefined; node = this.#waiting.pop()) this.#propagate(node);
    } finally {
      this.#arena?.close((storage) => this.#uses.has(storage));
    }
  }

  #receive(node: Node, gradient: Tensor): void {
    const before = this.#gradients.get(node);
    if (before === undefined) {
      this.#waiting.push(node);
      this.#gradients.set(node, gradient);
      this.#use(gradient);
      return;
    }
    if (this.#isOurs(before)) {
      before.add_(gradient);
      return;
    }
    const sum = tensorClass.add(before, gradient);
    this.#gradients.set(node, sum);
    this.#use(sum);
    this.#drop(before);
  }

  #propagate(node: Node): void {
    let gradient = this.#gradients.get(node)!;
    if (node.hooks !== undefined) gradient = this.#hooked(node, gradient, node.hooks);
    if (this.#sources?.has(node)) {
      this.#gradients.set(node, gradient);
      return;
    }
    if (node.holder !== undefined && this.#sources === undefined) this.#hold(node.holder, gradient, node.isLeaf);
    const { operands } = node;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i];
      if (operand === undefined || this.#wanted?.has(operand) === false) continue;
      const start = this.#arena?.length ?? 0;
      this.#receive(operand, fitted(node, operand, node.pull(i, gradient)));
      this.#arena?.giveBack(start, (storage) => this.#uses.has(storage));
    }
    if (!this.#options.retainGraph) node.release();
    this.#gradients.delete(node);
    this.#drop(gradient);
  }

  #hooked(node: Node, gradient: Tensor, hooks: readonly GradientHook[]): Tensor {
    for (const hook of hooks) {
      const seen = kept(gradient), given = () => unchangedBy("a hook", seen, () => hook(seen) ?? seen);
      gradient = outsideOfArenas(() => fitted(node, node, checkGradient(given())));
    }
    return gradient;
  }

  /** The `grad` of a leaf adds up, that of a result is that of the last pass. */
  #hold(holder: Tensor, gradient: Tensor, addsUp: boolean): void {
    const before = addsUp ? holder.grad : null;
    if (before !== null) {
      // A gradient with a graph, or in a type or an order of its own, is somebody's: only plain ones are added to in place.
      const { isContiguous, dtype } = viewOf(before), isPlain = isContiguous && dtype === viewOf(gradient).dtype;
      if (isPlain && !this.#options.createGraph && !before.requiresGrad) before.add_(gradient);
      else holder.grad = kept(tensorClass.add(before, gradient));
      return;
    }
    if (this.#options.createGraph) holder.grad = kept(gradient.clone());
    else holder.grad = kept(plain(this.#isOurs(gradient) ? viewOf(gradient) : copied(viewOf(gradient))));
  }

  /** Whether a gradient is all of a storage that nothing else is in. */
  #isOurs(gradient: Tensor): boolean {
    const { storage, isContiguous, size } = viewOf(gradient);
    return this.#uses.get(storage) === 1 && !storage.isKept && isContiguous && storage.array.length === size;
  }

  #use(gradient: Tensor): void {
    const { storage } = viewOf(gradient), count = this.#uses.get(storage);
    if (count !== undefined) this.#uses.set(storage, count + 1);
    else if (storage.arena === this.#arena && this.#arena !== undefined) this.#uses.set(storage, 1);
  }

  #drop(gradient: Tensor): void {
    const { storage } = viewOf(gradient), count = this.#uses.get(storage);
    if (count === undefined) return;
    if (count > 1) this.#uses.set(storage, count - 1);
    else {
      this.#uses.delete(storage);
      if (!storage.isKept) storage.release();
    }
  }
}

/** Lets the elements of a tensor outlive the pass and every scope, since somebody outside may hold it. */
export function kept(tensor: Tensor): Tensor {
  viewOf(tensor).storage.isKept = true;
  return tensor;
}

function checkGradient(gradient: unknown): Tensor {
  if (isTensor(gradient)) return gradient;
  throw new GradusError(
    "argument",
    `Cannot call backward(): a hook gave ${shown(gradient)}, a tensor or nothing is needed`,
  );
}

/** The nodes among those below the roots from which a source can be reached. */
function leadingTo(sources: ReadonlySet<Node>, roots: readonly Node[]): Set<Node> {
  const seen = new Set(roots), wanted = new Set(sources);
  for (const { operands } of seen) for (const operand of operands) if (operand !== undefined) seen.add(operand);
  for (const node of [...seen].sort((a, b) => a.order - b.order)) {
    if (node.operands.some((operand) => operand !== undefined && wanted.has(operand))) wanted.add(node);
  }
  return wanted;
}

/** A gradient in the type of what it is of; of another shape it is refused. */
function fitted(from: Node, of: Node, gradient: Tensor): Tensor {
  const { shape, dtype } = viewOf(gradient);
  if (!isSameShape(shape, of.shape)) {
    throw new GradusError(
      "shape",
      `Cannot differentiate ${from.name}(): the gradient has the shape ${shapeText(shape)}, ${
        shapeText(of.shape)
      } is needed`,
    );
  }
  return dtype === of.dtype ? gradient : gradient.to(of.dtype.name);
}

/**
 * Differentiates Σ gradient·root. Leaves get their gradients added to `grad`, unless there are sources: then the gradients of
 * these are returned, and nothing else happens.
 */
export function differentiate(
  roots: readonly (readonly [Node, Tensor])[],
  options: PassOptions,
): (Tensor | undefined)[] {
  return withGrad(options.createGraph, () => {
    const pass = new GradientPass(options, roots.map(([node]) => node));
    pass.run(roots);
    return (options.sources ?? []).map((source) => pass.gradientOf(source));
  });
}
