from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipeline.structures.timebase import rescale, to_pts, to_seconds

NTSC = Fraction(1, 30000)
BROADCAST = Fraction(1, 90000)


def test_ticks_that_divide_are_rescaled_exactly() -> None:
    assert rescale(1001, NTSC, BROADCAST) == 3003
    assert rescale(-3003, BROADCAST, NTSC) == -1001


def test_a_half_is_rounded_away_from_zero_on_both_sides() -> None:
    half = Fraction(1, 2)
    assert [rescale(ticks, half, Fraction(1)) for ticks in (1, 3, -1, -3)] == [1, 2, -1, -2]
    assert rescale(1, Fraction(49, 100), Fraction(1)) == 0


def test_seconds_are_exact_fractions() -> None:
    assert to_seconds(1001, NTSC) == Fraction(1001, 30000)
    assert to_pts(Fraction(1001, 30000), NTSC) == 1001


@given(st.integers(-(2**40), 2**40), st.integers(1, 100000), st.integers(1, 20))
def test_going_to_finer_ticks_and_back_changes_nothing(pts: int, rate: int, finer: int) -> None:
    coarse, fine = Fraction(1, rate), Fraction(1, rate * finer)
    assert rescale(rescale(pts, coarse, fine), fine, coarse) == pts
