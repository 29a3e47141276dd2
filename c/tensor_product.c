/* tensor_product.c: a batch of products of matrices: each by gemm.c, many small ones shared among the threads as
 * wholes. */

#ifndef PRODUCTS_SHARED
#define PRODUCTS_SHARED

#define PRODUCT_WORDS 9 /* of a plan, before the offsets of the batches */

/* c (m,n) ← a·b of integers, as unsigned ones, which wrap around. */
static void whole_product(uint64_t *restrict c, const uint64_t *a, const uint64_t *b, const int32_t *plan) {
  const size_t m = (size_t)plan[1], n = (size_t)plan[2], k = (size_t)plan[3];
  const size_t ar = (size_t)plan[4], ac = (size_t)plan[5], br = (size_t)plan[6], bc = (size_t)plan[7];
  memset(c, 0, m * n * sizeof *c);
  for (size_t i = 0; i < m; i++)
    for (size_t p = 0; p < k; p++)
      for (size_t j = 0; j < n; j++) c[i * n + j] += a[i * ar + p * ac] * b[p * br + j * bc];
}

static void whole_products(void *c, const void *a, const void *b, const int32_t *plan) {
  for (const int32_t *offset = plan + PRODUCT_WORDS, *end = offset + 3 * (size_t)plan[8]; offset < end; offset += 3)
    whole_product((uint64_t *)c + offset[0], (const uint64_t *)a + offset[1], (const uint64_t *)b + offset[2], plan);
}
#endif

struct K(products) {
  void *c;
  const void *a, *b;
  const int32_t *plan;
};

OUT_OF_LINE struct T(product) K(product_at)(const struct K(products) * of, size_t batch) {
  const int32_t *plan = of->plan, *offset = plan + PRODUCT_WORDS + 3 * batch;
  return (struct T(product)){
      .c = (real *)of->c + offset[0], .cr = (size_t)plan[2],
      .a = (const real *)of->a + offset[1], .ar = (size_t)plan[4], .ac = (size_t)plan[5],
      .b = (const real *)of->b + offset[2], .br = (size_t)plan[6], .bc = (size_t)plan[7],
      .m = (size_t)plan[1], .n = (size_t)plan[2], .k = (size_t)plan[3],
      .start = START_ZERO,
  };
}

static void K(each_product)(const void *context, size_t from, size_t to) {
  for (size_t batch = from; batch < to; batch++) {
    struct T(product) of = K(product_at)(context, batch);
    K(product)(&of, 0);
  }
}

/* plan as in gradus.h. */
LOCAL void K(products_entry)(void *c, const void *a, const void *b, const int32_t *plan) {
  const struct K(products) of = {c, a, b, plan};
  size_t batches = (size_t)plan[8], multiplications = (size_t)plan[1] * (size_t)plan[2] * (size_t)plan[3];
  if (multiplications < 2 * LEAST_PRODUCTS) {
    parallel(batches, 1, LEAST_PRODUCTS / (multiplications + 1), K(each_product), &of);
    return;
  }
  for (size_t batch = 0; batch < batches; batch++) {
    struct T(product) large = K(product_at)(&of, batch);
    K(gemm)(&large);
  }
}
