"""Figures that may not exist, as there is nothing to divide by: their text, and their mean."""

from __future__ import annotations

from collections.abc import Sequence


def figure_text(value: float | None) -> str:
    """A figure with three digits behind the point; a dash for None."""
    return "-" if value is None else f"{value:.3f}"


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean of those that exist; None where none does."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None
