from __future__ import annotations

from types import SimpleNamespace

import pytest

from pipeline.video.headers.codec_header import bare_content, noting_sequences
from pipeline.video.headers.nal_units import length_bytes, nal_units, unit_type

AVCC = bytes([1, 100, 0, 31, 0xFC | 1, 0])  # lengths of 2 bytes
HVCC = bytes([1, *[0] * 20, 0xFF, 0])  # lengths of 4 bytes


@pytest.mark.parametrize(
    ("codec", "header", "packet", "units"),
    [
        ("h264", AVCC, b"\0\3\x67ab\0\0\0\2\x65c", [b"\x67ab", b"\x65c"]),  # an empty one between
        ("hevc", HVCC, b"\0\0\0\2\x26a\0\0\0\x09\x26b", [b"\x26a", b"\x26b"]),  # the last is cut off
        ("h264", b"", b"\0\0\0\1\x09\xf0\0\0\1\x65\x88", [b"\x09\xf0", b"\x65\x88"]),
        ("h264", b"", b"\x65\x88", [b"\x65\x88"]),
        ("h264", AVCC, b"", []),
    ],
)
def test_units_come_without_lengths_and_marks(codec, header, packet, units):
    assert list(nal_units(codec, header, packet)) == units


@pytest.mark.parametrize("header", [b"", b"\1", AVCC[:4], b"\0\0\0\1\x67\x64"])
def test_a_header_that_tells_no_length_means_marks(header):
    assert length_bytes("h264", header) == 0


def test_types_stand_where_each_standard_has_them():
    assert unit_type("h264", b"\x65") == 5
    assert unit_type("hevc", b"\x26\1") == 19


class OfAStream(bytes):
    """A packet's content, of a stream whose header ends before it says how long a length is."""

    stream = SimpleNamespace(codec_context=SimpleNamespace(name="h264", extradata=b"\1"))


def test_a_header_that_ends_too_soon_breaks_no_comparison():
    packet = OfAStream(b"\0\0\1\x09\xf0\0\0\1\x65\x88\0")
    assert bare_content(packet) == b"\x65\x88"
    assert list(noting_sequences("h264", b"\1", iter([packet]), [])) == [packet]
