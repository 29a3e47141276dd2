/* Functions of rows at every level, against the formulas of c/gradus.h in long double. */

enum { NORMALIZE = 100, NORMALIZE_SCALE, LOSS, LOSS_GRADIENT }; /* beside enum gradus_rows */

struct rows_case {
  int32_t function, type, rows, n;
  const void *x, *z;
  const int32_t *classes;
  void *other; /* the output that is not compared */
};

enum { ROWS_OFFSET = 3 };

static const double rows_eps = 1e-5;

static int32_t call_rows(void *y, const void *context) {
  const struct rows_case *of = context;
  const int32_t plan[] = {of->function, of->type, of->rows, of->n, ROWS_OFFSET, ROWS_OFFSET + 1};
  const int32_t others[] = {of->type, of->rows, of->n, ROWS_OFFSET, 0};
  switch (of->function) {
    case NORMALIZE: return gradus_tensor_normalize(y, of->other, of->x, others, rows_eps);
    case NORMALIZE_SCALE: return gradus_tensor_normalize(of->other, y, of->x, others, rows_eps);
    case LOSS: return gradus_tensor_cross_entropy(y, NULL, of->x, of->classes, others);
    case LOSS_GRADIENT: return gradus_tensor_cross_entropy(of->other, y, of->x, of->classes, others);
    default: return gradus_tensor_rows(y, of->x, of->z, plan);
  }
}

/* What is needed of a row: sums over x and z, and over exp(x − top): of all and of all but one of the largest; and by
 * how much that changes with x − top, which is rounded. */
struct row_sums {
  long double top, exponentials, others, change, x, square, z, xz;
};

static struct row_sums sums_of(const struct rows_case *of, size_t r) {
  struct row_sums sums = {.top = -INFINITY};
  const size_t n = (size_t)of->n;
  for (size_t j = 0; j < n; j++) {
    const long double x = tensor_get(of->x, of->type, ROWS_OFFSET + r * n + j);
    const long double z = tensor_get(of->z, of->type, ROWS_OFFSET + 1 + r * n + j);
    if (x > sums.top) sums.top = x;
    sums.x += x / (long double)n;
    sums.z += z;
    sums.xz += x * z;
  }
  int tops = 0;
  for (size_t j = 0; j < n; j++) {
    const long double x = tensor_get(of->x, of->type, ROWS_OFFSET + r * n + j), e = wide_exp(x - sums.top);
    sums.exponentials += e;
    sums.others += x == sums.top && tops++ == 0 ? 0 : e;
    sums.change += (sums.top - x) * e;
    sums.square += (x - sums.x) * (x - sums.x) / (long double)n;
  }
  return sums;
}

static long double plain_rows(const struct rows_case *of, const struct row_sums *sums, size_t r, size_t j) {
  const size_t n = (size_t)of->n;
  const long double x = tensor_get(of->x, of->type, ROWS_OFFSET + r * n + j);
  const long double z = tensor_get(of->z, of->type, ROWS_OFFSET + 1 + r * n + j);
  const long double softmax = wide_exp(x - sums->top) / sums->exponentials,
                    scale = 1 / sqrtl(sums->square + (long double)rows_eps);
  switch (of->function) {
    case GRADUS_ROWS_SOFTMAX: return softmax;
    case GRADUS_ROWS_LOG_SOFTMAX: return x - sums->top - log1pl(sums->others);
    case GRADUS_ROWS_SOFTMAX_GRADIENT: return x * (z - sums->xz);
    case GRADUS_ROWS_LOG_SOFTMAX_GRADIENT: return z - wide_exp(x) * sums->z;
    case GRADUS_ROWS_NORMALIZE_GRADIENT: return z - (sums->z + x * sums->xz) / (long double)n;
    case NORMALIZE: return (x - sums->x) * scale;
    case NORMALIZE_SCALE: return scale;
    case LOSS:
      return log1pl(sums->others) -
             (tensor_get(of->x, of->type, ROWS_OFFSET + r * n + (size_t)of->classes[r]) - sums->top);
    default: return softmax - ((int32_t)j == of->classes[r]);
  }
}

/* An ulp of a number, as that of numbers of its exponent. */
static long double ulp_of(long double x, int32_t type) {
  int exponent;
  frexpl(x, &exponent);
  return ldexpl(tensor_eps(type), exponent);
}

/* How far a result may be off: softmax and its logarithm are within 3 ulps, the others rounded once or little more.
 * Beside that, what cancels leaves errors in proportion to the terms, of which none here is much above 4·n. */
static long double rows_error(int32_t function, int32_t type, long double result) {
  switch (function) {
    case GRADUS_ROWS_SOFTMAX:
    case GRADUS_ROWS_LOG_SOFTMAX: return 3 * ulp_of(result, type);
    case LOSS: return 6 * tensor_eps(type) * fabsl(result);
    default: return 2.1L * tensor_eps(type) * fabsl(result);
  }
}

