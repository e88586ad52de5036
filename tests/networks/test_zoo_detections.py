from __future__ import annotations

import numpy as np
import pytest

from pipeline.networks.zoo_detections import roi_masks, zoo_detections


def outputs(**changed: np.ndarray) -> dict[str, np.ndarray]:
    """Three detections and one row of padding."""
    plain = {
        "detection_boxes": np.float32([[0.25, 0.5, 0.75, 1.0], [0, 0, 0.5, 0.1], [0, 0, 1, 1], [0, 0, 0, 0]]),
        "detection_scores": np.float32([0.6, 0.9, 0.2, 0.99]),
        "detection_classes": np.float32([1, 3, 1, 7]),
        "detection_masks": np.float32(np.arange(4) / 4)[:, None, None] * np.ones((4, 15, 15), np.float32),
        "num_detections": np.float32(3),
    }
    return {**plain, **changed}


def test_boxes_turn_to_pixels_and_rows_to_best_first() -> None:
    found = zoo_detections(outputs(), height=200, width=100, score_threshold=0.25)
    np.testing.assert_allclose(found.scores, [0.9, 0.6])
    np.testing.assert_allclose(found.boxes, [[0, 0, 10, 100], [50, 50, 100, 150]])
    np.testing.assert_array_equal(found.class_ids, [3, 1])
    assert found.roi_masks[0].min() == found.roi_masks[0].max() == 64  # 0.25 x 255 = 63.75
    assert found.roi_masks[1].max() == 0


def test_a_score_at_the_threshold_stays_and_padding_never_counts() -> None:
    found = zoo_detections(outputs(), 10, 10, score_threshold=0.2)
    np.testing.assert_allclose(found.scores, [0.9, 0.6, 0.2])


def test_no_object_at_all() -> None:
    found = zoo_detections(outputs(num_detections=np.float32(0)), 10, 10, 0.0)
    assert len(found) == 0
    assert found.roi_masks.shape == (0, 28, 28)


def test_masks_of_the_stored_size_are_kept() -> None:
    stored = np.random.default_rng(0).integers(0, 256, (2, 28, 28))
    np.testing.assert_array_equal(roi_masks(stored / 255.0), stored)


@pytest.mark.parametrize("size", [15, 33])
def test_a_ramp_over_the_box_stays_that_ramp(size: int) -> None:
    """A cell's value is its centre's x, which bilinear reading gives up to the outermost source centres."""
    ramp = np.tile((np.arange(size) + 0.5) / size, (1, size, 1))
    cells = (np.arange(28) + 0.5) / 28
    expected = np.clip(cells, 0.5 / size, 1 - 0.5 / size) * 255
    np.testing.assert_array_equal(roi_masks(ramp)[0, 7], np.rint(expected))
    np.testing.assert_array_equal(roi_masks(ramp.transpose(0, 2, 1))[0, :, 7], np.rint(expected))


def test_two_cells_are_blended_between_their_centres() -> None:
    """Cells 0 and 1 of two have their centres at cell 6.5 and 20.5 of 28."""
    row = roi_masks(np.float32([[[0, 1], [0, 1]]]))[0, 0]
    assert (row[:7] == 0).all()
    assert row[7] == 9  # (7 - 6.5) / 14 x 255 = 9.1
    assert row[13] == 118  # 6.5 / 14 x 255 = 118.4
    assert (row[21:] == 255).all()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "detection_boxes",
            np.zeros((4, 5), np.float32),
            r"detection_boxes: expected \[4, 4\] per frame, found \[4, 5\]",
        ),
        ("detection_classes", np.zeros(3, np.float32), r"expected \[4\] per frame, found \[3\]"),
        ("detection_masks", np.zeros((4, 15, 15), np.uint8), "found uint8"),
        ("detection_masks", np.zeros((4, 15), np.float32), r"found float32 \[4, 15\]"),
    ],
)
def test_outputs_of_other_shapes_are_named(name: str, value: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        zoo_detections(outputs(**{name: value}), 10, 10, 0.0)
