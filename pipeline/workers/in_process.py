"""InProcessPools: pools of one worker each, in this process; other kinds of pools have to give the same results."""

from __future__ import annotations

from collections import deque
from typing import Any

from pipeline.workers.contract import PoolSpec, TaskResult, Worker, described, is_final


class InProcessPools:
    """Does each task in the caller's own process and thread, when it is waited for."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._setup_results: dict[str, Any] = {}
        self._waiting: deque[tuple[str, Any, int, Any]] = deque()

    def add(self, spec: PoolSpec, begin: int = 1) -> None:
        """Add a pool of one; it is set up when it is first needed."""
        del begin
        self._workers[spec.name] = spec.worker

    def setup_result(self, pool: str) -> Any:
        """The result of the worker's `setup`. Raises what it raised."""
        if pool not in self._setup_results:
            self._setup_results[pool] = self._workers[pool].setup()
        return self._setup_results[pool]

    def has_room(self, pool: str) -> bool:
        """True if no task of the pool waits."""
        return all(waiting != pool for waiting, *_ in self._waiting)

    def grow(self, pool: str) -> None:
        """Do nothing: a pool has one worker here."""

    def submit(self, pool: str, key: Any, task: Any) -> None:
        """Keep the task for the next `wait`."""
        self._waiting.append((pool, key, 1, task))

    def wait(self, seconds: float) -> list[TaskResult]:
        """The result of the task that has waited longest; `seconds` does not matter here."""
        del seconds
        if not self._waiting:
            return []
        pool, key, attempts, task = self._waiting.popleft()
        try:
            self.setup_result(pool)
            return [TaskResult(key, attempts, value=self._workers[pool].process(task))]
        except Exception as error:  # the border of a worker: whatever happened becomes a result
            known = described(error)
        if is_final(known, attempts):
            return [TaskResult(key, attempts, error=known)]
        self._waiting.append((pool, key, attempts + 1, task))
        return [TaskResult(key, attempts, error=known, retried=True)]

    def close(self) -> None:
        """Let the workers that were set up go."""
        for pool in self._setup_results:
            self._workers[pool].close()
        self._waiting.clear()
