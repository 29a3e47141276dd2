/* vector.h: a vector of the level's width, with just what the product needs, and the turning of rows into columns.
 * Everything else is plain loops that the compiler vectorises, since each element is computed on its own. */
#define LANES (VECTOR_BYTES / (REAL_BITS / 8))

/* Before a loop over the vectors of a tile: only unrolled loops keep them in registers. */
#ifndef UNROLL
#define UNROLL _Pragma("clang loop unroll(full)")
#endif

typedef real K(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef K(vector) K(unaligned) __attribute__((aligned(REAL_BITS / 8), may_alias));

INLINE K(vector) K(load)(const real *from) { return *(const K(unaligned) *)from; }

INLINE void K(store)(real *to, K(vector) x) { *(K(unaligned) *)to = x; }

/* x - 0, since 0 + x would lose the sign of -0. */
INLINE K(vector) K(splat)(real x) { return x - (K(vector)){0}; }

INLINE K(vector) K(vector_fma)(K(vector) a, K(vector) b, K(vector) c) {
#if LEVEL_FMA == FMA_EMULATED
  for (int i = 0; i < LANES; i++) c[i] = K(fma)(a[i], b[i], c[i]);
  return c;
#elif LEVEL_FMA == FMA_CONTRACTED
#pragma clang fp contract(on)
  return a * b + c;
#else
  return __builtin_elementwise_fma(a, b, c);
#endif
}

/* Four vectors of four at a time, in every level and type: enough to keep moving data well below the arithmetic. */
#define QUAD 4

typedef real K(quad) __attribute__((vector_size(QUAD * REAL_BITS / 8)));
typedef K(quad) K(unaligned_quad) __attribute__((aligned(REAL_BITS / 8), may_alias));

/* to[j][i] = row[i][from + j]. */
INLINE void K(turn_in_registers)(K(quad) to[QUAD], const real *const row[QUAD], size_t from) {
  K(quad) a = *(const K(unaligned_quad) *)(row[0] + from), b = *(const K(unaligned_quad) *)(row[1] + from);
  K(quad) c = *(const K(unaligned_quad) *)(row[2] + from), d = *(const K(unaligned_quad) *)(row[3] + from);
  K(quad) ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  K(quad) cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  to[0] = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  to[1] = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  to[2] = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
  to[3] = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}

/* to[j·step + i] = row[i][from + j] for the four rows i and all j < n. */
INLINE void K(turn_quad)(real *restrict to, size_t step, const real *const row[QUAD], size_t from, size_t n) {
  const real *const at[QUAD] = {row[0] + from, row[1] + from, row[2] + from, row[3] + from};
  size_t j = 0;
  for (; j + QUAD <= n; j += QUAD) {
    K(quad) turned[QUAD];
    K(turn_in_registers)(turned, at, j);
    UNROLL for (size_t i = 0; i < QUAD; i++) *(K(unaligned_quad) *)(to + (j + i) * step) = turned[i];
  }
  for (; j < n; j++)
    for (size_t i = 0; i < QUAD; i++) to[j * step + i] = at[i][j];
}

/* to[j·step + i] = from[i·from_step + j] for i < rows, j < n. */
OUT_OF_LINE void K(turn)(real *restrict to, size_t step, const real *restrict from, size_t from_step, size_t rows,
                         size_t n) {
  size_t i = 0;
  for (; i + QUAD <= rows; i += QUAD) {
    const real *r = from + i * from_step, *row[QUAD] = {r, r + from_step, r + 2 * from_step, r + 3 * from_step};
    K(turn_quad)(to + i, step, row, 0, n);
  }
  for (; i < rows; i++)
    REST for (size_t j = 0; j < n; j++) to[j * step + i] = from[i * from_step + j];
}
