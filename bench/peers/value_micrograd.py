"""The loop of bench/_demo.ts with micrograd in CPython: loss and gradient, the median milliseconds of a graph, as JSON.

Closures that refer to their own result are cycles, which only CPython's collector frees. Most of the time is its, so the time
without it is told, too; garbage is then collected between the rounds, and not counted.

The argument is {"weights": by layer and neuron, the bias last; "points": …; "signs": …; "rounds": …}.
"""

import gc
import json
import platform
import sys
import time

from micrograd.engine import Value

job = json.loads(sys.argv[1])
parameters = [[[Value(w) for w in neuron] for neuron in layer] for layer in job["weights"]]


def neuron(weights, x):
    total = weights[len(x)]
    for w, xi in zip(weights, x):
        total = total + w * xi
    return total


def loss_of_all():
    total = Value(0)
    for x, sign in zip(job["points"], job["signs"]):
        for l, layer in enumerate(parameters):
            z = [neuron(weights, x) for weights in layer]
            x = [value.relu() for value in z] if l < 2 else z
        total = total + (x[0] * -sign + 1).relu()
    return total


def milliseconds():
    start = time.perf_counter()
    loss_of_all().backward()
    return (time.perf_counter() - start) * 1e3


def median(rounds):
    times = []
    for _ in range(rounds):
        times.append(milliseconds())
        if not gc.isenabled():
            gc.collect()
    return sorted(times)[rounds // 2]


def result():
    loss = loss_of_all()
    loss.backward()
    return [loss.data] + [w.grad for layer in parameters for weights in layer for w in weights]


answer = {"version": platform.python_version(), "result": result(), "milliseconds": median(job["rounds"])}
gc.disable()
answer["withoutCollector"] = median(job["rounds"])
print(json.dumps(answer))
