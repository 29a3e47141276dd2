/* value.c: the scalar tape: one pass up the records for the values, one pass down for the gradients. A record takes a
 * few nanoseconds, and jumps that are taken are most of that: so what is common lies in a straight line here. */

#ifndef VALUE_SHARED
#define VALUE_SHARED

#define LIKELY(condition) __builtin_expect(condition, 1)
#define UNLIKELY(condition) __builtin_expect(condition, 0)

/* Where the loops lie within lines of the cache would decide a fifth of the time. */
#define PASS static __attribute__((aligned(64)))

/* The first word of a record: bits 0 to 7 its operation, the others its first operand. */
INLINE enum op record_op(uint32_t word) { return (enum op)(word & 0xff); }

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

struct record {
  uint32_t op;
  uint32_t left;
  uint32_t right;
};

INLINE struct record record_at(const uint32_t *record, size_t i) {
  return (struct record){record_op(record[2 * i]), record_left(record[2 * i]), record[2 * i + 1]};
}
#endif

/* In the formulas of this file K(f) is another one than elsewhere: what is long is a call, once for all of them. In
 * place it would take the registers from what is short. */
#pragma push_macro("K")
#undef K
#define K(name) CONCAT4(name, _scalar, _, LEVEL)

#define CALLED(name) \
  static __attribute__((noinline)) real K(name)(real x) { return K64(name)(x); }
CALLED(tanh) CALLED(sigmoid) CALLED(silu) CALLED(softplus) CALLED(gelu) CALLED(exp) CALLED(log) CALLED(log1p)
CALLED(expm1) CALLED(sin) CALLED(cos) CALLED(tan) CALLED(normal_cdf) CALLED(normal_pdf)
#undef CALLED

static __attribute__((noinline)) real K(pow)(real a, real b) { return K64(pow)(a, b); }

#define IN_PLACE(name) \
  INLINE real K(name)(real x) { return K64(name)(x); }
IN_PLACE(sqrt) IN_PLACE(abs) IN_PLACE(sign) IN_PLACE(step)
#undef IN_PLACE

#define IN_PLACE(name) \
  INLINE real K(name)(real a, real b) { return K64(name)(a, b); }
IN_PLACE(max) IN_PLACE(min) IN_PLACE(above) IN_PLACE(times) IN_PLACE(zero_base)
#undef IN_PLACE

/* ---- values ---- */

/* Computes data[i], whose record is that operation; ARGUMENT if not on earlier records. */
#define UNARY(name, value, derivative)                                  \
  INLINE int32_t K(name##_up)(real *data, size_t i, struct record r) {  \
    REQUIRE(LIKELY(r.left < i));                                        \
    real x = data[r.left];                                              \
    data[i] = value;                                                    \
    return GRADUS_OK;                                                   \
  }
#define BINARY(name, value, da, db)                                     \
  INLINE int32_t K(name##_up)(real *data, size_t i, struct record r) {  \
    REQUIRE(LIKELY(r.left < i) && LIKELY(r.right < i));                 \
    real a = data[r.left], b = data[r.right];                           \
    data[i] = value;                                                    \
    return GRADUS_OK;                                                   \
  }
GRADUS_UNARY_OPS(UNARY)
GRADUS_BINARY_OPS(BINARY)
#undef UNARY
#undef BINARY

/* data[i] of the records from .. to-1. Sums of products are what most graphs are made of, and the jump through a table
 * takes longer than they do: what follows a product is first taken for a sum. */
PASS int32_t K64(value_forward)(real *data, const uint32_t *record, uint32_t from, uint32_t to) {
  for (size_t i = from; i < to; i++) {
    struct record r = record_at(record, i);
    if (r.op == OP_mul) {
      REQUIRE(K(mul_up)(data, i, r) == GRADUS_OK);
      if (++i == to) break;
      r = record_at(record, i);
      if (r.op == OP_add) {
        REQUIRE(K(add_up)(data, i, r) == GRADUS_OK);
        continue;
      }
    }
    switch (r.op) {
#define CASE(name, ...) \
  case OP_##name: REQUIRE(K(name##_up)(data, i, r) == GRADUS_OK); break;
      GRADUS_UNARY_OPS(CASE)
      GRADUS_BINARY_OPS(CASE)
#undef CASE
      case OP_leaf: break;
      default: return GRADUS_ARGUMENT;
    }
  }
  return GRADUS_OK;
}

/* ---- gradients ---- */

