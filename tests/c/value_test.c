/* The scalar tape: values and gradients of a small expression at every level, marks, and bad records. Every operation is tested
 * against PyTorch from TypeScript. */

#define NONE UINT32_MAX

static void value_test(void) {
  /* y = relu(a·b + c) + 1 from record 3 up, after an operation that has nothing to do with it, and a log(0) behind it. */
  for (int32_t level = GRADUS_LEVEL_PLAIN; level <= GRADUS_LEVEL_AVX512; level++) {
    gradus_level(level);
    enum { COUNT = 11 };
    double data[COUNT] = {2, -3, 10, 0, 0, 1}, grad[COUNT];
    for (int i = 0; i < COUNT; i++) grad[i] = 77;
    uint8_t op[COUNT] = {OP_leaf, OP_leaf, OP_leaf, OP_exp, OP_leaf, OP_leaf, OP_mul, OP_add, OP_relu, OP_add, OP_log};
    uint32_t operand[2 * COUNT] = {0, 0, 0, 1, 0, 2, 0, 0, 0, 3, 0, NONE, 0, 1, 6, 2, 7, 0, 8, 5, 4, 0};
    CHECK(gradus_value_forward(data, op, operand, 0, COUNT) == GRADUS_OK, "valid records are computed");
    CHECK(data[9] == 5 && data[10] == -__builtin_inf(), "relu(2·−3 + 10) + 1 is 5, log(0) is −∞");
    grad[9] = 1;
    op[9] |= 0x80;
    int32_t first = gradus_value_backward(grad, op, data, operand, 10, 1);
    CHECK(grad[0] == -3 && grad[1] == 2 && grad[2] == 1, "gradients −3, 2, 1");
    CHECK(op[0] == 0x80 && op[1] == 0x80 && op[2] == 0x80, "the numbers that were reached are marked");
    CHECK(op[5] == OP_leaf && op[4] == OP_leaf && grad[4] == 77, "constants and what was not reached are not");
    CHECK(op[6] == OP_mul && op[7] == OP_add && op[8] == OP_relu && op[9] == OP_add, "marks of operations are cleared");
    int seen[3] = {0};
    for (int32_t next = first; next != 0; next = (int32_t)operand[2 * (next - 1)]) seen[next - 1]++;
    CHECK(seen[0] == 1 && seen[1] == 1 && seen[2] == 1, "each reached number is in the chain once");
  }
  gradus_level(GRADUS_LEVEL_AVX512);
}

static void value_refuses_bad_records(void) {
  double data[3] = {1, 2, 3}, grad[3] = {0};
  const uint8_t unknown[3] = {OP_leaf, OP_COUNT, OP_leaf}, fine[3] = {OP_leaf, OP_tanh, OP_add};
  uint32_t zero[6] = {0}, itself[6] = {0, 0, 1, 0}, later[6] = {0, 0, 0, 0, 0, 2};
  CHECK(gradus_value_forward(data, unknown, zero, 0, 3) == GRADUS_ARGUMENT, "an unknown operation is refused");
  CHECK(gradus_value_forward(data, fine, itself, 0, 3) == GRADUS_ARGUMENT, "an operation on itself is refused");
  CHECK(gradus_value_forward(data, fine, later, 0, 3) == GRADUS_ARGUMENT, "an operand that comes later is refused");
  CHECK(gradus_value_forward(data, fine, zero, 2, 1) == GRADUS_ARGUMENT, "a negative range is refused");
  CHECK(data[1] == 2 && data[2] == 3, "nothing was written");
  uint8_t reached[3] = {OP_leaf, OP_tanh, OP_add | 0x80}, freed[3] = {OP_leaf, 0x7f, OP_tanh | 0x80};
  CHECK(gradus_value_backward(grad, reached, data, later, 2, 1) == GRADUS_ARGUMENT, "a sweep upwards is refused");
  uint32_t one[6] = {0, 0, 0, 0, 1, 0};
  CHECK(gradus_value_backward(grad, freed, data, one, 2, 1) == GRADUS_ARGUMENT, "a freed operation is refused");
}

#undef NONE
