/* Elementwise functions of tensors: every operation, conversion and layout against a loop over the elements one by one,
 * written here with the C library, at every level; and plans that are none. */
#include <math.h>

#define UNIFORM_0 0x80000000u
#define GUARD 64 /* bytes around what is written */

/* ---- a plan, word by word ---- */

static _Alignas(8) int32_t plan_words[256];
static int plan_length;

static void plan_put(const int32_t *words, int n) {
  memcpy(plan_words + plan_length, words, (size_t)n * sizeof *words);
  plan_length += n;
}

#define PLAN_PUT(...) plan_put((const int32_t[]){__VA_ARGS__}, sizeof(int32_t[]){__VA_ARGS__} / sizeof(int32_t))

struct tensor_view {
  int32_t type, offset, stride[16];
};

/* Views of y and the inputs; uniforms are doubles or, where that is computed in, int64_t. */
static void plan_make(int32_t axes, const int32_t *shape, int32_t inputs, const struct tensor_view *view,
                      int32_t operations, const uint32_t (*operation)[3], int32_t registers, int32_t uniforms,
                      const void *uniform, int32_t compute) {
  plan_length = 0;
  PLAN_PUT(axes, inputs, operations, registers, uniforms, compute);
  plan_put(shape, axes);
  for (int32_t v = 0; v <= inputs; v++) {
    PLAN_PUT(view[v].type, view[v].offset);
    plan_put(view[v].stride, axes);
  }
  for (int32_t i = 0; i < operations; i++) plan_put((const int32_t *)operation[i], 3);
  plan_length += plan_length & 1;
  if (uniforms > 0) memcpy(plan_words + plan_length, uniform, (size_t)uniforms * 8);
}

/* One axis of n elements that follow one another, of types y, x0, x1, and one operation on the inputs there are, or
 * none. */
static int32_t apply_row(void *y, int32_t y_type, const void *x0, int32_t type0, const void *x1, int32_t type1,
                         uint32_t op, int32_t compute, int32_t n) {
  const struct tensor_view view[3] = {{y_type, 0, {1}}, {type0, 0, {1}}, {type1, 0, {1}}};
  const int32_t inputs = x1 ? 2 : 1;
  const uint32_t operation[1][3] = {{op | (uint32_t)inputs << 8, 0, 1}};
  plan_make(1, &n, inputs, view, op != 0, operation, inputs + 1, 0, NULL, compute);
  return gradus_tensor_apply(y, x0, x1, NULL, NULL, plan_words);
}

/* ---- elements, one by one ---- */

/* A number of any element type: reals in double, which holds all of them. */
struct scalar {
  int is_integer;
  double real;
  int64_t integer;
};

static struct scalar real_scalar(double x) { return (struct scalar){0, x, 0}; }

static struct scalar integer_scalar(int64_t x) { return (struct scalar){1, 0, x}; }

/* The real with 1 sign bit, that many bits of fraction and the rest of 15 for the exponent. */
static double real_of_short(uint16_t bits, int fraction) {
  const int field = (bits & 0x7fff) >> fraction, top = 0x7fff >> fraction, bias = top / 2;
  const double m = bits & ((1 << fraction) - 1), sign = bits >> 15 ? -1 : 1;
  if (field == top) return m != 0 ? NAN : sign * INFINITY;
  return sign * ldexp(field == 0 ? m : m + (1 << fraction), (field == 0 ? 1 : field) - bias - fraction);
}

/* The nearest of those, to even: |x| is counted in units of the last place. */
static uint16_t short_of_real(double x, int fraction) {
  const int top = 0x7fff >> fraction, bias = top / 2, sign = signbit(x) ? 0x8000 : 0;
  if (isnan(x)) return (uint16_t)(sign | top << fraction | 1 << (fraction - 1));
  if (isinf(x)) return (uint16_t)(sign | top << fraction);
  if (x == 0) return (uint16_t)sign;
  int exponent;
  frexp(x, &exponent);
  exponent = exponent - 1 < 1 - bias ? 1 - bias : exponent - 1;
  const double units = nearbyint(ldexp(fabs(x), fraction - exponent));
  const double bits = units + ldexp(exponent + bias - 1, fraction);
  return (uint16_t)(sign | (bits < ldexp(top, fraction) ? (int)bits : top << fraction));
}

static struct scalar scalar_at(const void *array, int32_t type, int64_t i) {
  switch (type) {
    case GRADUS_ELEMENT_FLOAT32: return real_scalar(((const float *)array)[i]);
    case GRADUS_ELEMENT_FLOAT64: return real_scalar(((const double *)array)[i]);
    case GRADUS_ELEMENT_FLOAT16: return real_scalar(real_of_short(((const uint16_t *)array)[i], 10));
    case GRADUS_ELEMENT_BFLOAT16: return real_scalar(real_of_short(((const uint16_t *)array)[i], 7));
    case GRADUS_ELEMENT_INT64: return integer_scalar(((const int64_t *)array)[i]);
    case GRADUS_ELEMENT_INT32: return integer_scalar(((const int32_t *)array)[i]);
    case GRADUS_ELEMENT_INT16: return integer_scalar(((const int16_t *)array)[i]);
    case GRADUS_ELEMENT_INT8: return integer_scalar(((const int8_t *)array)[i]);
    case GRADUS_ELEMENT_UINT32: return integer_scalar(((const uint32_t *)array)[i]);
    case GRADUS_ELEMENT_UINT16: return integer_scalar(((const uint16_t *)array)[i]);
    default: return integer_scalar(((const uint8_t *)array)[i]);
  }
}

static int64_t integer_of(struct scalar x) {
  if (x.is_integer) return x.integer;
  if (isnan(x.real)) return 0;
  return x.real >= 0x1p63 ? INT64_MAX : x.real < -0x1p63 ? INT64_MIN : (int64_t)x.real;
}

