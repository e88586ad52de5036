"""Frame numbers as half-open spans, which is how damage is stored and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]

#: Most spans that are written out.
_MOST = 8


def spans_of(numbers: Iterable[int]) -> tuple[Span, ...]:
    """Spans [start, stop) that together hold exactly these numbers, in order and as few as can be."""
    spans: list[Span] = []
    for number in sorted(set(numbers)):
        if spans and spans[-1][1] == number:
            spans[-1] = (spans[-1][0], number + 1)
        else:
            spans.append((number, number + 1))
    return tuple(spans)


def numbers_of(spans: Iterable[Sequence[int]]) -> list[int]:
    """Every number of the spans, in their order."""
    return [number for start, stop in spans for number in range(start, stop)]


def in_words(spans: Iterable[Sequence[int]]) -> str:
    """The spans with their last numbers included, as `3 to 5, 9`; of many, the first few."""
    words = [str(start) if stop == start + 1 else f"{start} to {stop - 1}" for start, stop in spans]
    more = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f" and {more} more spans" if more > 0 else "")
