"""A program's keyword arguments as a request, read as the command line reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.job.options import OPTIONS, read_option
from pipeline.job.request import JobRequest, make_request, unknown_key


def request_of_keywords(
    source: str | Path, output: str | Path | None, settings: Mapping[str, Any], rooms: Sequence[str] = ()
) -> JobRequest:
    """The job of one video. settings : by the names of the long flags, with _ for -.

    rooms : those whose options mean something here; none: all. Raises UsageError for any other name and for a value
    that an option cannot have.
    """
    values = {}
    for name, value in settings.items():
        option = OPTIONS.get(name.replace("_", "-"))
        if option is None:
            raise unknown_key(name.replace("_", "-"))
        if rooms and option.room not in rooms:
            allowed = sorted(each.name for each in OPTIONS.values() if each.room in rooms)
            raise UsageError(f"{name} means nothing here.", do=f"the settings are {', '.join(allowed)}")
        if value is not None:
            values[option.name] = read_option(option, _lists(value))
    return make_request((str(source),), None if output is None else _literal(output), values)


def _lists(value: Any) -> Any:
    """The value as a job file would have it."""
    if isinstance(value, tuple | list):
        return [_lists(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _literal(path: str | Path) -> str:
    """A name, and no template."""
    return str(path).replace("{", "{{").replace("}", "}}")
