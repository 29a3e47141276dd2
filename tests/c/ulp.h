/* ulp.h: how far the functions of c/elementary.h, and softmax, are from the true values. A template, included with
 * REAL_BITS 32 and then 64 by programs that have included gradus.c. True values come from the C library in the next
 * wider type; their own error is below 1e-6 ulp of float and, where ulp_f64_is_measurable(), below 0.01 ulp of double.
 *
 * An ulp is the distance of neighbours in the binade of the true value as it is rounded; below the normal numbers it is
 * the smallest subnormal one. Infinity counts as the next power of 2, so that an overflow has an error, too. */

#if REAL_BITS == 32
#include <complex.h>
#include <float.h>
#include <math.h>

/* The level that is measured: the best one, unless that rounds a·b + c twice. */
#define ULP_LEVEL (best_level() == GRADUS_LEVEL_SIMD128 ? GRADUS_LEVEL_PLAIN : best_level())

/* Functions of one argument, X, and of two, Y, with what their error stays below. */
#define ULP_BOTH(X)                                                                                               \
  X(exp, 1) X(expm1, 2) X(log, 1) X(log1p, 2) X(tanh, 2) X(sigmoid, 2) X(silu, 2) X(softplus, 2) X(normal_cdf, 2) \
  X(normal_pdf, 2) X(gelu, 2)
#define ULP_DOUBLE(X, Y) X(sin, 1) X(cos, 1) X(tan, 1) Y(pow, 2)

/* And that of every share of a softmax. */
#define ULP_SOFTMAX 2

/* xorshift64*, for random bits. */
static uint64_t ulp_bits(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545F4914F6CDD1Du;
}

/* In [-1, 1). */
static double ulp_uniform(uint64_t *state) { return (double)(int64_t)ulp_bits(state) * 0x1p-63; }

#define real float
#define wide double
#define W(name) name
#define N(name) name##_f32
#define DIGITS FLT_MANT_DIG
#define LEAST_EXPONENT FLT_MIN_EXP
#define MOST_EXPONENT FLT_MAX_EXP
#define ULP_FUNCTIONS(X, Y) ULP_BOTH(X)
#else
#define real double
#define wide long double
#define W(name) name##l
#define N(name) name##_f64
#define DIGITS DBL_MANT_DIG
#define LEAST_EXPONENT DBL_MIN_EXP
#define MOST_EXPONENT DBL_MAX_EXP
#define ULP_FUNCTIONS(X, Y) ULP_BOTH(X) ULP_DOUBLE(X, Y)

/* Other C libraries compute some functions of long double in double; so does valgrind. */
static int ulp_f64_is_measurable(void) {
#if defined(__GLIBC__) && LDBL_MANT_DIG == 64
  const volatile long double one = 1, little = 0x1p-63L;
  return one + little > one;
#else
  return 0;
#endif
}
#endif

/* ---- true values of x, or of x and z ---- */

#if REAL_BITS == 32
#define wide_exp exp
#define wide_log log
#else
/* Zig puts functions of its own, which compute in double, in place of some of long double, but not of complex ones. */
static wide wide_exp(wide x) { return creall(cexpl(x)); }

static wide wide_log(wide x) { return x < 0 ? (wide)NAN : creall(clogl(x)); }

static wide true_sin_f64(real x, real z) { return (void)z, creall(csinl(x)); }

static wide true_cos_f64(real x, real z) { return (void)z, creall(ccosl(x)); }

static wide true_tan_f64(real x, real z) { return true_sin_f64(x, z) / true_cos_f64(x, z); }

static wide true_pow_f64(real x, real z) { return powl(x, z); }
#endif

static wide N(true_exp)(real x, real z) { return (void)z, wide_exp(x); }

static wide N(true_log)(real x, real z) { return (void)z, wide_log(x); }

static wide N(true_expm1)(real x, real z) { return (void)z, W(expm1)(x); }

static wide N(true_log1p)(real x, real z) { return (void)z, W(log1p)(x); }

static wide N(true_tanh)(real x, real z) { return (void)z, W(tanh)(x); }

static wide N(true_sigmoid)(real x, real z) { return (void)z, 1 / (1 + wide_exp(-(wide)x)); }

static wide N(true_silu)(real x, real z) { return x == -INFINITY ? -(wide)0 : x * N(true_sigmoid)(x, z); }

static wide N(true_softplus)(real x, real z) { return (void)z, W(fmax)(x, 0) + W(log1p)(wide_exp(-W(fabs)(x))); }

