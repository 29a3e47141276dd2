"""Writes operations.json, higher.json, losses.json, optimizers.json and networks.json: values and gradients from PyTorch in float64.

What gradus computes is compared with them by the tests; which tolerance is right is left to each test.
Run from anywhere, with torch and numpy installed:

    python tests/reference/make.py

Numbers have repr precision; NaN and the infinities are the strings "NaN", "Infinity", "-Infinity".
Seeds are fixed and every random number is a multiple of 1/1024, so that float32 tests start from the same numbers.
"""

import json
import math
import os
import pathlib

# Before torch is loaded: libm and one order of summation instead of what this processor's vector units give.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["MKL_CBWR"] = "COMPATIBLE"

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).resolve().parent
INF, NAN = math.inf, math.nan

# ---------------------------------------------------------------- files


def plain(x):
    """`x` as JSON can hold it: tensors and arrays become lists, NaN and infinities become strings."""
    if isinstance(x, (torch.Tensor, np.ndarray)):
        return plain(x.tolist())
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(value) for value in x]
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return x


def line(x):
    return json.dumps(plain(x), separators=(",", ":"), allow_nan=False)


def write(name, head, records):
    """One line per entry of the head and per record."""
    version = torch.__version__.split("+")[0]
    head = {"source": f"PyTorch {version}, float64", "script": "tests/reference/make.py", **head}
    lines = [f"{json.dumps(key)}:{line(value)}," for key, value in head.items()]
    text = "{" + "\n".join(lines) + '\n"records":[\n' + ",\n".join(map(line, records)) + "\n]}\n"
    (FOLDER / name).write_text(text)


def grid(generator, *shape, scale=1.0):
    """Normal numbers rounded to multiples of 1/1024. RandomState, because its streams never change."""
    return np.round(generator.standard_normal(shape) * scale * 1024) / 1024


def tensor(x, requires_grad=False):
    return torch.tensor(x, dtype=torch.float64, requires_grad=requires_grad)


# ---------------------------------------------------------------- activations and operations


def gelu_by_erfc(x):
    """0.5·x·erfc(−x/√2): F.gelu computes 1 + erf, which has lost every digit at x = −9."""
    return 0.5 * x * torch.erfc(-x / math.sqrt(2))


def with_limit(f):
    """f, and 0 at −∞, where the formula gives −∞·0."""
    return lambda x: torch.where(x == -INF, 0.0, f(x))


def softplus_by_logaddexp(x):
    """log(eˣ + 1): F.softplus returns x above 20, which is wrong by up to 2e-9."""
    return torch.logaddexp(x, torch.zeros_like(x))


def leaky_relu(x):
    return F.leaky_relu(x, 0.01)


def normal_cdf(x):
    """erfc(−x/√2)/2: torch.special.ndtr computes 1 + erf above −1."""
    return 0.5 * torch.erfc(-x / math.sqrt(2))


def normal_pdf(x):
    return torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


UNARY = {
    "neg": torch.neg, "relu": F.relu, "leakyRelu": leaky_relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "softplus": softplus_by_logaddexp, "gelu": with_limit(gelu_by_erfc), "silu": with_limit(F.silu), "exp": torch.exp, "log": torch.log,
    "log1p": torch.log1p, "expm1": torch.expm1, "sqrt": torch.sqrt, "square": torch.square, "abs": torch.abs,
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "normalCdf": normal_cdf, "normalPdf": normal_pdf,
}
BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
    "max": torch.maximum, "min": torch.minimum,
}

EVERYWHERE = [
    -800.0, -40.0, -10.0, -5.0, -3.0, -2.0, -1.5, -1.0, -0.7, -0.5, -0.1, -1e-3, -1e-8, -1e-300, 0.0,
    1e-300, 1e-8, 1e-3, 0.1, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 40.0, 800.0, INF, -INF, NAN,
]
POSITIVE = [
    0.0, 1e-300, 1e-100, 1e-20, 1e-8, 1e-3, 0.1, 0.25, 0.5, 0.7, 0.9, 0.999, 0.99999999, 1.0, 1.00000001, 1.001, 1.1,
    1.5, 2.0, math.e, 3.0, 5.0, 10.0, 40.0, 800.0, 1e10, 1e100, 1e300, INF, -1e-300, -1.0, -INF, NAN,
]
MORE = {
    "softplus": [-30.0, -20.0, 19.0, 21.0, 30.0],
    "gelu": [-30.0, -20.0, -9.0, -7.0, -0.7517915246935645, 7.0, 9.0],
    "silu": [-20.0, -1.2784645427610738, 20.0],
    "tanh": [-20.0, -0.625, 0.625, 20.0],
    "sigmoid": [-20.0, 20.0],
    "exp": [-700.0, 700.0, 709.0, 710.0],
    "expm1": [-1e-5, 1e-5, 700.0, 709.0, 710.0],
    "log1p": [-0.999999, -0.9, 1e-5, 1e10, 1e300],
    "sin": [1e5, math.pi / 2, math.pi],
    "cos": [1e5, math.pi / 2, math.pi],
    "tan": [1e5, math.pi / 4, 1.57],
}

