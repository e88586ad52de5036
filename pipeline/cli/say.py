"""Printing that cannot fail the work: text that cannot be printed is dropped, and the first error kept."""

from __future__ import annotations

import contextlib
import sys
from typing import TextIO

from pipeline.terminal import abandon, write_safely

_lost: list[OSError] = []


def say(text: str = "", end: str = "\n") -> None:
    """Print a line on stdout; on a closed pipe or a full disk it is dropped, see `unprinted`."""
    _print(sys.stdout, text + end)


def complain(text: str) -> None:
    """Print a line on stderr, with "seg-video: " before it."""
    _print(sys.stderr, f"seg-video: {text}\n")


def unprinted() -> OSError | None:
    """The first error of printing on stdout since the last call; None if there was none, or the reader has left."""
    errors = [error for error in _lost if not isinstance(error, BrokenPipeError)]
    _lost.clear()
    return errors[0] if errors else None


def end_output() -> None:
    """Flush stdout and stderr, since Python would report at exit what cannot be flushed."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None or stream.closed:
            continue
        try:
            stream.flush()
        except OSError as error:
            _give_up(stream, error)


def _print(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by whoever started this process
        return
    try:
        write_safely(stream, text)
    except OSError as error:
        _give_up(stream, error)


def _give_up(stream: TextIO, error: OSError) -> None:
    if stream is sys.stdout:
        _lost.append(error)
    with contextlib.suppress(OSError):  # a stream that is no file
        abandon(stream)
