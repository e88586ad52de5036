from __future__ import annotations

import pytest
from av.packet import Packet

from pipeline.video.read.index import starts_anew

AVCC = bytes([1, 100, 0, 31, 0xFF, 0])  # lengths of 4 bytes
HVCC = bytes([1, *[0] * 20, 0xFC | 1, 0])  # lengths of 2 bytes


def unit(first: int, size: int = 4) -> bytes:
    return (3).to_bytes(size, "big") + bytes([first, 0, 0])


@pytest.mark.parametrize(
    ("codec", "header", "content", "anew"),
    [
        ("h264", AVCC, unit(0x67) + unit(0x65), True),  # a parameter set, then an IDR
        ("h264", AVCC, unit(0x06) + unit(0x61), False),  # a recovery point: an I-frame of an open GOP
        ("h264", b"", b"\0\0\0\1\x09\xf0\0\0\1\x65\x88", True),
        ("h264", b"", b"\0\0\0\1\x09\xf0\0\0\1\x61\x88", False),
        ("hevc", HVCC, unit(0x40, 2) + unit(19 << 1, 2), True),
        ("hevc", HVCC, unit(21 << 1, 2), False),  # CRA: what is shown before it may need what lies before it
        ("vp9", b"", b"\x82", True),
        ("mpeg2video", b"", b"\0\0\1\xb3", False),
        ("h264", AVCC, b"\0\0", False),
        ("h264", b"\1", b"\0\0\0\1\x65\x88", True),  # a header too short to say how long a length is
    ],
)
def test_a_keyframe_starts_anew_where_its_format_says_so(
    codec: str, header: bytes, content: bytes, anew: bool
) -> None:
    assert starts_anew(codec, header, Packet(content)) is anew
