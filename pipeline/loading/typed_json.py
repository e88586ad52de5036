"""A dataclass of JSON text that this program wrote, and that anybody may have changed."""

from __future__ import annotations

import json
import math
from typing import TypeVar

import msgspec

Value = TypeVar("Value")


def typed_json(kind: type[Value], text: str) -> Value:
    """The instance of `kind` that the text holds, every value in it of the type of its annotation.

    Keys that `kind` does not have are left out: a later version wrote them. Raises ValueError that says which value is
    wrong, as `$.chunks[3]`.
    """
    try:
        # Not msgspec's own decoder: it knows no halves of surrogate pairs, which names that are no UTF-8 have.
        values = json.loads(text, parse_constant=_finite, parse_float=_finite)
        return msgspec.convert(values, kind, str_keys=True)
    except RecursionError as deep:
        raise ValueError("values lie too deep in each other") from deep


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is no number that can be counted with")
    return number
