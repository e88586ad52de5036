from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.average_precision import class_curves
from pipeline.evaluation.classes import measured_classes
from pipeline.evaluation.outcome import tally
from pipeline.evaluation.settings import GROUPS
from tests.evaluation.made import ALL, CAR, ELSEWHERE, NAMES, found, picture, thing

TINY = (60, 60, 67, 90)  # 7 px wide
CLASSES = ["person", "car", "bus", "truck"]


def measure(pictures, founds, kind="segm", min_side=8.0, groups=GROUPS):
    """Curves by class name."""
    classes = measured_classes(NAMES, CLASSES, groups)
    curves = class_curves(pictures, founds, classes, kind, min_side)
    return {one.name: curve for one, curve in zip(classes, curves, strict=True)}


def measure_one(*objects, on, scope=ALL, kind="segm"):
    return measure([picture(*objects, scope=scope)], [on], kind)


@pytest.mark.parametrize("kind", ["segm", "bbox"])
def test_what_lies_exactly_on_its_label_has_ap_1(kind):
    car = measure_one(thing(), on=found((CAR, 0.9, 3)), kind=kind)["car"]
    assert (car.ap, car.ap50, car.ap75) == pytest.approx((1.0, 1.0, 1.0))
    assert car.medium == pytest.approx(1.0)  # 1200 px lie between 32² and 96²
    assert (car.small, car.large) == (None, None)


def test_a_surer_false_alarm_halves_the_precision():
    car = measure_one(thing(), on=found((ELSEWHERE, 0.95, 3), (CAR, 0.9, 3)))["car"]
    assert car.ap == pytest.approx(0.5)


def test_one_of_two_found_is_51_of_101_points_of_the_curve():
    car = measure_one(thing(), thing(ELSEWHERE), on=found((CAR, 0.9, 3)))["car"]
    assert car.ap == pytest.approx(51 / 101)


def test_half_of_a_mask_counts_up_to_iou_one_half():
    left_half = (10, 10, 30, 40)
    car = measure_one(thing(), on=found((left_half, 0.9, 3)))["car"]
    assert (car.ap50, car.ap75, car.ap) == pytest.approx((1.0, 0.0, 0.1))


def test_a_class_out_of_scope_is_not_judged_but_its_labels_can_be_found():
    on = found((ELSEWHERE, 0.95, 3), (CAR, 0.9, 3))
    car = measure_one(thing(), on=on, scope={1})["car"]
    assert (car.ap, car.precision) == (None, None)
    counts = tally(car.outcomes, 0.5)
    assert (counts.objects, counts.found, counts.recall) == (1, 1, 1.0)
    assert (counts.right, counts.wrong, counts.precision) == (0, 0, None)


def test_detections_out_of_scope_change_nothing():
    pictures = [picture(thing()), picture(thing((60, 10, 80, 80), 1), scope={1}, name="b.png")]
    without = measure(pictures, [found((CAR, 0.8, 3)), found()])["car"]
    on_second = found((ELSEWHERE, 0.95, 3))
    with_them = measure(pictures, [found((CAR, 0.8, 3)), on_second])["car"]
    assert (without.ap, with_them.ap) == pytest.approx((1.0, 1.0))
    in_scope = [pictures[0], picture(thing((60, 10, 80, 80), 1), name="b.png")]
    assert measure(in_scope, [found((CAR, 0.8, 3)), on_second])["car"].ap == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["segm", "bbox"])
def test_a_crowd_absorbs_all_that_lies_in_it(kind):
    crowd = thing((60, 40, 120, 90), ignored=True)
    inside = [((62, 42, 80, 60), 0.95, 3), ((82, 42, 100, 60), 0.94, 3)]
    car = measure_one(thing(), crowd, on=found(*inside, (CAR, 0.9, 3)), kind=kind)["car"]
    assert car.ap == pytest.approx(1.0)
    counts = tally(car.outcomes, 0.5)
    assert (counts.objects, counts.right, counts.wrong) == (1, 1, 0)


