/* tensor_index.c: what moves elements by their numbers: gather, scatter and sort. Compiled once, since the memory decides
 * how long that takes. */
#include "base.h"

static size_t element_bytes(int32_t type) {
  switch (type) {
    case GRADUS_ELEMENT_FLOAT64:
    case GRADUS_ELEMENT_INT64: return 8;
    case GRADUS_ELEMENT_FLOAT32:
    case GRADUS_ELEMENT_INT32:
    case GRADUS_ELEMENT_UINT32: return 4;
    case GRADUS_ELEMENT_FLOAT16:
    case GRADUS_ELEMENT_BFLOAT16:
    case GRADUS_ELEMENT_INT16:
    case GRADUS_ELEMENT_UINT16: return 2;
    case GRADUS_ELEMENT_INT8:
    case GRADUS_ELEMENT_UINT8:
    case GRADUS_ELEMENT_BOOL: return 1;
    default: return 0;
  }
}

OUT_OF_LINE int none_is_negative(const int32_t *number, size_t n) {
  int32_t all = 0;
  for (size_t i = 0; i < n; i++) all |= number[i];
  return all >= 0;
}

/* ---- gather and scatter ---- */

/* y[i,·] ← x[index[i]·bytes …], blocks of `bytes` bytes; a constant number of them is inlined. */
INLINE void gather_blocks(char *y, const char *x, const int32_t *index, size_t element, size_t bytes, size_t count) {
  for (size_t i = 0; i < count; i++) memcpy(y + i * bytes, x + (size_t)index[i] * element, bytes);
}

INLINE void scatter_blocks(char *y, const char *x, const int32_t *index, size_t element, size_t bytes, size_t count) {
  for (size_t i = 0; i < count; i++) memcpy(y + (size_t)index[i] * element, x + i * bytes, bytes);
}

#define X(name)                                                                                                       \
  static void name(char *y, const char *x, const int32_t *index, size_t element, size_t block, size_t count) {        \
    if (block == 1 && element == 4) name##_blocks(y, x, index, 4, 4, count);                                          \
    else if (block == 1 && element == 8) name##_blocks(y, x, index, 8, 8, count);                                     \
    else name##_blocks(y, x, index, element, element * block, count);                                                 \
  }
X(gather)
X(scatter)
#undef X

/* y[index[i] + j] ← y[index[i] + j] + x[i,j]; integers of n bits as unsigned ones, which wrap around. */
#define X(name, type)                                                                                                 \
  static void scatter_add_##name(void *to, const void *from, const int32_t *index, size_t block, size_t count) {      \
    const type *x = from;                                                                                             \
    for (size_t i = 0; i < count; i++) {                                                                              \
      type *restrict y = (type *)to + index[i];                                                                       \
      for (size_t j = 0; j < block; j++) y[j] = (type)(y[j] + x[i * block + j]);                                      \
    }                                                                                                                 \
  }
X(f32, float)
X(f64, double)
X(i64, uint64_t)
X(i32, uint32_t)
X(i16, uint16_t)
X(i8, uint8_t)
#undef X

typedef void scatter_add(void *y, const void *x, const int32_t *index, size_t block, size_t count);

/* NULL where elements of that type are not added. */
static scatter_add *scatter_add_of(int32_t type) {
  switch (type) {
    case GRADUS_ELEMENT_FLOAT32: return scatter_add_f32;
    case GRADUS_ELEMENT_FLOAT64: return scatter_add_f64;
    case GRADUS_ELEMENT_INT64: return scatter_add_i64;
    case GRADUS_ELEMENT_INT32:
    case GRADUS_ELEMENT_UINT32: return scatter_add_i32;
    case GRADUS_ELEMENT_INT16:
    case GRADUS_ELEMENT_UINT16: return scatter_add_i16;
    case GRADUS_ELEMENT_INT8:
    case GRADUS_ELEMENT_UINT8: return scatter_add_i8;
    default: return NULL;
  }
}
