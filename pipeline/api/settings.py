"""A request made of keyword arguments, which mean what the flags of the command line mean."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import UsageError
from pipeline.job.options import OPTIONS
from pipeline.job.request import JobRequest, make_request
from pipeline.loading.given import Given


def request_of_keywords(
    source: str | Path, output: str | Path | None, settings: Mapping[str, Any], rooms: Sequence[str] = ()
) -> JobRequest:
    """The job of one video. settings : by the names of the long flags, with _ for -.

    rooms : those whose options apply here; none: all. Raises UsageError for any other name, for a value that an option
    cannot have, and for a source or an output that is no path.
    """
    values = {
        name.replace("_", "-"): plain_value(value) for name, value in settings.items() if value is not None
    }
    for name in values.keys() & {"inputs", "output"}:  # keys of a job file, which has no other place for them
        raise UsageError(
            f"There is no setting called {name!r}.", do="name the source and the output before the settings"
        )
    for name in values:
        if rooms and name in OPTIONS and OPTIONS[name].room not in rooms:
            allowed = sorted(each.name for each in OPTIONS.values() if each.room in rooms)
            raise UsageError(f"{name} does not apply here.", do=f"the settings are {', '.join(allowed)}")
    inputs = (path_text(source, "source"),)
    return make_request(inputs, None if output is None else _literal(output), Given(values))


def path_text(path: Any, name: str) -> str:
    """The path as text. name : what it is called where it was given. Raises UsageError for what is no path.

    Whatever is no path has a text as well, and a file of that name could be read or made.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        text = ""
    if not text or "\0" in text:
        raise UsageError(f"{name} is no path.", found=repr(path), do="give a text or a pathlib.Path")
    return text


def flag(value: Any, name: str) -> bool:
    """The value of a switch. Raises UsageError for anything else: the text "no" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise UsageError(f"{name} is no switch.", found=repr(value), do="give True or False")
    return bool(value)


def plain_value(value: Any) -> Any:
    """The value as it would stand in a job file: numbers and arrays of NumPy, sets and paths have no place there."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(map(plain_value, value), key=str)
    if isinstance(value, tuple | list):
        return [plain_value(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _literal(path: str | Path) -> str:
    """The path as a template that stands for itself."""
    return path_text(path, "output").replace("{", "{{").replace("}", "}}")
