"""The words of H.264's and H.265's sequence parameter sets that FFmpeg reads past and other players go by."""

from __future__ import annotations

from dataclasses import dataclass

#: Profiles of H.264 whose sets tell chroma and depth (H.264, 7.3.2.1.1), and the number of 4:4:4.
_AVC_HIGH, _444 = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}, 3

#: The aspect that is told in numbers (H.273, 8.6), and bits of a profile with its level in H.265.
_OWN_ASPECT, _PROFILE, _LEVEL = 255, 88, 8


@dataclass(frozen=True)
class Usability:
    """The words for players (H.264, E.2.1; H.265, 7.4.3.2 and E.3.1).

    overscan : its edges may be cut off. video_format : number of the television system that the pictures come from.
    reordered : the most pictures that are decoded before one and shown after it; None where nothing is said.
    lossless : H.264's pictures may be coded without loss, which one profile alone has.
    """

    overscan: bool = False
    video_format: int = 5
    reordered: int | None = None
    lossless: bool = False


class _Reader:
    """The bits of a set, from the first to the last; zeros behind it."""

    def __init__(self, content: bytes) -> None:
        self._bits = int.from_bytes(content, "big")
        self._left = 8 * len(content)

    def take(self, count: int) -> int:
        self._left -= count
        shifted = self._bits >> self._left if self._left >= 0 else self._bits << -self._left
        return shifted & ((1 << count) - 1)

    def code(self) -> int:
        """A number whose length stands in zeros before it (H.264, 9.1; of numbers with a sign the same bits)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if self._left <= 0:
                return 0
        return (1 << zeros) - 1 + self.take(zeros)

    def codes(self, count: int) -> None:
        for _ in range(count):
            self.code()


def usability(codec: str, unit: bytes) -> Usability | None:
    """The words of a set, without the head of its unit and the bytes that hide start codes.

    None where it cannot be read so far: scaling lists of its own, or sets of reference pictures told by each other.
    """
    reader = _Reader(unit)
    return _avc(reader) if codec == "h264" else _hevc(reader)


def _avc(reader: _Reader) -> Usability | None:
    lossless = _to_avc_usability(reader)
    if lossless is None or not reader.take(1):
        return None if lossless is None else Usability(lossless=lossless)
    overscan, video_format = _television(reader)
    return Usability(overscan, video_format, _avc_reordered(reader), lossless)


def _avc_reordered(reader: _Reader) -> int | None:
    """Read on behind the words for televisions to the restrictions (H.264, E.1.1)."""
    if reader.take(1):
        reader.codes(2)
    if reader.take(1):
        reader.take(65)
    has_buffer = False
    for _ in range(2):
        if reader.take(1):
            has_buffer = True
            _past_buffering(reader)
    reader.take(2 if has_buffer else 1)
    if not reader.take(1):
        return None
    reader.take(1)
    reader.codes(4)
    return reader.code()


def _past_buffering(reader: _Reader) -> None:
    """Read past the buffer of a hypothetical decoder (H.264, E.1.2)."""
    count = reader.code() + 1
    reader.take(8)
    for _ in range(count):
        reader.codes(2)
        reader.take(1)
    reader.take(20)


def _hevc(reader: _Reader) -> Usability | None:
    reordered = _to_hevc_usability(reader)
    if reordered is None:
        return None
    overscan, video_format = _television(reader) if reader.take(1) else (False, 5)
    return Usability(overscan, video_format, reordered)


def _television(reader: _Reader) -> tuple[bool, int]:
    """The beginning of the usability information, which both formats share: overscan and the system of television."""
    if reader.take(1) and reader.take(8) == _OWN_ASPECT:
        reader.take(32)
    overscan, video_format = bool(reader.take(1) and reader.take(1)), 5
    if reader.take(1):
        video_format = reader.take(3)
        reader.take(1)
        if reader.take(1):
            reader.take(24)
    return overscan, video_format


def _to_avc_usability(reader: _Reader) -> bool | None:
    """Read on to the flag before it (H.264, 7.3.2.1.1): whether pictures may be lossless; None if not possible."""
    lossless = False
    profile = reader.take(8)
    reader.take(16)
    reader.code()
    if profile in _AVC_HIGH:
        if reader.code() == _444:
            reader.take(1)
        reader.codes(2)
        lossless = bool(reader.take(1))
        if reader.take(1):
            return None
    reader.code()
    order = reader.code()
    if order == 0:
        reader.code()
    elif order == 1:
        reader.take(1)
        reader.codes(2)
        reader.codes(reader.code())
    reader.code()
    reader.take(1)
    reader.codes(2)
    if not reader.take(1):
        reader.take(1)
    reader.take(1)
    if reader.take(1):
        reader.codes(4)
    return lossless


def _to_hevc_usability(reader: _Reader) -> int | None:
    """Read on to the flag before it (H.265, 7.3.2.2.1): the most reordered pictures; None if not possible."""
    reader.take(4)
    layers = reader.take(3)
    reader.take(1 + _PROFILE + _LEVEL)
    told = [(reader.take(1), reader.take(1)) for _ in range(layers)]
    reader.take(2 * (8 - layers) if layers else 0)
    for has_profile, has_level in told:
        reader.take(_PROFILE * has_profile + _LEVEL * has_level)
    reader.code()
    if reader.code() == _444:
        reader.take(1)
    reader.codes(2)
    if reader.take(1):
        reader.codes(4)
    reader.codes(2)
    order_bits = reader.code() + 4
    reordered = 0
    for _ in range(layers + 1 if reader.take(1) else 1):
        reader.code()
        reordered = reader.code()
        reader.code()
    reader.codes(6)
    if reader.take(1) and reader.take(1):
        return None
    reader.take(2)
    if reader.take(1):
        reader.take(8)
        reader.codes(2)
        reader.take(1)
    if not _past_references(reader):
        return None
    if reader.take(1):
        for _ in range(reader.code()):
            reader.take(order_bits + 1)
    reader.take(2)
    return reordered


def _past_references(reader: _Reader) -> bool:
    """Read past the sets of reference pictures (H.265, 7.3.7); False where one is told by another."""
    for number in range(reader.code()):
        if number and reader.take(1):
            return False
        for _ in range(reader.code() + reader.code()):
            reader.code()
            reader.take(1)
    return True
