/* The product at every level against three plain loops, which write down the order that c/gradus.h promises. */

static uint32_t gemm_state = 1;

static double gemm_random(void) {
  gemm_state = gemm_state * 1664525u + 1013904223u;
  return ((double)(gemm_state >> 8) - 8388608.0) / 4194304.0;
}

enum { GUARD = 7 };

static const int32_t gemm_threads[] = {1, 2, 3, 8};

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

/* One product with each operand as it is or transposed, at every level, a large one with several numbers of threads,
 * too; whatever lies outside of c must stay. */
#define COMPARE_GEMM(real, dtype)                                                                                    \
  static void compare_gemm_##real(int32_t m, int32_t n, int32_t k, int a_transposed, int b_transposed) {             \
    const int32_t size[3] = {m, n, k};                                                                               \
    const int32_t stride[5] = {a_transposed ? 1 : k, a_transposed ? m : 1, b_transposed ? 1 : n,                     \
                               b_transposed ? k : 1, n + GUARD};                                                     \
    size_t na = (size_t)m * (size_t)k, nb = (size_t)k * (size_t)n, nc = (size_t)m * (size_t)(n + GUARD) + GUARD;     \
    real *a = malloc((na + 1) * sizeof *a), *b = malloc((nb + 1) * sizeof *b);                                       \
    real *before = malloc((nc + 1) * sizeof *before), *want = malloc((nc + 1) * sizeof *want);                       \
    real *got = malloc((nc + 1) * sizeof *got);                                                                      \
    for (size_t i = 0; i < na; i++) a[i] = (real)gemm_random();                                                      \
    for (size_t i = 0; i < nb; i++) b[i] = (real)gemm_random();                                                      \
    for (size_t i = 0; i < nc; i++) before[i] = (real)gemm_random();                                                 \
    memcpy(want, before, nc * sizeof *want);                                                                         \
    plain_gemm_##real(want + GUARD, a, b, size, stride);                                                             \
    int counts = na * (size_t)n < 2 * LEAST_PRODUCTS ? 1 : 4;                                                        \
    EACH_LEVEL(level)                                                                                                \
      for (int t = 0; t < counts; t++) {                                                                             \
        gradus_threads(gemm_threads[t]);                                                                             \
        memcpy(got, before, nc * sizeof *got);                                                                       \
        int32_t status = gradus_gemm(got + GUARD, a, b, size, stride, dtype);                                        \
        CHECK(status == GRADUS_OK, "gemm(%d,%d,%d) answers %d", m, n, k, status);                                    \
        CHECK(memcmp(got, want, nc * sizeof *got) == 0,                                                              \
              "gemm " #real " (%d,%d,%d) a%s b%s differs at level %d with %d threads", m, n, k,                      \
              a_transposed ? "T" : "", b_transposed ? "T" : "", level, gemm_threads[t]);                             \
      }                                                                                                              \
    gradus_level(LEVEL_TOP);                                                                                         \
    gradus_threads(1);                                                                                               \
    free(a), free(b), free(before), free(want), free(got);                                                           \
  }
COMPARE_GEMM(float, GRADUS_DTYPE_FLOAT32)
COMPARE_GEMM(double, GRADUS_DTYPE_FLOAT64)

static void gemm_test(void) {
  static const int32_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 9, 12, 13, 14, 15, 16, 17, 31, 32, 33, 48};
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
  compare_gemm_float(61, 33, 130, 1, 0);
  compare_gemm_double(149, 32, 259, 1, 0);
  /* More than one group of panels, and of rows that share one, with a rest of each. */
  compare_gemm_float(50, 300, 32, 0, 1);
  compare_gemm_float(53, 2100, 9, 0, 1);
  compare_gemm_float(101, 70, 20, 1, 1);
  compare_gemm_double(53, 141, 300, 0, 0);
  /* A c that is larger than the second cache: one tile of rows at a time where k is small, more where it is not. */
  compare_gemm_float(67, 2099, 3, 0, 1);
  compare_gemm_double(37, 1801, 67, 0, 0);
  /* Rows of a that are far apart. */
  compare_gemm_float(101, 17, 2100, 0, 0);
  /* Shared among threads: rows, with b packed by all, and columns. */
  compare_gemm_float(211, 139, 521, 0, 0);
  compare_gemm_float(97, 131, 277, 1, 0);
  compare_gemm_double(127, 89, 149, 0, 1);
  compare_gemm_float(16411, 16, 5, 0, 0);
  /* Copied rows of a, which lies in columns: more than one block of k and of rows. */
  compare_gemm_float(103, 131, 661, 1, 0);
  compare_gemm_double(97, 131, 347, 1, 1);
  CHECK(!room_is_taken, "the room for b is given back");
}

/* c ← c + a·b is the same where somebody else has the room, so that rows of a are read in place: a in rows, in columns
 * with more than one group of panels, and neither, so that it is not copied. */
