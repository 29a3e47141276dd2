/* tensor_rows.c: functions of the rows of x (rows,n): softmax and its kin, normalization, the cross-entropy.
 * Exponentials are taken of PARTIALS numbers at a time, the last ones of a row filled up, so that their sum has as
 * many partial results, whatever the level; threads share rows. */

#ifndef ROWS_SHARED
#define ROWS_SHARED

#define LEAST_OF_ROWS ((size_t)1 << 13) /* numbers of rows that are worth a thread */
#define FEW 8                           /* partial results that are added up one by one */
#define LINE (64 / sizeof(real))         /* numbers of a line of the cache */
#define CENTRED 2048                    /* the maximum from which on x − max is exact, where its exponential is not 0 */

OUT_OF_LINE void share_rows(size_t rows, size_t n, range_task *run, const void *context) {
  parallel(rows, 1, LEAST_OF_ROWS / n + 1, run, context);
}
#endif

/* ---- exponentials ---- */

/* Those of a row: e = exp(x − centre), in proportion, and what they sum up to, sum + rest. The sum is NaN where x has
 * a NaN or +∞, or nothing but −∞. */
struct K(exponentials) {
  struct K(proportion) proportion;
  real centre, sum, rest;
};

/* e ← the exponentials of x (count,PARTIALS), which are added to sum + rest; the next PARTIALS of e are `step` on. What
 * lies `ahead` of x, the row after it, is fetched meanwhile. */
OUT_OF_LINE void K(exponentials_of)(real *restrict e, size_t step, const real *restrict x, size_t count, size_t ahead,
                                    const struct K(exponentials) * of, real *restrict sum, real *restrict rest) {
  const struct K(proportion) proportion = of->proportion;
  const real centre = of->centre;
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < PARTIALS; j += LINE) __builtin_prefetch(x + i * PARTIALS + j + ahead);
    for (size_t j = 0; j < PARTIALS; j++) {
      real error;
      e[i * step + j] = K(exp_in_proportion)(x[i * PARTIALS + j] - centre, proportion);
      sum[j] = T(two_sum)(sum[j], e[i * step + j], &error);
      rest[j] += error;
    }
  }
}

/* The same of the numbers that a row has left, fewer than PARTIALS: beside −∞ in the place of more. */
OUT_OF_LINE void K(last_exponentials)(real *e, const real *x, size_t n, const struct K(exponentials) * of, real *sum,
                                      real *rest) {
  real in[PARTIALS];
  for (size_t j = 0; j < PARTIALS; j++) in[j] = -R(__builtin_inf());
  memcpy(in, x, n * sizeof(real));
  K(exponentials_of)(e, 0, in, 1, 0, of, sum, rest);
}

/* e (n), or nothing if it is NULL, ← the exponentials of a row. Centred ones are of x − max, so that what is added to
 * that of the maximum counts, be it ever so small. Others are of x itself, since that difference is rounded, unless
 * the maximum is so large that it is not. */
OUT_OF_LINE struct K(exponentials) K(row_exponentials)(real *e, const real *x, size_t n, int is_centred) {
  real sum[PARTIALS] = {0}, rest[PARTIALS] = {0}, last[PARTIALS], error;
  const size_t left = n % PARTIALS, whole = n - left;
  const real top = K(row_max)(x, n);
  struct K(exponentials) of = {.centre = is_centred || !(K(abs)(top) < R(CENTRED)) ? top : 0};
  of.proportion = K(proportion_to)(top - of.centre);
  K(exponentials_of)(e ? e : last, e ? PARTIALS : 0, x, whole / PARTIALS, n, &of, sum, rest);
  if (left > 0) K(last_exponentials)(last, x + whole, left, &of, sum, rest);
  if (e) memcpy(e + whole, last, left * sizeof(real));
  for (size_t j = FEW; j < PARTIALS; j++) {
    sum[j % FEW] = T(two_sum)(sum[j % FEW], sum[j], &error);
    rest[j % FEW] += rest[j] + error;
  }
  for (size_t j = 0; j < FEW; j++) {
    of.sum = T(two_sum)(of.sum, sum[j], &error);
    of.rest += rest[j] + error;
  }
  return of;
}

/* log Σ exp(x − max) of centred exponentials, right where that is near 0, too; 64 is EXP_LIFT. */
OUT_OF_LINE real K(log_of_sum)(real sum, real rest) { return K(log)(sum * R(0x1p-64)) + rest / sum; }

/* y ← y / (sum + rest), by the inverse in two parts. */
OUT_OF_LINE void K(divide_row)(real *y, real sum, real rest, size_t n) {
  const real inverse = R(1) / sum, missing = K(fma)(-inverse, sum, R(1)) - inverse * rest, low = missing * inverse;
  for (size_t j = 0; j < n; j++) y[j] = K(fma)(y[j], inverse, y[j] * low);
}

