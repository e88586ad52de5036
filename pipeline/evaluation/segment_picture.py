"""A picture through a network, as a frame of a video goes through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.video.colour.resize import resized


def segment_picture(network: FrameSegmenter, pixels: NDArray[np.uint8]) -> Detections:
    """Detections of uint8 RGB [H, W, 3], boxes in its own px.

    The picture is given in the size that a video of its size would be decoded to, by the same scaler: what is
    measured is what a video gets.
    """
    height, width = pixels.shape[:2]
    wide, tall = network.input_size(width, height, None)
    (found,) = network.segment(resized(pixels, wide, tall)[None])
    return found.scaled(width / wide, height / tall)
