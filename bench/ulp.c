/* How far are the elementary functions from the true values?
 *
 *   deno task bench:ulp
 *
 * Every float and 40 million doubles, function by function, and softmax of rows, against the C library (tests/c/ulp.h).
 * Prints a table; exits with 1 if a function misses its bound. */
#include "gradus.c"

#include <stdio.h>

#define REAL_BITS 32
#include "../tests/c/ulp.h"
#define REAL_BITS 64
#include "../tests/c/ulp.h"

enum { DOUBLES = 40000000, SHARES = 10000000 };

static int misses;

static void print_row(const char *name, const char *type, double error, double bound, const char *where,
                      uint64_t tried) {
  static const char *const names[] = {"plain", "neon", "avx2", "avx512", "simd128", "relaxed"};
  if (!(error < bound)) misses++;
  printf("| %-10s | %-6s | %-6s | %-6.3g | %-5g | %-22s | %llu |\n", name, type, names[ULP_LEVEL], error, bound, where,
         (unsigned long long)tried);
}

int main(void) {
  char where[64];
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("| function   | type   | level  | error  | bound | at                     | arguments |\n");
  printf("| ---------- | ------ | ------ | ------ | ----- | ---------------------- | --------- |\n");
  for (size_t i = 0; i < MEASURED_f32; i++) {
    const struct measured_f32 *f = &measured_f32[i];
    const struct worst_f32 worst = ulp_error_f32(f, 1);
    snprintf(where, sizeof where, "%a", (double)worst.x);
    print_row(f->name, "float", worst.error, f->bound, where, worst.tried);
  }
  const struct worst_f32 single = softmax_error_f32(SHARES);
  snprintf(where, sizeof where, "%a", (double)single.x);
  print_row("softmax", "float", single.error, ULP_SOFTMAX, where, single.tried);
  if (!ulp_f64_is_measurable()) printf("\nlong double has no 64 bits here: no function of double was measured\n");
  for (size_t i = 0; i < MEASURED_f64 && ulp_f64_is_measurable(); i++) {
    const struct measured_f64 *f = &measured_f64[i];
    const struct worst_f64 worst = ulp_error_f64(f, DOUBLES);
    snprintf(where, sizeof where, "%a", worst.x);
    print_row(f->name, "double", worst.error, f->bound, where, worst.tried);
  }
  if (ulp_f64_is_measurable()) {
    const struct worst_f64 twice = softmax_error_f64(SHARES);
    snprintf(where, sizeof where, "%a", twice.x);
    print_row("softmax", "double", twice.error, ULP_SOFTMAX, where, twice.tried);
  }
  return misses > 0;
}
