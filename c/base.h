/* base.h: what every file of the library builds on. No memory is allocated here or anywhere: arrays are the caller's. */
#ifndef GRADUS_BASE_H
#define GRADUS_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GRADUS_BUILD
#include "gradus.h"

/* The first line of every exported function: refuse before anything is written. */
#define REQUIRE(condition) \
  do {                     \
    if (!(condition)) return GRADUS_ARGUMENT; \
  } while (0)

#define INLINE static inline __attribute__((always_inline, unused))
#define LOCAL static __attribute__((unused))
#define OUT_OF_LINE static __attribute__((noinline, unused)) /* where copies would make the library larger and nothing faster */

#define CONCAT4_(a, b, c, d) a##b##c##d
#define CONCAT4(a, b, c, d) CONCAT4_(a, b, c, d)

/* How a level has a·b + c: as an instruction, by calling fma.h, or as kernels/wasm.c tells. */
#define FMA_INSTRUCTION 0
#define FMA_EMULATED 1
#define FMA_CONTRACTED 2

/* Elements that go through operations together, at most: a few strips of so many numbers fit into the first caches. */
#define STRIP_MAX 256

/* y[i] = op(a[i], b[i]) for i < n, which is a multiple of 16, in one type; b only of binary operations. `numbers` tells which
 * operands are one number instead, the same for all i: LEFT_NUMBER, RIGHT_NUMBER or both. */
typedef void strip_function(uint32_t op, void *y, const void *a, const void *b, uint32_t numbers, size_t n);
#define LEFT_NUMBER 1u
#define RIGHT_NUMBER 2u

INLINE size_t size_min(size_t a, size_t b) { return a < b ? a : b; }

INLINE size_t size_max(size_t a, size_t b) { return a > b ? a : b; }

INLINE size_t round_up(size_t n, size_t step) { return (n + step - 1) / step * step; }

/* n, which is a multiple of 16, so that the compiler knows: loops over columns and strips need no second one for a rest, which
 * would make the library a quarter larger. */
INLINE size_t whole(size_t n) { return n & ~(size_t)15; }

/* The same of an n that is not 0: where a vector has 16 numbers, a loop need not do with fewer. */
INLINE size_t whole_strip(size_t n) {
  __builtin_assume(n >= 16);
  return whole(n);
}

#endif
