/* elementwise.c: the activations over arrays, expanded from ops.h: one forward loop and one backward loop for each; of
 * the other unary operations, the forward loop. n is a multiple of 16, and not 0. */

/* y[i] = f(x[i]). */
#define X(name, value, derivative)                                                                     \
  OUT_OF_LINE void K(name##_forward)(real *restrict y_, const real *restrict x_, size_t n) {           \
    for (size_t i = 0; i < whole(n); i++) {                                                            \
      real x = x_[i];                                                                                  \
      y_[i] = value;                                                                                   \
    }                                                                                                  \
  }
GRADUS_ACTIVATION_OPS(X)
GRADUS_FUNCTION_OPS(X)
#undef X

/* dx[i] = dy[i] · f'(x[i]), in place: d holds dy before and dx after. */
#define X(name, value, derivative)                                                                                \
  LOCAL void K(name##_backward)(real *restrict d, const real *restrict x_, const real *restrict y_, size_t n) {   \
    for (size_t i = 0; i < whole(n); i++) {                                                                       \
      real x = x_[i], y = y_[i];                                                                                  \
      (void)x, (void)y;                                                                                           \
      d[i] *= derivative;                                                                                         \
    }                                                                                                             \
  }
GRADUS_ACTIVATION_OPS(X)
#undef X

/* y[i] = f(x[i]) of an activation, or of another common function whose arithmetic takes longer than its numbers take to
 * come from memory; whether op is one. */
OUT_OF_LINE int K(function_forward)(uint32_t op, real *y, const real *x, size_t n) {
  switch (op) {
#define X(name, ...) \
  case OP_##name: K(name##_forward)(y, x, n); return 1;
    GRADUS_ACTIVATION_OPS(X)
    X(exp, ) X(log, ) X(log1p, ) X(expm1, ) X(normal_cdf, )
#undef X
    default: return 0;
  }
}

LOCAL void K(activation_backward)(int32_t activation, real *d, const real *x, const real *y, size_t n) {
  switch (activation) {
#define X(name, value, derivative) \
  case OP_##name: K(name##_backward)(d, x, y, n); break;
    GRADUS_ACTIVATION_OPS(X)
#undef X
    default: break;
  }
}
