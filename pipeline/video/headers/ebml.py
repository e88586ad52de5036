"""The elements of a Matroska file (RFC 8794, RFC 9559)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from pipeline.video.headers.mp4_boxes import Span

#: The ids of the way to each track of a Matroska file: segment, tracks, track (RFC 9559, 5.1).
TRACKS = (0x18538067, 0x1654AE6B, 0xAE)


def elements(file: BinaryIO, span: Span, *ids: int) -> Iterator[tuple[int, Span]]:
    """The elements in these bytes of the file: the id, and the bytes of what is inside.

    ids : a path of elements, each in the one before; only those at its end are given. Without it all that lie here.
    """
    at, end = span
    while at < end:
        head = _head(file, at)
        if head is None:
            return
        name, begin, size = head
        at = end if size is None else begin + size
        inner = (begin, min(at, end))
        if not ids or ids == (name,):
            yield name, inner
        elif ids[0] == name:
            yield from elements(file, inner, *ids[1:])


def missing_bytes(file: BinaryIO, whole: int) -> int:
    """Bytes that the file should have behind its end, by the lengths that its elements tell. whole : its own length."""
    at = 0
    while at < whole and (head := _head(file, at)) is not None:
        _, begin, size = head
        at = begin if size is None else begin + size  # of a live recording, what is in it tells
    return max(at - whole, 0)


def _head(file: BinaryIO, at: int) -> tuple[int, int, int | None] | None:
    """Id of the element at a place, where its content begins, and its length; None where no element begins.

    One of a live recording has no length: it reaches to the end of what it is in.
    """
    file.seek(at)
    name, name_length = vint(file.read(8), keep_marker=True)
    file.seek(at + name_length)
    size, size_length = vint(file.read(8), keep_marker=False)
    if not name_length or not size_length:
        return None
    is_open = size == (1 << 7 * size_length) - 1
    return name, at + name_length + size_length, None if is_open else size


def unsigned(file: BinaryIO, span: Span) -> int:
    """The number that an element holds."""
    file.seek(span[0])
    return int.from_bytes(file.read(min(span[1] - span[0], 8)), "big")


def vint(head: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """A number of variable length (RFC 8794, 4), and how many bytes it takes; 0 bytes where none begins here."""
    if not head or not head[0]:
        return 0, 0
    length = 9 - head[0].bit_length()
    if len(head) < length:
        return 0, 0
    value = int.from_bytes(head[:length], "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), length
