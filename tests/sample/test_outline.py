from __future__ import annotations

import numpy as np

from sample_videos.drawn_drive.outline import without_holes


def ring():
    """A rim of one px, 9 px wide, in a picture of 20x20."""
    rows, columns = np.mgrid[:20, :20]
    distance = np.hypot(rows - 10, columns - 10)
    return (distance >= 3.5) & (distance <= 4.6)


def test_a_wheel_is_filled_and_grows_no_further():
    rows, columns = np.mgrid[:20, :20]
    np.testing.assert_array_equal(without_holes(ring(), ~ring()), np.hypot(rows - 10, columns - 10) <= 4.6)


def test_pixels_of_others_stay_theirs():
    free = ~ring()
    free[8:12, 8:12] = False
    filled = without_holes(ring(), free)
    assert not filled[8:12, 8:12].any()
    assert filled[7, 10]


def test_an_open_side_is_no_hole():
    mask = np.zeros((12, 12), bool)
    mask[2:10, 2], mask[2, 2:10] = True, True
    np.testing.assert_array_equal(without_holes(mask, ~mask), mask)
