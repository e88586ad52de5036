"""Classifier: a network that gives each pixel of a frame a class, loaded when it is first needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.segment.settings import SegmentSettings
from pipeline.structures.class_map import ClassMap, PixelClassifier
from pipeline.structures.pixel_classes import PixelClasses

if TYPE_CHECKING:
    from pipeline.networks.source import NetworkSource


def gives_classes(model: str) -> bool:
    """True if weights, a name of the catalog or a file, are of a network that gives each pixel a class.

    Raises WeightsError, UsageError for weights that are not there.
    """
    from pipeline.networks.semantic import is_semantic

    return is_semantic(_source(model))


class Classifier:
    """Gives each pixel of pictures a class; any number of threads may ask.

    Raises WeightsError where its file cannot be read.
    """

    def __init__(self, settings: SegmentSettings) -> None:
        from pipeline.networks.semantic import pixel_classes

        self._settings, self._source = settings, _source(settings.model)
        self._network: PixelClassifier | None = None
        self._loading = threading.Lock()
        self.classes: PixelClasses = pixel_classes(self._source)

    def input_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in px that a picture of this size is to be given in."""
        return self._loaded().input_size(width, height, None)

    def classify(self, rgb: NDArray[np.uint8], size: tuple[int, int]) -> ClassMap:
        """The class map of `size` (height, width) of uint8 RGB [H, W, 3]. Raises WeightsError, ConfigError."""
        (found,) = self._loaded().classify(rgb[None], size)
        return found

    def _loaded(self) -> PixelClassifier:
        from pipeline.networks.semantic import load_classifier
        from pipeline.networks.settings import LoadSettings

        with self._loading:
            if self._network is None:
                self._network = load_classifier(self._source, LoadSettings(device=self._settings.device))
            return self._network


def _source(model: str) -> NetworkSource:
    from pipeline.networks.registry import find_source

    return find_source(model)
