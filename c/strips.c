/* strips.c: the operations over strips, expanded from ops.h, for programs and tensors: y = op(a, b) for n elements, n a
 * multiple of 16. The unary operations that have derivatives are those of elementwise.c. */

/* Of two strips, of a strip and a number, and of a number and a strip. */
#define X(name, value, da, db)                                                                                    \
  OUT_OF_LINE void K(name##_forward)(real *restrict y_, const real *restrict a_, const real *restrict b_,         \
                                     size_t n) {                                                                  \
    for (size_t i = 0; i < whole(n); i++) {                                                                       \
      real a = a_[i], b = b_[i];                                                                                  \
      y_[i] = value;                                                                                              \
    }                                                                                                             \
  }                                                                                                               \
  OUT_OF_LINE void K(name##_by_number)(real *restrict y_, const real *restrict a_, real b, size_t n) {            \
    for (size_t i = 0; i < whole(n); i++) {                                                                       \
      real a = a_[i];                                                                                             \
      y_[i] = value;                                                                                              \
    }                                                                                                             \
  }                                                                                                               \
  OUT_OF_LINE void K(name##_of_number)(real *restrict y_, real a, const real *restrict b_, size_t n) {            \
    for (size_t i = 0; i < whole(n); i++) {                                                                       \
      real b = b_[i];                                                                                             \
      y_[i] = value;                                                                                              \
    }                                                                                                             \
  }
GRADUS_BINARY_OPS(X)
#undef X

/* What is mostly done with a number. */
#define OPS_OF_NUMBERS(X) X(add, ) X(sub, ) X(mul, ) X(div, ) X(max, ) X(min, )

/* y = op(a, b) for n elements, of operations that have loops for numbers, unless both are numbers; whether there is a
 * loop. */
LOCAL int K(strip_arithmetic)(uint32_t op, real *y, const real *a, const real *b, uint32_t numbers, size_t n) {
  switch (4 * op + numbers) {
#define X(name, ...)                                                                                              \
  case 4 * OP_##name: K(name##_forward)(y, a, b, n); return 1;                                                    \
  case 4 * OP_##name + RIGHT_NUMBER: K(name##_by_number)(y, a, *b, n); return 1;                                  \
  case 4 * OP_##name + LEFT_NUMBER: K(name##_of_number)(y, *a, b, n); return 1;
    OPS_OF_NUMBERS(X)
#undef X
    default: return 0;
  }
}

#ifdef HAS_SCALARS
/* The operations of tensors alone, of strips only. */
#define X(name, value)                                                                                            \
  OUT_OF_LINE void K(name##_forward)(real *restrict y_, const real *restrict x_, size_t n) {                      \
    for (size_t i = 0; i < whole(n); i++) {                                                                       \
      real x = x_[i];                                                                                             \
      y_[i] = value;                                                                                              \
    }                                                                                                             \
  }
GRADUS_TENSOR_UNARY_OPS(X)
#undef X
#define X(name, value)                                                                                            \
  OUT_OF_LINE void K(name##_forward)(real *restrict y_, const real *restrict a_, const real *restrict b_,         \
                                     size_t n) {                                                                  \
    for (size_t i = 0; i < whole(n); i++) {                                                                       \
      real a = a_[i], b = b_[i];                                                                                  \
      y_[i] = value;                                                                                              \
    }                                                                                                             \
  }
GRADUS_TENSOR_BINARY_OPS(X)
#undef X

/* y[i] = op(a[i], b[i]) for i < n; b only of binary operations. */
LOCAL void K(strip_forward)(uint32_t op, real *restrict y, const real *restrict a, const real *restrict b, size_t n) {
  switch (op) {
#define X(name, ...)                                                                                              \
  case OP_##name: K(name##_forward)(y, a, n); break;
    GRADUS_UNARY_OPS(X)
    GRADUS_TENSOR_UNARY_OPS(X)
#undef X
#define X(name, ...)                                                                                              \
  case OP_##name: K(name##_forward)(y, a, b, n); break;
    GRADUS_BINARY_OPS(X)
    GRADUS_TENSOR_BINARY_OPS(X)
#undef X
    default: break;
  }
}

LOCAL void K(spread)(real *to, real number, size_t n) {
  for (size_t i = 0; i < whole(n); i++) to[i] = number;
}

/* As strip_forward, where operands may be numbers, which are spread out unless there is a loop for them. */
LOCAL void K(strip_entry)(uint32_t op, void *y_, const void *a_, const void *b_, uint32_t numbers, size_t n) {
  real *y = y_, spread[2][STRIP_MAX];
  const real *a = a_, *b = b_;
  if (K(strip_arithmetic)(op, y, a, b, numbers, n)) return;
  if (numbers == 0) K(strip_forward)(op, y, a, b, n);
  else {
    size_t length = size_min(n, STRIP_MAX);
    if (numbers & LEFT_NUMBER) K(spread)(spread[0], *a, length);
    if (numbers & RIGHT_NUMBER) K(spread)(spread[1], *b, length);
    for (size_t from = 0; from < n; from += STRIP_MAX) {
      const real *left = numbers & LEFT_NUMBER ? spread[0] : a + from;
      const real *right = numbers & RIGHT_NUMBER ? spread[1] : b == NULL ? NULL : b + from;
      K(strip_forward)(op, y + from, left, right, size_min(n - from, STRIP_MAX));
    }
  }
}

/* Comparisons whose results are bytes: of strips, and of a strip and a number. */
#define X(name, is)                                                                                                  \
  OUT_OF_LINE void K(name##_bytes)(uint8_t *restrict y, const real *restrict a, const real *restrict b, size_t n) {  \
    for (size_t i = 0; i < whole(n); i++) y[i] = a[i] is b[i];                                                       \
  }
GRADUS_COMPARISON_OPS(X)
#undef X

LOCAL void K(compare_entry)(uint32_t op, void *y_, const void *a_, const void *b_, uint32_t numbers, size_t n) {
  real spread[2][STRIP_MAX];
  const real *a = a_, *b = b_;
  const size_t length = numbers == 0 ? n : size_min(n, STRIP_MAX);
  if (numbers & LEFT_NUMBER) K(spread)(spread[0], *a, length);
  if (numbers & RIGHT_NUMBER) K(spread)(spread[1], *b, length);
  for (size_t from = 0; from < n; from += length) {
    const real *left = numbers & LEFT_NUMBER ? spread[0] : a + from;
    const real *right = numbers & RIGHT_NUMBER ? spread[1] : b + from;
    uint8_t *y = (uint8_t *)y_ + from;
    switch (op) {
#define X(name, is)                                                                      \
  case OP_##name: K(name##_bytes)(y, left, right, size_min(n - from, length)); break;
      GRADUS_COMPARISON_OPS(X)
#undef X
      default: break;
    }
  }
}
#else
/* Where arithmetic decides how long it takes, that is the level's own; elsewhere memory does. The strips of programs,
 * which compute in double, lie in the first caches. */
LOCAL void K(strip_entry)(uint32_t op, void *y, const void *a, const void *b, uint32_t numbers, size_t n) {
#if REAL_BITS == 64
  if (K(strip_arithmetic)(op, y, a, b, numbers, n)) return;
#endif
  if (numbers != 0 || !K(function_forward)(op, y, a, n)) KS(strip_entry)(op, y, a, b, numbers, n);
}
#endif
