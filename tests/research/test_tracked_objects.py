from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.store.header import Header
from pipeline.store.writer import write_detections, write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import FILLED, FOUND, NO_TRACK, Tracks
from research.tracked_objects import TrackedObject, Verdict, tracked_frames, verdict
from research.yolo_teacher import TaughtInstance

CAR_BOX = np.array([10, 20, 30, 40], np.float32)
ELSEWHERE = np.array([100, 20, 130, 40], np.float32)


def tracked(track: int = 1, category: int = 3) -> TrackedObject:
    return TrackedObject(track, CAR_BOX, category, 0.9, np.full((28, 28), 255, np.uint8))


def taught(score: float, where: np.ndarray = CAR_BOX, category: int = 3) -> list[TaughtInstance]:
    return [TaughtInstance(where, category, score, np.zeros((50, 150), bool))]


@pytest.mark.parametrize(("scores", "is_real", "is_none"), [
    ([0.6, 0.1, 0.3, 0.0], True, False),  # seen in two of four
    ([0.6, 0.1, 0.2, 0.0], False, False),  # in one of four
    ([0.09, 0.0, 0.0], False, True),
    ([0.6, 0.6], False, False),  # too few looks
    ([0.0, 0.0], False, False),
])  # fmt: skip
def test_the_teacher_is_asked_once_a_track(scores: list[float], is_real: bool, is_none: bool) -> None:
    judged = verdict([([tracked()], taught(score)) for score in scores])
    assert (1 in judged.real, 1 in judged.none) == (is_real, is_none)


def test_what_the_teacher_sees_elsewhere_says_nothing_about_a_track() -> None:
    assert verdict([([tracked()], taught(0.9, ELSEWHERE))] * 3) == Verdict(none=frozenset({1}))


def test_a_truck_confirms_a_car_and_a_person_neither_confirms_nor_denies_it() -> None:
    assert verdict([([tracked()], taught(0.9, category=8))] * 3) == Verdict(real=frozenset({1}))
    assert verdict([([tracked()], taught(0.9, category=1))] * 3) == Verdict()


def test_frames_hold_what_is_on_a_track_and_what_the_look_back_filled_in(tmp_path: Path) -> None:
    pts = np.array([0, 3000], np.int64)
    header = Header(150, 50, Fraction(1, 90000), 0, pts, {1: "person", 3: "car", 8: "truck"})
    found = Detections(
        np.stack([CAR_BOX, ELSEWHERE]),
        np.array([0.7, 0.3], np.float32),
        np.array([8, 3], np.int32),
        np.full((2, 28, 28), 255, np.uint8),
    )
    both = Tracks(
        found,
        np.array([4, NO_TRACK], np.int64),
        np.array([3, 3], np.int32),
        np.array([0.8, 0.3], np.float32),
        np.array([FOUND, FOUND], np.uint8),
    )
    filled = Tracks(found[:1], both.track_ids[:1], both.class_ids[:1], both.peak_scores[:1],
                    np.array([FILLED], np.uint8))  # fmt: skip
    write_tracks(tmp_path / "a.parquet", header, [both, filled])
    frames = tracked_frames(tmp_path / "a.parquet")
    assert [[(one.track, one.category) for one in frame] for frame in frames] == [[(4, 3)], [(4, 3)]]
    assert frames[0][0].mask((50, 150)).sum() == 20 * 20
    write_detections(tmp_path / "b.parquet", header, [found, found])
    with pytest.raises(StoreError, match="no tracks"):
        tracked_frames(tmp_path / "b.parquet")
