/* ops.h: THE table of elementwise operations: name, value, derivative. One line is one operation, everywhere: the scalar tape
 * and the network expand the same lines, and the numbers and names on the TypeScript side are generated from them.
 *
 * R(x) is x as a real, K(f) the function f of elementary.h for that real. Conventions at kinks are PyTorch's.
 * Unary: y = f(x) and dy/dx, in x and y. Operation 0 is a number; the others count from 1 in the order of the lines. */
#ifndef GRADUS_OPS_H
#define GRADUS_OPS_H

/* The unary operations that a layer can have as its activation. */
#define GRADUS_ACTIVATION_OPS(X)                                                                                   \
  X(relu, x <= 0 ? 0 : x, y <= 0 ? 0 : R(1))                                                                       \
  X(leaky_relu, x > 0 ? x : R(0.01) * x, x > 0 ? R(1) : R(0.01))                                                   \
  X(tanh, K(tanh)(x), 1 - y * y)                                                                                   \
  X(sigmoid, K(sigmoid)(x), y * (1 - y))                                                                           \
  X(gelu, x * K(normal_cdf)(x), K(normal_cdf)(x) + x * K(normal_pdf)(x))                                           \
  X(silu, x * K(sigmoid)(x), K(sigmoid)(x) * (1 + x * (1 - K(sigmoid)(x))))                                        \
  X(softplus, K(softplus)(x), K(sigmoid)(x))

/* finite: x, or 0 where x is infinite or NaN, as a constant: what log-sum-exp and softmax subtract. */
#define GRADUS_FUNCTION_OPS(X)                                                                                     \
  X(neg, -x, R(-1))                                                                                                \
  X(exp, K(exp)(x), y)                                                                                             \
  X(log, K(log)(x), 1 / x)                                                                                         \
  X(log1p, K(log1p)(x), 1 / (1 + x))                                                                               \
  X(expm1, K(expm1)(x), y + 1)                                                                                     \
  X(sqrt, K(sqrt)(x), R(0.5) / y)                                                                                  \
  X(square, x * x, 2 * x)                                                                                          \
  X(abs, K(abs)(x), K(sign)(x))                                                                                    \
  X(sin, K(sin)(x), K(cos)(x))                                                                                     \
  X(cos, K(cos)(x), -K(sin)(x))                                                                                    \
  X(tan, K(tan)(x), 1 + y * y)                                                                                     \
  X(finite, x - x == 0 ? x : 0, R(0))

#define GRADUS_UNARY_OPS(X) GRADUS_ACTIVATION_OPS(X) GRADUS_FUNCTION_OPS(X)

/* y = f(a, b), dy/da, dy/db. At a tie the gradient of max and min goes to both in halves. */
#define GRADUS_BINARY_OPS(X)                                                                                       \
  X(add, a + b, R(1), R(1))                                                                                        \
  X(sub, a - b, R(1), R(-1))                                                                                       \
  X(mul, a * b, b, a)                                                                                              \
  X(div, a / b, 1 / b, -(y / b))                                                                                   \
  X(pow, K(pow)(a, b), b == 0 ? 0 : b * K(pow)(a, b - 1), a == 0 && b >= 0 ? 0 : y * K(log)(a))                    \
  X(max, K(max)(a, b), a < b ? 0 : a == b ? R(0.5) : R(1), b < a ? 0 : a == b ? R(0.5) : R(1))                     \
  X(min, K(min)(a, b), a > b ? 0 : a == b ? R(0.5) : R(1), b > a ? 0 : a == b ? R(0.5) : R(1))

#define OP_UNARY(name, value, derivative) OP_##name,
#define OP_BINARY(name, value, da, db) OP_##name,
enum op { OP_leaf = 0, GRADUS_UNARY_OPS(OP_UNARY) GRADUS_BINARY_OPS(OP_BINARY) OP_COUNT };
#undef OP_UNARY
#undef OP_BINARY

#endif
