"""The argument parsers of all commands, which take options and paths in any order."""

from __future__ import annotations

import argparse
import glob
import os
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import NoReturn

from pipeline import __version__
from pipeline.cli.command import Command
from pipeline.errors import UsageError
from pipeline.structures.address import Address, is_address

#: The command that `seg-video in.mp4 out.mp4` is short for.
DEFAULT_COMMAND = "run"

_EPILOG = """\
seg-video IN.mp4 OUT.mp4 is short for seg-video run IN.mp4 OUT.mp4;
its options: seg-video run --help

examples:
  seg-video in.mp4 out.mp4
  seg-video drives/ out/ --classes person,car
  seg-video photo.jpg
  seg-video verify in.mp4 out.mp4

exit codes:
  0    success
  1    failure (verify: the files differ)
  2    wrong usage
  3    an input cannot be read
  4    some chunks or inputs failed or are damaged; the rest is done
  5    another run is in the way
  130  interrupted
"""


class _Parser(argparse.ArgumentParser):
    """A parser that reports misuse like any other error, without printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", do=f"see {self.prog} --help")

    @property
    def flags(self) -> Collection[str]:
        """Every name of every option."""
        return self._option_string_actions.keys()

    @property
    def flags_with_value(self) -> set[str]:
        """Those that the next word belongs to."""
        return {name for name, action in self._option_string_actions.items() if action.nargs != 0}

    def shorten_usage(self) -> None:
        """Leave optional options out of the usage line: fifty of them would hide the rest."""
        needed = [action for action in self._actions if action.required or not action.option_strings]
        formatter = self._get_formatter()
        formatter.add_usage(None, needed, [], prefix="")
        self.usage = formatter.format_help().strip().replace(self.prog, f"{self.prog} [options]", 1)


class Parsers:
    """The parser of `seg-video` and one of each command."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.whole = _Parser(
            prog="seg-video",
            description="Instance segmentation of road users in dashcam videos: the same video, plus masks.",
            epilog=_EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.whole.add_argument("-V", "--version", action="version", version=f"seg-video {__version__}")
        self.whole.add_argument(
            "--debug",
            action="store_true",
            help="with any command: show the traceback of an error",
        )
        rows = self.whole.add_subparsers(title="commands", metavar="COMMAND")
        self.of: dict[str, _Parser] = {}
        for command in commands:
            self.of[command.name] = rows.add_parser(
                command.name,
                help=command.summary,
                description=f"{command.summary[:1].upper()}{command.summary[1:]}.",
                epilog="\n".join(["examples:", *(f"  {line}" for line in command.examples)]),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            command.add_arguments(self.of[command.name])
            self.of[command.name].shorten_usage()
            self.of[command.name].set_defaults(command=command)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments of these words, with options anywhere. Raises UsageError, and SystemExit after help."""
        place = self._place_of_command(words)
        if place is None:
            if words[0] in ("-h", "--help", "-V", "--version"):
                return self.whole.parse_args(list(words))
            self._refuse_unknown(words)
            return self._parse_for(DEFAULT_COMMAND, words)
        return self._parse_for(words[place], [*words[:place], *words[place + 1 :]])

    def _place_of_command(self, words: Sequence[str]) -> int | None:
        """Index of the command: the first word that is no option and no option's value; None if that is none."""
        with_value = {flag for parser in self.of.values() for flag in parser.flags_with_value}
        place = 0
        while place < len(words):
            word = words[place]
            if word == "--":
                return None
            if not word.startswith("-") or word == "-":
                return place if word in self.of else None
            place += 2 if word in with_value else 1
        return None

    def _parse_for(self, command: str, words: Sequence[str]) -> argparse.Namespace:
        try:
            arguments, unknown = self.of[command].parse_known_intermixed_args(_without_end(words))
        except UsageError:
            # A path or a value may be missing since an option is misspelled.
            if misspelled := self._misspelled(command, words):
                raise self._unknown(command, misspelled) from None
            raise
        if not unknown:
            return arguments
        # The value of an unknown option is taken for a path, and may stand before it in `unknown`.
        raise self._unknown(command, next((word for word in unknown if word.startswith("-")), unknown[0]))

    def _misspelled(self, command: str, words: Sequence[str]) -> str | None:
        """The first word that looks like a long option, before any `--`, and is none."""
        before_end = takewhile(lambda word: word != "--", words)
        flags = (word.partition("=")[0] for word in before_end if word.startswith("--"))
        return next(
            (flag for flag in flags if not any(one.startswith(flag) for one in self.of[command].flags)), None
        )

    def _unknown(self, command: str, word: str) -> UsageError:
        flag = word.partition("=")[0]
        near = get_close_matches(flag, self.of[command].flags, n=1)
        others = [name for name, parser in self.of.items() if flag in parser.flags]
        if others:
            do = f"it belongs to seg-video {others[0]}; see seg-video {command} --help"
        elif near:
            do = f"did you mean {near[0]}?"
        else:
            do = f"see seg-video {command} --help"
        what = f"has no option {flag}" if word.startswith("-") else f"takes no further argument {flag}"
        return UsageError(f"seg-video {command} {what}.", do=do)

    def _refuse_unknown(self, words: Sequence[str]) -> None:
        first = next((word for word in words if not word.startswith("-")), None)
        if not first or first != words[0] or Path(first).suffix or glob.has_magic(first):
            return
        if _is_there(first) or _other_kind(first):
            return
        near = get_close_matches(first, self.of, n=1)
        here = get_close_matches(first, [entry.name for entry in Path().iterdir()], n=1)
        hint = [f"did you mean {name}?" for name in (*near, *here)][:1]
        raise UsageError(
            f"There is no command or file called {first}.", do=" ".join(hint) or "see seg-video --help"
        )


def refuse_other_inputs(paths: Sequence[str]) -> None:
    """Raise UsageError for an input that `run` cannot take, such as a camera, a web address or a job file."""
    from pipeline.pictures.kinds import is_picture

    for path in paths:
        if is_address(path) and (path.endswith("/") or not is_picture(Path(Address(path).name))):
            continue
        if other := _other_kind(path):
            kind, do = other
            raise UsageError(f"{path} is {kind}; seg-video run takes video and picture files.", do=do)


def _other_kind(path: str) -> tuple[str, str] | None:
    """The kind of an input that is no file, with what to do about it; None for one that may be a file."""
    if "://" in path:
        return "an address", "save it to a file first, or watch it with seg-video live"
    if path.startswith(("/dev/stdin", "/dev/fd/")):
        return "a pipe or an open file", "save it to a file first, and name that"
    if path.startswith("/dev/") or (path.isdecimal() and not _is_there(path)):
        return "a camera or another device", "record it to a file first, or watch it with seg-video live"
    if path.endswith((".yaml", ".yml")):
        return "a job file", f"seg-video submit {path}"
    return None


def _without_end(words: Sequence[str]) -> list[str]:
    """The words without a `--`; behind it a word that begins with a hyphen becomes the path of a file here.

    parse_intermixed_args parses twice and forgets the `--` the second time.
    """
    if "--" not in words:
        return list(words)
    end = words.index("--")
    return [*words[:end], *(f"./{word}" if word.startswith("-") else word for word in words[end + 1 :])]


def _is_there(name: str) -> bool:
    """True also for a broken link: whoever opens it says what is wrong."""
    return "\0" not in name and os.path.lexists(name)
