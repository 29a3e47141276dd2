/* Elementary functions, from polynomials of our own, with the same bits on every machine.
 * This file is a template: it is included once for each SIMD level and real type, by code that has defined
 *   REAL_BITS   32 or 64
 *   real        float or double; ubits: the unsigned integer of that width
 *   K(name)     the name's mangler, for instance exp -> exp_f32_avx2
 *   T(name)     that of what is the same at all levels: two_sum -> two_sum_f32
 *   R(x)        ((real)(x))
 *   K(fma)      real (real a, real b, real c): a·b + c rounded once; K(fma_exact): even where K(fma) is rounded twice
 *               (kernels/wasm.c)
 * and compiled without contraction or fast-math: every operation below is rounded on its own, as written.
 *
 * Down to gelu there is no branch, only selects, so that loops over arrays vectorise. After that come
 * the functions that are computed in double alone: sin, cos, tan, pow, division with a rest.
 * Tables and intervals: tools/elementary.sollya. Errors are in ulps of the correct result, the largest ones
 * measured: (float, double). bench/README.md says over which arguments. */

#include "base.h"
#include "fma.h"
#include "fmod.h"

/* ---- the type ---- */

#if REAL_BITS == 64
#define FRACTION_BITS 52
#define BIAS 1023
#define LN2_HIGH 0x1.62e42fefa3800p-1 /* 42 bits, so that n·LN2_HIGH is exact for |n| < 2^11 */
#define LN2_LOW 0x1.ef35793c76730p-45
#define SQRT_HALF_BITS 0x3fe6a09e667f3bcd
#define EXP_MIN (-746) /* below: 0 */
#define EXP_MAX 710    /* above: infinity */
#define CDF_MAX 39     /* Phi(-CDF_MAX) is 0 */
#define CDF_SHIFT 4
#define CDF_CENTRE 0.126953125
#define CDF_FELT(inverse) K(fma)(R(9.25), inverse, R(0.875))
#else
#define FRACTION_BITS 23
#define BIAS 127
#define LN2_HIGH 0x1.62e4p-1 /* 15 bits */
#define LN2_LOW 0x1.7f7d1cp-20
#define SQRT_HALF_BITS 0x3f3504f3
#define EXP_MIN (-104)
#define EXP_MAX 89
#define CDF_MAX 15
#define CDF_SHIFT 3
#define CDF_CENTRE 0.126953125
#define CDF_FELT(inverse) K(fma)(R(4.64), inverse, R(0.92))
#endif
#define INVERSE_LN2 0x1.71547652b82fep+0
/* A power of 2 that keeps what is small from vanishing too early. */
#define UNIT R(REAL_BITS == 64 ? 0x1p-128 : 0x1p-64)
#define UNIT_BITS (REAL_BITS == 64 ? 128 : 64)
#define SIGN ((ubits)1 << (REAL_BITS - 1))
#define INFINITE R(__builtin_inf())
#define INTEGER_SHIFT R((ubits)3 << (FRACTION_BITS - 1)) /* adding 1.5·2^FRACTION_BITS rounds to an integer */

/* Loops take these functions up, so that they vectorise, unless the level says otherwise. */
#ifndef ELEMENTARY
#define ELEMENTARY INLINE
#endif

INLINE ubits K(bits)(real x) {
  union { real x; ubits bits; } u = {.x = x};
  return u.bits;
}

INLINE real K(from_bits)(ubits bits) {
  union { ubits bits; real x; } u = {.bits = bits};
  return u.x;
}

INLINE real K(abs)(real x) { return K(from_bits)(K(bits)(x) & ~SIGN); }

/* |x| with the sign of y */
INLINE real K(with_sign)(real x, real y) {
  return K(from_bits)((K(bits)(x) & ~SIGN) | (K(bits)(y) & SIGN));
}

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1), by Horner's rule */
INLINE real K(horner)(real x, const real *c, int n) {
  real p = c[n - 1];
#pragma clang loop unroll(full) /* or callers' loops would not vectorise */
  for (int i = n - 2; i >= 0; i--) p = K(fma)(p, x, c[i]);
  return p;
}

/* The same, its even and its odd powers apart, which takes half as long where nothing else is there to be done. */
INLINE real K(horner_by_parity)(real x, const real *c, int n) {
  const real z = x * x;
  real p = c[n - 1], q = c[n - 2];
#pragma clang loop unroll(full)
  for (int i = n - 3; i > 0; i -= 2) p = K(fma)(p, z, c[i]), q = K(fma)(q, z, c[i - 1]);
  return n % 2 ? K(fma)(q, x, K(fma)(p, z, c[0])) : K(fma)(p, x, q);
}
#define POLYNOMIAL(x, c) K(horner)(x, c, (int)(sizeof(c) / sizeof((c)[0])))

