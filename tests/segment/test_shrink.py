from __future__ import annotations

import numpy as np
import pytest

from pipeline.segment.shrink import shrunk


def pixels(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def mean_of_areas(rgb, width, height):
    """The same by its definition: each pixel cut into so many that whole ones lie in each of the smaller size."""
    fine = rgb.repeat(height, axis=0).repeat(width, axis=1).astype(np.float64)
    return fine.reshape(height, rgb.shape[0], width, rgb.shape[1], 3).mean(axis=(1, 3))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((50, 80), (30, 48)),  # 720p to 768x432: 5 rows become 3
        ((50, 90), (20, 36)),  # 1080p: 5 become 2
        ((30, 60), (21, 42)),  # 10 become 7
        ((30, 50), (21, 30)),  # another ratio each way
        ((60, 80), (30, 40)),  # whole numbers
        ((41, 67), (29, 31)),  # none that is simple
        ((30, 50), (30, 40)),  # one side alone
    ],
)
def test_each_pixel_is_the_mean_of_the_area_that_it_covers(before, after):
    rgb = pixels(*before)
    made = shrunk(rgb, after[1], after[0])
    assert made.shape == (*after, 3)
    assert made.dtype == np.uint8
    difference = made - mean_of_areas(rgb, after[1], after[0])
    assert abs(difference).max() <= 2
    assert abs(difference.mean()) < 0.15  # OpenCV rounds halves up where sides are halved


def test_rows_of_a_larger_picture_are_taken_as_they_lie():
    rgb = pixels(100, 160)
    assert (shrunk(rgb[10:60, 20:100], 48, 30) == shrunk(rgb[10:60, 20:100].copy(), 48, 30)).all()
