/* tensor_rows.c: functions of the rows of x (rows,n): softmax and its kin, normalization, the cross-entropy.
 * Exponentials are taken of PARTIALS numbers at a time, the last ones of a row filled up, so that their sum has as
 * many partial results, whatever the level; threads share rows. */

#ifndef ROWS_SHARED
#define ROWS_SHARED

#define LEAST_OF_ROWS ((size_t)1 << 13) /* numbers of rows that are worth a thread */
#define FEW 8                           /* partial results that are added up one by one */
#define LINE (64 / sizeof(real))         /* numbers of a line of the cache */
#define ADDED (16 * PARTIALS)            /* so many exponentials are added up at once */
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

/* e (n) ← the exponentials of x. What lies `ahead` of x, the row after it, is fetched meanwhile. The last ones, fewer
 * than PARTIALS, are computed beside −∞ in the place of more. */
OUT_OF_LINE void K(exponentials_of)(real *restrict e, const real *restrict x, size_t n, size_t ahead,
                                    const struct K(exponentials) * of) {
  const size_t left = n % PARTIALS, whole = n - left;
  /* Each number has its own, in memory: what is the same for all would take three registers more than there are. */
  real centre[PARTIALS], least[PARTIALS];
  ubits shift[PARTIALS];
  for (size_t j = 0; j < PARTIALS; j++)
    centre[j] = of->centre, least[j] = of->proportion.least, shift[j] = of->proportion.shift;
  for (size_t i = 0; i < whole; i += PARTIALS) {
    for (size_t j = 0; j < PARTIALS; j += LINE) __builtin_prefetch(x + i + j + ahead);
    for (size_t j = 0; j < PARTIALS; j++) {
      const struct K(proportion) proportion = {least[j], shift[j]};
      e[i + j] = K(exp_in_proportion)(x[i + j] - centre[j], proportion);
    }
  }
  if (left == 0) return;
  real last[PARTIALS], in[PARTIALS];
  for (size_t j = 0; j < PARTIALS; j++) in[j] = -R(__builtin_inf());
  memcpy(in, x + whole, left * sizeof(real));
  K(exponentials_of)(last, in, PARTIALS, 0, of);
  memcpy(e + whole, last, left * sizeof(real));
}

/* Adds e (n) to partial sums and, of double, what their roundings left to those behind. */
OUT_OF_LINE void K(add_exponentials)(double *sum, const real *e, size_t n) {
#if REAL_BITS == 64
  for (size_t i = 0; i < n; i += PARTIALS)
    for (size_t j = 0; j < size_min(PARTIALS, n - i); j++) {
      double error;
      sum[j] = two_sum_f64(sum[j], e[i + j], &error);
      sum[PARTIALS + j] += error;
    }
#else
  K(sum_down)(sum, e, PARTIALS, n / PARTIALS, PARTIALS);
  K(sum_down)(sum, e + (n - n % PARTIALS), 0, 1, n % PARTIALS);
#endif
}

/* of.sum + of.rest ← the partial sums, together, and `most`. */
OUT_OF_LINE void K(add_up)(struct K(exponentials) * of, double *sum, real most) {
#if REAL_BITS == 64
  double *rest = sum + PARTIALS, error;
  of->sum = most;
  for (size_t j = FEW; j < PARTIALS; j++) {
    sum[j % FEW] = two_sum_f64(sum[j % FEW], sum[j], &error);
    rest[j % FEW] += rest[j] + error;
  }
  for (size_t j = 0; j < FEW; j++) {
    of->sum = two_sum_f64(of->sum, sum[j], &error);
    of->rest += rest[j] + error;
  }
#else
  const double others = halved_sum(sum);
  of->sum = (float)(others + (double)most);
  of->rest = (float)(others - ((double)of->sum - (double)most));
#endif
}

/* e (n), or nothing if it is NULL, ← the exponentials of a row. Centred ones are of x − max, so that what is added to
 * that of the maximum counts, be it ever so small. Others are of x itself, since that difference is rounded, unless
 * the maximum is so large that it is not. That of the maximum is added last: a sum in double has no place for both. */
OUT_OF_LINE struct K(exponentials) K(row_exponentials)(real *e, const real *x, size_t n, int is_centred) {
  double sum[2 * PARTIALS] = {0};
  real room[ADDED];
  const real top = K(row_max)(x, n);
  const size_t at = is_centred && REAL_BITS == 32 ? (size_t)T(first)(x, top, n) : n;
  real most = 0;
  struct K(exponentials) of = {.centre = is_centred || !(K(abs)(top) < R(CENTRED)) ? top : 0};
  of.proportion = K(proportion_to)(top - of.centre);
  for (size_t j = 0; j < n; j += ADDED) {
    const size_t count = size_min(ADDED, n - j);
    real *to = e ? e + j : room;
    K(exponentials_of)(to, x + j, count, n, &of);
    if (at - j < count) most = to[at - j], to[at - j] = 0;
    K(add_exponentials)(sum, to, count);
    if (at - j < count) to[at - j] = most;
  }
  K(add_up)(&of, sum, most);
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
  const struct K(exponentials) of = {.proportion = K(proportion_to)(0)};
  const double sum = K(row_sum)(z, n) * 0x1p-64;
  K(exponentials_of)(y, x, n, n, &of);
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