/* c[2] + c[3] x + ...: in double by Horner's rule, whose error is smaller. */
#define POLYNOMIAL_FROM_2(x, c) \
  (REAL_BITS == 64 ? K(horner) : K(horner_by_parity))(x, (c) + 2, (int)(sizeof(c) / sizeof((c)[0])) - 2)

/* ---- rounding to integers ---- */

/* The nearest integer, to even at halves, for |x| < 2^FRACTION_BITS; the sign of 0 is lost. */
INLINE real K(round_near)(real x) {
  const real shift = K(with_sign)(R((ubits)1 << FRACTION_BITS), x);
  return (x + shift) - shift;
}

/* y, which is x rounded in some way, with the sign of x; x itself where every real is an integer, and NaN. */
INLINE real K(rounded)(real x, real y) {
  return K(abs)(x) < R((ubits)1 << FRACTION_BITS) ? K(with_sign)(y, x) : x;
}

/* To the nearest, to even at halves. */
INLINE real K(round)(real x) { return K(rounded)(x, K(round_near)(x)); }

/* Down, up, towards 0. */
INLINE real K(floor)(real x) {
  const real near = K(round_near)(x);
  return K(rounded)(x, near > x ? near - 1 : near);
}

INLINE real K(ceil)(real x) {
  const real near = K(round_near)(x);
  return K(rounded)(x, near < x ? near + 1 : near);
}

INLINE real K(trunc)(real x) {
  const real size = K(abs)(x), near = K(round_near)(size);
  return K(rounded)(x, near > size ? near - 1 : near);
}

/* ---- exp and its family ---- */

static const real K(exp_table)[] = {
#if REAL_BITS == 64
  0x1.000000000000ap-1, 0x1.55555555554fdp-3, 0x1.555555555069cp-5, 0x1.1111111126ecbp-7, 0x1.6c16c18482215p-10,
  0x1.a01a012edf544p-13, 0x1.a01999392aa6bp-16, 0x1.71df1af29698ep-19, 0x1.28ae252d7985dp-22, 0x1.ad904c24186d5p-26,
#else
  0x1.fffffcp-2f, 0x1.55549p-3f, 0x1.55589ep-5f, 0x1.123abcp-7f, 0x1.6a624cp-10f,
#endif
};

/* 2^n, where n + BIAS are the last bits of k, and any bits stand before them. */
INLINE real K(power_of_2)(ubits k) { return K(from_bits)(k << FRACTION_BITS); }

/* x = r + n·ln 2 with n = x / ln 2 rounded: returns r; n + lift are the last bits of k. ln 2 is taken in two parts; the
 * first product and difference are exact, so r is rounded once. */
INLINE real K(exp_reduce)(real x, int lift, ubits *k) {
  const real shift = INTEGER_SHIFT + R(lift), shifted = K(fma)(x, R(INVERSE_LN2), shift), n = shifted - shift;
  *k = K(bits)(shifted);
  return K(fma)(-n, R(LN2_LOW), K(fma)(-n, R(LN2_HIGH), x));
}

/* e^r - 1 = r + r²·q(r) for a reduced r, and e^r. */
INLINE real K(exp_less_1)(real r) { return K(fma)(r * r, POLYNOMIAL(r, K(exp_table)), r); }

INLINE real K(exp_near)(real r) { return K(fma)(r, K(fma)(r, POLYNOMIAL(r, K(exp_table)), R(1)), R(1)); }

/* x·2^n in two steps, so that only the last one can round, overflow or become subnormal; n + 2·BIAS are the last bits
 * of k, |n| < 2·BIAS. */
INLINE real K(scale)(real x, ubits k) {
  const ubits half = k << (FRACTION_BITS - 1) & K(bits)(INFINITE);
  return x * K(from_bits)(half) * K(from_bits)((k << FRACTION_BITS) - half);
}

/* e^x. Error (0.89, 0.89). */
ELEMENTARY real K(exp)(real x) {
  x = x < R(EXP_MIN) ? R(EXP_MIN) : x; /* written so that NaN stays */
  x = x > R(EXP_MAX) ? R(EXP_MAX) : x;
  ubits k;
  const real r = K(exp_reduce)(x, 2 * BIAS, &k);
  return K(scale)(K(exp_near)(r), k);
}

/* e^(x + low) for x <= 0, where low is the error of a sum x, rounded once; what that left goes to *rest. */
INLINE real K(exp_pair)(real x, real low, real *rest) {
  low = x < R(EXP_MIN) ? R(0) : low; /* which is small beside 1 otherwise */
  x = x < R(EXP_MIN) ? R(EXP_MIN) : x;
  ubits k;
  const real w = K(exp_less_1)(K(exp_reduce)(x, 2 * BIAS, &k));
  const real high = R(1) + w, left = (w - (high - R(1))) + high * low, sum = high + left;
  *rest = K(scale)(left - (sum - high), k);
  return K(scale)(sum, k);
}

