/* ops.h: THE table of elementwise operations: name, value, derivative. One line is one operation, everywhere: the
 * scalar tape and the network expand the same lines, and the numbers and names on the TypeScript side are generated
 * from them. Those in gradus.h are for readers who have it alone, and are compared with these.
 *
 * R(x) is x as a real, K(f) the function f of elementary.h or real.h for that real. Conventions at kinks are PyTorch's.
 * Unary: y = f(x) and dy/dx, in x and y. Operation 0 is a number; the others count from 1 in the order of the lines.
 *
 * The table is closed under differentiation: a derivative is made of numbers, + - * / and K(f) of operations f of the
 * table. So it can be recorded as operations, too, and derivatives of any order come from the same lines. */
#ifndef GRADUS_OPS_H
#define GRADUS_OPS_H

/* The unary operations that a layer can have as its activation. */
#define GRADUS_ACTIVATION_OPS(X)                                                                                   \
  X(relu, x <= 0 ? 0 : x, K(step)(y))                                                                              \
  X(leaky_relu, x > 0 ? x : R(0.01) * x, R(0.01) + R(0.99) * K(max)(K(sign)(x), R(0)))                           \
  X(tanh, K(tanh)(x), 1 - y * y)                                                                                   \
  X(sigmoid, K(sigmoid)(x), y * (1 - y))                                                                           \
  X(gelu, K(gelu)(x), K(normal_cdf)(x) + x * K(normal_pdf)(x))                                                     \
  X(silu, K(silu)(x), K(sigmoid)(x) * (1 + x * (1 - K(sigmoid)(x))))                                               \
  X(softplus, K(softplus)(x), K(sigmoid)(x))

/* step: 0 up to 0, then 1. finite: x, or 0 where x is infinite or NaN, as a constant, which log-sum-exp and softmax
 * subtract. */
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
  X(normal_cdf, K(normal_cdf)(x), K(normal_pdf)(x))                                                                \
  X(normal_pdf, K(normal_pdf)(x), -(x * y))                                                                        \
  X(sign, K(sign)(x), R(0))                                                                                        \
  X(step, K(step)(x), R(0))                                                                                        \
  X(finite, x - x == 0 ? x : 0, R(0))

#define GRADUS_UNARY_OPS(X) GRADUS_ACTIVATION_OPS(X) GRADUS_FUNCTION_OPS(X)

/* y = f(a, b), dy/da, dy/db. At a tie the gradient of max and min goes to both in halves: above is 0, a half or 1.
 * times is a·b, but 0 wherever a is 0. zero_base is 1 where a = 0 and b >= 0, else 0: with it the logarithm of a base
 * of 0 becomes 0. */
#define GRADUS_BINARY_OPS(X)                                                                                       \
  X(add, a + b, R(1), R(1))                                                                                        \
  X(sub, a - b, R(1), R(-1))                                                                                       \
  X(mul, a * b, b, a)                                                                                              \
  X(div, a / b, 1 / b, -(y / b))                                                                                   \
  X(pow, K(pow)(a, b), K(times)(b, K(pow)(a, b - 1)), y * K(log)(a + K(zero_base)(a, b)))                          \
  X(max, K(max)(a, b), K(above)(a, b), K(above)(b, a))                                                             \
  X(min, K(min)(a, b), K(above)(b, a), K(above)(a, b))                                                             \
  X(above, K(above)(a, b), R(0), R(0))                                                                             \
  X(times, K(times)(a, b), b, a)                                                                                   \
  X(zero_base, K(zero_base)(a, b), R(0), R(0))

/* What tensors can do elementwise beside these: name and value. Numbers and meaning: enum gradus_tensor_op in gradus.h.
 * */
#define GRADUS_TENSOR_UNARY_OPS(X)                                                                                 \
  X(floor, K(floor)(x))                                                                                            \
  X(ceil, K(ceil)(x))                                                                                              \
  X(round, K(round)(x))                                                                                            \
  X(trunc, K(trunc)(x))                                                                                            \
  X(is_nan, R(x != x))                                                                                             \
  X(is_finite, R(x - x == 0))                                                                                      \
  X(logical_not, R(x == 0))

