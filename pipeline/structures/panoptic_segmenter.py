"""The contract of networks that find objects in a frame and give each of its pixels a class too."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.structures.pixel_classes import PixelClasses


class PanopticSegmenter(FrameSegmenter, Protocol):
    """A FrameSegmenter that gives class maps with the detections; `segment` alone does no work for them."""

    @property
    def classes(self) -> PixelClasses:
        """The classes that the numbers of a class map stand for."""
        ...

    def segment_with_classes(self, frames: NDArray[np.uint8]) -> list[tuple[Detections, ClassMap]]:
        """What `segment` gives, and the class map of each frame, all of one size."""
        ...