/* Exponentials in proportion to one another: e^x·2^shift, the shift such that those of numbers near `top`, the
 * largest, are about 2^EXP_LIFT and none is subnormal; that of what is below `least`, which is as good as nothing
 * beside it, is 0. */
struct K(proportion) {
  real least;
  ubits shift;
};

#define EXP_LIFT 64

INLINE struct K(proportion) K(proportion_to)(real top) {
  ubits k;
  K(exp_reduce)(top, 0, &k);
  return (struct K(proportion)){.least = top + R(EXP_MIN), .shift = EXP_LIFT + BIAS - k};
}

/* Within an ulp. NaN stays. */
INLINE real K(exp_in_proportion)(real x, struct K(proportion) to) {
  ubits k;
  const real w = K(exp_less_1)(K(exp_reduce)(to.least > x ? to.least : x, 0, &k));
  const real factor = x < to.least ? 0 : K(power_of_2)(k + to.shift);
  return K(fma)(w, factor, factor);
}

/* e^x - 1 = 2^n·w + (2^n - 1), halved and doubled because 2^n overflows before the result does.
 * Error (1.46, 1.90). */
ELEMENTARY real K(expm1)(real x) {
  const real tiny = K(abs)(x);
  real y = x < R(-50) ? R(-50) : x;
  y = y > R(EXP_MAX) ? R(EXP_MAX) : y;
  ubits k;
  const real w = K(exp_less_1)(K(exp_reduce)(y, BIAS - 1, &k)), half = K(power_of_2)(k);
  const real result = R(2) * K(fma)(half, w, half - R(0.5));
  return tiny < R(0x1p-60) ? x : result; /* halving could lose a subnormal's bit, and -0 its sign */
}

static const real K(tanh_table)[] = {
#if REAL_BITS == 64
  -0x1.5555555555555p-2, 0x1.1111111110d9bp-3, -0x1.ba1ba1b9b0c43p-5, 0x1.664f485cacf63p-6,
  -0x1.226e2e8402a07p-7, 0x1.d6d262163bc8fp-9, -0x1.7d8b75df71bcep-10, 0x1.3455d219ad79dp-11,
  -0x1.e74c78fa1b677p-13, 0x1.56a09baa0421p-14, -0x1.34ea26d9d67f4p-16,
#else
  -0x1.555554p-2f, 0x1.110f2p-3f, -0x1.b9613cp-5f, 0x1.5a3d52p-6f, -0x1.9cb942p-8f,
#endif
};

/* tanh t = 1 - 2 / (e^2t + 1) from 0.6 on; below, where that cancels, t + t³·q(t²). Error (1.41, 1.46). */
ELEMENTARY real K(tanh)(real x) {
  const real t = K(abs)(x), z = t * t, bounded = t > R(20) ? R(20) : t;
  ubits k;
  const real power = K(exp_near)(K(exp_reduce)(bounded + bounded, BIAS, &k));
  const real far = R(1) - R(2) / K(fma)(K(power_of_2)(k), power, R(1));
  const real near = K(fma)(t * z, POLYNOMIAL(z, K(tanh_table)), t);
  return K(with_sign)(t < R(0.6) ? near : far, x);
}

/* UNIT·(1 + e^-x), where nothing overflows, with what UNIT + UNIT·2^n lost where n > 0. */
INLINE real K(unit_and_exp)(real x) {
  ubits k;
  const real w = K(exp_less_1)(K(exp_reduce)(-x, BIAS - UNIT_BITS, &k)), power = K(power_of_2)(k);
  const real high = power + UNIT, low = UNIT - (high - power);
  return K(fma)(power, w, low) + high;
}

/* 1 / (1 + e^-x). Error (1.69, 1.64). */
ELEMENTARY real K(sigmoid)(real x) {
  x = x < R(EXP_MIN) ? R(EXP_MIN) : x;
  return UNIT / K(unit_and_exp)(x > R(40) ? R(40) : x);
}

/* x / (1 + e^-x). -0 at -infinity. Error (1.77, 1.70). */
ELEMENTARY real K(silu)(real x) {
  const real y = x < R(EXP_MIN - 10) ? R(EXP_MIN - 10) : x;
  const real result = y / K(unit_and_exp)(y > R(40) ? R(40) : y) * UNIT;
  return x > R(40) ? x : result;
}

/* ---- log and its family ---- */

static const real K(log_table)[] = {
#if REAL_BITS == 64
  0x1.5555555555558p-1, 0x1.99999999952b9p-2, 0x1.2492492dfb9b8p-2, 0x1.c71c62d649d8cp-3,
  0x1.7462b925f9ff5p-3, 0x1.39fdcbbcecb1p-3, 0x1.2b5f5b2f84a73p-3,
#else
  0x1.55555cp-1f, 0x1.997b8ep-2f, 0x1.2ef8e8p-2f,
#endif
};

