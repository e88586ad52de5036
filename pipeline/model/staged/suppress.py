"""Greedy non-maximum suppression of a frame's candidates, in NumPy; `nms.py` has it for compiled programs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Candidates worked off at a time. Their overlap matrix stays in the cache, those that an earlier tile removed are not
#: compared with each other, and a tile behind the last one that is needed costs nothing. It changes no result, and from
#: 48 to 192 hardly the time of dashcam-lite's proposals.
TILE = 96

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
            here = here[~overlapping(boxes, groups, here, kept, iou_threshold).any(axis=1)]
        kept = np.concatenate([kept, here[_greedy(overlapping(boxes, groups, here, here, iou_threshold))]])
        if len(kept) >= count:
            return kept[:count]
    return kept


def overlapping(
    boxes: Boxes, groups: NDArray[np.int32] | None, some: Index, others: Index, threshold: float
) -> NDArray[np.bool_]:
    """bool [N, M]: whether the candidates `some` overlap the `others` by more than the threshold."""
    x1, y1, x2, y2 = np.ascontiguousarray(boxes[some].T)[:, :, None]
    u1, v1, u2, v2 = np.ascontiguousarray(boxes[others].T)[:, None, :]
    width, height = np.minimum(x2, u2), np.minimum(y2, v2)
    width -= np.maximum(x1, u1)
    height -= np.maximum(y1, v1)
    np.maximum(width, np.float32(0.0), out=width)
    np.maximum(height, np.float32(0.0), out=height)
    width *= height  # the intersection
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1)
    union -= width
    union *= np.float32(threshold)
    overlap: NDArray[np.bool_] = width > union
    if groups is not None:
        overlap &= groups[some][:, None] == groups[others][None, :]
    return overlap


def _greedy(clash: NDArray[np.bool_]) -> Index:
    """The rows that are left when each in turn, if it is still there, removes those behind it that it clashes with."""
    # A row as one whole number of a bit a candidate: removing takes a tenth of what it takes NumPy.
    width = -(-len(clash) // 8)
    content = np.packbits(clash, axis=1, bitorder="little").tobytes()
    kept, removed = [], 0
    for row in range(len(clash)):
        if not removed >> row & 1:
            kept.append(row)
            removed |= int.from_bytes(content[row * width : (row + 1) * width], "little")
    return np.array(kept, np.intp)
