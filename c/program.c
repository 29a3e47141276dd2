/* program.c: recorded functions. Over many rows at once, each operation runs over a strip of rows before the next one does, so
 * that a strip of every register fits into the first caches. For a single input, operations of one kind that do not depend on
 * one another run together, as a strip of their own. The activations are those of elementwise.c. */

#ifndef PROGRAM_SHARED
#define PROGRAM_SHARED

/* Rows that go through the operations together, at most: registers are strips of so many numbers. */
#define STRIP_MAX 64

#define UNIFORM 0x80000000u

/* The words of a program: c/gradus.h. */
struct program {
  uint32_t operations;
  uint32_t registers;
  uint32_t uniforms;
  uint32_t inputs;
  uint32_t outputs;
  uint32_t sums;
  uint32_t strip;
  const uint32_t *input;
  const uint32_t *output;
  const uint32_t *sum;
  const uint32_t *operation;
};

/* A sum over rows is made of this many partial sums, row i in number i mod 8, whatever the strip and the level are. */
#define PARTS 8

static struct program program_from(const uint32_t *words) {
  struct program p = {words[0], words[1], words[2], words[3], words[4], words[5], words[6], words + 7, NULL, NULL, NULL};
  p.output = p.input + p.inputs;
  p.sum = p.output + p.outputs;
  p.operation = p.sum + p.sums;
  return p;
}

static int operand_is_valid(const struct program *p, uint32_t operand) {
  return operand & UNIFORM ? (operand & ~UNIFORM) < p->uniforms : operand < p->registers;
}

static int program_is_valid(const struct program *p) {
  if (p->strip < 1 || p->strip > STRIP_MAX || p->inputs < 1 || (p->sums > 0 && p->strip % PARTS != 0)) return 0;
  for (uint32_t i = 0; i < p->inputs; i++)
    if (p->input[i] != UINT32_MAX && p->input[i] >= p->registers) return 0;
  for (uint32_t i = 0; i < p->outputs + p->sums; i++)
    if (!operand_is_valid(p, p->output[i])) return 0;
  for (uint32_t i = 0; i < p->operations; i++) {
    const uint32_t *o = p->operation + 3 * i;
    uint32_t op = o[0] & 0xff, to = o[0] >> 8;
    if (op == OP_leaf || op >= OP_COUNT || to >= p->registers || to == o[1] || !operand_is_valid(p, o[1])) return 0;
    if (op >= OP_add && (to == o[2] || !operand_is_valid(p, o[2]))) return 0;
  }
  return 1;
}

/* Whether runs lie one after the other within from .. to-1, each of operations of one kind on records before the run. */
static int runs_are_valid(const uint32_t *record, const uint32_t *run, uint32_t runs, uint32_t from, uint32_t to) {
  for (uint32_t k = 0; k < runs; k++) {
    uint32_t first = run[2 * k], n = run[2 * k + 1];
    if (first < from || n < 1 || n > STRIP_MAX || first >= to || n > to - first) return 0;
    uint32_t op = record[2 * first] & 0xff, bad = 0;
    for (uint32_t i = first; i < first + n; i++)
      bad |= ((record[2 * i] & 0xff) != op) | (record_left(record[2 * i]) >= first) | (record[2 * i + 1] >= first);
    if (bad || op == OP_leaf) return 0;
    from = first + n;
  }
  return 1;
}
#endif

#define X(name, value, derivative)                                                       \
  LOCAL void K(name##_forward)(real *restrict y_, const real *restrict x_, size_t n) {   \
    for (size_t i = 0; i < n; i++) {                                                     \
      real x = x_[i];                                                                    \
      y_[i] = value;                                                                     \
    }                                                                                    \
  }
GRADUS_FUNCTION_OPS(X)
#undef X

#define X(name, value, da, db)                                                                                    \
  LOCAL void K(name##_forward)(real *restrict y_, const real *restrict a_, const real *restrict b_, size_t n) {   \
    for (size_t i = 0; i < n; i++) {                                                                              \
      real a = a_[i], b = b_[i];                                                                                  \
      y_[i] = value;                                                                                              \
    }                                                                                                             \
  }
