"""Matching (Ren et al. 2015, section 3.1.2): which ground-truth object each anchor or proposal answers for."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from pipeline.model.nms import box_iou

#: Labels of a match. Between the thresholds, on an ignored object, or without area: it takes no part.
POSITIVE, NEGATIVE, IGNORED = 1, 0, -1


class Match(NamedTuple):
    """label int32 [B, N], one of POSITIVE, NEGATIVE and IGNORED; index int32 [B, N] of the best object."""

    label: Any
    index: Any


def match(
    references: Any, objects: Any, class_index: Any, positive_iou: float, negative_iou: float, keep_best: bool
) -> Match:
    """The match of each reference box.

    Parameters
    ----------
    references : float32 [B, N, 4], anchors or proposals.
    objects : float32 [B, G, 4], padded.
    class_index : int32 [B, G]: above 0 an object, 0 padding, below 0 a crowd that is neither right nor wrong.
    positive_iou, negative_iou : at or above the first a reference is positive, below the second negative.
    keep_best : each object also claims the references that overlap it most, however little (rule i of the paper).

    """
    iou = box_iou(references, objects)
    real = ops.expand_dims(class_index > 0, 1)
    overlap = ops.where(real, iou, -1.0)
    best = ops.max(overlap, axis=-1)
    index = ops.cast(ops.argmax(overlap, axis=-1), "int32")
    label = ops.where(best < negative_iou, NEGATIVE, IGNORED)
    label = ops.where(best >= positive_iou, POSITIVE, label)
    covered = _covered_share(iou, references, objects)
    crowd = ops.max(ops.where(ops.expand_dims(class_index < 0, 1), covered, 0.0), axis=-1)
    label = ops.where(ops.logical_and(label == NEGATIVE, crowd >= negative_iou), IGNORED, label)
    if keep_best:
        top = ops.max(overlap, axis=1, keepdims=True)
        claims = ops.logical_and(overlap >= top - 1e-6, ops.logical_and(real, top > 0.0))
        label = ops.where(ops.any(claims, axis=-1), POSITIVE, label)
    return Match(ops.cast(label, "int32"), index)


def _covered_share(iou: Any, references: Any, objects: Any) -> Any:
    """Share float32 [B, N, G] of each reference's area inside each object, from their overlap.

    For crowds it takes the place of the overlap, as in COCO's evaluation: one of a crowd is small against it.
    With i = u (a + b - i) the intersection is u (a + b) / (1 + u).
    """
    area, other = (
        (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]) for boxes in (references, objects)
    )
    area = ops.expand_dims(area, -1)
    return iou * (1.0 + ops.expand_dims(other, -2) / ops.maximum(area, 1e-6)) / (1.0 + iou)
