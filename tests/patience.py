"""Waiting for what a busy machine may take long to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

_T = TypeVar("_T")


def until(condition: Callable[[], _T], seconds: float = 240.0) -> _T:
    """The first true value of `condition`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail("it did not come about in time")


def patiently(start: Callable[[], _T]) -> _T:
    """What `start` returns, tried three times where a node timed out.

    Ray gives up to start a node after 30 s, a number that nothing changes (2.60).
    """
    for is_last in (False, False, True):
        try:
            return start()
        except Exception as error:
            if is_last or "timed out during startup" not in str(error):
                raise
    raise AssertionError("the last try returns or raises")
