"""Which trunk a config asks for."""

from __future__ import annotations

from typing import Any

import keras

from pipeline.model.backbones.mobilenet_v2 import MobileNetV2
from pipeline.model.backbones.resnet import ResNet
from pipeline.model.backbones.shufflenet_v2 import ShuffleNetV2
from pipeline.model.backbones.squeezenet import SqueezeNet
from pipeline.model.config import BackboneConfig


def make_backbone(config: BackboneConfig, **kwargs: Any) -> keras.layers.Layer:
    """A layer from images [B, H, W, 3] to feature maps [C2, C3, C4, C5] of strides 4, 8, 16 and 32.

    Its `channel_orders` says of each map which of the paper's channels stands at each place; None: they are in order.
    """
    if config.kind == "mobilenet_v2":
        return MobileNetV2(config, **kwargs)
    if config.kind == "shufflenet_v2":
        return ShuffleNetV2(config, **kwargs)
    if config.kind == "squeezenet":
        return SqueezeNet(config, **kwargs)
    return ResNet(config, **kwargs)
