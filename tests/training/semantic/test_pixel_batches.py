from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.labels.pixel_folder import read_pixel_classes, read_pixel_entries
from pipeline.structures.pixel_classes import VOID
from pipeline.training.batches import Variety
from pipeline.training.semantic.batches import PixelBatchMaker, class_weights
from tests.training.semantic.coloured_halves import COLOURS, write_halves


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_halves(tmp_path / "data")


def maker(folder: Path, **variety) -> PixelBatchMaker:
    classes = read_pixel_classes(folder)
    assert classes is not None
    return PixelBatchMaker(read_pixel_entries(folder), classes, Variety((64, 64), (64, 96), **variety), 3, 5)


def test_labels_move_with_the_pixels_and_are_void_beside_the_picture(folder):
    pixels, targets = maker(folder, photometry=0.0, scales=(0.6, 1.5)).make(2)
    assert (pixels.shape, targets.labels.shape) == ((3, 64, 64, 3), (3, 64, 64))
    assert (targets.labels == VOID).any()
    for number, colour in enumerate(COLOURS):
        mine = pixels[targets.labels == number].astype(int)
        assert np.mean(np.abs(mine - colour).max(axis=1) < 20) > 0.8  # all but borders, which are mixed


def test_a_step_is_the_same_whenever_it_is_made(folder):
    first, _ = maker(folder).make(7)
    again, _ = maker(folder).make(7)
    other, _ = maker(folder).make(8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_rare_class_counts_more_under_median_frequency(folder):
    classes, entries = read_pixel_classes(folder), read_pixel_entries(folder)
    assert classes is not None
    assert class_weights(entries, classes, "equal", {"tree": 3.0}).tolist() == [1, 1, 3]
    sky, road, tree = class_weights(entries, classes, "median_frequency", {}).tolist()
    assert tree > sky > road
    assert sorted((sky, road, tree))[1] == 1.0
