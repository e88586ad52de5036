"""Convert a value from outside to the type of a setting's annotation."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from pipeline.errors import ConfigError

#: The libraries take counts, bits and pixels as 32-bit integers.
_LARGEST = 2**31 - 1

#: Most characters of a wrong value that an error shows.
_SHOWN = 200

#: Each type in words, in the singular and the plural.
_KINDS = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("text", "texts"),
    bool: ("true or false", "switches"),
    Path: ("a path", "paths"),
    type(None): ("null", "nulls"),
}


def typed_value(hint: Any, value: Any, folder: Path | None = None, *, strict: bool = False) -> Any:
    """The value in the type of the annotation: numbers also from text, tuples from lists, paths relative to the folder.

    strict : refuse text for numbers and switches. Raises ValueError with what is expected, in words.
    """
    hook = partial(_path, folder or Path())
    try:
        found = msgspec.convert(value, hint, strict=strict, dec_hook=hook)
    except (msgspec.ValidationError, RecursionError) as wrong:
        raise ValueError(_words(hint)) from wrong
    _check_inside(found)
    return found


def at_home(name: str) -> Path:
    """The path with a leading ~ expanded; unchanged if there is no such user."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def is_path(weights: str, folder: Path) -> bool:
    """True if `weights`, given in a file in this folder, is a path and not a name of the catalog."""
    return "/" in weights or weights.endswith(".safetensors") or (folder / weights).exists()


def wrong_value(key: str, value: Any, expected: str) -> ConfigError:
    """The error for an invalid value. expected : what to give, in words."""
    return ConfigError(f"{key} has an invalid value.", found=_shown(value), do=f"give {expected}")


def _path(folder: Path, kind: type, value: Any) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise ValueError(kind)
    return folder / at_home(value)


def _check_inside(value: Any) -> None:
    """Raise ValueError for values that no setting can have, at any depth."""
    if isinstance(value, tuple):
        for item in value:
            _check_inside(item)
    elif isinstance(value, Mapping):
        _check_inside((*value, *value.values()))
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a finite number")
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError(f"a whole number up to {_LARGEST}")
    elif isinstance(value, str) and "\0" in value:
        raise ValueError("text without NUL characters")


def _words(hint: Any, *, several: bool = False) -> str:
    """The annotation in words."""
    kind, inner = get_origin(hint), get_args(hint)
    if kind in (types.UnionType, Union):
        return " or ".join(_words(one, several=several) for one in inner)
    if kind is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if kind is tuple:
        count = "" if ... in inner else f"{len(inner)} "
        return f"{'lists' if several else 'a list'} of {count}{_words(inner[0], several=True)}"
    if kind is Mapping:
        return f"a mapping of {_words(inner[0], several=True)} to {_words(inner[1], several=True)}"
    return _KINDS.get(hint, ("keys and values", "mappings"))[several]


def _shown(value: Any) -> str:
    """The value as an error shows it, shortened if it is long."""
    is_huge = isinstance(value, int) and abs(value) > 10**30  # Python may refuse to print so many digits
    text = f"a whole number of {value.bit_length()} bits" if is_huge else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
