"""The network that ships with one part of it otherwise: what was asked of each is in docs/models/backbones.md."""

from __future__ import annotations

from dataclasses import replace

from pipeline.model.config import MaskRCNNConfig
from pipeline.model.presets import ROAD, Classes, compact_shufflenet

Canvas = tuple[int, int]


def compact_pyramid_64(classes: Classes = ROAD, canvas: Canvas = (512, 896)) -> MaskRCNNConfig:
    """A pyramid of 64 channels instead of 96, and heads that read as many."""
    config = compact_shufflenet(classes, canvas)
    return replace(config, fpn=replace(config.fpn, channels=64))


def compact_p2(classes: Classes = ROAD, canvas: Canvas = (512, 896)) -> MaskRCNNConfig:
    """A level of stride 4 below the others, for what is small."""
    config = compact_shufflenet(classes, canvas)
    return replace(
        config,
        fpn=replace(config.fpn, min_level=2),
        anchors=replace(config.anchors, sizes=(12.0, *config.anchors.sizes)),
    )


def compact_pan(classes: Classes = ROAD, canvas: Canvas = (512, 896)) -> MaskRCNNConfig:
    """A pyramid whose levels are passed up again."""
    config = compact_shufflenet(classes, canvas)
    return replace(config, fpn=replace(config.fpn, bottom_up=True))


def compact_narrow_trunk(classes: Classes = ROAD, canvas: Canvas = (512, 896)) -> MaskRCNNConfig:
    """Three quarters of the trunk's channels."""
    return _wide(compact_shufflenet(classes, canvas), 0.75)


def compact_wide_trunk(classes: Classes = ROAD, canvas: Canvas = (512, 896)) -> MaskRCNNConfig:
    """A quarter more channels in the trunk."""
    return _wide(compact_shufflenet(classes, canvas), 1.25)


def _wide(config: MaskRCNNConfig, multiplier: float) -> MaskRCNNConfig:
    return replace(config, backbone=replace(config.backbone, width_multiplier=multiplier))


def compact_rare(classes: Classes = ROAD, canvas: Canvas = (512, 896)) -> MaskRCNNConfig:
    """A hidden layer of their own for all classes but persons and cars."""
    config = compact_shufflenet(classes, canvas)
    rare = tuple(
        place for place, name in enumerate(config.classes) if place and name not in ("person", "car")
    )
    return replace(config, box_head=replace(config.box_head, rare_classes=rare))


def compact_alike(classes: Classes = ROAD, canvas: Canvas = (512, 896)) -> MaskRCNNConfig:
    """As it ships; each object has as many regions to learn from as any other."""
    config = compact_shufflenet(classes, canvas)
    return replace(config, training=replace(config.training, roi_objects_alike=True))


#: The variants by their functions' names.
VARIANTS = {
    variant.__name__: variant
    for variant in (
        compact_pyramid_64,
        compact_p2,
        compact_pan,
        compact_narrow_trunk,
        compact_wide_trunk,
        compact_rare,
        compact_alike,
    )
}
