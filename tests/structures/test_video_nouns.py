"""Chunk, VideoInfo, ColourTags and YuvFrame: checked on construction, and what they work out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipeline.structures.chunk import Chunk
from pipeline.structures.colour import ColourTags
from pipeline.structures.yuv_frame import YuvFrame
from tests.footage import an_info


def test_a_chunk_is_a_half_open_span_that_is_never_empty() -> None:
    assert len(Chunk(0, 5, 8, 100, 0)) == 3
    with pytest.raises(ValueError, match=r"found \[5, 5\)"):
        Chunk(0, 5, 5, 100, 0)
    with pytest.raises(ValueError, match="found 6"):
        Chunk(0, 5, 8, 100, 6)


def test_a_quarter_turn_swaps_the_sides_and_inverts_the_pixel_aspect() -> None:
    info = an_info(rotation=90, coded_sample_aspect=Fraction(4, 3))
    assert (info.width, info.height, info.sample_aspect) == (48, 64, Fraction(3, 4))
    assert an_info(rotation=180, coded_sample_aspect=Fraction(4, 3)).sample_aspect == Fraction(4, 3)
    assert an_info(rotation=90).sample_aspect is None


def test_times_come_from_the_frames_not_from_a_rate() -> None:
    info = an_info(frames=3, pts=np.array([60, 90, 300], np.int64), end_pts=330)
    assert info.seconds(2) == Fraction(1, 2)
    assert info.duration_seconds == Fraction(270, 600)


def test_frames_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        an_info(frames=2, pts=np.array([20, 0], np.int64))


def test_untagged_video_is_taken_for_hd_from_720_lines_on() -> None:
    assert ColourTags().matrix_name(480) == "bt601"
    assert ColourTags().matrix_name(720) == "bt709"
    assert ColourTags(matrix=9).matrix_name(480) == "bt2020"


def test_a_frame_tells_how_its_chroma_is_sampled() -> None:
    def planes(width: int, height: int) -> YuvFrame:
        chroma = np.zeros((height, width), np.uint8)
        return YuvFrame(np.zeros((5, 7), np.uint8), chroma, chroma, 8, False, "bt601")

    assert planes(4, 3).subsampling == (2, 2)
    assert planes(4, 5).subsampling == (2, 1)
    assert planes(7, 5).subsampling == (1, 1)
    with pytest.raises(ValueError, match="luma of \\(5, 7\\)"):
        planes(3, 2)
