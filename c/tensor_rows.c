/* tensor_rows.c: functions of the rows of x (rows,n): softmax and its kin, normalization, the cross-entropy. Rows are taken in
 * stretches of PARTIALS numbers, the last one filled up, so that sums have as many partial results, whatever the level; threads
 * share rows. */

#define LEAST_OF_ROWS ((size_t)1 << 13) /* numbers of rows that are worth a thread */

/* ---- sums ---- */

static double K(sum_of_doubles)(const double *partial) {
  double sum[PARTIALS];
  memcpy(sum, partial, sizeof sum);
  for (size_t half = PARTIALS / 2; half > 0; half /= 2)
    for (size_t j = 0; j < half; j++) sum[j] += sum[j + half];
  return sum[0];
}

/* Σ x */
OUT_OF_LINE double K(row_sum)(const real *x, size_t n) {
  double partial[PARTIALS] = {0};
  K(sum_down)(partial, x, PARTIALS, n / PARTIALS, PARTIALS);
  for (size_t j = n - n % PARTIALS; j < n; j++) partial[j % PARTIALS] += (double)x[j];
  return K(sum_of_doubles)(partial);
}

/* Σ (x − c)·(z − c) */
OUT_OF_LINE double K(row_dot)(const real *x, const real *z, double c, size_t n) {
  K(doubles) sum = {0};
  size_t whole = n - n % PARTIALS;
  for (size_t j = 0; j < whole; j += PARTIALS) {
    const K(numbers) xs = *(const K(unaligned_numbers) *)(x + j), zs = *(const K(unaligned_numbers) *)(z + j);
    sum += (__builtin_convertvector(xs, K(doubles)) - c) * (__builtin_convertvector(zs, K(doubles)) - c);
  }
  double partial[PARTIALS];
  memcpy(partial, &sum, sizeof partial);
  for (size_t j = whole; j < n; j++) partial[j - whole] += ((double)x[j] - c) * ((double)z[j] - c);
  return K(sum_of_doubles)(partial);
}

/* ---- exponentials ---- */

/* A row's maximum, and the sum of its exponentials exp(x − top) = sum + rest. Where x has a NaN, or is infinite in the wrong
 * way, so is the sum. */
struct K(exponentials) {
  real top, sum, rest;
};

/* x − top, of which *low is what does not fit: nothing where it is infinite. */
INLINE real K(below)(real x, real top, real *low) {
  const real difference = K(two_sum)(x, -top, low);
  *low = *low == *low ? *low : 0;
  return difference;
}

/* e ← exp(x − top) for PARTIALS numbers, added to sum + rest. */
OUT_OF_LINE void K(exponentials_of)(real *restrict e, const real *restrict x, real top, real *restrict sum, real *restrict rest) {
  for (size_t j = 0; j < PARTIALS; j++) {
    real low, left, error, difference = K(below)(x[j], top, &low);
    e[j] = K(exp_pair)(difference, low, &left);
    sum[j] = K(two_sum)(sum[j], e[j], &error);
    rest[j] += error + left;
  }
}

OUT_OF_LINE real K(row_max)(const real *x, size_t n) {
  const size_t whole = n - n % PARTIALS;
  K(numbers) most = (K(numbers))(-R(__builtin_inf()));
  for (size_t j = 0; j < whole; j += PARTIALS)
    most = __builtin_elementwise_max(most, *(const K(unaligned_numbers) *)(x + j));
  real top[PARTIALS];
  memcpy(top, &most, sizeof top);
  for (size_t j = whole; j < n; j++) top[j - whole] = x[j] > top[j - whole] ? x[j] : top[j - whole];
  for (size_t half = PARTIALS / 2; half > 0; half /= 2)
    for (size_t j = 0; j < half; j++) top[j] = top[j + half] > top[j] ? top[j + half] : top[j];
  return top[0];
}

/* e (n), unless it is NULL, ← exp(x − top). */
OUT_OF_LINE struct K(exponentials) K(row_exponentials)(real *e, const real *x, size_t n) {
  real sum[PARTIALS] = {0}, rest[PARTIALS] = {0}, last[PARTIALS], unused[PARTIALS];
  const real top = K(row_max)(x, n);
  const size_t whole = n - n % PARTIALS;
  for (size_t j = 0; j < whole; j += PARTIALS) K(exponentials_of)(e ? e + j : unused, x + j, top, sum, rest);
  if (whole < n) {
    for (size_t j = 0; j < PARTIALS; j++) last[j] = whole + j < n ? x[whole + j] : -R(__builtin_inf());
    K(exponentials_of)(unused, last, top, sum, rest);
    if (e) memcpy(e + whole, unused, (n - whole) * sizeof(real));
  }
  for (size_t half = PARTIALS / 2; half > 0; half /= 2)
    for (size_t j = 0; j < half; j++) {
      real error;
      sum[j] = K(two_sum)(sum[j], sum[j + half], &error);
      rest[j] += rest[j + half] + error;
    }
  return (struct K(exponentials)){top, sum[0], rest[0]};
}

/* log Σ exp(x − top), correct where that is near 0, too. */
OUT_OF_LINE real K(log_of)(struct K(exponentials) of) { return K(log)(of.sum) + of.rest / of.sum; }

/* y ← y / (sum + rest), by the inverse in two parts. */
OUT_OF_LINE void K(divide_row)(real *y, struct K(exponentials) by, size_t n) {
  const real inverse = R(1) / by.sum, missing = K(fma)(-inverse, by.sum, R(1)) - inverse * by.rest, low = missing * inverse;
  for (size_t j = 0; j < n; j++) y[j] = K(fma)(y[j], inverse, y[j] * low);
}