/* What a sweep works on, how many reached operations it has before it, and how many numbers it has reached. */
struct K(sweep) {
  real *grad;
  uint8_t *mark;
  uint32_t *reached;
  const real *data;
  int32_t operations;
  int32_t numbers;
};

INLINE void K(reach_first)(struct K(sweep) *s, uint32_t i, uint32_t mark, real g) {
  s->grad[i] = g;
  if (UNLIKELY(mark == GRADUS_MARK_NUMBER)) {
    s->mark[i] = GRADUS_MARK_NUMBER | GRADUS_MARK_REACHED;
    s->reached[s->numbers++] = i;
  } else {
    s->mark[i] = GRADUS_MARK_REACHED;
    s->operations++;
  }
}

/* Adds to grad[i], or replaces it the first time. An operand of a product, a weight say, is mostly used by others, too,
 * and was reached before; one of anything else is mostly used once. */
INLINE void K(reach)(struct K(sweep) *s, enum op by, uint32_t i, real g) {
  uint32_t mark = s->mark[i];
  if (by == OP_mul) {
    if (LIKELY(mark & 1)) s->grad[i] += g;
    else K(reach_first)(s, i, mark, g);
  } else {
    if (UNLIKELY(mark & 1)) s->grad[i] += g;
    else K(reach_first)(s, i, mark, g);
  }
}

/* Hands grad[i], whose record is that operation, on to its operands: grad[i] · dy/doperand; ARGUMENT if they are not
 * records below. */
#define UNARY(name, value, derivative)                                            \
  INLINE int32_t K(name##_down)(struct K(sweep) *s, size_t i, struct record r) {  \
    REQUIRE(LIKELY(r.left < i));                                                  \
    real x = s->data[r.left], y = s->data[i], g = s->grad[i];                     \
    (void)x, (void)y;                                                             \
    K(reach)(s, OP_##name, r.left, g * (derivative));                             \
    return GRADUS_OK;                                                             \
  }
#define BINARY(name, value, da, db)                                                  \
  INLINE int32_t K(name##_down)(struct K(sweep) *s, size_t i, struct record r) {     \
    REQUIRE(LIKELY(r.left < i) && LIKELY(r.right < i));                              \
    real a = s->data[r.left], b = s->data[r.right], y = s->data[i], g = s->grad[i];  \
    (void)a, (void)b, (void)y;                                                       \
    K(reach)(s, OP_##name, r.left, g * (da));                                        \
    K(reach)(s, OP_##name, r.right, g * (db));                                       \
    return GRADUS_OK;                                                                \
  }
GRADUS_UNARY_OPS(UNARY)
GRADUS_BINARY_OPS(BINARY)
#undef UNARY
#undef BINARY

/* What was not reached is passed like a number. */
INLINE struct record K(reached_at)(const struct K(sweep) *s, const uint32_t *record, size_t i) {
  struct record r = record_at(record, i);
  r.op &= s->mark[i];
  return r;
}

/* As on the way up, but a sum comes before its product. Marks are cleared when all is done: that takes no time then. */
PASS int32_t K64(value_backward)(real *grad, uint8_t *mark, uint32_t *reached, const real *data,
                                 const uint32_t *record, int32_t roots) {
  struct K(sweep) s = {grad, mark, reached, data, roots, 0};
  size_t from = reached[0], i = from;
  for (; s.operations > 0; i--) {
    struct record r = K(reached_at)(&s, record, i);
    if (r.op == OP_add) {
      REQUIRE(K(add_down)(&s, i, r) == GRADUS_OK);
      if (--s.operations == 0) break;
      r = K(reached_at)(&s, record, --i);
      if (r.op == OP_mul) {
        REQUIRE(K(mul_down)(&s, i, r) == GRADUS_OK);
        if (--s.operations == 0) break;
        continue;
      }
    }
    switch (r.op) {
#define CASE(name, ...) \
  case OP_##name: REQUIRE(K(name##_down)(&s, i, r) == GRADUS_OK); break;
      GRADUS_UNARY_OPS(CASE)
      GRADUS_BINARY_OPS(CASE)
#undef CASE
      case OP_leaf: REQUIRE(i > 0); continue;
      default: return GRADUS_ARGUMENT;
    }
    if (--s.operations == 0) break;
  }
  for (size_t k = i; k <= from; k++) mark[k] = mark[k] == GRADUS_MARK_REACHED ? 0 : mark[k];
  for (int32_t k = 0; k < s.numbers; k++) mark[reached[k]] = GRADUS_MARK_NUMBER;
  return s.numbers;
}

#pragma pop_macro("K")
