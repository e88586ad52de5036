"""SemanticNetwork: frames in, the class of each pixel out; a registry of the networks that there are."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
from keras import ops

from pipeline.model.geometry import fit
from pipeline.model.layers.composite import Composite
from pipeline.model.preprocess import preprocess
from pipeline.model.semantic.config import SemanticConfig
from pipeline.model.semantic.deeplab import DeepLabV3Plus
from pipeline.model.semantic.fcn import FCN8s
from pipeline.model.semantic.panoptic_fpn import PanopticFPN
from pipeline.model.semantic.unet import UNet

#: A network is made of how many classes it tells apart, its width, a name and a dtype policy.
SEMANTIC_NETWORKS: dict[str, Any] = {
    "fcn8s": FCN8s, "unet": UNet, "deeplabv3plus": DeepLabV3Plus, "panoptic_fpn": PanopticFPN
}  # fmt: skip


class SemanticNetwork(Composite, keras.Model):
    """Frames in, probabilities of the classes out, every shape static; variables and softmax are float32.

    dtype : a Keras dtype policy, `float32` or `mixed_bfloat16`.
    """

    def __init__(self, config: SemanticConfig, dtype: str = "float32", name: str = "semantic") -> None:
        super().__init__(dtype=dtype, name=name)
        self.config = config
        make = SEMANTIC_NETWORKS[config.network]
        if config.network == "panoptic_fpn":
            make = partial(make, trunk=config.trunk, depth_multiplier=config.depth_multiplier)
        self.body = make(len(config.classes), config.width, name=config.network, dtype=dtype)

    def call(self, inputs: Any) -> dict[str, Any]:
        """`probabilities` float32 [B, height, width, classes] of uint8 RGB frames [B, H, W, 3].

        They are of the frame as it lies on the network's canvas, without what is padded around it.
        """
        geometry = fit(int(inputs.shape[1]), int(inputs.shape[2]), self.config.input)
        logits = self.logits(preprocess(inputs, geometry, self.config.input))
        (top, left), (height, width) = geometry.offset, geometry.resized
        return {"probabilities": ops.softmax(logits[:, top : top + height, left : left + width], axis=-1)}

    def logits(self, images: Any, training: bool = False) -> Any:
        """Logits float32 [B, H, W, classes] of network inputs [B, H, W, 3]."""
        return ops.cast(self.body(images, training=training), "float32")


def make_semantic(config: SemanticConfig, precision: str = "float32") -> SemanticNetwork:
    """A built network with fresh weights; `precision` is `float32` or `bfloat16`."""
    model = SemanticNetwork(config, dtype="mixed_bfloat16" if precision == "bfloat16" else "float32")
    # A symbolic pass makes every variable without computing anything.
    model(keras.KerasTensor((1, 64, 64, 3), dtype="uint8"))
    return model
