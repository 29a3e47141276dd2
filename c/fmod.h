/* fmod.h: the rest of a division, exactly, in integers. */
#ifndef GRADUS_FMOD_H
#define GRADUS_FMOD_H

#include "base.h"
#include "fma.h"

/* a − b·trunc(a / b), with the sign of a; NaN where b is 0, a is infinite or one is NaN. With a = m·2^e and b = k·2^f
 * it is (m·2^(e−f) mod k)·2^f: the power of 2 is multiplied in a few bits at a time. */
OUT_OF_LINE double fmod_exact(double a, double b) {
  const uint64_t minus = (uint64_t)1 << 63, infinite = (uint64_t)0x7FF << 52;
  const uint64_t sign = double_bits(a) & minus, size = double_bits(a) & ~minus, divisor = double_bits(b) & ~minus;
  if (divisor == 0 || size >= infinite || divisor > infinite) return (a - a) / (b - b);
  if (size < divisor) return a;
  int e, f;
  uint64_t m = split_double(size, &e), k = split_double(divisor, &f);
  m %= k;
  for (int shift = e - f; shift > 0 && m != 0;) {
    const int bits = shift < 11 ? shift : 11; /* m < 2^53 */
    m = (m << bits) % k;
    shift -= bits;
  }
  return m == 0 ? double_from_bits(sign) : round_to_double(sign, m, f);
}

#endif
