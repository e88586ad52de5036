"""Reporters: show events to people as a bar and sentences, or to programs as JSON lines."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TextIO

from pipeline.run.report.events import (
    Begun,
    Counts,
    Ended,
    Event,
    PassStarted,
    Progressed,
    Ready,
    SetAside,
    Skipped,
    StopAsked,
)
from pipeline.run.report.pace import Pace
from pipeline.run.report.sentences import made, sentence, trouble
from pipeline.run.report.speeds import Speed
from pipeline.run.report.status_line import StatusLine, bar, clock
from pipeline.run.stopping import StopSignal

#: Interval at which the bar is drawn and Ctrl-C answered, whether or not anything happens.
_TICK_SECONDS = 0.2

#: Passes over the whole film, in plain words.
_STAGES = {
    "join": "writing the detections",
    "label": "planning colours and labels",
    "mux": "writing the file",
    "publish": "putting it into the storage",
}

#: Interval of progress lines if the stream is no terminal.
_LINE_SECONDS = 30.0


class SilentReporter:
    """Reports only warnings and failures."""

    def __init__(self, stream: TextIO) -> None:
        self._lines = StatusLine(stream)

    def tell(self, event: Event) -> None:
        """Take an event."""
        if text := trouble(event):
            self._lines.say(f"seg-video: {text}")

    def close(self) -> None:
        """Nothing to end."""


class JsonReporter:
    """One JSON object per line, with the event's name and the seconds since the start."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._began = stream, time.monotonic()

    def tell(self, event: Event) -> None:
        """Take an event."""
        line = {"event": event.name, "at": round(time.monotonic() - self._began, 3), **_flat(asdict(event))}
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            self._stream.write(json.dumps(line, default=str) + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing to end."""


class ConsoleReporter:
    """A bar on a terminal, or an occasional line elsewhere, and a sentence for each notable event.

    A thread draws the bar and answers Ctrl-C, because the run may be busy for long.
    stop : watched for Ctrl-C. known : the speed of an earlier run on this machine. now : the clock, in seconds.
    """

    def __init__(
        self,
        stream: TextIO,
        stop: StopSignal | None = None,
        known: Speed | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lines, self._watched, self._encoding = StatusLine(stream), stream.isatty(), stream.encoding
        self._stop, self._known, self._now = stop, known, now
        self._pace: Pace | None = None
        self._stage, self._painted = "", 0
        self._kept, self._begun_at, self._told_at, self._answered = 0, now(), now(), False
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._ticker = threading.Thread(target=self._tick_on, name="reporter", daemon=True)
        self._ticker.start()

    def tell(self, event: Event) -> None:
        """Take an event."""
        with self._lock:
            self._follow(event)
            text = (
                made(event, self._kept)
                if isinstance(event, Ended) and event.state == "made"
                else sentence(event)
            )
            if text:
                self._lines.say(text)
            self._draw()

    def tick(self) -> None:
        """Answer Ctrl-C, and update the progress that is shown."""
        with self._lock:
            if self._stop is not None and self._stop.asked and not self._answered:
                self._answered, self._stage = True, "finishing the chunks in flight"
                self._lines.say(self._answer())
            if self._watched:
                self._draw()
            elif self._pace is not None and self._now() - self._told_at >= _LINE_SECONDS:
                self._told_at = self._now()
                self._lines.say(self._text())

    def close(self) -> None:
        """Remove the bar and stop the thread."""
        self._ended.set()
        self._ticker.join()
        self._lines.clear()

    def _tick_on(self) -> None:
        while not self._ended.wait(_TICK_SECONDS):
            self.tick()

    def _follow(self, event: Event) -> None:
        """Update the progress with an event."""
        match event:
            case Begun(counts, kept):
                self._pace = Pace(counts.frames, counts.done, self._now(), self._known)
                self._kept, self._begun_at, self._told_at = kept, self._now(), self._now()
                self._stage = "starting the network" if kept < counts.frames else "painting"
                self._painted = counts.done.get("rendered", 0)
            case Ready(counts) if self._pace is not None:
                self._pace.start(self._now())
                self._stage = _stage(counts)
            case Progressed(counts) if self._pace is not None:
                self._pace.take(counts.done, self._now())
                if not self._answered:
                    self._stage = _stage(counts)
                self._painted = counts.done.get("rendered", 0)
            case PassStarted(step):
                self._stage = _STAGES.get(step, step)
            case StopAsked() if not self._answered and self._stop is None:
                self._lines.say(self._answer())
            case Ended() | Skipped() | SetAside():
                self._pace = None
                self._lines.clear()

    def _draw(self) -> None:
        if self._watched and self._pace is not None:
            share = self._pace.share(self._now())
            self._lines.show(f"{bar(share, self._encoding)} {self._text()}")

    def _text(self) -> str:
        """The progress in words, the most important first, because a terminal may be narrow."""
        assert self._pace is not None, "a run is begun"
        now = self._now()
        rate, left = self._pace.rate(now), self._pace.seconds_left(now)
        elapsed = f"{clock(now - self._begun_at)} so far"
        words = [
            f"{int(100 * self._pace.share(now)):2d}%",
            "" if self._answered else elapsed if left is None else f"{clock(left)} left",
            "" if rate is None else f"{rate:.1f} frames/s",
            f"{self._painted} of {self._pace.frames} painted",
            self._stage,
        ]
        return ", ".join(word for word in words if word)

    def _answer(self) -> str:
        """The answer to Ctrl-C."""
        seconds = None if self._pace is None else self._pace.seconds_to_result(self._now())
        wait = "" if seconds is None else f", about {max(round(seconds), 1)} s"
        return f"finishing the chunks in flight{wait}; press Ctrl-C again to stop now"


def _stage(counts: Counts) -> str:
    return "finding objects" if counts.done.get("segmented", 0) < counts.frames else "painting"


def _flat(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts on one level, because JSON lines are read with grep as often as by programs."""
    flat: dict[str, Any] = {}
    for key, value in facts.items():
        flat |= _flat(value) if key in ("counts", "done", "facts", "spent") else {key: value}
    return flat