static void compare_rows(struct rows_case of, long double absolute) {
  const size_t rows = (size_t)of.rows,
               columns = of.function == NORMALIZE_SCALE || of.function == LOSS ? 1 : (size_t)of.n;
  const size_t bytes = element_bytes(of.type), other = (rows * (size_t)of.n + rows) * bytes;
  void *y = guarded_new(rows * columns * bytes);
  of.other = guarded_new(other);
  tensor_at_every_level("rows", call_rows, &of, y, of.type, rows * columns);
  for (size_t r = 0; r < rows; r++) {
    const struct row_sums sums = sums_of(&of, r);
    for (size_t j = 0; j < columns; j++) {
      const long double got = tensor_get(y, of.type, r * columns + j), want = plain_rows(&of, &sums, r, j);
      const long double change =
          of.function == GRADUS_ROWS_LOG_SOFTMAX || of.function == LOSS ? sums.change * tensor_eps(of.type) : 0;
      CHECK(tensor_is_near(got, want, 0, rows_error(of.function, of.type, want) + absolute + change),
            "function %d of rows of type %d, (%d,%d), element %zu,%zu is %Lg and not %Lg", of.function, of.type,
            of.rows, of.n, r, j, got, want);
    }
  }
  CHECK(guards_hold(of.other, other), "function %d wrote beside its other output", of.function);
  guarded_free(of.other);
  guarded_free(y);
}

static void rows_test(void) {
  static const int32_t shapes[][2] = {{1, 1},  {3, 2},  {2, 15}, {40, 16}, {2, 17},   {3, 31},
                                      {2, 32}, {3, 33}, {2, 64}, {3, 100}, {2, 1000}, {9, 5000}};
  static const int32_t functions[] = {GRADUS_ROWS_SOFTMAX,
                                      GRADUS_ROWS_LOG_SOFTMAX,
                                      GRADUS_ROWS_SOFTMAX_GRADIENT,
                                      GRADUS_ROWS_LOG_SOFTMAX_GRADIENT,
                                      GRADUS_ROWS_NORMALIZE_GRADIENT,
                                      NORMALIZE,
                                      NORMALIZE_SCALE,
                                      LOSS,
                                      LOSS_GRADIENT};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (int t = 0; t < (ulp_f64_is_measurable() ? TENSOR_REALS : 1); t++) {
      const int32_t type = tensor_types[t], rows = shapes[s][0], n = shapes[s][1];
      const size_t count = ROWS_OFFSET + 1 + (size_t)rows * (size_t)n;
      void *x = malloc(count * element_bytes(type)), *z = malloc(count * element_bytes(type));
      int32_t *classes = malloc((size_t)rows * sizeof *classes);
      for (int32_t r = 0; r < rows; r++) classes[r] = r * 7 % n;
      tensor_fill(x, type, count, FILL_RANDOM);
      tensor_fill(z, type, count, FILL_RANDOM);
      for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        const int is_sum =
            functions[f] != GRADUS_ROWS_SOFTMAX && functions[f] != GRADUS_ROWS_LOG_SOFTMAX && functions[f] != LOSS;
        const int is_exact = functions[f] != LOSS_GRADIENT && type == GRADUS_ELEMENT_FLOAT32 &&
                             functions[f] != GRADUS_ROWS_LOG_SOFTMAX_GRADIENT;
        /* Of float, all but exponentials is computed in double. */
        const long double terms = (is_exact ? 0x1p-53L : tensor_eps(type)) * 100 * (long double)n;
        compare_rows(
            (struct rows_case){
                .function = functions[f], .type = type, .rows = rows, .n = n, .x = x, .z = z, .classes = classes},
            is_sum ? terms : 0);
      }
      free(x), free(z), free(classes);
    }
}

/* Logits of all sizes: one x counts, or all are far below one another, or far from 0. */
static void softmax_is_within_its_bound_in_rows(void) {
  enum { ROWS = 30, N = 40 };
  static const double scales[] = {1e-3, 1, 10, 30, 100}, centres[] = {0, -3, 80, 2000, -2100, 1e6};
  for (int t = 0; t < (ulp_f64_is_measurable() ? TENSOR_REALS : 1); t++)
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
      for (size_t c = 0; c < sizeof centres / sizeof *centres; c++) {
        double x[ROWS_OFFSET + 1 + ROWS * N];
        const int32_t type = tensor_types[t];
        for (size_t i = 0; i < sizeof x / sizeof *x; i++)
          tensor_set(x, type, i, centres[c] + scales[s] * gemm_random());
        const long double least = type == GRADUS_ELEMENT_FLOAT32 ? 0x1p-149L : 0x1p-1074L;
        compare_rows((struct rows_case){GRADUS_ROWS_SOFTMAX, type, ROWS, N, x, x, NULL, NULL}, least);
        compare_rows((struct rows_case){GRADUS_ROWS_LOG_SOFTMAX, type, ROWS, N, x, x, NULL, NULL}, least);
      }
}