/* The exponent e of x = m·2^e, plus BIAS, with m in [sqrt 1/2, sqrt 2): for positive normal x. */
INLINE ubits K(exponent_field)(real x) {
  return (K(bits)(x) + (K(bits)(R(1)) - (ubits)SQRT_HALF_BITS)) >> FRACTION_BITS;
}

/* The field as a real number, less BIAS: its bits become the last ones of 2^FRACTION_BITS. */
INLINE real K(exponent)(ubits field) {
  const real base = R((ubits)1 << FRACTION_BITS);
  return K(from_bits)(K(bits)(base) | field) - (base + R(BIAS));
}

/* ln((1 + f)·2^e) for 1 + f in [sqrt 1/2, sqrt 2) and an integer e. With s = f / (2 + f), z = s²:
 *   ln(1 + f) = 2·artanh s = 2s + s·z·q(z) = f - f²/2 + s·(f²/2 + z·q(z)),
 * whose large first term is exact. It meets e·ln 2 in a sum whose rounding error is added back. */
INLINE real K(log_parts)(real f, real e) {
  const real s = f / (R(2) + f), z = s * s, square = R(0.5) * f * f;
  const real small = K(fma)(s, K(fma)(z, POLYNOMIAL(z, K(log_table)), square), e * R(LN2_LOW)) - square;
  const real high = e * R(LN2_HIGH), sum = high + f, error = f - (sum - high);
  return sum + (error + small);
}

/* The natural logarithm. Error (0.86, 0.86). */
ELEMENTARY real K(log)(real x) {
  const int subnormal = x < K(from_bits)((ubits)1 << FRACTION_BITS);
  const real y = subnormal ? x * R((ubits)1 << (FRACTION_BITS + 1)) : x;
  const ubits field = K(exponent_field)(y);
  const real m = K(from_bits)(K(bits)(y) - ((field - BIAS) << FRACTION_BITS));
  const real e = K(exponent)(field) - (subnormal ? R(FRACTION_BITS + 1) : R(0));
  real result = K(log_parts)(m - R(1), e);
  result = x > R(0) ? result : x == R(0) ? -INFINITE : R(__builtin_nan(""));
  return x < INFINITE ? result : x; /* infinity and NaN */
}

/* ln(1 + x), by the exponent e of 1 + x: f = (1 + x)·2^-e - 1 = x·2^-e + (2^-e - 1) is rounded once.
 * Error (1.42, 1.40). */
ELEMENTARY real K(log1p)(real x) {
  const real u = R(1) + x;
  const ubits field = K(exponent_field)(u);
  const real unit = K(from_bits)((2 * BIAS - field) << FRACTION_BITS);
  const real m = K(from_bits)(K(bits)(u) - ((field - BIAS) << FRACTION_BITS));
  /* 2^-e may be 0 or worse where the 1 in 1 + x no longer counts. */
  const real f = x > R(0x1p60) ? m - R(1) : K(fma)(x, unit, unit - R(1));
  real result = K(log_parts)(f, K(exponent)(field));
  result = x > R(-1) ? result : x == R(-1) ? -INFINITE : R(__builtin_nan(""));
  result = x < INFINITE ? result : x;
  return x == R(0) ? x : result; /* -0 */
}

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). Error (1.80, 1.75). */
ELEMENTARY real K(softplus)(real x) {
  return (x > R(0) ? x : R(0)) + K(log1p)(K(exp)(-K(abs)(x)));
}

/* ---- the normal distribution ---- */

/* e^(-t²/2) = (1 + w)·2^n for 0 <= t <= CDF_MAX, from r = -t²/2 - n·ln 2, which is rounded twice, but not the square;
 * n + BIAS + UNIT_BITS are the last bits of k. */
INLINE real K(square_reduce)(real t, ubits *k) {
  const real shift = INTEGER_SHIFT + R(BIAS + UNIT_BITS), half = R(-0.5) * t;
  const real shifted = K(fma)(half * t, R(INVERSE_LN2), shift), n = shifted - shift;
  *k = K(bits)(shifted);
  return K(fma)(-n, R(LN2_LOW), K(fma)(half, t, -n * R(LN2_HIGH)));
}

/* φ(x) = e^(-x²/2) / sqrt 2π, whose constant has two parts. Error (1.24, 1.24). */
ELEMENTARY real K(normal_pdf)(real x) {
  real t = K(abs)(x);
  t = t > R(CDF_MAX) ? R(CDF_MAX) : t;
  ubits k;
  const real w = K(exp_less_1)(K(square_reduce)(t, &k));
#if REAL_BITS == 64
  const real c = 0x1.9884533d43651p-2, c_low = -0x1.cbc0d30ebfd15p-56;
#else
  const real c = 0x1.988454p-2f, c_low = -0x1.857936p-27f;
#endif
  return (c + K(fma)(c, w, c_low)) * K(power_of_2)(k) * UNIT;
}

