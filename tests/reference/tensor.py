"""Writes tensor.json and tensor_programs.json: what PyTorch computes for every operation of Tensor, with all gradients.

Run from anywhere, with torch and numpy installed; another folder and another number of programs can be given:

    python tests/reference/tensor.py [folder] [programs]

Inputs are not stored: their elements come from a linear congruential sequence that the tests compute, too
(tests/_tensor_cases.ts), as `made` does here. Results are stored in the shortest decimals that give them back in their type.
"""

import hashlib
import itertools
import json
import math
import os
import pathlib
import sys
import warnings

# Before torch is loaded: libm and one order of summation instead of what this processor's vector units give.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["MKL_CBWR"] = "COMPATIBLE"

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent)
PROGRAMS = int(sys.argv[2]) if len(sys.argv) > 2 else 200
INF, NAN = math.inf, math.nan

DTYPES = {
    "float64": torch.float64, "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "int64": torch.int64, "int32": torch.int32, "int16": torch.int16, "int8": torch.int8,
    "uint32": torch.uint32, "uint16": torch.uint16, "uint8": torch.uint8, "bool": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}

# What results may be off by: so many times the epsilon of their type, times max(1, |expected|).
TOLERANCES = {
    "exact": (0, "The elements themselves, or one correctly rounded operation on them."),
    "elementary": (8, "Some few operations, each within 2 units in the last place here and there."),
    "sums": (64, "Sums and products of up to some dozen terms, in orders of their own, and what is made of them."),
}

# ---------------------------------------------------------------- files


def plain(x):
    """`x` as JSON can hold it: NaN and infinities become strings, whole floats lose their point."""
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(value) for value in x]
    if isinstance(x, float):
        if not math.isfinite(x):
            return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
        return int(x) if x == int(x) and abs(x) < 1e15 else x
    return x


def line(x):
    return json.dumps(plain(x), separators=(",", ":"), allow_nan=False)


def write(name, head, parts):
    """One line per entry of the head and per record; the parts are lists of records."""
    version = torch.__version__.split("+")[0]
    head = {"source": f"PyTorch {version}", "script": "tests/reference/tensor.py", **head}
    entries = [f"{json.dumps(key)}:{line(value)}" for key, value in head.items()]
    entries += [f"{json.dumps(key)}:[\n" + ",\n".join(map(line, records)) + "\n]" for key, records in parts.items()]
    (FOLDER / name).write_text("{" + ",\n".join(entries) + "}\n")


def values(x):
    """The elements of a tensor in order, floats in the shortest decimals that give them back."""
    flat = x.detach().reshape(-1)
    if flat.dtype in (torch.float32, torch.float16, torch.bfloat16):
        array = (flat.float() if flat.dtype == torch.bfloat16 else flat).numpy()
        return [float(str(number)) for number in array]
    return [int(v) if isinstance(v, bool) else v for v in flat.tolist()]


# Of longer results only a checksum is stored: they have to be exact.
LONGEST = 200


def elements(x):
    """What is stored of the elements: themselves, or SHA-256 of them as float64, where -0 is 0."""
    if x.numel() <= LONGEST:
        return values(x)
    return hashlib.sha256((x.detach().double().contiguous() + 0.0).numpy().tobytes()).hexdigest()[:12]


def title(x):
    return f"{NAMES[x.dtype]} {line(list(x.shape))}"


# ---------------------------------------------------------------- inputs


def sequence(count, seed):
    """Numbers from 0 to 4095: the upper 12 bits of a linear congruential sequence."""
    state, numbers = seed * 2654435761 % 2**32, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        numbers.append(state >> 20)
    return numbers


SPECIAL = [0.0, -0.0, INF, -INF, NAN, 1.0, -1.0, 0.5, -0.5, 1e-3, -1e-3, 3.0]

KINDS = {
    "normal": lambda n, i: (n - 2048) / 1024,
    "positive": lambda n, i: n / 2048 + 0.25,
    "unit": lambda n, i: (n + 0.5) / 4096,
    "halves": lambda n, i: (n % 5 - 2) / 2,
    "whole": lambda n, i: n % 7 - 3,
    "counted": lambda n, i: n % 7 + 1,
    "eighths": lambda n, i: (n % 31 - 15) / 8,
    "bits": lambda n, i: n % 2,
    "zeros": lambda n, i: 0,
    "lowest": lambda n, i: -INF if i % 2 == 0 else n % 5,
    "byte": lambda n, i: n % 128,
    "huge": lambda n, i: (n - 2048) * 2**20,
    "special": lambda n, i: SPECIAL[i % len(SPECIAL)],
}


def kind_of(dtype, words):
    for word in words:
        if word.startswith("below:"):
            limit = int(word[6:])
            return lambda n, i: n % limit
        if word in KINDS:
            return KINDS[word]
    if dtype == "bool":
        return KINDS["bits"]
    if dtype.startswith("uint"):
        return KINDS["counted"]
    return KINDS["whole"] if dtype.startswith("int") else KINDS["normal"]


def base_shape(shape, words):
    """The shape of the leaf that an input is a view of."""
    if "transposed" in words:
        return shape[::-1]
    if "sliced" in words:
        return [2 * size + 1 for size in shape]
    if "expanded" in words:
        return [1, *shape[1:]]
    return shape


def seen(x, shape, words):
    """The view of the leaf."""
    if "transposed" in words:
        return x.permute(*range(x.ndim - 1, -1, -1))
    if "flipped" in words:
        return x.flip(*range(x.ndim)) if x.ndim else x
    if "sliced" in words:
        return x[tuple(slice(1, None, 2) for _ in shape)]
    if "expanded" in words:
        return x.expand(shape)
    return x


def made(spec, seed, requires_grad=True):
    """(leaf, view of it) for "dtype shape words…": words are one of KINDS or below:n, and how the leaf is looked at."""
    dtype, shape, *words = spec.split(" ")
    shape = json.loads(shape)
    size = base_shape(shape, words)
    kind = kind_of(dtype, words)
    numbers = [kind(n, i) for i, n in enumerate(sequence(math.prod(size), seed))]
    leaf = torch.tensor(numbers, dtype=torch.float64).to(DTYPES[dtype]).reshape(size)
    if leaf.is_floating_point() and requires_grad:
        leaf.requires_grad_()
    return leaf, seen(leaf, shape, words)


def upstream(y, number):
    """The gradient that result `number` of a case gets."""
    return made(f"{NAMES[y.dtype]} {line(list(y.shape))} eighths", 100 + number, False)[1]


# ---------------------------------------------------------------- methods, as gradus has them


def all_axes(x, axes):
    return list(range(x.ndim)) if axes is None else [axes] if isinstance(axes, int) else axes


def picked(x, specs):
    """Integers, None (a new axis), "...", ":" and {start, stop, step}, where steps may be negative."""
    specs = list(specs)
    if "..." in [s for s in specs if isinstance(s, str)]:
        at = next(i for i, s in enumerate(specs) if isinstance(s, str) and s == "...")
        given = sum(s is not None for s in specs) - 1
        specs[at:at + 1] = [":"] * (x.ndim - given)
    axis = 0
    for spec in specs:
        if isinstance(spec, int):
            x = x.select(axis, spec)
            continue
        if spec is None:
            x = x.unsqueeze(axis)
        elif isinstance(spec, dict):
            chosen = range(x.shape[axis])[slice(spec.get("start"), spec.get("stop"), spec.get("step"))]
            x = x.index_select(axis, torch.tensor(list(chosen), dtype=torch.int64))
        else:
            x.size(axis)
        axis += 1
    return x


def long(index):
    """Indices as PyTorch wants them."""
    if isinstance(index, torch.Tensor):
        return index if index.dtype == torch.bool else index.long()
    return torch.tensor(index, dtype=torch.int64)


def indexed(x, indices):
    """As `picked`, with integer and bool tensors, or lists, among the indices."""
    y = x
    for axis, index in reversed(list(enumerate(i for i in indices if i is not None))):
        if isinstance(index, dict):
            y = picked(y, [":"] * axis + [index])
    return y[tuple(index_of(i) for i in indices)]


def index_of(index):
    if isinstance(index, (str, dict)):
        return slice(None)
    return index if index is None or isinstance(index, int) else long(index)


def take(x, index, axis=None):
    index = long(index)
    if axis is None:
        return x.take(index)
    axis %= x.ndim
    return x.index_select(axis, index.reshape(-1)).reshape([*x.shape[:axis], *index.shape, *x.shape[axis + 1:]])


def set_elements(x, index, value):
    y = x.clone(memory_format=torch.contiguous_format)
    if isinstance(index, torch.Tensor):
        y[long(index)] = value
    elif any(isinstance(i, (torch.Tensor, list)) for i in index):
        y[tuple(index_of(i) for i in index)] = value
    else:
        places = picked(torch.arange(x.numel()).reshape(x.shape), index)
        value = value.to(x.dtype) if isinstance(value, torch.Tensor) else torch.tensor(value).to(x.dtype)
        y.view(-1)[places.reshape(-1)] = value.expand(places.shape).reshape(-1)
    return x.copy_(y)


def pad(x, widths, mode="constant", value=0):
    """Of any number of axes in every mode; widths are before and after, of the last axis first."""
    if mode == "constant":
        return F.pad(x, widths, value=value)
    for axis, (before, after) in zip(range(x.ndim - 1, -1, -1), zip(widths[::2], widths[1::2])):
        n = x.shape[axis]
        places = torch.arange(-before, n + after)
        if mode == "replicate":
            places = places.clamp(0, n - 1)
        else:
            places = (n - 1) - ((n - 1) - places.abs()).abs()
        x = x.index_select(axis, places)
    return x


def prod(x, axes=None, keepDims=False):
    for axis in sorted((range(x.ndim)[a] for a in all_axes(x, axes)), reverse=True):
        x = x.prod(axis, keepdim=keepDims)
    return x.prod() if x.ndim == 0 and axes is None else x


def along(f):
    """A reduction that takes axes and keepDims, from one of PyTorch that takes dim and keepdim."""
    return lambda x, axes=None, keepDims=False: f(x, tuple(all_axes(x, axes)), keepDims)


def norm(x, axes=None, keepDims=False, p=2):
    """Of p = 0 it has no gradient in PyTorch, here it is 0."""
    y = torch.linalg.vector_norm(x, float(p), all_axes(x, axes), keepdim=keepDims)
    return y + 0 * x.sum(all_axes(x, axes), keepdim=keepDims) if p == 0 else y


def arg(f):
    return lambda x, axis=None, keepDims=False: f(x, dim=axis, keepdim=keepDims).int()


def sort(x, axis=-1, descending=False):
    ordered, places = x.sort(dim=axis, descending=descending, stable=True)
    return ordered, places.int()


def unique(x):
    """Without a gradient, which PyTorch refuses."""
    values, inverse, counts = x.detach().unique(return_inverse=True, return_counts=True)
    return values, inverse.int(), counts.int()


def topk(x, k, axis=-1, largest=True):
    """At ties the first ones: PyTorch leaves open which."""
    assert torch.equal(x.topk(k, dim=axis, largest=largest).values, sort(x, axis, largest)[0].narrow(axis, 0, k))
    return tuple(y.narrow(axis, 0, k) for y in sort(x, axis, largest))


