"""ESNet (Yu et al. 2021, PP-PicoDet) as a trunk: ShuffleNetV2's units with attention and half-width paths.

Its shuffle is ShuffleNetV2's, and it is in the kernels and not in the features here too, see `channel_shuffle.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from pipeline.model.backbones.channel_shuffle import Order, Shuffle, Writer, plan_shuffle, shuffled_maps
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
    """A unit of stride 2: both branches see all channels, and their union is mixed once more.

    reads : the paper's channel at each place of the input; None: in its order.
    writer : layout of the output.
    """

    def __init__(
        self,
        config: BackboneConfig,
        outputs: int,
        narrow: int,
        inputs: int,
        reads: Order | None,
        writer: Writer,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        conv = _conv_of(config, self.dtype_policy)
        half = outputs // 2
        self.writers = (writer,)
        self.passed_depthwise = conv(
            inputs, 3, stride=2, depthwise=True, name="passed_depthwise", writes=reads
        )
        self.passed_project = conv(half, 1, activation="hard_silu", name="passed_project", reads=reads)
        self.expand = conv(narrow, 1, activation="hard_silu", name="expand", reads=reads)
        self.depthwise = conv(narrow, 3, stride=2, depthwise=True, name="depthwise")
        self.attention = Attention(narrow, name="attention", dtype=self.dtype_policy)
        self.project = conv(half, 1, activation="hard_silu", name="project")
        self.mixed_depthwise = conv(
            outputs, 3, depthwise=True, activation="hard_silu", name="mixed_depthwise"
        )
        self.mixed_project = conv(
            outputs, 1, activation="hard_silu", name="mixed_project", writes=writer.order
        )

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """[B, H, W, C] to [B, H / 2, W / 2, C'], alone in a list as `shuffled_maps` asks for it."""
        passed = self.passed_project(self.passed_depthwise(inputs, training=training), training=training)
        convolved = self.depthwise(self.expand(inputs, training=training), training=training)
        convolved = self.project(self.attention(convolved, training=training), training=training)
        mixed = self.mixed_depthwise(ops.concatenate([passed, convolved], axis=-1), training=training)
        return [self.mixed_project(mixed, training=training)]


class GhostUnit(Composite):
    """A unit of stride 1 as the half that it convolves: narrowed, doubled by a cheap 3x3 and mixed.

    reads, writer : as of `HalvingUnit`, of that half.
    """

    def __init__(
        self, config: BackboneConfig, half: int, narrow: int, reads: Order, writer: Writer, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        conv = _conv_of(config, self.dtype_policy)
        self.writers = (writer,)
        self.expand = conv(narrow // 2, 1, activation="hard_silu", name="expand", reads=reads)
        self.depthwise = conv(narrow // 2, 3, depthwise=True, name="depthwise")
        self.attention = Attention(narrow, name="attention", dtype=self.dtype_policy)
        self.project = conv(half, 1, activation="hard_silu", name="project", writes=writer.order)

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """[B, H, W, half] to the same, alone in a list."""
        convolved = self.expand(inputs, training=training)
        doubled = ops.concatenate([convolved, self.depthwise(convolved, training=training)], axis=-1)
        return [self.project(self.attention(doubled, training=training), training=training)]


class ESNet(Composite):
    """The trunk; returns [C2, C3, C4, C5], C2 being the stem's.

    channel_orders : the paper's channel at each place of a returned map; None where that is their order.
    """

    def __init__(self, config: BackboneConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        conv = _conv_of(config, self.dtype_policy)
        self.stem = conv(STEM, 3, stride=2, activation="hard_silu", name="stem")
        self.stages: list[list[HalvingUnit | GhostUnit]] = []
        self.channel_orders: list[Order | None] = [None]
        width = STEM
        for stage, (channels, narrows) in enumerate(STAGES, start=2):
            shared: dict[str, Any] = {"dtype": self.dtype_policy}
            shuffle = plan_shuffle(len(narrows), channels // 2)
            units: list[HalvingUnit | GhostUnit] = [
                HalvingUnit(
                    config, channels, narrows[0], width, self.channel_orders[-1], _opening(shuffle),
                    name=f"stage{stage}_unit0", **shared,
                )
            ]  # fmt: skip
            units += [
                GhostUnit(
                    config, channels // 2, narrow, shuffle.reads[number - 1], shuffle.writers[number + 1],
                    name=f"stage{stage}_unit{number}", **shared,
                )
                for number, narrow in enumerate(narrows[1:], start=1)
            ]  # fmt: skip
            self.stages.append(units)
            self.channel_orders.append(shuffle.reads[-1])
            width = channels

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """Images [B, H, W, 3] to feature maps of strides 4, 8, 16 and 32."""
        return shuffled_maps(self.stem(inputs, training=training), self.stages, training)


def _opening(shuffle: Shuffle) -> Writer:
    """The layout of what a stage's first unit mixes: of both halves, which the paper has interleaved.

    A unit finds what both left for it side by side, in the order of `Shuffle.reads`.
    """
    halves, sizes = shuffle.writers[:2], dict.fromkeys(range(1, len(shuffle.reads) + 1), 0)
    order: list[int] = []
    for reader in sizes:
        for place, half in enumerate(halves):
            group = half.group(reader)
            order += (2 * group + place).tolist()
            sizes[reader] += len(group)
    return Writer(np.array(order, np.int64), tuple((unit, size) for unit, size in sizes.items() if size))


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
