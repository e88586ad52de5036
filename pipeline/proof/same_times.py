"""Compare the times of a track in the source and in the output, in the coarser of their time bases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.timebase import rescale, to_pts


@dataclass(frozen=True, eq=False)
class Times:
    """Presentation times of a track's packets or frames: int64 [P] in ticks of `time_base` seconds."""

    pts: NDArray[np.int64]
    time_base: Fraction

    def earlier(self, seconds: Fraction) -> Times:
        """The same times, all shifted."""
        return Times(self.pts - to_pts(seconds, self.time_base), self.time_base)

    def words(self) -> str:
        """The first and the last time, in words."""
        if not len(self.pts):
            return "none"
        first, last = (float(int(ticks) * self.time_base) for ticks in (self.pts.min(), self.pts.max()))
        return f"{first:.3f} to {last:.3f} s"

    def in_ticks(self, tick: Fraction) -> list[int]:
        """The times in ticks of `tick`, in their order."""
        times: list[int] = self.pts.tolist()
        if self.time_base == tick:
            return times  # an hour of sound has 170,000 packets, and fractions are slow
        return [rescale(ticks, self.time_base, tick) for ticks in times]


@dataclass(frozen=True)
class TimesVerdict:
    """The result of comparing times. same : True if they agree. note : how they differ, or why they may."""

    same: bool
    note: str


def same_times(source: Times, output: Times) -> TimesVerdict:
    """Compare the presentation times of the output with those of the source.

    What no container can store may differ, and is noted: packets at the same time, or at times that run backwards, are
    then a tick apart, and what began before zero begins at zero.
    """
    tick = max(source.time_base, output.time_base)
    found = sorted(output.in_ticks(tick))
    wanted = source.in_ticks(tick)
    for times, note in _acceptable(wanted):
        if sorted(times) == found:
            return TimesVerdict(True, note)
    return TimesVerdict(False, _difference(sorted(wanted), found, tick))


def _acceptable(wanted: list[int]) -> Iterator[tuple[list[int], str]]:
    """The source's times in file order, and the nearest ones that a container can store, each with a note."""
    yield wanted, ""
    apart = _apart(wanted)
    moved = sum(one != other for one, other in zip(wanted, apart, strict=True))
    yield apart, f"{moved} do not ascend in the source and are a tick apart"
    yield _apart([max(ticks, 0) for ticks in wanted]), "what began before zero begins at zero"


def _apart(times: list[int]) -> list[int]:
    """The nearest strictly ascending times, none of them earlier."""
    position = np.arange(len(times))
    ascending: list[int] = (np.maximum.accumulate(np.array(times, np.int64) - position) + position).tolist()
    return ascending


def _difference(before: Sequence[int], after: Sequence[int], tick: Fraction) -> str:
    wrong = [abs(one - other) for one, other in zip(before, after, strict=False) if one != other]
    worst = f", by up to {float(max(wrong) * tick):.4f} s" if wrong else ""
    if len(before) != len(after):
        return f"{len(after)} instead of {len(before)}"
    return f"{len(wrong)} of {len(before)} at another time{worst}"