def cross_entropy(x, targets, reduction="mean"):
    return F.cross_entropy(x, targets if targets.is_floating_point() else targets.long(), reduction=reduction)


def scalar_too(f):
    """With plain numbers, where PyTorch only has tensors."""
    def g(x, other):
        if isinstance(other, torch.Tensor):
            return f(x, other)
        return f(x, torch.tensor(other, dtype=torch.result_type(x, other)))
    return g


def linear(x, weight, bias=None, activation=None):
    y = F.linear(x, weight, bias)
    return y if activation is None else UNARY[activation](y)


def in_place(f):
    """The receiver after f has changed it."""
    def g(x, *args):
        f(x, *args)
        return x
    return g


UNARY = {
    "neg": torch.neg,
    "relu": F.relu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": lambda x: F.softplus(x, threshold=100),
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "expm1": torch.expm1,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "abs": torch.abs,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "sign": torch.sign,
    "reciprocal": torch.reciprocal,
    "rsqrt": torch.rsqrt,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
    "trunc": torch.trunc,
}
BINARY = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "pow": torch.pow,
    "maximum": scalar_too(torch.maximum),
    "minimum": scalar_too(torch.minimum),
    "floorDivide": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "remainder": torch.remainder,
    "fmod": torch.fmod,
    "eq": torch.eq,
    "ne": torch.ne,
    "lt": torch.lt,
    "le": torch.le,
    "gt": torch.gt,
    "ge": torch.ge,
    "logicalAnd": scalar_too(torch.logical_and),
    "logicalOr": scalar_too(torch.logical_or),
    "logicalXor": scalar_too(torch.logical_xor),
}
BITS = {
    "bitAnd": torch.bitwise_and, "bitOr": torch.bitwise_or, "bitXor": torch.bitwise_xor,
    "shiftLeft": torch.bitwise_left_shift, "shiftRight": torch.bitwise_right_shift,
}
TESTS = {"logicalNot": torch.logical_not, "isNaN": torch.isnan, "isFinite": torch.isfinite}

VIEWS = {
    "reshape": lambda x, shape: x.reshape(shape),
    "view": lambda x, shape: x.view(shape),
    "flatten": lambda x, start=0, end=-1: x.flatten(start, end),
    "transpose": lambda x, a, b: x.transpose(a, b),
    "permute": lambda x, axes: x.permute(axes),
    "T": lambda x: x.permute(*range(x.ndim - 1, -1, -1)),
    "mT": lambda x: x.mT,
    "squeeze": lambda x, axes=None: x.squeeze(tuple(all_axes(x, axes))),
    "unsqueeze": lambda x, axis: x.unsqueeze(axis),
    "expand": lambda x, shape: x.expand(shape),
    "broadcastTo": lambda x, shape: x.broadcast_to(shape),
    "flip": lambda x, axes=None: x.flip(all_axes(x, axes)),
    "moveaxis": lambda x, source, target: x.moveaxis(source, target),
    "contiguous": lambda x: x.contiguous(),
    "diagonal": lambda x, offset=0, axes=(0, 1): x.diagonal(offset, *axes),
    "clone": lambda x: x.clone(),
    "detach": lambda x: x.detach(),
    "to": lambda x, dtype: x.to(DTYPES[dtype]),
}
ELEMENTS = {
    "at": lambda x, *indices: picked(x, indices),
    "slice": lambda x, *specs: picked(x, specs),
    "select": lambda x, axis, index: x.select(axis, index),
    "narrow": lambda x, axis, start, length: x.narrow(axis, start, length),
    "gather": lambda x, axis, index: x.gather(axis, long(index)),
    "take": take,
    "index": indexed,
    "masked": lambda x, mask: x[mask],
    "maskedFill": lambda x, mask, value: x.masked_fill(mask, value),
    "Tensor.where": torch.where,
    "nonzero": lambda x: x.nonzero().int(),
    "scatterAdd": lambda x, axis, index, source: x.scatter_add(axis, long(index), source),
    "tril": lambda x, diagonal=0: x.tril(diagonal),
    "triu": lambda x, diagonal=0: x.triu(diagonal),
    "oneHot": lambda x, classes: F.one_hot(long(x), classes).float(),
}
JOINS = {
    "Tensor.concat": lambda tensors, axis=0: torch.concat(tensors, axis),
    "Tensor.stack": lambda tensors, axis=0: torch.stack(tensors, axis),
    "split": lambda x, sizes, axis=0: x.split(sizes, axis),
    "chunk": lambda x, count, axis=0: x.chunk(count, axis),
    "pad": pad,
    "tile": lambda x, counts: x.tile(counts),
    "repeat": lambda x, counts: x.repeat(counts),
    "roll": lambda x, shift, axis=None: x.roll(shift, axis),
    "unbind": lambda x, axis=0: x.unbind(axis),
}
REDUCTIONS = {
    "sum": along(lambda x, d, k: x.sum(d, keepdim=k)),
    "mean": along(lambda x, d, k: x.mean(d, keepdim=k)),
    "prod": prod,
    "max": along(lambda x, d, k: x.amax(d, keepdim=k)),
    "min": along(lambda x, d, k: x.amin(d, keepdim=k)),
    "argmax": arg(torch.argmax),
    "argmin": arg(torch.argmin),
    "std": lambda x, axes=None, keepDims=False, correction=1: x.std(
        all_axes(x, axes), correction=correction, keepdim=keepDims,
    ),
    "var": lambda x, axes=None, keepDims=False, correction=1: x.var(
        all_axes(x, axes), correction=correction, keepdim=keepDims,
    ),
    "norm": norm,
    "logSumExp": along(lambda x, d, k: x.logsumexp(d, keepdim=k)),
    "any": along(lambda x, d, k: x.bool().any(d, keepdim=k)),
    "all": along(lambda x, d, k: x.bool().all(d, keepdim=k)),
    "cumsum": lambda x, axis: x.cumsum(axis),
    "cumprod": lambda x, axis: x.cumprod(axis),
    "softmax": lambda x, axis=-1: x.softmax(axis),
    "logSoftmax": lambda x, axis=-1: x.log_softmax(axis),
    "sort": sort,
    "argsort": lambda x, axis=-1, descending=False: sort(x, axis, descending)[1],
    "topk": topk,
    "unique": unique,
}
ACTIVATIONS = ["relu", "leakyRelu", "tanh", "sigmoid", "gelu", "silu", "softplus"]
PRODUCTS = {
    "matmul": torch.matmul, "outer": torch.outer, "dot": torch.dot,
    "linear": linear,
    "Tensor.einsum": torch.einsum,
}
ROWS = {
    "crossEntropy": cross_entropy,
    "nllLoss": lambda x, targets, reduction="mean": F.nll_loss(x, targets.long(), reduction=reduction),
    "mseLoss": lambda x, t, reduction="mean": F.mse_loss(x, t, reduction=reduction),
    "l1Loss": lambda x, t, reduction="mean": F.l1_loss(x, t, reduction=reduction),
    "huberLoss": lambda x, t, reduction="mean", delta=1: F.huber_loss(x, t, reduction=reduction, delta=delta),
    "binaryCrossEntropy": lambda x, t, reduction="mean": F.binary_cross_entropy(x, t, reduction=reduction),
    "binaryCrossEntropyWithLogits": lambda x, t, reduction="mean": F.binary_cross_entropy_with_logits(
        x, t, reduction=reduction,
    ),
    "layerNorm": lambda x, weight=None, bias=None, eps=1e-5: F.layer_norm(x, x.shape[-1:], weight, bias, eps),
}
MAKING = {
    "Tensor.from": lambda nested, dtype=None: torch.tensor(nested, dtype=dtype and DTYPES[dtype]),
    "Tensor.arange": lambda start, stop=None, step=1, dtype="float32": torch.arange(
        *([0, start] if stop is None else [start, stop]), step, dtype=torch.float64,
    ).to(DTYPES[dtype]),
    "Tensor.linspace": lambda start, stop, count, dtype="float32": torch.linspace(
        start, stop, count, dtype=torch.float64,
    ).to(DTYPES[dtype]),
    "Tensor.zeros": lambda shape, dtype="float32": torch.zeros(shape, dtype=DTYPES[dtype]),
    "Tensor.ones": lambda shape, dtype="float32": torch.ones(shape, dtype=DTYPES[dtype]),
    "Tensor.full": lambda shape, value, dtype="float32": torch.full(shape, value, dtype=DTYPES[dtype]),
    "Tensor.eye": lambda rows, columns=None, dtype="float32": torch.eye(rows, columns or rows, dtype=DTYPES[dtype]),
    "Tensor.zerosLike": torch.zeros_like,
    "Tensor.onesLike": torch.ones_like,
    "Tensor.fullLike": lambda x, value: torch.full_like(x, value),
}
IN_PLACE = {
    "add_": in_place(lambda x, y: x.add_(y)),
    "sub_": in_place(lambda x, y: x.sub_(y)),
    "mul_": in_place(lambda x, y: x.mul_(y)),
    "div_": in_place(lambda x, y: x.div_(y)),
    "pow_": in_place(lambda x, y: x.pow_(y)),
    "fill_": in_place(lambda x, y: x.fill_(y)),
    "zero_": in_place(lambda x: x.zero_()),
    "set": set_elements,
    "copy_": in_place(lambda x, y: x.copy_(y) if isinstance(y, torch.Tensor) else x.fill_(y)),
}
# What is read of a tensor: plain values, no tensors.
PROPERTIES = {
    "shape": lambda x: list(x.shape),
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.numel(),
    "dtype": lambda x: NAMES[x.dtype],
    "strides": lambda x: list(x.stride()),
    "offset": lambda x: x.storage_offset(),
    "isContiguous": lambda x: x.is_contiguous(),
    "device": lambda x: str(x.device),
    "allClose": lambda x, other, rtol=1e-5, atol=1e-8, equalNaN=False: torch.allclose(
        x, other, rtol=rtol, atol=atol, equal_nan=equalNaN,
    ),
    "item": lambda x: int(x) if x.dtype == torch.bool else x.item(),
    "toArray": lambda x: x.tolist(),
    "toString": lambda x: repr(x).replace("torch.", "").replace("True", "true").replace("False", "false"),
}
EXACT = {**VIEWS, **ELEMENTS, **JOINS, **MAKING, **PROPERTIES, **BITS, **TESTS}


METHODS = {
    **UNARY, **BINARY, **BITS, **TESTS,
    "clamp": lambda x, low=None, high=None: x.clamp(low, high), "bitNot": torch.bitwise_not,
    **VIEWS, **ELEMENTS, **JOINS, **REDUCTIONS, **PRODUCTS, **ROWS, **MAKING, **IN_PLACE, **PROPERTIES,
}
EXACTLY = {
    *EXACT, *TESTS, *BITS, *IN_PLACE, "bitNot", "neg", "relu", "abs", "sign", "floor", "ceil", "round", "trunc", "clamp",
    "add", "sub", "mul", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "logicalAnd", "logicalOr", "logicalXor",
    "max", "min", "any", "all", "argmax", "argmin", "argsort", "sort", "topk", "unique",
} - {"pow_", "Tensor.linspace"}


