"""What a new object is near to, over the seconds after its first frame."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render.neighbours import AHEAD_SECONDS, neighbours
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks

WIDTH = 1000


def frame(**lefts: float) -> Tracks:
    """Objects of 20 px in a row, `a` is the first: where each begins."""
    count = len(lefts)
    boxes = [[left, 100, left + 20, 120] for left in lefts.values()]
    found = Detections(
        np.array(boxes, np.float32).reshape(count, 4),
        np.full(count, 0.9, np.float32),
        np.full(count, 3, np.int32),
        np.zeros((count, 28, 28), np.uint8),
    )
    ids = np.array([ord(name) - ord("a") + 1 for name in lefts], np.int64)
    return Tracks(found, ids, found.class_ids, found.scores)


def test_a_neighbour_counts_by_the_mean_of_what_it_is_over_the_new_ones_frames():
    # The second touches in one of two frames and is gone in the other; the third is a reach (30 px) away in both.
    film = [(0.0, frame(a=100, b=120, c=150)), (1.0, frame(a=100, c=150))]
    found = neighbours(1, film, {2: 7, 3: 5}, {}, WIDTH)
    assert found.colours.tolist() == [7, 5]
    assert found.nearness == pytest.approx([0.5, np.exp(-1)])
    assert found.presence == pytest.approx([0.5, 1.0])
    assert found.sizes == pytest.approx([0.01, 0.02])


def test_frames_without_it_and_those_too_far_ahead_do_not_count():
    film = [
        (0.0, frame(a=100)),
        (1.0, frame(b=100)),
        (2.0, frame(a=100, c=120)),
        (AHEAD_SECONDS + 0.1, frame(a=100, b=120)),
    ]
    found = neighbours(1, film, {2: 0, 3: 1}, {}, WIDTH)
    assert found.colours.tolist() == [1]
    assert found.presence == pytest.approx([0.5])


def test_what_has_no_colour_yet_does_not_count_and_what_is_gone_counts_less():
    film = [(0.0, frame(a=100, b=120))]
    found = neighbours(1, film, {3: 4}, {3: (120.0, 100.0, 140.0, 120.0)}, WIDTH)
    assert found.colours.tolist() == [4]
    assert 0 < found.nearness[0] < 0.5
    assert found.sizes.tolist() == [0]
    assert len(neighbours(1, film, {}, {}, WIDTH).colours) == 0
