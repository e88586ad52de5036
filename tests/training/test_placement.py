import numpy as np
import pytest

from pipeline.labels.labelled_picture import Instance
from pipeline.structures.pixel_classes import VOID
from pipeline.training.placement import (
    PADDING,
    Placement,
    centred_placement,
    placed_instance,
    placed_labels,
    placed_pixels,
    random_placement,
)

#: A car of 8x4 px with its lower right quarter missing.
MASK = np.ones((4, 8), np.uint8)
MASK[2:, 4:] = 0
CAR = Instance(3, np.array([4, 2, 12, 6], np.float32), mask=MASK, corner=(4, 2))


def painted(instance: Instance) -> np.ndarray:
    """A black picture of 20x10 px with the instance in white."""
    assert instance.mask is not None
    (x, y), (height, width) = instance.corner, instance.mask.shape
    pixels = np.zeros((10, 20, 3), np.uint8)
    pixels[y : y + height, x : x + width][instance.mask > 0] = 255
    return pixels


def bounds(pixels: np.ndarray) -> list[int]:
    """x1, y1, x2, y2 of what is white; the padding is not."""
    white = (pixels > 250).all(axis=-1)
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("scale_x", "scale_y", "left", "top"),
    [(1, 1, 0, 0), (2, 2, 5, 3), (3, 2, 0, -7), (2, 4, -9, 0)],
)
def test_a_box_lies_on_its_objects_pixels(
    scale_x: int, scale_y: int, left: int, top: int, flip: bool
) -> None:
    frame = Placement((48, 64), scale_x, scale_y, left, top, flip)
    pixels = placed_pixels(painted(CAR), frame)
    framed = placed_instance(CAR, frame, side=8, least_px=1)
    assert framed is not None
    # Linear interpolation leaves the outermost white pixels a little grey.
    assert np.abs(framed.box - bounds(pixels)).max() <= max(scale_x, scale_y) / 2


def test_a_mirrored_frame_mirrors_box_and_mask() -> None:
    plain = placed_instance(CAR, Placement((10, 20), 1, 1, 0, 0, False), side=8, least_px=1)
    mirrored = placed_instance(CAR, Placement((10, 20), 1, 1, 0, 0, True), side=8, least_px=1)
    assert plain is not None
    assert mirrored is not None
    np.testing.assert_array_equal(mirrored.box, [8, 2, 16, 6])
    np.testing.assert_array_equal(mirrored.mask, plain.mask[:, ::-1])
    assert plain.mask[7, 0] == 255
    assert plain.mask[7, 7] == 0


def test_what_is_cut_off_leaves_the_box_of_the_pixels_that_are_left() -> None:
    # From x = 8 on only the upper half of the car has pixels.
    framed = placed_instance(CAR, Placement((10, 20), 1, 1, 8, 0, False), side=4, least_px=1)
    assert framed is not None
    np.testing.assert_array_equal(framed.box, [0, 2, 4, 4])
    np.testing.assert_array_equal(framed.mask, np.full((4, 4), 255))
    assert not framed.ignored


def test_a_sliver_that_is_left_is_neither_right_nor_wrong() -> None:
    framed = placed_instance(CAR, Placement((10, 20), 1, 1, 10, 0, False), side=4, least_px=1)
    assert framed is not None
    assert framed.ignored  # 4 of its 24 px
    assert framed.mask is None


def test_what_is_too_small_to_be_judged_is_ignored() -> None:
    frame = Placement((10, 20), 1, 1, 0, 0, False)
    assert placed_instance(CAR, frame, side=8, least_px=5).ignored  # it is 4 px high
    assert not placed_instance(CAR, frame, side=8, least_px=4).ignored


def test_what_is_outside_is_gone() -> None:
    assert placed_instance(CAR, Placement((10, 20), 1, 1, 12, 0, False), side=8) is None


def test_a_box_without_a_mask_is_cut_at_the_frame() -> None:
    box = Instance(3, np.array([4, 2, 12, 6], np.float32))
    framed = placed_instance(box, Placement((10, 20), 1, 1, 8, 0, False), side=8, least_px=1)
    assert framed is not None
    np.testing.assert_array_equal(framed.box, [0, 2, 4, 6])
    assert framed.mask is None


def test_a_centred_frame_letterboxes() -> None:
    frame = centred_placement((10, 20), (20, 20))
    pixels = placed_pixels(np.full((10, 20, 3), 255, np.uint8), frame)
    assert (pixels[5:15] == 255).all()
    assert (pixels[:5] == PADDING).all()
    assert (pixels[15:] == PADDING).all()


def test_a_random_frame_keeps_to_its_scales_and_covers_the_canvas() -> None:
    random, flips = np.random.default_rng(0), 0
    for _ in range(200):
        frame = random_placement((100, 200), (64, 96), 1.0, (0.8, 1.6), 0.25, random)
        assert 0.8 <= (frame.scale_x * frame.scale_y) ** 0.5 <= 1.6
        assert 0.9 <= frame.scale_x / frame.scale_y <= 1.11
        # The picture is larger than the canvas, so no padding is needed.
        assert 0 <= frame.left <= round(200 * frame.scale_x) - 96
        assert 0 <= frame.top <= round(100 * frame.scale_y) - 64
        flips += frame.flip
    assert 30 < flips < 70


def test_a_class_map_is_cut_and_mirrored_and_void_lies_beside_it():
    labels = np.array([[0, 1, 2, 3]], np.uint8).repeat(4, axis=0)
    frame = Placement((4, 4), 1.0, 1.0, 1, 0, True)
    assert placed_labels(labels, frame)[0].tolist() == [VOID, 3, 2, 1]