/* ---- functions of one row ---- */

/* y = exp(x − max) / Σ exp(x − max), within 2 ulps, as K(softmax). */
static void K(softmax_row)(real *restrict y, const real *restrict x, const real *z, size_t n) {
  (void)z;
  K(divide_row)(y, K(row_exponentials)(y, x, n), n);
}

/* y = x − max − log Σ exp(x − max) */
static void K(log_softmax_row)(real *restrict y, const real *restrict x, const real *z, size_t n) {
  (void)z;
  const struct K(exponentials) of = K(row_exponentials)(NULL, x, n);
  const real log_sum = K(log_of)(of);
  for (size_t j = 0; j < n; j++) {
    real low, difference = K(below)(x[j], of.top, &low);
    y[j] = difference + (low - log_sum);
  }
}

static void K(softmax_gradient_row)(real *restrict y, const real *restrict x, const real *restrict z, size_t n) {
  const double sum = K(row_dot)(x, z, 0, n);
  for (size_t j = 0; j < n; j++) y[j] = (real)((double)x[j] * ((double)z[j] - sum));
}

static void K(log_softmax_gradient_row)(real *restrict y, const real *restrict x, const real *restrict z, size_t n) {
  const double sum = K(row_sum)(z, n);
  for (size_t j = 0; j < n; j++) y[j] = (real)((double)z[j] - (double)K(exp)(x[j]) * sum);
}

static void K(normalize_gradient_row)(real *restrict y, const real *restrict x, const real *restrict z, size_t n) {
  const double mean = K(row_sum)(z, n) / (double)n, slope = K(row_dot)(x, z, 0, n) / (double)n;
  for (size_t j = 0; j < n; j++) y[j] = (real)((double)z[j] - mean - (double)x[j] * slope);
}

/* ---- all rows ---- */

struct K(rows) {
  real *y, *scale; /* scale: or loss */
  const real *x, *z;
  const int32_t *classes;
  size_t n;
  double eps;
  void (*row)(real *y, const real *x, const real *z, size_t n);
};

static void K(each_row)(const void *context, size_t from, size_t to) {
  const struct K(rows) *of = context;
  for (size_t r = from; r < to; r++) of->row(of->y + r * of->n, of->x + r * of->n, of->z ? of->z + r * of->n : NULL, of->n);
}

static void K(normalize_rows)(const void *context, size_t from, size_t to) {
  const struct K(rows) *of = context;
  for (size_t r = from; r < to; r++) {
    const real *restrict x = of->x + r * of->n;
    real *restrict y = of->y + r * of->n;
    const double mean = K(row_sum)(x, of->n) / (double)of->n, variance = K(row_dot)(x, x, mean, of->n) / (double)of->n;
    const double scale = 1 / K64(sqrt)(variance + of->eps);
    for (size_t j = 0; j < of->n; j++) y[j] = (real)(((double)x[j] - mean) * scale);
    of->scale[r] = (real)scale;
  }
}

static void K(cross_entropy_rows)(const void *context, size_t from, size_t to) {
  const struct K(rows) *of = context;
  for (size_t r = from; r < to; r++) {
    const size_t class = (size_t)of->classes[r];
    const real *x = of->x + r * of->n;
    real low, *y = of->y ? of->y + r * of->n : NULL;
    const struct K(exponentials) sum = K(row_exponentials)(y, x, of->n);
    const real difference = K(below)(x[class], sum.top, &low);
    of->scale[r] = (K(log_of)(sum) - low) - difference;
    if (!y) continue;
    K(divide_row)(y, sum, of->n);
    y[class] -= R(1);
  }
}

static void K(share_rows)(const struct K(rows) * of, int32_t rows, range_task *run) {
  parallel((size_t)rows, 1, LEAST_OF_ROWS / of->n + 1, run, of);
}

/* Plans as in gradus.h, sizes at least 1. */
LOCAL void K(rows_entry)(void *y, const void *x, const void *z, const int32_t *plan) {
  struct K(rows) of = {.y = y, .x = (const real *)x + plan[4], .n = (size_t)plan[3]};
  if (z) of.z = (const real *)z + plan[5];
  switch (plan[0]) {
    case GRADUS_ROWS_SOFTMAX: of.row = K(softmax_row); break;
    case GRADUS_ROWS_LOG_SOFTMAX: of.row = K(log_softmax_row); break;
    case GRADUS_ROWS_SOFTMAX_GRADIENT: of.row = K(softmax_gradient_row); break;
    case GRADUS_ROWS_LOG_SOFTMAX_GRADIENT: of.row = K(log_softmax_gradient_row); break;
    default: of.row = K(normalize_gradient_row); break;
  }
  K(share_rows)(&of, plan[2], K(each_row));
}

LOCAL void K(normalize_entry)(void *y, void *scale, const void *x, const int32_t *plan, double eps) {
  const struct K(rows) of = {.y = y, .scale = scale, .x = (const real *)x + plan[3], .n = (size_t)plan[2], .eps = eps};
  K(share_rows)(&of, plan[1], K(normalize_rows));
}

LOCAL void K(cross_entropy_entry)(void *loss, void *gradient, const void *x, const int32_t *classes, const int32_t *plan) {
  const struct K(rows) of = {
      .y = gradient, .scale = loss, .x = (const real *)x + plan[3], .classes = classes + plan[4], .n = (size_t)plan[2]};
  K(share_rows)(&of, plan[1], K(cross_entropy_rows));
}

#undef LEAST_OF_ROWS
