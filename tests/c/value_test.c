/* The scalar tape: values and gradients of a small expression at every level, marks, and bad records. Every operation
 * is tested against PyTorch from TypeScript. */

#define RECORD(op, left, right) (uint32_t)(op) | (uint32_t)(left) << 8, right
#define REACHED GRADUS_MARK_REACHED
#define NUMBER GRADUS_MARK_NUMBER
#define CONSTANT GRADUS_MARK_CONSTANT

/* y = 2·((a·b)·a) with a·b as a second root: the sweep adds up, and ends at the lowest operation. */
static void value_sweep_ends_at_the_lowest_operation(void) {
  enum { COUNT = 6 };
  double data[COUNT] = {3, 5}, grad[COUNT];
  uint32_t record[2 * COUNT] = {
      RECORD(OP_leaf, 0, 0), RECORD(OP_leaf, 0, 1), RECORD(0x7f, 0, 0),
      RECORD(OP_mul, 0, 1), RECORD(OP_mul, 3, 0), RECORD(OP_add, 4, 4),
  };
  uint8_t mark[COUNT] = {NUMBER, NUMBER};
  uint32_t reached[2] = {5};
  CHECK(gradus_value_forward(data, record, 3, COUNT) == GRADUS_OK, "what is not asked for is not looked at");
  CHECK(data[5] == 90, "2·(3·5·3) is 90");
  grad[5] = 1, grad[3] = 7;
  mark[5] = mark[3] = REACHED;
  mark[2] = REACHED; /* as of another tape's: it would be refused */
  CHECK(gradus_value_backward(grad, mark, reached, data, record, 2) == 2, "two numbers are reached");
  CHECK(grad[4] == 2 && grad[3] == 7 + 6, "a root below another adds up");
  CHECK(grad[0] == 2 * 15 + 13 * 5 && grad[1] == 13 * 3, "so do the numbers");
  CHECK(mark[2] == REACHED && mark[3] == 0 && mark[4] == 0 && mark[5] == 0, "the sweep has ended at record 3");
}

static void value_test(void) {
  /* y = relu(a·b + c) + 1 from record 3 up, after an operation that has nothing to do with it; and then a log(0). */
  EACH_LEVEL(level) {
    enum { COUNT = 11 };
    double data[COUNT] = {2, -3, 10, 0, 0, 1}, grad[COUNT];
    for (int i = 0; i < COUNT; i++) grad[i] = 77;
    uint32_t record[2 * COUNT] = {
        RECORD(OP_leaf, 0, 0), RECORD(OP_leaf, 0, 1), RECORD(OP_leaf, 0, 2), RECORD(OP_exp, 0, 0),
        RECORD(OP_leaf, 0, 3), RECORD(OP_leaf, 0, 0), RECORD(OP_mul, 0, 1), RECORD(OP_add, 6, 2),
        RECORD(OP_relu, 7, 0), RECORD(OP_add, 8, 5), RECORD(OP_log, 4, 0),
    };
    uint8_t mark[COUNT] = {NUMBER, NUMBER, NUMBER, 0, NUMBER, CONSTANT, 0, 0, 0, 0, 0}, before[COUNT];
    memcpy(before, mark, sizeof mark);
    CHECK(gradus_value_forward(data, record, 0, COUNT) == GRADUS_OK, "valid records are computed");
    CHECK(data[9] == 5 && data[10] == -__builtin_inf(), "relu(2·−3 + 10) + 1 is 5, log(0) is −∞");
    /* Twice: gradients are replaced. */
    for (int time = 0; time < 2; time++) {
      uint32_t reached[3] = {10, 99, 99};
      grad[9] = 1;
      mark[9] = REACHED;
      CHECK(gradus_value_backward(grad, mark, reached, data, record, 1) == 3, "three numbers are reached");
      CHECK(grad[0] == -3 && grad[1] == 2 && grad[2] == 1, "gradients −3, 2, 1");
      int seen[3] = {0};
      for (int k = 0; k < 3; k++) {
        CHECK(reached[k] < 3, "the numbers that were reached are told");
        if (reached[k] < 3) seen[reached[k]]++;
      }
      CHECK(seen[0] == 1 && seen[1] == 1 && seen[2] == 1, "each reached number is told once");
      CHECK(memcmp(mark, before, sizeof mark) == 0, "all marks are as before");
    }
    CHECK(grad[4] == 77, "what was not reached has no gradient");
  }
  gradus_level(LEVEL_TOP);
  value_sweep_ends_at_the_lowest_operation();
}

static void value_refuses_bad_records(void) {
  double data[3] = {1, 2, 3}, grad[3] = {0};
  uint32_t unknown[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_COUNT, 0, 0), RECORD(OP_leaf, 0, 0)};
  uint32_t itself[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_tanh, 1, 0), RECORD(OP_add, 0, 0)};
  uint32_t later[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_leaf, 0, 0), RECORD(OP_add, 0, 2)};
  uint32_t after[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_mul, 0, 2), RECORD(OP_add, 0, 1)};
  uint32_t fine[6] = {RECORD(OP_leaf, 0, 0), RECORD(OP_tanh, 0, 77), RECORD(OP_add, 0, 1)};
  CHECK(gradus_value_forward(data, unknown, 0, 3) == GRADUS_ARGUMENT, "an unknown operation is refused");
  CHECK(gradus_value_forward(data, itself, 0, 3) == GRADUS_ARGUMENT, "an operation on itself is refused");
  CHECK(gradus_value_forward(data, later, 0, 3) == GRADUS_ARGUMENT, "an operand that comes later is refused");
  CHECK(gradus_value_forward(data, after, 0, 3) == GRADUS_ARGUMENT, "so is one of a product before a sum");
  CHECK(gradus_value_forward(data, fine, 2, 1) == GRADUS_ARGUMENT, "a negative range is refused");
  CHECK(data[1] == 2 && data[2] == 3, "nothing was written");

  uint32_t freed[6] = {RECORD(OP_leaf, 0, 0), RECORD(0x7f, 0, 0), RECORD(OP_tanh, 1, 0)};
  uint32_t sum_of_freed[6] = {RECORD(OP_leaf, 0, 0), RECORD(0x7f, 0, 0), RECORD(OP_add, 1, 0)};
  uint32_t *bad[] = {later, itself, after, freed, sum_of_freed};
  for (int k = 0; k < 5; k++) {
    uint8_t mark[3] = {NUMBER, 0, REACHED};
    uint32_t reached[3] = {2};
    if (k == 1 || k == 2) mark[1] = REACHED;
    int32_t status = gradus_value_backward(grad, mark, reached, data, bad[k], 1 + (k == 1 || k == 2));
    CHECK(status == GRADUS_ARGUMENT, "a sweep upwards and a freed operation are refused");
  }
  uint8_t mark[3] = {NUMBER, 0, REACHED};
  uint32_t reached[3] = {2};
  CHECK(gradus_value_backward(grad, mark, reached, data, fine, 2) == GRADUS_ARGUMENT, "a missing root is refused");
  CHECK(gradus_value_backward(grad, mark, reached, data, fine, -1) == GRADUS_ARGUMENT, "so are fewer than none");
  CHECK(gradus_value_backward(grad, mark, reached, data, fine, 0) == 0, "without roots nothing is done");
}

#undef RECORD
#undef REACHED
#undef NUMBER
#undef CONSTANT
