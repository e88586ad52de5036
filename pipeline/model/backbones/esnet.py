"""ESNet (Yu et al. 2021, PP-PicoDet) as a trunk: ShuffleNetV2's units with attention and half-width paths."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.config import BackboneConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv

#: Channels of the stem.
STEM = 24
#: Of each stage its channels and, a unit, those that its convolved path is narrowed to: the published search's result
#: for PicoDet-S.
STAGES = ((96, (44, 48, 48)), (192, (48, 120, 96, 120, 96, 96, 96)), (384, (96, 192, 192)))
#: The attention looks at a quarter of the channels.
_SQUEEZE = 4


class Attention(Composite):
    """Squeeze-and-excitation (Hu et al. 2018): each channel times a factor that all channels' means decide."""

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shared: dict[str, Any] = {"dtype": self.dtype_policy}
        self.squeeze = Conv(channels // _SQUEEZE, 1, activation="relu", name="squeeze", **shared)
        self.excite = Conv(channels, 1, activation="hard_sigmoid", name="excite", **shared)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[B, H, W, C] to the same."""
        mean = ops.mean(inputs, axis=(1, 2), keepdims=True)
        return inputs * self.excite(self.squeeze(mean, training=training), training=training)


class HalvingUnit(Composite):
    """A unit of stride 2: both branches see all channels, and their union is mixed once more."""

    def __init__(self, config: BackboneConfig, outputs: int, narrow: int, inputs: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        conv = _conv_of(config, self.dtype_policy)
        half = outputs // 2
        self.passed_depthwise = conv(inputs, 3, stride=2, depthwise=True, name="passed_depthwise")
        self.passed_project = conv(half, 1, activation="hard_silu", name="passed_project")
        self.expand = conv(narrow, 1, activation="hard_silu", name="expand")
        self.depthwise = conv(narrow, 3, stride=2, depthwise=True, name="depthwise")
        self.attention = Attention(narrow, name="attention", dtype=self.dtype_policy)
        self.project = conv(half, 1, activation="hard_silu", name="project")
        self.mixed_depthwise = conv(
            outputs, 3, depthwise=True, activation="hard_silu", name="mixed_depthwise"
        )
        self.mixed_project = conv(outputs, 1, activation="hard_silu", name="mixed_project")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[B, H, W, C] to [B, H / 2, W / 2, C']."""
        passed = self.passed_project(self.passed_depthwise(inputs, training=training), training=training)
        convolved = self.depthwise(self.expand(inputs, training=training), training=training)
        convolved = self.project(self.attention(convolved, training=training), training=training)
        mixed = self.mixed_depthwise(ops.concatenate([passed, convolved], axis=-1), training=training)
        return self.mixed_project(mixed, training=training)


class GhostUnit(Composite):
    """A unit of stride 1: half of the channels pass, the other half is narrowed, doubled by a cheap 3x3 and mixed."""

    def __init__(self, config: BackboneConfig, channels: int, narrow: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        conv = _conv_of(config, self.dtype_policy)
        self.expand = conv(narrow // 2, 1, activation="hard_silu", name="expand")
        self.depthwise = conv(narrow // 2, 3, depthwise=True, name="depthwise")
        self.attention = Attention(narrow, name="attention", dtype=self.dtype_policy)
        self.project = conv(channels // 2, 1, activation="hard_silu", name="project")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[B, H, W, C] to the same, the halves' channels taking turns."""
        passed, convolved = ops.split(inputs, 2, axis=-1)
        convolved = self.expand(convolved, training=training)
        doubled = ops.concatenate([convolved, self.depthwise(convolved, training=training)], axis=-1)
        convolved = self.project(self.attention(doubled, training=training), training=training)
        return ops.reshape(ops.stack([passed, convolved], axis=-1), ops.shape(inputs))


class ESNet(Composite):
    """The trunk; returns [C2, C3, C4, C5], C2 being the stem's."""

    channel_orders = (None,) * 4

    def __init__(self, config: BackboneConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        conv = _conv_of(config, self.dtype_policy)
        self.stem = conv(STEM, 3, stride=2, activation="hard_silu", name="stem")
        self.stages: list[list[HalvingUnit | GhostUnit]] = []
        width = STEM
        for stage, (channels, narrows) in enumerate(STAGES, start=2):
            shared: dict[str, Any] = {"dtype": self.dtype_policy}
            units: list[HalvingUnit | GhostUnit] = [
                HalvingUnit(config, channels, narrows[0], width, name=f"stage{stage}_unit0", **shared)
            ]
            units += [
                GhostUnit(config, channels, narrow, name=f"stage{stage}_unit{number}", **shared)
                for number, narrow in enumerate(narrows[1:], start=1)
            ]
            self.stages.append(units)
            width = channels

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """Images [B, H, W, 3] to feature maps of strides 4, 8, 16 and 32."""
        outputs = self.stem(inputs, training=training)
        # -inf and not 0 around the map: a hard swish's outputs may all be negative.
        padded = ops.pad(outputs, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf"))
        outputs = ops.max_pool(padded, 3, 2, padding="valid", data_format="channels_last")
        features = [outputs]
        for stage in self.stages:
            for unit in stage:
                outputs = unit(outputs, training=training)
            features.append(outputs)
        return features


def _conv_of(config: BackboneConfig, policy: Any) -> Any:
    """`Conv` with the norm and the bias of a config."""

    def conv(*sizes: int, **how: Any) -> Conv:
        return Conv(
            *sizes,
            norm=config.norm,
            epsilon=config.norm_epsilon,
            bias=config.conv_bias or None,
            dtype=policy,
            **how,
        )

    return conv
