"""Pixels of a picture resized as those of a video are."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from pipeline.video.colour.pixels import SCALING


def resized(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """RGB uint8 [H, W, 3] in `width` x `height` px, by the scaler that videos are decoded with."""
    if (height, width) == pixels.shape[:2]:
        return pixels
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24").reformat(
        width=width,
        height=height,
        format="rgb24",
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=SCALING,
        threads=1,
    )
    return frame.to_ndarray().astype(np.uint8, copy=False)
