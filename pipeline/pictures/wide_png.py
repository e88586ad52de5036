"""PNG with 16 bit a channel, which Pillow does not write for colours (PNG, third edition, W3C 2025)."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from pipeline.pictures.picture import Picture

_COLOURS, _COLOURS_AND_ALPHA = 2, 6
#: The filter of each row: the difference to the row above; photographs come out a third smaller than unfiltered.
_UP = 2


def wide_png(picture: Picture) -> bytes:
    """A whole PNG file of a picture with 16 bit a channel, with its EXIF, profile and XMP."""
    colour = _COLOURS if picture.alpha is None else _COLOURS_AND_ALPHA
    head = struct.pack(">IIBBBBB", picture.width, picture.height, 16, colour, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", head)]
    remarks = picture.remarks
    if remarks.icc is not None:
        parts.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(remarks.icc)))
    if remarks.xmp is not None:
        parts.append(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + remarks.xmp))
    if remarks.exif is not None:
        parts.append(_chunk(b"eXIf", remarks.exif))
    return b"".join([*parts, _chunk(b"IDAT", zlib.compress(_rows(picture), 6)), _chunk(b"IEND", b"")])


def _rows(picture: Picture) -> bytes:
    """Rows of big-endian samples, each after the number of its filter."""
    pixels = picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha])
    samples = pixels.astype(">u2").reshape(picture.height, -1).view(np.uint8)
    filtered = np.empty((picture.height, samples.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = samples[0]
    np.subtract(samples[1:], samples[:-1], out=filtered[1:, 1:])
    return filtered.tobytes()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
