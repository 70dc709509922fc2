"""The side of Python in `main.rs`: numpy and safetensors, nothing of the crate.

python weights.py evaluate NETWORK FILE      prints the outputs of the network with the weights in the file
python weights.py write NETWORK FILE         draws weights, writes them, and does the same
python weights.py others FOLDER              writes weights in other formats

NETWORK is JSON: {"layers": [{"weight", "bias", "shape", "activation"}], "inputs", "dtype"}.
"""

import json
import math
import pathlib
import pickle
import sys

import numpy
from safetensors.numpy import load_file, save_file

erf = numpy.vectorize(math.erf)
sigmoid = lambda a: 1 / (1 + numpy.exp(-a))
ACTIVATIONS = {
    "Identity": lambda a: a,
    "Sigmoid": sigmoid,
    "Tanh": numpy.tanh,
    "Relu": lambda a: numpy.maximum(a, 0),
    "LeakyRelu(0.1)": lambda a: numpy.where(a > 0, a, 0.1 * a),
    "Elu(1.3)": lambda a: numpy.where(a > 0, a, 1.3 * numpy.expm1(a)),
    "Gelu": lambda a: a * (1 + erf(a / math.sqrt(2))) / 2,
    "Silu": lambda a: a * sigmoid(a),
    "Softplus": lambda a: numpy.logaddexp(0, a),
    "Softmax": lambda a: numpy.exp(a) / numpy.exp(a).sum(axis=-1, keepdims=True),
}


def evaluate(network, path):
    tensors = load_file(path)
    flow = numpy.array(network["inputs"])
    for layer in network["layers"]:
        weight = tensors.pop(layer["weight"])
        assert list(weight.shape) == layer["shape"] and weight.dtype == network["dtype"], layer
        flow = flow @ weight.astype(float).T
        if layer["bias"]:
            bias = tensors.pop(layer["bias"])
            assert list(bias.shape) == layer["shape"][:1] and bias.dtype == network["dtype"], layer
            flow = flow + bias
        flow = ACTIVATIONS[layer["activation"]](flow)
    assert not tensors, tensors.keys()
    print(json.dumps(flow.tolist()))


def write(network, path):
    random = numpy.random.default_rng(7)
    tensors = {}
    for layer in network["layers"]:
        tensors[layer["weight"]] = random.normal(size=layer["shape"]).astype(network["dtype"])
        if layer["bias"]:
            tensors[layer["bias"]] = random.normal(size=layer["shape"][:1]).astype(network["dtype"])
    save_file(tensors, path)


def others(folder):
    # In the order of Fortran, as a file of numpy may have it, and safetensors does not.
    weight = numpy.asfortranarray([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    numpy.save(folder / "array.npy", weight)
    numpy.savez(folder / "arrays.npz", **{"0.weight": weight})
    numpy.savez_compressed(folder / "compressed.npz", **{"0.weight": weight})
    (folder / "arrays.json").write_text(json.dumps({"0.weight": weight.tolist()}))
    (folder / "arrays.pickle").write_bytes(pickle.dumps({"0.weight": weight}))
    save_file({"0.weight": numpy.ones((3, 2), numpy.float16)}, folder / "half.safetensors")
    save_file({"0.weight": weight.T.copy()}, folder / "transposed.safetensors")


if sys.argv[1] == "others":
    others(pathlib.Path(sys.argv[2]))
else:
    network = json.loads(pathlib.Path(sys.argv[2]).read_text())
    if sys.argv[1] == "write":
        write(network, sys.argv[3])
    evaluate(network, sys.argv[3])
