"""A request made of keyword arguments, which mean what the flags of the command line mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.job.options import OPTIONS
from pipeline.job.request import JobRequest, make_request
from pipeline.loading.given import Given


def request_of_keywords(
    source: str | Path, output: str | Path | None, settings: Mapping[str, Any], rooms: Sequence[str] = ()
) -> JobRequest:
    """The job of one video. settings : by the names of the long flags, with _ for -.

    rooms : those whose options apply here; none: all. Raises UsageError for any other name, and for a value that an
    option cannot have.
    """
    values = {name.replace("_", "-"): _lists(value) for name, value in settings.items() if value is not None}
    for name in values:
        if rooms and name in OPTIONS and OPTIONS[name].room not in rooms:
            allowed = sorted(each.name for each in OPTIONS.values() if each.room in rooms)
            raise UsageError(f"{name} does not apply here.", do=f"the settings are {', '.join(allowed)}")
    return make_request((str(source),), None if output is None else _literal(output), Given(values))


def _lists(value: Any) -> Any:
    """The value as it would stand in a job file."""
    if isinstance(value, tuple | list):
        return [_lists(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _literal(path: str | Path) -> str:
    """The path as a template that stands for itself."""
    return str(path).replace("{", "{{").replace("}", "}}")
