"""A Mask R-CNN small enough that a test can build and run it in a second or two, and that still has every part."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import MaskRCNN, make_model
from pipeline.model.presets import compact

CLASSES = (("background", "car", "person"), (0, 3, 1))


def small_config(canvas: tuple[int, int] = (96, 128), detections: int = 6) -> MaskRCNNConfig:
    config = compact(CLASSES, canvas)
    return replace(
        config,
        backbone=replace(config.backbone, blocks=(1, 1, 1, 1), width=8),
        fpn=replace(config.fpn, channels=16),
        rpn=replace(config.rpn, pre_nms=40, post_nms=12),
        box_head=replace(config.box_head, dense_channels=24),
        mask_head=replace(config.mask_head, channels=16),
        detection=replace(config.detection, count=detections),
    )


def small_model(config: MaskRCNNConfig | None = None, seed: int = 0, class_scale: float = 0.004) -> MaskRCNN:
    """Fresh weights with heads strong enough that classes and boxes differ from region to region.

    A wider network needs a smaller `class_scale`, or all its scores are 1.
    """
    keras.utils.set_random_seed(seed)
    model = make_model(config or small_config())
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "/moving_variance" in variable.path or "/gamma" in variable.path:
            variable.assign(rng.uniform(0.6, 1.4, variable.shape))
        elif any(leaf in variable.path for leaf in ("/bias", "/beta", "/moving_mean", "detail3/kernel")):
            variable.assign(rng.normal(0.0, 0.2, variable.shape))
        elif "class_logits" in variable.path or "logits/kernel" in variable.path:
            variable.assign(rng.normal(0.0, class_scale, variable.shape))
    return model


def noise(frames: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Frames uint8 [frames, height, width, 3] of blurred noise, which is nearer to a picture than white noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (frames, -(-height // 8), -(-width // 8), 3), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]
