/* integers.c: the operations of ops.h over strips of int64_t, for tensors of integers. Sums and products wrap around;
 * nothing here is undefined, whatever the operands are. It is compiled once: a level would not make it much faster. */
#include "base.h"
#include "ops.h"

#define U(x) ((uint64_t)(x))
#define I(x) ((int64_t)(x))

/* a^b, wrapping around; where b < 0 towards 0: that of 1 and of −1 is 1 or −1, all others give 0. */
static int64_t integer_pow(int64_t a, int64_t b) {
  if (b < 0 && a != 1 && a != -1) return 0;
  if (b < 0) b &= 1;
  uint64_t power = 1;
  for (uint64_t square = U(a); b > 0; b >>= 1, square *= square)
    if (b & 1) power *= square;
  return I(power);
}

/* a − b·trunc(a / b), of the sign of a; 0 where b = 0. Dividing the least integer by −1 would overflow. */
static int64_t integer_fmod(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }

/* a − b·⌊a / b⌋, of the sign of b; 0 where b = 0. */
static int64_t integer_remainder(int64_t a, int64_t b) {
  int64_t rest = integer_fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* ⌊a / b⌋, wrapping around; 0 where b = 0. */
static int64_t integer_floor_divide(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return I(U(a) * U(b));
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static void integer_forward(uint32_t op, int64_t *restrict y, const int64_t *restrict a_, const int64_t *restrict b_,
                            size_t n) {
  switch (op) {
#define X(name, value)                       \
  case OP_##name:                            \
    for (size_t i = 0; i < whole(n); i++) {  \
      int64_t x = a_[i];                     \
      (void)x;                               \
      y[i] = value;                          \
    }                                        \
    break;
    GRADUS_INTEGER_UNARY_OPS(X)
    GRADUS_BIT_UNARY_OPS(X)
#undef X
#define X(name, value)                       \
  case OP_##name:                            \
    for (size_t i = 0; i < whole(n); i++) {  \
      int64_t a = a_[i], b = b_[i];          \
      y[i] = value;                          \
    }                                        \
    break;
    GRADUS_INTEGER_BINARY_OPS(X)
    GRADUS_BIT_BINARY_OPS(X)
#undef X
    default: break;
  }
}

/* Over strips of which some are one number. */
static void integer_strip(uint32_t op, void *y_, const void *a_, const void *b_, uint32_t numbers, size_t n) {
  int64_t *y = y_, spread[2][STRIP_MAX];
  const int64_t *operand[2] = {a_, b_};
  for (int k = 0; k < 2; k++)
    if (numbers >> k & 1)
      for (size_t i = 0; i < STRIP_MAX; i++) spread[k][i] = *operand[k];
  for (size_t from = 0; from < n; from += STRIP_MAX) {
    const int64_t *left = numbers & LEFT_NUMBER ? spread[0] : operand[0] + from;
    const int64_t *right = numbers & RIGHT_NUMBER ? spread[1] : operand[1] == NULL ? NULL : operand[1] + from;
    integer_forward(op, y + from, left, right, size_min(n - from, STRIP_MAX));
  }
}

#undef U
#undef I