def tolerance_of(method):
    if method in EXACTLY:
        return "exact"
    return "elementary" if method in UNARY or method in BINARY or method in ("pow_", "Tensor.linspace") else "sums"

# ---------------------------------------------------------------- cases


CASES = {name: [] for name in METHODS}


def given(arg, tensors):
    """An argument with "$i" replaced by input i."""
    if isinstance(arg, str) and arg.startswith("$"):
        return tensors[int(arg[1:])]
    if isinstance(arg, list):
        return [given(part, tensors) for part in arg]
    if isinstance(arg, dict):
        return {key: given(value, tensors) for key, value in arg.items()}
    return arg


def called(method, receiver, tensors, args):
    """What a method gives: a list of tensors, or a plain value. Statics have no receiver, and options come last."""
    args = [given(arg, tensors) for arg in args]
    options = args.pop() if args and isinstance(args[-1], dict) and method != "slice" else {}
    result = METHODS[method](*([] if method.startswith("Tensor.") else [receiver]), *args, **options)
    if isinstance(result, torch.Tensor):
        return [result]
    return list(result) if isinstance(result, tuple) and isinstance(result[0], torch.Tensor) else result


def differentiated(outputs, leaves):
    """The gradients of the leaves, None of those that have none."""
    for i, y in enumerate(outputs):
        if y.requires_grad:
            y.backward(upstream(y, i), retain_graph=True)
    return [leaf.grad for leaf in leaves]


def without_empty(record):
    return {key: value for key, value in record.items() if key not in ("in", "args") or value != []}


def case(method, inputs, *args):
    """Adds a case: inputs are specs as `made` has them, "$i" among the arguments is input i."""
    inputs = [inputs] if isinstance(inputs, str) else inputs
    made_inputs = [made(spec, i + 1, method not in PROPERTIES and method not in IN_PLACE) for i, spec in enumerate(inputs)]
    tensors = [x for _, x in made_inputs]
    outputs = called(method, tensors[0] if tensors else None, tensors, args)
    record = {"in": inputs, "args": list(args)}
    if method in IN_PLACE and made_inputs[0][0].shape != tensors[0].shape:
        record["leaf"] = elements(made_inputs[0][0])
    if method in PROPERTIES:
        record["value"] = outputs
    else:
        record["out"] = [[title(y), elements(y)] for y in outputs]
        gradients = differentiated(outputs, [leaf for leaf, _ in made_inputs])
        if any(g is not None for g in gradients):
            record["grad"] = [None if g is None else elements(g) for g in gradients]
    CASES[method].append(without_empty(record))


def refused(method, inputs, *args):
    """Adds a case that is an error, in PyTorch as here."""
    inputs = [inputs] if isinstance(inputs, str) else inputs
    try:
        tensors = [made(spec, i + 1)[1] for i, spec in enumerate(inputs)]
        called(method, tensors[0], tensors, args)
    except (RuntimeError, IndexError, TypeError, ValueError):
        CASES[method].append(without_empty({"in": inputs, "args": list(args), "refused": True}))
        return
    raise AssertionError(f"{method} {inputs} {args} is no error")


FLOATS = ["float64 []", "float64 [0]", "float64 [2,3] transposed", "float64 [2,2] sliced", "float64 [2,2] expanded"]
DEEP = ["float64 [1,2,1,1,2] flipped", "float64 [1,2,1,2,1,1,1,1] transposed"]
OTHERS = ["float32 [5]", "float16 [4] flipped", "bfloat16 [4]", "int64 [3]", "int32 [3]", "uint8 [3]", "bool [2]"]
ALL_VIEWS = [
    "float64 [2,3]", "float64 [2,3] transposed", "float64 [2,3] sliced", "float64 [2,3] flipped", "float64 [2,3] expanded",
]


def unary_cases():
    positive = {"log", "sqrt", "rsqrt", "reciprocal"}
    for method in UNARY:
        words = " positive" if method in positive else " unit" if method == "log1p" else ""
        for spec in [*FLOATS, *DEEP, *OTHERS] if method in ("neg", "exp", "rsqrt", "floor") else [*FLOATS[1:4], *OTHERS]:
            dtype = spec.split(" ")[0]
            if dtype == "bool" and method in ("neg", "relu", "floor", "ceil", "round", "trunc", "abs", "leakyRelu"):
                continue
            if not dtype.startswith(("float", "bfloat")) and method in ("leakyRelu", "gelu", "silu", "softplus"):
                continue
            if method in positive | {"log1p"} and not dtype.startswith(("float", "bfloat")):
                case(method, f"{spec}{'' if dtype in ('bool', 'uint8') else ' counted'}")
                continue
            case(method, spec + words)
        if method in ("relu", "abs", "sign", "floor", "ceil", "round", "trunc", "neg"):
            case(method, "float64 [12] special")
            case(method, "float32 [5] halves")
        if method == "tan":
            case(method, "float64 [2,2] unit transposed")
    refused("neg", "bool [2]")
    for method in ("neg", "abs", "square", "sign"):
        case(method, "int8 [5] byte")
        case(method, "int32 [5] huge")
    for method in TESTS:
        for spec in [
            "float64 [12] special", "float32 [2,6] special transposed", "float16 [12] special", "int32 [7]", "bool [3]",
            "float64 [0]",
        ]:
            case(method, spec)
    for spec in ["int64 [4]", "int32 [2,3] transposed", "int8 [3]", "uint8 [3]", "bool [3]", "int32 [0]", "int32 []"]:
        case("bitNot", spec)
    refused("bitNot", "float32 [2]")
    for spec in [*FLOATS[:3], *OTHERS[:5]]:
        case("clamp", spec, -1, 1)
    case("clamp", "float64 [5] halves", -0.5, 0.5)
    case("clamp", "float64 [4]", None, 0.25)
    case("clamp", "float64 [2,2] sliced", 0.25)
    case("clamp", "int32 [4]", -0.5)


PAIRS = [
    ["float64 [2,3]", "float64 [2,3] transposed"], ["float64 [2,3] sliced", "float64 [3]"],
    ["float64 [2,1]", "float64 [1,3] flipped"], ["float64 []", "float64 [2,2] expanded"], ["float64 []", "float64 []"],
    ["float64 [0,2]", "float64 [1,2]"], ["float64 [2,1,1,2]", "float64 [2,1,2]"], ["float32 [4] sliced", "float32 [4]"],
    ["float16 [4]", "float16 [4]"], ["bfloat16 [4]", "bfloat16 [4] flipped"], ["int32 [3]", "int32 [3]"],
    ["int64 [2,2]", "int64 [2]"], ["uint8 [3]", "uint8 [3]"],
]


def binary_cases():
    for method in BINARY:
        divides = method in ("floorDivide", "remainder", "fmod")
        flat = method in ("eq", "ne", "lt", "le", "gt", "ge") or method.startswith("logical")
        for a, b in PAIRS[1::2] if flat else PAIRS:
            isFloat = "float" in a
            if method == "pow":
                a += " positive" if isFloat else " counted"
            if not isFloat and (divides or method in ("pow", "div")):
                b += " counted"
            if flat and isFloat:
                a, b = a + " halves", b + " halves"
            case(method, [a, b], "$1")
        for spec, number in [
            ("float64 [3]", 2.5), ("float32 [3]", 2), ("bfloat16 [3]", 0.75), ("int32 [3]", 2), ("uint8 [2]", 1.5),
        ]:
            case(method, spec + (" positive" if method == "pow" and "float" in spec else ""), number)
        if not flat:
            refused(method, ["float64 [2]", "float64 [3]"], "$1")
    for number in [0, 1, 2, 3, -1, 0.5]:
        case("pow", "float64 [2,2] positive transposed", number)
    for dtypes in (("int8", "int16"), ("int32", "int64"), ("int64", "int8")):
        case("pow", [f"{dtypes[0]} [7,1]", f"{dtypes[1]} [5] transposed"], "$1")
    refused("pow", "int32 [3]", -1)
    for method in ("div", "pow", "mul", "maximum"):
        for types in (("float64", "int16"), ("float64", "float32"), ("float32", "bfloat16")):
            case(method, [f"{types[0]} [2,3] positive", f"{types[1]} [3] {'counted' if types[1] == 'int16' else 'positive'}"], "$1")
    for number in [0, 1, 2, 3]:
        case("pow", "float64 [4] halves", number)
        case("pow", "int32 [4]", number)
    for method in ("maximum", "minimum"):
        case(method, ["float64 [4] halves", "float64 [2,4] halves"], "$1")
        case(method, ["float64 [12] special", "float64 [12] special flipped"], "$1")
    for method in ("remainder", "fmod", "floorDivide"):
        case(method, ["float64 [7] whole", "float64 [7] counted"], "$1")
        case(method, ["int32 [7]", "int32 [7] counted"], "$1")
        case(method, "int64 [7]", -2)
    deep = ["float64 [2,1,2,1,1,1,2,1]", "float64 [1,2,1,1,2,1]"]
    case("add", deep, "$1")
    case("mul", deep, "$1")
    for method in ("div", "floorDivide", "remainder", "fmod"):
        case(method, ["float32 [12] special", "float32 [12,1] special"], "$1")
    for spec, kind in [("int8 [6]", "byte"), ("uint8 [6]", "byte"), ("int32 [6]", "huge"), ("int64 [6]", "huge")]:
        for method in ("add", "sub", "mul", "maximum", "lt", "eq"):
            case(method, [f"{spec} {kind}", f"{spec} {kind} flipped"], "$1")
        for method in ("remainder", "floorDivide"):
            case(method, [f"{spec} {kind}", f"{spec} counted"], "$1")
    for method in BITS:
        for a, b in [
            ("int32 [4]", "int32 [4]"), ("int64 [2,3] transposed", "int64 [3]"), ("uint8 [4]", "uint8 [4]"),
            ("int32 [0]", "int32 [1]"),
        ]:
            case(method, [a + " counted", b + " counted"], "$1")
        case(method, "int32 [5]", 1)
    for method in ("bitAnd", "bitOr", "bitXor"):
        case(method, ["bool [4]", "bool [4] flipped"], "$1")
        refused(method, ["float32 [2]", "int32 [2]"], "$1")