static const real K(cdf_table)[] = {
#if REAL_BITS == 64
  0x1.879e2fe3a196ap-1 , 0x1.3d81f87b6f405p2 , 0x1.9578fe8616951p4 , 0x1.85c3c1ded2888p6 , 0x1.f37d00c0e09d2p7 ,
  0x1.d83a86d290789p7 , -0x1.df57294e3e537p9 , -0x1.a69b99b841079p11 , 0x1.5bb4a66d803eap11 , 0x1.e3072b46d2be1p14 ,
  -0x1.0a1cf158d7482p13 , -0x1.24bff2266a445p18 , 0x1.fef568ac988a8p16 , 0x1.8254108551651p21 ,
  -0x1.ce1da2e9f5755p21 , -0x1.fd3ee74d7499ap24 , 0x1.4c84cb9d4e54ep26 , 0x1.17bf45333d8dfp28 ,
  -0x1.7b939324cdccap30 , -0x1.e9bd91ac795f1p29 , 0x1.42ef6d589b59p34 , -0x1.7e855ef6c306cp34 ,
  -0x1.3473d0b6fdd37p37 , 0x1.90febcd3e5a88p38 ,
#else
  0x1.3d7f48p-1f, 0x1.39825ep1f, 0x1.be272ep2f, 0x1.6f32aap3f, -0x1.2d3f4ep1f, -0x1.b84618p5f, -0x1.519fe4p5f,
  0x1.3d15bap8f, 0x1.4b0954p8f, -0x1.5b6bdap11f, 0x1.b6b03ap11f,
#endif
};

/* factor·Φ(-t) / UNIT for 0 <= t <= CDF_MAX, where d = t + CDF_SHIFT and
 *   Φ(-t) = e^(-t²/2) / d · q(y),  y = 1 / d - CDF_CENTRE,
 * one polynomial for the whole tail, since y maps it to a short interval. (After Shepherd and Laframboise,
 * Math. Comp. 36 (1981).) Errors too large to leave are those of d and of 1 / d (missing, a relative one, which the
 * whole feels about CDF_FELT times), of q, and of factor / d. */
INLINE real K(normal_tail)(real t, real factor) {
  ubits k;
  const real w = K(exp_less_1)(K(square_reduce)(t, &k));
  const real d = t + R(CDF_SHIFT), inverse = R(1) / d, y = inverse - R(CDF_CENTRE);
  const real missing = K(fma)(-inverse, t - (d - R(CDF_SHIFT)), K(fma)(-inverse, d, R(1)));
  const real c0 = K(cdf_table)[0], c1 = K(cdf_table)[1], upper = POLYNOMIAL_FROM_2(y, K(cdf_table));
  const real slope = K(fma)(y, upper, c1), q = K(fma)(y, slope, c0);
  real q_low = K(fma)(y, slope, c0 - q);
#if REAL_BITS == 64
  q_low = K(fma)(y, K(fma)(y, upper, c1 - slope), q_low);
#endif
  q_low = K(fma)(missing * CDF_FELT(inverse), q, q_low);
  factor *= K(power_of_2)(k);
  const real p = factor * inverse, p_low = K(fma)(factor, inverse, -p), pw = p * w;
  return K(fma)(p, q, K(fma)(pw, q, K(fma)(p + pw, q_low, p_low * q)));
}

/* Φ(x). Error (1.80, 1.96). */
ELEMENTARY real K(normal_cdf)(real x) {
  real t = K(abs)(x);
  t = t > R(CDF_MAX) ? R(CDF_MAX) : t;
  const real tail = K(normal_tail)(t, R(1));
  return K(fma)(tail, x < R(0) ? UNIT : -UNIT, x < R(0) ? R(0) : R(1));
}

/* x·Φ(x) = max(x, 0) - |x|·Φ(-|x|), with the sign of x, also where that vanishes. Error (1.80, 1.88). */
ELEMENTARY real K(gelu)(real x) {
  real t = K(abs)(x);
  t = t > R(CDF_MAX) ? R(CDF_MAX) : t;
  return K(with_sign)(K(fma)(K(normal_tail)(t, t), -UNIT, x < R(0) ? R(0) : x), x);
}

#if REAL_BITS == 64 && !defined(HAS_SCALARS)
/* ---- sin, cos, tan, pow, division with a rest: number by number, so those of the level whose scalars are used ---- */

#define SCALAR(name) \
  INLINE real K(name)(real x) { return KS(name)(x); }
SCALAR(sin) SCALAR(cos) SCALAR(tan)
#undef SCALAR

