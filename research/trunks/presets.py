"""The networks on trunks that do not ship, and their place beside the product's own."""

from __future__ import annotations

from dataclasses import replace

from pipeline.model.backbones.make_backbone import BACKBONES
from pipeline.model.config import BackboneConfig, MaskRCNNConfig
from pipeline.model.presets import NETWORKS, ROAD, Classes, compact
from research.trunks.mobilenet_v2 import MobileNetV2
from research.trunks.squeezenet import SqueezeNet


def compact_mobilenet(classes: Classes = ROAD, canvas: tuple[int, int] = (384, 640)) -> MaskRCNNConfig:
    """`compact` on MobileNetV2, for starting from its ImageNet weights.

    No norm in the trunk, and the input as the start's source takes it: its norms are folded into its kernels. A norm
    in their place would have to be given the statistics that folding has lost; with neutral ones the first training
    step would compute something else than the start.
    """
    config = compact(classes, canvas)
    return replace(
        config,
        input=replace(config.input, mean=(127.0, 127.0, 127.0), std=(127.5, 127.5, 127.5)),
        backbone=BackboneConfig(kind="mobilenet_v2", norm="none"),
    )


def compact_squeezenet(classes: Classes = ROAD, canvas: tuple[int, int] = (384, 640)) -> MaskRCNNConfig:
    """`compact` on SqueezeNet 1.1, for starting from its ImageNet weights, which have no norms.

    The mean is its source's. Its source divides by nothing, and then features are in the tens, which its biases, at a
    learning rate that is absolute, would take thousands of steps to follow. ReLU and maximum scale with their input:
    over 64 throughout, biases included, the trunk computes the same.
    """
    config = compact(classes, canvas)
    return replace(
        config,
        input=replace(config.input, mean=(123.68, 116.779, 103.939), std=(64.0, 64.0, 64.0)),
        backbone=BackboneConfig(kind="squeezenet", norm="none"),
    )


def register_trunks() -> None:
    """Make them known to the product, whose tables of trunks and of networks to train they are added to."""
    BACKBONES.update({"mobilenet_v2": MobileNetV2, "squeezenet": SqueezeNet})
    networks = (compact_mobilenet, compact_squeezenet)
    NETWORKS.update({network.__name__: network for network in networks})