def view_cases():
    for spec in ALL_VIEWS:
        for shape in [[6], [3, 2], [-1], [1, 6, 1], [2, -1]]:
            case("reshape", spec, shape)
        case("flatten", spec)
        case("transpose", spec, 0, 1)
        case("T", spec)
        case("mT", spec)
        case("flip", spec, 0)
        case("flip", spec)
        case("unsqueeze", spec, 1)
        case("contiguous", spec)
        case("clone", spec)
        case("detach", spec)
        case("diagonal", spec)
    for shape in [[], [1], [1, 1, 1]]:
        case("reshape", "float32 [1]", shape)
    case("reshape", "float64 [2,0,3]", [0, 5])
    case("reshape", "float64 [1,2,1,2,1,2,1,2] transposed", [4, 4])
    refused("reshape", "float64 [2,3]", [4])
    refused("reshape", "float64 [2,3]", [-1, 4])
    refused("reshape", "float64 [2,3]", [-1, -1])
    case("view", "float64 [2,3]", [3, 2])
    case("view", "float64 [2,3] sliced", [2, 1, 3])
    case("view", "float64 [4,3] expanded", [2, 2, 3])
    case("view", "float64 [1,2,3]", [-1])
    refused("view", "float64 [2,3] transposed", [6])
    refused("view", "float64 [2,3] sliced", [6])
    case("flatten", "float64 [2,1,3]", 1)
    case("flatten", "float64 [2,1,3,2] transposed", 1, 2)
    case("flatten", "float64 []")
    case("flatten", "float64 [2,0]")
    case("transpose", "float64 [2,1,3]", 0, -1)
    case("transpose", "int32 [2,0]", -1, -2)
    refused("transpose", "float64 [2]", 0, 1)
    case("permute", "float64 [2,1,3]", [2, 0, 1])
    case("permute", "float64 [2,1,3] sliced", [-1, 0, 1])
    case("permute", "float64 []", [])
    case("permute", "float64 [1,2,1,2,1,2,1,1]", [7, 5, 3, 1, 0, 2, 4, 6])
    refused("permute", "float64 [2,3]", [0, 0])
    refused("permute", "float64 [2,3]", [0])
    case("T", "float64 [3]")
    case("T", "float64 [2,1,3]")
    case("mT", "float64 [2,1,3] sliced")
    case("squeeze", "float64 [1,2,1,3]")
    case("squeeze", "float64 [1,2,1,3]", 0)
    case("squeeze", "float64 [1,2,1,3]", 1)
    case("squeeze", "float64 [1,2,1,3] transposed", [0, -2])
    case("squeeze", "float64 [1]")
    case("squeeze", "float64 [0,1]")
    for axis in [0, 1, 2, -1, -3]:
        case("unsqueeze", "float64 [2,2] transposed", axis)
    case("unsqueeze", "float64 []", 0)
    refused("unsqueeze", "float64 [2]", 2)
    for method in ("expand", "broadcastTo"):
        case(method, "float64 [2,1]", [2, 3])
        case(method, "float64 [3]", [2, 3])
        case(method, "float64 []", [2, 1, 2])
        case(method, "float64 [1,2,1] transposed", [2, 1, 2, 3])
        case(method, "float64 [1,2]", [0, 2])
        case(method, "int32 [1]", [3])
        refused(method, "float64 [2]", [3])
        refused(method, "float64 [2,3]", [3])
    case("expand", "float64 [2,1]", [-1, 3])
    case("flip", "float64 [2,1,3]", [0, -1])
    case("flip", "float64 []")
    case("flip", "bool [3]", 0)
    case("flip", "float64 [0,2]", 0)
    case("moveaxis", "float64 [2,1,3]", 0, 2)
    case("moveaxis", "float64 [2,1,3] transposed", -1, 0)
    case("moveaxis", "float64 [2,1,3,2]", [0, 1], [-1, 0])
    case("moveaxis", "float64 [2,1,3,2] flipped", [3, -3], [1, 2])
    case("moveaxis", "float32 [2,1,3,2,1,1,2,1] transposed", [0, 6, 3], [7, 1, 0])
    case("moveaxis", "float64 [2,3]", [], [])
    refused("moveaxis", "float64 [2,3,1]", [0, 1], [0])
    refused("moveaxis", "float64 [2,3,1]", [0, -3], [0, 1])
    refused("moveaxis", "float64 [2,3,1]", [0, 1], [2, 2])
    refused("moveaxis", "float64 [2,3,1]", 0, 3)
    for offset in [1, -1, 2, 3]:
        case("diagonal", "float64 [2,3]", offset)
    case("diagonal", "float64 [2,2,3]", 0, [-2, -1])
    case("diagonal", "float64 [2,2,3] sliced", 1, [2, 0])
    for spec in ["float64 []", "float32 [0,2]", "int64 [2] flipped", "bool [2,2] transposed"]:
        case("clone", spec)
        case("detach", spec)


def conversion_cases():
    for to in DTYPES:
        for spec in [
            "float64 [5]", "float32 [4] sliced", "float16 [3]", "bfloat16 [3]", "int64 [4]", "int32 [2,2] transposed",
            "int16 [3]", "int8 [3]", "uint8 [3]", "bool [3]",
        ]:
            if to.startswith("uint") and not spec.startswith(("uint", "bool")):
                spec += " counted"
            case("to", spec, to)


def element_cases():
    for spec in ALL_VIEWS:
        case("at", spec, 1)
        case("at", spec, -1, 2)
        case("slice", spec, ":", {"start": 1})
        case("slice", spec, {"step": -1}, {"start": -1, "step": -2})
        case("slice", spec, "...", None, -1)
        case("index", spec, [[1, 0, 1, 1]])
        case("gather", [spec, "int64 [2,4] below:3"], 1, "$1")
        case("take", [spec, "int32 [4] below:6"], "$1")
        case("masked", [spec, "bool [2,3]"], "$1")
        case("maskedFill", [spec, "bool [2,3] transposed"], "$1", 0.5)
        case("select", spec, 1, -1)
        case("narrow", spec, 1, 1, 2)
        case("tril", spec)
        case("triu", spec)
        case("Tensor.where", ["bool [2,3] flipped", spec, "float64 [3]"], "$0", "$1", "$2")
        case("scatterAdd", [spec, "int64 [2,2] below:3", "float64 [2,2]"], 1, "$1", "$2")
        case("nonzero", spec + " halves")
    case("at", "float64 [2,2,2]", 0, 1, -1)
    refused("at", "float64 [2]", 2)
    refused("at", "float64 [2]", 0, 0)
    for specs in [
        [{"start": 1, "stop": 3}], [{"start": -2}], [{"stop": -1}], [{"step": 2}], [{"start": 3, "stop": 0, "step": -1}],
        [{"start": 4, "stop": 2}], [{"start": -10, "stop": 10}], [{"start": 10, "step": -3}], [None, ":"], ["..."], [2],
        [-5], [{"stop": -10}], [":", None],
    ]:
        case("slice", "float64 [5]", *specs)
    for specs in [
        [0], [":", 1], ["...", 0], [0, "...", 1], [":", {"start": 1}, None, {"step": -1}], [None, "...", None], [1, 0, 2],
        [{"start": 1, "stop": 1}],
    ]:
        case("slice", "float64 [2,2,3] sliced", *specs)
    case("slice", "float64 [1,2,1,2,1,2,1,2]", "...", {"step": -1}, 0, 1)
    refused("slice", "float64 [2]", 5)
    refused("slice", "float64 [2]", ":", ":")
    refused("slice", "float64 [2]", 2)
    case("select", "int32 [2,2,2]", 1, 0)
    case("select", "float32 [3]", 0, -3)
    refused("select", "float32 [3]", 0, 3)
    case("narrow", "float64 [4] flipped", 0, 1, 0)
    case("narrow", "float32 [2,4]", -1, 1, 3)
    refused("narrow", "float64 [4]", 0, 3, 2)
    case("gather", ["float64 [3,2] sliced", "int64 [5,2] below:3"], 0, "$1")
    case("gather", ["float32 [4]", "int32 [6] below:4"], -1, "$1")
    case("gather", ["float64 [2,2,2]", "int64 [1,2,2] below:2"], 0, "$1")
    case("gather", ["float64 [2,3]", "int64 [2,0] below:3"], 1, "$1")
    refused("gather", ["float64 [2,3]", "int64 [2,2] below:9 counted"], 0, "$1")
    case("take", ["float64 [3,2] transposed", "int64 [2,2] below:2"], "$1", 0)
    case("take", ["float64 [2,3]", "int64 [4] below:3"], "$1", -1)
    case("take", "float64 [4]", [3, 0, 3])
    case("index", ["float64 [3,2]", "int64 [4] below:3", "int64 [4] below:2"], ["$1", "$2"])
    case("index", ["float64 [3,2]", "int64 [2,1] below:3", "int64 [2] below:2"], ["$1", "$2"])
    case("index", ["float64 [2,3,2] sliced", "int64 [3] below:3"], [":", "$1"])
    case("index", ["float64 [3,2] sliced", "int64 [2] below:3"], [None, "$1"])
    case("index", ["float64 [3,2]", "int64 [2] below:3"], ["$1", None, 1])
    case("index", ["float64 [3,2,2]", "int64 [2] below:2"], [":", "$1", {"step": -1}])
    case("index", ["float64 [2,3]", "bool [2,3]"], ["$1"])
    case("index", ["float64 [2,3]", "bool [2]"], ["$1"])
    case("index", ["float64 [2,3]", "int32 [0] below:2"], ["$1"])
    case("index", "float32 [4]", [[-1, 0, -4]])
    refused("index", "float32 [4]", [[4]])
    case("masked", ["float64 [2,3]", "bool [2]"], "$1")
    case("masked", ["float32 [0]", "bool [0]"], "$1")
    case("masked", ["int32 [4] sliced", "bool [4]"], "$1")
    case("maskedFill", ["float64 [2,3] sliced", "bool [3]"], "$1", -1)
    case("maskedFill", ["int32 [4]", "bool [4]"], "$1", 9)
    case("maskedFill", ["float32 [2,2]", "bool []"], "$1", -INF)
    case("Tensor.where", ["bool [2,1]", "float64 [3]", "float64 []"], "$0", "$1", "$2")
    case("Tensor.where", ["bool [4]", "float32 [4]", "float64 [4]"], "$0", "$1", "$2")
    case("Tensor.where", ["bool [4]", "int32 [4]", "int64 [4]"], "$0", "$1", "$2")
    case("Tensor.where", ["bool [4]", "float64 [4]"], "$0", "$1", 0)
    for spec in ["float64 [] halves", "bool [2,3]", "int32 [2,2,2] transposed", "float64 [0,2]"]:
        case("nonzero", spec)
    for diagonal in [1, -1, 2, -3]:
        case("tril", "float64 [3,3]", diagonal)
        case("triu", "float64 [2,2,3] sliced", diagonal)
    case("tril", "int32 [2,2] transposed")
    case("triu", "float64 [2,0]")
    case("oneHot", "int64 [4] below:3", 3)
    case("oneHot", "int32 [2,2] below:2", 4)
    case("oneHot", "int64 [0] below:2", 2)
    case("oneHot", "int64 [] below:2", 2)
    refused("oneHot", "int64 [3] counted", 1)
    for index, value in [
        ([":", 1], 0.5), ([{"step": -1}, 0], "$1"), (["..."], "$1"), ([{"start": 1}], "$2"), ([[0, 1, 1]], 3),
        ([[1, 0], [0, 2]], -1),
    ]:
        case("set", ["float64 [2,3] transposed", "float64 []", "float64 [1,3]"], index, value)
        case("set", ["float64 [2,3] sliced", "float64 []", "float64 [1,3]"], index, value)
    case("set", ["float64 [2,3]", "bool [2,3]"], "$1", 0)
    case("set", ["int32 [4]", "float64 [2]"], [{"start": 2}], "$1")
    case("set", ["float64 [2,3]", "int64 [2] below:2", "float64 [2,3]"], ["$1"], 1)
    case("scatterAdd", ["float64 [3]", "int64 [5] below:3", "float64 [5]"], 0, "$1", "$2")
    case("scatterAdd", ["float64 [3,2] transposed", "int64 [2,1] below:3", "float64 [2,1]"], 0, "$1", "$2")


