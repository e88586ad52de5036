"""SqueezeNet 1.1 (Iandola et al. 2016) as a trunk: dense convolutions only, and 3x3 ones on few channels.

It ends at stride 16. C5 is an addition of ours: one more max pooling and two more fire modules, of which no published
file has weights.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from keras import ops

from pipeline.model.config import BackboneConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv

#: Channels of the stem; those of version 1.1, as are the places of the pooling.
STEM = 64
#: Fire modules of C2 to C5: channels of the squeeze, and of each of the two expansions.
STAGES = (
    ((16, 64), (16, 64)),
    ((32, 128), (32, 128)),
    ((48, 192), (48, 192), (64, 256), (64, 256)),
    ((64, 256), (64, 256)),
)
#: The paper's number of the first fire module.
FIRST = 2
#: The modules that are not the paper's: those of C5.
ADDED = ("fire10", "fire11")


class Fire(Composite):
    """A 1x1 squeeze, then a 1x1 and a 3x3 expansion side by side (figure 1)."""

    def __init__(self, config: BackboneConfig, squeezed: int, expanded: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shared: dict[str, Any] = {
            "norm": config.norm, "epsilon": config.norm_epsilon, "bias": config.conv_bias or None,
            "activation": "relu", "dtype": self.dtype_policy,
        }  # fmt: skip
        self.squeeze = Conv(squeezed, 1, name="squeeze", **shared)
        self.expand1 = Conv(expanded, 1, name="expand1", **shared)
        self.expand3 = Conv(expanded, 3, name="expand3", **shared)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[B, H, W, C] to [B, H, W, 2 `expanded`]."""
        squeezed = self.squeeze(inputs, training=training)
        sides = [expand(squeezed, training=training) for expand in (self.expand1, self.expand3)]
        return ops.concatenate(sides, axis=-1)


class SqueezeNet(Composite):
    """The trunk up to fire11; returns [C2, C3, C4, C5] of 128, 256, 512 and 512 channels.

    Convolution and pooling of stride 2 pad at the end alone, so that strides are exact where sides are multiples of
    32. The published network does not pad where it pools; both agree but for what the lower and the right edge reach.
    """

    channel_orders = (None,) * 4

    def __init__(self, config: BackboneConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stem = Conv(
            STEM, 3, stride=2, same=True, norm=config.norm, epsilon=config.norm_epsilon,
            bias=config.conv_bias or None, activation="relu", name="stem", dtype=self.dtype_policy,
        )  # fmt: skip
        numbers = count(FIRST)
        self.stages = [
            [
                Fire(config, squeezed, expanded, name=f"fire{next(numbers)}", dtype=self.dtype_policy)
                for squeezed, expanded in stage
            ]
            for stage in STAGES
        ]

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """Images [B, H, W, 3] to feature maps of strides 4, 8, 16 and 32."""
        outputs = self.stem(inputs, training=training)
        features = []
        for stage in self.stages:
            outputs = ops.max_pool(outputs, 3, 2, padding="same", data_format="channels_last")
            for fire in stage:
                outputs = fire(outputs, training=training)
            features.append(outputs)
        return features
