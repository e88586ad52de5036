"""Media made by the ffmpeg program, with commands of ffmpeg-python: for tests and for benchmarks."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import ffmpeg

from pipeline.video.ffmpeg import find_ffmpeg


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


def run_ffmpeg(made: Any, *, timeout_seconds: float) -> bytes:
    """Run a command of ffmpeg-python; what it writes to its standard output.

    Raises RuntimeError with the program's own words if it fails, TimeoutExpired if it takes longer.
    """
    words = made.global_args("-nostdin", "-hide_banner", "-loglevel", "error").compile(str(find_ffmpeg()))
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout_seconds,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"ffmpeg ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout
