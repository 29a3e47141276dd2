"""A fully connected network in NumPy, float32, relu but for the last layer: forward and backward by hand."""

import numpy as np


class Network:
    """weights: (nin, nout) of each layer; biases begin at 0."""

    def __init__(self, weights):
        self.weights = weights
        self.biases = [np.zeros(w.shape[1], np.float32) for w in weights]
        self.parameters = self.weights + self.biases

    def forward(self, x):
        """The input and the output of each layer."""
        layers = [x]
        for k, (w, b) in enumerate(zip(self.weights, self.biases)):
            z = layers[-1] @ w
            z += b
            layers.append(np.maximum(z, 0, out=z) if k < len(self.weights) - 1 else z)
        return layers

    def backward(self, layers, d):
        """The gradients, in the order of the parameters; d is that of the output."""
        dw, db = [], []
        for k in reversed(range(len(self.weights))):
            dw.append(layers[k].T @ d)
            db.append(d.sum(0))
            if k > 0:
                d = (d @ self.weights[k].T) * (layers[k] > 0)
        return dw[::-1] + db[::-1]
