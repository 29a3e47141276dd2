"""The training steps of bench/mlp_bench.ts in PyTorch, eager."""

from _peer import LEARNING_RATE, data_of, serve, threads, weights_of

import torch

torch.set_num_threads(threads)


def step_of(sizes, batch, optimizer):
    layers = []
    for weight in weights_of(sizes):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.zero_()
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    x, y = map(torch.from_numpy, data_of(sizes, batch))
    update = getattr(torch.optim, optimizer)(model.parameters(), lr=LEARNING_RATE)
    loss_of = torch.nn.MSELoss()

    def step():
        update.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        update.step()
        return loss.detach()

    return step


serve(torch.__version__, step_of)
