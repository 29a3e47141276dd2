/* c/fma.h and c/elementary.h: against the hardware, against correctly rounded values, and level against level.
 * Only the levels that this processor has are run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elementary_reference.h"

/* xorshift64*, for bit patterns. */
static uint64_t pattern(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545F4914F6CDD1Du;
}

/* How many representable numbers apart: 0 and -0 are one step, two NaNs none. */
static uint64_t steps_f64(double x, double y) {
  if (x != x || y != y) return x != x && y != y ? 0 : UINT64_MAX;
  const uint64_t minus = (uint64_t)1 << 63, a = double_bits(x), b = double_bits(y);
  const uint64_t i = a & minus ? ~a : a | minus, j = b & minus ? ~b : b | minus;
  return i > j ? i - j : j - i;
}

static uint64_t steps_f32(float x, float y) {
  if (x != x || y != y) return x != x && y != y ? 0 : UINT64_MAX;
  const uint32_t minus = 0x80000000u, a = float_bits(x), b = float_bits(y);
  const uint32_t i = a & minus ? ~a : a | minus, j = b & minus ? ~b : b | minus;
  return i > j ? i - j : j - i;
}

/* ---- fma ---- */

/* Ties, double rounding, cancellation, subnormals, overflow, signed zeros, infinities. */
static void fma_exact_is_right_in_hard_cases(void) {
  static const double known[][4] = {
      {0x1.0000000000001p0, 0x1.0000000000001p0, -0x1.0000000000002p0, 0x1p-104},
      {0x1p0, 0x1p0, 0x1p-53, 0x1p0},
      {0x1.0000000000001p0, 0x1p0, 0x1p-53, 0x1.0000000000002p0},
      {0x1p0, 0x1p0, 0x1.0000000000001p-53, 0x1.0000000000001p0},
      {0x1.8p0, 0x1p-1074, 0x0p0, 0x1p-1073},
      {0x1p-1074, 0x1p-1, 0x0p0, 0x0p0},
      {0x1p-1074, 0x1p-1, 0x1p-1074, 0x1p-1073},
      {0x1p-537, 0x1.8p-538, 0x0p0, 0x1p-1074},
      {0x1p-1022, 0x1.ffffffffffffep-1, 0x0p0, 0x1.ffffffffffffep-1023},
      {0x1p1023, 0x1p1, -0x1.fffffffffffffp1023, 0x1p971},
      {0x1p1023, 0x1p1, -0x1p970, INFINITY},
      {0x1p1023, 0x1p1, -0x1.0000000000001p970, 0x1.fffffffffffffp1023},
      {0x1p600, 0x1p600, -INFINITY, -INFINITY},
      {0x1p600, 0x1p600, -0x1p1023, INFINITY},
      {0x1p0, 0x1p0, -0x1p0, 0x0p0},
      {-0x1p-1074, 0x1p-1074, 0x0p0, -0x0p0},
      {-0x1p0, 0x0p0, -0x0p0, -0x0p0},
      {INFINITY, 0x0p0, 0x1p0, NAN},
      {INFINITY, 0x1p0, -INFINITY, NAN},
      {0x1p0, 0x1p0, NAN, NAN},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const double *k = known[i], got = fma_exact_f64(k[0], k[1], k[2]);
    CHECK(steps_f64(got, k[3]) == 0, "fma(%a, %a, %a) is %a, not %a", k[0], k[1], k[2], got, k[3]);
  }
  static const float known_f32[][4] = {
      {0x1.000002p0f, 0x1.000002p0f, -0x1.000004p0f, 0x1p-46f},
      {0x1p0f, 0x1p0f, 0x1.000002p-24f, 0x1.000002p0f},
      {0x1p0f, 0x1p0f, 0x1p-24f, 0x1p0f},
      /* In double a tie of floats, which 2^-80 decides. */
      {0x1.000002p0f, 0x1.8p-24f, 0x1p-80f, 0x1.800004p-24f},
      {0x1.001p0f, 0x1.001p0f, 0x1p-100f, 0x1.002002p0f},
      {0x1.8p-100f, 0x1p-49f, 0x0p0f, 0x1p-148f},
      {0x1p-149f, 0x1p-1f, 0x1p-149f, 0x1p-148f},
      {0x1p127f, 0x1p1f, -0x1.fffffep127f, 0x1p104f},
      {0x1p127f, 0x1p1f, -0x1p102f, INFINITY},
      {-0x1p-100f, 0x1p-100f, 0x0p0f, -0x0p0f},
      {INFINITY, 0x0p0f, 0x1p0f, NAN},
  };
  for (size_t i = 0; i < sizeof known_f32 / sizeof *known_f32; i++) {
    const float *k = known_f32[i], got = fma_exact_f32(k[0], k[1], k[2]);
    CHECK(steps_f32(got, k[3]) == 0, "fma(%a, %a, %a) is %a, not %a", (double)k[0], (double)k[1], (double)k[2],
          (double)got, (double)k[3]);
  }
}