GRADUS_BINARY_OPS(X)
#undef X

/* y[i] = op(a[i], b[i]) for i < n; b only of binary operations. */
LOCAL void K(strip_forward)(enum op op, real *restrict y, const real *restrict a, const real *restrict b, size_t n) {
  switch (op) {
#define X(name, value, derivative) \
  case OP_##name: K(name##_forward)(y, a, n); break;
    GRADUS_UNARY_OPS(X)
#undef X
#define X(name, value, da, db) \
  case OP_##name: K(name##_forward)(y, a, b, n); break;
    GRADUS_BINARY_OPS(X)
#undef X
    case OP_leaf:
    case OP_COUNT: break;
  }
}

/* The strip of an operand: of a register, or of a number that is the same in all rows, spread out in `spread`. */
INLINE const real *K(operand)(uint32_t operand, const real *registers, const real *uniforms, real *spread, size_t strip) {
  if (!(operand & UNIFORM)) return registers + operand * strip;
  real x = uniforms[operand & ~UNIFORM];
  for (size_t i = 0; i < strip; i++) spread[i] = x;
  return spread;
}

/* parts[i mod 8] += y[i] for i < n. */
LOCAL void K(add_parts)(real *restrict parts, const real *restrict y, size_t n) {
  size_t i = 0;
  for (; i + PARTS <= n; i += PARTS)
    for (size_t l = 0; l < PARTS; l++) parts[l] += y[i + l];
  for (size_t l = 0; i < n; i++, l++) parts[l] += y[i];
}

static void K(program_run)(real *outputs, const real *inputs, const struct program *p, const real *uniforms, real *registers,
                           size_t rows) {
  real left[STRIP_MAX], right[STRIP_MAX];
  size_t strip = p->strip;
  real *parts = registers + p->registers * strip;
  for (size_t i = 0; i < p->sums * PARTS; i++) parts[i] = 0;
  for (size_t from = 0; from < rows; from += strip) {
    size_t n = size_min(strip, rows - from);
    for (size_t j = 0; j < p->inputs; j++)
      if (p->input[j] != UINT32_MAX)
        for (size_t i = 0; i < n; i++) registers[p->input[j] * strip + i] = inputs[(from + i) * p->inputs + j];
    for (uint32_t k = 0; k < p->operations; k++) {
      const uint32_t *o = p->operation + 3 * k;
      enum op op = (enum op)(o[0] & 0xff);
      const real *a = K(operand)(o[1], registers, uniforms, left, strip), *b = a;
      if (op >= OP_add) b = K(operand)(o[2], registers, uniforms, right, strip);
      K(strip_forward)(op, registers + (o[0] >> 8) * strip, a, b, n);
    }
    for (size_t j = 0; j < p->outputs; j++) {
      const real *y = K(operand)(p->output[j], registers, uniforms, left, strip);
      for (size_t i = 0; i < n; i++) outputs[(from + i) * p->outputs + j] = y[i];
    }
    for (size_t j = 0; j < p->sums; j++)
      K(add_parts)(parts + j * PARTS, K(operand)(p->sum[j], registers, uniforms, left, strip), n);
  }
  for (size_t j = 0; j < p->sums; j++, parts += PARTS)
    outputs[rows * p->outputs + j] =
        ((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

/* data[i] of the records from .. to-1, of which runs (first, count) of one operation do not depend on one another. */
static void K(program_once)(real *data, const uint32_t *record, const uint32_t *run, uint32_t runs, uint32_t from, uint32_t to) {
  real left[STRIP_MAX], right[STRIP_MAX];
  for (uint32_t k = 0; k < runs; k++) {
    uint32_t first = run[2 * k], n = run[2 * k + 1];
    K(value_forward)(data, record, from, first);
    enum op op = record_op(record[2 * first]);
    for (uint32_t i = 0; i < n; i++) left[i] = data[record_left(record[2 * (first + i)])];
    if (op >= OP_add)
      for (uint32_t i = 0; i < n; i++) right[i] = data[record[2 * (first + i) + 1]];
    K(strip_forward)(op, data + first, left, right, n);
    from = first + n;
  }
  K(value_forward)(data, record, from, to);
}
