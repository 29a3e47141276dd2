/* Reductions and running sums at every level, against plain loops in long double. */

struct reduce_case {
  const void *x;
  int32_t plan[6];
};

static int32_t call_reduce(void *y, const void *context) {
  const struct reduce_case *of = context;
  return gradus_tensor_reduce(y, of->x, of->plan);
}

static int32_t call_scan(void *y, const void *context) {
  const struct reduce_case *of = context;
  return gradus_tensor_scan(y, of->x, of->plan);
}

enum { REDUCE_OFFSET = 5 };

static size_t reduce_at(const int32_t *plan, size_t o, size_t i, size_t j) {
  return (size_t)plan[2] + (o * (size_t)plan[4] + i) * (size_t)plan[5] + j;
}

/* The reduction of one column, and the sum of what is added up without signs, which its error is in proportion to. */
static long double plain_reduce(const struct reduce_case *of, size_t o, size_t j, long double *size) {
  const int32_t kind = of->plan[0], type = of->plan[1];
  const size_t count = (size_t)of->plan[4];
  long double result = kind == GRADUS_REDUCTION_PROD ? 1 : 0;
  size_t best = 0;
  *size = 0;
  for (size_t i = 0; i < count; i++) {
    const long double x = tensor_get(of->x, type, reduce_at(of->plan, o, i, j));
    const long double top = tensor_get(of->x, type, reduce_at(of->plan, o, best, j));
    const int is_max = kind == GRADUS_REDUCTION_MAX || kind == GRADUS_REDUCTION_ARGMAX;
    if ((is_max ? x > top : x < top) || (x != x && top == top)) best = i;
    const long double term = kind == GRADUS_REDUCTION_SUM_SQUARES ? x * x : x;
    result = kind == GRADUS_REDUCTION_PROD ? result * x : result + term;
    *size += fabsl(term);
  }
  if (kind == GRADUS_REDUCTION_PROD) *size = fabsl(result);
  if (kind == GRADUS_REDUCTION_MEAN) *size /= (long double)count;
  switch (kind) {
    case GRADUS_REDUCTION_MEAN: return result / (long double)count;
    case GRADUS_REDUCTION_MAX:
    case GRADUS_REDUCTION_MIN: *size = 0; return tensor_get(of->x, type, reduce_at(of->plan, o, best, j));
    case GRADUS_REDUCTION_ARGMAX:
    case GRADUS_REDUCTION_ARGMIN: *size = 0; return (long double)best;
    default: return result;
  }
}

static int is_arg(int32_t kind) { return kind >= GRADUS_REDUCTION_ARGMAX; }

static void compare_reduce(const struct reduce_case *of) {
  const int32_t *plan = of->plan, type = is_arg(plan[0]) ? GRADUS_ELEMENT_INT32 : plan[1];
  const size_t outer = (size_t)plan[3], inner = (size_t)plan[5], n = outer * inner;
  void *y = guarded_new(n * element_bytes(type));
  tensor_at_every_level("reduce", call_reduce, of, y, type, n);
  for (size_t o = 0; o < outer; o++)
    for (size_t j = 0; j < inner; j++) {
      long double size, want = plain_reduce(of, o, j, &size), got = tensor_get(y, type, o * inner + j);
      const int rounds = type == GRADUS_ELEMENT_FLOAT32 && !is_arg(plan[0]);
      CHECK(tensor_is_near(got, want, rounds ? 1.01L * 0x1p-24L : 0,
                           type == GRADUS_ELEMENT_INT64 ? 0 : size * (long double)plan[4] * 0x1p-53L),
            "reduction %d of type %d, (%d,%d,%d), element %zu,%zu is %Lg and not %Lg", plan[0], plan[1], plan[3],
            plan[4], plan[5], o, j, got, want);
    }
  guarded_free(y);
}

/* Products neither overflow nor vanish where the factors are near 1. */
static void towards_one(void *x, int32_t type, size_t n) {
  for (size_t i = 0; i < n; i++)
    tensor_set(x, type, i, type == GRADUS_ELEMENT_INT64 ? (i % 7 == 0 ? -1 : 1) : 1 + gemm_random() / 64);
}

