"""Load a network that takes pictures, by its name or from a file of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.loading.given import Given
from pipeline.loading.load import load as checked
from pipeline.structures.frame_segmenter import FrameSegmenter


def load_model(name: str | Path, **settings: Any) -> FrameSegmenter:
    """The network: `segment(frames)` takes uint8 RGB [B, H, W, 3] and gives Detections, `class_names` the names.

    name : of `seg-video models`, or a path of weights; fetched if it is not here. settings : see LoadSettings, such
    as score and batch. Raises WeightsError, and UsageError for a setting that there is not.
    """
    from pipeline.networks.registry import load
    from pipeline.networks.settings import LoadSettings

    return load(str(name), checked(LoadSettings, Given(settings)))
