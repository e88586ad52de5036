"""A status line that is redrawn at the bottom of a terminal, with permanent lines above it."""

from __future__ import annotations

import contextlib
import shutil
from typing import TextIO

from pipeline.terminal import one_line, write_safely

_BAR_COLUMNS = 10


class StatusLine:
    """A stream that ends in a changing line; errors of writing to it are ignored."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = 0

    def show(self, text: str) -> None:
        """Redraw the line, cut to the width of the terminal."""
        columns = max(shutil.get_terminal_size().columns - 1, 10)
        text = one_line(text)[:columns]
        self._write(f"\r{text}{' ' * (self._shown - len(text))}")
        self._shown = len(text)

    def say(self, text: str) -> None:
        """Write a permanent line."""
        self.clear()
        with contextlib.suppress(OSError, ValueError):
            write_safely(self._stream, text + "\n")

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            # Two more columns than were shown: the terminal may have echoed ^C behind them.
            self._write(f"\r{' ' * (self._shown + 2)}\r")
            self._shown = 0

    def _write(self, text: str) -> None:
        # The reader has left, or the disk is full; the work itself is not affected.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def bar(share: float, encoding: str | None) -> str:
    """A bar of fixed width, filled up to the share."""
    full, empty = ("█", "░") if (encoding or "").lower().replace("-", "") == "utf8" else ("#", ".")
    filled = round(min(max(share, 0.0), 1.0) * _BAR_COLUMNS)
    return full * filled + empty * (_BAR_COLUMNS - filled)


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
