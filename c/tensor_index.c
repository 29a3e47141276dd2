/* tensor_index.c: what moves elements by their numbers: gather, scatter and sort. Compiled once, since the memory
 * decides how long that takes. */
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
#define X(name, type, how)                                                                                            \
  static void scatter_add_##name(void *to, const void *from, const int32_t *index, size_t block, size_t count) {      \
    const type *x = from;                                                                                             \
    for (size_t i = 0; i < count; i++) {                                                                              \
      type *restrict y = (type *)to + index[i];                                                                       \
      how for (size_t j = 0; j < block; j++) y[j] = (type)(y[j] + x[i * block + j]);                                  \
    }                                                                                                                 \
  }
X(f32, float, )
X(f64, double, REST)
X(i64, uint64_t, REST)
X(i32, uint32_t, REST)
X(i16, uint16_t, REST)
X(i8, uint8_t, REST)
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

/* ---- sort ---- */

#define FEW_TO_SORT 32 /* numbers that are put in their places one by one */
#define DIGIT_BITS 8
#define DIGIT_VALUES (1 << DIGIT_BITS)

/* A number as an unsigned one of the same order: −0 as 0, NaN above all. */
static uint32_t sort_key_f32(float x) {
  union { float x; uint32_t bits; } u = {.x = x == 0 ? 0 : x};
  return x != x ? UINT32_MAX : u.bits >> 31 ? ~u.bits : u.bits | (uint32_t)1 << 31;
}

static uint64_t sort_key_f64(double x) {
  union { double x; uint64_t bits; } u = {.x = x == 0 ? 0 : x};
  return x != x ? UINT64_MAX : u.bits >> 63 ? ~u.bits : u.bits | (uint64_t)1 << 63;
}

static uint64_t sort_key_i64(int64_t x) { return (uint64_t)x ^ (uint64_t)1 << 63; }

/* index (n) ← the order of the keys, which come along: digit by digit from the lowest, each time in the order of the
 * digits before, from one half of the scratch to the other (D. Knuth, The Art of Computer Programming 3, 5.2.5). A
 * digit that all have in common costs one look. `keys` has 2·n numbers, `indices` n. */
#define X(name, type)                                                                                  \
  static void few_##name(int32_t *index, type *keys, size_t n) {                                                   \
    for (size_t i = 0; i < n; i++) {                                                                               \
      const type x = keys[i];                                                                                      \
      size_t j = i;                                                                                                \
      for (; j > 0 && keys[j - 1] > x; j--) keys[j] = keys[j - 1], index[j] = index[j - 1];                        \
      keys[j] = x;                                                                                                 \
      index[j] = (int32_t)i;                                                                                       \
    }                                                                                                              \
  }                                                                                                                \
                                                                                                                   \
  static void many_##name(int32_t *index, type *keys, int32_t *indices, size_t n) {                                \
    type *from = keys, *to = keys + n;                                                                             \
    int32_t *order = index, *next = indices;                                                                       \
    for (size_t i = 0; i < n; i++) index[i] = (int32_t)i;                                                          \
    for (size_t shift = 0; shift < 8 * sizeof(type); shift += DIGIT_BITS) {                                        \
      uint32_t place[DIGIT_VALUES] = {0}, sum = 0;                                                                     \
      for (size_t i = 0; i < n; i++) place[from[i] >> shift & (DIGIT_VALUES - 1)]++;                                   \
      if (place[from[0] >> shift & (DIGIT_VALUES - 1)] == n) continue;                                                 \
      for (size_t d = 0; d < DIGIT_VALUES; d++) {                                                                      \
        const uint32_t count = place[d];                                                                           \
        place[d] = sum;                                                                                            \
        sum += count;                                                                                              \
      }                                                                                                            \
      for (size_t i = 0; i < n; i++) {                                                                             \
        const uint32_t at = place[from[i] >> shift & (DIGIT_VALUES - 1)]++;                                            \
        to[at] = from[i];                                                                                          \
        next[at] = order[i];                                                                                       \
      }                                                                                                            \
      type *const keys_before = from;                                                                              \
      int32_t *const order_before = order;                                                                         \
      from = to, to = keys_before;                                                                                 \
      order = next, next = order_before;                                                                           \
    }                                                                                                              \
    if (order != index) memcpy(index, order, n * sizeof *index);                                                   \
  }
X(u32, uint32_t)
X(u64, uint64_t)
#undef X

#define X(name, type, bits, key, input)                                                                            \
  static void name(int32_t *index, const void *row, void *scratch, size_t n, int is_descending) {                  \
    const input *x = row;                                                                                          \
    type *keys = scratch;                                                                                          \
    for (size_t i = 0; i < n; i++) keys[i] = is_descending ? (type)~key(x[i]) : key(x[i]);                         \
    if (n <= FEW_TO_SORT) few_##bits(index, keys, n);                                                              \
    else many_##bits(index, keys, (int32_t *)(keys + 2 * n), n);                                                   \
  }
X(sort_f32, uint32_t, u32, sort_key_f32, float)
X(sort_f64, uint64_t, u64, sort_key_f64, double)
X(sort_i64, uint64_t, u64, sort_key_i64, int64_t)
#undef X

/* Rows (rows,n) one after another. scratch: as in gradus.h. */
static void sort_rows(int32_t *index, const char *x, void *scratch, const int32_t *plan) {
  const size_t bytes = element_bytes(plan[0]), n = (size_t)plan[2];
  for (size_t r = 0; r < (size_t)plan[1]; r++) {
    const char *row = x + ((size_t)plan[3] + r * n) * bytes;
    switch (plan[0]) {
      case GRADUS_ELEMENT_FLOAT32: sort_f32(index + r * n, row, scratch, n, plan[4]); break;
      case GRADUS_ELEMENT_FLOAT64: sort_f64(index + r * n, row, scratch, n, plan[4]); break;
      default: sort_i64(index + r * n, row, scratch, n, plan[4]); break;
    }
  }
}
