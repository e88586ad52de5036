"""Bars around a picture have no class."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.segment.black_border import without_black_border
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.detections import Detections
from pipeline.structures.pixel_classes import VOID


def film(top=0, bottom=0, left=0, right=0):
    """A bright picture [64, 96, 3] with bars of so many px, with the noise that a codec leaves in them."""
    rgb = np.random.default_rng(0).integers(12, 17, (64, 96, 3), np.uint8)
    rgb[top : 64 - bottom, left : 96 - right] = np.random.default_rng(1).integers(
        0, 256, (64 - top - bottom, 96 - left - right, 3), np.uint8
    )
    return rgb


def void_in(rgb, shape=(16, 24)):
    return without_black_border(np.full(shape, 3, np.uint8), rgb) == VOID


@pytest.mark.parametrize(
    "bars", [{"left": 12, "right": 20}, {"top": 8, "bottom": 16}, {"left": 40}, {"bottom": 4}]
)
def test_bars_are_void_and_the_picture_is_not(bars):
    sides = {"top": 0, "bottom": 0, "left": 0, "right": 0, **bars}
    wanted = np.ones((16, 24), bool)
    # A line more than the bar is left out: for cells of 4 px it is none.
    wanted[sides["top"] // 4 : 16 - sides["bottom"] // 4, sides["left"] // 4 : 24 - sides["right"] // 4] = (
        False
    )
    np.testing.assert_array_equal(void_in(film(**bars)), wanted)


def test_the_line_beside_a_bar_is_half_of_it():
    assert void_in(film(left=10), (64, 96))[0].sum() == 11
    assert void_in(film(top=10, bottom=5), (64, 96))[:, 0].sum() == 17


def test_what_is_dark_within_the_picture_keeps_its_class():
    rgb = film()
    rgb[:, 1:40], rgb[20:30] = 0, 0
    rgb[20:30, 60] = 255
    assert not void_in(rgb).any()
    rgb[:, :40], rgb[5, 1] = 0, 200  # a lamp in an otherwise black column, and black ones behind
    assert void_in(rgb, (64, 96))[0].sum() == 2


def test_a_dark_picture_without_bars_keeps_its_classes():
    under_a_bridge = np.random.default_rng(2).integers(0, 15, (64, 96, 3), np.uint8)
    assert not void_in(under_a_bridge).any()


def test_a_bar_ends_where_the_codec_has_made_its_rim_uneven():
    rgb = film(left=40)
    rgb[7, 30:40] = 3  # below the black of the rest
    assert void_in(rgb, (64, 96))[0].sum() == 41
    rgb[:, 10:60] = np.random.default_rng(3).integers(
        0, 15, (64, 50, 3), np.uint8
    )  # a dark picture beside a bar
    assert void_in(rgb, (64, 96))[0].sum() == 27


def test_of_a_black_picture_nothing_is_known():
    assert void_in(np.zeros((64, 96, 3), np.uint8)).all()


def test_a_segmenter_gives_bars_no_class(tiny_weights, monkeypatch):
    class Classes:
        def segment_with_classes(self, frames):
            return [
                (Detections.empty(), np.full((16, 24), number, np.uint8)) for number in range(len(frames))
            ]

    segmenter = Segmenter(SegmentSettings(model=str(tiny_weights)), class_maps=True)
    monkeypatch.setattr(segmenter, "_network", Classes())
    (_, first), (_, second) = segmenter.look(np.stack([film(left=12), film()]))
    assert (first[:, :3] == VOID).all()
    assert (first[:, 3:] == 0).all()
    assert (second == 1).all()
