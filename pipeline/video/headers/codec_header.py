"""The header that a container keeps for a decoder, held against the parameter sets in it, which decoders go by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.packet import Packet

from pipeline.structures.video_info import VideoInfo
from pipeline.video.headers.nal_units import length_bytes, nal_units, unit_type
from pipeline.video.headers.parameter_sets import Usability, usability
from pipeline.video.write.copying import payload

#: H.264: profile, constraints and level come before the sets (ISO 14496-15, 5.3.3.1), and stand in a set behind a byte.
_AVC_LEVELS, _AVC_SETS = slice(1, 4), 5

#: H.265: the same, 12 bytes, then chroma and depths; sets begin behind 22 bytes (8.3.3.1). In a set of type 33 they
#: come behind its head of two bytes and one byte more.
_HEVC_LEVELS, _HEVC_CHROMA, _HEVC_DEPTHS, _HEVC_SETS = slice(1, 13), 16, (17, 18), 22
_HEVC_HEAD = 3

#: Bytes before the content of a set; the type of a unit with a sequence parameter set; the numbers that name no
#: television system (H.264, table E-2).
_HEADS, _SEQUENCE, _NO_SYSTEM = {"h264": 1, "hevc": 2}, {"h264": 7, "hevc": 33}, (0, 5)

#: AV1: a sequence header is an OBU of type 1 (AV1 specification, 5.5.1); the four bytes before it repeat it.
_AV1_SEQUENCE, _AV1_HEAD = 1, 4

#: H.273's numbers of chroma formats, by FFmpeg's names of pixels.
_CHROMA = {"420": 1, "422": 2, "444": 3, "gray": 0, "gbr": 3}

#: Profiles that players have for pictures of so many bits and such chroma: by H.264's and H.265's numbers.
_PROFILES: Mapping[str, Mapping[tuple[int, int | None], set[int]]] = {
    "h264": {(8, 1): {66, 77, 88, 100}, (8, 0): {100}, (10, 1): {110}},
    "hevc": {(8, 1): {1, 3}, (10, 1): {2}},
}

#: The most pictures that either format reorders.
_MOST_REORDERED = 16

#: AV1's flags of them, of the width and of the height.
_SUBSAMPLED = {1: (1, 1), 2: (1, 0), 3: (0, 0)}


def codec_header_faults(info: VideoInfo, header: bytes) -> Iterator[str]:
    """A sentence where the header of the painted video says other than its own sets, or than the pictures.

    header : FFmpeg's extradata, which MP4, MOV and Matroska share. Nothing for other formats than H.264, H.265 and AV1.
    """
    known = _FORMATS.get(info.stream.codec)
    if known is None or header[:1] != known.begins or len(header) <= known.level:
        return
    if not known.is_own(header, info):
        yield "the header for the decoder has another profile, level, depth or clock than the pictures"
    level = header[known.level] & known.level_mask
    edge = known.block_px
    size = -(-info.coded_width // edge) * -(-info.coded_height // edge)
    largest = max((most for least, most in known.largest.items() if least <= level), default=0)
    if level < max(known.largest) and size > largest:
        yield f"pictures of {info.coded_width}x{info.coded_height} are too large for the level of the header"
    if info.stream.codec in _HEADS:
        yield from _set_faults(info, header)


def _set_faults(info: VideoInfo, header: bytes) -> Iterator[str]:
    """A sentence where the sets ask players for what the pictures do not need, or for less than they do.

    No encoder that writes an output speaks of a television; nvenc leaves 0 where no system is known, others 5.
    """
    codec = info.stream.codec
    for unit in _sequences(codec, header):
        said = usability(codec, _unescaped(unit)[_HEADS[codec] :]) or Usability()
        if said.overscan:
            yield "the pictures ask televisions to cut off their edges"
        if said.video_format not in _NO_SYSTEM:
            yield f"the pictures say that they come from the television system {said.video_format}"
        if said.reordered is not None and said.reordered < (needed := _reordered(info)):
            yield f"the pictures say that at most {said.reordered} are decoded early, and {needed} are"
        kind = info.bit_depth, _chroma(info)
        profile = header[_AVC_LEVELS][0] if codec == "h264" else header[_HEVC_LEVELS][0] & 0x1F
        if profile not in _PROFILES[codec].get(kind, {profile}) and not said.lossless:
            yield f"the header asks for a decoder of profile {profile}, which such pictures do not need"


def _reordered(info: VideoInfo) -> int:
    """The most pictures that are decoded before one and shown after it."""
    place = info.decode_order
    later = range(1, min(_MOST_REORDERED, len(place) - 1) + 1)
    early = np.zeros(len(place), np.int64)
    for step in later:
        early[:-step] += place[step:] < place[:-step]
    return int(early.max(initial=0))


def noting_sequences(
    codec: str, header: bytes, packets: Iterator[Packet], others: list[int]
) -> Iterator[Packet]:
    """The packets; the times of those with a sequence parameter set that the header does not have go into `others`.

    Decoders obey it from there on, as FFmpeg does but for what it reads of the header alone, such as the clock. Nothing
    is said of AV1: SVT-AV1's packets have other tools in theirs than the header that it gives out before them.
    """
    if codec not in _HEADS or not length_bytes(codec, header):
        yield from packets
        return
    own = set(_sequences(codec, header))
    for packet in packets:
        units = nal_units(codec, header, bytes(packet))
        found = {unit for unit in units if unit_type(codec, unit) == _SEQUENCE[codec]}
        if packet.pts is not None and not found <= own:
            others.append(packet.pts)
        yield packet


def bare_content(packet: Packet) -> bytes:
    """A packet's content without what belongs to the container it is in.

    Of H.264 and H.265 that is the coded pictures: MP4 gives the lengths of their units where MPEG-TS marks starts, and
    parameter sets and delimiters go from one place to another.
    """
    context = packet.stream.codec_context
    if context is None or context.name not in _HEADS:
        return payload(packet)
    codec = context.name
    units = nal_units(codec, context.extradata or b"", bytes(packet))
    return b"".join(unit.rstrip(b"\0") for unit in units if _is_of_a_picture(codec, unit))


def _is_of_a_picture(codec: str, unit: bytes) -> bool:
    """True for a unit of coded samples (H.264, table 7-1; H.265, table 7-1)."""
    return 1 <= unit_type(codec, unit) <= 5 if codec == "h264" else unit_type(codec, unit) < 32


def _sequences(codec: str, header: bytes) -> Iterator[bytes]:
    """The units of sequence parameter sets in a header of H.264 or H.265."""
    return iter(_avc_sets(header, _AVC_SETS, 0x1F)[0]) if codec == "h264" else _hevc_sequences(header)


def _is_own_avc(header: bytes, info: VideoInfo) -> bool:
    sequences, at = _avc_sets(header, _AVC_SETS, 0x1F)
    _, at = _avc_sets(header, at, 0xFF)
    # High profiles alone have more; not every writer writes it.
    pictures = (
        [header[at] & 3, *((byte & 7) + 8 for byte in header[at + 1 : at + 3])] if at < len(header) else None
    )
    return any(header[_AVC_LEVELS] == found[1:4] for found in sequences) and pictures in (
        None,
        [_chroma(info), info.bit_depth, info.bit_depth],
    )


def _avc_sets(header: bytes, at: int, mask: int) -> tuple[list[bytes], int]:
    """The sets whose number stands at a place, and the place behind them."""
    found, count = [], header[at] & mask if at < len(header) else 0
    at += 1
    for _ in range(count):
        length = int.from_bytes(header[at : at + 2], "big")
        found.append(header[at + 2 : at + 2 + length])
        at += 2 + length
    return found, at


def _is_own_hevc(header: bytes, info: VideoInfo) -> bool:
    levels = [_unescaped(unit)[_HEVC_HEAD : _HEVC_HEAD + 12] for unit in _hevc_sequences(header)]
    depths = [(header[at] & 7) + 8 for at in _HEVC_DEPTHS] if len(header) > _HEVC_SETS else []
    return (
        header[_HEVC_LEVELS] in levels
        and depths == [info.bit_depth] * 2
        and header[_HEVC_CHROMA] & 3 == _chroma(info)
    )


def _hevc_sequences(header: bytes) -> Iterator[bytes]:
    at = _HEVC_SETS + 1
    for _ in range(header[_HEVC_SETS] if len(header) > _HEVC_SETS else 0):
        kind, count = header[at : at + 1], int.from_bytes(header[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(header[at : at + 2], "big")
            if kind and kind[0] & 0x3F == _SEQUENCE["hevc"]:
                yield header[at + 2 : at + 2 + length]
            at += 2 + length
            if at >= len(header):
                return


def _unescaped(unit: bytes) -> bytes:
    """A unit without the bytes that keep it from looking like a start code (H.265, 7.4.2)."""
    return unit.replace(b"\0\0\3", b"\0\0")


def _is_own_av1(header: bytes, info: VideoInfo) -> bool:
    """Profile and level in the first bits of the sequence header, and depth and chroma of the pictures."""
    profile, level = header[1] >> 5, header[1] & 0x1F
    flags = header[2]
    deep, subsampled = 10 if flags & 0x40 else 8, (flags >> 3 & 1, flags >> 2 & 1)
    if (deep, subsampled) != (info.bit_depth, _SUBSAMPLED.get(_chroma(info) or 0)):
        return False
    sequence = next(_av1_sequences(header), b"")
    bits = int.from_bytes(sequence[:16].ljust(16, b"\0"), "big")

    def read(first: int, count: int) -> int:
        return bits >> (128 - first - count) & ((1 << count) - 1)

    if read(0, 3) != profile:
        return False
    if read(4, 1):
        return read(5, 5) == level
    if not read(5, 1):
        return read(24, 5) == level
    # The sequence tells a clock, and the level comes later, at no fixed place.
    rate = Fraction(read(38, 32), read(6, 32) or 1)
    return rate in (info.average_rate, 1 / info.time_base)


def _av1_sequences(header: bytes) -> Iterator[bytes]:
    """The content of the first OBU, if it is a sequence header."""
    head = header[_AV1_HEAD : _AV1_HEAD + 1]
    if head and head[0] >> 3 & 0xF == _AV1_SEQUENCE and head[0] & 2:
        at = _AV1_HEAD + 1 + (head[0] >> 2 & 1)
        yield header[at + 1 :] if header[at : at + 1] < b"\x80" else b""


def _chroma(info: VideoInfo) -> int | None:
    return next((number for name, number in _CHROMA.items() if name in info.pixel_format), None)


@dataclass(frozen=True)
class _Format:
    """The header of a format.

    begins : its first byte. level : where the level stands, under `level_mask`. block_px : edge of what `largest`
    counts. largest : most blocks of a picture, by the least level that holds so many. is_own : compares it with the
    sets in it.
    """

    begins: bytes
    level: int
    level_mask: int
    block_px: int
    largest: Mapping[int, int]
    is_own: Callable[[bytes, VideoInfo], bool]


#: Of what is too large for any level, encoders say the last one. H.264: table A-1; H.265: table A.8; AV1: A.3.
_FORMATS = {
    "h264": _Format(b"\1", 3, 0xFF, 16, {
        0: 99, 11: 396, 21: 792, 22: 1620, 31: 3600, 32: 5120, 40: 8192, 42: 8704, 50: 22080, 51: 36864, 60: 139264,
    }, _is_own_avc),
    "hevc": _Format(b"\1", 12, 0xFF, 1, {
        0: 36864, 60: 122880, 63: 245760, 90: 552960, 93: 983040, 120: 2228224, 150: 8912896, 180: 35651584,
    }, _is_own_hevc),
    "av1": _Format(b"\x81", 1, 0x1F, 1, {
        0: 147456, 1: 278784, 4: 665856, 5: 1065024, 8: 2359296, 12: 8912896, 16: 35651584,
    }, _is_own_av1),
}  # fmt: skip
