"""Feature pyramid network (Lin et al. 2017, section 3): semantics from above, position from below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.model.config import FPNConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.separable import conv3x3
from pipeline.model.layers.units import Conv


class FPN(Composite):
    """1x1 lateral convolutions, a top-down path of nearest upsampling and sums, a 3x3 convolution a level.

    channel_orders : of C2..C5, the lateral kernel's row for each channel; None: channels come in the kernel's order.
    """

    def __init__(
        self,
        config: FPNConfig,
        channel_orders: Sequence[NDArray[np.int64] | None] = (None,) * 4,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = config
        shared: dict[str, Any] = {
            "norm": config.norm, "epsilon": config.norm_epsilon, "dtype": self.dtype_policy
        }  # fmt: skip
        merged = config.pooled_levels
        self.lateral = [
            Conv(config.channels, 1, name=f"lateral{level}", reads=channel_orders[level - 2], **shared)
            for level in merged
        ]
        self.output_convs = [
            conv3x3(
                config.channels, config.channels, config.depth_multiplier, name=f"output{level}", **shared
            )
            for level in merged
        ]

    def call(self, inputs: list[Any], training: bool = False) -> list[Any]:
        """[C2, C3, C4, C5] to [P(min_level), ..., P(max_level)], each [B, H, W, channels]."""
        merged = self.merged(inputs, training)
        outputs = [
            conv(feature, training=training) for conv, feature in zip(self.output_convs, merged, strict=True)
        ]
        for _ in range(self.config.max_level - 5):
            outputs.append(outputs[-1][:, ::2, ::2])
        return outputs

    def merged(self, inputs: list[Any], training: bool = False) -> list[Any]:
        """[C2, C3, C4, C5] to the sums of laterals and what is above them, before a level's 3x3 convolution."""
        used = inputs[self.config.min_level - 2 :]
        laterals = [
            conv(feature, training=training) for conv, feature in zip(self.lateral, used, strict=True)
        ]
        merged = [laterals[-1]]
        for lateral in reversed(laterals[:-1]):
            merged.insert(0, lateral + _upsample(merged[0]))
        return merged


def _upsample(inputs: Any) -> Any:
    """Each cell four times: [B, H, W, C] to [B, 2 H, 2 W, C], as one broadcast."""
    batch, height, width, channels = inputs.shape
    cells = ops.reshape(inputs, (batch, height, 1, width, 1, channels))
    cells = ops.broadcast_to(cells, (batch, height, 2, width, 2, channels))
    return ops.reshape(cells, (batch, 2 * height, 2 * width, channels))
