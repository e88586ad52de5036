"""Recordings put one behind the other: what changes in mid-stream is followed, or refused before anything is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ffmpeg
import pytest

from pipeline.errors import InputError
from pipeline.video.read.index import _clock_starts
from pipeline.video.read.probe import probe
from pipeline.video.read.program_map import announced_media
from pipeline.video.read.source import demuxed
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


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """FFmpeg looks for streams in the first megabytes and in the last ones: between two of these it sees nothing."""
    return recording(tmp_path_factory.mktemp("long") / "one.ts", "libx264", 12, muxrate="8M")


def with_sound(path: Path) -> bytes:
    sources = (ffmpeg.input("testsrc2=s=64x48:r=25:d=0.8", f="lavfi"), ffmpeg.input("sine=d=0.8", f="lavfi"))
    run_ffmpeg(to_file(path, *sources, vcodec="libx264", acodec="aac"), timeout_seconds=60)
    return path.read_bytes()


def test_pictures_and_sound_in_a_stream_that_comes_later_are_refused(
    tmp_path: Path, long_recording: bytes
) -> None:
    other = recording(tmp_path / "other.ts", "libx264", streamid="0:400")
    for between, found in ((other, "H.264"), (with_sound(tmp_path / "sound.ts"), "AAC")):
        (tmp_path / "all.ts").write_bytes(long_recording + between + long_recording)
        with pytest.raises(InputError, match=f"found: a new stream of {found}"):
            probe(tmp_path / "all.ts")


def test_sound_that_is_announced_and_never_comes_is_no_reason_to_refuse(
    tmp_path: Path, long_recording: bytes
) -> None:
    content = with_sound(tmp_path / "sound.ts")
    packets = [content[at : at + 188] for at in range(0, len(content), 188)]
    tables = b"".join(
        packet for packet in packets if packet[1] & 0x1F in (0, 0x10)
    )  # of numbers 0 and 0x1000
    (tmp_path / "all.ts").write_bytes(long_recording + tables + long_recording)
    assert [names for _, names in sorted(announced_media(tmp_path / "all.ts").items())] == [
        ("H.264",),
        ("AAC",),
    ]
    assert probe(tmp_path / "all.ts").frame_count == 600


def test_a_stream_that_nobody_announced_ends_no_reading(tmp_path: Path) -> None:
    """As the positions that Novatek's cameras send. PyAV fails behind the last packet, by what lies in its memory."""
    content = recording(tmp_path / "plain.ts", "libx264")
    pes = b"\0\0\1\xbf\0\x20" + bytes(32)
    stuffing = 184 - 2 - len(pes)
    position = bytes((0x47, 0x43, 0x00, 0x30, 1 + stuffing, 0)) + b"\xff" * stuffing + pes
    assert len(position) == 188
    (tmp_path / "camera.ts").write_bytes(content + position + content)

    class Recording:
        def demux(self, *streams: object) -> Iterator[str]:
            yield from ("packet", "end")
            raise IndexError("list index out of range")

    assert list(demuxed(Recording())) == ["packet", "end"]  # type: ignore[arg-type]
    assert probe(tmp_path / "camera.ts").frame_count == 40


def test_another_size_in_mid_stream_is_followed(tmp_path: Path) -> None:
    one, other = (recording(tmp_path / f"{size}.ts", "libx264", size=size) for size in ("64x48", "96x64"))
    (tmp_path / "both.ts").write_bytes(one + other)
    assert probe(tmp_path / "both.ts").frame_count == 40


def test_a_clock_that_starts_anew_is_told_with_what_helps(tmp_path: Path) -> None:
    one = recording(tmp_path / "one.ts", "libx264", 2)
    assert probe(tmp_path / "one.ts").damage == ()
    (tmp_path / "three.ts").write_bytes(one * 3)
    (told,) = [sentence for sentence in probe(tmp_path / "three.ts").damage if "clock" in sentence]
    assert told.startswith("its clock starts anew 2 times, as in recordings put one behind the other")
    assert "ffmpeg -i" in told


def test_a_clock_starts_anew_where_times_go_back_and_stay_there() -> None:
    assert _clock_starts([100, 110, 120, 0, None, 10, 20], 50)
    assert not _clock_starts([100, 110, 120, 80, 90, 100], 50)
    assert not _clock_starts([100, 110, 9000, 120, 130, 140], 50)  # a single damaged one
    assert not _clock_starts([100, 110, 0, 120, 130, 140], 50)
    assert not _clock_starts([100, 0], 50)


@pytest.mark.parametrize("name", ["plain.ts", "blu.m2ts"])
def test_a_damaged_table_says_nothing(tmp_path: Path, name: str) -> None:
    options = {"mpegts_m2ts_mode": 1} if name.endswith("m2ts") else {}
    content = recording(tmp_path / name, "libx264", f="mpegts", **options)
    number, names = next(iter(announced_media(tmp_path / name).items()))
    assert names == ("H.264",)
    entry = bytes([0x1B, 0xE0 | number >> 8, number & 0xFF])
    at = content.index(entry)
    (tmp_path / name).write_bytes(content[:at] + b"\x02" + content[at + 1 :])
    assert announced_media(tmp_path / name).get(number, ("H.264",)) == ("H.264",)


def test_what_is_no_broadcast_recording_announces_nothing(tmp_path: Path) -> None:
    for content in (b"", b"G", b"G" * 3000, bytes(4000), b"G" + bytes(187) + b"G" + bytes(187) + b"G"):
        (tmp_path / "any").write_bytes(content)
        assert announced_media(tmp_path / "any") == {}
