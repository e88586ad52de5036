"""Detections: columns that fit together, picked and scaled as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.structures.detections import Detections


def two() -> Detections:
    return Detections(
        boxes=np.array([[1, 2, 3, 4], [10, 20, 30, 40]], np.float32),
        scores=np.array([0.9, 0.6], np.float32),
        class_ids=np.array([3, 1], np.int32),
        roi_masks=np.stack([np.full((28, 28), 255, np.uint8), np.zeros((28, 28), np.uint8)]),
    )


def test_rows_are_picked_from_every_column_at_once():
    picked = two()[np.array([False, True])]
    assert picked.boxes.tolist() == [[10, 20, 30, 40]]
    assert picked.scores.tolist() == pytest.approx([0.6])
    assert picked.class_ids.tolist() == [1]
    assert picked.roi_masks.max() == 0


def test_one_number_picks_one_row_and_an_empty_list_none():
    assert two()[1].class_ids.tolist() == [1]
    assert len(two()[[]]) == 0
    assert two()[1:].class_ids.tolist() == [1]


def test_boxes_grow_with_the_frame():
    assert two().scaled(2.0, 0.5).boxes.tolist() == [[2, 1, 6, 2], [20, 10, 60, 20]]


def test_nothing_found_is_a_value_too():
    assert len(Detections.empty()) == 0
    assert Detections.empty().masks(4, 5).shape == (0, 4, 5)


def test_masks_are_widened_inside_their_boxes():
    masks = two().masks(5, 6)
    assert masks[0].sum() == 4
    assert masks[0, 2:4, 1:3].all()
    assert not masks[1].any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"boxes": np.zeros((1, 4), np.float32)},
            r"boxes: expected float32 \[2, 4\], found float32 \[1, 4\]",
        ),
        ({"scores": np.zeros(2)}, r"scores: expected float32 \[2\], found float64 \[2\]"),
        ({"class_ids": np.zeros(2, np.int64)}, r"class_ids: expected int32 \[2\], found int64 \[2\]"),
        (
            {"roi_masks": np.zeros((2, 14, 14), np.uint8)},
            r"expected uint8 \[2, 28, 28\], found uint8 \[2, 14, 14\]",
        ),
    ],
)
def test_a_column_of_another_shape_or_type_is_refused_with_both(wrong, message):
    with pytest.raises(ValueError, match=message):
        replace(two(), **wrong)