/* As one of the types that are computed in. */
static struct scalar scalar_in(struct scalar x, int32_t compute) {
  if (compute == GRADUS_ELEMENT_INT64) return integer_scalar(integer_of(x));
  if (compute == GRADUS_ELEMENT_FLOAT32) return real_scalar(x.is_integer ? (float)x.integer : (float)x.real);
  return real_scalar(x.is_integer ? (double)x.integer : x.real);
}

/* An integer of more than 53 bits, and its rounding to 8 of them: by hand, since a double would round it before. */
static uint16_t bfloat_of_integer(int64_t x) {
  uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
  if (size < (uint64_t)1 << 53) return short_of_real((double)x, 7);
  int drop = 56 - __builtin_clzll(size);
  const uint64_t rest = size & (((uint64_t)1 << drop) - 1), half = (uint64_t)1 << (drop - 1);
  size >>= drop;
  size += rest > half || (rest == half && (size & 1));
  return short_of_real(ldexp(x < 0 ? -(double)size : (double)size, drop), 7);
}

static void put_scalar(void *array, int32_t type, int64_t i, struct scalar x) {
  switch (type) {
    case GRADUS_ELEMENT_FLOAT32: ((float *)array)[i] = x.is_integer ? (float)x.integer : (float)x.real; break;
    case GRADUS_ELEMENT_FLOAT64: ((double *)array)[i] = x.is_integer ? (double)x.integer : x.real; break;
    case GRADUS_ELEMENT_FLOAT16:
      ((uint16_t *)array)[i] = short_of_real(x.is_integer ? (double)x.integer : x.real, 10);
      break;
    case GRADUS_ELEMENT_BFLOAT16:
      ((uint16_t *)array)[i] = x.is_integer ? bfloat_of_integer(x.integer) : short_of_real(x.real, 7);
      break;
    case GRADUS_ELEMENT_BOOL: ((uint8_t *)array)[i] = x.is_integer ? x.integer != 0 : x.real != 0; break;
    default: {
      const int64_t integer = integer_of(x);
      const size_t bytes = element_size(type);
      uint8_t *place = (uint8_t *)array + (size_t)i * bytes;
      for (size_t k = 0; k < bytes; k++) place[k] = (uint8_t)((uint64_t)integer >> 8 * k);
    }
  }
}

/* Whether n elements are the same bits; any two NaN are. */
static int elements_are_equal(const void *a, const void *b, int32_t type, size_t n) {
  if (memcmp(a, b, n * element_size(type)) == 0) return 1;
  if (type > GRADUS_ELEMENT_BFLOAT16) return 0;
  for (size_t i = 0; i < n; i++) {
    const size_t bytes = element_size(type);
    if (memcmp((const char *)a + i * bytes, (const char *)b + i * bytes, bytes) == 0) continue;
    if (!isnan(scalar_at(a, type, (int64_t)i).real) || !isnan(scalar_at(b, type, (int64_t)i).real)) return 0;
  }
  return 1;
}

/* ---- operations, one by one ---- */

/* Those that have derivatives, by their formulas at the plain level; tests/c/elementary_test.c and the tape's tests
 * look at what they are. */
#define TABLE_OF(real, suffix)                                           \
  static real table_##suffix(uint32_t op, real a, real b) {              \
    const real x = a;                                                    \
    switch (op) {                                                        \
      GRADUS_UNARY_OPS(UNARY_CASE)                                       \
      GRADUS_BINARY_OPS(BINARY_CASE)                                     \
      default: return R(NAN);                                            \
    }                                                                    \
  }
#define UNARY_CASE(name, value, derivative) \
  case OP_##name: return value;
#define BINARY_CASE(name, value, da, db) \
  case OP_##name: return value;
#define R(x) ((float)(x))
#define K(name) CONCAT4(name, _f32, _, plain)
TABLE_OF(float, f32)
#undef R
#undef K
#define R(x) ((double)(x))
#define K(name) CONCAT4(name, _f64, _, plain)
TABLE_OF(double, f64)
#undef R
#undef K
#undef UNARY_CASE
#undef BINARY_CASE
#undef TABLE_OF

/* Of reals, in double: floats are the same in it, but for ⌊a / b⌋ and a − b·⌊a / b⌋, which are rounded once. */
static double tensor_operation(uint32_t op, double a, double b) {
  const double rest = fmod(a, b);
  switch (op) {
    case OP_floor: return floor(a);
    case OP_ceil: return ceil(a);
    case OP_round: return nearbyint(a);
    case OP_trunc: return trunc(a);
    case OP_is_nan: return isnan(a) ? 1 : 0;
    case OP_is_finite: return isfinite(a) ? 1 : 0;
    case OP_logical_not: return !(a != 0);
    case OP_equal: return a == b;
    case OP_not_equal: return a != b;
    case OP_less: return a < b;
    case OP_less_equal: return a <= b;
    case OP_logical_and: return a != 0 && b != 0;
    case OP_logical_or: return a != 0 || b != 0;
    case OP_logical_xor: return (a != 0) ^ (b != 0);
    case OP_fmod: return rest;
    case OP_remainder: return rest == 0 ? copysign(0, b) : signbit(rest) != signbit(b) ? rest + b : rest;
    case OP_floor_divide: {
      if (b == 0) return a / b;
      const double quotient = rint((a - rest) / b) - (rest != 0 && signbit(rest) != signbit(b) ? 1 : 0);
      return quotient == 0 ? copysign(0, a / b) : quotient;
    }
    default: return NAN;
  }
}

