from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import WeightsError
from research.agreed_labels import LIKELY
from research.free_teacher import FreeTeacher, decode


def test_a_box_is_its_cell_and_four_mean_distances() -> None:
    cells = (52 * 52, 26 * 26, 13 * 13)
    scores = [np.zeros((1, count, 80), np.float32) for count in cells]
    logits = [np.zeros((1, count, 32), np.float32) for count in cells]
    scores[1][0, 26 + 2, 5] = 0.7
    for side, bin_ in enumerate((1, 2, 3, 4)):
        logits[1][0, 26 + 2, side * 8 + bin_] = 50.0  # all of the distribution
    boxes, found = decode([*scores, *logits])
    row = cells[0] + 26 + 2
    # Column 2 and row 1 of stride 16: the cell's middle is 39.5, 23.5.
    np.testing.assert_allclose(boxes[row], [39.5 - 16, 23.5 - 32, 39.5 + 48, 23.5 + 64], atol=1e-3)
    assert np.argwhere(found > 0.5).tolist() == [[row, 5]]


def test_it_sees_the_near_cars_of_a_motorway_with_their_pixels(shared: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra teachers")
    pretrained = shared / "pretrained"
    teacher = FreeTeacher(
        pretrained / "nanodet_m.onnx", pretrained / "deeplabv3_mnv2_pascal_quant.tflite", 0.4
    )
    frame = cv2.imread(str(shared / "footage" / "stills" / "highway_1.jpg"))[..., ::-1].astype(np.uint8)
    found = teacher(frame)
    cars = [one for one in found if one.score > 0.6]
    np.testing.assert_allclose(
        [one.box for one in cars], [[814, 405, 944, 496], [1055, 404, 1275, 508]], atol=4
    )
    for one in cars:
        x1, y1, x2, y2 = np.round(one.box).astype(int)
        assert 0.6 < one.mask[y1:y2, x1:x2].mean() < 0.95
    assert all(one.score >= 0.4 or one.score < LIKELY for one in found)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.onnx").write_bytes(b"nothing at all")
    with pytest.raises(WeightsError, match="box teacher"):
        FreeTeacher(tmp_path / "none.onnx", tmp_path / "none.tflite")
