"""A crop that the container asks players for, and FFmpeg's decoders leave on, is told before the work and by verify."""

from __future__ import annotations

import struct

import ffmpeg
import pytest

from pipeline.proof.verify import verify
from pipeline.video.read.probe import probe
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

WORDS = {"in.mp4": "a crop to 48x32 px moved by 8,0", "in.mkv": "a crop of 8 px left, 6 px top"}


@pytest.fixture(params=WORDS)
def cropped(request, tmp_path):
    """A film of 64x48 whose container asks for less of it."""
    path = tmp_path / request.param
    picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.4,setsar=2", f="lavfi")
    run_ffmpeg(to_file(path, picture, vcodec="libx264"), timeout_seconds=60)
    content = path.read_bytes()
    crop = with_aperture if path.suffix == ".mp4" else with_pixel_crop
    path.write_bytes(crop(content))
    return path


def with_aperture(content, numbers=(48, 1, 32, 1, 8, 1, 0, 1)):
    """Put a `clap` behind the first box of the pictures' entry; the header lies behind the media, whose places stay."""
    at = content.index(b"avcC") - 4
    made = bytearray(content[:at] + struct.pack(">I4s8i", 40, b"clap", *numbers) + content[at:])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        box = made.index(name, content.index(b"moov")) - 4
        made[box : box + 4] = (int.from_bytes(made[box : box + 4], "big") + 40).to_bytes(4, "big")
    return bytes(made)


def with_pixel_crop(content):
    """Put left and top in the places of the width and height of display, which are as long."""
    wide, high = b"\x54\xb0\x81\x08", b"\x54\xba\x81\x03"  # 8:3
    assert (content.count(wide), content.count(high)) == (1, 1)
    return content.replace(wide, b"\x54\xcc\x81\x08").replace(high, b"\x54\xbb\x81\x06")


def test_a_crop_that_is_lost_is_told_before_and_after(work, cropped):
    output = cropped.with_name("out.mp4")
    assert probe(cropped).side_data == (WORDS[cropped.name],)
    _, events = work([cropped], output)
    assert any(f"has {WORDS[cropped.name]}, which is lost" in str(event) for event in events)
    (check,) = (check for check in verify(cropped, output).checks if check.name == "side data")
    assert (check.holds, check.source, check.output) == (False, WORDS[cropped.name], "none")


def test_an_output_that_asks_for_a_crop_is_another_video(work, tmp_path):
    source, output = tmp_path / "plain.mp4", tmp_path / "out.mkv"
    picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.4,setsar=2", f="lavfi")
    run_ffmpeg(to_file(source, picture, vcodec="libx264"), timeout_seconds=60)
    work([source], output)
    assert verify(source, output).holds
    other = output.with_name("other.mkv")  # written by ffmpeg, in whose files there is a place for it
    run_ffmpeg(to_file(other, from_file(output), c="copy"), timeout_seconds=60)
    output.write_bytes(with_pixel_crop(other.read_bytes()))
    states = {check.name: check.holds for check in verify(source, output).checks}
    assert states["side data"] is False


@pytest.mark.parametrize("numbers", [(64, 1, 48, 1, 0, 1, 0, 1), (128, 2, 96, 2, 0, 5, 0, 5)])
def test_an_aperture_of_the_whole_picture_is_none(tmp_path, numbers):
    path = tmp_path / "in.mp4"
    picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.4,setsar=2", f="lavfi")
    run_ffmpeg(to_file(path, picture, vcodec="libx264"), timeout_seconds=60)
    path.write_bytes(with_aperture(path.read_bytes(), numbers))
    assert probe(path).side_data == ()


def test_an_aperture_by_zero_is_told(tmp_path):
    path = tmp_path / "in.mp4"
    picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.4,setsar=2", f="lavfi")
    run_ffmpeg(to_file(path, picture, vcodec="libx264"), timeout_seconds=60)
    path.write_bytes(with_aperture(path.read_bytes(), (48, 0, 32, 1, 0, 1, 0, 1)))
    assert probe(path).side_data == ("a crop that means nothing",)
