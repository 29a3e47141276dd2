/* Every elementary function stays within its bound, on a sample: bench/ulp.c measures it on every float. */
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
