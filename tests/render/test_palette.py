"""Colours: fixed, apart from each other, and with an ink that can be read."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pipeline.render.palette import BLACK, COLOURS, WHITE, colour_of, ink_on


def test_a_number_has_its_colour_for_good_and_they_come_round():
    assert colour_of(1) == (255, 153, 0)
    assert colour_of(2) == (136, 34, 255)
    assert colour_of(17) == colour_of(1)


def test_the_first_eight_are_far_apart_and_no_two_are_alike():
    distances = {pair: np.linalg.norm(np.subtract(*pair)) for pair in combinations(COLOURS, 2)}
    assert min(distances.values()) > 40
    assert min(distances[pair] for pair in combinations(COLOURS[:8], 2)) > 75


def test_ink_is_black_on_light_and_white_on_dark_colours():
    assert ink_on((238, 238, 51)) == BLACK
    assert ink_on((136, 34, 255)) == WHITE
    assert ink_on((221, 0, 102)) == WHITE
