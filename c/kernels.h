/* kernels.h: what networks (mlp.c) have a level compute for them, for one real type. */

#ifndef KERNELS_SHARED
#define KERNELS_SHARED

/* What c starts from. */
enum gemm_start { START_ZERO, START_BIAS, START_C };
#endif

/* A product: c (m,n), rows cr apart, ← start + a (m,k)·b (k,n), where x[i,j] = x[i·xr + j·xc]; start is 0, bias[i], or
 * c. k may be 0, m and n may not. */
struct T(product) {
  real *c;
  size_t cr;
  const real *a;
  size_t ar, ac;
  const real *b;
  size_t br, bc, m, n, k;
  enum gemm_start start;
  const real *bias;
  /* What is done with blocks of c once they are there, and still in the cache: NULL, or a function of their first row
   * and column and the rows and columns behind their last, which meets each element once, and runs on several threads
   * at a time; the first column is a multiple of 16. `column` is where this product begins in a larger one. */
  void (*finish)(const void *context, size_t row, size_t column, size_t rows_end, size_t columns_end);
  const void *context;
  size_t column;
};

/* An update that is to be made: whose, and the numbers of the job that it needs, in its type. */
struct T(update) {
  const struct gradus_job *job;
  real *parameters;
  const real *gradients;
  real *state;
  size_t n; /* parameters, and numbers in an array of the state */
  real lr, momentum, decay, alpha, rest_alpha;
  real eps; /* for Adam times √(1 − β2ᵗ) */
  real beta2, rest1, rest2, rate, shrink; /* of Adam */
};

struct T(kernels) {
  void (*gemm)(const struct T(product) *);
  void (*turn)(real *to, size_t step, const real *from, size_t from_step, size_t rows, size_t n);
  int (*function_forward)(uint32_t op, real *y, const real *x, size_t n);
  void (*activation_backward)(int32_t activation, real *d, const real *x, const real *y, size_t n);
  void (*softmax)(real *y, const real *x, size_t nout, size_t stride, size_t columns, real *top, real *sum, real *rest);
  void (*softmax_backward)(real *d, const real *y, size_t nout, size_t stride, size_t columns, real *sum);
  void (*loss)(int32_t kind, double *loss, real *d, const real *p, const real *t, size_t nout, size_t stride,
               size_t columns, real scale, real *work);
  void (*bias_gradient)(real *db, const real *dz, size_t nout, size_t stride, size_t columns, enum gemm_start start);
  double (*norm)(const void *x, size_t n);
  void (*scale)(void *x, double factor, size_t n);
  struct T(update) (*update_of)(const struct gradus_job *job, real *parameters, const real *gradients, void *state,
                                size_t n);
  void (*update_all)(const struct T(update) *);
  range_task *update_range;
};
