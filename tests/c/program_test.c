/* Programs: every operation over rows and in runs gives the bits of the tape, at every level; and what is no program. */

#define UNIFORM_0 0x80000000u

/* Numbers of all kinds: two inputs of 100 rows. */
static void program_inputs(double *x, int rows) {
  for (int i = 0; i < 2 * rows; i++) x[i] = (i % 7 - 3) * (1 + i % 11) / 4.0;
  x[4] = __builtin_inf(), x[5] = 0, x[6] = -0.0, x[7] = __builtin_nan("");
}

static void program_run_gives_the_bits_of_the_tape(void) {
  enum { ROWS = 100 };
  double x[2 * ROWS], expected[ROWS], y[ROWS], uniform[1] = {1.25}, scratch[4 * 64 + 8];
  program_inputs(x, ROWS);
  for (uint32_t op = 1; op < OP_COUNT; op++) {
    /* y = op(a, b) + 1.25 */
    gradus_level(GRADUS_LEVEL_PLAIN);
    for (int i = 0; i < ROWS; i++) {
      double data[5] = {x[2 * i], x[2 * i + 1], 1.25};
      uint32_t record[10] = {0, 0, 0, 1, 0, UINT32_MAX, op, op < OP_add ? 0 : 1, OP_add | 3 << 8, 2};
      CHECK(gradus_value_forward(data, record, 3, 5) == GRADUS_OK, "the tape computes");
      expected[i] = data[4];
    }
    for (int32_t level = GRADUS_LEVEL_PLAIN; level <= GRADUS_LEVEL_AVX512; level++) {
      gradus_level(level);
      const uint32_t strips[] = {1, 3, 16, 64};
      for (int s = 0; s < 4; s++) {
        uint32_t program[] = {2, 4, 1, 2, 1, 0, strips[s], 0, 1, 3, op | 2 << 8, 0, 1, OP_add | 3 << 8, 2, UNIFORM_0};
        for (int i = 0; i < ROWS; i++) y[i] = 77;
        CHECK(gradus_program_run(y, x, program, uniform, scratch, ROWS) == GRADUS_OK, "a program runs");
        int equal = 1;
        for (int i = 0; i < ROWS; i++)
          equal &= memcmp(&y[i], &expected[i], sizeof *y) == 0 || (y[i] != y[i] && expected[i] != expected[i]);
        CHECK(equal, "every row has the bits of the tape");
      }
    }
  }
}

static void program_run_adds_up_rows(void) {
  enum { ROWS = 100 };
  double x[2 * ROWS], first[3] = {0}, y[3], uniform[1] = {0.1}, scratch[3 * 64 + 3 * 8 + 8];
  for (int i = 0; i < 2 * ROWS; i++) x[i] = 1.0 / (3 + i);
  /* Σ a·b, Σ a, Σ 0.1 */
  for (int32_t level = GRADUS_LEVEL_PLAIN; level <= GRADUS_LEVEL_AVX512; level++)
    for (uint32_t strip = 8; strip <= 64; strip += 8) {
      gradus_level(level);
      uint32_t program[] = {1, 3, 1, 2, 0, 3, strip, 0, 1, 2, 0, UNIFORM_0, OP_mul | 2 << 8, 0, 1};
      CHECK(gradus_program_run(y, x, program, uniform, scratch, ROWS) == GRADUS_OK, "sums are computed");
      if (first[0] == 0) memcpy(first, y, sizeof y);
      CHECK(memcmp(first, y, sizeof y) == 0, "sums have the same bits for every strip and level");
    }
  double products = 0, sum = 0;
  for (int i = 0; i < ROWS; i++) products += x[2 * i] * x[2 * i + 1], sum += x[2 * i];
  CHECK(__builtin_fabs(y[0] - products) < 1e-15 && __builtin_fabs(y[1] - sum) < 1e-14, "they are the sums of the rows");
  CHECK(__builtin_fabs(y[2] - 10) < 1e-14, "what is the same in all rows is added for each");
  uint32_t odd[] = {0, 2, 1, 2, 0, 1, 12, 0, 1, 0};
  CHECK(gradus_program_run(y, x, odd, uniform, scratch, ROWS) == GRADUS_ARGUMENT, "a strip of 12 with sums is refused");
}

