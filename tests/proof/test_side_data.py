"""What belongs to pictures and cannot be written from here is told before the work, and by verify after it."""

from __future__ import annotations

import ffmpeg
import pytest

from pipeline.proof.verify import verify
from pipeline.video.ffmpeg import run_ffmpeg, to_file
from pipeline.video.read.probe import probe

#: A layout in the pictures themselves, and one that the container tells.
WAYS = {"in.mp4": {"x264-params": "frame-packing=3"}, "in.mkv": {"metadata:s:v": "stereo_mode=left_right"}}


@pytest.mark.parametrize("name", WAYS)
def test_a_stereo_layout_that_is_lost_is_told_before_and_after(work, tmp_path, name):
    source, output = tmp_path / name, tmp_path / "out.mp4"
    picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.4", f="lavfi")
    run_ffmpeg(to_file(source, picture, vcodec="libx264", **WAYS[name]), timeout_seconds=60)
    assert probe(source).side_data == ("a stereo layout",)
    _, events = work([source], output)
    assert any("has a stereo layout, which is lost" in str(event) for event in events)
    (check,) = (check for check in verify(source, output).checks if check.name == "side data")
    assert (check.holds, check.source, check.output) == (False, "a stereo layout", "none")


def test_matroska_hands_a_stereo_layout_of_its_header_on(work, tmp_path):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.4", f="lavfi")
    run_ffmpeg(to_file(source, picture, vcodec="libx264", **WAYS["in.mkv"]), timeout_seconds=60)
    work([source], output)
    assert probe(output).side_data == ("a stereo layout",)
    assert verify(source, output).holds