static int64_t integer_operation(uint32_t op, int64_t a, int64_t b) {
  const uint64_t u = (uint64_t)a, v = (uint64_t)b;
  __extension__ typedef __int128 int128;
  const int128 quotient = b == 0 ? 0 : (int128)a / b, rest = b == 0 ? 0 : (int128)a % b;
  const int is_below = rest != 0 && (rest < 0) != (b < 0);
  switch (op) {
    case OP_neg: return (int64_t)(0 - u);
    case OP_square: return (int64_t)(u * u);
    case OP_abs: return a < 0 ? (int64_t)(0 - u) : a;
    case OP_sign: return a < 0 ? -1 : a > 0;
    case OP_step: return a > 0;
    case OP_add: return (int64_t)(u + v);
    case OP_sub: return (int64_t)(u - v);
    case OP_mul: return (int64_t)(u * v);
    case OP_max: return a > b ? a : b;
    case OP_min: return a < b ? a : b;
    case OP_pow: {
      /* a^b is a^(b mod 2^62) or 0 or 1 or -1 as an integer mod 2^64; exponents of the test are small. */
      uint64_t power = 1;
      for (int64_t k = 0; k < b && k < 1000; k++) power *= u;
      if (b >= 0) return (int64_t)power;
      return a == 1 || a == -1 ? (b % 2 == 0 ? 1 : a) : 0;
    }
    case OP_floor: case OP_ceil: case OP_round: case OP_trunc: return a;
    case OP_is_nan: return 0;
    case OP_is_finite: return 1;
    case OP_logical_not: return a == 0;
    case OP_equal: return a == b;
    case OP_not_equal: return a != b;
    case OP_less: return a < b;
    case OP_less_equal: return a <= b;
    case OP_logical_and: return a != 0 && b != 0;
    case OP_logical_or: return a != 0 || b != 0;
    case OP_logical_xor: return (a != 0) ^ (b != 0);
    case OP_floor_divide: return (int64_t)(uint64_t)(quotient - is_below);
    case OP_remainder: return (int64_t)(is_below ? rest + b : rest);
    case OP_fmod: return (int64_t)rest;
    case OP_bit_not: return (int64_t)(UINT64_MAX - u);
    case OP_bit_and: return a & b;
    case OP_bit_or: return a | b;
    case OP_bit_xor: return a ^ b;
    case OP_shift_left: return b < 0 || b > 63 ? 0 : (int64_t)(u << b);
    case OP_shift_right: return b < 0 || b > 63 ? (a < 0 ? -1 : 0) : a < 0 ? ~(int64_t)(~u >> b) : (int64_t)(u >> b);
    default: return 0;
  }
}

static struct scalar scalar_operation(uint32_t op, int32_t compute, struct scalar a, struct scalar b) {
  if (compute == GRADUS_ELEMENT_INT64) return integer_scalar(integer_operation(op, a.integer, b.integer));
  if (op > OP_BEFORE_TENSOR) return scalar_in(real_scalar(tensor_operation(op, a.real, b.real)), compute);
  if (compute == GRADUS_ELEMENT_FLOAT64) return real_scalar(table_f64(op, a.real, b.real));
  return real_scalar(table_f32(op, (float)a.real, (float)b.real));
}

/* ---- every operation ---- */

static const int32_t computes[3] = {GRADUS_ELEMENT_FLOAT32, GRADUS_ELEMENT_FLOAT64, GRADUS_ELEMENT_INT64};

/* Number k of a row of all kinds. */
static struct scalar sample(int32_t compute, int k) {
  static const double reals[] = {0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1, -1, 3, -3, 7.25, 1e-3, 0x1p23, 0x1p52,
      -0x1.8p22, 100, -100, 1e30, -1e30, 1e-30, INFINITY, -INFINITY, NAN, 0x1p-149, 88, -88, 12345.678};
  static const int64_t integers[] = {0, 1, -1, 2, 3, -3, 5, -7, 40, 63, 64, 65, -64, 1000, INT64_MAX, INT64_MIN,
      INT32_MAX, INT64_MIN + 1, (int64_t)1 << 32, 255};
  if (compute == GRADUS_ELEMENT_INT64) return integer_scalar(integers[k % (int)(sizeof integers / sizeof *integers)]);
  return scalar_in(real_scalar(reals[k % (int)(sizeof reals / sizeof *reals)]), compute);
}

/* An exponent for which the reference above does not take for ever. */
static struct scalar small_exponent(struct scalar x) {
  return x.is_integer && (x.integer > 1000) ? integer_scalar(x.integer & 511) : x;
}

enum { ROW = 1000 };

