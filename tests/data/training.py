"""Writes training.json: what PyTorch computes for optimisers, schedules, clipping and whole training runs.

Run with PyTorch 2 on a CPU: python tests/data/training.py
"""

import json
import math
import pathlib

import torch

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent


def pattern(count, scale):
    """Numbers that need no generator: the same in any language, to the bit."""
    return [((k * 7919 + 13) % 2001 - 1000) / 1000 * scale for k in range(count)]


def slopes(step):
    """The gradient of a step: 5 numbers of different sizes, one of them always 0."""
    raw = pattern(400, 1.0)[step * 4 : step * 4 + 4]
    return [raw[0] * 10, raw[1], raw[2] * 1e-3, raw[3] * 100, 0.0]


START = [1.0, -2.0, 0.5, 30.0, -0.25]

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "sgd dampened": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01),
    "sgd nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
    "rmsprop centered": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.02),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
    "adagrad decay": lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.5),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adam decay": lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    "adam amsgrad": lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.5, 0.6), amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1),
}


def optimizer_paths():
    paths = {}
    for name, make in OPTIMIZERS.items():
        w = torch.tensor(START, requires_grad=True)
        optimizer = make([w])
        path = []
        for step in range(40):
            w.grad = torch.tensor(slopes(step))
            optimizer.step()
            path.append(w.tolist())
        paths[name] = path[:3] + path[-1:]
    return paths


SCHEDULES = {
    "step": lambda o: torch.optim.lr_scheduler.StepLR(o, 7, 0.3),
    "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.93),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 30, eta_min=0.05),
    "linear": lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.25, 1.0, 10),
    "one cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 1.0, total_steps=30),
}


def schedules():
    rates = {}
    for name, make in SCHEDULES.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        schedule = make(optimizer)
        rates[name] = []
        for _ in range(30):
            rates[name].append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if len(rates[name]) < 30:
                schedule.step()
    return rates


def clipping():
    def clipped(rule):
        w = torch.zeros(3, requires_grad=True)
        w.grad = torch.tensor([3.0, -4.0, 12.0])
        rule(w)
        return w.grad.tolist()

    return {
        "norm 2": clipped(lambda w: torch.nn.utils.clip_grad_norm_([w], 2.0)),
        "norm 20": clipped(lambda w: torch.nn.utils.clip_grad_norm_([w], 20.0)),
        "value 3.5": clipped(lambda w: torch.nn.utils.clip_grad_value_([w], 3.5)),
    }


def losses():
    y = torch.tensor([1.5, -0.25, 40.0])
    t = torch.tensor([0.5, 0.25, 0.25])
    sign = torch.tensor([1.0, -1.0, -1.0])
    f = torch.nn.functional
    return {
        "half squared": (0.5 * (y - t).pow(2).sum()).item(),
        "squared": f.mse_loss(y, t, reduction="sum").item(),
        "mean squared": f.mse_loss(y, t).item(),
        "absolute": f.l1_loss(y, t, reduction="sum").item(),
        "mean absolute": f.l1_loss(y, t).item(),
        "huber 0.75": f.huber_loss(y, t, reduction="sum", delta=0.75).item(),
        "hinge": (1 - sign * y).relu().sum().item(),
        "binary cross entropy": f.binary_cross_entropy_with_logits(y, t, reduction="sum").item(),
        "cross entropy": f.cross_entropy(y[None], t[None], reduction="sum").item(),
        "cross entropy of class 1": f.cross_entropy(y[None], torch.tensor([1])).item(),
    }


def network(sizes, scale):
    """Weights and biases of each layer, in our order: neuron by neuron its weights, then its bias."""
    layers, at = [], 0
    values = pattern(sum((i + 1) * o for i, o in zip(sizes, sizes[1:])), scale)
    for i, o in zip(sizes, sizes[1:]):
        block = torch.tensor(values[at : at + (i + 1) * o]).reshape(o, i + 1)
        at += (i + 1) * o
        layers.append([block[:, :i].clone().requires_grad_(), block[:, i].clone().requires_grad_()])
    return layers


def forward(layers, x, activation):
    for k, (w, b) in enumerate(layers):
        x = x @ w.T + b
        x = activation(x) if k + 1 < len(layers) else x
    return x


def flat(layers):
    return [p for w, b in layers for p in torch.cat([w, b[:, None]], 1).detach().flatten().tolist()]


def moons():
    """2-16-16-1 relu, mean hinge loss with an L2 price on all parameters, rate 1 - 0.9 k / 100."""
    points, targets = [], []
    for k in range(50):
        angle = math.pi * k / 49
        points += [[math.cos(angle), math.sin(angle)], [1 - math.cos(angle), 0.5 - math.sin(angle)]]
        targets += [[-1.0], [1.0]]
    x, t = torch.tensor(points), torch.tensor(targets)
    layers = network([2, 16, 16, 1], 0.5)
    parameters = [p for layer in layers for p in layer]
    losses = []
    for k in range(100):
        loss = (1 - t * forward(layers, x, torch.relu)).relu().mean()
        loss = loss + 1e-4 * sum((p * p).sum() for p in parameters)
        losses.append(loss.item())
        gradient = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradient):
                p -= (1.0 - 0.9 * k / 100) * g
    return {"inputs": points, "losses": losses, "parameters": flat(layers)}


def digits():
    """64-32-10 tanh, mean cross entropy, momentum 0.9, batches of 64 in file order, the last one of 5."""
    rows = (HERE / "../../examples/data/digits.csv").read_text().split()
    table = torch.tensor([[float(cell) for cell in row.split(",")] for row in rows])
    x, t = table[:, :64] / 16, table[:, 64].long()
    layers = network([64, 32, 10], 0.2)
    optimizer = torch.optim.SGD([p for layer in layers for p in layer], lr=0.1, momentum=0.9)
    losses = []
    for _ in range(2):
        total = 0.0
        for k in range(0, len(x), 64):
            loss = torch.nn.functional.cross_entropy(forward(layers, x[k : k + 64], torch.tanh), t[k : k + 64])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x[k : k + 64]) / len(x)
        losses.append(total)
    return {"losses": losses, "parameters": flat(layers)[::10]}


def main():
    figures = {
        "torch": torch.__version__,
        "optimizers": optimizer_paths(),
        "schedules": schedules(),
        "clipping": clipping(),
        "losses": losses(),
        "moons": moons(),
        "digits": digits(),
    }
    (HERE / "training.json").write_text(json.dumps(figures, indent=1))


main()
