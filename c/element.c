/* element.c: the element types of tensors: strips of any of them converted to what is computed in, float, double or int64_t, and
 * back. Floating point is rounded to the nearest, to even at halves, and once; integers are cut to their low bits. All of it is
 * arithmetic on bits or conversions of C that are defined for every number. Strips have lengths that are multiples of 16. */
#include "base.h"
#include "fma.h"

static int element_is_valid(int32_t type) { return type >= GRADUS_ELEMENT_FLOAT32 && type <= GRADUS_ELEMENT_BOOL; }

/* Bytes of an element. */
static size_t element_size(int32_t type) {
  static const uint8_t sizes[] = {4, 8, 2, 2, 8, 4, 2, 1, 4, 2, 1, 1};
  return sizes[type];
}

/* ---- float16 and bfloat16 ---- */

/* Its exponent is moved by a product, which is exact and makes ordinary numbers of the subnormal ones. */
INLINE float float_from_half(uint16_t half) {
  const uint32_t size = (uint32_t)(half & 0x7fff) << 13, sign = (uint32_t)(half & 0x8000) << 16;
  const float number = float_from_bits(size | sign) * 0x1p112f;
  return size < (uint32_t)0x7c00 << 13 ? number : float_from_bits(size | sign | (uint32_t)0xff << 23);
}

INLINE float float_from_bfloat(uint16_t bits) { return float_from_bits((uint32_t)bits << 16); }

/* x in a format with so many bits of fraction and an exponent with that bias, which takes 15 bits beside the sign. Among its
 * subnormal numbers, a sum with one whose last bit weighs as much as theirs rounds. */
INLINE uint16_t round_to_short(double x, int fraction, int bias) {
  const uint64_t bits = double_bits(x), size = bits & ~((uint64_t)1 << 63), infinite = (uint64_t)(2 * bias + 1) << fraction;
  const uint64_t least = (uint64_t)(1023 + 1 - bias) << 52, magic = (uint64_t)(1023 + 53 - bias - fraction) << 52;
  const int drop = 52 - fraction;
  const uint64_t odd = size >> drop & 1, half = ((uint64_t)1 << (drop - 1)) - 1;
  const uint64_t normal = (size - (least - ((uint64_t)1 << 52)) + half + odd) >> drop;
  const uint64_t subnormal = double_bits(double_from_bits(size) + double_from_bits(magic)) - magic;
  uint64_t result = size < least ? subnormal : normal < infinite ? normal : infinite;
  result = size > (uint64_t)0x7ff << 52 ? infinite | infinite >> 1 : result;
  return (uint16_t)(result | bits >> 63 << 15);
}

INLINE uint16_t half_from_double(double x) { return round_to_short(x, 10, 15); }

INLINE uint16_t bfloat_from_double(double x) { return round_to_short(x, 7, 127); }

/* ---- int64 ---- */

/* Towards 0; NaN becomes 0, and what is too large the nearest that there is. */
INLINE int64_t int64_from_double(double x) {
  if (x != x) return 0;
  return x < -0x1p63 ? INT64_MIN : x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}

/* As a double that rounds to fewer bits as the integer does: where it is too long the last bit that is kept tells, by being odd,
 * that there were others. */
INLINE double double_from_int64(int64_t x) {
  const int is_long = x >= (int64_t)1 << 53 || x <= -((int64_t)1 << 53);
  return (double)(is_long ? (x & ~(int64_t)1023) | (int64_t)((x & 1023) != 0) << 10 : x);
}

/* ---- strips ---- */

/* Cases of a conversion of n elements of a type, each x, to `value`, which is y of that type. */
#define CONVERT(name, type, value, result)      \
  case GRADUS_ELEMENT_##name: {                 \
    const type *restrict x_ = from;             \
    result *restrict y = to;                    \
    for (size_t i = 0; i < whole(n); i++) {     \
      const type x = x_[i];                     \
      y[i] = (result)(value);                   \
    }                                           \
    break;                                      \
  }

#define LOADS_OF_INTEGERS(result)          \
  CONVERT(INT64, int64_t, x, result)       \
  CONVERT(INT32, int32_t, x, result)       \
  CONVERT(INT16, int16_t, x, result)       \
  CONVERT(INT8, int8_t, x, result)         \
  CONVERT(UINT32, uint32_t, x, result)     \
  CONVERT(UINT16, uint16_t, x, result)     \
  case GRADUS_ELEMENT_BOOL:                \
  CONVERT(UINT8, uint8_t, x, result)

static void load_float(void *to, const void *from, int32_t type, size_t n) {
  switch (type) {
    CONVERT(FLOAT32, float, x, float)
    CONVERT(FLOAT64, double, x, float)
    CONVERT(FLOAT16, uint16_t, float_from_half(x), float)
    CONVERT(BFLOAT16, uint16_t, float_from_bfloat(x), float)
    LOADS_OF_INTEGERS(float)
    default: break;
  }
}

