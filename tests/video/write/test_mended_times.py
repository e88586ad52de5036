"""What an MP4 or MOV file says of the length of its tracks: the packets', which players go by."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipeline.video.cut.excerpt import cut
from pipeline.video.read.probe import probe
from pipeline.video.write.mended_times import lengthen_media
from tests.footage import mux_proved, packets_of, write_clip
from tests.video.write.test_mux import encode_all

#: At 1/600 s: ten frames a second, sixty in the middle, and ten again.
EACH = [60] * 15 + [10] * 30 + [60] * 15
PTS = [sum(EACH[:number]) for number in range(len(EACH))]

#: The header of a track's media in 32 bits and in 64: from its name to its length, both told as 9 ticks.
SHORT, LONG = b"mdhd" + bytes(16) + struct.pack(">I", 9), b"mdhd\1" + bytes(23) + struct.pack(">Q", 9)


def inside(data: bytes, *names: bytes) -> list[bytes]:
    """What is in each box of that path, read from the bytes alone."""
    found, at = [], 0
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if name == names[0]:
            content = data[at + 8 : at + size]
            found += inside(content, *names[1:]) if names[1:] else [content]
        at += size
    return found


def lengths(track: bytes) -> dict[str, Fraction]:
    """Seconds of a track as its media's header says, by its packets, and of its last edit."""
    (media,), (table,), (edits,) = (
        inside(track, *path)
        for path in ((b"mdia", b"mdhd"), (b"mdia", b"minf", b"stbl", b"stts"), (b"edts", b"elst"))
    )
    ticks, told = struct.unpack_from(">II", media, 12)
    packets = sum(count * each for count, each in struct.iter_unpack(">II", table[8:]))
    (shown,) = struct.unpack(">I", edits[-12:-8])
    return {"media": Fraction(told, ticks), "packets": Fraction(packets, ticks), "shown": Fraction(shown)}


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize(
    ("start", "stop"),
    [
        pytest.param(8, 45, id="denser at its end"),
        pytest.param(30, 60, id="denser at its beginning, to the film's end"),
        pytest.param(0, 45, id="from the film's beginning"),
    ],
)
def test_the_media_of_a_part_that_keeps_its_times_are_as_long_as_their_packets(
    tmp_path: Path, start: int, stop: int, suffix: str
) -> None:
    source = write_clip(tmp_path / "clip.mp4", PTS, sound=True, options={"bf": "2", "g": "12", "crf": "12"})
    info = probe(source)
    part = cut(info, start, stop, keeps_times=True)
    out = tmp_path / f"out{suffix}"
    assert mux_proved(part, encode_all(part, tmp_path, 20), out) == ()

    data = out.read_bytes()
    (film,), tracks = inside(data, b"moov", b"mvhd"), inside(data, b"moov", b"trak")
    (clock,) = struct.unpack_from(">I", film, 12)
    for track in tracks:
        found = lengths(track)
        (header,) = inside(track, b"tkhd")
        (edits,) = inside(track, b"edts", b"elst")
        spans = [length for length, _, _ in struct.iter_unpack(">IiI", edits[8:])]
        assert found["media"] >= found["packets"]
        assert struct.unpack_from(">I", header, 20)[0] == sum(spans)
    ends = PTS[stop] if stop < len(PTS) else int(info.end_pts)
    assert lengths(tracks[0])["shown"] / clock == Fraction(ends - PTS[start], 600)
    assert lengths(tracks[0])["packets"] <= Fraction(ends - PTS[start], 600)

    shown = sorted(pts for pts, _ in packets_of(out, "video"))
    assert [Fraction(pts) * probe(out).time_base for pts in shown] == [
        Fraction(pts, 600) for pts in PTS[start:stop]
    ]
    heard = dict(packets_of(source, "audio"))
    assert all(heard[pts] == content for pts, content in packets_of(out, "audio"))


def test_a_last_frame_that_is_seen_shortly_makes_no_track_shorter_than_its_packets(tmp_path: Path) -> None:
    # Packets may be decoded until their frames are shown, and so end with the film, however far before it they begin.
    pts = [600, 1200, 1210, 1510, 1520, 2120, 2130, 2430, 2730]
    info = probe(write_clip(tmp_path / "clip.mp4", pts))
    info = replace(info, end_pts=int(info.pts[-1]) + 10)
    assert mux_proved(info, encode_all(info, tmp_path, 20), tmp_path / "out.mp4") == ()
    (track,) = inside((tmp_path / "out.mp4").read_bytes(), b"moov", b"trak")
    assert lengths(track)["media"] >= lengths(track)["packets"]


@pytest.mark.parametrize(
    ("header", "packets", "length"),
    [
        (SHORT, 40, 40),
        (SHORT, 9, 9),
        (SHORT, 3, 9),
        (SHORT, 1 << 32, 9),
        (LONG, 40, 40),
        (LONG, 1 << 32, 1 << 32),
    ],
)
def test_a_length_is_only_made_longer_where_there_is_room_for_it(
    tmp_path: Path, header: bytes, packets: int, length: int
) -> None:
    def box(name: bytes, inner: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(inner), name) + inner

    table = struct.pack(">5I", 0, 2, packets >> 1, 2, packets & 1) + struct.pack(">I", 1)
    packed = box(b"minf", box(b"stbl", box(b"stts", table)))
    media = box(header[:4], header[4:] + b"rest")
    path = tmp_path / "boxes.mp4"
    path.write_bytes(box(b"moov", box(b"trak", box(b"mdia", media + packed))))
    before = path.read_bytes()
    lengthen_media(path)
    wanted = struct.pack(">Q" if header == LONG else ">I", length)
    assert path.read_bytes() == before.replace(header, header[: -len(wanted)] + wanted)
