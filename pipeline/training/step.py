"""One training step on each backend: losses, gradients, update, moving average."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from pipeline.errors import ConfigError
from pipeline.model.learning.objective import training_losses
from pipeline.training.optimisation import Group, averaged, clipped

#: Pictures and targets (a named tuple of arrays), numpy, to the losses by name.
Step = Callable[[Any, Any], dict[str, float]]

#: Network, pictures, targets and a generator of seeds to the losses by name; `loss` is what is made less.
Objective = Callable[[Any, Any, Any, keras.random.SeedGenerator], dict[str, Any]]


class TrainState:
    """Everything that a step changes: weights, their moving average, the optimizers and the luck of sampling."""

    def __init__(
        self, model: Any, groups: list[Group], seed: int, objective: Objective = training_losses
    ) -> None:
        self.model, self.groups, self._objective = model, groups, objective
        self.average = [keras.Variable(weight, trainable=False, dtype="float32") for weight in model.weights]
        self.seed = keras.random.SeedGenerator(seed)

    @property
    def variables(self) -> dict[str, Any]:
        """Every variable by a name that is the same in each process."""
        named = {f"model/{weight.path}": weight for weight in self.model.weights}
        named |= {f"average/{w.path}": a for w, a in zip(self.model.weights, self.average, strict=True)}
        for group, (optimizer, _) in enumerate(self.groups):
            named |= {f"optimizer{group}/{i}": variable for i, variable in enumerate(optimizer.variables)}
        return {**named, "seed": self.seed.state}

    def losses(self, images: Any, targets: Any) -> dict[str, Any]:
        """The losses of the network on these pictures."""
        return self._objective(self.model, images, targets, self.seed)

    @property
    def trainable(self) -> list[Any]:
        """The variables of all groups, in order."""
        return [variable for _, variables in self.groups for variable in variables]


def make_step(state: TrainState, clip_norm: float, ema_decay: float, jit: bool) -> Step:
    """The compiled step of the running backend."""
    makers = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
    backend = keras.backend.backend()
    if backend not in makers:
        raise ConfigError("KERAS_BACKEND must be tensorflow, jax or torch.", found=backend)
    return makers[backend](state, clip_norm, ema_decay, jit)


def _update(state: TrainState, gradients: list[Any], clip_norm: float, ema_decay: float) -> None:
    """Change the variables in place: a step of each optimizer, then the average."""
    gradients = clipped(gradients, clip_norm)
    start = 0
    for optimizer, variables in state.groups:
        optimizer.apply(gradients[start : start + len(variables)], variables)
        start += len(variables)
    step = state.groups[0][0].iterations
    for average, weight in zip(state.average, state.model.weights, strict=True):
        average.assign(averaged(average, weight, step, ema_decay))


def _tensorflow(state: TrainState, clip_norm: float, ema_decay: float, jit: bool) -> Step:
    import tensorflow as tf

    @tf.function(jit_compile=jit, autograph=False)
    def run(images: Any, targets: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            losses = state.losses(images, targets)
        gradients = tape.gradient(
            losses["loss"], [variable.value for variable in state.trainable],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )  # fmt: skip
        _update(state, [tf.convert_to_tensor(gradient) for gradient in gradients], clip_norm, ema_decay)
        return losses

    def step(images: Any, targets: Any) -> dict[str, float]:
        tensors = type(targets)(*(tf.constant(column) for column in targets))
        return {name: float(value) for name, value in run(tf.constant(images), tensors).items()}

    return step


def _jax(state: TrainState, clip_norm: float, ema_decay: float, jit: bool) -> Step:
    import jax

    del jit  # JAX has no other way to run than XLA
    variables = list(state.variables.values())
    places = {id(variable): place for place, variable in enumerate(variables)}
    trained = [places[id(variable)] for variable in state.trainable]

    def losses_of(trainable: list[Any], values: list[Any], images: Any, targets: Any) -> Any:
        values = list(values)
        for place, value in zip(trained, trainable, strict=True):
            values[place] = value
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            losses = state.losses(images, targets)
        return losses["loss"], (losses, _after(scope, variables, values))

    @jax.jit
    def run(values: list[Any], images: Any, targets: Any) -> Any:
        trainable = [values[place] for place in trained]
        gradient = jax.grad(losses_of, has_aux=True)
        gradients, (losses, values) = gradient(trainable, values, images, targets)
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            _update(state, gradients, clip_norm, ema_decay)
        return losses, _after(scope, variables, values)

    def step(images: Any, targets: Any) -> dict[str, float]:
        losses, values = run([variable.value for variable in variables], images, targets)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return {name: float(value) for name, value in losses.items()}

    return step


def _after(scope: Any, variables: list[Any], before: list[Any]) -> list[Any]:
    """Values of the variables at the end of a stateless scope."""
    after = []
    for variable, value in zip(variables, before, strict=True):
        changed = scope.get_current_value(variable)
        after.append(value if changed is None else changed)
    return after


def _torch(state: TrainState, clip_norm: float, ema_decay: float, jit: bool) -> Step:
    import torch

    del jit  # torch.compile does not take Keras' in-place updates of variables

    def step(images: Any, targets: Any) -> dict[str, float]:
        tensors = type(targets)(*(keras.ops.convert_to_tensor(np.asarray(column)) for column in targets))
        parameters = [variable.value for variable in state.trainable]
        losses = state.losses(keras.ops.convert_to_tensor(images), tensors)
        gradients = torch.autograd.grad(losses["loss"], parameters, allow_unused=True)
        with torch.no_grad():
            filled = [
                torch.zeros_like(parameter) if gradient is None else gradient
                for gradient, parameter in zip(gradients, parameters, strict=True)
            ]
            _update(state, filled, clip_norm, ema_decay)
        return {name: float(value) for name, value in losses.items()}

    return step
