from __future__ import annotations

from pathlib import Path

import ffmpeg
import numpy as np
import pytest

from pipeline.structures.chunk import Chunk
from pipeline.video.read.decode import decode_rgb
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from tests.footage import good_frames
from tests.made_by_ffmpeg import run_ffmpeg, to_file


@pytest.fixture(scope="module")
def interlaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 frames whose upper rows are bright and whose lower rows are dark: two fields that have nothing in common."""
    path = tmp_path_factory.mktemp("interlaced") / "fields.mpg"
    rows = "geq=lum='if(mod(Y,2),40,200)':cb=128:cr=128,setfield=tff"
    source = ffmpeg.input(f"color=c=gray:s=96x64:r=25:d=1,format=yuv422p,{rows}", f="lavfi")
    options = {"c:v": "mpeg2video", "flags": "+ildct+ilme", "q:v": 1, "pix_fmt": "yuv422p"}
    run_ffmpeg(to_file(path, source, **options), timeout_seconds=60)
    return path


def test_an_interlaced_frame_stays_as_it_is_unless_asked(interlaced: Path) -> None:
    info = probe(interlaced)
    assert info.interlaced
    frame = next(good_frames(info, plan(info)[0]))
    assert abs(int(frame.picture.y[30, 50]) - 200) < 8
    assert abs(int(frame.picture.y[31, 50]) - 40) < 8


def test_a_deinterlaced_frame_shows_the_upper_field_alone(interlaced: Path) -> None:
    info = probe(interlaced)
    frame = next(good_frames(info, plan(info)[0], deinterlace=True))
    assert np.abs(frame.picture.y.astype(int) - 200).max() < 8
    rgb = next(decode_rgb(info, plan(info)[0], 96, 64, deinterlace=True))
    assert rgb.picture.min() > 180


def test_rows_between_are_the_mean_of_their_neighbours() -> None:
    from pipeline.video.read.deinterlace import _without_lower_field

    rows = np.array([[10, 20], [0, 0], [30, 41], [0, 0], [50, 60]], np.uint8)
    assert _without_lower_field(rows).tolist() == [[10, 20], [20, 31], [30, 41], [40, 51], [50, 60]]
    assert _without_lower_field(rows[:4]).tolist() == [[10, 20], [20, 31], [30, 41], [30, 41]]


def test_chunks_give_what_the_whole_gives_and_no_frame_is_lost(interlaced: Path) -> None:
    info = probe(interlaced)
    whole = Chunk(0, 0, info.frame_count, info.start_pts, None)
    at_once = [frame.picture.y for frame in good_frames(info, whole, deinterlace=True)]
    in_pieces = [
        frame.picture.y for chunk in plan(info, 5) for frame in good_frames(info, chunk, deinterlace=True)
    ]
    assert len(at_once) == info.frame_count == 25
    assert all(map(np.array_equal, at_once, in_pieces))
