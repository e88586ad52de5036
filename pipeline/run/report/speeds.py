"""Speeds: the measured cost of a frame on this machine, remembered from run to run."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.cores import usable_cores
from pipeline.errors import WriteError
from pipeline.files import PRIVATE, write_whole
from pipeline.job.settings import Settings
from pipeline.run.report.events import Begun, Ended, Event, Listener, Ready, VideoFacts

#: Most entries that are kept, a network, frame size and way of working each; the oldest are dropped.
_MOST_ENTRIES = 200

#: Shorter runs say more about starting up than about working.
_LEAST_SECONDS = 5.0


@dataclass(frozen=True)
class Speed:
    """The cost of a frame, measured over a whole run, and the time before the first frame.

    frame_seconds : from the first frame to the end, with all workers. start_seconds : up to the first frame.
    workers : number of chunks that were worked on side by side; a run of fewer chunks cannot use as many.
    finding_share : share of the work that goes into finding objects; the rest is painting.
    """

    frame_seconds: float
    start_seconds: float
    workers: int
    finding_share: float = 0.75

    @property
    def rate(self) -> float:
        """Frames a second."""
        return 1.0 / self.frame_seconds

    def seconds(self, frames: int, chunks: int) -> float:
        """Seconds of a run of so many frames."""
        side_by_side = max(min(chunks, self.workers), 1)
        return self.start_seconds + frames * self.frame_seconds * self.workers / side_by_side


class Speeds:
    """The speeds in a JSON file of the cache folder; a file that cannot be read counts as empty."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "speeds.json"

    def get(self, key: str) -> Speed | None:
        """The speed stored under this key; None if there is none."""
        entry = self._entries().get(key)
        with contextlib.suppress(TypeError, ValueError, KeyError):
            if entry is not None and float(entry["frame_seconds"]) > 0:
                return Speed(
                    float(entry["frame_seconds"]),
                    float(entry["start_seconds"]),
                    int(entry["workers"]),
                    float(entry["finding_share"]),
                )
        return None

    def latest(self) -> Speed | None:
        """The speed stored last, of any network; None if there is none."""
        keys = list(self._entries())
        return self.get(keys[-1]) if keys else None

    def put(self, key: str, speed: Speed) -> None:
        """Store a speed, unless the folder cannot be written to."""
        entries = {name: entry for name, entry in self._entries().items() if name != key}
        newest = dict([*entries.items(), (key, asdict(speed))][-_MOST_ENTRIES:])
        with contextlib.suppress(OSError, WriteError):
            self._path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            write_whole(self._path, (json.dumps(newest, indent=1) + "\n").encode())

    def _entries(self) -> dict[str, Any]:
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}


def speed_key(network: str, runtime: str, size: tuple[int, int], settings: Settings) -> str:
    """The key of a speed, made of what it depends on.

    network : SHA-256 of the weights. size : of a frame in px. settings : as `resolve` has them.
    """
    megapixels, workers = round(size[0] * size[1] / 1e6, 1), settings.run.workers
    key = f"{network[:16]} {runtime} {megapixels} MP {'auto' if workers is None else workers} workers"
    every, fast = settings.segment.every or 1, settings.encode.fast
    return key + (f", every {every}" if every > 1 else "") + (", fast" if fast else "")


def side_by_side(workers: int | None) -> int:
    """Number of chunks that this machine works on at a time."""
    return usable_cores() if workers is None else max(workers, 1)


class SpeedListener:
    """A listener that stores the speed of each complete run, and passes every event on.

    A run on a cluster says nothing about this machine, and is not stored.

    settings : as `resolve` has them. now : the clock, in seconds.
    """

    def __init__(
        self,
        listener: Listener,
        speeds: Speeds,
        settings: Settings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener, self._speeds, self._settings, self._now = listener, speeds, settings, now
        self._ready: float | None = None

    def tell(self, event: Event) -> None:
        """Take an event."""
        match event:
            case Begun(counts):
                # A resumed run did part of its work at another time, so it says nothing about speed.
                self._ready = None if any(counts.done.values()) else self._now()
            case Ready() if self._ready is not None:
                self._ready = self._now()
            case Ended("made", _, facts) if self._ready is not None:
                self._remember(facts, self._now() - self._ready)
        self._listener.tell(event)

    def _remember(self, facts: VideoFacts, work: float) -> None:
        if work < _LEAST_SECONDS or self._settings.run.cluster is not None:
            return
        key = speed_key(facts.network, facts.runtime, (facts.width, facts.height), self._settings)
        start = max((facts.seconds or 0.0) - work, 0.0)
        known = self._speeds.get(key)
        # All videos of a folder but the first find the network loaded.
        start = start if known is None else max(start, known.start_seconds)
        used = max(min(facts.chunks, side_by_side(self._settings.run.workers)), 1)
        found, painted = (facts.busy_seconds.get(name, 0.0) for name in ("segment", "render"))
        share = min(max(found / (found + painted), 0.05), 0.95) if found and painted else 0.75
        self._speeds.put(key, Speed(work / facts.frames, start, used, share))
