"""The mask head alone: which objects it is shown, and where."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.model.learning.targets import Targets
from research.deepen_masks import nearest, neutral
from research.train_masks import drawn_objects, moved, train_masks


def objects() -> Targets:
    """A car, a car without a mask, an object that may be either, a region to ignore, padding."""
    members = np.zeros((1, 5, 3), bool)
    members[0, [0, 1, 2, 2], [1, 1, 1, 2]] = True
    return Targets(
        boxes=np.array([[[10, 20, 30, 60]] * 5], np.float32),
        class_index=np.array([[1, 1, 1, -1, 0]], np.int32),
        members=members,
        masks=np.full((1, 5, 4, 4), 255, np.uint8),
        has_mask=np.array([[True, False, True, True, False]]),
        scope=np.ones((1, 3), bool),
    )


def test_only_objects_of_one_class_and_with_a_mask_are_looked_at() -> None:
    index, there = drawn_objects(objects(), keras.random.SeedGenerator(0))
    assert [int(one) for one in index[0][there[0]]] == [0]


def test_an_edge_moves_by_a_share_of_its_side_and_not_far() -> None:
    boxes = np.tile(objects().boxes, (1, 200, 1))
    by = np.asarray(moved(boxes, keras.random.SeedGenerator(0))) - boxes
    assert by.std(axis=(0, 1)) == pytest.approx([1.6, 3.2, 1.6, 3.2], rel=0.1)
    assert np.abs(by).max(axis=(0, 1)) == pytest.approx([5.0, 10.0, 5.0, 10.0], rel=0.2)


def test_settings_that_would_move_more_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("data: .\noutput: out\nfrozen: [/backbone/]\n")
    with pytest.raises(ConfigError, match="all but the mask head"):
        train_masks(tmp_path / "c.yaml", None, None)


def test_a_kernel_of_that_rank_is_found_again_and_the_new_convolution_changes_nothing() -> None:
    random = np.random.default_rng(0)
    filters, products = random.normal(size=(2, 3, 3, 4)), random.normal(size=(2, 4, 5))
    kernel = np.einsum("fhwc,fco->hwco", filters, products)
    np.testing.assert_allclose(np.einsum("fhwc,fco->hwco", *nearest(kernel, 2)), kernel, atol=1e-9)
    dense = np.einsum("fhwc,fco->hwco", *neutral(4, 2))
    expected = np.zeros((3, 3, 4, 4))
    expected[1, 1] = np.eye(4)
    np.testing.assert_array_equal(dense, expected)
