/* reduce.c: sums over arrays in an order that depends on sizes alone, formed in double precision for both types: the
 * norm of gradients, and the steps that tensor_reduce.c makes of. */

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

/* db[o] ← start + Σ_s dz[o,s], sample by sample: of eight outputs, which are independent chains, turned so that a
 * vector holds a sample of four. So up to seven rows and three columns behind those of dz are read, and not used. */
LOCAL void K(bias_gradient)(real *restrict db, const real *restrict dz, size_t nout, size_t stride, size_t columns,
                            enum gemm_start start) {
  enum { QUADS = 2, TOGETHER = QUADS * QUAD };
  for (size_t o = 0; o < nout; o += TOGETHER, dz += TOGETHER * stride) {
    size_t bytes = size_min(TOGETHER, nout - o) * sizeof(real);
    K(quad) sum[QUADS] = {0}, sample[QUADS][QUAD];
    if (start == START_C) memcpy(sum, db + o, bytes);
    for (size_t s = 0; s < columns; s += QUAD) {
      UNROLL for (size_t q = 0; q < QUADS; q++) {
        const real *r = dz + q * QUAD * stride, *row[QUAD] = {r, r + stride, r + 2 * stride, r + 3 * stride};
        K(turn_in_registers)(sample[q], row, s);
      }
      UNROLL for (size_t i = 0; i < QUAD; i++) {
        if (s + i < columns) UNROLL for (int q = 0; q < QUADS; q++) sum[q] += sample[q][i];
      }
    }
    memcpy(db + o, sum, bytes);
  }
}

LOCAL void K(scale_array)(real *x, real factor, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] *= factor;
}

LOCAL void K(scale_entry)(void *x, double factor, size_t n) { K(scale_array)(x, (real)factor, n); }

#ifdef HAS_SCALARS
/* ---- down the columns ---- */

/* Numbers of PARTIALS neighbouring columns, as many registers as the level needs for them. */
typedef real K(numbers) __attribute__((ext_vector_type(PARTIALS)));
typedef double K(doubles) __attribute__((ext_vector_type(PARTIALS)));
typedef ibits K(masks) __attribute__((ext_vector_type(PARTIALS)));
typedef ibits K(few_masks) __attribute__((ext_vector_type(PARTIALS / 4)));
typedef K(numbers) K(unaligned_numbers) __attribute__((aligned(REAL_BITS / 8), may_alias));
typedef K(doubles) K(unaligned_doubles) __attribute__((aligned(8), may_alias));

#define NUMBERS(from) (*(const K(unaligned_numbers) *)(from))
#define DOUBLES(from) __builtin_convertvector(NUMBERS(from), K(doubles))
#define RESULTS(to) (*(K(unaligned_doubles) *)(to))

#if LEVEL_FMA == FMA_EMULATED
#define IN_VECTORS 0 /* for size, as all of that level */
#else
#define IN_VECTORS 1
#endif

#if LEVEL_FMA == FMA_INSTRUCTION && REAL_BITS == 32
/* a + x·z where x·z is exact: the same bits as of a sum, but another unit of the processor than that which converts. */
#define PLUS(a, x, z) __builtin_elementwise_fma(x, z, a)
#define PLUS_ONCE(a, x, one) PLUS(a, x, one)
#else
#define PLUS(a, x, z) ((a) + (x) * (z))
#define PLUS_ONCE(a, x, one) ((void)(one), (a) + (x))
#endif

/* Numbers that lie ahead of PARTIALS ones. */
#define FETCH(from)                                                                                                    \
  for (size_t line = 0; line < PARTIALS; line += 64 / sizeof(real)) __builtin_prefetch((from) + line)

/* a[j] ← step(a[j], x[i·stride + j]) for the rows i = 0, 1, …, each column j on its own; in vectors by what `loop`
 * does to a from i = 0 to count-1. Of wide rows few are read side by side. */
