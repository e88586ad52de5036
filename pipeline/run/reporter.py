"""Reporters: events to a bar and sentences for people, or to JSON lines for programs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any, TextIO

from tqdm import tqdm

from pipeline.run.events import (
    Begun,
    ChunkFailed,
    Damaged,
    Ended,
    Event,
    Progressed,
    Ready,
    Redone,
    Retried,
    SetAside,
    StopAsked,
    VideoStarted,
    Warned,
)


class SilentReporter:
    """Says nothing but warnings and failures."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Warned | Damaged | Retried | ChunkFailed | SetAside):
            self._stream.write(f"seg-video: {_sentence(event)}\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing to end."""


class JsonReporter:
    """One JSON object a line, each with the event's name and the seconds since the start."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._began = stream, time.monotonic()

    def tell(self, event: Event) -> None:
        """Take an event."""
        line = {"event": event.name, "at": round(time.monotonic() - self._began, 3), **_flat(asdict(event))}
        self._stream.write(json.dumps(line, default=str) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to end."""


class ConsoleReporter:
    """A bar, if the stream is a terminal, and a sentence where something happens."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[Any] | None = None

    def tell(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Begun):
            self._open_bar(event.counts.frames)
        if isinstance(event, Begun | Ready | Progressed) and self._bar is not None:
            self._bar.set_postfix_str(_stage(event), refresh=not isinstance(event, Progressed))
            self._bar.update(event.counts.done["rendered"] - self._bar.n)
        if isinstance(event, Ended | SetAside):
            self.close()
        sentence = _sentence(event)
        if sentence:
            tqdm.write(sentence, file=self._stream)

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _open_bar(self, frames: int) -> None:
        self._bar = tqdm(
            total=frames,
            unit="frame",
            file=self._stream,
            disable=None,  # no bar where the stream is no terminal
            dynamic_ncols=True,
        )


def _flat(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts on one level, since a line of JSON is read with grep as often as with a program."""
    flat: dict[str, Any] = {}
    for key, value in facts.items():
        flat |= _flat(value) if key in ("counts", "done", "facts") else {key: value}
    return flat


def _stage(event: Begun | Ready | Progressed) -> str:
    """The words behind the bar: it moves when the first chunk is painted, some seconds after the start."""
    if isinstance(event, Begun) and event.frames_kept < event.counts.frames:
        return "starting the network"
    if isinstance(event, Ready):
        return "looking at the first frames"
    return f"found in {event.counts.done['segmented']}"


def _sentence(event: Event) -> str:
    """One sentence for a person about an event; empty for none."""
    match event:
        case VideoStarted(source, number, count) if count > 1:
            return f"[{number}/{count}] {source}"
        case Redone(passes, changed):
            return f"{', '.join(passes)} to be done again; changed: {'; '.join(changed)}"
        case Begun(counts, kept) if kept:
            return f"going on: what was found in {kept} of {counts.frames} frames is there"
        case StopAsked(in_flight):
            return f"finishing the {in_flight} chunks in flight; again to stop now"
        case Ended():
            return _end(event)
        case _:
            return _trouble(event)


def _trouble(event: Event) -> str:
    """One sentence about an event that nobody wants; empty for any other."""
    match event:
        case Retried(step, chunk, reason):
            return f"{step} of chunk {chunk} failed; trying again: {_one_line(reason)}"
        case ChunkFailed(step, chunk, reason):
            return f"{step} of chunk {chunk} failed: {_one_line(reason)}"
        case SetAside(_, reason):
            return f"set aside: {_one_line(reason)}"
        case Warned(text):
            return f"warning: {text}"
        case Damaged(text):
            return f"damaged: {text}"
        case _:
            return ""


def _end(event: Ended) -> str:
    if event.state == "kept":
        return f"{event.output} is there already, just as asked for"
    if event.state == "skipped":
        return f"{event.output} exists; skipped"
    frames, seconds = event.facts["frames"], event.facts["seconds"]
    return f"{event.output}: {frames} frames in {seconds:.1f} s, {frames / seconds:.1f} a second"


def _one_line(text: str) -> str:
    return " ".join(text.split())
