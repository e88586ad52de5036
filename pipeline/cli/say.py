"""Printing that does not fail the work: what cannot be printed is dropped and remembered."""

from __future__ import annotations

import contextlib
import sys
from typing import TextIO

from pipeline.terminal import abandon, write_safely

_lost: list[OSError] = []


def say(text: str = "", end: str = "\n") -> None:
    """Print a line on stdout; on a closed pipe or a full disk it is dropped, and `unprinted` tells."""
    _print(sys.stdout, text + end)


def complain(text: str) -> None:
    """Print a line on stderr, after "seg-video: "."""
    _print(sys.stderr, f"seg-video: {text}\n")


def unprinted() -> OSError | None:
    """The first error of printing on stdout, once; None where all was printed, or nobody reads any more."""
    errors = [error for error in _lost if not isinstance(error, BrokenPipeError)]
    _lost.clear()
    return errors[0] if errors else None


def end_output() -> None:
    """Write out what stdout and stderr still hold, as Python's own end would report what fails then."""
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
