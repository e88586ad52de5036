"""JobRequest: what a command line or a job file asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pipeline.errors import UsageError
from pipeline.job.options import OPTIONS
from pipeline.job.settings import Settings


@dataclass(frozen=True)
class StoredWeights:
    """Weights that need not be here, since stored detections stand for them.

    model : their name or path. sha256 : of their content. class_names : what they find.
    runtime : that ran them.
    """

    model: str
    sha256: str
    class_names: Mapping[int, str]
    runtime: str


@dataclass(frozen=True)
class JobRequest:
    """Videos, where they go, and how they are made.

    inputs : files, folders or patterns. output : a file, a folder or a template; None for the default name.
    stored : the weights, where the run's detections are there already.
    """

    inputs: tuple[str, ...]
    output: str | None = None
    settings: Settings = field(default_factory=Settings)
    stored: StoredWeights | None = None


def make_request(inputs: tuple[str, ...], output: str | None, values: Mapping[str, Any]) -> JobRequest:
    """The request of these inputs, with options by their long flag's name, as `read_option` gave them.

    Raises UsageError for a name that is no option's, with the nearest one.
    """
    return JobRequest(inputs, output, Settings().with_changes(by_room(values)))


def by_room(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings by room and field, of options by name. Raises UsageError for a name that no option has."""
    rooms: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        option = OPTIONS.get(name)
        if option is None:
            raise unknown_key(name)
        rooms.setdefault(option.room, {})[option.field] = value
    return rooms


def unknown_key(key: str) -> UsageError:
    """The error for a name that no option has."""
    near = get_close_matches(key, [*OPTIONS, "inputs", "output"], n=1, cutoff=0.5)
    return UsageError(
        f"There is no setting called {key!r}.",
        do=f"did you mean {near[0]!r}?" if near else f"the settings are {', '.join(OPTIONS)}",
    )
