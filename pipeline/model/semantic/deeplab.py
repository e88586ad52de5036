"""DeepLabv3+ (Chen et al. 2018): atrous spatial pyramid pooling on a residual network, and a decoder for edges."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv
from pipeline.model.semantic.bilinear import enlarged

#: Rates of the pyramid at output stride 16 (section 3.1; Chen et al. 2017, section 3.3).
_RATES = (6, 12, 18)


class AtrousConv(Conv):
    """3x3 convolution whose taps are `rate` px apart."""

    def __init__(self, units: int, rate: int, **kwargs: Any) -> None:
        super().__init__(units, 3, norm="batch", **kwargs)
        self.rate = rate

    def product(self, inputs: Any, kernel: Any) -> Any:
        """The convolution, as large as its input."""
        return ops.conv(inputs, kernel, padding="same", dilation_rate=self.rate, data_format="channels_last")


class DeepLabV3Plus(Composite):
    """Logits [B, H, W, classes] of network inputs [B, H, W, 3]; H and W are multiples of 16.

    The trunk is a ResNet-18 (He et al. 2016) of that width, with rate 2 in place of the last stride, so that its
    features are at stride 16 (section 3.1). The decoder joins them with those of stride 4.
    """

    def __init__(self, classes: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        dtype = kwargs.get("dtype")
        self.stem = _unit(width, 7, "stem", dtype, stride=2)
        plan = ((1, 1, 1), (2, 2, 1), (4, 2, 1), (8, 1, 2))  # channels, stride, rate of each stage
        self.stages = [
            [
                _Residual(width * times, stride if block == 0 else 1, rate, f"stage{i}_{block}", dtype)
                for block in range(2)
            ]
            for i, (times, stride, rate) in enumerate(plan, start=1)
        ]
        pyramid = 4 * width
        self.point = _unit(pyramid, 1, "pyramid_point", dtype)
        self.atrous = [
            AtrousConv(pyramid, rate, activation="relu", name=f"pyramid_{rate}", dtype=dtype)
            for rate in _RATES
        ]
        self.whole = Conv(pyramid, 1, activation="relu", name="pyramid_whole", dtype=dtype)
        self.project = _unit(pyramid, 1, "project", dtype)
        self.low = _unit(48 * width // 64 or 1, 1, "decoder_low", dtype)  # 48 of 256 in the paper
        self.refine = [_unit(pyramid, 3, f"decoder_{i}", dtype) for i in (1, 2)]
        self.logits = Conv(classes, 1, init_scale=0.01, name="logits", dtype=dtype)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Encoder to stride 16, decoder at stride 4, logits enlarged by 4."""
        features = self.stem(inputs, training=training)
        features = ops.max_pool(features, 3, 2, padding="same", data_format="channels_last")
        strides = []
        for stage in self.stages:
            for block in stage:
                features = block(features, training=training)
            strides.append(features)
        deep = enlarged(self._pyramid(features, training), 4)
        joined = ops.concatenate([deep, self.low(strides[0], training=training)], axis=-1)
        for refine in self.refine:
            joined = refine(joined, training=training)
        return enlarged(self.logits(joined), 4)

    def _pyramid(self, features: Any, training: bool) -> Any:
        """Looks of several widths, and one at the whole picture, side by side."""
        looks = [self.point(features, training=training)]
        looks += [atrous(features, training=training) for atrous in self.atrous]
        # No norm here: a batch of one pixel a picture has no statistics worth the name.
        whole = self.whole(ops.mean(features, axis=(1, 2), keepdims=True))
        looks.append(ops.broadcast_to(whole, ops.shape(looks[0])))
        return self.project(ops.concatenate(looks, axis=-1), training=training)


class _Residual(Composite):
    """A basic block (He et al. 2016, figure 2)."""

    def __init__(self, channels: int, stride: int, rate: int, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.channels, self.stride = channels, stride
        self.first = _unit(channels, 3, "first", dtype, stride=stride)
        self.second = AtrousConv(channels, rate, name="second", dtype=dtype)
        self.shortcut = Conv(channels, 1, stride=stride, norm="batch", name="shortcut", dtype=dtype)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Features [B, H / stride, W / stride, channels]."""
        deep = self.second(self.first(inputs, training=training), training=training)
        same = self.stride == 1 and int(inputs.shape[-1]) == self.channels
        return ops.relu(deep + (inputs if same else self.shortcut(inputs, training=training)))


def _unit(channels: int, size: int, name: str, dtype: Any, stride: int = 1) -> Conv:
    return Conv(
        channels, size, stride=stride, same=True, norm="batch", activation="relu", name=name, dtype=dtype
    )
