"""The training steps of bench/mlp_bench.ts in PyTorch under torch.compile, which needs a C++ compiler.

Forward, loss, backward and update are one function, compiled as one graph. With loss.backward() and the step of a
torch.optim optimizer, each compiled, it takes longer, since those are three graphs with eager code between them."""

from _peer import LEARNING_RATE, data_of, serve, threads, weights_of

import torch
from torch.nn.functional import linear, mse_loss, relu

torch.set_num_threads(threads)


def sgd(parameters, gradients, state):
    for p, g in zip(parameters, gradients):
        p.sub_(LEARNING_RATE * g)


def adam(parameters, gradients, state):
    ms, vs, steps = state
    steps += 1
    for p, g, m, v in zip(parameters, gradients, ms, vs):
        m.lerp_(g, 0.1)
        v.mul_(0.999).addcmul_(g, g, value=0.001)
        p.sub_(LEARNING_RATE * (m / (1 - 0.9**steps)) / ((v / (1 - 0.999**steps)).sqrt() + 1e-8))


def step_of(sizes, batch, optimizer):
    torch.compiler.reset()
    weights = [torch.from_numpy(weight) for weight in weights_of(sizes)]
    parameters = [p for w in weights for p in (w, torch.zeros(w.shape[0]))]
    x, y = map(torch.from_numpy, data_of(sizes, batch))
    moments = [[torch.zeros_like(p) for p in parameters] for _ in range(2)]
    state = (*moments, torch.zeros(())) if optimizer == "Adam" else ()
    update = {"SGD": sgd, "Adam": adam}[optimizer]

    def loss_of(parameters, x, y):
        for k in range(0, len(parameters), 2):
            x = linear(x, parameters[k], parameters[k + 1])
            if k < len(parameters) - 2:
                x = relu(x)
        return mse_loss(x, y)

    @torch.compile(fullgraph=True)
    def whole(parameters, state, x, y):
        gradients, loss = torch.func.grad_and_value(loss_of)(parameters, x, y)
        update(parameters, gradients, state)
        return loss

    return lambda: whole(parameters, state, x, y)


serve(torch.__version__, step_of)
