"""FCN-8s (Long, Shelhamer & Darrell 2015, figure 3 and section 4.2) on VGG-16's layout (Simonyan & Zisserman 2015)."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv
from pipeline.model.semantic.bilinear import enlarged

#: Convolutions of VGG-16's five stages, and their channels as multiples of the first one's.
_STAGES = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))


class FCN8s(Composite):
    """Logits [B, H, W, classes] of network inputs [B, H, W, 3]; H and W are multiples of 32.

    Scores at strides 32, 16 and 8 are added from coarse to fine. As fits training from chance, convolutions have a
    batch norm in place of dropout; enlargement is bilinear, at which the paper's begins. fc6 and fc7 are 8 times as
    wide as the first stage (the paper: 64 times), in which most of VGG-16's 134 million numbers lie.
    """

    def __init__(self, classes: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        dtype = kwargs.get("dtype")
        self.stages = [
            [
                Conv(width * times, 3, norm="batch", activation="relu", name=f"conv{i}_{j}", dtype=dtype)
                for j in range(1, count + 1)
            ]
            for i, (count, times) in enumerate(_STAGES, start=1)
        ]
        self.fc6 = Conv(width * 8, 7, norm="batch", activation="relu", name="fc6", dtype=dtype)
        self.fc7 = Conv(width * 8, 1, norm="batch", activation="relu", name="fc7", dtype=dtype)
        self.scores = {
            stride: Conv(classes, 1, init_scale=0.01, name=f"score{stride}", dtype=dtype)
            for stride in (8, 16, 32)
        }

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Each stage halves; pool3 and pool4 are read at strides 8 and 16."""
        features, pools = inputs, []
        for stage in self.stages:
            for conv in stage:
                features = conv(features, training=training)
            features = ops.max_pool(features, 2, 2, data_format="channels_last")
            pools.append(features)
        features = self.fc7(self.fc6(features, training=training), training=training)
        sum16 = enlarged(self.scores[32](features), 2) + self.scores[16](pools[3])
        sum8 = enlarged(sum16, 2) + self.scores[8](pools[2])
        return enlarged(sum8, 8)
