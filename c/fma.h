/* The exact fused multiply-add, a·b + c rounded once, in plain C: slow, and the oracle.
 * Levels that have the instruction use it instead; NaNs may differ in sign and payload. */

#ifndef GRADUS_FMA_H
#define GRADUS_FMA_H

#include <stdint.h>

__extension__ typedef unsigned __int128 uint128;

static inline uint64_t double_bits(double x) {
  union { double x; uint64_t bits; } u = {.x = x};
  return u.bits;
}

static inline double double_from_bits(uint64_t bits) {
  union { uint64_t bits; double x; } u = {.bits = bits};
  return u.x;
}

static inline uint32_t float_bits(float x) {
  union { float x; uint32_t bits; } u = {.x = x};
  return u.bits;
}

static inline float float_from_bits(uint32_t bits) {
  union { uint32_t bits; float x; } u = {.bits = bits};
  return u.x;
}

/* a + b = sum + error, exactly, unless it overflows; b may be the larger. (Knuth's two-sum; tests have other types) */
#define TWO_SUM(name, real)                              \
  static inline real name(real a, real b, real *error) { \
    const real sum = a + b, back = sum - a;              \
    *error = (a - (sum - back)) + (b - back);            \
    return sum;                                          \
  }
TWO_SUM(two_sum_f32, float)
TWO_SUM(two_sum_f64, double)

/* a + b rounded to odd: if the sum is not exact and its last bit is 0, it moves one step towards the error, which is
 * one step up in the bits if that is away from zero. An odd last bit remembers "not exact" through a second rounding.
 * Source: Boldo, Melquiond, "Emulation of FMA and correctly rounded sums", IEEE TC 57 (2008). */
static inline double add_odd(double a, double b) {
  double error;
  const double sum = two_sum_f64(a, b, &error);
  const uint64_t bits = double_bits(sum), step = (error > 0) == (sum > 0) ? 1 : UINT64_MAX;
  const int inexact = error < 0 || error > 0; /* not so if it is NaN, beside an infinity or NaN */
  return double_from_bits(inexact && (bits & 1) == 0 ? bits + step : bits);
}

/* a·b is exact in double; the sum with c is rounded to odd there, then to float. */
static inline float fma_exact_f32(float a, float b, float c) {
  return (float)add_odd((double)a * (double)b, (double)c);
}

/* a = high + low in 26 bits each, so that products of parts are exact. (Veltkamp) */
static inline double split_half(double a, double *low) {
  const double t = a * 0x1.0000002p27, high = t - (t - a);
  *low = a - high;
  return high;
}

/* Without overflow or underflow, from the same source: a·b is the exact sum of two doubles (Dekker), the sum with c
 * that of three, of which the two small ones are added to odd. */
static inline double fma_ordinary_f64(double a, double b, double c) {
  double alow, blow, clow, error;
  const double ahigh = split_half(a, &alow), bhigh = split_half(b, &blow), product = a * b;
  const double low = ((ahigh * bhigh - product) + ahigh * blow + alow * bhigh) + alow * blow;
  const double middle = two_sum_f64(c, low, &clow), sum = two_sum_f64(product, middle, &error);
  return sum + add_odd(clow, error);
}

/* x >> n, the last bit set if anything but zeros was shifted out. */
static inline uint128 shift_sticky(uint128 x, int n) {
  if (n == 0) return x;
  if (n > 127) return x != 0;
  return x >> n | (x << (128 - n) != 0);
}

static inline int leading_zeros(uint128 x) {
  const uint64_t high = (uint64_t)(x >> 64);
  return high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)x);
}

/* The double nearest to ±m·2^e, ties to even; m != 0, its lowest bit may be sticky. */
static inline double round_to_double(uint64_t sign, uint128 m, int e) {
  const int zeros = leading_zeros(m);
  m <<= zeros;
  e -= zeros;
  /* Now 2^127 <= m: keep 53 bits, fewer where the last one would weigh less than 2^-1074. */
  const int drop = e + 75 < -1074 ? -1074 - e : 75;
  m = shift_sticky(m, drop - 2);
  uint64_t kept = (uint64_t)(m >> 2);
  const unsigned rest = (unsigned)m & 3; /* 2 is a tie */
  kept += rest > 2 || (rest == 2 && (kept & 1) == 1);
  const int last = e + drop; /* the weight of kept's last bit is 2^last */
  if (last > 971 || (last == 971 && kept >> 53 != 0)) return double_from_bits(sign | (uint64_t)0x7FF << 52);
  /* kept's own leading bit adds the 1 that the exponent field lacks, a carry one more, and a subnormal none. */
  return double_from_bits(sign | (((uint64_t)(last + 1074) << 52) + kept));
}

/* The 53-bit integer m and the exponent e of a finite |x| = m·2^e. */
static inline uint64_t split_double(uint64_t bits, int *e) {
  const int field = (int)(bits >> 52 & 0x7FF);
  const uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
  *e = (field == 0 ? 1 : field) - 1075;
  return field == 0 ? fraction : fraction | (uint64_t)1 << 52;
}

/* Where exponents are extreme, by integers: both terms as 128-bit numbers with the leading bit at 126, the smaller one
 * shifted down to the larger one's exponent. The sticky bit is safe, since bits are lost only when the terms are so far
 * apart that their difference loses at most one leading bit. */
static inline double fma_exact_f64(double a, double b, double c) {
  const uint64_t infinite = (uint64_t)0x7FF << 52, minus = (uint64_t)1 << 63;
  const uint64_t abits = double_bits(a), bbits = double_bits(b), cbits = double_bits(c);
  const int fa = (int)(abits >> 52 & 0x7FF), fb = (int)(bbits >> 52 & 0x7FF), fc = (int)(cbits >> 52 & 0x7FF);
  /* |a|, |b|, |c| < 2^978; |a|, |b| >= 2^-1022; 2^-902 < |a·b| < 2^902: nothing below overflows or loses a bit. */
  if (fa > 0 && fa <= 2000 && fb > 0 && fb <= 2000 && fc <= 2000 && fa + fb >= 1146 && fa + fb <= 2946)
    return fma_ordinary_f64(a, b, c);
  /* a or b zero, or anything infinite or NaN: nothing is rounded twice. */
  if ((abits & ~minus) == 0 || (bbits & ~minus) == 0 || (abits & infinite) == infinite ||
      (bbits & infinite) == infinite)
    return a * b + c;
  if ((cbits & infinite) == infinite) return c;

  int ea, eb, ec;
  uint128 p = (uint128)split_double(abits, &ea) * split_double(bbits, &eb);
  uint64_t sign = (abits ^ bbits) & minus;
  int e = ea + eb;
  if ((cbits & ~minus) == 0) return round_to_double(sign, p, e);

  uint128 q = split_double(cbits, &ec);
  const int up = leading_zeros(p) - 1, cup = leading_zeros(q) - 1;
  p <<= up;
  e -= up;
  q <<= cup;
  ec -= cup;
  if (ec > e || (ec == e && q > p)) {
    const uint128 swap = p;
    p = q;
    q = swap;
    const int down = e;
    e = ec;
    ec = down;
    sign = cbits & minus;
  }
  q = shift_sticky(q, e - ec);
  if (((abits ^ bbits ^ cbits) & minus) == 0) return round_to_double(sign, p + q, e);
  if (p == q) return 0.0;
  return round_to_double(sign, p - q, e);
}

#endif
