"""Fixtures for the tests of training."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model.config import MaskRCNNConfig
from pipeline.model.presets import NETWORKS, Classes, compact


def _narrow(classes: Classes, canvas: tuple[int, int]) -> MaskRCNNConfig:
    config = compact(classes, canvas)
    return replace(
        config,
        backbone=replace(config.backbone, blocks=(1, 1, 1, 1), width=24),
        fpn=replace(config.fpn, channels=48),
        box_head=replace(config.box_head, dense_channels=128),
        mask_head=replace(config.mask_head, channels=48),
    )


@pytest.fixture
def narrow_compact(monkeypatch: pytest.MonkeyPatch) -> None:
    """`network: compact` is half as wide and half as deep, and a step takes half the time."""
    monkeypatch.setitem(NETWORKS, "compact", _narrow)
