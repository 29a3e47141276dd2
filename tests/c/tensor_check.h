/* What the tests of tensors have in common: arrays with guards around them, their numbers whatever the type, and
 * functions computed at every level and with several threads, which must not differ in a bit. */
#ifndef GRADUS_TENSOR_CHECK_H
#define GRADUS_TENSOR_CHECK_H

#include <math.h>

enum { GUARD_BYTES = 64, GUARD_BYTE = 0xA5 };

/* An array of so many bytes, of which and around which all are GUARD_BYTE. */
static void *guarded_new(size_t bytes) {
  char *memory = malloc(bytes + 2 * GUARD_BYTES);
  memset(memory, GUARD_BYTE, bytes + 2 * GUARD_BYTES);
  return memory + GUARD_BYTES;
}

static void guarded_free(void *array) { free((char *)array - GUARD_BYTES); }

static int all_are_guards(const unsigned char *byte, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (byte[i] != GUARD_BYTE) return 0;
  return 1;
}

static int guards_hold(const void *array, size_t bytes) {
  const unsigned char *start = array;
  return all_are_guards(start - GUARD_BYTES, GUARD_BYTES) && all_are_guards(start + bytes, GUARD_BYTES);
}

static int is_untouched(const void *array, size_t bytes) {
  return all_are_guards((const unsigned char *)array - GUARD_BYTES, bytes + 2 * GUARD_BYTES);
}

/* The types that tensors are computed in. */
static const int32_t tensor_types[] = {GRADUS_ELEMENT_FLOAT32, GRADUS_ELEMENT_FLOAT64, GRADUS_ELEMENT_INT64};

enum { TENSOR_TYPES = 3, TENSOR_REALS = 2 };

static long double tensor_get(const void *x, int32_t type, size_t i) {
  switch (type) {
    case GRADUS_ELEMENT_FLOAT32: return (long double)((const float *)x)[i];
    case GRADUS_ELEMENT_FLOAT64: return (long double)((const double *)x)[i];
    case GRADUS_ELEMENT_INT32: return (long double)((const int32_t *)x)[i];
    default: return (long double)((const int64_t *)x)[i];
  }
}

static void tensor_set(void *x, int32_t type, size_t i, double value) {
  switch (type) {
    case GRADUS_ELEMENT_FLOAT32: ((float *)x)[i] = (float)value; break;
    case GRADUS_ELEMENT_FLOAT64: ((double *)x)[i] = value; break;
    default: ((int64_t *)x)[i] = (int64_t)value; break;
  }
}

/* What the numbers of an array are like. Integers have no extremes. */
enum tensor_fill { FILL_RANDOM, FILL_WHOLE, FILL_EQUAL, FILL_ZEROS, FILL_INFINITE, FILL_NAN, TENSOR_FILLS };

static void tensor_fill(void *x, int32_t type, size_t n, enum tensor_fill fill) {
  for (size_t i = 0; i < n; i++) {
    double value = 4 * gemm_random();
    if (fill == FILL_WHOLE) value = floor(value);
    if (fill == FILL_EQUAL) value = 0.75;
    if (fill == FILL_ZEROS) value = value > 0 ? 0.0 : -0.0;
    if (fill == FILL_INFINITE && i % 11 == 3 && type != GRADUS_ELEMENT_INT64) value = i % 2 ? INFINITY : -INFINITY;
    if (fill == FILL_NAN && i % 23 == 7 && type != GRADUS_ELEMENT_INT64) value = NAN;
    tensor_set(x, type, i, value);
  }
}

/* Whether all n numbers have the same bits, or are NaN both. */
static int tensor_equal(const void *x, const void *y, int32_t type, size_t n) {
  const size_t bytes = element_bytes(type);
  for (size_t i = 0; i < n; i++) {
    const long double a = tensor_get(x, type, i), b = tensor_get(y, type, i);
    if (memcmp((const char *)x + i * bytes, (const char *)y + i * bytes, bytes) != 0 && !(a != a && b != b)) return 0;
  }
  return 1;
}

/* Half an ulp of 1: what a result that is rounded once may be off, relative to it. */
static long double tensor_eps(int32_t type) { return type == GRADUS_ELEMENT_FLOAT32 ? 0x1p-24L : 0x1p-53L; }

/* Whether a result is the wanted one, within a relative and an absolute error. */
static int tensor_is_near(long double got, long double want, long double relative, long double absolute) {
  if (want != want) return got != got;
  if (want - want != 0) return got == want;
  return fabsl(got - want) <= relative * fabsl(want) + absolute;
}

/* A function that writes one array: called anew at every level, and with 2 and 3 threads at the highest. The results
 * have to be the same bits and lie between their guards; `y` keeps those of the lowest level. */
typedef int32_t tensor_call(void *y, const void *context);

static void tensor_at_every_level(const char *name, tensor_call *call, const void *context, void *y, int32_t type,
                                  size_t n) {
  const size_t bytes = n * element_bytes(type);
  int is_first = 1;
  for (int32_t limit = GRADUS_LEVEL_PLAIN; limit <= LEVEL_TOP + 2; limit++) {
    const int32_t threads = limit <= LEVEL_TOP ? 1 : limit - LEVEL_TOP + 1;
    if (gradus_level(limit) != limit && threads == 1) continue;
    gradus_threads(threads);
    void *got = is_first ? y : guarded_new(bytes);
    is_first = 0;
    const int32_t status = call(got, context);
    CHECK(status == GRADUS_OK, "%s answers %d", name, status);
    CHECK(guards_hold(got, bytes), "%s wrote beside its output at level %d", name, limit);
    CHECK(tensor_equal(got, y, type, n), "%s of type %d differs at level %d with %d threads", name, type, limit,
          threads);
    if (got != y) guarded_free(got);
  }
  gradus_threads(1);
  gradus_level(LEVEL_TOP);
}

#endif