#define DOWN(name, loop, step)                                                                                         \
  OUT_OF_LINE void K(name##_down)(void *results, const void *from, size_t stride, size_t rows, size_t columns) {       \
    const size_t together = columns == PARTIALS ? rows : ROWS_TOGETHER;                                                \
    const size_t ahead = columns == PARTIALS ? AHEAD / sizeof(real) : 0;                                               \
    (void)ahead;                                                                                                       \
    double *to = results;                                                                                              \
    for (size_t first = 0; first < rows; first += together) {                                                          \
      const real *block = (const real *)from + first * stride;                                                         \
      size_t count = size_min(together, rows - first), j = 0;                                                          \
      for (; IN_VECTORS && j + PARTIALS <= columns; j += PARTIALS) loop;                                               \
      for (size_t i = 0; i < count; i++)                                                                               \
        REST for (size_t rest = j; rest < columns; rest++) {                                                           \
          const double a = to[rest], x = (double)block[i * stride + rest];                                             \
          to[rest] = step;                                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
  }

#define SUMS(step)                                                                                                     \
  {                                                                                                                    \
    const K(doubles) one = (double)exactly_one - (K(doubles)){0};                                                      \
    K(doubles) a = RESULTS(to + j);                                                                                    \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const real *row = block + i * stride + j;                                                                        \
      const K(doubles) x = DOUBLES(row);                                                                               \
      FETCH(row + ahead);                                                                                              \
      a = step;                                                                                                        \
    }                                                                                                                  \
    (void)one;                                                                                                         \
    RESULTS(to + j) = a;                                                                                               \
  }

/* The larger or smaller one, in the numbers' own type, which does not change them; unless there is a NaN: number by
 * number then. */
#define EXTREMES(is_beyond)                                                                                            \
  {                                                                                                                    \
    K(numbers) a = __builtin_convertvector(RESULTS(to + j), K(numbers));                                               \
    K(few_masks) is_nan = {0};                                                                                         \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const real *row = block + i * stride + j;                                                                        \
      const K(numbers) x = NUMBERS(row);                                                                               \
      FETCH(row + ahead);                                                                                              \
      const K(masks) take = (K(masks))(x is_beyond a), nan = (K(masks))(x != x);                                       \
      a = (K(numbers))((take & (K(masks))x) | (~take & (K(masks))a));                                                  \
      is_nan |= nan.lo.lo | nan.lo.hi | nan.hi.lo | nan.hi.hi;                                                         \
    }                                                                                                                  \
    if (__builtin_reduce_or(is_nan)) break;                                                                            \
    RESULTS(to + j) = __builtin_convertvector(a, K(doubles));                                                          \
  }

DOWN(sum, SUMS(PLUS_ONCE(a, x, one)), a + x)
DOWN(sum_squares, SUMS(PLUS(a, x, x)), a + x * x)
DOWN(prod, SUMS(a * x), a * x)
DOWN(max, EXTREMES(>), x > a || x != x ? x : a)
DOWN(min, EXTREMES(<), x < a || x != x ? x : a)

#undef DOWN
#undef SUMS
#undef EXTREMES
#undef PLUS
#undef PLUS_ONCE
#undef FETCH

/* ---- along a row ---- */

/* Σ x */
INLINE double K(row_sum)(const real *x, size_t n) { return row_of(K(sum_down), halved_sum, 0, x, sizeof(real), n); }

/* The largest, or NaN if there is any. */
INLINE real K(row_max)(const real *x, size_t n) {
  return (real)row_of(K(max_down), halved_max, -__builtin_inf(), x, sizeof(real), n);
}

/* Σ (x − c)·(z − c) */
OUT_OF_LINE double K(row_dot)(const real *x, const real *z, double c, size_t n) {
  double partial[PARTIALS] = {0};
  size_t j = 0;
  if (IN_VECTORS) {
    K(doubles) sum = {0};
    for (; j + PARTIALS <= n; j += PARTIALS) sum += (DOUBLES(x + j) - c) * (DOUBLES(z + j) - c);
    memcpy(partial, &sum, sizeof partial);
  }
  REST for (; j < n; j++) partial[j % PARTIALS] += ((double)x[j] - c) * ((double)z[j] - c);
  return halved_sum(partial);
}

#undef NUMBERS
#undef DOUBLES
#undef RESULTS
#undef IN_VECTORS
#endif