def test_a_crowd_of_another_class_absorbs_nothing():
    crowd = thing((60, 40, 120, 90), 1, ignored=True)
    car = measure_one(thing(), crowd, on=found(((62, 42, 80, 60), 0.95, 3), (CAR, 0.9, 3)))["car"]
    assert car.ap == pytest.approx(0.5)


def test_a_box_without_a_mask_counts_in_boxes_and_is_ignored_in_masks():
    labels = thing(), thing(ELSEWHERE, box_only=True)
    both, one = found((ELSEWHERE, 0.95, 3), (CAR, 0.9, 3)), found((CAR, 0.9, 3))
    assert measure_one(*labels, on=both)["car"].ap == pytest.approx(1.0)
    assert measure_one(*labels, on=one)["car"].ap == pytest.approx(1.0)
    assert measure_one(*labels, on=both, kind="bbox")["car"].ap == pytest.approx(1.0)
    assert measure_one(*labels, on=one, kind="bbox")["car"].ap == pytest.approx(51 / 101)


def test_what_is_narrower_than_8_px_counts_neither_as_label_nor_as_detection():
    assert measure_one(thing(), thing(TINY), on=found((CAR, 0.9, 3)))["car"].ap == pytest.approx(1.0)
    assert measure_one(thing(), on=found((TINY, 0.95, 3), (CAR, 0.9, 3)))["car"].ap == pytest.approx(1.0)
    wide = (60, 60, 68, 90)
    assert measure_one(thing(), on=found((wide, 0.95, 3), (CAR, 0.9, 3)))["car"].ap == pytest.approx(0.5)


def test_a_group_takes_a_car_for_a_truck_and_a_class_does_not():
    curves = measure_one(thing(category=8), on=found((CAR, 0.9, 3)))
    assert curves["vehicle"].ap == pytest.approx(1.0)
    assert curves["truck"].ap == pytest.approx(0.0)
    assert tally(curves["car"].outcomes, 0.5).wrong == 1


def test_a_stand_in_is_true_for_its_group_and_doubtful_for_each_class():
    labels = thing(), thing(ELSEWHERE, 100)
    curves = measure_one(*labels, on=found((ELSEWHERE, 0.95, 6), (CAR, 0.9, 3)))
    assert curves["vehicle"].ap == pytest.approx(1.0)
    assert tally(curves["vehicle"].outcomes, 0.5).objects == 2
    counts = {name: tally(curves[name].outcomes, 0.5) for name in ("car", "bus")}
    assert (counts["bus"].objects, counts["bus"].right, counts["bus"].wrong) == (0, 0, 0)
    assert (counts["car"].objects, counts["car"].right) == (1, 1)
    assert measure_one(*labels, on=found((CAR, 0.9, 3)))["vehicle"].ap == pytest.approx(51 / 101)


def test_a_group_is_judged_only_where_all_its_classes_are_labelled():
    curves = measure_one(thing(), on=found((CAR, 0.9, 3)), scope={3})
    assert curves["car"].ap == pytest.approx(1.0)
    assert curves["vehicle"].ap is None


def test_recall_and_precision_are_of_one_score():
    labels = thing(), thing(ELSEWHERE)
    on = found((CAR, 0.9, 3), ((10, 60, 40, 90), 0.6, 3), (ELSEWHERE, 0.4, 3))
    outcomes = measure_one(*labels, on=on)["car"].outcomes
    high, low = tally(outcomes, 0.5), tally(outcomes, 0.3)
    assert (high.recall, high.judged_recall, high.precision) == (0.5, 0.5, 0.5)
    assert (low.recall, low.precision) == (1.0, pytest.approx(2 / 3))


def test_an_outcome_names_the_rows_it_is_about():
    on = found((ELSEWHERE, 0.95, 3), ((60, 10, 80, 80), 0.7, 1), (CAR, 0.6, 3))
    (outcome,) = measure_one(thing(category=1, box=(90, 5, 99, 30)), thing(), on=on)["car"].outcomes
    assert outcome.found_rows.tolist() == [0, 2]
    assert outcome.hits.tolist() == [False, True]
    assert outcome.true_rows.tolist() == [1]
    assert np.allclose(outcome.true_scores, [0.6])
