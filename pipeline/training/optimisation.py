"""Optimisation: learning rate schedule, optimizers and the moving average of the weights."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.training.learning_settings import LearningSettings

Group = tuple[keras.optimizers.Optimizer, list[Any]]


def optimizer_groups(model: Any, settings: LearningSettings) -> list[Group]:
    """Built optimizers, each with its variables: those of the backbone, then all others."""
    moving = [v for v in model.trainable_variables if not any(part in v.path for part in settings.frozen)]
    trunk = [variable for variable in moving if "/backbone/" in variable.path]
    rest = [variable for variable in moving if "/backbone/" not in variable.path]
    groups = []
    for factor, variables in ((settings.trunk_rate, trunk), (1.0, rest)):
        if not variables:
            continue
        optimizer = _optimizer(settings, factor)
        # Norms, biases and the like are not pulled towards 0.
        optimizer.exclude_from_weight_decay(var_list=[v for v in variables if not v.path.endswith("/kernel")])
        optimizer.build(variables)
        groups.append((optimizer, variables))
    return groups


def _optimizer(settings: LearningSettings, factor: float) -> keras.optimizers.Optimizer:
    peak = settings.learning_rate * factor
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if settings.rise else peak,
        decay_steps=max(settings.steps - settings.rise, 1),
        alpha=0.01,
        warmup_target=peak if settings.rise else None,
        warmup_steps=settings.rise,
    )
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, weight_decay=settings.weight_decay * peak)
    return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)


def clipped(gradients: list[Any], norm: float) -> list[Any]:
    """The gradients, scaled down together if their common norm is above `norm`."""
    total = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    factor = norm / ops.maximum(total, norm)
    return [gradient * factor for gradient in gradients]


def averaged(average: Any, value: Any, step: Any, decay: float) -> Any:
    """The next moving average; the decay rises to its value, as the first weights are worth nothing."""
    step = ops.cast(step, "float32")
    share = ops.minimum(decay, (1.0 + step) / (10.0 + step))
    return average * share + value * (1.0 - share)
