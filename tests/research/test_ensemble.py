import numpy as np
import pytest

from pipeline.structures.detections import Detections
from research.ensemble import Ensemble, suspects

WHOLE = np.array([0, 0, 640, 360], np.float32)
LEFT = np.array([0, 60, 420, 300], np.float32)


def at(x: float, y: float) -> np.ndarray:
    return np.array([x, y, x + 20, y + 40], np.float32)


def test_the_mean_counts_the_looks_that_see_nothing_there() -> None:
    (place,) = suspects([(WHOLE, [(at(100, 100), 1, 0.8)]), (WHOLE, [])])
    assert (place.category, place.best, place.mean) == (1, 0.8, pytest.approx(0.4))


def test_looks_that_do_not_show_the_place_have_no_say() -> None:
    far_right = at(600, 100)
    (place,) = suspects([(WHOLE, [(far_right, 3, 0.8)]), (LEFT, [])])
    assert place.mean == pytest.approx(0.8)


def test_a_place_has_the_name_that_its_surest_look_gives_it() -> None:
    (place,) = suspects([(WHOLE, [(at(100, 100), 1, 0.3)]), (WHOLE, [(at(102, 100), 4, 0.6)])])
    assert (place.category, place.best, place.mean) == (4, 0.6, pytest.approx(0.45))


class BrightSpot:
    """Sees the bounds of what is white, as a car."""

    def segment(self, frames: np.ndarray) -> list[Detections]:
        found = []
        for frame in frames:
            rows, columns = np.nonzero(frame.min(axis=-1) > 200)
            boxes = np.zeros((0, 4), np.float32)
            if len(rows):
                boxes = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
            count = len(boxes)
            found.append(
                Detections(
                    boxes=boxes,
                    scores=np.full(count, 0.9, np.float32),
                    class_ids=np.full(count, 3, np.int32),
                    roi_masks=np.full((count, 28, 28), 255, np.uint8),
                )
            )
        return found


@pytest.mark.parametrize("left", [60, 300, 550])
@pytest.mark.parametrize("size", [(360, 640), (300, 600), (480, 640)])
def test_every_look_finds_it_in_the_same_place(size: tuple[int, int], left: int) -> None:
    frame = np.zeros((*size, 3), np.uint8)
    frame[140:180, left : left + 40] = 255
    (place,) = Ensemble(BrightSpot(), (448, 768))(frame)
    np.testing.assert_allclose(place.box, [left, 140, left + 40, 180], atol=1.5)
    assert place.mean == pytest.approx(0.9)
