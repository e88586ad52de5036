"""Mask R-CNN (He et al. 2017): the assembly, read top to bottom as the algorithm."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from pipeline.model.anchors import pyramid_anchors
from pipeline.model.backbones.make_backbone import make_backbone
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.geometry import Geometry, fit
from pipeline.model.layers.box_head import BoxHead
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.fpn import FPN
from pipeline.model.layers.mask_head import MaskHead
from pipeline.model.layers.rpn import RPNHead, propose
from pipeline.model.postprocess import Candidates, select_detections
from pipeline.model.preprocess import preprocess
from pipeline.model.roi_align import pool_pixels, roi_align


class MaskRCNN(Composite, keras.Model):
    """Frames in, detections out, every shape static.

    dtype : a Keras dtype policy, `float32` or `mixed_bfloat16`. Whatever it is, variables are float32, and box
        decoding, softmax and non-maximum suppression run in float32.
    """

    def __init__(self, config: MaskRCNNConfig, dtype: str = "float32", name: str = "mask_rcnn") -> None:
        super().__init__(dtype=dtype, name=name)
        self.config = config
        self.backbone = make_backbone(config.backbone, name="backbone", dtype=dtype)
        self.fpn = FPN(config.fpn, self.backbone.channel_orders, name="fpn", dtype=dtype)
        self.rpn = RPNHead(config, name="rpn", dtype=dtype)
        self.box_head = BoxHead(config, name="box_head", dtype=dtype)
        self.mask_head = MaskHead(config, name="mask_head", dtype=dtype)

    def build(self, *_: Any) -> None:
        """Make every variable, by symbolic passes through the parts that have some.

        With what lies between them (proposals, RoIAlign, suppression) a pass took three times as long for `compact`.
        """
        box, mask, channels = self.config.box_head.pool, self.config.mask_head.pool, self.config.fpn.channels
        self.rpn(self.features(keras.KerasTensor((1, 64, 64, 3))))
        self.box_head(keras.KerasTensor((1, box, box, channels)))
        self.mask_head(
            keras.KerasTensor((1, mask, mask, channels)),
            keras.KerasTensor((1,), dtype="int32"),
            keras.KerasTensor((1, 2 * mask, 2 * mask, 3)),
        )

    def call(self, inputs: Any) -> dict[str, Any]:
        """Detections of uint8 RGB frames [B, H, W, 3], at most D a frame, best first.

        Returns boxes float32 [B, D, 4] in frame px, scores float32 [B, D], class_index int32 [B, D] (classifier
        outputs), valid bool [B, D] and roi_masks uint8 [B, D, 28, 28] (probability x 255).
        """
        geometry = fit(int(inputs.shape[1]), int(inputs.shape[2]), self.config.input)
        images = preprocess(inputs, geometry, self.config.input)
        features = self.features(images)
        proposals, valid = self.proposals(features, geometry)
        found = self.detect(features, proposals, valid, geometry)
        masks = self.masks(images, features, found.boxes, found.class_index)
        detection, inclusive = self.config.detection, self.config.inclusive_corners
        return {
            "boxes": geometry.to_frame(found.boxes, inclusive, detection.whole_pixels),
            "scores": found.scores,
            "class_index": found.class_index,
            "valid": found.valid,
            "roi_masks": ops.cast(ops.round(ops.sigmoid(masks) * 255.0), "uint8"),
        }

    def features(self, images: Any, training: bool = False) -> list[Any]:
        """The pyramid [P_min, ..., P_max] of network inputs [B, H, W, 3]."""
        return self.fpn(self.backbone(images, training=training), training=training)

    def proposals(self, features: list[Any], geometry: Geometry) -> tuple[Any, Any]:
        """Regions of interest float32 [B, P, 4] on the canvas, and valid bool [B, P]."""
        config = self.config
        logits, offsets = self.rpn(features)
        anchors = self.anchors(geometry.canvas)
        window = geometry.proposal_window(config.inclusive_corners)
        return propose(logits, offsets, anchors, window, config, config.rpn.pre_nms, config.rpn.post_nms)

    def anchors(self, canvas: tuple[int, int]) -> list[np.ndarray]:
        """Anchors float32 [A, 4] of each level for a canvas of (height, width) px."""
        config = self.config
        return pyramid_anchors(canvas, config.fpn.levels, config.anchors, config.inclusive_corners)

    def detect(self, features: list[Any], proposals: Any, valid: Any, geometry: Geometry) -> Candidates:
        """The detections in the proposals [B, P, 4], after the box head and non-maximum suppression."""
        batch, count = int(proposals.shape[0]), int(proposals.shape[1])
        logits, offsets = self.classify(
            self.pool(features, proposals, self.config.box_head.pool, geometry.canvas)
        )
        return select_detections(
            ops.reshape(logits, (batch, count, *logits.shape[1:])),
            ops.reshape(offsets, (batch, count, *offsets.shape[1:])),
            proposals,
            valid,
            geometry.window(self.config.inclusive_corners),
            self.config,
        )

    def classify(self, regions: Any, training: bool = False) -> tuple[Any, Any]:
        """Class logits [B x P, C] and offsets [B x P, C or 1, 4] of pooled regions [B, P, pool, pool, channels]."""
        return self.box_head(_flat(regions), training=training)

    def masks(
        self, images: Any, features: list[Any], boxes: Any, class_index: Any, training: bool = False
    ) -> Any:
        """Mask logits float32 [B, D, 28, 28] of boxes [B, D, 4], each for its classifier output int32 [B, D].

        images : network inputs [B, H, W, 3], and their `features`.
        """
        size, canvas = self.config.mask_head.pool, (int(images.shape[1]), int(images.shape[2]))
        regions = _flat(self.pool(features, boxes, size, canvas))
        pixels = _flat(pool_pixels(images, boxes, 2 * size)) if self.config.mask_head.detail else None
        logits = self.mask_head(regions, ops.reshape(class_index, (-1,)), pixels, training=training)
        return ops.reshape(logits, (*boxes.shape[:2], *logits.shape[1:]))

    def pool(self, features: list[Any], boxes: Any, size: int, canvas: tuple[int, int]) -> Any:
        """RoIAlign: features [B, P, size, size, channels] of boxes [B, P, 4] from the levels up to P5."""
        levels = self.config.fpn.pooled_levels
        return roi_align(
            features[: len(levels)], levels, boxes, size, canvas, self.config.roi_align,
            self.config.inclusive_corners,
        )  # fmt: skip


def _flat(regions: Any) -> Any:
    """Regions [B, P, ...] as [B x P, ...]."""
    return ops.reshape(regions, (-1, *regions.shape[2:]))


def make_model(config: MaskRCNNConfig, precision: str = "float32") -> MaskRCNN:
    """A built network with fresh weights; `precision` is `float32` or `bfloat16`."""
    model = MaskRCNN(config, dtype="mixed_bfloat16" if precision == "bfloat16" else "float32")
    model.build()
    return model