/* y = op(a, b) at every level, n elements of a type, of strips, numbers of an input and uniforms on either side. */
static void operation_is_right(uint32_t op, int32_t compute, int32_t type, int32_t n) {
  static double a[ROW], b[ROW], y[ROW + 2], expected[ROW + 2];
  const uint32_t operands = operands_of(op, compute);
  const size_t bytes = element_size(type);
  for (int i = 0; i < n; i++) {
    put_scalar(a, compute, i, sample(compute, i));
    struct scalar other = sample(compute, i / 3 + 5 * i);
    put_scalar(b, compute, i, op == OP_pow ? small_exponent(other) : other);
  }
  for (int kind = 0; kind < 9; kind++) {
    const int left = kind % 3, right = kind / 3; /* 0: a strip, 1: a number, 2: a uniform */
    if ((operands == 1 && right > 0) || (kind > 0 && n > 17 && n != 257)) continue;
    memset(expected, 0x55, sizeof expected);
    for (int i = 0; i < n; i++)
      put_scalar(expected, type, i, scalar_operation(op, compute, scalar_at(a, compute, left ? 0 : i),
          operands == 1 ? real_scalar(0) : scalar_at(b, compute, right ? 0 : i)));
    const struct tensor_view view[3] = {{type, 0, {1}}, {compute, 0, {left == 0}}, {compute, 0, {right == 0}}};
    const uint32_t operation[1][3] = {{op | 3 << 8, left == 2 ? UNIFORM_0 : 0, right == 2 ? UNIFORM_0 + 1 : 1}};
    double uniform[2];
    const int32_t wide = compute == GRADUS_ELEMENT_INT64 ? compute : GRADUS_ELEMENT_FLOAT64;
    put_scalar(uniform, wide, 0, scalar_at(a, compute, 0));
    put_scalar(uniform, wide, 1, scalar_at(b, compute, 0));
    plan_make(1, &n, 2, view, 1, operation, 4, 2, uniform, compute);
    EACH_LEVEL(level) {
      memset(y, 0x55, sizeof y);
      CHECK(gradus_tensor_apply(y, a, b, NULL, NULL, plan_words) == GRADUS_OK, "operation %u is done", op);
      CHECK(elements_are_equal(y, expected, type, (size_t)n),
            "operation %u of %d elements, type %d to %d, operands %d and %d", op, n, compute, type, left, right);
      CHECK(memcmp((char *)y + (size_t)n * bytes, (char *)expected + (size_t)n * bytes,
                   sizeof y - (size_t)n * bytes) == 0,
            "nothing is written behind %d elements", n);
    }
  }
}

static void tensor_operations_are_right(void) {
  static const int32_t lengths[] = {1, 15, 16, 17, 255, 256, 257, ROW};
  for (int c = 0; c < 3; c++)
    for (uint32_t op = 1; op < 128; op++)
      for (int k = 0; k < 8 && operands_of(op, computes[c]) > 0; k++) {
        operation_is_right(op, computes[c], computes[c], lengths[k]);
        if (op >= OP_equal && op <= OP_less_equal) operation_is_right(op, computes[c], GRADUS_ELEMENT_BOOL, lengths[k]);
      }
}

/* ---- any views ---- */

static uint32_t tensor_random_state = 1;

static int32_t tensor_random(int32_t below) {
  tensor_random_state = tensor_random_state * 1664525u + 1013904223u;
  return (int32_t)((uint64_t)(tensor_random_state >> 8) * (uint64_t)below >> 24);
}

enum { VIEW_BYTES = 1 << 17 };

/* Strides for the axes in some order, with gaps and signs; where `repeats`, some are 0. Returns how long the array has
 * to be. */
static int32_t random_view(struct tensor_view *view, int32_t axes, const int32_t *shape, int repeats) {
  int32_t order[16], span = 1;
  for (int32_t k = 0; k < axes; k++) order[k] = axes - 1 - k;
  if (tensor_random(2))
    for (int32_t k = axes - 1; k > 0; k--) {
      const int32_t other = tensor_random(k + 1), swap = order[k];
      order[k] = order[other], order[other] = swap;
    }
  const int plain = tensor_random(2) == 0;
  int gaps = plain ? 2 : 0; /* that there have been, two at most */
  view->offset = plain ? 0 : tensor_random(5);
  for (int32_t i = 0; i < axes; i++) {
    const int32_t k = order[i];
    const int is_zero = repeats && tensor_random(4) == 0;
    const int32_t length = shape[k] > 0 ? shape[k] : 1, has_gap = gaps < 2 && tensor_random(3) == 0;
    const int32_t stride = is_zero ? 0 : has_gap ? 2 * span : span;
    const int is_turned = !plain && tensor_random(4) == 0;
    view->stride[k] = is_turned ? -stride : stride;
    if (is_turned) view->offset += stride * (length - 1);
    gaps += has_gap;
    if (!is_zero) span = stride * length;
  }
  return span + view->offset + 8;
}

/* Element after element, in row-major order: its number in the array of each view. */
static int64_t place_of(const struct tensor_view *view, int32_t axes, const int32_t *shape, int64_t i) {
  int64_t place = view->offset;
  for (int32_t k = axes - 1; k >= 0; k--) place += i % shape[k] * view->stride[k], i /= shape[k];
  return place;
}

/* A shape of at most so many elements. */
static int32_t random_shape(int32_t axes, int32_t *shape, int32_t most) {
  static const int32_t sizes[] = {1, 2, 3, 5, 15, 16, 17, 64, 255, 256, 257, 1000};
  int32_t count = 1;
  for (int32_t k = 0; k < axes; k++) {
    shape[k] = sizes[tensor_random(axes < 3 ? 12 : 7)];
    if (count * shape[k] > most) shape[k] = 1;
    count *= shape[k];
  }
  if (axes > 0 && tensor_random(40) == 0) shape[tensor_random(axes)] = 0, count = 0;
  return count;
}

