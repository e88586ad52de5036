"""InProcess: a workforce of one, here and now; what Ray's has to equal."""

from __future__ import annotations

from collections import deque
from typing import Any

from pipeline.workers.contract import CrewSpec, Outcome, Worker, described, is_final


class InProcess:
    """Does each task in the caller's own process and thread, when it is waited for."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._hello: dict[str, Any] = {}
        self._waiting: deque[tuple[str, Any, int, Any]] = deque()

    def hire(self, spec: CrewSpec, begin: int = 1) -> None:
        """Add a crew of one; it is set up when it is first needed."""
        del begin
        self._workers[spec.name] = spec.worker

    def hello(self, crew: str) -> Any:
        """What the worker's `setup` returned. Raises what it raised."""
        if crew not in self._hello:
            self._hello[crew] = self._workers[crew].setup()
        return self._hello[crew]

    def has_room(self, crew: str) -> bool:
        """Whether no task of the crew waits."""
        return all(waiting != crew for waiting, *_ in self._waiting)

    def submit(self, crew: str, key: Any, task: Any) -> None:
        """Keep the task for the next `wait`."""
        self._waiting.append((crew, key, 1, task))

    def wait(self, seconds: float) -> list[Outcome]:
        """The outcome of the task that has waited longest; `seconds` does not matter here."""
        del seconds
        if not self._waiting:
            return []
        crew, key, attempts, task = self._waiting.popleft()
        try:
            self.hello(crew)
            return [Outcome(crew, key, attempts, value=self._workers[crew].process(task))]
        except Exception as error:  # the border of a worker: whatever happened becomes an outcome
            known = described(error)
        if is_final(known, attempts):
            return [Outcome(crew, key, attempts, error=known)]
        self._waiting.append((crew, key, attempts + 1, task))
        return [Outcome(crew, key, attempts, error=known, retried=True)]

    def close(self) -> None:
        """Let the workers that were set up go."""
        for crew in self._hello:
            self._workers[crew].close()
        self._waiting.clear()
