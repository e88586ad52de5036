"""Read a dataclass from JSON that this program wrote, and that anybody may have changed."""

from __future__ import annotations

import json
import math
from typing import TypeVar

import msgspec

Value = TypeVar("Value")


def typed_json(kind: type[Value], text: str) -> Value:
    """The instance of `kind` in the text, with every value checked against its annotation.

    Unknown keys, which a later version wrote, are ignored. Raises ValueError, which names the wrong value like
    `$.chunks[3]`.
    """
    try:
        # Not msgspec's own decoder: it refuses the lone surrogates of file names that are not UTF-8.
        values = json.loads(text, parse_constant=_finite, parse_float=_finite)
        return msgspec.convert(values, kind, str_keys=True)
    except RecursionError as deep:
        raise ValueError("values are nested too deeply") from deep


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is not a finite number")
    return number
