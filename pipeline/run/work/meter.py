"""METER: what this process spends, taken in pieces that add up to the whole."""

from __future__ import annotations

import time
from threading import Lock

from pipeline.record.spent import Spent
from pipeline.storage.traffic import TRAFFIC


class Meter:
    """Counts from the start of the process, or from `restart`.

    A process that works on several chunks at a time cannot attribute its seconds to one of them, but loses none: each
    piece is everything spent since the piece before. The last piece of a process that dies is lost.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._cpu, self._fetched, self._put, self._held_since = 0.0, 0, 0, time.monotonic()

    def restart(self) -> None:
        """Forget what was spent so far, which the calling program may have spent on other things."""
        self.take(1)

    def take(self, gpus: float = 0) -> Spent:
        """Everything spent since the last call. gpus : that this process has held since its start."""
        with self._lock:
            cpu, fetched, put, now = time.process_time(), TRAFFIC.fetched, TRAFFIC.put, time.monotonic()
            held = (now - self._held_since) * gpus
            spent = Spent(cpu - self._cpu, held, fetched - self._fetched, put - self._put)
            self._cpu, self._fetched, self._put = cpu, fetched, put
            if gpus:
                self._held_since = now
        return spent


METER = Meter()
