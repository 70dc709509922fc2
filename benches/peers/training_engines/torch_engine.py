"""PyTorch: eager with its own optimisers, and a whole step as a compiled function."""

import torch
import torch.nn.functional as F

from . import settings

torch.set_num_threads(1)
torch._dynamo.config.recompile_limit = 100  # one code for all tasks

ACTIVATIONS = {"moons": torch.relu, "iris": torch.tanh, "digits": torch.tanh, "two_two_two": torch.sigmoid}


def loss(name, parameters, inputs, targets):
    activation, flow = ACTIVATIONS[name], inputs
    for k in range(0, len(parameters), 2):
        flow = F.linear(flow, parameters[k], parameters[k + 1])
        if k + 2 < len(parameters) or name == "two_two_two":
            flow = activation(flow)
    if name == "moons":
        squares = sum((w * w).sum() for w in parameters)
        return torch.relu(1 - targets * flow).mean() + settings.DECAY * squares
    if name == "two_two_two":
        return 0.5 * ((flow - targets) ** 2).sum()
    return F.cross_entropy(flow, targets)


def modes(task, precision):
    name, rate = task.name, settings.RATE[task.name]
    updates = settings.UPDATES if name == "two_two_two" else 1
    batches = [[torch.from_numpy(part) for part in batch] for batch in settings.batches(task, precision)]
    if name in ("iris", "digits"):  # classes are quicker than one-hot rows
        batches = [(inputs, targets.argmax(dim=1)) for inputs, targets in batches]

    def start():
        return [torch.from_numpy(part) for layer in settings.layers(task, precision) for part in layer]

    def mean(of_step):
        return float(of_step[-1]) if name == "two_two_two" else sum(map(float, of_step)) / len(of_step)

    def eager(steps):
        parameters = start()
        learning = parameters[::2] if name == "two_two_two" else parameters  # biases stay
        for w in learning:
            w.requires_grad_()
        optimizer = {
            "iris": lambda: torch.optim.Adam(learning, lr=rate, betas=settings.BETAS, eps=settings.EPS),
            "digits": lambda: torch.optim.SGD(learning, lr=rate, momentum=settings.MOMENTUM),
        }.get(name, lambda: torch.optim.SGD(learning, lr=rate))()
        losses = []
        for _ in range(steps):
            of_step = []
            for inputs, targets in batches * updates:
                optimizer.zero_grad()
                value = loss(name, parameters, inputs, targets)
                value.backward()
                optimizer.step()
                of_step.append(value.detach())
            losses.append(of_step)
        return [mean(of_step) for of_step in losses]

    def update(parameters, memory, count, inputs, targets):
        by_parameters = torch.func.grad_and_value(lambda parameters: loss(name, parameters, inputs, targets))
        slopes, value = by_parameters(parameters)
        if name == "digits":
            memory = [[settings.MOMENTUM * v + g for v, g in zip(memory[0], slopes)]]
            return [w - rate * v for w, v in zip(parameters, memory[0])], memory, value
        if name == "iris":
            beta1, beta2 = settings.BETAS
            first = [m + (1 - beta1) * (g - m) for m, g in zip(memory[0], slopes)]
            second = [beta2 * v + (1 - beta2) * g * g for v, g in zip(memory[1], slopes)]
            step, root = rate / (1 - beta1**count), (1 - beta2**count) ** 0.5
            parameters = [
                w - step * m / (v.sqrt() / root + settings.EPS) for w, m, v in zip(parameters, first, second)
            ]
            return parameters, [first, second], value
        learns = [k % 2 == 0 or name != "two_two_two" for k in range(len(parameters))]
        return [w - rate * g if l else w for w, g, l in zip(parameters, slopes, learns)], memory, value

    compiled_update = torch.compile(update, fullgraph=True, dynamic=False)

    def compiled(steps):
        parameters = start()
        zeros = [torch.zeros_like(w) for w in parameters]
        memory = {"digits": [zeros], "iris": [zeros, zeros]}.get(name, [])
        count = torch.zeros((), dtype=parameters[0].dtype)
        losses = []
        for _ in range(steps):
            of_step = []
            for inputs, targets in batches * updates:
                if name == "iris":
                    count = count + 1
                parameters, memory, value = compiled_update(parameters, memory, count, inputs, targets)
                of_step.append(value)
            losses.append(of_step)
        return [mean(of_step) for of_step in losses]

    return {"torch, eager": eager, "torch.compile": compiled}
