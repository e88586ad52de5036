"""MobileNetV2 (Sandler et al. 2018) as a trunk: C2..C5 are the last maps of strides 4, 8, 16 and 32.

Strided convolutions pad as its authors' code does, like TensorFlow's `same`.
"""

from __future__ import annotations

from typing import Any

from pipeline.model.backbones.shufflenet_v2 import channels_of
from pipeline.model.config import BackboneConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv

#: Table 2 of the paper: expansion t, channels c, repeats n, stride s.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class InvertedResidual(Composite):
    """1x1 expansion, 3x3 depthwise convolution, linear 1x1 projection; a shortcut where the shape stays."""

    def __init__(
        self, config: BackboneConfig, inputs: int, outputs: int, stride: int, expansion: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        shared: dict[str, Any] = {
            "norm": config.norm, "epsilon": config.norm_epsilon, "bias": config.conv_bias or None,
            "dtype": self.dtype_policy,
        }  # fmt: skip
        hidden = inputs * expansion
        self.expand = None
        if expansion != 1:
            self.expand = Conv(hidden, 1, activation="relu6", name="expand", **shared)
        self.depthwise = Conv(
            hidden,
            3,
            stride=stride,
            depthwise=True,
            same=True,
            activation="relu6",
            name="depthwise",
            **shared,
        )
        self.project = Conv(outputs, 1, name="project", **shared)
        self.has_shortcut = stride == 1 and inputs == outputs

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[B, H, W, C] to [B, H / stride, W / stride, C']."""
        outputs = inputs if self.expand is None else self.expand(inputs, training=training)
        outputs = self.project(self.depthwise(outputs, training=training), training=training)
        return inputs + outputs if self.has_shortcut else outputs


class MobileNetV2(Composite):
    """The trunk up to the 320-channel map; returns [C2, C3, C4, C5]."""

    channel_orders = (None,) * 4

    def __init__(self, config: BackboneConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        width = channels_of(32, config.width_multiplier)
        self.stem = Conv(
            width, 3, stride=2, same=True, norm=config.norm, epsilon=config.norm_epsilon,
            bias=config.conv_bias or None, activation="relu6", name="stem", dtype=self.dtype_policy,
        )  # fmt: skip
        self.blocks: list[InvertedResidual] = []
        self.strides: list[int] = []
        for expansion, channels, repeats, stride in STAGES:
            outputs = channels_of(channels, config.width_multiplier)
            for repeat in range(repeats):
                self.strides.append(stride if repeat == 0 else 1)
                name = f"block{len(self.blocks)}"
                self.blocks.append(
                    InvertedResidual(
                        config,
                        width,
                        outputs,
                        self.strides[-1],
                        expansion,
                        name=name,
                        dtype=self.dtype_policy,
                    )
                )
                width = outputs

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """Images [B, H, W, 3] to feature maps of strides 4, 8, 16 and 32."""
        outputs = self.stem(inputs, training=training)
        features = []
        for block, stride in zip(self.blocks, self.strides, strict=True):
            if stride == 2:
                features.append(outputs)
            outputs = block(outputs, training=training)
        return [*features[1:], outputs]
