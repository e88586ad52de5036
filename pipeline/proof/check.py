"""Check: one property that must be the same in a source and its output."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One property that must be the same in both.

    name : of the property. holds : whether it is the same; None if it could not be checked, and `note` says why.
    source, output : what was found. note : further explanation. vital : an output that fails it is not published.
    """

    name: str
    holds: bool | None
    source: str
    output: str
    note: str = ""
    vital: bool = False
