"""Overlap and pairing, with boxes small enough to count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

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


overlap_matrices = st.tuples(st.integers(0, 7), st.integers(0, 7)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 8).map(lambda eighths: eighths / 8))
)


@settings(max_examples=60)
@given(overlap_matrices, st.sampled_from([0.25, 0.5]))
def test_no_pairing_has_a_greater_sum(overlap, minimum):
    rows, columns = pair(overlap, minimum)
    allowed = np.where(overlap >= minimum, overlap, 0.0)
    assert (allowed[rows, columns] > 0).all()
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(set(columns.tolist())) == len(columns)
    # Eighths add up without an error.
    assert allowed[rows, columns].sum() == allowed[linear_sum_assignment(allowed, maximize=True)].sum()


def test_a_crowd_is_paired_as_scipy_does():
    overlap = np.random.default_rng(3).random((40, 60))
    best = linear_sum_assignment(np.where(overlap >= 0.3, overlap, 0.0), maximize=True)
    assert np.array_equal(pair(overlap, 0.3), best)
    assert np.array_equal(pair(overlap.T, 0.3), sorted_by_first(*best[::-1]))


def sorted_by_first(first, second):
    order = np.argsort(first)
    return first[order], second[order]


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