static void tensor_views_may_lie_anyhow(void) {
  static _Alignas(64) char x[3][VIEW_BYTES], y[VIEW_BYTES], before[VIEW_BYTES], expected[VIEW_BYTES];
  static const uint32_t ops[] = {OP_add, OP_mul, OP_max, OP_less, OP_remainder};
  for (int trial = 0; trial < 1500; trial++) {
    int32_t axes = tensor_random(9), shape[8], inputs = 1 + tensor_random(3);
    const int32_t compute = computes[tensor_random(3)], count = random_shape(axes, shape, 2000);
    struct tensor_view view[4];
    for (int32_t v = 0; v <= inputs; v++) {
      view[v].type = tensor_random(2) ? compute : tensor_random(12);
      const int32_t span = random_view(&view[v], axes, shape, v > 0);
      CHECK(span <= VIEW_BYTES / 8 - GUARD, "the view fits");
      for (int32_t i = 0; v > 0 && i < span; i++)
        put_scalar(x[v - 1], view[v].type, i, integer_scalar(tensor_random(19) - (tensor_random(2) ? 9 : 0)));
    }
    memset(before, 0x55, sizeof before);
    memcpy(expected, before, sizeof before);
    /* y = x0, op(x0, x1), or op(op(x0, x1), x2) with a uniform in it. */
    const uint32_t op = ops[tensor_random(5)];
    const uint32_t operation[3][3] = {{op | 4 << 8, 0, 1}, {OP_add | 5 << 8, 4, UNIFORM_0}, {op | 6 << 8, 5, 2}};
    const double real = 3;
    const int64_t integer = 3;
    const struct scalar three = compute == GRADUS_ELEMENT_INT64 ? integer_scalar(3) : real_scalar(3);
    for (int64_t i = 0; i < count; i++) {
      struct scalar a[3], result;
      for (int32_t v = 0; v < inputs; v++)
        a[v] = scalar_in(scalar_at(x[v], view[v + 1].type, place_of(&view[v + 1], axes, shape, i)), compute);
      result = a[0];
      if (inputs > 1) result = scalar_operation(op, compute, a[0], a[1]);
      if (inputs > 2) result = scalar_operation(op, compute, scalar_operation(OP_add, compute, result, three), a[2]);
      put_scalar(expected + GUARD, view[0].type, place_of(&view[0], axes, shape, i), result);
    }
    plan_make(axes, shape, inputs, view, inputs == 3 ? 3 : inputs - 1, operation, 7, 1,
              compute == GRADUS_ELEMENT_INT64 ? (const void *)&integer : &real, compute);
    gradus_level(tensor_random(LEVEL_TOP + 1));
    memcpy(y, before, sizeof y);
    CHECK(gradus_tensor_apply(y + GUARD, x[0], x[1], x[2], NULL, plan_words) == GRADUS_OK, "trial %d is done", trial);
    const size_t bytes = element_size(view[0].type);
    CHECK(memcmp(y, before, GUARD) == 0 &&
          elements_are_equal(y + GUARD, expected + GUARD, view[0].type, (sizeof y - GUARD) / bytes),
          "trial %d: %d axes, %d elements, %d inputs, to type %d in %d", trial, axes, count, inputs, view[0].type,
          compute);
  }
  gradus_level(LEVEL_TOP);
}

/* Large enough for tiles: a batch of transposed matrices and a row that is added to each. */
static void tensor_turns_matrices(void) {
  enum { BATCH = 3, M = 112, N = 96 };
  static float x[BATCH * M * N], row[M], y[BATCH * M * N + 1];
  for (int i = 0; i < BATCH * M * N; i++) x[i] = (float)i;
  for (int j = 0; j < M; j++) row[j] = (float)j / 4;
  const int32_t shape[3] = {BATCH, N, M}, type = GRADUS_ELEMENT_FLOAT32;
  const struct tensor_view view[3] = {{type, 0, {N * M, M, 1}}, {type, 0, {M * N, 1, N}}, {type, 0, {0, 0, 1}}};
  const uint32_t operation[1][3] = {{OP_add | 2 << 8, 0, 1}};
  plan_make(3, shape, 2, view, 1, operation, 3, 0, NULL, type);
  y[BATCH * M * N] = 77;
  CHECK(gradus_tensor_apply(y, x, row, NULL, NULL, plan_words) == GRADUS_OK, "y is xᵀ + row");
  int wrong = y[BATCH * M * N] != 77;
  for (int b = 0; b < BATCH; b++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < M; j++) wrong += y[(b * N + i) * M + j] != x[(b * M + j) * N + i] + row[j];
  CHECK(wrong == 0, "%d elements are wrong", wrong);
}

/* Copies in tiles and in blocks of them, of elements of any size: whole blocks, whole tiles alone, neither. */
static void tensor_turns_elements_of_any_size(void) {
  enum { MOST = 512 * 128, GUARD_ = 77 };
  static const int32_t types[] = {GRADUS_ELEMENT_UINT8, GRADUS_ELEMENT_FLOAT16, GRADUS_ELEMENT_FLOAT32,
                                  GRADUS_ELEMENT_INT64};
  static const int32_t computes[] = {GRADUS_ELEMENT_INT64, GRADUS_ELEMENT_FLOAT32, GRADUS_ELEMENT_FLOAT32,
                                     GRADUS_ELEMENT_INT64};
  static const int32_t sizes[][2] = {{256, 64}, {512, 128}, {64, 256}, {272, 80}, {129, 131}};
  static unsigned char x[8 * MOST], y[8 * MOST + 1];
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
      const int32_t rows = sizes[s][1], columns = sizes[s][0], shape[2] = {rows, columns};
      const size_t bytes = element_size(types[t]), n = (size_t)rows * (size_t)columns;
      /* Finite numbers of any type: as float16 and float32 they keep their bits. */
      for (size_t i = 0; i < n * bytes; i++) x[i] = (unsigned char)((i * 7 + i / 251) % 59);
      const struct tensor_view view[2] = {{types[t], 0, {columns, 1}}, {types[t], 0, {1, rows}}};
      plan_make(2, shape, 1, view, 0, NULL, 1, 0, NULL, computes[t]);
      memset(y, GUARD_, sizeof y);
      CHECK(gradus_tensor_apply(y, x, NULL, NULL, NULL, plan_words) == GRADUS_OK, "y is xᵀ");
      int wrong = y[n * bytes] != GUARD_;
      for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < columns; j++)
          wrong += memcmp(y + (size_t)(i * columns + j) * bytes, x + (size_t)(j * rows + i) * bytes, bytes) != 0;
      CHECK(wrong == 0, "%d elements of type %d, (%d,%d), are wrong", wrong, types[t], rows, columns);
    }
}

