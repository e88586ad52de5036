"""A 3x3 convolution in two parts: filters within a channel, then products across channels (Howard et al. 2017)."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv


class SeparableConv(Composite):
    """A depthwise 3x3 convolution of `depth_multiplier` filters a channel, then a 1x1 with norm and activation.

    Nothing lies between the two, so that together they are a dense 3x3 kernel of low rank for each channel.
    """

    def __init__(self, units: int, channels: int, depth_multiplier: int, *, name: str, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=kwargs.get("dtype"))
        within: dict[str, Any] = {"depthwise": True, "bias": False, "dtype": kwargs.get("dtype")}
        self.depthwise = [Conv(channels, 3, name=f"depthwise{i}", **within) for i in range(depth_multiplier)]
        self.pointwise = Conv(units, 1, name="pointwise", **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Features [B, H, W, channels] to [B, H, W, units]."""
        # A convolution for each filter: one of several filters a channel costs OpenVINO half as much again.
        filtered = [conv(inputs, training=training) for conv in self.depthwise]
        return self.pointwise(ops.concatenate(filtered, axis=-1), training=training)


def conv3x3(units: int, channels: int, depth_multiplier: int, **kwargs: Any) -> Conv | SeparableConv:
    """A 3x3 convolution of `channels`: dense where `depth_multiplier` is 0."""
    if depth_multiplier:
        return SeparableConv(units, channels, depth_multiplier, **kwargs)
    return Conv(units, 3, **kwargs)
