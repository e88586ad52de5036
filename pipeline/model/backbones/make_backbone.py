"""The trunk that a config asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from pipeline.errors import ConfigError
from pipeline.model.backbones.esnet import ESNet
from pipeline.model.backbones.resnet import ResNet
from pipeline.model.backbones.shufflenet_v2 import ShuffleNetV2
from pipeline.model.config import BackboneConfig

#: Trunks by the kind that a config names.
BACKBONES: dict[str, Callable[..., keras.layers.Layer]] = {
    "bottleneck": ResNet, "basic": ResNet, "shufflenet_v2": ShuffleNetV2, "esnet": ESNet
}  # fmt: skip


def make_backbone(config: BackboneConfig, **kwargs: Any) -> keras.layers.Layer:
    """A layer from images [B, H, W, 3] to feature maps [C2, C3, C4, C5] of strides 4, 8, 16 and 32.

    Its `channel_orders` says of each map which of the paper's channels stands at each place; None: they are in order.

    Raises ConfigError where there is no trunk of that kind.
    """
    if config.kind not in BACKBONES:
        raise ConfigError(f"There is no trunk {config.kind!r}.", do=f"use one of {', '.join(BACKBONES)}")
    return BACKBONES[config.kind](config, **kwargs)
