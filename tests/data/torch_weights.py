"""Writes torch/: weights as PyTorch stores them, with the outputs of their networks, and files that are not for us.

Run with PyTorch 2 and safetensors: python tests/data/torch_weights.py
With files, it loads them into the same networks and prints the outputs: ... sequential.safetensors named.safetensors
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

HERE = pathlib.Path(__file__).parent / "torch"
INPUTS = [[0.5, -1.0, 2.0], [0.0, 0.0, 0.0], [-3.0, 0.25, 1.5]]


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 5, bias=False)
        self.head = nn.ModuleDict({"out": nn.Linear(5, 1)})

    def forward(self, x):
        return self.head["out"](torch.tanh(self.fc1(x)))


def networks():
    activations = [
        nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.1), nn.ELU(1.3), None, nn.GELU(), nn.SiLU(), nn.Softplus(),
        nn.Sigmoid(), nn.Softmax(dim=-1),
    ]  # fmt: skip
    layers = [m for activation in activations for m in (nn.Linear(3, 3), activation) if m is not None]
    return {"sequential": nn.Sequential(*layers), "named": Named().double()}


def outputs(model):
    return model.double()(torch.tensor(INPUTS, dtype=torch.float64)).tolist()


if len(sys.argv) > 1:
    models = networks()
    for name, path in zip(models, sys.argv[1:]):
        models[name].load_state_dict(load_file(path))
    print(json.dumps({name: outputs(model) for name, model in models.items()}))
else:
    torch.manual_seed(7)
    HERE.mkdir(exist_ok=True)
    models = networks()
    for name, model in models.items():
        save_file(model.state_dict(), HERE / f"{name}.safetensors")
    small = nn.Sequential(nn.Linear(1, 1))
    torch.save(small.state_dict(), HERE / "state.pt")
    torch.save(small.state_dict(), HERE / "old.pt", _use_new_zipfile_serialization=False)
    torch.jit.script(small).save(HERE / "program.pt")
    computed = {name: outputs(model) for name, model in models.items()}
    text = json.dumps({"torch": torch.__version__, "inputs": INPUTS, "outputs": computed})
    (HERE / "outputs.json").write_text(text + "\n")
