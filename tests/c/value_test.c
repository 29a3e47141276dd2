/* The scalar tape: values and gradients of a small expression at every level, marks, and bad records. Every operation is tested
 * against PyTorch from TypeScript. */

static void value_test(void) {
  /* y = relu(a·b + c), then an unrelated log(0) that must not be touched. */
  for (int32_t level = GRADUS_LEVEL_PLAIN; level <= GRADUS_LEVEL_AVX512; level++) {
    gradus_level(level);
    double data[8] = {2, -3, 10, 0, 0, 0, 0, 0}, grad[8] = {0};
    uint8_t op[8] = {OP_leaf, OP_leaf, OP_leaf, OP_leaf, OP_mul, OP_add, OP_relu, OP_log};
    const uint32_t left[8] = {0, 0, 0, 0, 0, 4, 5, 3}, right[8] = {0, 0, 0, 0, 1, 2, 0, 0};
    CHECK(gradus_value_forward(data, op, left, right, 0, 8) == GRADUS_OK, "valid records are computed");
    CHECK(data[6] == 4 && data[7] == -__builtin_inf(), "relu(2·−3 + 10) is 4, log(0) is −∞");
    grad[6] = 1;
    op[6] |= 0x80;
    CHECK(gradus_value_backward(grad, op, data, left, right, 7) == GRADUS_OK, "the sweep runs");
    CHECK(grad[0] == -3 && grad[1] == 2 && grad[2] == 1, "gradients −3, 2, 1");
    CHECK(op[0] == 0x80 && op[1] == 0x80 && op[2] == 0x80, "the leaves that were reached are marked");
    CHECK(op[3] == OP_leaf && grad[3] == 0, "what was not reached is neither marked nor given a gradient");
    CHECK(op[4] == OP_mul && op[5] == OP_add && op[6] == OP_relu, "the marks of operations are cleared again");
  }
  gradus_level(GRADUS_LEVEL_AVX512);
}

static void value_refuses_bad_records(void) {
  double data[3] = {1, 2, 3};
  const uint8_t unknown[3] = {OP_leaf, OP_COUNT, OP_leaf}, fine[3] = {OP_leaf, OP_tanh, OP_add};
  const uint32_t zero[3] = {0, 0, 0}, itself[3] = {0, 1, 0}, later[3] = {0, 0, 2};
  CHECK(gradus_value_forward(data, unknown, zero, zero, 0, 3) == GRADUS_ARGUMENT, "an unknown operation is refused");
  CHECK(gradus_value_forward(data, fine, itself, zero, 0, 3) == GRADUS_ARGUMENT, "an operation on itself is refused");
  CHECK(gradus_value_forward(data, fine, zero, later, 0, 3) == GRADUS_ARGUMENT, "an operand that comes later is refused");
  CHECK(gradus_value_forward(data, fine, zero, zero, 2, 1) == GRADUS_ARGUMENT, "a negative range is refused");
  CHECK(data[1] == 2 && data[2] == 3, "nothing was written");
}
