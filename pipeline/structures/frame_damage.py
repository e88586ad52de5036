"""FrameDamage: which frames of a video did not decode as they should."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.structures.spans import Span, numbers_of, spans_of


@dataclass(frozen=True)
class FrameDamage:
    """Frames by number, as spans [start, stop).

    missing : give no picture at all. flawed : give one that the decoder itself marks as damaged.
    """

    missing: tuple[Span, ...] = ()
    flawed: tuple[Span, ...] = ()

    @classmethod
    def of(cls, missing: Iterable[int], flawed: Iterable[int]) -> FrameDamage:
        """The damage of frames by their numbers."""
        return cls(spans_of(missing), spans_of(flawed))

    def __bool__(self) -> bool:
        return bool(self.missing or self.flawed)

    def __or__(self, other: FrameDamage) -> FrameDamage:
        """The damage that is in either."""
        return FrameDamage.of(
            numbers_of(self.missing) + numbers_of(other.missing),
            numbers_of(self.flawed) + numbers_of(other.flawed),
        )

    def within(self, start: int, stop: int) -> FrameDamage:
        """That of frames [start, stop) alone."""
        return FrameDamage(_cut(self.missing, start, stop), _cut(self.flawed, start, stop))


#: Of a whole video.
NO_DAMAGE = FrameDamage()


def _cut(spans: tuple[Span, ...], start: int, stop: int) -> tuple[Span, ...]:
    cut = ((max(first, start), min(last, stop)) for first, last in spans)
    return tuple((first, last) for first, last in cut if first < last)
