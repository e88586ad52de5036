"""The options of a job on a command line: declared, and read back."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.job.options import OPTIONS, Option

#: Heads of the options in a command's help, by the room whose settings they become.
_HEADS = {
    "segment": "the network",
    "track": "what is shown",
    "render": "what is shown",
    "decode": "how the source is read",
    "encode": "how the output is encoded",
    "pictures": "how the output is encoded",
    "run": "how the work is done",
}

#: Options of these rooms that have a meaning for films only.
_OF_FILMS = ("every", "batch", "own-car")


def add_job_options(
    parser: argparse.ArgumentParser, options: Iterable[Option], help_of: Callable[[Option], str]
) -> None:
    """Declare the options with their help; the namespace holds only those that are given."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for option in options:
        head = _HEADS[option.room]
        group = groups.get(head) or groups.setdefault(head, parser.add_argument_group(head))
        flags = ([f"-{option.short}"] if option.short else []) + [f"--{option.name}"]
        settings: dict[str, Any] = {
            "dest": option.name,
            "help": help_of(option),
            "default": argparse.SUPPRESS,
        }
        if option.metavar is None:
            group.add_argument(*flags, action="store_true", **settings)
        else:
            action = "append" if option.repeats else "store"
            group.add_argument(*flags, metavar=option.metavar, action=action, **settings)


def given_options(arguments: argparse.Namespace, options: Iterable[Option]) -> dict[str, Any]:
    """The values of the options that were given, by name."""
    words = vars(arguments)
    return {option.name: words[option.name] for option in options if option.name in words}


def inputs_and_output(paths: list[str], output: str | None) -> tuple[tuple[str, ...], str | None]:
    """The inputs and the output of a command line: of several paths the last one is the output.

    Raises UsageError if that one is a file, and for an empty path, which is what an unset shell variable gives.
    """
    if "" in (*paths, output):
        raise UsageError("A path is empty.", do="check that every shell variable in the command is set")
    if output is not None or len(paths) == 1:
        return tuple(paths), output
    *inputs, last = paths
    if len(inputs) > 1 and Path(last).is_file():
        raise UsageError(
            f"{last} is the last path, so it names the output, but it is an existing file.",
            do="name a folder for the outputs last, or use --output",
        )
    return tuple(inputs), last


def options_of_pictures() -> list[Option]:
    """The options that mean the same for pictures, in files or live, as for videos."""
    return [option for option in options_of("segment", "track", "render") if option.name not in _OF_FILMS]


def options_of(*rooms: str) -> list[Option]:
    """The options that become settings of these rooms."""
    return [option for option in OPTIONS.values() if option.room in rooms]
