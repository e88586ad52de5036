import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco

from pipeline.errors import WeightsError
from pipeline.labels.coco_folder import mask_runs
from research.box_teacher import BoxTeacher, TaughtBox, decode, distinct, square_windows
from research.pixel_teacher import PixelTeacher
from research.taught_labels import taught_annotations, unlabelled

CAR, TRUCK, ROAD = 13, 14, 0


def taught(x1: float, y1: float, x2: float, y2: float, category: int = 3, score: float = 0.9) -> TaughtBox:
    return TaughtBox(np.array([x1, y1, x2, y2], np.float32), category, score)


def mask_of(annotation: dict, size: tuple[int, int]) -> np.ndarray:
    return coco.decode(mask_runs(annotation["segmentation"], size))


def test_the_pixels_of_its_class_inside_a_box_are_the_instance() -> None:
    classes = np.full((20, 40), ROAD, np.uint8)
    classes[6:14, 10:30] = CAR
    (annotation,) = taught_annotations([taught(8, 4, 24, 16)], classes)
    wanted = np.zeros((20, 40))
    wanted[6:14, 10:24] = 1
    np.testing.assert_array_equal(mask_of(annotation, (20, 40)), wanted)
    assert annotation["bbox"] == [10, 6, 14, 8]  # of the mask, not of the box
    assert (annotation["area"], annotation["category_id"]) == (112, 3)


def test_where_the_teachers_disagree_only_the_box_is_kept() -> None:
    classes = np.full((20, 40), TRUCK, np.uint8)
    (annotation,) = taught_annotations([taught(8, 4, 24, 16)], classes)
    assert annotation["box_only"] is True
    assert "segmentation" not in annotation
    assert annotation["bbox"] == [8, 4, 16, 12]


def test_a_pixel_in_two_boxes_is_the_nearer_objects() -> None:
    classes = np.full((20, 40), CAR, np.uint8)
    far, near = taught(0, 0, 20, 10), taught(16, 2, 36, 18)
    first, second = taught_annotations([far, near], classes)
    assert mask_of(first, (20, 40)).sum() == 20 * 16  # the near one, whole
    assert mask_of(second, (20, 40)).sum() == 20 * 10 - 4 * 8


def test_what_is_labelled_already_is_not_labelled_again() -> None:
    known = [{"bbox": [0, 0, 10, 10], "category_id": 8}]
    person, on_known, new = taught(0, 0, 5, 9, category=1), taught(1, 0, 10, 10), taught(20, 0, 30, 10)
    assert unlabelled([person, on_known, new], known, frozenset({1})) == [new]


def test_an_object_with_two_names_keeps_the_likelier() -> None:
    car, truck, person = taught(0, 0, 10, 10, 3, 0.6), taught(0, 0, 10, 9, 8, 0.7), taught(0, 0, 9, 9, 1, 0.5)
    assert distinct([car, truck, person]) == [truck, person]


def test_windows_cover_the_frame_and_overlap() -> None:
    lefts = square_windows(540, 960)
    assert lefts[0] == 0
    assert lefts[-1] == 420
    assert all(after - before <= 0.67 * 540 for before, after in itertools.pairwise(lefts))


def test_a_distance_is_the_mean_over_its_bins() -> None:
    outputs = [np.zeros((1, (416 // s) ** 2, 80), np.float32) for s in (8, 16, 32)]
    outputs += [np.full((1, (416 // s) ** 2, 32), -50.0, np.float32) for s in (8, 16, 32)]
    # The second cell of the first row at stride 8: 2 strides to the left, 1 up, 3.5 right, 4 down.
    bins = outputs[3][0, 1].reshape(4, 8)
    bins[0, 2] = bins[1, 1] = bins[2, 3] = bins[2, 4] = bins[3, 4] = 50.0
    boxes, scores = decode(outputs)
    assert boxes.shape == (52 * 52 + 26 * 26 + 13 * 13, 4)
    assert scores.shape == (len(boxes), 80)
    np.testing.assert_allclose(boxes[1], [11.5 - 16, 3.5 - 8, 11.5 + 28, 3.5 + 32], atol=1e-4)


def test_both_teachers_see_the_near_cars_of_a_motorway(shared: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra teachers")
    frame = cv2.imread(str(shared / "footage" / "stills" / "highway_1.jpg"))[..., ::-1]
    boxes = BoxTeacher(shared / "pretrained" / "nanodet_m.onnx")(frame)
    pixels = PixelTeacher(shared / "pretrained" / "deeplab_mobilenet_edgetpu_slim_cityscapes_quant.tflite")
    annotations = taught_annotations(boxes, pixels(frame))
    cars = [one for one in annotations if one["category_id"] == 3 and "segmentation" in one]
    assert len(cars) >= 2
    # Nothing on the sky, which is the upper third.
    assert min(one["bbox"][1] for one in annotations) > frame.shape[0] / 3


def test_a_file_that_is_no_teacher_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra teachers")
    (tmp_path / "none").write_bytes(b"nothing at all")
    with pytest.raises(WeightsError, match="box teacher"):
        BoxTeacher(tmp_path / "none")
    with pytest.raises(WeightsError, match="pixel teacher"):
        PixelTeacher(tmp_path / "none")
