"""Reporters: events -> a bar and sentences for people, or JSON lines for programs."""

from __future__ import annotations

import json
import time
from typing import Any, TextIO

from tqdm import tqdm


class SilentReporter:
    """Says nothing but warnings and what failed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, name: str, **facts: Any) -> None:
        """Take an event."""
        if name in _TROUBLE:
            self._stream.write(f"seg-video: {_sentence(name, facts)}\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing to end."""


class JsonReporter:
    """One JSON object a line, each with the event's name and the seconds since the start."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._began = stream, time.monotonic()

    def tell(self, name: str, **facts: Any) -> None:
        """Take an event."""
        line = {"event": name, "at": round(time.monotonic() - self._began, 3), **facts}
        self._stream.write(json.dumps(line, default=str) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to end."""


class ConsoleReporter:
    """A bar, if the stream is a terminal, and a sentence where something happens."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[Any] | None = None

    def tell(self, name: str, **facts: Any) -> None:
        """Take an event."""
        if name == "begin":
            self._open_bar(facts)
        if self._bar is not None and "rendered" in facts:
            self._bar.set_postfix_str(_stage(name, facts), refresh=name in ("begin", "ready"))
            self._bar.update(facts["rendered"] - self._bar.n)
        if name in ("made", "kept", "skipped", "set_aside"):
            self.close()
        sentence = _sentence(name, facts)
        if sentence:
            tqdm.write(sentence, file=self._stream)

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _open_bar(self, facts: dict[str, Any]) -> None:
        self._bar = tqdm(
            total=facts["frames"],
            unit="frame",
            file=self._stream,
            disable=None,  # no bar where the stream is no terminal
            dynamic_ncols=True,
        )


_TROUBLE = ("warning", "damage", "retry", "chunk_failed", "set_aside")


def _stage(name: str, facts: dict[str, Any]) -> str:
    """What stands behind the bar: it moves when the first chunk is painted, many seconds after the start."""
    if name == "begin" and facts["frames_kept"] < facts["frames"]:
        return "starting the network"
    if name == "ready":
        return "looking at the first frames"
    return f"found in {facts['segmented']}"


def _sentence(name: str, facts: dict[str, Any]) -> str:
    """What a person is told about an event; empty for nothing."""
    if name == "video" and facts["count"] > 1:
        return f"[{facts['number']}/{facts['count']}] {facts['source']}"
    if name == "redo":
        return f"{', '.join(facts['passes'])} to be done again; changed: {'; '.join(facts['changed'])}"
    if name == "begin" and facts["frames_kept"]:
        return f"going on: what was found in {facts['frames_kept']} of {facts['frames']} frames is there"
    if name in ("retry", "chunk_failed"):
        after = "; trying again" if name == "retry" else ""
        return f"{facts['step']} of chunk {facts['chunk']} failed{after}: {_one_line(facts['reason'])}"
    if name == "set_aside":
        return f"set aside: {_one_line(facts['reason'])}"
    if name == "made":
        rate = facts["frames"] / facts["seconds"]
        return f"{facts['output']}: {facts['frames']} frames in {facts['seconds']:.1f} s, {rate:.1f} a second"
    return {
        "warning": f"warning: {facts.get('text')}",
        "damage": f"damaged: {facts.get('text')}",
        "kept": f"{facts.get('output')} is there already, just as asked for",
        "skipped": f"{facts.get('output')} exists; skipped",
    }.get(name, "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
