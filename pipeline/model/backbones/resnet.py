"""ResNet (He et al. 2015): C2..C5, in torchvision's, in matterport's and in the narrow dense form."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.config import BackboneConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv


class ResidualBlock(Composite):
    """relu(shortcut(x) + residual(x)); a `bottleneck` is 1x1, 3x3, 1x1 x 4 wide, a `basic` one two 3x3."""

    def __init__(self, config: BackboneConfig, width: int, stride: int, project: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shared: dict[str, Any] = {
            "norm": config.norm, "epsilon": config.norm_epsilon, "bias": config.conv_bias, "dtype": self.dtype_policy
        }  # fmt: skip
        if config.kind == "bottleneck":
            first, second = (stride, 1) if config.stride_in_first else (1, stride)
            self.convs = [
                Conv(width, 1, stride=first, activation="relu", name="conv1", **shared),
                Conv(width, 3, stride=second, activation="relu", name="conv2", **shared),
                Conv(width * 4, 1, name="conv3", **shared),
            ]
        else:
            self.convs = [
                Conv(width, 3, stride=stride, activation="relu", name="conv1", **shared),
                Conv(width, 3, name="conv2", **shared),
            ]
        outputs = width * (4 if config.kind == "bottleneck" else 1)
        self.shortcut = Conv(outputs, 1, stride=stride, name="shortcut", **shared) if project else None

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[B, H, W, C] to [B, H / stride, W / stride, C']."""
        outputs = inputs
        for conv in self.convs:
            outputs = conv(outputs, training=training)
        shortcut = inputs if self.shortcut is None else self.shortcut(inputs, training=training)
        return ops.relu(outputs + shortcut)


class ResNet(Composite):
    """The trunk: a 7x7 stem of stride 2, 3x3 max pooling of stride 2, four stages; returns [C2, C3, C4, C5]."""

    channel_orders = (None,) * 4

    def __init__(self, config: BackboneConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.same_pool = config.same_pool
        self.stem = Conv(
            config.width, 7, stride=2, norm=config.norm, epsilon=config.norm_epsilon, bias=config.conv_bias,
            activation="relu", name="stem", dtype=self.dtype_policy,
        )  # fmt: skip
        self.stages = [
            [
                ResidualBlock(
                    config,
                    config.width * 2**stage,
                    stride=2 if stage > 0 and block == 0 else 1,
                    project=block == 0 and (stage > 0 or config.kind == "bottleneck"),
                    name=f"stage{stage + 2}_block{block}",
                    dtype=self.dtype_policy,
                )
                for block in range(count)
            ]
            for stage, count in enumerate(config.blocks)
        ]

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """Images [B, H, W, 3] to feature maps of strides 4, 8, 16 and 32."""
        outputs = self._pool(self.stem(inputs, training=training))
        features = []
        for stage in self.stages:
            for block in stage:
                outputs = block(outputs, training=training)
            features.append(outputs)
        return features

    def _pool(self, inputs: Any) -> Any:
        if self.same_pool:
            return ops.max_pool(inputs, 3, 2, padding="same", data_format="channels_last")
        # The inputs come out of a ReLU, so that padding with 0 is padding with minus infinity.
        padded = ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return ops.max_pool(padded, 3, 2, padding="valid", data_format="channels_last")
