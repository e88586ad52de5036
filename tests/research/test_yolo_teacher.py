import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import WeightsError
from research.yolo_teacher import TaughtInstance, YoloTeacher, distinct, square_windows


def taught(right: float, category: int, score: float) -> TaughtInstance:
    return TaughtInstance(np.array([0, 0, right, 10], np.float32), category, score, np.ones((10, 10), bool))


def test_an_object_with_two_names_keeps_the_likelier() -> None:
    car, truck, person = taught(10, 3, 0.6), taught(9, 8, 0.7), taught(9.5, 1, 0.5)
    assert distinct([car, truck, person]) == [truck, person]


def test_windows_cover_the_frame_and_overlap() -> None:
    lefts = square_windows(540, 960)
    assert lefts[0] == 0
    assert lefts[-1] == 420
    assert all(after - before <= 0.67 * 540 for before, after in itertools.pairwise(lefts))


def test_it_sees_the_near_cars_of_a_motorway_whole(shared: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra teachers")
    frame = cv2.imread(str(shared / "footage" / "stills" / "highway_1.jpg"))[..., ::-1]
    found = YoloTeacher(shared / "pretrained" / "yolo11n-seg_int8.tflite")(frame.astype(np.uint8))
    cars = [one for one in found if one.score > 0.8]
    np.testing.assert_allclose(
        [one.box for one in cars], [[1051, 405, 1269, 508], [814, 410, 944, 494]], atol=6
    )
    for one in cars:
        x1, y1, x2, y2 = np.round(one.box).astype(int)
        assert one.mask[y1:y2, x1:x2].mean() > 0.7
        assert one.mask.sum() == one.mask[y1 - 2 : y2 + 2, x1 - 2 : x2 + 2].sum()
    # Nothing on the sky, which is the upper third, and faint guesses below a quarter are there.
    assert min(one.box[1] for one in found) > frame.shape[0] / 3
    assert 0.05 <= min(one.score for one in found) < 0.25


def test_a_file_that_is_no_teacher_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra teachers")
    (tmp_path / "none").write_bytes(b"nothing at all")
    with pytest.raises(WeightsError, match="instance teacher"):
        YoloTeacher(tmp_path / "none")
