"""Distillation: how far a network is from what another one of the same heads computes."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.model.layers.rpn import propose
from pipeline.model.learning.losses import binary_cross_entropy
from pipeline.model.learning.objective import Looked, look, losses_on, network_inputs
from pipeline.model.learning.targets import Targets
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.rows import best_rows, take_rows

#: Regions and masks of a picture that both networks look at, the teacher's best.
_REGIONS, _MASKS = 64, 8
#: Least weight of a cell that the teacher sees nothing in; one that it is sure of has 1 more.
_ELSEWHERE = 0.1


def distillation_losses(student: MaskRCNN, teacher: MaskRCNN, images: Any) -> dict[str, Any]:
    """The distances as float32 scalars: `loss`, their sum, and each by its name. Both take the same input.

    features, objectness, proposals : of the pyramid, weighed by where the teacher's RPN sees something.
    classes, boxes, masks : of the heads, each on its own pyramid, in the regions that the teacher proposes.

    images : uint8 RGB [B, H, W, 3] on the canvas; sides are multiples of 32.
    """
    own, its = _looks(student, teacher, images)
    losses = _output_losses(student, teacher, own, its, masks=True)
    losses["features"] = _feature_loss(own.features, its.features, its.logits)
    return {"loss": sum(losses.values()), **losses}


def taught_losses(
    student: MaskRCNN,
    teacher: MaskRCNN,
    images: Any,
    targets: Targets,
    seed: keras.random.SeedGenerator,
    share: float,
    masks: bool,
) -> dict[str, Any]:
    """The losses of labels, and the distances of `distillation_losses` but for that of features, weighed by `share`.

    masks : whether masks are among both; they take a third of a step, and can be learnt by themselves afterwards.

    The pyramid is free here: a student that is to know more than its teacher needs features of its own.
    """
    own, its = _looks(student, teacher, images)
    losses = losses_on(student, own, targets, seed, masks)
    told = _output_losses(student, teacher, own, its, masks)
    return {**losses, **told, "loss": losses["loss"] + share * sum(told.values())}


def _looks(student: MaskRCNN, teacher: MaskRCNN, images: Any) -> tuple[Looked, Looked]:
    """A batch as the student sees it, and as the teacher does, from whom no gradient comes."""
    inputs, whole = network_inputs(teacher, images)
    its = look(teacher, inputs, whole)
    held = [
        [ops.stop_gradient(level) for level in levels] for levels in (its.features, its.logits, its.offsets)
    ]
    return look(student, inputs, whole), Looked(inputs, whole, *held)


def _output_losses(
    student: MaskRCNN, teacher: MaskRCNN, own: Looked, its: Looked, masks: bool
) -> dict[str, Any]:
    """The distances of RPN and heads, on pyramids of the student and of the teacher."""
    losses = _rpn_losses(own, its)
    proposals, valid = propose(
        its.logits, its.offsets, teacher.anchors(its.whole.canvas),
        its.whole.window(teacher.config.inclusive_corners),
        teacher.config, teacher.config.rpn.pre_nms, _REGIONS,
    )  # fmt: skip
    proposals, valid = ops.stop_gradient(proposals), ops.reshape(valid, (-1,))
    return losses | _region_losses(student, teacher, own, its, proposals, valid, masks)


def _feature_loss(features: list[Any], wanted: list[Any], logits: list[Any]) -> Any:
    """Square distance over the level's variance, a mean over channels, cells and levels."""
    total = 0.0
    for level, target, sure in zip(features[:-1], wanted[:-1], logits[:-1], strict=True):
        batch, rows, columns, _ = target.shape
        there = ops.max(ops.reshape(ops.sigmoid(sure), (batch, rows, columns, -1)), axis=-1, keepdims=True)
        # An object's features are those around its anchors' cells too.
        weight = _ELSEWHERE + ops.max_pool(there, 3, 1, "same", data_format="channels_last")
        variance = ops.mean(ops.square(target - ops.mean(target, axis=(0, 1, 2))), axis=(0, 1, 2)) + 1e-6
        distance = ops.mean(ops.square(level - target) / variance, axis=-1, keepdims=True)
        total += ops.sum(distance * weight) / ops.sum(weight)
    return total


def _rpn_losses(own: Looked, its: Looked) -> dict[str, Any]:
    logits, offsets, sure, places = (
        ops.concatenate(levels, axis=1) for levels in (own.logits, own.offsets, its.logits, its.offsets)
    )
    target = ops.sigmoid(sure)
    # Most anchors are sure to be nothing for both networks: what counts is those that either believes in.
    weight = target + ops.stop_gradient(ops.sigmoid(logits)) + 1e-3
    divergence = binary_cross_entropy(logits, target) - binary_cross_entropy(sure, target)
    distance = ops.mean(_smooth(offsets - places, 1.0 / 9.0), axis=-1)
    return {
        "objectness": 2.0 * ops.sum(divergence * weight) / ops.sum(weight),
        "proposals": 2.0 * ops.sum(distance * target) / ops.sum(target),
    }


def _region_losses(
    student: MaskRCNN, teacher: MaskRCNN, own: Looked, its: Looked, proposals: Any, valid: Any, masks: bool
) -> dict[str, Any]:
    size, canvas = teacher.config.box_head.pool, its.whole.canvas
    logits, offsets = student.classify(student.pool(own.features, proposals, size, canvas))
    sure, places = teacher.classify(teacher.pool(its.features, proposals, size, canvas))
    target = ops.stop_gradient(ops.softmax(sure))
    held = ops.cast(valid, "float32")
    divergence = ops.sum(target * (ops.log_softmax(sure) - ops.log_softmax(logits)), axis=-1)
    something = (1.0 - target[:, 0]) * held
    distance = ops.sum(_smooth(offsets - ops.stop_gradient(places), 1.0), axis=(-2, -1))
    weight = held * (0.1 + 1.0 - target[:, 0])
    losses = {
        "classes": ops.sum(divergence * weight) / ops.sum(weight + 1e-6) * 2.0,
        "boxes": ops.sum(distance * something) / ops.sum(something + 1e-6),
    }
    if not masks:
        return losses
    batch, count = int(proposals.shape[0]), int(proposals.shape[1])
    ranked = ops.reshape(something, (batch, count))
    scores, index, _ = best_rows(ranked, ranked > 0.0, _MASKS)
    kind = ops.argmax(target[:, 1:], axis=-1) + 1
    kind = take_rows(ops.reshape(ops.cast(kind, "int32"), (batch, count)), index)
    found, wanted = (
        network.masks(seen.images, seen.features, take_rows(proposals, index), kind)
        for network, seen in ((student, own), (teacher, its))
    )
    wanted = ops.stop_gradient(wanted)
    mask = ops.sigmoid(wanted)
    apart = ops.mean(binary_cross_entropy(found, mask) - binary_cross_entropy(wanted, mask), axis=(-2, -1))
    weight = ops.where(scores > 0.0, scores, 0.0)
    return {**losses, "masks": 4.0 * ops.sum(apart * weight) / (ops.sum(weight) + 1e-6)}


def _smooth(distance: Any, beta: float) -> Any:
    """Smooth L1 (Girshick 2015, equation 3)."""
    distance = ops.abs(distance)
    return ops.where(distance < beta, 0.5 * distance * distance / beta, distance - 0.5 * beta)
