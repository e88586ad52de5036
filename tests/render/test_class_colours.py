import numpy as np
import pytest

from pipeline.render.class_colours import tint_classes
from pipeline.structures.pixel_classes import VOID, PixelClasses
from pipeline.structures.yuv_frame import YuvFrame

CLASSES = PixelClasses.of({"sky": (0, 0, 200), "road": (255, 128, 0)})
LABELS = np.array([[0, 1], [VOID, 1]], np.uint8).repeat(300, axis=0)


def grey(height, level, dtype=np.uint8):
    planes = [np.full((height, 2), level, dtype) for _ in range(3)]
    return YuvFrame(*planes, 8 * np.dtype(dtype).itemsize, True, "gbr")


def pixel(frame, row, column):
    return [int(plane[row, column]) for plane in (frame.v, frame.y, frame.u)]


@pytest.mark.parametrize(("dtype", "scale"), [(np.uint8, 1), (np.uint16, 257)])
def test_each_pixel_is_mixed_with_the_colour_of_its_class(dtype, scale):
    frame = grey(600, 100 * scale, dtype)
    tint_classes(frame, LABELS, CLASSES, 0.5, (0, 1))
    assert pixel(frame, 0, 0) == pytest.approx([50 * scale, 50 * scale, 150 * scale], abs=1)
    assert pixel(frame, 599, 1) == pytest.approx([177.5 * scale, 114 * scale, 50 * scale], abs=1)
    assert all((plane[300:, 0] == 100 * scale).all() for plane in frame.planes)  # its class is not known


def test_classes_that_are_not_shown_keep_their_numbers():
    frame = grey(600, 100)
    tint_classes(frame, LABELS, CLASSES, 1.0, (1,))
    assert [pixel(frame, 0, column) for column in (0, 1)] == [[100, 100, 100], [255, 128, 0]]


def test_a_large_picture_is_painted_as_a_small_one():
    """Bands of rows have no seams: each row is what it is alone."""
    frame, labels = grey(600, 100), np.random.default_rng(1).integers(0, 2, (600, 2)).astype(np.uint8)
    tint_classes(frame, labels, CLASSES, 0.3, (0, 1))
    for top in range(0, 600, 100):
        part = grey(100, 100)
        tint_classes(part, labels[top : top + 100], CLASSES, 0.3, (0, 1))
        assert all(
            np.array_equal(one, other[top : top + 100])
            for one, other in zip(part.planes, frame.planes, strict=True)
        )
