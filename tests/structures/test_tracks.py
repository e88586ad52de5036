"""Tracks: the columns are checked where they are made."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.structures.detections import Detections
from pipeline.structures.tracks import NO_TRACK, Tracks


def two_cars() -> Detections:
    return Detections(
        boxes=np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32),
        scores=np.array([0.9, 0.6], np.float32),
        class_ids=np.array([3, 3], np.int32),
        roi_masks=np.zeros((2, 28, 28), np.uint8),
    )


def test_an_untracked_detection_keeps_its_own_class_and_score():
    tracks = Tracks.untracked(two_cars())
    assert tracks.track_ids.tolist() == [NO_TRACK, NO_TRACK]
    assert tracks.class_ids.tolist() == [3, 3]
    assert tracks.peak_scores.tolist() == pytest.approx([0.9, 0.6])


def test_rows_are_picked_from_all_columns():
    cars = two_cars()
    tracks = Tracks(cars, np.array([7, 8]), cars.class_ids, cars.scores)[[1]]
    assert len(tracks) == len(tracks.detections) == 1
    assert tracks.track_ids.tolist() == [8]
    assert tracks.detections.boxes[0].tolist() == [20, 0, 30, 10]
    assert len(tracks[[]]) == 0


def test_a_column_of_another_length_is_refused_with_both_shapes():
    cars = two_cars()
    with pytest.raises(ValueError, match=r"track_ids: expected int64 \[2\], found int64 \[1\]"):
        Tracks(cars, np.array([7]), cars.class_ids, cars.scores)


@pytest.mark.parametrize("ids", [[5, 5], [0, 1], [-3, 1]])
def test_an_id_is_positive_and_stands_once_a_frame(ids):
    cars = two_cars()
    with pytest.raises(ValueError, match="each once a frame"):
        Tracks(cars, np.array(ids), cars.class_ids, cars.scores)
