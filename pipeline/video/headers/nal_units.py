"""The units of packets of H.264 and H.265 (7.3.1 of both): behind their lengths in MP4, behind marks elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

#: Place in the decoder's header of the size of a unit's length, less 1, in its lowest two bits (ISO 14496-15, 5.3.3.1
#: and 8.3.3.1).
_LENGTH_SIZE = {"h264": 4, "hevc": 21}

_MARK = b"\0\0\1"


def length_bytes(codec: str, header: bytes) -> int:
    """Bytes of the length before each unit of a packet; 0 where units are marked, as streams of broadcasts have them.

    codec : "h264" or "hevc". header : the decoder's extradata.
    """
    at = _LENGTH_SIZE[codec]
    return (header[at] & 3) + 1 if header[:1] == b"\1" and len(header) > at else 0


def nal_units(codec: str, header: bytes, packet: bytes) -> Iterator[bytes]:
    """The units of a packet without their lengths or marks; none is empty. codec, header : as for `length_bytes`."""
    size = length_bytes(codec, header)
    marked = packet.split(_MARK) if not size else []
    units = _behind_lengths(packet, size) if size else iter(marked[1:] or marked)
    return (unit for unit in units if unit)


def unit_type(codec: str, unit: bytes) -> int:
    """The type of a unit, by the numbers of its own standard (table 7-1 of both)."""
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def _behind_lengths(packet: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at < len(packet):
        begin = at + size
        at = begin + int.from_bytes(packet[at:begin], "big")
        yield packet[begin:at]
