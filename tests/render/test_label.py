"""Labels: as high as asked for, drawn the same each time, and placed where they can be read."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render.label import label_alpha
from pipeline.render.placement import place_label

NONE = np.zeros((0, 4))


@pytest.mark.parametrize("capitals_px", [9, 12, 36])
def test_capitals_are_as_high_as_asked_for(capitals_px):
    rows = np.flatnonzero((label_alpha("H", capitals_px) > 128).any(axis=1))
    assert abs((rows[-1] - rows[0] + 1) - capitals_px) <= 1


def test_ink_is_fully_opaque_within_strokes_and_smooth_at_their_edges():
    alpha = label_alpha("car 0.93 #4", 24)
    assert alpha.dtype == np.uint16
    assert alpha.max() == 256
    assert ((alpha > 0) & (alpha < 256)).sum() > 50


def test_there_is_a_margin_on_all_sides_and_a_space_between_words():
    alpha = label_alpha("mm mm", 12)
    inked = alpha.any(axis=0)
    assert not inked[:4].any()
    assert not inked[-4:].any()
    assert not alpha[:2].any()
    middle = len(inked) // 2
    assert not inked[middle - 2 : middle + 2].any()


def test_a_word_looks_the_same_in_every_label():
    alone, behind = label_alpha("#4", 12), label_alpha("car #4", 12)
    assert (behind[:, -alone.shape[1] + 4 :] == alone[:, 4:]).all()


def box(*edges: float) -> np.ndarray:
    return np.array(edges, np.float32)


def test_a_label_stands_on_its_box():
    own = box(50, 40, 90, 80)
    assert place_label(own, (10, 30), (200, 200), NONE, own[None]) == (50, 30)


def test_under_the_upper_edge_it_hangs_below_its_box():
    own = box(50, 4, 90, 80)
    assert place_label(own, (10, 30), (200, 200), NONE, own[None]) == (50, 80)


def test_at_the_right_edge_it_is_pushed_into_the_frame():
    own = box(190, 40, 220, 80)
    assert place_label(own, (10, 30), (200, 200), NONE, own[None]) == (170, 30)


def test_a_box_as_large_as_the_frame_has_its_label_inside():
    own = box(-5, -5, 205, 205)
    assert place_label(own, (10, 30), (200, 200), NONE, own[None]) == (0, 0)


def test_it_steps_aside_for_another_label():
    own, other = box(50, 40, 90, 80), np.array([[40.0, 25, 80, 35]])
    assert place_label(own, (10, 30), (200, 200), other, own[None]) == (50, 80)


def test_it_steps_aside_for_another_object():
    own, above = box(50, 40, 90, 80), box(40, 10, 100, 40)
    assert place_label(own, (10, 30), (200, 200), NONE, np.stack([own, above])) == (50, 80)


def test_a_label_larger_than_the_frame_is_left_out():
    own = box(0, 0, 5, 5)
    assert place_label(own, (10, 30), (200, 20), NONE, own[None]) is None
