from __future__ import annotations

from dataclasses import replace

import pytest


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory):
    """A compact Mask R-CNN of a few channels with the same random weights in every run: 4 ms a frame."""
    import keras

    from pipeline.model import presets
    from pipeline.model.mask_rcnn import make_model
    from pipeline.weights.checkpoint import save_checkpoint

    keras.utils.set_random_seed(3)
    config = presets.compact(canvas=(64, 96))
    config = replace(
        config,
        backbone=replace(config.backbone, width=8, blocks=(1, 1, 1, 1)),
        fpn=replace(config.fpn, channels=8),
        rpn=replace(config.rpn, pre_nms=20, post_nms=8),
        box_head=replace(config.box_head, dense=1, dense_channels=8),
        mask_head=replace(config.mask_head, convs=1, channels=8),
        detection=replace(config.detection, count=6),
    )
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(make_model(config), path, {})
    return path
