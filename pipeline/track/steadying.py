"""A mask, steadied by those of the same object just before and just after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.track.window import Observation

#: A mask farther away in time than this says nothing about this one.
_NEAR_SECONDS = 0.15


def steadied(
    own: Observation, before: Observation | None, after: Observation | None, weight: float
) -> NDArray[np.uint8]:
    """Mask uint8 [28, 28]: the mean of probabilities over the box, with `weight` for both neighbours together."""
    near = [one for one in (before, after) if one and abs(one.seconds - own.seconds) <= _NEAR_SECONDS]
    if not near or weight == 0.0:
        return own.mask
    total, share = own.mask.astype(np.float32), weight / 2
    for one in near:
        total += share * one.mask
    return np.rint(total / (1 + share * len(near))).astype(np.uint8)
