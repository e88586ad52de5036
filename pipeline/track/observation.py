"""Observation: one object in one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Observation:
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
