"""Writes onnx.json: networks that PyTorch and scikit-learn exported, with what they compute, and what other programs
compute of the files that gradus writes.

Run with torch, numpy, onnx, onnxscript, onnxruntime, scikit-learn and skl2onnx installed, after gradus wrote its files:

    deno run -A tests/reference/write_onnx.ts .scratch/onnx
    python tests/reference/make_onnx.py .scratch/onnx

Files are in base64, without the metadata of the exporters, which hold paths of the machine.
"""

import base64
import hashlib
import json
import math
import os
import pathlib
import sys
import tempfile
import warnings

os.environ["ATEN_CPU_CAPABILITY"] = "default"
warnings.simplefilter("ignore")

import numpy as np
import onnx
import onnxruntime
import skl2onnx
import sklearn
import torch
from onnx.reference import ReferenceEvaluator
from onnx.reference.ops.op_erf import Erf
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent


def inputs_of(rows, *sizes, seed=0):
    """Normal numbers as multiples of 1/1024, the last two rows large."""
    x = np.round(np.random.RandomState(seed).standard_normal((rows, *sizes)) * 1024) / 1024
    x[-2:] *= 32
    return x


def without_metadata(model):
    """The model without doc strings and metadata."""
    for thing in [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output,
                  *model.graph.value_info, *model.graph.initializer]:
        thing.doc_string = ""
        del thing.metadata_props[:]
    return model.SerializeToString(deterministic=True)


def text(data):
    return base64.b64encode(data).decode()


# ---------------------------------------------------------------- what others export


def exported(name, model, x, dynamo, dtype=torch.float32, **options):
    """A record of a module of PyTorch, exported by one of its two exporters."""
    model = model.to(dtype).eval()
    example = torch.tensor(x, dtype=dtype)
    options |= {"dynamic_shapes": ({0: "N"},), "verbose": False} if dynamo else {
        "input_names": ["x"], "dynamic_axes": {"x": {0: "N"}}}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.onnx")
        torch.onnx.export(model, (example,), path, dynamo=dynamo, **options)
        file = without_metadata(onnx.load(path, load_external_data=False))
        beside = pathlib.Path(folder, "model.onnx.data")
        data = beside.read_bytes() if beside.exists() else b""
    with torch.no_grad():
        outputs = model(example).tolist()
    record = {"name": f"PyTorch, {'torch.export' if dynamo else 'TorchScript'}, {name}",
              "dtype": str(dtype).split(".")[1], "file": text(file), "inputs": x.reshape(len(x), -1).tolist(),
              "outputs": outputs}
    return record | ({"data": text(data)} if data else {})


def pytorch_records():
    double = torch.float64
    x = inputs_of(6, 3)
    for dynamo in (True, False):
        torch.manual_seed(1)
        yield exported("ReLU, Softmax", nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3), nn.Softmax(-1)), x, dynamo)
        yield exported("LeakyReLU, Sigmoid, no bias",
                       nn.Sequential(nn.Linear(3, 4, bias=False), nn.LeakyReLU(), nn.Linear(4, 2, bias=False), nn.Sigmoid()), x, dynamo,
                       double)
        yield exported("Tanh, SiLU", nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.SiLU()), x, dynamo, double)
        yield exported("Softplus, Dropout",
                       nn.Sequential(nn.Linear(3, 4), nn.Softplus(), nn.Dropout(), nn.Linear(4, 2)), x, dynamo)
        yield exported("GELU", nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2)), x, dynamo, opset_version=20)
        yield exported("GELU composed, Flatten",
                       nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.GELU(), nn.Linear(4, 2)), inputs_of(4, 2, 3), dynamo,
                       double, opset_version=18 if dynamo else 13)
    torch.manual_seed(2)
    yield exported("numbers in a file beside", nn.Sequential(nn.Linear(40, 8), nn.ReLU(), nn.Linear(8, 1)),
                   inputs_of(3, 40), True)


def sklearn_records():
    x = inputs_of(8, 3)
    regressor = MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0).fit(x, x[:, 0])
    file = skl2onnx.to_onnx(regressor, x[:1].astype(np.float32))
    yield {"name": "scikit-learn, MLPRegressor", "dtype": "float32", "file": text(without_metadata(file)),
           "inputs": x.tolist(), "outputs": regressor.predict(x).reshape(-1, 1).tolist()}
    classifier = MLPClassifier(hidden_layer_sizes=(4,), activation="tanh", max_iter=3, random_state=0)
    classifier.fit(x, np.arange(8) % 3)
    file = skl2onnx.to_onnx(classifier, x[:1].astype(np.float32), options={"zipmap": False})
    yield {"name": "scikit-learn, MLPClassifier", "dtype": "float32", "file": text(without_metadata(file)),
           "output": "probabilities", "inputs": x.tolist(), "outputs": classifier.predict_proba(x).tolist()}


# ---------------------------------------------------------------- what gradus writes


# That of the reference evaluator rounds to float32.
Erf._run = lambda self, x: (np.vectorize(math.erf)(x).astype(x.dtype),)


def evaluated(path, x):
    """A record of a file of gradus: its hash, but for the version of gradus, and what it gives. Both evaluators have to agree."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    [given] = model.graph.input
    double = given.type.tensor_type.elem_type == onnx.TensorProto.DOUBLE
    feed = {given.name: x.astype(np.float64 if double else np.float32)}
    [outputs] = ReferenceEvaluator(model).run(None, feed)
    if path.stem == "gelu-float64":
        evaluator = "onnx.reference"  # onnxruntime has no float64 Erf.
    else:
        evaluator = "onnxruntime"
        [fast] = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feed)
        tolerance = 1e-13 if double else 2e-6
        np.testing.assert_allclose(fast, outputs, rtol=tolerance, atol=tolerance)
        outputs = fast
    version = bytes([3 << 3 | 2, len(model.producer_version)]) + model.producer_version.encode()
    file = path.read_bytes().replace(version, b"", 1)
    return {"name": path.stem, "evaluator": evaluator, "outputs": outputs.tolist(),
            "sha256": hashlib.sha256(file).hexdigest()}


def line(x):
    return json.dumps(x, separators=(",", ":"), allow_nan=False)


def main(folder):
    x = inputs_of(6, 3)
    head = {
        "source": f"PyTorch {torch.__version__.split('+')[0]}, scikit-learn {sklearn.__version__}, "
                  f"skl2onnx {skl2onnx.__version__}, onnx {onnx.__version__}, "
                  f"onnxruntime {onnxruntime.__version__}",
        "script": "tests/reference/make_onnx.py",
        "inputs": x.tolist(),
        "written": None,
        "records": None,
    }
    lists = {
        "written": [evaluated(path, x) for path in sorted(pathlib.Path(folder).glob("*.onnx"))],
        "records": [*pytorch_records(), *sklearn_records()],
    }
    parts = [f"{json.dumps(key)}:" + ("[\n" + ",\n".join(map(line, lists[key])) + "\n]" if key in lists else line(value))
             for key, value in head.items()]
    (FOLDER / "onnx.json").write_text("{" + ",\n".join(parts) + "}\n")


main(sys.argv[1])
