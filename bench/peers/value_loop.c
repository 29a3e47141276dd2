/* value_loop.c: the scalar tape as a plain C loop over the arrays of c/value.c (c/gradus.h): every record up, every
 * record down, no marks, no checks, libm for the functions; and a loop over rows of inputs around that. It is what
 * bench/value_bench.ts holds the library's passes and compiled functions against.
 *
 * Only the numbers of the operations come from the library (c/ops.h). */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../../c/ops.h"

#define SQRT_HALF 0.70710678118654752
#define DENSITY_AT_0 0.39894228040143268

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif

/* data[i] of the records 0 .. n-1 that are operations. */
EXPORT void value_loop_forward(double *data, const uint32_t *record, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t op = record[2 * i] & 0xff, l = record[2 * i] >> 8, r = record[2 * i + 1];
    switch (op) {
      case OP_add: data[i] = data[l] + data[r]; break;
      case OP_sub: data[i] = data[l] - data[r]; break;
      case OP_mul: data[i] = data[l] * data[r]; break;
      case OP_div: data[i] = data[l] / data[r]; break;
      case OP_pow: data[i] = pow(data[l], data[r]); break;
      case OP_relu: data[i] = data[l] > 0 ? data[l] : 0; break;
      case OP_tanh: data[i] = tanh(data[l]); break;
      case OP_neg: data[i] = -data[l]; break;
      case OP_exp: data[i] = exp(data[l]); break;
      case OP_log: data[i] = log(data[l]); break;
      case OP_square: data[i] = data[l] * data[l]; break;
      case OP_sqrt: data[i] = sqrt(data[l]); break;
      case OP_normal_cdf: data[i] = 0.5 * erfc(-SQRT_HALF * data[l]); break;
    }
  }
}

/* grad[i] = d data[n - 1] / d data[i] of the records 0 .. n-1. */
EXPORT void value_loop_backward(double *grad, const double *data, const uint32_t *record, uint32_t n) {
  memset(grad, 0, n * sizeof *grad);
  grad[n - 1] = 1;
  for (uint32_t i = n; i-- > 0;) {
    uint32_t op = record[2 * i] & 0xff, l = record[2 * i] >> 8, r = record[2 * i + 1];
    double g = grad[i];
    switch (op) {
      case OP_add: grad[l] += g, grad[r] += g; break;
      case OP_sub: grad[l] += g, grad[r] -= g; break;
      case OP_mul: {
        double a = data[l], b = data[r];
        grad[l] += g * b, grad[r] += g * a;
        break;
      }
      case OP_div: grad[l] += g / data[r], grad[r] -= g * data[i] / data[r]; break;
      case OP_pow: {
        double a = data[l], b = data[r];
        grad[l] += g * b * pow(a, b - 1);
        grad[r] += a == 0 ? 0 : g * data[i] * log(a);
        break;
      }
      case OP_relu: grad[l] += data[i] > 0 ? g : 0; break;
      case OP_tanh: grad[l] += g * (1 - data[i] * data[i]); break;
      case OP_neg: grad[l] -= g; break;
      case OP_exp: grad[l] += g * data[i]; break;
      case OP_log: grad[l] += g / data[l]; break;
      case OP_square: grad[l] += g * 2 * data[l]; break;
      case OP_sqrt: grad[l] += g * 0.5 / data[i]; break;
      case OP_normal_cdf: grad[l] += g * DENSITY_AT_0 * exp(-0.5 * data[l] * data[l]); break;
    }
  }
}

/* ---- over rows ---- */

/* values (rows) of inputs (rows,k), which are the numbers in slots (k), of which the last record is computed. */
EXPORT void value_loop_values(double *values, double *data, const double *inputs, const uint32_t *slots,
                              const uint32_t *record, uint32_t n, uint32_t k, uint32_t rows) {
  for (uint32_t i = 0; i < rows; i++) {
    for (uint32_t j = 0; j < k; j++) data[slots[j]] = inputs[i * k + j];
    value_loop_forward(data, record, n);
    values[i] = data[n - 1];
  }
}

/* The same, and gradients (rows,k) by the inputs; grad is scratch of n numbers. */
EXPORT void value_loop_gradients(double *values, double *gradients, double *grad, double *data, const double *inputs,
                                 const uint32_t *slots, const uint32_t *record, uint32_t n, uint32_t k, uint32_t rows) {
  for (uint32_t i = 0; i < rows; i++) {
    for (uint32_t j = 0; j < k; j++) data[slots[j]] = inputs[i * k + j];
    value_loop_forward(data, record, n);
    values[i] = data[n - 1];
    value_loop_backward(grad, data, record, n);
    for (uint32_t j = 0; j < k; j++) gradients[i * k + j] = grad[slots[j]];
  }
}
