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
 * Down to normal_cdf there is no branch, only selects, so that loops over arrays vectorise. After that come
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
#else
#define FRACTION_BITS 23
#define BIAS 127
#define LN2_HIGH 0x1.62e4p-1 /* 15 bits */
#define LN2_LOW 0x1.7f7d1cp-20
#define SQRT_HALF_BITS 0x3f3504f3
#define EXP_MIN (-104)
#define EXP_MAX 89
#define CDF_MAX 15
#endif
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
#define POLYNOMIAL(x, c) K(horner)(x, c, (int)(sizeof(c) / sizeof((c)[0])))
#define POLYNOMIAL_FROM(i, x, c) K(horner)(x, (c) + (i), (int)(sizeof(c) / sizeof((c)[0])) - (i))

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
  0x1p-1, 0x1.5555555555557p-3, 0x1.5555555555557p-5, 0x1.1111111110049p-7, 0x1.6c16c16c156ap-10,
  0x1.a01a01ac24106p-13, 0x1.a01a01ab9bae3p-16, 0x1.71de01966466cp-19, 0x1.27e4cfa50d038p-22,
  0x1.af4efda38bea5p-26, 0x1.1f8704b267043p-29,
#else
  0x1p-1f, 0x1.555556p-3f, 0x1.5555p-5f, 0x1.110fc2p-7f, 0x1.6d308p-10f, 0x1.a2d96ep-13f,
#endif
};

/* e^x = (1 + w)·2^k with k = x / ln 2 rounded: returns w = e^r - 1 = r + r²·q(r) for r = x - k·ln 2.
 * ln 2 is taken in two parts; the first product and difference are exact, so r is rounded once. */
INLINE real K(exp_parts)(real x, ubits *k) {
  const real shifted = K(fma)(x, R(0x1.71547652b82fep+0), INTEGER_SHIFT); /* 1 / ln 2 */
  *k = K(bits)(shifted) - K(bits)(INTEGER_SHIFT);
  const real n = shifted - INTEGER_SHIFT;
  const real r = K(fma)(-n, R(LN2_LOW), K(fma)(-n, R(LN2_HIGH), x));
  return K(fma)(r * r, POLYNOMIAL(r, K(exp_table)), r);
}

/* x·2^k in two steps, so that only the last one can round, overflow or become subnormal; |k| < 2·BIAS. */
INLINE real K(scale)(real x, ubits k) {
  k += 2 * BIAS;
  const ubits half = k >> 1;
  return x * K(from_bits)(half << FRACTION_BITS) * K(from_bits)((k - half) << FRACTION_BITS);
}

/* e^x. Error (0.98, 0.98). */
ELEMENTARY real K(exp)(real x) {
  x = x < R(EXP_MIN) ? R(EXP_MIN) : x; /* written so that NaN stays */
  x = x > R(EXP_MAX) ? R(EXP_MAX) : x;
  ubits k;
  const real w = K(exp_parts)(x, &k);
  return K(scale)(R(1) + w, k);
}

/* e^(x + low) for x <= 0, where low is the error of a sum x, rounded once; what that left goes to *rest. */
INLINE real K(exp_pair)(real x, real low, real *rest) {
  low = x < R(EXP_MIN) ? R(0) : low; /* which is small beside 1 otherwise */
  x = x < R(EXP_MIN) ? R(EXP_MIN) : x;
  ubits k;
  const real w = K(exp_parts)(x, &k), high = R(1) + w, left = (w - (high - R(1))) + high * low, sum = high + left;
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
  K(exp_parts)(top, &k);
  return (struct K(proportion)){.least = top + R(EXP_MIN), .shift = EXP_LIFT + BIAS - k};
}

/* Within an ulp. NaN stays. */
INLINE real K(exp_in_proportion)(real x, struct K(proportion) to) {
  ubits k;
  const real w = K(exp_parts)(to.least > x ? to.least : x, &k);
  const real factor = x < to.least ? 0 : K(from_bits)((k + to.shift) << FRACTION_BITS);
  return K(fma)(w, factor, factor);
}

/* e^x - 1 = 2^k·w + (2^k - 1), halved and doubled because 2^k overflows before the result does.
 * Error (1.44, 1.81). */
