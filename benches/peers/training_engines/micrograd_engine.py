"""micrograd, on moons, which is its own demonstration; it knows double precision only."""

import sys

from micrograd.engine import Value

from . import settings

sys.setrecursionlimit(1_000_000)


def modes(task, precision):
    if task.name != "moons" or precision != "f64":
        return {}

    def run(steps):
        layers = [
            [([Value(w) for w in row], Value(bias)) for row, bias in zip(weights.tolist(), biases.tolist())]
            for weights, biases in settings.layers(task, precision)
        ]
        parameters = [w for layer in layers for row, bias in layer for w in [*row, bias]]
        losses = []
        for _ in range(steps):
            total = Value(0.0)
            for inputs, (target,) in zip(task.inputs, task.targets):
                flow = inputs
                for k, layer in enumerate(layers):
                    flow = [sum((w * x for w, x in zip(row, flow)), bias) for row, bias in layer]
                    if k + 1 < len(layers):
                        flow = [net.relu() for net in flow]
                total += (1 + -target * flow[0]).relu()
            loss = total * (1.0 / len(task.inputs)) + settings.DECAY * sum(w * w for w in parameters)
            for w in parameters:
                w.grad = 0.0
            loss.backward()
            for w in parameters:
                w.data -= settings.RATE["moons"] * w.grad
            losses.append(loss.data)
        return losses

    run.most_steps = 2  # each takes long
    return {"micrograd": run}
