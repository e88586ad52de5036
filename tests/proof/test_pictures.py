"""What is told of frames that are painted nearly everywhere, of full chroma, and of encoders that skip places."""

from __future__ import annotations

import ffmpeg
import numpy as np
import pytest

from pipeline.proof.limits import limits_of
from pipeline.proof.paired_frames import FramePair
from pipeline.proof.pictures import compare_pictures
from pipeline.proof.verify import verify
from tests.made_by_ffmpeg import run_ffmpeg, to_file

FRAMES = 20


@pytest.fixture
def faults(monkeypatch):
    """The untouched and the painted faults of frames whose luma is off as told, painted where it is told."""

    def do(off, touched, limits):
        half = np.zeros((64, 96), np.float32)
        ramp = np.tile(np.linspace(40, 200, 192, dtype=np.float32), (128, 1))
        marks = touched, touched[::2, ::2], touched[::2, ::2]
        pairs = [
            FramePair(number, (ramp, half, half), (ramp + each, half, half), marks)
            for number, each in enumerate(off)
        ]
        monkeypatch.setattr("pipeline.proof.pictures.paired_frames", lambda *_: iter(pairs))
        found = compare_pictures(None, None, None, limits)
        return found.untouched, found.painted

    return do


def plane(value=0, rows=slice(None), columns=slice(None)):
    made = np.zeros((128, 192), np.float32)
    made[rows, columns] = value
    return made


def all_but_four_cells():
    """Painted so that of 384 cells of luma four, and none of chroma, are neither painted nor beside paint."""
    touched = np.ones((128, 192), np.bool_)
    touched[32:64, 32:64] = False
    return touched


def test_a_few_free_cells_between_paint_may_be_off_as_single_ones_may(faults):
    off = plane(2.5, slice(32, 64), slice(32, 64))
    assert faults([off] * 2 + [plane()] * 18, all_but_four_cells(), limits_of(None, "h264")) == ([], [])


def test_a_shift_of_a_frame_that_is_painted_all_over_is_told(faults):
    untouched, painted = faults(
        [plane(2)] + [plane()] * 19, np.ones((128, 192), np.bool_), limits_of(None, "h264")
    )
    assert untouched == []
    assert painted == [(0, "all is off by 2.0 levels of luma")]


def test_a_small_shift_of_all_painted_frames_is_told(faults):
    _, painted = faults([plane(1)] * FRAMES, np.ones((128, 192), np.bool_), limits_of(None, "h264"))
    assert painted == [(-1, "luma is off by 1.0 levels over all frames")]


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
def test_chroma_of_an_odd_size_is_held_to_what_encoders_leave_of_it(work, tmp_path, encoder):
    source, made = tmp_path / "in.mp4", tmp_path / "out.mp4"
    # Its coloured edges are what x264 and x265 quantize twice as coarsely in chroma of full size.
    picture = ffmpeg.input("testsrc=s=427x241:r=10:d=1", f="lavfi")
    run_ffmpeg(to_file(source, picture, pix_fmt="yuv444p", crf=4, vcodec="libx264"), timeout_seconds=60)
    work([source], made, encoder=encoder)
    assert [check for check in verify(source, made).checks if check.holds is False] == []
