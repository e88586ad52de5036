"""The command line: argv in, exit code out; the only room that prints."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline import __version__
from pipeline.cli.command import Command
from pipeline.cli.live import LIVE_COMMANDS
from pipeline.cli.measuring import MEASURING_COMMANDS
from pipeline.cli.models import MODEL_COMMANDS
from pipeline.cli.proof import PROOF_COMMANDS
from pipeline.cli.training import TRAINING_COMMANDS
from pipeline.cli.videos import VIDEO_COMMANDS
from pipeline.errors import SegVideoError

INTERRUPTED = 130

#: The command that `seg-video in.mp4 out.mp4` is short for.
_DEFAULT = "run"

_EPILOG = """\
seg-video IN.mp4 OUT.mp4 is short for seg-video run IN.mp4 OUT.mp4; its options: seg-video run --help

exit codes: 0 done, 1 failed (verify: differs), 2 usage, 3 input cannot be read, 4 some chunks or inputs failed
or are damaged, and the rest is there, 5 a run of something else is in the way, 130 interrupted
"""

#: Every subcommand; a new one is one row of its module.
COMMANDS: tuple[Command, ...] = (
    *VIDEO_COMMANDS,
    *LIVE_COMMANDS,
    *PROOF_COMMANDS,
    *MODEL_COMMANDS,
    *TRAINING_COMMANDS,
    *MEASURING_COMMANDS,
)


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
