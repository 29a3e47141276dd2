"""Writes tests/c/elementary_reference.h: arguments and correctly rounded doubles of each elementary function.

    python tests/reference/elementary.py > tests/c/elementary_reference.h        (mpmath 1.3, numpy)

About half of the arguments are floats, so that the float functions are tested by the same tables.
"""

import math
import random
import sys

import mpmath
import numpy
from mpmath import mp, mpf

mp.prec = 2400  # sin(2^1023) and ln(1 + x) near 0 need the digits
random.seed(42)


def nearest(v):
    """The double nearest to v, also where it is subnormal or infinite, with the sign of v."""
    if mpmath.isnan(v) or mpmath.isinf(v) or v == 0:
        return float(v)
    unit = max(int(mp.floor(mp.log(abs(v), 2))) - 52, -1074)
    if unit > 971:
        return float("-inf") if v < 0 else float("inf")
    return math.copysign(float(mp.ldexp(mp.nint(mp.ldexp(v, -unit)), unit)), v)


def text(x):
    if x != x:
        return "NAN"
    if x in (float("inf"), float("-inf")):
        return "INFINITY" if x > 0 else "-INFINITY"
    return x.hex().replace("0000000000000p", "p")


def floats(values):
    return [float(numpy.float32(v)) for v in values]


def spread(low, high, n):
    """n arguments in [low, high], every other one a float."""
    values = [low + (high - low) * random.random() for _ in range(n)]
    return [float(numpy.float32(v)) if i % 2 else v for i, v in enumerate(values)]


def exp2_spread(low, high, n):
    """n arguments of either sign and magnitudes from 2^low to 2^high."""
    values = [(1 - 2 * (i % 2)) * 2.0 ** (low + (high - low) * random.random()) for i in range(n)]
    return values + floats(values)


inf, nan = float("inf"), float("nan")
tiny, smallest, largest = 2.0**-1022, 5e-324, sys.float_info.max
special = [0.0, -0.0, inf, -inf, nan, smallest, -smallest, 2.0**-149, -(2.0**-149), tiny, -tiny, largest, -largest]
near_zero = exp2_spread(-60, 0, 8)

exp_arguments = (
    special + near_zero + spread(-700, 709, 8) + spread(-87, 88, 8)
    + floats([88.72283, 88.72284, -87.33655, -103.27893, -103.97208, -103.97209])
    + [709.782712893384, 709.7827128933841, -708.3964185322641, -745.1332191019411, -745.1332191019412, -720.5]
    + floats([0.34657359, 0.3465736, -0.34657359, 58.6142, 59.2839])
)
log_arguments = (
    [0.0, -0.0, inf, -inf, nan, -1.0, -smallest, 1.0, smallest, 3 * smallest, tiny, tiny - smallest, largest]
    + [2.0**-149, 3 * 2.0**-149, 2.0**-126, 1 - 2.0**-53, 1 + 2.0**-52, 1 - 2.0**-24, 1 + 2.0**-23]
    + [0.7071067811865475, 0.7071067811865476, 1.4142135623730951, 1.4142135623730954]
    + floats([0.70710677, 0.7071068, 1.4142135, 1.4142137, 1.27827])
    + spread(0.5, 2, 16) + [abs(x) for x in exp2_spread(-120, 120, 8)]
)
log1p_arguments = (
    special + near_zero + [-1.0, -1.5, -1 + 2.0**-53, -1 + 2.0**-24, 2.0**53, 2.0**60, 2.0**61, 2.0**100]
    + spread(-1, 1, 12) + [abs(x) for x in exp2_spread(0, 120, 5)]
    + floats([-0.29289323, -0.2928932, 0.41421354, 0.4142136])
)
tanh_arguments = special + near_zero + spread(-1, 1, 16) + spread(-25, 25, 12) + [0.6, 0.5999999999999999, 0.625]
sigmoid_arguments = special + near_zero + spread(-40, 40, 14) + spread(-745, -36, 6) + floats([-88.8, -103.9, -104.0])
softplus_arguments = sigmoid_arguments + [-745.2, 36.8, 709.5]
normal_arguments = (
    special + near_zero + spread(-1, 1, 12) + spread(-14, 8, 14) + spread(-38.5, -14, 8)
    + [-38.4, -38.48, -38.6, 0.92, -0.92] + floats([-12.9, -13.9, -14.1, -14.2, -14.3, -2.2002])
)
turns_arguments = (
    special + exp2_spread(-40, 0, 6) + spread(-8, 8, 14) + spread(-(2.0**20), 2.0**20, 6)
    + [2.0**20, 1048575.9999999999, 2.0**1023, 6381956970095103.0 * 2.0**797, 5.319372648326542e255]
    + [float(mp.pi * k / 2) for k in (1, 2, 3, 4, 355, 667543)] + [22.0, 355.0, 0.7853981633974483]
    + [x * 2.0**e for x, e in zip(spread(1, 2, 10), range(25, 1000, 98))]
)
pow_arguments = [
    (x, y)
    for x in (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, inf, -inf, nan)
    for y in (0.0, 3.0, -3.0, 2.5, -4.0, inf, -inf, nan)
] + [(random.uniform(0, 4), random.uniform(-100, 100)) for _ in range(12)] + [
    (x, y / float(mp.log(x))) for x, y in
    [(random.uniform(0.5, 2), random.uniform(700, 709.7)) for _ in range(8)]
    + [(random.uniform(1e-9, 1e9), random.uniform(-745, -700)) for _ in range(8)]
] + [(smallest, 0.5), (largest, -1.0), (tiny, 1.03), (-3.0, 333.0), (-0.3, 501.0), (-2.0, 2.0**53 + 2), (10.0, 308.0)]


