/* The scalar tape: values and gradients of a small expression at every level, marks, and bad records. Every operation is tested
 * against PyTorch from TypeScript. */

#define NONE UINT32_MAX
#define RECORD(op, left, right) (uint32_t)(op) | (uint32_t)(left) << 8, right
#define MARK 0x80u

static void value_test(void) {
  /* y = relu(a·b + c) + 1 from record 3 up, after an operation that has nothing to do with it, and a log(0) behind it. */
  for (int32_t level = GRADUS_LEVEL_PLAIN; level <= GRADUS_LEVEL_AVX512; level++) {
    gradus_level(level);
    enum { COUNT = 11 };
    double data[COUNT] = {2, -3, 10, 0, 0, 1}, grad[COUNT];
    for (int i = 0; i < COUNT; i++) grad[i] = 77;
    uint32_t record[2 * COUNT] = {
        RECORD(OP_leaf, 0, 0), RECORD(OP_leaf, 0, 1), RECORD(OP_leaf, 0, 2), RECORD(OP_exp, 0, 0),
        RECORD(OP_leaf, 0, 3), RECORD(OP_leaf, 0, NONE), RECORD(OP_mul, 0, 1), RECORD(OP_add, 6, 2),
        RECORD(OP_relu, 7, 0), RECORD(OP_add, 8, 5), RECORD(OP_log, 4, 0),
    };
    uint32_t before[2 * COUNT];
    memcpy(before, record, sizeof record);
    CHECK(gradus_value_forward(data, record, 0, COUNT) == GRADUS_OK, "valid records are computed");
    CHECK(data[9] == 5 && data[10] == -__builtin_inf(), "relu(2·−3 + 10) + 1 is 5, log(0) is −∞");
    grad[9] = 1;
    record[2 * 9] |= MARK;
    int32_t first = gradus_value_backward(grad, data, record, 10, 1);
    CHECK(grad[0] == -3 && grad[1] == 2 && grad[2] == 1, "gradients −3, 2, 1");
    int seen[3] = {0};
    for (uint32_t next = (uint32_t)first; next != 0; next = record[2 * (next - 1)] >> 8) {
      CHECK(next <= 3 && (record[2 * (next - 1)] & 0xff) == MARK, "the numbers that were reached are marked");
      if (next <= 3) seen[next - 1]++;
    }
    CHECK(seen[0] == 1 && seen[1] == 1 && seen[2] == 1, "each reached number is in the chain once");
    CHECK(memcmp(record + 6, before + 6, sizeof record - 6 * sizeof *record) == 0, "all other records are as before");
    CHECK(grad[4] == 77, "what was not reached has no gradient");
  }
  gradus_level(GRADUS_LEVEL_AVX512);
}

static void value_refuses_bad_records(void) {
  double data[3] = {1, 2, 3}, grad[3] = {0};
  uint32_t unknown[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_COUNT, 0, 0), RECORD(OP_leaf, 0, 0)};
  uint32_t itself[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_tanh, 1, 0), RECORD(OP_add, 0, 0)};
  uint32_t later[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_tanh, 0, 0), RECORD(OP_add, 0, 2)};
  uint32_t fine[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_tanh, 0, 77), RECORD(OP_add, 0, 1)};
  CHECK(gradus_value_forward(data, unknown, 0, 3) == GRADUS_ARGUMENT, "an unknown operation is refused");
  CHECK(gradus_value_forward(data, itself, 0, 3) == GRADUS_ARGUMENT, "an operation on itself is refused");
  CHECK(gradus_value_forward(data, later, 0, 3) == GRADUS_ARGUMENT, "an operand that comes later is refused");
  CHECK(gradus_value_forward(data, fine, 2, 1) == GRADUS_ARGUMENT, "a negative range is refused");
  CHECK(data[1] == 2 && data[2] == 3, "nothing was written");
  later[4] |= MARK;
  CHECK(gradus_value_backward(grad, data, later, 2, 1) == GRADUS_ARGUMENT, "a sweep upwards is refused");
  uint32_t freed[6] = {RECORD(OP_leaf, 0, 0), RECORD(0x7f, 0, 0), RECORD(OP_tanh | MARK, 1, 0)};
  CHECK(gradus_value_backward(grad, data, freed, 2, 1) == GRADUS_ARGUMENT, "a freed operation is refused");
}

#undef NONE
#undef RECORD
#undef MARK
