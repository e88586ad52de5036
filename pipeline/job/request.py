"""JobRequest: what a command line or a job file asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, UsageError
from pipeline.job.options import OPTIONS, region_pictures
from pipeline.job.settings import Settings
from pipeline.loading.given import Given
from pipeline.loading.load import hints_of, refusals, unknown_key
from pipeline.loading.typed_value import typed_value, wrong_value
from pipeline.structures.address import FrameFolder, at_disk
from pipeline.structures.pixel_classes import PixelClasses


@dataclass(frozen=True)
class StoredWeights:
    """Weights that need not be on this machine, because their detections are stored.

    model : their name or path. sha256 : of their content. class_names : of what they find.
    runtime : what ran them. classes : of the stored class maps; None if there are none.
    """

    model: str
    sha256: str
    class_names: Mapping[int, str]
    runtime: str
    classes: PixelClasses | None = None


@dataclass(frozen=True)
class JobRequest:
    """The videos of a job, their outputs, and the settings.

    inputs : files, folders or patterns. output : a file, a folder or a template; None for the default name.
    stored : the weights, if the run's detections exist already.
    found_by : the folder of the finished run whose detections are used; None if they are in this run's own folder, or
        are still to be found.
    regions : the pictures that ignored regions were read from.
    """

    inputs: tuple[str, ...]
    output: str | None = None
    settings: Settings = field(default_factory=Settings)
    stored: StoredWeights | None = None
    found_by: Path | None = None
    regions: tuple[Path, ...] = ()


def make_request(inputs: tuple[str, ...], output: str | None, given: Given) -> JobRequest:
    """The request for these inputs. given : options by the names of their long flags.

    Raises ConfigError, which names every wrong option and where it was given.
    """
    rooms = by_room(given)
    settings = Settings().with_changes(rooms)
    inputs, output = tuple(map(at_disk, inputs)), None if output is None else at_disk(output)
    rate = settings.decode.frames_as_video
    if rate is not None:
        inputs = tuple(str(FrameFolder.of(name, rate)) for name in inputs)
    regions = region_pictures(given.values.get("ignore-region"))
    return JobRequest(inputs, output, settings, regions=regions)


def by_room(given: Given) -> dict[str, dict[str, Any]]:
    """The options by room and field. Raises ConfigError for unknown options, and values that they cannot have."""
    rooms: dict[str, dict[str, Any]] = {}
    given.check(_faults(given, rooms))
    given.check(fault for room, values in rooms.items() for fault in _refusals(room, values))
    return rooms


def _faults(given: Given, rooms: dict[str, dict[str, Any]]) -> Iterator[tuple[str, UsageError]]:
    """The unknown options and wrong types; adds all other values to `rooms`."""
    for name, value in given.values.items():
        option = OPTIONS.get(name)
        if option is None:
            yield name, unknown_key(name, [*OPTIONS, "inputs", "output"])
            continue
        hint = hints_of(hints_of(Settings)[option.room])[option.field]
        try:
            rooms.setdefault(option.room, {})[option.field] = typed_value(hint, option.form(value))
        except ValueError as expected:
            kinds = option.expects or str(expected)
            # Who types a flag leaves it out where a file says null.
            yield (
                name,
                wrong_value(name, value, kinds.removesuffix(" or null") if name in given.flags else kinds),
            )
        except ConfigError as error:
            yield name, error


def _refusals(room: str, values: Mapping[str, Any]) -> Iterator[tuple[str | None, UsageError]]:
    names = {option.field: option.name for option in OPTIONS.values() if option.room == room}
    for field_name, error in refusals(hints_of(Settings)[room], values):
        yield names[field_name] if field_name else None, error
