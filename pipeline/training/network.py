"""The network that a run trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.errors import ConfigError
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.presets import NETWORKS
from pipeline.training.settings import TrainSettings


def network_config(settings: TrainSettings, names: Mapping[int, str]) -> MaskRCNNConfig:
    """The preset of the settings, with the categories `names` (less the unions) as its classes, by rising id."""
    ids = sorted(set(names) - set(settings.unions))
    if not ids or ids[0] < 1:
        raise ConfigError("categories need ids from 1 on; 0 is the background", found=f"the ids {ids}")
    classes = ("background", *(names[one] for one in ids)), (0, *ids)
    preset = NETWORKS[settings.network]
    config = preset(classes) if settings.full_canvas is None else preset(classes, settings.full_canvas)
    if settings.roi_samples is None:
        return config
    return replace(config, training=replace(config.training, roi_samples=settings.roi_samples))
