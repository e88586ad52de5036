"""JPEG files that end before their pictures do, known by a few kilobytes of each (ITU-T T.81, annex B)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

#: Second bytes of markers: the picture's end, the beginning of a scan; those that no length follows (B.1.1.3), beside
#: the zero that makes two bytes none.
_END, _SCAN = 0xD9, 0xDA
_BARE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))

_BEGIN_MARK, _END_MARK = b"\xff\xd8", bytes((0xFF, _END))

#: Bytes at a file's end in which the mark is looked for first, and those that are read at once where it is not there.
_TAIL_BYTES, _PIECE_BYTES = 4096, 1 << 20


def ends_too_soon(path: Path) -> bool:
    """True for a JPEG without an end mark behind the beginning of its first scan; False for any other file.

    The marks of previews lie before that, in segments, and in a scan no byte FF is followed by that of the mark. So one
    that is found is the picture's own, or behind it: cameras put further pictures, films and notes there.
    """
    with path.open("rb") as file:
        if file.read(len(_BEGIN_MARK)) != _BEGIN_MARK:
            return False
        scan = _first_scan(file)
        if scan is None:
            return True
        # Of a whole picture the mark is nearly always here, and all of it is read only where there is more behind.
        tail = max(os.fstat(file.fileno()).st_size - _TAIL_BYTES, scan)
        return not _has_mark(file, tail) and (tail == scan or not _has_mark(file, scan))


def _first_scan(file: BinaryIO) -> int | None:
    """Offset of the first scan's header, behind all segments before it; None without a scan."""
    while byte := file.read(1):
        if byte != b"\xff":
            continue  # decoders look for the next marker too
        while byte == b"\xff":  # any number of them may stand before a marker
            byte = file.read(1)
        if byte in (b"", bytes((_END,))):
            return None
        if byte[0] == _SCAN:
            return file.tell()
        if byte[0] not in _BARE:
            length = int.from_bytes(file.read(2), "big")
            file.seek(max(length - 2, 0), os.SEEK_CUR)
    return None


def _has_mark(file: BinaryIO, begin: int) -> bool:
    file.seek(begin)
    last = b""
    while piece := file.read(_PIECE_BYTES):
        if _END_MARK in last + piece:
            return True
        last = piece[-1:]
    return False
