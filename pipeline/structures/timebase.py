"""Time as containers keep it: whole ticks (pts) of a rational time base. Nothing here is ever a float."""

from __future__ import annotations

from fractions import Fraction


def rescale(pts: int, source: Fraction, target: Fraction) -> int:
    """The instant `pts` of time base `source` in ticks of `target`; a half is rounded away from zero.

    Away from zero, as FFmpeg's own rescaling does, so that both sides of a comparison round alike.
    """
    return _round_half_away(pts * source / target)


def to_seconds(pts: int, time_base: Fraction) -> Fraction:
    """The exact seconds at which `pts` of `time_base` lies."""
    return pts * time_base


def to_pts(seconds: Fraction, time_base: Fraction) -> int:
    """The tick of `time_base` nearest to `seconds`; a half is rounded away from zero."""
    return _round_half_away(seconds / time_base)


def _round_half_away(value: Fraction) -> int:
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return magnitude if value >= 0 else -magnitude
