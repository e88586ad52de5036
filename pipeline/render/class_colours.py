"""The colours of a class map, laid over a picture or a frame of a video."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.yuv_colour import yuv_colour
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import VOID, PixelClasses
from pipeline.structures.yuv_frame import YuvFrame

#: Rows of a picture that are painted at a time.
_BAND_ROWS = 256


def tint_classes(
    frame: YuvFrame, labels: ClassMap, classes: PixelClasses, alpha: float, shown: Collection[int]
) -> None:
    """Lay the colours of a class map over the planes of a frame, in place.

    Colours and shares are enlarged, not the numbers of classes, so that borders between classes have no steps.
    What lies farther than a pixel of the map from a class that is shown keeps its numbers.

    labels : uint8 [h, w], of any size. alpha : share of the colour, 0..1. shown : numbers of classes.
    """
    if {labels.shape} == {plane.shape for plane in frame.planes} and len(labels) > _BAND_ROWS:
        for top in range(
            0, len(labels), _BAND_ROWS
        ):  # floats of a whole large picture would be some gigabytes
            band = np.s_[top : top + _BAND_ROWS]
            part = replace(frame, y=frame.y[band], u=frame.u[band], v=frame.v[band])
            tint_classes(part, labels[band], classes, alpha, shown)
        return
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
