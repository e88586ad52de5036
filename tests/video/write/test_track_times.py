"""Each track keeps the time it says it was made at, which need not be the file's."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pipeline.video.read.probe import probe
from pipeline.video.write.track_times import write_creation_times
from tests.footage import mux_proved, write_clip
from tests.video.write.test_mux import encode_all

FILE = "2021-01-14T00:00:55.000000Z"
TRACKS = ["2021-05-31T16:46:08.000000Z", "1999-12-31T23:59:59.000000Z"]


def times(path: Path) -> list[str | None]:
    """Of the file and of its tracks, as FFmpeg reads them."""
    info = probe(path)
    tags = [info.metadata, *(stream.metadata for stream in info.streams)]
    return [mapping.get("creation_time", mapping.get("CREATION_TIME")) for mapping in tags]


def with_times(folder: Path, file: str, tracks: list[str]) -> Path:
    clip = write_clip(folder / "clip.mp4", sound=True, tags={"creation_time": file})
    write_creation_times(clip, [{"creation_time": time} for time in tracks])
    return clip


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_tracks_made_at_other_times_than_the_file_keep_theirs(tmp_path: Path, suffix: str) -> None:
    clip = with_times(tmp_path, FILE, TRACKS)
    assert times(clip) == [FILE, *TRACKS]
    info, out = probe(clip), tmp_path / f"out{suffix}"
    assert mux_proved(info, encode_all(info, tmp_path), out) == ()
    assert times(out) == [FILE, *TRACKS]


def test_boxes_of_64_bits_get_times_of_64_bits(tmp_path: Path) -> None:
    def box(name: bytes, inner: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(inner), name) + inner

    long = bytes([1, 0, 0, 0]) + bytes(16) + b"the rest"  # version, flags, two times
    path = tmp_path / "boxes.mp4"
    path.write_bytes(box(b"moov", box(b"trak", box(b"tkhd", long) + box(b"mdia", box(b"mdhd", long)))))
    write_creation_times(path, [{"creation_time": "2101-01-01T00:00:00Z"}])
    wanted = bytes([1, 0, 0, 0]) + struct.pack(">QQ", 6216825600, 6216825600) + b"the rest"
    assert path.read_bytes().count(wanted) == 2


@pytest.mark.parametrize("text", ["yesterday", "", "1800-01-01T00:00:00Z", "2101-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_read_or_does_not_fit_changes_nothing(tmp_path: Path, text: str) -> None:
    clip = with_times(tmp_path, FILE, [])
    before = clip.read_bytes()
    write_creation_times(clip, [{"creation_time": text}, {}])
    assert clip.read_bytes() == before
    assert times(clip) == [FILE, FILE, FILE]


def test_only_the_times_change_and_other_tracks_keep_theirs(tmp_path: Path) -> None:
    clip = with_times(tmp_path, FILE, [])
    size = clip.stat().st_size
    write_creation_times(clip, [{}, {"creation_time": TRACKS[1]}])
    assert times(clip) == [FILE, FILE, TRACKS[1]]
    assert clip.stat().st_size == size


def test_matroska_keeps_each_track_s_time_and_so_does_what_is_made_of_it(tmp_path: Path) -> None:
    clip = with_times(tmp_path, FILE, TRACKS)
    for name in ("out.mkv", "again.mkv", "back.mp4"):
        info = probe(clip)
        assert mux_proved(info, encode_all(info, tmp_path), tmp_path / name) == ()
        clip = tmp_path / name
        assert times(clip) == [FILE, *TRACKS]
