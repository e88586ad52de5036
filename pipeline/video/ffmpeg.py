"""Find the ffmpeg program.

Frames go through PyAV, which gives exact times and side data; the program opens cameras and network streams.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from pipeline.errors import MediaError

#: Environment variable that names the program to use.
VARIABLE = "SEG_VIDEO_FFMPEG"

#: The oldest version that is taken; the tests run with one of the oldest at hand and with the newest.
OLDEST = (4, 4)

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
