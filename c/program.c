/* program.c: recorded functions. Over many rows at once, each operation runs over a strip of rows before the next one
 * does, so that a strip of every register fits into the first caches. For a single input, operations of one kind that
 * do not depend on one another run together, as a strip of their own. What runs over strips is given (strips.c); rows
 * are turned into strips and back by vector.h. */

#ifndef PROGRAM_SHARED
#define PROGRAM_SHARED

/* Operations that run together for a single input, at most. */
#define RUN_MAX 64

#define UNIFORM 0x80000000u

/* The words of a program: c/gradus.h. */
struct program {
  uint32_t operations;
  uint32_t registers;
  uint32_t uniforms;
  uint32_t inputs;
  uint32_t outputs[2];
  uint32_t sums;
  uint32_t strip;
  const uint32_t *output;
  const uint32_t *sum;
  const uint32_t *operation;
  strip_function *apply;
};

/* A sum over rows is made of this many partial sums, row i in number i mod 8, whatever the strip and the level are. */
#define PARTS 8

static struct program program_from(const uint32_t *words, strip_function *apply) {
  struct program p = {
      words[0], words[1], words[2], words[3], {words[4], words[5]}, words[6], words[7], words + 8, NULL, NULL, apply,
  };
  p.sum = p.output + p.outputs[0] + p.outputs[1];
  p.operation = p.sum + p.sums;
  return p;
}

static int operand_is_valid(const struct program *p, uint32_t operand) {
  return operand & UNIFORM ? (operand & ~UNIFORM) < p->uniforms : operand < p->registers;
}

static int program_is_valid(const struct program *p) {
  if (p->strip < 1 || p->strip > STRIP_MAX || p->strip % 16 != 0) return 0;
  if (p->inputs > p->registers) return 0;
  for (const uint32_t *result = p->output; result < p->operation; result++)
    if (!operand_is_valid(p, *result)) return 0;
  for (uint32_t i = 0; i < p->operations; i++) {
    const uint32_t *o = p->operation + 3 * i;
    uint32_t op = o[0] & 0xff, to = o[0] >> 8;
    if (op == OP_leaf || op >= OP_COUNT || to >= p->registers || to == o[1] || !operand_is_valid(p, o[1])) return 0;
    if (op >= OP_add && (to == o[2] || !operand_is_valid(p, o[2]))) return 0;
  }
  return 1;
}

/* Whether runs lie one after the other within from .. to-1, each of operations of one kind on records before it. */
static int runs_are_valid(const uint32_t *record, const uint32_t *run, uint32_t runs, uint32_t from, uint32_t to) {
  for (uint32_t k = 0; k < runs; k++) {
    uint32_t first = run[2 * k], n = run[2 * k + 1];
    if (first < from || n < 1 || n > RUN_MAX || first >= to || n > to - first) return 0;
    uint32_t op = record[2 * first] & 0xff, bad = 0;
    REST for (uint32_t i = first; i < first + n; i++)
      bad |= ((record[2 * i] & 0xff) != op) | (record_left(record[2 * i]) >= first) | (record[2 * i + 1] >= first);
    if (bad || op == OP_leaf) return 0;
    from = first + n;
  }
  return 1;
}
#endif

/* Where a strip's operations and results find their operands. */
struct K(strip) {
  const real *registers;
  const real *uniforms;
  size_t length;
};

/* Where an operand is: the strip of a register, or a number that is the same in all rows. */
INLINE const real *K(place)(struct K(strip) s, uint32_t operand) {
  return operand & UNIFORM ? s.uniforms + (operand & ~UNIFORM) : s.registers + operand * s.length;
}

/* The strip of an operand, a number being spread out in `spread`. */
OUT_OF_LINE const real *K(operand)(struct K(strip) s, uint32_t operand, real *spread) {
  const real *place = K(place)(s, operand);
  if (!(operand & UNIFORM)) return place;
  for (size_t i = 0; i < whole(s.length); i++) spread[i] = *place;
  return spread;
}

