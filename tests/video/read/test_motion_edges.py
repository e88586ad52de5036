"""Edges of a small picture, and the frames that they are taken of."""

from __future__ import annotations

import numpy as np

from pipeline.video.read.motion import edge_map, sampled_edges
from pipeline.video.read.probe import probe
from tests.traffic import write_traffic


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


def test_the_first_frame_of_each_second_is_sampled_and_in_the_first_three_of_each_quarter(tmp_path):
    info = probe(write_traffic(tmp_path / "film.mp4", 40, sound=False, step=75))  # eight frames a second
    grey = np.zeros((6, 8), np.uint8)
    sampled = [number for number in range(40) if sampled_edges(info, number, grey) is not None]
    assert sampled == [*range(0, 24, 2), 24, 32]
