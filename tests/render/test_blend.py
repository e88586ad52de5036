"""Blending: the numbers under the alpha, and not one other."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render.blend import OPAQUE, blend
from pipeline.render.yuv_colour import YuvColour
from pipeline.structures.yuv_frame import YuvFrame

COLOUR = YuvColour(200, 60, 220)


def grey(height: int, width: int, steps: tuple[int, int] = (2, 2), dtype: type = np.uint8) -> YuvFrame:
    """A frame of luma 100 and chroma 128, with `steps` luma pixels a chroma sample down and across."""
    chroma = (-(-height // steps[0]), -(-width // steps[1]))
    planes = (np.full((height, width), 100, dtype), np.full(chroma, 128, dtype), np.full(chroma, 128, dtype))
    return YuvFrame(*planes, bit_depth=8 if dtype is np.uint8 else 10, full_range=False, matrix="bt709")


def fifth(rows: int, columns: int) -> np.ndarray:
    return np.full((rows, columns), OPAQUE // 5, np.uint8)


def test_luma_takes_the_share_that_alpha_says():
    frame = grey(4, 4)
    blend(frame, 1, 1, np.array([[0, 51, 102], [204, 255, 0]], np.uint8), COLOUR)
    # 100 + (200 - 100) * (0, 1/5, 2/5; 4/5, 1, 0).
    assert frame.y.tolist() == [
        [100, 100, 100, 100],
        [100, 100, 120, 140],
        [100, 180, 200, 100],
        [100, 100, 100, 100],
    ]


def test_a_chroma_sample_changes_by_the_share_of_its_luma_pixels_that_is_covered():
    frame = grey(4, 4)
    blend(frame, 1, 1, np.full((2, 3), OPAQUE, np.uint8), COLOUR)
    # Columns 1-3, rows 1-2: one of four pixels left, two of four right; u: 128 - 68/4 = 111, 128 - 68/2 = 94.
    assert frame.u.tolist() == [[111, 94], [111, 94]]
    assert frame.v.tolist() == [[151, 174], [151, 174]]


def test_chroma_without_subsampling_follows_luma():
    frame = grey(3, 3, steps=(1, 1))
    blend(frame, 1, 0, fifth(2, 1), COLOUR)
    assert frame.u.tolist() == [[128, 114, 128], [128, 114, 128], [128, 128, 128]]


def test_chroma_halved_across_only_is_averaged_across_only():
    frame = grey(2, 4, steps=(1, 2))
    blend(frame, 1, 0, np.full((1, 2), OPAQUE, np.uint8), COLOUR)
    assert frame.u.tolist() == [[94, 94], [128, 128]]


def test_the_last_chroma_sample_of_an_odd_frame_stands_for_what_is_there():
    frame = grey(3, 5)
    blend(frame, 4, 2, np.full((1, 1), OPAQUE, np.uint8), COLOUR)
    assert frame.y[2, 4] == 200
    assert frame.u.tolist() == [[128, 128, 128], [128, 128, 60]]


def test_ten_bit_planes_are_blended_in_ten_bits():
    frame = grey(2, 2, dtype=np.uint16)
    frame.y[:] = 1000
    blend(frame, 0, 0, fifth(2, 2), YuvColour(200, 512, 512))
    assert frame.y.tolist() == [[840, 840], [840, 840]]
    assert abs(int(frame.u[0, 0]) - 204.8) < 1


@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 2)])
def test_alpha_nought_and_full_are_exact_for_every_number(steps):
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    chroma = every[:: steps[0], :: steps[1]]
    frame = YuvFrame(every.copy(), chroma.copy(), chroma.copy(), 8, False, "bt709")
    blend(frame, 0, 0, np.zeros((16, 16), np.uint8), COLOUR)
    assert (frame.y == every).all()
    assert (frame.u == chroma).all()
    blend(frame, 0, 0, np.full((16, 16), OPAQUE, np.uint8), COLOUR)
    assert [set(plane.flat) for plane in frame.planes] == [{200}, {60}, {220}]


def test_an_empty_alpha_changes_nothing():
    frame = grey(4, 4)
    blend(frame, 2, 2, np.zeros((0, 3), np.uint8), COLOUR)
    assert (frame.y == 100).all()
