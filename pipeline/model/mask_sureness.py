"""Detections whose scores also say how sure the network is of their shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.model.config import DetectionConfig
from pipeline.structures.detections import Detections
from pipeline.structures.masks import INSIDE


def weighed(found: Detections, detection: DetectionConfig) -> Detections:
    """The detections with scores times `mask_sureness` to the power `detection.mask_power`, best first.

    A box around a post or a part of a car has no clear shape in it, and its mask is faint all over (Wang et al. 2020,
    "SOLO", section 3.3, call this maskness). What falls below `detection.score` is left out.
    """
    if not detection.mask_power or not len(found):
        return found
    scores = found.scores * mask_sureness(found.roi_masks) ** np.float32(detection.mask_power)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= detection.score]
    return Detections(found.boxes[order], scores[order], found.class_ids[order], found.roi_masks[order])


def mask_sureness(roi_masks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean probability float32 [N] of the cells inside each mask of uint8 [N, 28, 28]; of an empty one its largest."""
    inside = roi_masks >= INSIDE
    count = inside.sum(axis=(1, 2), dtype=np.float32)
    total = np.where(inside, roi_masks, 0).sum(axis=(1, 2), dtype=np.float32)
    sureness = np.where(count > 0, total / np.maximum(count, 1), roi_masks.max(axis=(1, 2)))
    return (sureness / 255.0).astype(np.float32)