def join_cases():
    for a, b in [
        ("float64 [2,3] transposed", "float64 [1,3]"), ("float64 [0,2]", "float64 [2,2] sliced"),
        ("float32 [2]", "float64 [3]"), ("int32 [2]", "bool [2]"), ("float16 [2]", "bfloat16 [2]"),
    ]:
        case("Tensor.concat", [a, b], ["$0", "$1"])
    case("Tensor.concat", ["float64 [2,1]", "float64 [2,2] flipped", "float64 [2,3] expanded"], ["$0", "$1", "$2"], 1)
    case("Tensor.concat", ["float64 [1,2,1,2,1]", "float64 [1,2,2,2,1]"], ["$0", "$1"], -3)
    case("Tensor.concat", "float64 [2,2]", ["$0", "$0"], -1)
    refused("Tensor.concat", ["float64 [2,2]", "float64 [2,3]"], ["$0", "$1"], 0)
    refused("Tensor.concat", "float64 []", ["$0"], 0)
    for axis in [0, 1, -1]:
        case("Tensor.stack", ["float64 [2,3]", "float64 [2,3] transposed"], ["$0", "$1"], axis)
    case("Tensor.stack", ["float64 []", "float64 []"], ["$0", "$1"])
    refused("Tensor.stack", ["float64 [2]", "float64 [3]"], ["$0", "$1"])
    for spec in ["float64 [5,2]", "float64 [5,2] transposed"]:
        case("split", spec, 2)
        case("split", spec, [1, 0, 4])
        case("chunk", spec, 3)
    case("split", "float64 [2,3]", 2, -1)
    case("chunk", "float64 [2,4] sliced", 2, 1)
    case("chunk", "float32 [5]", 4)
    refused("split", "float64 [5]", [1, 2])
    for spec in ["float64 [2,3]", "float64 [2,3] transposed", "float64 [2,3] sliced"]:
        case("pad", spec, [1, 2])
        case("pad", spec, [0, 1, 1, 1], {"value": 0.5})
        case("pad", spec, [2, 1, 0, 1], {"mode": "reflect"})
        case("pad", spec, [2, 1, 1, 0], {"mode": "replicate"})
        case("tile", spec, [2, 1])
        case("roll", spec, 1, 0)
        case("roll", spec, -2)
        case("repeat", spec, [1, 2])
    case("pad", "int32 [0]", [1, 1], {"value": 3})
    case("tile", "float64 [2]", [2, 3])
    case("tile", "float64 [2,2]", [2])
    case("tile", "float64 []", [3])
    case("tile", "float32 [2]", [0])
    case("repeat", "float64 [2,2]", [2, 1, 2])
    case("repeat", "float64 [3]", [0])
    refused("repeat", "float64 [2,2]", [2])
    case("roll", "float64 [5]", 7, 0)
    case("roll", "float64 [2,3] flipped", -1, -1)
    case("roll", "float64 [0]", 1, 0)
    case("roll", "float64 [2,3]", [1, -2], [0, 1])
    case("roll", "float64 [2,3,2] sliced", [1, 1, -1], [2, 0, 2])
    case("roll", "int32 [3]", [2])
    case("roll", "float64 [2,0,3]", [1, 1], [1, 2])
    case("roll", "bfloat16 [1,2,1,1,2,1,1,3]", [5, -1], [-1, 1])
    refused("roll", "float64 [2,3]", [1, 2])
    refused("roll", "float64 [2,3]", 1, [0, 1])
    refused("roll", "float64 [2,3]", [1, 2], [0, 2])
    for spec in [*FLOATS[2:], *OTHERS[:4], "bool [2,1]", "float64 [2,0,3]"]:
        case("unbind", spec)
    case("unbind", "float64 [2,3] transposed", -1)
    case("unbind", "float32 [2,1,3,1,1,1,2,1]", 6)
    refused("unbind", "float64 []")
    refused("unbind", "float64 [2,3]", 2)
    for spec in ["float64 [2,6] whole", "float32 [2,3] halves transposed", "float16 [3,2] halves flipped", "bfloat16 [9] halves",
                 "int64 [4,3]", "int32 [5]", "uint8 [7]", "bool [2,4]", "bool [0]", "float64 [0,2]", "float64 []",
                 "float64 [2,3] expanded", "float64 [12] special", "int8 [2,1,2,1,1,1,2,3]"]:
        case("unique", spec)
    for near, options in [(0, {}), (0, {"rtol": 0, "atol": 0}), (0, {"equalNaN": True})]:
        for spec in ["float64 [3,4] special", "float32 [0]", "float16 [2,2] transposed", "int32 [3]", "bool [2]"]:
            case("allClose", [spec, spec], "$1", options)
    for options in [{}, {"rtol": 1}, {"atol": 3}, {"atol": 8}, {"rtol": 0.5, "atol": 1}]:
        case("allClose", ["float64 [2,3]", "float64 [3]"], "$1", options)
        case("allClose", ["float64 [2,1] positive", "float64 [2,3] positive flipped"], "$1", options)
    refused("allClose", ["float64 [2]", "float64 [3]"], "$1")


REDUCED = [
    ("float64 []",), ("float64 [4]",), ("float64 [2,3]",), ("float64 [2,3] transposed", 0), ("float64 [2,3] sliced", 1),
    ("float64 [2,3] flipped", -1), ("float64 [3,2] expanded", 0), ("float64 [2,2,3]", [0, 2]),
    ("float64 [2,2,3] transposed", [1, -1], {"keepDims": True}), ("float64 [2,1,2]", None, {"keepDims": True}),
    ("float64 [1,2,1,2,2]", [1, 3]), ("float64 [1,2,1,2,1,1,2,1] transposed", [0, 6, 2]), ("float32 [2,3] transposed", 1),
    ("float16 [6]",), ("bfloat16 [6]",), ("float64 [2,0]", 0),
]
EMPTY = [("float64 [0]",), ("float64 [2,0]", 1), ("float64 [0,3]", 0, {"keepDims": True})]
WHOLE = [("int32 [2,3] transposed", 0), ("int64 [5]",), ("uint8 [2,2]", 1), ("bool [5]",), ("bool [2,3]", -1)]


def reduction_cases():
    extremes = ("max", "min")
    for method in ("sum", "mean", "prod", "max", "min", "std", "var", "norm", "logSumExp", "any", "all"):
        for spec, *args in REDUCED:
            if method == "prod" and "16" in spec and args == []:
                spec = spec.replace("[6]", "[3]")
            if method in ("std", "var") and spec == "float64 []":
                continue
            case(method, spec + (" positive" if method == "prod" else " halves" if method in ("any", "all") else ""), *args)
        for spec, *args in EMPTY:
            if method in extremes:
                refused(method, spec, *args)
            elif method not in ("std", "var"):
                case(method, spec, *args)
        if method in ("sum", "prod", "any", "all", *extremes):
            for spec, *args in WHOLE:
                if not (method in extremes and "bool" in spec):
                    case(method, spec, *args)
        refused(method, "float64 [2,3]", 2)
        if method != "prod":
            refused(method, "float64 [2,3]", [0, 0])
    for method in extremes:
        case(method, "float64 [7] halves")
        case(method, "float64 [3,3] halves", 1)
        case(method, "float64 [12] special")
    case("prod", "float64 [5] halves")
    case("prod", "float64 [2,3] whole", 1)
    for correction in [0, 1, 2]:
        for method in ("std", "var"):
            case(method, "float64 [3,2] transposed", 0, {"correction": correction})
    for p in [0, 1, 2, 3, 0.5, INF, -INF]:
        case("norm", "float64 [2,3] transposed", None, {"p": p})
        case("norm", "float64 [2,3]", 1, {"p": p, "keepDims": True})
    for method in ("argmax", "argmin"):
        for spec, *args in [
            ("float64 []",), ("float64 [5]",), ("float64 [2,3] transposed",), ("float64 [2,3] transposed", 0),
            ("float64 [2,3] sliced", -1), ("float64 [2,2,3]", 1, {"keepDims": True}), ("float64 [7] halves",),
            ("int32 [2,3]", 1), ("float32 [3,2] flipped", 0), ("float16 [4]",), ("float64 [0,2]", 1), ("uint8 [3]",),
        ]:
            case(method, spec, *args)
        refused(method, "float64 [0]")
    for method in ("cumsum", "cumprod"):
        for spec, axis in [
            ("float64 [5]", 0), ("float64 [2,3] transposed", 0), ("float64 [2,3] sliced", 1),
            ("float64 [2,2,2] flipped", -2), ("float64 [3,2] expanded", 0), ("float64 [0]", 0), ("float64 [2,0]", 0),
            ("float32 [4]", 0), ("float16 [4]", 0), ("int32 [4]", 0), ("bool [3]", 0),
            ("float64 [1,2,1,2,2]", -1),
        ]:
            case(method, spec, axis)
        refused(method, "float64 [2]", 1)
    case("cumprod", "float64 [5] halves", 0)
    for method in ("softmax", "logSoftmax"):
        for spec, *axis in [
            ("float64 [4]",), ("float64 [2,3] transposed",), ("float64 [2,3] transposed", 0), ("float64 [2,3] sliced", 1),
            ("float64 [2,2,3] flipped", 1), ("float64 [2,3] expanded", 0), ("float64 [0,3]", 1),
            ("float64 [2,0]", 1), ("float64 [1,2,1,2,2]", -4), ("float32 [2,3]", -1), ("float16 [4]", 0),
            ("bfloat16 [4]", 0),
        ]:
            case(method, spec, *(axis or [-1]))
    ordered = [
        ("float64 [5]",), ("float64 [2,3] transposed", 0), ("float64 [3,3] sliced", -1), ("float64 [2,2,2] flipped", 1),
        ("float32 [4]",), ("float16 [4]",), ("bfloat16 [4]",), ("int32 [5]",), ("uint8 [4]", 0), ("float64 [6] halves",),
        ("float64 [12] special",), ("bool [4]",), ("float64 [1]",), ("float64 [0]",), ("float64 [2,0]", 0),
    ]
    for method in ("sort", "argsort"):
        for spec, *axis in ordered:
            case(method, spec, *axis)
            case(method, spec, *(axis or [-1]), {"descending": True})
    for spec, *args in [
        ("float64 [5]", 2), ("float64 [3,4] transposed", 2, 0), ("float64 [3,4] sliced", 3, -1), ("float32 [5]", 5),
        ("float64 [2,3]", 0), ("float64 [6] flipped", 1),
    ]:
        case("topk", spec, *args)
        case("topk", spec, *(args if len(args) == 2 else [*args, -1]), {"largest": False})
    refused("topk", "float64 [3]", 4)


