/* value.c: the scalar tape: one pass up the records for the values, one pass down for the gradients. */

#define REACHED 0x80
#define CONSTANT UINT32_MAX

#ifndef VALUE_SHARED
#define VALUE_SHARED

/* The first word of a record: bits 0 to 6 its operation, bit 7 the mark, the others its first operand. */
INLINE enum op record_op(uint32_t word) { return (enum op)(word & 0x7f); }

INLINE uint32_t record_left(uint32_t word) { return word >> 8; }

/* Whether the records from .. to-1 are operations on earlier records. */
static int records_are_valid(const uint32_t *record, uint32_t from, uint32_t to) {
  uint32_t bad = 0;
  for (uint32_t i = from; i < to; i++) {
    uint32_t op = record[2 * i] & 0xff, left = record[2 * i] >> 8, right = record[2 * i + 1];
    bad |= (op != OP_leaf) & ((op >= OP_COUNT) | (left >= i) | ((op >= OP_add) & (right >= i)));
  }
  return !bad;
}

/* What the sweep has before it: operations that are marked, and the chain of numbers. */
struct frontier {
  int32_t operations;
  uint32_t numbers;
};
#endif

/* data[i] of the records from .. to-1. */
static void K(value_forward)(real *data, const uint32_t *record, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) {
    uint32_t word = record[2 * i];
    switch (record_op(word)) {
#define UNARY(name, value, derivative) \
  case OP_##name: {                    \
    real x = data[record_left(word)];  \
    data[i] = value;                   \
    break;                             \
  }
#define BINARY(name, value, da, db)                                      \
  case OP_##name: {                                                      \
    real a = data[record_left(word)], b = data[record[2 * i + 1]];       \
    data[i] = value;                                                     \
    break;                                                               \
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

/* grad[i] += g, where i is marked and counted if this is the first time. */
INLINE void K(reach)(uint32_t i, real g, real *grad, uint32_t *record, struct frontier *frontier) {
  uint32_t word = record[2 * i];
  if (word & REACHED) {
    grad[i] += g;
    return;
  }
  grad[i] = g;
  if (record_op(word) != OP_leaf) {
    frontier->operations++;
    record[2 * i] = word | REACHED;
  } else if (record[2 * i + 1] != CONSTANT) {
    record[2 * i] = frontier->numbers << 8 | REACHED;
    frontier->numbers = i + 1;
  }
}

/* grad of what the reached operations depend on: operand by operand, grad[i] · dy/doperand is added. */
static int32_t K(value_backward)(real *grad, const real *data, uint32_t *record, uint32_t from, int32_t roots) {
  struct frontier frontier = {.operations = roots, .numbers = 0};
  for (uint32_t i = from + 1; i-- > 0 && frontier.operations > 0;) {
    uint32_t word = record[2 * i], l = record_left(word), r = record[2 * i + 1];
    enum op code = record_op(word);
    if (!(word & REACHED) || code == OP_leaf) continue;
    REQUIRE(code < OP_COUNT && l < i && (code < OP_add || r < i));
    record[2 * i] = word & ~(uint32_t)REACHED;
    frontier.operations--;
    real g = grad[i], y = data[i];
    (void)y;
    switch (code) {
#define UNARY(name, value, derivative)                                 \
  case OP_##name: {                                                    \
    real x = data[l];                                                  \
    (void)x;                                                           \
    K(reach)(l, g * (derivative), grad, record, &frontier);            \
    break;                                                             \
  }
#define BINARY(name, value, da, db)                                    \
  case OP_##name: {                                                    \
    real a = data[l], b = data[r];                                     \
    (void)a, (void)b;                                                  \
    K(reach)(l, g * (da), grad, record, &frontier);                    \
    K(reach)(r, g * (db), grad, record, &frontier);                    \
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
