/* vector.h: a vector of the level's width, with just what the product needs. Everything else is plain loops that the compiler
 * vectorises, since each element is computed on its own. */
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
#if LEVEL_HAS_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  for (int i = 0; i < LANES; i++) c[i] = K(fma)(a[i], b[i], c[i]);
  return c;
#endif
}
