"""Panoptic FPN (Kirillov et al. 2019): a second, cheap branch on an instance network's pyramid tells stuff."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from keras import ops

from pipeline.errors import ConfigError
from pipeline.model.backbones.make_backbone import make_backbone
from pipeline.model.layers.composite import Composite
from pipeline.model.layers.fpn import FPN
from pipeline.model.layers.units import Conv
from pipeline.model.presets import compact_esnet, compact_shufflenet
from pipeline.model.semantic.bilinear import enlarged

#: Networks whose pyramid a branch can read, by the kind of their trunk.
READ = {config.backbone.kind: config for config in (compact_shufflenet(), compact_esnet())}

#: Pyramid levels that the branch reads: those that the instance heads pool from, at strides 8, 16 and 32.
LEVELS = 3


class SemanticBranch(Composite):
    """Logits [B, H / 4, W / 4, classes] of pyramid levels at strides 8, 16, 32 and network inputs [B, H, W, 3].

    As in figure 3 of the paper each level is convolved, enlarged to the finest one's grid and added. Two things differ:
    the grid is P3's, a quarter of the cells of P2, which this pyramid lacks; and edges and poles, which stride 8
    loses, come from a thin look at the picture itself.
    """

    def __init__(self, classes: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        dtype = kwargs.get("dtype")
        shared: dict[str, Any] = {"norm": "batch", "activation": "relu", "dtype": dtype}
        self.levels = [
            Conv(width, size, name=f"level{level}", **shared) for level, size in ((3, 1), (4, 1), (5, 3))
        ]
        self.merge = [
            Conv(width, 3, depthwise=True, name="merge_around", norm="batch", dtype=dtype),
            Conv(width, 1, name="merge", **shared),
        ]
        self.detail = Conv(width, 4, stride=4, valid=True, name="detail", norm="batch", dtype=dtype)
        self.refine = [
            Conv(width, 3, depthwise=True, name="around", **shared),
            Conv(width, 1, name="mix", **shared),
        ]
        self.logits = Conv(classes, 1, init_scale=0.01, name="logits", dtype=dtype)

    def call(self, inputs: tuple[list[Any], Any], training: bool = False) -> Any:
        """Down the levels to stride 8, then with the details to stride 4."""
        levels, images = inputs
        maps = [conv(level, training=training) for conv, level in zip(self.levels, levels, strict=True)]
        merged = maps[0] + enlarged(maps[1] + enlarged(maps[2], 2), 2)
        for conv in self.merge:
            merged = conv(merged, training=training)
        features = ops.relu(enlarged(merged, 2) + self.detail(images, training=training))
        for conv in self.refine:
            features = conv(features, training=training)
        return self.logits(features)


class PanopticFPN(Composite):
    """Logits [B, H, W, classes] of network inputs [B, H, W, 3]; H and W are multiples of 32.

    Trunk and pyramid stay as they start: what their own network finds with them stays the same, and the branch is
    trained alone.

    trunk, depth_multiplier : a key of `READ`, and the pyramid's, as in `FPNConfig`.
    """

    def __init__(self, classes: int, width: int, trunk: str, depth_multiplier: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        dtype = kwargs.get("dtype")
        if trunk not in READ:
            raise ConfigError(f"A branch reads no trunk {trunk!r}.", do=f"use one of {', '.join(READ)}")
        config = READ[trunk]
        config = replace(config, fpn=replace(config.fpn, depth_multiplier=depth_multiplier))
        self.trunk_config = config
        self.backbone = make_backbone(config.backbone, name="backbone", dtype=dtype)
        self.fpn = FPN(config.fpn, self.backbone.channel_orders, name="fpn", dtype=dtype)
        self.backbone.trainable = self.fpn.trainable = False
        self.branch = SemanticBranch(classes, width, name="branch", dtype=dtype)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Trunk, pyramid and branch; the logits enlarged by 4."""
        # Keras hands `training` down unless it is given: the pyramid's norms stay those of its network.
        features = self.fpn(self.backbone(inputs, training=False), training=False)
        levels = [ops.stop_gradient(level) for level in features[:LEVELS]]
        return enlarged(self.branch((levels, inputs), training=training), 4)
