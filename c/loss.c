/* loss.c: losses over a batch. Predictions p and targets t are (nout, stride), one column per sample, so that a vector
 * holds the same output of neighbouring samples. Each loss writes the loss of every sample, and its gradient into d,
 * both not yet divided by the number of samples; mlp.c does the mean. */

/* Losses that add up over the outputs: name, value, derivative with respect to p. As in PyTorch, the mean is over
 * outputs, too. */
#define ELEMENTWISE_LOSSES(X)                                                                                          \
  X(mse, (p - t) * (p - t), 2 * (p - t))                                                                               \
  X(mae, K(abs)(p - t), K(sign)(p - t))                                                                                \
  X(huber, K(abs)(p - t) <= 1 ? R(0.5) * (p - t) * (p - t) : K(abs)(p - t) - R(0.5), K(max)(-1, K(min)(1, p - t)))     \
  X(binary_cross_entropy, -(t * K(max)(K(log)(p), -100) + (1 - t) * K(max)(K(log1p)(-p), -100)),                       \
    (p - t) / K(max)(p * (1 - p), R(1e-12)))                                                                           \
  X(hinge, K(max)(0, 1 - t * p), 1 - t * p > 0 ? -t : 0)

#define X(name, value, derivative)                                                                                     \
  OUT_OF_LINE void K(name##_loss)(double *loss, real *restrict d, const real *restrict p_, const real *restrict t_,    \
                                  size_t nout, size_t stride, size_t columns, real scale) {                            \
    for (size_t o = 0; o < nout; o++) {                                                                                \
      for (size_t s = 0; s < whole(columns); s++) {                                                                    \
        real p = p_[o * stride + s], t = t_[o * stride + s];                                                           \
        loss[s] += (double)(value);                                                                                    \
      }                                                                                                                \
      for (size_t s = 0; s < whole(columns); s++) {                                                                    \
        real p = p_[o * stride + s], t = t_[o * stride + s];                                                           \
        d[o * stride + s] = (derivative) * scale;                                                                      \
      }                                                                                                                \
    }                                                                                                                  \
  }
ELEMENTWISE_LOSSES(X)
#undef X

/* With the sigmoid as a part of the loss: softplus(p) − p·t, whose derivative is sigmoid(p) − t. */
OUT_OF_LINE void K(binary_cross_entropy_with_logits_loss)(double *loss, real *restrict d, const real *restrict p,
                                                          const real *restrict t, size_t nout, size_t stride,
                                                          size_t columns, real scale) {
  for (size_t o = 0; o < nout; o++, d += stride, p += stride, t += stride) {
    K(function_forward)(OP_softplus, d, p, columns);
    for (size_t s = 0; s < whole(columns); s++) loss[s] += (double)(d[s] - p[s] * t[s]);
    K(function_forward)(OP_sigmoid, d, p, columns);
    for (size_t s = 0; s < whole(columns); s++) d[s] = (d[s] - t[s]) * scale;
  }
}

/* softmax over the outputs of each sample, y = exp(x − max) / Σ exp(x − max). top, sum and rest have
 * `columns` elements. Within 2 ulps: what the difference is rounded by goes into the exponential, the sum is that of
 * pairs, sum + rest, and so the quotient is corrected. */
OUT_OF_LINE void K(softmax)(real *restrict y, const real *restrict x, size_t nout, size_t stride, size_t columns,
                            real *restrict top, real *restrict sum, real *restrict rest) {
  for (size_t s = 0; s < whole(columns); s++) top[s] = x[s], sum[s] = rest[s] = 0;
  for (size_t o = 1; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++) top[s] = K(max)(top[s], x[o * stride + s]);
  for (size_t o = 0; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++) {
      real low, left, error, difference = T(two_sum)(x[o * stride + s], -top[s], &low);
      real e = K(exp_pair)(difference, low, &left);
      y[o * stride + s] = e;
      sum[s] = T(two_sum)(sum[s], e, &error);
      rest[s] += error + left;
    }
  for (size_t o = 0; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++) {
      real e = y[o * stride + s], quotient = e / sum[s], missing = K(fma)(-quotient, sum[s], e);
      y[o * stride + s] = quotient + (missing - quotient * rest[s]) / sum[s];
    }
}

/* With y = softmax(x):  dx_o = y_o · (dy_o − Σ_j dy_j·y_j), in place. */
OUT_OF_LINE void K(softmax_backward)(real *restrict d, const real *restrict y, size_t nout, size_t stride,
                                     size_t columns, real *restrict sum) {
  for (size_t s = 0; s < whole(columns); s++) sum[s] = 0;
  for (size_t o = 0; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++) sum[s] += d[o * stride + s] * y[o * stride + s];
  for (size_t o = 0; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++) d[o * stride + s] = y[o * stride + s] * (d[o * stride + s] - sum[s]);
}

/* Softmax cross-entropy on logits p against rows of probabilities t (one-hot for class numbers):
 * loss = Σ_o t_o·(log Σ_j exp(p_j − max) − (p_o − max)),  d = softmax(p)·Σt − t. */
OUT_OF_LINE void K(cross_entropy_loss)(double *loss, real *restrict d, const real *restrict p, const real *restrict t,
                                       size_t nout, size_t stride, size_t columns, real scale, real *restrict top,
                                       real *restrict sum, real *restrict rest) {
  K(softmax)(d, p, nout, stride, columns, top, sum, rest);
  for (size_t s = 0; s < whole(columns); s++) sum[s] = K(log)(sum[s]);
  for (size_t o = 0; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++)
      loss[s] += (double)(t[o * stride + s] * (sum[s] - (p[o * stride + s] - top[s])));
  for (size_t s = 0; s < whole(columns); s++) sum[s] = 0;
  for (size_t o = 0; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++) sum[s] += t[o * stride + s];
  for (size_t o = 0; o < nout; o++)
    for (size_t s = 0; s < whole(columns); s++)
      d[o * stride + s] = (d[o * stride + s] * sum[s] - t[o * stride + s]) * scale;
}

/* loss[s] ← the loss of sample s; d ← scale · dloss/dp. work: 3·columns elements. */
LOCAL void K(loss)(int32_t kind, double *loss, real *d, const real *p, const real *t, size_t nout, size_t stride,
                   size_t columns, real scale, real *work) {
  for (size_t s = 0; s < whole(columns); s++) loss[s] = 0;
  switch (kind) {
#define ELEMENTWISE(number, name) \
  case number: K(name##_loss)(loss, d, p, t, nout, stride, columns, scale); break;
    ELEMENTWISE(GRADUS_LOSS_MSE, mse)
    ELEMENTWISE(GRADUS_LOSS_MAE, mae)
    ELEMENTWISE(GRADUS_LOSS_HUBER, huber)
    ELEMENTWISE(GRADUS_LOSS_BINARY_CROSS_ENTROPY, binary_cross_entropy)
    ELEMENTWISE(GRADUS_LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, binary_cross_entropy_with_logits)
    ELEMENTWISE(GRADUS_LOSS_HINGE, hinge)
#undef ELEMENTWISE
    case GRADUS_LOSS_CROSS_ENTROPY:
      K(cross_entropy_loss)(loss, d, p, t, nout, stride, columns, scale, work, work + columns,
                            work + 2 * columns);
      break;
    default: break;
  }
}
