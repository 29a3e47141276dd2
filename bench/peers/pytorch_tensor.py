"""The operations of bench/tensor_bench.ts in PyTorch, eager."""

from _peer import serve, threads
from _tensor import numbers as array

import torch
import torch.nn.functional as F

torch.set_num_threads(threads)

MILLION, N = 1 << 20, 4096


def numbers(*shape):
    return torch.from_numpy(array(*shape))


def last(x):
    return x.view(-1)[-1]


def training_step(kind):
    sizes, x, classes = [64, 64, 32, 10], numbers(32, 64), torch.arange(32) % 10
    layers = []
    for nin, nout in zip(sizes, sizes[1:]):
        weight = (numbers(nout, nin) / nin**0.5).requires_grad_()
        layers.append((weight, torch.zeros(nout, requires_grad=True)))
    optimizer = kind([p for layer in layers for p in layer], lr=1e-3)

    def step():
        optimizer.zero_grad()
        y = x
        for i, (weight, bias) in enumerate(layers):
            y = y @ weight.T + bias
            if i < len(layers) - 1:
                y = y.relu()
        loss = F.cross_entropy(y, classes)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def of(f, *operands):
    return lambda: (lambda x: lambda: last(f(*x)))([numbers(*shape) for shape in operands])


M, S = (MILLION,), (N, N)
cases = {
    "add of 1": of(lambda a: a + a, (1,)),
    "add, 1 M": of(lambda a, b: a + b, M, M),
    "mul by a number, 1 M": of(lambda a: a * 3, M),
    "exp, 1 M": of(lambda a: a.exp(), M),
    "tanh, 1 M": of(lambda a: a.tanh(), M),
    "gelu, 1 M": of(lambda a: F.gelu(a), M),
    "compare, 1 M": of(lambda a, b: a > b, M, M),
    "bias, 4096 × 4096": of(lambda a, b: a + b, S, (N,)),
    "transposed copy, 4096 × 4096": of(lambda a: a.T.contiguous(), S),
    "sum, 1 M": of(lambda a: a.sum(), M),
    "sum along rows, 4096 × 4096": of(lambda a: a.sum(1), S),
    "sum along columns, 4096 × 4096": of(lambda a: a.sum(0), S),
    "max along rows, 4096 × 4096": of(lambda a: a.amax(1), S),
    "softmax, 4096 × 1000": of(lambda a: a.softmax(1), (N, 1000)),
    "layer norm, 4096 × 4096": of(lambda a: F.layer_norm(a, (N,)), S),
    "matmul, 512": of(lambda a: a @ a, (512, 512)),
    "matmul, 4096": of(lambda a, b: a @ b, S, S),
    "matmul, 32 × 4096 · 4096 × 4096": of(lambda a, b: a[:32] @ b, S, S),
    "training step, SGD": lambda: training_step(torch.optim.SGD),
    "training step, Adam": lambda: training_step(torch.optim.Adam),
}

serve(torch.__version__, lambda name: cases[name]())
