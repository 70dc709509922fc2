"""Writes losses.json: values and gradients of losses, by PyTorch in double precision.

Run with PyTorch 2 on a CPU: python tests/data/losses.py
"""

import json
import pathlib

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent


def quantile(q):
    return lambda y, t: torch.maximum((t - y) * q, (t - y) * (q - 1)).sum()


def log_cosh(y, t):
    # As PyTorch has no loss of this name: exact for small errors, finite for large ones.
    e = t - y
    small = torch.log1p(2 * torch.sinh(e.clamp(-2, 2) / 2) ** 2)
    large = e.abs() + F.softplus(-2 * e.abs()) - torch.log(torch.tensor(2.0))
    return torch.where(e.abs() < 1, small, large).sum()


def focal(gamma):
    def loss(y, t):
        ln_p = (F.log_softmax(y, 0) * t).sum()
        return (-torch.expm1(ln_p)) ** gamma * -ln_p

    return loss


def binary_focal(gamma):
    """As `torchvision.ops.sigmoid_focal_loss` without alpha."""

    def loss(y, t):
        p = torch.sigmoid(y)
        ce = F.binary_cross_entropy_with_logits(y, t, reduction="none")
        return (ce * (1 - (p * t + (1 - p) * (1 - t))) ** gamma).sum()

    return loss


CLASSES = [
    ([0.5, -1.0, 2.0], [0.0, 0.0, 1.0]),
    ([0.5, -1.0, 2.0], [0.0, 1.0, 0.0]),
    ([30.0, -20.0, 4.0], [1.0, 0.0, 0.0]),
    ([30.0, -20.0, 4.0], [0.0, 1.0, 0.0]),
    ([1e3, -1e3], [0.0, 1.0]),
    ([0.0, 0.0], [1.0, 0.0]),
]
SHARES = CLASSES + [([0.5, -1.0, 2.0], [0.2, 0.3, 0.5]), ([3.0, 3.0], [0.5, 0.5]), ([700.0, -700.0, 0.0], [0.1, 0.1, 0.8])]
BITS = [([0.5, -2.0, 3.0], [1.0, 0.0, 0.0]), ([12.0, -9.0], [1.0, 1.0]), ([0.0], [1.0]), ([-500.0], [1.0])]
NUMBERS = [
    ([0.5, -1.0, 2.0], [1.0, -1.5, 0.0]),
    ([1e-9, 3.0], [0.0, 4.0 - 1e-9]),
    ([-700.0, 5e4], [900.0, -1e6]),
    ([0.3], [0.2999]),
]
COUNTS = [([0.5, -1.0, 2.0], [0.0, 1.0, 7.0]), ([-700.0], [3.0]), ([5.0], [150.0]), ([0.0], [0.0])]

LOSSES = [
    ("quantile", 0.5, quantile(0.5), NUMBERS),
    ("quantile", 0.9, quantile(0.9), NUMBERS),
    ("log cosh", 0, log_cosh, NUMBERS),
    ("poisson", 0, lambda y, t: F.poisson_nll_loss(y, t, log_input=True, full=False, reduction="sum"), COUNTS),
    ("focal", 2.0, focal(2.0), CLASSES),
    ("focal", 0.5, focal(0.5), CLASSES[:4]),
    ("binary focal", 2.0, binary_focal(2.0), BITS),
    ("binary focal", 1.5, binary_focal(1.5), BITS),
    ("kullback leibler", 0, lambda y, t: F.kl_div(F.log_softmax(y, 0), t, reduction="sum"), SHARES),
    ("smoothed", 0.1, lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1), SHARES),
    ("smoothed", 1.0, lambda y, t: F.cross_entropy(y, t, label_smoothing=1.0), SHARES),
]


def main():
    cases = []
    for name, number, loss, points in LOSSES:
        for outputs, targets in points:
            y, t = torch.tensor(outputs, requires_grad=True), torch.tensor(targets)
            value = loss(y, t)
            value.backward()
            case = {"loss": name, "number": number, "outputs": outputs, "targets": targets}
            cases.append(case | {"value": value.item(), "gradient": y.grad.tolist()})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "losses.json").write_text(f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
