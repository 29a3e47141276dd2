/* Every elementary function, and softmax, stays within its bound, on a sample: bench/ulp.c measures every float. */
#define REAL_BITS 32
#include "ulp.h"
#define REAL_BITS 64
#include "ulp.h"

/* Every 4099th float: a million, of all signs and exponents; a tenth of them where fma is emulated, which is slow. */
static void float_functions_are_within_their_bounds(void) {
  const uint32_t step = ULP_LEVEL == GRADUS_LEVEL_PLAIN ? 40961 : 4099;
  for (size_t i = 0; i < MEASURED_f32; i++) {
    const struct measured_f32 *f = &measured_f32[i];
    const struct worst_f32 worst = ulp_error_f32(f, step);
    CHECK(worst.error < f->bound, "%s_f32(%a) is wrong by %g ulp", f->name, (double)worst.x, worst.error);
  }
}

static void double_functions_are_within_their_bounds(void) {
  for (size_t i = 0; i < MEASURED_f64 && ulp_f64_is_measurable(); i++) {
    const struct measured_f64 *f = &measured_f64[i];
    const struct worst_f64 worst = ulp_error_f64(f, 100000);
    CHECK(worst.error < f->bound, "%s_f64(%a, %a) is wrong by %g ulp", f->name, worst.x, worst.z, worst.error);
  }
}

static void softmax_is_within_its_bound(void) {
  const uint64_t shares = ULP_LEVEL == GRADUS_LEVEL_PLAIN ? 20000 : 200000;
  const struct worst_f32 single = softmax_error_f32(shares);
  CHECK(single.error < ULP_SOFTMAX, "softmax_f32 is wrong by %g ulp, %a below the largest", single.error,
        (double)-single.x);
  if (!ulp_f64_is_measurable()) return;
  const struct worst_f64 twice = softmax_error_f64(shares);
  CHECK(twice.error < ULP_SOFTMAX, "softmax_f64 is wrong by %g ulp, %a below the largest", twice.error, -twice.x);
}
