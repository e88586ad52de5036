"""The words of an MP4 file's header that FFmpeg passes over and other players obey."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import accumulate
from typing import BinaryIO

from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.mp4_boxes import Span, boxes
from pipeline.video.read.source import open_bytes, size_of

#: 1 as a fixed-point number of 4 bytes and of 2, and the matrix that changes nothing.
_ONE, _ONE_SHORT = 0x10000, 0x100
_PLAIN = (_ONE, 0, 0, 0, _ONE, 0, 0, 0, 0x40000000)

#: Bytes of a picture track's entry before the boxes in it (ISO 14496-12, 12.1.3), and of the table's head.
_ENTRY, _TABLE = 78, 8

#: Pictures from the start among which the one that is shown first is looked for: no format moves one by more than 16.
_REORDERED = 17


def header_faults(info: VideoInfo, track_id: int) -> tuple[str, ...]:
    """A sentence for each word by which a player would show the file in another way than FFmpeg decodes it.

    The film's rate and volume; each track's volume and the rates of its edits; of the painted video, whose track is
    `track_id`, the matrix, the colours and the start. Nothing for other formats than MP4 and MOV.
    """
    if "mp4" not in info.container:
        return ()
    try:
        with open_bytes(info.path) as file:
            return tuple(_faults(file, (0, size_of(info.path)), info, track_id))
    except struct.error:
        return ("a box of its header is too short",)


def _faults(file: BinaryIO, whole: Span, info: VideoInfo, track_id: int) -> Iterator[str]:
    for _, (begin, _) in boxes(file, whole, "moov", "mvhd"):
        rate, volume = _read(file, begin + _after_times(file, begin, 20, 32), ">IH")
        if rate != _ONE:
            yield f"it asks to be played at {rate / _ONE:g} times its speed"
        if volume != _ONE_SHORT:
            yield f"it asks to be played at {volume / _ONE_SHORT:g} times its volume"
    for _, track in boxes(file, whole, "moov", "trak"):
        yield from _track_faults(file, track, info, track_id)


def _track_faults(file: BinaryIO, track: Span, info: VideoInfo, track_id: int) -> Iterator[str]:
    ((_, (begin, _)),) = [*boxes(file, track, "tkhd")][:1] or [("", (0, 0))]
    number = _read(file, begin + _after_times(file, begin, 12, 20), ">I")[0]
    volume, _, *matrix = _read(file, begin + _after_times(file, begin, 36, 48), ">HH9i")
    if volume != (_ONE_SHORT if _handler(file, track) == b"soun" else 0):
        yield f"track {number} has {volume / _ONE_SHORT:g} times its volume"
    if number == track_id:
        if tuple(matrix) != _PLAIN:
            yield "the matrix of the video's track is not plain"
        yield from _colour_faults(file, track, info)
        yield from _start_faults(file, track)
    for _, (begin, _) in boxes(file, track, "edts", "elst"):
        (count,) = _read(file, begin + 4, ">I")
        entry, at = _after_times(file, begin, 12, 20), _after_times(file, begin, 8, 16)
        for edit in range(count):
            (rate,) = _read(file, begin + _TABLE + edit * entry + at, ">I")
            if rate != _ONE:
                yield f"an edit of track {number} asks for {rate / _ONE:g} times its speed"


def _colour_faults(file: BinaryIO, track: Span, info: VideoInfo) -> Iterator[str]:
    colour = info.colour
    for _, (begin, end) in boxes(file, track, "mdia", "minf", "stbl", "stsd"):
        for _, (entry, entry_end) in boxes(file, (begin + _TABLE, end)):
            for _, (at, _) in boxes(file, (entry + _ENTRY, entry_end), "colr"):
                kind, *numbers, flags = _read(file, at, ">4s3HB")
                said = [*numbers, bool(flags >> 7)]
                own = [colour.primaries, colour.transfer, colour.matrix, bool(colour.full_range)]
                if kind == b"nclx" and said != own:
                    yield "the header's colours are not those of the pictures"


def _start_faults(file: BinaryIO, track: Span) -> Iterator[str]:
    """A sentence where the edit list begins before the first picture: FFmpeg takes the gap away, others wait."""
    times = _shown_times(file, track)
    for _, (begin, _) in boxes(file, track, "edts", "elst"):
        (count,) = _read(file, begin + 4, ">I")
        size, at, form = (20, 8, ">q") if _after_times(file, begin, 0, 1) else (12, 4, ">i")
        edits = (_read(file, begin + _TABLE + edit * size + at, form)[0] for edit in range(count))
        start = next((edit for edit in edits if edit >= 0), None)  # -1: nothing is shown for a while
        if start is None or not times:
            return
        late = min((time for time in times if time >= start), default=start) - start
        # An edit that cuts off pictures may begin between two of them.
        if late and start < min(times):
            yield f"its first picture comes {late} ticks after the track begins, which FFmpeg takes back"


def _shown_times(file: BinaryIO, track: Span) -> list[int]:
    """Times of the first pictures in the order of decoding, in ticks before any edit; none of fragments."""
    table = ("mdia", "minf", "stbl")
    lengths = _runs(file, track, (*table, "stts"), ">II")
    later = _runs(file, track, (*table, "ctts"), ">Ii") or [0] * len(lengths)
    starts = accumulate(lengths, initial=0)
    return [start + offset for start, offset in zip(starts, later, strict=False)]


def _runs(file: BinaryIO, track: Span, path: tuple[str, ...], form: str) -> list[int]:
    """The first values of a table of counts and values."""
    values: list[int] = []
    for _, (begin, _) in boxes(file, track, *path):
        (count,) = _read(file, begin + 4, ">I")
        for number in range(min(count, _REORDERED)):
            times, value = _read(file, begin + _TABLE + 8 * number, form)
            values += [value] * min(times, _REORDERED)
    return values[:_REORDERED]


def _handler(file: BinaryIO, track: Span) -> bytes:
    for _, (begin, _) in boxes(file, track, "mdia", "hdlr"):
        return bytes(_read(file, begin + 8, ">4s")[0])
    return b""


def _after_times(file: BinaryIO, begin: int, short: int, long: int) -> int:
    """Offset of something in a box whose times have 32 bits each, or 64 in version 1."""
    return long if _read(file, begin, ">B")[0] == 1 else short


def _read(file: BinaryIO, at: int, form: str) -> tuple[int, ...]:
    file.seek(at)
    return struct.unpack(form, file.read(struct.calcsize(form)))