def edge_cases():
    """Where derivatives are not finite, or numbers are not."""
    for method in ("norm", "std", "var", "logSumExp", "prod", "sum", "mean", "max", "min"):
        case(method, "float64 [4] zeros")
        case(method, "float64 [2,3] zeros", 1)
        # PyTorch divides the product by each factor: infinity by itself.
        if method not in ("std", "var", "prod"):
            case(method, "float32 [4] lowest")
    for p in (0, 1, 3, INF):
        case("norm", "float64 [4] zeros", None, {"p": p})
        case("norm", "float64 [5] halves", None, {"p": p})
    for method in ("softmax", "logSoftmax", "cumsum"):
        case(method, "float64 [4] lowest", 0)
        case(method, "float64 [4] zeros", 0)
    case("cumprod", "float64 [4] zeros", 0)
    for method in ("argmax", "argmin", "sort", "argsort", "any", "all", "sum"):
        case(method, "float32 [12] special", 0)
    case("prod", "float64 [2,3] bits", 1)
    case("std", "float64 [1]")
    case("var", "float64 [1]")
    case("logSumExp", "float64 [2] lowest")
    case("clamp", "float64 [12] special", -0.5, 0.5)
    for method in ("sqrt", "rsqrt", "log", "reciprocal", "abs", "pow"):
        case(method, "float64 [3] zeros", *([0.5] if method == "pow" else []))
    for method in ("div", "pow", "maximum", "fmod"):
        case(method, ["float64 [3] zeros", "float64 [3] zeros"], "$1")
    case("Tensor.where", ["bool [12]", "float64 [12] special", "float64 [12]"], "$0", "$1", "$2")
    case("mseLoss", ["float64 [3] zeros", "float64 [3] zeros"], "$1")
    case("l1Loss", ["float64 [3] zeros", "float64 [3] zeros"], "$1")
    case("layerNorm", "float64 [2,3] zeros")
    case("matmul", ["float32 [1,12] special", "float32 [12,1] zeros"], "$1")


def single_element_cases():
    """As having one axis."""
    reductions, ordered = ["sum", "mean", "max", "logSumExp", "argmax", "norm"], ["sort", "argsort"]
    for method in [*reductions, *ordered, "cumsum", "cumprod", "softmax", "logSoftmax"]:
        case(method, "float64 []", 0)
        case(method, "float64 []", -1)
        refused(method, "float64 []", 1)


def product_cases():
    for a, b in [
        ("[3]", "[3]"), ("[2,3]", "[3]"), ("[3]", "[3,2]"), ("[2,3]", "[3,2]"), ("[2,3] transposed", "[3,2] transposed"),
        ("[2,3] sliced", "[3,2] flipped"), ("[2,2,3]", "[3,2]"), ("[2,3]", "[2,3,2]"), ("[2,2,3] transposed", "[2,3,1]"),
        ("[2,1,2,2]", "[3,2,1]"), ("[3]", "[2,3,2]"), ("[2,2,3]", "[3]"), ("[2,0]", "[0,2]"), ("[0,2]", "[2,3]"),
        ("[0,2,2]", "[2,1]"), ("[3,2] expanded", "[2,2] expanded"), ("[1,1]", "[1,1]"), ("[1,2,1,2,2]", "[2,1,2,1]"),
        ("[1,1,2,1,1,1,2,2]", "[2,2]"), ("[7,5]", "[5,3] transposed"),
    ]:
        case("matmul", [f"float64 {a}", f"float64 {b}"], "$1")
    for dtype in ["float32", "float16", "bfloat16"]:
        case("matmul", [f"{dtype} [2,3] transposed", f"{dtype} [3,2]"], "$1")
        case("matmul", [f"{dtype} [3]", f"{dtype} [2,3,2] sliced"], "$1")
    for dtype in ["int64", "int32", "uint8"]:
        case("matmul", [f"{dtype} [2,3] transposed", f"{dtype} [3,2]"], "$1")
    refused("matmul", ["float64 [2,3]", "float64 [2,3]"], "$1")
    refused("matmul", ["float64 []", "float64 [3]"], "$1")
    refused("matmul", ["float64 [2,2,3]", "float64 [3,3,2]"], "$1")
    for a, b in [("[2]", "[3]"), ("[3] flipped", "[2] sliced"), ("[0]", "[2]"), ("[1]", "[1]")]:
        case("outer", [f"float64 {a}", f"float64 {b}"], "$1")
    for a, b in [("[3]", "[3] flipped"), ("[0]", "[0]"), ("[1]", "[1]"), ("[9] sliced", "[9]")]:
        case("dot", [f"float64 {a}", f"float64 {b}"], "$1")
    case("dot", ["float32 [5]", "float32 [5]"], "$1")
    refused("dot", ["float64 [2]", "float64 [3]"], "$1")
    for x, w in [
        ("[3]", "[2,3]"), ("[4,3]", "[2,3]"), ("[2,2,3] transposed", "[2,3]"), ("[4,3] sliced", "[2,3] transposed"),
        ("[0,3]", "[2,3]"), ("[4,3] expanded", "[1,3]"),
    ]:
        out = json.loads(w.split(" ")[0])[0]
        case("linear", [f"float64 {x}", f"float64 {w}"], "$1")
        case("linear", [f"float64 {x}", f"float64 {w}", f"float64 [{out}]"], "$1", "$2")
    for activation in ACTIVATIONS:
        case("linear", ["float64 [2,3]", "float64 [2,3]", "float64 [2]"], "$1", "$2", activation)
        case("linear", ["float64 [2,3]", "float64 [2,3]"], "$1", None, activation)
    case("linear", ["float32 [2,3]", "float32 [2,3]", "float32 [2]"], "$1", "$2")
    refused("linear", ["float64 [2,3]", "float64 [3,2]"], "$1")
    for equation, *shapes in [
        ("ij,jk->ik", "[2,3]", "[3,2]"), ("ij,jk->ki", "[2,3] transposed", "[3,2] sliced"), ("ij,jk", "[2,3]", "[3,2]"),
        ("bij,bjk->bik", "[2,2,3]", "[2,3,2]"), ("i,j->ij", "[2]", "[3]"), ("i,i->", "[3]", "[3]"),
        ("i,i->i", "[3]", "[3]"), ("ij,ij->i", "[2,3]", "[2,3]"), ("ij,kj->ik", "[2,3]", "[4,3]"), ("ij->ji", "[2,3]"),
        ("ij->j", "[2,3]"), ("ij->", "[2,3]"), ("ii->i", "[3,3]"), ("ii->", "[3,3]"),
        ("bhqd,bhkd->bhqk", "[1,2,2,3]", "[1,2,3,3]"), ("ij,k->ijk", "[2,2]", "[2]"), ("ij,jk->k", "[2,3]", "[3,2]"),
        ("ba", "[2,3]"), ("ij,jk->ik", "[2,0]", "[0,2]"),
    ]:
        case("Tensor.einsum", [f"float64 {shape}" for shape in shapes], equation, *[f"${i}" for i in range(len(shapes))])
    case("Tensor.einsum", ["float32 [2,3]", "float32 [3,2]"], "ij,jk->ik", "$0", "$1")
    for equation, *shapes in [
        ("...ij,...jk->...ik", "[2,1,2,3]", "[2,3,2]"), ("b...i,i->b...", "[2,2,3]", "[3]"), ("...ij->...ji", "[2,1,3]"),
        ("i...->...", "[3,2] transposed"), ("...i,...i", "[2,3]", "[3]"), ("...,...->...", "[2]", "[3,1]"),
    ]:
        case("Tensor.einsum", [f"float64 {shape}" for shape in shapes], equation, *[f"${i}" for i in range(len(shapes))])
    refused("Tensor.einsum", ["float64 [2,3]", "float64 [2,3]"], "ij,jk->ik", "$0", "$1")


def row_cases():
    for reduction in ["mean", "sum", "none"]:
        options = {"reduction": reduction}
        for method in ("mseLoss", "l1Loss", "huberLoss", "binaryCrossEntropyWithLogits"):
            case(method, ["float64 [2,3]", "float64 [2,3] unit transposed"], "$1", options)
        case("binaryCrossEntropy", ["float64 [2,3] unit", "float64 [2,3] unit flipped"], "$1", options)
        case("crossEntropy", ["float64 [4,3]", "int64 [4] below:3"], "$1", options)
        case("crossEntropy", ["float64 [2,3]", "float64 [2,3] unit"], "$1", options)
        case("nllLoss", ["float64 [4,3]", "int64 [4] below:3"], "$1", options)
        case("crossEntropy", ["float64 [2,3,2] transposed", "int64 [2,2] below:3"], "$1", options)
        case("nllLoss", ["float64 [2,3,2]", "int32 [2,2] below:3"], "$1", options)
    for method in ("mseLoss", "l1Loss", "huberLoss"):
        case(method, ["float64 [2,3] sliced", "float64 [2,3]"], "$1")
        case(method, ["float32 [5]", "float32 [5]"], "$1")
        case(method, ["float64 [5] halves", "float64 [5] whole"], "$1")
    case("huberLoss", ["float64 [5]", "float64 [5]"], "$1", {"delta": 0.5})
    case("binaryCrossEntropyWithLogits", ["float32 [5]", "float32 [5] unit"], "$1")
    case("crossEntropy", ["float64 [2,3] transposed", "int32 [2] below:3"], "$1")
    case("crossEntropy", ["float64 [4,3] sliced", "int32 [4] below:3"], "$1")
    case("crossEntropy", ["float32 [3,5]", "int32 [3] below:5"], "$1")
    case("crossEntropy", ["float64 [4]", "int64 [] below:4"], "$1")
    case("crossEntropy", ["float16 [3,4]", "int64 [3] below:4"], "$1")
    case("crossEntropy", ["bfloat16 [3,4]", "int64 [3] below:4"], "$1")
    case("crossEntropy", ["float64 [2,3,2]", "float64 [2,3,2] unit"], "$1")
    refused("crossEntropy", ["float64 [2,3]", "int64 [3] below:3"], "$1")
    refused("crossEntropy", ["float64 [2,3]", "float64 [2] bits"], "$1")
    refused("crossEntropy", ["float64 [3,2]", "int64 [3] counted"], "$1")
    refused("nllLoss", ["float64 [3,2]", "int64 [3] counted"], "$1")
    case("layerNorm", "float64 [2,4]")
    case("layerNorm", "float64 [4,3] transposed")
    case("layerNorm", ["float64 [2,3]", "float64 [3]", "float64 [3]"], "$1", "$2")
    case("layerNorm", ["float64 [2,2,3] sliced", "float64 [3]", "float64 [3]"], "$1", "$2", {"eps": 0.01})
    case("layerNorm", ["float32 [2,4]", "float32 [4]", "float32 [4]"], "$1", "$2")
    case("layerNorm", "float64 [0,3]")
    case("layerNorm", ["float16 [2,4]", "float16 [4]", "float16 [4]"], "$1", "$2")
    case("layerNorm", "bfloat16 [2,4] transposed")
    for method in ("mseLoss", "huberLoss", "binaryCrossEntropyWithLogits"):
        case(method, ["bfloat16 [4]", "bfloat16 [4] unit"], "$1")


