"""The last line of a terminal, drawn over and over, and lines that stay above it."""

from __future__ import annotations

import contextlib
import shutil
from typing import TextIO

from pipeline.terminal import one_line, write_safely

_BAR_COLUMNS = 10


class StatusLine:
    """A stream with a line at its end that changes; a stream that cannot be written to any more is left alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = 0

    def show(self, text: str) -> None:
        """Draw the line anew, cut to the terminal's width."""
        columns = max(shutil.get_terminal_size().columns - 1, 10)
        text = one_line(text)[:columns]
        self._write(f"\r{text}{' ' * (self._shown - len(text))}")
        self._shown = len(text)

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        with contextlib.suppress(OSError, ValueError):
            write_safely(self._stream, text + "\n")

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            # Two more than was shown: the terminal itself has put ^C behind it where somebody pressed that.
            self._write(f"\r{' ' * (self._shown + 2)}\r")
            self._shown = 0

    def _write(self, text: str) -> None:
        # Nobody reads any more, or the disk is full: that is no trouble of the work that is told of.
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