static void tensor_may_be_written_in_place(void) {
  enum { N = 1000 };
  float y[N], x[N];
  for (int i = 0; i < N; i++) x[i] = y[i] = (float)i;
  CHECK(apply_row(y, GRADUS_ELEMENT_FLOAT32, y, GRADUS_ELEMENT_FLOAT32, x, GRADUS_ELEMENT_FLOAT32, OP_mul,
                  GRADUS_ELEMENT_FLOAT32, N) == GRADUS_OK, "y is x0");
  int wrong = 0;
  for (int i = 0; i < N; i++) wrong += y[i] != x[i] * x[i];
  CHECK(wrong == 0, "%d elements are wrong", wrong);
}

static void tensor_threads_do_not_change_anything(void) {
  enum { ROWS = 700, COLUMNS_ = 301 };
  static float x[ROWS * COLUMNS_], one[ROWS * COLUMNS_], more[ROWS * COLUMNS_];
  for (int i = 0; i < ROWS * COLUMNS_; i++) x[i] = (float)(i % 977 - 400) / 100;
  const int32_t shape[2] = {ROWS, COLUMNS_};
  const int32_t type = GRADUS_ELEMENT_FLOAT32;
  const struct tensor_view view[3] = {{type, 0, {COLUMNS_, 1}}, {type, 0, {1, ROWS}}, {type, 0, {0, 1}}};
  const uint32_t operation[2][3] = {{OP_tanh | 2 << 8, 0, 0}, {OP_add | 3 << 8, 1, 2}};
  plan_make(2, shape, 2, view, 2, operation, 4, 0, NULL, GRADUS_ELEMENT_FLOAT32);
  gradus_threads(1);
  CHECK(gradus_tensor_apply(one, x, x, NULL, NULL, plan_words) == GRADUS_OK, "one thread");
  for (int32_t threads = 2; threads <= 5; threads++) {
    gradus_threads(threads);
    memset(more, 0, sizeof more);
    CHECK(gradus_tensor_apply(more, x, x, NULL, NULL, plan_words) == GRADUS_OK, "%d threads", threads);
    CHECK(memcmp(one, more, sizeof one) == 0, "the bits of %d threads", threads);
  }
  gradus_threads(1);
}

/* ---- conversions ---- */

/* y ← x, of other types, which are FLOAT32 or computed in FLOAT64. */
static void convert_row(void *y, int32_t y_type, const void *x, int32_t x_type, int32_t n) {
  const int is_single = y_type == GRADUS_ELEMENT_FLOAT32 || x_type == GRADUS_ELEMENT_FLOAT32;
  const int32_t compute = is_single ? GRADUS_ELEMENT_FLOAT32 : GRADUS_ELEMENT_FLOAT64;
  CHECK(apply_row(y, y_type, x, x_type, NULL, 0, 0, compute, n) == GRADUS_OK, "type %d to %d", x_type, y_type);
}

static void tensor_converts_every_type_to_every_other(void) {
  enum { N = 96 };
  static const int64_t integers[] = {0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 65504, 65520,
      65536, INT32_MAX, (int64_t)INT32_MAX + 1, INT32_MIN, UINT32_MAX, ((int64_t)1 << 53) + 1,
      -((int64_t)1 << 53) - 1, INT64_MAX, INT64_MIN, ((int64_t)1 << 24) + 1,
      ((int64_t)1 << 60) + ((int64_t)1 << 52) + 1, -((int64_t)1 << 60) - ((int64_t)1 << 52) - 1,
      ((int64_t)1 << 60) + ((int64_t)1 << 52), ((int64_t)1 << 60) + ((int64_t)3 << 52),
      ((int64_t)1 << 60) + ((int64_t)1 << 36) + 1};
  static const double reals[] = {0, -0.0, 0.5, -0.5, 1.5, -1.5, 0.999, -0.999, 127.9, 255.9, 256.5, -1, -300, 65504,
      65519.99, 65520, 65536, 1e10, -1e10, 0x1p31, 0x1p32, 0x1p62, 0x1p63, -0x1p63, -0x1.00001p63, 1e30, 1e300,
      -1e300, INFINITY, -INFINITY, NAN, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1p-14, 0x1.ffcp-15, 0x1p-133, 0x1p-134,
      0x1.000002p-134, 0x1p-149, 1e-320, 3.4e38, 3.39e38};
  double x[N], y[N], expected[N];
  for (int32_t from = 0; from < 12; from++)
    for (int32_t to = 0; to < 12; to++)
      for (int c = 0; c < 3; c++) {
        int32_t n = 0;
        for (size_t k = 0; k < sizeof integers / sizeof *integers; k++)
          put_scalar(x, from, n++, integer_scalar(integers[k]));
        for (size_t k = 0; k < sizeof reals / sizeof *reals; k++) put_scalar(x, from, n++, real_scalar(reals[k]));
        memset(y, 0x55, sizeof y), memset(expected, 0x55, sizeof expected);
        for (int32_t i = 0; i < n; i++) put_scalar(expected, to, i, scalar_in(scalar_at(x, from, i), computes[c]));
        CHECK(apply_row(y, to, x, from, NULL, 0, 0, computes[c], n) == GRADUS_OK, "converted");
        CHECK(elements_are_equal(y, expected, to, sizeof y / element_size(to)), "type %d to %d by way of %d", from, to,
              computes[c]);
      }
}