static void reduce_test(void) {
  static const int32_t shapes[][3] = {
      {1, 1, 1},    {3, 15, 1},   {2, 16, 1},    {2, 17, 1},   {3, 31, 1},   {1, 32, 1},   {2, 33, 1},
      {2, 1000, 1}, {3, 5000, 1}, {2, 33, 3},    {1, 100, 3},  {1, 1000, 3}, {1, 7000, 3}, {2, 1, 64},
      {1, 17, 64},  {2, 33, 100}, {1, 300, 100}, {1, 3, 2100}, {0, 5, 3},    {4, 5, 0},    {1, 40000, 1},
      {65, 31, 1},  {8000, 10, 1}, {700, 100, 1}, {1, 9, 4100}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (int t = 0; t < TENSOR_TYPES; t++) {
      const int32_t type = tensor_types[t], *shape = shapes[s];
      const size_t n = REDUCE_OFFSET + (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2];
      void *x = malloc(n * element_bytes(type));
      const int fills = n > 4000 ? 1 : TENSOR_FILLS;
      for (int fill = 0; fill < fills; fill++)
        for (int32_t kind = GRADUS_REDUCTION_SUM; kind <= GRADUS_REDUCTION_ARGMIN; kind++) {
          if (type == GRADUS_ELEMENT_INT64 && (kind == GRADUS_REDUCTION_MEAN || kind == GRADUS_REDUCTION_SUM_SQUARES))
            continue;
          if (kind == GRADUS_REDUCTION_PROD) towards_one(x, type, n);
          else tensor_fill(x, type, n, (enum tensor_fill)fill);
          compare_reduce(&(struct reduce_case){x, {kind, type, REDUCE_OFFSET, shape[0], shape[1], shape[2]}});
        }
      free(x);
    }
}

static void reduce_of_nothing_is_neutral(void) {
  float y[2] = {7, 7};
  const float x[1] = {0};
  const int32_t sum[] = {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_FLOAT32, 0, 2, 0, 1};
  const int32_t prod[] = {GRADUS_REDUCTION_PROD, GRADUS_ELEMENT_FLOAT32, 0, 1, 0, 2};
  const int32_t mean[] = {GRADUS_REDUCTION_MEAN, GRADUS_ELEMENT_FLOAT32, 0, 2, 0, 1};
  CHECK(gradus_tensor_reduce(y, x, sum) == GRADUS_OK && y[0] == 0 && y[1] == 0, "nothing sums to 0, here %g",
        (double)y[1]);
  CHECK(gradus_tensor_reduce(y, x, prod) == GRADUS_OK && y[0] == 1 && y[1] == 1, "nothing multiplies to 1");
  CHECK(gradus_tensor_reduce(y, x, mean) == GRADUS_OK && y[0] != y[0] && y[1] != y[1], "nothing has the mean NaN");
}

/* A NaN is found wherever it stands, of either sign, in rows and in columns. */
static void extremes_find_every_nan(void) {
  enum { ROWS = 9, N = 200 };
  static const int32_t kinds[] = {GRADUS_REDUCTION_MAX, GRADUS_REDUCTION_MIN, GRADUS_REDUCTION_ARGMAX,
                                  GRADUS_REDUCTION_ARGMIN};
  EACH_LEVEL(level)
    for (size_t k = 0; k < 4; k++)
      for (int at = 0; at < N; at++)
        for (int is_column = 0; is_column < 2; is_column++) {
          float x[ROWS * N], y[N];
          for (int i = 0; i < ROWS * N; i++) x[i] = (float)(i % 13) - 6;
          const int row = at % ROWS, place = is_column ? at : row;
          x[row * N + at] = at % 2 ? (float)NAN : -(float)NAN;
          const int32_t plan[] = {kinds[k], GRADUS_ELEMENT_FLOAT32, 0, is_column ? 1 : ROWS, is_column ? ROWS : N,
                                  is_column ? N : 1};
          CHECK(gradus_tensor_reduce(y, x, plan) == GRADUS_OK, "reduced");
          int32_t index;
          memcpy(&index, &y[place], sizeof index);
          CHECK(k < 2 ? y[place] != y[place] : index == (is_column ? row : at), "kind %d, NaN at %d,%d", kinds[k], row,
                at);
          for (int i = 0; k < 2 && i < (is_column ? N : ROWS); i++)
            CHECK(i == place || fabsf(y[i]) <= 6, "a NaN at %d,%d is at %d, too", row, at, i);
        }
  gradus_level(LEVEL_TOP);
}

static void reduce_of_integers_wraps_around(void) {
  const int64_t x[3] = {INT64_MAX, 2, INT64_MAX};
  int64_t y = 0;
  const int32_t sum[] = {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_INT64, 0, 1, 3, 1};
  const int32_t prod[] = {GRADUS_REDUCTION_PROD, GRADUS_ELEMENT_INT64, 0, 1, 2, 1};
  CHECK(gradus_tensor_reduce(&y, x, sum) == GRADUS_OK && y == 0, "the sum is %lld", (long long)y);
  CHECK(gradus_tensor_reduce(&y, x, prod) == GRADUS_OK && y == -2, "the product is %lld", (long long)y);
}

static void compare_scan(const struct reduce_case *of) {
  const int32_t *plan = of->plan, type = plan[1];
  const size_t outer = (size_t)plan[3], count = (size_t)plan[4], inner = (size_t)plan[5], n = outer * count * inner;
  void *y = guarded_new(n * element_bytes(type));
  tensor_at_every_level("scan", call_scan, of, y, type, n);
  for (size_t o = 0; o < outer; o++)
    for (size_t j = 0; j < inner; j++) {
      long double want = plan[0] == GRADUS_REDUCTION_PROD, size = 0;
      for (size_t i = 0; i < count; i++) {
        const size_t at = reduce_at(plan, o, i, j);
        const long double x = tensor_get(of->x, type, at), got = tensor_get(y, type, at - (size_t)plan[2]);
        want = plan[0] == GRADUS_REDUCTION_PROD ? want * x : want + x;
        size += fabsl(x);
        const long double error = plan[0] == GRADUS_REDUCTION_PROD ? fabsl(want) : size;
        CHECK(tensor_is_near(got, want, type == GRADUS_ELEMENT_FLOAT32 ? 1.01L * 0x1p-24L : 0,
                             error * (long double)(i + 1) * 0x1p-53L),
              "scan %d of type %d, (%d,%d,%d), element %zu,%zu,%zu is %Lg and not %Lg", plan[0], type, plan[3], plan[4],
              plan[5], o, i, j, got, want);
      }
    }
  guarded_free(y);
}

static void scan_test(void) {
  static const int32_t shapes[][3] = {{1, 1, 1},   {2, 33, 1},   {1, 5000, 1}, {3, 17, 3},
                                      {1, 31, 64}, {2, 16, 100}, {0, 3, 3},    {2, 0, 3}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (int t = 0; t < TENSOR_TYPES; t++) {
      const int32_t type = tensor_types[t], *shape = shapes[s];
      const size_t n = REDUCE_OFFSET + (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2];
      void *x = malloc(n * element_bytes(type));
      for (int fill = 0; fill < TENSOR_FILLS; fill++) {
        tensor_fill(x, type, n, (enum tensor_fill)fill);
        compare_scan(
            &(struct reduce_case){x, {GRADUS_REDUCTION_SUM, type, REDUCE_OFFSET, shape[0], shape[1], shape[2]}});
      }
      towards_one(x, type, n);
      compare_scan(
          &(struct reduce_case){x, {GRADUS_REDUCTION_PROD, type, REDUCE_OFFSET, shape[0], shape[1], shape[2]}});
      free(x);
    }
}

static void reduce_refuses_bad_plans(void) {
  static const int32_t bad[][6] = {
      {-1, GRADUS_ELEMENT_FLOAT32, 0, 1, 2, 1},                      /* no such reduction */
      {8, GRADUS_ELEMENT_FLOAT32, 0, 1, 2, 1},
      {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_INT32, 0, 1, 2, 1},      /* no type to compute in */
      {GRADUS_REDUCTION_SUM, 12, 0, 1, 2, 1},
      {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_FLOAT32, -1, 1, 2, 1},   /* negative numbers */
      {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_FLOAT32, 0, -1, 2, 1},
      {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_FLOAT32, 0, 1, 2, -1},
      {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_FLOAT32, 0, 65536, 32768, 1}, /* too large */
      {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_FLOAT32, 0, 65536, 0, 65536}, /* of nothing, but too many results */
      {GRADUS_REDUCTION_MEAN, GRADUS_ELEMENT_INT64, 0, 1, 2, 1},     /* not of integers */
      {GRADUS_REDUCTION_SUM_SQUARES, GRADUS_ELEMENT_INT64, 0, 1, 2, 1},
      {GRADUS_REDUCTION_MAX, GRADUS_ELEMENT_FLOAT32, 0, 1, 0, 1},    /* not of nothing */
      {GRADUS_REDUCTION_ARGMIN, GRADUS_ELEMENT_FLOAT32, 0, 1, 0, 1},
  };
  const double x[2] = {1, 2};
  void *y = guarded_new(16);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(gradus_tensor_reduce(y, x, bad[i]) == GRADUS_ARGUMENT, "plan %zu was taken", i);
  const int32_t good[] = {GRADUS_REDUCTION_SUM, GRADUS_ELEMENT_FLOAT32, 0, 1, 2, 1};
  const int32_t max[] = {GRADUS_REDUCTION_MAX, GRADUS_ELEMENT_FLOAT32, 0, 1, 2, 1};
  CHECK(gradus_tensor_reduce(NULL, x, good) == GRADUS_ARGUMENT, "no output");
  CHECK(gradus_tensor_reduce(y, NULL, good) == GRADUS_ARGUMENT, "no input");
  CHECK(gradus_tensor_reduce(y, x, NULL) == GRADUS_ARGUMENT, "no plan");
  CHECK(gradus_tensor_scan(y, x, max) == GRADUS_ARGUMENT, "there is no running maximum");
  CHECK(gradus_tensor_scan(y, NULL, good) == GRADUS_ARGUMENT, "no input of a scan");
  CHECK(is_untouched(y, 16), "something was written");
  guarded_free(y);
}
