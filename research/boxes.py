"""Overlap of boxes [4], x1, y1, x2, y2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def overlap(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Intersection over union of two boxes."""
    common = _common(one, other)
    return common / max(_area(one) + _area(other) - common, 1e-6)


def share_inside(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Share of the box `one` that lies inside `other`."""
    return _common(one, other) / max(_area(one), 1e-6)


def _area(box: NDArray[Any]) -> float:
    return float(np.prod(box[2:] - box[:2]))


def _common(one: NDArray[Any], other: NDArray[Any]) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(np.prod(np.maximum(sides, 0)))
