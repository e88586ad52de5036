from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.found import found_in
from tests.evaluation.made import SIZE, detections, found


def test_boxes_end_where_the_picture_does_and_masks_with_them():
    here = found(((-10, 50, 30, 120), 0.9, 3))
    assert here.boxes.tolist() == [[0, 50, 30, 96]]
    assert here.areas.tolist() == [30 * 46]
    assert here.short_sides.tolist() == [30]


def test_classes_take_the_labels_numbers_and_unknown_ones_go():
    rows = ((0, 0, 9, 9), 0.5, 1), ((0, 0, 9, 9), 0.8, 3), ((0, 0, 9, 9), 0.9, 8)
    here = found_in(detections(*rows), SIZE, {1: 41, 3: 43}, 0.0, np.array([7, 8, 9]))
    assert here.categories.tolist() == [43, 41]
    assert here.track_ids.tolist() == [8, 7]


def test_what_is_too_weak_goes():
    here = found_in(detections(((0, 0, 9, 9), 0.5, 3), ((0, 0, 9, 9), 0.01, 3)), SIZE, {3: 3}, 0.02)
    assert here.scores == pytest.approx([0.5])


def test_nothing_found_has_no_sides():
    assert found().short_sides.shape == (0,)
