/** The part of `@std/fmt/colors` that this project uses; the code comes from the npm package that deno.json names. */

/** Whether the functions below colour at all; by default they do unless NO_COLOR is set. */
export function getColorEnabled(): boolean;
/** Turns colours on, unless NO_COLOR is set, or off. */
export function setColorEnabled(value: boolean): void;
/** Takes colours and styles out of a text. */
export function stripAnsiCode(string: string): string;

/** Bold text. */
export function bold(str: string): string;
/** Faint text. */
export function dim(str: string): string;
/** Red text. */
export function red(str: string): string;
/** Green text. */
export function green(str: string): string;
/** Yellow text. */
export function yellow(str: string): string;
/** Blue text. */
export function blue(str: string): string;
/** Cyan text. */
export function cyan(str: string): string;
/** Grey text. */
export function gray(str: string): string;
