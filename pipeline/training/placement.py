"""Placement: a picture scaled, flipped and cut to the training canvas, and its instances with it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.labels.labelled_picture import Instance
from pipeline.structures.pixel_classes import VOID

#: An instance of which the canvas shows a smaller share is ignored.
_LEAST_VISIBLE = 0.3

#: What lies beside a picture: the mean colour, which is 0 after normalisation, as where a frame is letterboxed.
PADDING = (124, 116, 104)


@dataclass(frozen=True)
class Placement:
    """Source pixel (x, y) lands on canvas pixel (x * scale_x - left, y * scale_y - top), then is mirrored if `flip`.

    canvas : height and width in px.
    """

    canvas: tuple[int, int]
    scale_x: float
    scale_y: float
    left: int
    top: int
    flip: bool


def random_placement(
    size: tuple[int, int],
    canvas: tuple[int, int],
    base: float,
    scales: tuple[float, float],
    flip: float,
    random: np.random.Generator,
) -> Placement:
    """A placement for a picture of `size` (height, width).

    base : the scale of the picture at test time.
    scales : least and largest factor on it, drawn evenly on a log scale; the sides differ by up to a tenth.
    flip : probability of a mirrored picture.
    """
    factor = base * float(np.exp(random.uniform(*np.log(scales))))
    stretch = float(np.exp(random.uniform(-0.1, 0.1) / 2))
    scale_x, scale_y = factor * stretch, factor / stretch
    spare_x = round(size[1] * scale_x) - canvas[1]
    spare_y = round(size[0] * scale_y) - canvas[0]
    left = int(random.integers(min(spare_x, 0), max(spare_x, 0) + 1))
    top = int(random.integers(min(spare_y, 0), max(spare_y, 0) + 1))
    return Placement(canvas, scale_x, scale_y, left, top, bool(random.random() < flip))


def centred_placement(size: tuple[int, int], canvas: tuple[int, int]) -> Placement:
    """The whole picture in the middle of the canvas, as large as it fits."""
    scale = min(canvas[0] / size[0], canvas[1] / size[1])
    spare = [round(size[axis] * scale) - canvas[axis] for axis in (0, 1)]
    return Placement(canvas, scale, scale, -(-spare[1] // 2), -(-spare[0] // 2), False)


def placed_pixels(pixels: NDArray[np.uint8], placement: Placement, smooth: bool = True) -> NDArray[np.uint8]:
    """The canvas uint8 [H, W, 3]; `smooth` averages where the picture shrinks, else two pixels a side are blended."""
    shrinks = placement.scale_x < 1.0 and smooth
    return _on_canvas(pixels, placement, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR, PADDING)


def placed_labels(labels: NDArray[np.uint8], placement: Placement) -> NDArray[np.uint8]:
    """The class map of the canvas, uint8 [H, W], from a picture's; VOID beside the picture."""
    return _on_canvas(labels, placement, cv2.INTER_NEAREST_EXACT, VOID)


def _on_canvas(
    picture: NDArray[np.uint8], placement: Placement, how: int, beside: int | tuple[int, int, int]
) -> NDArray[np.uint8]:
    """The canvas uint8 [H, W, ...] with a picture of as many channels, scaled by OpenCV's way `how`."""
    height, width = placement.canvas
    resized_w = max(round(picture.shape[1] * placement.scale_x), 1)
    resized_h = max(round(picture.shape[0] * placement.scale_y), 1)
    resized = cv2.resize(picture, (resized_w, resized_h), interpolation=how)
    canvas = np.empty((height, width, *picture.shape[2:]), np.uint8)
    canvas[:] = beside
    x1, y1 = max(placement.left, 0), max(placement.top, 0)
    x2, y2 = min(placement.left + width, resized_w), min(placement.top + height, resized_h)
    if x1 < x2 and y1 < y2:
        canvas[y1 - placement.top : y2 - placement.top, x1 - placement.left : x2 - placement.left] = resized[
            y1:y2, x1:x2
        ]
    return canvas[:, ::-1] if placement.flip else canvas


@dataclass(frozen=True)
class PlacedInstance:
    """An instance on the canvas: its box float32 [4] and, if it has one, its mask uint8 [M, M] spanning the box."""

    category: int
    box: NDArray[np.float32]
    ignored: bool
    mask: NDArray[np.uint8] | None


def placed_instance(
    instance: Instance, placement: Placement, side: int, least_px: float = 6.0
) -> PlacedInstance | None:
    """The part of the instance that is on the canvas; None if none is.

    side : M of the mask. least_px : with a shorter side it is ignored, and so it is where the cut leaves little of it.
    """
    height, width = placement.canvas
    window = np.array(
        [placement.left, placement.top, placement.left + width, placement.top + height], np.float32
    )
    window /= np.array([placement.scale_x, placement.scale_y] * 2, np.float32)
    box, mask, share = _cut(instance, window)
    if share == 0.0:
        return None
    box = box * np.array([placement.scale_x, placement.scale_y] * 2, np.float32)
    box -= np.array([placement.left, placement.top] * 2, np.float32)
    if placement.flip:
        box = np.array([width - box[2], box[1], width - box[0], box[3]], np.float32)
    small = min(box[2] - box[0], box[3] - box[1]) < least_px
    ignored = instance.ignored or share < _LEAST_VISIBLE or bool(small)
    if mask is not None and not ignored:
        shrinks = min(mask.shape) > side
        mask = cv2.resize(
            mask * np.uint8(255), (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        mask = np.ascontiguousarray(mask[:, ::-1]) if placement.flip else mask
    return PlacedInstance(instance.category, box.astype(np.float32), ignored, None if ignored else mask)


def _cut(
    instance: Instance, window: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8] | None, float]:
    """Box, mask and share of the instance inside a window, x1, y1, x2, y2 in the picture's px."""
    low, high = np.maximum(instance.box[:2], window[:2]), np.minimum(instance.box[2:], window[2:])
    if np.any(high <= low):
        return instance.box, None, 0.0
    inside = np.concatenate([low, high])
    whole = float(np.prod(instance.box[2:] - instance.box[:2]))
    if instance.mask is None:
        return inside, None, float(np.prod(high - low)) / whole
    if np.array_equal(inside, instance.box):
        return inside, instance.mask, 1.0
    corner = np.array(instance.corner)
    x1, y1 = np.maximum(np.floor(low).astype(int) - corner, 0)
    x2, y2 = np.ceil(high).astype(int) - corner
    left = instance.mask[y1:y2, x1:x2]
    rows, columns = np.flatnonzero(left.any(axis=1)), np.flatnonzero(left.any(axis=0))
    if len(rows) == 0:
        return inside, None, 0.0
    tight = left[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    x, y = corner[0] + x1 + columns[0], corner[1] + y1 + rows[0]
    box = np.array([x, y, x + tight.shape[1], y + tight.shape[0]], np.float32)
    return box, tight, float(left.sum()) / max(float(instance.mask.sum()), 1.0)