static void load_double(void *to, const void *from, int32_t type, size_t n) {
  switch (type) {
    CONVERT(FLOAT32, float, x, double)
    CONVERT(FLOAT64, double, x, double)
    CONVERT(FLOAT16, uint16_t, float_from_half(x), double)
    CONVERT(BFLOAT16, uint16_t, float_from_bfloat(x), double)
    LOADS_OF_INTEGERS(double)
    default: break;
  }
}

static void load_int64(void *to, const void *from, int32_t type, size_t n) {
  switch (type) {
    CONVERT(FLOAT32, float, int64_from_double((double)x), int64_t)
    CONVERT(FLOAT64, double, int64_from_double(x), int64_t)
    CONVERT(FLOAT16, uint16_t, int64_from_double((double)float_from_half(x)), int64_t)
    CONVERT(BFLOAT16, uint16_t, int64_from_double((double)float_from_bfloat(x)), int64_t)
    LOADS_OF_INTEGERS(int64_t)
    default: break;
  }
}

#undef LOADS_OF_INTEGERS
#undef CONVERT

/* to[i] ← from[i], of a type, in what is computed in. */
static void load_strip(void *to, int32_t compute, const void *from, int32_t type, size_t n) {
  if (compute == GRADUS_ELEMENT_FLOAT32) load_float(to, from, type, n);
  else if (compute == GRADUS_ELEMENT_FLOAT64) load_double(to, from, type, n);
  else load_int64(to, from, type, n);
}

#define CONVERT(name, type, value)              \
  case GRADUS_ELEMENT_##name: {                 \
    type *restrict y = to;                      \
    for (size_t i = 0; i < whole(n); i++) {     \
      x = x_[i];                                \
      y[i] = (type)(value);                     \
    }                                           \
    break;                                      \
  }

static void store_int64(void *to, int32_t type, const int64_t *restrict x_, size_t n) {
  int64_t x;
  switch (type) {
    CONVERT(FLOAT32, float, x)
    CONVERT(FLOAT64, double, x)
    CONVERT(FLOAT16, uint16_t, half_from_double(double_from_int64(x)))
    CONVERT(BFLOAT16, uint16_t, bfloat_from_double(double_from_int64(x)))
    CONVERT(INT64, int64_t, x)
    case GRADUS_ELEMENT_INT32:
    CONVERT(UINT32, uint32_t, x)
    case GRADUS_ELEMENT_INT16:
    CONVERT(UINT16, uint16_t, x)
    case GRADUS_ELEMENT_INT8:
    CONVERT(UINT8, uint8_t, x)
    CONVERT(BOOL, uint8_t, x != 0)
    default: break;
  }
}

/* Floating point to integers: by way of int64_t. */
static void store_whole(void *to, int32_t type, const void *from, int32_t compute, size_t n) {
  int64_t whole_numbers[STRIP_MAX];
  for (size_t i = 0; i < n; i += STRIP_MAX) {
    size_t length = size_min(n - i, STRIP_MAX);
    load_int64(whole_numbers, (const char *)from + i * element_size(compute), compute, length);
    store_int64((char *)to + i * element_size(type), type, whole_numbers, length);
  }
}

static void store_float(void *to, int32_t type, const float *restrict x_, size_t n) {
  float x;
  switch (type) {
    CONVERT(FLOAT32, float, x)
    CONVERT(FLOAT64, double, x)
    CONVERT(FLOAT16, uint16_t, half_from_double((double)x))
    CONVERT(BFLOAT16, uint16_t, bfloat_from_double((double)x))
    CONVERT(BOOL, uint8_t, x != 0)
    default: store_whole(to, type, x_, GRADUS_ELEMENT_FLOAT32, n); break;
  }
}

static void store_double(void *to, int32_t type, const double *restrict x_, size_t n) {
  double x;
  switch (type) {
    CONVERT(FLOAT32, float, x)
    CONVERT(FLOAT64, double, x)
    CONVERT(FLOAT16, uint16_t, half_from_double(x))
    CONVERT(BFLOAT16, uint16_t, bfloat_from_double(x))
    CONVERT(BOOL, uint8_t, x != 0)
    default: store_whole(to, type, x_, GRADUS_ELEMENT_FLOAT64, n); break;
  }
}

#undef CONVERT

/* to[i], of a type, ← from[i], of what is computed in. */
static void store_strip(void *to, int32_t type, const void *from, int32_t compute, size_t n) {
  if (compute == GRADUS_ELEMENT_FLOAT32) store_float(to, type, from, n);
  else if (compute == GRADUS_ELEMENT_FLOAT64) store_double(to, type, from, n);
  else store_int64(to, type, from, n);
}
