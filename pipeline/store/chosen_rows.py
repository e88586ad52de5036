"""The detections of a frame that an export is to hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.tracks import Tracks

#: From a frame's number and its tracks to the rows of those that are exported.
RowChoice = Callable[[int, Tracks], NDArray[np.intp]]


def all_rows(_frame: int, tracks: Tracks) -> NDArray[np.intp]:
    """Rows of everything that was stored."""
    return np.arange(len(tracks))
