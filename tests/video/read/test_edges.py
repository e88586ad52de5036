"""Edges of a small picture, and the frames that they are taken of."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from pipeline.video.read.edges import edge_map, is_sampled


def test_a_step_is_an_edge_that_faces_the_brighter_side():
    grey = np.full((6, 8), 50, np.uint8)
    grey[:, 4:] = 90  # between columns 3 and 4
    assert edge_map(grey).tolist() == [[0, 0, 0, 1, 0, 0, 0]] * 5
    assert edge_map(grey[:, ::-1].copy())[0].tolist() == [0, 0, 0, 5, 0, 0, 0]
    assert edge_map(np.ascontiguousarray(grey.T))[:, 0].tolist() == [0, 0, 0, 3, 0, 0, 0]


def test_a_slope_of_a_few_grey_levels_is_none():
    assert not edge_map(np.tile(np.arange(100, 130, 5, dtype=np.uint8), (4, 1))).any()


def test_a_large_picture_is_made_small_first():
    assert edge_map(np.zeros((180, 320), np.uint8)).shape == (89, 159)


def test_the_first_frame_of_each_second_is_sampled_whatever_the_rate():
    times = [Fraction(n, 3) + Fraction(1, 7) for n in range(9)]
    sampled = [is_sampled(time, before) for time, before in zip(times, [None, *times[:-1]], strict=True)]
    assert sampled == [True, False, False] * 3
