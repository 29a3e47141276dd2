/* value.c: the scalar tape: one pass up the records for the values, one pass down for the gradients. */

#define REACHED 0x80
#define CONSTANT UINT32_MAX

/* data[i] of the records from .. to-1. */
static void K(value_forward)(real *data, const uint8_t *op, const uint32_t *operand, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) {
    switch ((enum op)op[i]) {
#define UNARY(name, value, derivative) \
  case OP_##name: {                    \
    real x = data[operand[2 * i]];     \
    data[i] = value;                   \
    break;                             \
  }
#define BINARY(name, value, da, db)                                    \
  case OP_##name: {                                                    \
    real a = data[operand[2 * i]], b = data[operand[2 * i + 1]];       \
    data[i] = value;                                                   \
    break;                                                             \
  }
      GRADUS_UNARY_OPS(UNARY)
      GRADUS_BINARY_OPS(BINARY)
#undef UNARY
#undef BINARY
      case OP_leaf:
      case OP_COUNT: break;
    }
  }
}

#ifndef VALUE_SHARED
#define VALUE_SHARED

/* What the sweep has before it: operations that are marked, and the chain of numbers. */
struct frontier {
  int32_t operations;
  uint32_t numbers;
};
#endif

/* grad[i] += g, where i is marked and counted if this is the first time. */
INLINE void K(reach)(uint32_t i, real g, real *grad, uint8_t *op, uint32_t *operand, struct frontier *frontier) {
  if (op[i] & REACHED) {
    grad[i] += g;
    return;
  }
  grad[i] = g;
  if (op[i] != OP_leaf) {
    frontier->operations++;
  } else if (operand[2 * i + 1] != CONSTANT) {
    operand[2 * i] = frontier->numbers;
    frontier->numbers = i + 1;
  } else {
    return;
  }
  op[i] |= REACHED;
}

/* grad of what the reached operations depend on: operand by operand, grad[i] · dy/doperand is added. */
static int32_t K(value_backward)(real *grad, uint8_t *op, const real *data, uint32_t *operand, uint32_t from, int32_t roots) {
  struct frontier frontier = {.operations = roots, .numbers = 0};
  for (uint32_t i = from + 1; i-- > 0 && frontier.operations > 0;) {
    if (op[i] <= REACHED) continue;
    enum op code = (enum op)(op[i] & ~REACHED);
    uint32_t l = operand[2 * i], r = operand[2 * i + 1];
    REQUIRE(code < OP_COUNT && l < i && (code < OP_add || r < i));
    op[i] = (uint8_t)code;
    frontier.operations--;
    real g = grad[i], y = data[i];
    (void)y;
    switch (code) {
#define UNARY(name, value, derivative)                                 \
  case OP_##name: {                                                    \
    real x = data[l];                                                  \
    (void)x;                                                           \
    K(reach)(l, g * (derivative), grad, op, operand, &frontier);       \
    break;                                                             \
  }
#define BINARY(name, value, da, db)                                    \
  case OP_##name: {                                                    \
    real a = data[l], b = data[r];                                     \
    (void)a, (void)b;                                                  \
    K(reach)(l, g * (da), grad, op, operand, &frontier);               \
    K(reach)(r, g * (db), grad, op, operand, &frontier);               \
    break;                                                             \
  }
      GRADUS_UNARY_OPS(UNARY)
      GRADUS_BINARY_OPS(BINARY)
#undef UNARY
#undef BINARY
      case OP_leaf:
      case OP_COUNT: break;
    }
  }
  return (int32_t)frontier.numbers;
}

#undef REACHED
#undef CONSTANT
