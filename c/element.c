/* element.c: the element types of tensors: strips of any of them converted to what is computed in, float, double or
 * int64_t, and back. Floating point is rounded to the nearest, to even at halves, and once; integers are cut to their
 * low bits. All of it is arithmetic on bits or conversions of C that are defined for every number. Strips have lengths
 * that are multiples of 16. */
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

/* x in a format with so many bits of fraction and an exponent of that bias, which takes the rest of 15 bits. Its
 * subnormal numbers are rounded by a sum with one whose last bit weighs as much as theirs. FRACTION and BIAS are those
 * of the type of x. */
#define ROUND_TO_SHORT(name, real, ubits, real_bits, real_from_bits, FRACTION, BIAS)                               \
  INLINE uint16_t name(real x, int fraction, int bias) {                                                           \
    const ubits bits = real_bits(x), size = bits & ~(ubits)0 >> 1, one = (ubits)1 << FRACTION;                      \
    const ubits least = (ubits)(BIAS + 1 - bias) * one, magic = (ubits)(BIAS + 1 + FRACTION - bias - fraction) * one; \
    const ubits infinite = (ubits)(2 * bias + 1) << fraction;                                                      \
    const int drop = FRACTION - fraction;                                                                          \
    const ubits below_half = ((ubits)1 << (drop - 1)) - 1;                                                         \
    const ubits normal = (size - (least - one) + below_half + (size >> drop & 1)) >> drop;                         \
    const ubits subnormal = real_bits(real_from_bits(size) + real_from_bits(magic)) - magic;                       \
    const ubits number = size < least ? subnormal : normal < infinite ? normal : infinite;                         \
    const ubits result = size > (ubits)(2 * BIAS + 1) * one ? infinite | infinite >> 1 : number;                   \
    return (uint16_t)(result | bits >> (8 * sizeof(real) - 1) << 15);                                              \
  }
ROUND_TO_SHORT(short_from_double, double, uint64_t, double_bits, double_from_bits, 52, 1023)
ROUND_TO_SHORT(short_from_float, float, uint32_t, float_bits, float_from_bits, 23, 127)
#undef ROUND_TO_SHORT

INLINE uint16_t half_from_double(double x) { return short_from_double(x, 10, 15); }
INLINE uint16_t half_from_float(float x) { return short_from_float(x, 10, 15); }
INLINE uint16_t bfloat_from_double(double x) { return short_from_double(x, 7, 127); }
INLINE uint16_t bfloat_from_float(float x) { return short_from_float(x, 7, 127); }

/* ---- int64 ---- */

/* Towards 0; NaN becomes 0, and what is too large the nearest that there is. */
INLINE int64_t int64_from_double(double x) {
  if (x != x) return 0;
  return x < -0x1p63 ? INT64_MIN : x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}

/* As a double that rounds to fewer bits as the integer does: where it is too long the last bit that is kept tells, by
 * being odd, that there were others. */
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
static void store_integers(void *to, int32_t type, const void *from, int32_t compute, size_t n) {
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
    CONVERT(FLOAT16, uint16_t, half_from_float(x))
    CONVERT(BFLOAT16, uint16_t, bfloat_from_float(x))
    CONVERT(BOOL, uint8_t, x != 0)
    default: store_integers(to, type, x_, GRADUS_ELEMENT_FLOAT32, n); break;
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
    default: store_integers(to, type, x_, GRADUS_ELEMENT_FLOAT64, n); break;
  }
}

#undef CONVERT

/* to[i], of a type, ← from[i], of what is computed in. */
static void store_strip(void *to, int32_t type, const void *from, int32_t compute, size_t n) {
  if (compute == GRADUS_ELEMENT_FLOAT32) store_float(to, type, from, n);
  else if (compute == GRADUS_ELEMENT_FLOAT64) store_double(to, type, from, n);
  else store_int64(to, type, from, n);
}
