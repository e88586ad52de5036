"""A colour laid over part of a frame; whatever is not covered keeps its numbers to the last bit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.yuv_colour import YuvColour
from pipeline.structures.yuv_frame import Plane, YuvFrame

#: Alpha that replaces a pixel. A power of two: the division is a shift, and 255 * 256 still fits in 16 bits.
OPAQUE = 256


def blend(frame: YuvFrame, left: int, top: int, alpha: NDArray[np.uint16], colour: YuvColour) -> None:
    """Mix `colour` into the frame's planes, in place.

    A chroma sample takes the mean alpha of the luma pixels it stands for, so that it changes by the share of
    them that is covered, and not at all where none is.

    Parameters
    ----------
    frame : the frame.
    left, top : where alpha[0, 0] lies, in luma pixels; all of alpha lies inside the frame.
    alpha : uint16 [h, w], 0 (leaves a pixel as it is) to OPAQUE (replaces it).
    colour : in the frame's own numbers.

    """
    rows, columns = alpha.shape
    if not rows or not columns:
        return
    _mix(frame.y[top : top + rows, left : left + columns], alpha, colour.y)
    across, down = frame.subsampling
    coarse = _coarse(frame, left, top, alpha)
    below, right = top // down + coarse.shape[0], left // across + coarse.shape[1]
    for plane, number in ((frame.u, colour.u), (frame.v, colour.v)):
        _mix(plane[top // down : below, left // across : right], coarse, number)


def _mix(pixels: Plane, alpha: NDArray[np.uint16], number: int) -> None:
    wide = np.uint16 if pixels.dtype == np.uint8 else np.uint32
    mixed = np.multiply(OPAQUE - alpha, pixels, dtype=wide)
    mixed += np.multiply(alpha, wide(number), dtype=wide)
    mixed += wide(OPAQUE // 2)
    mixed >>= wide(8)
    pixels[...] = mixed


def _coarse(frame: YuvFrame, left: int, top: int, alpha: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Mean alpha of each chroma sample that is touched."""
    across, down = frame.subsampling
    if (across, down) == (1, 1):
        return alpha
    below, right = top + alpha.shape[0], left + alpha.shape[1]
    if below % down and below == frame.height:
        # The last chroma row of an odd frame stands for one luma row: that one counts twice.
        alpha, below = np.concatenate([alpha, alpha[-1:]]), below + 1
    if right % across and right == frame.width:
        alpha, right = np.concatenate([alpha, alpha[:, -1:]], axis=1), right + 1
    aside = ((top % down, -below % down), (left % across, -right % across))
    if any(map(any, aside)):
        alpha = np.pad(alpha, aside)
    size = alpha.shape[1] // across, alpha.shape[0] // down
    return np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint16)
