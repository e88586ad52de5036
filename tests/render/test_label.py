"""Labels: as high as asked for, and drawn the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render.label import label_alpha, label_text


@pytest.mark.parametrize("capitals_px", [9, 12, 36])
def test_capitals_are_as_high_as_asked_for(capitals_px):
    rows = np.flatnonzero((label_alpha("H", capitals_px) > 128).any(axis=1))
    assert abs((rows[-1] - rows[0] + 1) - capitals_px) <= 1


def test_ink_is_fully_opaque_within_strokes_and_smooth_at_their_edges():
    alpha = label_alpha("car 0.93 #4", 24)
    assert alpha.dtype == np.uint8
    assert alpha.max() == 255
    assert ((alpha > 0) & (alpha < 255)).sum() > 50


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


def test_a_label_says_class_and_number_and_the_score_when_asked():
    assert label_text("car", 12, None) == "car 12"
    assert label_text("car", 12, 0.934) == "car 12 0.93"
