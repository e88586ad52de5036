"""Colours: far apart for every eye, and light enough for asphalt."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render.neighbours import Neighbours
from pipeline.render.palette import COLOURS, choose_colour, contrasts


def test_no_two_colours_are_alike_to_any_eye():
    table = contrasts()
    apart = table[~np.eye(len(COLOURS), dtype=bool)]
    # OKLab: 0.02 is what can just be told apart.
    assert apart.min() > 0.12


def test_contrast_is_the_least_of_three_eyes():
    # Pure red and green of one lightness to the eye without red or green receptors: far less apart than to others.
    yellow, green = COLOURS.index((255, 187, 0)), COLOURS.index((52, 166, 0))
    assert contrasts()[yellow, green] < 0.3
    assert (contrasts() == contrasts().T).all()
    assert contrasts()[yellow, yellow] == 0


@pytest.mark.parametrize("rgb", COLOURS)
def test_each_stands_out_from_asphalt(rgb):
    assert np.dot(rgb, (0.2126, 0.7152, 0.0722)) > 75


def test_two_large_objects_have_two_colours_wherever_they_are():
    # All colours are taken: the first by a large object far away, the others by small ones nearby.
    count = len(COLOURS)
    nearness = np.array([0.0, *[0.2] * (count - 1)])
    sizes = np.array([0.2, *[0.015] * (count - 1)])
    assert choose_colour(1, Neighbours(np.arange(count), nearness, np.ones(count), sizes)) != 0


def test_what_touches_has_a_colour_that_cannot_be_taken_for_its_own():
    for colour in range(len(COLOURS)):
        around = Neighbours(np.array([colour]), np.ones(1), np.ones(1), np.zeros(1))
        assert contrasts()[colour, choose_colour(colour + 1, around)] >= 0.3
