"""Box head (Girshick 2015; Lin et al. 2017): what a region is, and where exactly."""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.config import MaskRCNNConfig
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.units import Conv, Dense


class BoxHead(Composite):
    """Convolutions, hidden dense layers, then class scores and box offsets."""

    def __init__(self, config: MaskRCNNConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        head, dtype = config.box_head, self.dtype_policy
        shared: dict[str, Any] = {
            "norm": head.norm, "epsilon": head.norm_epsilon, "activation": "relu", "dtype": dtype
        }  # fmt: skip
        # In 4conv1fc the norm belongs to the convolutions; matterport's two dense layers carry it themselves.
        dense = {**shared, "norm": "none"} if head.convs else {**shared, "bias": True}
        self.convs = [Conv(head.conv_channels, 3, name=f"conv{i}", **shared) for i in range(head.convs)]
        self.dense = [Dense(head.dense_channels, name=f"dense{i}", **dense) for i in range(head.dense)]
        self.class_logits = Dense(config.num_classes, name="class_logits", init_scale=0.01, dtype=dtype)
        self.boxes = 1 if head.class_agnostic_boxes else config.num_classes
        self.offsets = Dense(self.boxes * 4, name="offsets", init_scale=0.001, dtype=dtype)

    def call(self, inputs: Any, training: bool = False) -> tuple[Any, Any]:
        """Regions [R, pool, pool, C] to class logits float32 [R, C] and offsets float32 [R, C or 1, 4]."""
        outputs = inputs
        for conv in self.convs:
            outputs = conv(outputs, training=training)
        outputs = ops.reshape(outputs, (outputs.shape[0], -1))
        for dense in self.dense:
            outputs = dense(outputs, training=training)
        offsets = ops.reshape(ops.cast(self.offsets(outputs), "float32"), (outputs.shape[0], self.boxes, 4))
        return ops.cast(self.class_logits(outputs), "float32"), offsets
