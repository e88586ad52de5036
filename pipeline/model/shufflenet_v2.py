"""ShuffleNetV2 (Ma et al. 2018) as a trunk: few channels, all of them mixed, little memory traffic on a CPU."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.composite import Composite
from pipeline.model.config import BackboneConfig
from pipeline.model.mobilenet_v2 import channels_of
from pipeline.model.units import Conv

#: Table 5 of the paper at 1x: channels and units of stages 2 to 4.
STAGES = ((116, 4), (232, 8), (464, 4))
#: Channels of the stem, whatever the multiplier.
STEM = 24


class ShuffleUnit(Composite):
    """Half of the channels pass, the other half is convolved, then the halves are interleaved (figure 3c and d)."""

    def __init__(self, config: BackboneConfig, outputs: int, stride: int, inputs: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shared: dict[str, Any] = {
            "norm": config.norm, "epsilon": config.norm_epsilon, "bias": config.conv_bias or None,
            "dtype": self.dtype_policy,
        }  # fmt: skip
        half, self.stride = outputs // 2, stride
        relu: dict[str, Any] = {"activation": config.activation}
        self.passed = []
        if stride == 2:
            self.passed = [
                Conv(inputs, 3, stride=2, depthwise=True, name="passed_depthwise", **shared),
                Conv(half, 1, name="passed_project", **relu, **shared),
            ]
        self.convolved = [
            Conv(half, 1, name="expand", **relu, **shared),
            Conv(half, 3, stride=stride, depthwise=True, name="depthwise", **shared),
            Conv(half, 1, name="project", **relu, **shared),
        ]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[B, H, W, C] to [B, H / stride, W / stride, C']."""
        passed, convolved = (inputs, inputs) if self.stride == 2 else ops.split(inputs, 2, axis=-1)
        for conv in self.passed:
            passed = conv(passed, training=training)
        for conv in self.convolved:
            convolved = conv(convolved, training=training)
        batch, height, width, half = convolved.shape
        pairs = ops.stack([passed, convolved], axis=-1)
        return ops.reshape(pairs, (batch, height, width, 2 * half))


class ShuffleNetV2(Composite):
    """The trunk without its last 1x1 convolution; returns [C2, C3, C4, C5], C2 being the stem's."""

    def __init__(self, config: BackboneConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stem = Conv(
            STEM, 3, stride=2, norm=config.norm, epsilon=config.norm_epsilon, bias=config.conv_bias or None,
            activation=config.activation, name="stem", dtype=self.dtype_policy,
        )  # fmt: skip
        self.stages: list[list[ShuffleUnit]] = []
        width = STEM
        for stage, (channels, repeats) in enumerate(STAGES, start=2):
            # Halves have to be whole, and this keeps 116, 232 and 464 at a multiplier of 1.
            outputs = (
                channels if config.width_multiplier == 1.0 else channels_of(channels, config.width_multiplier)
            )
            units = []
            for unit in range(repeats):
                stride = 2 if unit == 0 else 1
                name = f"stage{stage}_unit{unit}"
                units.append(ShuffleUnit(config, outputs, stride, width, name=name, dtype=self.dtype_policy))
                width = outputs
            self.stages.append(units)

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """Images [B, H, W, 3] to feature maps of strides 4, 8, 16 and 32."""
        outputs = self.stem(inputs, training=training)
        # -inf and not 0 around the map: a leaky ReLU's outputs may all be negative.
        padded = ops.pad(outputs, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf"))
        outputs = ops.max_pool(padded, 3, 2, padding="valid", data_format="channels_last")
        features = [outputs]
        for stage in self.stages:
            for unit in stage:
                outputs = unit(outputs, training=training)
            features.append(outputs)
        return features
