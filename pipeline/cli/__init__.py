"""The command line: argv in, exit code out; the only room that prints."""

from __future__ import annotations

import argparse
import errno
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from pipeline.cli.command import Command
from pipeline.cli.exporting import EXPORT_COMMANDS
from pipeline.cli.listing import LISTING_COMMANDS
from pipeline.cli.live import LIVE_COMMANDS
from pipeline.cli.measuring import MEASURING_COMMANDS
from pipeline.cli.models import MODEL_COMMANDS
from pipeline.cli.parser import Parsers
from pipeline.cli.proof import PROOF_COMMANDS
from pipeline.cli.required import require_addresses
from pipeline.cli.say import complain, end_output, say, unprinted
from pipeline.cli.training import TRAINING_COMMANDS
from pipeline.cli.videos import VIDEO_COMMANDS
from pipeline.errors import SegVideoError, UsageError
from pipeline.terminal import one_line

FAILED = 1
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of the command that `argv` (default: the process's arguments) asks for."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in _options(words)
    if debug:
        words.remove("--debug")
    try:
        return _answer(words)
    except Exception as error:
        if debug:
            complain(traceback.format_exc())
        return _tell(error)
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    finally:
        end_output()


def _options(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


def _answer(words: list[str]) -> int:
    parsers = Parsers(COMMANDS)
    if not words:
        say(parsers.whole.format_help().rstrip())
        return 0
    arguments = parsers.parse(words)
    command: Command = arguments.command
    if not command.only_prints:
        require_addresses()
    code = command.run(arguments)
    reason = unprinted()
    if reason is None:
        return code
    complain(f"the output could not be printed: {reason.strerror or reason}")
    return code or (FAILED if command.only_prints else 0)


def _tell(error: Exception) -> int:
    """Report an error on stderr; the exit code that goes with it."""
    if isinstance(error, SegVideoError):
        complain(str(error))
        return error.exit_code
    limit = _limit(error)
    if limit:
        complain(f"The system gives this program no more {limit}")
        return FAILED
    if isinstance(error, OSError) and error.errno in _GONE:
        where = f" at {one_line(str(error.filename))}" if error.filename else ""
        complain(f"A disk or share{where} does not respond: {error.strerror}; finished work is kept")
        return FAILED
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        complain("The current folder no longer exists; change to another one")
        return UsageError.exit_code
    complain(f"unexpected {type(error).__name__}: {one_line(str(error)) or 'it says nothing more'}")
    complain("finished work is kept; the same command with --debug shows where the error comes from")
    return FAILED


#: Errors of a disk that is broken or was removed, and of a network share that is gone.
_GONE = (errno.EIO, errno.ENODEV, errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.EREMOTEIO)


def _is_nowhere() -> bool:
    """True if the current folder no longer exists."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


#: What the system has run out of, and what helps, by error number.
_LIMITS = {
    errno.EMFILE: "open files: raise `ulimit -n`, or use fewer --workers",
    errno.ENFILE: "open files: end other programs, or use fewer --workers",
    errno.EAGAIN: "processes and threads: raise `ulimit -u`, or use fewer --workers",
    errno.ENOMEM: "memory: end other programs, or use fewer --workers",
}


def _limit(error: Exception) -> str | None:
    """The limit that was reached, with what helps; None if that is not why it failed."""
    if isinstance(error, MemoryError):
        return _LIMITS[errno.ENOMEM]
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return _LIMITS[errno.EAGAIN]
    return _LIMITS.get(error.errno or 0) if isinstance(error, OSError) else None


def _add_help_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="COMMAND", help="one of the commands")


def _show_help(arguments: argparse.Namespace) -> int:
    parsers = Parsers(COMMANDS)
    if arguments.name is not None and arguments.name not in parsers.of:
        near = get_close_matches(arguments.name, parsers.of, n=1)
        raise UsageError(
            f"There is no command called {arguments.name}.",
            do=f"did you mean {near[0]}?" if near else "see seg-video --help",
        )
    shown = parsers.whole if arguments.name is None else parsers.of[arguments.name]
    say(shown.format_help().rstrip())
    return 0


def _add_completion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh"), metavar="SHELL", help="bash or zsh")


def _show_completion(arguments: argparse.Namespace) -> int:
    import shtab

    say(shtab.complete(Parsers(COMMANDS).whole, shell=arguments.shell))
    return 0


#: Every subcommand.
COMMANDS: tuple[Command, ...] = (
    *VIDEO_COMMANDS,
    *LIVE_COMMANDS,
    *LISTING_COMMANDS,
    *EXPORT_COMMANDS,
    *PROOF_COMMANDS,
    *MODEL_COMMANDS,
    *TRAINING_COMMANDS,
    *MEASURING_COMMANDS,
    Command(
        "completion",
        "print a script that lets a shell complete commands and options",
        _add_completion_arguments,
        _show_completion,
        examples=(
            'eval "$(seg-video completion bash)"   # in ~/.bashrc',
            "seg-video completion zsh > ~/.zfunc/_seg-video",
        ),
        only_prints=True,
    ),
    Command(
        "help",
        "show help for seg-video or one of its commands",
        _add_help_arguments,
        _show_help,
        examples=("seg-video help run",),
        only_prints=True,
    ),
)
