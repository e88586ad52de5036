"""The boxes of an MP4 or MOV file (ISO 14496-12, 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

#: First byte of something in the file, and the byte behind it.
Span = tuple[int, int]

#: Bytes of a description of pictures before the boxes in it (12.1.3).
PICTURES_HEAD = 78

#: Bytes of a table before its rows.
_TABLE_HEAD = 8


def boxes(file: BinaryIO, span: Span, *names: str) -> Iterator[tuple[str, Span]]:
    """The boxes in these bytes of the file: the name, and the bytes of what is inside.

    names : a path of boxes, each in the one before; only those at its end are given. Without it all that lie here.
    """
    at, end = span
    while at + 8 <= end:
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,), head = struct.unpack(">Q", file.read(8)), 16
        if size < head:
            return  # 0: it reaches to the end of the file, as none does that we read or write into
        inner = (at + head, min(at + size, end))
        at += size
        if not names or names == (name.decode("latin-1"),):
            yield name.decode("latin-1"), inner
        elif names[0] == name.decode("latin-1"):
            yield from boxes(file, inner, *names[1:])


def numbers(file: BinaryIO, at: int, form: str) -> tuple[int, ...]:
    """The numbers at a place of the file, as `struct` names their form; struct.error where it ends before."""
    file.seek(at)
    return struct.unpack(form, file.read(struct.calcsize(form)))


def table_rows(file: BinaryIO, span: Span, form: str, head: int = _TABLE_HEAD) -> list[tuple[int, ...]]:
    """The rows of a table; the last four bytes of its head, after which they come, say how many there are.

    Raises struct.error where that is more than the box holds.
    """
    begin, end = span
    (count,) = numbers(file, begin + head - 4, ">I")
    length = count * struct.calcsize(form)
    if begin + head + length > end:
        raise struct.error(f"a table of {length} bytes in a box of {end - begin}")
    return list(struct.iter_unpack(form, file.read(length)))


def after_times(file: BinaryIO, begin: int, short: int, long: int) -> int:
    """Offset of something in a box whose times have 32 bits each, or 64 in version 1."""
    return long if numbers(file, begin, ">B")[0] == 1 else short


def track_number(file: BinaryIO, begin: int) -> int:
    """The number of a track, whose header `tkhd` has its content at `begin`."""
    return numbers(file, begin + after_times(file, begin, 12, 20), ">I")[0]


def clock_and_length(file: BinaryIO, begin: int) -> tuple[int, int]:
    """Ticks a second and length in ticks of a film or of a medium, whose header has its content at `begin`."""
    is_long = numbers(file, begin, ">B")[0] == 1
    ticks, length = numbers(file, begin + (20 if is_long else 12), ">IQ" if is_long else ">II")
    return ticks, length


def packets_length(file: BinaryIO, track: Span) -> int:
    """Length of a track's media in ticks, which is the sum of its packets' lengths (8.6.1.2)."""
    return sum(
        count * length
        for _, span in boxes(file, track, "mdia", "minf", "stbl", "stts")
        for count, length in table_rows(file, span, ">II")
    )


def handler(file: BinaryIO, track: Span) -> bytes:
    """The four letters that say what is in a track; empty where nothing does."""
    for _, (begin, _) in boxes(file, track, "mdia", "hdlr"):
        file.seek(begin + 8)
        return file.read(4)
    return b""


def descriptions(file: BinaryIO, track: Span) -> Iterator[tuple[str, Span]]:
    """The descriptions of a track's packets (8.5.2): the four letters of each, and the bytes of what is inside."""
    for _, (begin, end) in boxes(file, track, "mdia", "minf", "stbl", "stsd"):
        yield from boxes(file, (begin + _TABLE_HEAD, end))


def entry_names(file: BinaryIO, whole: Span) -> dict[int, str]:
    """The four letters that the description of each track's packets is called by, by numbers of tracks."""
    return {
        track_number(file, begin): name
        for _, track in boxes(file, whole, "moov", "trak")
        for _, (begin, _) in boxes(file, track, "tkhd")
        for name, _ in descriptions(file, track)
    }
