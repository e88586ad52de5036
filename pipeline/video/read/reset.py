"""Whether decoding starts anew at a keyframe, so that nothing that lies before it is needed."""

from __future__ import annotations

from collections.abc import Iterator

from av.packet import Packet

#: Types of NAL units at which no picture is kept for reference: H.264's IDR (7.4.1.2.4), H.265's two (7.4.2.2).
_RESETS = {"h264": {5}, "hevc": {19, 20}}

#: Formats whose keyframes drop all of them (RFC 6386, 9.1; VP9 specification, 7.2).
_ALWAYS = {"vp8", "vp9"}

#: Place in the decoder's header of the size of a unit's length, less 1, in its lowest two bits (ISO 14496-15).
_LENGTH_SIZE = {"h264": 4, "hevc": 21}


def starts_anew(codec: str, header: bytes, packet: Packet) -> bool:
    """True if the keyframe is known to start anew.

    codec : FFmpeg's name. header : the decoder's extradata.
    """
    if codec in _ALWAYS:
        return True
    if codec not in _RESETS:
        return False
    content = bytes(packet)
    units = (
        _lengthy(content, (header[_LENGTH_SIZE[codec]] & 3) + 1)
        if header[:1] == b"\x01"
        else _marked(content)
    )
    return any(_type(codec, unit) in _RESETS[codec] for unit in units)


def _type(codec: str, first: int) -> int:
    return first & 0x1F if codec == "h264" else first >> 1 & 0x3F


def _lengthy(content: bytes, size: int) -> Iterator[int]:
    """The first byte of each unit, before which its length stands."""
    at = 0
    while at + size < len(content):
        yield content[at + size]
        at += size + int.from_bytes(content[at : at + size], "big")


def _marked(content: bytes) -> Iterator[int]:
    """The first byte of each unit behind a mark, as streams of broadcasts have them."""
    at = content.find(b"\x00\x00\x01")
    while 0 <= at < len(content) - 3:
        yield content[at + 3]
        at = content.find(b"\x00\x00\x01", at + 3)
