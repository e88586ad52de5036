"""Choosing between the network's stages, in NumPy: proposals out of anchors, detections out of proposals.

The same choice is made by `layers/rpn.py` and `postprocess.py` in compiled programs; a test holds the two together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.model import box_coder
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.objectness import ranking
from pipeline.model.staged.suppress import overlapping, suppress

Floats = NDArray[np.float32]
Window = tuple[float, float, float, float]


class Chosen(NamedTuple):
    """Detections on the canvas, best first: boxes float32 [n, 4], scores [n], classifier output int32 [n]."""

    boxes: Floats
    scores: Floats
    class_index: NDArray[np.int32]


def propose(
    logits: list[Floats], offsets: list[Floats], anchors: list[Floats], window: Window, config: MaskRCNNConfig
) -> Floats:
    """Proposals float32 [n, 4], best first, inside the window; at most `config.rpn.post_nms`.

    logits [A], offsets [A, 4], anchors [A, 4] : one a level. window : x1, y1, x2, y2 px of the canvas.
    """
    rpn = config.rpn
    if not rpn.per_level:
        logits, offsets = [np.concatenate(logits)], [np.concatenate(offsets)]
        anchors = [np.concatenate(anchors)]
    ranks = [ranking(level, rpn.softmax) for level in logits]
    chosen = [best(level, rpn.pre_nms) for level in ranks]

    def rows(levels: list[Floats]) -> Floats:
        return np.concatenate([level[index] for level, index in zip(levels, chosen, strict=True)])

    scores, level_of = rows(ranks), np.repeat(np.arange(len(chosen), dtype=np.int32), list(map(len, chosen)))
    boxes = box_coder.decode(rows(offsets), rows(anchors), rpn.box_weights, config.max_log_scale)
    boxes = box_coder.clip(boxes, window)
    order = best(scores, len(scores))
    order = order[_large(boxes[order], rpn.min_box)]
    # All levels at once, as groups: what is behind the last proposal that is needed is then never looked at.
    kept = suppress(boxes[order], rpn.nms_iou, rpn.post_nms, level_of[order])
    return boxes[order[kept]]


def _large(boxes: Floats, side: float) -> NDArray[np.bool_]:
    large: NDArray[np.bool_] = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) >= side
    return large


def detect(
    class_logits: Floats, offsets: Floats, proposals: Floats, window: Window, config: MaskRCNNConfig
) -> Chosen:
    """The at most `config.detection.count` detections.

    class_logits : [P, C]. offsets : [P, C or 1, 4]. proposals : [P, 4]. window : as in `propose`.
    """
    settings = config.detection
    rows, class_index, scores = _passing(_softmax(class_logits), config)
    column = class_index if offsets.shape[1] > 1 else np.zeros_like(class_index)
    boxes = box_coder.decode(
        offsets[rows, column], proposals[rows], settings.box_weights, config.max_log_scale
    )
    boxes = box_coder.clip(boxes, window)
    large = _large(boxes, settings.min_box)
    boxes, scores, class_index = boxes[large], scores[large], class_index[large]
    kept = suppress(boxes, settings.nms_iou, settings.count, class_index)
    chosen = boxes[kept]
    if settings.mean_iou and len(kept):
        near = overlapping(boxes, class_index, kept, np.arange(len(boxes)), settings.mean_iou)
        weights = np.where(near, scores, np.float32(0.0))
        chosen = weights @ boxes / weights.sum(axis=1, keepdims=True)
    return Chosen(chosen, scores[kept], class_index[kept])


def _passing(
    probability: Floats, config: MaskRCNNConfig
) -> tuple[NDArray[np.intp], NDArray[np.int32], Floats]:
    """Proposal, class and score of each pair above the threshold, best first."""
    settings = config.detection
    if settings.best_class_only:
        classes, scores = probability.argmax(axis=1), probability.max(axis=1)
        rows = np.flatnonzero((classes > 0) & (scores >= np.float32(settings.score)))
        classes = classes[rows]
    else:
        rows, classes = np.nonzero(probability[:, 1:] > np.float32(settings.score))
        classes = classes + 1
    scores = probability[rows, classes]
    order = best(scores, len(scores))
    return rows[order], classes[order].astype(np.int32), scores[order]


def best(scores: Floats, count: int) -> NDArray[np.intp]:
    """Index of the `count` largest scores [N], largest first, and of equal ones the first of them."""
    index = np.arange(len(scores))
    if count < len(scores):
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        above, equal = np.flatnonzero(scores > least), np.flatnonzero(scores == least)
        index = np.sort(np.concatenate([above, equal[: count - len(above)]]))
    order: NDArray[np.intp] = index[np.argsort(-scores[index], kind="stable")]
    return order


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True)) if len(logits) else logits
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares
