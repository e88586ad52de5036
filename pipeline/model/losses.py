"""Losses (Ren et al. 2015, equation 1; Girshick 2015, equation 1; He et al. 2017, section 3): all in float32.

Each is a sum over the valid samples of a batch over their number, 0 where there are none, so that a frame without
objects trains the background and breaks nothing.
"""

from __future__ import annotations

from typing import Any

from keras import ops


def objectness_loss(logits: Any, positive: Any, valid: Any) -> Any:
    """Binary cross-entropy, a scalar: logits float32, positive bool and valid bool, all [B, S]."""
    return _mean(binary_cross_entropy(logits, ops.cast(positive, "float32")), valid)


def class_loss(logits: Any, class_index: Any, valid: Any) -> Any:
    """Softmax cross-entropy, a scalar: logits float32 [R, C], class_index int32 [R], valid bool [R]."""
    log_probability = ops.log_softmax(logits, axis=-1)
    wanted = ops.one_hot(class_index, logits.shape[-1], dtype="float32")
    return _mean(-ops.sum(log_probability * wanted, axis=-1), valid)


def box_loss(offsets: Any, targets: Any, valid: Any, count: Any, beta: float = 1.0) -> Any:
    """Smooth L1 over the offsets [..., 4] of the valid boxes [...], a scalar, over `count` samples of both kinds.

    beta : where the square turns into a line; 1/9 for the RPN in Detectron's numbering, 1 in the paper.
    """
    distance = ops.abs(offsets - targets)
    per_value = ops.where(distance < beta, 0.5 * distance * distance / beta, distance - 0.5 * beta)
    total = ops.sum(ops.where(ops.expand_dims(valid, -1), per_value, 0.0))
    return total / ops.maximum(ops.cast(count, "float32"), 1.0)


def mask_loss(logits: Any, targets: Any, valid: Any) -> Any:
    """Mean binary cross-entropy of the true class's mask: logits and targets float32 [R, 28, 28], valid bool [R]."""
    return _mean(ops.mean(binary_cross_entropy(logits, targets), axis=(-2, -1)), valid)


def binary_cross_entropy(logits: Any, targets: Any) -> Any:
    """-t log s(x) - (1 - t) log(1 - s(x)) value by value, without overflow for any logit."""
    return ops.maximum(logits, 0.0) - logits * targets + ops.log1p(ops.exp(-ops.abs(logits)))


def _mean(values: Any, valid: Any) -> Any:
    count = ops.sum(ops.cast(valid, "float32"))
    return ops.sum(ops.where(valid, values, 0.0)) / ops.maximum(count, 1.0)
