/* Batches of products at every level, against the chains of fma that c/gradus.h promises. */

struct product_case {
  const void *a, *b;
  const int32_t *plan;
};

static int32_t call_product(void *c, const void *context) {
  const struct product_case *of = context;
  return gradus_tensor_product(c, of->a, of->b, of->plan);
}

/* Element i,j of a batch, of c's type. */
static void plain_product(void *c, const struct product_case *of, size_t batch, size_t i, size_t j) {
  const int32_t *plan = of->plan, *offset = plan + 9 + 3 * batch;
  const size_t at = (size_t)offset[0] + i * (size_t)plan[2] + j;
  float sum_f32 = 0;
  double sum_f64 = 0;
  uint64_t sum_i64 = 0;
  for (size_t p = 0; p < (size_t)plan[3]; p++) {
    const size_t a = (size_t)offset[1] + i * (size_t)plan[4] + p * (size_t)plan[5],
                 b = (size_t)offset[2] + p * (size_t)plan[6] + j * (size_t)plan[7];
    switch (plan[0]) {
      case GRADUS_ELEMENT_FLOAT32:
        sum_f32 = fma_exact_f32(((const float *)of->a)[a], ((const float *)of->b)[b], sum_f32);
        break;
      case GRADUS_ELEMENT_FLOAT64:
        sum_f64 = fma_exact_f64(((const double *)of->a)[a], ((const double *)of->b)[b], sum_f64);
        break;
      default: sum_i64 += ((const uint64_t *)of->a)[a] * ((const uint64_t *)of->b)[b]; break;
    }
  }
  switch (plan[0]) {
    case GRADUS_ELEMENT_FLOAT32: ((float *)c)[at] = sum_f32; break;
    case GRADUS_ELEMENT_FLOAT64: ((double *)c)[at] = sum_f64; break;
    default: ((uint64_t *)c)[at] = sum_i64; break;
  }
}

/* Batches of c lie one after another; those of a and b too, or all are the same one. Integers are large, so that they
 * wrap around. */
static void compare_product(int32_t type, int32_t m, int32_t n, int32_t k, int a_transposed, int b_transposed,
                            int32_t batches, int is_shared) {
  const size_t many = is_shared ? 1 : (size_t)batches, na = many * (size_t)(m * k) + 2, nb = many * (size_t)(k * n) + 1,
               nc = (size_t)(batches * m * n);
  const size_t bytes = element_bytes(type);
  int32_t *plan = malloc((9 + 3 * (size_t)batches) * sizeof *plan);
  const int32_t head[] = {
      type, m, n, k, a_transposed ? 1 : k, a_transposed ? m : 1, b_transposed ? 1 : n, b_transposed ? k : 1, batches};
  memcpy(plan, head, sizeof head);
  for (int32_t i = 0; i < batches; i++) {
    plan[9 + 3 * i] = i * m * n;
    plan[10 + 3 * i] = 2 + (is_shared ? 0 : i * m * k);
    plan[11 + 3 * i] = 1 + (is_shared ? 0 : i * k * n);
  }
  void *a = malloc(na * bytes), *b = malloc(nb * bytes), *c = guarded_new(nc * bytes), *want = malloc(nc * bytes + 1);
  tensor_fill(a, type, na, FILL_RANDOM);
  tensor_fill(b, type, nb, FILL_RANDOM);
  for (size_t i = 0; type == GRADUS_ELEMENT_INT64 && i < na; i++) ((int64_t *)a)[i] *= INT64_MAX / 16;
  const struct product_case of = {a, b, plan};
  tensor_at_every_level("product", call_product, &of, c, type, nc);
  for (size_t batch = 0; batch < (size_t)batches; batch++)
    for (size_t i = 0; i < (size_t)m; i++)
      for (size_t j = 0; j < (size_t)n; j++) plain_product(want, &of, batch, i, j);
  CHECK(tensor_equal(c, want, type, nc), "product of type %d, %d × (%d,%d,%d)", type, batches, m, n, k);
  free(plan), free(a), free(b), free(want), guarded_free(c);
}

static void product_test(void) {
  static const int32_t sizes[][3] = {{1, 1, 1},   {3, 5, 7}, {16, 16, 16}, {17, 33, 15}, {1, 31, 32},
                                     {33, 1, 17}, {4, 3, 0}, {0, 3, 2},    {2, 0, 2}};
  for (int t = 0; t < TENSOR_TYPES; t++) {
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
      for (int how = 0; how < 4; how++)
        compare_product(tensor_types[t], sizes[s][0], sizes[s][1], sizes[s][2], how & 1, how >> 1, how == 0 ? 1 : 3,
                        how == 3);
    compare_product(tensor_types[t], 64, 64, 64, 0, 0, 6, 0); /* shared among the threads as wholes */
  }
  compare_product(GRADUS_ELEMENT_FLOAT32, 130, 120, 70, 0, 1, 2, 0); /* shared each on its own */
}

static void product_refuses_bad_plans(void) {
  static const int32_t bad[][12] = {{2, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0},        {0, -1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0},
                                    {0, 1, 1, -1, 1, 1, 1, 1, 1, 0, 0, 0},       {0, 1, 1, 1, -1, 1, 1, 1, 1, 0, 0, 0},
                                    {0, 1, 1, 1, 1, 1, 1, -1, 1, 0, 0, 0},       {0, 1, 1, 1, 1, 1, 1, 1, -1, 0, 0, 0},
                                    {0, 1, 1, 1, 1, 1, 1, 1, 1, -1, 0, 0},       {0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, -1},
                                    {0, 65536, 32768, 1, 1, 1, 1, 1, 1, 0, 0, 0}};
  const double x = 1;
  const int32_t good[] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0};
  void *c = guarded_new(8);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(gradus_tensor_product(c, &x, &x, bad[i]) == GRADUS_ARGUMENT, "plan %zu was taken", i);
  CHECK(gradus_tensor_product(c, NULL, &x, good) == GRADUS_ARGUMENT, "no a");
  CHECK(gradus_tensor_product(c, &x, NULL, good) == GRADUS_ARGUMENT, "no b");
  CHECK(gradus_tensor_product(NULL, &x, &x, good) == GRADUS_ARGUMENT, "no c");
  CHECK(is_untouched(c, 8), "something was written");
  guarded_free(c);
}
