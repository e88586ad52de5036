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


def class_loss(logits: Any, members: Any, rivals: Any, valid: Any) -> Any:
    """-log of the probability of the right outputs among those that take part, a scalar.

    logits : float32 [R, C].
    members : bool [R, C]: the outputs that are right; with one a row this is softmax cross-entropy, with several
        the loss is on the sum of their probabilities.
    rivals : bool [R, C]: outputs the right ones compete with; the others have no say and get no gradient.
    valid : bool [R].
    """
    everyone = _log_sum(logits, ops.logical_or(members, rivals))
    return _mean(everyone - _log_sum(logits, members), valid)


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


def _log_sum(logits: Any, among: Any) -> Any:
    """log sum exp over the last axis of the logits `among`."""
    return ops.logsumexp(ops.where(among, logits, -1e9), axis=-1)
