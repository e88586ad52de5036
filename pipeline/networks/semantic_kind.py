"""A network that gives each pixel a class behind the contract of those that find objects: it finds none."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.networks import semantic
from pipeline.networks.semantic import pixel_classes, runtime
from pipeline.networks.settings import LoadSettings
from pipeline.networks.source import NetworkSource
from pipeline.structures.class_map import ClassMap, PixelClassifier
from pipeline.structures.detections import Detections
from pipeline.structures.pixel_classes import PixelClasses

__all__ = ["class_names", "load", "pixel_classes", "runtime"]


def class_names(source: NetworkSource) -> Mapping[int, str]:
    """No name, as it finds no objects."""
    del source
    return {}


def load(source: NetworkSource, settings: LoadSettings) -> ClassesAlone:
    """The network. Raises WeightsError, ConfigError."""
    return ClassesAlone(semantic.load(source, settings))


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