def odd(f):
    """f with f(±0) = ±0, since mpmath has one zero."""
    return lambda x: x if x == 0 else f(mpf(x))


def of(f):
    return lambda x: f(mpf(x))


def real_log(x):
    return nan if x < 0 else -inf if x == 0 else mp.log(x)


def pow_reference(x, y):
    """C's special cases (C11 F.10.4.4) first."""
    if y == 0 or x == 1:
        return 1.0
    if x != x or y != y:
        return nan
    if abs(y) == inf:
        return 1.0 if abs(x) == 1 else inf if (abs(x) > 1) == (y > 0) else 0.0
    is_odd = y == int(y) and int(y) % 2 == 1
    minus = is_odd and numpy.signbit(x)
    if x == 0 or abs(x) == inf:
        v = inf if (x == 0) == (y < 0) else 0.0
        return -v if minus else v
    if x < 0 and y != int(y):
        return nan
    v = nearest(mp.exp(mpf(y) * mp.log(abs(mpf(x)))))
    return -v if minus else v


def table(name, f, arguments):
    print(f"static const double {name}_reference[][2] = {{")
    for x in dict.fromkeys(text(x) for x in arguments):
        v = {"NAN": nan, "INFINITY": inf, "-INFINITY": -inf}.get(x)
        v = float.fromhex(x) if v is None else v
        result = nan if v != v else f(v)
        print(f"    {{{x}, {text(result if isinstance(result, float) else nearest(result))}}},")
    print("};\n")


def limits(f, low, high):
    return lambda x: f(x) if abs(x) != inf else high if x > 0 else low


def clipped(f, low, high, least, most):
    """f where it is neither 0 nor infinite to working precision; mpmath would compute for ever beyond."""
    return lambda x: low if x < least else high if x > most else f(x)


print("/* Written by tests/reference/elementary.py with mpmath: {argument, correctly rounded value}. */\n")
print("#include <math.h>\n")
table("exp", clipped(of(mp.exp), 0.0, inf, -800, 800), exp_arguments)
table("expm1", clipped(odd(mp.expm1), -1.0, inf, -800, 800), exp_arguments)
table("log", limits(of(real_log), nan, inf), log_arguments)
table("log1p", limits(lambda x: x if x == 0 else real_log(1 + mpf(x)), nan, inf),
      [x for x in log1p_arguments if x != x or abs(x) > 2.0**-1000 or x == 0])
table("tanh", clipped(odd(mp.tanh), -1.0, 1.0, -800, 800), tanh_arguments)
table("sigmoid", clipped(of(lambda x: 1 / (1 + mp.exp(-x))), 0.0, 1.0, -800, 800), sigmoid_arguments)
table("softplus", clipped(lambda x: mp.log1p(mp.exp(mpf(x))) if x < 800 else x, 0.0, inf, -800, largest),
      softplus_arguments)
table("normal_cdf", clipped(of(lambda x: mp.erfc(-x / mp.sqrt(2)) / 2), 0.0, 1.0, -40, 40), normal_arguments)
table("normal_pdf", clipped(of(lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)), 0.0, 0.0, -40, 40),
      normal_arguments)
table("sin", limits(odd(mp.sin), nan, nan), turns_arguments)
table("cos", limits(of(mp.cos), nan, nan), turns_arguments)
table("tan", limits(odd(mp.tan), nan, nan), turns_arguments)
table("silu", clipped(odd(lambda x: x / (1 + mp.exp(-x))), -0.0, inf, -800, largest), sigmoid_arguments)
table("gelu", clipped(odd(lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2 if x < 40 else x), -0.0, inf, -40, largest),
      normal_arguments)
print("static const double pow_reference[][3] = {")
for x, y in pow_arguments:
    print(f"    {{{text(x)}, {text(y)}, {text(float(pow_reference(x, y)))}}},")
print("};")
