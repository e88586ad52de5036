"""Observation: one object in one frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Observation(NamedTuple):
    """One object in one frame, found there.

    frame : number of the frame. seconds : its time. row : of the frame's detections.
    box : float64 [4], x1, y1, x2, y2. score : of the detection. mask : uint8 [28, 28].
    """

    frame: int
    seconds: float
    row: int
    box: NDArray[np.float64]
    score: float
    mask: NDArray[np.uint8]


def stacked_boxes(seen: Iterable[Observation]) -> NDArray[np.float64]:
    """Boxes [N, 4] of N of them; a fourth of the time of np.array of a list of boxes."""
    return np.concatenate([one.box for one in seen]).reshape(-1, 4)
