/* Programs: every operation over rows and in runs gives the bits of the tape at every level; and what is no program. */

#define UNIFORM_0 0x80000000u

/* Numbers of all kinds: two inputs of 100 rows. */
static void program_inputs(double *x, int rows) {
  for (int i = 0; i < 2 * rows; i++) x[i] = (i % 7 - 3) * (1 + i % 11) / 4.0;
  x[4] = __builtin_inf(), x[5] = 0, x[6] = -0.0, x[7] = __builtin_nan("");
}

static void program_run_gives_the_bits_of_the_tape(void) {
  enum { ROWS = 100 };
  double x[2 * ROWS], expected[ROWS], y[ROWS], uniform[1] = {1.25}, scratch[4 * 256 + 8] = {0};
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
    EACH_LEVEL(level) {
      const uint32_t strips[] = {16, 48, 64, 112, 256};
      for (int s = 0; s < 5; s++) {
        uint32_t program[] = {2, 4, 1, 2, 1, 0, 0, strips[s], 3, op | 2 << 8, 0, 1, OP_add | 3 << 8, 2, UNIFORM_0};
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

static void program_run_takes_numbers_on_both_sides(void) {
  enum { ROWS = 37 };
  double x[2 * ROWS], y[6 * ROWS], expected[3], uniform[2] = {0.1, -3}, scratch[5 * 16 + 8] = {0};
  program_inputs(x, ROWS);
  EACH_LEVEL(level)
    for (uint32_t op = OP_add; op < OP_COUNT; op++) {
      /* First group: op(a, 0.1), -3; second: op(0.1, a), op(0.1, -3), b, 0.1 */
      uint32_t program[] = {3, 5, 2, 2, 2, 4, 0, 16, 2, UNIFORM_0 + 1, 3, 4, 1, UNIFORM_0,
          op | 2 << 8, 0, UNIFORM_0, op | 3 << 8, UNIFORM_0, 0, op | 4 << 8, UNIFORM_0, UNIFORM_0 + 1};
      CHECK(gradus_program_run(y, x, program, uniform, scratch, ROWS) == GRADUS_OK, "a program runs");
      int equal = 1;
      for (int i = 0; i < ROWS; i++) {
        double data[6] = {x[2 * i], 0.1, -3};
        uint32_t record[12] = {0, 0, 0, 1, 0, 2, op, 1, op | 1 << 8, 0, op | 1 << 8, 2};
        CHECK(gradus_value_forward(data, record, 3, 6) == GRADUS_OK, "the tape computes");
        memcpy(expected, data + 3, sizeof expected);
        const double *first = y + 2 * i, *second = y + 2 * ROWS + 4 * i;
        const double pairs[6][2] = {{first[0], expected[0]}, {first[1], -3}, {second[0], expected[1]},
            {second[1], expected[2]}, {second[2], x[2 * i + 1]}, {second[3], 0.1}};
        for (int k = 0; k < 6; k++)
          equal &= memcmp(&pairs[k][0], &pairs[k][1], sizeof(double)) == 0 ||
                   (pairs[k][0] != pairs[k][0] && pairs[k][1] != pairs[k][1]);
      }
      CHECK(equal, "every row of both groups has the bits of the tape");
    }
}

static void program_run_without_inputs_or_rows(void) {
  double y[2] = {77, 77}, uniform[1] = {3}, scratch[32] = {0};
  const uint32_t number[] = {0, 0, 1, 0, 1, 0, 1, 16, UNIFORM_0, UNIFORM_0};
  CHECK(gradus_program_run(y, NULL, number, uniform, scratch, 1) == GRADUS_OK, "no inputs are fine");
  CHECK(y[0] == 3 && y[1] == 3, "a number and its sum come out");
  CHECK(gradus_program_run(y, NULL, number, uniform, scratch, 0) == GRADUS_OK && y[0] == 0, "a sum of no rows is 0");
  CHECK(gradus_program_run(NULL, NULL, number, uniform, scratch, 0) == GRADUS_ARGUMENT, "a sum needs its place");
}

static void program_run_adds_up_rows(void) {
  enum { ROWS = 100 };
  double x[2 * ROWS], first[3] = {0}, y[3], uniform[1] = {0.1}, scratch[3 * 256 + 3 * 8 + 8] = {0};
  for (int i = 0; i < 2 * ROWS; i++) x[i] = 1.0 / (3 + i);
  /* Σ a·b, Σ a, Σ 0.1 */
  EACH_LEVEL(level)
    for (uint32_t strip = 16; strip <= 256; strip += 16) {
      uint32_t program[] = {1, 3, 1, 2, 0, 0, 3, strip, 2, 0, UNIFORM_0, OP_mul | 2 << 8, 0, 1};
      CHECK(gradus_program_run(y, x, program, uniform, scratch, ROWS) == GRADUS_OK, "sums are computed");
      if (first[0] == 0) memcpy(first, y, sizeof y);
      CHECK(memcmp(first, y, sizeof y) == 0, "sums have the same bits for every strip and level");
    }
  double products = 0, sum = 0;
  for (int i = 0; i < ROWS; i++) products += x[2 * i] * x[2 * i + 1], sum += x[2 * i];
  CHECK(__builtin_fabs(y[0] - products) < 1e-15 && __builtin_fabs(y[1] - sum) < 1e-14, "they are the sums of the rows");
  CHECK(__builtin_fabs(y[2] - 10) < 1e-14, "what is the same in all rows is added for each");
  uint32_t odd[] = {0, 2, 1, 2, 0, 0, 1, 12, 0};
  CHECK(gradus_program_run(y, x, odd, uniform, scratch, ROWS) == GRADUS_ARGUMENT, "a strip of 12 is refused");
}

/* A program for one input, as c/gradus.h has it. */
static void once_program(uint32_t *program, uint32_t records, const double *data, const uint32_t *record, uint32_t from,
                         const uint32_t *run, uint32_t runs) {
  const uint32_t head[4] = {records, runs, from, 0};
  memcpy(program, head, sizeof head);
  memcpy(program + 4, data, records * sizeof *data);
  memcpy(program + 4 + 2 * records, record, 2 * records * sizeof *record);
  if (runs > 0) memcpy(program + 4 + 4 * records, run, 2 * runs * sizeof *run);
}

static void program_once_gives_the_bits_of_the_tape(void) {
  enum { COUNT = 64, NUMBERS = 8, RECORDS = NUMBERS + COUNT + 2 };
  EACH_LEVEL(level) {
    for (uint32_t op = 1; op < OP_COUNT; op++)
      for (uint32_t n = 1; n <= COUNT; n += 21) {
        /* An operation, a run of n, another operation on the last of these. */
        double other[RECORDS] = {0.5, -2, 3, 1e-3, 40, -0.0, 7, 0.125}, buffer[2 + 2 * RECORDS + 1];
        uint32_t record[2 * RECORDS] = {0}, total = NUMBERS + n + 2, run[2] = {NUMBERS + 1, n};
        uint32_t *program = (uint32_t *)buffer;
        record[2 * NUMBERS] = OP_add | 1 << 8, record[2 * NUMBERS + 1] = 2;
        for (uint32_t k = 0; k < n; k++) {
          record[2 * (NUMBERS + 1 + k)] = op | (k % (NUMBERS + 1)) << 8;
          record[2 * (NUMBERS + 1 + k) + 1] = op < OP_add ? 0 : (k / 3) % (NUMBERS + 1);
        }
        record[2 * (total - 1)] = OP_neg | (total - 2) << 8;
        once_program(program, total, other, record, NUMBERS, run, 1);
        CHECK(gradus_program_check(program) == GRADUS_OK, "the run is one");
        CHECK(gradus_value_forward(other, record, NUMBERS, (int32_t)total) == GRADUS_OK, "the tape computes");
        CHECK(gradus_program_once(program) == GRADUS_OK, "the program runs");
        int equal = 1;
        for (uint32_t i = 0; i < total; i++)
          equal &= memcmp(&buffer[2 + i], &other[i], sizeof *other) == 0 ||
                   (buffer[2 + i] != buffer[2 + i] && other[i] != other[i]);
        CHECK(equal, "a run has the bits of the tape");
      }
  }
}

static void program_refuses_what_is_none(void) {
  double x[2] = {1, 2}, y[1] = {77}, uniform[1] = {3}, scratch[3 * 16 + 8] = {0};
  const uint32_t fine[] = {1, 3, 1, 2, 1, 0, 0, 16, 2, OP_mul | 2 << 8, 0, 1};
  const struct {
    int word;
    uint32_t value;
    const char *what;
  } cases[] = {
      {3, 4, "an input beyond the registers"},
      {7, 0, "an empty strip"},
      {7, 272, "too long a strip"},
      {8, 3, "an output beyond the registers"},
      {8, UNIFORM_0 + 1, "an output beyond the numbers"},
      {9, OP_mul | 3 << 8, "a result beyond the registers"},
      {9, OP_leaf | 2 << 8, "a number as an operation"},
      {9, OP_COUNT | 2 << 8, "an unknown operation"},
      {10, 3, "an operand beyond the registers"},
      {10, 2, "an operation on its own result"},
      {11, UNIFORM_0 + 1, "an operand beyond the numbers"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t program[12];
    memcpy(program, fine, sizeof fine);
    program[cases[i].word] = cases[i].value;
    CHECK(gradus_program_run(y, x, program, uniform, scratch, 1) == GRADUS_ARGUMENT && y[0] == 77, "%s is refused",
          cases[i].what);
  }
  CHECK(gradus_program_run(y, x, fine, uniform, scratch, -1) == GRADUS_ARGUMENT, "fewer rows than none are refused");
  CHECK(gradus_program_run(y, x, fine, uniform, NULL, 1) == GRADUS_ARGUMENT, "missing scratch is refused");
  CHECK(gradus_program_run(y, x, fine, uniform, scratch, 1) == GRADUS_OK && y[0] == 2, "what is fine runs");

  const double data[5] = {0};
  uint32_t record[10] = {0, 0, 0, 1, OP_mul, 1, OP_mul, 1, OP_mul | 2 << 8, 1}, once[4 + 20 + 4];
  const struct {
    uint32_t run[4], runs, from;
    int32_t status;
    const char *what;
  } stretches[] = {
      {{2, 2, 4, 1}, 2, 2, GRADUS_OK, "two runs"},
      {{2, 3}, 1, 2, GRADUS_ARGUMENT, "a run that needs itself"},
      {{4, 1, 2, 2}, 2, 2, GRADUS_ARGUMENT, "runs out of order"},
      {{2, 0}, 1, 2, GRADUS_ARGUMENT, "an empty run"},
      {{2, 4}, 1, 2, GRADUS_ARGUMENT, "a run beyond the end"},
      {{1, 1}, 1, 1, GRADUS_ARGUMENT, "a run of numbers"},
      {{0}, 0, 6, GRADUS_ARGUMENT, "a beginning behind the end"},
  };
  for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++) {
    once_program(once, 5, data, record, stretches[i].from, stretches[i].run, stretches[i].runs);
    CHECK(gradus_program_check(once) == stretches[i].status, "%s", stretches[i].what);
  }
  record[6] = OP_add;
  once_program(once, 5, data, record, 2, (uint32_t[]){2, 2, 4, 1}, 2);
  CHECK(gradus_program_check(once) == GRADUS_ARGUMENT, "a run of two operations is refused");
  record[6] = OP_mul | 3 << 8;
  once_program(once, 5, data, record, 2, NULL, 0);
  CHECK(gradus_program_check(once) == GRADUS_ARGUMENT, "an operation on itself is refused");
}

#undef UNIFORM_0
