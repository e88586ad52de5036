"""Region proposal network (Ren et al. 2015, section 3.1): where something might be."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.model import box_coder
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.separable import conv3x3
from pipeline.model.layers.units import Conv
from pipeline.model.nms import greedy_nms
from pipeline.model.objectness import ranking
from pipeline.model.rows import best_rows, take_rows


class RPNHead(Composite):
    """Shared 3x3 convolutions, then objectness and box offsets of each anchor of each level."""

    def __init__(self, config: MaskRCNNConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.softmax, self.anchors = config.rpn.softmax, len(config.anchors.aspect_ratios)
        hidden, multiplier = config.rpn.channels or config.fpn.channels, config.fpn.depth_multiplier
        shared: dict[str, Any] = {"init_scale": 0.01, "dtype": self.dtype_policy}
        self.convs = [
            conv3x3(
                hidden,
                hidden if i else config.fpn.channels,
                multiplier,
                activation="relu",
                name=f"conv{i}",
                **shared,
            )
            for i in range(config.rpn.convs)
        ]
        self.objectness = Conv(self.anchors * (2 if self.softmax else 1), 1, name="objectness", **shared)
        self.offsets = Conv(self.anchors * 4, 1, name="offsets", **shared)

    def call(self, inputs: list[Any]) -> tuple[list[Any], list[Any]]:
        """For each level, logits float32 [B, A] that an anchor holds an object, and offsets float32 [B, A, 4]."""
        logits, offsets = [], []
        for feature in inputs:
            for conv in self.convs:
                feature = conv(feature)
            batch = feature.shape[0]
            scores = ops.cast(self.objectness(feature), "float32")
            if self.softmax:
                # Two logits: their softmax is the sigmoid of the difference.
                pairs = ops.reshape(scores, (batch, -1, 2))
                scores = pairs[..., 1] - pairs[..., 0]
            logits.append(ops.reshape(scores, (batch, -1)))
            offsets.append(ops.reshape(ops.cast(self.offsets(feature), "float32"), (batch, -1, 4)))
        return logits, offsets


def propose(
    logits: list[Any],
    offsets: list[Any],
    anchors: list[NDArray[np.float32]],
    window: tuple[float, float, float, float],
    config: MaskRCNNConfig,
    pre_nms: int,
    post_nms: int,
) -> tuple[Any, Any]:
    """Proposals float32 [B, P, 4], best first, inside the window, and valid bool [B, P].

    logits, offsets, anchors : one a level, as from `RPNHead` and `pyramid_anchors`.
    window : the frame on the canvas, x1, y1, x2, y2 px.
    pre_nms, post_nms : candidates before and after NMS; a level each before it where `per_level`.
    """
    rpn = config.rpn
    batch = int(logits[0].shape[0])
    if not rpn.per_level:
        logits, offsets = [ops.concatenate(logits, axis=1)], [ops.concatenate(offsets, axis=1)]
        anchors = [np.concatenate(anchors)]
    levels = [
        _candidates(*level, window, config, pre_nms) for level in zip(logits, offsets, anchors, strict=True)
    ]
    scores, boxes, valid = (_stack_padded(parts) for parts in zip(*levels, strict=True))
    rows, per_level = batch * len(levels), int(scores.shape[2])
    keep, kept = greedy_nms(
        ops.reshape(boxes, (rows, per_level, 4)), ops.reshape(valid, (rows, per_level)), rpn.nms_iou,
        min(post_nms, per_level),
    )  # fmt: skip
    boxes = take_rows(ops.reshape(boxes, (rows, per_level, 4)), keep)
    scores = take_rows(ops.reshape(scores, (rows, per_level)), keep)
    survivors = len(levels) * int(keep.shape[1])
    scores, kept = ops.reshape(scores, (batch, survivors)), ops.reshape(kept, (batch, survivors))
    _, order, valid = best_rows(scores, kept, post_nms)
    proposals = take_rows(ops.reshape(boxes, (batch, survivors, 4)), order)
    return ops.where(ops.expand_dims(valid, -1), proposals, 0.0), valid


def _candidates(
    logits: Any,
    offsets: Any,
    anchors: NDArray[np.float32],
    window: tuple[float, float, float, float],
    config: MaskRCNNConfig,
    pre_nms: int,
) -> tuple[Any, Any, Any]:
    """The best anchors of a level, decoded and cut: scores [B, K], boxes [B, K, 4], valid [B, K], best first."""
    scores = ranking(logits, config.rpn.softmax)
    scores, index, _ = best_rows(scores, ops.ones_like(scores, dtype="bool"), pre_nms)
    boxes = box_coder.decode(
        take_rows(offsets, index), ops.take(ops.convert_to_tensor(anchors), index, axis=0),
        config.rpn.box_weights, config.max_log_scale,
    )  # fmt: skip
    boxes = box_coder.clip(boxes, window)
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return scores, boxes, ops.minimum(width, height) >= config.rpn.min_box


def _stack_padded(parts: tuple[Any, ...]) -> Any:
    """[B, K_i, ...] of every level as one [B, L, max K, ...]; the added rows are zero, that is invalid."""
    longest = max(int(part.shape[1]) for part in parts)
    padded = [
        ops.pad(part, ((0, 0), (0, longest - int(part.shape[1])), *((0, 0) for _ in part.shape[2:])))
        for part in parts
    ]
    return ops.stack(padded, axis=1)
