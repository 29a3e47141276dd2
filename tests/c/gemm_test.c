/* The product at every level against three plain loops, which write down the order that c/gradus.h promises. */

static uint32_t gemm_state = 1;

static double gemm_random(void) {
  gemm_state = gemm_state * 1664525u + 1013904223u;
  return ((double)(gemm_state >> 8) - 8388608.0) / 4194304.0;
}

enum { GUARD = 7 };

/* c ← c + a·b with c[i,j] = fma(a[i,0], b[0,j], c[i,j]), then k = 1, 2, … */
#define PLAIN_GEMM(real, fma)                                                                                       \
  static void plain_gemm_##real(real *c, const real *a, const real *b, const int32_t *size, const int32_t *stride) { \
    for (int i = 0; i < size[0]; i++)                                                                                \
      for (int j = 0; j < size[1]; j++)                                                                              \
        for (int p = 0; p < size[2]; p++)                                                                            \
          c[i * stride[4] + j] =                                                                                     \
              fma(a[i * stride[0] + p * stride[1]], b[p * stride[2] + j * stride[3]], c[i * stride[4] + j]);         \
  }
PLAIN_GEMM(float, fma_exact_f32)
PLAIN_GEMM(double, fma_exact_f64)

/* One product with each operand as it is or transposed; whatever lies outside of c must stay. */
#define COMPARE_GEMM(real, dtype)                                                                                  \
  static void compare_gemm_##real(int32_t m, int32_t n, int32_t k, int a_transposed, int b_transposed) {            \
    const int32_t size[3] = {m, n, k};                                                                              \
    const int32_t stride[5] = {a_transposed ? 1 : k, a_transposed ? m : 1, b_transposed ? 1 : n,                    \
                               b_transposed ? k : 1, n + GUARD};                                                    \
    size_t na = (size_t)m * (size_t)k, nb = (size_t)k * (size_t)n, nc = (size_t)m * (size_t)(n + GUARD);            \
    real *a = malloc((na + 1) * sizeof *a), *b = malloc((nb + 1) * sizeof *b);                                      \
    real *before = malloc((nc + 1) * sizeof *before), *want = malloc((nc + 1) * sizeof *want);                      \
    real *got = malloc((nc + 1) * sizeof *got);                                                                     \
    for (size_t i = 0; i < na; i++) a[i] = (real)gemm_random();                                                     \
    for (size_t i = 0; i < nb; i++) b[i] = (real)gemm_random();                                                     \
    for (size_t i = 0; i < nc; i++) before[i] = (real)gemm_random();                                                \
    memcpy(want, before, nc * sizeof *want);                                                                        \
    plain_gemm_##real(want, a, b, size, stride);                                                                    \
    for (int32_t limit = GRADUS_LEVEL_PLAIN; limit <= LEVEL_TOP; limit++) {                               \
      gradus_level(limit);                                                                                          \
      memcpy(got, before, nc * sizeof *got);                                                                        \
      int32_t status = gradus_gemm(got, a, b, size, stride, dtype);                                                 \
      CHECK(status == GRADUS_OK, "gemm(%d,%d,%d) answers %d", m, n, k, status);                                     \
      CHECK(memcmp(got, want, nc * sizeof *got) == 0, "gemm " #real " (%d,%d,%d) a%s b%s differs at level %d", m, n, \
            k, a_transposed ? "T" : "", b_transposed ? "T" : "", limit);                                            \
    }                                                                                                               \
    gradus_level(LEVEL_TOP);                                                                              \
    free(a), free(b), free(before), free(want), free(got);                                                          \
  }
COMPARE_GEMM(float, GRADUS_DTYPE_FLOAT32)
COMPARE_GEMM(double, GRADUS_DTYPE_FLOAT64)

static void gemm_test(void) {
  static const int32_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 12, 13, 16, 17, 31, 33, 48};
  enum { COUNT = sizeof sizes / sizeof *sizes };
  for (int i = 0; i < COUNT; i++)
    for (int j = 0; j < COUNT; j++) {
      int32_t k = sizes[(i * 5 + j * 3) % COUNT];
      compare_gemm_float(sizes[i], sizes[j], k, i % 2, j % 2);
      compare_gemm_double(sizes[i], sizes[j], k, j % 2, i % 2);
    }
  /* More than one block of k. */
  compare_gemm_float(14, 37, 515, 0, 1);
  compare_gemm_float(30, 32, 530, 0, 0);
  compare_gemm_float(3, 16, 513, 1, 0);
  compare_gemm_double(5, 19, 600, 0, 1);
  /* More than one block of k where b is read in place, and where a is read down its columns. */
  compare_gemm_float(13, 32, 2100, 0, 0);
  compare_gemm_double(7, 16, 2060, 0, 0);
  compare_gemm_float(61, 33, 70, 1, 0);
  /* More than one group of panels, and of rows that share one, with a rest of each. */
  compare_gemm_float(50, 300, 32, 0, 1);
  compare_gemm_float(53, 2100, 9, 0, 1);
  compare_gemm_float(101, 70, 20, 1, 1);
  compare_gemm_double(53, 141, 300, 0, 0);
}

static void gemm_refuses_bad_arguments(void) {
  float x[4] = {1, 2, 3, 4};
  const int32_t size[3] = {2, 2, 2}, negative[3] = {2, -1, 2}, stride[5] = {2, 1, 2, 1, 2}, narrow[5] = {2, 1, 2, 1, 1};
  CHECK(gradus_gemm(x, x, x, negative, stride, GRADUS_DTYPE_FLOAT32) == GRADUS_ARGUMENT, "a negative size is refused");
  CHECK(gradus_gemm(x, x, x, size, narrow, GRADUS_DTYPE_FLOAT32) == GRADUS_ARGUMENT, "rows that overlap are refused");
  CHECK(gradus_gemm(x, x, x, size, stride, 2) == GRADUS_ARGUMENT, "an unknown dtype is refused");
  CHECK(gradus_gemm(NULL, x, x, size, stride, GRADUS_DTYPE_FLOAT32) == GRADUS_ARGUMENT, "a missing array is refused");
  CHECK(x[0] == 1 && x[3] == 4, "nothing was written");
}
