"""What belongs to pictures and cannot be written from here is told before the work, and by verify after it."""

from __future__ import annotations

import ffmpeg
import pytest

from pipeline.proof.verify import verify
from pipeline.video.read.probe import probe
from tests.made_by_ffmpeg import run_ffmpeg, to_file

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


def test_dynamic_metadata_of_hdr_is_told(tmp_path):
    """HDR10+ as HEVC carries it: a registered message (T.35) before each picture; here with one window and no curve."""
    plain, dynamic = tmp_path / "plain.hevc", tmp_path / "dynamic.hevc"
    picture = ffmpeg.input("testsrc2=s=64x64:r=25:d=0.08", f="lavfi")
    ten_bits = {
        "pix_fmt": "yuv420p10le",
        "x265-params": "colorprim=9:transfer=16:colormatrix=9:log-level=none",
    }
    run_ffmpeg(to_file(plain, picture, vcodec="libx265", **ten_bits), timeout_seconds=60)
    fields = ((1, 2), (400, 27), (0, 1), (1000, 17), (1000, 17), (1000, 17), (500, 17), (0, 17))
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    numbers = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    message = b"\xb5\0\x3c\0\1\4\1" + numbers
    # No two zeros may stand before a byte below 4.
    written = (bytes([4, len(message)]) + message).replace(b"\0\0", b"\0\0\3") + b"\x80"
    content = plain.read_bytes()
    first = next(
        at
        for at in range(len(content))
        if content[at : at + 3] == b"\0\0\1" and (content[at + 3] >> 1) & 63 < 32
    )
    dynamic.write_bytes(content[:first] + b"\0\0\1\x4e\1" + written + content[first:])
    assert probe(plain).side_data == ()
    assert probe(dynamic).side_data == ("HDR10+ metadata",)
