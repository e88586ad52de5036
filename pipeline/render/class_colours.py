"""The colours of a class map, laid over a picture or a frame of a video."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.render.yuv_colour import yuv_colour
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import VOID, PixelClasses
from pipeline.structures.yuv_frame import YuvFrame

#: Of 256: the division is a shift, and 65535 * 256 fits in 32 bits.
_OPAQUE = 256


def paint_classes(
    rgb: NDArray[np.uint8] | NDArray[np.uint16],
    labels: ClassMap,
    classes: PixelClasses,
    alpha: float,
    shown: Collection[str | int] = (),
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """A painted copy of `rgb` [H, W, 3]; a pixel whose class is not shown keeps its numbers.

    labels : uint8 [H, W]. alpha : share of the colour, 0..1. shown : names or numbers of classes; empty: all.

    Raises ConfigError for a class that there is not.
    """
    numbers = class_numbers(classes, shown)
    colours, shares = np.zeros((VOID + 1, 3), np.uint32), np.zeros(VOID + 1, np.uint32)
    # 255 becomes the largest value of 16 bits too.
    colours[: len(classes)] = np.asarray(classes.colours, np.uint32) * (257 if rgb.dtype == np.uint16 else 1)
    shares[numbers] = round(_OPAQUE * alpha)
    painted = rgb.copy()
    for top in range(0, len(rgb), 64):  # a band at a time: 32-bit copies of a whole picture are large
        band = np.s_[top : top + 64]
        share = shares[labels[band]][..., None]
        mixed = rgb[band] * (_OPAQUE - share) + colours[labels[band]] * share + _OPAQUE // 2
        painted[band] = (mixed // _OPAQUE).astype(rgb.dtype)
    return painted


def tint_classes(
    frame: YuvFrame, labels: ClassMap, classes: PixelClasses, alpha: float, shown: Collection[int]
) -> None:
    """Lay the colours of a class map over the planes of a frame, in place.

    Colours and shares are enlarged, not the numbers of classes, so that borders between classes have no steps.
    What lies farther than a pixel of the map from a class that is shown keeps its numbers.

    labels : uint8 [h, w], of any size. alpha : share of the colour, 0..1. shown : numbers of classes.
    """
    colours = np.zeros((VOID + 1, 3), np.float32)
    shares = np.zeros(VOID + 1, np.float32)
    for number in shown:
        colours[number] = yuv_colour(
            classes.colours[number], frame.matrix, frame.bit_depth, full_range=frame.full_range
        )
        shares[number] = alpha
    kept, size = (1 - shares)[labels], (-1, -1)
    for channel, plane in enumerate(frame.planes):
        if plane.shape != size:
            size, left = plane.shape, _enlarged(kept, plane.shape)
        mixed = plane * left
        mixed += _enlarged((shares * colours[:, channel])[labels], plane.shape)
        np.rint(mixed, out=mixed)
        plane[...] = mixed


def _enlarged(values: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)


def class_numbers(classes: PixelClasses, shown: Collection[str | int]) -> list[int]:
    """Numbers of the classes to show; of all where none is asked for. Raises ConfigError."""
    known = dict(zip(classes.names, range(len(classes)), strict=True))
    numbers = []
    for one in shown or classes.names:
        number = known.get(one) if isinstance(one, str) else one
        if number is None or not 0 <= number < len(classes):
            raise ConfigError(
                f"The network knows no class {one}.", do=f"choose from {', '.join(classes.names)}"
            )
        numbers.append(number)
    return numbers