ORDINARY_PAIRS = [
    [1.0, 2.0], [-1.0, 2.0], [1.0, -2.0], [-1.0, -2.0], [0.5, 0.25], [3.0, 0.1], [-0.1, 7.0], [1e-3, -1e3], [2.5, 2.5],
    [-2.5, -2.5], [-2.5, 2.5], [0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, -3.0], [-3.0, 0.0], [40.0, -40.0],
    [800.0, 800.0], [-800.0, 800.0], [1e-300, 1e-300], [1e-300, 1.0], [1.0, 1e-300], [1e300, 1e300], [1e300, -1e300],
    [INF, 1.0], [1.0, INF], [-INF, 1.0], [1.0, -INF], [INF, INF], [INF, -INF], [-INF, -INF], [0.0, INF], [INF, 0.0],
    [NAN, 1.0], [1.0, NAN], [NAN, NAN], [NAN, INF],
]
POW_PAIRS = [
    [2.0, 3.0], [2.0, -3.0], [2.0, 0.5], [0.5, 2.5], [3.0, 1.0], [1.5, 2.0], [10.0, -0.5], [0.9, 40.0], [1.0, 5.0],
    [1.0, 800.0], [2.0, 800.0], [2.0, -800.0], [2.5, 0.0], [-2.5, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, 0.5],
    [0.0, 1.5], [0.0, -1.0], [0.0, -2.0], [-2.0, 2.0], [-2.0, 3.0], [-2.0, 1.0], [-2.0, -1.0], [-2.0, -2.0], [-2.0, 0.5],
    [-1.0, 3.0], [1e-300, 0.5], [1e-300, 1.0], [1.0000001, 800.0], [INF, 2.0], [INF, -1.0], [INF, 0.0], [-INF, 3.0],
    [2.0, INF], [0.5, INF], [2.0, -INF], [1.0, INF], [NAN, 2.0], [NAN, 0.0], [2.0, NAN], [1.0, NAN],
]


def unary_points(name):
    return (POSITIVE if name in ("log", "sqrt") else EVERYWHERE) + MORE.get(name, [])


def operation(name, function, points):
    inputs = tensor(points, requires_grad=True)
    outputs = function(*inputs.unbind(1))
    outputs.sum().backward()
    return {"name": name, "inputs": points, "outputs": outputs, "gradients": inputs.grad}


def write_operations():
    head = {
        "leakyReluSlope": 0.01,
        "notes": [
            "The sign of a zero is what the formula gave; compare with ==, not Object.is.",
            "gelu is 0.5*x*erfc(-x/sqrt(2)) and its derivative by autograd: gelu of PyTorch uses 1+erf and has no "
            "correct digit left below -9. Rounding x/sqrt(2) leaves about x*x ulp of relative error: 1e-13 at -30.",
            "softplus is logaddexp(x,0): softplus of PyTorch returns x itself above 20.",
            "Gradients are right to 1e-16 absolutely, not relatively, where they are formed from a saturated output: sigmoid s*(1-s), "
            "tanh 1-t*t, expm1 out+1 (0 instead of 4e-18 at sigmoid 40 or expm1 -40), and at the zeros of those of gelu and silu.",
            "gelu and silu at -Infinity are their limit 0; PyTorch gives NaN.",
            "Some NaN are artefacts of a formula, where a limit exists: the gradients of gelu and silu at -Infinity (0) and at "
            "Infinity (1), and the gradient of pow by the base at (0.5, Infinity) and (2, -Infinity) (0).",
            "At NaN the gradients of relu, leakyRelu, abs are 1, 0.01, 0, and max and min give 1 to both sides.",
        ],
    }
    records = [operation(name, f, [[x] for x in unary_points(name)]) for name, f in UNARY.items()]
    records += [operation(name, f, POW_PAIRS if name == "pow" else ORDINARY_PAIRS) for name, f in BINARY.items()]
    write("operations.json", head, records)