/* x, but no further from 0 than where the normal distribution ends: underflow in the C library takes long. */
static wide N(clipped)(real x) {
  const real end = REAL_BITS == 64 ? 100 : 35;
  return x > end ? end : x < -end ? -end : x;
}

/* With h = half of the digits of x, x² = h² + (x - h)·(x + h), whose first term is exact. */
static wide N(true_normal_pdf)(real x, real z) {
  const wide t = N(clipped)(x), h = (float)t;
  const wide scale = (wide)0.398942280401432677939946059934381868L;
  return (void)z, wide_exp(-h * h / 2) * wide_exp(-(t - h) * (t + h) / 2) * scale;
}

/* Φ(x) = erfc(u + δ) / 2 with u + δ = -x / √2, where δ is the rounding error of u: of no account for float. */
static wide N(true_normal_cdf)(real x, real z) {
  const wide r = (wide)0.707106781186547524400844362104849039L, t = N(clipped)(x), u = -t * r, half = W(erfc)(u) / 2;
#if REAL_BITS == 64
  const wide error = W(fma)(-t, r, -u) - t * 0x1.65f626cdd52afa7cp-66L;
  return half - error * 1.41421356237309504880168872420969808L * N(true_normal_pdf)(x, z);
#else
  return (void)z, half;
#endif
}

static wide N(true_gelu)(real x, real z) { return x == -INFINITY ? -(wide)0 : x * N(true_normal_cdf)(x, z); }

/* ---- the functions over arrays, at every level ---- */

#define AT__(name, level) name##_##level
#define AT_(name, level) AT__(name, level)
#define AT(name) AT_(N(name), LEVEL)
#define ARRAY(name, value)                                                                 \
  static void AT(name##_array)(real *restrict y, const real *x, const real *z, size_t n) { \
    (void)z;                                                                               \
    for (size_t i = 0; i < n; i++) y[i] = value;                                           \
  }
#define ARRAY_X(name, bound) ARRAY(name, AT(name)(x[i]))
#define ARRAY_Y(name, bound) ARRAY(name, AT(name)(x[i], z[i]))
#define ARRAYS ULP_FUNCTIONS(ARRAY_X, ARRAY_Y)

