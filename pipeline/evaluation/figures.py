"""The text of a figure that may not exist, as there is nothing to divide by."""

from __future__ import annotations


def figure_text(value: float | None) -> str:
    """A figure with three digits behind the point; a dash for None."""
    return "-" if value is None else f"{value:.3f}"
