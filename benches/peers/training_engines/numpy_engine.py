"""Gradients by hand in numpy, a matrix product per layer."""

import numpy as np

from . import settings

# Outputs of the hidden layers, and their derivatives from the outputs.
ACTIVATIONS = {
    "moons": (lambda a: np.maximum(a, 0), lambda h: h > 0),
    "iris": (np.tanh, lambda h: 1 - h * h),
    "digits": (np.tanh, lambda h: 1 - h * h),
    "two_two_two": (lambda a: 1 / (1 + np.exp(-a)), lambda h: h * (1 - h)),
}


def loss_and_slopes(name, outputs, targets):
    """The loss of a batch, and its derivatives by the net inputs of the last layer."""
    n = len(outputs)
    if name == "moons":
        margins = 1 - targets * outputs
        return np.maximum(margins, 0).sum() / n, np.where(margins > 0, -targets / n, 0).astype(outputs.dtype)
    if name == "two_two_two":
        errors = outputs - targets
        return 0.5 * (errors * errors).sum(), errors * outputs * (1 - outputs)
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    totals = powers.sum(axis=1, keepdims=True)
    loss = (np.log(totals).sum() - (targets * shifted).sum()) / n
    return loss, (powers / totals - targets) / n


def gradient(name, layers, inputs, targets):
    activation, derivative = ACTIVATIONS[name]
    flow = [inputs]
    for k, (weights, biases) in enumerate(layers):
        net = flow[-1] @ weights.T + biases
        is_linear = k + 1 == len(layers) and name != "two_two_two"
        flow.append(net if is_linear else activation(net))
    loss, slopes = loss_and_slopes(name, flow[-1], targets)
    by_layers = []
    for k in reversed(range(len(layers))):
        by_layers.insert(0, [slopes.T @ flow[k], slopes.sum(axis=0)])
        if k > 0:
            slopes = (slopes @ layers[k][0]) * derivative(flow[k])
    if name == "moons":
        for own, by_own in zip(layers, by_layers):
            for w, by_w in zip(own, by_own):
                loss += settings.DECAY * (w * w).sum()
                by_w += 2 * settings.DECAY * w
    return loss, by_layers


def modes(task, precision):
    rate, batches = settings.RATE[task.name], settings.batches(task, precision)

    def update_all(layers, memory, by_layers, count):
        for own, of_own, by_own in zip(layers, memory, by_layers):
            for w, (first, second), slope in zip(own, of_own, by_own):
                if task.name == "digits":
                    first *= settings.MOMENTUM
                    first += slope
                    w -= rate * first
                elif task.name == "iris":
                    beta1, beta2 = settings.BETAS
                    first += (1 - beta1) * (slope - first)
                    second *= beta2
                    second += (1 - beta2) * slope * slope
                    root = np.sqrt(second) / (1 - beta2**count) ** 0.5 + settings.EPS
                    w -= rate / (1 - beta1**count) * first / root
                else:
                    w -= rate * slope
                    if task.name == "two_two_two":
                        break  # biases stay

    def run(steps):
        layers = settings.layers(task, precision)
        memory = [[(np.zeros_like(w), np.zeros_like(w)) for w in own] for own in layers]
        losses, count = [], 0
        for _ in range(steps):
            of_step = []
            for inputs, targets in batches * (settings.UPDATES if task.name == "two_two_two" else 1):
                loss, by_layers = gradient(task.name, layers, inputs, targets)
                count += 1
                update_all(layers, memory, by_layers, count)
                of_step.append(loss)
            losses.append(of_step[-1] if task.name == "two_two_two" else sum(of_step) / len(of_step))
        return losses

    return {"numpy": run}
