"""The command line: argv in, exit code out; the only module that prints."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.errors import SegVideoError, UsageError
from pipeline.run.options import OPTIONS, read_option
from pipeline.weights.cache import WeightsCache
from pipeline.weights.catalog import CatalogEntry, catalog
from pipeline.weights.label_maps import label_map

if TYPE_CHECKING:
    from pipeline.run.job import VideoResult
    from pipeline.run.spec import JobSpec

INTERRUPTED = 130

#: The command that `seg-video in.mp4 out.mp4` is short for.
_DEFAULT = "run"

_EPILOG = """\
seg-video IN.mp4 OUT.mp4 is short for seg-video run IN.mp4 OUT.mp4; its options: seg-video run --help

exit codes: 0 done, 1 failed, 2 usage, 3 input cannot be read, 4 some chunks or inputs failed and the rest is
kept, 5 a run of something else is in the way, 130 interrupted
"""


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
    parser = _parser()
    arguments = parser.parse_args(_with_command(list(sys.argv[1:] if argv is None else argv), parser))
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
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"seg-video {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = commands.add_parser(command.name, help=command.summary, description=command.summary)
        command.add_arguments(subparser)
        subparser.set_defaults(command=command)
    return parser


def _with_command(words: list[str], parser: argparse.ArgumentParser) -> list[str]:
    """The words with the default command before them, where they name none."""
    names = [command.name for command in COMMANDS]
    if not words or words[0] in (*names, "-h", "--help", "--version"):
        return words
    first = words[0]
    if not first.startswith("-") and not Path(first).suffix and not Path(first).exists():
        near = difflib.get_close_matches(first, names, n=1)
        parser.error(
            f"there is no command and no file called {first!r}"
            + (f"; did you mean {near[0]!r}?" if near else "")
        )
    return [_DEFAULT, *words] if _DEFAULT in names else words


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="videos, folders or patterns, and last the output: a file, a folder or a template such as "
        "out/{stem}_seg.mp4; without it <stem>_seg.mp4 in the current folder",
    )
    parser.add_argument("-o", "--output", help="the output; then all paths are inputs")
    _add_job_options(parser, OPTIONS.values())
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and start nothing")
    _add_console_options(parser)


def _add_console_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="say nothing but what goes wrong")
    parser.add_argument(
        "--progress", choices=("bar", "json"), default="bar", help="on stderr: a bar, or JSON a line"
    )
    parser.add_argument("--json", action="store_true", help="the results as one JSON object on stdout")


def _add_job_options(parser: argparse.ArgumentParser, options: Any) -> None:
    for option in options:
        flags = [f"--{option.name}"] + ([f"-{option.short}"] if option.short else [])
        settings: dict[str, Any] = {"dest": option.name, "help": option.help, "default": argparse.SUPPRESS}
        if option.metavar is None:
            parser.add_argument(*flags, action="store_true", **settings)
        else:
            action = "append" if option.repeats else "store"
            parser.add_argument(*flags, metavar=option.metavar, action=action, **settings)


def _given(arguments: argparse.Namespace, options: Any) -> dict[str, Any]:
    """The options that were given, read."""
    words = vars(arguments)
    return {
        option.name: read_option(option, words[option.name]) for option in options if option.name in words
    }


def _run(arguments: argparse.Namespace) -> int:
    from pipeline.run.spec import make_spec

    inputs, output = _inputs_and_output(arguments.paths, arguments.output)
    spec = make_spec(inputs, output, _given(arguments, OPTIONS.values()))
    if arguments.dry_run:
        return _show_estimate(spec, arguments.json)
    return _work([spec], arguments)


def _inputs_and_output(paths: list[str], output: str | None) -> tuple[tuple[str, ...], str | None]:
    """The last of several paths is the output."""
    if output is not None or len(paths) == 1:
        return tuple(paths), output
    *inputs, last = paths
    if len(inputs) > 1 and Path(last).is_file():
        raise UsageError(
            f"{last} is the last path, so it would be the output, and it is a file.",
            do="name a folder for the outputs last, or give it with --output",
        )
    return tuple(inputs), last


def _work(specs: Sequence[JobSpec], arguments: argparse.Namespace) -> int:
    """Do the jobs, one after the other; the exit code of the first that fails, 4 where only some did."""
    from pipeline.run.job import exit_code, run_job
    from pipeline.run.reporter import ConsoleReporter, JsonReporter, SilentReporter
    from pipeline.run.stopping import StopSignal

    reporter: ConsoleReporter | JsonReporter | SilentReporter
    if arguments.progress == "json":
        reporter = JsonReporter(sys.stderr)
    else:
        reporter = SilentReporter(sys.stderr) if arguments.quiet else ConsoleReporter(sys.stderr)
    results: list[VideoResult] = []
    try:
        with StopSignal().listening() as stop:
            for spec in specs:
                results += run_job(spec, reporter, stop)
    finally:
        reporter.close()
    if arguments.json:
        print(json.dumps({"videos": [_video_record(result) for result in results]}, indent=1))
    return exit_code(results)


def _video_record(result: VideoResult) -> dict[str, object]:
    return {
        "source": str(result.source),
        "output": str(result.output),
        "state": result.state,
        "error": None if result.error is None else str(result.error),
        **result.facts,
    }


def _show_estimate(spec: JobSpec, as_json: bool) -> int:
    from pipeline.run.estimate import estimate

    found = [dataclasses.asdict(entry) for entry in estimate(spec)]
    if as_json:
        print(json.dumps({"videos": found}, indent=1))
        return 0
    for entry in found:
        print(
            f"{entry['source']} -> {entry['output']}: {entry['frames']} frames in {entry['chunks']} chunks, "
            f"about {entry['minutes']:.1f} min and {entry['disk_mb']:.0f} MB of disk"
        )
    return 0


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
COMMANDS = (
    Command("run", "the same videos, plus masks", _add_run_arguments, _run),
    Command("models", "list the weights that can be used", _add_models_arguments, _show_models),
)


if __name__ == "__main__":
    sys.exit(main())
