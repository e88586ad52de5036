"""Load a network that takes pictures, by its name or from a file of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.api.settings import path_text, plain_value
from pipeline.loading.given import Given
from pipeline.loading.load import load as checked
from pipeline.structures.frame_segmenter import FrameSegmenter


def load_model(name: str | Path, **settings: Any) -> FrameSegmenter:
    """Load a network: its `segment` takes uint8 RGB [B, H, W, 3] and returns Detections for each of the B pictures.

    name : one listed by `seg-video models`, downloaded if necessary, or the path of a file of weights.
    settings : the fields of LoadSettings, such as `score` and `device`.
    Raises WeightsError for weights that cannot be had or read, UsageError for a setting that does not exist.
    """
    from pipeline.networks.registry import load
    from pipeline.networks.settings import LoadSettings

    values = {key: plain_value(value) for key, value in settings.items()}
    return load(path_text(name, "name"), checked(LoadSettings, Given(values)))
