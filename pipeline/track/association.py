"""Association of boxes: their overlap, and the pairing with the greatest sum of overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def overlaps(boxes: Floats, others: Floats, growth: float = 0.0) -> Floats:
    """IoU [N, M] of boxes [N, 4] with others [M, 4], all grown by this share of their size to each side."""
    first, second = _grown(boxes, growth)[:, None], _grown(others, growth)[None]
    low, high = np.maximum(first[..., :2], second[..., :2]), np.minimum(first[..., 2:], second[..., 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=-1)
    union = _areas(first) + _areas(second) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def overlaps_of_pairs(boxes: Floats, others: Floats, growth: float | Floats = 0.0) -> Floats:
    """IoU [P] of boxes [P, 4], each with its own one of others [P, 4], grown like above, by one share or [P]."""
    first, second = _grown(boxes, np.reshape(growth, (-1, 1))), _grown(others, np.reshape(growth, (-1, 1)))
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=-1)
    union = _areas(first) + _areas(second) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def pair(overlap: Floats, minimum: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns that belong together, each at most once; none that overlaps less than `minimum`."""
    allowed = overlap >= minimum
    if not allowed.any():
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    # Half a second of imports, which no picture by itself needs, and the driver of a film has time for once its workers
    # are busy.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.where(allowed, overlap, 0.0), maximize=True)
    kept = allowed[rows, columns]
    return rows[kept], columns[kept]


def _grown(boxes: Floats, growth: float | Floats) -> Floats:
    margin = (boxes[:, 2:] - boxes[:, :2]) * growth
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


def _areas(boxes: Floats) -> Floats:
    area: Floats = np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 0.0), axis=-1)
    return area
