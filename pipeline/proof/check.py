"""Check: one thing that is to be the same in a source and its output."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that is to be the same in both.

    name : what it is. holds : whether it is; None where it could not be checked, and `note` says why. source,
    output : what was found. note : what else there is to say. vital : an output in which it does not hold is not
    published.
    """

    name: str
    holds: bool | None
    source: str
    output: str
    note: str = ""
    vital: bool = False
