"""A value of a YAML file as the type that a setting's annotation asks for."""

from __future__ import annotations

import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin


def typed_value(hint: Any, value: Any, folder: Path) -> Any:
    """`value` as the annotation asks for it: text to paths, lists to tuples, whole numbers to floats.

    Raises ValueError with what is expected.
    """
    options = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
    if value is None and type(None) in options:
        return None
    kind = options[0]
    if kind is Path and isinstance(value, str):
        return folder / Path(value).expanduser()
    if kind is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        return _float(value)
    if get_origin(kind) is Literal and value in get_args(kind):
        return value
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(typed_value(get_args(kind)[0], one, folder) for one in value)
    if get_origin(kind) is Mapping and isinstance(value, dict):
        of_key, of_value = get_args(kind)
        return {typed_value(of_key, k, folder): typed_value(of_value, v, folder) for k, v in value.items()}
    if kind in (int, str, bool) and type(value) is kind:
        return value
    raise ValueError(_name(hint))


def _float(value: int | float | str) -> float:
    # YAML 1.1 takes 1e-3 for a text, as it has no dot.
    try:
        return float(value)
    except ValueError:
        raise ValueError("a number") from None


#: What a person calls the kinds of values.
_KINDS = {
    int: "a whole number", float: "a number", str: "a text", bool: "true or false", Path: "a path",
    type(None): "null",
}  # fmt: skip


def _name(hint: Any) -> str:
    """The annotation in words."""
    if get_origin(hint) is types.UnionType:
        return " or ".join(_name(one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        return f"a list of {'' if ... in inner else f'{len(inner)}: '}{_name(inner[0])} each"
    if get_origin(hint) is Mapping:
        of_key, of_value = get_args(hint)
        return f"a mapping of {_name(of_key)} to {_name(of_value)}"
    return _KINDS[hint]