#define GRADUS_TENSOR_BINARY_OPS(X)                                                                                \
  X(equal, R(a == b))                                                                                              \
  X(not_equal, R(a != b))                                                                                          \
  X(less, R(a < b))                                                                                                \
  X(less_equal, R(a <= b))                                                                                         \
  X(logical_and, R(a != 0 && b != 0))                                                                              \
  X(logical_or, R(a != 0 || b != 0))                                                                               \
  X(logical_xor, R((a != 0) != (b != 0)))                                                                          \
  X(floor_divide, K(floor_divide)(a, b))                                                                           \
  X(remainder, K(remainder)(a, b))                                                                                 \
  X(fmod, K(fmod)(a, b))

/* Those of them whose results can be bytes, 0 or 1. */
#define GRADUS_COMPARISON_OPS(X)                                                                                   \
  X(equal, ==)                                                                                                     \
  X(not_equal, !=)                                                                                                 \
  X(less, <)                                                                                                       \
  X(less_equal, <=)

/* Those of integers alone. U(x) is x as an unsigned integer, where sums and products wrap around, I(x) an int64_t
 * again. */
#define GRADUS_BIT_UNARY_OPS(X) X(bit_not, ~x)

#define GRADUS_BIT_BINARY_OPS(X)                                                                                   \
  X(bit_and, a & b)                                                                                                \
  X(bit_or, a | b)                                                                                                 \
  X(bit_xor, a ^ b)                                                                                                \
  X(shift_left, U(b) < 64 ? I(U(a) << U(b)) : 0)                                                                   \
  X(shift_right, a >> (U(b) < 64 ? U(b) : 63))

/* The values that the other operations have of integers: those that are not here have none. */
#define GRADUS_INTEGER_UNARY_OPS(X)                                                                                \
  X(neg, I(0 - U(x)))                                                                                              \
  X(square, I(U(x) * U(x)))                                                                                        \
  X(abs, x < 0 ? I(0 - U(x)) : x)                                                                                  \
  X(sign, (x > 0) - (x < 0))                                                                                       \
  X(step, x > 0)                                                                                                   \
  X(floor, x)                                                                                                      \
  X(ceil, x)                                                                                                       \
  X(round, x)                                                                                                      \
  X(trunc, x)                                                                                                      \
  X(is_nan, 0)                                                                                                     \
  X(is_finite, 1)                                                                                                  \
  X(logical_not, x == 0)

#define GRADUS_INTEGER_BINARY_OPS(X)                                                                               \
  X(add, I(U(a) + U(b)))                                                                                           \
  X(sub, I(U(a) - U(b)))                                                                                           \
  X(mul, I(U(a) * U(b)))                                                                                           \
  X(pow, integer_pow(a, b))                                                                                        \
  X(max, a > b ? a : b)                                                                                            \
  X(min, a < b ? a : b)                                                                                            \
  X(equal, a == b)                                                                                                 \
  X(not_equal, a != b)                                                                                             \
  X(less, a < b)                                                                                                   \
  X(less_equal, a <= b)                                                                                            \
  X(logical_and, a != 0 && b != 0)                                                                                 \
  X(logical_or, a != 0 || b != 0)                                                                                  \
  X(logical_xor, (a != 0) != (b != 0))                                                                             \
  X(floor_divide, integer_floor_divide(a, b))                                                                      \
  X(remainder, integer_remainder(a, b))                                                                            \
  X(fmod, integer_fmod(a, b))

#define OP_UNARY(name, value, derivative) OP_##name,
#define OP_BINARY(name, value, da, db) OP_##name,
enum op { OP_leaf = 0, GRADUS_UNARY_OPS(OP_UNARY) GRADUS_BINARY_OPS(OP_BINARY) OP_COUNT };
#undef OP_UNARY
#undef OP_BINARY

#define OP_TENSOR(name, value) OP_##name,
enum tensor_op {
  OP_BEFORE_TENSOR = 63,
  GRADUS_TENSOR_UNARY_OPS(OP_TENSOR) GRADUS_TENSOR_BINARY_OPS(OP_TENSOR)
  GRADUS_BIT_UNARY_OPS(OP_TENSOR) GRADUS_BIT_BINARY_OPS(OP_TENSOR)
};
#undef OP_TENSOR

#endif