#define LEVEL plain
ARRAYS
#undef LEVEL
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target(TARGET_AVX2))), apply_to = function)
#define LEVEL avx2
ARRAYS
#undef LEVEL
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target(TARGET_AVX512))), apply_to = function)
#define LEVEL avx512
ARRAYS
#undef LEVEL
#pragma clang attribute pop
#define AT_LEVELS(name) \
  {[GRADUS_LEVEL_PLAIN] = name##_plain, [GRADUS_LEVEL_AVX2] = name##_avx2, [GRADUS_LEVEL_AVX512] = name##_avx512}
#elif defined(__aarch64__)
#define LEVEL neon
ARRAYS
#undef LEVEL
#define AT_LEVELS(name) {[GRADUS_LEVEL_PLAIN] = name##_plain, [GRADUS_LEVEL_NEON] = name##_neon}
#elif defined(__wasm_relaxed_simd__)
#define LEVEL relaxed
ARRAYS
#undef LEVEL
#define AT_LEVELS(name) {[GRADUS_LEVEL_PLAIN] = name##_plain, [GRADUS_LEVEL_RELAXED] = name##_relaxed}
#else
#define AT_LEVELS(name) {[GRADUS_LEVEL_PLAIN] = name##_plain}
#endif

struct N(measured) {
  const char *name;
  double bound;
  wide (*true_value)(real x, real z);
  void (*compute[GRADUS_LEVEL_RELAXED + 1])(real *restrict y, const real *x, const real *z, size_t n);
};

#define LEVELS_OF(name) AT_LEVELS(name)
#define ENTRY(name, bound) {#name, bound, N(true_##name), LEVELS_OF(N(name##_array))},
static const struct N(measured) N(measured)[] = {ULP_FUNCTIONS(ENTRY, ENTRY)};
enum { N(MEASURED) = sizeof N(measured) / sizeof *N(measured) };

static void (*const N(softmax_at)[])(real *y, const real *x, size_t nout, size_t stride, size_t columns,
                                     real *restrict top, real *restrict sum, real *restrict rest) =
    LEVELS_OF(N(softmax));

#undef AT__
#undef AT_
#undef AT
#undef ARRAY
#undef ARRAY_X
#undef ARRAY_Y
#undef ARRAYS
#undef AT_LEVELS
#undef LEVELS_OF
#undef ENTRY

/* ---- errors ---- */

/* Of y, for the true value v; infinite where y has the wrong sign, or v is NaN, infinite or zero and y is not. */
static double N(error)(real y, wide v) {
  if (y == (real)v && y != 0) return 0.5; /* most of the time, and quickly: it is rounded correctly */
  if (v != v || y != y) return v != v && y != y ? 0 : INFINITY;
  if (signbit(v) != signbit(y)) return INFINITY;
  if (v == 0 || v - v != 0) return (wide)y == v ? 0 : INFINITY;
  const wide most = W(ldexp)(1, MOST_EXPONENT), got = W(fmin)(W(fabs)(y), most), size = W(fmin)(W(fabs)(v), most);
  int exponent;
  (void)W(frexp)((real)size, &exponent);
  exponent = exponent < LEAST_EXPONENT ? LEAST_EXPONENT : exponent > MOST_EXPONENT ? MOST_EXPONENT : exponent;
  return (double)W(ldexp)(W(fabs)(got - size), DIGITS - exponent);
}

/* How many arguments were tried, and where the error was the largest. */
struct N(worst) {
  double error;
  real x, z;
  uint64_t tried;
};

enum { N(BLOCK) = 1024 };

/* The first n <= BLOCK numbers of x and z. */
static void N(measure)(struct N(worst) *worst, const struct N(measured) *f, const real *x, const real *z, size_t n) {
  real y[N(BLOCK)];
  f->compute[ULP_LEVEL](y, x, z, n);
  for (size_t i = 0; i < n; i++) {
    const double error = N(error)(y[i], f->true_value(x[i], z[i]));
    if (error > worst->error) worst->error = error, worst->x = x[i], worst->z = z[i];
  }
  worst->tried += n;
}

/* ---- arguments ---- */

#if REAL_BITS == 32
/* Special values, then every step-th bit pattern: every one for 1. */
static struct worst_f32 ulp_error_f32(const struct measured_f32 *f, uint32_t step) {
  static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, FLT_MIN, -FLT_MIN, FLT_MAX, -FLT_MAX,
                                  0x1p-149f, -0x1p-149f};
  struct worst_f32 worst = {0};
  float x[BLOCK_f32];
  measure_f32(&worst, f, special, special, sizeof special / sizeof *special);
  size_t n = 0;
  for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += step) {
    const uint32_t pattern = (uint32_t)bits;
    memcpy(&x[n++], &pattern, sizeof pattern);
    if (n == BLOCK_f32) measure_f32(&worst, f, x, x, n), n = 0;
  }
  measure_f32(&worst, f, x, x, n);
  return worst;
}
#else
/* Zeros, and where the functions overflow, vanish, or are computed in another way. */
static const double ulp_places[] = {1, -1, 0.6, 0.92, 0.5, 2, 38.5, 36.8, 708.4, 709.8, 744.4, 745.2, 0x1p20, 0x1p53,
                                    0x1p60};

/* A quarter each: any bits; moderate numbers; every magnitude where the functions do their work; and numbers near the
 * places above, the limits of the reductions of exp, sin and log, nearer and nearer by powers of 2. */
static double ulp_argument(uint64_t *state) {
  const uint64_t kind = ulp_bits(state);
  const double u = ulp_uniform(state);
  if (kind % 4 == 0) return double_from_bits(ulp_bits(state));
  if (kind % 4 == 1) return 40 * u;
  if (kind % 4 == 2) return ldexp(u, (int)(kind >> 8 & 63) - 53);
  double place = ulp_places[(kind >> 32) % (sizeof ulp_places / sizeof *ulp_places)];
  const double n = (double)(kind >> 32) - 0x1p31;
  if ((kind >> 3) % 4 == 0) place = rint(n * 0x1p-20) * 0.34657359027997265;
  if ((kind >> 3) % 4 == 1) place = rint(ldexp(n, -(int)(kind >> 5 & 31))) * 0.78539816339744831;
  if ((kind >> 3) % 4 == 2) place = ldexp(0.70710678118654752, (int)(kind >> 32 & 15) - 8);
  return place * (1 + ldexp(u, -(int)(kind >> 10 & 63)));
}

/* The exponent of pow for the base x: half of them such that the power is finite and not 0. */
static double ulp_exponent(double x, uint64_t *state) {
  return ulp_bits(state) % 2 == 0 ? ulp_argument(state) : 750 * ulp_uniform(state) / log(fabs(x));
}

