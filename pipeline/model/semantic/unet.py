"""U-Net (Ronneberger, Fischer & Brox 2015, figure 1), padded so that the output is as large as the input."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv, Deconv2x2

#: Halvings on the way down; the channels double with each.
_DEPTH = 4


class UNet(Composite):
    """Logits [B, H, W, classes] of network inputs [B, H, W, 3]; H and W are multiples of 16.

    Two things differ from the paper: convolutions are padded, and each has a batch norm (Ioffe & Szegedy 2015), with
    which it is trained from chance without elastic deformations.
    """

    def __init__(self, classes: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        dtype = kwargs.get("dtype")
        self.down = [_DoubleConv(width << i, name=f"down{i}", dtype=dtype) for i in range(_DEPTH + 1)]
        self.widen = [
            Deconv2x2(width << i, activation=None, name=f"widen{i}", dtype=dtype) for i in range(_DEPTH)
        ]
        self.up = [_DoubleConv(width << i, name=f"up{i}", dtype=dtype) for i in range(_DEPTH)]
        self.logits = Conv(classes, 1, init_scale=0.01, name="logits", dtype=dtype)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The contracting path, then the expanding one with its copies of the features on the way down."""
        kept, features = [], inputs
        for down in self.down[:-1]:
            kept.append(down(features, training=training))
            features = ops.max_pool(kept[-1], 2, 2, data_format="channels_last")
        features = self.down[-1](features, training=training)
        for i in reversed(range(_DEPTH)):
            features = ops.concatenate([kept[i], self.widen[i](features)], axis=-1)
            features = self.up[i](features, training=training)
        return self.logits(features)


class _DoubleConv(Composite):
    """Two 3x3 convolutions."""

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        dtype = kwargs.get("dtype")
        self.first = Conv(channels, 3, norm="batch", activation="relu", name="first", dtype=dtype)
        self.second = Conv(channels, 3, norm="batch", activation="relu", name="second", dtype=dtype)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Features [B, H, W, channels]."""
        return self.second(self.first(inputs, training=training), training=training)
