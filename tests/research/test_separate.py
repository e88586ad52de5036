"""The nearest separable convolutions, and how far a network is from another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from keras import ops

from pipeline.errors import ConfigError
from pipeline.model.geometry import Geometry
from pipeline.model.preprocess import preprocess
from pipeline.networks.checkpoint import load_checkpoint, save_checkpoint
from research import separate
from research.distillation import distillation_losses
from tests.model.small import noise, small_config, small_model


def moments_of(kernel: np.ndarray) -> tuple[separate.Moments, np.ndarray]:
    """Moments of 2000 patches of neighbours that are alike, and of what a dense kernel [9 C, O] makes of them."""
    random, moments = np.random.default_rng(0), separate.Moments()
    patches = random.normal(size=(2000, len(kernel))) + 2.0 * random.normal(size=(2000, 1)) + 1.0
    moments.add(patches[:900], patches[:900] @ kernel + 3.0)
    moments.add(patches[900:], patches[900:] @ kernel + 3.0)
    return moments, patches


def test_a_kernel_of_that_rank_is_found_again() -> None:
    random = np.random.default_rng(1)
    filters, products = random.normal(size=(2, 9, 4)), random.normal(size=(2, 4, 5))
    kernel = np.einsum("rkc,rco->kco", filters, products).reshape(36, 5)
    moments, patches = moments_of(kernel)
    filters, products, bias, missed = moments.fitted(2)
    found = np.einsum("rkc,rco->kco", filters, products.reshape(2, 4, 5)).reshape(36, 5)
    assert missed < 1e-3
    np.testing.assert_allclose(patches @ found + bias, patches @ kernel + 3.0, atol=0.5)


def test_what_is_missed_is_told_and_more_filters_miss_less() -> None:
    kernel = np.random.default_rng(1).normal(size=(36, 5))
    moments, patches = moments_of(kernel)
    told = []
    for rank in (1, 2):
        filters, products, bias, missed = moments.fitted(rank)
        found = np.einsum("rkc,rco->kco", filters, products.reshape(rank, 4, 5)).reshape(36, 5)
        apart = patches @ found + bias - patches @ kernel - 3.0
        assert missed == pytest.approx(np.mean(apart.var(axis=0) / (patches @ kernel).var(axis=0)), rel=1e-3)
        told.append(missed)
    assert 0.0 < told[1] < 0.7 * told[0]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A dense network, its separable likeness, and pictures that it was fitted to."""
    folder: Path = tmp_path_factory.mktemp("separate")
    pictures = [folder / f"{seed}.png" for seed in range(2)]
    for seed, path in enumerate(pictures):
        cv2.imwrite(str(path), noise(1, 96, 128, seed)[0][..., ::-1])
    dense = small_model(small_config())
    save_checkpoint(dense, folder / "dense.safetensors", {"name": "tiny"})
    # Made once already: a network takes seconds to build.
    with patch.object(separate, "load_checkpoint", lambda _: dense):
        separate.separate(folder / "dense.safetensors", folder / "out.safetensors", pictures)
    return dense, load_checkpoint(folder / "out.safetensors"), folder / "out.safetensors"


def test_a_network_becomes_a_separable_one_that_computes_nearly_the_same(networks) -> None:
    dense, separable, path = networks
    assert separable.config == replace(dense.config, fpn=replace(dense.config.fpn, depth_multiplier=2))
    whole = Geometry((96, 128), (96, 128), (0, 0), (96, 128))
    images = preprocess(noise(1, 96, 128, 0), whole, dense.config.input)
    for one, other in zip(dense.features(images), separable.features(images), strict=True):
        one, other = ops.convert_to_numpy(one), ops.convert_to_numpy(other)
        assert np.square(one - other).mean() < 0.2 * one.var()
    with pytest.raises(ConfigError, match="no dense 3x3"):
        separate.separate(path, path, [])


def test_a_network_is_no_distance_from_itself_and_some_from_its_likeness(networks) -> None:
    dense, separable, _ = networks
    images = noise(2, 64, 96, 1)
    none = {name: float(value) for name, value in distillation_losses(dense, dense, images).items()}
    assert none == pytest.approx(dict.fromkeys(none, 0.0), abs=1e-5)
    some = {name: float(value) for name, value in distillation_losses(separable, dense, images).items()}
    assert min(some.values()) > 1e-5
    assert some["loss"] == pytest.approx(sum(some.values()) / 2, rel=1e-4)
