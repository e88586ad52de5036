"""Polygons: what other tools fill is the mask, pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.store.polygons import polygon_of
from pipeline.structures.masks import PastedMask

HEIGHT, WIDTH = 60, 80


def painted_with_border(points):
    """As Ultralytics and supervision fill a polygon: the border's pixels belong to it."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.floor(points).astype(np.int32)], 1)
    return mask.astype(np.bool_)


def painted_as_area(points):
    """As COCO's own tools fill a polygon."""
    coco = pytest.importorskip("pycocotools.mask")
    return coco.decode(coco.frPyObjects([points.reshape(-1).tolist()], HEIGHT, WIDTH))[..., 0].astype(
        np.bool_
    )


def frame_of(pixels, left=0, top=0):
    frame = np.zeros((HEIGHT, WIDTH), np.bool_)
    frame[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return frame


def blobs(count, share):
    """Random shapes; many have holes and several parts."""
    random = np.random.default_rng(7)
    for _ in range(count):
        field = cv2.GaussianBlur(random.normal(size=(40, 50)), (0, 0), random.uniform(2, 5))
        yield field > np.quantile(field, share)


def parts_of(pixels):
    return cv2.connectedComponents(pixels.astype(np.uint8), connectivity=8)[0] - 1


RING = np.ones((9, 9), np.bool_)
RING[3:6, 2:5] = False
SHAPES = {
    "pixel": np.ones((1, 1), np.bool_),
    "row": np.ones((1, 5), np.bool_),
    "column": np.ones((4, 1), np.bool_),
    "rectangle": np.ones((3, 5), np.bool_),
    "diagonal": np.eye(5, dtype=np.bool_),
    "hole": RING,
    "thin wall": np.pad(np.zeros((2, 3), np.bool_), 1, constant_values=True),
}


@pytest.mark.parametrize("pixels", SHAPES.values(), ids=SHAPES)
def test_one_part_is_filled_to_the_same_pixels(pixels):
    mask = PastedMask(left=11, top=7, pixels=pixels)
    expected = frame_of(pixels, 11, 7)
    assert len(polygon_of(mask, "centres")) >= 3
    assert np.array_equal(painted_with_border(polygon_of(mask, "centres")), expected)
    assert np.array_equal(painted_as_area(polygon_of(mask, "edges")), expected)


def test_a_rectangle_has_four_corners():
    mask = PastedMask(2, 1, np.ones((3, 5), np.bool_))
    assert sorted(polygon_of(mask, "edges").tolist()) == [[2, 1], [2, 4], [7, 1], [7, 4]]
    assert sorted(polygon_of(mask, "centres").tolist()) == [[2.5, 1.5], [2.5, 3.5], [6.5, 1.5], [6.5, 3.5]]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_holes_and_parts_are_kept(share):
    holed = 0
    for pixels in blobs(15, share):
        mask, expected = PastedMask(0, 0, pixels), frame_of(pixels)
        assert np.array_equal(painted_as_area(polygon_of(mask, "edges")), expected)
        filled = painted_with_border(polygon_of(mask, "centres"))
        assert not (expected & ~filled).any()
        # With the border painted, the bridge from part to part is a line of pixels; nothing else is added.
        if parts_of(pixels) == 1:
            assert np.array_equal(filled, expected)
        assert (filled & ~expected).sum() <= 50 * (parts_of(pixels) - 1)
        holed += parts_of(~pixels) > 1
    assert holed or share > 0.3


def test_a_mask_without_a_pixel_has_no_polygon():
    assert polygon_of(PastedMask(3, 3, np.zeros((4, 4), np.bool_)), "edges").shape == (0, 2)
    assert polygon_of(PastedMask(3, 3, np.zeros((0, 0), np.bool_)), "centres").shape == (0, 2)
