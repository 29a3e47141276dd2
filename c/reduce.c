/* reduce.c: sums over arrays in an order that depends on sizes alone, formed in double precision for both types: the norm of
 * gradients, and the steps that tensor_reduce.c makes of. */

#define PARTIAL 16

/* Σ x[i]²: 16 partial sums, number i going to partial sum i mod 16, then halved pairwise. */
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

/* ---- down the columns ---- */

/* Numbers of PARTIALS neighbouring columns, as many registers as the level needs for them. */
typedef real K(numbers) __attribute__((ext_vector_type(PARTIALS)));
typedef double K(doubles) __attribute__((ext_vector_type(PARTIALS)));
typedef K(numbers) K(unaligned_numbers) __attribute__((aligned(REAL_BITS / 8), may_alias));
typedef K(doubles) K(unaligned_doubles) __attribute__((aligned(8), may_alias));

/* a[j] ← step(a[j], x[i·stride + j]) for the rows i = 0, 1, …, each column j on its own. Of wide rows few are read side by side. */
#define X(name, start, step)                                                                                        \
  OUT_OF_LINE void K(name##_down)(void *to, const void *from, size_t stride, size_t rows, size_t columns) {         \
    const size_t together = columns == PARTIALS ? rows : ROWS_TOGETHER;                                             \
    for (size_t first = 0; first < rows; first += together) {                                                       \
      const size_t count = size_min(together, rows - first);                                                        \
      const real *block = (const real *)from + first * stride;                                                      \
      size_t j = 0;                                                                                                 \
      for (; j + PARTIALS <= columns; j += PARTIALS) {                                                              \
        K(doubles) a = *(K(unaligned_doubles) *)((double *)to + j);                                                 \
        for (size_t i = 0; i < count; i++) {                                                                        \
          const K(numbers) number = *(const K(unaligned_numbers) *)(block + i * stride + j);                        \
          const K(doubles) x = __builtin_convertvector(number, K(doubles));                                         \
          a = step;                                                                                                 \
        }                                                                                                           \
        *(K(unaligned_doubles) *)((double *)to + j) = a;                                                            \
      }                                                                                                             \
      for (size_t i = 0; i < count; i++)                                                                            \
        for (size_t rest = j; rest < columns; rest++) {                                                             \
          const double a = ((double *)to)[rest], x = (double)block[i * stride + rest];                              \
          ((double *)to)[rest] = step;                                                                              \
        }                                                                                                           \
    }                                                                                                               \
  }
REDUCTIONS(X)
#undef X
