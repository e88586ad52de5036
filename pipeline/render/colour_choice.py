"""A colour for an object that is new: the one that differs most from those of the objects around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.render.palette import COLOURS, contrasts

#: Share of the picture's width over which a neighbour's weight falls to 1/e, and the weight of the farthest.
_REACH, _LEAST_WEIGHT = 0.15, 0.1
#: A contrast (OKLab) from which on two colours cannot be taken for each other.
_CLEAR = 0.35
#: Decides between colours that are as good: the next one for the next id.
_TURN = 1e-4


def choose_colour(
    track_id: int,
    box: NDArray[np.float64],
    others: NDArray[np.float64],
    colours: NDArray[np.int64],
    width: int,
) -> int:
    """Index into palette.COLOURS.

    Parameters
    ----------
    track_id : of the new object.
    box : float [4], x1, y1, x2, y2 in px.
    others, colours : float [T, 4] and int [T], where the objects around it were last seen, and their colours.
    width : of the frame in px.

    """
    apart = np.maximum(np.maximum(others[:, :2] - box[2:], box[:2] - others[:, 2:]), 0.0)
    weights = np.exp(-np.hypot(apart[:, 0], apart[:, 1]) / (_REACH * width)) + _LEAST_WEIGHT
    alike = np.square(np.maximum(1.0 - contrasts()[colours] / _CLEAR, 0.0))  # [T, C]
    turns = (np.arange(len(COLOURS)) - (track_id - 1)) % len(COLOURS)
    return int(np.argmin(weights @ alike + _TURN * turns))
