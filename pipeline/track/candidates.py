"""Candidates: the detections of a frame that may belong to a track at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.track.association import overlaps
from pipeline.track.settings import TrackSettings


def candidates(
    detections: Detections, boxes: NDArray[np.float64], groups: NDArray[np.intp], settings: TrackSettings
) -> NDArray[np.bool_]:
    """Bool [N]: strong enough, outside the ignored regions, and no duplicate of a better candidate.

    Networks drop overlapping boxes within a class only, so that one lorry can come as a truck and as a car.

    Parameters
    ----------
    detections : N detections, best score first.
    boxes : float64 [N, 4], theirs.
    groups : int [N], the group of each one's class.
    settings : the thresholds.

    """
    usable = detections.scores >= settings.follow_score
    if settings.ignore_regions:
        usable &= ~_inside(boxes, settings.ignore_regions)
    rows = usable.nonzero()[0]
    same = overlaps(boxes[rows], boxes[rows]) >= settings.duplicate_overlap
    for better, worse in zip(*(side.tolist() for side in same.nonzero()), strict=True):
        if better < worse and usable[rows[better]] and groups[rows[better]] == groups[rows[worse]]:
            usable[rows[worse]] = False
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