INLINE real K(pow)(real x, real y) { return KS(pow)(x, y); }
INLINE real K(remainder)(real a, real b) { return KS(remainder)(a, b); }
INLINE real K(floor_divide)(real a, real b) { return KS(floor_divide)(a, b); }
INLINE real K(fmod)(real a, real b) { return KS(fmod)(a, b); }
#elif REAL_BITS == 64
/* ---- pairs: an unevaluated sum, |low| at most about half an ulp of high, so 106 bits ---- */

struct K(pair) {
  real high, low;
};

/* a + b, exactly, for |a| >= |b| or a = 0. (Dekker, Numer. Math. 18 (1971)) */
INLINE struct K(pair) K(pair_of)(real a, real b) {
  const real sum = a + b;
  return (struct K(pair)){sum, b - (sum - a)};
}

/* a + b for |a.high| >= |b.high| or a.high = 0 */
INLINE struct K(pair) K(pair_add)(struct K(pair) a, struct K(pair) b) {
  const struct K(pair) sum = K(pair_of)(a.high, b.high);
  return K(pair_of)(sum.high, sum.low + (a.low + b.low));
}

INLINE struct K(pair) K(pair_mul)(struct K(pair) a, struct K(pair) b) {
  const real product = a.high * b.high, error = K(fma_exact)(a.high, b.high, -product);
  return K(pair_of)(product, error + (a.high * b.low + a.low * b.high));
}

INLINE struct K(pair) K(pair_div)(struct K(pair) a, struct K(pair) b) {
  const real quotient = a.high / b.high, rest = K(fma_exact)(-quotient, b.high, a.high);
  return K(pair_of)(quotient, (rest + (a.low - quotient * b.low)) / b.high);
}

/* ---- sin, cos, tan ---- */

/* 2/π, 64 bits at a time, after one word of zeros */
static const uint64_t K(two_over_pi)[] = {
  0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
  0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
  0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
  0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
};
#define HALF_PI_1 0x1.921fb54442d18p+0 /* π/2 in three parts */
#define HALF_PI_2 0x1.1a62633145c07p-54
#define HALF_PI_3 -0x1.f1976b7ed8fbcp-110

/* |x|·2/π mod 4 for 2^20 <= |x|, as a whole number of quarter turns (returned) and the rest, in
 * [-1/2, 1/2), times π/2 = r + low. With |x| = m·2^e, bits of 2/π that weigh 2^(2 - e) or more give
 * multiples of 4 and are left out; the next 192 are enough.
 * Source: Payne and Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18 (1983). */
LOCAL int K(reduce_huge)(real x, real *r, real *low) {
  int e;
  const uint64_t m = split_double(K(bits)(x), &e);
  const int start = e - 2 + 64, word = start / 64, shift = start % 64;
  uint64_t h[3];
  for (int i = 0; i < 3; i++) {
    const uint64_t *t = &K(two_over_pi)[word + i];
    h[i] = shift == 0 ? t[0] : t[0] << shift | t[1] >> (64 - shift);
  }
  const uint128 last = (uint128)m * h[2], middle = (uint128)m * h[1] + (last >> 64);
  const uint64_t first = m * h[0] + (uint64_t)(middle >> 64);
  /* first, middle, last: 2 bits of quarter turns, then the fraction, of which 128 bits are kept. */
  uint128 fraction = (uint128)first << 66 | (uint128)(uint64_t)middle << 2 | (uint64_t)last >> 62;
  const int negative = (int)(fraction >> 127);
  if (negative) fraction = -fraction;
  const int zeros = leading_zeros(fraction); /* about 62 at most, so the fraction is never 0 */
  fraction <<= zeros;
  const real unit = K(from_bits)((ubits)(BIAS - 53 - zeros) << FRACTION_BITS);
  const real sign = negative ? -unit : unit;
  const real f = sign * R((int64_t)(fraction >> 75));
  const real f_low = sign * R(0x1p-53) * R((int64_t)(fraction >> 22 & (((uint64_t)1 << 53) - 1)));
  *r = f * HALF_PI_1;
  *low = K(fma_exact)(f, HALF_PI_1, -*r) + (f * HALF_PI_2 + f_low * HALF_PI_1);
  return (int)(first >> 62) + negative;
}

/* x = n·π/2 + r + low with |r| <= π/4 or hardly more; returns n mod 4. x is finite.
 * Cody and Waite: n·π/2 in three parts. The first difference is exact, the second keeps its error. */
