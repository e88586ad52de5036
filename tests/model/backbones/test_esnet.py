from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from pipeline.model.backbones.channel_shuffle import Order
from pipeline.model.backbones.make_backbone import make_backbone
from pipeline.model.config import BackboneConfig


def test_the_trunk_is_the_papers_with_its_channels_interleaved() -> None:
    trunk = make_backbone(BackboneConfig(kind="esnet", norm="none"))
    images = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)
    trunk(images)
    random = np.random.default_rng(1)
    for variable in trunk.variables:  # each its own, so that a channel in the wrong place shows
        if not variable.path.endswith("kernel"):
            variable.assign(random.uniform(-0.5, 0.5, variable.shape))
    found = [np.array(one) for one in trunk(images)]
    assert [one.shape for one in found] == [(2, 16, 16, 24), (2, 8, 8, 96), (2, 4, 4, 192), (2, 2, 2, 384)]
    for one, other, order in zip(found, interleaved(trunk, found[0]), trunk.channel_orders, strict=True):
        other = np.array(other)
        wanted = other if order is None else other[..., order]
        np.testing.assert_allclose(one, wanted, rtol=1e-3, atol=1e-4 * other.std())


def interleaved(trunk: Any, outputs: Any) -> list[Any]:
    """The stages as they are drawn: split, convolve, stack the halves channel by channel."""
    features = [outputs]
    for opening, *others in trunk.stages:
        outputs = in_order(
            opening, outputs, ("passed_depthwise", "passed_project", "expand", "mixed_project")
        )
        for unit in others:
            passed, convolved = ops.split(outputs, 2, axis=-1)
            pairs = ops.stack([passed, in_order(unit, convolved, ("expand", "project"))], axis=-1)
            outputs = ops.reshape(pairs, (*pairs.shape[:3], 2 * pairs.shape[3]))
        features.append(outputs)
    return features


def in_order(unit: Any, inputs: Any, names: tuple[str, ...]) -> Any:
    """What a unit computes with its kernels as the paper has them."""
    convs = [getattr(unit, name) for name in names]
    orders: list[tuple[Order | None, Order | None]] = [(conv._reads, conv._writes) for conv in convs]
    assert any(order is not None for pair in orders for order in pair)
    for conv in convs:
        conv._reads = conv._writes = None
    (outputs,) = unit(inputs)
    for conv, (reads, writes) in zip(convs, orders, strict=True):
        conv._reads, conv._writes = reads, writes
    return outputs
