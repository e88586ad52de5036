"""ShuffleNetV2 (Ma et al. 2018) as a trunk: few channels, all of them mixed, little memory traffic on a CPU.

The channel shuffle is in the kernels and not in the features, see `channel_shuffle.py`.
"""

from __future__ import annotations

from typing import Any

from pipeline.model.backbones.channel_shuffle import Order, Writer, plan_shuffle, shuffled_maps
from pipeline.model.config import BackboneConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv

#: Table 5 of the paper at 1x: channels and units of stages 2 to 4.
_STAGES = ((116, 4), (232, 8), (464, 4))
#: Channels of the stem, whatever the multiplier.
STEM = 24


def channels_of(channels: int, multiplier: float) -> int:
    """Width after the multiplier: the nearest multiple of 8 that loses no more than a tenth (the authors' rule)."""
    scaled = channels * multiplier
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


class ShuffleUnit(Composite):
    """Half of the channels pass, the other half is convolved (figure 3c and d); the shuffle is `plan_shuffle`'s.

    Parameters
    ----------
    half : channels that are convolved.
    inputs : channels of the input.
    reads : the paper's channel at each place of the input; None: in its order.
    writers : layouts of the outputs: of the passed branch as well where `stride` is 2.

    """

    def __init__(
        self,
        config: BackboneConfig,
        half: int,
        stride: int,
        inputs: int,
        reads: Order | None,
        writers: tuple[Writer, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        shared: dict[str, Any] = {
            "norm": config.norm, "epsilon": config.norm_epsilon, "bias": config.conv_bias or None,
            "dtype": self.dtype_policy,
        }  # fmt: skip
        relu: dict[str, Any] = {"activation": config.activation, **shared}
        self.writers = writers
        self.passed = []
        if stride == 2:
            self.passed = [
                Conv(inputs, 3, stride=2, depthwise=True, name="passed_depthwise", writes=reads, **shared),
                Conv(half, 1, name="passed_project", reads=reads, writes=writers[0].order, **relu),
            ]
        self.convolved = [
            Conv(half, 1, name="expand", reads=reads, **relu),
            Conv(half, 3, stride=stride, depthwise=True, name="depthwise", **shared),
            Conv(half, 1, name="project", writes=writers[-1].order, **relu),
        ]

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """[B, H, W, C] to the map [B, H / stride, W / stride, half] of each writer."""
        written = []
        for branch in (self.passed, self.convolved):
            outputs = inputs
            for conv in branch:
                outputs = conv(outputs, training=training)
            if branch:
                written.append(outputs)
        return written


class ShuffleNetV2(Composite):
    """The trunk without its last 1x1 convolution; returns [C2, C3, C4, C5], C2 being the stem's.

    channel_orders : the paper's channel at each place of a returned map; None where that is their order.
    """

    def __init__(self, config: BackboneConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stem = Conv(
            STEM, 3, stride=2, norm=config.norm, epsilon=config.norm_epsilon, bias=config.conv_bias or None,
            activation=config.activation, name="stem", dtype=self.dtype_policy,
        )  # fmt: skip
        self.stages: list[list[ShuffleUnit]] = []
        self.channel_orders: list[Order | None] = [None]
        width = STEM
        for stage, (channels, repeats) in enumerate(_STAGES, start=2):
            # Halves have to be whole, and this keeps 116, 232 and 464 at a multiplier of 1.
            outputs = (
                channels if config.width_multiplier == 1.0 else channels_of(channels, config.width_multiplier)
            )
            shuffle = plan_shuffle(repeats, outputs // 2)
            units = []
            for unit in range(repeats):
                reads = shuffle.reads[unit - 1] if unit else self.channel_orders[-1]
                writers = shuffle.writers[unit + 1 : unit + 2] if unit else shuffle.writers[:2]
                units.append(
                    ShuffleUnit(
                        config, outputs // 2, 1 if unit else 2, width, reads, writers,
                        name=f"stage{stage}_unit{unit}", dtype=self.dtype_policy,
                    )
                )  # fmt: skip
            width = outputs
            self.stages.append(units)
            self.channel_orders.append(shuffle.reads[-1])

    def call(self, inputs: Any, training: bool = False) -> list[Any]:
        """Images [B, H, W, 3] to feature maps of strides 4, 8, 16 and 32."""
        return shuffled_maps(self.stem(inputs, training=training), self.stages, training)
