"""What stands still in the picture while the world moves, told from edges that keep their place."""

from __future__ import annotations

import numpy as np

from pipeline.track.standing_parts import StandingParts

#: Height and width of the frames in px, ten to a cell.
SIZE = 100, 200
BONNET = np.array([[40.0, 80, 160, 100]])
ROAD = np.array([[40.0, 20, 160, 60]])


def edges(seed: int) -> np.ndarray:
    """9 x 19 cells: edges that face anywhere, and at the bottom two rows that face up."""
    cells = np.random.default_rng(seed).integers(1, 9, (9, 19)).astype(np.uint8)
    cells[7:] = 7
    return cells


def seen(count: int = 8, moved: float = 0.1) -> StandingParts:
    parts = StandingParts()
    for number in range(count):
        parts.take(edges(number), moved)
    return parts


def test_edges_that_keep_their_place_stand_and_those_of_the_world_do_not():
    bonnet, road = seen().shares(np.concatenate([BONNET, ROAD]), SIZE)
    assert bonnet > 0.95
    assert road < 0.5


def test_while_the_car_stands_nothing_is_told():
    assert seen(30, moved=0.001).shares(BONNET, SIZE).tolist() == [0.0]


def test_nothing_is_told_of_a_few_samples():
    assert seen(5).shares(BONNET, SIZE).tolist() == [0.0]


def test_a_box_almost_without_edges_proves_nothing():
    parts = StandingParts()
    for _ in range(8):
        cells = np.zeros((9, 19), np.uint8)
        cells[4, 4] = 1
        parts.take(cells, 0.1)
    assert parts.shares(np.array([[30.0, 30, 70, 70]]), SIZE)[0] < 0.7


def test_the_region_is_what_stands_at_the_bottom_and_what_was_left_out():
    parts = seen()
    parts.leave_out(np.array([0.0, 0, 20, 20]), np.full((28, 28), 255, np.uint8), SIZE)
    found = parts.found()
    assert found is not None
    assert found[7:].all()
    assert found[0, 0]
    assert found[:7].sum() == 1


def test_the_horizon_stands_too_but_is_no_own_car():
    parts = StandingParts()
    for number in range(8):
        cells = edges(number)
        cells[3], cells[7:] = 7, np.random.default_rng(number).integers(1, 9, (2, 19))
        parts.take(cells, 0.1)
    assert parts.found() is None


def test_a_region_outlasts_its_scene_and_its_evidence_does_not():
    parts = seen()
    parts.end_scene()
    assert parts.shares(BONNET, SIZE).tolist() == [0.0]
    found = parts.found()
    assert found is not None
    assert found[7:].all()
