import numpy as np
import pytest

from pipeline.labels.confusion import Confusion
from pipeline.structures.pixel_classes import VOID


def test_figures_of_a_hand_sized_confusion():
    truth = np.array([[0, 0, 0, 1, 1, VOID]], np.uint8)
    found = np.array([[0, 0, 1, 1, 0, 2]], np.uint8)
    one = Confusion.of(truth, found, 3)
    assert one.counts.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert one.accuracy == pytest.approx(3 / 5)
    assert one.mean_accuracy == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert one.mean_iou == pytest.approx((2 / 4 + 1 / 3) / 2)  # the third has nothing to be measured on
    assert one.mean_dice == pytest.approx((4 / 6 + 2 / 4) / 2)
    assert one.scores[2].iou is None
    assert (one + one).counts.sum() == 10


def test_nothing_counted_has_no_figures():
    assert Confusion.none(2).accuracy is None
    assert Confusion.none(2).mean_iou is None
