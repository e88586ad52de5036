"""The way up that a picture's remarks tell, and the same remarks once the picture is turned that way."""

from __future__ import annotations

import re

#: What files put before a block of EXIF.
EXIF_HEAD = b"Exif\0\0"

#: EXIF's tag (CIPA DC-008, 4.6.4), its type, an unsigned 16-bit number, and bytes an entry.
ORIENTATION = 0x0112
_SHORT, _ENTRY_BYTES = 3, 12

_XMP = re.compile(rb"(tiff:Orientation(?:=\"|=\'|>))[2-8]")


def upright_exif(exif: bytes) -> bytes:
    """The same block with orientation 1; all else, to the last byte, as it was, and unreadable blocks as they are.

    Written anew, a block would lose what only its maker understands.
    """
    place = _orientation_place(exif)
    if place is None:
        return exif
    one = (1).to_bytes(2, "little" if exif[:2] == b"II" else "big")
    return exif[:place] + one + exif[place + 2 :]


def upright_xmp(xmp: bytes) -> bytes:
    """The same packet with orientation 1."""
    return _XMP.sub(rb"\g<1>1", xmp)


def _orientation_place(exif: bytes) -> int | None:
    """Place of the orientation's number, or None where there is none."""
    order = {b"II": "little", b"MM": "big"}.get(exif[:2])
    if order is None or len(exif) < 10:
        return None
    big = order == "big"

    def number(place: int, size: int) -> int:
        return int.from_bytes(exif[place : place + size], "big" if big else "little")

    first = number(4, 4)
    for entry in range(number(first, 2)):
        place = first + 2 + entry * _ENTRY_BYTES
        if place + _ENTRY_BYTES > len(exif):
            return None
        if number(place, 2) == ORIENTATION and number(place + 2, 2) == _SHORT:
            return place + 8
    return None
