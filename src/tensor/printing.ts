/**
 * Tensors as text, laid out as PyTorch does: columns in line, four digits behind the point, powers of ten where numbers differ
 * much, the middle left out of what is large.
 */
import { bool, defaultFloat, type DtypeInfo, int64, Kind, type Scalar } from "./dtype.ts";
import { shapeText } from "./layout.ts";
import type { View } from "./view.ts";

const DIGITS = 4, LINE = 80, MOST = 1000, EDGE = 3;

/** Which places along an axis are shown; −1 stands for those left out. */
function placesAlong(size: number, shortens: boolean): number[] {
  const all = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  if (!shortens || size <= 2 * EDGE) return all(0, size);
  return [...all(0, EDGE), -1, ...all(size - EDGE, size)];
}

/** All elements that are shown. */
function* shownElements(view: View, shortens: boolean, axis = 0, index = view.offset): Generator<Scalar> {
  if (axis === view.shape.length) {
    yield view.read(index);
    return;
  }
  for (const place of placesAlong(view.shape[axis], shortens)) {
    if (place >= 0) yield* shownElements(view, shortens, axis + 1, index + place * view.strides[axis]);
  }
}

/** A number that is written with so many digits behind the point; halves go to the even one, which JavaScript does not do. */
function toDigits(write: (digits: number) => string): string {
  const half = write(DIGITS + 25).match(/^(.*[02468])50{24}(e.*)?$/);
  return half === null ? write(DIGITS) : half[1] + (half[2] ?? "");
}

function exponential(x: number): string {
  return toDigits((digits) => x.toExponential(digits)).replace(/e([+-])(\d)$/, "e$10$2");
}

function decimal(x: number): string {
  return toDigits((digits) => x.toFixed(digits));
}

function special(x: number): string {
  return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

/** How all numbers of a tensor are written. */
function writerFor(elements: readonly Scalar[], dtype: DtypeInfo): (element: Scalar) => string {
  if (dtype.kind !== Kind.float) return String;
  const sizes = (elements as readonly number[]).filter((x) => Number.isFinite(x) && x !== 0).map(Math.abs);
  const areWhole = sizes.every(Number.isInteger);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0),
    smallest = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  const differs = sizes.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!areWhole && smallest < 1e-4));
  const write = differs ? exponential : areWhole ? (x: number) => `${x.toFixed(0)}.` : decimal;
  const sign = (x: number) => Object.is(x, -0) ? "-" : "";
  return (x) => Number.isFinite(x) ? sign(x as number) + write(x as number) : special(x as number);
}

/** Whether an element says how wide columns are: in floating point, zeros, infinities and NaN do not. */
function decidesWidth(element: Scalar, dtype: DtypeInfo): boolean {
  return dtype.kind !== Kind.float || (element !== 0 && Number.isFinite(element));
}

/** The text of a view and what is to be said of it behind the elements. */
export function textOf(view: View, remarks: readonly string[]): string {
  const begin = "tensor(", { shape, dtype, size } = view, notes = [...remarks];
  const saysItself = size > 0 && (dtype === bool || dtype === int64);
  if (dtype !== defaultFloat && !saysItself) notes.unshift(`dtype=${dtype.name}`);
  if (size === 0 && shape.length !== 1) notes.unshift(`size=${shapeText(shape)}`);
  const shortens = size > MOST;
  const elements = [...shownElements(view, shortens)], write = writerFor(elements, dtype);
  const width = elements.filter((element) => decidesWidth(element, dtype))
    .reduce<number>((widest, element) => Math.max(widest, write(element).length), 1);
  const body = size === 0
    ? "[]"
    : written(view, shortens, (element) => write(element).padStart(width), width, begin.length);
  const lastLine = body.length - body.lastIndexOf("\n") - 1 + (body.includes("\n") ? 0 : begin.length);
  let text = begin + body, line = lastLine;
  for (const note of notes) {
    const fits = line + note.length + 2 <= LINE;
    text += fits ? `, ${note}` : `,\n${" ".repeat(begin.length)}${note}`;
    line = fits ? line + note.length + 2 : begin.length + note.length;
  }
  return `${text})`;
}

function written(view: View, shortens: boolean, write: (x: Scalar) => string, width: number, indent: number): string {
  const { shape, strides } = view;
  const part = (axis: number, index: number, margin: number): string => {
    if (axis === shape.length) return write(view.read(index));
    const places = placesAlong(shape[axis], shortens), dots = axis === shape.length - 1 ? " ..." : "...";
    const parts = places.map((place) => place < 0 ? dots : part(axis + 1, index + place * strides[axis], margin + 1));
    const space = " ".repeat(margin + 1);
    if (axis < shape.length - 1) return `[${parts.join(`,${"\n".repeat(shape.length - axis - 1)}${space}`)}]`;
    const perLine = Math.max(1, Math.floor((LINE - margin) / (width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,\n${space}`)}]`;
  };
  return part(0, view.offset, indent);
}
