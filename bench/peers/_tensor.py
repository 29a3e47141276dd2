"""The numbers of bench/tensor_bench.ts."""

import numpy as np


def numbers(*shape):
    """-0.5 to 0.5, as bench/tensor_bench.ts has them."""
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    return ((i * 7919 % 1009) / 1008 - 0.5).astype(np.float32).reshape(shape)
