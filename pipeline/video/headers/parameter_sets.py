"""The words of H.264's and H.265's sequence parameter sets that FFmpeg reads past and televisions go by."""

from __future__ import annotations

from dataclasses import dataclass

#: Profiles of H.264 whose sets tell chroma and depth (H.264, 7.3.2.1.1), and the number of 4:4:4.
_AVC_HIGH, _444 = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}, 3

#: The aspect that is told in numbers (H.273, 8.6), and bits of a profile with its level in H.265.
_OWN_ASPECT, _PROFILE, _LEVEL = 255, 88, 8


@dataclass(frozen=True)
class Television:
    """The words for a television (H.264, E.2.1; H.265, E.3.1).

    overscan : its edges may be cut off. video_format : number of the television system that the pictures come from.
    """

    overscan: bool = False
    video_format: int = 5


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


def television(codec: str, unit: bytes) -> Television | None:
    """The words of a set, without the head of its unit and the bytes that hide start codes.

    None where it cannot be read so far: scaling lists of its own, or sets of reference pictures told by each other.
    """
    reader = _Reader(unit)
    is_read = _to_avc_usability(reader) if codec == "h264" else _to_hevc_usability(reader)
    if not is_read:
        return None
    return _television(reader) if reader.take(1) else Television()


def _television(reader: _Reader) -> Television:
    """The beginning of the usability information, which both formats share."""
    if reader.take(1) and reader.take(8) == _OWN_ASPECT:
        reader.take(32)
    overscan = bool(reader.take(1) and reader.take(1))
    return Television(overscan, reader.take(3)) if reader.take(1) else Television(overscan)


def _to_avc_usability(reader: _Reader) -> bool:
    """Read on to the flag before it (H.264, 7.3.2.1.1); False if that is not possible."""
    profile = reader.take(8)
    reader.take(16)
    reader.code()
    if profile in _AVC_HIGH:
        if reader.code() == _444:
            reader.take(1)
        reader.codes(2)
        reader.take(1)
        if reader.take(1):
            return False
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
    return True


def _to_hevc_usability(reader: _Reader) -> bool:
    """Read on to the flag before it (H.265, 7.3.2.2.1); False if that is not possible."""
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
    reader.codes(3 * (layers + 1 if reader.take(1) else 1))
    reader.codes(6)
    if reader.take(1) and reader.take(1):
        return False
    reader.take(2)
    if reader.take(1):
        reader.take(8)
        reader.codes(2)
        reader.take(1)
    if not _past_references(reader):
        return False
    if reader.take(1):
        for _ in range(reader.code()):
            reader.take(order_bits + 1)
    reader.take(2)
    return True


def _past_references(reader: _Reader) -> bool:
    """Read past the sets of reference pictures (H.265, 7.3.7); False where one is told by another."""
    for number in range(reader.code()):
        if number and reader.take(1):
            return False
        for _ in range(reader.code() + reader.code()):
            reader.code()
            reader.take(1)
    return True
