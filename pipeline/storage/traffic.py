"""TRAFFIC: bytes that this process has fetched from storages, and those that it has put there."""

from __future__ import annotations

from threading import Lock


class Traffic:
    """Sums that only grow. fetched, put : bytes of content, without what is around it on the way."""

    def __init__(self) -> None:
        self.fetched = self.put = 0
        self._lock = Lock()

    def add(self, fetched: int = 0, put: int = 0) -> None:
        """Add to the sums; from any thread."""
        with self._lock:
            self.fetched += fetched
            self.put += put


TRAFFIC = Traffic()