def making_cases():
    for nested in [0.5, [], [[]], [0.1, 2, -3], [[1.5, 2], [3, 4]], [[[True], [False]]], True, [[0.1], [0.2], [INF]]]:
        case("Tensor.from", [], nested)
    for dtype in DTYPES:
        case("Tensor.from", [], [[0, 1, 2], [3, 100, 5]], {"dtype": dtype})
    for args in [
        [5], [0], [2, 5], [5, 2, {"step": -1}], [0, 1, {"step": 0.3}], [-1, 1, {"step": 0.25, "dtype": "float64"}],
        [0, 3, {"dtype": "int64"}], [1, 8, {"step": 3, "dtype": "int32"}], [0, 2, {"dtype": "bfloat16", "step": 0.3}],
    ]:
        case("Tensor.arange", [], *args)
    for args in [
        [0, 1, 5], [-1, 2, 7, {"dtype": "float64"}], [3, -3, 4], [1, 2, 1], [0, 1, 0], [0, 0.1, 11, {"dtype": "float64"}],
        [0, 1, 3, {"dtype": "float16"}],
    ]:
        case("Tensor.linspace", [], *args)
    for method in ("Tensor.zeros", "Tensor.ones"):
        for shape in [[], [0], [2, 3], [1, 2, 1, 2]]:
            case(method, [], shape)
        for dtype in DTYPES:
            case(method, [], [2], {"dtype": dtype})
    case("Tensor.full", [], [2, 2], 0.1)
    case("Tensor.full", [], [], 3)
    for dtype in DTYPES:
        case("Tensor.full", [], [2], 1, {"dtype": dtype})
    for spec in ["float64 [2,3] transposed", "int32 [2]", "bool []", "bfloat16 [0,2]"]:
        case("Tensor.zerosLike", spec, "$0")
        case("Tensor.onesLike", spec, "$0")
        case("Tensor.fullLike", spec, "$0", 1)
    case("Tensor.eye", [], 3)
    case("Tensor.eye", [], 2, 3)
    case("Tensor.eye", [], 3, 2, {"dtype": "int64"})
    case("Tensor.eye", [], 0)


def in_place_cases():
    for method in ("add_", "sub_", "mul_", "div_", "pow_", "copy_"):
        power = " positive" if method == "pow_" else ""
        case(method, [f"float64 [2,3]{power}", "float64 [2,3] transposed"], "$1")
        case(method, [f"float64 [2,3] transposed{power}", "float64 [3]"], "$1")
        case(method, [f"float64 [2,3] sliced{power}", "float64 []"], "$1")
        case(method, [f"float32 [4]{power}", "float64 [4]"], "$1")
        case(method, f"float16 [3]{power}", 0.5)
        case(method, f"float64 [0]", 2)
        refused(method, ["float64 [2]", "float64 [2,2]"], "$1")
        if method == "div_":
            refused(method, "int32 [3]", 2)
        else:
            case(method, ["int64 [3]", "int32 [3] counted"], "$1")
    for method in ("add_", "sub_", "mul_"):
        refused(method, "int32 [3]", 0.5)
    for spec in ["float64 [2,3] transposed", "float64 [2,3] sliced", "int32 [3]", "bool [2]", "float64 []", "bfloat16 [2]"]:
        case("fill_", spec, 1)
        case("zero_", spec)


def property_cases():
    for spec in [
        "float64 []", "float32 [0,2]", "int32 [2,3]", "float64 [2,3] transposed", "float64 [2,3] sliced",
        "bool [2,3] expanded", "bfloat16 [1,2,1]",
    ]:
        for method in ("shape", "ndim", "size", "dtype", "strides", "offset", "isContiguous", "toArray", "device"):
            case(method, spec)
    for spec in ["float64 []", "float32 [1,1]", "bool [1]", "int32 [1]", "float16 []"]:
        case("item", spec)
    refused("item", "float64 [2]")
    for spec in [
        "float32 []", "float32 [3]", "float32 [2,3] transposed", "float64 [2,2]", "int64 [4]", "int32 [2,2]", "bool [3]",
        "float32 [3] whole", "float32 [0]", "float32 [2,2,2] sliced", "float32 [4] special", "float64 [12] special",
        "float32 [60] bits", "float32 [1200]", "float16 [2]", "float64 [3] positive",
    ]:
        case("toString", spec)


def large_cases():
    """Long rows, so that vectors and blocks are full, of numbers with which everything is exact."""
    layouts = ["float32 [67,129] transposed", "float64 [9,21,33] sliced", "int32 [70,65] flipped"]
    for spec in layouts:
        dtype, shape = spec.split(" ")[:2]
        axes, last = len(json.loads(shape)), json.loads(shape)[-1]
        for method, *args in [
            ("neg",), ("mul", 3), ("maximum", 1), ("lt", 1), ("clone",), ("reshape", [-1]), ("flip", 0), ("T",),
            ("to", "int16"), ("to", "bfloat16"), ("tril",), ("roll", 5), ("sum", 0), ("sum", -1), ("sum",), ("max", 0),
            ("min", -1), ("argmax", 0), ("argmin", -1), ("cumsum", 0), ("cumsum", -1), ("sort", 0),
            ("sort", -1, {"descending": True}), ("index", [[1, 0, 1]]), ("slice", {"start": 1, "step": 2}, {"step": -3}),
            ("pad", [1, 2, 0, 1]), ("Tensor.concat", ["$0", "$0"], -1), ("repeat", [2] * axes),
        ]:
            case(method, f"{spec} whole", *args)
        for method in ("add", "mul", "sub", "maximum", "eq"):
            case(method, [f"{spec} whole", f"{dtype} [{last}] whole flipped"], "$1")
            case(method, [f"{dtype} [{last}] whole", f"{spec} whole"], "$1")
        case("Tensor.where", [f"bool [{last}]", f"{spec} whole", f"{dtype} [1] whole"], "$0", "$1", "$2")
        case("maskedFill", [f"{spec} whole", f"bool [{last}]"], "$1", 2)
        case("masked", [f"{spec} whole", f"bool {shape}"], "$1")
        if "expanded" not in spec and "flipped" not in spec:
            case("add_", [f"{spec} whole", f"{dtype} [{last}] whole"], "$1")
    for dtype in ("float32", "float64"):
        for a, b in [
            ("[65,70]", "[70,130]"), ("[65,70] transposed", "[70,33] transposed"), ("[3,20,33] sliced", "[33,17]"),
            ("[2,1,9,40]", "[3,40,25] transposed"), ("[300]", "[300]"), ("[130,70]", "[70]"), ("[70]", "[2,70,20]"),
            ("[1,257]", "[257,1]"), ("[64,64] flipped", "[64,64] expanded"),
        ]:
            case("matmul", [f"{dtype} {a} whole", f"{dtype} {b} whole"], "$1")
        case("linear", [f"{dtype} [40,65] whole", f"{dtype} [33,65] whole", f"{dtype} [33] whole"], "$1", "$2")
        layer = [f"{dtype} [40,65] whole transposed", f"{dtype} [33,65] whole", f"{dtype} [33] whole"]
        case("linear", layer, "$1", "$2", "relu")
    for spec in ["float64 [1000]", "float32 [3,500] transposed", "int64 [700]", "uint8 [300]"]:
        kind = "" if "int" in spec else " halves"
        case("sort", spec + kind, 0)
        case("argsort", spec + kind, 0, {"descending": True})
    case("gather", ["float64 [90,70] transposed", "int64 [40,70] below:90"], 0, "$1")
    case("take", ["float32 [30,50] sliced", "int64 [300] below:1500"], "$1")
    case("scatterAdd", ["float64 [50,20] whole", "int64 [90,20] below:50", "float64 [90,20] whole"], 0, "$1", "$2")
    case("scatterAdd", ["float32 [300] whole", "int64 [900] below:300", "float32 [900] whole"], 0, "$1", "$2")
    case("Tensor.einsum", ["float64 [20,30] whole", "float64 [30,40] whole"], "ij,jk->ki", "$0", "$1")
    case("prod", "float64 [500,3] counted", 1)
    case("any", "float32 [40,70] bits", 0)
    case("all", "float32 [40,70] bits", 1)


def write_cases():
    for cases in (
        unary_cases, binary_cases, view_cases, conversion_cases, element_cases, join_cases, reduction_cases, product_cases,
        row_cases, making_cases, in_place_cases, property_cases, edge_cases, single_element_cases, large_cases,
    ):
        cases()
    empty = [method for method, cases in CASES.items() if not cases]
    assert not empty, f"Cannot write: no cases of {empty}"
    records = [{"method": method, "tolerance": tolerance_of(method), "cases": cases} for method, cases in CASES.items()]
    head = {
        "notes": [
            "in: the inputs, as specs that tests/_tensor_cases.ts understands. args: \"$i\" is input i, null at the top is "
            "undefined, options come last.",
            "out: [type and shape, elements]. grad: gradients of the leaves that the inputs are views of, for an upstream "
            "gradient from the sequence. Of more than 200 elements there is the beginning of SHA-256.",
            "value: of what gives no tensor. leaf: the elements of the leaf of what was changed in place. refused: an error, "
            "in PyTorch, too.",
        ],
        "tolerances": {name: {"units": units, "reason": reason} for name, (units, reason) in TOLERANCES.items()},
    }
    head["letters"] = {letter: name for name, letter in LETTERS.items()}
    head["numbers"] = NUMBERS
    head["lowerHalves"] = LOWER_HALVES
    tables = {"promotions": promotions(), "broadcasts": broadcasts(), "halves": half_conversions()}
    write("tensor.json", head, {"records": records, **tables})


# ---------------------------------------------------------------- tables

# Types that PyTorch promotes among one another: uint32 and uint16 it only has beside themselves.
PROMOTED = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
LETTERS = dict(zip(PROMOTED, "dfhblisctB"))
PROMOTING = ["add", "sub", "mul", "div", "pow", "maximum", "floorDivide", "remainder", "fmod", "lt", "eq", "logicalAnd"]
NUMBERS = [True, 2, 0.5]


def attempt(f):
    """The result of f, None where PyTorch refuses."""
    try:
        return f()
    except RuntimeError:
        return None


def letter(y):
    return "-" if y is None else LETTERS[NAMES[y.dtype]]


def promotions():
    """For each operation the types of 7 op 2, a row for each type on the left; and the values where both have an axis."""
    for method in PROMOTING:
        f = METHODS[method]
        types, results = {}, []
        for shapes in itertools.product([[1], []], repeat=2):
            rows = []
            for a in PROMOTED:
                left = torch.full(shapes[0], 7).to(DTYPES[a])
                row = [attempt(lambda: f(left, torch.full(shapes[1], 2).to(DTYPES[b]))) for b in PROMOTED]
                rows.append("".join(map(letter, row)))
                if shapes == ([1], [1]):
                    results.append([None if y is None else values(y)[0] for y in row])
            types[line(shapes)] = rows
        numbers = {}
        for shape in ([1], []):
            lefts = [torch.full(shape, 7).to(DTYPES[a]) for a in PROMOTED]
            numbers[line(shape)] = ["".join(letter(attempt(lambda: f(left, number))) for left in lefts) for number in NUMBERS]
        yield {"method": method, "types": types, "values": results, "numbers": numbers}


