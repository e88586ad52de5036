"""METER: what this process spends, taken a piece at a time, so that the sum of all pieces is the whole."""

from __future__ import annotations

import time
from threading import Lock

from pipeline.record.spent import Spent
from pipeline.storage.traffic import TRAFFIC


class Meter:
    """Counts from the process's start on, or from where it was started anew.

    A process that works on several chunks at a time cannot tell whose a second was, but loses none: each piece is all
    that was spent since the one before. The last piece of a process that dies is lost.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._cpu, self._fetched, self._put, self._held_since = 0.0, 0, 0, time.monotonic()

    def restart(self) -> None:
        """Forget what was spent so far: the rest of a program that calls this package is not its work."""
        self.take(1)

    def take(self, gpus: float = 0) -> Spent:
        """All that was spent since it was last taken. gpus : that this process holds, from its start on."""
        with self._lock:
            cpu, fetched, put, now = time.process_time(), TRAFFIC.fetched, TRAFFIC.put, time.monotonic()
            held = (now - self._held_since) * gpus
            spent = Spent(cpu - self._cpu, held, fetched - self._fetched, put - self._put)
            self._cpu, self._fetched, self._put = cpu, fetched, put
            if gpus:
                self._held_since = now
        return spent


METER = Meter()
