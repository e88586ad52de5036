"""Segmenter: a network that is loaded in the process that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.segment.black_border import without_black_border
from pipeline.segment.network_classes import load_settings
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.structures.panoptic_segmenter import PanopticSegmenter


class Segmenter:
    """A network that is loaded by `setup`, so that it can be sent to another process before.

    The source of its weights and the module that loads them are resolved when it is created, so a kind that is
    registered in this process can be loaded in the other one too.

    threads : cores to use; None: all. OpenVINO gives one to each calling thread, TensorFlow all to one operation.
        Detections do not depend on it.
    callers : number of threads that will call; None: one per core. A single caller uses all cores, which shortens the
        time per frame, and the last digits of its results depend on their number.
    class_maps : let `look` return class maps too, which the network must be able to provide.
    film : the frames are of a film; see LoadSettings.
    """

    def __init__(
        self,
        settings: SegmentSettings,
        threads: int | None = None,
        *,
        callers: int | None = None,
        class_maps: bool = False,
        film: bool = True,
    ) -> None:
        from pipeline.networks.registry import find_source

        self.settings, self.threads = settings, threads
        self._callers, self._class_maps, self._film = callers, class_maps, film
        self._source = find_source(settings.model)
        self._network: FrameSegmenter | None = None

    def setup(self) -> Mapping[int, str]:
        """Load the network; returns the name of each class id. Raises WeightsError, ConfigError."""
        from pipeline.networks.registry import load

        wanted = load_settings(self.settings, class_maps=self._class_maps, film=self._film)
        self._network = load(self._source, replace(wanted, threads=self.threads, callers=self._callers))
        return dict(self._network.class_names)

    @property
    def network(self) -> FrameSegmenter:
        """The network, once it is loaded."""
        assert self._network is not None, "setup() comes first"
        return self._network

    @property
    def batch(self) -> int:
        """Number of frames to give the network at a time."""
        return self.settings.batch or self.network.batch

    @property
    def callers(self) -> int:
        """Number of threads that should call `segment` at the same time."""
        return self.network.callers

    def frame_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px to which a video of this size should be decoded, no larger than the network needs."""
        return self.network.input_size(width, height, sample_aspect)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3], boxes in the pixels of these frames.

        Several threads may call it; on OpenVINO up to `threads` of them compute at the same time.
        """
        return self.network.segment(frames)

    def look(self, frames: NDArray[np.uint8]) -> list[tuple[Detections, ClassMap | None]]:
        """Detections and class map of each frame; the map is None unless class maps were requested.

        A black border has no class.
        """
        if not self._class_maps:
            return [(found, None) for found in self.segment(frames)]
        network = cast(PanopticSegmenter, self.network)
        looked = zip(frames, network.segment_with_classes(frames), strict=True)
        return [(found, without_black_border(classes, frame)) for frame, (found, classes) in looked]

    def close(self) -> None:
        """Release the network."""
        self._network = None
