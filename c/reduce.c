/* reduce.c: sums over arrays in one order that depends on n alone: 16 partial sums, number i going to partial sum i mod
 * 16, then halved pairwise. Sums are formed in double precision for both types. */

#define PARTIAL 16

/* Σ x[i]². */
OUT_OF_LINE double K(sum_of_squares)(const real *x, size_t n) {
  double partial[PARTIAL] = {0};
  size_t whole = n - n % PARTIAL;
  for (size_t i = 0; i < whole; i += PARTIAL)
    for (size_t j = 0; j < PARTIAL; j++) partial[j] += (double)x[i + j] * (double)x[i + j];
  for (size_t j = 0; j < n - whole; j++) partial[j] += (double)x[whole + j] * (double)x[whole + j];
  for (size_t half = PARTIAL / 2; half > 0; half /= 2)
    for (size_t j = 0; j < half; j++) partial[j] += partial[j + half];
  return partial[0];
}

#undef PARTIAL

LOCAL double K(norm_entry)(const void *x, size_t n) { return K64(sqrt)(K(sum_of_squares)(x, n)); }

LOCAL void K(scale_array)(real *x, real factor, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] *= factor;
}

LOCAL void K(scale_entry)(void *x, double factor, size_t n) { K(scale_array)(x, (real)factor, n); }
