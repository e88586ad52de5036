from __future__ import annotations

import pytest

from pipeline.evaluation.classes import measured_classes
from pipeline.evaluation.pixels import pixel_scores
from pipeline.evaluation.settings import GROUPS
from tests.evaluation.made import ALL, CAR, ELSEWHERE, NAMES, SIZE, found, picture, thing

PIXELS = SIZE[0] * SIZE[1]
LEFT_HALF = (10, 10, 30, 40)


def scores(*objects, on, scope=ALL):
    classes = measured_classes(NAMES, ["person", "car", "bus", "truck"], GROUPS)
    return pixel_scores([picture(*objects, scope=scope)], [on], classes, 0.5, 8.0)


def test_a_half_covered_square_has_an_iou_of_one_half():
    found_half = scores(thing(), on=found((LEFT_HALF, 0.9, 3)))
    car = found_half.classes["car"]
    assert (car.accuracy, car.iou, car.dice) == pytest.approx((0.5, 0.5, 2 / 3))
    assert found_half.accuracy == pytest.approx(1 - 600 / PIXELS)
    assert found_half.background.iou == pytest.approx((PIXELS - 1200) / (PIXELS - 600))
    assert found_half.classes["bus"].iou is None


def test_weak_detections_are_not_painted_and_the_surest_lies_on_top():
    on = found((CAR, 0.9, 3), (CAR, 0.8, 1), (ELSEWHERE, 0.4, 6))
    both = scores(thing(), on=on).classes
    assert both["bus"].iou is None
    assert both["car"].iou == 1.0
    assert both["person"].iou is None


def test_the_smaller_label_lies_on_top():
    inside = (20, 20, 30, 30)
    both = scores(thing(), thing(inside, 1), on=found((inside, 0.95, 1), (CAR, 0.9, 3))).classes
    assert (both["car"].iou, both["person"].iou) == (1.0, 1.0)


@pytest.mark.parametrize("label", [{"ignored": True}, {"box_only": True}, {"category": 100}])
def test_pixels_that_may_be_anything_are_not_counted(label):
    result = scores(thing(), thing(ELSEWHERE, **label), on=found((CAR, 0.9, 3), (ELSEWHERE, 0.9, 1)))
    assert result.classes["car"].iou == 1.0
    assert result.classes["person"].iou is None
    assert result.accuracy == 1.0


def test_an_object_keeps_its_pixels_under_an_ignored_region():
    result = scores(thing((0, 0, 60, 60), ignored=True), thing(), on=found())
    assert result.classes["car"].iou == 0.0


def test_a_class_that_is_not_labelled_completely_is_nothing():
    on = found((ELSEWHERE, 0.9, 1), (LEFT_HALF, 0.9, 3))
    result = scores(thing(), thing((60, 10, 80, 40), 1), on=on, scope={3})
    assert set(result.classes) == {"car"}
    assert result.classes["car"].iou == 0.5


def test_background_is_of_pictures_that_label_all_classes():
    classes = measured_classes(NAMES, ["person", "car"], {})
    pictures = [picture(scope={1, 3}), picture(scope={3}, name="b.png")]
    result = pixel_scores(pictures, [found(), found((CAR, 0.9, 3))], classes, 0.5, 8.0)
    assert (result.accuracy, result.background.iou) == (1.0, 1.0)
    assert result.classes["car"].iou == 0.0


def test_without_any_complete_label_there_is_no_figure():
    result = scores(thing(), on=found((CAR, 0.9, 3)), scope=())
    assert (result.classes, result.accuracy, result.background.iou) == ({}, None, None)