ELEMENTARY real K(expm1)(real x) {
  const real tiny = K(abs)(x);
  real y = x < R(-50) ? R(-50) : x;
  y = y > R(EXP_MAX) ? R(EXP_MAX) : y;
  ubits k;
  const real w = K(exp_parts)(y, &k);
  const real half = K(from_bits)((k + (BIAS - 1)) << FRACTION_BITS);
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

/* tanh t = 1 - 2 / (e^2t + 1) from 0.6 on; below, where that cancels, t + t³·q(t²). Error (1.35, 1.36). */
ELEMENTARY real K(tanh)(real x) {
  const real t = K(abs)(x), z = t * t;
  const real near = K(fma)(t * z, POLYNOMIAL(z, K(tanh_table)), t);
  const real far = R(1) - R(2) / (K(exp)(t + t) + R(1));
  return K(with_sign)(t < R(0.6) ? near : far, x);
}

/* 1 / (1 + e^-x), as e^x / (1 + e^x) where x < 0: e^-|x| never overflows, so both tails are right.
 * The quotient is corrected for what it left of the numerator, and for the rounding of 1 + e.
 * Error (1.48, 1.47). */
ELEMENTARY real K(sigmoid)(real x) {
  const real e = K(exp)(-K(abs)(x)), numerator = x < R(0) ? e : R(1);
  const real d = R(1) + e, d_low = e - (d - R(1)), inverse = R(1) / d;
  const real quotient = numerator * inverse;
  const real rest = K(fma)(-quotient, d_low, K(fma)(-quotient, d, numerator));
  return K(fma)(rest, inverse, quotient);
}

/* x / (1 + e^-x), as -t·e^-t / (1 + e^-t) with t = |x| where x < 0. There the numerator t·(1 + w)·2^k is taken as
 * high + low, and 2^k comes last, since e^-t vanishes before the result does. -0 at -infinity. Error (1.08, 1.06). */
ELEMENTARY real K(silu)(real x) {
  const real t = K(abs)(x), most = R(10 - EXP_MIN), bounded = t > most ? most : t;
  ubits k;
  real w = K(exp_parts)(-bounded, &k);
  const real e = K(scale)(R(1) + w, k), d = R(1) + e, d_low = e - (d - R(1)), inverse = R(1) / d;
  w = x < R(0) ? w : R(0);
  k = x < R(0) ? k : 0;
  const real high = K(fma)(bounded, w, bounded), low = K(fma)(bounded, w, bounded - high);
  const real quotient = high * inverse;
  const real rest = K(fma)(-quotient, d, high) + (low - quotient * d_low);
  const real result = K(scale)(K(fma)(rest, inverse, quotient), k);
  return x > most ? x : K(with_sign)(result, x);
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

/* The natural logarithm. Error (0.86, 0.85). */
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
 * Error (1.42, 1.38). */
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

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). Error (1.71, 1.66). */
ELEMENTARY real K(softplus)(real x) {
  return (x > R(0) ? x : R(0)) + K(log1p)(K(exp)(-K(abs)(x)));
}

/* ---- the normal distribution ---- */

/* φ(x) = e^(-x²/2) / sqrt 2π. x² is squared exactly, as high + low, and e^(-low/2) taken as 1 - low / 2;
 * the constant, too, has two parts. Error (1.25, 1.26). */
ELEMENTARY real K(normal_pdf)(real x) {
  real t = K(abs)(x);
  t = t > R(CDF_MAX) ? R(CDF_MAX) : t;
  const real high = t * t, low = K(fma)(t, t, -high);
  ubits k;
  real w = K(exp_parts)(R(-0.5) * high, &k);
  w = K(fma)(R(-0.5) * low, R(1) + w, w);
#if REAL_BITS == 64
  const real c = 0x1.9884533d43651p-2, c_low = -0x1.cbc0d30ebfd15p-56;
#else
  const real c = 0x1.988454p-2f, c_low = -0x1.857936p-27f;
#endif
  return K(scale)(c + K(fma)(c, w, c_low), k);
}

static const real K(cdf_near_table)[] = {
#if REAL_BITS == 64
  0x1.9884533d43651p-2, -0x1.1058377e2cf7bp-4, 0x1.46d0429770c6cp-7, -0x1.37403f6e69b01p-10,
  0x1.e42b0e6e9e2abp-14, -0x1.3ce91cdea1fcfp-17, 0x1.658f402c72c6dp-21, -0x1.629e4d8a1fa7fp-25,
  0x1.3f9ccc2c8ad2ap-29, -0x1.32aa32803c3e3p-33, 0x1.7298d9aae7e8cp-37,
#else
  0x1.988454p-2f, -0x1.10587ep-4f, 0x1.46de4cp-7f, -0x1.385b6cp-10f, 0x1.f617d8p-14f, -0x1.5b1864p-17f,
#endif
};

static const real K(cdf_far_table)[] = {
#if REAL_BITS == 64
  0x1.757cbe309f22bp-1, 0x1.8478d5d9ee3edp2, 0x1.602d6ae83ba2cp5, 0x1.12e0cbf42b21bp8,
  0x1.69883f5fdd5f9p10, 0x1.80d976f5925bcp12, 0x1.2f44a4ce4dd9ep14, 0x1.03313e48bb268p15,
  -0x1.897f03354852bp15, -0x1.e65c006d9b8c5p18, -0x1.b2d2f55fdb4eap19, 0x1.bafe77739a551p21,
  0x1.207935c89248p24, -0x1.c361b19b8b243p23, -0x1.124527f510677p28, -0x1.9b4243abe36e6p26,
  0x1.026e0cdfe2764p32, 0x1.dc067bd289269p31, -0x1.f5eb264956e1ep35, -0x1.995e35c8d9904p35,
  0x1.805e8bb86d2d1p39,
#else
  0x1.757cbep-1f, 0x1.8478d6p2f, 0x1.602d7ap5f, 0x1.12e0cp8f, 0x1.6985dap10f, 0x1.80ddcp12f,
  0x1.2f89ccp14f, 0x1.02852p15f, -0x1.a65f7ep15f, -0x1.efd11ap18f,
#endif
};

/* Φ(x) = erfc(-x / sqrt 2) / 2 = (high + low)·2^k, where high is returned. Near 0 it is 1/2 + x·(c + x²·q(x²)), the sum
 * and x·c as pairs. Far from it, with t = |x| and d = t + 5,
 *   Φ(-t) = e^(-t²/2) / d · q(y),  y = 1 / d - 3 / 32,
 * one polynomial for the whole tail, since y maps it to a short interval. (After Shepherd and Laframboise,
 * Math. Comp. 36 (1981).) Errors too large to leave are those of t² (square_low), of d (d_low), of 1 / d (missing, a
 * relative error, as square_low is), of y (times q'(y), nearly), of q and of the products p and p·w. */
ELEMENTARY real K(normal_cdf_parts)(real x, real *low, ubits *k) {
  real t = K(abs)(x);
  const int is_near = t < R(0.92);
  const real z = x * x, c = K(cdf_near_table)[0], linear = x * c;
  const real near = R(0.5) + linear, near_low = linear - (near - R(0.5));
  const real curved = K(fma)(x * z, POLYNOMIAL_FROM(1, z, K(cdf_near_table)), K(fma)(x, c, -linear));

  t = t > R(CDF_MAX) ? R(CDF_MAX) : t;
  const real square = t * t, square_low = K(fma)(t, t, -square);
  const real d = t + R(5), d_low = t - (d - R(5)), inverse = R(1) / d;
  const real missing = K(fma)(-inverse, d_low, K(fma)(-inverse, d, R(1)));
  const real start = inverse - R(0.09375);
  const real y = K(fma)(inverse, missing, start), y_low = K(fma)(inverse, missing, start - y);
  const real c0 = K(cdf_far_table)[0], c1 = K(cdf_far_table)[1], slope = POLYNOMIAL_FROM(1, y, K(cdf_far_table));
  const real q = K(fma)(y, slope, c0), q_low = K(fma)(y, slope, c0 - q) + y_low * (slope + (slope - c1));
  const real p = inverse * q, p_low = K(fma)(inverse, q_low, K(fma)(inverse, q, -p));
  const real w = K(exp_parts)(R(-0.5) * square, k);
  const real v = (R(1) + w) * K(fma)(R(-0.5), square_low, missing);
  const real pw = p * w, pw_low = K(fma)(p, w, -pw), sum = p + pw;
  const real tail_low = (pw - (sum - p)) + (pw_low + K(fma)(p, v, p_low)), tail = K(scale)(sum + tail_low, *k);

  const int is_tail = !is_near && x < R(0);
  const real far = R(1) - tail, far_low = (R(1) - far) - tail;
  *k = is_tail ? *k : 0;
  *low = is_near ? near_low + curved : is_tail ? tail_low : far_low;
  return is_near ? near : is_tail ? sum : far;
}

/* Φ(x). Error (1.74, 1.68). */
ELEMENTARY real K(normal_cdf)(real x) {
  real low;
  ubits k;
  const real high = K(normal_cdf_parts)(x, &low, &k);
  return K(scale)(high + low, k);
}

/* x·Φ(x), with the sign of x. -0 at -infinity. Error (1.83, 1.65). */
ELEMENTARY real K(gelu)(real x) {
  real low;
  ubits k;
  const real high = K(normal_cdf_parts)(x, &low, &k), t = K(abs)(x), bounded = t > R(CDF_MAX) ? R(CDF_MAX) : t;
  const real result = K(scale)(K(fma)(bounded, high, bounded * low), k);
  return x > R(CDF_MAX) ? x : K(with_sign)(result, x);
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
  real w = K(exp_parts)(high, &k);
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
#undef POLYNOMIAL_FROM
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
