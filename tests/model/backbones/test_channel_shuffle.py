from typing import Any

import numpy as np
import pytest
from keras import ops

from pipeline.model.backbones.channel_shuffle import plan_shuffle
from pipeline.model.backbones.make_backbone import make_backbone
from pipeline.model.config import BackboneConfig, FPNConfig
from pipeline.model.layers.fpn import FPN
from pipeline.model.layers.units import Conv


def test_a_stage_of_two_units_and_two_channels_by_hand() -> None:
    # The first unit leaves p0 c0 p1 c1. The second convolves p1 and c1 into d0 and d1, and leaves p0 d0 c0 d1.
    passed, first, second = plan_shuffle(units=2, half=2).writers
    assert (passed.groups, first.groups, second.groups) == (((1, 1), (2, 1)), ((1, 1), (2, 1)), ((2, 2),))
    assert (passed.order.tolist(), first.order.tolist()) == ([1, 0], [1, 0])
    reads = [read.tolist() for read in plan_shuffle(units=2, half=2).reads]
    assert reads == [[0, 1], [0, 2, 1, 3]]  # p1 c1, then p0 c0 d0 d1


@pytest.mark.parametrize("units", [1, 4, 8])
def test_every_channel_is_read_once(units: int) -> None:
    half = 29
    shuffle = plan_shuffle(units, half)
    for writer in shuffle.writers:
        assert sorted(writer.order) == list(range(half))
        assert sum(size for _, size in writer.groups) == half
    assert [sorted(read) for read in shuffle.reads] == [list(range(half))] * (units - 1) + [
        list(range(2 * half))
    ]


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("training", [False, True])
def test_the_trunk_is_the_papers_with_its_channels_interleaved(norm: Any, training: bool) -> None:
    trunk = make_backbone(BackboneConfig(kind="shufflenet_v2", norm=norm, width_multiplier=0.5))
    images = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)
    trunk(images)
    start = given_values(trunk)
    found = trunk(images, training=training)
    after = {variable.path: np.array(variable) for variable in trunk.variables}
    for variable, value in zip(trunk.variables, start, strict=True):
        variable.assign(value)
    for one, other, order in zip(
        found, interleaved(trunk, images, training), trunk.channel_orders, strict=True
    ):
        other = np.array(other)
        wanted = other if order is None else other[..., order]
        np.testing.assert_allclose(np.array(one), wanted, rtol=1e-3, atol=1e-4 * other.std())
    for variable in trunk.variables:  # the moving statistics among them
        np.testing.assert_allclose(
            after[variable.path], np.array(variable), rtol=1e-4, atol=1e-4, err_msg=variable.path
        )


def test_the_pyramid_reads_channels_where_they_stand() -> None:
    random = np.random.default_rng(1)
    orders = [None, *(random.permutation(width) for width in (8, 12, 16))]
    shapes = [(1, 32, 32, 4), (1, 16, 16, 8), (1, 8, 8, 12), (1, 4, 4, 16)]
    maps = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    plain, ordered = FPN(FPNConfig(channels=6)), FPN(FPNConfig(channels=6), orders)
    wanted = plain(maps)
    in_their_order = [
        one if order is None else one[..., order] for one, order in zip(maps, orders, strict=True)
    ]
    ordered(in_their_order)
    for one, other in zip(ordered.variables, plain.variables, strict=True):
        one.assign(other)
    for one, other in zip(ordered(in_their_order), wanted, strict=True):
        np.testing.assert_allclose(np.array(one), np.array(other), atol=1e-5)


def given_values(trunk: Any) -> list[np.ndarray]:
    """Give every variable its own values, so that a channel in the wrong place shows; return them."""
    random = np.random.default_rng(2)
    for variable in trunk.variables:
        if not variable.path.endswith("kernel"):
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
    return [np.array(variable) for variable in trunk.variables]


def interleaved(trunk: Any, images: np.ndarray, training: bool) -> list[Any]:
    """Figure 3c and d as they are drawn: split, convolve, stack the halves channel by channel."""
    outputs = trunk.stem(images, training=training)
    padded = ops.pad(outputs, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=float("-inf"))
    outputs = ops.max_pool(padded, 3, 2, padding="valid", data_format="channels_last")
    features = [outputs]
    for stage in trunk.stages:
        for unit in stage:
            passed, convolved = (outputs, outputs) if unit.passed else ops.split(outputs, 2, axis=-1)
            passed = in_order(unit.passed, passed, training)
            convolved = in_order(unit.convolved, convolved, training)
            pairs = ops.stack([passed, convolved], axis=-1)
            outputs = ops.reshape(pairs, (*pairs.shape[:3], 2 * pairs.shape[3]))
        features.append(outputs)
    return features


def in_order(convs: list[Conv], outputs: Any, training: bool) -> Any:
    """The convolutions with the kernels as the paper has them; they share their variables with the trunk's."""
    for conv in convs:
        reads, writes = conv._reads, conv._writes
        conv._reads = conv._writes = None
        outputs = conv(outputs, training=training)
        conv._reads, conv._writes = reads, writes
    return outputs


def test_a_unit_keeps_its_variables_in_the_sources_order() -> None:
    conv = Conv(2, 1, reads=np.array([1, 0]), writes=np.array([1, 0]))
    conv.build((1, 1, 1, 2))
    conv.kernel.assign(np.array([[1.0, 2.0], [30.0, 40.0]]).reshape(1, 1, 2, 2))
    conv.bias.assign([0.5, 0.25])
    inputs = np.array([100.0, 1.0], np.float32).reshape(
        1, 1, 1, 2
    )  # the source's second channel, then its first
    # Second output: 1 x 2 + 100 x 40 + 0.25; first: 1 x 1 + 100 x 30 + 0.5.
    assert np.array(conv(inputs)).ravel().tolist() == [4002.25, 3001.5]
