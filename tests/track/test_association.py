"""Overlap and pairing, with boxes small enough to count."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.track.association import overlaps, pair
from pipeline.track.settings import TrackSettings


def test_overlap_is_the_shared_area_over_both():
    boxes = np.array([[0.0, 0, 4, 4]])
    others = np.array([[0.0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4], [1, 1, 1, 1]])
    # 16 of 16; 8 of 24; they touch; no area.
    assert overlaps(boxes, others)[0].tolist() == pytest.approx([1.0, 1 / 3, 0.0, 0.0])


def test_grown_boxes_meet_across_a_gap():
    # Both 4 wide, 1 apart; grown by a quarter they are 6 wide and share 1 x 6 of 66.
    boxes, others = np.array([[0.0, 0, 4, 4]]), np.array([[5.0, 0, 9, 4]])
    assert overlaps(boxes, others).item() == 0.0
    assert overlaps(boxes, others, growth=0.25).item() == pytest.approx(6 / 66)


def test_the_pairing_takes_the_greatest_sum_and_not_the_greatest_first():
    rows, columns = pair(np.array([[0.9, 0.8], [0.8, 0.1]]), minimum=0.2)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0)]


def test_what_overlaps_too_little_stays_alone():
    rows, columns = pair(np.array([[0.9, 0.0], [0.0, 0.1]]), minimum=0.2)
    assert (rows.tolist(), columns.tolist()) == ([0], [0])


def test_nobody_is_paired_with_nobody():
    rows, columns = pair(np.zeros((0, 3)), minimum=0.2)
    assert (len(rows), len(columns)) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_score": 0.0},
        {"follow_score": 0.6},
        {"lost_seconds": -1.0},
        {"strong_overlap": float("nan")},
        {"ignore_regions": ((0, 0, 10, 0),)},
    ],
)
def test_a_setting_that_cannot_work_is_refused(wrong):
    with pytest.raises(ConfigError):
        TrackSettings(**wrong)


def test_where_nothing_overlaps_enough_scipy_is_not_even_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    for overlap in (np.zeros((0, 3)), np.full((2, 3), 0.1)):
        assert [len(found) for found in pair(overlap, 0.2)] == [0, 0]
