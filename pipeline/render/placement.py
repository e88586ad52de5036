"""Where a label goes: by its box, inside the frame, off objects and other labels where possible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Rows of labels that may stack up over or under a box.
_STACK = 3
#: A covered label costs so much more than a covered object: text over text cannot be read at all.
_LABEL_COST = 8.0
#: A step away from the box costs as much as covering this share of the label's own area.
_STEP_COST = 0.2


def place_label(
    box: NDArray[np.float32],
    size: tuple[int, int],
    frame: tuple[int, int],
    labels: NDArray[np.float64],
    boxes: NDArray[np.float32],
) -> tuple[int, int] | None:
    """Left and top in px of the label's best place, above its box if that is as good; None if none fits.

    Parameters
    ----------
    box : float [4], x1, y1, x2, y2 in px.
    size : the label's height and width.
    frame : the frame's height and width.
    labels : float [L, 4], x1, y1, x2, y2 of the labels that lie already.
    boxes : float [N, 4], of the objects that are painted, its own among them.

    """
    height, width = size
    if height > frame[0] or width > frame[1]:
        return None
    left = min(max(round(float(box[0])), 0), frame[1] - width)
    above, below = round(float(box[1])) - height, round(float(box[3]))
    stacked = [
        (step, side) for step in range(_STACK) for side in (above - step * height, below + step * height)
    ]
    inside = (_STACK, min(max(above + height, 0), frame[0] - height))
    places = [(step, top) for step, top in (*stacked, inside) if 0 <= top <= frame[0] - height]
    areas = np.array([[left, top, left + width, top + height] for _, top in places], np.float64)
    cost = _STEP_COST * height * width * np.array([step for step, _ in places])
    cost += _LABEL_COST * _covered(areas, labels) + _covered(areas, boxes)
    return left, places[int(np.argmin(cost))][1]


def _covered(
    areas: NDArray[np.float64], others: NDArray[np.float64] | NDArray[np.float32]
) -> NDArray[np.float64]:
    """Pixels [A] that each area shares with the others, summed over these."""
    low = np.maximum(areas[:, None, :2], others[None, :, :2])
    high = np.minimum(areas[:, None, 2:], others[None, :, 2:])
    shared: NDArray[np.float64] = np.prod(np.maximum(high - low, 0.0), axis=2).sum(axis=1)
    return shared