/* ---- softmax and its kin ---- */

struct K(rows) {
  real *y, *scale; /* scale: of normalize; the loss of the cross-entropy */
  const real *x, *z;
  const int32_t *classes;
  size_t n;
  double eps;
  void (*row)(real *y, const real *x, const real *z, size_t n);
};

/* y = exp(x − max) / Σ exp(x − max), within 3 ulps. */
static void K(softmax_row)(real *restrict y, const real *restrict x, const real *z, size_t n) {
  (void)z;
  const struct K(exponentials) of = K(row_exponentials)(y, x, n, 0);
  K(divide_row)(y, of.sum, of.rest, n);
}

/* y = x − max − log Σ exp(x − max) */
static void K(log_softmax_row)(real *restrict y, const real *restrict x, const real *z, size_t n) {
  (void)z;
  const struct K(exponentials) of = K(row_exponentials)(NULL, x, n, 1);
  const real log_sum = K(log_of_sum)(of.sum, of.rest);
  for (size_t j = 0; j < n; j++) y[j] = (x[j] - of.centre) - log_sum;
}

static void K(cross_entropy_rows)(const void *context, size_t from, size_t to) {
  const struct K(rows) *of = context;
  for (size_t r = from; r < to; r++) {
    const size_t class = (size_t)of->classes[r];
    const real *x = of->x + r * of->n;
    real *y = of->y ? of->y + r * of->n : NULL;
    const struct K(exponentials) sum = K(row_exponentials)(y, x, of->n, 1);
    of->scale[r] = K(log_of_sum)(sum.sum, sum.rest) - (x[class] - sum.centre);
    if (!y) continue;
    K(divide_row)(y, sum.sum, sum.rest, of->n);
    y[class] -= R(1);
  }
}

/* ---- gradients and normalization ---- */

LOCAL void K(log_softmax_gradient_row)(real *restrict y, const real *restrict x, const real *restrict z, size_t n) {
  real last[PARTIALS], unused[2 * PARTIALS] = {0};
  const struct K(exponentials) of = {.proportion = K(proportion_to)(0)};
  const size_t left = n % PARTIALS, whole = n - left;
  const double sum = K(row_sum)(z, n) * 0x1p-64;
  K(exponentials_of)(y, PARTIALS, x, whole / PARTIALS, n, &of, unused, unused + PARTIALS);
  if (left > 0) K(last_exponentials)(last, x + whole, left, &of, unused, unused + PARTIALS);
  memcpy(y + whole, last, left * sizeof(real));
  for (size_t j = 0; j < n; j++) y[j] = (real)((double)z[j] - (double)y[j] * sum);
}

LOCAL void K(softmax_gradient_row)(real *restrict y, const real *restrict x, const real *restrict z, size_t n) {
  const double sum = K(row_dot)(x, z, 0, n);
  for (size_t j = 0; j < n; j++) y[j] = (real)((double)x[j] * ((double)z[j] - sum));
}

LOCAL void K(normalize_gradient_row)(real *restrict y, const real *restrict x, const real *restrict z, size_t n) {
  const double mean = K(row_sum)(z, n) / (double)n, slope = K(row_dot)(x, z, 0, n) / (double)n;
  for (size_t j = 0; j < n; j++) y[j] = (real)((double)z[j] - mean - (double)x[j] * slope);
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

LOCAL void K(normalize_entry)(void *y, void *scale, const void *x, const int32_t *plan, double eps) {
  const struct K(rows) of = {.y = y, .scale = scale, .x = (const real *)x + plan[3], .n = (size_t)plan[2], .eps = eps};
  share_rows((size_t)plan[1], of.n, K(normalize_rows), &of);
}

/* ---- all rows, with plans as in gradus.h whose sizes are at least 1 ---- */

static void K(each_row)(const void *context, size_t from, size_t to) {
  const struct K(rows) *of = context;
  for (size_t r = from; r < to; r++)
    of->row(of->y + r * of->n, of->x + r * of->n, of->z ? of->z + r * of->n : NULL, of->n);
}

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
  share_rows((size_t)plan[2], of.n, K(each_row), &of);
}

LOCAL void K(cross_entropy_entry)(void *loss, void *gradient, const void *x, const int32_t *classes,
                                  const int32_t *plan) {
  const struct K(rows) of = {
      .y = gradient, .scale = loss, .x = (const real *)x + plan[3], .classes = classes + plan[4], .n = (size_t)plan[2]};
  share_rows((size_t)plan[1], of.n, K(cross_entropy_rows), &of);
}
