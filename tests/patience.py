"""Ray gives up to start a node after 30 s, a number that nothing changes (2.60) and that a busy machine may need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def patiently(start: Callable[[], _T]) -> _T:
    """What `start` returns, tried three times where a node timed out."""
    for is_last in (False, False, True):
        try:
            return start()
        except Exception as error:
            if is_last or "timed out during startup" not in str(error):
                raise
    raise AssertionError("the last try returns or raises")