LOCAL int K(reduce)(real x, real *r, real *low) {
  const real size = K(abs)(x);
  if (size >= R(0x1p20)) {
    const int n = K(reduce_huge)(size, r, low);
    if (x > R(0)) return n & 3;
    *r = -*r;
    *low = -*low;
    return -n & 3;
  }
  const real shifted = K(fma)(x, R(0x1.45f306dc9c883p-1), INTEGER_SHIFT); /* 2/π */
  const real n = shifted - INTEGER_SHIFT;
  const real a = K(fma_exact)(-n, HALF_PI_1, x), b = n * HALF_PI_2;
  real error;
  const real difference = T(two_sum)(a, -b, &error);
  const real rest = (error - K(fma_exact)(n, HALF_PI_2, -b)) - n * HALF_PI_3;
  *r = difference + rest;
  *low = (difference - *r) + rest;
  return (int)(K(bits)(shifted) & 3);
}

static const real K(sin_table)[] = {
  -0x1.5555555555555p-3, 0x1.111111111101ep-7, -0x1.a01a019fe885fp-13, 0x1.71de3a1036a14p-19,
  -0x1.ae63f7fe3e11bp-26, 0x1.60e5cb144ec12p-33, -0x1.8d5121e3f5c8fp-41,
};
static const real K(cos_table)[] = {
  0x1.5555555555555p-5, -0x1.6c16c16c168ccp-10, 0x1.a01a019f38afap-16, -0x1.27e4fa036d38fp-22,
  0x1.1eeb58509df49p-29, -0x1.9073d4444af1ap-37,
};

/* sin(r + low) = r + r³·q(r²) + low·cos r */
INLINE struct K(pair) K(sin_near)(real r, real low) {
  const real z = r * r;
  return K(pair_of)(r, K(fma)(r * z, POLYNOMIAL(z, K(sin_table)), low * K(fma)(R(-0.5), z, R(1))));
}

/* cos(r + low) = 1 - r²/2 + r⁴·q(r²) - low·sin r; the error of 1 - r²/2 is added back. */
INLINE struct K(pair) K(cos_near)(real r, real low) {
  const real z = r * r, half = R(0.5) * z, sum = R(1) - half, error = (R(1) - sum) - half;
  return K(pair_of)(sum, error + K(fma)(z * z, POLYNOMIAL(z, K(cos_table)), -r * low));
}

/* sin x. Error 0.81. This one and the others below are long, and no loop over them vectorises: one copy is enough. */
OUT_OF_LINE real K(sin)(real x) {
  if (K(abs)(x) < R(0x1p-27)) return x;
  if (!(K(abs)(x) < INFINITE)) return x - x;
  real r, low;
  const int n = K(reduce)(x, &r, &low);
  const real y = ((n & 1) == 0 ? K(sin_near)(r, low) : K(cos_near)(r, low)).high;
  return (n & 2) == 0 ? y : -y;
}

/* cos x. Error 0.81. */
OUT_OF_LINE real K(cos)(real x) {
  if (!(K(abs)(x) < INFINITE)) return x - x;
  real r, low;
  const int n = K(reduce)(x, &r, &low);
  const real y = (n & 1) == 0 ? K(cos_near)(r, low).high : -K(sin_near)(r, low).high;
  return (n & 2) == 0 ? y : -y;
}

/* sin / cos; a quarter turn on, -cos / sin. Error 0.99. */
OUT_OF_LINE real K(tan)(real x) {
  if (K(abs)(x) < R(0x1p-27)) return x;
  if (!(K(abs)(x) < INFINITE)) return x - x;
  real r, low;
  const int n = K(reduce)(x, &r, &low);
  const struct K(pair) sine = K(sin_near)(r, low), cosine = K(cos_near)(r, low);
  return (n & 1) == 0 ? K(pair_div)(sine, cosine).high : -K(pair_div)(cosine, sine).high;
}

/* ---- pow ---- */

static const real K(pow_table)[] = {
  0x1.2492492492497p-3, 0x1.c71c71c71513cp-4, 0x1.745d175547197p-4, 0x1.3b13a50690456p-4,
  0x1.1115a7513534ap-4, 0x1.e01e31b530f82p-5, 0x1.d9d7867906106p-5,
};

/* ln x for positive finite x, to about 2^-66: as log, but the leading terms of
 *   ln m = 2s·(1 + z/3 + z²/5 + z³·q(z)),  s = (m - 1) / (m + 1), z = s²
 * are pairs, since pow multiplies the error by up to 745. */
