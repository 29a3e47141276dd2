"""The operations of bench/tensor_bench.ts in NumPy, as far as it has them."""

from _peer import serve
from _tensor import numbers

import numpy as np

MILLION, N = 1 << 20, 4096


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    e /= e.sum(1, keepdims=True)
    return e


def layer_norm(x):
    d = x - x.mean(1, keepdims=True)
    return d / np.sqrt((d * d).mean(1, keepdims=True) + np.float32(1e-5))


def of(f, *operands):
    return lambda: (lambda x: lambda: np.ravel(f(*x))[-1])([numbers(*shape) for shape in operands])


M, S = (MILLION,), (N, N)
cases = {
    "add of 1": of(lambda a: a + a, (1,)),
    "add, 1 M": of(lambda a, b: a + b, M, M),
    "mul by a number, 1 M": of(lambda a: a * np.float32(3), M),
    "exp, 1 M": of(np.exp, M),
    "tanh, 1 M": of(np.tanh, M),
    "compare, 1 M": of(lambda a, b: a > b, M, M),
    "bias, 4096 × 4096": of(lambda a, b: a + b, S, (N,)),
    "transposed copy, 4096 × 4096": of(lambda a: np.ascontiguousarray(a.T), S),
    "sum, 1 M": of(lambda a: a.sum(), M),
    "sum along rows, 4096 × 4096": of(lambda a: a.sum(1), S),
    "sum along columns, 4096 × 4096": of(lambda a: a.sum(0), S),
    "max along rows, 4096 × 4096": of(lambda a: a.max(1), S),
    "softmax, 4096 × 1000": of(softmax, (N, 1000)),
    "layer norm, 4096 × 4096": of(layer_norm, S),
    "matmul, 512": of(lambda a: a @ a, (512, 512)),
    "matmul, 4096": of(lambda a, b: a @ b, S, S),
    "matmul, 32 × 4096 · 4096 × 4096": of(lambda a, b: a[:32] @ b, S, S),
}

serve(np.__version__, lambda name: cases[name]())