static void tensor_knows_every_short_number(void) {
  enum { N = 65536 };
  static uint16_t x[N], y[N];
  static float single[N];
  static double wide[N];
  for (int i = 0; i < N; i++) x[i] = (uint16_t)i;
  for (int32_t type = GRADUS_ELEMENT_FLOAT16; type <= GRADUS_ELEMENT_BFLOAT16; type++) {
    const int fraction = type == GRADUS_ELEMENT_FLOAT16 ? 10 : 7;
    int wrong = 0;
    convert_row(single, GRADUS_ELEMENT_FLOAT32, x, type, N);
    convert_row(wide, GRADUS_ELEMENT_FLOAT64, x, type, N);
    for (int i = 0; i < N; i++) {
      const double real = real_of_short(x[i], fraction);
      if (isnan(real)) wrong += !isnan(single[i]) || !isnan(wide[i]);
      else wrong += (double)single[i] != real || wide[i] != real || signbit(single[i]) != signbit(real);
    }
    CHECK(wrong == 0, "%d numbers of type %d are read wrong", wrong, type);
    convert_row(y, type, single, GRADUS_ELEMENT_FLOAT32, N);
    CHECK(elements_are_equal(x, y, type, N), "floats become type %d again", type);
    convert_row(y, type, wide, GRADUS_ELEMENT_FLOAT64, N);
    CHECK(elements_are_equal(x, y, type, N), "doubles become type %d again", type);
  }
}

/* Halfway between every two neighbours, and the next floats and doubles on either side. */
static void tensor_rounds_to_short_numbers_once(void) {
  enum { N = 3 * 65536 };
  static float single[N];
  static double wide[N];
  static uint16_t y[N];
  for (int32_t type = GRADUS_ELEMENT_FLOAT16; type <= GRADUS_ELEMENT_BFLOAT16; type++) {
    const int fraction = type == GRADUS_ELEMENT_FLOAT16 ? 10 : 7, infinite = 0x7fff >> fraction << fraction;
    int32_t n = 0, wrong = 0;
    for (int bits = 0; bits < infinite; bits++) {
      const double low = real_of_short((uint16_t)bits, fraction);
      const int top = bits + 1 == infinite; /* what is above it is as far away as what is below */
      const double other = real_of_short((uint16_t)(top ? bits - 1 : bits + 1), fraction);
      const double high = top ? low + (low - other) : other;
      const double half = low / 2 + high / 2, sign = bits & 1 ? -1 : 1;
      for (int step = -1; step <= 1; step++, n++) {
        wide[n] = sign * (step == 0 ? half : nextafter(half, step < 0 ? 0 : INFINITY));
        single[n] = (float)sign * (step == 0 ? (float)half : nextafterf((float)half, step < 0 ? 0 : INFINITY));
      }
    }
    convert_row(y, type, wide, GRADUS_ELEMENT_FLOAT64, n);
    for (int32_t i = 0; i < n; i++) wrong += y[i] != short_of_real(wide[i], fraction);
    CHECK(wrong == 0, "%d of %d doubles are rounded wrong to type %d", wrong, n, type);
    convert_row(y, type, single, GRADUS_ELEMENT_FLOAT32, n);
    for (int32_t i = wrong = 0; i < n; i++) wrong += y[i] != short_of_real((double)single[i], fraction);
    CHECK(wrong == 0, "%d of %d floats are rounded wrong to type %d", wrong, n, type);
  }
  /* What a float between would make of it: 1 + 2^-11 + 2^-40 is above the half, and not so rounded to float. */
  const double twice = 1 + 0x1p-11 + 0x1p-40;
  convert_row(y, GRADUS_ELEMENT_FLOAT16, &twice, GRADUS_ELEMENT_FLOAT64, 1);
  CHECK(y[0] == 0x3c01, "a double is rounded once");
}

/* ---- select ---- */

static void tensor_selects(void) {
  static _Alignas(64) char a[VIEW_BYTES], b[VIEW_BYTES], y[VIEW_BYTES], before[VIEW_BYTES], expected[VIEW_BYTES];
  static uint8_t condition[VIEW_BYTES];
  for (int i = 0; i < VIEW_BYTES; i++) a[i] = (char)tensor_random(256), b[i] = (char)tensor_random(256);
  for (int i = 0; i < VIEW_BYTES; i++) condition[i] = (uint8_t)(tensor_random(2) ? 0 : 1 + tensor_random(255));
  memset(before, 0x55, sizeof before);
  for (int trial = 0; trial < 1000; trial++) {
    const int32_t axes = tensor_random(9);
    int32_t shape[8], count = random_shape(axes, shape, 2000);
    const size_t bytes = (size_t)1 << tensor_random(4);
    struct tensor_view view[4];
    for (int v = 0; v < 4; v++)
      CHECK(random_view(&view[v], axes, shape, v > 0) <= VIEW_BYTES / 8 - GUARD, "the view fits");
    memcpy(expected, before, sizeof expected), memcpy(y, before, sizeof y);
    for (int64_t i = 0; i < count; i++) {
      size_t place[4];
      for (int v = 0; v < 4; v++) place[v] = (size_t)place_of(&view[v], axes, shape, i);
      memcpy(expected + GUARD + place[0] * bytes, condition[place[1]] ? a + place[2] * bytes : b + place[3] * bytes,
             bytes);
    }
    plan_length = 0;
    PLAN_PUT(axes, (int32_t)bytes);
    plan_put(shape, axes);
    for (int v = 0; v < 4; v++) plan_put(&view[v].offset, 1 + axes);
    CHECK(gradus_tensor_select(y + GUARD, condition, a, b, plan_words) == GRADUS_OK, "trial %d is done", trial);
    CHECK(memcmp(y, expected, sizeof y) == 0, "trial %d: %d axes, %d elements of %zu bytes", trial, axes, count, bytes);
  }
  /* In place, on as many threads as there are. */
  enum { N = 100000 };
  static float same[N], others[N];
  for (int i = 0; i < N; i++) same[i] = (float)i, others[i] = -1;
  gradus_threads(3);
  const int32_t in_place[] = {1, 4, N, 0, 1, 0, 1, 0, 1, 0, 1};
  CHECK(gradus_tensor_select(same, condition, same, others, in_place) == GRADUS_OK, "y is a");
  gradus_threads(1);
  int wrong = 0;
  for (int i = 0; i < N; i++) wrong += same[i] != (condition[i] ? (float)i : -1);
  CHECK(wrong == 0, "%d elements are wrong", wrong);
}

