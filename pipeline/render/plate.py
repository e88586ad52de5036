"""A label as it is painted: white text on a dark plate, with a strip of its object's colour."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.blend import OPAQUE
from pipeline.render.label import label_alpha
from pipeline.render.yuv_colour import yuv_colour
from pipeline.structures.colour import Rgb
from pipeline.structures.yuv_frame import Plane, YuvFrame

_DARK: Rgb = (16, 18, 22)
_WHITE: Rgb = (255, 255, 255)
_DARKNESS = 0.66
# Shares of the capitals' height.
_STRIP, _RADIUS = 0.32, 0.35
#: Rows of the picture for a row of capitals, and the least that can be read: 12 px of 720 rows, 36 of 2160.
_ROWS, _LEAST_CAPITALS = 60, 9


class _Layer(NamedTuple):
    """The numbers that lay a plate over a plane, of its type: number * keep / OPAQUE + add."""

    keep: Plane
    add: Plane


def capitals_px(height: int) -> int:
    """Height of a label's capitals in a picture of so many rows."""
    return max(round(height / _ROWS), _LEAST_CAPITALS)


def plate_size(text: str, capitals: int) -> tuple[int, int]:
    """Height and width in px."""
    rows, columns = label_alpha(text, capitals).shape
    return rows, columns + _strip(capitals)


def paint_plate(frame: YuvFrame, left: int, top: int, text: str, capitals: int, rgb: Rgb) -> None:
    """Lay the plate over the frame, in place; all of it lies inside.

    rgb : the object's colour. Raises ValueError for a place outside the frame.
    """
    rows, columns = plate_size(text, capitals)
    if not (0 <= left <= frame.width - columns and 0 <= top <= frame.height - rows):
        raise ValueError(f"a label of {columns}x{rows} px at ({left}, {top}) leaves the frame")
    across, down = frame.subsampling
    odd = left % across, top % down
    look = (frame.matrix, frame.bit_depth, frame.full_range)
    luma, *chroma = _layers(text, capitals, rgb, odd, frame.subsampling, look)
    _lay(frame.y, left - odd[0], top - odd[1], luma)
    for plane, layer in zip((frame.u, frame.v), chroma, strict=True):
        _lay(plane, left // across, top // down, layer)


def _lay(plane: Plane, left: int, top: int, layer: _Layer) -> None:
    """The plane may end within the layer: of an odd frame, by the row or column that fills up its last sample."""
    pixels = plane[top : top + layer.keep.shape[0], left : left + layer.keep.shape[1]]
    rows, columns = pixels.shape
    remains = cv2.multiply(pixels, layer.keep[:rows, :columns], scale=1 / OPAQUE)
    cv2.add(remains, layer.add[:rows, :columns], dst=pixels)


@lru_cache(maxsize=128)  # some ten labels of a frame, in up to four places between chroma samples
def _layers(
    text: str,
    capitals: int,
    rgb: Rgb,
    odd: tuple[int, int],
    subsampling: tuple[int, int],
    look: tuple[str, int, bool],
) -> tuple[_Layer, _Layer, _Layer]:
    """Layers of y, u and v. odd : columns and rows of the first chroma sample that lie before the plate."""
    across, down = subsampling
    matrix, bit_depth, full_range = look
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    colours = [yuv_colour(one, matrix, bit_depth, full_range=full_range) for one in (_DARK, rgb, _WHITE)]
    alphas = _alphas(text, capitals)
    rows, columns = alphas[0].shape
    margins = ((odd[1], -(rows + odd[1]) % down), (odd[0], -(columns + odd[0]) % across))
    keep, adds = np.ones((rows, columns)), np.zeros((3, rows, columns))
    for alpha, colour in zip(alphas, colours, strict=True):
        keep = keep * (1 - alpha)
        adds = adds * (1 - alpha) + alpha * np.array(colour, np.float64)[:, None, None]
    keep = np.pad(keep, margins, constant_values=1.0)
    adds = np.pad(adds, ((0, 0), *margins))
    layers = []
    for add, (step_across, step_down) in zip(adds, ((1, 1), subsampling, subsampling), strict=True):
        shape = keep.shape[0] // step_down, step_down, keep.shape[1] // step_across, step_across
        kept, added = (one.reshape(shape).mean(axis=(1, 3)) for one in (OPAQUE * keep, add))
        layers.append(_Layer(np.rint(kept).astype(dtype), np.rint(added).astype(dtype)))
    return layers[0], layers[1], layers[2]


def _alphas(text: str, capitals: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """[h, w], 0..1: the dark plate, the strip, the ink, from the bottom up."""
    strip = _strip(capitals)
    ink = np.pad(label_alpha(text, capitals) / OPAQUE, ((0, 0), (strip, 0)))
    shape = _rounded(ink.shape[0], ink.shape[1], _RADIUS * capitals)
    stripe = np.where(np.arange(ink.shape[1]) < strip, shape, 0.0)
    return _DARKNESS * shape, stripe, ink


def _rounded(rows: int, columns: int, radius: float) -> NDArray[np.float64]:
    """Coverage 0..1 of a rectangle with round corners."""
    down, across = (np.abs(np.arange(n) + 0.5 - n / 2) - n / 2 + radius for n in (rows, columns))
    beyond = np.hypot(np.maximum(down, 0)[:, None], np.maximum(across, 0)[None])
    return np.clip(radius + 0.5 - beyond, 0.0, 1.0)


def _strip(capitals: int) -> int:
    """Width of the strip in px."""
    return max(round(_STRIP * capitals), 2)
