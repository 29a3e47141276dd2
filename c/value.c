/* value.c: the scalar tape: one pass up the records for the values, one pass down for the gradients. */

#define REACHED 0x80

/* data[i] of the records from .. to-1. */
static void K(value_forward)(real *data, const uint8_t *op, const uint32_t *left, const uint32_t *right, uint32_t from,
                             uint32_t to) {
  for (uint32_t i = from; i < to; i++) {
    switch ((enum op)op[i]) {
#define UNARY(name, value, derivative)  \
  case OP_##name: {                     \
    real x = data[left[i]];             \
    data[i] = value;                    \
    break;                              \
  }
#define BINARY(name, value, da, db)                   \
  case OP_##name: {                                   \
    real a = data[left[i]], b = data[right[i]];       \
    data[i] = value;                                  \
    break;                                            \
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

/* grad[operand] += grad[i] · dy/doperand for every reached record i, from `from` down to 0. */
static void K(value_backward)(real *grad, uint8_t *op, const real *data, const uint32_t *left, const uint32_t *right,
                              uint32_t from) {
  for (uint32_t i = from + 1; i-- > 0;) {
    if (!(op[i] & REACHED)) continue;
    enum op code = (enum op)(op[i] & ~REACHED);
    if (code == OP_leaf) continue;
    op[i] = (uint8_t)code;
    uint32_t l = left[i];
    real g = grad[i], y = data[i];
    (void)y;
    op[l] |= REACHED;
    switch (code) {
#define UNARY(name, value, derivative)  \
  case OP_##name: {                     \
    real x = data[l];                   \
    (void)x;                            \
    grad[l] += g * (derivative);        \
    break;                              \
  }
#define BINARY(name, value, da, db)     \
  case OP_##name: {                     \
    uint32_t r = right[i];              \
    real a = data[l], b = data[r];      \
    (void)a, (void)b;                   \
    op[r] |= REACHED;                   \
    grad[l] += g * (da);                \
    grad[r] += g * (db);                \
    break;                              \
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

#undef REACHED
