"""Recordings put one behind the other: what changes in mid-stream is followed, or refused before anything is done."""

from __future__ import annotations

from pathlib import Path

import ffmpeg
import pytest

from pipeline.errors import InputError
from pipeline.video.read.probe import probe
from pipeline.video.read.program_map import announced_pictures
from tests.made_by_ffmpeg import run_ffmpeg, to_file


def recording(path: Path, codec: str, seconds: float = 0.8, size: str = "64x48", **options: object) -> bytes:
    picture = ffmpeg.input(f"testsrc2=s={size}:r=25:d={seconds}", f="lavfi")
    run_ffmpeg(to_file(path, picture, vcodec=codec, **options), timeout_seconds=60)
    return path.read_bytes()


def test_another_format_of_the_pictures_in_mid_stream_is_refused(tmp_path: Path) -> None:
    one, other = (recording(tmp_path / f"{codec}.ts", codec) for codec in ("mpeg2video", "libx264"))
    (tmp_path / "both.ts").write_bytes(one + other)
    with pytest.raises(InputError, match=r"found: MPEG-2 then H\.264"):
        probe(tmp_path / "both.ts")


def test_pictures_in_a_stream_that_comes_later_are_refused(tmp_path: Path) -> None:
    one = recording(tmp_path / "one.ts", "libx264", 12, muxrate="8M")
    other = recording(tmp_path / "other.ts", "libx264", streamid="0:400")
    # FFmpeg looks for streams in the first megabytes and in the last ones.
    (tmp_path / "both.ts").write_bytes(one + other + one)
    with pytest.raises(InputError, match=r"found: a new stream of H\.264"):
        probe(tmp_path / "both.ts")


def test_another_size_in_mid_stream_is_followed(tmp_path: Path) -> None:
    one, other = (recording(tmp_path / f"{size}.ts", "libx264", size=size) for size in ("64x48", "96x64"))
    (tmp_path / "both.ts").write_bytes(one + other)
    assert probe(tmp_path / "both.ts").frame_count == 40


@pytest.mark.parametrize("name", ["plain.ts", "blu.m2ts"])
def test_a_damaged_table_says_nothing(tmp_path: Path, name: str) -> None:
    options = {"mpegts_m2ts_mode": 1} if name.endswith("m2ts") else {}
    content = recording(tmp_path / name, "libx264", f="mpegts", **options)
    number, names = next(iter(announced_pictures(tmp_path / name).items()))
    assert names == ("H.264",)
    entry = bytes([0x1B, 0xE0 | number >> 8, number & 0xFF])
    at = content.index(entry)
    (tmp_path / name).write_bytes(content[:at] + b"\x02" + content[at + 1 :])
    assert announced_pictures(tmp_path / name).get(number, ("H.264",)) == ("H.264",)


def test_what_is_no_broadcast_recording_announces_nothing(tmp_path: Path) -> None:
    for content in (b"", b"G", b"G" * 3000, bytes(4000), b"G" + bytes(187) + b"G" + bytes(187) + b"G"):
        (tmp_path / "any").write_bytes(content)
        assert announced_pictures(tmp_path / "any") == {}
