"""Labels' moves, counted over plans in which they are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import label_moves
from pipeline.render.frame_labels import NOWHERE, FrameLabels
from pipeline.render.palette import contrasts
from pipeline.render.plate import capitals_px, plate_size
from pipeline.render.settings import RenderSettings
from tests.benchmarks.made import SIZE, Row, header, tracks

PLATE = plate_size("car 1", capitals_px(SIZE[0]))  # height, width
BOX = 100.0, 40.0, 160.0, 90.0
ABOVE, INSIDE, BELOW = (100, int(39 - PLATE[0])), (100, 50), (100, 91)


def figures(monkeypatch: pytest.MonkeyPatch, places: list[tuple[int, int]], *others: Row) -> dict[str, float]:
    """Of a car that stands in BOX and whose label is at these places, frame by frame."""
    film = [tracks([(1, BOX, 3, 0.9), *others]) for _ in places]
    plans = [FrameLabels.from_rows([[1, 0, *place, *[NOWHERE] * 4]]) for place in places]

    class Planner:
        def __init__(self, *_: object) -> None:
            pass

        def film(self, _frames: object) -> list[FrameLabels]:
            return plans

    monkeypatch.setattr(label_moves, "LabelPlanner", Planner)
    return label_moves.measured(header(len(places)), film, RenderSettings())


def test_a_label_that_rests_has_no_faults(monkeypatch):
    assert figures(monkeypatch, [ABOVE] * 10) == pytest.approx(
        {
            "seconds": 1.0,
            "moves": 0,
            "jerks": 0,
            "blinks": 0,
            "covers": 0,
            "crosses": 0,
            "alike": 0,
            "same": 0,
        }
    )


def test_moves_are_changes_of_side(monkeypatch):
    # Above, inside, below, and back above after a frame without it, which is no move but a blink.
    places = [ABOVE] * 4 + [INSIDE] * 3 + [BELOW] * 3 + [(NOWHERE, NOWHERE)] + [ABOVE] * 10
    found = figures(monkeypatch, places)
    assert found["seconds"] == pytest.approx(2.0)
    assert (found["moves"], found["blinks"]) == pytest.approx((2 / 2.0, 1 / 2.0))


def test_a_label_that_is_gone_for_a_second_does_not_blink(monkeypatch):
    # 10 frames without it are 1.1 s from the last to the next.
    assert figures(monkeypatch, [ABOVE] * 5 + [(NOWHERE, NOWHERE)] * 10 + [ABOVE] * 5)["blinks"] == 0


def test_a_jerk_is_a_change_of_speed_and_not_speed(monkeypatch):
    # 3 px a frame all the time, then it stands: one change by more than a hundredth of the height, 1 px.
    moving = [(100 + 3 * step, ABOVE[1]) for step in range(10)]
    assert figures(monkeypatch, moving)["jerks"] == 0
    assert figures(monkeypatch, moving + [moving[-1]] * 10)["jerks"] == pytest.approx(1 / 2.0)
    slow = [(100 + step, ABOVE[1]) for step in range(10)]
    assert figures(monkeypatch, slow + [slow[-1]] * 10)["jerks"] == 0


def test_contrasts_are_of_objects_beside_each_other():
    boxes = np.array([[0, 0, 10, 10], [11, 0, 20, 10], [60, 0, 70, 10]], float)
    colours = np.array([0, 0, 6])
    assert label_moves.neighbours_contrasts(boxes, colours, 100).tolist() == [0.0]
    assert label_moves.neighbours_contrasts(boxes, colours[::-1], 100).tolist() == [contrasts()[6, 0]]


def test_near_pairs_are_of_what_is_large_enough_to_be_named():
    boxes = np.array([[0, 0, 9, 9], [500, 0, 509, 9], [60, 0, 68, 8]], float)
    assert [rows.tolist() for rows in label_moves.near_pairs(boxes, 100)] == [[0], [1]]


def test_labels_cross_where_a_tenth_of_one_is_shared():
    plates = [np.array([0, 0, 40, 10.0]), np.array([37, 0, 77, 10.0]), np.array([0, 8, 40, 18.0])]
    assert label_moves.crossing_labels(plates[:2]) == 0  # 3 of 40 px
    assert label_moves.crossing_labels(plates) == 2  # the first and the third


def test_a_label_covers_near_objects_only(monkeypatch):
    here = np.array([ABOVE[0], ABOVE[1], ABOVE[0] + PLATE[1], ABOVE[1] + PLATE[0]], float)
    under = 2, tuple(here.tolist()), 3, 0.9
    far = 2, (here[0], here[1], here[0] + 8, here[1] + 8), 3, 0.9
    assert figures(monkeypatch, [ABOVE] * 5, under)["covers"] == 1.0
    assert figures(monkeypatch, [ABOVE] * 5, far)["covers"] == 0.0
