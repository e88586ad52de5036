"""The ffmpeg program: where it is, and a run of it that ends, one way or the other."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg

from pipeline.errors import MediaError

#: Environment variable that names the program to use.
VARIABLE = "SEG_VIDEO_FFMPEG"

#: Lines of the program's own words that an error quotes.
_QUOTED_LINES = 8


def find_ffmpeg() -> Path:
    """The program SEG_VIDEO_FFMPEG names, else the one on PATH, else the one imageio-ffmpeg carries."""
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise MediaError(
                f"{VARIABLE} names no program.", found=named, do="unset it, or set it to the path of ffmpeg"
            )
        return Path(found)
    found = shutil.which("ffmpeg")
    if found:
        return Path(found)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MediaError(
            "There is no ffmpeg on this machine.",
            found=str(error).strip(),
            do=f"install it, or set {VARIABLE} to its path",
        ) from error


def input_arguments(path: Path) -> list[str]:
    """Arguments that open `path` and nothing it points to, whatever its name or content."""
    return ["-protocol_whitelist", "file,pipe", "-i", f"file:{path}"]


def run_ffmpeg(arguments: Sequence[str], *, timeout_seconds: float) -> bytes:
    """What `ffmpeg arguments` writes to its standard output.

    No shell and no standard input. Raises MediaError, with the command, the exit code and the program's last
    words, if it fails or takes longer than `timeout_seconds`; it is gone then.
    """
    command = [str(find_ffmpeg()), "-nostdin", "-hide_banner", "-loglevel", "error", *arguments]
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


def _failure(command: Sequence[str], ending: str, words: bytes | None) -> MediaError:
    lines = (words or b"").decode("utf-8", "replace").splitlines()[-_QUOTED_LINES:]
    return MediaError(
        f"ffmpeg failed: {shlex.join(command)}",
        found="\n         ".join([ending, *lines]),
        do=f"try the command by itself, or another ffmpeg by way of {VARIABLE}",
    )
