"""The streams that an MPEG-TS recording announces, from its first program map to its last (ISO 13818-1, 2.4.4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.address import Place
from pipeline.video.read.source import open_bytes

#: Bytes of a packet, and of what stands before it in one of the three kinds of file.
_KINDS = ((188, 0), (192, 4), (204, 0))
_PACKET, _SYNC, _PACKETS_AT_ONCE = 188, 0x47, 20_000

#: Number of the packets that hold nothing.
_STUFFING = 0x1FFF

#: Bytes of a table's check sum, and its polynomial (ISO 13818-1, annex A).
_CHECK_SUM, _POLYNOMIAL = 4, 0x04C11DB7

#: Types of a stream that are pictures or sound, by name (ISO 13818-1, table 2-34; ATSC A/53 for the last two of sound).
#: Private data (0x06), which may be sound as well, are left out: most are teletext.
_MEDIA = {
    0x03: "MPEG sound",
    0x04: "MPEG sound",
    0x0F: "AAC",
    0x11: "AAC (LATM)",
    0x81: "AC-3",
    0x87: "E-AC-3",
    0x01: "MPEG-1",
    0x02: "MPEG-2",
    0x10: "MPEG-4",
    0x1B: "H.264",
    0x24: "H.265",
    0x33: "H.266",
    0xEA: "VC-1",
}


def announced_media(path: Place) -> dict[int, tuple[str, ...]]:
    """By number of the stream (PID), the formats that its pictures or sound are said to have, in order, each once.

    Empty where the file is no MPEG-TS.
    """
    maps: set[int] = set()
    seen: set[bytes] = set()
    found: dict[int, list[str]] = {}
    for packet in _packets_with_sections(path, maps):
        number, section = _section(packet)
        if section in seen or not _is_whole(section):
            continue  # the same tables come ten times a second; a damaged one says nothing
        seen.add(section)
        if number == 0 and section[:1] == b"\0":
            maps |= {
                _number(section, at + 2) for at in range(8, _end(section), 4) if any(section[at : at + 2])
            }
        elif number in maps and section[:1] == b"\2":
            for stream, kind in _streams(section):
                if kind in _MEDIA and _MEDIA[kind] not in found.setdefault(stream, []):
                    found[stream].append(_MEDIA[kind])
    return {stream: tuple(names) for stream, names in found.items()}


def is_sent(path: Place, number: int) -> bool:
    """True if something begins in a packet of that stream: a recording may announce what never comes."""
    return any((numbers == number).any() for _, numbers in _beginnings(path))


def _packets_with_sections(path: Place, maps: set[int]) -> Iterator[bytes]:
    """The packets in which a table begins: those of number 0, and of the numbers in `maps`, which grows meanwhile."""
    for packets, numbers in _beginnings(path):
        for at, number in enumerate(numbers.tolist()):
            if number == 0 or number in maps:
                yield packets[at].tobytes()


def _beginnings(path: Place) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int32]]]:
    """Packets in which something begins, uint8 [N, 188], with the numbers of their streams, in pieces of the file."""
    with open_bytes(path) as file:
        head = file.read(5 * _KINDS[-1][0])
        kind = next((kind for kind in _KINDS if _fits(head, kind)), None)
        if kind is None:
            return
        file.seek(0)
        size, before = kind
        while block := file.read(size * _PACKETS_AT_ONCE):
            packets = np.frombuffer(block[: len(block) // size * size], np.uint8).reshape(-1, size)
            packets = packets[:, before : before + _PACKET]
            numbers = (packets[:, 1] & 0x1F).astype(np.int32) << 8 | packets[:, 2]
            begins = (packets[:, 0] == _SYNC) & (packets[:, 1] & 0x40 != 0) & (numbers < _STUFFING)
            yield packets[begins], numbers[begins]


def _fits(head: bytes, kind: tuple[int, int]) -> bool:
    size, before = kind
    marks = head[before::size][:5]
    return len(marks) >= 3 and set(marks) == {_SYNC}


def _section(packet: bytes) -> tuple[int, bytes]:
    """The packet's number, and the table that begins in it."""
    at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    at += 1 + packet[at] if at < len(packet) else 0
    section = packet[at:]
    return _number(packet, 1), section[: _end(section) + _CHECK_SUM]


def _is_whole(section: bytes) -> bool:
    """True if the check sum says so: CRC-32 from the top bit down, of which nothing is left over the whole table."""
    left = 0xFFFFFFFF
    for byte in section:
        left ^= byte << 24
        for _ in range(8):
            left = (left << 1 ^ (_POLYNOMIAL if left & 0x80000000 else 0)) & 0xFFFFFFFF
    return len(section) > _CHECK_SUM and left == 0


def _streams(section: bytes) -> Iterator[tuple[int, int]]:
    """Number and type of each stream in a program map."""
    at = 12 + (_number(section, 10) & 0xFFF)
    while at + 5 <= _end(section):
        yield _number(section, at + 1), section[at]
        at += 5 + (_number(section, at + 3) & 0xFFF)


def _end(section: bytes) -> int:
    """Behind the table's content: its length counts from byte 3, and the check sum is no part of it."""
    return min(3 + (_number(section, 1) & 0xFFF) - _CHECK_SUM, len(section))


def _number(data: bytes, at: int) -> int:
    """The low 13 bits of two bytes."""
    return int.from_bytes(data[at : at + 2], "big") & 0x1FFF