/* Writes n rows of results: to (n,count). */
LOCAL void K(write_rows)(real *to, struct K(strip) s, const uint32_t *result, size_t count, size_t n) {
  real spread[QUAD][STRIP_MAX];
  size_t j = 0;
  for (; j + QUAD <= count; j += QUAD) {
    const real *row[QUAD];
    for (size_t k = 0; k < QUAD; k++) row[k] = K(operand)(s, result[j + k], spread[k]);
    K(turn_quad)(to + j, count, row, 0, n);
  }
  for (; j < count; j++) {
    const real *row = K(operand)(s, result[j], spread[0]);
    if (count == 1) memcpy(to, row, n * sizeof *row);
    else
      REST for (size_t i = 0; i < n; i++) to[i * count + j] = row[i];
  }
}

/* parts[i mod 8] += y[i] for i < n. */
LOCAL void K(add_parts)(real *restrict parts, const real *restrict y, size_t n) {
  size_t i = 0;
  for (; i + PARTS <= n; i += PARTS)
    for (size_t l = 0; l < PARTS; l++) parts[l] += y[i + l];
  for (size_t l = 0; i < n; i++, l++) parts[l] += y[i];
}

static void K(program_run)(real *outputs, const real *inputs, const struct program *p, const real *uniforms,
                           real *registers, size_t rows) {
  real spread[STRIP_MAX], *parts = registers + (size_t)p->registers * p->strip;
  struct K(strip) s = {registers, uniforms, p->strip};
  size_t first = p->outputs[0], second = p->outputs[1];
  real *seconds = outputs + rows * first, *sums = seconds + rows * second;
  for (size_t i = 0; i < p->sums * PARTS; i++) parts[i] = 0;
  for (size_t from = 0; from < rows; from += s.length) {
    size_t n = size_min(s.length, rows - from);
    if (p->inputs > 0) K(turn)(registers, s.length, inputs + from * p->inputs, p->inputs, n, p->inputs);
    for (const uint32_t *o = p->operation, *end = o + 3 * (size_t)p->operations; o < end; o += 3) {
      const int is_binary = record_op(o[0]) >= OP_add;
      const uint32_t left = o[1] & UNIFORM ? LEFT_NUMBER : 0, right = is_binary && o[2] & UNIFORM ? RIGHT_NUMBER : 0;
      p->apply(record_op(o[0]), registers + record_left(o[0]) * s.length, K(place)(s, o[1]),
               is_binary ? K(place)(s, o[2]) : NULL, left | right, round_up(n, 16));
    }
    K(write_rows)(outputs + from * first, s, p->output, first, n);
    K(write_rows)(seconds + from * second, s, p->output + first, second, n);
    for (size_t j = 0; j < p->sums; j++) K(add_parts)(parts + j * PARTS, K(operand)(s, p->sum[j], spread), n);
  }
  for (size_t j = 0; j < p->sums; j++, parts += PARTS)
    sums[j] = ((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

/* A program for one input: c/gradus.h. */
static void K(program_once)(uint32_t *program, strip_function *apply) {
  real left[RUN_MAX], right[RUN_MAX], result[RUN_MAX], *data = (real *)(program + 4);
  const uint32_t records = program[0], *record = program + 4 + 2 * (size_t)records, *run = record + 2 * (size_t)records;
  uint32_t from = program[2];
  for (const uint32_t *end = run + 2 * (size_t)program[1]; run < end; run += 2) {
    uint32_t first = run[0], n = run[1];
    K(value_forward)(data, record, from, first);
    enum op op = record_op(record[2 * first]);
    for (uint32_t i = 0; i < n; i++) left[i] = data[record_left(record[2 * (first + i)])];
    if (op >= OP_add)
      for (uint32_t i = 0; i < n; i++) right[i] = data[record[2 * (first + i) + 1]];
    else
      right[0] = 0;
    /* The strip is filled up with numbers that are there: its length is a multiple of 16. */
    for (size_t i = n; i < round_up(n, 16); i++) left[i] = left[0], right[i] = right[0];
    apply(op, result, left, right, 0, round_up(n, 16));
    memcpy(data + first, result, n * sizeof *data);
    from = first + n;
  }
  K(value_forward)(data, record, from, records);
}
