"""What is painted against the truth, measured over films in which it is known."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as coco

from benchmarks.painted import measured
from pipeline.labels.truth import TrueObject, TruePicture, Truth
from tests.benchmarks.made import NAMES, SIZE, Row, header, tracks

CAR, OTHER = (100.0, 30.0, 140.0, 60.0), (120.0, 20.0, 160.0, 50.0)


def true(box: tuple[float, float, float, float], track_id: int = 1) -> TrueObject:
    x1, y1, x2, y2 = (int(edge) for edge in box)
    pixels = np.zeros(SIZE, np.uint8, order="F")
    pixels[y1:y2, x1:x2] = 1
    return TrueObject(3, np.array(box), float(pixels.sum()), coco.encode(pixels), track_id=track_id)


def figures(frames: list[list[Row]], *there: TrueObject) -> dict[str, float]:
    pictures = tuple(
        TruePicture(f"frame {place}", *SIZE, there, frozenset(NAMES)) for place in range(len(frames))
    )
    return measured(header(len(frames)), [tracks(rows) for rows in frames], Truth(pictures, NAMES))


def test_what_is_painted_late_and_gone_early_is_counted_in_frames():
    found = [(1, CAR, 3, 0.9)]
    whole = figures([found] * 10, true(CAR))
    assert whole["iou"] > 0.9
    assert (whole["seen"], whole["late"], whole["early"], whole["wrong"]) == (1.0, 0, 0, 0.0)
    part = figures([[], [], *[found] * 7, []], true(CAR))
    assert (part["seen"], part["late"], part["early"]) == (0.7, 2, 1)
    assert part["iou"] == pytest.approx(0.7 * whole["iou"])


def test_no_pixel_has_two_tints_and_one_painted_for_another_object_is_wrong():
    both = [(1, CAR, 3, 0.9), (2, OTHER, 3, 0.9)]
    right = figures([both] * 3, true(CAR), true((140.0, 20.0, 160.0, 50.0), 2))
    assert right["mixed"] == 0.0
    behind = figures([both] * 3, true((100.0, 30.0, 120.0, 60.0)), true(OTHER, 2))
    assert behind["wrong"] > right["wrong"] + 0.1
