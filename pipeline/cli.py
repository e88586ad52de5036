"""The command line: argv in, exit code out; the only module that prints."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline import __version__
from pipeline.errors import SegVideoError
from pipeline.weights.cache import WeightsCache
from pipeline.weights.catalog import CatalogEntry, catalog
from pipeline.weights.label_maps import label_map

INTERRUPTED = 130


@dataclass(frozen=True)
class Command:
    """One subcommand.

    name : what the user types.
    summary : its line in `seg-video --help`.
    add_arguments : declares its options.
    run : does it and returns the exit code. Imports of heavy rooms belong inside, so that --help stays quick.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of the command that `argv` (default: the process's arguments) asks for."""
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    try:
        return command.run(arguments)
    except SegVideoError as error:
        print(f"seg-video: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("seg-video: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seg-video",
        description="The same dashcam video, plus masks: instance segmentation of road users.",
        epilog="exit codes: 0 done, 1 failed, 2 usage, 3 input cannot be read, 130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"seg-video {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = commands.add_parser(command.name, help=command.summary, description=command.summary)
        command.add_arguments(subparser)
        subparser.set_defaults(command=command)
    return parser


def _add_models_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON array, for programs")


def _show_models(arguments: argparse.Namespace) -> int:
    cache = WeightsCache.at()
    if arguments.json:
        print(json.dumps([_model_record(entry, cache) for entry in catalog()], indent=2))
        return 0
    header = ("NAME", "CLASSES", "MASK AP", "BOX AP", "SIZE", "IN CACHE", "LICENCE OF THE WEIGHTS")
    for line in _aligned([header, *(_model_row(entry, cache) for entry in catalog())]):
        print(line)
    print(f"\ncache: {cache.folder}")
    return 0


def _model_record(entry: CatalogEntry, cache: WeightsCache) -> dict[str, object]:
    return {
        **dataclasses.asdict(entry),
        "classes": len(label_map(entry.label_map)),
        "available": entry.available,
        "in_cache": cache.holds(entry),
    }


def _model_row(entry: CatalogEntry, cache: WeightsCache) -> tuple[str, ...]:
    return (
        entry.name,
        str(len(label_map(entry.label_map))),
        "-" if entry.mask_ap is None else f"{entry.mask_ap:.1f}",
        "-" if entry.box_ap is None else f"{entry.box_ap:.1f}",
        "-" if entry.size_bytes is None else f"{entry.size_bytes / 1e6:.0f} MB",
        _presence(entry, cache),
        entry.licence,
    )


def _presence(entry: CatalogEntry, cache: WeightsCache) -> str:
    if not entry.available:
        return "not yet made"
    if entry.url is None:
        return "embedded"
    return "yes" if cache.holds(entry) else "no"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines in which each column is as wide as its widest cell; `rows` are equally long."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


#: Every subcommand; a new one is one row.
COMMANDS = (Command("models", "list the weights that can be used", _add_models_arguments, _show_models),)


if __name__ == "__main__":
    sys.exit(main())