# ---------------------------------------------------------------- derivatives of higher order

HIGHER_POINTS = {
    "": [-1.75, -0.5, 0.375, 1.25], "log": [0.25, 0.5, 1.25, 3.0], "sqrt": [0.25, 0.5, 1.25, 3.0],
    "log1p": [-0.5, 0.25, 1.25, 3.0], "tan": [-1.0, -0.25, 0.5, 1.25],
}
HIGHER_PAIRS = [[0.5, 1.25], [2.0, 3.0], [1.5, -0.75], [3.0, 0.5]]


def rosenbrock(x):
    """In more than two dimensions."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def small_network(x):
    """2-3-1 with tanh; weights sin(1), sin(2), … in the order layer, neuron, its weights, its bias."""
    w = torch.sin(torch.arange(1, 14, dtype=torch.float64))
    hidden = torch.tanh(torch.stack([w[3 * i] * x[0] + w[3 * i + 1] * x[1] + w[3 * i + 2] for i in range(3)]))
    return (w[9:12] * hidden).sum() + w[12]


def black_scholes(x):
    """The price of a call: spot, strike, rate, volatility, years."""
    spot, strike, rate, volatility, years = x
    spread = volatility * torch.sqrt(years)
    d1 = (torch.log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    return spot * normal_cdf(d1) - strike * torch.exp(-rate * years) * normal_cdf(d1 - spread)


def soft_choice(x):
    return torch.logsumexp(x, 0) * torch.softmax(x, 0)[0]


FUNCTIONS = {
    "rosenbrock": (rosenbrock, [-1.25, 1.0, 0.5, 2.0]), "network": (small_network, [0.5, -1.25]),
    "blackScholes": (black_scholes, [100.0, 105.0, 0.03, 0.25, 1.5]), "softChoice": (soft_choice, [0.5, -1.0, 2.0]),
}


def repeated(function, x, order):
    """f, f', f'', … of one number."""
    x = tensor(x, requires_grad=True)
    results = [function(x)]
    for _ in range(order):
        # A derivative that no longer depends on x is 0.
        last = results[-1]
        gradient = torch.autograd.grad(last, x, create_graph=True, allow_unused=True)[0] if last.requires_grad else None
        results.append(torch.zeros_like(x) if gradient is None else gradient)
    return [result.item() for result in results]


def function_record(name, function, point):
    x = tensor(point)
    hessian = torch.autograd.functional.hessian(function, x)
    v = torch.cos(torch.arange(len(point), dtype=torch.float64))
    gradient = lambda x: torch.autograd.functional.jacobian(function, x, create_graph=True)
    third = torch.autograd.functional.jacobian(lambda x: torch.autograd.functional.hessian(function, x, create_graph=True), x)
    return {
        "name": name, "inputs": point, "output": function(x), "gradient": gradient(x), "hessian": hessian, "direction": v,
        "jvp": (gradient(x) * v).sum(), "hvp": hessian @ v, "third": third,
    }


def write_higher():
    unary = [
        {"name": name, "inputs": points, "derivatives": [repeated(f, x, 4) for x in points]}
        for name, f in UNARY.items() for points in [HIGHER_POINTS.get(name, HIGHER_POINTS[""])]
    ]
    binary = [
        {"name": name, "inputs": HIGHER_PAIRS,
         "hessians": [torch.autograd.functional.hessian(lambda x: f(*x), tensor(pair)) for pair in HIGHER_PAIRS]}
        for name, f in BINARY.items()
    ]
    write("higher.json", {"unary": unary, "binary": binary}, [function_record(name, *f) for name, f in FUNCTIONS.items()])


# ---------------------------------------------------------------- losses

LOSSES = {
    "mseLoss": F.mse_loss,
    "maeLoss": F.l1_loss,
    "huberLoss": lambda p, t: F.huber_loss(p, t, delta=1.0),
    "binaryCrossEntropy": F.binary_cross_entropy,
    "binaryCrossEntropyWithLogits": F.binary_cross_entropy_with_logits,
    "crossEntropy": F.cross_entropy,
    "crossEntropyOneHot": F.cross_entropy,
    "hingeLoss": lambda p, t: F.relu(1 - t * p).mean(),
}


