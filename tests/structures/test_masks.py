"""Masks cropped to their box become pixels in the right place, smooth at any size."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.structures.masks import paste_mask, paste_masks


def box(*edges: float) -> np.ndarray:
    return np.array(edges, np.float32)


def cells(*rows: tuple[int, ...]) -> np.ndarray:
    return np.array(rows, np.uint8)


def test_a_mask_as_large_as_its_box_is_pasted_cell_for_cell():
    pasted = paste_mask(cells((255, 0), (0, 255)), box(3, 1, 5, 3), 8, 8)
    assert (pasted.left, pasted.top) == (3, 1)
    assert pasted.pixels.tolist() == [[True, False], [False, True]]


def test_widened_values_are_read_off_between_the_cells_centres():
    # 2 cells over 8 pixels: 255 up to the first cell's centre at 2, nought from the second's at 6. The pixels
    # between are 223, 159, 96 and 32.
    mask = cells((255, 0))
    assert paste_mask(mask, box(0, 0, 8, 1), 1, 8).pixels.tolist() == [[True] * 4 + [False] * 4]
    assert paste_mask(mask, box(0, 0, 8, 1), 1, 8, threshold=160 / 255).pixels.sum() == 3
    assert paste_mask(mask, box(0, 0, 8, 1), 1, 8, threshold=95 / 255).pixels.sum() == 5


def test_the_threshold_comes_after_the_widening():
    # Thresholded first, 153 and 102 would be a step in the middle; widened first, 0.5 x 255 = 127.5 is met at
    # the same place, but 0.55 x 255 = 140.25 is met a pixel earlier.
    mask = cells((153, 102))
    assert paste_mask(mask, box(0, 0, 8, 1), 1, 8).pixels.sum() == 4
    assert paste_mask(mask, box(0, 0, 8, 1), 1, 8, threshold=0.55).pixels.sum() == 3


def test_a_box_between_pixels_holds_the_pixels_whose_centres_it_covers():
    pasted = paste_mask(cells((255,)), box(1.6, 0.4, 4.4, 2.5), 8, 8)
    # Columns 2 and 3 (centres 2.5, 3.5), rows 0 and 1 (centres 0.5, 1.5; 2.5 is on the edge and outside).
    assert (pasted.left, pasted.top, pasted.pixels.shape) == (2, 0, (2, 2))
    assert pasted.pixels.all()


def test_what_leaves_the_frame_is_cut_off_and_the_rest_stays_in_place():
    pasted = paste_mask(cells((255, 0), (0, 255)), box(-1, -1, 1, 1), 4, 4)
    assert (pasted.left, pasted.top) == (0, 0)
    assert pasted.pixels.tolist() == [[True]]


@pytest.mark.parametrize(
    "outside", [box(9, 0, 12, 4), box(-5, 0, -1, 4), box(0, -9, 4, -2), box(2.6, 0, 3.4, 4), box(5, 5, 2, 2)]
)
def test_a_box_without_any_pixel_of_the_frame_has_an_empty_mask(outside):
    pasted = paste_mask(cells((255,)), outside, 4, 4)
    assert pasted.pixels.size == 0
    assert 0 <= pasted.left <= 4
    assert 0 <= pasted.top <= 4


def test_full_frames_hold_each_mask_inside_its_own_box():
    full = np.full((2, 28, 28), 255, np.uint8)
    frames = paste_masks(full, np.stack([box(0, 0, 2, 1), box(3, 2, 9, 9)]), 4, 5)
    assert frames.astype(int).tolist() == [
        [[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
        [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]],
    ]


def test_no_masks_give_no_frames():
    assert paste_masks(np.zeros((0, 28, 28), np.uint8), np.zeros((0, 4), np.float32), 4, 5).shape == (0, 4, 5)
