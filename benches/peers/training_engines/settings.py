"""What the tasks are, besides data and initial parameters: as in `benches/workloads/training`."""

import numpy as np

WIDTHS = {"moons": [2, 16, 16, 1], "iris": [4, 16, 3], "digits": [64, 32, 10], "two_two_two": [2, 2, 2]}
RATE = {"moons": 0.1, "iris": 0.01, "digits": 0.1, "two_two_two": 0.5}
DECAY = 1e-4  # moons: of the sum of the squares
MOMENTUM = 0.9  # digits
BATCH = 64  # digits
BETAS, EPS = (0.9, 0.999), 1e-8  # iris
UPDATES = 10_000  # two_two_two: of a step


def layers(task, precision):
    """Matrices of weights (a row per neuron) and vectors of biases, from the flat list."""
    flat, widths = np.array(task.parameters, dtype=precision.replace("f", "float")), WIDTHS[task.name]
    found = []
    for inputs, outputs in zip(widths, widths[1:]):
        if task.name == "two_two_two":  # one bias after the weights of a layer
            own, flat = flat[: inputs * outputs + 1], flat[inputs * outputs + 1 :]
            found.append((own[:-1].reshape(outputs, inputs).copy(), np.full(outputs, own[-1])))
        else:
            own, flat = flat[: (inputs + 1) * outputs].reshape(outputs, inputs + 1), flat[(inputs + 1) * outputs :]
            found.append((own[:, :-1].copy(), own[:, -1].copy()))
    return found


def batches(task, precision):
    """Inputs and targets of each update of an epoch."""
    size = BATCH if task.name == "digits" else len(task.inputs)
    inputs, targets = (np.array(rows, dtype=precision.replace("f", "float")) for rows in (task.inputs, task.targets))
    return [(inputs[k : k + size].copy(), targets[k : k + size].copy()) for k in range(0, len(inputs), size)]
