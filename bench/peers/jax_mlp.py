"""The training steps of bench/mlp_bench.ts in JAX: a step is one function under jit, parameters and moments donated."""

import os

from _peer import LEARNING_RATE, data_of, serve, threads, weights_of

if threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp

map_ = jax.tree_util.tree_map


def sgd(parameters, gradients, state):
    return map_(lambda p, g: p - LEARNING_RATE * g, parameters, gradients), state


def adam(parameters, gradients, state):
    m, v, steps = state
    steps = steps + 1
    m = map_(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
    v = map_(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
    size, scale = LEARNING_RATE / (1 - 0.9**steps), jax.lax.rsqrt(1 - 0.999**steps)
    return map_(lambda p, m, v: p - size * m / (jnp.sqrt(v) * scale + 1e-8), parameters, m, v), (m, v, steps)


def step_of(sizes, batch, optimizer):
    parameters = [(jnp.array(w.T), jnp.zeros(w.shape[0])) for w in weights_of(sizes)]
    x, y = map(jnp.array, data_of(sizes, batch))
    zeros = map_(jnp.zeros_like, parameters)
    state = (zeros, map_(jnp.copy, zeros), jnp.float32(0)) if optimizer == "Adam" else ()
    update = {"SGD": sgd, "Adam": adam}[optimizer]

    def loss_of(parameters, x, y):
        for k, (w, b) in enumerate(parameters):
            x = x @ w + b
            if k < len(parameters) - 1:
                x = jax.nn.relu(x)
        return jnp.mean((x - y) ** 2)

    def whole(parameters, state, x, y):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x, y)
        return *update(parameters, gradients, state), loss

    compiled = jax.jit(whole, donate_argnums=(0, 1))

    def step():
        nonlocal parameters, state
        parameters, state, loss = compiled(parameters, state, x, y)
        return loss

    return step


serve(jax.__version__, step_of)
