"""The training steps of bench/mlp_bench.ts in NumPy, written by hand; the networks are those of _numpy.py."""

from _peer import LEARNING_RATE, data_of, serve, weights_of

import numpy as np
from _numpy import Network


class Adam:
    def __init__(self, parameters):
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
        self.steps = 0

    def update(self, parameters, gradients):
        self.steps += 1
        size = np.float32(LEARNING_RATE / (1 - 0.9**self.steps))
        scale = np.float32(1 / (1 - 0.999**self.steps) ** 0.5)
        for p, g, (m, v) in zip(parameters, gradients, self.moments):
            m *= np.float32(0.9)
            m += np.float32(0.1) * g
            v *= np.float32(0.999)
            v += np.float32(0.001) * g * g
            p -= size * m / (np.sqrt(v) * scale + np.float32(1e-8))


class SGD:
    def __init__(self, parameters):
        pass

    def update(self, parameters, gradients):
        for p, g in zip(parameters, gradients):
            p -= np.float32(LEARNING_RATE) * g


def step_of(sizes, batch, optimizer):
    network = Network([weight.T.copy() for weight in weights_of(sizes)])
    x, y = data_of(sizes, batch)
    update = {"SGD": SGD, "Adam": Adam}[optimizer](network.parameters)

    def step():
        layers = network.forward(x)
        error = layers[-1] - y
        gradients = network.backward(layers, error * np.float32(2 / error.size))
        update.update(network.parameters, gradients)
        return np.mean(error * error)

    return step


serve(np.__version__, step_of)
