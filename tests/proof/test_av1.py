"""AV1, whose pictures do not say the shape of their pixels: MP4's header does, and elsewhere it is refused."""

from __future__ import annotations

import ffmpeg
import pytest

from pipeline.errors import ConfigError
from pipeline.proof.verify import verify
from pipeline.video.read.probe import probe
from tests.made_by_ffmpeg import run_ffmpeg, to_file


@pytest.fixture
def wide(tmp_path):
    picture = ffmpeg.input("testsrc2=s=64x64:r=10:d=0.3,format=yuv420p,setsar=4/3", f="lavfi")
    run_ffmpeg(to_file(tmp_path / "in.mp4", picture, vcodec="libx264"), timeout_seconds=60)
    return tmp_path / "in.mp4"


def test_wide_pixels_stay_wide_in_mp4(work, wide):
    output = wide.with_name("out.mp4")
    work([wide], output, encoder="libsvtav1")
    assert probe(output).sample_aspect == probe(wide).sample_aspect
    assert verify(wide, output, quick=True).holds


@pytest.mark.parametrize("name", ["out.mkv", "out.mov"])
def test_what_cannot_be_kept_is_refused_before_anything_is_inferred(work, wide, name):
    with pytest.raises(ConfigError, match="AV1"):
        work([wide], wide.with_name(name), encoder="libsvtav1")
    assert not list(wide.parent.glob("out.*"))