/* Special values with each other; then n arguments by chance, the same ones every time. */
static struct worst_f64 ulp_error_f64(const struct measured_f64 *f, uint64_t n) {
  static const double special[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 0.5, 2, -3, DBL_MIN, -DBL_MIN, DBL_MAX,
                                   -DBL_MAX, 0x1p-1074, -0x1p-1074};
  enum { SPECIAL = sizeof special / sizeof *special };
  struct worst_f64 worst = {0};
  double x[BLOCK_f64], z[BLOCK_f64];
  for (size_t i = 0; i < SPECIAL; i++) {
    for (size_t j = 0; j < SPECIAL; j++) x[j] = special[i];
    measure_f64(&worst, f, x, special, SPECIAL);
  }
  uint64_t state = 42;
  for (uint64_t done = 0; done < n; done += BLOCK_f64) {
    for (size_t i = 0; i < BLOCK_f64; i++) x[i] = ulp_argument(&state), z[i] = ulp_exponent(x[i], &state);
    measure_f64(&worst, f, x, z, BLOCK_f64);
  }
  return worst;
}
#endif

/* ---- softmax ---- */

/* The longest row, and how many are computed together, one in each column. */
enum { N(ROW) = 32, N(ROWS) = 16 };

TWO_SUM(N(wide_two_sum), wide)

/* v (n) ← the softmax of the column x; differences, and the sum of exponentials, are those of pairs. */
static void N(true_softmax)(wide *v, const real *x, size_t n) {
  real top = x[0];
  for (size_t i = 1; i < n; i++) top = x[i * N(ROWS)] > top ? x[i * N(ROWS)] : top;
  wide sum = 0, rest = 0;
  for (size_t i = 0; i < n; i++) {
    wide low, error, difference = N(wide_two_sum)(x[i * N(ROWS)], -(wide)top, &low);
    const wide e = wide_exp(difference);
    v[i] = e > 0 ? e + e * low : 0; /* above 0 low is small beside 1 */
    sum = N(wide_two_sum)(sum, v[i], &error);
    rest += error;
  }
  for (size_t i = 0; i < n; i++) v[i] /= sum + rest;
}

/* A column of n numbers: a quarter of them all equal; a quarter of any magnitudes; the others within 2^-20 to 2^11 of
 * one another, half of these around 0 and half around another number. */
static void N(softmax_column)(real *x, size_t n, uint64_t *state) {
  const uint64_t kind = ulp_bits(state);
  const double centre = kind >> 2 & 1 ? 1000 * ulp_uniform(state) : 0;
  const double spread = kind % 4 == 0 ? 0 : ldexp(0.5, (int)(kind >> 8 & 31) - 20);
  for (size_t i = 0; i < n; i++) {
    const int exponent = (int)(ulp_bits(state) % (2 * MOST_EXPONENT - 1)) - MOST_EXPONENT;
    const double u = ulp_uniform(state);
    x[i * N(ROWS)] = (real)(kind % 4 == 1 ? ldexp(u, exponent) : centre + spread * u);
  }
}

/* Of at least so many shares, of rows of 1 to ROW numbers, the same ones every time. x of the worst one is how far its
 * number is from the largest of its row. */
static struct N(worst) N(softmax_error)(uint64_t shares) {
  struct N(worst) worst = {0};
  uint64_t state = 42;
  while (worst.tried < shares) {
    real x[N(ROW) * N(ROWS)], y[N(ROW) * N(ROWS)], work[3][N(ROWS)];
    const size_t n = 1 + ulp_bits(&state) % N(ROW);
    for (size_t s = 0; s < N(ROWS); s++) N(softmax_column)(x + s, n, &state);
    N(softmax_at)[ULP_LEVEL](y, x, n, N(ROWS), N(ROWS), work[0], work[1], work[2]);
    for (size_t s = 0; s < N(ROWS); s++) {
      wide v[N(ROW)];
      N(true_softmax)(v, x + s, n);
      for (size_t i = 0; i < n; i++) {
        const double error = N(error)(y[i * N(ROWS) + s], v[i]);
        if (error > worst.error) worst.error = error, worst.x = x[i * N(ROWS) + s] - work[0][s];
      }
    }
    worst.tried += n * N(ROWS);
  }
  return worst;
}

#undef real
#undef wide
#undef wide_exp
#undef wide_log
#undef W
#undef N
#undef DIGITS
#undef LEAST_EXPONENT
#undef MOST_EXPONENT
#undef ULP_FUNCTIONS
#undef REAL_BITS