/* ---- what is refused ---- */

/* Whether a plan for y, in which 77 stands, is refused and nothing is written. */
static int is_refused(float *y, const float *x0, const float *x1, const int32_t *plan) {
  return gradus_tensor_apply(y, x0, x1, NULL, NULL, plan) == GRADUS_ARGUMENT && y[0] == 77;
}

static void tensor_refuses_what_is_no_plan(void) {
  float y[4] = {77, 77, 77, 77}, x[4] = {1, 2, 3, 4};
  static const _Alignas(8) int32_t fine[] = {1, 2, 1, 3, 1, 0, 4, 0, 0, 1, 0, 0, 1, 0, 0, 1, OP_add | 2 << 8, 0, 1,
      0, 0, 0};
  const struct {
    int word;
    int32_t value;
    const char *what;
  } cases[] = {
      {0, -1, "fewer than no axes"},
      {0, 17, "17 axes"},
      {1, -1, "fewer than no inputs"},
      {1, 5, "five inputs"},
      {2, -1, "fewer than no operations"},
      {3, 33, "too many registers"},
      {3, 1, "fewer registers than inputs"},
      {4, -1, "fewer than no uniforms"},
      {5, GRADUS_ELEMENT_FLOAT16, "float16 to compute in"},
      {5, 12, "an unknown type to compute in"},
      {6, -4, "a negative size"},
      {7, 12, "an unknown type of y"},
      {8, -1, "an offset before the array"},
      {9, 0, "a y that is one element again and again"},
      {9, -1, "a view that begins before its array"},
      {10, -1, "an unknown type of an input"},
      {12, -1, "an input that begins before its array"},
      {16, OP_leaf | 2 << 8, "a number as an operation"},
      {16, OP_COUNT | 2 << 8, "an operation behind the table"},
      {16, OP_BEFORE_TENSOR | 2 << 8, "an operation before the table"},
      {16, OP_bit_and | 2 << 8, "bits of reals"},
      {16, OP_add | 1 << 8, "an operation that writes an input"},
      {16, OP_add | 3 << 8, "a result beyond the registers"},
      {17, 3, "an operand beyond the registers"},
      {18, 2, "an operation on its own result"},
      {18, (int32_t)(UNIFORM_0 + 1), "an operand beyond the uniforms"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    memcpy(plan_words, fine, sizeof fine);
    plan_words[cases[i].word] = cases[i].value;
    CHECK(is_refused(y, x, x, plan_words), "%s: refused",
          cases[i].what);
  }
  memcpy(plan_words, fine, sizeof fine);
  plan_words[5] = GRADUS_ELEMENT_INT64;
  plan_words[16] = OP_div | 2 << 8;
  CHECK(is_refused(y, x, x, plan_words), "integers have no quotient");
  plan_words[16] = OP_tanh | 2 << 8;
  CHECK(is_refused(y, x, x, plan_words), "nor a tanh");
  const int32_t early[] = {1, 1, 1, 3, 0, 0, 4, 0, 0, 1, 0, 0, 1, OP_neg | 2 << 8, 1, 0};
  CHECK(is_refused(y, x, NULL, early), "a register without a number is refused");
  const int32_t nothing[] = {1, 0, 0, 0, 0, 0, 4, 0, 0, 1};
  CHECK(is_refused(y, NULL, NULL, nothing), "y has to come from something");
  const int32_t huge[] = {3, 1, 0, 1, 0, 0, 65536, 65536, 65536, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0};
  CHECK(is_refused(y, x, NULL, huge), "2^48 elements are refused");
  const int32_t empty[] = {3, 1, 0, 1, 0, 0, 65536, 65536, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0};
  CHECK(gradus_tensor_apply(NULL, NULL, NULL, NULL, NULL, empty) == GRADUS_OK, "no elements need no arrays");
  CHECK(is_refused(y, x, NULL, fine), "a missing input is refused");
  CHECK(gradus_tensor_apply(NULL, x, x, NULL, NULL, fine) == GRADUS_ARGUMENT, "a missing y is refused");
  CHECK(is_refused(y, x, x, NULL), "a missing plan is refused");
  CHECK(gradus_tensor_apply(y, x, x, NULL, NULL, fine) == GRADUS_OK && y[0] == 2 && y[3] == 8, "what is fine is done");

  const uint8_t condition[2] = {0, 1};
  const int32_t plans[][8] = {{-1, 4}, {17, 4}, {0, 3, 0, 0, 0, 0}, {0, 16, 0, 0, 0, 0}, {0, 4, -1, 0, 0, 0}};
  y[0] = 77;
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
    CHECK(gradus_tensor_select(y, condition, x, x, plans[i]) == GRADUS_ARGUMENT && y[0] == 77, "plan %zu", i);
  const int32_t one[] = {0, 4, 0, 1, 2, 0};
  CHECK(gradus_tensor_select(y, NULL, x, x, one) == GRADUS_ARGUMENT && y[0] == 77, "a missing condition is refused");
  CHECK(gradus_tensor_select(y, condition, x, x, one) == GRADUS_OK && y[0] == 3, "one element is chosen");
}

#undef UNIFORM_0
#undef GUARD
#undef PLAN_PUT
