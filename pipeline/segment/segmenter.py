"""Segmenter: a network set up on this process's device, frames in, detections out; runs without Ray."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.segment.settings import SegmentSettings
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.structures.panoptic_segmenter import PanopticSegmenter

if TYPE_CHECKING:
    from pipeline.networks.settings import LoadSettings


class Segmenter:
    """A network that is loaded by `setup`, so that it can be sent to another process before.

    Where its weights come from and which module loads them is settled when it is made: a kind that was registered in
    this process loads in the other one too.

    threads : cores to use; None: all. OpenVINO gives each calling thread one of them, TensorFlow gives them to one
        operation. Detections do not depend on it.
    callers : threads that will call; None: one for each core. A single one has all cores to itself, so that a frame is
        through sooner, and what is found depends on their number in its last digits.
    class_maps : `look` gives class maps too, which the network has to be able to.
    """

    def __init__(
        self,
        settings: SegmentSettings,
        threads: int | None = None,
        *,
        callers: int | None = None,
        class_maps: bool = False,
    ) -> None:
        from pipeline.networks.registry import find_source

        self.settings, self.threads = settings, threads
        self._callers, self._class_maps = callers, class_maps
        self._source = find_source(settings.model)
        self._network: FrameSegmenter | None = None

    def setup(self) -> Mapping[int, str]:
        """Load the network; the name of each class id it can return. Raises WeightsError, ConfigError."""
        from pipeline.networks.registry import load

        self._network = load(self._source, self._load_settings())
        return dict(self._network.class_names)

    @property
    def network(self) -> FrameSegmenter:
        """The network, once it is loaded."""
        assert self._network is not None, "setup() comes first"
        return self._network

    @property
    def batch(self) -> int:
        """Number of frames that the network is best given at a time."""
        return self.settings.batch or self.network.batch

    @property
    def callers(self) -> int:
        """Number of threads that may usefully call `segment` at the same time."""
        return self.network.callers

    def frame_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px to decode a video of this size to: no larger than the network looks at."""
        return self.network.input_size(width, height, sample_aspect)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3], boxes in the pixels of these frames.

        Several threads may call: on OpenVINO as many compute at the same time as there are `threads`.
        """
        return self.network.segment(frames)

    def look(self, frames: NDArray[np.uint8]) -> list[tuple[Detections, ClassMap | None]]:
        """The same with the class map of each frame; None where none were asked for."""
        if not self._class_maps:
            return [(found, None) for found in self.segment(frames)]
        network = cast(PanopticSegmenter, self.network)
        return [(found, classes) for found, classes in network.segment_with_classes(frames)]

    def close(self) -> None:
        """Let go of the network."""
        self._network = None

    def _load_settings(self) -> LoadSettings:
        from pipeline.networks.settings import LoadSettings

        asked = self.settings
        return LoadSettings(
            device=asked.device,
            precision=asked.precision,
            threads=self.threads,
            callers=self._callers,
            batch=asked.batch,
            score=asked.score,
            pixel_classes=self._class_maps,
            thorough=asked.thorough,
        )
