"""The training steps of bench/mlp_bench.ts in PyTorch, eager, one thread: median microseconds, as JSON."""

import json
import sys
import time

import torch

torch.set_num_threads(1)


def step_of(sizes, batch, optimizer):
    layers = []
    for i, (nin, nout) in enumerate(zip(sizes, sizes[1:])):
        layers.append(torch.nn.Linear(nin, nout))
        if i < len(sizes) - 2:
            layers.append(torch.nn.ReLU())
    model = torch.nn.Sequential(*layers)
    x, y = torch.randn(batch, sizes[0]), torch.randn(batch, sizes[-1])
    update = getattr(torch.optim, optimizer)(model.parameters(), lr=1e-4)
    loss_of = torch.nn.MSELoss()

    def step():
        update.zero_grad()
        loss_of(model(x), y).backward()
        update.step()

    return step


def microseconds(step, rounds=9, seconds=0.03):
    def elapsed(calls):
        start = time.perf_counter()
        for _ in range(calls):
            step()
        return time.perf_counter() - start

    calls = 1
    while elapsed(calls) < seconds:
        calls *= 2
    return sorted(elapsed(calls) / calls for _ in range(rounds))[rounds // 2] * 1e6


cases = json.loads(sys.argv[1])
times = [microseconds(step_of(**case)) for case in cases]
print(json.dumps({"version": torch.__version__, "times": times}))
