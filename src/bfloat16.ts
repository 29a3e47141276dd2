/** bfloat16, the upper half of a float32, as single numbers. Whole tensors are converted on the native side. */

const float = new Float32Array(1), bits = new Uint32Array(float.buffer);

/** The number that 16 bits stand for. */
export function numberFromBfloat16(half: number): number {
  bits[0] = half << 16;
  return float[0];
}

/** The 16 bits of the nearest bfloat16, to even at halves. */
export function bfloat16FromNumber(x: number): number {
  float[0] = x;
  if (x !== x) return (bits[0] >>> 16) | 0x40;
  // What float32 has rounded away decides at a half: towards x, by rounding to odd.
  if (float[0] !== x && Number.isFinite(float[0])) {
    const isAbove = Math.abs(float[0]) > Math.abs(x);
    if (isAbove) bits[0] -= 1;
    bits[0] |= 1;
  }
  return ((bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16) & 0xffff;
}
