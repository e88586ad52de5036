"""WorkerActor: a worker in a process of its own, as Ray runs it."""

from __future__ import annotations

from threading import Event
from typing import Any

from pipeline.errors import SegVideoError
from pipeline.workers.allocator import give_back_memory
from pipeline.workers.contract import Worker, described


class WorkerActor:
    """Hands calls on to the worker; errors come back as values, so that only a lost process is Ray's error."""

    def __init__(self, worker: Worker) -> None:
        self._worker, self._ready = worker, Event()
        self._failure: SegVideoError | None = None

    def setup(self) -> tuple[Any, SegVideoError | None]:
        """The result of the worker's own `setup`, or its error."""
        value, self._failure = self._guarded(self._worker.setup)
        self._ready.set()
        return value, self._failure

    def process(self, task: Any) -> tuple[Any, SegVideoError | None]:
        """The task's result, or its error; an actor of several slots may be asked before it is set up."""
        self._ready.wait()
        if self._failure is not None:
            return None, self._failure
        done = self._guarded(self._worker.process, task)
        give_back_memory()
        return done

    def _guarded(self, call: Any, *arguments: Any) -> tuple[Any, SegVideoError | None]:
        try:
            return call(*arguments), None
        except Exception as error:  # the border of a process
            return None, described(error)
