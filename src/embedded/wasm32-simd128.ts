/** Written by tools/release.ts: the library for wasm32-simd128, deflated, in base64; empty in git. */
export const data = "" as string;

/** Its SHA-256, in hexadecimal. */
export const sha256 = "" as string;

/** Its length, in bytes. */
export const size = 0 as number;
