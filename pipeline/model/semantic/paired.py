"""PairedNetworks: a network for objects and one for pixel classes, behind the `PanopticSegmenter` contract."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap, PixelClassifier
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.structures.pixel_classes import PixelClasses


class PairedNetworks:
    """Both look at each frame: how a network with a branch runs through Keras, where the trunk is computed twice."""

    def __init__(self, objects: FrameSegmenter, pixels: PixelClassifier) -> None:
        self._objects, self._pixels = objects, pixels
        self.batch, self.callers, self.runtime = objects.batch, objects.callers, objects.runtime

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id that `segment` can return."""
        return self._objects.class_names

    @property
    def classes(self) -> PixelClasses:
        """The classes that the numbers of a class map stand for."""
        return self._pixels.classes

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that it takes a video of this size in."""
        return self._objects.input_size(width, height, sample_aspect)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3]."""
        return self._objects.segment(frames)

    def segment_with_classes(self, frames: NDArray[np.uint8]) -> list[tuple[Detections, ClassMap]]:
        """The detections of `segment`, and the class map of each frame in a quarter of its size."""
        quarter = -(-frames.shape[1] // 4), -(-frames.shape[2] // 4)
        return list(zip(self.segment(frames), self._pixels.classify(frames, quarter), strict=True))
