"""The ffmpeg program: where it is, commands for it built by ffmpeg-python, and a run of it that ends.

Frames go through PyAV, which gives exact times and side data; the program is for what it does better: files made
by filters, streams from cameras and networks, clips and previews.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from pipeline.errors import MediaError

#: Environment variable that names the program to use.
VARIABLE = "SEG_VIDEO_FFMPEG"

#: The oldest version that is taken; the tests run with one of the oldest at hand and with the newest.
OLDEST = (4, 4)

#: Lines of the program's own words that an error quotes.
_QUOTED_LINES = 8
_VERSION_SECONDS = 20.0


def find_ffmpeg() -> Path:
    """The program SEG_VIDEO_FFMPEG names, else the one on PATH if it is new enough, else imageio-ffmpeg's.

    Raises MediaError if the variable names no program or one that is too old, or if there is none at all.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return _named_program(named)
    found = shutil.which("ffmpeg")
    if found and _is_new_enough(found):
        return Path(found)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MediaError(
            "There is no ffmpeg on this machine.",
            found=f"{found}, which is too old" if found else str(error).strip(),
            do=f"install version {_in_words(OLDEST)} or newer, or set {VARIABLE} to its path",
        ) from error


def from_file(path: Path, **options: Any) -> Any:
    """An input of a command: `path` and nothing it points to, whatever its name or content.

    options : of the input, by ffmpeg's own names without the dash.
    """
    return ffmpeg.input(f"file:{path}", protocol_whitelist="file,pipe", **options)


def to_file(path: Path, *streams: Any, **options: Any) -> Any:
    """A command that writes `streams` of its inputs to `path`, which is replaced.

    options : of the output, by ffmpeg's own names without the dash; None for one without a value.
    """
    return ffmpeg.output(*streams, f"file:{path}", **options).overwrite_output()


def command_line(made: Any) -> list[str]:
    """The words that start the program for a command of ffmpeg-python: no questions, errors alone on stderr."""
    words = made.global_args("-nostdin", "-hide_banner", "-loglevel", "error").compile(str(find_ffmpeg()))
    return [str(word) for word in words]


def run_ffmpeg(made: Any, *, timeout_seconds: float) -> bytes:
    """Run a command of ffmpeg-python and return what it writes to its standard output.

    No shell and no standard input. Raises MediaError, with the command, the exit code and the program's last
    words, if it fails or takes longer than `timeout_seconds`; it is gone then.
    """
    command = command_line(made)
    try:
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failure(command, f"no end after {timeout_seconds:g} s", error.stderr) from error
    except OSError as error:
        raise _failure(command, error.strerror or str(error), None) from error
    if done.returncode != 0:
        raise _failure(command, f"exit code {done.returncode}", done.stderr)
    return done.stdout


def _named_program(named: str) -> Path:
    found = shutil.which(named)
    if found is None:
        raise MediaError(
            f"{VARIABLE} names no program.", found=named, do="unset it, or set it to the path of ffmpeg"
        )
    if not _is_new_enough(found):
        raise MediaError(
            f"{VARIABLE} names an ffmpeg that is too old, or none.",
            found=found,
            do=f"name version {_in_words(OLDEST)} or newer",
        )
    return Path(found)


@cache
def _is_new_enough(program: str) -> bool:
    """True if the program says that it is ffmpeg and not older than OLDEST; daily builds have no number."""
    try:
        done = subprocess.run(  # noqa: S603
            [program, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(rb"ffmpeg version (?:n?(\d+)\.(\d+)|N-|git-|20\d\d-)", done.stdout)
    if found is None:
        return False
    return found[1] is None or (int(found[1]), int(found[2])) >= OLDEST


def _in_words(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _failure(command: Sequence[str], ending: str, words: bytes | None) -> MediaError:
    lines = (words or b"").decode("utf-8", "replace").splitlines()[-_QUOTED_LINES:]
    return MediaError(
        "ffmpeg failed.",
        found="\n         ".join([ending, *lines]),
        do=f"try another ffmpeg by way of {VARIABLE}, or the command by itself: {shlex.join(command)}",
    )
