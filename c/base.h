/* base.h: what every file of the library builds on. Nothing allocates memory, here or anywhere: arrays are the
 * caller's. */
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
/* Where copies would make the library larger and nothing faster. Loops over several arrays are such functions: taken up
 * by others they would lose what `restrict` says, and get a second version for arrays that overlap. */
#define OUT_OF_LINE static __attribute__((noinline, unused))

/* Before a loop that is so short, and runs so often, that where it lies within the lines of the cache counts. No other
 * loop is aligned: filling up before each of them would make the library 3 % larger. */
#define ALIGNED __attribute__((code_align(32)))

#define CONCAT4_(a, b, c, d) a##b##c##d
#define CONCAT4(a, b, c, d) CONCAT4_(a, b, c, d)

/* Before a loop that is not worth vectors: what is left of a block, or what memory or another instruction limits. */
#define REST _Pragma("clang loop vectorize(disable)")

/* How a level has a·b + c: as an instruction, by calling fma.h, or as kernels/wasm.c tells. */
#define FMA_INSTRUCTION 0
#define FMA_EMULATED 1
#define FMA_CONTRACTED 2

/* Elements that go through operations together, at most: a few strips of so many numbers fit into the first caches. */
#define STRIP_MAX 256

/* y[i] = op(a[i], b[i]) for i < n, which is a multiple of 16, in one type, or to bytes where that is said; b only of
 * binary operations. `numbers` tells which operands are one number instead, the same for all i: LEFT_NUMBER,
 * RIGHT_NUMBER or both. */
typedef void strip_function(uint32_t op, void *y, const void *a, const void *b, uint32_t numbers, size_t n);
#define LEFT_NUMBER 1u
#define RIGHT_NUMBER 2u

INLINE size_t size_min(size_t a, size_t b) { return a < b ? a : b; }

INLINE size_t size_max(size_t a, size_t b) { return a > b ? a : b; }

INLINE size_t round_up(size_t n, size_t step) { return (n + step - 1) / step * step; }

/* n, which is a multiple of 16 and not 0, so that the compiler knows: the loops over a network's columns need no second
 * one for a rest, which would make the library a quarter larger. */
INLINE size_t whole(size_t n) {
  if (n < 16) __builtin_unreachable();
  return n & ~(size_t)15;
}

#endif
