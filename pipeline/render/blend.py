"""A colour laid over part of a frame; whatever is not covered keeps its numbers to the last bit."""

from __future__ import annotations

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
    coarse, chroma_left, chroma_top = _to_chroma(frame, left, top, alpha)
    below, right = chroma_top + coarse.shape[0], chroma_left + coarse.shape[1]
    for plane, number in ((frame.u, colour.u), (frame.v, colour.v)):
        _mix(plane[chroma_top:below, chroma_left:right], coarse, number)


def _mix(pixels: Plane, alpha: NDArray[np.uint16], number: int) -> None:
    wide = np.uint16 if pixels.dtype == np.uint8 else np.uint32
    share = alpha.astype(wide, copy=False)
    mixed = pixels * (wide(OPAQUE) - share)
    mixed += share * wide(number)
    mixed += wide(OPAQUE // 2)
    mixed >>= wide(8)
    pixels[...] = mixed


def _to_chroma(
    frame: YuvFrame, left: int, top: int, alpha: NDArray[np.uint16]
) -> tuple[NDArray[np.uint16], int, int]:
    """Mean alpha of each chroma sample that is touched, and the column and row of the first of them."""
    across, down = frame.subsampling
    if down == 2:
        alpha, top = _halve(alpha, top, frame.height), top // 2
    if across == 2:
        alpha, left = _halve(alpha.T, left, frame.width).T, left // 2
    return alpha, left, top


def _halve(alpha: NDArray[np.uint16], start: int, limit: int) -> NDArray[np.uint16]:
    """Mean of the rows 2i and 2i + 1 of the frame, for alpha whose first row is the frame's row `start`."""
    stop = start + len(alpha)
    if start % 2 or stop % 2:
        # The last chroma row of an odd frame stands for one luma row: that one counts twice.
        after = alpha[-1:] if stop == limit else np.zeros_like(alpha[-1:])
        alpha = np.concatenate([np.zeros_like(alpha[: start % 2]), alpha, after[: stop % 2]])
    return (alpha[0::2] + alpha[1::2] + np.uint16(1)) >> np.uint16(1)
