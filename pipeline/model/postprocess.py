"""From class scores and offsets to detections (Ren et al. 2015; He et al. 2017, section 3.1, "Inference")."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from pipeline.model import box_coder
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.nms import box_iou, greedy_nms
from pipeline.model.rows import best_rows, take_rows


class Candidates(NamedTuple):
    """boxes float32 [B, K, 4] on the canvas, scores [B, K], classifier output index int32 [B, K], valid [B, K]."""

    boxes: Any
    scores: Any
    class_index: Any
    valid: Any


def select_detections(
    class_logits: Any,
    offsets: Any,
    proposals: Any,
    valid: Any,
    window: tuple[float, float, float, float],
    config: MaskRCNNConfig,
) -> Candidates:
    """The at most `config.detection.count` detections of each frame, best first.

    class_logits : float32 [B, P, C]. offsets : float32 [B, P, C or 1, 4]. proposals : float32 [B, P, 4].
    valid : bool [B, P]. window : the frame on the canvas, x1, y1, x2, y2 px.
    """
    settings = config.detection
    candidates = _best_classes(ops.softmax(class_logits, axis=-1), valid, config)
    rows, scores, class_index, valid = candidates
    batch, kinds = int(offsets.shape[0]), int(offsets.shape[2])
    column = class_index if kinds > 1 else ops.zeros_like(class_index)
    flat = ops.reshape(offsets, (batch, int(offsets.shape[1]) * kinds, 4))
    boxes = box_coder.decode(
        take_rows(flat, rows * kinds + column), take_rows(proposals, rows), settings.box_weights,
        config.max_log_scale,
    )  # fmt: skip
    boxes = box_coder.clip(boxes, window)
    smallest = ops.minimum(boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1])
    valid = ops.logical_and(valid, smallest >= settings.min_box)
    keep, kept = greedy_nms(boxes, valid, settings.nms_iou, settings.count, groups=class_index)
    found = Candidates(
        ops.where(ops.expand_dims(kept, -1), take_rows(boxes, keep), 0.0),
        ops.where(kept, take_rows(scores, keep), 0.0),
        ops.where(kept, take_rows(class_index, keep), 0),
        kept,
    )
    if not settings.mean_iou:
        return found
    return found._replace(
        boxes=_means(found, Candidates(boxes, scores, class_index, valid), settings.mean_iou)
    )


def _means(found: Candidates, among: Candidates, least: float) -> Any:
    """Boxes [B, D, 4] of what is found, as means of the candidates of its class that overlap it by more than that."""
    near = ops.logical_and(box_iou(found.boxes, among.boxes) > least, ops.expand_dims(among.valid, 1))
    same = ops.expand_dims(found.class_index, 2) == ops.expand_dims(among.class_index, 1)
    weights = ops.where(ops.logical_and(near, same), ops.expand_dims(among.scores, 1), 0.0)
    total = ops.sum(weights, axis=-1, keepdims=True)
    # A row that holds nothing overlaps nothing.
    return ops.matmul(weights, among.boxes) / ops.where(total > 0.0, total, 1.0)


def _best_classes(probability: Any, valid: Any, config: MaskRCNNConfig) -> tuple[Any, Any, Any, Any]:
    """Pairs of proposal and class above the threshold, best first: rows, scores, class index, valid, all [B, K].

    Probabilities of a proposal sum to 1, so at most 1 / threshold of its classes pass: K is exact, not a guess.
    """
    settings = config.detection
    batch, proposals, classes = probability.shape
    if settings.best_class_only:
        class_index = ops.cast(ops.argmax(probability, axis=-1), "int32")
        scores = ops.max(probability, axis=-1)
        passing = ops.logical_and(class_index > 0, scores >= settings.score)
        scores, rows, valid = best_rows(scores, ops.logical_and(valid, passing), proposals)
        return rows, scores, take_rows(class_index, rows), valid
    objects = probability[..., 1:]
    passing = ops.logical_and(objects > settings.score, ops.expand_dims(valid, -1))
    bound = proposals * min(classes - 1, int(1.0 / settings.score))
    scores, index, valid = best_rows(
        ops.reshape(objects, (batch, -1)), ops.reshape(passing, (batch, -1)), bound
    )
    return index // (classes - 1), scores, index % (classes - 1) + 1, valid