def patterns(shape):
    """Every shape that is stretched to this one: with axes missing in front, and 1 instead of sizes."""
    for axes in range(len(shape) + 1):
        yield from (list(sizes) for sizes in itertools.product(*([1, n] for n in shape[len(shape) - axes:])))


def broadcasts():
    """a·b of whole numbers for every pair of patterns, with their gradients."""
    for shapes in itertools.product(list(patterns([2, 3, 2])), repeat=2):
        a, b = (made(f"float64 {line(shape)} whole", i + 1)[0] for i, shape in enumerate(shapes))
        y = a * b
        y.backward(made(f"float64 {line(list(y.shape))} whole", 100)[0])
        yield [*shapes, values(y), values(a.grad), values(b.grad)]


# The lower halves of float32 that stand where float16 and bfloat16 round: at, before and after their halves.
LOWER_HALVES = [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fff, 0x8000, 0x8001, 0xefff, 0xf000, 0xf001, 0xffff]


def checksum(x):
    """SHA-256 of the bits of a tensor, little-endian; NaN is the quiet one without a sign."""
    quiet, integer = {
        torch.float32: (0x7fc00000, torch.int32), torch.float16: (0x7e00, torch.int16), torch.bfloat16: (0x7fc0, torch.int16),
    }[x.dtype]
    bits = torch.where(x.isnan(), torch.tensor(quiet, dtype=integer), x.view(integer))
    return hashlib.sha256(bits.numpy().tobytes()).hexdigest()


def half_conversions():
    """Of all 65,536 bit patterns to float32, and of float32 with all upper and LOWER_HALVES to the two types."""
    patterns_ = torch.arange(65536).to(torch.uint16)
    lower = torch.tensor(LOWER_HALVES)
    singles = (torch.arange(65536).reshape(-1, 1) * 65536 + lower).reshape(-1).to(torch.uint32).view(torch.float32)
    for name in ("float16", "bfloat16"):
        yield {"from": name, "to": "float32", "sha256": checksum(patterns_.view(DTYPES[name]).float())}
        yield {"from": "float32", "to": name, "sha256": checksum(singles.to(DTYPES[name]))}


# ---------------------------------------------------------------- random programs

# The longest axis of an input and the most elements of a result: of one program in four they fill vectors and blocks.
SMALL, LARGE = (4, 48), (17, 4000)


class Chain:
    """A program: every step is an operation on the result of the step before, and on earlier ones."""

    def __init__(self, seed):
        self.state = sequence(4000, seed + 1000003)
        self.longest, self.largest = LARGE if seed % 4 == 0 else SMALL
        self.inputs = [self.spec() for _ in range(2)]
        self.steps = []
        self.tensors = [made(spec, i + 1)[1] for i, spec in enumerate(self.inputs)]

    def below(self, n):
        return self.state.pop() * n // 4096

    def one_of(self, options):
        return options[self.below(len(options))]

    def spec(self):
        shape = [1 + self.below(self.longest) for _ in range(1 + self.below(3))]
        view = self.one_of(["", " transposed", " flipped", " sliced", " expanded"])
        return f"float64 {line(shape)}{view}"

    @property
    def last(self):
        return self.tensors[-1]

    def take(self, method, *args):
        """Adds a step if its result is finite and neither too large nor too long."""
        y = called(method, self.last, self.tensors, args)[0]
        fits = 0 < y.numel() <= self.largest and y.ndim <= 6 and y.is_floating_point()
        if fits and y.isfinite().all() and y.abs().max() < 50:
            self.steps.append([method, *args])
            self.tensors.append(y)

    def axis(self):
        return self.below(2 * self.last.ndim) - self.last.ndim

    def fitting(self, fits):
        """An earlier result that fits, as "$i", or None."""
        found = [f"${i}" for i, x in enumerate(self.tensors) if fits(x)]
        return self.one_of(found) if found else None

    def grow(self):
        kinds = [self.elementwise, self.binary, self.reshaping, self.looking, self.looking, self.reducing, self.indexing]
        self.one_of([*kinds, self.joining, self.product])()

    def elementwise(self):
        calls = [
            ("tanh",), ("sigmoid",), ("sin",), ("cos",), ("softplus",), ("gelu",), ("silu",), ("neg",), ("abs",), ("relu",),
            ("leakyRelu",), ("square",), ("exp",), ("add", 0.5), ("mul", -1.25), ("div", 2), ("sub", 1), ("maximum", 0.25),
            ("clamp", -1.5, 1.5), ("pow", 3),
        ]
        method, *args = self.one_of(calls)
        if method not in ("exp", "pow", "square") or self.last.abs().max() < 3:
            self.take(method, *args)

    def binary(self):
        other = self.fitting(lambda x: attempt(lambda: torch.broadcast_shapes(x.shape, self.last.shape)) is not None)
        if other:
            self.take(self.one_of(["add", "sub", "mul", "maximum", "minimum"]), other)

    def reshaping(self):
        x = self.last
        method = self.one_of(["reshape", "flatten", "unsqueeze", "squeeze", "broadcastTo", "expand"])
        if method == "reshape":
            n = self.one_of([d for d in range(1, x.numel() + 1) if x.numel() % d == 0])
            self.take(method, self.one_of([[n, x.numel() // n], [-1], [1, n, -1]]))
        elif method == "unsqueeze":
            self.take(method, self.below(x.ndim + 1))
        elif method in ("broadcastTo", "expand"):
            self.take(method, [2, *x.shape] if self.below(2) else [3 if size == 1 else size for size in x.shape])
        else:
            self.take(method)

    def looking(self):
        x = self.last
        if x.ndim == 0:
            return
        method, axis = self.one_of(
            ["transpose", "permute", "flip", "slice", "narrow", "select", "T", "mT", "diagonal", "moveaxis"]
        ), self.axis()
        if method in ("transpose", "moveaxis"):
            self.take(method, axis, self.axis())
        elif method == "permute":
            self.take(method, self.one_of(list(itertools.permutations(range(x.ndim)))[:24]))
        elif method == "flip":
            self.take(method, axis)
        elif method == "slice":
            specs = [{"step": -1}, {"start": 1}, {"stop": -1}, {"step": 2}, ":", {"start": -2}, {"start": -1, "step": -2}]
            self.take(method, *[self.one_of(specs) for _ in range(1 + self.below(x.ndim))])
        elif method == "narrow" and x.shape[axis] > 1:
            self.take(method, axis, self.below(2), x.shape[axis] - 1)
        elif method == "select" and x.numel() > 3:
            self.take(method, axis, -1)
        elif method == "T" or (method in ("mT", "diagonal") and x.ndim > 1):
            self.take(method)

    def reducing(self):
        x = self.last
        if x.ndim == 0:
            return
        method, axis = self.one_of(
            [
                "sum", "mean", "max", "min", "logSumExp", "prod", "var", "cumsum", "cumprod", "softmax", "logSoftmax",
                "sort", "topk",
            ]
        ), self.axis()
        if method in ("cumsum", "cumprod", "softmax", "logSoftmax", "sort"):
            self.take(method, axis)
        elif method == "topk":
            self.take(method, 1 + self.below(x.shape[axis]), axis)
        elif (method != "var" or x.shape[axis] > 1) and x.numel() > 2:
            self.take(method, axis, {"keepDims": self.below(2) == 1})

    def indexing(self):
        x = self.last
        if x.ndim == 0:
            return
        method, axis = self.one_of(["index", "take", "tril", "triu"]), self.axis()
        if method in ("tril", "triu"):
            if x.ndim > 1:
                self.take(method, self.below(3) - 1)
            return
        places = [self.below(x.shape[axis if method == "take" else 0]) for _ in range(3)]
        self.take(method, *([places, axis] if method == "take" else [[places]]))

    def joining(self):
        x = self.last
        if x.ndim == 0:
            return
        method, axis = self.one_of(["Tensor.concat", "Tensor.stack", "pad", "roll", "tile", "repeat", "split"]), self.axis()
        this, same = f"${len(self.tensors) - 1}", self.fitting(lambda other: other.shape == x.shape)
        if method in ("Tensor.concat", "Tensor.stack"):
            self.take(method, [this, same, this][: 2 + self.below(2)], axis)
        elif method == "pad":
            self.take(method, [self.below(2), self.below(2)], {"mode": self.one_of(["constant", "replicate"])})
        elif method == "roll":
            self.take(method, 1 + self.below(3), axis)
        elif method == "tile":
            self.take(method, [2, 1])
        elif method == "repeat":
            self.take(method, [2] + [1] * (x.ndim - 1))
        else:
            self.take(method, 1 + self.below(2), axis)

    def product(self):
        x = self.last
        if x.ndim == 0:
            return
        other = self.fitting(lambda y: y.ndim > 0 and attempt(lambda: x @ y) is not None)
        if other:
            self.take("matmul", other)
        elif x.ndim > 1:
            self.take("mT")


def run(inputs, steps, moved=0.0):
    """The last result of a program and the gradients of its inputs, whose elements are moved by a part of themselves."""
    views = [made(spec, i + 1) for i, spec in enumerate(inputs)]
    for leaf, _ in views:
        leaf.data *= 1 + moved
    tensors = [x for _, x in views]
    for method, *args in steps:
        tensors.append(called(method, tensors[-1], tensors, args)[0])
    y = tensors[-1]
    return y.detach(), differentiated([y], [leaf for leaf, _ in views])


def weighted(x):
    """Σ w·x with w from the sequence: one number that says whether all are right."""
    return None if x is None else (x * made(f"float64 {line(list(x.shape))}", 200, False)[0]).sum().item()


def is_smooth(inputs, steps, y, gradients):
    """Whether inputs that are moved a little give nearly the same: where it is not, a choice depends on the last bits."""
    moved_y, moved = run(inputs, steps, 1e-7)
    pairs = [(y, moved_y), *((a, b) for a, b in zip(gradients, moved) if a is not None)]
    return all((a - b).abs().max() <= 1e-4 * (1 + a.abs().max()) for a, b in pairs)


def programs():
    for seed in range(PROGRAMS * 2):
        chain = Chain(seed)
        length = 5 + chain.below(16)
        for _ in range(60):
            if len(chain.steps) < length:
                chain.grow()
        y, gradients = run(chain.inputs, chain.steps)
        large = max([0, *(g.abs().max().item() for g in gradients if g is not None)])
        if len(chain.steps) < 5 or all(g is None for g in gradients) or not large < 1e4:
            continue
        if not is_smooth(chain.inputs, chain.steps, y, gradients):
            continue
        yield {
            "seed": seed, "in": chain.inputs, "steps": chain.steps, "shape": list(y.shape), "sum": weighted(y),
            "grad": [weighted(g) for g in gradients],
        }


def write_programs():
    head = {
        "notes": [
            "in: as in tensor.json. Every step is a method of the last result, the last input at first, or a static one, "
            "with its arguments; \"$i\" counts inputs and results. Of several results the first counts.",
            "shape and sum are of the last result, grad of the leaves; sums are weighted with numbers from the sequence.",
        ],
    }
    write("tensor_programs.json", head, {"records": list(itertools.islice(programs(), PROGRAMS))})


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    write_cases()
    write_programs()


if __name__ == "__main__":
    main()
