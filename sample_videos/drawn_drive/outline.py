"""Outline: a two-wheeler's mask as people draw it, around the wheels and not between their spokes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Gaps up to this share of the thing's height are closed before holes are filled: a rider's leg cuts a wheel open.
_GAP = 0.12


def without_holes(mask: NDArray[np.bool_], free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask bool [height, width] with its holes and narrow gaps filled, as far as pixels are `free`.

    Photographs are labelled that way (Cordts et al. 2016 draw polygons), and one network learns both.
    """
    top, left = (np.flatnonzero(mask.any(axis=axis))[0] for axis in (1, 0))
    bottom, right = (np.flatnonzero(mask.any(axis=axis))[-1] + 1 for axis in (1, 0))
    inner = mask[top:bottom, left:right]
    side = max(round(_GAP * (bottom - top)), 1)
    # A margin, as closing would otherwise grow into the edges of the picture.
    pixels = np.pad(inner.astype(np.uint8), side)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * (side // 2) + 1,) * 2)
    outlines, _ = cv2.findContours(
        cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, kernel), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = cv2.drawContours(np.zeros(pixels.shape, np.uint8), outlines, -1, 1, cv2.FILLED)
    whole = mask.copy()
    whole[top:bottom, left:right] |= (
        filled[side:-side, side:-side].astype(bool) & free[top:bottom, left:right]
    )
    return whole
