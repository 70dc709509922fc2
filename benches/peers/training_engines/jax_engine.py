"""JAX: every step a call of a compiled function, and the whole loop in one."""

import jax
import jax.numpy as jnp
from jax import lax

from . import settings

jax.config.update("jax_enable_x64", True)

ACTIVATIONS = {"moons": jax.nn.relu, "iris": jnp.tanh, "digits": jnp.tanh, "two_two_two": jax.nn.sigmoid}


def loss(name, layers, inputs, targets):
    activation, flow = ACTIVATIONS[name], inputs
    for k, (weights, biases) in enumerate(layers):
        flow = flow @ weights.T + biases
        if k + 1 < len(layers) or name == "two_two_two":
            flow = activation(flow)
    if name == "moons":
        squares = sum(jnp.sum(w * w) for w in jax.tree.leaves(layers))
        return jnp.mean(jax.nn.relu(1 - targets * flow)) + settings.DECAY * squares
    if name == "two_two_two":
        return 0.5 * jnp.sum((flow - targets) ** 2)
    return jnp.mean(jax.nn.logsumexp(flow, axis=1) - jnp.sum(targets * flow, axis=1))


def modes(task, precision):
    name, rate = task.name, settings.RATE[task.name]
    layers = jax.tree.map(jnp.asarray, settings.layers(task, precision))
    batches = jax.tree.map(jnp.asarray, settings.batches(task, precision))
    zeros = jax.tree.map(jnp.zeros_like, layers)
    start = {
        "digits": (layers, zeros),
        "iris": (layers, zeros, zeros, jnp.zeros((), layers[0][0].dtype)),
    }.get(name, (layers,))

    def update(state, batch):
        layers, *memory = state
        value, slopes = jax.value_and_grad(lambda layers: loss(name, layers, *batch))(layers)
        if name == "digits":
            (velocity,) = memory
            velocity = jax.tree.map(lambda v, g: settings.MOMENTUM * v + g, velocity, slopes)
            return (jax.tree.map(lambda w, v: w - rate * v, layers, velocity), velocity), value
        if name == "iris":
            (beta1, beta2), (first, second, count) = settings.BETAS, memory
            count += 1
            first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, slopes)
            second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, slopes)
            step, root = rate / (1 - beta1**count), jnp.sqrt(1 - beta2**count)
            layers = jax.tree.map(
                lambda w, m, v: w - step * m / (jnp.sqrt(v) / root + settings.EPS), layers, first, second
            )
            return (layers, first, second, count), value
        if name == "two_two_two":  # biases stay
            return ([(w - rate * g, b) for (w, b), (g, _) in zip(layers, slopes)],), value
        return (jax.tree.map(lambda w, g: w - rate * g, layers, slopes),), value

    jitted = jax.jit(update)

    def per_step(steps):
        state, losses = start, []
        for _ in range(steps):
            of_step = []
            for batch in batches * (settings.UPDATES if name == "two_two_two" else 1):
                state, value = jitted(state, batch)
                of_step.append(value)
            losses.append(of_step[-1:] if name == "two_two_two" else of_step)
        return [sum(map(float, of_step)) / len(of_step) for of_step in losses]

    def step(state, _):
        if name == "two_two_two":
            state, values = lax.scan(lambda state, _: update(state, batches[0]), state, length=settings.UPDATES)
            return state, values[-1]
        if len(batches) == 1:
            return update(state, batches[0])
        whole = jax.tree.map(lambda *of_batches: jnp.stack(of_batches), *batches[:-1])
        state, values = lax.scan(update, state, whole)
        state, last = update(state, batches[-1])
        return state, (jnp.sum(values) + last) / len(batches)

    compiled = {}

    def whole_loop(steps):
        if steps not in compiled:
            compiled[steps] = jax.jit(lambda state: lax.scan(step, state, length=steps)[1])
        return compiled[steps](start).tolist()

    return {"jax, one jit": whole_loop, "jax, jit per step": per_step}
