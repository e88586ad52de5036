"""Variants of the network that ships: what is added begins as nothing, and a wider trunk computes the same."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.formats.own_file import save_weights
from pipeline.model.learning.matcher import NEGATIVE, POSITIVE
from pipeline.model.learning.sampling import sample
from pipeline.model.mask_rcnn import make_model
from pipeline.model.presets import compact_shufflenet
from pipeline.networks.checkpoint import variables_of
from pipeline.training.start import load_start
from research.resize_trunk import resized
from research.variants import VARIANTS, compact_alike, compact_pan, compact_rare, compact_wide_trunk

CANVAS = (64, 96)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of what ships, as a file without a config: a start."""
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("variants") / "start.safetensors"
    arrays = {
        k: np.asarray(v) for k, v in variables_of(make_model(compact_shufflenet(canvas=CANVAS))).items()
    }
    save_weights(path, arrays, {})
    return path


@pytest.mark.parametrize("variant", [compact_pan, compact_rare, compact_alike])
def test_what_is_added_computes_nothing_at_first(variant, trained):
    plain, more = make_model(compact_shufflenet(canvas=CANVAS)), make_model(variant(canvas=CANVAS))
    for model in (plain, more):
        load_start(model, trained)
    images = np.random.default_rng(0).normal(size=(1, *CANVAS, 3)).astype(np.float32)
    for one, other in zip(plain.features(images), more.features(images), strict=True):
        assert np.array_equal(one, other)
    regions = np.random.default_rng(1).normal(size=(5, 7, 7, 96)).astype(np.float32)
    for one, other in zip(plain.box_head(regions), more.box_head(regions), strict=True):
        assert np.array_equal(one, other)


def test_a_level_that_is_passed_up_reaches_the_one_above():
    model = make_model(compact_pan(canvas=CANVAS))
    for convs in model.fpn.passed_up:
        convs.pointwise.kernel.assign(np.ones(convs.pointwise.kernel.shape))
    random = np.random.default_rng(0)
    maps = [
        random.normal(size=(1, 64 // s, 96 // s, c)).astype(np.float32)
        for s, c in ((4, 24), (8, 116), (16, 232), (32, 464))
    ]
    before = model.fpn.merged(maps)
    maps[1] = maps[1] + 1.0
    after = model.fpn.merged(maps)
    assert all(np.abs(one - other).max() > 1e-3 for one, other in zip(before, after, strict=True))


def test_a_wider_trunk_computes_what_one_of_width_1_does(trained):
    plain, wide = (make_model(one(canvas=CANVAS)) for one in (compact_shufflenet, compact_wide_trunk))
    load_start(plain, trained)
    arrays = {k: np.asarray(v) for k, v in variables_of(plain).items() if k.startswith("backbone/")}
    path = trained.with_name("wide.safetensors")
    save_weights(path, resized(arrays, 1.25), {})
    load_start(wide, path)
    images = np.random.default_rng(0).normal(size=(1, *CANVAS, 3)).astype(np.float32)
    for one, other, order, wider in zip(
        plain.backbone(images), wide.backbone(images), plain.backbone.channel_orders, wide.backbone.channel_orders,
        strict=True,
    ):  # fmt: skip
        # The last channel is there twice, so the sets of values are the same.
        assert one.shape[:3] == other.shape[:3]
        assert np.allclose(np.asarray(one).max(axis=-1), np.asarray(other).max(axis=-1), atol=1e-4)
        assert np.allclose(np.asarray(one).min(axis=-1), np.asarray(other).min(axis=-1), atol=1e-4)
        assert order is None or len(order) < len(wider)


def test_weights_make_the_rare_as_likely_as_the_common():
    # Nine regions on one object and one on another; three are drawn, and the lone one is nearly always among them.
    labels = np.array([[POSITIVE] * 10 + [NEGATIVE] * 10] * 64, np.int32)
    weights = np.array([[1 / 9] * 9 + [1.0] + [1.0] * 10] * 64, np.float32)
    seed = keras.random.SeedGenerator(0)
    shares = []
    for given in (None, weights):
        index, _ = sample(labels, 6, 0.5, seed, given)
        shares.append(float((np.asarray(index)[:, :3] == 9).any(axis=1).mean()))
    assert shares[0] < 0.5 < shares[1]


def test_a_config_of_each_comes_back_from_json_as_it_went():
    for variant in VARIANTS.values():
        config = variant()
        assert type(config).from_json(config.to_json()) == config