/* ---- correctly rounded values ---- */

/* At most `bound` steps from each value: an error of 1 ulp can be 1 step from the rounded value, one of 2 ulps 2. The
 * float function is tested where the argument is a float. */
static void compare_f64(const char *name, double (*f)(double), const double (*table)[2], size_t n, uint64_t bound) {
  for (size_t i = 0; i < n; i++) {
    const double x = table[i][0], got = f(x);
    const uint64_t steps = steps_f64(got, table[i][1]);
    CHECK(steps <= bound, "%s_f64(%a) is %a, not %a", name, x, got, table[i][1]);
    CHECK(table[i][1] != 0 || steps == 0, "%s_f64(%a) is %a, not %a", name, x, got, table[i][1]);
  }
}

static void compare_f32(const char *name, float (*f)(float), const double (*table)[2], size_t n, uint64_t bound) {
  for (size_t i = 0; i < n; i++) {
    const float x = (float)table[i][0], want = (float)table[i][1];
    if ((double)x != table[i][0] && x == x) continue;
    const float got = f(x);
    CHECK(steps_f32(got, want) <= bound, "%s_f32(%a) is %a, not %a", name, (double)x, (double)got, (double)want);
  }
}

#define ONE_ARGUMENT(X) \
  X(exp, 1) X(expm1, 2) X(log, 1) X(log1p, 2) X(tanh, 2) X(sigmoid, 2) X(silu, 1) X(softplus, 2) X(normal_cdf, 2)     \
  X(normal_pdf, 2) X(gelu, 2)
#define ONE_ARGUMENT_F64(X) X(sin, 1) X(cos, 1) X(tan, 1)

/* The functions of the template are always inlined: these have addresses. */
#define ADDRESS_F64(name, bound) \
  static double name##_address_f64(double x) { return name##_f64_plain(x); }
#define ADDRESS_F32(name, bound) \
  static float name##_address_f32(float x) { return name##_f32_plain(x); }
ONE_ARGUMENT(ADDRESS_F64)
ONE_ARGUMENT_F64(ADDRESS_F64)
ONE_ARGUMENT(ADDRESS_F32)

static void elementary_functions_are_within_their_bounds(void) {
#define COMPARE_F64(name, bound) \
  compare_f64(#name, name##_address_f64, name##_reference, sizeof name##_reference / sizeof *name##_reference, bound);
#define COMPARE_F32(name, bound) \
  compare_f32(#name, name##_address_f32, name##_reference, sizeof name##_reference / sizeof *name##_reference, bound);
  ONE_ARGUMENT(COMPARE_F64)
  ONE_ARGUMENT_F64(COMPARE_F64)
  ONE_ARGUMENT(COMPARE_F32)
  for (size_t i = 0; i < sizeof pow_reference / sizeof *pow_reference; i++) {
    const double *p = pow_reference[i], got = pow_f64_plain(p[0], p[1]);
    const uint64_t steps = steps_f64(got, p[2]);
    CHECK(steps <= 1 && (p[2] != 0 || steps == 0), "pow(%a, %a) is %a, not %a", p[0], p[1], got, p[2]);
  }
}

/* ---- level against level ---- */

enum { COUNT_F32 = 12, COUNT_F64 = 16 };

#define EVERY(level)                                                                                         \
  static void every_f64_##level(double *y, double x, double z) {                                             \
    *y++ = fma_f64_##level(x, z, x + z), *y++ = exp_f64_##level(x), *y++ = expm1_f64_##level(x);             \
    *y++ = log_f64_##level(x), *y++ = log1p_f64_##level(x), *y++ = tanh_f64_##level(x);                      \
    *y++ = sigmoid_f64_##level(x), *y++ = softplus_f64_##level(x), *y++ = normal_cdf_f64_##level(x);         \
    *y++ = normal_pdf_f64_##level(x), *y++ = sin_f64_##level(x), *y++ = cos_f64_##level(x);                  \
    *y++ = tan_f64_##level(x), *y++ = pow_f64_##level(x, z);                                                 \
    *y++ = silu_f64_##level(x), *y++ = gelu_f64_##level(x);                                                  \
  }                                                                                                          \
  static void every_f32_##level(float *y, float x, float z) {                                                \
    *y++ = fma_f32_##level(x, z, x + z), *y++ = exp_f32_##level(x), *y++ = expm1_f32_##level(x);             \
    *y++ = log_f32_##level(x), *y++ = log1p_f32_##level(x), *y++ = tanh_f32_##level(x);                      \
    *y++ = sigmoid_f32_##level(x), *y++ = softplus_f32_##level(x), *y++ = normal_cdf_f32_##level(x);         \
    *y++ = normal_pdf_f32_##level(x), *y++ = silu_f32_##level(x), *y++ = gelu_f32_##level(x);                \
  }

