"""Candidates: the detections of a frame that may belong to a track at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.track.association import overlaps
from pipeline.track.settings import TrackSettings


def candidates(
    detections: Detections, groups: NDArray[np.intp], settings: TrackSettings
) -> NDArray[np.bool_]:
    """Bool [N]: strong enough, outside the ignored regions, and no duplicate of a better candidate.

    Networks drop overlapping boxes within a class only, so that one lorry can come as a truck and as a car.

    Parameters
    ----------
    detections : N detections, best score first.
    groups : int [N], the group of each one's class.
    settings : the thresholds.

    """
    boxes = detections.boxes.astype(np.float64)
    usable = detections.scores >= settings.follow_score
    if settings.ignore_regions:
        usable &= ~_inside(boxes, settings.ignore_regions)
    same = (overlaps(boxes, boxes) >= settings.duplicate_overlap) & (groups[:, None] == groups[None])
    if np.count_nonzero(same) == np.count_nonzero(np.diagonal(same)):
        return usable
    better = np.tril(same, -1)
    for row in np.flatnonzero(usable & better.any(axis=1)).tolist():
        usable[row] = not (better[row] & usable).any()
    return usable


def _inside(
    boxes: NDArray[np.float64], regions: Sequence[tuple[float, float, float, float]]
) -> NDArray[np.bool_]:
    """For each box, True if more than half of it lies in the regions; where these overlap, that counts twice."""
    inside = np.zeros(len(boxes))
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    for x, y, width, height in regions:
        low = np.maximum(boxes[:, :2], [x, y])
        high = np.minimum(boxes[:, 2:], [x + width, y + height])
        inside += np.prod(np.maximum(high - low, 0.0), axis=1)
    return inside > area / 2
