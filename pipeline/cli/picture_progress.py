"""The progress of a batch of pictures on stderr: a bar, JSON lines, or only failures."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pipeline.run.report.status_line import StatusLine, bar
from pipeline.terminal import one_line

if TYPE_CHECKING:
    from pipeline.pictures.batch import PictureListener
    from pipeline.pictures.job import PictureResult

_WORDS = {"done": "made", "kept": "already done", "skipped": "skipped", "failed": "failed"}


@contextmanager
def picture_progress(progress: str, quiet: bool) -> Iterator[PictureListener]:
    """A listener that reports each picture on stderr, and a summary at the end."""
    stream = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if progress == "json":
        yield _JsonLines(stream)
        return
    told = _Lines(stream, quiet)
    try:
        yield told
    finally:
        told.close()


class _JsonLines:
    """One JSON object per picture, as a run of videos has one per event."""

    def __init__(self, stream: TextIO) -> None:
        self._lines, self._began = StatusLine(stream), time.monotonic()

    def __call__(self, result: PictureResult, done: int, total: int) -> None:
        at = round(time.monotonic() - self._began, 3)
        line = {"event": "picture", "at": at, "done": done, "total": total, **result.record()}
        self._lines.say(json.dumps(line))


class _Lines:
    """A bar on a terminal, a line for each picture that fails, and a summary at the end."""

    def __init__(self, stream: TextIO, quiet: bool) -> None:
        self._lines, self._quiet, self._encoding = StatusLine(stream), quiet, stream.encoding
        self._watched = stream.isatty() and not quiet
        self._states: Counter[str] = Counter()
        self._objects, self._has_objects, self._began = 0, True, time.monotonic()
        self._last: PictureResult | None = None

    def __call__(self, result: PictureResult, done: int, total: int) -> None:
        self._states[result.state] += 1
        if result.objects is None:
            self._has_objects = False
        else:
            self._objects += result.objects
        self._last = result
        if result.error is not None:
            self._lines.say(f"seg-video: {one_line(str(result.error))}")
        if self._watched:
            self._lines.show(f"{bar(done / total, self._encoding)} {done} of {total} pictures")

    def close(self) -> None:
        """Remove the bar and print the summary."""
        self._lines.clear()
        if self._quiet or self._last is None:
            return
        plural = "s" * (self._objects != 1)
        objects = f"{self._objects} object{plural}" if self._has_objects else ""
        seconds = time.monotonic() - self._began
        if self._states.total() == 1:
            if self._last.error is None:
                self._lines.say(
                    f"{one_line(str(self._last.output))}: {_WORDS[self._last.state]}{objects and f', {objects}'}"
                )
            return
        states = ", ".join(f"{count} {_WORDS[state]}" for state, count in self._states.items())
        self._lines.say(
            f"{self._states.total()} pictures: {states}; {objects and f'{objects}; '}{seconds:.1f} s"
        )