EVERY(plain)
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target(TARGET_AVX2))), apply_to = function)
EVERY(avx2)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target(TARGET_AVX512))), apply_to = function)
EVERY(avx512)
#pragma clang attribute pop
#elif defined(__aarch64__)
EVERY(neon)
#elif defined(__wasm__)
EVERY(relaxed)
#endif

/* Half of the arguments are any bits at all, half of them moderate, where the functions do their work. */
static void every_level_gives_the_bits_of_plain(const char *level, void (*every_f64)(double *, double, double),
                                                void (*every_f32)(float *, float, float)) {
  uint64_t state = 42;
  const int count = lowest_level == GRADUS_LEVEL_PLAIN ? 100000 : 4000;
  for (int i = 0; i < count; i++) {
    const uint64_t a = pattern(&state), b = pattern(&state);
    const double scale = i % 4 == 1 ? 0x1p-62 : 0x1p-57; /* to ±2 and ±64 */
    const double x = i % 2 ? (double)(int64_t)a * scale : double_from_bits(a);
    const double z = i % 2 ? (double)(int64_t)b * scale : double_from_bits(b);
    double want[COUNT_F64], got[COUNT_F64];
    every_f64_plain(want, x, z);
    every_f64(got, x, z);
    for (int f = 0; f < COUNT_F64; f++)
      CHECK(steps_f64(got[f], want[f]) == 0, "%s, double function %d of %a, %a: %a, plain %a", level, f, x, z, got[f],
            want[f]);

    const float p = i % 2 ? (float)x : float_from_bits((uint32_t)a);
    const float q = i % 2 ? (float)z : float_from_bits((uint32_t)b);
    float want_f32[COUNT_F32], got_f32[COUNT_F32];
    every_f32_plain(want_f32, p, q);
    every_f32(got_f32, p, q);
    for (int f = 0; f < COUNT_F32; f++)
      CHECK(steps_f32(got_f32[f], want_f32[f]) == 0, "%s, float function %d of %a, %a: %a, plain %a", level, f,
            (double)p, (double)q, (double)got_f32[f], (double)want_f32[f]);
  }
}

static void elementary_test(void) {
  fma_exact_is_right_in_hard_cases();
  elementary_functions_are_within_their_bounds();
#if defined(__x86_64__)
  if (best_level() >= GRADUS_LEVEL_AVX2) every_level_gives_the_bits_of_plain("avx2", every_f64_avx2, every_f32_avx2);
  if (best_level() >= GRADUS_LEVEL_AVX512)
    every_level_gives_the_bits_of_plain("avx512", every_f64_avx512, every_f32_avx512);
#elif defined(__aarch64__)
  every_level_gives_the_bits_of_plain("neon", every_f64_neon, every_f32_neon);
#elif defined(__wasm__)
  every_level_gives_the_bits_of_plain("relaxed", every_f64_relaxed, every_f32_relaxed);
#endif
}