static void rows_that_are_not_finite(void) {
  static const float x[5 * 3] = {1, INFINITY,  2, -INFINITY, -INFINITY, -INFINITY, 0,        NAN,
                                 1, -INFINITY, 3, 3,         -INFINITY, 5,         -INFINITY};
  static const int32_t classes[5] = {0, 1, 2, 1, 1};
  EACH_LEVEL(level) {
    float y[15], loss[5], gradient[15];
    const int32_t softmax[] = {GRADUS_ROWS_SOFTMAX, GRADUS_DTYPE_FLOAT32, 5, 3, 0, 0};
    const int32_t log_softmax[] = {GRADUS_ROWS_LOG_SOFTMAX, GRADUS_DTYPE_FLOAT32, 5, 3, 0, 0};
    CHECK(gradus_tensor_rows(y, x, NULL, softmax) == GRADUS_OK, "softmax");
    for (int i = 0; i < 9; i++)
      CHECK(y[i] != y[i], "softmax of a row with +inf, of -inf or with NaN: element %d is %g", i, (double)y[i]);
    CHECK(y[9] == 0 && y[10] == 0.5f && y[11] == 0.5f && y[12] == 0 && y[13] == 1 && y[14] == 0, "softmax with -inf");
    CHECK(gradus_tensor_rows(y, x, NULL, log_softmax) == GRADUS_OK, "log softmax");
    for (int i = 0; i < 9; i++) CHECK(y[i] != y[i], "log softmax of the same: element %d is %g", i, (double)y[i]);
    CHECK(y[9] == -INFINITY && y[12] == -INFINITY && y[13] == 0 && y[14] == -INFINITY, "log softmax with -inf");
    CHECK(gradus_tensor_cross_entropy(loss, gradient, x, classes, softmax + 1) == GRADUS_OK, "cross-entropy");
    CHECK(loss[0] != loss[0] && loss[1] != loss[1] && loss[2] != loss[2], "the loss of the same");
    CHECK(loss[4] == 0 && gradient[12] == 0 && gradient[13] == 0 && gradient[14] == 0,
          "the loss of a certain answer is %g", (double)loss[4]);
  }
}

static void cross_entropy_keeps_small_losses(void) {
  const float x[3] = {0, 40, -60}, want = (float)(exp(-40.0) + exp(-100.0));
  const int32_t class = 1, plan[] = {GRADUS_DTYPE_FLOAT32, 1, 3, 0, 0};
  float loss = 7;
  CHECK(gradus_tensor_cross_entropy(&loss, NULL, x, &class, plan) == GRADUS_OK, "cross-entropy");
  CHECK(fabsf(loss - want) <= 4e-7f * want, "the loss is %g and not %g", (double)loss, (double)want);
}

static void rows_refuse_bad_plans(void) {
  static const int32_t bad[][6] = {{-1, 0, 1, 2, 0, 0},        {5, 0, 1, 2, 0, 0},
                                   {0, 2, 1, 2, 0, 0},         {0, 4, 1, 2, 0, 0},
                                   {0, 0, -1, 2, 0, 0},        {0, 0, 1, -2, 0, 0},
                                   {0, 0, 65536, 32768, 0, 0}, {0, 0, 1, 2, -1, 0},
                                   {0, 0, 1, 2, 0, -1},        {GRADUS_ROWS_SOFTMAX_GRADIENT, 0, 1, 2, 0, 0}};
  const float x[2] = {1, 2};
  const int32_t good[] = {0, 0, 1, 2, 0, 0}, class = 2, below = -1, in = 1;
  void *y = guarded_new(16), *scale = guarded_new(16);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(gradus_tensor_rows(y, x, NULL, bad[i]) == GRADUS_ARGUMENT, "plan %zu was taken", i);
  CHECK(gradus_tensor_rows(y, NULL, NULL, good) == GRADUS_ARGUMENT, "no input");
  CHECK(gradus_tensor_normalize(y, NULL, x, good + 1, 0) == GRADUS_ARGUMENT, "no scale");
  CHECK(gradus_tensor_normalize(y, scale, x, (const int32_t[]){2, 1, 2, 0}, 0) == GRADUS_ARGUMENT, "no such type");
  CHECK(gradus_tensor_normalize(y, scale, x, (const int32_t[]){0, 1, 2, -1}, 0) == GRADUS_ARGUMENT,
        "an offset below 0");
  CHECK(gradus_tensor_cross_entropy(scale, y, x, &class, good + 1) == GRADUS_ARGUMENT, "a class that is none");
  CHECK(gradus_tensor_cross_entropy(scale, y, x, &below, good + 1) == GRADUS_ARGUMENT, "a class below 0");
  CHECK(gradus_tensor_cross_entropy(scale, y, x, NULL, good + 1) == GRADUS_ARGUMENT, "no classes");
  CHECK(gradus_tensor_cross_entropy(scale, y, x, &in, (const int32_t[]){0, 1, 2, 0, -1}) == GRADUS_ARGUMENT,
        "an offset below 0");
  CHECK(is_untouched(y, 16) && is_untouched(scale, 16), "something was written");
  CHECK(gradus_tensor_rows(NULL, NULL, NULL, (const int32_t[]){0, 0, 0, 2, 0, 0}) == GRADUS_OK, "nothing to do");
  guarded_free(y), guarded_free(scale);
}