static void gemm_copies_or_not(void) {
  static const int32_t sizes[][3] = {{97, 517, 5413}, {97, 547, 517}, {97, 131, 347}};
  static const int32_t strides[][2] = {{5413, 1}, {1, 97}, {2 * 347, 2}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    const int32_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2], stride[] = {strides[s][0], strides[s][1], n, 1, n};
    const size_t na = 2 * (size_t)m * (size_t)k, nb = (size_t)k * (size_t)n, nc = (size_t)m * (size_t)n;
    double *a = malloc(na * sizeof *a), *b = malloc(nb * sizeof *b);
    double *want = malloc(nc * sizeof *want), *got = malloc(nc * sizeof *got);
    for (size_t i = 0; i < na; i++) a[i] = gemm_random();
    for (size_t i = 0; i < nb; i++) b[i] = gemm_random();
    EACH_LEVEL(level)
      for (int t = 0; t < 3 && level != GRADUS_LEVEL_PLAIN; t++) { /* in place, copied, copied by three threads */
        double *c = t == 0 ? want : got;
        for (size_t i = 0; i < nc; i++) c[i] = (double)i;
        room_is_taken = t == 0;
        memset(room, 0, sizeof(double));
        gradus_threads(t == 2 ? 3 : 1);
        gradus_gemm(c, a, b, sizes[s], stride, GRADUS_DTYPE_FLOAT64);
        room_is_taken = 0;
        static const unsigned char unused[sizeof(double)];
        const int packs = memcmp(room, unused, sizeof unused) != 0;
        CHECK(packs == (t > 0 && s < 2), "(%d,%d,%d), way %d: packs in the room: %d", m, n, k, t, packs);
        CHECK(t == 0 || memcmp(got, want, nc * sizeof *got) == 0, "(%d,%d,%d) differs at level %d, way %d", m, n, k,
              level, t);
      }
    gradus_level(LEVEL_TOP);
    gradus_threads(1);
    free(a), free(b), free(want), free(got);
  }
}

/* What has been done with the blocks of a product, and what they should be when it is. */
struct gemm_blocks {
  const float *c, *want;
  size_t cr;
  uint8_t *times;
  int32_t early, uneven;
};

static void gemm_note(const void *context, size_t row, size_t column, size_t rows_end, size_t columns_end) {
  struct gemm_blocks *blocks = *(struct gemm_blocks *const *)context;
  if (column % 16 != 0) __atomic_add_fetch(&blocks->uneven, 1, __ATOMIC_RELAXED);
  for (size_t i = row; i < rows_end; i++)
    for (size_t j = column; j < columns_end; j++) {
      size_t at = i * blocks->cr + j;
      if (blocks->c[at] < blocks->want[at] || blocks->c[at] > blocks->want[at])
        __atomic_add_fetch(&blocks->early, 1, __ATOMIC_RELAXED);
      __atomic_add_fetch(&blocks->times[at], 1, __ATOMIC_RELAXED);
    }
}

/* c ← bias + a·b, or a·b, whose elements are each finished once, and not before they are there, in blocks that begin at
 * multiples of 16 columns: on one thread, on three, and at the lowest level, whose panels are narrow. */
static void gemm_finishes_every_element_once(void) {
  static const size_t sizes[][3] = {{13, 16, 2100}, {97, 83, 530}, {61, 1000, 20}, {16411, 16, 5}, {70, 1999, 4},
                                   {5, 600, 128}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (int how = 0; how < 6; how++) {
      size_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
      float *a = malloc(m * k * sizeof *a), *b = malloc(k * n * sizeof *b), *bias = malloc(m * sizeof *bias);
      float *c = malloc(m * n * sizeof *c), *want = malloc(m * n * sizeof *want);
      for (size_t i = 0; i < m * k; i++) a[i] = (float)gemm_random();
      for (size_t i = 0; i < k * n; i++) b[i] = (float)gemm_random();
      for (size_t i = 0; i < m; i++) bias[i] = (float)gemm_random();
      for (size_t i = 0; i < m * n; i++) want[i] = how % 2 ? bias[i / n] : 0, c[i] = NAN;
      const int32_t size[] = {(int32_t)m, (int32_t)n, (int32_t)k}, stride[] = {size[2], 1, size[1], 1, size[1]};
      gradus_gemm(want, a, b, size, stride, GRADUS_DTYPE_FLOAT32);
      struct gemm_blocks blocks = {c, want, n, calloc(m * n, 1), 0, 0}, *context = &blocks;
      gradus_threads(how / 2 ? 3 : 1);
      if (how / 2 == 2) gradus_level(GRADUS_LEVEL_PLAIN);
      const struct kernels_f32 *kernels = entries_for(GRADUS_DTYPE_FLOAT32)->kernels;
      kernels->gemm(&(struct product_f32){
          .c = c, .cr = n, .a = a, .ar = k, .ac = 1, .b = b, .br = n, .bc = 1, .m = m, .n = n, .k = k,
          .start = how % 2 ? START_BIAS : START_ZERO, .bias = how % 2 ? bias : NULL,
          .finish = gemm_note, .context = &context,
      });
      gradus_threads(1);
      gradus_level(LEVEL_TOP);
      CHECK(memcmp(c, want, m * n * sizeof *c) == 0, "(%zu,%zu,%zu), way %d, differs", m, n, k, how);
      size_t wrong = 0;
      for (size_t i = 0; i < m * n; i++) wrong += blocks.times[i] != 1;
      CHECK(wrong == 0, "(%zu,%zu,%zu), way %d: %zu were not finished once", m, n, k, how, wrong);
      CHECK(blocks.early == 0, "(%zu,%zu,%zu), way %d: %d were finished too early", m, n, k, how, blocks.early);
      CHECK(blocks.uneven == 0, "(%zu,%zu,%zu), way %d: %d blocks begin in between", m, n, k, how, blocks.uneven);
      free(a), free(b), free(bias), free(c), free(want), free(blocks.times);
    }
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
