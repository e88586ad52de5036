"""The contract of networks that find objects and give each pixel a class; those that only do the latter keep it too."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap, PixelClassifier
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
        """The detections that `segment` gives, and the class map of each frame, all of one size."""
        ...


class ClassesAlone:
    """A PixelClassifier as a PanopticSegmenter without objects; see that contract."""

    batch, callers = 1, 1

    def __init__(self, network: PixelClassifier) -> None:
        self._network = network
        self.class_names: Mapping[int, str] = {}
        self.classes: PixelClasses = network.classes
        self.runtime = network.runtime

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that a video of this size is to be decoded to."""
        return self._network.input_size(width, height, sample_aspect)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """No detections, for each frame."""
        return [Detections.empty() for _ in frames]

    def segment_with_classes(self, frames: NDArray[np.uint8]) -> list[tuple[Detections, ClassMap]]:
        """No detections and a class map in the frame's own size, for each frame."""
        return [(Detections.empty(), found) for found in self._network.classify(frames)]
