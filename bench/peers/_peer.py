"""What the Python peers of bench/mlp_bench.ts have in common: how they are asked, their first numbers, the timing.

A peer says on standard output which version it is, as a line of JSON; then each line on standard input is a training
step, and its answer is a line: {"losses": before each of the first three updates, "microseconds": of a step} or
{"reason": why it cannot}.
"""

import json
import os
import sys
import time

# As many cores and threads as are asked for; libraries look at these when they are imported.
threads = int(os.environ.get("THREADS", "1"))
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"):
    os.environ[name] = str(threads)
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])

import numpy as np

LEARNING_RATE = 1e-4
INPUTS, TARGETS = 0x40000000, 0x60000000


def uniform(first, shape):
    """The numbers first, first + 1, … scattered over -1 .. 1, as bench/_steps.ts has them."""
    h = np.arange(first, first + int(np.prod(shape)), dtype=np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    h ^= h >> np.uint32(16)
    return (h / 2**31 - 1).astype(np.float32).reshape(shape)


def weights_of(sizes):
    """The weight (nout, nin) of each layer; biases are 0."""
    weights, first = [], 0
    for nin, nout in zip(sizes, sizes[1:]):
        weights.append(uniform(first, (nout, nin)) * np.float32((6 / (nin + nout)) ** 0.5))
        first += nout * (nin + 1)
    return weights


def data_of(sizes, batch):
    """Inputs (batch, nin) and targets (batch, nout)."""
    return uniform(INPUTS, (batch, sizes[0])), uniform(TARGETS, (batch, sizes[-1]))


def microseconds(step, seconds=0.03):
    """Median over rounds; a round ends when the loss of its last step can be read."""

    def elapsed(calls):
        start = time.perf_counter()
        for _ in range(calls):
            loss = step()
        float(loss)
        return time.perf_counter() - start

    calls = 1
    while elapsed(calls) < seconds:
        calls *= 2
    rounds = 3 if elapsed(calls) > 1 else 9
    return sorted(elapsed(calls) / calls for _ in range(rounds))[rounds // 2] * 1e6


def serve(version, step_of):
    """Answers until standard input ends. step_of(sizes, batch, optimizer) makes a function that does one step and
    returns the loss before it."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(answer):
        print(json.dumps(answer), file=lines, flush=True)

    say({"version": version})
    for line in sys.stdin:
        try:
            step = step_of(**json.loads(line))
            say({"losses": [float(step()) for _ in range(3)], "microseconds": microseconds(step)})
        except Exception as error:
            say({"reason": f"{type(error).__name__}: {error}".splitlines()[0]})