static void program_once_gives_the_bits_of_the_tape(void) {
  enum { COUNT = 64, NUMBERS = 8 };
  for (int32_t level = GRADUS_LEVEL_PLAIN; level <= GRADUS_LEVEL_AVX512; level++) {
    gradus_level(level);
    for (uint32_t op = 1; op < OP_COUNT; op++)
      for (uint32_t n = 1; n <= COUNT; n += 21) {
        /* An operation, a run of n, another operation on the last of these. */
        double data[NUMBERS + COUNT + 2] = {0.5, -2, 3, 1e-3, 40, -0.0, 7, 0.125}, other[NUMBERS + COUNT + 2];
        uint32_t record[2 * (NUMBERS + COUNT + 2)] = {0}, total = NUMBERS + n + 2, run[2] = {NUMBERS + 1, n};
        record[2 * NUMBERS] = OP_add | 1 << 8, record[2 * NUMBERS + 1] = 2;
        for (uint32_t k = 0; k < n; k++) {
          record[2 * (NUMBERS + 1 + k)] = op | (k % (NUMBERS + 1)) << 8;
          record[2 * (NUMBERS + 1 + k) + 1] = op < OP_add ? 0 : (k / 3) % (NUMBERS + 1);
        }
        record[2 * (total - 1)] = OP_neg | (total - 2) << 8;
        memcpy(other, data, sizeof data);
        CHECK(gradus_program_check(record, run, 1, NUMBERS, (int32_t)total) == GRADUS_OK, "the run is one");
        CHECK(gradus_value_forward(other, record, NUMBERS, (int32_t)total) == GRADUS_OK, "the tape computes");
        CHECK(gradus_program_once(data, record, run, 1, NUMBERS, (int32_t)total) == GRADUS_OK, "the program runs");
        int equal = 1;
        for (uint32_t i = 0; i < total; i++)
          equal &= memcmp(&data[i], &other[i], sizeof *data) == 0 || (data[i] != data[i] && other[i] != other[i]);
        CHECK(equal, "a run has the bits of the tape");
      }
  }
}

static void program_refuses_what_is_none(void) {
  double x[2] = {1, 2}, y[1] = {77}, uniform[1] = {3}, scratch[3 * 16 + 8];
  const uint32_t fine[] = {1, 3, 1, 2, 1, 0, 16, 0, 1, 2, OP_mul | 2 << 8, 0, 1};
  const struct {
    int word;
    uint32_t value;
    const char *what;
  } cases[] = {
      {3, 0, "no inputs"},
      {6, 0, "an empty strip"},
      {6, 65, "too long a strip"},
      {7, 3, "an input beyond the registers"},
      {9, 3, "an output beyond the registers"},
      {9, UNIFORM_0 + 1, "an output beyond the numbers"},
      {10, OP_mul | 3 << 8, "a result beyond the registers"},
      {10, OP_leaf | 2 << 8, "a number as an operation"},
      {10, OP_COUNT | 2 << 8, "an unknown operation"},
      {11, 3, "an operand beyond the registers"},
      {11, 2, "an operation on its own result"},
      {12, UNIFORM_0 + 1, "an operand beyond the numbers"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t program[13];
    memcpy(program, fine, sizeof fine);
    program[cases[i].word] = cases[i].value;
    CHECK(gradus_program_run(y, x, program, uniform, scratch, 1) == GRADUS_ARGUMENT && y[0] == 77, "%s is refused",
          cases[i].what);
  }
  CHECK(gradus_program_run(y, x, fine, uniform, scratch, -1) == GRADUS_ARGUMENT, "a negative number of rows is refused");
  CHECK(gradus_program_run(y, x, fine, uniform, NULL, 1) == GRADUS_ARGUMENT, "missing scratch is refused");
  CHECK(gradus_program_run(y, x, fine, uniform, scratch, 1) == GRADUS_OK && y[0] == 2, "what is fine runs");

  uint32_t record[10] = {0, 0, 0, 1, OP_mul, 1, OP_mul, 1, OP_mul | 2 << 8, 1}, run[4] = {2, 2, 4, 1};
  CHECK(gradus_program_check(record, run, 2, 2, 5) == GRADUS_OK, "two runs are fine");
  CHECK(gradus_program_check(record, (uint32_t[]){2, 3}, 1, 2, 5) == GRADUS_ARGUMENT, "a run that needs itself is refused");
  CHECK(gradus_program_check(record, (uint32_t[]){4, 1, 2, 2}, 2, 2, 5) == GRADUS_ARGUMENT, "runs out of order are refused");
  CHECK(gradus_program_check(record, (uint32_t[]){2, 0}, 1, 2, 5) == GRADUS_ARGUMENT, "an empty run is refused");
  CHECK(gradus_program_check(record, (uint32_t[]){2, 4}, 1, 2, 5) == GRADUS_ARGUMENT, "a run beyond the end is refused");
  CHECK(gradus_program_check(record, (uint32_t[]){1, 1}, 1, 1, 5) == GRADUS_ARGUMENT, "a run of numbers is refused");
  record[6] = OP_add;
  CHECK(gradus_program_check(record, run, 2, 2, 5) == GRADUS_ARGUMENT, "a run of two operations is refused");
}

#undef UNIFORM_0
