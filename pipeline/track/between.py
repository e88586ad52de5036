"""An object between two frames in which it was found: box and mask follow from both sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.track.extrapolation import to_box, to_shape
from pipeline.track.window import Observation

Floats = NDArray[np.float64]


def between(
    before: Observation, after: Observation, seconds: float, camera: Floats, camera_whole: Floats
) -> tuple[Floats, NDArray[np.uint8], float]:
    """Box float64 [4], mask uint8 [28, 28] and score at `seconds`.

    The box moves evenly, in position and in the logarithm of its size, in the world as the camera saw it at
    `before`; both masks are warped with the box, which blending them cell by cell does, and score and mask are
    weighted by nearness.

    Parameters
    ----------
    before, after : the object on both sides.
    seconds : a time between both.
    camera, camera_whole : float64 [3, 3], the picture's motion from `before` to then, and to `after`.

    """
    share = (seconds - before.seconds) / (after.seconds - before.seconds)
    first, last = (
        to_shape(before.box),
        _carried(to_shape(after.box), np.linalg.inv(camera_whole).astype(np.float64)),
    )
    box = to_box(_carried(first + (last - first) * share, camera))
    mask = before.mask.astype(np.float32) * (1 - share) + after.mask.astype(np.float32) * share
    return box, np.rint(mask).astype(np.uint8), before.score * (1 - share) + after.score * share


def _carried(shape: Floats, camera: Floats) -> Floats:
    """Centre and log size [4] where the picture's motion [3, 3] takes them."""
    centre = camera[:2, :2] @ shape[:2] + camera[:2, 2]
    widening = 0.5 * np.log(max(abs(float(np.linalg.det(camera[:2, :2]))), 1e-6))
    return np.concatenate([centre, shape[2:] + widening])
