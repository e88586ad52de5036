"""Greedy non-maximum suppression of a frame's candidates, in NumPy; `nms.py` has it for compiled programs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Candidates worked off at a time: their overlap matrix stays in the L2 cache, and a tile behind the last one that
#: is needed costs nothing. It changes no result.
TILE = 256

Boxes = NDArray[np.float32]
Index = NDArray[np.intp]


def suppress(
    boxes: Boxes, iou_threshold: float, count: int, groups: NDArray[np.int32] | None = None
) -> Index:
    """The first `count` candidates that survive, in order, as their index [n].

    boxes : float32 [K, 4], best first. iou_threshold : a candidate that overlaps a kept one by more is dropped.
    groups : int32 [K]; candidates of different groups do not suppress each other. None: all are one group.
    """
    kept = np.empty(0, np.intp)
    for start in range(0, len(boxes), TILE):
        here = np.arange(start, min(start + TILE, len(boxes)))
        if len(kept):
            here = here[~_clashes(boxes, groups, here, kept, iou_threshold).any(axis=1)]
        kept = np.concatenate([kept, here[_greedy(_clashes(boxes, groups, here, here, iou_threshold))]])
        if len(kept) >= count:
            return kept[:count]
    return kept


def _clashes(
    boxes: Boxes, groups: NDArray[np.int32] | None, some: Index, others: Index, threshold: float
) -> NDArray[np.bool_]:
    """bool [N, M]: whether the candidates `some` overlap the `others` by more than the threshold."""
    x1, y1, x2, y2 = boxes[some].T[:, :, None]
    u1, v1, u2, v2 = boxes[others].T[:, None, :]
    width = np.maximum(np.minimum(x2, u2) - np.maximum(x1, u1), np.float32(0.0))
    height = np.maximum(np.minimum(y2, v2) - np.maximum(y1, v1), np.float32(0.0))
    intersection = width * height
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - intersection
    overlap: NDArray[np.bool_] = intersection > np.float32(threshold) * union
    if groups is not None:
        overlap &= groups[some][:, None] == groups[others][None, :]
    return overlap


def _greedy(clash: NDArray[np.bool_]) -> Index:
    """The rows that are left when each in turn, if it is still there, removes those behind it that it clashes with."""
    free, alive = ~clash, np.ones(len(clash), bool)
    for row in range(len(clash)):
        if alive[row]:
            alive[row + 1 :] &= free[row, row + 1 :]
    return np.flatnonzero(alive)