def targets_tensor(loss, targets):
    return torch.tensor(targets, dtype=torch.int64 if loss == "crossEntropy" else torch.float64)


def loss_record(name, case, predictions, targets):
    p = tensor(predictions, requires_grad=True)
    loss = LOSSES[name](p, targets_tensor(name, targets))
    loss.backward()
    return {
        "name": name, "case": case, "predictions": p.detach(), "targets": targets, "loss": loss.item(), "gradient": p.grad,
    }


def loss_records():
    generator = np.random.RandomState(20)
    p53, t53 = grid(generator, 5, 3), grid(generator, 5, 3)
    p41, t41 = grid(generator, 4, 1), grid(generator, 4, 1)
    tied = t53.copy()
    tied[0, 1], tied[2, :], tied[4, 0] = p53[0, 1], p53[2, :], p53[4, 0]
    for name in ("mseLoss", "maeLoss", "huberLoss"):
        yield loss_record(name, "ordinary", p53, t53)
        yield loss_record(name, "predictions equal to targets", p53, tied)
        yield loss_record(name, "one number", [[0.5]], [[-0.25]])
        yield loss_record(name, "one number, equal", [[0.5]], [[0.5]])
        yield loss_record(name, "one output", p41, t41)
        yield loss_record(name, "large", [[1e4], [-1e4], [1e4], [0.0]], [[-1e4], [1e4], [1e4], [1e-3]])
    yield loss_record("huberLoss", "differences of exactly 1", [[1.5], [-0.5], [2.0], [0.0]], [[0.5], [0.5], [3.0], [-1.0]])
    yield loss_record("huberLoss", "differences around 1", [[1.25], [0.75], [-1.25], [-0.75]], [[0.0]] * 4)

    probabilities = np.round(1024 / (1 + np.exp(-1.5 * p53))) / 1024
    labels = (t53 > 0).astype(float)
    soft41 = [[0.0], [0.25], [0.5], [1.0]]
    name = "binaryCrossEntropy"
    yield loss_record(name, "ordinary", probabilities, labels)
    yield loss_record(name, "one number", [[0.25]], [[1.0]])
    yield loss_record(name, "one output, soft targets", [[0.125], [0.5], [0.75], [0.9375]], soft41)
    yield loss_record(name, "soft targets met", [[0.25], [0.5], [0.75], [0.875]], [[0.25], [0.5], [0.75], [0.875]])
    yield loss_record(name, "certain and right", [[0.0], [1.0], [0.0], [1.0]], [[0.0], [1.0], [0.0], [1.0]])
    yield loss_record(name, "certain and wrong: log clamped at -100", [[0.0], [1.0], [0.0], [1.0]], [[1.0], [0.0], [0.5], [0.5]])
    yield loss_record(name, "nearly certain", [[1e-5], [1 - 1e-5], [1e-10], [1e-13]], [[1.0], [0.0], [1.0], [1.0]])
    yield loss_record(name, "log below -100", [[1e-43], [1e-44], [1e-50], [1e-300]], [[1.0]] * 4)

    name = "binaryCrossEntropyWithLogits"
    yield loss_record(name, "ordinary", p53, labels)
    yield loss_record(name, "one number", [[0.0]], [[1.0]])
    yield loss_record(name, "one output, soft targets", p41, soft41)
    yield loss_record(name, "far", [[40.0, -40.0, 800.0], [-800.0, 40.0, -40.0]], [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    yield loss_record(name, "very far", [[1e4], [-1e4], [1e4], [-1e4]], [[1.0], [1.0], [0.0], [0.0]])

    classes = [2, 0, 1, 1, 2]
    rows = {
        "ordinary": (p53, classes),
        "one number": ([[0.5]], [0]),
        "one class": (p41, [0, 0, 0, 0]),
        "one row": ([[0.5, -1.0, 2.0, 0.0]], [3]),
        "equal logits": ([[0.75, 0.75, 0.75], [-2.0, -2.0, -2.0]], [0, 2]),
        "far": ([[40.0, -40.0, 0.0], [-800.0, 800.0, 0.0], [0.0, 40.0, 40.0]], [0, 0, 1]),
        "very far": ([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], [0, 1, 2]),
        "large and close": ([[1e4, 1e4 + 1, 1e4 - 1], [-1e4, -1e4 + 0.5, -1e4 - 2]], [1, 0]),
    }
    for case, (logits, numbers) in rows.items():
        yield loss_record("crossEntropy", case, logits, numbers)
    name = "crossEntropyOneHot"
    for case, (logits, numbers) in rows.items():
        yield loss_record(name, case, logits, np.eye(len(logits[0]))[numbers])
    soft53 = [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.75, 0.125], [0.25, 0.0, 0.75], [0.0625, 0.0625, 0.875]]
    yield loss_record(name, "soft rows", p53, soft53)
    yield loss_record(name, "soft rows, very far", [[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], [[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]])
    yield loss_record(name, "soft rows whose sum is not 1", [[0.5, -0.5, 1.0], [1.0, 2.0, 3.0]], [[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])

    name = "hingeLoss"
    signs = np.where(labels > 0, 1.0, -1.0)
    yield loss_record(name, "ordinary", p53, signs)
    yield loss_record(name, "one number", [[0.25]], [[-1.0]])
    yield loss_record(name, "one output", p41, [[1.0], [-1.0], [1.0], [-1.0]])
    yield loss_record(name, "margins of exactly 1", [[1.0], [-1.0], [1.0], [-1.0]], [[1.0], [-1.0], [-1.0], [1.0]])
    yield loss_record(name, "large", [[1e4], [-1e4], [1e4], [0.0]], [[1.0], [1.0], [-1.0], [-1.0]])


def write_losses():
    head = {
        "huberDelta": 1,
        "notes": [
            "Every loss is the mean over batch and outputs, except that the cross-entropies are the mean over the batch alone.",
            "binaryCrossEntropy: each logarithm is at least -100; gradient (p-t)/max(p*(1-p),1e-12)/n, also where "
            "the loss is clamped. PyTorch's 1e-12 is a float32 constant, 9.99999996e-13: there these values are off by 4e-9.",
            "crossEntropyOneHot takes any rows: -sum(t*logSoftmax); gradient sum(t)*softmax-t, over the batch.",
            "The gradients of the cross-entropies are right to 1e-16 absolutely: a certain and right logit gives 0 instead of 4e-18.",
            "hingeLoss is mean(relu(1-t*p)), composed: PyTorch has no such loss; gradient 0 at a margin of exactly 1.",
        ],
    }
    write("losses.json", head, loss_records())


# ---------------------------------------------------------------- optimizers


class Langevin:
    """At temperature 0, in NumPy: v ← (1 − damping)·v − learningRate·g; p ← p + v."""

    def __init__(self, parameters, learningRate, damping, temperature):
        assert temperature == 0
        self.parameters, self.learning_rate, self.damping = list(parameters), learningRate, damping
        self.velocities = [np.zeros(p.shape) for p in self.parameters]

    def step(self):
        for p, v in zip(self.parameters, self.velocities):
            v[...] = (1 - self.damping) * v - self.learning_rate * p.grad.numpy()
            p.data = torch.from_numpy(p.detach().numpy() + v)


TORCH_NAMES = {"learningRate": "lr", "weightDecay": "weight_decay"}


def optimizer_of(name, parameters, options):
    """The optimizer for our option names; foreach=False is PyTorch's plain, one-tensor code."""
    if name == "Langevin":
        return Langevin(parameters, **options)
    given = {TORCH_NAMES.get(key, key): value for key, value in options.items() if not key.startswith("beta")}
    if "beta1" in options:
        given["betas"] = (options["beta1"], options["beta2"])
    return getattr(torch.optim, name)(parameters, foreach=False, **given)


OPTIMIZERS = [
    ("SGD", {"learningRate": 0.01}),
    ("SGD", {"learningRate": 0.1, "momentum": 0.9}),
    ("SGD", {"learningRate": 0.01, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learningRate": 0.1, "weightDecay": 0.01}),
    ("SGD", {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01, "nesterov": True}),
    ("RMSprop", {"learningRate": 0.01}),
    ("RMSprop", {"learningRate": 0.01, "momentum": 0.9}),
    ("RMSprop", {"learningRate": 0.01, "weightDecay": 0.01}),
    ("RMSprop", {"learningRate": 0.01, "centered": True}),
    ("RMSprop", {"learningRate": 0.02, "alpha": 0.9, "eps": 1e-4, "momentum": 0.5, "weightDecay": 0.1, "centered": True}),
    ("Adam", {"learningRate": 0.001}),
    ("Adam", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.99, "eps": 1e-6}),
    ("Adam", {"learningRate": 0.01, "weightDecay": 0.01}),
    ("AdamW", {"learningRate": 0.001, "weightDecay": 0.01}),
    ("AdamW", {"learningRate": 0.05, "weightDecay": 0.1}),
    ("Langevin", {"learningRate": 0.05, "damping": 0.1, "temperature": 0}),
]


def trajectory(name, options, start, gradients):
    p = torch.nn.Parameter(tensor(start))
    optimizer = optimizer_of(name, [p], options)
    positions = []
    for g in gradients:
        p.grad = tensor(g)
        optimizer.step()
        positions.append(p.detach().tolist())
    return {"name": name, "options": options, "parameters": positions}


def write_optimizers():
    generator = np.random.RandomState(30)
    start = grid(generator, 7)
    gradients = grid(generator, 20, 7)
    gradients[:, 2] *= 1000
    gradients[:, 3] *= 2.0**-30  # about 1e-9: here the place and the size of eps decide
    gradients[:, 4] = 0
    gradients[1::2, 5] = 0
    gradients[10:, 6] = 0
    head = {
        "numpy": np.__version__,
        "notes": [
            "parameters[k] is what holds after step k+1 with gradients[k], which do not depend on the parameters.",
            "Columns of gradients: 0, 1 ordinary; 2 about 1000; 3 about 1e-9; 4 zero; 5 zero at every second step; 6 zero from step 11 on.",
            "An option that a record does not give has its value in defaults. Langevin is NumPy: "
            "v = (1-damping)*v - learningRate*g; p = p + v.",
        ],
        "defaults": {
            "SGD": {"momentum": 0, "nesterov": False, "weightDecay": 0},
            "RMSprop": {"learningRate": 0.01, "alpha": 0.99, "eps": 1e-8, "momentum": 0, "weightDecay": 0, "centered": False},
            "Adam": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weightDecay": 0},
            "AdamW": {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weightDecay": 0.01},
        },
        "start": start,
        "gradients": gradients,
    }
    write("optimizers.json", head, [trajectory(name, options, start, gradients) for name, options in OPTIMIZERS])


# ---------------------------------------------------------------- networks

SIZES = [3, 5, 4, 2]
BATCH = 7
STEPS = 10
NETWORK_SEED = 396  # found by search: far from kinks, no dead output, clipping begins and ends within the steps
KINK_DISTANCE = 1e-3  # a thousand times what float32 may shift a pre-activation here

ACTIVATIONS = {
    "linear": lambda x: x, "relu": F.relu, "leakyRelu": leaky_relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "gelu": gelu_by_erfc, "silu": F.silu, "softplus": softplus_by_logaddexp, "softmax": lambda x: F.softmax(x, dim=1),
}
KINKS_OF_LOSSES = {
    "maeLoss": lambda p, t: p - t,
    "huberLoss": lambda p, t: (p - t).abs() - 1,
    "hingeLoss": lambda p, t: 1 - t * p,
}

SGD_OPTIONS = {"learningRate": 0.05, "momentum": 0.9}
ADAM_OPTIONS = {"learningRate": 0.01}
NETWORKS = [
    *[(hidden, "linear", "mseLoss") for hidden in ACTIVATIONS if hidden != "softmax"],
    *[("tanh", output, "mseLoss") for output in ACTIVATIONS if output != "linear"],
    ("tanh", "linear", "maeLoss"), ("tanh", "linear", "huberLoss"), ("tanh", "linear", "hingeLoss"),
    ("tanh", "linear", "crossEntropy"), ("tanh", "linear", "crossEntropyOneHot"),
    ("tanh", "sigmoid", "binaryCrossEntropy"), ("tanh", "linear", "binaryCrossEntropyWithLogits"),
]
CLIPPED = [("tanh", "linear", "mseLoss"), ("gelu", "linear", "crossEntropy"), ("silu", "sigmoid", "binaryCrossEntropy")]
CLIP_NORM = 0.5


def network_data(seed):
    """Inputs, initial parameters (weight (nout,nin) and bias per layer) and the targets of each loss."""
    generator = np.random.RandomState(seed)
    inputs = grid(generator, BATCH, SIZES[0])
    parameters = []
    for nin, nout in zip(SIZES, SIZES[1:]):
        parameters += [grid(generator, nout, nin, scale=1 / math.sqrt(nin)), grid(generator, nout, scale=0.25)]
    numbers = grid(generator, BATCH, SIZES[-1])
    classes = generator.randint(0, SIZES[-1], BATCH)
    labels = generator.randint(0, 2, (BATCH, SIZES[-1])).astype(float)
    targets = {
        "mseLoss": numbers, "maeLoss": numbers, "huberLoss": numbers, "hingeLoss": 2 * labels - 1,
        "binaryCrossEntropy": labels, "binaryCrossEntropyWithLogits": labels,
        "crossEntropy": classes, "crossEntropyOneHot": np.eye(SIZES[-1])[classes],
    }
    return inputs, parameters, targets


def forward(parameters, hidden, output, x):
    """The outputs, and the distances to zero of what enters a kinked activation."""
    distances = []
    layers = list(zip(parameters[::2], parameters[1::2]))
    for k, (weight, bias) in enumerate(layers):
        activation = output if k == len(layers) - 1 else hidden
        z = F.linear(x, weight, bias)
        if activation in ("relu", "leakyRelu"):
            distances.append(z.abs().min().item())
        x = ACTIVATIONS[activation](z)
    return x, distances


def flat(tensors):
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def train(data, hidden, output, loss_name, optimizer_name, options, clip_norm=None):
    """The record of one training and the least distance to a kink met on the way."""
    inputs, initial, targets = data
    x, t = tensor(inputs), targets_tensor(loss_name, targets[loss_name])
    parameters = [torch.nn.Parameter(tensor(p)) for p in initial]
    optimizer = optimizer_of(optimizer_name, parameters, options)
    record = {"hidden": hidden, "output": output, "loss": loss_name, "optimizer": optimizer_name, "options": options}
    losses, norms, distances = [], [], [INF]
    for step in range(STEPS):
        optimizer.zero_grad()
        p, d = forward(parameters, hidden, output, x)
        loss = LOSSES[loss_name](p, t)
        loss.backward()
        if step == 0:
            record |= {"targets": targets[loss_name], "outputs": p.detach(), "gradient": flat(q.grad for q in parameters)}
        losses.append(loss.item())
        distances += d
        if loss_name in KINKS_OF_LOSSES:
            distances.append(KINKS_OF_LOSSES[loss_name](p, t).abs().min().item())
        if clip_norm is not None:
            norms.append(torch.nn.utils.clip_grad_norm_(parameters, clip_norm, foreach=False).item())
        optimizer.step()
    if clip_norm is not None:
        record |= {"clipNorm": clip_norm, "gradientNorms": norms}
    record |= {"losses": losses, "parameters": flat(parameters)}
    return record, min(distances)


def network_records(data):
    results = [train(data, *network, "SGD", SGD_OPTIONS) for network in NETWORKS]
    results += [train(data, *network, "Adam", ADAM_OPTIONS, CLIP_NORM) for network in CLIPPED]
    return [record for record, _ in results], min(distance for _, distance in results)


def write_networks():
    data = network_data(NETWORK_SEED)
    records, distance = network_records(data)
    assert distance > KINK_DISTANCE, f"Cannot use seed {NETWORK_SEED}: a kink is {distance} away, {KINK_DISTANCE} is needed"
    head = {
        "sizes": SIZES,
        "leakyReluSlope": 0.01,
        "huberDelta": 1,
        "kinkDistance": distance,
        "notes": [
            "Flat order: layers.0.weight (nout,nin) row-major, layers.0.bias, layers.1.weight, ...",
            "hidden is the activation of both hidden layers. Full-batch steps; losses[k] is before update k+1; outputs and gradient are "
            "of the initial network; parameters after all steps.",
            "With clipNorm: gradientNorms[k] is before clipping, gradient is unclipped; the factor is min(1, clipNorm/(norm+1e-6)).",
            "kinkDistance: nothing that enters relu, leakyRelu, maeLoss, huberLoss or hingeLoss in any step is nearer to its kink.",
        ],
        "inputs": data[0],
        "initial": np.concatenate([p.reshape(-1) for p in data[1]]),
    }
    write("networks.json", head, records)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    write_operations()
    write_higher()
    write_losses()
    write_optimizers()
    write_networks()


if __name__ == "__main__":
    main()