LOCAL struct K(pair) K(log_pair)(real x) {
  const struct K(pair) third = {0x1.5555555555555p-2, 0x1.5555555555555p-56};
  const struct K(pair) fifth = {0x1.999999999999ap-3, -0x1.999999999999ap-57};
  const int subnormal = x < R(0x1p-1022);
  if (subnormal) x *= R(0x1p53);
  const ubits field = K(exponent_field)(x);
  const real f = K(from_bits)(K(bits)(x) - ((field - BIAS) << FRACTION_BITS)) - R(1);
  const real e = K(exponent)(field) - (subnormal ? R(53) : R(0));

  const struct K(pair) s = K(pair_div)((struct K(pair)){f, R(0)}, K(pair_of)(R(2), f));
  const struct K(pair) two_s = {R(2) * s.high, R(2) * s.low};
  const struct K(pair) z = K(pair_mul)(s, s);
  struct K(pair) w = {z.high * POLYNOMIAL(z.high, K(pow_table)), R(0)};
  w = K(pair_mul)(z, K(pair_add)(fifth, w));
  w = K(pair_mul)(z, K(pair_add)(third, w));
  w = K(pair_add)(two_s, K(pair_mul)(two_s, w));
  const struct K(pair) exponent = {e * R(LN2_HIGH), e * R(LN2_LOW)};
  return K(pair_add)(exponent, w);
}

/* x^y = e^(y·ln x), with C's special cases (C11 F.10.4.4): x^0 = 1^y = 1 even for NaN; a negative x has
 * powers for whole y only. Error 1.18. */
OUT_OF_LINE real K(pow)(real x, real y) {
  if (y == R(0) || x == R(1)) return R(1);
  if (x != x || y != y) return x + y;
  const real base = K(abs)(x), size = K(abs)(y);
  if (size == INFINITE) return base == R(1) ? R(1) : (base > R(1)) == (y > R(0)) ? INFINITE : R(0);

  /* From 2^53 on, every double is an even number. */
  const int64_t whole = size < R(0x1p53) ? (int64_t)y : 0;
  const int is_whole = size >= R(0x1p53) || R(whole) == y;
  const real one = (K(bits)(x) & SIGN) != 0 && (whole & 1) != 0 && is_whole ? R(-1) : R(1);
  if (base == R(0) || base == INFINITE) return one * ((base == R(0)) == (y < R(0)) ? INFINITE : R(0));
  if (x < R(0) && !is_whole) return R(__builtin_nan(""));

  const struct K(pair) logarithm = K(log_pair)(base);
  const real high = y * logarithm.high;
  if (high > R(EXP_MAX)) return one * INFINITE;
  if (high < R(EXP_MIN)) return one * R(0);
  const real low = K(fma_exact)(y, logarithm.high, -high) + y * logarithm.low;
  ubits k;
  real w = K(exp_less_1)(K(exp_reduce)(high, 2 * BIAS, &k));
  w = K(fma)(low, R(1) + w, w);
  return one * K(scale)(R(1) + w, k);
}

#undef HALF_PI_1
#undef HALF_PI_2
#undef HALF_PI_3

/* ---- division with a rest, as Python has it ---- */

/* a − b·⌊a / b⌋, with the sign of b, 0 also; NaN where b is 0 or a infinite. */
OUT_OF_LINE real K(remainder)(real a, real b) {
  const real rest = fmod_exact(a, b);
  if (rest == 0) return K(with_sign)(rest, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

/* ⌊a / b⌋: the quotient without the rest is an integer but for its rounding. a / b where b is 0. */
OUT_OF_LINE real K(floor_divide)(real a, real b) {
  if (b == 0) return a / b;
  const real rest = fmod_exact(a, b);
  const real quotient = K(round)((a - rest) / b) - R(rest != 0 && (rest < 0) != (b < 0));
  return quotient == 0 ? K(with_sign)(quotient, a / b) : quotient;
}

OUT_OF_LINE real K(fmod)(real a, real b) { return fmod_exact(a, b); }

#else
/* ---- those of double, rounded: calls, or a loop over them would be a row of them ---- */

OUT_OF_LINE real K(sin)(real x) { return (real)K64(sin)(x); }
OUT_OF_LINE real K(cos)(real x) { return (real)K64(cos)(x); }
OUT_OF_LINE real K(tan)(real x) { return (real)K64(tan)(x); }
OUT_OF_LINE real K(pow)(real a, real b) { return (real)K64(pow)(a, b); }
OUT_OF_LINE real K(remainder)(real a, real b) { return (real)K64(remainder)(a, b); }
OUT_OF_LINE real K(floor_divide)(real a, real b) { return (real)K64(floor_divide)(a, b); }
OUT_OF_LINE real K(fmod)(real a, real b) { return (real)fmod_exact(a, b); }
#endif

#undef POLYNOMIAL
#undef POLYNOMIAL_FROM_2
#undef INTEGER_SHIFT
#undef INFINITE
#undef SIGN
#undef FRACTION_BITS
#undef BIAS
#undef LN2_HIGH
#undef LN2_LOW
#undef SQRT_HALF_BITS
#undef EXP_MIN
#undef EXP_MAX
#undef CDF_MAX
#undef CDF_SHIFT
#undef CDF_CENTRE
#undef CDF_FELT
#undef INVERSE_LN2
#undef UNIT
#undef UNIT_BITS
