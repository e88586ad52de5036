"""Where the chroma samples lie is read off the source, and written by the encoders that can."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import probe_encoder
from tests.footage import good_frames, write_clip


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1"])
def test_the_chroma_location_of_the_source_is_that_of_the_output(tmp_path: Path, encoder: str) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", options={"x264-params": "chromaloc=2"}))
    assert info.chroma_location == "topleft"
    (chunk,) = plan(info)
    frames = (frame.picture for frame in good_frames(info, chunk))
    encode_part(
        tmp_path / "part.mp4", frames, info, chunk, probe_encoder(info, EncodeSettings(encoder=encoder))
    )
    assert probe(tmp_path / "part.mp4").chroma_location == "topleft"


def test_the_usual_location_changes_no_option_of_the_encoder(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    assert info.chroma_location == "left"
    assert "chromaloc" not in str(probe_encoder(info, EncodeSettings()).options)
    assert probe(write_clip(tmp_path / "full.mp4", layout="yuv444p")).chroma_location == "unspecified"
