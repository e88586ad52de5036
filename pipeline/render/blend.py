"""A colour laid over part of a frame; whatever is not covered keeps its numbers to the last bit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.yuv_colour import YuvColour
from pipeline.structures.yuv_frame import Plane, YuvFrame

#: Alpha that replaces a pixel.
OPAQUE = 255


def blend(frame: YuvFrame, left: int, top: int, alpha: NDArray[np.uint8], colour: YuvColour) -> None:
    """Mix `colour` into the frame's planes, in place.

    A chroma sample takes the mean alpha of the luma pixels it stands for, so that it changes by the share of
    them that is covered, and not at all where none is.

    Parameters
    ----------
    frame : the frame.
    left, top : where alpha[0, 0] lies, in luma pixels; all of alpha lies inside the frame.
    alpha : uint8 [h, w], 0 (leaves a pixel as it is) to OPAQUE (replaces it).
    colour : in the frame's own numbers.

    """
    rows, columns = alpha.shape
    if not rows or not columns:
        return
    kept = OPAQUE - alpha
    _mix(frame.y[top : top + rows, left : left + columns], kept, colour.y)
    across, down = frame.subsampling
    coarse = _coarse(frame, left, top, kept)
    below, right = top // down + coarse.shape[0], left // across + coarse.shape[1]
    for plane, number in ((frame.u, colour.u), (frame.v, colour.v)):
        _mix(plane[top // down : below, left // across : right], coarse, number)


def _mix(pixels: Plane, kept: NDArray[np.uint8], number: int) -> None:
    """Keep that share of the pixels, and add the rest of the number. NumPy's single steps would take twice as long."""
    share: Plane = kept if pixels.dtype == np.uint8 else kept.astype(np.uint16)
    remains = cv2.multiply(pixels, share, scale=1 / OPAQUE)
    cv2.addWeighted(remains, 1, share, -number / OPAQUE, number, dst=pixels)


def _coarse(frame: YuvFrame, left: int, top: int, kept: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of what is kept of each chroma sample that is touched."""
    across, down = frame.subsampling
    if (across, down) == (1, 1):
        return kept
    below, right = top + kept.shape[0], left + kept.shape[1]
    if below % down and below == frame.height:
        # The last chroma row of an odd frame stands for one luma row: that one counts twice.
        kept, below = np.concatenate([kept, kept[-1:]]), below + 1
    if right % across and right == frame.width:
        kept, right = np.concatenate([kept, kept[:, -1:]], axis=1), right + 1
    aside = ((top % down, -below % down), (left % across, -right % across))
    if any(map(any, aside)):
        kept = np.pad(kept, aside, constant_values=OPAQUE)
    size = kept.shape[1] // across, kept.shape[0] // down
    return np.asarray(cv2.resize(kept, size, interpolation=cv2.INTER_AREA), np.uint8)
