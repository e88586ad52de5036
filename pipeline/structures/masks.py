"""Masks are kept as 28x28 probabilities over their box and widened to pixels only where they are painted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Side of a stored mask, in cells: the mask head's output (He et al. 2017, figure 4).
ROI_MASK_SIZE = 28

#: A cell of a stored mask from this value on belongs to the object.
INSIDE = 128


class PastedMask(NamedTuple):
    """A mask cropped to the pixels of its box: `pixels[i, j]` is frame pixel (`top` + i, `left` + j)."""

    left: int
    top: int
    pixels: NDArray[np.bool_]


def paste_mask(
    roi_mask: NDArray[np.uint8],
    box: NDArray[np.float32],
    height: int,
    width: int,
    threshold: float = 0.5,
) -> PastedMask:
    """One mask at frame resolution, cropped to its box.

    The value at a pixel's centre is read off the cells by bilinear interpolation and only then compared with
    `threshold`; thresholding first would show the cells' corners as steps.

    Parameters
    ----------
    roi_mask : uint8 [28, 28] (or any size), probability x 255.
    box : float32 [4], x1, y1, x2, y2 in frame pixels; parts outside the frame are cut off.
    height, width : frame size in px.
    threshold : probability from which on a pixel belongs to the object.

    """
    left, right, columns = _cell_weights(float(box[0]), float(box[2]), width, roi_mask.shape[1])
    top, bottom, rows = _cell_weights(float(box[1]), float(box[3]), height, roi_mask.shape[0])
    if right <= left or bottom <= top:
        return PastedMask(left, top, np.zeros((max(bottom - top, 0), max(right - left, 0)), np.bool_))
    probability = rows @ roi_mask.astype(np.float32) @ columns.T
    return PastedMask(left, top, probability >= threshold * 255.0)


def paste_masks(
    roi_masks: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    height: int,
    width: int,
    threshold: float = 0.5,
) -> NDArray[np.bool_]:
    """Full-frame masks bool [N, height, width] of N cropped masks; outside its box a mask is False."""
    frames = np.zeros((len(boxes), height, width), np.bool_)
    for frame, roi_mask, box in zip(frames, roi_masks, boxes, strict=True):
        left, top, pixels = paste_mask(roi_mask, box, height, width, threshold)
        frame[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return frames


def _cell_weights(low: float, high: float, limit: int, cells: int) -> tuple[int, int, NDArray[np.float32]]:
    """Pixels [first, last) of one axis whose centres lie in [low, high), and their weights on the cells.

    Returns first, last and float32 [last - first, cells]; each row sums to 1.
    """
    first = max(int(np.ceil(low - 0.5)), 0)
    last = min(int(np.ceil(high - 0.5)), limit)
    if last <= first:
        return min(first, limit), min(first, limit), np.zeros((0, cells), np.float32)
    centres = np.arange(first, last, dtype=np.float64) + 0.5
    position = np.clip((centres - low) / (high - low) * cells - 0.5, 0, cells - 1)
    floor = np.minimum(position.astype(np.intp), max(cells - 2, 0))
    fraction = position - floor
    weights = np.zeros((last - first, cells), np.float32)
    row = np.arange(last - first)
    weights[row, floor] = 1.0 - fraction
    weights[row, np.minimum(floor + 1, cells - 1)] += fraction
    return first, last, weights
